/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's NBD driver, by its generic netlink interface
 * (linux/nbd-netlink.h): devices are made as they are needed, bear a mark by
 * which they can be found, and need no process that stays in a system call.
 */
#ifndef TENOND_DEVICE_NBD_LINK_H
#define TENOND_DEVICE_NBD_LINK_H

#include <stddef.h>
#include <stdint.h>

/* What the server said of its export. */
struct nbd_export {
	uint64_t size;		/* bytes */
	uint16_t flags;		/* NBD_FLAG_* of the protocol, as linux/nbd.h */
};

/*
 * Give a connected and negotiated socket to a device that nobody uses; mark
 * says whose it is.  Returns the device's number, or a negative errno; -ENOENT
 * without the driver.
 */
int nbd_link_connect(int socket, const struct nbd_export *export, const char *mark);

/* Let a device disconnect by itself when its last user closes it. */
int nbd_link_release_on_close(int number, const char *mark);

/* End a device's connection; its requests fail. */
int nbd_link_disconnect(int number);

/* The device that bears a mark, or -ENOENT. */
int nbd_link_find(const char *mark);

#endif
