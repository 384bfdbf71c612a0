// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Taking nodes along.  The folders are those that nodes_create() gives to the
 * guest; devices are left out, because the guest writes theirs anew.
 */
#include "nodes_saved.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX	8
#define NODES_MAX	512
#define VALUE_MAX	2048
#define PATH_MAX_NODE	256

static const char *const folders[] = {
	"control/feature-poweroff", "control/feature-reboot", "control/feature-suspend",
	"control/feature-halt", "control/feature-balloon", "control/sysrq",
	"data", "drivers", "feature", "attr",
};

#define COUNT(array) (sizeof(array) / sizeof(array[0]))

static bool is_allowed(const char *path)
{
	size_t length = strlen(path);

	if (length >= PATH_MAX_NODE || strstr(path, "//") || (length && path[length - 1] == '/') ||
	    strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/_@") != length)
		return false;
	for (size_t i = 0; i < COUNT(folders); i++) {
		size_t prefix = strlen(folders[i]);

		if (!strncmp(path, folders[i], prefix) && (!path[prefix] || path[prefix] == '/'))
			return true;
	}
	return false;
}

/* One node and what is below it; path is below the guest's home. */
static int collect(struct store_client *store, const char *home, const char *path, unsigned int depth,
		   json_t *nodes)
{
	char full[2 * PATH_MAX_NODE], child[PATH_MAX_NODE], *value, **names;
	size_t count, size;
	int rc;

	snprintf(full, sizeof(full), "%s/%s", home, path);
	rc = store_read(store, 0, full, &value, &size);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	/* What is no text, or too much of it, is the guest's own affair and not needed to run. */
	if (size && size <= VALUE_MAX && json_object_size(nodes) < NODES_MAX)
		json_object_set_new(nodes, path, json_stringn(value, size));
	free(value);
	if (depth == DEPTH_MAX)
		return 0;
	rc = store_list(store, 0, full, &names, &count);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	for (size_t i = 0; i < count && !rc; i++)
		if (snprintf(child, sizeof(child), "%s/%s", path, names[i]) < (int)sizeof(child))
			rc = collect(store, home, child, depth + 1, nodes);
	free(names);
	return rc;
}

json_t *nodes_saved_read(struct store_client *store, uint16_t domid, int *rc)
{
	json_t *nodes = json_object();
	char home[64];

	snprintf(home, sizeof(home), "/local/domain/%u", domid);
	*rc = nodes ? 0 : -ENOMEM;
	for (size_t i = 0; i < COUNT(folders) && !*rc; i++)
		*rc = collect(store, home, folders[i], 0, nodes);
	if (*rc) {
		json_decref(nodes);
		nodes = NULL;
	}
	return nodes;
}

int nodes_saved_check(json_t *nodes)
{
	const char *path;
	json_t *value;

	if (!json_is_object(nodes) || json_object_size(nodes) > NODES_MAX)
		return -EINVAL;
	json_object_foreach(nodes, path, value)
		if (!is_allowed(path) || !json_is_string(value) ||
		    json_string_length(value) > VALUE_MAX)
			return -EINVAL;
	return 0;
}

int nodes_saved_write(struct store_client *store, uint16_t domid, json_t *nodes)
{
	int rc = nodes_saved_check(nodes);
	char full[2 * PATH_MAX_NODE];
	const char *path;
	json_t *value;

	json_object_foreach(nodes, path, value) {
		if (rc)
			break;
		snprintf(full, sizeof(full), "/local/domain/%u/%s", domid, path);
		rc = store_write(store, 0, full, json_string_value(value), json_string_length(value));
	}
	return rc;
}
