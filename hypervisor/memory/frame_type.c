// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Types of frames: taking and dropping type references, and checking that a
 * frame's contents are fit for its new type.
 *
 *   virtual address   47..39    38..30    29..21    20..12    11..0
 *                       |         |         |         |
 *   CR3 -> L4 [512] ----+-> L3 ---+-> L2 ---+-> L1 ---+-> data frame
 *          slots 256..271    |         |         |          writable entry: FRAME_WRITABLE
 *          are ours          +---------+---------+-- each entry: the type of the level below
 *
 * Every level is handled by the same functions; level 1 has loops of its own,
 * because they are what fork and exit spend their time in.  A table may not
 * contain itself, neither directly nor further down: a frame has one type at a
 * time, and a table being checked has one already.  (Other hypervisors of this
 * ABI allow a read-only exception for recursive mappings, which Linux never
 * makes.)
 */
#include "cpu/guest_descriptors.h"
#include "cpu/percpu.h"
#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "lib/log.h"
#include "lib/string.h"
#include "memory/entry.h"
#include "memory/present.h"
#include "memory/split.h"
#include "memory/tlb.h"

/* Look whether others want the processor after so many tables. */
#define TABLES_PER_CHECK 4

static void type_store(struct frame *f, uint64_t word)
{
	__atomic_store_n(&f->type, word, __ATOMIC_RELEASE);
}

static uint64_t type_unused(enum frame_type type)
{
	return (uint64_t)tlb_stamp_now() << FRAME_PROGRESS_SHIFT |
	       (uint64_t)type << FRAME_TYPE_SHIFT;
}

static bool is_table(enum frame_type type)
{
	return type >= FRAME_L1 && type <= FRAME_L4;
}

_Static_assert(L4_HOLE_FIRST % FRAME_USED_BLOCK == 0 && L4_HOLE_LAST - L4_HOLE_FIRST < FRAME_USED_BLOCK,
	       "our slots are the first of one block");
#define HOLE_ENTRIES ((1U << (L4_HOLE_LAST - L4_HOLE_FIRST + 1)) - 1)

/* The present entries of a block of a table above level 1, without our own slots. */
static inline uint32_t upper_entries(const uint64_t *table, unsigned int first, enum frame_type level)
{
	uint32_t entries = block_entries(table + first);

	return unlikely(first == L4_HOLE_FIRST) && level == FRAME_L4 ? entries & ~HOLE_ENTRIES : entries;
}

/* Those of a block's entries that come before another one of its table. */
static inline uint32_t entries_below(uint32_t entries, unsigned int first, unsigned int end)
{
	return likely(end - first >= FRAME_USED_BLOCK) ? entries : entries & ((1U << (end - first)) - 1);
}

/* A present one. */
static inline int check_l1_entry(struct domain *d, uint64_t *entry)
{
	uint64_t e = *entry, adjusted = e;

	if (unlikely(!l1_entry_adjust(d, &adjusted) || l1_entry_get(d, d->id, &adjusted)))
		return -EINVAL;
	if (adjusted != e)
		*entry = adjusted;
	return 0;
}

/* All of a level-1 table; *at ends where the first bad entry is, *used are bits of FRAME_USED. */
static int check_l1(struct domain *d, uint64_t *table, unsigned int *at, uint64_t *used)
{
	uint32_t blocks = table_blocks(table);

	*used = (uint64_t)blocks << FRAME_USED_SHIFT;
	for (; blocks; blocks &= blocks - 1) {
		uint64_t *block = table + __builtin_ctz(blocks) * FRAME_USED_BLOCK;

		for (uint32_t entries = block_entries(block); entries; entries &= entries - 1) {
			uint64_t *e = block + __builtin_ctz(entries);

			if (unlikely(check_l1_entry(d, e))) {
				*at = e - table;
				return -EINVAL;
			}
		}
	}
	*at = PTE_ENTRIES;
	return 0;
}

/* The first "end" entries of a level-1 table, of which blocks are used. */
static void undo_l1(unsigned int domid, const uint64_t *table, unsigned int end, unsigned int used)
{
	used &= (1U << DIV_ROUND_UP(end, FRAME_USED_BLOCK)) - 1;
	for (; used; used &= used - 1) {
		unsigned int first = __builtin_ctz(used) * FRAME_USED_BLOCK;
		uint32_t entries = entries_below(block_entries(table + first), first, end);

		for (; entries; entries &= entries - 1)
			l1_present_put(domid, table[first + __builtin_ctz(entries)]);
	}
}

