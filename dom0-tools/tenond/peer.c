// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections between hosts.  Every wait has an end, and a peer that has
 * vanished without a word is noticed by TCP itself.  One that only takes nothing for
 * a while has more time, see patience.h.
 */
#include "peer.h"
#include "tls.h"

#include "../lib/clock.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_MAX_BYTES (2u << 20)
#define PLAIN "tcp://"		/* as long as "tls://" */

const struct patience_limits peer_limits = { .silent_ms = PEER_TIMEOUT_MS, .idle_ms = PEER_PATIENCE_MS };

/* "[a]:b", "a:b", "a": name and service, which are parts of text. */
static bool split(char *text, const char **name, const char **service)
{
	char *colon = strrchr(text, ':');

	*service = PEER_PORT;
	*name = text;
	if (*text == '[') {
		char *end = strchr(text, ']');

		if (!end || (end[1] && end[1] != ':'))
			return false;
		*name = text + 1;
		if (end[1])
			*service = end + 2;
		*end = '\0';
	} else if (colon) {
		*service = colon + 1;
		*colon = '\0';
	}
	return **name && **service;
}

static int resolve(const char *peer, bool passive, struct addrinfo **found, struct error *error)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM, .ai_flags = passive ? AI_PASSIVE : 0,
	};
	char text[300];
	const char *name, *service;
	int rc;

	if (snprintf(text, sizeof(text), "%s", peer) >= (int)sizeof(text) || !split(text, &name, &service))
		return error_set(error, ERROR_REQUEST, peer, "give HOST, HOST:PORT or [ADDRESS]:PORT",
				 "is no address");
	rc = getaddrinfo(name, service, &hints, found);
	if (rc)
		return error_set(error, ERROR_UNREACHABLE, peer, "check its name, and dom0's /etc/hosts or DNS",
				 "cannot be found: %s", gai_strerror(rc));
	return 0;
}

void peer_watch(int fd)
{
	int on = 1, idle = 5, count = 3;
	unsigned int timeout = PEER_TIMEOUT_MS;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static int connect_one(const struct addrinfo *address)
{
	struct timeval timeout = { .tv_sec = PEER_TIMEOUT_MS / 1000 }, none = { 0 };
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return -errno;
	/* Bounds connect(2); what is sent later may take longer. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (!connect(fd, address->ai_addr, address->ai_addrlen)) {
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none));
		peer_watch(fd);
		return fd;
	}
	rc = errno == EINPROGRESS ? -ETIMEDOUT : -errno;
	close(fd);
	return rc;
}

/* The name that the other host's certificate is known by. */
static void host_name(const char *peer, char name[300])
{
	const char *host, *service;

	snprintf(name, 300, "%s", peer);
	if (split(name, &host, &service))
		memmove(name, host, strlen(host) + 1);
}

const char *peer_name(const char *peer)
{
	return peer + strlen(PLAIN);
}

int peer_connect(const struct host *host, const char *peer, struct error *error)
{
	bool plain = !strncmp(peer, PLAIN, strlen(PLAIN));
	const char *address = peer_name(peer);
	struct addrinfo *found, *one;
	int fd = resolve(address, false, &found, error);
	char name[300];

	if (fd)
		return fd;
	fd = -ECONNREFUSED;
	for (one = found; one && fd < 0; one = one->ai_next)
		fd = connect_one(one);
	freeaddrinfo(found);
	if (fd < 0)
		return error_set(error, ERROR_UNREACHABLE, address, plain ?
				 "does tenond run there, with --migrate-plain?" :
				 "does tenond run there, with --migrate?", "cannot be reached: %s",
				 strerror(-fd));
	if (plain)
		return fd;
	host_name(address, name);
	return tls_wrap(fd, false, host->tls_dir, name, error);
}

int peer_listen(const char *address, struct error *error)
{
	struct addrinfo *found;
	int fd = resolve(address, true, &found, error), on = 1, rc = 0;

	if (fd)
		return fd;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, found->ai_addr, found->ai_addrlen) || listen(fd, 16)) {
		rc = error_set(error, ERROR_RESOURCES, address, "is another program there?",
			       "cannot be listened at: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	freeaddrinfo(found);
	return rc ? rc : fd;
}

int peer_send(int fd, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	size_t size, done = 0;
	int rc = text ? 0 : -ENOMEM;

	json_decref(json);
	if (!text)
		return rc;
	size = strlen(text);
	text[size++] = '\n';	/* in place of the zero */
	while (done < size && !rc) {
		ssize_t sent = send(fd, text + done, size - done, MSG_NOSIGNAL);

		if (sent >= 0)
			done += (size_t)sent;
		else if (errno != EINTR)
			rc = -errno;
	}
	free(text);
	return rc;
}

static int64_t now_ms(void)
{
	return (int64_t)(monotonic_ns() / 1000000);
}

/* Of a line as much as there is, and nothing beyond it: what follows may be the stream, which is another's to read. */
static ssize_t read_piece(int fd, int64_t deadline, char *piece, size_t room)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int64_t left = deadline - now_ms();
	const char *end;
	ssize_t got;

	if (left <= 0 || !poll(&wait, 1, (int)left))
		return -ETIMEDOUT;
	got = recv(fd, piece, room, MSG_PEEK);
	if (got > 0) {
		end = memchr(piece, '\n', (size_t)got);
		got = recv(fd, piece, end ? (size_t)(end - piece) + 1 : (size_t)got, 0);
	}
	if (got < 0)
		return errno == EINTR ? 0 : -errno;
	return got ? got : -ECONNRESET;
}

json_t *peer_receive(int fd, int timeout_ms, int *rc)
{
	int64_t deadline = now_ms() + timeout_ms;
	size_t size = 0, room = 0;
	json_t *json = NULL;
	char *line = NULL;
	ssize_t got = 0;

	do {
		if (size == room) {
			char *more = room < LINE_MAX_BYTES ? realloc(line, room = room * 2 + 1024) : NULL;

			if (!more) {
				got = -EMSGSIZE;
				continue;
			}
			line = more;
		}
		got = read_piece(fd, deadline, line + size, room - size);
		size += got > 0 ? (size_t)got : 0;
	} while (got >= 0 && (!size || line[size - 1] != '\n'));
	if (got > 0)
		json = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
	*rc = got < 0 ? (int)got : json ? 0 : -EBADMSG;
	free(line);
	return json;
}

json_t *peer_error(const struct error *error)
{
	return json_pack("{s:{s:s, s:s, s:s, s:s}}", "error", "id", error_id(error->kind), "object",
			 error->object, "cause", error->cause, "next", error->next);
}

int peer_take_error(json_t *json, const char *peer, struct error *error)
{
	const char *id, *object, *cause, *next;

	if (json_unpack(json, "{s:{s:s, s:s, s:s, s:s}}", "error", "id", &id, "object", &object, "cause",
			&cause, "next", &next))
		return 0;
	return error_set(error, error_kind_of(id), object, *next ? next : NULL, "host %s: %s", peer_name(peer),
			 cause);
}
