// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Progress and cancelling. What two threads touch is behind one lock, which is never held over anything
 * that waits.
 */
#include "migration.h"
#include "log.h"

#include "../lib/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PAGE 4096

/* What the sender said last; of pages and nanoseconds. */
struct figures {
	json_int_t number, bytes, sent, ns, dirty, hot, downtime_ms;	/* of the last round that has ended */
	json_int_t done;		/* of the round under way */
};

struct migration {
	unsigned int references;	/* the loop's */
	struct migrate_options options;
	char *host;
	pthread_mutex_t lock;		/* for what follows */
	enum migration_stage stage;
	bool cancelled;
	int fd;
	struct figures figures;
	json_int_t disk_done, disk_total;	/* bytes */
	unsigned int percent;
	uint64_t start_ns, suspended_ns, end_ns;
};

struct migration *migration_new(const char *host, const struct migrate_options *options)
{
	struct migration *migration = calloc(1, sizeof(*migration));

	if (!migration)
		return NULL;
	migration->references = 1;
	migration->options = *options;
	migration->host = strdup(host);
	pthread_mutex_init(&migration->lock, NULL);
	migration->fd = -1;
	migration->percent = 100;
	migration->start_ns = monotonic_ns();
	if (migration->host)
		return migration;
	migration_unref(migration);
	return NULL;
}

struct migration *migration_ref(struct migration *migration)
{
	migration->references++;
	return migration;
}

void migration_unref(struct migration *migration)
{
	if (!migration || --migration->references)
		return;
	pthread_mutex_destroy(&migration->lock);
	free(migration->host);
	free(migration);
}

const struct migrate_options *migration_options(const struct migration *migration)
{
	return &migration->options;
}

int migration_connection(struct migration *migration, int fd)
{
	bool cancelled;

	pthread_mutex_lock(&migration->lock);
	migration->fd = fd;
	cancelled = migration->cancelled;
	pthread_mutex_unlock(&migration->lock);
	return cancelled ? -ECANCELED : 0;
}

int migration_begin(struct migration *migration, enum migration_stage stage)
{
	bool cancelled;

	pthread_mutex_lock(&migration->lock);
	cancelled = migration->cancelled;
	if (!cancelled)
		migration->stage = stage;
	if (stage == MIGRATION_SUSPENDED)
		migration->suspended_ns = monotonic_ns();
	if (stage == MIGRATION_DONE)
		migration->end_ns = monotonic_ns();
	pthread_mutex_unlock(&migration->lock);
	return cancelled ? -ECANCELED : 0;
}

void migration_note(struct migration *migration, json_t *line)
{
	struct figures new = { 0 };

	pthread_mutex_lock(&migration->lock);
	/* Of disks it is also told in rounds: what was written to them meanwhile. */
	if (json_unpack(line, "{s:{s:I, s:I}}", "disks", "done", &migration->disk_done, "total",
			&migration->disk_total) && migration->stage == MIGRATION_DISKS)
		migration->stage = MIGRATION_ROUNDS;
	if (!json_unpack(line, "{s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I}}", "round", "number", &new.number,
			 "bytes", &new.bytes, "sent", &new.sent, "ns", &new.ns, "dirty", &new.dirty, "hot",
			 &new.hot, "downtime_ms", &new.downtime_ms))
		migration->figures = new;
	else
		json_unpack(line, "{s:{s:I}}", "progress", "done", &migration->figures.done);
	pthread_mutex_unlock(&migration->lock);
	if (new.number)
		log_info("migration to %s: round %lld: %lld bytes so far, %lld pages changed meanwhile: %lld ms",
			 migration->host, new.number, new.bytes, new.dirty, new.downtime_ms);
}

void migration_sent(struct migration *migration, uint64_t bytes)
{
	pthread_mutex_lock(&migration->lock);
	migration->figures.bytes = (json_int_t)bytes;
	pthread_mutex_unlock(&migration->lock);
}

void migration_slowed(struct migration *migration, unsigned int percent)
{
	pthread_mutex_lock(&migration->lock);
	migration->percent = percent;
	pthread_mutex_unlock(&migration->lock);
	log_info("migration to %s: the guest is left %u %% of its processor time", migration->host, percent);
}

bool migration_cancelled(struct migration *migration)
{
	bool cancelled;

	pthread_mutex_lock(&migration->lock);
	cancelled = migration->cancelled;
	pthread_mutex_unlock(&migration->lock);
	return cancelled;
}

bool migration_handing(struct migration *migration)
{
	bool handing;

	pthread_mutex_lock(&migration->lock);
	handing = migration->stage == MIGRATION_HANDING;
	pthread_mutex_unlock(&migration->lock);
	return handing;
}

int migration_cancel(struct migration *migration)
{
	int rc = 0;

	pthread_mutex_lock(&migration->lock);
	if (migration->stage >= MIGRATION_HANDING) {
		rc = -EBUSY;
	} else {
		migration->cancelled = true;
		if (migration->fd >= 0)
			shutdown(migration->fd, SHUT_RDWR);
	}
	pthread_mutex_unlock(&migration->lock);
	return rc;
}

/* Bytes of memory a second. */
static json_int_t rate(json_int_t pages, json_int_t ns)
{
	return ns > 0 ? (json_int_t)((double)pages * PAGE * 1e9 / (double)ns) : 0;
}

static json_t *describe(const struct migration *migration)
{
	static const char *const stages[] = { "checks", "disks", "rounds", "suspended", "handing-over", "done" };
	const struct figures *figures = &migration->figures;
	uint64_t end = migration->end_ns ? migration->end_ns : monotonic_ns();
	json_t *json = json_pack("{s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i}",
		"host", migration->host, "stage", stages[migration->stage], "cancelled", migration->cancelled,
		"rounds", figures->number, "bytes", figures->bytes, "round_done", figures->done * PAGE,
		"dirty", figures->dirty * PAGE, "working_set", figures->hot * PAGE,
		"rate", rate(figures->sent, figures->ns), "dirty_rate", rate(figures->dirty, figures->ns),
		"expected_downtime_ms", figures->downtime_ms,
		"elapsed_ms", (json_int_t)((end - migration->start_ns) / 1000000),
		"processor_percent", (int)migration->percent);

	if (migration->options.copy_storage) {
		json_object_set_new(json, "disk_done", json_integer(migration->disk_done));
		json_object_set_new(json, "disk_total", json_integer(migration->disk_total));
	}
	if (migration->suspended_ns)
		json_object_set_new(json, "downtime_ms",
				    json_integer((json_int_t)((end - migration->suspended_ns) / 1000000)));
	return json;
}

json_t *migration_json(struct migration *migration)
{
	json_t *json;

	pthread_mutex_lock(&migration->lock);
	json = describe(migration);
	pthread_mutex_unlock(&migration->lock);
	return json;
}
