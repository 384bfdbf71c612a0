// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host that a guest comes to.  A connection's first line is read by a job,
 * because a peer may take its time; what it asks for is decided on the loop.
 */
#include "migrate.h"
#include "lifecycle.h"
#include "log.h"
#include "migrate_check.h"
#include "peer.h"
#include "series.h"
#include "taken.h"
#include "tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACTIVATE_MS	60000	/* between "complete" and "activate" */
#define CALLERS_MAX	16	/* each has a thread and a descriptor before it has shown who it is */
#define RETRY_USEC	1000000	/* where descriptors are short */

struct listener {
	struct tenond *tenond;
	bool plain;
	unsigned int callers;		/* whose wish is not known yet */
	sd_event_source *source, *retry;	/* the event loop's */
};

static struct listener listeners[2];	/* with encryption, without */

struct caller {
	struct job job;
	struct tenond *tenond;
	struct listener *listener;
	int fd;
	json_t *hello;			/* NULL: none came */
	struct saved *saved;		/* of a proposal */
	bool check;			/* it only asks */
	bool series;			/* not the guest comes but checkpoints of it, see series.h */
	struct errors obstacles;
	struct error error;
};

int migrate_ready(const struct saved *saved)
{
	return peer_send(saved->fd, json_pack("{s:{}}", "ready"));
}

int migrate_complete(const struct saved *saved, struct error *error)
{
	int rc = peer_send(saved->fd, json_pack("{s:{}}", "complete"));
	json_t *json = rc ? NULL : peer_receive(saved->fd, ACTIVATE_MS, &rc);

	if (json && !json_object_get(json, "activate"))
		rc = -EPROTO;
	json_decref(json);
	return rc ? error_set(error, ERROR_UNREACHABLE, saved->path, NULL,
			      "has not said that the guest shall run: %s", strerror(-rc)) : 0;
}

void migrate_active(const struct host *host, const struct record *record, const struct saved *saved)
{
	json_t *json;
	int rc;

	/* Who does not hear it will ask, perhaps long after the guest's end. */
	peer_send(saved->fd, json_pack("{s:{}}", "active"));
	json = peer_receive(saved->fd, PEER_TIMEOUT_MS, &rc);
	if (json && json_object_get(json, "ended"))
		taken_forget(host, record->uuid);
	json_decref(json);
}

static void finished(struct domain *domain, const struct error *error, void *data)
{
	(void)domain;
	(void)error;
	(void)data;
}

static void work(struct job *job)
{
	struct caller *caller = (struct caller *)job;
	json_t *description;
	int rc, version;

	if (!caller->listener->plain) {
		caller->fd = tls_wrap(caller->fd, true, caller->tenond->host.tls_dir, NULL, &caller->error);
		if (caller->fd < 0) {
			log_warning("a connection is refused: %s: %s", caller->error.object,
				    caller->error.cause);
			return;
		}
	}
	caller->hello = peer_receive(caller->fd, PEER_TIMEOUT_MS, &rc);
	caller->series = caller->hello && json_object_get(caller->hello, "checkpoints");
	if (!caller->hello ||
	    json_unpack(caller->hello, "{s:i}", caller->series ? "checkpoints" : "migrate", &version))
		return;
	description = json_object_get(caller->hello, "description");
	if (version != PEER_VERSION)
		error_set(&caller->error, ERROR_REQUEST, "tenond", "run the same version on both hosts",
			  "speaks version %d, not %d", PEER_VERSION, version);
	else
		saved_incoming(&caller->tenond->host, caller->fd, description, &caller->saved,
			       &caller->error);
	caller->check = json_is_true(json_object_get(caller->hello, "check"));
	if (caller->series)
		return;
	if (caller->saved)
		caller->saved->coming = json_incref(json_object_get(caller->hello, "copy"));
	if (caller->saved)
		check_coming(&caller->tenond->host, caller->saved->config, caller->hello,
			     &caller->obstacles);
}

/* True: it may come, and its operation has the connection. */
static bool begin(struct caller *caller)
{
	if (!caller->saved)
		return false;
	if (caller->series)
		return !series_in_start(caller->tenond, caller->saved,
					json_is_true(json_object_get(caller->hello, "replace")), &caller->error);
	domain_conflicts(&caller->tenond->domains, caller->saved->config, &caller->obstacles);
	definition_conflicts(&caller->tenond->definitions, caller->saved->config, &caller->obstacles);
	if (caller->check || caller->obstacles.count) {
		peer_send(caller->fd, check_answer(&caller->obstacles));
		return false;
	}
	return !lifecycle_restore(caller->tenond, caller->saved, false, finished, NULL, &caller->error);
}

