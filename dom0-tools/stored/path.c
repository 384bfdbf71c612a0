/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of nodes: validation and decomposition.  The permitted characters and
 * lengths are those of the published XenStore protocol.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "path.h"

static bool is_path_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '/' || c == '_' || c == '@';
}

static bool is_well_formed(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++) {
		if (!is_path_character(name[i]))
			return false;
		if (name[i] == '/' && name[i + 1] == '/')
			return false;
	}
	return len > 0 && (len == 1 || name[len - 1] != '/');
}

int path_canonical(const char *name, uint16_t domid, char path[static PATH_SIZE])
{
	if (name[0] == '@') {
		if (strcmp(name, PATH_INTRODUCE) && strcmp(name, PATH_RELEASE))
			return -EINVAL;
		strcpy(path, name);
		return 0;
	}
	if (!is_well_formed(name))
		return -EINVAL;
	if (name[0] == '/') {
		if (strlen(name) > HC_STORE_ABS_PATH_MAX)
			return -EINVAL;
		strcpy(path, name);
		return 0;
	}
	if (strlen(name) > HC_STORE_REL_PATH_MAX)
		return -EINVAL;
	snprintf(path, PATH_SIZE, "/local/domain/%u/%s", domid, name);
	return 0;
}

bool path_is_within(const char *path, const char *base)
{
	size_t len = strlen(base);

	if (base[0] == '/' && len == 1)
		return path[0] == '/';
	return !strncmp(path, base, len) && (path[len] == '\0' || path[len] == '/');
}

bool path_parent(const char *path, char parent[static PATH_SIZE])
{
	const char *slash = strrchr(path, '/');
	size_t len;

	if (!slash || path[1] == '\0')
		return false;
	len = slash == path ? 1 : (size_t)(slash - path);
	memcpy(parent, path, len);
	parent[len] = '\0';
	return true;
}

const char *path_next(const char **at, size_t *len)
{
	const char *part = *at;

	while (*part == '/')
		part++;
	if (!*part)
		return NULL;
	*len = strcspn(part, "/");
	*at = part + *len;
	return part;
}
