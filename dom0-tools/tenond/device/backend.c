// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Waiting for backends by looking at sysfs, which sends no notice of changes.
 */
#include "backend.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define FOLDER "/sys/bus/xen-backend/devices"

/* Wait until a path exists, or until it does not. */
static bool wait_path(const char *path, bool wanted, unsigned int timeout_ms)
{
	const struct timespec pause = { .tv_nsec = 2000000 };

	for (unsigned int waited = 0; !access(path, F_OK) != wanted; waited += 2) {
		if (waited >= timeout_ms)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

bool backend_wait_opened(uint16_t domid, uint32_t device_id, unsigned int timeout_ms)
{
	char path[128];

	snprintf(path, sizeof(path), FOLDER "/vbd-%u-%u/physical_device", domid, device_id);
	return wait_path(path, true, timeout_ms);
}

void backend_find(const char *kind, uint16_t domid, uint32_t device_id, char *path, size_t size)
{
	char link[128], resolved[PATH_MAX];

	/* The link on the bus goes before the driver has let go, the device itself after. */
	snprintf(link, sizeof(link), FOLDER "/%s-%u-%u", kind, domid, device_id);
	path[0] = '\0';
	if (realpath(link, resolved))
		snprintf(path, size, "%s", resolved);
}

bool backend_wait_gone(const char *path, unsigned int timeout_ms)
{
	return !*path || wait_path(path, false, timeout_ms);
}
