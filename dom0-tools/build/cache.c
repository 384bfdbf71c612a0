/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The directory of unpacked kernels. */
#include "cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX		"kernel-"
#define TEMPORARY	"partial-"

/* A file left by a builder that died is removed after this time, seconds. */
#define ABANDONED	3600

static int open_directory(const char *path)
{
	struct stat st;
	int fd;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 022)) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

int cache_open(const char *directory, const uint8_t *payload, size_t size,
	       struct cache_entry *entry)
{
	uint8_t hash[32];
	size_t i, n;
	int fd;

	entry->directory = -1;
	entry->fd = -1;
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, payload, size, hash) < 0)
		return -EIO;
	fd = open_directory(directory);
	if (fd < 0)
		return fd;
	n = (size_t)snprintf(entry->name, sizeof(entry->name), PREFIX);
	for (i = 0; i < sizeof(hash); i++)
		n += (size_t)snprintf(entry->name + n, sizeof(entry->name) - n, "%02x", hash[i]);
	snprintf(entry->name + n, sizeof(entry->name) - n, "-%zu", size);
	entry->directory = fd;
	return 0;
}

int cache_find(const struct cache_entry *entry)
{
	int fd = openat(entry->directory, entry->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	/* The time of last use decides what is dropped; losing it does no harm. */
	utimensat(entry->directory, entry->name, NULL, 0);
	return fd;
}

int cache_begin(struct cache_entry *entry)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(entry->temporary, sizeof(entry->temporary), TEMPORARY "%ld-%lld-%ld",
		 (long)gettid(), (long long)now.tv_sec, now.tv_nsec);
	entry->fd = openat(entry->directory, entry->temporary,
			   O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
	return entry->fd < 0 ? -errno : 0;
}

int cache_commit(struct cache_entry *entry)
{
	/* Without this a power failure could leave the name on an empty file. */
	if (fdatasync(entry->fd) < 0)
		return -errno;
	if (renameat(entry->directory, entry->temporary, entry->directory, entry->name) < 0)
		return -errno;
	return 0;
}

void cache_abort(struct cache_entry *entry)
{
	unlinkat(entry->directory, entry->temporary, 0);
	close(entry->fd);
	entry->fd = -1;
}

/* Removes abandoned files; returns how many kernels there are, the oldest in name. */
static size_t scan(int directory, DIR *stream, char *name, size_t size)
{
	time_t oldest = 0, now = time(NULL);
	struct dirent *file;
	struct stat st;
	size_t count = 0;

	rewinddir(stream);
	while ((file = readdir(stream)) != NULL) {
		if (fstatat(directory, file->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (!strncmp(file->d_name, TEMPORARY, strlen(TEMPORARY)) &&
		    st.st_mtime + ABANDONED < now)
			unlinkat(directory, file->d_name, 0);
		if (strncmp(file->d_name, PREFIX, strlen(PREFIX)))
			continue;
		if (!count++ || st.st_mtime < oldest) {
			oldest = st.st_mtime;
			snprintf(name, size, "%s", file->d_name);
		}
	}
	return count;
}

static void trim(int directory)
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[256];
	DIR *stream;

	if (fd < 0)
		return;
	stream = fdopendir(fd);
	if (!stream) {
		close(fd);
		return;
	}
	while (scan(directory, stream, name, sizeof(name)) > CACHE_KEEP)
		if (unlinkat(directory, name, 0) < 0)
			break;
	closedir(stream);
}

void cache_close(struct cache_entry *entry)
{
	if (entry->directory < 0)
		return;
	trim(entry->directory);
	close(entry->directory);
	entry->directory = -1;
}
