/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks that come with a guest, on the side that it comes to: its devices, at first full of zeros.
 */
#ifndef MIGRATE_DISK_IN_H
#define MIGRATE_DISK_IN_H

#include <stdint.h>

#include "disks.h"
#include "stream.h"

struct disk_in {
	unsigned int count;
	int fd[DISKS_MAX];		/* -1: does not come */
	uint64_t bytes[DISKS_MAX];
	uint64_t unsynced;		/* bytes written since all was on disk */
	void *buffer;
	struct build_error *error;
};

/*
 * Paths as those of disks_open(). All return 0, or a negative errno with *error. disk_in_close() in either
 * case.
 */
int disk_in_open(struct disk_in *disks, char *const paths[], unsigned int count, struct build_error *error);

/* Write the section at hand, which is of STREAM_DISK. -EBADMSG: it says what cannot be. */
int disk_in_take(struct disk_in *disks, const struct stream_reader *reader);

/* All that came is on disk, and not in a cache of dom0's. */
int disk_in_sync(struct disk_in *disks);
void disk_in_close(struct disk_in *disks);

#endif
