// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiters: a list, looked through after each change that tenond makes or is
 * told of, and ten times a second for what nobody tells.
 */
#include "waiter.h"
#include "nodes.h"
#include "resources.h"

#include "../lib/clock.h"

#include <errno.h>
#include <hypercall/hypercall.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_USEC 100000

static const char *const words[] = {
	"up", "running", "paused", "shutdown", "gone", "restarted", "resized", "resized",
};

struct waiter {
	struct waiter *next;
	char name[CONFIG_NAME_MAX + 1];
	char uuid[UUID_STR_LEN];
	int domid;		/* of the instance at the beginning */
	enum wait_for what;
	uint64_t deadline;	/* CLOCK_MONOTONIC, microseconds */
	waiter_done *done;
	void *data;
};

int wait_for_parse(const char *word, enum wait_for *what)
{
	for (int i = 0; i <= WAIT_RESTARTED; i++) {
		if (strcmp(words[i], word))
			continue;
		*what = (enum wait_for)i;
		return 0;
	}
	return -EINVAL;
}

static uint64_t now(void)
{
	return monotonic_ns() / 1000;
}

static bool guest_is_up(struct tenond *tenond, const struct domain *domain)
{
	bool up = false;

	if (domain->phase != PHASE_ACTIVE || !tenond->store)
		return false;
	return !nodes_guest_up(tenond->store, (uint16_t)domain->domid, &up) && up;
}

static const char *current_state(struct tenond *tenond, const struct domain *domain)
{
	struct hc_control_info info;
	bool known = domain->domid > 0 &&
		     !hc_domain_info(tenond->host.hv, (uint16_t)domain->domid, &info);

	return domain_state(domain, known ? &info : NULL);
}

static bool is_shut_down(const char *state)
{
	return !strcmp(state, "shutdown") || !strcmp(state, "crashed");
}

/* Whether what is waited for cannot come any more. */
static bool hopeless(const struct waiter *waiter, const struct domain *domain, const char *state)
{
	if (waiter->what == WAIT_SHUTDOWN || waiter->what == WAIT_GONE)
		return false;
	return !domain || (is_shut_down(state) && domain->shut_down);
}

static bool fulfilled(struct tenond *tenond, const struct waiter *waiter, const struct domain *domain,
		      const char *state)
{
	bool active = domain && domain->phase == PHASE_ACTIVE;

	switch (waiter->what) {
	case WAIT_UP:
		return domain && guest_is_up(tenond, domain);
	case WAIT_RUNNING:
		return active && !strcmp(state, "running");
	case WAIT_PAUSED:
		return active && !strcmp(state, "paused");
	case WAIT_SHUTDOWN:
		/* Carried out, that is: what the policy says is under way or done. */
		return !domain || (active && domain->domid != waiter->domid) ||
		       (is_shut_down(state) && domain->shut_down);
	case WAIT_GONE:
		return !domain;
	case WAIT_RESTARTED:
		return active && domain->domid != waiter->domid;
	case WAIT_MEMORY:
		return active && resources_has_memory(tenond, domain);
	case WAIT_VCPUS:
		return active && resources_has_vcpus(tenond, domain);
	}
	return false;
}

static void describe_timeout(struct tenond *tenond, const struct waiter *waiter, const struct domain *domain,
			     const char *state, struct error *error)
{
	const char *next = "wait longer with --timeout, or look at its console: tenon console NAME";
	const char *why = "";
	bool seen;

	if (domain && (waiter->what == WAIT_MEMORY || waiter->what == WAIT_VCPUS)) {
		resources_late(tenond, domain, waiter->what == WAIT_MEMORY, error);
		return;
	}
	if ((waiter->what == WAIT_SHUTDOWN || waiter->what == WAIT_RESTARTED) && waiter->domid > 0 &&
	    tenond->store && !nodes_request_seen(tenond->store, (uint16_t)waiter->domid, &seen)) {
		why = seen ? "; its kernel has seen the request" :
			     "; its kernel has not taken note of the request";
		next = "look at its console, or end it by tenon destroy";
	}
	error_domain(error, ERROR_TIMEOUT, waiter->name, next, "is not %s in time, but %s%s",
		     words[waiter->what], state, why);
}

