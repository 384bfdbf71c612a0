// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replacing files: the new one is complete, and where it matters on disk,
 * before it takes the name.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t written = write(fd, data, size);

		if (written > 0) {
			data += written;
			size -= (size_t)written;
		} else if (!written || errno != EINTR) {
			return written ? -errno : -EIO;
		}
	}
	return 0;
}

static int write_file(const char *path, const void *data, size_t size, mode_t mode, bool durable)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode), rc;

	if (fd < 0)
		return -errno;
	rc = write_all(fd, data, size);
	if (!rc && durable && fsync(fd))
		rc = -errno;
	if (close(fd) && !rc)
		rc = -errno;
	return rc;
}

int folder_sync(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return -errno;
	if (fsync(fd))
		rc = -errno;
	close(fd);
	return rc;
}

int folder_make(const char *path)
{
	char part[FILE_PATH_MAX];

	for (const char *end = strchr(path + 1, '/'); end; end = strchr(end + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
		if (mkdir(part, 0700) && errno != EEXIST)
			return -errno;
	}
	return mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
}

int file_replace(const char *path, const void *data, size_t size, mode_t mode, bool durable)
{
	char temporary[FILE_PATH_MAX + 8], folder[FILE_PATH_MAX];
	int rc;

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	rc = write_file(temporary, data, size, mode, durable);
	if (!rc && rename(temporary, path))
		rc = -errno;
	if (rc) {
		unlink(temporary);
		return rc;
	}
	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
	return durable ? folder_sync(folder) : 0;
}
