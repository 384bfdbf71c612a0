/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transport over unix sockets: see socket.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <log.h>

#include "socket.h"

/* A client that asks several things at once is read, and answered, in pieces of about so many bytes. */
#define PIECE 4096

struct socket_client {
	struct connection connection;
	struct store *store;
	sd_event_source *source;
	int fd;
	uint32_t interest;	/* what the event loop waits for now */
	bool drained;		/* the last read took all that there was */
	size_t ahead, ahead_end;	/* bytes of data that are read, but not fetched yet */
	char data[PIECE];
};

static struct socket_client *client_of(struct connection *connection)
{
	return list_entry(connection, struct socket_client, connection);
}

static void set_interest(struct socket_client *client, uint32_t interest)
{
	if (client->interest == interest)
		return;
	client->interest = interest;
	sd_event_source_set_io_events(client->source, interest);
}

/* Reads what is there.  1: something, 0: nothing now, else a negative errno. */
static int read_ahead(struct socket_client *client)
{
	ssize_t got;

	/* Nothing then, and the event loop will tell of what has come since. */
	if (client->drained) {
		client->drained = false;
		return 0;
	}
	got = recv(client->fd, client->data, sizeof(client->data), 0);
	if (got == 0)
		return -ECONNRESET;
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	client->ahead = 0;
	client->ahead_end = got;
	client->drained = (size_t)got < sizeof(client->data);
	return 1;
}

static int fetch(struct connection *connection, void *data, size_t len)
{
	struct socket_client *client = client_of(connection);
	int rc = client->ahead < client->ahead_end ? 1 : read_ahead(client);

	if (rc < 0)
		return rc;
	if (rc == 0) {
		set_interest(client, client->interest | EPOLLIN);
		return 0;
	}
	if (len > client->ahead_end - client->ahead)
		len = client->ahead_end - client->ahead;
	memcpy(data, client->data + client->ahead, len);
	client->ahead += len;
	return len;
}

/* Whether the next message has been read already, all of it. */
static bool has_next(const struct socket_client *client)
{
	size_t left = client->ahead_end - client->ahead;
	struct hc_store_msg header;

	if (client->connection.received || left < sizeof(header))
		return false;
	memcpy(&header, client->data + client->ahead, sizeof(header));
	return header.len <= left - sizeof(header);
}

static bool consume(struct connection *connection)
{
	(void)connection;
	return false;
}

static int flush(struct connection *connection)
{
	struct socket_client *client = client_of(connection);

	/* One answer would only wake a client that waits for the next one as well. */
	if (has_next(client) && connection->out.len < PIECE)
		return 0;
	while (connection->out.len) {
		ssize_t sent = send(client->fd, queue_data(&connection->out), connection->out.len,
				    MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN) {
			/* Asked nothing more until it takes its answers. */
			set_interest(client, EPOLLOUT);
			return 0;
		}
		if (sent < 0)
			return -errno;
		queue_drop(&connection->out, sent);
	}
	set_interest(client, EPOLLIN);
	return 0;
}

static void ended(struct store *store, struct connection *connection, int rc)
{
	if (rc)
		log_debug("a client of the socket ended with error %d", -rc);
	connection_free(store, connection);
}

static void release(struct connection *connection)
{
	struct socket_client *client = client_of(connection);

	sd_event_source_disable_unref(client->source);
	close(client->fd);
	free(client);
}

static const struct transport socket_transport = {
	.fetch = fetch,
	.consume = consume,
	.flush = flush,
	.ended = ended,
	.release = release,
};

static int on_io(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct socket_client *client = data;

	(void)source;
	(void)fd;
	(void)events;
	connection_wake(client->store, &client->connection);
	return 0;
}

int socket_accept(struct store *store, sd_event *event, int fd)
{
	struct socket_client *client = calloc(1, sizeof(*client));
	int rc;

	if (!client) {
		close(fd);
		return -ENOMEM;
	}
	client->fd = fd;
	client->store = store;
	client->interest = EPOLLIN;
	rc = sd_event_add_io(event, &client->source, fd, EPOLLIN, on_io, client);
	if (rc < 0) {
		close(fd);
		free(client);
		return rc;
	}
	connection_init(store, &client->connection, &socket_transport, 0);
	return 0;
}
