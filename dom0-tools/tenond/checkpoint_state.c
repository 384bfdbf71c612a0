// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How far checkpoints are, and their end. What two threads touch is behind one lock, which is never held over
 * anything that waits for others.
 */
#include "checkpoint.h"
#include "log.h"

#include "../lib/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAGE 4096
#define RECENT 8		/* that are told, for who looks now and then: as many seconds' at least */

/* One that is complete. */
struct taken {
	json_int_t number, pages, bytes;	/* bytes: of the file */
	int64_t when;				/* seconds since 1970 */
	uint64_t downtime_ms;
};

struct checkpoint {
	unsigned int references;	/* the loop's */
	struct checkpoint_options options;
	char *host, *snapshot;		/* host: that has the file, NULL: this one */
	pthread_mutex_t lock;		/* for what follows */
	char *path;			/* "": of a file elsewhere, not known yet */
	pthread_cond_t wake;		/* cancelled */
	enum checkpoint_stage stage;
	bool cancelled;
	json_int_t done;		/* pages that the one under way has looked at */
	json_int_t before;		/* number of the last one of another run, 0: none */
	uint64_t suspended_ns, downtime_ms;	/* of the one under way */
	uint64_t total;			/* complete ones of this run */
	struct taken recent[RECENT];	/* the last of them: number i of the run at (i - 1) % RECENT */
};

struct checkpoint *checkpoint_new(const char *path, const struct checkpoint_options *options)
{
	struct checkpoint *checkpoint = calloc(1, sizeof(*checkpoint));
	pthread_condattr_t attr;

