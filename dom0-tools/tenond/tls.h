/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encrypted connections between hosts: TLS 1.3, where each side shows its
 * certificate and accepts only those it has been given. Nobody issues certificates:
 * each host makes its own, and an administrator carries it to the others.
 *
 *   DIR/key.pem, DIR/cert.pem    this host's
 *   DIR/peers/NAME.pem           the certificate of host NAME
 */
#ifndef TENOND_TLS_H
#define TENOND_TLS_H

#include "error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Make key and certificate unless they are there. 0, or a negative errno and *error. */
int tls_prepare(const char *dir, struct error *error);

/* This host's certificate as text, to be freed; NULL and *error. */
char *tls_certificate(const char *dir, struct error *error);

/* Accept a host by its certificate (PEM) from now on, under a name. */
int tls_add_peer(const char *dir, const char *name, const char *pem, size_t size, struct error *error);

/* Accept it no more. -ENOENT where it was not. */
int tls_remove_peer(const char *dir, const char *name, struct error *error);

/* Those accepted, by name: an array of {"name": ..., "fingerprint": SHA-256 in hexadecimal}. Never NULL. */
json_t *tls_peers(const char *dir);

/*
 * Make a connection an encrypted one, and take it over. Returns a descriptor for what is
 * within, which a thread of its own carries; or a negative errno and *error, then
 * the connection is closed. name: the host it must be; NULL: any that is accepted.
 */
int tls_wrap(int fd, bool server, const char *dir, const char *name, struct error *error);

#endif
