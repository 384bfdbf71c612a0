/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting for a domain to get somewhere, on behalf of clients.
 */
#ifndef TENOND_WAITER_H
#define TENOND_WAITER_H

#include "tenond.h"

enum wait_for {
	WAIT_UP,		/* its kernel listens and has connected its devices */
	WAIT_RUNNING,
	WAIT_PAUSED,
	WAIT_SHUTDOWN,		/* this instance has shut down, whatever follows */
	WAIT_GONE,
	WAIT_RESTARTED,		/* another instance is there */
	WAIT_MEMORY,		/* it has what it is to have, see resources.h; no word for it */
	WAIT_VCPUS,
};

/* "up", "running", "paused", "shutdown", "gone", "restarted"; -EINVAL for another word. */
int wait_for_parse(const char *word, enum wait_for *what);

/* error is NULL when it came to pass. domain is NULL when it has gone. */
typedef void waiter_done(struct domain *domain, const struct error *error, void *data);

/* 0: done will be called, not before return. -ENOMEM. */
int waiter_add(struct tenond *tenond, const struct domain *domain, enum wait_for what,
	       unsigned int timeout_ms, waiter_done *done, void *data);

/* Look whether somebody's wait is over; called after each change. */
void waiter_check(struct tenond *tenond);

/* End all waits: tenond is about to leave. */
void waiter_end_all(struct tenond *tenond);

#endif
