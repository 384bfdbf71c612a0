/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds guests and their consoles by the store:
 *
 *   /local/domain/<id>/name
 *   /local/domain/<id>/console/ring-ref	frame of the ring
 *   /local/domain/<id>/console/port		event channel, on the guest's side
 *   /local/domain/<id>/console/type		"xenconsoled", or missing: served here
 *
 * A guest ends, for this daemon, when the store serves it no more.
 */
#ifndef CONSOLED_GUESTS_H
#define CONSOLED_GUESTS_H

#include <store_client.h>

#include "console.h"

struct guests {
	struct console_world *world;
	struct store_client *store;
	struct list known;		/* struct guest.link */
};

/* Looks for the guests that are there, and follows what comes.  0 or a negative errno. */
int guests_start(struct guests *guests, struct console_world *world, struct store_client *store);

#endif
