/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rings between a guest's disk and its backend, looked at from beside.
 */
#ifndef TENOND_RINGS_H
#define TENOND_RINGS_H

#include <stdint.h>

struct store_client;

/*
 * The guest is suspended and puts no more requests into the rings of a disk: wait until each that is there has its
 * response, which the backend gives when the disk has done it. A disk that its guest has not connected has no rings, and is
 * settled. 0, -ETIMEDOUT, or what the store or mapping a ring said.
 */
int rings_settle(struct store_client *store, uint16_t domid, uint32_t device_id, int timeout_ms);

#endif
