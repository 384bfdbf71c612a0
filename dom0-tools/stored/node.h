/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes of the store.  A node may belong to several trees at once (the live
 * one and the snapshots of open transactions); whoever wants to change one
 * makes it its own first, which copies it only if somebody else holds it too.
 * So a snapshot costs one reference, and trees without snapshots are changed
 * in place.
 */
#ifndef STORED_NODE_H
#define STORED_NODE_H

#include <stddef.h>
#include <stdint.h>

#include "perms.h"

/* A node's value: immutable bytes, shared by reference count. */
struct value {
	uint32_t refs;
	uint32_t len;
	char data[];
};

struct node {
	uint32_t refs;
	uint32_t kid_count;
	uint32_t kid_capacity;
	uint32_t name_len;
	uint64_t generation;		/* of value and permissions */
	uint64_t kids_generation;	/* of the set of children's names */
	struct value *value;		/* NULL: empty */
	struct perms *perms;
	struct node **kids;		/* in order of their names */
	char name[];			/* zero-terminated; empty for the root */
};

struct value *value_new(const void *data, size_t len);
struct value *value_get(struct value *value);
void value_put(struct value *value);

/* A node without children, one reference.  Takes over the reference to perms.  NULL: no memory. */
struct node *node_new(const char *name, size_t name_len, struct perms *perms,
		      uint64_t generation);
struct node *node_get(struct node *node);
void node_put(struct node *node);

/* The child of that name, or NULL. */
struct node *node_kid(const struct node *node, const char *name, size_t len);

/*
 * Makes the node at *slot the caller's own, where the caller owns what holds
 * the slot.  Returns it, or NULL: out of memory.
 */
struct node *node_own(struct node **slot);

/* The slot of an existing child within a node that the caller owns, or NULL. */
struct node **node_kid_slot(struct node *node, const char *name, size_t len);

/* Adds a child to an owned node, taking over its reference.  -ENOMEM: it did not. */
int node_add_kid(struct node *node, struct node *kid);

/* Removes an existing child from an owned node, and puts its reference. */
void node_remove_kid(struct node *node, const char *name, size_t len);

#endif
