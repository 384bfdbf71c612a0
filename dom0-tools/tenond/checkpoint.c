// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Taking checkpoints. One worker writes one file, the guest once and then what it changes, until that is more
 * than the guest; then another one writes the next file, which takes the former one's name when its first
 * checkpoint is complete.
 */
#include "checkpoint.h"
#include "device/block.h"
#include "device/spawn.h"
#include "log.h"
#include "migrate.h"
#include "save.h"
#include "series.h"
#include "worker.h"

#include "../migrate/stream.h"
#include "../lib/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <hypercall/hypercall.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_NS		500000000ull	/* between looks at a guest that nothing is done with */
#define TRIES		3		/* of writing all of a guest that gives and takes memory meanwhile */

struct taking {
	const struct host *host;
	const struct domain_config *config;
	struct record *record;
	struct checkpoint *checkpoint;
	struct store_client *store;
	struct error *error;
	struct series_out out;		/* to another host */
	int file;			/* that goes there */
	char partial[PATH_MAX];		/* the file that is being written, until it has its name; "": it has */
	bool replace;			/* what has the name now */
	bool enough;			/* there are as many as were asked for, or they were cancelled */
	uint64_t begun_ns;		/* the one under way */
};

static int open_partial(struct taking *taking)
{
	const char *path = taking->record->save_path;

	if (!taking->replace && !access(path, F_OK))
		return -EEXIST;
	return save_open_partial(path, taking->partial);
}

static bool elsewhere(const struct taking *taking)
{
	return checkpoint_options(taking->checkpoint)->elsewhere;
}

/* To write to; a negative errno and taking->error. */
static int open_file(struct taking *taking)
{
	int fd = elsewhere(taking) ? series_out_file(taking->host, taking->error) : open_partial(taking);

	if (fd < 0 && !elsewhere(taking))
		return save_file_failed(taking->record, fd, taking->error);
	taking->file = fd;
	taking->out.end = 0;
	return fd;
}

/* The file has a complete checkpoint. */
static int publish(struct taking *taking, json_t *taken)
{
	const char *path = taking->record->save_path;
	int rc = 0;

	if (elsewhere(taking))
		return series_out_send(&taking->out, taking->file,
				       (uint64_t)json_integer_value(json_object_get(taken, "number")),
				       (uint64_t)json_integer_value(json_object_get(taken, "bytes")), taking->error);
	if (!*taking->partial)
		return 0;
	if (taking->replace ? rename(taking->partial, path) : link(taking->partial, path))
		rc = -errno;
	if (!rc && !taking->replace)
		unlink(taking->partial);
	if (!rc)
		rc = save_sync_folder(path);
	if (rc)
		return save_file_failed(taking->record, rc, taking->error);
	*taking->partial = '\0';
	taking->replace = true;
	return 0;
}

/* Nothing is done with it for a while, but somebody has to look after it. */
static int check_guest(struct taking *taking)
{
	const struct record *record = taking->record;
	bool suspended;

	if (save_is_suspended(taking->host, record, &suspended))
		return error_domain(taking->error, ERROR_STATE, record->name,
				    "tenon restore FILE goes on from the last one",
				    "has ended, after %llu checkpoints",
				    (unsigned long long)checkpoint_count(taking->checkpoint));
	if (elsewhere(taking) && series_out_check(&taking->out, taking->error))
		return -ESRCH;
	for (unsigned int i = 0; i < record->disk_count; i++) {
		const char *target = taking->config->disks[i].target;
		pid_t server = record->disks[i].server;

		if (server && !block_serving(taking->host, record->uuid, target, server))
			return error_domain(taking->error, ERROR_STATE, record->name, "see the log of tenond",
					    "has lost the server of disk %s", target);
	}
	return 0;
}

/* Until it is time for the next one. */
static int await_turn(struct taking *taking)
{
	uint64_t interval = checkpoint_options(taking->checkpoint)->interval;
	uint64_t until = taking->begun_ns + interval * 1000000000, now, left;
	int rc;

	do {
		rc = check_guest(taking);
		now = monotonic_ns();
		left = until > now ? until - now : 0;
		if (!rc)
			rc = checkpoint_wait(taking->checkpoint, left < LOOK_NS ? left : LOOK_NS);
	} while (!rc && monotonic_ns() < until);
	taking->begun_ns = monotonic_ns();
	return rc;
}

