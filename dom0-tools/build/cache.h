/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unpacked kernels kept in a directory, named by what they were made from: the
 * SHA-256 and size of the packed payload. A file appears under its name only
 * when it is complete, so that readers, other builders and a crash never see
 * half of one. The directory must belong to us alone: whoever could write
 * there could give any domain another kernel.
 */
#ifndef BUILD_CACHE_H
#define BUILD_CACHE_H

#include <stddef.h>
#include <stdint.h>

/* Kernels kept; the ones longest unused go first. */
#define CACHE_KEEP 16

struct cache_entry {
	int directory;		/* Descriptor, -1: no cache. */
	int fd;			/* Of the file being made. */
	char name[96];		/* Its final name. */
	char temporary[112];
};

/* Opens or makes the directory and names the entry. Negative errno: do without. */
int cache_open(const char *directory, const uint8_t *payload, size_t size,
	       struct cache_entry *entry);

/* A descriptor of the finished kernel, or -ENOENT. */
int cache_find(const struct cache_entry *entry);

/* Starts a file to be filled through entry->fd. */
int cache_begin(struct cache_entry *entry);

/* Makes it visible, or forgets it; entry->fd stays open on commit. */
int cache_commit(struct cache_entry *entry);
void cache_abort(struct cache_entry *entry);

/* Removes what is too much, then closes the directory. */
void cache_close(struct cache_entry *entry);

#endif
