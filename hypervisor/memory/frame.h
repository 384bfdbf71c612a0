/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame table: references and types of frames, and what of it must be fast. */
#ifndef MEMORY_FRAME_H
#define MEMORY_FRAME_H

#include "lib/base.h"
#include "lib/log.h"
#include "memory/layout.h"
#include "memory/tlb.h"

struct domain;

/*
 * One entry of the frame table, 16 bytes.
 *
 * owner: reference count and owner in one word, so that "take a reference if
 *   it is mine" is one compare-and-exchange.
 *     63..48 owner's domain number, or FRAME_OWNER_* for frames that no domain owns
 *     47     allocated: the owner's own reference (counted in the references)
 *     46     hypervisor's page shared with the owner
 *     45..40 flags   39..0 references
 * type: what the frame is used as, how often.
 *     63..40 progress of a partial validation, or (count zero) TLB stamp; of a validated table
 *            55..40 tell in which blocks of 32 entries something may be present, 0 elsewhere
 *     39 locked  38 partial  37 pinned  36 validated  35 failed  34..32 type
 *     31..0 type references; every one comes with a general reference
 *
 * A table being checked has a count of 1 and is neither validated nor partial;
 * only the processor that checks it may change the word then.  When the check
 * (or its undoing) is interrupted the frame becomes partial: entries below
 * "progress" hold their references, the state itself owns the type reference
 * and a general reference, and whoever comes next may go on in either
 * direction.
 *
 * The first frame of a free block: owner = FRAME_OWNER_FREE, 44..40 order,
 * 35..26 frames cleared, 25..24 state, 23..0 TLB stamp; type = bit 63, 62..32 previous, 30..0 next block.
 */
struct frame {
	uint64_t owner;
	uint64_t type;
};

enum frame_type {
	FRAME_NONE,
	FRAME_L1, FRAME_L2, FRAME_L3, FRAME_L4,	/* page tables, level = value */
	FRAME_DESCRIPTORS,			/* GDT or LDT */
	FRAME_WRITABLE,
};

#define FRAME_OWNER_SHIFT 48
#define FRAME_ALLOCATED (1ULL << 47)
#define FRAME_SHARED (1ULL << 46)
#define FRAME_FOREIGN (1ULL << 45)	/* was mapped by another domain than its owner */
#define FRAME_ORPHAN (1ULL << 44)	/* shared page given back while still mapped */
#define FRAME_REFS ((1ULL << 40) - 1)

/* Owners beside domain numbers.  Frames that are not RAM have HC_DOMID_IO. */
#define FRAME_OWNER_HYP 0xfffdULL	/* the hypervisor's, or inside a free block */
#define FRAME_OWNER_HEAP 0xfffeULL
#define FRAME_OWNER_FREE 0xffffULL	/* first of a free block */
#define FRAME_HYP (FRAME_OWNER_HYP << FRAME_OWNER_SHIFT)
#define FRAME_NOT_RAM (0x7ff1ULL << FRAME_OWNER_SHIFT)

#define FRAME_COUNT 0xffffffffULL
#define FRAME_TYPE_SHIFT 32
#define FRAME_TYPE (7ULL << FRAME_TYPE_SHIFT)
#define FRAME_FAILED (1ULL << 35)	/* with partial: found invalid, is being undone */
#define FRAME_VALIDATED (1ULL << 36)
#define FRAME_PINNED (1ULL << 37)
#define FRAME_PARTIAL (1ULL << 38)
#define FRAME_LOCKED (1ULL << 39)
#define FRAME_PROGRESS_SHIFT 40
#define FRAME_USED_SHIFT 40
#define FRAME_USED (0xffffULL << FRAME_USED_SHIFT)
#define FRAME_USED_BLOCK 32

#ifdef TENON_HOST
extern struct frame *host_frames;
#define frame_table host_frames
#else
#define frame_table ((struct frame *)FRAME_TABLE_VIRT)
#endif

extern mfn_t memory_max_mfn;	/* first frame number past all RAM */

/* mfn must be below memory_max_mfn; holes of RAM have entries too (not RAM). */
static inline struct frame *frame_of(mfn_t mfn)
{
	return &frame_table[mfn];
}

static inline mfn_t frame_mfn(const struct frame *f)
{
	return (mfn_t)(f - frame_table);
}

