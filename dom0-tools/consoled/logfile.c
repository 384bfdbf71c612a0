/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log of one console: see logfile.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logfile.h"

#define FILE_NAME_MAX (LOGFILE_NAME_MAX + 16)

bool logfile_name_is_valid(const char *name)
{
	size_t len = strlen(name);

	if (!len || len >= LOGFILE_NAME_MAX || name[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] == '/' || (unsigned char)name[i] <= ' ' || name[i] == 127)
			return false;
	return true;
}

/* number 0 is the current file. */
static void file_name(char text[FILE_NAME_MAX], const char *name, unsigned int number)
{
	if (number)
		snprintf(text, FILE_NAME_MAX, "%s.log.%u", name, number);
	else
		snprintf(text, FILE_NAME_MAX, "%s.log", name);
}

static int open_current(struct logfile *log)
{
	char file[FILE_NAME_MAX];
	struct stat status;

	file_name(file, log->name, 0);
	log->fd = openat(log->settings->dir, file,
			 O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (log->fd < 0 || fstat(log->fd, &status)) {
		int rc = -errno;

		logfile_close(log);
		return rc;
	}
	log->size = status.st_size;
	return 0;
}

int logfile_open(struct logfile *log, const struct logfile_settings *settings, const char *name)
{
	log->fd = -1;
	if (!logfile_name_is_valid(name))
		return -EINVAL;
	log->settings = settings;
	strcpy(log->name, name);
	return open_current(log);
}

void logfile_close(struct logfile *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
}

static int rotate(struct logfile *log)
{
	char from[FILE_NAME_MAX], to[FILE_NAME_MAX];
	int dir = log->settings->dir;

	if (!log->settings->keep) {
		if (ftruncate(log->fd, 0))
			return -errno;
		log->size = 0;
		return 0;
	}
	for (unsigned int i = log->settings->keep; i > 0; i--) {
		file_name(from, log->name, i - 1);
		file_name(to, log->name, i);
		if (renameat(dir, from, dir, to) && errno != ENOENT)
			return -errno;
	}
	logfile_close(log);
	return open_current(log);
}

int logfile_make_room(struct logfile *log, size_t len)
{
	if (!log->settings->max_size || !log->size || log->size + len <= log->settings->max_size)
		return 0;
	return rotate(log);
}

int logfile_write(struct logfile *log, const char *data, size_t len)
{
	size_t done = 0;
	int rc;

	if (log->fd < 0)
		return -EBADF;
	while (done < len) {
		ssize_t wrote = write(log->fd, data + done, len - done);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0) {
			rc = wrote ? -errno : -EIO;
			/* The whole piece will be tried again: it must not be there twice. */
			if (done && ftruncate(log->fd, log->size))
				log->size += done;
			return rc;
		}
		done += wrote;
	}
	log->size += len;
	return 0;
}

int logfile_rename(struct logfile *log, const char *name)
{
	char from[FILE_NAME_MAX], to[FILE_NAME_MAX];
	int dir = log->settings->dir;

	if (!logfile_name_is_valid(name))
		return -EINVAL;
	file_name(from, log->name, 0);
	file_name(to, name, 0);
	strcpy(log->name, name);
	if (!linkat(dir, from, dir, to, 0)) {
		unlinkat(dir, from, 0);
		return 0;
	}
	logfile_close(log);
	return open_current(log);
}

size_t logfile_tail(const struct logfile *log, char *data, size_t len)
{
	off_t from = log->size > len ? (off_t)(log->size - len) : 0;
	ssize_t got = pread(log->fd, data, len, from);

	return got > 0 ? got : 0;
}