/* *done counts the tables to be checked themselves, between looks whether others want the processor. */
static inline int check_upper_entry(struct domain *d, uint64_t *slot, enum frame_type level,
				    bool preemptible, unsigned int *done)
{
	uint64_t e = *slot;
	struct frame *f = frame_of(pte_mfn(e));
	int rc;

	if (unlikely(!table_entry_ok(e) || pte_mfn(e) >= memory_max_mfn || !frame_get_id(f, d->id)))
		return -EINVAL;
	if (unlikely(!frame_try_type(f, level - 1))) {
		if (preemptible && ++*done % TABLES_PER_CHECK == 0 && hypercall_preempt_check()) {
			frame_put(f);
			return -ERESTART;
		}
		rc = frame_get_type_after(f, level - 1, preemptible);
		if (unlikely(rc))
			return rc == -ERESTART ? rc : -EINVAL;
	}
	if (!(e & PTE_USER))
		*slot = e | PTE_USER;
	return 0;
}

/* All of a table above level 1 from *at on; *at ends where it goes on, or the first bad entry is. */
static int check_upper(struct domain *d, uint64_t *table, enum frame_type level,
		       unsigned int *at, uint64_t *used, bool preemptible)
{
	uint32_t blocks = table_blocks(table);
	unsigned int done = 0;

	*used = (uint64_t)blocks << FRAME_USED_SHIFT;
	for (; blocks; blocks &= blocks - 1) {
		unsigned int first = __builtin_ctz(blocks) * FRAME_USED_BLOCK;
		uint32_t entries = upper_entries(table, first, level);

		if (unlikely(*at > first))
			entries &= ~entries_below(~0U, first, *at);
		for (; entries; entries &= entries - 1) {
			unsigned int i = first + __builtin_ctz(entries);
			int rc = check_upper_entry(d, table + i, level, preemptible, &done);

			if (unlikely(rc)) {
				*at = i;
				return rc;
			}
		}
	}
	*at = PTE_ENTRIES;
	if (level == FRAME_L4)
		memcpy(table + L4_HOLE_FIRST, hyp_l4 + L4_HOLE_FIRST,
		       (L4_HOLE_LAST - L4_HOLE_FIRST + 1) * sizeof(*table));
	return level == FRAME_L4 && split_tables ? split_table_made(d, table) : 0;
}

static int check(struct frame *f, enum frame_type type, unsigned int *at, uint64_t *used,
		 bool preemptible)
{
	uint64_t *table = mfn_to_virt(frame_mfn(f));
	struct domain *d;

	switch (type) {
	case FRAME_WRITABLE:
		return 0;
	case FRAME_DESCRIPTORS:
		return descriptor_page_check(table) ? 0 : -EINVAL;
	case FRAME_L1:
	case FRAME_L2:
	case FRAME_L3:
	case FRAME_L4:
		d = frame_owner(f);
		if (!d)
			return -EINVAL;
		return type == FRAME_L1 ? check_l1(d, table, at, used) :
					  check_upper(d, table, type, at, used, preemptible);
	default:
		return -EINVAL;
	}
}

static int resume(struct frame *f, unsigned int domid, enum frame_type type, bool preemptible);

/* What one entry of a table above level 1 holds; *done as above. */
static inline int undo_upper_entry(uint64_t e, bool preemptible, unsigned int *done)
{
	struct frame *f = frame_of(pte_mfn(e));

	if (likely(frame_try_put_type(f))) {
		frame_put(f);
		return 0;
	}
	if (frame_put_last_use(f, preemptible))
		return -ERESTART;
	return preemptible && ++*done % TABLES_PER_CHECK == 0 && hypercall_preempt_check() ? -ERESTART : 0;
}

/*
 * The first *at entries of a table above level 1, of which blocks are used; on -ERESTART *at is
 * what is left of them, and the table of the entry there may have been interrupted half-way.
 */
