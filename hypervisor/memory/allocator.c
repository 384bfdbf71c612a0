// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frame allocator: a buddy system whose lists run through the frame table
 * entries of the free blocks themselves.
 *
 * Frames are kept in zones by the number of address bits, so that a caller
 * with a limit looks at the right lists only, and everybody else takes from
 * the top down: the low memory that old devices need goes last.
 *
 * Free frames hold what was last in them, and are cleared when they are given
 * out: neither the start of a large machine nor the end of a large guest waits.
 *
 *   zone 0: below 16 MiB   zone n: 2^(n+23) <= address < 2^(n+24)
 */
#include "memory/allocator.h"

#include "cpu/percpu.h"
#include "lib/string.h"
#include "memory/tlb.h"

#define ZONES 20		/* up to 8 TiB */
#define LOW_ZONE_BITS 12	/* frame numbers of zone 0 have that many bits */
#define NIL 0x7fffffffU
#define LINK_MARK (1ULL << 63)	/* no word of a table in use has it, see frame_lock_table */

static struct zone {
	uint32_t nonempty;	/* bit n: there is a block of order n */
	uint32_t head[ALLOCATOR_MAX_ORDER + 1];
} zones[ZONES];
static uint64_t free_frames;
static spinlock_t lock;		/* protects all the above and the links of free frames */

static unsigned int zone_of(mfn_t mfn)
{
	return mfn >> LOW_ZONE_BITS ? 64 - __builtin_clzll(mfn) - LOW_ZONE_BITS : 0;
}

static uint64_t free_word(unsigned int order, uint32_t stamp)
{
	return FRAME_OWNER_FREE << FRAME_OWNER_SHIFT | (uint64_t)order << 40 | stamp;
}

static uint32_t stamp_of(const struct frame *f)
{
	return frame_owner_word(f) & TLB_STAMP_MASK;
}

static bool is_free_block(const struct frame *f, unsigned int order)
{
	return frame_owner_word(f) >> 40 == free_word(order, 0) >> 40;
}

static uint32_t link_next(const struct frame *f)
{
	return f->type & NIL;
}

static uint32_t link_prev(const struct frame *f)
{
	return f->type >> 32 & NIL;
}

static void set_links(struct frame *f, uint32_t prev, uint32_t next)
{
	__atomic_store_n(&f->type, LINK_MARK | (uint64_t)prev << 32 | next, __ATOMIC_RELAXED);
}

static void block_insert(mfn_t mfn, unsigned int order, uint32_t stamp)
{
	struct zone *z = &zones[zone_of(mfn)];
	struct frame *f = frame_of(mfn);
	uint32_t next = z->nonempty >> order & 1 ? z->head[order] : NIL;

	set_links(f, NIL, next);
	__atomic_store_n(&f->owner, free_word(order, stamp), __ATOMIC_RELAXED);
	if (next != NIL)
		set_links(frame_of(next), mfn, link_next(frame_of(next)));
	z->head[order] = mfn;
	z->nonempty |= 1u << order;
}

/* Take out of its list; the frame becomes an ordinary one of the hypervisor's. */
static void block_remove(mfn_t mfn, unsigned int order)
{
	struct zone *z = &zones[zone_of(mfn)];
	struct frame *f = frame_of(mfn);
	uint32_t prev = link_prev(f), next = link_next(f);

	if (next != NIL)
		set_links(frame_of(next), prev, link_next(frame_of(next)));
	if (prev != NIL)
		set_links(frame_of(prev), link_prev(frame_of(prev)), next);
	else if (next != NIL)
		z->head[order] = next;
	else
		z->nonempty &= ~(1u << order);
	__atomic_store_n(&f->owner, FRAME_HYP, __ATOMIC_RELAXED);
	__atomic_store_n(&f->type, 0, __ATOMIC_RELAXED);
}

