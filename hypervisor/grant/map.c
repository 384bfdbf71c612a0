/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mapping other domains' frames by grant, and giving them back. */
#include "grant/map.h"

#include "domain/domain.h"
#include "grant/mapping.h"
#include "grant/table.h"
#include "hypercall/hypercall.h"

#define MAP_FLAGS (MAP_PARTS | HC_GNTMAP_READONLY | HC_GNTMAP_APPLICATION_MAP | \
		   HC_GNTMAP_CONTAINS_PTE)

/* With a reference to the granter, which the mapping takes over. */
static int16_t map_of(struct domain *granter, struct hc_gnttab_map_grant_ref *op)
{
	struct domain *d = current->domain;
	bool write = !(op->flags & HC_GNTMAP_READONLY);
	struct grant_mapping map = {
		.granter = granter, .ref = op->ref, .flags = op->flags & MAP_FLAGS,
	};
	uint32_t handle = mapping_alloc(d);
	int16_t status;
	mfn_t mfn;

	if (handle == MAP_NONE)
		return HC_GNTST_NO_DEVICE_SPACE;
	status = grant_pin(granter, op->ref, d->id, write, &mfn);
	if (status != HC_GNTST_OKAY)
		goto free_handle;
	if ((op->flags & HC_GNTMAP_HOST_MAP) &&
	    grant_map_pte(current, op->host_addr, mfn, op->flags)) {
		status = HC_GNTST_BAD_VIRT_ADDR;
		goto unpin;
	}
	mapping_store(d, handle, &map);
	op->handle = handle;
	op->dev_bus_addr = mfn << PAGE_SHIFT;
	return HC_GNTST_OKAY;

unpin:
	grant_unpin(granter, op->ref, write);
free_handle:
	mapping_free(d, handle);
	return status;
}

static int16_t map_one(struct hc_gnttab_map_grant_ref *op)
{
	struct domain *granter;
	int16_t status;

	if (!(op->flags & MAP_PARTS))
		return HC_GNTST_BAD_GNTREF;
	granter = domain_get(op->dom);
	if (!granter)
		return HC_GNTST_BAD_DOMAIN;
	status = map_of(granter, op);
	if (status != HC_GNTST_OKAY)
		domain_put(granter);
	return status;
}

long grant_map_list(uint64_t arg, uint32_t count)
{
	struct hc_gnttab_map_grant_ref op;
	uint32_t i;

	for (i = 0; i < count; i++, arg += sizeof(op)) {
		if (i && !(i % GRANT_BATCH) && hypercall_preempt_check())
			break;
		if (copy_from_guest(&op, arg, sizeof(op)))
			return -EFAULT;
		op.status = map_one(&op);
		if (copy_to_guest(arg, &op, sizeof(op)))
			return -EFAULT;
	}
	return i;
}

/* One handle between the removal of its entries and the flush that makes it final. */
struct unmapping {
	struct grant_mapping map;
	uint32_t handle;
	int16_t status;
	bool claimed;
};

/* Remove what the caller names of a claimed mapping; the flags of u->map say what remains. */
static int16_t remove_parts(struct unmapping *u, uint64_t host_addr, uint64_t dev_bus_addr,
			    uint64_t new_addr)
{
	mfn_t mfn = grant_active(u->map.granter, u->map.ref)->frame;

	if (dev_bus_addr && (u->map.flags & HC_GNTMAP_DEVICE_MAP)) {
		if (dev_bus_addr >> PAGE_SHIFT != mfn)
			return HC_GNTST_BAD_DEV_ADDR;
		u->map.flags &= ~HC_GNTMAP_DEVICE_MAP;
	}
	if (host_addr && (u->map.flags & HC_GNTMAP_HOST_MAP)) {
		if (grant_unmap_pte(current, host_addr, mfn, new_addr, u->map.flags))
			return HC_GNTST_GENERAL_ERROR;
		u->map.flags &= ~HC_GNTMAP_HOST_MAP;
	}
	return HC_GNTST_OKAY;
}

static void unmap_begin(struct unmapping *u, uint32_t handle, uint64_t host_addr,
			uint64_t dev_bus_addr, uint64_t new_addr)
{
	u->handle = handle;
	u->claimed = mapping_claim(current->domain, handle, &u->map);
	u->status = u->claimed ? remove_parts(u, host_addr, dev_bus_addr, new_addr) :
		    HC_GNTST_BAD_HANDLE;
}

/* No processor can reach the frame through the removed entries any more. */
static void unmap_end(struct unmapping *u)
{
	if (!u->claimed)
		return;
	if (u->map.flags & MAP_PARTS)
		mapping_store(current->domain, u->handle, &u->map);
	else
		mapping_release(current->domain, u->handle, &u->map);
}

/* Both lists have entries of one shape; only what the second address means differs. */
union unmap_entry {
	struct hc_gnttab_unmap_grant_ref unmap;
	struct hc_gnttab_unmap_and_replace replace;
};

/*
 * Up to GRANT_BATCH entries: all of them out, one flush, then the granters get
 * their frames back.  Returns the entries read; fewer: -EFAULT there.
 */
static uint32_t unmap_batch(uint64_t arg, uint32_t count, bool replace, struct unmapping *batch)
{
	union unmap_entry op;
	uint32_t i;

	for (i = 0; i < count && !copy_from_guest(&op, arg + i * sizeof(op), sizeof(op)); i++)
		unmap_begin(&batch[i], op.unmap.handle, op.unmap.host_addr,
			    replace ? 0 : op.unmap.dev_bus_addr, replace ? op.replace.new_addr : 0);
	tlb_flush_mask(READ_ONCE(current->domain->dirty_cpus));
	for (uint32_t n = 0; n < i; n++)
		unmap_end(&batch[n]);
	return i;
}

static long unmap_list(uint64_t arg, uint32_t count, bool replace)
{
	const size_t size = sizeof(union unmap_entry);
	struct unmapping batch[GRANT_BATCH];
	uint32_t done = 0;

	while (done < count) {
		uint32_t want = MIN(count - done, GRANT_BATCH);
		uint32_t n = unmap_batch(arg, want, replace, batch);

		for (uint32_t i = 0; i < n; i++)
			if (copy_to_guest(arg + i * size + offsetof(union unmap_entry, unmap.status),
					  &batch[i].status, sizeof(batch[i].status)))
				return -EFAULT;
		if (n < want)
			return -EFAULT;
		arg += n * size;
		done += n;
		if (done < count && hypercall_preempt_check())
			break;
	}
	return done;
}

long grant_unmap_list(uint64_t arg, uint32_t count)
{
	return unmap_list(arg, count, false);
}

long grant_replace_list(uint64_t arg, uint32_t count)
{
	return unmap_list(arg, count, true);
}
