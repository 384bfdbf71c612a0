/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Image formats beside raw: a qemu-nbd process per disk, and a /dev/nbdN
 * that the kernel connects to it.  Both outlive tenond: the process is found
 * again by its command line, the device by its mark, and the tag stands in
 * either.  When the backend closes the device, the kernel hangs up, and the
 * process, with nobody left to serve, ends.
 */
#ifndef TENOND_DEVICE_NBD_H
#define TENOND_DEVICE_NBD_H

#include "../config.h"
#include "../error.h"

#include <sys/types.h>

#define NBD_TAG 160

struct nbd {
	char tag[NBD_TAG];	/* "--socket=PATH" with the path unique for a disk of a domain */
	char device[40];	/* "/dev/nbd3", once connected */
	pid_t server;		/* 0: none */
};

/* The tag of a domain's disk. */
void nbd_tag(const char *run_dir, const char *uuid, const char *target, char *tag, size_t size);

/* Start the server; it becomes ready later. 0 or a negative errno and *error. */
int nbd_start(struct nbd *nbd, const struct disk_config *disk, struct error *error);

/*
 * Wait for the server and connect a device to it.  Returns a descriptor of
 * the device, which keeps it until the backend has opened it.  On failure the
 * server has been stopped.
 */
int nbd_wait(struct nbd *nbd, const struct disk_config *disk, struct error *error);

/* End the connection of a tag's device: what waits for an answer, and what follows, fails. */
void nbd_disconnect(const char *tag);

/* End the server of a tag, if there is one, and its device's connection. */
void nbd_stop(const char *tag, pid_t server);

#endif
