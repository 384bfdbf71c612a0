// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a domain owns, as long as it lives; relinquish.c takes it back.
 *
 * The chunk map remembers where that was, so that nobody needs to look at the
 * whole frame table: a bit for each 2 MiB of RAM in which the domain ever held
 * a frame, in pages that are allocated when their first bit is set.  Where all
 * RAM needs less than a page, that is less.
 */
#include <hypercall/memory.h>

#include "memory/reservation.h"

#include "domain/domain.h"
#include "lib/bitmap.h"
#include "lib/string.h"
#include "memory/allocator.h"
#include "memory/owner.h"
#include "memory/split.h"
#include "memory/tlb.h"

#define CHUNK_SHIFT 9				/* frames of a bit */
#define PAGE_BITS_SHIFT 15			/* bits of a page of the map */
#define PAGE_SHIFT_FRAMES (CHUNK_SHIFT + PAGE_BITS_SHIFT)

static unsigned int map_pages(void)
{
	return (memory_max_mfn >> PAGE_SHIFT_FRAMES) + 1;
}

static size_t map_page_size(void)
{
	return MIN(PAGE_SIZE, DIV_ROUND_UP(memory_max_mfn, 64UL << CHUNK_SHIFT) * sizeof(uint64_t));
}

int memory_domain_init(struct domain *d)
{
	int rc;

	spin_init(&d->memory.page_lock);
	d->memory.chunk_map = heap_alloc_for(d, map_pages() * sizeof(uint64_t *));
	if (!d->memory.chunk_map)
		return -ENOMEM;
	rc = owner_register(d);
	if (rc)
		memory_domain_free(d);
	return rc;
}

void memory_domain_free(struct domain *d)
{
	struct memory_domain *m = &d->memory;

	owner_unregister(d);
	split_domain_free(d);
	for (unsigned int i = 0; m->chunk_map && i < map_pages(); i++)
		heap_free_for(d, m->chunk_map[i], map_page_size());
	heap_free_for(d, m->chunk_map, map_pages() * sizeof(uint64_t *));
	heap_free_for(d, m->map, m->map_count * sizeof(*m->map));
	m->chunk_map = NULL;
	m->map = NULL;
}

#ifdef TENON_HOST
extern uint64_t *host_m2p;
#define m2p_table host_m2p
#else
#define m2p_table ((uint64_t *)M2P_VIRT)
#endif

void m2p_set(mfn_t mfn, uint64_t pfn)
{
	WRITE_ONCE(m2p_table[mfn], pfn);
}

void m2p_set_block(mfn_t mfn, uint64_t pfn, unsigned int order)
{
	mfn_t end = mfn + (1ULL << order);

#pragma GCC unroll 8
	for (; mfn < end; mfn++)
		WRITE_ONCE(m2p_table[mfn], pfn++);
}

void m2p_forget(mfn_t first, mfn_t end)
{
	_Static_assert(M2P_INVALID == ~0UL, "each byte of it is the same");
	memset(&m2p_table[first], 0xff, (end - first) * sizeof(m2p_table[0]));
}

uint64_t m2p_get(mfn_t mfn)
{
	return READ_ONCE(m2p_table[mfn]);
}

/* A block may span chunks, but not pages of the map: those stand for 64 GiB. */
int reservation_prepare(struct domain *d, mfn_t mfn, unsigned int order)
{
	uint64_t **page = &d->memory.chunk_map[mfn >> PAGE_SHIFT_FRAMES];
	unsigned int first = mfn >> CHUNK_SHIFT & ((1u << PAGE_BITS_SHIFT) - 1);
	unsigned int count = order > CHUNK_SHIFT ? 1u << (order - CHUNK_SHIFT) : 1;

	if (!__atomic_load_n(page, __ATOMIC_ACQUIRE)) {
		uint64_t *new = heap_alloc_for(d, map_page_size()), *none = NULL;

		if (!new)
			return -ENOMEM;
		if (!__atomic_compare_exchange_n(page, &none, new, false, __ATOMIC_SEQ_CST,
						 __ATOMIC_SEQ_CST))
			heap_free_for(d, new, map_page_size());
	}
	for (unsigned int i = 0; i < count; i++)
		if (!bit_test(*page, first + i))
			bit_set(*page, first + i);
	return 0;
}

/* The owner word of a frame that has no other reference than its owner's. */
static inline uint64_t owned_alone(const struct domain *d)
{
	return (uint64_t)d->id << FRAME_OWNER_SHIFT | FRAME_ALLOCATED | 1;
}

/* A copy of their numbers means something else now.  Other vcpus may have given some of them back already. */
static __noinline void mark_given(struct domain *d, mfn_t mfn, mfn_t end)
{
	for (; mfn < end; mfn++)
		if (frame_get_id(frame_of(mfn), d->id)) {
			dirty_mark(mfn);
			frame_put(frame_of(mfn));
		}
}

/* Frames that d got just now.  False: they went again, as its destruction may have looked here before. */
static bool settle(struct domain *d, mfn_t mfn, unsigned int order)
{
	if (likely(!READ_ONCE(d->memory.relinquishing)))
		return true;
	for (mfn_t i = 0; i < 1ULL << order; i++)
		reservation_drop(d, mfn + i);
	return false;
}

