/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mapping other domains' frames by grant, and giving them back. */
#include "grant/map.h"

#include "domain/domain.h"
#include "grant/mapping.h"
#include "grant/pin.h"
#include "hypercall/hypercall.h"

#define MAP_FLAGS (MAP_PARTS | HC_GNTMAP_READONLY | HC_GNTMAP_APPLICATION_MAP | \
		   HC_GNTMAP_CONTAINS_PTE)

/* An entry of the list, and the words of its answer. */
struct map_entry {
	uint64_t host_addr;
	uint32_t flags, ref;
	union {
		struct {
			uint16_t dom;
			int16_t status;
			uint32_t handle;
		};
		uint64_t answer;
	};
};
_Static_assert(offsetof(struct hc_gnttab_map_grant_ref, dom) == 16 && sizeof(struct hc_gnttab_map_grant_ref) == 32 &&
	       offsetof(struct hc_gnttab_map_grant_ref, dev_bus_addr) == 24, "four words, and the third is answered");

static inline int read_entry(struct map_entry *e, uint64_t arg)
{
	uint64_t flags_ref;

	if (guest_read_three(&e->host_addr, &flags_ref, &e->answer, arg))
		return -EFAULT;
	e->flags = flags_ref;
	e->ref = flags_ref >> 32;
	return 0;
}

/* The mapping gets a reference to the granter, that of the list if it is the last of it. */
static __always_inline int16_t map_one(struct vcpu *v, struct granter *from, bool last, struct map_entry *e, mfn_t *mfn)
{
	bool write = !(e->flags & HC_GNTMAP_READONLY);
	struct domain *d = v->domain, *granter = from->domain;
	struct grant_mapping *map;
	struct grant grant;
	uint32_t handle;
	int16_t status;

	map = mapping_alloc(d, &handle);
	if (unlikely(!map))
		return HC_GNTST_NO_DEVICE_SPACE;
	status = grant_pin(granter, e->ref, d->id, write, &grant);
	if (unlikely(status != HC_GNTST_OKAY))
		goto free_handle;
	*mfn = grant.active->frame;
	if (e->flags & HC_GNTMAP_HOST_MAP && unlikely(grant_map_pte(v, e->host_addr, *mfn, e->flags))) {
		status = HC_GNTST_BAD_VIRT_ADDR;
		goto unpin;
	}
	if (likely(last))
		from->domain = NULL;
	else
		domain_ref(granter);
	map->granter = granter;
	map->grant = grant;
	mapping_store(map, e->flags & MAP_FLAGS);
	e->handle = handle;
	return HC_GNTST_OKAY;

unpin:
	grant_unpin(grant, write);
free_handle:
	mapping_free(d, handle, map);
	return status;
}

static inline int map_at(struct vcpu *v, uint64_t arg, struct granter *granter, bool last)
{
	struct map_entry e;
	mfn_t mfn = 0;

	if (unlikely(read_entry(&e, arg)))
		return -EFAULT;
	if (unlikely(!(e.flags & MAP_PARTS)))
		e.status = HC_GNTST_BAD_GNTREF;
	else if (unlikely(!granter_get(granter, e.dom)))
		e.status = HC_GNTST_BAD_DOMAIN;
	else
		e.status = map_one(v, granter, last, &e, &mfn);
	if (likely(e.status == HC_GNTST_OKAY) &&
	    unlikely(guest_write64(arg + offsetof(struct hc_gnttab_map_grant_ref, dev_bus_addr),
				   (uint64_t)mfn << PAGE_SHIFT)))
		return -EFAULT;
	return guest_write64(arg + offsetof(struct hc_gnttab_map_grant_ref, dom), e.answer);
}

long grant_map_list(uint64_t arg, uint32_t count)
{
	struct granter granter = { .domain = NULL };
	struct vcpu *v = current;
	uint32_t left;
	int r = 0;

	for (left = count; left; left--, arg += sizeof(struct hc_gnttab_map_grant_ref)) {
		if (grant_list_preempted(count, left))
			break;
		r = map_at(v, arg, &granter, left == 1);
		if (unlikely(r))
			break;
	}
	granter_put(&granter);
	return grant_list_end(HC_GNTTABOP_MAP_GRANT_REF, arg, left, r);
}

