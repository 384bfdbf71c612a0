/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tenon-migrate, the program that moves a guest's state: tenond starts one for
 * each operation and waits for its answer.
 */
#ifndef TENOND_WORKER_H
#define TENOND_WORKER_H

#include <jansson.h>
#include <stddef.h>

/* What it says when it has failed: a negative errno, and why in words. */
struct worker_failure {
	int code;
	char text[512];
};

/*
 * Run it with arguments (the program's name first), the stream as its
 * descriptor 3, and input (may be NULL) as its standard input, until it ends. 0 and *done, to be
 * released, or a negative errno and *failure. Dies with the calling thread.
 */
int worker_run(char *const argv[], int stream, const char *input, json_t **done,
	       struct worker_failure *failure);

/*
 * The same for one that sends a running guest: suspend is called when it shall be
 * suspended, and its result, 0 or a negative errno, is passed on.
 */
int worker_run_live(char *const argv[], int stream, const char *input, int (*suspend)(void *data),
		    void *data, json_t **done, struct worker_failure *failure);

#endif