/* Whether the wait is over; *error says how. */
static bool evaluate(struct tenond *tenond, const struct waiter *waiter, struct domain *domain,
		     struct error *error)
{
	const char *state = domain ? current_state(tenond, domain) : "gone";

	error->kind = ERROR_NONE;
	if (fulfilled(tenond, waiter, domain, state))
		return true;
	if (hopeless(waiter, domain, state)) {
		error_domain(error, ERROR_STATE, waiter->name,
			     "what its kernel said last is in its log: tenon console --log NAME",
			     "will not be %s: it is %s", words[waiter->what], state);
		return true;
	}
	if (now() < waiter->deadline)
		return false;
	describe_timeout(tenond, waiter, domain, state, error);
	return true;
}

/* The first waiter whose wait is over, taken out of the list. */
static struct waiter *take_finished(struct tenond *tenond, struct domain **domain,
				    struct error *error)
{
	for (struct waiter **link = &tenond->waiters; *link; link = &(*link)->next) {
		struct waiter *waiter = *link;

		*domain = domain_by_uuid(&tenond->domains, waiter->uuid);
		if (!evaluate(tenond, waiter, *domain, error))
			continue;
		*link = waiter->next;
		return waiter;
	}
	return NULL;
}

void waiter_check(struct tenond *tenond)
{
	struct waiter *waiter;
	struct domain *domain;
	struct error error;

	/* From the start each time: a completion may add waiters and change domains. */
	while ((waiter = take_finished(tenond, &domain, &error))) {
		waiter->done(domain, error.kind == ERROR_NONE ? NULL : &error, waiter->data);
		free(waiter);
	}
}

static int on_look(sd_event_source *source, uint64_t usec, void *data)
{
	struct tenond *tenond = data;

	waiter_check(tenond);
	if (!tenond->waiters)
		return 0;
	sd_event_source_set_time(source, usec + LOOK_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int arm(struct tenond *tenond)
{
	if (!tenond->wait_timer)
		return sd_event_add_time_relative(tenond->event, &tenond->wait_timer, CLOCK_MONOTONIC,
						  LOOK_USEC, LOOK_USEC / 10, on_look, tenond);
	sd_event_source_set_time_relative(tenond->wait_timer, LOOK_USEC);
	return sd_event_source_set_enabled(tenond->wait_timer, SD_EVENT_ONESHOT);
}

int waiter_add(struct tenond *tenond, const struct domain *domain, enum wait_for what,
	       unsigned int timeout_ms, waiter_done *done, void *data)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));

	if (!waiter)
		return -ENOMEM;
	if (arm(tenond) < 0) {
		free(waiter);
		return -ENOMEM;
	}
	memcpy(waiter->name, domain->name, sizeof(waiter->name));
	memcpy(waiter->uuid, domain->uuid, sizeof(waiter->uuid));
	waiter->domid = domain->domid;
	waiter->what = what;
	waiter->deadline = now() + (uint64_t)timeout_ms * 1000;
	waiter->done = done;
	waiter->data = data;
	waiter->next = tenond->waiters;
	tenond->waiters = waiter;
	return 0;
}

void waiter_end_all(struct tenond *tenond)
{
	struct waiter *waiter;
	struct error error;

	while ((waiter = tenond->waiters)) {
		tenond->waiters = waiter->next;
		error_set(&error, ERROR_UNREACHABLE, "tenond", "try again in a moment", "is stopping");
		waiter->done(NULL, &error, waiter->data);
		free(waiter);
	}
	tenond->wait_timer = sd_event_source_disable_unref(tenond->wait_timer);
}
