/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's loop: see server.h. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <daemon.h>
#include <log.h>

#include "connection.h"
#include "domain.h"
#include "server.h"
#include "socket.h"

/* Messages of one client before the next one's turn. */
#define TURN 8

/* One round: each of those who wait now gets a turn; then the loop looks for news. */
static int serve_round(sd_event_source *source, void *data)
{
	struct server *server = data;
	struct store *store = &server->store;
	struct list round;

	(void)source;
	list_move_all(&round, &store->ready);
	while (!list_is_empty(&round)) {
		struct connection *connection = list_entry(round.next, struct connection,
							   ready_link);
		int turn = 0;

		list_remove(&connection->ready_link);
		while (turn < TURN && connection_serve(store, connection))
			turn++;
		if (turn == TURN)
			connection_wake(store, connection);
	}
	return 0;
}

/* Before the loop sleeps: is there somebody to serve? */
static int on_prepare(sd_event_source *source, void *data)
{
	struct server *server = data;
	bool waiting = !list_is_empty(&server->store.ready);

	(void)source;
	return sd_event_source_set_enabled(server->work, waiting ? SD_EVENT_ON : SD_EVENT_OFF);
}

static int on_event_channel(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct server *server = data;

	(void)source;
	(void)fd;
	(void)events;
	domain_take_events(&server->store, &server->hv);
	return 0;
}

static int on_accept(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct server *server = data;
	int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int rc;

	(void)source;
	(void)events;
	if (client < 0)
		return 0;
	rc = socket_accept(&server->store, server->event, client);
	if (rc)
		log_error("cannot serve a new client: %s", strerror(-rc));
	return 0;
}

int server_listen(struct server *server, const char *path)
{
	int fd;

	if (server->listener_count == SERVER_SOCKETS_MAX)
		return -ENOSPC;
	fd = daemon_listen(path);
	if (fd < 0)
		return fd;
	server->listeners[server->listener_count++] = fd;
	return 0;
}

int server_prepare(struct server *server)
{
	sd_event_source *source = NULL;
	int rc = 0;

	for (unsigned int i = 0; i < server->listener_count && rc >= 0; i++)
		rc = sd_event_add_io(server->event, &source, server->listeners[i], EPOLLIN,
				     on_accept, server);
	/* Any source that is always enabled would do to carry this. */
	if (rc >= 0)
		rc = sd_event_source_set_prepare(source, on_prepare);
	if (rc >= 0 && server->store.hv)
		rc = sd_event_add_io(server->event, NULL, server->hv.ports.fd, EPOLLIN,
				     on_event_channel, server);
	if (rc >= 0)
		rc = sd_event_add_defer(server->event, &server->work, serve_round, server);
	return rc < 0 ? rc : 0;
}
