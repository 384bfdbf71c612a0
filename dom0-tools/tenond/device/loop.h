/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loop devices for raw image files.  They clear themselves when their last
 * user closes them: a device that the guest's backend holds lives as long as
 * the backend, and one that nobody came to hold is gone with tenond itself.
 */
#ifndef TENOND_DEVICE_LOOP_H
#define TENOND_DEVICE_LOOP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Attach the file to a free device, whose name goes to path.  Returns a
 * descriptor which keeps the device until the backend has opened it, or a
 * negative errno: of opening the file, -ENODEV without the loop driver, -EOPNOTSUPP
 * where direct, and the file lies where dom0 cannot bypass its page cache.
 */
int loop_attach(const char *file, bool readonly, bool direct, char *path, size_t size);

#endif
