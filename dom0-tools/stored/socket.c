/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transport over unix sockets: see socket.h. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <log.h>

#include "socket.h"

struct socket_client {
	struct connection connection;
	struct store *store;
	sd_event_source *source;
	int fd;
	uint32_t interest;	/* what the event loop waits for now */
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

static int fetch(struct connection *connection, void *data, size_t len)
{
	struct socket_client *client = client_of(connection);
	ssize_t got = recv(client->fd, data, len, 0);

	if (got > 0)
		return got;
	if (got == 0)
		return -ECONNRESET;
	if (errno != EAGAIN && errno != EINTR)
		return -errno;
	set_interest(client, client->interest | EPOLLIN);
	return 0;
}

static bool consume(struct connection *connection)
{
	(void)connection;
	return false;
}

static int flush(struct connection *connection)
{
	struct socket_client *client = client_of(connection);

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
