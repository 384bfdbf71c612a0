// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checkpoints go to another host: each is written here first, so that the guest stands still for as long as that takes
 * and not for the network, and its room is given back once the other host has it.
 */
#include "series.h"

#include "../migrate/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define READY_MS	30000
#define COMPLETE_MS	120000	/* the other host's disk has all of it */
#define PIECE		65536

static int lost(const struct series_out *out, int rc, struct error *error)
{
	return error_set(error, ERROR_UNREACHABLE, peer_name(out->peer), "it has the last one that was complete; "
			 "tenon doctor there says more", "takes no more checkpoints: %s", strerror(-rc));
}

/* What it says, which must have that member. */
static json_t *hear(const struct series_out *out, int timeout_ms, const char *member, struct error *error, int *rc)
{
	json_t *json = peer_receive(out->fd, timeout_ms, rc);

	if (!json) {
		*rc = lost(out, *rc, error);
		return NULL;
	}
	*rc = peer_take_error(json, out->peer, error);
	if (!*rc && !json_object_get(json, member))
		*rc = error_set(error, ERROR_UNREACHABLE, peer_name(out->peer), "is its tenond of another version?",
				"says something else than \"%s\"", member);
	if (*rc) {
		json_decref(json);
		json = NULL;
	}
	return json;
}

/* It takes nothing any more: perhaps it has said why. */
static int refused(const struct series_out *out, int problem, struct error *error)
{
	int rc;
	json_t *json = peer_receive(out->fd, 1000, &rc);

	rc = json ? peer_take_error(json, out->peer, error) : 0;
	json_decref(json);
	return rc ? rc : lost(out, problem, error);
}

int series_out_open(const struct host *host, const struct record *record, const char *description, bool replace,
		    struct series_out *out, uint64_t *before, struct error *error)
{
	const char *path = NULL;
	json_int_t number = 0;
	json_t *json;
	int rc;

	*out = (struct series_out){ .fd = peer_connect(host, record->peer, error), .peer = record->peer };
	if (out->fd < 0)
		return out->fd;
	out->patience = patience_begin(out->fd, &peer_limits);
	rc = peer_send(out->fd, json_pack("{s:i, s:b, s:o}", "checkpoints", PEER_VERSION, "replace", replace,
					  "description", json_loads(description, 0, NULL)));
	if (rc)
		return refused(out, rc, error);
	json = hear(out, READY_MS, "ready", error, &rc);
	if (!json)
		return rc;
	if (!json_unpack(json, "{s:{s:s, s:I}}", "ready", "file", &path, "number", &number) && number >= 0)
		out->path = strdup(path);
	*before = (uint64_t)number;
	json_decref(json);
	return out->path ? 0 : error_set(error, ERROR_UNREACHABLE, peer_name(out->peer),
					 "is its tenond of another version?", "does not say where it keeps them");
}

static int send_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);

		if (sent < 0 && errno != EINTR)
			return -errno;
		if (sent > 0) {
			data += sent;
			size -= (size_t)sent;
		}
	}
	return 0;
}

/* A negative errno; *local: of the file here. */
static int send_range(int fd, int file, uint64_t from, uint64_t end, bool *local)
{
	char data[PIECE];
	int rc = 0;

	while (!rc && from < end) {
		size_t size = end - from < PIECE ? (size_t)(end - from) : PIECE;
		ssize_t got = pread(file, data, size, (off_t)from);

		*local = got <= 0;
		if (*local)
			return got ? -errno : -EIO;
		rc = send_all(fd, data, (size_t)got);
		from += (uint64_t)got;
	}
	return rc;
}

int series_out_send(struct series_out *out, int file, uint64_t number, uint64_t end, struct error *error)
{
	struct stream_checkpoint slot;
	bool local = false;
	json_t *json;
	int rc;

	if (pread(file, &slot, sizeof(slot), STREAM_SLOT(number)) != sizeof(slot) || slot.number != number ||
	    slot.end != end || end <= out->end)
		return error_set(error, ERROR_INTERNAL, "tenon-migrate", NULL,
				 "has not written checkpoint %llu", (unsigned long long)number);
	rc = peer_send(out->fd, json_pack("{s:{s:I, s:I, s:I, s:I}}", "checkpoint", "number", (json_int_t)number,
					  "time", (json_int_t)slot.time, "from", (json_int_t)out->end, "bytes",
					  (json_int_t)(end - out->end)));
	if (!rc)
		rc = send_range(out->fd, file, out->end, end, &local);
	if (local)
		return error_set(error, ERROR_INTERNAL, "checkpoint", NULL, "cannot be read again: %s", strerror(-rc));
	if (rc)
		return refused(out, rc, error);
	json = hear(out, COMPLETE_MS, "complete", error, &rc);
	if (!json)
		return rc;
	json_decref(json);
	out->end = end;
	/* Where that cannot be done the file grows, as files do. */
	fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, STREAM_SERIES_START,
		  (off_t)(end - STREAM_SERIES_START));
	return 0;
}

int series_out_check(const struct series_out *out, struct error *error)
{
	struct pollfd wait = { .fd = out->fd, .events = POLLIN };

	return poll(&wait, 1, 0) > 0 ? refused(out, -ECONNRESET, error) : 0;
}

void series_out_close(struct series_out *out)
{
	patience_end(out->patience);
	if (out->fd >= 0)
		close(out->fd);
	free(out->path);
	out->fd = -1;
	out->patience = NULL;
	out->path = NULL;
}

int series_out_file(const struct host *host, struct error *error)
{
	int fd = -1;

	if (!mkdir(host->state_dir, 0700) || errno == EEXIST)
		fd = open(host->state_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return fd >= 0 ? fd : error_set(error, ERROR_RESOURCES, host->state_dir, "make room there",
					"has no place for a checkpoint until it is sent: %s", strerror(errno));
}
