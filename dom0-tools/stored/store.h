/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store as a whole: the live tree, who is connected, who watches what, and
 * the journal that makes it survive the daemon.  One thread, no locks.
 */
#ifndef STORED_STORE_H
#define STORED_STORE_H

#include <list.h>

#include "tree.h"

struct hv;
struct journal;

/* Limits for each unprivileged domain.  They do not bind domain 0. */
struct quota {
	uint32_t nodes;			/* owned by the domain */
	uint32_t entry;			/* bytes of one node's value */
	uint32_t watches;
	uint32_t transactions;		/* open at one time */
	uint32_t transaction_ops;	/* changes, and nodes looked at, in one of them */
	uint32_t perms;			/* entries of one node's permissions */
	uint32_t outstanding;		/* bytes waiting for the domain to take them */
	uint32_t path;			/* bytes of a path */
};

#define WATCH_BUCKETS 1024	/* power of two */

struct store {
	struct tree tree;
	uint64_t generation;
	struct perms *introduce_perms;	/* who may see PATH_INTRODUCE */
	struct perms *release_perms;
	struct list connections;	/* struct connection.link */
	struct list ready;		/* struct connection.ready_link: to be served */
	struct list watches[WATCH_BUCKETS];	/* struct watch.bucket_link, by path */
	uint32_t watch_seed;		/* so that guests cannot choose collisions */
	uint32_t next_transaction;
	struct quota quota;
	struct journal *journal;	/* NULL: nothing is kept */
	struct hv *hv;			/* NULL: only sockets are served */
};

/* Defaults for quota; *count entries by name, for options and CONTROL. */
struct quota_name {
	const char *name;
	size_t offset;		/* of a uint32_t within struct quota */
};
extern const struct quota quota_defaults;
extern const struct quota_name quota_names[];
extern const size_t quota_name_count;

/* The named limit, or NULL. */
uint32_t *quota_find(struct quota *quota, const char *name);

/* An empty store.  0 or -ENOMEM. */
int store_init(struct store *store);

/* Frees everything, connections included. */
void store_clear(struct store *store);

/* Makes the nodes that exist from the first moment. */
int store_populate(struct store *store);

/* Permissions of a special path, at *slot. */
struct perms **store_special_perms(struct store *store, const char *path);

#endif
