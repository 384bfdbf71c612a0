// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checkpoints that come from another host. Their file has a name of ours, in a folder of ours; it is nameless until its
 * first checkpoint is complete, so that one that is cut short leaves nothing.
 */
#include "series.h"
#include "log.h"

#include "../migrate/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOREVER_MS	INT_MAX		/* the kernel tells when the sender's host is gone */
#define STALL_MS	60000		/* for a sender that stops in the middle of one */
#define PIECE		65536

struct series_in {
	struct job job;
	struct tenond *tenond;
	struct series_in *next;
	struct saved *saved;		/* the guest, and the connection */
	char folder[PATH_MAX], path[PATH_MAX];
	bool replace;			/* what has the name now */
	bool named;			/* the file at hand has it */
	int file;			/* -1: none yet */
	uint64_t number, end;		/* of the last complete one; of the file: where that ends */
	struct error error;
};

/* What the sender says of the next one, and may say. */
struct coming {
	json_int_t number, time, from, bytes;
};

static int failed(struct series_in *in, int rc)
{
	return error_set(&in->error, rc == -ENOSPC || rc == -EDQUOT ? ERROR_RESOURCES : rc == -EEXIST ? ERROR_EXISTS :
			 ERROR_INTERNAL, in->path, rc == -EEXIST ? "say --replace, or remove it there" :
			 rc == -ENOSPC ? "make room there" : NULL, "cannot be written: %s", strerror(-rc));
}

/* The name is made of parts that cannot lead elsewhere: config_name_valid(), and a UUID. */
static int prepare(struct series_in *in)
{
	const char *state = in->tenond->host.state_dir;
	const struct domain_config *config = in->saved->config;
	char uuid[UUID_STR_LEN];

	uuid_unparse_lower(config->uuid, uuid);
	if (snprintf(in->folder, PATH_MAX, "%s/checkpoints", state) >= PATH_MAX ||
	    snprintf(in->path, PATH_MAX, "%.*s/%s.%s", PATH_MAX / 2, in->folder, config->name, uuid) >= PATH_MAX)
		return failed(in, -ENAMETOOLONG);
	if ((mkdir(state, 0700) && errno != EEXIST) || (mkdir(in->folder, 0700) && errno != EEXIST))
		return failed(in, -errno);
	return !in->replace && !access(in->path, F_OK) ? failed(in, -EEXIST) : 0;
}

/* Numbers go on where those of the file that is there have ended. */
static uint64_t last_number(const struct series_in *in)
{
	struct build_error ignored = { "" };
	struct stream_reader reader;
	int fd = open(in->path, O_RDONLY | O_CLOEXEC);
	uint64_t number = 0;

	if (fd < 0)
		return 0;
	if (!stream_reader_open(&reader, fd, in->path, &ignored))
		number = reader.checkpoint.number;
	stream_reader_close(&reader);
	close(fd);
	return number;
}

/* Give the file its name, at once and for good. */
static int publish(struct series_in *in)
{
	char self[64], second[PATH_MAX];
	int rc = 0;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", in->file);
	if (!in->replace) {
		rc = linkat(AT_FDCWD, self, AT_FDCWD, in->path, AT_SYMLINK_FOLLOW) ? -errno : 0;
	} else {
		/* A link replaces nothing, a rename does. */
		snprintf(second, sizeof(second), "%.*s.new", PATH_MAX - 8, in->path);
		unlink(second);
		if (linkat(AT_FDCWD, self, AT_FDCWD, second, AT_SYMLINK_FOLLOW) || rename(second, in->path))
			rc = -errno;
	}
	if (!rc)
		rc = save_sync_folder(in->path);
	if (!rc)
		in->named = in->replace = true;
	return rc;
}

static ssize_t receive(int fd, char *data, size_t size)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	ssize_t got;

	do {
		got = poll(&wait, 1, STALL_MS);
		if (got > 0)
			got = recv(fd, data, size, 0);
		else if (!got)
			return -ETIMEDOUT;
	} while (got < 0 && errno == EINTR);
	return got > 0 ? got : got ? -errno : -ECONNRESET;
}

static int write_all(int file, const char *data, size_t size, off_t at)
{
	while (size) {
		ssize_t wrote = pwrite(file, data, size, at);

		if (wrote < 0 && errno != EINTR)
			return -errno;
		if (!wrote)
			return -EIO;
		if (wrote > 0) {
			data += wrote;
			at += wrote;
			size -= (size_t)wrote;
		}
	}
	return 0;
}

/*
 * *problem: the file's. What cannot be written is read all the same: a connection that is closed with something unread
 * in it would take with it the error that the sender is told.
 */
