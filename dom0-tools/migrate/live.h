/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pages of a guest that runs on: written in rounds, each with what was
 * changed during the one before, until the rest is small enough to be written while
 * it is suspended.
 */
#ifndef MIGRATE_LIVE_H
#define MIGRATE_LIVE_H

#include "converge.h"
#include "pages.h"

struct live_config {
	unsigned int max_downtime_ms;	/* what shall be reached before it is suspended */
	uint64_t bandwidth;		/* bytes a second at most while it runs; 0: all there is */
	/* Slow it down, step 1 to slow_steps; not 0: give up. NULL: that is not to be done. */
	int (*slow)(unsigned int step, void *data);
	unsigned int slow_steps;
	/* A round has ended; not 0: give up, with that error. May be NULL. */
	int (*round)(const struct live_round *round, void *data);
	void *data;
};

/*
 * The log of writes, which live_start() turns on and live_stop() off. All return 0, or a negative errno with
 * *pages->error; bitmaps are of entries frames.
 *
 * live_rounds() writes rounds, the first one of all pages, or with more of those in rest alone. Afterwards
 * rest is what was not written, or was changed since. live_collect() adds to rest what has been changed
 * since the log was last read: once the guest has suspended, this is all that is left.
 */
int live_start(struct pages *pages, uint64_t entries);
int live_rounds(struct pages *pages, const struct live_config *config, uint64_t entries, bool more,
		uint64_t *rest);
int live_collect(struct pages *pages, uint64_t entries, uint64_t *rest);
void live_stop(struct pages *pages);

/* A bitmap without any set, to be freed; NULL with *pages->error. */
uint64_t *live_bitmap(const struct pages *pages, uint64_t entries);
uint64_t live_count(const uint64_t *bitmap, uint64_t entries);

#endif
