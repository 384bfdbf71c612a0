/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every daemon does the same way: going to the background, readiness, signals, privileges. */
#ifndef TENON_DAEMON_H
#define TENON_DAEMON_H

#include <stdbool.h>

#include <systemd/sd-event.h>

/*
 * Leaves the caller's terminal unless foreground.  The calling process waits
 * until daemon_ready(), and exits with 0 then, or with 1 if the daemon ended
 * before.  0 or a negative errno.
 */
int daemon_start(bool foreground);

/* Says that requests are answered from now on: to the waiting process and to systemd. */
void daemon_ready(void);

/* Makes an event loop that SIGTERM and SIGINT end. */
int daemon_loop(sd_event **event);

/*
 * Listens on a unix socket that only the owner may use; one left by an earlier
 * daemon is replaced.  Directories above it are made.  Returns the descriptor.
 */
int daemon_listen(const char *path);

/* Makes all directories of path, each with mode 0755 if it is missing. */
int daemon_make_dirs(const char *path);

/* Gives up all capabilities for good: what needs them has been opened. */
int daemon_drop_privileges(void);

#endif
