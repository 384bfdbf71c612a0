/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of handles, in pages charged to the domain that maps. */
#include "grant/mapping.h"

/* One page of further handles, put in the free list lowest first. */
bool mapping_add_page(struct domain *d)
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
		page[i].next = g->map_count + i + 1;
	page[MAPS_PER_PAGE - 1].next = g->map_free;
	g->map_free = g->map_count;
	__atomic_store_n(&g->map_count, g->map_count + MAPS_PER_PAGE, __ATOMIC_RELEASE);
	return true;
}
