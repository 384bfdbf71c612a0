/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree of nodes: see tree.h.  Each change first makes the nodes from the
 * root down to the place of change the tree's own, then changes them.
 */
#include <errno.h>
#include <string.h>

#include "path.h"
#include "tree.h"

int tree_init(struct tree *tree, uint64_t *generation)
{
	const struct perm owner = { .domid = 0, .access = 0 };
	struct perms *perms = perms_new(&owner, 1);

	memset(tree, 0, sizeof(*tree));
	tree->generation = generation;
	if (!perms)
		return -ENOMEM;
	tree->root = node_new("", 0, perms, ++*generation);
	if (!tree->root) {
		perms_put(perms);
		return -ENOMEM;
	}
	return account_add(&tree->account, 0, 1);
}

void tree_snapshot(struct tree *copy, const struct tree *original)
{
	memset(copy, 0, sizeof(*copy));
	copy->root = node_get(original->root);
	copy->account.base = &original->account;
	copy->generation = original->generation;
}

void tree_clear(struct tree *tree)
{
	node_put(tree->root);
	tree->root = NULL;
	account_clear(&tree->account);
}

const struct node *tree_nearest(const struct tree *tree, const char *path, unsigned int *missing)
{
	const struct node *node = tree->root;
	const char *part;
	size_t len;

	*missing = 0;
	while ((part = path_next(&path, &len))) {
		const struct node *kid = *missing ? NULL : node_kid(node, part, len);

		if (kid)
			node = kid;
		else
			++*missing;
	}
	return node;
}

const struct node *tree_find(const struct tree *tree, const char *path)
{
	unsigned int missing;
	const struct node *node = tree_nearest(tree, path, &missing);

	return missing ? NULL : node;
}

/*
 * Makes everything on the way to an existing node the tree's own, and the node
 * too.  *parent (may be NULL) gets the node above it.
 */
static struct node *own_path(struct tree *tree, const char *path, struct node **parent)
{
	struct node *node = node_own(&tree->root), *above = NULL;
	const char *part;
	size_t len;

	while (node && (part = path_next(&path, &len))) {
		struct node **slot = node_kid_slot(node, part, len);

		above = node;
		node = slot ? node_own(slot) : NULL;
	}
	if (parent)
		*parent = above;
	return node;
}

/* Hangs a new node below an owned one. */
static int add_new_kid(struct tree *tree, struct node *node, const char *part, size_t len,
		       struct perms *perms)
{
	uint64_t generation = ++*tree->generation;
	struct node *kid = node_new(part, len, perms_get(perms), generation);
	int rc;

	if (!kid) {
		perms_put(perms);
		return -ENOMEM;
	}
	rc = account_add(&tree->account, perms_owner(perms), 1);
	if (rc)
		goto put_kid;
	rc = node_add_kid(node, kid);
	if (rc)
		goto unaccount;
	node->kids_generation = generation;
	return 0;
unaccount:
	account_add(&tree->account, perms_owner(perms), -1);
put_kid:
	node_put(kid);
	return rc;
}

int tree_create(struct tree *tree, const char *path, struct perms *perms)
{
	struct node *node = node_own(&tree->root);
	const char *part;
	size_t len;

	if (!node)
		return -ENOMEM;
	while ((part = path_next(&path, &len))) {
		struct node **slot = node_kid_slot(node, part, len);

		if (!slot) {
			int rc = add_new_kid(tree, node, part, len, perms);

			if (rc)
				return rc;
			slot = node_kid_slot(node, part, len);
		}
		node = node_own(slot);
		if (!node)
			return -ENOMEM;
	}
	return 0;
}

int tree_set_value(struct tree *tree, const char *path, struct value *value)
{
	struct node *node = own_path(tree, path, NULL);

	if (!node)
		return -ENOMEM;
	value_put(node->value);
	node->value = value;
	node->generation = ++*tree->generation;
	return 0;
}

int tree_set_perms(struct tree *tree, const char *path, struct perms *perms)
{
	struct node *node = own_path(tree, path, NULL);
	int rc;

	if (!node)
		return -ENOMEM;
	rc = account_add(&tree->account, perms_owner(perms), 1);
	if (rc)
		return rc;
	rc = account_add(&tree->account, perms_owner(node->perms), -1);
	if (rc) {
		account_add(&tree->account, perms_owner(perms), -1);
		return rc;
	}
	perms_put(node->perms);
	node->perms = perms;
	node->generation = ++*tree->generation;
	return 0;
}

/* Recursion is as deep as a path has parts. */
static int unaccount_all(struct tree *tree, const struct node *node)
{
	int rc = account_add(&tree->account, perms_owner(node->perms), -1);

	for (uint32_t i = 0; i < node->kid_count && !rc; i++)
		rc = unaccount_all(tree, node->kids[i]);
	return rc;
}

int tree_remove(struct tree *tree, const char *path)
{
	struct node *parent, *node = own_path(tree, path, &parent);
	int rc;

	if (!node)
		return -ENOMEM;
	rc = unaccount_all(tree, node);
	if (rc)
		return rc;
	parent->kids_generation = ++*tree->generation;
	node_remove_kid(parent, node->name, node->name_len);
	return 0;
}
