// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hypercall memory_op: reservations grow and shrink here; exchange.c and
 * memory_map.c do the rest.
 *
 * A preempted list operation is continued with the number of extents done in
 * the upper bits of cmd.
 */
#include <hypercall/memory.h>

#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "memory/allocator.h"
#include "memory/owner.h"
#include "memory/reservation.h"

#define GUEST_MAX_ORDER 9	/* of one extent, unless privileged */
#define SMALL_ORDER 4
#define EXTENTS_PER_CHECK 16

/* extent: guest address of the list's item.  True: done, go on. */
typedef bool (*extent_operation)(struct domain *d, const struct hc_memory_reservation *r,
				 uint64_t extent);

static bool grow(struct domain *d, const struct hc_memory_reservation *r, uint64_t pfn, mfn_t *mfn)
{
	unsigned int bits = r->mem_flags & HC_MEMF_ADDRESS_BITS_MASK;

	return !reservation_grow(d, r->extent_order, bits ? bits : ALLOCATOR_ANY_BITS, pfn, mfn);
}

static bool increase(struct domain *d, const struct hc_memory_reservation *r, uint64_t extent)
{
	mfn_t mfn;

	return grow(d, r, M2P_INVALID, &mfn) &&
	       (!r->extent_start || !copy_to_guest(extent, &mfn, sizeof(mfn)));
}

static bool populate(struct domain *d, const struct hc_memory_reservation *r, uint64_t extent)
{
	uint64_t pfn;
	mfn_t mfn;

	return !copy_from_guest(&pfn, extent, sizeof(pfn)) && grow(d, r, pfn, &mfn) &&
	       !copy_to_guest(extent, &mfn, sizeof(mfn));
}

static bool decrease(struct domain *d, const struct hc_memory_reservation *r, uint64_t extent)
{
	mfn_t mfn;

	if (copy_from_guest(&mfn, extent, sizeof(mfn)))
		return false;
	for (uint64_t i = 0; i < 1ULL << r->extent_order; i++)
		if (reservation_drop(d, mfn + i))
			return false;
	return true;
}

static long reservation_op(unsigned int cmd, extent_operation run, uint64_t arg, uint64_t i)
{
	struct hc_memory_reservation r;
	struct domain *d;
	bool again = false;
	long rc;

	if (copy_from_guest(&r, arg, sizeof(r)))
		return -EFAULT;
	if (r.nr_extents > ~0ULL >> (HC_MEMOP_EXTENT_SHIFT + 1) || i > r.nr_extents)
		return -EINVAL;
	if (r.extent_order > (current->domain->privileged ? ALLOCATOR_MAX_ORDER : GUEST_MAX_ORDER))
		return i;
	if (r.mem_flags & HC_MEMF_POPULATE_ON_DEMAND)
		return -EOPNOTSUPP;
	rc = domain_get_target(r.domid, &d);
	if (rc)
		return rc;
	for (; i < r.nr_extents && run(d, &r, r.extent_start + i * sizeof(uint64_t)); i++)
		if (i + 1 < r.nr_extents &&
		    (r.extent_order > SMALL_ORDER || i % EXTENTS_PER_CHECK == 0) &&
		    hypercall_preempt_check()) {
			i++;
			again = true;
			break;
		}
	domain_put(d);
	owner_reap();
	return again ? hypercall_continue(HC_NR_MEMORY_OP, 2, cmd | i << HC_MEMOP_EXTENT_SHIFT,
					  arg) : (long)i;
}

static long domain_number_op(unsigned int cmd, uint64_t arg)
{
	struct hc_memory_domain which;
	struct domain *d;
	long rc;

	if (copy_from_guest(&which, arg, sizeof(which)))
		return -EFAULT;
	rc = domain_get_target(which.domid, &d);
	if (rc)
		return rc;
	if (cmd == HC_MEM_CURRENT_RESERVATION)
		rc = READ_ONCE(d->memory.frames);
	else if (cmd == HC_MEM_MAXIMUM_RESERVATION)
		rc = MIN(READ_ONCE(d->memory.max_frames), (uint64_t)INT64_MAX);
	else
		rc = (READ_ONCE(d->shared_info->arch.max_pfn) & INT64_MAX) - 1;
	domain_put(d);
	return rc;
}

long hypercall_memory_op(uint64_t cmd64, uint64_t arg)
{
	unsigned int cmd = cmd64 & HC_MEMOP_CMD_MASK;
	uint64_t done = cmd64 >> HC_MEMOP_EXTENT_SHIFT;

	switch (cmd) {
	case HC_MEM_INCREASE_RESERVATION:
		return reservation_op(cmd, increase, arg, done);
	case HC_MEM_DECREASE_RESERVATION:
		return reservation_op(cmd, decrease, arg, done);
	case HC_MEM_POPULATE_PHYSMAP:
		return reservation_op(cmd, populate, arg, done);
	case HC_MEM_EXCHANGE:
		return exchange_op(arg);
	case HC_MEM_MAXIMUM_RAM_PAGE:
		return memory_max_mfn - 1;
	case HC_MEM_CURRENT_RESERVATION:
	case HC_MEM_MAXIMUM_RESERVATION:
	case HC_MEM_MAXIMUM_GPFN:
		return domain_number_op(cmd, arg);
	case HC_MEM_ADD_TO_PHYSMAP:
	case HC_MEM_ADD_TO_PHYSMAP_BATCH:
	case HC_MEM_REMOVE_FROM_PHYSMAP:
		/* A guest that sees machine frames changes its own tables instead. */
		return -EACCES;
	case HC_MEM_GET_VNUMAINFO:
	case HC_MEM_SET_POD_TARGET:
	case HC_MEM_GET_POD_TARGET:
		return -EOPNOTSUPP;
	default:
		return memory_map_op(cmd, arg);
	}
}
