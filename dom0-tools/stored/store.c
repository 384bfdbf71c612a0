/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store as a whole: making, freeing, and its table of limits. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "connection.h"
#include "path.h"
#include "store.h"

const struct quota quota_defaults = {
	.nodes = 1000,
	.entry = 2048,
	.watches = 128,
	.transactions = 10,
	.transaction_ops = 1024,
	.perms = 5,
	.outstanding = 32768,
	.path = HC_STORE_ABS_PATH_MAX,
};

#define QUOTA(text, field) { text, offsetof(struct quota, field) }
const struct quota_name quota_names[] = {
	QUOTA("nodes", nodes),
	QUOTA("entry-size", entry),
	QUOTA("watches", watches),
	QUOTA("transactions", transactions),
	QUOTA("transaction-nodes", transaction_ops),
	QUOTA("permissions", perms),
	QUOTA("outstanding", outstanding),
	QUOTA("path-length", path),
};
const size_t quota_name_count = sizeof(quota_names) / sizeof(quota_names[0]);

uint32_t *quota_find(struct quota *quota, const char *name)
{
	for (size_t i = 0; i < quota_name_count; i++)
		if (!strcmp(quota_names[i].name, name))
			return (uint32_t *)((char *)quota + quota_names[i].offset);
	return NULL;
}

int store_init(struct store *store)
{
	const struct perm owner = { .domid = 0, .access = 0 };
	struct timespec now;

	memset(store, 0, sizeof(*store));
	list_init(&store->connections);
	list_init(&store->ready);
	for (size_t i = 0; i < WATCH_BUCKETS; i++)
		list_init(&store->watches[i]);
	if (getrandom(&store->watch_seed, sizeof(store->watch_seed), GRND_NONBLOCK) < 0)
		store->watch_seed = (uintptr_t)store >> 4;
	/* Generations are seen by clients (DIRECTORY_PART): never the same again after a restart. */
	clock_gettime(CLOCK_REALTIME, &now);
	store->generation = (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	store->quota = quota_defaults;
	store->introduce_perms = perms_new(&owner, 1);
	store->release_perms = perms_new(&owner, 1);
	if (!store->introduce_perms || !store->release_perms)
		return -ENOMEM;
	return tree_init(&store->tree, &store->generation);
}

void store_clear(struct store *store)
{
	while (!list_is_empty(&store->connections))
		connection_free(store, list_entry(store->connections.next, struct connection,
						  link));
	tree_clear(&store->tree);
	perms_put(store->introduce_perms);
	perms_put(store->release_perms);
}

int store_populate(struct store *store)
{
	static const char *const paths[] = { "/tool/xenstored", "/local/domain", "/vm" };
	int rc = 0;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && !rc; i++)
		if (!tree_find(&store->tree, paths[i]))
			rc = tree_create(&store->tree, paths[i], store->tree.root->perms);
	return rc;
}

struct perms **store_special_perms(struct store *store, const char *path)
{
	return strcmp(path, PATH_INTRODUCE) ? &store->release_perms : &store->introduce_perms;
}
