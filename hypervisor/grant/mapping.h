/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Handles: what a domain has mapped of others' grants.  Private to grant/.
 *
 * Each holds one pin of the entry and a reference to the granter.  Who works on
 * a handle claims it first, so that two processors never undo the same one.
 */
#ifndef GRANT_MAPPING_H
#define GRANT_MAPPING_H

#include <hypercall/grant.h>

#include "lib/base.h"

struct domain;

#define MAP_NONE (~0u)
#define MAPS_PER_PAGE (PAGE_SIZE / sizeof(struct grant_mapping))
#define MAP_LIMIT_PAGES 1024

#define MAP_PARTS (HC_GNTMAP_HOST_MAP | HC_GNTMAP_DEVICE_MAP)
#define MAP_CLAIMED (1u << 15)	/* in flags: being made or undone */

struct grant_mapping {
	struct domain *granter;
	uint32_t ref;		/* while free: the next free handle */
	uint16_t flags;		/* HC_GNTMAP_* below bit 15, parts still there; 0: free */
	uint16_t pad;
};

/* A new handle, claimed; MAP_NONE: no memory or too many. */
uint32_t mapping_alloc(struct domain *d);
/* Claim an existing one and copy it out; false: free, claimed, or no such handle. */
bool mapping_claim(struct domain *d, uint32_t handle, struct grant_mapping *out);
/* End a claim: the mapping is now as given. */
void mapping_store(struct domain *d, uint32_t handle, const struct grant_mapping *map);
/* End a claim: the handle is free. */
void mapping_free(struct domain *d, uint32_t handle);
/* Drop pin and reference of a claimed mapping and free the handle. */
void mapping_release(struct domain *d, uint32_t handle, const struct grant_mapping *map);

#endif
