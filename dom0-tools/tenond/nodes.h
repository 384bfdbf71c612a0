/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's nodes in the store, as stock guests and backends read them:
 * /local/domain/ID of the guest, /vm/UUID, and for each device a frontend
 * folder there and a backend folder in /local/domain/0/backend.  Also what
 * tenond reads back from a running guest.
 */
#ifndef TENOND_NODES_H
#define TENOND_NODES_H

#include "config.h"
#include "device/block.h"

#include "../build/build.h"
#include "../lib/store_client.h"

/*
 * What describes a new domain and its devices, in one transaction; and, when they are there, its rings, before it
 * is introduced to the store. 0 or a negative errno of the store.
 */
int nodes_create(struct store_client *store, uint16_t domid, const struct domain_config *config,
		 const struct block *blocks);
int nodes_put_rings(struct store_client *store, const struct build_result *built);

/* dom0's own nodes, which backends and tools expect. */
int nodes_create_host(struct store_client *store);

/* Tell the network backend that its interface is plugged. */
int nodes_set_plugged(struct store_client *store, uint16_t domid, unsigned int nic);

/* Ask a guest to do something: "poweroff", "reboot"; NULL takes the request back. */
int nodes_request(struct store_client *store, uint16_t domid, const char *what);

/* Whether a guest has taken note of the request, that is, cleared it. */
int nodes_request_seen(struct store_client *store, uint16_t domid, bool *seen);

/* Ask a guest to have the memory and the vcpus of its configuration; what the store says already is not written again. */
int nodes_resize(struct store_client *store, uint16_t domid, const struct domain_config *config);

/*
 * Whether a guest is up: its kernel listens to requests and has connected
 * each of its devices.
 */
int nodes_guest_up(struct store_client *store, uint16_t domid, bool *up);

/* What a backend complained about, one line; empty if nothing. */
void nodes_backend_error(struct store_client *store, uint16_t domid, const char *kind,
			 uint32_t device_id, char *text, size_t size);

/* The xenbus state of a frontend (1 to 8), 0: not known. */
unsigned int nodes_frontend_state(struct store_client *store, uint16_t domid, const char *kind,
				  uint32_t device_id);

/*
 * Removal.  First the devices' frontends, upon which backends let go; then,
 * when they have gone or their time is over, everything else.
 */
int nodes_close_devices(struct store_client *store, uint16_t domid);
int nodes_remove(struct store_client *store, uint16_t domid, const char *uuid);

/* Call take for each device that the store lists for a domain ("vbd", "vif"). */
int nodes_each_device(struct store_client *store, uint16_t domid, const char *kind,
		      void (*take)(uint32_t device_id, void *data), void *data);

#endif
