/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes that a guest's kernel writes once, at its start: they go with it.
 */
#ifndef TENOND_NODES_SAVED_H
#define TENOND_NODES_SAVED_H

#include "../lib/store_client.h"

#include <jansson.h>
#include <stdint.h>

/* An object of paths below the guest's home, and what they hold; NULL and a negative errno in *rc. */
json_t *nodes_saved_read(struct store_client *store, uint16_t domid, int *rc);

/* Write them for a new domain. -EINVAL for a path that no guest may write to. */
int nodes_saved_write(struct store_client *store, uint16_t domid, json_t *nodes);

/* Whether all of them may be written: what comes from a file may say anything. */
int nodes_saved_check(json_t *nodes);

#endif
