/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operations on nodes: see op.h.  Each checks everything first, then changes the tree. */
#include <errno.h>
#include <string.h>

#include "op.h"
#include "path.h"
#include "transaction.h"

#define PERMS_MAX 256	/* entries, also for the privileged */

static int look(struct op *op, const char *path, unsigned int what)
{
	if (!op->transaction)
		return 0;
	return transaction_look(op->store, op->connection, op->transaction, path, what);
}

static int note(struct op *op, enum op_kind kind, const char *path, const void *data, size_t len)
{
	if (!op->transaction)
		return 0;
	return transaction_add_op(op->store, op->connection, op->transaction, kind, path, data,
				  len);
}

static int changed(struct op *op, enum change_kind kind, const char *path, unsigned int created,
		   struct node *removed, struct perms *before)
{
	if (op->changes)
		return change_add(op->changes, kind, path, created, removed, before);
	node_put(removed);
	perms_put(before);
	return 0;
}

/*
 * Finds a node or the nearest one above it.  *missing: parts of the path that
 * are not there.  Fails if the subject lacks access to what was found.
 */
static int find_nearest(struct op *op, const char *path, unsigned int access,
			const struct node **node, unsigned int *missing)
{
	char above[PATH_SIZE];
	int rc;

	*node = tree_nearest(op->tree, path, missing);
	rc = look(op, path, LOOK_NODE);
	if (rc)
		return rc;
	if (*missing) {
		/* Access was decided by the nearest node that exists: it must stay so. */
		strcpy(above, path);
		for (unsigned int i = 0; i < *missing; i++)
			path_parent(above, above);
		rc = look(op, above, LOOK_NODE);
		if (rc)
			return rc;
	}
	return (perms_of((*node)->perms, op->subject) & access) == access ? 0 : -EACCES;
}

int op_find(struct op *op, const char *path, unsigned int access, unsigned int what,
	    const struct node **node)
{
	unsigned int missing;
	int rc = find_nearest(op, path, access, node, &missing);

	if (!rc && missing)
		rc = -ENOENT;
	if (!rc && (what & ~LOOK_NODE))
		rc = look(op, path, what);
	return rc;
}

/* What the limits say to a node with len bytes, of whose path some parts are missing. */
static int check_limits(const struct op *op, const char *path, unsigned int missing, size_t len)
{
	const struct quota *quota = &op->store->quota;
	const struct subject *subject = op->subject;

	if (subject->privileged)
		return 0;
	if (len > quota->entry || strlen(path) > quota->path)
		return -ENOSPC;
	if (missing &&
	    account_nodes(&op->tree->account, subject->domid) + (int64_t)missing > quota->nodes)
		return -ENOSPC;
	return 0;
}

/* Makes a missing node with those above it; nearest is what exists of the path. */
static int create(struct op *op, const char *path, const struct node *nearest)
{
	struct perms *perms = perms_inherit(nearest->perms, op->subject);
	int rc;

	if (!perms)
		return -ENOMEM;
	rc = tree_create(op->tree, path, perms);
	perms_put(perms);
	return rc;
}

int op_write(struct op *op, const char *path, const void *data, size_t len)
{
	const struct node *nearest;
	unsigned int missing;
	struct value *value;
	int rc = find_nearest(op, path, ACCESS_WRITE, &nearest, &missing);

	if (!rc)
		rc = check_limits(op, path, missing, len);
	if (rc)
		return rc;
	value = value_new(data, len);
	if (!value)
		return -ENOMEM;
	rc = note(op, OP_WRITE, path, data, len);
	if (!rc && missing)
		rc = create(op, path, nearest);
	if (!rc)
		rc = tree_set_value(op->tree, path, value);
	if (rc) {
		value_put(value);
		return rc;
	}
	return changed(op, CHANGE_SET, path, missing, NULL, NULL);
}

int op_mkdir(struct op *op, const char *path)
{
	const struct node *nearest;
	unsigned int missing;
	int rc = find_nearest(op, path, ACCESS_WRITE, &nearest, &missing);

	if (!rc)
		rc = check_limits(op, path, missing, 0);
	if (rc || !missing)
		return rc;
	rc = note(op, OP_MKDIR, path, NULL, 0);
	if (!rc)
		rc = create(op, path, nearest);
	if (rc)
		return rc;
	return changed(op, CHANGE_SET, path, missing, NULL, NULL);
}

int op_remove(struct op *op, const char *path)
{
	const struct node *nearest;
	unsigned int missing;
	struct node *removed;
	int rc;

	if (!strcmp(path, "/"))
		return -EINVAL;
	rc = find_nearest(op, path, ACCESS_WRITE, &nearest, &missing);
	if (rc)
		return rc;
	/* Removing what is not there is fine, if it could be there. */
	if (missing)
		return missing == 1 ? 0 : -ENOENT;
	rc = note(op, OP_REMOVE, path, NULL, 0);
	if (rc)
		return rc;
	removed = node_get((struct node *)nearest);
	rc = tree_remove(op->tree, path);
	if (rc) {
		node_put(removed);
		return rc;
	}
	return changed(op, CHANGE_REMOVED, path, 0, removed, NULL);
}

int op_parse_perms(const struct op *op, const char *text, size_t len, struct perms **perms)
{
	struct perm entries[PERMS_MAX];
	size_t count = 0, at = 0;

	while (at < len) {
		if (count == PERMS_MAX ||
		    (!op->subject->privileged && count >= op->store->quota.perms))
			return -ENOSPC;
		if (perm_parse(text + at, &entries[count]))
			return -EINVAL;
		at += strlen(text + at) + 1;
		count++;
	}
	if (!count)
		return -EINVAL;
	*perms = perms_new(entries, count);
	return *perms ? 0 : -ENOMEM;
}

int op_set_perms(struct op *op, const char *path, const char *text, size_t len)
{
	struct perms *perms, *before = NULL;
	const struct node *node;
	int rc = op_find(op, path, ACCESS_OWNER, LOOK_NODE, &node);

	if (rc)
		return rc;
	rc = op_parse_perms(op, text, len, &perms);
	if (rc)
		return rc;
	if (!op->subject->privileged && perms_owner(perms) != perms_owner(node->perms)) {
		rc = -EPERM;
		goto fail;
	}
	rc = note(op, OP_SET_PERMS, path, text, len);
	if (rc)
		goto fail;
	before = perms_get(node->perms);
	rc = tree_set_perms(op->tree, path, perms);
	if (rc)
		goto fail;
	return changed(op, CHANGE_SET, path, 0, NULL, before);
fail:
	perms_put(before);
	perms_put(perms);
	return rc;
}
