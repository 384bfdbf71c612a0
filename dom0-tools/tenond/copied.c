// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files of disks that come with a guest. They are made under their second name, and get the first one only where
 * nobody has it.
 */
#include "copied.h"
#include "device/spawn.h"
#include "log.h"
#include "save.h"
#include "taken.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define USED_MAX	((json_int_t)1 << 56)

static void disk_object(const struct disk_config *disk, char object[160])
{
	snprintf(object, 160, "disk %s", disk->target);
}

/* The second name of a disk's file; false: it would be too long for one. */
static bool coming_name(const struct domain_config *config, const struct disk_config *disk, char path[PATH_MAX])
{
	const char *slash = strrchr(disk->source, '/');
	char uuid[UUID_STR_LEN];
	size_t length;

	uuid_unparse_lower(config->uuid, uuid);
	length = (size_t)snprintf(path, PATH_MAX, "%s.%s.coming", disk->source, uuid);
	return length < PATH_MAX && length - (size_t)(slash + 1 - disk->source) <= NAME_MAX;
}

bool copied_goes(const struct disk_config *disk)
{
	return !disk->block && !disk->readonly;
}

static json_int_t device_size(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

	if (fd >= 0)
		close(fd);
	return size;
}

json_t *copied_propose(const struct domain_config *config, const struct record *record)
{
	json_t *going = json_object();

	for (unsigned int i = 0; i < config->disk_count && i < record->disk_count; i++) {
		const struct disk_config *disk = &config->disks[i];
		struct stat info;
		json_int_t size;

		if (!copied_goes(disk) || stat(disk->source, &info))
			continue;
		/* A raw file may be longer than its device, by less than a sector. */
		size = strcmp(disk->format, "raw") ? device_size(record->disks[i].device) : info.st_size;
		json_object_set_new(going, disk->target, json_pack("{s:I, s:I}", "size", size, "used",
								   (json_int_t)info.st_blocks * 512));
	}
	return going;
}

static json_int_t coming_number(json_t *coming, const struct disk_config *disk, const char *member)
{
	return json_integer_value(json_object_get(json_object_get(coming, disk->target), member));
}

bool copied_comes(json_t *coming, const struct disk_config *disk)
{
	return coming && copied_goes(disk) && json_object_get(coming, disk->target);
}

/* Whether a file is one that was being made when this host lost its power. */
static bool is_left(const struct host *host, const struct domain_config *config, const struct disk_config *disk)
{
	char path[PATH_MAX], uuid[UUID_STR_LEN];
	struct stat file, other;

	uuid_unparse_lower(config->uuid, uuid);
	return coming_name(config, disk, path) && !taken_find(host, uuid) && !stat(path, &other) &&
	       !stat(disk->source, &file) && other.st_ino == file.st_ino &&
	       other.st_dev == file.st_dev;
}

static void folder_of(const struct disk_config *disk, char folder[PATH_MAX])
{
	char *slash;

	snprintf(folder, PATH_MAX, "%s", disk->source);
	slash = strrchr(folder, '/');
	slash[slash == folder] = '\0';
}

/* What the other host says may be anything; that much is nowhere, and so many of it can be added. */
static json_int_t bytes_used(json_t *coming, const struct disk_config *disk)
{
	json_int_t used = coming_number(coming, disk, "used");

	return used < 0 || used > USED_MAX ? USED_MAX : used;
}

/* Bytes that disks up to this one need in its file system. */
static json_int_t bytes_needed(const struct domain_config *config, unsigned int index, json_t *coming,
			       unsigned long fsid)
{
	json_int_t needed = 0;

	for (unsigned int i = 0; i <= index; i++) {
		char folder[PATH_MAX];
		struct statvfs info;

		folder_of(&config->disks[i], folder);
		if (copied_comes(coming, &config->disks[i]) && !statvfs(folder, &info) &&
		    info.f_fsid == fsid)
			needed += bytes_used(coming, &config->disks[i]);
	}
	return needed;
}

