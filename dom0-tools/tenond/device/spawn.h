/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that tenond starts: no shell, no inherited descriptors, a session
 * of their own so that they outlive tenond.
 */
#ifndef TENOND_DEVICE_SPAWN_H
#define TENOND_DEVICE_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Start a program found by PATH; its output is appended to log. 0 or a
 * negative errno.  Once it has ended, spawn_reap() clears it away.
 */
int spawn_start(char *const argv[], const char *log, pid_t *pid);

/* Start a program and wait for its end: its exit status, or a negative errno. */
int spawn_run(char *const argv[]);

/*
 * The same for at most so many seconds, up to 86400: then it is killed, with all that it has started and that has not
 * left its process group, and the result is -ETIMEDOUT.
 */
int spawn_run_within(char *const argv[], unsigned int seconds);

/* Clear away the programs started by spawn_start() that have ended; to be called on SIGCHLD. */
void spawn_reap(void);

/*
 * Whether the process that was started with this exact argument, and was given
 * this number, has not ended.  In doubt it has not: one that is on its way
 * still has files open.
 */
bool spawn_lives(pid_t pid, const char *argument);

/* The process that was started with this exact argument, or 0. */
pid_t spawn_find(const char *argument);

/*
 * End the process that was started with this exact argument, unless the number
 * is another's by now: SIGTERM, and after timeout_ms SIGKILL.  True when it
 * has gone, false when even that does not end it.
 */
bool spawn_stop(pid_t pid, const char *argument, unsigned int timeout_ms);

/* Load a kernel module (and those it needs); 0 also where it is built in. */
int spawn_module(const char *name);

/* Whether spawn_module() would succeed; loads nothing. */
bool spawn_module_known(const char *name);

#endif
