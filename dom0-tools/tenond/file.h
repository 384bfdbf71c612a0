/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that are there whole or not at all, whoever is killed meanwhile.
 */
#ifndef TENOND_FILE_H
#define TENOND_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FILE_PATH_MAX 512	/* bytes */

/*
 * Replace a file in one step, by way of PATH.new beside it. durable: it also outlives a loss of power.
 * 0, or a negative errno; then what was there before is there still, unless only the folder was not written back.
 */
int file_replace(const char *path, const void *data, size_t size, mode_t mode, bool durable);

/* Have what was made, renamed or removed in a folder outlive a loss of power. 0 or a negative errno. */
int folder_sync(const char *folder);

/* A folder for root alone, and those above it. 0, also where they are there, or a negative errno. */
int folder_make(const char *path);

#endif
