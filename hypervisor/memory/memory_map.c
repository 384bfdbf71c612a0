// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parts of memory_op that tell what memory looks like: memory maps, the
 * machine-to-phys table, and frames that tools may map.
 */
#include <hypercall/memory.h>

#include "domain/domain.h"
#include "grant/grant.h"
#include "hypercall/hypercall.h"
#include "hypercall/operation.h"
#include "memory/pagetable.h"
#include "memory/reservation.h"

/* Frames that 2 MiB of the table describe. */
#define M2P_EXTENT_FRAMES (0x200000 / sizeof(uint64_t))

/* The machine's own: what the firmware said. */
static long machine_map(void *arg)
{
	struct hc_memory_map *map = arg;
	uint32_t n;

	n = MIN(map->nr_entries, memory_map_count);
	for (uint32_t i = 0; i < n; i++) {
		struct hc_e820_entry e = {
			.addr = memory_map[i].start,
			.size = memory_map[i].end - memory_map[i].start,
			.type = memory_map[i].type,
		};

		if (copy_to_guest(map->buffer + i * sizeof(e), &e, sizeof(e)))
			return -EFAULT;
	}
	map->nr_entries = n;
	return 0;
}

/* What the domain's builder said. */
static long own_map(void *arg)
{
	struct memory_domain *m = &current->domain->memory;
	struct hc_e820_entry entries[HC_E820_MAX / 4];
	struct hc_memory_map *map = arg;
	uint32_t n;

	spin_lock(&m->page_lock);
	n = MIN(MIN(map->nr_entries, m->map_count), ARRAY_SIZE(entries));
	for (uint32_t i = 0; i < n; i++)
		entries[i] = m->map[i];
	spin_unlock(&m->page_lock);
	if (!n)
		return -ENOSYS;		/* the guest makes up its own then */
	if (copy_to_guest(map->buffer, entries, n * sizeof(entries[0])))
		return -EFAULT;
	map->nr_entries = n;
	return 0;
}

static long set_map(void *arg)
{
	struct hc_foreign_memory_map *f = arg;
	struct hc_e820_entry *new, *old;
	uint32_t old_count;
	struct domain *d;
	long rc;

	if (!f->map.nr_entries || f->map.nr_entries > HC_E820_MAX / 4)
		return -EINVAL;
	rc = domain_get_target(f->domid, &d);
	if (rc)
		return rc;
	rc = -ENOMEM;
	new = heap_alloc_for(d, f->map.nr_entries * sizeof(*new));
	if (!new)
		goto put;
	old = new;
	old_count = f->map.nr_entries;
	rc = -EFAULT;
	if (!copy_from_guest(new, f->map.buffer, f->map.nr_entries * sizeof(*new))) {
		spin_lock(&d->memory.page_lock);
		old = d->memory.map;
		old_count = d->memory.map_count;
		d->memory.map = new;
		d->memory.map_count = f->map.nr_entries;
		spin_unlock(&d->memory.page_lock);
		rc = 0;
	}
	heap_free_for(d, old, old_count * sizeof(*old));
put:
	domain_put(d);
	return rc;
}

static long m2p_mapping(void *arg)
{
	*(struct hc_machphys_mapping *)arg = (struct hc_machphys_mapping){
		.v_start = M2P_GUEST_VIRT,
		.v_end = HC_MACH2PHYS_VIRT_END,
		.max_mfn = memory_max_mfn - 1,
	};
	return 0;
}

/* Frame number of each 2 MiB of the table, for tools that map it; the one before for holes. */
static long m2p_list(void *arg)
{
	struct hc_machphys_mfn_list *l = arg;
	uint64_t mfn = 0;
	uint32_t i = 0;

	for (; i < l->max_extents && i * M2P_EXTENT_FRAMES < memory_max_mfn; i++) {
		uint64_t extent = m2p_extent(i);

		if (extent != MFN_INVALID)
			mfn = extent;
		if (copy_to_guest(l->extent_start + i * sizeof(mfn), &mfn, sizeof(mfn)))
			return -EFAULT;
	}
	l->nr_extents = i;
	return 0;
}

/* Grant-table frames of a domain, to be mapped as that domain's. */
static long acquire_resource(void *arg)
{
	struct hc_mem_acquire_resource *r = arg;
	struct domain *d;
	long rc;

	if (r->type != HC_MEM_RESOURCE_GRANT_TABLE || r->id != HC_MEM_RESOURCE_GRANT_TABLE_ID_SHARED)
		return -EOPNOTSUPP;
	rc = domain_get_target(r->domid, &d);
	if (rc)
		return rc;
	if (!r->nr_frames) {
		r->nr_frames = d->grant.max_frames;
		goto put;
	}
	if (r->pad || r->frame >= d->grant.max_frames ||
	    r->nr_frames > d->grant.max_frames - r->frame)
		rc = -EINVAL;
	for (uint32_t i = 0; i < r->nr_frames && !rc; i++) {
		mfn_t mfn;

		rc = grant_shared_frame(d, r->frame + i, &mfn);
		if (!rc)
			rc = copy_to_guest(r->frame_list + i * sizeof(mfn), &mfn, sizeof(mfn));
	}
put:
	domain_put(d);
	return rc;
}

static const struct operation operations[] = {
	[HC_MEM_MACHINE_MEMORY_MAP] = {
		machine_map, sizeof(struct hc_memory_map), OP_ANSWERS | OP_PRIVILEGED },
	[HC_MEM_MEMORY_MAP] = { own_map, sizeof(struct hc_memory_map), OP_ANSWERS },
	[HC_MEM_SET_MEMORY_MAP] = { set_map, sizeof(struct hc_foreign_memory_map), OP_PRIVILEGED },
	[HC_MEM_MACHPHYS_MAPPING] = { m2p_mapping, sizeof(struct hc_machphys_mapping), OP_ANSWERS },
	[HC_MEM_MACHPHYS_MFN_LIST] = {
		m2p_list, sizeof(struct hc_machphys_mfn_list), OP_ANSWERS | OP_PRIVILEGED },
	[HC_MEM_ACQUIRE_RESOURCE] = {
		acquire_resource, sizeof(struct hc_mem_acquire_resource), OP_ANSWERS },
};

long memory_map_op(unsigned int cmd, uint64_t arg)
{
	return operation_run(operations, ARRAY_SIZE(operations), cmd, arg);
}
