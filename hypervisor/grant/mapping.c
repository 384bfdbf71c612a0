/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of handles, in pages charged to the domain that maps. */
#include "grant/mapping.h"

#include "domain/domain.h"
#include "grant/table.h"

static struct grant_mapping *mapping_of(struct domain *d, uint32_t handle)
{
	return &d->grant.maps[handle / MAPS_PER_PAGE][handle % MAPS_PER_PAGE];
}

/* Under map_lock: one page of further handles, put in the free list lowest first. */
static bool add_page(struct domain *d)
{
	struct grant_domain *g = &d->grant;
	struct grant_mapping *page;

	if (g->map_count >= g->map_limit)
		return false;
	if (!g->maps) {
		g->maps = heap_alloc_for(d, MAP_LIMIT_PAGES * sizeof(*g->maps));
		if (!g->maps)
			return false;
	}
	page = page_alloc_for(d);
	if (!page)
		return false;
	g->maps[g->map_count / MAPS_PER_PAGE] = page;
	for (uint32_t i = 0; i < MAPS_PER_PAGE; i++)
		page[i].ref = g->map_count + i + 1;
	page[MAPS_PER_PAGE - 1].ref = g->map_free;
	g->map_free = g->map_count;
	__atomic_store_n(&g->map_count, g->map_count + MAPS_PER_PAGE, __ATOMIC_RELEASE);
	return true;
}

uint32_t mapping_alloc(struct domain *d)
{
	struct grant_domain *g = &d->grant;
	struct grant_mapping *map;
	uint32_t handle;

	spin_lock(&g->map_lock);
	if (g->map_free == MAP_NONE && !add_page(d)) {
		spin_unlock(&g->map_lock);
		return MAP_NONE;
	}
	handle = g->map_free;
	map = mapping_of(d, handle);
	g->map_free = map->ref;
	map->flags = MAP_CLAIMED;
	spin_unlock(&g->map_lock);
	return handle;
}

bool mapping_claim(struct domain *d, uint32_t handle, struct grant_mapping *out)
{
	uint32_t count = __atomic_load_n(&d->grant.map_count, __ATOMIC_ACQUIRE);
	struct grant_mapping *map;
	uint16_t flags;

	if (handle >= count)
		return false;
	map = mapping_of(d, index_below(handle, count));
	flags = READ_ONCE(map->flags);
	if (!flags || flags & MAP_CLAIMED ||
	    !__atomic_compare_exchange_n(&map->flags, &flags, flags | MAP_CLAIMED, false,
					 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	/* Nobody else writes to it now. */
	*out = *map;
	out->flags = flags;
	return true;
}

void mapping_store(struct domain *d, uint32_t handle, const struct grant_mapping *map)
{
	struct grant_mapping *to = mapping_of(d, handle);

	to->granter = map->granter;
	to->ref = map->ref;
	__atomic_store_n(&to->flags, map->flags, __ATOMIC_RELEASE);
}

void mapping_free(struct domain *d, uint32_t handle)
{
	struct grant_domain *g = &d->grant;
	struct grant_mapping *map;

	spin_lock(&g->map_lock);
	map = mapping_of(d, handle);
	map->granter = NULL;
	map->flags = 0;
	map->ref = g->map_free;
	g->map_free = handle;
	spin_unlock(&g->map_lock);
}

void mapping_release(struct domain *d, uint32_t handle, const struct grant_mapping *map)
{
	grant_unpin(map->granter, map->ref, !(map->flags & HC_GNTMAP_READONLY));
	domain_put(map->granter);
	mapping_free(d, handle);
}
