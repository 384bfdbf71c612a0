/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks that go with their guest: their contents, as the guest sees them, are written to the stream while it
 * runs, and what it writes meanwhile again. They are counted in pages like its memory, so that the same rules say
 * when little enough is left.
 */
#ifndef MIGRATE_DISKS_H
#define MIGRATE_DISKS_H

#include <stdbool.h>
#include <stdint.h>

#include "disk_log.h"
#include "stream.h"

#define DISKS_MAX	32

struct disk {
	int fd;			/* -1: does not go with it */
	dev_t device;
	uint64_t bytes;
	uint64_t pages;		/* the last one may be a part of one */
	uint64_t *dirty;	/* bitmap: to be written */
	uint64_t *written;	/* bitmap: in this pass */
};

struct disks {
	struct disk disk[DISKS_MAX];
	unsigned int count;
	struct disk_log log;
	unsigned int lost;	/* so often events were */
	struct stream_writer *writer;
	struct build_error *error;
	uint8_t *section;
	uint64_t stream_bytes;	/* of the stream that were for them */
	uint64_t done, total;	/* bytes of disk that were looked at, and that are to be by now */
	void (*progress)(uint64_t done, uint64_t total, void *data);	/* may be NULL */
	void *data;
};

/* Of one pass over what was to be written, in pages. */
struct disks_pass {
	uint64_t sent;		/* with contents */
	uint64_t dirty;		/* written to meanwhile */
	uint64_t hot;		/* those of them that this pass has written */
};

/*
 * All return 0, or a negative errno with the reason in *disks->error.
 *
 * disks_open(): paths of the devices, in the order of the guest's disks, "-" for those that do not go with it;
 * the log is opened by disks_watch(), under a name of its own. disks_close() in either case.
 */
int disks_open(struct disks *disks, char *const paths[], unsigned int count, struct build_error *error);
int disks_watch(struct disks *disks, const char *name);
void disks_close(struct disks *disks);

/*
 * All of them but for pages that are zero, as the other side's are; then what was written meanwhile, while that
 * gets less.
 */
int disks_copy(struct disks *disks);

/* Take note of what was written to: now and then while something else takes time, or there is too much of it. */
int disks_look(struct disks *disks);

/* What was written to since. */
int disks_pass(struct disks *disks, struct disks_pass *pass);

#endif