static int undo_upper(const uint64_t *table, enum frame_type level, unsigned int used, unsigned int *at,
		      bool preemptible)
{
	unsigned int done = 0;

	used &= (1U << DIV_ROUND_UP(*at, FRAME_USED_BLOCK)) - 1;
	while (used) {
		unsigned int block = 31 - __builtin_clz(used), first = block * FRAME_USED_BLOCK;
		uint32_t entries = entries_below(upper_entries(table, first, level), first, *at);

		used ^= 1U << block;
		while (entries) {
			unsigned int last = 31 - __builtin_clz(entries);

			entries ^= 1U << last;
			if (unlikely(undo_upper_entry(table[first + last], preemptible, &done))) {
				*at = first + last;
				return -ERESTART;
			}
		}
	}
	*at = 0;
	return 0;
}

/* Entries at and above *at hold nothing; drop what those below hold.  "was" is the type word before. */
static int undo(struct frame *f, enum frame_type level, uint64_t was, unsigned int *at, bool preemptible)
{
	unsigned int used = (was & FRAME_VALIDATED ? was & FRAME_USED : FRAME_USED) >> FRAME_USED_SHIFT;
	uint64_t *table = mfn_to_virt(frame_mfn(f));
	unsigned int domid = frame_owner_id(frame_owner_word(f));
	int rc;

	if (level == FRAME_L1) {
		undo_l1(domid, table, *at, used);
		return 0;
	}
	/* The next entry's table waits for us. */
	if (*at < PTE_ENTRIES && table[*at] & PTE_PRESENT && pte_mfn(table[*at]) < memory_max_mfn &&
	    !(level == FRAME_L4 && *at >= L4_HOLE_FIRST && *at <= L4_HOLE_LAST)) {
		rc = resume(frame_of(pte_mfn(table[*at])), domid, level - 1, preemptible);
		if (rc)
			return rc;
	}
	return undo_upper(table, level, used, at, preemptible);
}

/* Stop here, to be continued: the state takes over the type reference and one of its own. */
static void make_partial(struct frame *f, enum frame_type type, unsigned int at, uint64_t flags)
{
	__atomic_add_fetch(&f->owner, 1, __ATOMIC_SEQ_CST);
	type_store(f, (uint64_t)at << FRAME_PROGRESS_SHIFT | FRAME_PARTIAL | flags |
		   (uint64_t)type << FRAME_TYPE_SHIFT | 1);
}

/* Drop the references of the first "at" entries of a frame being checked; count goes to zero. */
static int undo_being_checked(struct frame *f, enum frame_type type, unsigned int at,
			      uint64_t was, bool preemptible)
{
	if (is_table(type) && undo(f, type, was, &at, preemptible)) {
		make_partial(f, type, at, was & FRAME_FAILED);
		return -ERESTART;
	}
	type_store(f, type_unused(type));
	return 0;
}

/* The frame is ours to check, from entry "at" on. */
static int check_being_checked(struct frame *f, enum frame_type type, unsigned int at,
			       bool failed, bool preemptible)
{
	uint64_t used = 0;
	int rc = failed ? -EINVAL : check(f, type, &at, &used, preemptible);

	if (!rc) {
		type_store(f, used | FRAME_VALIDATED | (uint64_t)type << FRAME_TYPE_SHIFT | 1);
		/* The check completes entries; and what a saver makes of them depends on the type. */
		if (type != FRAME_WRITABLE)
			dirty_mark(frame_mfn(f));
		return 0;
	}
	if (rc == -ERESTART) {
		make_partial(f, type, at, 0);
		return rc;
	}
	rc = undo_being_checked(f, type, at, FRAME_FAILED, preemptible);
	return rc ? rc : -EINVAL;
}

/*
 * A frame changes its type.  Processors may still hold translations from its
 * former life: writable ones, or as a page table itself, which must not outlive it.
 */
static void flush_former_type(struct frame *f, uint64_t type_word)
{
	uint64_t owner = frame_owner_word(f);
	struct domain *d = frame_owner(f);
	cpumask_t mask = cpu_online_mask;

	if (d && !(owner & FRAME_FOREIGN))
		mask = __atomic_load_n(&d->dirty_cpus, __ATOMIC_SEQ_CST);
	tlb_flush_stamped(mask, type_word >> FRAME_PROGRESS_SHIFT);
}

static int take_unused(struct frame *f, uint64_t x, enum frame_type type, bool preemptible)
{
	enum frame_type former = frame_type_of(x);

	if (former != FRAME_NONE && former != type)
		flush_former_type(f, x);
	return check_being_checked(f, type, 0, false, preemptible);
}

