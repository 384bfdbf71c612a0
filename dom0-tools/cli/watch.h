/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that take long: how far they are is shown on standard error meanwhile.
 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "output.h"

/* A member of the domain (NULL: all of it) that tells how far it is, and one of that, or a function, which counts its steps. */
struct progress {
	const char *member, *counter;
	void (*print)(json_t *member);	/* after a step; with --json the member itself is printed */
	json_int_t (*steps)(json_t *member);	/* NULL: counter's number is it */
};

/*
 * As ask() by POST about the domain of the first argument. timeout: seconds, 0: without end; progress NULL:
 * none is shown.
 */
int ask_and_watch(struct cli *cli, const char *path, unsigned int timeout, const struct progress *progress,
		  struct response *response);

#endif
