/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stock kernel's device backends, as sysfs shows them: "vbd-3-51712" or
 * "vif-3-0" exists from the moment that the backend has seen its nodes until
 * it has let go of everything.
 */
#ifndef TENOND_DEVICE_BACKEND_H
#define TENOND_DEVICE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Wait until a block backend has opened its device. */
bool backend_wait_opened(uint16_t domid, uint32_t device_id, unsigned int timeout_ms);

/* Where a backend is, for backend_wait_gone(); empty if it is not there. */
void backend_find(const char *kind, uint16_t domid, uint32_t device_id, char *path, size_t size);

/* Wait until a backend has gone. */
bool backend_wait_gone(const char *path, unsigned int timeout_ms);

#endif