/* Go on with a partial frame that was made ours. */
static int take_partial(struct frame *f, uint64_t x, bool preemptible)
{
	int rc = check_being_checked(f, frame_type_of(x), x >> FRAME_PROGRESS_SHIFT,
				     x & FRAME_FAILED, preemptible);

	frame_put(f);	/* the reference of the former partial state; the caller has another */
	return rc;
}

int frame_get_type_slow(struct frame *f, enum frame_type type, bool preemptible)
{
	uint64_t x = frame_type_word(f), being_checked = (uint64_t)type << FRAME_TYPE_SHIFT | 1;

	for (;;) {
		if (!(x & FRAME_COUNT)) {
			if (frame_cas(&f->type, &x, being_checked))
				return take_unused(f, x, type, preemptible);
		} else if (frame_type_of(x) != type) {
			return -EINVAL;
		} else if (x & FRAME_VALIDATED) {
			if ((x & FRAME_COUNT) == FRAME_COUNT)
				return -EBUSY;
			if (frame_cas(&f->type, &x, x + 1))
				return 0;
		} else if (x & FRAME_PARTIAL) {
			if (frame_cas(&f->type, &x, being_checked))
				return take_partial(f, x, preemptible);
		} else if (preemptible) {
			return -ERESTART;	/* another processor is at it */
		} else {
			cpu_relax_serving();
			x = frame_type_word(f);
		}
	}
}

int frame_put_type_slow(struct frame *f, bool preemptible)
{
	uint64_t x = frame_type_word(f);

	for (;;) {
		enum frame_type type = frame_type_of(x);
		uint64_t count = x & FRAME_COUNT;

		ASSERT(count);
		if (count > 1 + !!(x & FRAME_LOCKED)) {
			if (frame_cas(&f->type, &x, x - 1))
				return 0;
		} else if (x & FRAME_LOCKED) {
			/* Only the lock's own reference would be left, and unlocking undoes nothing. */
			cpu_relax_serving();
			x = frame_type_word(f);
		} else if (!is_table(type)) {
			if (frame_cas(&f->type, &x, type_unused(type)))
				return 0;
		} else if (frame_cas(&f->type, &x, (uint64_t)type << FRAME_TYPE_SHIFT | 1)) {
			shadow_table_gone(f);
			if (type == FRAME_L4 && split_tables)
				split_table_gone(frame_owner(f), mfn_to_virt(frame_mfn(f)));
			return undo_being_checked(f, type, PTE_ENTRIES, x, preemptible);
		}
	}
}

/*
 * FRAME_NONE stands for every type.  Whoever follows an entry names the level
 * it must lead to: an entry that was found invalid may point anywhere, and the
 * recursion must end.
 */
static int resume(struct frame *f, unsigned int domid, enum frame_type type, bool preemptible)
{
	uint64_t x;
	int rc = 0;

	if (!frame_get_id(f, domid))
		return 0;
	x = frame_type_word(f);
	while (x & FRAME_PARTIAL && (type == FRAME_NONE || type == frame_type_of(x)))
		if (frame_cas(&f->type, &x, (x & FRAME_TYPE) | 1)) {
			rc = undo_being_checked(f, frame_type_of(x), x >> FRAME_PROGRESS_SHIFT, x,
						preemptible);
			frame_put(f);	/* the partial state's */
			break;
		}
	frame_put(f);
	return rc;
}

int frame_put_resume(struct frame *f, unsigned int domid, bool preemptible)
{
	return resume(f, domid, FRAME_NONE, preemptible);
}

unsigned int frame_lock_table(struct frame *f, unsigned int domid, uint64_t address)
{
	uint64_t x = frame_type_word(f);

	for (;;) {
		if (!(x & FRAME_VALIDATED) || x >> 63 ||
		    !is_table(frame_type_of(x)) || !(x & FRAME_COUNT) ||
		    (x & FRAME_COUNT) == FRAME_COUNT ||
		    frame_owner_id(frame_owner_word(f)) != domid)
			return 0;
		if (x & FRAME_LOCKED) {
			cpu_relax_serving();
			x = frame_type_word(f);
		} else if (frame_cas(&f->type, &x, (x | frame_used_at(address)) + FRAME_LOCKED + 1)) {
			break;
		}
	}
	if (frame_owner_id(frame_owner_word(f)) == domid)
		return frame_type_of(x);
	frame_unlock_table(f);
	return 0;
}