static void check_disk(const struct host *host, const struct domain_config *config, unsigned int index,
		       json_t *coming, struct errors *errors)
{
	const struct disk_config *disk = &config->disks[index];
	char object[160], folder[PATH_MAX], path[PATH_MAX];
	struct statvfs info;
	json_int_t needed, room;

	disk_object(disk, object);
	if (!coming_name(config, disk, path)) {
		errors_note(errors, error_set(errors_next(errors), ERROR_CONFIG, object,
					      "give it a shorter name: while it comes 44 characters are added",
					      "the name of %.200s is too long", disk->source));
		return;
	}
	folder_of(disk, folder);
	if (!access(disk->source, F_OK) && !is_left(host, config, disk))
		errors_note(errors, error_set(errors_next(errors), ERROR_EXISTS, object,
					      "remove or rename it; if hosts share it, it needs no copy",
					      "%s is there already", disk->source));
	if (access(folder, W_OK) || statvfs(folder, &info)) {
		errors_note(errors, error_set(errors_next(errors), ERROR_CONFIG, object,
					      "make the folder on this host too", "%s cannot be written to: %s",
					      folder, strerror(errno)));
		return;
	}
	needed = bytes_needed(config, index, coming, info.f_fsid);
	room = (json_int_t)(info.f_bavail * info.f_frsize);
	if (needed > room)
		errors_note(errors, error_set(errors_next(errors), ERROR_RESOURCES, object, "make room there",
					      "%lld MiB are needed in %s, and %lld MiB are free",
					      (long long)(needed + (1 << 20) - 1) >> 20, folder,
					      (long long)room >> 20));
}

void copied_check(const struct host *host, const struct domain_config *config, json_t *coming,
		  struct errors *errors)
{
	for (unsigned int i = 0; i < config->disk_count; i++)
		if (copied_comes(coming, &config->disks[i]))
			check_disk(host, config, i, coming, errors);
}

/* A new file with so many bytes of zeros as the guest sees it. */
static int make_image(const struct disk_config *disk, const char *path, json_int_t size)
{
	char text[32], format[32];
	char *argv[] = { "qemu-img", "create", "-q", "-f", format, (char *)path, text, NULL };
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc = fd < 0 ? -errno : 0;

	if (rc)
		return rc;
	if (!strcmp(disk->format, "raw")) {
		rc = ftruncate(fd, size) ? -errno : 0;
	} else {
		snprintf(text, sizeof(text), "%lld", (long long)size);
		snprintf(format, sizeof(format), "%s", disk->format);
		rc = spawn_run(argv);
	}
	if (!rc && fsync(fd))
		rc = -errno;
	close(fd);
	return rc > 0 ? -EIO : rc;
}

static int make_disk(const struct domain_config *config, const struct disk_config *disk, json_int_t size,
		     struct error *error)
{
	char path[PATH_MAX], object[160];
	int rc;

	if (!coming_name(config, disk, path))
		rc = -ENAMETOOLONG;
	else
		rc = size > 0 ? make_image(disk, path, size) : -EINVAL;
	if (!rc && link(path, disk->source))
		rc = -errno;
	if (!rc)
		rc = save_sync_folder(disk->source);
	disk_object(disk, object);
	return rc ? error_set(error, rc == -ENOSPC ? ERROR_RESOURCES : ERROR_CONFIG, object,
			      "look at the folder; a format beside raw needs qemu-img",
			      "%s cannot be made, of %s: %s", disk->source, disk->format, strerror(-rc)) : 0;
}

int copied_make(const struct domain_config *config, json_t *coming, struct error *error)
{
	int rc = 0;

	for (unsigned int i = 0; i < config->disk_count && !rc; i++)
		if (copied_comes(coming, &config->disks[i]))
			rc = make_disk(config, &config->disks[i],
				       coming_number(coming, &config->disks[i], "size"), error);
	return rc;
}

void copied_keep(const struct domain_config *config)
{
	char path[PATH_MAX];

	for (unsigned int i = 0; i < config->disk_count; i++)
		if (copied_goes(&config->disks[i]) && coming_name(config, &config->disks[i], path) &&
		    unlink(path) && errno != ENOENT)
			log_warning("%s cannot be removed: %s", path, strerror(errno));
}

void copied_remove(const struct domain_config *config)
{
	for (unsigned int i = 0; i < config->disk_count; i++) {
		const struct disk_config *disk = &config->disks[i];
		struct stat file, other;
		char path[PATH_MAX];

		if (!copied_goes(disk) || !coming_name(config, disk, path) || stat(path, &other))
			continue;
		if (!stat(disk->source, &file) && file.st_ino == other.st_ino && file.st_dev == other.st_dev)
			unlink(disk->source);
		unlink(path);
	}
}
