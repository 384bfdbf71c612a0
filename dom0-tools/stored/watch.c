/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watches: see watch.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "path.h"
#include "record.h"
#include "watch.h"

static struct list *bucket(struct store *store, const char *path)
{
	uint32_t hash = 2166136261u ^ store->watch_seed;

	for (; *path; path++)
		hash = (hash ^ (unsigned char)*path) * 16777619u;
	return &store->watches[(hash ^ hash >> 15) & (WATCH_BUCKETS - 1)];
}

struct watch *watch_find(struct connection *connection, const char *path, const char *token)
{
	struct list *at;

	list_for_each(at, &connection->watches) {
		struct watch *watch = list_entry(at, struct watch, link);

		if (!strcmp(watch->path, path) && !strcmp(watch->token, token))
			return watch;
	}
	return NULL;
}

int watch_add(struct store *store, struct connection *connection, const char *path,
	      bool relative, const char *token, struct watch **added)
{
	size_t path_size = strlen(path) + 1;
	struct watch *watch;

	if (watch_find(connection, path, token))
		return -EEXIST;
	if (!connection->subject.privileged &&
	    connection->watch_count >= store->quota.watches)
		return -E2BIG;
	watch = malloc(sizeof(*watch) + path_size + strlen(token) + 1);
	if (!watch)
		return -ENOMEM;
	watch->connection = connection;
	watch->missed = false;
	watch->numbered = false;
	watch->home_len = relative ? connection_home_len(connection) : 0;
	memcpy(watch->path, path, path_size);
	watch->token = strcpy(watch->path + path_size, token);
	list_append(&connection->watches, &watch->link);
	list_append(bucket(store, path), &watch->bucket_link);
	connection->watch_count++;
	*added = watch;
	return 0;
}

void watch_free(struct watch *watch)
{
	watch->connection->watch_count--;
	if (watch->missed)
		watch->connection->missed_count--;
	list_remove(&watch->link);
	list_remove(&watch->bucket_link);
	free(watch);
}

static void set_missed(struct store *store, struct watch *watch, bool missed)
{
	if (watch->missed == missed)
		return;
	watch->missed = missed;
	watch->connection->missed_count += missed ? 1 : -1;
	if (watch->connection->durable)
		record_missed(store->journal, watch);
}

void watch_send(struct store *store, struct watch *watch, const char *path)
{
	struct connection *connection = watch->connection;
	const char *seen = path + (path_is_special(path) ? 0 : watch->home_len);

	if (watch->missed)
		return;
	if (connection->out.len >= connection_out_limit(store, connection) ||
	    connection_send_event(store, connection, seen, watch->token))
		set_missed(store, watch, true);
}

void watch_send_missed(struct store *store, struct connection *connection)
{
	struct list *at;

	list_for_each(at, &connection->watches) {
		struct watch *watch = list_entry(at, struct watch, link);

		if (!connection->missed_count ||
		    connection->out.len >= connection_out_limit(store, connection) / 2)
			return;
		if (!watch->missed)
			continue;
		set_missed(store, watch, false);
		watch_send(store, watch, watch->path);
	}
}

/* Permissions that let a connection see an event: any one of them suffices. */
struct audience {
	const struct perms *perms[4];
	unsigned int count;
};

static void audience_add(struct audience *audience, const struct perms *perms)
{
	if (perms)
		audience->perms[audience->count++] = perms;
}

static bool may_see(const struct audience *audience, const struct connection *connection)
{
	for (unsigned int i = 0; i < audience->count; i++)
		if (perms_of(audience->perms[i], &connection->subject) & ACCESS_READ)
			return true;
	return connection->subject.privileged;
}

/* Sends an event about path to the watches on exactly the path at. */
static void fire_at(struct store *store, const char *at, const char *path,
		    const struct audience *audience)
{
	struct list *head = bucket(store, at), *link, *next;

	list_for_each_safe(link, next, head) {
		struct watch *watch = list_entry(link, struct watch, bucket_link);

		if (!strcmp(watch->path, at) && may_see(audience, watch->connection))
			watch_send(store, watch, path);
	}
}

/* Sends an event about path to the watches on it and above it. */
static void fire_upwards(struct store *store, const char *path, const struct audience *audience)
{
	char at[PATH_SIZE], above[PATH_SIZE];

	strcpy(at, path);
	for (;;) {
		fire_at(store, at, path, audience);
		if (!path_parent(at, above))
			return;
		strcpy(at, above);
	}
}

/* The node that holds path, as it is now. */
static const struct perms *perms_above(struct store *store, const char *path)
{
	char above[PATH_SIZE];
	const struct node *node = path_parent(path, above) ? tree_find(&store->tree, above) : NULL;

	return node ? node->perms : NULL;
}

void watch_fire(struct store *store, const char *path, struct perms *before)
{
	const struct node *node = tree_find(&store->tree, path);
	struct audience audience = { .count = 0 };

	audience_add(&audience, node ? node->perms : NULL);
	audience_add(&audience, perms_above(store, path));
	audience_add(&audience, before);
	fire_upwards(store, path, &audience);
}

/* Fires for the watches on exactly the nodes below a removed one; path is extended in place. */
static void fire_below(struct store *store, char path[static PATH_SIZE], const struct node *node)
{
	size_t len = strlen(path);

	for (uint32_t i = 0; i < node->kid_count; i++) {
		const struct node *kid = node->kids[i];
		struct audience audience = { .count = 0 };

		if (len + 1 + kid->name_len >= PATH_SIZE)
			continue;
		path[len] = '/';
		memcpy(path + len + 1, kid->name, kid->name_len + 1);
		audience_add(&audience, kid->perms);
		audience_add(&audience, node->perms);
		fire_at(store, path, path, &audience);
		fire_below(store, path, kid);
	}
	path[len] = '\0';
}

void watch_fire_removed(struct store *store, const char *path, const struct node *removed)
{
	struct audience audience = { .count = 0 };
	char below[PATH_SIZE];

	audience_add(&audience, removed->perms);
	audience_add(&audience, perms_above(store, path));
	fire_upwards(store, path, &audience);
	strcpy(below, path);
	fire_below(store, below, removed);
}

void watch_fire_special(struct store *store, const char *path, uint16_t domid)
{
	struct list *head = bucket(store, path), *link, *next;
	struct audience audience = { .count = 0 };
	char numbered[64];

	audience_add(&audience, *store_special_perms(store, path));
	snprintf(numbered, sizeof(numbered), "%s/%u", path, domid);
	list_for_each_safe(link, next, head) {
		struct watch *watch = list_entry(link, struct watch, bucket_link);

		if (!strcmp(watch->path, path) && may_see(&audience, watch->connection))
			watch_send(store, watch, watch->numbered ? numbered : path);
	}
}
