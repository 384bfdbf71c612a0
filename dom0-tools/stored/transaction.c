/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions: see transaction.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "op.h"
#include "transaction.h"

struct look {
	struct list link;
	unsigned int what;
	char path[];
};

struct noted_op {
	struct list link;
	enum op_kind kind;
	size_t len;
	const char *data;	/* behind path, in the same allocation */
	char path[];
};

static struct transaction *transaction_new(struct store *store, struct connection *connection,
					   uint32_t id)
{
	struct transaction *transaction = calloc(1, sizeof(*transaction));

	if (!transaction)
		return NULL;
	transaction->id = id;
	for (size_t i = 0; i < LOOK_BUCKETS; i++)
		list_init(&transaction->looks[i]);
	list_init(&transaction->ops);
	tree_snapshot(&transaction->base, &store->tree);
	tree_snapshot(&transaction->tree, &store->tree);
	list_append(&connection->transactions, &transaction->link);
	connection->transaction_count++;
	return transaction;
}

int transaction_start(struct store *store, struct connection *connection,
		      struct transaction **started)
{
	if (!connection->subject.privileged &&
	    connection->transaction_count >= store->quota.transactions)
		return -ENOSPC;
	do {
		store->next_transaction++;
	} while (!store->next_transaction ||
		 transaction_find(connection, store->next_transaction));
	*started = transaction_new(store, connection, store->next_transaction);
	return *started ? 0 : -ENOMEM;
}

int transaction_revive(struct store *store, struct connection *connection, uint32_t id)
{
	struct transaction *transaction = transaction_new(store, connection, id);

	if (!transaction)
		return -ENOMEM;
	transaction->doomed = true;
	if (id > store->next_transaction)
		store->next_transaction = id;
	return 0;
}

struct transaction *transaction_find(struct connection *connection, uint32_t id)
{
	struct list *at;

	list_for_each(at, &connection->transactions) {
		struct transaction *transaction = list_entry(at, struct transaction, link);

		if (transaction->id == id)
			return transaction;
	}
	return NULL;
}

void transaction_free(struct connection *connection, struct transaction *transaction)
{
	struct list *at, *next;

	for (size_t i = 0; i < LOOK_BUCKETS; i++)
		list_for_each_safe(at, next, &transaction->looks[i])
			free(list_entry(at, struct look, link));
	list_for_each_safe(at, next, &transaction->ops)
		free(list_entry(at, struct noted_op, link));
	tree_clear(&transaction->base);
	tree_clear(&transaction->tree);
	list_remove(&transaction->link);
	connection->transaction_count--;
	free(transaction);
}

static int grow(struct store *store, struct connection *connection,
		struct transaction *transaction)
{
	if (!connection->subject.privileged && transaction->size >= store->quota.transaction_ops)
		return -ENOSPC;
	transaction->size++;
	return 0;
}

static struct list *look_bucket(struct transaction *transaction, const char *path)
{
	uint32_t hash = 5381;

	for (; *path; path++)
		hash = hash * 33 + (unsigned char)*path;
	return &transaction->looks[hash % LOOK_BUCKETS];
}

int transaction_look(struct store *store, struct connection *connection,
		     struct transaction *transaction, const char *path, unsigned int what)
{
	struct list *bucket = look_bucket(transaction, path), *at;
	struct look *look;
	int rc;

	list_for_each(at, bucket) {
		look = list_entry(at, struct look, link);
		if (!strcmp(look->path, path)) {
			look->what |= what;
			return 0;
		}
	}
	rc = grow(store, connection, transaction);
	if (rc)
		return rc;
	look = malloc(sizeof(*look) + strlen(path) + 1);
	if (!look)
		return -ENOMEM;
	look->what = what;
	strcpy(look->path, path);
	list_append(bucket, &look->link);
	return 0;
}

int transaction_add_op(struct store *store, struct connection *connection,
		       struct transaction *transaction, enum op_kind kind, const char *path,
		       const void *data, size_t len)
{
	size_t path_size = strlen(path) + 1;
	int rc = grow(store, connection, transaction);
	struct noted_op *noted;

	if (rc)
		return rc;
	noted = malloc(sizeof(*noted) + path_size + len);
	if (!noted)
		return -ENOMEM;
	noted->kind = kind;
	noted->len = len;
	memcpy(noted->path, path, path_size);
	if (len)
		memcpy(noted->path + path_size, data, len);
	noted->data = noted->path + path_size;
	list_append(&transaction->ops, &noted->link);
	return 0;
}

static bool is_unchanged(const struct transaction *transaction, const struct tree *live,
			 const struct look *look)
{
	const struct node *then = tree_find(&transaction->base, look->path);
	const struct node *now = tree_find(live, look->path);

	if (!then || !now)
		return then == now;
	if ((look->what & LOOK_NODE) && then->generation != now->generation)
		return false;
	return !(look->what & LOOK_KIDS) || then->kids_generation == now->kids_generation;
}

static bool has_conflict(const struct transaction *transaction, const struct tree *live)
{
	struct list *at;

	if (transaction->doomed)
		return true;
	/* Nobody changed anything meanwhile: the usual case. */
	if (transaction->base.root == live->root)
		return false;
	for (size_t i = 0; i < LOOK_BUCKETS; i++)
		list_for_each(at, &transaction->looks[i])
			if (!is_unchanged(transaction, live, list_entry(at, struct look, link)))
				return true;
	return false;
}

static int repeat_op(struct op *op, const struct noted_op *noted)
{
	switch (noted->kind) {
	case OP_WRITE:
		return op_write(op, noted->path, noted->data, noted->len);
	case OP_MKDIR:
		return op_mkdir(op, noted->path);
	case OP_REMOVE:
		return op_remove(op, noted->path);
	case OP_SET_PERMS:
		return op_set_perms(op, noted->path, noted->data, noted->len);
	}
	return -EINVAL;
}

/* Makes a changed snapshot the live tree.  -ENOMEM: the live tree is as it was. */
static int install(struct tree *live, struct tree *changed)
{
	struct account merged = { 0 };
	struct node *root;
	int rc = 0;

	for (uint32_t i = 0; i < live->account.count && !rc; i++)
		rc = account_add(&merged, live->account.rows[i].domid,
				 live->account.rows[i].nodes);
	for (uint32_t i = 0; i < changed->account.count && !rc; i++)
		rc = account_add(&merged, changed->account.rows[i].domid,
				 changed->account.rows[i].nodes);
	if (rc) {
		account_clear(&merged);
		return rc;
	}
	account_clear(&live->account);
	live->account = merged;
	root = live->root;
	live->root = changed->root;
	changed->root = root;
	return 0;
}

int transaction_commit(struct store *store, struct connection *connection,
		       struct transaction *transaction)
{
	struct list changes, *at;
	struct tree tree;
	struct op op = {
		.store = store,
		.subject = &connection->subject,
		.tree = &tree,
		.changes = &changes,
	};
	int rc = 0;

	if (has_conflict(transaction, &store->tree))
		return -EAGAIN;
	if (list_is_empty(&transaction->ops))
		return 0;
	list_init(&changes);
	tree_snapshot(&tree, &store->tree);
	list_for_each(at, &transaction->ops) {
		rc = repeat_op(&op, list_entry(at, struct noted_op, link));
		if (rc)
			break;
	}
	if (!rc)
		rc = install(&store->tree, &tree);
	tree_clear(&tree);
	if (rc)
		change_discard(&changes);
	else
		change_publish(store, &changes);
	return rc;
}