static int take_bytes(struct series_in *in, const struct coming *coming, int *problem)
{
	off_t at = (off_t)coming->from, end = (off_t)(coming->from + coming->bytes);
	char data[PIECE];

	*problem = 0;
	while (at < end) {
		size_t size = end - at < PIECE ? (size_t)(end - at) : PIECE;
		ssize_t got = receive(in->saved->fd, data, size);

		if (got < 0)
			return (int)got;
		if (!*problem)
			*problem = write_all(in->file, data, (size_t)got, at);
		at += got;
	}
	return 0;
}

/* Another file, or more of the one at hand, and nothing else. */
static bool fits(const struct series_in *in, const struct coming *coming)
{
	if (coming->number <= 0 || (uint64_t)coming->number <= in->number || coming->bytes <= 0 ||
	    coming->bytes > INT64_MAX / 2)
		return false;
	if (!coming->from)
		return coming->bytes > STREAM_SERIES_START;
	return in->file >= 0 && (uint64_t)coming->from == in->end;
}

static int another_file(struct series_in *in)
{
	if (in->file >= 0)
		close(in->file);
	in->named = false;
	in->file = open(in->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return in->file < 0 ? -errno : 0;
}

/* It is on disk: the file tells of it, and has its name. */
static int commit(struct series_in *in, const struct coming *coming)
{
	struct build_error why = { "" };
	struct stream_writer writer = {
		.fd = in->file, .bytes = (uint64_t)(coming->from + coming->bytes), .error = &why,
	};
	int rc = stream_commit(&writer, (uint64_t)coming->number, coming->time);

	if (!rc && !in->named)
		rc = publish(in);
	if (rc)
		return rc;
	in->number = (uint64_t)coming->number;
	in->end = writer.bytes;
	log_info("domain %s: checkpoint %llu of another host's is in %s", in->saved->config->name,
		 (unsigned long long)in->number, in->path);
	return 0;
}

/* A negative errno without in->error: the sender is gone. */
static int take_one(struct series_in *in)
{
	struct coming coming = { 0 };
	int rc, problem;
	json_t *json = peer_receive(in->saved->fd, FOREVER_MS, &rc);
	bool understood = json && !json_unpack(json, "{s:{s:I, s:I, s:I, s:I}}", "checkpoint", "number",
					       &coming.number, "time", &coming.time, "from", &coming.from, "bytes",
					       &coming.bytes);

	json_decref(json);
	if (rc)
		return rc;
	if (!understood || !fits(in, &coming))
		return error_set(&in->error, ERROR_REQUEST, in->path, "run the same version on both hosts",
				 "cannot take a checkpoint that does not go on from the one before");
	problem = coming.from ? 0 : another_file(in);
	if (problem)
		return failed(in, problem);
	rc = take_bytes(in, &coming, &problem);
	if (rc)
		return rc;
	if (!problem)
		problem = commit(in, &coming);
	return problem ? failed(in, problem) : peer_send(in->saved->fd, json_pack("{s:I}", "complete", coming.number));
}

static void work(struct job *job)
{
	struct series_in *in = (struct series_in *)job;
	int fd = in->saved->fd, rc = prepare(in);

	if (!rc) {
		in->number = last_number(in);
		rc = peer_send(fd, json_pack("{s:{s:s, s:I}}", "ready", "file", in->path, "number",
					     (json_int_t)in->number));
	}
	while (!rc)
		rc = take_one(in);
	/* What came of one that is not complete would only take room. */
	if (in->named && ftruncate(in->file, (off_t)in->end))
		log_warning("%s: cannot be cut to its last checkpoint: %s", in->path, strerror(errno));
	if (in->error.kind != ERROR_NONE)
		peer_send(fd, peer_error(&in->error));
}

static void done(struct job *job)
{
	struct series_in *in = (struct series_in *)job, **at = &in->tenond->series;

	while (*at != in)
		at = &(*at)->next;
	*at = in->next;
	if (in->error.kind != ERROR_NONE)
		log_warning("domain %s: another host's checkpoints end: %s: %s", in->saved->config->name,
			    in->error.object, in->error.cause);
	else
		log_info("domain %s: another host's checkpoints end", in->saved->config->name);
	if (in->file >= 0)
		close(in->file);
	saved_close(in->saved);
	free(in);
}

int series_in_start(struct tenond *tenond, struct saved *saved, bool replace, struct error *error)
{
	struct series_in *in = tenond->stopping ? NULL : calloc(1, sizeof(*in));

	if (in)
		*in = (struct series_in){
			.job = { .work = work, .done = done }, .tenond = tenond, .next = tenond->series,
			.saved = saved, .replace = replace, .file = -1,
		};
	if (!in || job_start(tenond->jobs, &in->job)) {
		free(in);
		return error_set(error, ERROR_RESOURCES, "tenond", "try again", "takes no checkpoints at present");
	}
	tenond->series = in;
	return 0;
}

void series_in_end_all(struct tenond *tenond)
{
	for (struct series_in *in = tenond->series; in; in = in->next)
		shutdown(in->saved->fd, SHUT_RDWR);
}
