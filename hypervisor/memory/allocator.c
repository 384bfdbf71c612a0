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
 * out, if no idle processor has come to it before: neither the start of a large
 * machine nor the end of a large guest waits.
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
/* What is in a free block; in its owner word beside the stamp. */
#define CLEAN 0u
#define OLD 1u			/* of before our start */
#define DIRTY 2u		/* somebody's who gave it back */
#define STATES 3
#define STATE_SHIFT 24
#define CLEARED_SHIFT 26	/* the first frames of a dirty block that an idle processor has cleared */
#define CLEAR_ORDER 9		/* the size of a dirty block that it clears, and those below merge whatever is in them */
#define CLEAR_PART 4		/* frames, while the lock is held */
#define LINK_MARK (1ULL << 63)	/* no word of a table in use has it, see frame_lock_table */

static struct zone {
	uint32_t nonempty;	/* bit n: there is a block of order n */
	uint32_t head[ALLOCATOR_MAX_ORDER + 1];
} zones[ZONES][STATES];
static uint64_t free_frames;
static unsigned int to_clear;	/* bits of states: a block in it has been made since none was found */
static spinlock_t lock;		/* protects all the above and the links of free frames */

static unsigned int zone_of(mfn_t mfn)
{
	return mfn >> LOW_ZONE_BITS ? 64 - __builtin_clzll(mfn) - LOW_ZONE_BITS : 0;
}

/* note: stamp, state, and how much is cleared. */
static uint64_t free_word(unsigned int order, uint64_t note)
{
	return FRAME_OWNER_FREE << FRAME_OWNER_SHIFT | (uint64_t)order << 40 | note;
}

static uint32_t stamp_of(uint64_t note)
{
	return note & TLB_STAMP_MASK;
}

static unsigned int state_of(uint64_t note)
{
	return note >> STATE_SHIFT & 3;
}

static unsigned int cleared_of(uint64_t note)
{
	return note >> CLEARED_SHIFT & ((2u << CLEAR_ORDER) - 1);
}