/* The guest stands still: its disks have what it has written, and the administrator's program copies them. */
static int copy_disks(struct taking *taking)
{
	const struct checkpoint_options *options = checkpoint_options(taking->checkpoint);
	const char *program = options->snapshot;
	char number[24];
	char *argv[] = { (char *)program, taking->record->name, number, NULL };
	int rc = program ? migrate_settle(taking->store, taking->config, taking->record, taking->error) : 0;

	if (rc || !program)
		return rc;
	snprintf(number, sizeof(number), "%llu", (unsigned long long)checkpoint_next(taking->checkpoint));
	rc = spawn_run_within(argv, options->snapshot_timeout);
	if (!rc)
		return 0;
	if (rc == -ETIMEDOUT)
		return error_set(taking->error, ERROR_TIMEOUT, program,
				 "let it copy faster, or give it longer: --snapshot-timeout",
				 "has not copied the disks of domain %s for checkpoint %s within %u s, and was killed",
				 taking->record->name, number, options->snapshot_timeout);
	return error_set(taking->error, ERROR_STATE, program, "run it by hand to see why",
			 "has not copied the disks of domain %s for checkpoint %s: %s %d", taking->record->name,
			 number, rc < 0 ? strerror(-rc) : "status", rc < 0 ? -rc : rc);
}

static int on_suspend(void *data)
{
	struct taking *taking = data;
	int rc = checkpoint_begin(taking->checkpoint, CHECKPOINT_SUSPENDED);

	if (!rc)
		rc = save_suspend(taking->host, taking->store, taking->record, taking->error);
	return rc ? rc : copy_disks(taking);
}

static int on_resume(void *data)
{
	struct taking *taking = data;
	int rc = save_resume(taking->host, taking->record, taking->error);

	checkpoint_begin(taking->checkpoint, CHECKPOINT_WRITING);
	return rc;
}

/* One is complete. Anything but 0 ends its worker in peace. */
static int on_checkpoint(json_t *taken, void *data)
{
	struct taking *taking = data;
	unsigned int count = checkpoint_options(taking->checkpoint)->count;
	int rc;

	rc = publish(taking, taken);
	if (!rc)
		checkpoint_note(taking->checkpoint, taken);
	if (!rc && count && checkpoint_count(taking->checkpoint) >= count)
		rc = -ECANCELED;
	if (!rc)
		rc = checkpoint_begin(taking->checkpoint, CHECKPOINT_WAITING);
	if (!rc)
		rc = await_turn(taking);
	if (!rc)
		rc = checkpoint_begin(taking->checkpoint, CHECKPOINT_WRITING);
	taking->enough = rc == -ECANCELED;
	return rc;
}

static void on_line(json_t *line, void *data)
{
	checkpoint_progress(((struct taking *)data)->checkpoint, line);
}

static int failed(struct taking *taking, const struct worker_failure *failure)
{
	uint64_t number = checkpoint_next(taking->checkpoint) - 1;
	bool full = failure->code == -ENOSPC;
	char next[sizeof(taking->error->next)];
	int length;

	/* Said already, or somebody's wish. */
	if (taking->error->kind != ERROR_NONE)
		return failure->code;
	if (failure->code == -ECANCELED)
		return error_domain(taking->error, ERROR_CANCELLED, taking->record->name, NULL,
				    "its checkpoints were cancelled");
	length = snprintf(next, sizeof(next), "%s", !full ? "see tenon dmesg" : elsewhere(taking) ?
			  "make room in tenond's folder" : "make room, or choose another file");
	if (number)
		snprintf(next + length, sizeof(next) - (size_t)length, "; the file has checkpoint %llu",
			 (unsigned long long)number);
	return error_domain(taking->error, full ? ERROR_RESOURCES : failure->code == -EPROTO ||
			    failure->code == -EOPNOTSUPP || failure->code == -EAGAIN ? ERROR_STATE :
			    ERROR_INTERNAL, taking->record->name, next, "its state %s", failure->text);
}

static int store_lost(struct taking *taking, int rc)
{
	return error_set(taking->error, ERROR_UNREACHABLE, "store", "is tenon-stored running? tenon doctor says more",
			 "domain %s: %s", taking->record->name, strerror(-rc));
}

