/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last bytes of a console, for those who attach later. */
#ifndef CONSOLED_BACKLOG_H
#define CONSOLED_BACKLOG_H

#include <stddef.h>

#define BACKLOG_SIZE 16384	/* bytes, power of two */

struct backlog {
	size_t total;		/* bytes ever added */
	char data[BACKLOG_SIZE];
};

void backlog_add(struct backlog *backlog, const char *data, size_t len);

/* Copies what is held, oldest first, to a buffer of BACKLOG_SIZE; returns its length. */
size_t backlog_copy(const struct backlog *backlog, char *data);

#endif
