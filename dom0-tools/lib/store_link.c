/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store client's connection: calls and their answers, the queue of watch events
 * that arrive in between, and the making of a new connection when the daemon was restarted.
 *
 * The descriptor given to callers is an epoll set of three: the socket, an
 * eventfd raised while events wait in memory (they may have been read from the
 * socket by a call that waited for its answer), and a timer that drives
 * reconnection while nobody makes calls.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <hypercall/store.h>

#include "clock.h"
#include "store_client_internal.h"
#include "store_wire.h"
#include "unix_socket.h"

#define RETRY_MS 50

/* Bytes collected at once: no more than a socket takes without anybody reading. */
#define BATCH_BYTES 8192

struct known_watch {
	struct known_watch *next;
	bool numbered;
	char *token;		/* in the same allocation as path */
	char path[];
};

struct queued_event {
	struct queued_event *next;
	struct store_event *event;
};

/* Requests to be sent together. */
struct batch {
	bool open;
	int rc;			/* the first error */
	unsigned int count;	/* of the requests in data; the last one's id is next_request */
	size_t len;
	char data[BATCH_BYTES];
};

struct store_client {
	int epoll;
	int wake;		/* eventfd, readable while events is not empty */
	int timer;		/* runs while there is no connection */
	struct known_watch *watches;
	struct queued_event *events;
	struct queued_event **events_tail;
	struct store_wire wire;
	struct batch batch;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static int64_t now_ms(void)
{
	return (int64_t)(monotonic_ns() / 1000000);
}

static void set_timer(struct store_client *client, bool on)
{
	struct itimerspec when = { 0 };

	if (on) {
		when.it_value.tv_nsec = RETRY_MS * 1000000L;
		when.it_interval = when.it_value;
	}
	timerfd_settime(client->timer, 0, &when, NULL);
}

static void disconnect(struct store_client *client)
{
	wire_close(&client->wire);
	set_timer(client, true);
}

static int queue_event(struct store_client *client, const char *body, size_t len)
{
	const char *end = memchr(body, '\0', len);
	struct queued_event *entry;
	struct store_event *event;
	uint64_t one = 1;

	if (!end || end + 1 >= body + len)
		return -EBADMSG;
	entry = malloc(sizeof(*entry));
	event = malloc(sizeof(*event) + len + 1);
	if (!entry || !event) {
		free(entry);
		free(event);
		return -ENOMEM;
	}
	memcpy(event + 1, body, len);
	((char *)(event + 1))[len] = '\0';
	event->path = (char *)(event + 1);
	event->token = event->path + (end + 1 - body);
	entry->event = event;
	entry->next = NULL;
	*client->events_tail = entry;
	client->events_tail = &entry->next;
	return write(client->wake, &one, sizeof(one)) < 0 ? -errno : 0;
}

/* Queues the event that comes next, if one is there.  1: it was, 0: none is, else a negative errno. */
static int take_event(struct store_client *client)
{
	int rc = wire_receive(&client->wire, MSG_DONTWAIT);
	char *body;

	if (rc <= 0)
		return rc;
	body = wire_take_body(&client->wire);
	rc = client->wire.header.type == HC_XS_WATCH_EVENT ?
		queue_event(client, body, client->wire.header.len) : -EBADMSG;
	free(body);
	return rc ? rc : 1;
}

/* Queues the events that have been read ahead: of those the socket says nothing any more. */
static void queue_ahead(struct store_client *client)
{
	while (client->wire.ahead < client->wire.ahead_end) {
		int rc = take_event(client);

		if (rc < 0)
			disconnect(client);
		if (rc <= 0)
			return;
	}
}

/* Receives until the answer to request id is there; watch events met on the way are queued. */
static int receive_reply(struct store_client *client, uint32_t id, struct store_reply *reply)
{
	for (;;) {
		int rc = wire_receive(&client->wire, 0);
		uint32_t type = client->wire.header.type;
		size_t len = client->wire.header.len;
		char *body;

		if (rc < 0)
			return rc;
		if (rc == 0)
			return -EIO;
		body = wire_take_body(&client->wire);
		if (type != HC_XS_WATCH_EVENT && client->wire.header.req_id == id) {
			reply->body = body;
			reply->len = len;
			return type == HC_XS_ERROR ? 1 : 0;
		}
		rc = type == HC_XS_WATCH_EVENT ? queue_event(client, body, len) : -EBADMSG;
		free(body);
		if (rc)
			return rc;
	}
}

static int call_once(struct store_client *client, uint32_t type, uint32_t tx,
		     const struct iovec *parts, int count, struct store_reply *reply, int *answer)
{
	uint32_t id;
	int rc;

	if (client->wire.socket < 0)
		return -ENOTCONN;
	rc = wire_request(&client->wire, type, tx, parts, count, &id);
	if (rc)
		return rc;
	rc = receive_reply(client, id, reply);
	if (rc < 0)
		return rc;
	*answer = 0;
	if (rc > 0) {
		*answer = -wire_error(reply->body);
		free(reply->body);
		reply->body = NULL;
	}
	queue_ahead(client);
	return 0;
}

int store_link_watch_parts(const char *path, const char *token, bool numbered, struct iovec parts[3])
{
	parts[0] = (struct iovec){ (void *)path, strlen(path) + 1 };
	parts[1] = (struct iovec){ (void *)token, strlen(token) + 1 };
	parts[2] = (struct iovec){ "1", 2 };
	return numbered ? 3 : 2;
}

static int connect_once(struct store_client *client)
{
	struct epoll_event interest = { .events = EPOLLIN };
	int fd = unix_connect(client->path, 0), rc;

	if (fd < 0)
		return fd;
	client->wire.socket = fd;
	if (epoll_ctl(client->epoll, EPOLL_CTL_ADD, fd, &interest)) {
		rc = -errno;
		disconnect(client);
		return rc;
	}
	set_timer(client, false);
	for (struct known_watch *watch = client->watches; watch; watch = watch->next) {
		struct iovec parts[3];
		int answer, count = store_link_watch_parts(watch->path, watch->token, watch->numbered, parts);
		struct store_reply reply = { 0 };

		rc = call_once(client, HC_XS_WATCH, 0, parts, count, &reply, &answer);
		free(reply.body);
		if (rc) {
			disconnect(client);
			return rc;
		}
	}
	return 0;
}

static int reconnect(struct store_client *client, int64_t until)
{
	for (;;) {
		int rc = connect_once(client);

		if (!rc || now_ms() >= until)
			return rc;
		poll(NULL, 0, RETRY_MS);
	}
}

/* Errors that are the caller's or the machine's, not the connection's. */
static bool is_local_error(int rc)
{
	return rc == -EINVAL || rc == -E2BIG || rc == -ENOMEM;
}

/* Sends what has been collected and takes the answers. */
static void send_batch(struct store_client *client)
{
	struct batch *batch = &client->batch;
	struct iovec all = { batch->data, batch->len };
	uint32_t id = client->wire.next_request - batch->count;
	int rc = client->wire.socket < 0 ? -ENOTCONN : wire_send(&client->wire, &all, 1);

	for (; batch->count && rc >= 0; batch->count--) {
		struct store_reply reply = { 0 };

		rc = receive_reply(client, ++id, &reply);
		if (rc > 0 && !batch->rc)
			batch->rc = -wire_error(reply.body);
		free(reply.body);
	}
	batch->count = 0;
	batch->len = 0;
	if (rc >= 0) {
		queue_ahead(client);
		return;
	}
	/* The transaction that they belong to has gone with the connection. */
	disconnect(client);
	if (!batch->rc)
		batch->rc = is_local_error(rc) || rc == -EBADMSG ? rc : -EAGAIN;
}

void store_collect(struct store_client *client)
{
	client->batch.open = true;
	client->batch.rc = 0;
}

int store_collected(struct store_client *client)
{
	if (client->batch.count)
		send_batch(client);
	client->batch.open = false;
	return client->batch.rc;
}

bool store_link_collects(const struct store_client *client)
{
	return client->batch.open;
}

int store_link_put(struct store_client *client, uint32_t type, uint32_t tx,
		   const struct iovec *parts, int count)
{
	struct batch *batch = &client->batch;
	struct hc_store_msg header;
	size_t total = wire_total(parts, count);
	char *at;
	int rc;

	/* Its transaction will not be committed any more. */
	if (batch->rc)
		return batch->rc;
	if (total <= HC_STORE_PAYLOAD_MAX && batch->len + sizeof(header) + total > BATCH_BYTES)
		send_batch(client);
	rc = wire_header(&client->wire, type, tx, total, &header);
	if (rc)
		return batch->rc = rc;
	at = mempcpy(batch->data + batch->len, &header, sizeof(header));
	for (int i = 0; i < count; i++)
		at = mempcpy(at, parts[i].iov_base, parts[i].iov_len);
	batch->len = at - batch->data;
	batch->count++;
	return batch->rc;
}

int store_link_call(struct store_client *client, uint32_t type, uint32_t tx,
		    const struct iovec *parts, int count, struct store_reply *reply,
		    bool *repeated)
{
	int64_t until = now_ms() + STORE_RECONNECT_SECONDS * 1000;
	bool again = false;
	int answer, rc;

	if (client->batch.count)
		send_batch(client);
	reply->body = NULL;
	for (;;) {
		rc = call_once(client, type, tx, parts, count, reply, &answer);
		if (repeated)
			*repeated = again;
		if (!rc)
			return answer;
		if (is_local_error(rc) && client->wire.received == 0)
			return rc;
		disconnect(client);
		if (is_local_error(rc) || rc == -EBADMSG)
			return rc;
		rc = reconnect(client, until);
		if (rc)
			return rc;
		if (tx)
			return -EAGAIN;
		again = true;
	}
}

int store_link_remember(struct store_client *client, const char *path, const char *token, bool numbered)
{
	size_t path_size = strlen(path) + 1, token_size = strlen(token) + 1;
	struct known_watch *watch;

	for (watch = client->watches; watch; watch = watch->next)
		if (!strcmp(watch->path, path) && !strcmp(watch->token, token))
			return -EEXIST;
	watch = malloc(sizeof(*watch) + path_size + token_size);
	if (!watch)
		return -ENOMEM;
	watch->numbered = numbered;
	memcpy(watch->path, path, path_size);
	watch->token = watch->path + path_size;
	memcpy(watch->token, token, token_size);
	watch->next = client->watches;
	client->watches = watch;
	return 0;
}

void store_link_forget(struct store_client *client, const char *path, const char *token)
{
	for (struct known_watch **at = &client->watches; *at; at = &(*at)->next) {
		struct known_watch *watch = *at;

		if (!strcmp(watch->path, path) && !strcmp(watch->token, token)) {
			*at = watch->next;
			free(watch);
			return;
		}
	}
}

/* Moves what the socket holds to the queue, without blocking; mends the connection. */
static int pump(struct store_client *client)
{
	int rc;

	if (client->wire.socket < 0) {
		uint64_t expirations;

		if (read(client->timer, &expirations, sizeof(expirations)) < 0)
			return -EAGAIN;
		connect_once(client);
		return 0;
	}
	rc = take_event(client);
	if (rc == 0)
		return -EAGAIN;
	if (rc < 0)
		disconnect(client);
	else
		queue_ahead(client);
	return 0;
}

int store_next_event(struct store_client *client, struct store_event **event)
{
	struct queued_event *entry;
	uint64_t count;
	int rc;

	while (!client->events) {
		rc = pump(client);
		if (rc)
			return rc;
	}
	entry = client->events;
	client->events = entry->next;
	if (!client->events) {
		client->events_tail = &client->events;
		if (read(client->wake, &count, sizeof(count)) < 0 && errno != EAGAIN)
			return -errno;
	}
	*event = entry->event;
	free(entry);
	return 0;
}

int store_wait_event(struct store_client *client, int timeout_ms, struct store_event **event)
{
	int64_t until = now_ms() + timeout_ms;

	for (;;) {
		struct pollfd ready = { .fd = client->epoll, .events = POLLIN };
		int64_t left = timeout_ms < 0 ? -1 : until - now_ms();
		int rc = store_next_event(client, event);

		if (rc != -EAGAIN)
			return rc;
		if (timeout_ms >= 0 && left <= 0)
			return -ETIMEDOUT;
		if (poll(&ready, 1, left) < 0 && errno != EINTR)
			return -errno;
	}
}

int store_fd(const struct store_client *client)
{
	return client->epoll;
}

static int open_descriptors(struct store_client *client)
{
	struct epoll_event interest = { .events = EPOLLIN };

	client->epoll = epoll_create1(EPOLL_CLOEXEC);
	client->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	client->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (client->epoll < 0 || client->wake < 0 || client->timer < 0)
		return -errno;
	if (epoll_ctl(client->epoll, EPOLL_CTL_ADD, client->wake, &interest) ||
	    epoll_ctl(client->epoll, EPOLL_CTL_ADD, client->timer, &interest))
		return -errno;
	return 0;
}

int store_open(const char *path, unsigned int timeout_ms, struct store_client **out)
{
	struct store_client *client;
	int rc;

	path = path ? path : STORE_SOCKET_PATH;
	if (strlen(path) >= sizeof(client->path))
		return -ENAMETOOLONG;
	client = calloc(1, sizeof(*client));
	if (!client)
		return -ENOMEM;
	strcpy(client->path, path);
	client->wire.socket = client->epoll = client->wake = client->timer = -1;
	client->events_tail = &client->events;
	rc = open_descriptors(client);
	if (!rc)
		rc = reconnect(client, now_ms() + timeout_ms);
	if (rc) {
		store_close(client);
		return rc;
	}
	*out = client;
	return 0;
}

static void close_descriptor(int fd)
{
	if (fd >= 0)
		close(fd);
}

void store_close(struct store_client *client)
{
	if (!client)
		return;
	while (client->events) {
		struct queued_event *entry = client->events;

		client->events = entry->next;
		free(entry->event);
		free(entry);
	}
	while (client->watches) {
		struct known_watch *watch = client->watches;

		client->watches = watch->next;
		free(watch);
	}
	wire_close(&client->wire);
	close_descriptor(client->timer);
	close_descriptor(client->wake);
	close_descriptor(client->epoll);
	free(client);
}
