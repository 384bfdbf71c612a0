/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes of the store: see node.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "node.h"

struct value *value_new(const void *data, size_t len)
{
	struct value *value = malloc(sizeof(*value) + len);

	if (!value)
		return NULL;
	value->refs = 1;
	value->len = len;
	if (len)
		memcpy(value->data, data, len);
	return value;
}

struct value *value_get(struct value *value)
{
	if (value)
		value->refs++;
	return value;
}

void value_put(struct value *value)
{
	if (value && !--value->refs)
		free(value);
}

struct node *node_new(const char *name, size_t name_len, struct perms *perms,
		      uint64_t generation)
{
	struct node *node = calloc(1, sizeof(*node) + name_len + 1);

	if (!node)
		return NULL;
	node->refs = 1;
	node->generation = node->kids_generation = generation;
	node->perms = perms;
	node->name_len = name_len;
	memcpy(node->name, name, name_len);
	return node;
}

struct node *node_get(struct node *node)
{
	node->refs++;
	return node;
}

/* Recursion is as deep as a path has parts, at most half its permitted length. */
void node_put(struct node *node)
{
	if (!node || --node->refs)
		return;
	for (uint32_t i = 0; i < node->kid_count; i++)
		node_put(node->kids[i]);
	free(node->kids);
	value_put(node->value);
	perms_put(node->perms);
	free(node);
}

static int compare_name(const struct node *node, const char *name, size_t len)
{
	size_t common = node->name_len < len ? node->name_len : len;
	int order = memcmp(node->name, name, common);

	if (order)
		return order;
	return node->name_len < len ? -1 : node->name_len > len;
}

/* Where the child is, or would have to be added. */
static uint32_t kid_position(const struct node *node, const char *name, size_t len, bool *found)
{
	uint32_t low = 0, high = node->kid_count;

	*found = false;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare_name(node->kids[middle], name, len);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct node *node_kid(const struct node *node, const char *name, size_t len)
{
	bool found;
	uint32_t at = kid_position(node, name, len, &found);

	return found ? node->kids[at] : NULL;
}

struct node **node_kid_slot(struct node *node, const char *name, size_t len)
{
	bool found;
	uint32_t at = kid_position(node, name, len, &found);

	return found ? &node->kids[at] : NULL;
}

static struct node *node_copy(const struct node *node)
{
	struct node *copy = node_new(node->name, node->name_len, NULL, node->generation);

	if (!copy)
		return NULL;
	if (node->kid_count) {
		copy->kids = malloc(node->kid_count * sizeof(*copy->kids));
		if (!copy->kids) {
			free(copy);
			return NULL;
		}
	}
	copy->kids_generation = node->kids_generation;
	copy->kid_count = copy->kid_capacity = node->kid_count;
	for (uint32_t i = 0; i < node->kid_count; i++)
		copy->kids[i] = node_get(node->kids[i]);
	copy->value = value_get(node->value);
	copy->perms = perms_get(node->perms);
	return copy;
}

struct node *node_own(struct node **slot)
{
	struct node *copy;

	if ((*slot)->refs == 1)
		return *slot;
	copy = node_copy(*slot);
	if (!copy)
		return NULL;
	node_put(*slot);
	*slot = copy;
	return copy;
}

int node_add_kid(struct node *node, struct node *kid)
{
	bool found;
	uint32_t at = kid_position(node, kid->name, kid->name_len, &found);

	if (node->kid_count == node->kid_capacity) {
		uint32_t capacity = node->kid_capacity ? node->kid_capacity * 2 : 4;
		struct node **kids = realloc(node->kids, capacity * sizeof(*kids));

		if (!kids)
			return -ENOMEM;
		node->kids = kids;
		node->kid_capacity = capacity;
	}
	memmove(node->kids + at + 1, node->kids + at,
		(node->kid_count - at) * sizeof(*node->kids));
	node->kids[at] = kid;
	node->kid_count++;
	return 0;
}

void node_remove_kid(struct node *node, const char *name, size_t len)
{
	bool found;
	uint32_t at = kid_position(node, name, len, &found);

	if (!found)
		return;
	node_put(node->kids[at]);
	node->kid_count--;
	memmove(node->kids + at, node->kids + at + 1,
		(node->kid_count - at) * sizeof(*node->kids));
}