/* Both lists have entries of one shape; only what the second address means differs. */
union unmap_entry {
	struct hc_gnttab_unmap_grant_ref unmap;
	struct hc_gnttab_unmap_and_replace replace;
	uint64_t word[3];
};
_Static_assert(sizeof(union unmap_entry) == 24, "three words");

/* Remove what the caller names of a claimed mapping; its flags say what remains. */
static inline int16_t remove_parts(struct vcpu *v, struct grant_mapping *map, const union unmap_entry *op, bool replace)
{
	mfn_t mfn = map->grant.active->frame;

	if (unlikely(map->flags & HC_GNTMAP_DEVICE_MAP) && !replace && op->unmap.dev_bus_addr) {
		if (op->unmap.dev_bus_addr >> PAGE_SHIFT != mfn)
			return HC_GNTST_BAD_DEV_ADDR;
		map->flags &= ~HC_GNTMAP_DEVICE_MAP;
	}
	if (likely(map->flags & HC_GNTMAP_HOST_MAP && op->unmap.host_addr)) {
		if (unlikely(grant_unmap_pte(v, op->unmap.host_addr, mfn, replace ? op->replace.new_addr : 0,
					     map->flags)))
			return HC_GNTST_GENERAL_ERROR;
		map->flags &= ~HC_GNTMAP_HOST_MAP;
	}
	return HC_GNTST_OKAY;
}

/* Claimed handles between the removal of their entries and the flush that makes it final. */
struct unmappings {
	struct {
		struct grant_mapping *map;
		uint32_t handle;
	} of[GRANT_BATCH];
	uint32_t count;
};

/* No processor can reach the frames through the removed entries any more. */
static inline void unmap_end(struct domain *d, struct unmappings *batch)
{
	tlb_flush_mask(READ_ONCE(d->dirty_cpus));
	for (uint32_t i = 0; i < batch->count; i++) {
		struct grant_mapping *map = batch->of[i].map;

		if (unlikely(map->flags & MAP_PARTS))
			mapping_store(map, map->flags);
		else
			mapping_release(d, batch->of[i].handle, map);
	}
}

static inline int unmap_one(struct vcpu *v, uint64_t arg, bool replace, struct unmappings *batch)
{
	int16_t status = HC_GNTST_BAD_HANDLE;
	struct grant_mapping *map;
	union unmap_entry op;

	if (unlikely(guest_read_three(&op.word[0], &op.word[1], &op.word[2], arg)))
		return -EFAULT;
	map = mapping_claim(v->domain, op.unmap.handle);
	if (likely(map)) {
		batch->of[batch->count].map = map;
		batch->of[batch->count++].handle = op.unmap.handle;
		status = remove_parts(v, map, &op, replace);
	}
	return copy_to_guest(arg + offsetof(union unmap_entry, unmap.status), &status, sizeof(status));
}

/* In batches: the entries of all of them out, one flush, then the granters get their frames back. */
static inline long unmap_list(uint64_t arg, uint32_t count, bool replace)
{
	struct vcpu *v = current;
	uint32_t left = count, in_batch;
	struct unmappings batch;
	int r = 0;

	do {
		batch.count = 0;
		for (in_batch = MIN(left, GRANT_BATCH); in_batch; in_batch--, left--, arg += sizeof(union unmap_entry)) {
			r = unmap_one(v, arg, replace, &batch);
			if (unlikely(r))
				break;
		}
		unmap_end(v->domain, &batch);
	} while (unlikely(left) && !r && !hypercall_preempt_check());
	return grant_list_end(replace ? HC_GNTTABOP_UNMAP_AND_REPLACE : HC_GNTTABOP_UNMAP_GRANT_REF, arg, left, r);
}

long grant_unmap_list(uint64_t arg, uint32_t count)
{
	return unmap_list(arg, count, false);
}

long grant_replace_list(uint64_t arg, uint32_t count)
{
	return unmap_list(arg, count, true);
}