static mfn_t take_from(unsigned int zone, unsigned int order, uint32_t *stamp)
{
	uint32_t fitting = zones[zone].nonempty >> order;
	unsigned int have;
	mfn_t mfn;

	if (!fitting)
		return MFN_INVALID;
	have = order + __builtin_ctz(fitting);
	mfn = zones[zone].head[have];
	*stamp = stamp_of(frame_of(mfn));
	block_remove(mfn, have);
	while (have > order) {
		have--;
		block_insert(mfn + (1ULL << have), have, *stamp);
	}
	return mfn;
}

mfn_t allocator_get(unsigned int order, unsigned int bits)
{
	mfn_t mfn = MFN_INVALID;
	bool clear = !(bits & ALLOCATOR_UNCLEARED);
	uint32_t stamp = 0;
	int zone = ZONES - 1;

	bits &= ~ALLOCATOR_UNCLEARED;
	if (order > ALLOCATOR_MAX_ORDER || bits < LOW_ZONE_BITS + PAGE_SHIFT)
		return MFN_INVALID;
	if (bits < LOW_ZONE_BITS + PAGE_SHIFT + ZONES)
		zone = bits - LOW_ZONE_BITS - PAGE_SHIFT;
	spin_lock(&lock);
	for (; zone >= 0 && mfn == MFN_INVALID; zone--)
		mfn = take_from(zone, order, &stamp);
	if (mfn != MFN_INVALID)
		free_frames -= 1ULL << order;
	spin_unlock(&lock);
	if (mfn == MFN_INVALID)
		return mfn;
	tlb_flush_stamped(cpu_online_mask, stamp);
	/* Whoever had it before: nobody else shall read what is in it. */
	if (clear)
		scrub_pages(mfn_to_virt(mfn), 1ULL << order);
	return mfn;
}

void allocator_put(mfn_t mfn, unsigned int order, uint32_t stamp)
{
	unsigned int zone = zone_of(mfn);

	spin_lock(&lock);
	free_frames += 1ULL << order;
	while (order < ALLOCATOR_MAX_ORDER) {
		mfn_t buddy = mfn ^ 1ULL << order;
		struct frame *f = frame_of(buddy);

		if (buddy >= memory_max_mfn || zone_of(buddy) != zone || !is_free_block(f, order))
			break;
		stamp = tlb_stamp_later(stamp, stamp_of(f));
		block_remove(buddy, order);
		mfn = MIN(mfn, buddy);
		order++;
	}
	block_insert(mfn, order, stamp);
	spin_unlock(&lock);
}

void allocator_put_range(mfn_t first, mfn_t end, uint32_t stamp)
{
	while (first < end) {
		unsigned int order = 0;

		while (order < ALLOCATOR_MAX_ORDER && !(first & 1ULL << order) &&
		       first + (2ULL << order) <= end &&
		       zone_of(first) == zone_of(first + (2ULL << order) - 1))
			order++;
		allocator_put(first, order, stamp);
		first += 1ULL << order;
	}
}

uint64_t memory_free_frames(void)
{
	return __atomic_load_n(&free_frames, __ATOMIC_RELAXED);
}

mfn_t frames_alloc(unsigned int order)
{
	return allocator_get(order, ALLOCATOR_ANY_BITS);
}

void frames_free(mfn_t mfn, unsigned int order)
{
	struct frame *f = frame_of(mfn);
	uint64_t x = frame_owner_word(f);

	/* A page that was shared and is still mapped is freed by its last frame_put(). */
	while (x & FRAME_SHARED)
		if (frame_cas(&f->owner, &x, x | FRAME_ORPHAN))
			return;
	allocator_put(mfn, order, tlb_stamp_ancient());
}

void *page_alloc(void)
{
	mfn_t mfn = frames_alloc(0);

	return mfn == MFN_INVALID ? NULL : mfn_to_virt(mfn);
}

void page_free(void *page)
{
	if (page)
		frames_free(virt_to_mfn(page), 0);
}