/* One file. 0 and *again: another one is due. -EAGAIN without an error: the guest's memory has not held still. */
static int write_file(struct taking *taking, int fd, bool last_try, bool *again)
{
	const struct worker_live live = {
		.suspend = on_suspend, .resume = on_resume, .checkpoint = on_checkpoint, .line = on_line,
		.data = taking,
	};
	char domid[16], downtime[16], number[24], *description;
	char *argv[] = { "tenon-migrate", "checkpoint", domid, downtime, number, NULL };
	struct worker_failure failure;
	json_t *done;
	int rc;

	description = save_describe(taking->store, taking->config, taking->record, &rc);
	if (!description)
		return store_lost(taking, rc);
	snprintf(domid, sizeof(domid), "%d", taking->record->domid);
	snprintf(downtime, sizeof(downtime), "%d", MIGRATION_DOWNTIME_MS);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)checkpoint_next(taking->checkpoint));
	rc = worker_run_live(argv, fd, description, &live, &done, &failure);
	free(description);
	if (rc == -EAGAIN && !last_try && taking->error->kind == ERROR_NONE)
		return rc;
	if (rc)
		return failed(taking, &failure);
	*again = json_is_true(json_object_get(done, "again"));
	json_decref(done);
	/* It was told to end, for what is in the error unless there were enough. */
	return taking->error->kind == ERROR_NONE ? 0 : -ESRCH;
}

/* The guest goes on, without what slows it down. */
static void let_go(struct taking *taking)
{
	struct error ignored;
	bool suspended;

	migrate_free_guest(taking->host, taking->config, taking->record);
	if (!save_is_suspended(taking->host, taking->record, &suspended) && suspended &&
	    save_resume(taking->host, taking->record, &ignored))
		log_warning("domain %s: %s", taking->record->name, ignored.cause);
}

/* Numbers go on where the file that is to be replaced has ended: copies of disks are named by them. */
static void follow(struct taking *taking)
{
	struct build_error ignored = { "" };
	struct stream_reader reader;
	int fd = taking->replace ? open(taking->record->save_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;

	if (fd < 0)
		return;
	if (!stream_reader_open(&reader, fd, taking->record->save_path, &ignored))
		checkpoint_follow(taking->checkpoint, reader.checkpoint.number);
	stream_reader_close(&reader);
	close(fd);
}

static int take_all(struct taking *taking)
{
	bool again = true;
	int rc = 0;

	taking->begun_ns = monotonic_ns();
	for (int tries = 1; again && !rc && !taking->enough; tries++) {
		int fd = open_file(taking);

		if (fd < 0)
			return fd;
		again = false;
		rc = write_file(taking, fd, tries == TRIES, &again);
		/* While it is locked: the name may be another one's after that. */
		if (*taking->partial)
			unlink(taking->partial);
		*taking->partial = '\0';
		close(fd);
		if (!rc) {
			tries = 0;
		} else if (rc == -EAGAIN && taking->error->kind == ERROR_NONE) {
			again = true;
			rc = 0;
		}
	}
	return rc;
}

/* Where the file is, and which number comes first. */
static int begin(struct taking *taking)
{
	struct record *record = taking->record;
	char *description;
	uint64_t before;
	int rc;

	if (!elsewhere(taking)) {
		follow(taking);
		return 0;
	}
	description = save_describe(taking->store, taking->config, record, &rc);
	if (!description)
		return store_lost(taking, rc);
	rc = series_out_open(taking->host, record, description, taking->replace, &taking->out, &before,
			     taking->error);
	free(description);
	if (rc)
		return rc;
	checkpoint_follow(taking->checkpoint, before);
	return checkpoint_place(taking->checkpoint, taking->out.path) ?
	       error_set(taking->error, ERROR_INTERNAL, "tenond", NULL, "out of memory") : 0;
}

int checkpoint_guest(const struct host *host, const struct domain_config *config, struct record *record,
		     struct checkpoint *checkpoint, struct error *error)
{
	struct taking taking = {
		.host = host, .config = config, .record = record, .checkpoint = checkpoint, .error = error,
		.replace = checkpoint_options(checkpoint)->replace, .out = { .fd = -1 },
	};
	int rc = save_open_store(host, record, &taking.store, error);

	if (!rc) {
		rc = begin(&taking);
		if (!rc) {
			rc = take_all(&taking);
			let_go(&taking);
		}
		series_out_close(&taking.out);
	}
	store_close(taking.store);
	/* Whoever has one, and wants no more, has what was asked for. */
	return rc && error->kind == ERROR_CANCELLED && checkpoint_count(checkpoint) ? 0 : rc;
}

void checkpoint_clean(const struct host *host, const struct record *record)
{
	char partial[PATH_MAX];

	hc_dirty_log_disable(host->hv, (uint16_t)record->domid);
	if (record->save_path && !save_name_partial(record->save_path, partial))
		save_remove_partial(partial);
}
