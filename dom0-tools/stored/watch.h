/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watches.  An event goes to every watch on the changed node or on one above
 * it, if the watcher may read the node or the one that holds it.
 *
 * Events for a connection that does not take its data are not piled up: beyond
 * the quota the watch is only marked, and fires once with its own path when
 * there is room again.  So a slow reader costs bounded memory and still learns
 * that something changed.
 */
#ifndef STORED_WATCH_H
#define STORED_WATCH_H

#include <list.h>

#include "store.h"

struct connection;

struct watch {
	struct list link;		/* in connection.watches */
	struct list bucket_link;	/* in store.watches */
	struct connection *connection;
	bool missed;			/* an event could not be queued */
	bool numbered;			/* on a special path, and its events shall name the domain */
	uint16_t home_len;		/* bytes of path that the client does not see */
	const char *token;		/* behind path, in the same allocation */
	char path[];			/* canonical, or special */
};

/*
 * Adds a watch on canonical path; relative: the client named it so and wants
 * to be answered so.  *added is set.  -EEXIST, -E2BIG (quota), -ENOMEM.
 */
int watch_add(struct store *store, struct connection *connection, const char *path,
	      bool relative, const char *token, struct watch **added);

/* The connection's watch with that path and token, or NULL. */
struct watch *watch_find(struct connection *connection, const char *path, const char *token);
void watch_free(struct watch *watch);

/* Fires for a node that was made or changed.  before: permissions that also count, or NULL. */
void watch_fire(struct store *store, const char *path, struct perms *before);

/* Fires for a removed node; watches on nodes below it get an event each, too. */
void watch_fire_removed(struct store *store, const char *path, const struct node *removed);

/* Fires watches on a special path; a numbered one is told "<path>/<domid>". */
void watch_fire_special(struct store *store, const char *path, uint16_t domid);

/* Queues one event with this path for a watch. */
void watch_send(struct store *store, struct watch *watch, const char *path);

/* Queues what was missed, as far as there is room. */
void watch_send_missed(struct store *store, struct connection *connection);

#endif
