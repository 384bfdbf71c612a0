// SPDX-License-Identifier: GPL-2.0-or-later
/* An empty file for each, named by the guest's UUID. */
#include "taken.h"
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uuid/uuid.h>

static bool taken_path(const struct host *host, const char *uuid, char path[256])
{
	uuid_t parsed;

	/* What others ask for becomes a file's name. */
	return !uuid_parse(uuid, parsed) &&
	       snprintf(path, 256, "%s/taken/%s", host->state_dir, uuid) < 256;
}

static int make_folder(const struct host *host, char folder[256])
{
	snprintf(folder, 256, "%s/taken", host->state_dir);
	if (mkdir(host->state_dir, 0700) && errno != EEXIST)
		return -errno;
	if (!mkdir(folder, 0700))
		return folder_sync(host->state_dir);
	return errno == EEXIST ? 0 : -errno;
}

int taken_note(const struct host *host, const char *uuid)
{
	char path[256], folder[256];
	int fd, rc = taken_path(host, uuid, path) ? make_folder(host, folder) : -EINVAL;

	if (rc)
		return rc;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (fsync(fd))
		rc = -errno;
	close(fd);
	if (!rc)
		rc = folder_sync(folder);
	if (rc)
		unlink(path);
	return rc;
}

bool taken_find(const struct host *host, const char *uuid)
{
	char path[256];

	return taken_path(host, uuid, path) && !access(path, F_OK);
}

void taken_forget(const struct host *host, const char *uuid)
{
	char path[256], folder[256];

	if (!taken_path(host, uuid, path) || unlink(path))
		return;
	/* Back after a loss of power it would tell the sender that the guest had run here. */
	snprintf(folder, sizeof(folder), "%s/taken", host->state_dir);
	folder_sync(folder);
}