	if (!checkpoint)
		return NULL;
	checkpoint->references = 1;
	checkpoint->options = *options;
	checkpoint->path = strdup(options->elsewhere ? "" : path);
	checkpoint->host = options->elsewhere ? strdup(path) : NULL;
	checkpoint->snapshot = options->snapshot ? strdup(options->snapshot) : NULL;
	checkpoint->options.snapshot = checkpoint->snapshot;
	pthread_mutex_init(&checkpoint->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&checkpoint->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (checkpoint->path && !checkpoint->host == !options->elsewhere && !checkpoint->snapshot == !options->snapshot)
		return checkpoint;
	checkpoint_unref(checkpoint);
	return NULL;
}

struct checkpoint *checkpoint_ref(struct checkpoint *checkpoint)
{
	checkpoint->references++;
	return checkpoint;
}

void checkpoint_unref(struct checkpoint *checkpoint)
{
	if (!checkpoint || --checkpoint->references)
		return;
	pthread_cond_destroy(&checkpoint->wake);
	pthread_mutex_destroy(&checkpoint->lock);
	free(checkpoint->path);
	free(checkpoint->host);
	free(checkpoint->snapshot);
	free(checkpoint);
}

const struct checkpoint_options *checkpoint_options(const struct checkpoint *checkpoint)
{
	return &checkpoint->options;
}

int checkpoint_begin(struct checkpoint *checkpoint, enum checkpoint_stage stage)
{
	bool cancelled;

	pthread_mutex_lock(&checkpoint->lock);
	cancelled = checkpoint->cancelled;
	if (checkpoint->stage == CHECKPOINT_SUSPENDED && stage != CHECKPOINT_SUSPENDED)
		checkpoint->downtime_ms = (monotonic_ns() - checkpoint->suspended_ns) / 1000000;
	if (stage == CHECKPOINT_SUSPENDED)
		checkpoint->suspended_ns = monotonic_ns();
	checkpoint->stage = stage;
	pthread_mutex_unlock(&checkpoint->lock);
	return cancelled ? -ECANCELED : 0;
}

void checkpoint_progress(struct checkpoint *checkpoint, json_t *line)
{
	pthread_mutex_lock(&checkpoint->lock);
	json_unpack(line, "{s:{s:I}}", "progress", "done", &checkpoint->done);
	pthread_mutex_unlock(&checkpoint->lock);
}

void checkpoint_note(struct checkpoint *checkpoint, json_t *taken)
{
	struct taken new = { .when = time(NULL) };

	if (json_unpack(taken, "{s:I, s:I, s:I}", "number", &new.number, "pages", &new.pages, "bytes", &new.bytes))
		return;
	pthread_mutex_lock(&checkpoint->lock);
	checkpoint->done = 0;
	new.downtime_ms = checkpoint->downtime_ms;
	checkpoint->recent[checkpoint->total++ % RECENT] = new;
	pthread_mutex_unlock(&checkpoint->lock);
	log_info("checkpoint %lld in %s%s%s: %lld pages, %lld bytes in all, stood still for %llu ms", new.number,
		 checkpoint->path, checkpoint->host ? " of host " : "", checkpoint->host ? checkpoint->host : "",
		 new.pages, new.bytes, (unsigned long long)new.downtime_ms);
}

int checkpoint_wait(struct checkpoint *checkpoint, uint64_t ns)
{
	uint64_t until = monotonic_ns() + ns;
	struct timespec end = {
		.tv_sec = (time_t)(until / 1000000000), .tv_nsec = (long)(until % 1000000000),
	};
	bool cancelled;
	int rc = 0;

	pthread_mutex_lock(&checkpoint->lock);
	while (!checkpoint->cancelled && !rc)
		rc = pthread_cond_timedwait(&checkpoint->wake, &checkpoint->lock, &end);
	cancelled = checkpoint->cancelled;
	pthread_mutex_unlock(&checkpoint->lock);
	return cancelled ? -ECANCELED : 0;
}

void checkpoint_cancel(struct checkpoint *checkpoint)
{
	pthread_mutex_lock(&checkpoint->lock);
	checkpoint->cancelled = true;
	pthread_cond_broadcast(&checkpoint->wake);
	pthread_mutex_unlock(&checkpoint->lock);
}

void checkpoint_follow(struct checkpoint *checkpoint, uint64_t number)
{
	pthread_mutex_lock(&checkpoint->lock);
	checkpoint->before = (json_int_t)number;
	pthread_mutex_unlock(&checkpoint->lock);
}

int checkpoint_place(struct checkpoint *checkpoint, const char *path)
{
	char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	pthread_mutex_lock(&checkpoint->lock);
	free(checkpoint->path);
	checkpoint->path = copy;
	pthread_mutex_unlock(&checkpoint->lock);
	return 0;
}

uint64_t checkpoint_count(struct checkpoint *checkpoint)
{
	uint64_t count;

	pthread_mutex_lock(&checkpoint->lock);
	count = checkpoint->total;
	pthread_mutex_unlock(&checkpoint->lock);
	return count;
}

/* NULL: there is none yet. */
static const struct taken *last_taken(const struct checkpoint *checkpoint)
{
	return checkpoint->total ? &checkpoint->recent[(checkpoint->total - 1) % RECENT] : NULL;
}

uint64_t checkpoint_next(struct checkpoint *checkpoint)
{
	const struct taken *last;
	uint64_t next;

	pthread_mutex_lock(&checkpoint->lock);
	last = last_taken(checkpoint);
	next = (uint64_t)(last ? last->number : checkpoint->before) + 1;
	pthread_mutex_unlock(&checkpoint->lock);
	return next;
}

static json_t *describe_taken(const struct taken *taken)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "number", taken->number, "bytes", taken->bytes, "changed",
			 taken->pages * PAGE, "downtime_ms", (json_int_t)taken->downtime_ms, "taken",
			 (json_int_t)taken->when);
}

static json_t *describe(const struct checkpoint *checkpoint)
{
	static const char *const stages[] = { "writing", "suspended", "waiting" };
	const struct taken *last = last_taken(checkpoint);
	json_t *json = json_pack("{s:s, s:s, s:b, s:i, s:i, s:i, s:i, s:I}", "file", checkpoint->path, "stage",
				 stages[checkpoint->stage], "cancelled", checkpoint->cancelled, "interval",
				 (int)checkpoint->options.interval, "count", (int)checkpoint->options.count, "number",
				 0, "bytes", 0, "done", checkpoint->done * PAGE);
	json_t *recent;

	if (checkpoint->host)
		json_object_set_new(json, "host", json_string(checkpoint->host));
	if (!last)
		return json;
	json_object_update_new(json, describe_taken(last));
	recent = json_array();
	for (uint64_t i = checkpoint->total > RECENT ? checkpoint->total - RECENT : 0; i < checkpoint->total; i++)
		json_array_append_new(recent, describe_taken(&checkpoint->recent[i % RECENT]));
	json_object_set_new(json, "recent", recent);
	return json;
}

json_t *checkpoint_json(struct checkpoint *checkpoint)
{
	json_t *json;

	pthread_mutex_lock(&checkpoint->lock);
	json = describe(checkpoint);
	pthread_mutex_unlock(&checkpoint->lock);
	return json;
}
