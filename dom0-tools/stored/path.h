/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of nodes.  Inside the daemon every path is absolute and canonical:
 * "/" alone, or "/a/b" without empty parts and without a slash at its end.
 * Two more names are no nodes but events: "@introduceDomain" and
 * "@releaseDomain"; they begin with '@'.
 */
#ifndef STORED_PATH_H
#define STORED_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hypercall/store.h>

/* Bytes that hold any canonical path with its terminating zero. */
#define PATH_SIZE (HC_STORE_ABS_PATH_MAX + 1)

/* Length of the longest home of a domain, "/local/domain/65535/". */
#define PATH_HOME_MAX 20

#define PATH_INTRODUCE "@introduceDomain"
#define PATH_RELEASE "@releaseDomain"

/*
 * Makes the canonical path of what domain domid calls name; names without a
 * leading slash are relative to /local/domain/<domid>.  0, or -EINVAL for a
 * name that no node can have.
 */
int path_canonical(const char *name, uint16_t domid, char path[static PATH_SIZE]);

static inline bool path_is_special(const char *path)
{
	return path[0] == '@';
}

/* path is base or lies below it. */
bool path_is_within(const char *path, const char *base);

/* Writes the parent of a path; false for "/", which has none. */
bool path_parent(const char *path, char parent[static PATH_SIZE]);

/*
 * Iterates over the parts of a canonical path: *at starts at path and moves
 * on; returns the next part's first byte and its length, NULL at the end.
 */
const char *path_next(const char **at, size_t *len);

#endif
