/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the store needs of the hypervisor and of the kernel's drivers for it:
 * the only file that knows devices.  Unit tests put another one in its place.
 */
#ifndef STORED_HV_H
#define STORED_HV_H

#include <stdbool.h>
#include <stdint.h>

#include <hypercall/store.h>

#include <ports.h>

struct hc_handle;

struct hv {
	struct hc_handle *handle;
	struct ports ports;
	int grants;
	bool can_ask;		/* the hypervisor answers questions about domains */
	uint32_t death_port;	/* fires when a domain's state changes */
};

struct hv_ring {
	struct hc_store_domain_interface *page;
	bool granted;		/* mapped by grant, else as foreign memory */
	bool own;		/* the kernel's own */
};

enum hv_state {
	HV_ALIVE,
	HV_SHUTDOWN,		/* stopped running, still there */
	HV_GONE,		/* being destroyed, or unknown */
};

/* Opens the devices and binds the event of domains' deaths.  0 or a negative errno. */
int hv_open(struct hv *hv);
void hv_close(struct hv *hv);

/* The ring of a guest: by the grant reserved for it, else by its frame. */
int hv_map_ring(struct hv *hv, uint16_t domid, uint64_t mfn, struct hv_ring *ring);

/* The ring of this kernel, and the port that waits for the daemon. */
int hv_map_own_ring(struct hv *hv, struct hv_ring *ring, uint32_t *port);
void hv_unmap_ring(struct hv *hv, struct hv_ring *ring);

/* Binds to a domain's port for owner; returns the local one. */
int hv_bind(struct hv *hv, uint16_t domid, uint32_t remote_port, void *owner);
void hv_unbind(struct hv *hv, uint32_t port);
void hv_notify(struct hv *hv, uint32_t port);
void hv_unmask(struct hv *hv, uint32_t port);

/*
 * Takes one event: 1, or 0 when there is none.  *owner is who bound its port,
 * which stays masked until hv_unmask(), or NULL: some domain's state may have
 * changed.
 */
int hv_next_event(struct hv *hv, void **owner);

/* HV_ALIVE also where the hypervisor does not tell. */
enum hv_state hv_state(struct hv *hv, uint16_t domid);

#endif