static uint64_t note_make(uint32_t stamp, unsigned int state, unsigned int cleared)
{
	return stamp | state << STATE_SHIFT | (uint64_t)cleared << CLEARED_SHIFT;
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

static void block_insert(mfn_t mfn, unsigned int order, uint64_t note)
{
	struct zone *z = &zones[zone_of(mfn)][state_of(note)];
	struct frame *f = frame_of(mfn);
	uint32_t next = z->nonempty >> order & 1 ? z->head[order] : NIL;

	set_links(f, NIL, next);
	__atomic_store_n(&f->owner, free_word(order, note), __ATOMIC_RELAXED);
	if (next != NIL)
		set_links(frame_of(next), mfn, link_next(frame_of(next)));
	if (state_of(note) != CLEAN)
		WRITE_ONCE(to_clear, to_clear | 1u << state_of(note));
	z->head[order] = mfn;
	z->nonempty |= 1u << order;
}

/* Take out of its list; the frame becomes an ordinary one of the hypervisor's. */
static void block_remove(mfn_t mfn, unsigned int order)
{
	struct frame *f = frame_of(mfn);
	struct zone *z = &zones[zone_of(mfn)][state_of(frame_owner_word(f))];
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

static mfn_t take_from(struct zone *z, unsigned int order, uint64_t *note)
{
	uint32_t fitting = z->nonempty >> order;
	unsigned int have;
	mfn_t mfn;

	if (!fitting)
		return MFN_INVALID;
	have = order + __builtin_ctz(fitting);
	mfn = z->head[have];
	*note = frame_owner_word(frame_of(mfn));
	*note = note_make(stamp_of(*note), state_of(*note), 0);
	block_remove(mfn, have);
	while (have > order) {
		have--;
		block_insert(mfn + (1ULL << have), have, *note);
	}
	return mfn;
}

/* Those other than this one that must flush before a block with that note is anybody's. */
static cpumask_t others_to_flush(uint64_t note)
{
	return tlb_unflushed(cpu_online_mask, stamp_of(note)) & ~(1ULL << this_cpu()->id);
}

/*
 * Clean if there is such; then what has been used before, since the machine may be a virtual
 * one that has yet to find memory for the rest; but not if others must be interrupted for it.
 */
static mfn_t take_best(struct zone *z, unsigned int order, uint64_t *note)
{
	uint32_t dirty = z[DIRTY].nonempty >> order;
	unsigned int second = OLD, third = DIRTY;
	mfn_t mfn = take_from(&z[CLEAN], order, note);

	if (mfn != MFN_INVALID)
		return mfn;
	if (dirty && !others_to_flush(frame_owner_word(
				frame_of(z[DIRTY].head[order + __builtin_ctz(dirty)])))) {
		second = DIRTY;
		third = OLD;
	}
	mfn = take_from(&z[second], order, note);
	return mfn != MFN_INVALID ? mfn : take_from(&z[third], order, note);
}

mfn_t allocator_get(unsigned int order, unsigned int bits)
{
	mfn_t mfn = MFN_INVALID;
	bool clear = !(bits & ALLOCATOR_UNCLEARED);
	uint64_t note = 0;
	int zone = zone_of(memory_max_mfn - 1);

	bits &= ~ALLOCATOR_UNCLEARED;
	if (order > ALLOCATOR_MAX_ORDER || bits < LOW_ZONE_BITS + PAGE_SHIFT)
		return MFN_INVALID;
	if (bits < LOW_ZONE_BITS + PAGE_SHIFT + (unsigned int)zone)
		zone = bits - LOW_ZONE_BITS - PAGE_SHIFT;
	spin_lock(&lock);
	for (; zone >= 0 && mfn == MFN_INVALID; zone--)
		mfn = take_best(zones[zone], order, &note);
	if (mfn != MFN_INVALID)
		free_frames -= 1ULL << order;
	spin_unlock(&lock);
	if (mfn == MFN_INVALID)
		return mfn;
	tlb_flush_stamped(cpu_online_mask, stamp_of(note));
	/* Whoever had it before: nobody else shall read what is in it. */
	if (clear && state_of(note) != CLEAN)
		scrub_pages(mfn_to_virt(mfn), 1ULL << order);
	return mfn;
}

/* Under the lock. */
static void block_merge(mfn_t mfn, unsigned int order, uint32_t stamp, unsigned int state)
{
	unsigned int zone = zone_of(mfn);

	while (order < ALLOCATOR_MAX_ORDER) {
		mfn_t buddy = mfn ^ 1ULL << order;
		uint64_t word;

		if (buddy >= memory_max_mfn || zone_of(buddy) != zone || !is_free_block(frame_of(buddy), order))
			break;
		word = frame_owner_word(frame_of(buddy));
		/* Large ones stay apart, or what is cleared would be cleared again and again. */
		if (order >= CLEAR_ORDER && state_of(word) != state)
			break;
		stamp = tlb_stamp_later(stamp, stamp_of(word));
		state = MAX(state, state_of(word));
		block_remove(buddy, order);
		mfn = MIN(mfn, buddy);
		order++;
	}
	block_insert(mfn, order, note_make(stamp, state, 0));
}

static void put(mfn_t mfn, unsigned int order, uint32_t stamp, unsigned int state)
{
	spin_lock(&lock);
	free_frames += 1ULL << order;
	block_merge(mfn, order, stamp, state);
	spin_unlock(&lock);
}

void allocator_put(mfn_t mfn, unsigned int order, uint32_t stamp)
{
	put(mfn, order, stamp, DIRTY);
}

static void put_range(mfn_t first, mfn_t end, uint32_t stamp, unsigned int state)
{
	while (first < end) {
		unsigned int order = 0;

		while (order < ALLOCATOR_MAX_ORDER && !(first & 1ULL << order) &&
		       first + (2ULL << order) <= end &&
		       zone_of(first) == zone_of(first + (2ULL << order) - 1))
			order++;
		put(first, order, stamp, state);
		first += 1ULL << order;
	}
}

void allocator_put_range(mfn_t first, mfn_t end, uint32_t stamp)
{
	put_range(first, end, stamp, DIRTY);
}

void allocator_add(mfn_t first, mfn_t end)
{
	put_range(first, end, tlb_stamp_ancient(), OLD);
}

/* A block of that state and CLEAR_ORDER, or a smaller one where there is none; it stays in its list. */
static mfn_t block_of(unsigned int state, unsigned int *order)
{
	mfn_t small = MFN_INVALID, mfn;
	unsigned int small_order = 0;
	uint64_t note;

	*order = CLEAR_ORDER;
	if (!(to_clear >> state & 1))
		return MFN_INVALID;
	for (int i = ZONES - 1; i >= 0; i--) {
		struct zone *z = &zones[i][state];

		if (z->nonempty >> CLEAR_ORDER & 1)
			return z->head[CLEAR_ORDER];
		mfn = take_from(z, CLEAR_ORDER, &note);
		if (mfn != MFN_INVALID) {
			block_insert(mfn, CLEAR_ORDER, note);
			return mfn;
		}
		if (z->nonempty && small == MFN_INVALID) {
			small_order = 31 - __builtin_clz(z->nonempty);
			small = z->head[small_order];
		}
	}
	*order = small_order;
	if (small == MFN_INVALID)
		WRITE_ONCE(to_clear, to_clear & ~(1u << state));
	return small;
}

/* What somebody gave back is wanted again first, so it is cleared before what nobody has touched. */
static mfn_t block_to_clear(unsigned int *order)
{
	mfn_t dirty = block_of(DIRTY, order);
	uint64_t word;

	if (dirty != MFN_INVALID) {
		word = frame_owner_word(frame_of(dirty));
		/* A few frames are not worth that another processor is interrupted; it will flush some time. */
		if (*order == CLEAR_ORDER || cleared_of(word) || !others_to_flush(word))
			return dirty;
	}
	return block_of(OLD, order);
}

static void clear_part(mfn_t mfn, unsigned int order)
{
	struct frame *f = frame_of(mfn);
	uint64_t word = frame_owner_word(f);
	unsigned int done = cleared_of(word), count = MIN(1u << order, CLEAR_PART);

	scrub_pages(mfn_to_virt(mfn + done), count);
	if (done + count < 1u << order) {
		word = free_word(order, note_make(stamp_of(word), state_of(word), done + count));
		__atomic_store_n(&f->owner, word, __ATOMIC_RELAXED);
		return;
	}
	block_remove(mfn, order);
	block_merge(mfn, order, stamp_of(word), CLEAN);
}

bool allocator_clear(void)
{
	unsigned int order;
	uint64_t word;
	mfn_t mfn;

	/* Mostly there is none, and processors become idle often; or another one is at it. */
	if (!READ_ONCE(to_clear) || !spin_trylock(&lock))
		return false;
	mfn = block_to_clear(&order);
	if (mfn == MFN_INVALID) {
		spin_unlock(&lock);
		return false;
	}
	word = frame_owner_word(frame_of(mfn));
	if (!cleared_of(word)) {
		/*
		 * Until now somebody might have written to it by a translation from before.  Without
		 * the lock, for others may want memory for what they do before they answer.
		 */
		spin_unlock(&lock);
		tlb_flush_stamped(cpu_online_mask, stamp_of(word));
		spin_lock(&lock);
	}
	/* Otherwise it has been given out meanwhile, or merged. */
	if (frame_owner_word(frame_of(mfn)) == word)
		clear_part(mfn, order);
	spin_unlock(&lock);
	return true;
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
