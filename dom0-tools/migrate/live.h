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
 * Turns the log of writes on and writes rounds. On success *rest is a bitmap,
 * to be freed, of frames that were not written, or changed since. The log stays on:
 * live_finish() reads it once more when the guest has suspended, adds to rest,
 * and turns it off. 0, or a negative errno with *pages->error; then it is off.
 */
int live_rounds(struct pages *pages, const struct live_config *config, uint64_t entries,
		uint64_t **rest);
int live_finish(struct pages *pages, uint64_t entries, uint64_t *rest);

#endif
