/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables over a domain's life, and what the domain builder asks of them. */
#include "domain/domain.h"
#include "grant/mapping.h"
#include "grant/table.h"
#include "hypercall/hypercall.h"
#include "lib/log.h"

#define RELEASES_PER_CHECK 64

int grant_domain_init(struct domain *d, uint32_t max_frames)
{
	struct grant_domain *g = &d->grant;

	if (max_frames > GRANT_MAX_FRAMES)
		return -EINVAL;
	spin_init(&g->lock);
	spin_init(&g->map_lock);
	g->max_frames = max_frames ? max_frames : GRANT_DEFAULT_FRAMES;
	g->map_limit = MAP_LIMIT_PAGES * MAPS_PER_PAGE;
	g->map_free = MAP_NONE;
	g->parts = heap_alloc_for(d, g->max_frames * PARTS_PER_FRAME * sizeof(*g->parts));
	return g->parts ? 0 : -ENOMEM;
}

/*
 * No vcpu of d runs any more, so nothing reaches the frames through its page
 * tables, whose entries hold references of their own until they are taken
 * apart.  What others have mapped of d stays, and keeps d, until they unmap.
 */
int grant_domain_relinquish(struct domain *d)
{
	struct grant_domain *g = &d->grant;

	while (g->map_next_release < g->map_count) {
		uint32_t handle = g->map_next_release++;
		struct grant_mapping *map = mapping_claim(d, handle);

		if (map)
			mapping_release(d, handle, map);
		if (!(g->map_next_release % RELEASES_PER_CHECK) && hypercall_preempt_check())
			return -ERESTART;
	}
	return 0;
}

void grant_domain_free(struct domain *d)
{
	struct grant_domain *g = &d->grant;

	for (uint32_t i = 0; i < g->frames * PARTS_PER_FRAME; i++) {
		page_free_for(d, g->parts[i].active);
		if (i % PARTS_PER_FRAME)
			continue;
		frame_unshare(virt_to_mfn(g->parts[i].shared));
		page_free_for(d, g->parts[i].shared);
	}
	for (uint32_t i = 0; i < g->map_count / MAPS_PER_PAGE; i++)
		page_free_for(d, g->maps[i]);
	if (g->maps)
		heap_free_for(d, g->maps, MAP_LIMIT_PAGES * sizeof(*g->maps));
	heap_free_for(d, g->parts, g->max_frames * PARTS_PER_FRAME * sizeof(*g->parts));
	*g = (struct grant_domain){ .map_free = MAP_NONE };
}

int grant_shared_frame(struct domain *d, uint32_t idx, mfn_t *mfn)
{
	int r;

	if (idx >= d->grant.max_frames)
		return -EINVAL;
	spin_lock(&d->grant.lock);
	r = grant_grow(d, idx + 1);
	spin_unlock(&d->grant.lock);
	if (!r)
		*mfn = virt_to_mfn(d->grant.parts[idx * PARTS_PER_FRAME].shared);
	return r;
}

int grant_seed(struct domain *d, uint32_t ref, uint16_t peer, mfn_t mfn)
{
	struct hc_grant_entry_v1 *entry;
	mfn_t table;
	int r;

	if (mfn > UINT32_MAX)
		return -EINVAL;
	r = grant_shared_frame(d, ref / GRANTS_PER_FRAME, &table);
	if (r)
		return r;
	entry = grant_part_of(d, ref)->shared + ref % GRANTS_PER_PART;
	WRITE_ONCE(entry->frame, mfn);
	WRITE_ONCE(entry->domid, peer);
	__atomic_store_n(&entry->flags, HC_GTF_PERMIT_ACCESS, __ATOMIC_RELEASE);
	return 0;
}

void grant_dump(struct domain *d)
{
	log_info("d%u grants: %u of %u frames, %u handles", d->id, d->grant.frames,
		 d->grant.max_frames, d->grant.map_count);
	for (uint32_t ref = 0; ref < READ_ONCE(d->grant.frames) * GRANTS_PER_FRAME; ref++) {
		struct grant_active *active = grant_active_of(d, ref);

		if (active && active->pins)
			log_info("  ref %u: frame 0x%x, d%u, %u readers, %u writers", ref, active->frame,
				 active->user, active->pins % PIN_WRITE, active->pins / PIN_WRITE);
	}
}
