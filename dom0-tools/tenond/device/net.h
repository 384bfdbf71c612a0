/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's network interface on dom0's side: the stock network backend makes
 * vifDOMID.INDEX once it has seen the store's nodes; here it gets its name,
 * its rules and its place in the bridge.
 */
#ifndef TENOND_DEVICE_NET_H
#define TENOND_DEVICE_NET_H

#include "../config.h"
#include "../error.h"

/* What the interface is called in dom0 once it is plugged. */
void net_device(uint16_t domid, unsigned int index, const struct nic_config *nic,
		char name[IFNAMSIZ]);

/* Whether a network device exists, and is a bridge. */
bool net_exists(const char *device);
bool net_is_bridge(const char *device);

/* Wait for the backend's interface, protect it, and put it into its bridge. */
int net_plug(uint16_t domid, unsigned int index, const struct nic_config *nic, struct error *error);

/* Remove the rules; the interface itself goes with its backend. */
void net_unplug(const char *device);

#endif
