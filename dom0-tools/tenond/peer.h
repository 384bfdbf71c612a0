/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Talking to another host's tenond: a connection on which each side sends
 * lines of JSON, and between two of them the stream of a guest's state.
 */
#ifndef TENOND_PEER_H
#define TENOND_PEER_H

#include "error.h"
#include "host.h"
#include "patience.h"

#include <jansson.h>

#define PEER_PORT	"4172"
#define PEER_VERSION	1

/*
 * A connection to "tls://HOST[:PORT]", or without encryption to "tcp://..."; an
 * address with colons is in brackets. A negative errno, with *error.
 */
int peer_connect(const struct host *host, const char *peer, struct error *error);

/* Such a peer as people know it: "HOST[:PORT]". */
const char *peer_name(const char *peer);

/* A listening socket at "ADDRESS:PORT". A negative errno, with *error. */
int peer_listen(const char *address, struct error *error);

/* Have the kernel notice when the other side has vanished; for connections accepted from others. */
void peer_watch(int fd);

/* One line; takes over json. 0 or a negative errno. */
int peer_send(int fd, json_t *json);

/* One line, waited for so long; *rc: -ETIMEDOUT, -ECONNRESET at its end, -EBADMSG for what is no JSON. */
json_t *peer_receive(int fd, int timeout_ms, int *rc);

/* An error as the other side shall show it, and what the other side has said. */
json_t *peer_error(const struct error *error);
int peer_take_error(json_t *json, const char *peer, struct error *error);

/* How long to wait for a peer that is alive: its kernel gives up after that without an answer. */
#define PEER_TIMEOUT_MS 10000

/* And for one whose kernel answers, but which takes nothing of what it is sent. */
#define PEER_PATIENCE_MS 120000

/* Both, for those who send more than lines. */
extern const struct patience_limits peer_limits;

#endif