static inline uint64_t frame_owner_word(const struct frame *f)
{
	return __atomic_load_n(&f->owner, __ATOMIC_RELAXED);
}

static inline uint64_t frame_type_word(const struct frame *f)
{
	return __atomic_load_n(&f->type, __ATOMIC_RELAXED);
}

static inline unsigned int frame_owner_id(uint64_t owner_word)
{
	return owner_word >> FRAME_OWNER_SHIFT;
}

static inline enum frame_type frame_type_of(uint64_t type_word)
{
	return (type_word & FRAME_TYPE) >> FRAME_TYPE_SHIFT;
}

static inline bool frame_cas(uint64_t *word, uint64_t *old, uint64_t new)
{
	return __atomic_compare_exchange_n(word, old, new, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

static inline bool mfn_valid(mfn_t mfn)
{
	return mfn < memory_max_mfn &&
	       frame_owner_word(frame_of(mfn)) >> FRAME_OWNER_SHIFT !=
	       FRAME_NOT_RAM >> FRAME_OWNER_SHIFT;
}

/*
 * A general reference, if that domain owns the frame, which is not freed until frame_put().
 * The count cannot overflow: a reference is an entry of a page table or something larger,
 * and 2^40 entries of 8 bytes exceed all RAM we support.
 */
static inline bool frame_get_id(struct frame *f, unsigned int domid)
{
	uint64_t x = frame_owner_word(f);

	do {
		if (unlikely(frame_owner_id(x) != domid || !(x & FRAME_REFS)))
			return false;
	} while (unlikely(!frame_cas(&f->owner, &x, x + 1)));
	return true;
}

/* Type changes must from now on look for stale translations on all processors. */
static inline void frame_mark_foreign(struct frame *f)
{
	if (!(frame_owner_word(f) & FRAME_FOREIGN))
		__atomic_fetch_or(&f->owner, FRAME_FOREIGN, __ATOMIC_SEQ_CST);
}

/* References went to zero (frame.c). */
__keeps_registers void frame_release(struct frame *f, uint64_t owner_word);

static inline void frame_put(struct frame *f)
{
	uint64_t x = __atomic_sub_fetch(&f->owner, 1, __ATOMIC_SEQ_CST);

	if (unlikely(!(x & FRAME_REFS)))
		call_keeping(frame_release, f, x);
}

/* The first use and the last, and whatever is not plain (frame_type.c). */
__keeps_registers int frame_get_type_slow(struct frame *f, enum frame_type type, bool preemptible);
int frame_put_type_slow(struct frame *f, bool preemptible);

/* One more use as what it is in use as already; false: not that simple. */
static inline bool frame_try_type(struct frame *f, enum frame_type type)
{
	const uint64_t valid = (uint64_t)type << FRAME_TYPE_SHIFT | FRAME_VALIDATED;
	uint64_t x = frame_type_word(f);

	return likely((x & (FRAME_TYPE | FRAME_VALIDATED)) == valid && (uint32_t)x != FRAME_COUNT &&
		      frame_cas(&f->type, &x, x + 1));
}

/* Use as type: 0, -EINVAL (wrong type or contents), -EBUSY (too often), -ERESTART (preempted). */
static inline int frame_get_type(struct frame *f, enum frame_type type, bool preemptible)
{
	return frame_try_type(f, type) ? 0 : frame_get_type_slow(f, type, preemptible);
}

/* One use less of those that are not the last; false: nothing is done. */
static inline bool frame_try_put_type(struct frame *f)
{
	uint64_t x = frame_type_word(f);

	/* While a table is locked one may be the lock's. */
	return likely((uint32_t)x > 1 && !(x & FRAME_LOCKED) && frame_cas(&f->type, &x, x - 1));
}

/* 0, or -ERESTART: the frame is partial now, the rest is for frame_put_resume(). */
static inline int frame_put_type(struct frame *f, bool preemptible)
{
	return frame_try_put_type(f) ? 0 : frame_put_type_slow(f, preemptible);
}

/* Undo f if it is a partial table of that domain's; 0 or -ERESTART.  Needs no reference. */
int frame_put_resume(struct frame *f, unsigned int domid, bool preemptible);
/* With a general reference, which goes as well if that fails, or with the last use (frame.c). */
int frame_get_type_after(struct frame *f, enum frame_type type, bool preemptible);
int frame_put_last_use(struct frame *f, bool preemptible);

/* Both references of a frame of that domain's; as frame_get_type(). */
static inline int frame_get_table(mfn_t mfn, unsigned int domid, enum frame_type type, bool preemptible)
{
	struct frame *f = frame_of(mfn);

	if (unlikely(mfn >= memory_max_mfn || !frame_get_id(f, domid)))
		return -EINVAL;
	return likely(frame_try_type(f, type)) ? 0 : frame_get_type_after(f, type, preemptible);
}

/* Both references of a table; 0 or -ERESTART as above, the caller's references are gone anyway. */
static inline int frame_put_table(struct frame *f, bool preemptible)
{
	if (unlikely(!frame_try_put_type(f)))
		return frame_put_last_use(f, preemptible);
	frame_put(f);
	return 0;
}

#define WRITABLE_UNUSED ((uint64_t)FRAME_WRITABLE << FRAME_TYPE_SHIFT)
#define WRITABLE_VALID (WRITABLE_UNUSED | FRAME_VALIDATED)

/* frame_get_writable() where it is simple; false: nothing is done. */
static inline bool frame_try_writable(struct frame *f)
{
	uint64_t x = frame_type_word(f), new;

	do {
		unsigned int kind = (x & (FRAME_TYPE | FRAME_VALIDATED)) >> FRAME_TYPE_SHIFT;

		/* In use like that already; or unused, and never anything else. */
		if (kind == WRITABLE_VALID >> FRAME_TYPE_SHIFT && (uint32_t)x != FRAME_COUNT)
			new = x + 1;
		else if (!(uint32_t)x && (!kind || kind == FRAME_WRITABLE))
			new = WRITABLE_VALID | 1;
		else
			return false;
	} while (unlikely(!frame_cas(&f->type, &x, new)));
	return true;
}

/* The caller holds a general reference, which stays with the type's. */
static inline int frame_get_writable(struct frame *f)
{
	return likely(frame_try_writable(f)) ? 0 : call_keeping(frame_get_type_slow, f, FRAME_WRITABLE, false);
}

static inline void frame_put_writable(struct frame *f)
{
	uint64_t x = frame_type_word(f), new;

	do {
		/* The last one, mostly: from now on it may become something else. */
		if (likely(x == (WRITABLE_VALID | 1))) {
			new = (uint64_t)tlb_stamp_now() << FRAME_PROGRESS_SHIFT | WRITABLE_UNUSED;
		} else {
			ASSERT((uint32_t)x > 1);
			new = x - 1;
		}
	} while (unlikely(!frame_cas(&f->type, &x, new)));
}

/* The bit of FRAME_USED for the entry at that address, of which the offset in its page counts. */
static inline uint64_t frame_used_at(uint64_t address)
{
	return 1ULL << (FRAME_USED_SHIFT + address % PAGE_SIZE / (FRAME_USED_BLOCK * 8));
}

/*
 * Lock a live page table against changes by others and keep it alive until
 * frame_unlock_table(); returns its level, 0: not a validated table of d's.
 * Meanwhile an entry may become present in the block of the one at that address only.
 *
 * No reference is needed: a word that shows a validated table has bit 63
 * clear, so it can never equal the links of a free frame, and the table
 * has an owner as long as the lock's type reference exists.
 */
unsigned int frame_lock_table(struct frame *f, unsigned int domid, uint64_t address);

/* The common case of it: f is a level-1 table of d's, in use and not locked. */
static inline bool frame_try_lock_l1(struct frame *f, unsigned int domid, uint64_t address)
{
	const uint64_t valid = (uint64_t)FRAME_L1 << FRAME_TYPE_SHIFT | FRAME_VALIDATED;
	uint64_t x = frame_type_word(f);

	/* All flags as they should be, but pinned or not; and room in the count. */
	if (unlikely((x & ~(FRAME_PINNED | FRAME_USED)) - valid >= FRAME_COUNT ||
		     !frame_cas(&f->type, &x, (x | frame_used_at(address)) + FRAME_LOCKED + 1)))
		return false;
	if (likely(frame_owner_id(frame_owner_word(f)) == domid))
		return true;
	__atomic_sub_fetch(&f->type, FRAME_LOCKED + 1, __ATOMIC_RELEASE);
	return false;
}

static inline void frame_unlock_table(struct frame *f)
{
	__atomic_sub_fetch(&f->type, FRAME_LOCKED + 1, __ATOMIC_RELEASE);
}

#endif