/* Whether a guest of this UUID runs here, or did: the other side's to act upon. */
static void answer(struct caller *caller, const char *uuid)
{
	const struct domain *domain = domain_by_uuid(&caller->tenond->domains, uuid);
	const char *state = "busy";

	if (!domain)
		state = taken_find(&caller->tenond->host, uuid) ? "active" : "none";
	else if (!domain->operation && domain->phase == PHASE_ACTIVE)
		state = "active";
	peer_send(caller->fd, json_pack("{s:s}", "state", state));
}

static void listen_again(struct listener *listener)
{
	if (listener->callers < CALLERS_MAX)
		sd_event_source_set_enabled(listener->source, SD_EVENT_ON);
}

static void done(struct job *job)
{
	struct caller *caller = (struct caller *)job;
	const char *uuid;

	caller->listener->callers--;
	listen_again(caller->listener);
	if (begin(caller))
		caller->fd = -1;	/* the operation's from now on */
	else if (caller->error.kind != ERROR_NONE && caller->fd >= 0)
		peer_send(caller->fd, peer_error(&caller->error));
	else if (caller->hello && !json_unpack(caller->hello, "{s:s}", "ask", &uuid))
		answer(caller, uuid);
	if (caller->fd >= 0 && caller->saved)
		saved_close(caller->saved);	/* closes the connection too */
	else if (caller->fd >= 0)
		close(caller->fd);
	json_decref(caller->hello);
	free(caller);
}

/* Takes over the connection. */
static void begin_caller(struct listener *listener, int connection)
{
	struct caller *caller = calloc(1, sizeof(*caller));

	if (caller) {
		peer_watch(connection);
		*caller = (struct caller){
			.job = { .work = work, .done = done }, .tenond = listener->tenond, .listener = listener,
			.fd = connection,
		};
		if (!listener->tenond->stopping && !job_start(listener->tenond->jobs, &caller->job)) {
			listener->callers++;
			return;
		}
		free(caller);
	}
	close(connection);
}

/* Those who are not taken now wait in the kernel, and cost nothing here. */
static int on_caller(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct listener *listener = data;
	int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	bool exhausted = connection < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM);

	(void)events;
	if (connection >= 0)
		begin_caller(listener, connection);
	/* Who cannot be taken would wake us without end. */
	if (exhausted) {
		sd_event_source_set_time_relative(listener->retry, RETRY_USEC);
		sd_event_source_set_enabled(listener->retry, SD_EVENT_ONESHOT);
	}
	if (exhausted || listener->callers >= CALLERS_MAX)
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	listen_again(data);
	return 0;
}

/* The event loop's sources, which go with it. */
static int add_sources(struct listener *listener, int fd)
{
	sd_event *event = listener->tenond->event;
	int rc = sd_event_add_io(event, &listener->source, fd, EPOLLIN, on_caller, listener);

	if (rc >= 0)
		rc = sd_event_add_time_relative(event, &listener->retry, CLOCK_MONOTONIC, 0, 0, on_retry, listener);
	for (int i = 0; i < 2 && rc >= 0; i++) {
		sd_event_source *source = i ? listener->retry : listener->source;

		rc = sd_event_source_set_floating(source, true);
		sd_event_source_unref(source);
	}
	return rc;
}

int migrate_listen(struct tenond *tenond, const char *address, bool plain, struct error *error)
{
	struct listener *listener = &listeners[plain];
	int fd, rc = plain ? 0 : tls_prepare(tenond->host.tls_dir, error);

	fd = rc ? rc : peer_listen(address, error);
	if (fd < 0)
		return fd;
	*listener = (struct listener){ .tenond = tenond, .plain = plain };
	rc = add_sources(listener, fd);
	if (rc < 0)
		return error_set(error, ERROR_INTERNAL, "tenond", NULL, "%s", strerror(-rc));
	if (plain)
		log_warning("guests are taken from others at %s, without encryption or authentication",
			    address);
	else
		log_info("guests are taken from enrolled hosts at %s", address);
	return 0;
}
