/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes logging exact over a kill: before a piece is appended to the log, the
 * log's size and the ring's index are noted in a small mapped file.  Found
 * again, the note tells how much of the piece had reached the log while the
 * ring still held all of it.
 */
#ifndef CONSOLED_PROGRESS_H
#define CONSOLED_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "logfile.h"

struct progress_note;

struct progress {
	struct progress_note *note;	/* NULL: could not be opened; then a kill may repeat a piece */
};

/* Opens the note of a domain in the directory dir; one left by an earlier daemon is found again. */
void progress_open(struct progress *progress, int dir, uint16_t domid);
void progress_close(struct progress *progress);

/* The domain has ended: the note means nothing any more. */
void progress_remove(int dir, uint16_t domid);

/* What follows out_cons in the ring is about to be appended to the log as it is. */
void progress_begin(struct progress *progress, const struct logfile *log, uint32_t out_cons);

/* How many bytes from out_cons on are in the log already. */
uint32_t progress_done(const struct progress *progress, const struct logfile *log,
		       uint32_t out_cons);

#endif
