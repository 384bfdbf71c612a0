/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which blocks of a device are written to, as dom0's kernel tells it: by the event block_rq_complete of its
 * tracing, in an instance of its own. The event comes when a write is done and before its author knows, so who
 * has read all events and then reads a block has what was written, or will be told of it. The device's
 * users notice nothing, and whatever becomes of the reader does not reach them.
 */
#ifndef MIGRATE_DISK_LOG_H
#define MIGRATE_DISK_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../build/error.h"

#define DISK_LOG_FOLDER	"/sys/kernel/tracing"
#define DISK_LOG_PATH	160

struct disk_log {
	int fd;			/* of events as text, one a line; not blocking; -1: closed */
	char instance[DISK_LOG_PATH];	/* its folder; empty: none was made */
	char line[512];		/* the beginning of one that is not complete */
	size_t size;
	bool lost;		/* some were: anything may have been written to */
};

/* A device's sectors (512 bytes) were written to, or discarded. */
typedef void disk_log_wrote(dev_t device, uint64_t sector, uint64_t count, void *data);

/*
 * Begin: name is that of the instance, which must be nobody else's and is made anew. 0, or a negative errno
 * with *error; disk_log_close() in either case.
 */
int disk_log_open(struct disk_log *log, const char *name, const dev_t *devices, unsigned int count,
		  struct build_error *error);

/* Tell of all that was written since the last time. 0, or a negative errno with *error; sets log->lost. */
int disk_log_read(struct disk_log *log, disk_log_wrote *wrote, void *data, struct build_error *error);
void disk_log_close(struct disk_log *log);

/* Remove what is left of that name by who was killed. */
void disk_log_remove(const char *name);

#endif
