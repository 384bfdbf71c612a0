// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Disks: raw files by loop devices, block devices as they are, everything
 * else by qemu-nbd.
 */
#include "block.h"
#include "loop.h"
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int start_failed(const struct disk_config *disk, int rc, struct error *error)
{
	char object[160];

	snprintf(object, sizeof(object), "disk %s", disk->target);
	if (rc == -ENODEV && !disk->block)
		return error_set(error, ERROR_RESOURCES, object, "load it: modprobe loop",
				 "%s needs a loop device, and dom0 has no loop driver", disk->source);
	if (rc == -EOPNOTSUPP && disk->direct)
		return error_set(error, ERROR_CONFIG, object, "leave out cache='none', or put it on another file system",
				 "%s lies where dom0 cannot bypass its page cache", disk->source);
	return error_set(error, rc == -ENOMEM ? ERROR_RESOURCES : ERROR_CONFIG, object,
			 disk->readonly ? "check the path and its permissions" :
			 "check the path and its permissions, or make the disk <readonly/>",
			 "%s cannot be opened: %s", disk->source, strerror(-rc));
}

int block_start(const struct host *host, const char *uuid, const struct disk_config *disk,
		struct block *block, struct error *error)
{
	*block = (struct block){ .fd = -1 };
	if (strcmp(disk->format, "raw")) {
		nbd_tag(host->run_dir, uuid, disk->target, block->nbd.tag, sizeof(block->nbd.tag));
		return nbd_start(&block->nbd, disk, error);
	}
	if (disk->block) {
		block->fd = open(disk->source, (disk->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
		if (block->fd < 0)
			return start_failed(disk, -errno, error);
		return 0;
	}
	block->fd = loop_attach(disk->source, disk->readonly, disk->direct, block->device,
				sizeof(block->device));
	return block->fd < 0 ? start_failed(disk, block->fd, error) : 0;
}

int block_wait(struct block *block, const struct disk_config *disk, struct error *error)
{
	struct stat info;

	if (block->nbd.server) {
		block->fd = nbd_wait(&block->nbd, disk, error);
		if (block->fd < 0)
			return block->fd;
		snprintf(block->device, sizeof(block->device), "%s", block->nbd.device);
	}
	if (fstat(block->fd, &info) || !S_ISBLK(info.st_mode))
		return start_failed(disk, -ENOTBLK, error);
	block->major = major(info.st_rdev);
	block->minor = minor(info.st_rdev);
	return 0;
}

bool block_serving(const struct host *host, const char *uuid, const char *target, pid_t server)
{
	char tag[NBD_TAG];

	nbd_tag(host->run_dir, uuid, target, tag, sizeof(tag));
	return spawn_lives(server, tag);
}

void block_fail(const struct host *host, const char *uuid, const char *target)
{
	char tag[NBD_TAG];

	nbd_tag(host->run_dir, uuid, target, tag, sizeof(tag));
	nbd_disconnect(tag);
}

int block_flush(const struct disk_config *disk, const char *device, struct error *error)
{
	const char *path = *device ? device : disk->source;
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = fd < 0 || fsync(fd) ? -errno : 0;
	char object[160];

	if (fd >= 0)
		close(fd);
	snprintf(object, sizeof(object), "disk %s", disk->target);
	return rc ? error_set(error, ERROR_RESOURCES, object, "does its storage answer? see dmesg in dom0",
			      "%s: what the guest wrote last is not there: %s", path, strerror(-rc)) : 0;
}

void block_close(struct block *block)
{
	if (block->fd >= 0)
		close(block->fd);
	block->fd = -1;
}

void block_release(const struct host *host, const char *uuid, const char *target, pid_t server)
{
	char tag[NBD_TAG];

	nbd_tag(host->run_dir, uuid, target, tag, sizeof(tag));
	nbd_stop(tag, server);
}
