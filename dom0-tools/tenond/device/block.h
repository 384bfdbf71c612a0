/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk's way into dom0: whatever its configuration names becomes a block
 * device that the stock block backend can serve.  Starting and waiting are
 * two steps, so that all disks of a domain get ready side by side.
 */
#ifndef TENOND_DEVICE_BLOCK_H
#define TENOND_DEVICE_BLOCK_H

#include "../config.h"
#include "../error.h"
#include "../host.h"
#include "nbd.h"

struct block {
	int fd;				/* holds the device until the backend does, or -1 */
	char device[40];		/* known after block_wait() where there is a server */
	unsigned int major, minor;	/* known after block_wait() */
	struct nbd nbd;			/* nbd.server is 0 where there is none */
};

int block_start(const struct host *host, const char *uuid, const struct disk_config *disk,
		struct block *block, struct error *error);
int block_wait(struct block *block, const struct disk_config *disk, struct error *error);

/* Whether a disk's server lives. */
bool block_serving(const struct host *host, const char *uuid, const char *target, pid_t server);

/* The server has died: requests to the disk fail from now on, those that wait for it too. */
void block_fail(const struct host *host, const char *uuid, const char *target);

/*
 * What its backend has done is on the disk, and not in a cache of dom0's.
 * device: as in its record. 0, or a negative errno and *error.
 */
int block_flush(const struct disk_config *disk, const char *device, struct error *error);

/* Let go of what only the creation needs; the backend keeps the device from here on. */
void block_close(struct block *block);

/* Give everything back that a disk of a domain holds in dom0; nothing is fine too. */
void block_release(const struct host *host, const char *uuid, const char *target, pid_t server);

#endif
