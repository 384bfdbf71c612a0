// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * qemu-nbd servers.  The kernel says through sysfs which devices are taken;
 * what this process is about to take it has to remember itself.
 */
#include "nbd.h"
#include "spawn.h"
#include "../log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEVICES_MAX	256
#define READY_MS	20000	/* a slow host may take long to open an image */
#define STOP_MS		5000	/* until qemu-nbd has flushed */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool reserved[DEVICES_MAX];	/* protected by lock: chosen, not yet connected */

void nbd_tag(const char *run_dir, const char *uuid, const char *target, char *tag, size_t size)
{
	snprintf(tag, size, "--pid-file=%s/nbd/%s-%s.pid", run_dir, uuid, target);
}

/* The path within a tag. */
static const char *tag_path(const char *tag)
{
	return strchr(tag, '=') + 1;
}

static void log_path(const char *tag, char *path, size_t size)
{
	snprintf(path, size, "%s.log", tag_path(tag));
}

static bool exists(const char *format, int number)
{
	char path[64];

	snprintf(path, sizeof(path), format, number);
	return !access(path, F_OK);
}

/* Choose a device that nobody has: its number, or -ENODEV, -ENOSPC. */
static int reserve(void)
{
	int number;

	pthread_mutex_lock(&lock);
	for (number = 0; number < DEVICES_MAX; number++)
		if (!exists("/sys/block/nbd%d", number) ||
		    (!reserved[number] && !exists("/sys/block/nbd%d/pid", number)))
			break;
	if (number == DEVICES_MAX || !exists("/sys/block/nbd%d", number))
		number = number ? -ENOSPC : -ENODEV;
	else
		reserved[number] = true;
	pthread_mutex_unlock(&lock);
	return number;
}

static void unreserve(int number)
{
	pthread_mutex_lock(&lock);
	reserved[number] = false;
	pthread_mutex_unlock(&lock);
}

static int no_device(const struct disk_config *disk, int rc, struct error *error)
{
	char object[160];

	snprintf(object, sizeof(object), "disk %s", disk->target);
	if (rc == -ENODEV)
		return error_set(error, ERROR_RESOURCES, object,
				 "load it: modprobe nbd nbds_max=64",
				 "is of format %s, which needs the kernel module nbd", disk->format);
	return error_set(error, ERROR_RESOURCES, object,
			 "destroy a domain with such a disk, or load nbd with a higher nbds_max",
			 "is of format %s, and all /dev/nbdN are in use", disk->format);
}

int nbd_start(struct nbd *nbd, const struct disk_config *disk, struct error *error)
{
	char connect[64], format[32], log[192];
	/* Verbose is how it is told not to fork: the process started is the one that serves. */
	char *argv[] = {
		"qemu-nbd", "--verbose", connect, format, disk->direct ? "--cache=none" : "--cache=writeback",
		disk->discard ? "--discard=unmap" : "--discard=ignore", nbd->tag,
		disk->readonly ? "--read-only" : "--shared=1", "--", disk->source, NULL
	};
	int rc;

	spawn_module("nbd");
	nbd->number = reserve();
	if (nbd->number < 0)
		return no_device(disk, nbd->number, error);
	snprintf(nbd->device, sizeof(nbd->device), "/dev/nbd%d", nbd->number);
	snprintf(connect, sizeof(connect), "--connect=%s", nbd->device);
	snprintf(format, sizeof(format), "--format=%s", disk->format);
	log_path(nbd->tag, log, sizeof(log));
	unlink(log);
	rc = spawn_start(argv, log, &nbd->server);
	if (rc) {
		unreserve(nbd->number);
		return error_set(error, ERROR_RESOURCES, "qemu-nbd",
				 "install it: apt-get install qemu-utils",
				 "cannot be started for disk %s: %s", disk->target, strerror(-rc));
	}
	return 0;
}

/* What the server had to say, on one line. */
static void read_complaint(const char *tag, char *text, size_t size)
{
	char path[192];
	ssize_t length = 0;
	int fd;

	log_path(tag, path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		length = read(fd, text, size - 1);
		close(fd);
	}
	text[length > 0 ? length : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (!*text)
		snprintf(text, size, "it said nothing");
}

/* Connected, and with the image's size known. */
static bool ready(const struct nbd *nbd)
{
	char path[64], text[32] = "";
	int fd;

	if (!exists("/sys/block/nbd%d/pid", nbd->number))
		return false;
	snprintf(path, sizeof(path), "/sys/block/nbd%d/size", nbd->number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strtoull(text, NULL, 10) > 0;
}

int nbd_wait(struct nbd *nbd, const struct disk_config *disk, struct error *error)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	char complaint[256], object[160];
	int rc = 0;

	snprintf(object, sizeof(object), "disk %s", disk->target);
	for (unsigned int waited = 0; !rc && !ready(nbd); waited += 5) {
		if (!spawn_lives(nbd->server, nbd->tag)) {
			read_complaint(nbd->tag, complaint, sizeof(complaint));
			rc = error_set(error, ERROR_CONFIG, object,
				       "check the image: qemu-img check FILE",
				       "qemu-nbd cannot open %s as %s: %s", disk->source,
				       disk->format, complaint);
		} else if (waited >= READY_MS) {
			rc = error_set(error, ERROR_TIMEOUT, object, "see dmesg for /dev/nbd errors",
				       "qemu-nbd did not connect %s within %d s", disk->source,
				       READY_MS / 1000);
			nbd_stop(nbd->tag, nbd->server);
		}
		nanosleep(&pause, NULL);
	}
	unreserve(nbd->number);
	return rc;
}

static void stop_server(const char *tag, pid_t server)
{
	if (!spawn_stop(server, tag, STOP_MS))
		log_warning("process %d (qemu-nbd %s) does not end", (int)server, tag);
}

void nbd_stop(const char *tag, pid_t server)
{
	pid_t unrecorded;
	char log[192];

	if (server)
		stop_server(tag, server);
	/* A tenond that was killed may have started one without having noted its number. */
	unrecorded = spawn_find(tag);
	if (unrecorded)
		stop_server(tag, unrecorded);
	log_path(tag, log, sizeof(log));
	unlink(log);
	unlink(tag_path(tag));
}
