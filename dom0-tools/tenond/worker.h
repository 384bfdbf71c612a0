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
 * What one that works on a running guest may ask for, NULL where it does not; results, 0 or a negative errno,
 * are passed on to it. One without suspend() is not listened to but for its lines.
 */
struct worker_live {
	int (*suspend)(void *data);		/* the guest */
	int (*slow)(unsigned int step, void *data);	/* it down; step 1 first */
	/* Of one that takes checkpoints: let it go on; one is complete, wait until it is time for another. */
	int (*resume)(void *data);
	int (*checkpoint)(json_t *taken, void *data);
	void (*line)(json_t *line, void *data);	/* "disks", "round", "progress" or "created" */
	void *data;
};

int worker_run_live(char *const argv[], int stream, const char *input, const struct worker_live *live,
		    json_t **done, struct worker_failure *failure);

#endif
