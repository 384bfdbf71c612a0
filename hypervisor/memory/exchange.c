// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memory_op exchange: a domain swaps frames for others that are contiguous or
 * have lower addresses, for devices' sake.  Done in rounds of the larger of the
 * two extent sizes; a round happens completely or not at all.
 */
#include <hypercall/memory.h>

#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "lib/string.h"
#include "memory/allocator.h"
#include "memory/reservation.h"
#include "memory/tlb.h"

#define MAX_ORDER 9			/* a round's frame numbers fit in one page */

struct round {
	struct domain *d;
	const struct hc_memory_exchange *x;
	unsigned int order;		/* frames of a round, log2 */
	uint64_t number;
	uint64_t *stolen;		/* frames taken away, one page of numbers */
	unsigned int stolen_count;
};

/* Take this round's input frames away from the domain. */
static int round_steal(struct round *r)
{
	unsigned int extents = 1u << (r->order - r->x->in.extent_order);
	uint64_t list = r->x->in.extent_start + r->number * extents * sizeof(uint64_t), mfn;

	r->stolen_count = 0;
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

static void round_give_back(struct round *r)
{
	while (r->stolen_count)
		reservation_give_back(r->d, r->stolen[--r->stolen_count]);
}

static void round_free_stolen(struct round *r)
{
	while (r->stolen_count)
		reservation_free_stolen(r->stolen[--r->stolen_count]);
}

/* One output extent: its place in the guest comes from the list, its frame number goes there. */
static int extent_give(struct round *r, uint64_t list, mfn_t mfn)
{
	unsigned int order = r->x->out.extent_order;
	uint64_t pfn;

	if (copy_from_guest(&pfn, list, sizeof(pfn)))
		return -EFAULT;
	m2p_set_block(mfn, pfn, order);
	if (reservation_give(r->d, mfn, order))
		return -ENOMEM;
	copy_to_guest(list, &mfn, sizeof(mfn));
	return 0;
}

/*
 * All frames of a round are in our hands or none: what was taken is freed only
 * when there is something to give for all of it.
 */
static int round_run(struct round *r)
{
	unsigned int order = r->x->out.extent_order, extents = 1u << (r->order - order), i, got;
	unsigned int bits = r->x->out.mem_flags & HC_MEMF_ADDRESS_BITS_MASK;
	uint64_t list = r->x->out.extent_start + r->number * extents * sizeof(uint64_t);
	uint64_t *blocks = page_alloc_for(r->d);
	int rc = -ENOMEM;

	if (!blocks)
		return rc;
	for (got = 0; got < extents; got++) {
		blocks[got] = allocator_get(order, bits ? bits : ALLOCATOR_ANY_BITS);
		if (blocks[got] == MFN_INVALID)
			goto free_blocks;
	}
	rc = round_steal(r);
	if (rc) {
		round_give_back(r);
		goto free_blocks;
	}
	for (i = 0; i < extents && !rc; i++)
		rc = extent_give(r, list + i * sizeof(uint64_t), blocks[i]);
	if (!rc) {
		round_free_stolen(r);
		got = 0;
	} else {
		/* The list became unreadable: take back what was given already. */
		for (unsigned int k = 0; k + 1 < i; k++)
			for (uint64_t j = 0; j < 1ULL << order; j++)
				if (reservation_steal(r->d, blocks[k] + j))
					domain_crash(r->d, "used frames of a failing exchange");
		round_give_back(r);
	}
free_blocks:
	/* Another vcpu may have mapped what was given for a moment. */
	while (got)
		allocator_put(blocks[--got], order, tlb_stamp_now());
	page_free_for(r->d, blocks);
	return rc;
}

static bool sizes_ok(const struct hc_memory_exchange *x)
{
	uint64_t limit = 1ULL << 40;

	return x->in.extent_order <= MAX_ORDER && x->out.extent_order <= MAX_ORDER &&
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
		if (!rc)
			x->nr_exchanged += in_extents;
		if (!rc && x->nr_exchanged < x->in.nr_extents && hypercall_preempt_check())
			rc = -ERESTART;
	}
	return rc;
}

long exchange_op(uint64_t arg)
{
	struct hc_memory_exchange x;
	struct round r = { .x = &x };
	int rc;

	if (copy_from_guest(&x, arg, sizeof(x)))
		return -EFAULT;
	if (!sizes_ok(&x))
		return -EINVAL;
	rc = domain_get_target(x.in.domid, &r.d);
	if (rc)
		return rc;
	r.order = MAX(x.in.extent_order, x.out.extent_order);
	r.stolen = page_alloc_for(r.d);
	rc = r.stolen ? run_rounds(&r, &x) : -ENOMEM;
	page_free_for(r.d, r.stolen);
	domain_put(r.d);
	if (copy_to_guest(arg + offsetof(struct hc_memory_exchange, nr_exchanged), &x.nr_exchanged,
			  sizeof(x.nr_exchanged)))
		return -EFAULT;
	return rc == -ERESTART ? hypercall_continue(HC_NR_MEMORY_OP, 2, (uint64_t)HC_MEM_EXCHANGE,
						    arg) : rc;
}
