// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * qemu-nbd servers and the devices connected to them.
 */
#include "nbd.h"
#include "nbd_client.h"
#include "nbd_link.h"
#include "spawn.h"
#include "../log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define READY_MS	20000	/* until qemu-nbd listens; it then has as long again to open the image */
#define STOP_MS		5000	/* until qemu-nbd has flushed */

void nbd_tag(const char *run_dir, const char *uuid, const char *target, char *tag, size_t size)
{
	snprintf(tag, size, "--socket=%s/nbd/%s-%s.sock", run_dir, uuid, target);
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

int nbd_start(struct nbd *nbd, const struct disk_config *disk, struct error *error)
{
	char format[32], log[192];
	char *argv[] = {
		"qemu-nbd", nbd->tag, format, disk->direct ? "--cache=none" : "--cache=writeback",
		disk->discard ? "--discard=unmap" : "--discard=ignore",
		disk->readonly ? "--read-only" : "--shared=1", "--", disk->source, NULL
	};
	int rc;

	spawn_module("nbd");
	snprintf(format, sizeof(format), "--format=%s", disk->format);
	log_path(nbd->tag, log, sizeof(log));
	unlink(log);
	unlink(tag_path(nbd->tag));
	rc = spawn_start(argv, log, &nbd->server);
	if (rc)
		return error_set(error, ERROR_RESOURCES, "qemu-nbd",
				 "install it: apt-get install qemu-utils",
				 "cannot be started for disk %s: %s", disk->target, strerror(-rc));
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

static int no_server(const struct nbd *nbd, const struct disk_config *disk, int rc, struct error *error)
{
	char complaint[256], object[160];

	snprintf(object, sizeof(object), "disk %s", disk->target);
	if (spawn_lives(nbd->server, nbd->tag))
		return error_set(error, ERROR_TIMEOUT, object, "is dom0 overloaded?",
				 "qemu-nbd does not serve %s: %s", disk->source, strerror(-rc));
	read_complaint(nbd->tag, complaint, sizeof(complaint));
	return error_set(error, ERROR_CONFIG, object, "check the image: qemu-img check FILE",
			 "qemu-nbd cannot open %s as %s: %s", disk->source, disk->format, complaint);
}

/*
 * The server's socket, agreed upon, or a negative errno and *error.  It
 * listens before it has opened the image, and hangs up if it cannot.
 */
static int await_server(const struct nbd *nbd, const struct disk_config *disk,
			struct nbd_export *export, struct error *error)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	unsigned int waited = 0;
	int fd;

	while ((fd = nbd_client_connect(tag_path(nbd->tag), export)) < 0) {
		if (fd == -ETIMEDOUT || waited >= READY_MS || !spawn_lives(nbd->server, nbd->tag))
			return no_server(nbd, disk, fd, error);
		nanosleep(&pause, NULL);
		waited += 5;
	}
	return fd;
}

static int no_device(const struct disk_config *disk, int rc, struct error *error)
{
	char object[160];

	snprintf(object, sizeof(object), "disk %s", disk->target);
	if (rc == -ENOENT)
		return error_set(error, ERROR_RESOURCES, object, "load it: modprobe nbd",
				 "is of format %s, which needs the kernel module nbd", disk->format);
	return error_set(error, ERROR_RESOURCES, object, "see dmesg for messages of nbd",
			 "no NBD device can be connected to qemu-nbd: %s", strerror(-rc));
}

/* Connect a device and hold it; it shall disconnect when whoever has it last lets go. */
static int connect_device(struct nbd *nbd, int socket, const struct nbd_export *export, bool readonly)
{
	int number = nbd_link_connect(socket, export, nbd->tag), fd, rc;

	if (number < 0)
		return number;
	snprintf(nbd->device, sizeof(nbd->device), "/dev/nbd%d", number);
	fd = open(nbd->device, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (fd < 0) {
		rc = -errno;
		nbd_link_disconnect(number);
		return rc;
	}
	rc = nbd_link_release_on_close(number, nbd->tag);
	if (!rc)
		return fd;
	nbd_link_disconnect(number);
	close(fd);
	return rc;
}

int nbd_wait(struct nbd *nbd, const struct disk_config *disk, struct error *error)
{
	struct nbd_export export;
	int socket = await_server(nbd, disk, &export, error), fd;

	if (socket < 0) {
		nbd_stop(nbd->tag, nbd->server);
		return socket;
	}
	fd = connect_device(nbd, socket, &export, disk->readonly);
	close(socket);		/* the kernel has its own reference */
	if (fd >= 0)
		return fd;
	nbd_stop(nbd->tag, nbd->server);
	return no_device(disk, fd, error);
}

void nbd_disconnect(const char *tag)
{
	int number = nbd_link_find(tag);

	if (number >= 0)
		nbd_link_disconnect(number);
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

	nbd_disconnect(tag);
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
