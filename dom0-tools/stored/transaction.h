/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transactions: a client reads and writes a snapshot of its own.  At the end
 * everything it looked at must still be in the live tree as it was in the
 * snapshot; then its operations are repeated on the live tree, all or none.
 *
 * What counts as the same: that a node is there or is not, its value and
 * permissions, and for those who listed it the set of its children.  Changes
 * elsewhere, even next to it, do no harm.
 */
#ifndef STORED_TRANSACTION_H
#define STORED_TRANSACTION_H

#include <list.h>

#include "store.h"

struct connection;

/* What was looked at, and what follows from a change of it. */
#define LOOK_NODE	1u	/* existence, value, permissions */
#define LOOK_KIDS	2u	/* names of the children */

#define LOOK_BUCKETS 32

enum op_kind {
	OP_WRITE,
	OP_MKDIR,
	OP_REMOVE,
	OP_SET_PERMS,
};

struct transaction {
	struct list link;		/* in connection.transactions */
	uint32_t id;
	bool doomed;			/* began under an earlier daemon: can only fail */
	struct tree base;		/* as it was at the start */
	struct tree tree;		/* the same with the client's changes */
	struct list looks[LOOK_BUCKETS];
	struct list ops;
	uint32_t size;			/* looks and ops so far */
};

/* Starts one.  -ENOSPC: quota. */
int transaction_start(struct store *store, struct connection *connection,
		      struct transaction **started);

/* The same with a given id, doomed: it was open when the daemon was killed. */
int transaction_revive(struct store *store, struct connection *connection, uint32_t id);
struct transaction *transaction_find(struct connection *connection, uint32_t id);
void transaction_free(struct connection *connection, struct transaction *transaction);

/* Notes that the client saw something.  0, -ENOSPC (quota) or -ENOMEM. */
int transaction_look(struct store *store, struct connection *connection,
		     struct transaction *transaction, const char *path, unsigned int what);

/* Notes an operation that was done on the transaction's tree. */
int transaction_add_op(struct store *store, struct connection *connection,
		       struct transaction *transaction, enum op_kind kind, const char *path,
		       const void *data, size_t len);

/* Carries it over to the live tree and publishes the changes.  -EAGAIN: conflict. */
int transaction_commit(struct store *store, struct connection *connection,
		       struct transaction *transaction);

#endif
