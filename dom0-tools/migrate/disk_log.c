/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of the kernel's tracing, read as text. */
#include "disk_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define EVENT		"block_rq_complete"
#define BUFFER_KIB	"1024"		/* a processor: some ten thousand writes between two looks */
#define FILTER_MAX	4096

static int refused(struct build_error *error, int code, const char *what)
{
	return build_fail(error, code, "what is written to its disks cannot be logged: %s: %s", what,
			  strerror(-code));
}

static int put(const struct disk_log *log, const char *file, const char *text, struct build_error *error)
{
	char path[256];
	int fd, code = 0;

	snprintf(path, sizeof(path), "%s/%s", log->instance, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		code = -errno;
	if (fd >= 0)
		close(fd);
	return code ? refused(error, code, path) : 0;
}

/* The kernel's own number of a device differs from a program's. */
static void make_filter(const dev_t *devices, unsigned int count, char filter[FILTER_MAX])
{
	size_t used = (size_t)snprintf(filter, FILTER_MAX, "(");

	for (unsigned int i = 0; i < count && used < FILTER_MAX; i++)
		used += (size_t)snprintf(filter + used, FILTER_MAX - used, "%sdev == %u", i ? " || " : "",
					 major(devices[i]) << 20 | minor(devices[i]));
	if (used < FILTER_MAX)
		snprintf(filter + used, FILTER_MAX - used, ") && !(rwbs ~ \"R*\")");
}

static void instance_path(const char *name, char path[DISK_LOG_PATH])
{
	snprintf(path, DISK_LOG_PATH, DISK_LOG_FOLDER "/instances/%s", name);
}

void disk_log_remove(const char *name)
{
	char path[DISK_LOG_PATH];

	instance_path(name, path);
	rmdir(path);
}

static int make_instance(struct disk_log *log, const char *name, struct build_error *error)
{
	int code;

	if (access(DISK_LOG_FOLDER "/instances", F_OK) &&
	    mount("tracefs", DISK_LOG_FOLDER, "tracefs", 0, NULL) && errno != EBUSY)
		return refused(error, -errno, DISK_LOG_FOLDER);
	disk_log_remove(name);
	instance_path(name, log->instance);
	if (!mkdir(log->instance, 0700))
		return 0;
	code = refused(error, -errno, log->instance);
	log->instance[0] = '\0';
	return code;
}

int disk_log_open(struct disk_log *log, const char *name, const dev_t *devices, unsigned int count,
		  struct build_error *error)
{
	char filter[FILTER_MAX], path[256];
	int code;

	*log = (struct disk_log){ .fd = -1 };
	make_filter(devices, count, filter);
	code = make_instance(log, name, error);
	/* What an administrator has set for other uses is inherited. */
	if (code == 0)
		code = put(log, "options/overwrite", "1", error);
	if (code == 0)
		code = put(log, "buffer_size_kb", BUFFER_KIB, error);
	if (code == 0)
		code = put(log, "events/block/" EVENT "/filter", filter, error);
	if (code < 0)
		return code;
	snprintf(path, sizeof(path), "%s/trace_pipe", log->instance);
	log->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log->fd < 0)
		return refused(error, -errno, path);
	code = put(log, "tracing_on", "1", error);
	return code == 0 ? put(log, "events/block/" EVENT "/enable", "1", error) : code;
}

/* "...: block_rq_complete: 7,0 WS () 2048 + 8 [0]"; later kernels tell more after the number. */
static bool take_event(const char *line, disk_log_wrote *wrote, void *data)
{
	const char *event = strstr(line, " " EVENT ": "), *place = event ? strchr(event, ')') : NULL;
	unsigned int major, minor, count;
	unsigned long long sector;
	char kind[16];

	if (!place || sscanf(event, " " EVENT ": %u,%u %15s", &major, &minor, kind) != 3 ||
	    sscanf(place, ") %llu + %u", &sector, &count) != 2)
		return false;
	if (kind[0] != 'R')
		wrote(makedev(major, minor), sector, count, data);
	return true;
}

static int take_line(struct disk_log *log, disk_log_wrote *wrote, void *data, struct build_error *error)
{
	log->line[log->size] = '\0';
	log->size = 0;
	if (!strncmp(log->line, "CPU:", 4) && strstr(log->line, "[LOST"))
		log->lost = true;
	else if (!take_event(log->line, wrote, data))
		return build_fail(error, -EPROTO, "the log of what is written to its disks says \"%.80s\"",
				  log->line);
	return 0;
}

static int take_text(struct disk_log *log, const char *text, size_t size, disk_log_wrote *wrote, void *data,
		     struct build_error *error)
{
	int code = 0;

	for (size_t i = 0; i < size && code == 0; i++) {
		if (text[i] == '\n')
			code = take_line(log, wrote, data, error);
		else if (log->size < sizeof(log->line) - 1)
			log->line[log->size++] = text[i];
		else
			return build_fail(error, -EPROTO,
					  "the log of what is written to its disks has too long a line");
	}
	return code;
}

int disk_log_read(struct disk_log *log, disk_log_wrote *wrote, void *data, struct build_error *error)
{
	char text[16384];
	ssize_t got;
	int code = 0;

	while (code == 0 && (got = read(log->fd, text, sizeof(text))) != 0) {
		if (got > 0)
			code = take_text(log, text, (size_t)got, wrote, data, error);
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			code = refused(error, -errno, "its events");
	}
	return code;
}

void disk_log_close(struct disk_log *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
	if (*log->instance)
		rmdir(log->instance);
	log->instance[0] = '\0';
}
