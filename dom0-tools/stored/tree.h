/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree of nodes, addressed by canonical paths.  This layer knows nothing of
 * who asks: permissions and quotas are checked by op.c before it is called.
 *
 * Every change stamps the nodes it touches with a new generation, so that two
 * states of a node are the same exactly when their generations are.
 */
#ifndef STORED_TREE_H
#define STORED_TREE_H

#include "account.h"
#include "node.h"

struct tree {
	struct node *root;
	struct account account;
	uint64_t *generation;	/* the store's counter, shared by all its trees */
};

/* An empty tree with a root that domain 0 owns and others may not read.  0 or -ENOMEM. */
int tree_init(struct tree *tree, uint64_t *generation);

/* A snapshot: shares everything with the original until one of them changes. */
void tree_snapshot(struct tree *copy, const struct tree *original);
void tree_clear(struct tree *tree);

/* The node at path, or NULL. */
const struct node *tree_find(const struct tree *tree, const char *path);

/*
 * The deepest existing node on the way to path.  *missing counts the parts of
 * the path that are not there (0: the node itself was found).
 */
const struct node *tree_nearest(const struct tree *tree, const char *path, unsigned int *missing);

/*
 * Makes the node at path and the missing ones above it, all with the given
 * permissions.  The caller has checked that path is missing.
 */
int tree_create(struct tree *tree, const char *path, struct perms *perms);

/* Changes an existing node; takes over the reference on success.  0 or -ENOMEM. */
int tree_set_value(struct tree *tree, const char *path, struct value *value);
int tree_set_perms(struct tree *tree, const char *path, struct perms *perms);

/* Removes an existing node, not the root, and all below it.  0 or -ENOMEM. */
int tree_remove(struct tree *tree, const char *path);

#endif
