/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Image formats beside raw: a qemu-nbd process per disk, connected to a
 * /dev/nbdN of its own.  The process outlives tenond, and is found again by
 * its command line, in which the tag stands.
 */
#ifndef TENOND_DEVICE_NBD_H
#define TENOND_DEVICE_NBD_H

#include "../config.h"
#include "../error.h"

#include <sys/types.h>

struct nbd {
	char device[40];	/* "/dev/nbd3" */
	char tag[160];		/* the pid file's path: unique for a disk of a domain */
	pid_t server;
	int number;
};

/* The tag of a domain's disk. */
void nbd_tag(const char *run_dir, const char *uuid, const char *target, char *tag, size_t size);

/* Start the server; it becomes ready later. 0 or a negative errno and *error. */
int nbd_start(struct nbd *nbd, const struct disk_config *disk, struct error *error);

/* Wait until the device can be used. On failure the server has been stopped. */
int nbd_wait(struct nbd *nbd, const struct disk_config *disk, struct error *error);

/* End the server of a tag, if there is one, and its device's connection. */
void nbd_stop(const char *tag, pid_t server);

#endif
