/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Patience with a host that takes nothing for a while, because its disk is slow perhaps, but whose kernel answers.
 * TCP_USER_TIMEOUT, which notices one that is dead, makes no difference between the two; so it is put off as long
 * as answers come.
 */
#ifndef TENOND_PATIENCE_H
#define TENOND_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

struct patience_limits {
	unsigned int silent_ms;		/* without an answer: it is dead */
	unsigned int idle_ms;		/* it answers, but takes nothing */
};

/* What a connection looked like at the last two looks; zeroes before the first. */
struct patience_look {
	uint64_t ms;			/* when that was */
	uint64_t taken;			/* bytes that the other side has acknowledged */
	bool waiting;			/* there are more for it */
	unsigned int answer_ms;		/* since its last answer, with new bytes or without */
	uint64_t since_ms;		/* it has taken none since then at the latest */
};

/* Look again; ms, taken, waiting and answer_ms of *now are given. Returns the TCP_USER_TIMEOUT, in ms, to go on with. */
unsigned int patience_look(const struct patience_look *before, struct patience_look *now,
			   const struct patience_limits *limits);

struct patience;

/*
 * Be patient with the other end of a connection, by a thread, until patience_end(), which comes before the descriptor
 * is closed. NULL where that cannot be done: then the connection's own TCP_USER_TIMEOUT holds.
 */
struct patience *patience_begin(int fd, const struct patience_limits *limits);
void patience_end(struct patience *patience);	/* NULL: nothing to do */

#endif
