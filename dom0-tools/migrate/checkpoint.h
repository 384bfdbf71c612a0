/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a guest that runs on, written to a file again and again: all of it once, then what has changed.
 */
#ifndef MIGRATE_CHECKPOINT_H
#define MIGRATE_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live.h"

struct hc_handle;

/* One that is complete and on disk. */
struct checkpoint_taken {
	uint64_t number;
	uint64_t pages;		/* written for it */
	uint64_t bytes;		/* of the file, which has it and those before */
	bool full;		/* what has changed takes more than the guest once: another file is due */
};

struct checkpoint_config {
	uint16_t domid;
	const char *description;	/* the first section, JSON */
	size_t description_size;
	uint64_t max_pages;		/* that it could have had, if it may have less now; 0: not known */
	int fd;				/* of an empty file */
	int level;			/* of zstd; 0: nothing is packed */
	uint64_t first;			/* number of the first one */
	uint64_t few;			/* changed pages that are written without a round before it is suspended */
	struct live_config live;
	/* Have the guest suspended, and go on: 0, or a negative errno. */
	int (*suspend)(void *data);
	int (*resume)(void *data);
	/* Wait until it is time for the next one; not 0: there shall be none. */
	int (*next)(const struct checkpoint_taken *taken, void *data);
	/* How far it is, now and then; may be NULL. */
	void (*progress)(uint64_t done, uint64_t pages, void *data);
	void *data;
};

/*
 * 0: none shall follow, or, with *again, another file is due before the next one: the file is full, or the guest
 * has got or given up memory, so that what has changed says too little. Otherwise a negative errno and *error, as of
 * save_domain(); checkpoints that were complete before stay so, and what came after them is cut off. The
 * guest goes on in any case, unless resume failed.
 */
int checkpoint_domain(struct hc_handle *handle, const struct checkpoint_config *config, bool *again,
		      struct build_error *error);

#endif
