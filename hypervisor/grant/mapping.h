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

#include "grant/pin.h"

#define MAP_NONE (~0u)
#define MAPS_PER_PAGE (PAGE_SIZE / sizeof(struct grant_mapping))
#define MAP_LIMIT_PAGES 2048

#define MAP_PARTS (HC_GNTMAP_HOST_MAP | HC_GNTMAP_DEVICE_MAP)
#define MAP_CLAIMED (1u << 15)	/* in flags: being made or undone */

struct grant_mapping {
	struct domain *granter;
	struct grant grant;
	uint32_t next;		/* while free: the next free handle */
	uint16_t flags;		/* HC_GNTMAP_* below bit 15, parts still there; 0: free */
	uint16_t pad;
};

static inline struct grant_mapping *mapping_of(struct domain *d, uint32_t handle)
{
	return &d->grant.maps[handle / MAPS_PER_PAGE][handle % MAPS_PER_PAGE];
}

/* With map_lock, where no handle is free: more of them.  False: no memory, or too many. */
bool mapping_add_page(struct domain *d);

/* A new handle, claimed; NULL: none. */
static inline struct grant_mapping *mapping_alloc(struct domain *d, uint32_t *handle)
{
	struct grant_domain *g = &d->grant;
	struct grant_mapping *map = NULL;

	spin_lock(&g->map_lock);
	if (likely(g->map_free != MAP_NONE) || mapping_add_page(d)) {
		*handle = g->map_free;
		map = mapping_of(d, *handle);
		g->map_free = map->next;
		map->flags = MAP_CLAIMED;
	}
	spin_unlock(&g->map_lock);
	return map;
}

/* Claim an existing one: nobody else writes to it then.  NULL: free, claimed, or no such handle. */
static inline struct grant_mapping *mapping_claim(struct domain *d, uint32_t handle)
{
	uint32_t count = __atomic_load_n(&d->grant.map_count, __ATOMIC_ACQUIRE);
	struct grant_mapping *map;
	uint16_t flags;

	if (unlikely(handle >= count))
		return NULL;
	map = mapping_of(d, index_below(handle, count));
	flags = READ_ONCE(map->flags);
	return likely(flags && !(flags & MAP_CLAIMED) &&
		      __atomic_compare_exchange_n(&map->flags, &flags, flags | MAP_CLAIMED, false,
						  __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) ? map : NULL;
}

/* End a claim: these parts are there. */
static inline void mapping_store(struct grant_mapping *map, uint16_t flags)
{
	__atomic_store_n(&map->flags, flags & ~MAP_CLAIMED, __ATOMIC_RELEASE);
}

/* End a claim: the handle is free. */
static inline void mapping_free(struct domain *d, uint32_t handle, struct grant_mapping *map)
{
	struct grant_domain *g = &d->grant;

	spin_lock(&g->map_lock);
	map->flags = 0;
	map->next = g->map_free;
	g->map_free = handle;
	spin_unlock(&g->map_lock);
}

/* Drop pin and reference of a claimed mapping and free the handle. */
static inline void mapping_release(struct domain *d, uint32_t handle, struct grant_mapping *map)
{
	bool write = !(map->flags & HC_GNTMAP_READONLY);
	struct domain *granter = map->granter;
	struct grant grant = map->grant;

	mapping_free(d, handle, map);
	grant_unpin(grant, write);
	domain_put(granter);
}

#endif
