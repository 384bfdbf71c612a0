/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's loop: takes what came in by sockets and event channels, and
 * serves those who wait in turn, a few messages each, so that no client can
 * keep the others waiting.
 */
#ifndef STORED_SERVER_H
#define STORED_SERVER_H

#include <systemd/sd-event.h>

#include "hv.h"
#include "store.h"

#define SERVER_SOCKETS_MAX 4

struct server {
	struct store store;
	sd_event *event;
	sd_event_source *work;		/* enabled while somebody waits to be served */
	struct hv hv;			/* what store.hv points to, if that is set */
	int listeners[SERVER_SOCKETS_MAX];
	unsigned int listener_count;
};

/* Listens on a socket. */
int server_listen(struct server *server, const char *path);

/* Watches event channels and sockets, and makes ready to serve. */
int server_prepare(struct server *server);

#endif