bool reservation_give(struct domain *d, mfn_t mfn, unsigned int order)
{
	uint64_t owner = owned_alone(d);
	const struct frame *end = frame_of(mfn + (1ULL << order));

#pragma GCC unroll 8
	for (struct frame *f = frame_of(mfn); f < end; f++) {
		__atomic_store_n(&f->type, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&f->owner, owner, __ATOMIC_RELEASE);
	}
	if (unlikely(READ_ONCE(dirty_logs)))
		mark_given(d, mfn, mfn + (1ULL << order));
	return settle(d, mfn, order);
}

int reservation_grow(struct domain *d, unsigned int order, unsigned int bits, uint64_t pfn, mfn_t *mfn)
{
	int rc;

	if (order > ALLOCATOR_MAX_ORDER)
		return -EINVAL;
	rc = owner_charge(d, 1ULL << order);
	if (rc)
		return rc;
	rc = -ENOMEM;
	*mfn = allocator_get(order, bits);
	if (*mfn == MFN_INVALID)
		goto uncharge;
	/* As soon as they are the domain's another vcpu may give them back, and they are somebody else's. */
	if (pfn != M2P_INVALID)
		m2p_set_block(*mfn, pfn, order);
	rc = reservation_prepare(d, *mfn, order);
	if (rc)
		goto free;
	return reservation_give(d, *mfn, order) ? 0 : -EINVAL;
free:
	m2p_forget(*mfn, *mfn + (1ULL << order));
	frames_free(*mfn, order);
uncharge:
	owner_uncharge(d, 1ULL << order);
	return rc;
}

int domain_frames_alloc(struct domain *d, unsigned int order, mfn_t *mfn)
{
	return reservation_grow(d, order, ALLOCATOR_ANY_BITS | ALLOCATOR_UNCLEARED, M2P_INVALID, mfn);
}

int reservation_drop(struct domain *d, mfn_t mfn)
{
	struct frame *f;
	int rc = 0;

	if (mfn >= memory_max_mfn || !frame_get_id(frame_of(mfn), d->id))
		return -EINVAL;
	f = frame_of(mfn);
	if (__atomic_fetch_and(&f->owner, ~FRAME_ALLOCATED, __ATOMIC_SEQ_CST) & FRAME_ALLOCATED)
		frame_put(f);
	else
		rc = -EINVAL;
	frame_put(f);
	return rc;
}

int reservation_steal(struct domain *d, mfn_t mfn)
{
	uint64_t x;

	if (mfn >= memory_max_mfn)
		return -EINVAL;
	x = frame_owner_word(frame_of(mfn));
	/*
	 * Without other references than the owner's there are no type references either.  Type, stamp
	 * and FRAME_FOREIGN stay: it may be given back, and processors may know it as what it was.
	 */
	if ((x & ~FRAME_FOREIGN) != owned_alone(d) ||
	    !frame_cas(&frame_of(mfn)->owner, &x, FRAME_HYP | (x & FRAME_FOREIGN)))
		return -EBUSY;
	return 0;
}

void reservation_give_back(struct domain *d, mfn_t mfn)
{
	struct frame *f = frame_of(mfn);

	__atomic_store_n(&f->owner, owned_alone(d) | (frame_owner_word(f) & FRAME_FOREIGN), __ATOMIC_RELEASE);
	settle(d, mfn, 0);
}

void reservation_free_stolen(mfn_t mfn)
{
	struct frame *f = frame_of(mfn);

	m2p_set(mfn, M2P_INVALID);
	__atomic_store_n(&f->type, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&f->owner, FRAME_HYP, __ATOMIC_RELAXED);
	allocator_put(mfn, 0, tlb_stamp_now());
}

bool reservation_next_chunk(const struct domain *d, mfn_t *at)
{
	mfn_t mfn = *at;

	while (mfn < memory_max_mfn) {
		uint64_t *page = d->memory.chunk_map[mfn >> PAGE_SHIFT_FRAMES];

		if (!page) {
			mfn = ((mfn >> PAGE_SHIFT_FRAMES) + 1) << PAGE_SHIFT_FRAMES;
		} else if (!bit_test(page, mfn >> CHUNK_SHIFT & ((1u << PAGE_BITS_SHIFT) - 1))) {
			mfn = ((mfn >> CHUNK_SHIFT) + 1) << CHUNK_SHIFT;
		} else {
			*at = mfn;
			return true;
		}
	}
	*at = memory_max_mfn;
	return false;
}

mfn_t reservation_chunk_end(mfn_t mfn)
{
	return MIN(((mfn >> CHUNK_SHIFT) + 1) << CHUNK_SHIFT, memory_max_mfn);
}

mfn_t memory_domain_next_frame(struct domain *d, uint64_t *at)
{
	mfn_t mfn = *at;

	while (reservation_next_chunk(d, &mfn)) {
		mfn_t end = reservation_chunk_end(mfn);

		for (; mfn < end; mfn++)
			if (reservation_owns(d, frame_owner_word(frame_of(mfn)))) {
				*at = mfn + 1;
				return mfn;
			}
	}
	*at = memory_max_mfn;
	return MFN_INVALID;
}
