/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations on nodes, with permissions and quotas: on the live tree, or on
 * that of a transaction.
 *
 * Common errors: -EACCES, -ENOENT, -EINVAL for a name that no node can have,
 * -ENOSPC beyond a quota, -ENOMEM.  A node whose absence the client may not
 * see is -EACCES too.
 */
#ifndef STORED_OP_H
#define STORED_OP_H

#include "change.h"
#include "perms.h"

struct connection;
struct transaction;

/* For whom and on what an operation works. */
struct op {
	struct store *store;
	const struct subject *subject;
	struct tree *tree;
	struct list *changes;		/* where changes are collected; NULL: nobody asks */
	struct connection *connection;	/* with transaction */
	struct transaction *transaction;	/* NULL: the live tree, nothing is noted */
};

/* The node, if the subject has access to it; look: LOOK_ bits to note. */
int op_find(struct op *op, const char *path, unsigned int access, unsigned int look,
	    const struct node **node);

int op_write(struct op *op, const char *path, const void *data, size_t len);
int op_mkdir(struct op *op, const char *path);
int op_remove(struct op *op, const char *path);

/* text: entries in the protocol's form, each with its zero, len bytes in all. */
int op_set_perms(struct op *op, const char *path, const char *text, size_t len);

/* Permissions from that form.  Limits their number; a new reference in *perms. */
int op_parse_perms(const struct op *op, const char *text, size_t len, struct perms **perms);

#endif
