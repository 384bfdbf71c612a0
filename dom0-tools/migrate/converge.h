/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to stop the rounds of a running guest. Another round is worth it as long as it would leave
 * clearly less than there is now: fewer pages by the rate at which the guest changes others meanwhile, and
 * not less than what it keeps changing (its writable working set), which would be sent in vain.
 */
#ifndef MIGRATE_CONVERGE_H
#define MIGRATE_CONVERGE_H

#include <stdbool.h>
#include <stdint.h>

/* One that has ended. */
struct live_round {
	unsigned int number;	/* 1 first */
	uint64_t bytes;		/* of the stream so far */
	uint64_t disk_bytes;	/* those of them that were for disks */
	uint64_t sent;		/* pages with contents, in this round */
	uint64_t ns;		/* it took */
	uint64_t dirty;		/* pages changed meanwhile */
	uint64_t hot;		/* those of them that this round has sent because they had changed before */
};

enum verdict {
	CONVERGE_ANOTHER,	/* round */
	CONVERGE_SLOW,		/* the guest down, and then another */
	CONVERGE_ENOUGH,
};

struct converge {
	uint64_t pages;			/* of the guest */
	unsigned int max_downtime_ms;	/* what shall be reached */
	unsigned int slow_steps;	/* so often the guest can be slowed down */
	unsigned int slowed;		/* so often it was told to be; starts at 0 */
	unsigned int vain;		/* rounds in succession that were not worth it; starts at 0 */
};

/* Pages that another round would leave. */
uint64_t converge_forecast(const struct live_round *round);

/* How long what is left would take, at this round's pace. */
uint64_t converge_downtime_ms(const struct live_round *round);

/* To be called once after each round. */
enum verdict converge_judge(struct converge *converge, const struct live_round *round);

#endif
