// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memory_op exchange: a domain swaps frames for others that are contiguous or
 * have lower addresses, for devices' sake.  Done in rounds of the larger of the
 * two extent sizes; a round happens completely or not at all.
 */
#include <hypercall/memory.h>

#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "memory/allocator.h"
#include "memory/owner.h"
#include "memory/reservation.h"

#define MAX_ORDER 9			/* of a round, whose frame numbers fit in one page then */
#define MAX_ORDER_PRIVILEGED 12		/* buffers for devices, some of which want many MiB in one piece */

struct round {
	struct domain *d;
	const struct hc_memory_exchange *x;
	unsigned int order;		/* frames of a round, log2 */
	uint64_t number;
	/* Each as many numbers as there are frames: */
	uint64_t *stolen;		/* frames taken away */
	uint64_t *blocks;		/* the output extents */
	unsigned int stolen_count, block_count;
};

/* Guest address of the round's first number in a list, and how many there are. */
static uint64_t round_list(const struct round *r, const struct hc_memory_reservation *list, unsigned int *extents)
{
	*extents = 1u << (r->order - list->extent_order);
	return list->extent_start + r->number * *extents * sizeof(uint64_t);
}

/*
 * Frames for the domain, which nobody knows yet, with the numbers that they will have: each extent's place in
 * the guest comes from the list.
 */
static int round_prepare(struct round *r)
{
	unsigned int order = r->x->out.extent_order, extents;
	unsigned int bits = r->x->out.mem_flags & HC_MEMF_ADDRESS_BITS_MASK;
	uint64_t list = round_list(r, &r->x->out, &extents), pfn;

	for (r->block_count = 0; r->block_count < extents; list += sizeof(uint64_t)) {
		mfn_t mfn = allocator_get(order, bits ? bits : ALLOCATOR_ANY_BITS);

		if (mfn == MFN_INVALID)
			return -ENOMEM;
		r->blocks[r->block_count++] = mfn;
		if (copy_from_guest(&pfn, list, sizeof(pfn)))
			return -EFAULT;
		m2p_set_block(mfn, pfn, order);
		if (reservation_prepare(r->d, mfn, order))
			return -ENOMEM;
	}
	return 0;
}

/* Take this round's input frames away from the domain. */
static int round_steal(struct round *r)
{
	unsigned int extents;
	uint64_t list = round_list(r, &r->x->in, &extents), mfn;

	for (unsigned int i = 0; i < extents; i++, list += sizeof(uint64_t)) {
		if (copy_from_guest(&mfn, list, sizeof(mfn)))
			return -EFAULT;
		for (unsigned int j = 0; j < 1u << r->x->in.extent_order; j++) {
			int rc = reservation_steal(r->d, mfn + j);

			if (rc)
				return rc;
			r->stolen[r->stolen_count++] = mfn + j;
		}
	}
	return 0;
}

/* What was taken comes back, and what was to be given was never anybody's. */
static void round_undo(struct round *r)
{
	unsigned int order = r->x->out.extent_order;

	while (r->stolen_count)
		reservation_give_back(r->d, r->stolen[--r->stolen_count]);
	while (r->block_count) {
		mfn_t mfn = r->blocks[--r->block_count];

		m2p_forget(mfn, mfn + (1ULL << order));
		frames_free(mfn, order);
	}
}

/*
 * All frames of a round change hands or none.  Other vcpus may use a frame as soon as it is the domain's, so
 * nothing may fail from the first one that is.
 */
static int round_run(struct round *r)
{
	int rc;

	r->stolen_count = 0;
	rc = round_prepare(r);
	if (!rc)
		rc = round_steal(r);
	if (rc) {
		round_undo(r);
		return rc;
	}
	for (unsigned int i = 0; i < r->block_count; i++)
		reservation_give(r->d, r->blocks[i], r->x->out.extent_order);
	while (r->stolen_count)
		reservation_free_stolen(r->stolen[--r->stolen_count]);
	return 0;
}

/* Tell the guest what it got, in the list that said where it wants it. */
static int round_tell(const struct round *r)
{
	unsigned int extents;
	uint64_t list = round_list(r, &r->x->out, &extents);

	return copy_to_guest(list, r->blocks, extents * sizeof(uint64_t));
}

static bool sizes_ok(const struct hc_memory_exchange *x)
{
	uint64_t limit = 1ULL << 40;
	unsigned int most = current->domain->privileged ? MAX_ORDER_PRIVILEGED : MAX_ORDER;

	return x->in.extent_order <= most && x->out.extent_order <= most &&
	       x->in.nr_extents < limit && x->out.nr_extents < limit &&
	       x->in.nr_extents << x->in.extent_order == x->out.nr_extents << x->out.extent_order &&
	       x->nr_exchanged <= x->in.nr_extents && x->in.domid == x->out.domid;
}

static int run_rounds(struct round *r, struct hc_memory_exchange *x)
{
	unsigned int in_extents = 1u << (r->order - x->in.extent_order);
	int rc = 0;

	if (x->nr_exchanged & (in_extents - 1) || x->in.nr_extents & (in_extents - 1))
		return -EINVAL;
	while (!rc && x->nr_exchanged < x->in.nr_extents) {
		r->number = x->nr_exchanged >> (r->order - x->in.extent_order);
		rc = round_run(r);
		if (rc)
			break;
		/* Done, even if the list cannot be written any more. */
		x->nr_exchanged += in_extents;
		rc = round_tell(r);
		if (!rc && x->nr_exchanged < x->in.nr_extents && hypercall_preempt_check())
			rc = -ERESTART;
	}
	return rc;
}

long exchange_op(uint64_t arg)
{
	struct hc_memory_exchange x;
	struct round r = { .x = &x };
	size_t bytes;
	int rc;

	if (copy_from_guest(&x, arg, sizeof(x)))
		return -EFAULT;
	if (!sizes_ok(&x))
		return -EINVAL;
	rc = domain_get_target(x.in.domid, &r.d);
	if (rc)
		return rc;
	r.order = MAX(x.in.extent_order, x.out.extent_order);
	bytes = sizeof(*r.stolen) << r.order;
	r.stolen = heap_alloc_for(r.d, bytes);
	r.blocks = heap_alloc_for(r.d, bytes);
	rc = r.stolen && r.blocks ? run_rounds(&r, &x) : -ENOMEM;
	heap_free_for(r.d, r.blocks, bytes);
	heap_free_for(r.d, r.stolen, bytes);
	domain_put(r.d);
	owner_reap();
	if (copy_to_guest(arg + offsetof(struct hc_memory_exchange, nr_exchanged), &x.nr_exchanged,
			  sizeof(x.nr_exchanged)))
		return -EFAULT;
	return rc == -ERESTART ? hypercall_continue(HC_NR_MEMORY_OP, 2, (uint64_t)HC_MEM_EXCHANGE,
						    arg) : rc;
}
