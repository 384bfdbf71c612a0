/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that tenond starts: no shell, no inherited descriptors, a session
 * of their own so that they outlive tenond.
 */
#ifndef TENOND_DEVICE_SPAWN_H
#define TENOND_DEVICE_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

/* Start a program found by PATH; its output is appended to log. 0 or a negative errno. */
int spawn_start(char *const argv[], const char *log, pid_t *pid);

/* Start a program and wait for its end: its exit status, or a negative errno. */
int spawn_run(char *const argv[]);

/* Whether a process has ended, without waiting; a child of ours is reaped. */
bool spawn_ended(pid_t pid);

/* Whether a process is there and was started with this exact argument. */
bool spawn_is(pid_t pid, const char *argument);

/* The process that was started with this exact argument, or 0. */
pid_t spawn_find(const char *argument);

/* Make it end: SIGTERM, and after timeout_ms SIGKILL. Returns when it has gone. */
void spawn_stop(pid_t pid, unsigned int timeout_ms);

/* Load a kernel module (and those it needs); 0 also where it is built in. */
int spawn_module(const char *name);

#endif
