/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an operation or a transaction changed: see change.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "path.h"
#include "record.h"
#include "watch.h"

/*
 * An earlier change that says the same.  A removal in between ends the search:
 * what was set before it is not what was set after it.
 */
static struct change *find_same(struct list *changes, enum change_kind kind, const char *path)
{
	struct list *at;

	for (at = changes->prev; at != changes; at = at->prev) {
		struct change *change = list_entry(at, struct change, link);

		if (change->kind == kind && !strcmp(change->path, path))
			return kind == CHANGE_SET ? change : NULL;
		if (change->kind == CHANGE_REMOVED && path_is_within(path, change->path))
			return NULL;
	}
	return NULL;
}

static void free_change(struct change *change)
{
	list_remove(&change->link);
	node_put(change->removed);
	perms_put(change->before);
	free(change);
}

int change_add(struct list *changes, enum change_kind kind, const char *path,
	       unsigned int created, struct node *removed, struct perms *before)
{
	struct change *change = find_same(changes, kind, path);

	if (change) {
		if (change->before)
			perms_put(before);
		else
			change->before = before;
		node_put(removed);
		return 0;
	}
	change = malloc(sizeof(*change) + strlen(path) + 1);
	if (!change) {
		node_put(removed);
		perms_put(before);
		return -ENOMEM;
	}
	change->kind = kind;
	change->created = created;
	change->removed = removed;
	change->before = before;
	strcpy(change->path, path);
	list_append(changes, &change->link);
	return 0;
}

/* Records a node as it is now; one that a later change removed again needs no record. */
static void record_current(struct store *store, const char *path)
{
	const struct node *node = tree_find(&store->tree, path);

	if (node)
		record_node(store->journal, path, node);
}

/* The nodes that came into being with this one have records of their own, topmost first. */
static void record_created(struct store *store, const char *path, unsigned int levels)
{
	char parent[PATH_SIZE];

	if (levels > 1 && path_parent(path, parent))
		record_created(store, parent, levels - 1);
	record_current(store, path);
}

static void journal_change(struct store *store, const struct change *change)
{
	if (!store->journal)
		return;
	if (change->kind == CHANGE_REMOVED)
		record_remove(store->journal, change->path);
	else
		record_created(store, change->path, change->created);
}

void change_publish(struct store *store, struct list *changes)
{
	struct list *at, *next;

	list_for_each(at, changes)
		journal_change(store, list_entry(at, struct change, link));
	list_for_each_safe(at, next, changes) {
		struct change *change = list_entry(at, struct change, link);

		if (change->kind == CHANGE_REMOVED)
			watch_fire_removed(store, change->path, change->removed);
		else
			watch_fire(store, change->path, change->before);
		free_change(change);
	}
}

void change_discard(struct list *changes)
{
	struct list *at, *next;

	list_for_each_safe(at, next, changes)
		free_change(list_entry(at, struct change, link));
}
