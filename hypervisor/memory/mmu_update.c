// SPDX-License-Identifier: GPL-2.0-or-later
/* Hypercall mmu_update: a list of page-table entries (or M2P entries) to change. */
#include <hypercall/memory.h>

#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "memory/entry.h"
#include "memory/owner.h"

/* Set in "count" when a preempted call goes on: *done then counts what is done. */
#define PREEMPTED 0x80000000u
#define CHUNK 32		/* requests copied in at a time */
#define BLOCK_BYTES (FRAME_USED_BLOCK * 8)	/* of a table: the lock is for one block */

struct update {
	struct domain *tables_of;	/* whose tables change */
	uint32_t frames_of;		/* whose frames they may map */
	uint64_t locked;		/* block of a level-1 table that is kept locked, or MFN_INVALID */
};

static void unlock(struct update *u)
{
	if (u->locked != MFN_INVALID)
		frame_unlock_table(frame_of(u->locked * BLOCK_BYTES >> PAGE_SHIFT));
	u->locked = MFN_INVALID;
}

/* Tables that are not live are memory like any other. */
static int plain_store(struct update *u, mfn_t mfn, uint64_t *slot, uint64_t value)
{
	struct frame *f = frame_of(mfn);
	int rc = -EINVAL;

	if (!frame_get_id(f, u->tables_of->id))
		return rc;
	rc = frame_get_writable(f);
	if (likely(!rc)) {
		__atomic_store_n(slot, value, __ATOMIC_RELEASE);
		dirty_mark(mfn);
		frame_put_writable(f);
	}
	frame_put(f);
	return rc;
}

static inline int l1_update(struct update *u, const struct hc_mmu_update *r)
{
	struct entry_store how = { .keep_ad = (r->ptr & 3) == HC_MMU_PT_UPDATE_PRESERVE_AD };

	return l1_entry_update(u->tables_of, u->frames_of, maddr_to_virt(r->ptr & ~7ULL), r->val, how);
}

/* An entry of another block than the one that is locked. */
static int pt_update(struct update *u, const struct hc_mmu_update *r)
{
	struct entry_store how = { .keep_ad = (r->ptr & 3) == HC_MMU_PT_UPDATE_PRESERVE_AD };
	mfn_t mfn = r->ptr >> PAGE_SHIFT;
	struct frame *f = frame_of(mfn);
	unsigned int level;
	int rc;

	if (unlikely(mfn >= memory_max_mfn))
		return -EINVAL;
	level = frame_try_lock_l1(f, u->tables_of->id, r->ptr) ? 1 : frame_lock_table(f, u->tables_of->id, r->ptr);
	if (!level)
		return plain_store(u, mfn, maddr_to_virt(r->ptr & ~7ULL), r->val);
	if (level == 1) {
		u->locked = r->ptr / BLOCK_BYTES;
		return l1_update(u, r);
	}
	/* Kept by a reference instead: what comes may take long. */
	rc = frame_get_id(f, u->tables_of->id) ? 0 : -EINVAL;
	frame_unlock_table(f);
	if (rc)
		return rc;
	rc = table_entry_update(u->tables_of, f, level, (r->ptr & (PAGE_SIZE - 1)) / 8, r->val, how,
				true);
	frame_put(f);
	return rc;
}

static int m2p_update(struct update *u, mfn_t mfn, uint64_t pfn)
{
	if (mfn >= memory_max_mfn || !frame_get_id(frame_of(mfn), u->frames_of))
		return -EINVAL;
	m2p_set(mfn, pfn);
	dirty_mark(mfn);
	frame_put(frame_of(mfn));
	return 0;
}

/* Another block than the one that is locked, or none. */
static __noinline int update_one(struct update *u, const struct hc_mmu_update *r)
{
	unlock(u);
	switch (r->ptr & 3) {
	case HC_MMU_NORMAL_PT_UPDATE:
	case HC_MMU_PT_UPDATE_NO_TRANSLATE:
	case HC_MMU_PT_UPDATE_PRESERVE_AD:
		return pt_update(u, r);
	default:
		return m2p_update(u, r->ptr >> PAGE_SHIFT, r->val);
	}
}

/* The requests from *i on; -ERESTART: let others in, then go on at *i. */
static int update_list(struct update *u, uint64_t list, uint32_t count, uint32_t *i)
{
	struct hc_mmu_update chunk[CHUNK];
	int rc = 0;

	while (!rc && *i < count) {
		uint32_t n = MIN(count - *i, CHUNK);

		if (guest_read_words(chunk, list + *i * sizeof(chunk[0]), n * sizeof(chunk[0]) / 8))
			return -EFAULT;
		for (uint32_t k = 0; k < n && !rc; k++) {
			if (likely(chunk[k].ptr / BLOCK_BYTES == u->locked &&
				   (chunk[k].ptr & 3) != HC_MMU_MACHPHYS_UPDATE)) {
				rc = l1_update(u, &chunk[k]);
				if (likely(!rc))
					++*i;
				continue;
			}
			rc = update_one(u, &chunk[k]);
			if (rc)
				break;
			++*i;
			/* What was dropped is undone before the guest goes on: it may use the frame. */
			if (current->memory.deferred)
				rc = -ERESTART;
		}
		unlock(u);
		if (!rc && *i < count && hypercall_preempt_check())
			rc = -ERESTART;
	}
	return rc;
}

/*
 * domid: low half the domain whose frames may be mapped, high half (plus one,
 * 0: the caller) the one whose tables are changed.
 */
static int resolve(uint32_t domid, struct update *u, struct domain **frames, struct domain **tables)
{
	uint16_t low = domid, high = domid >> 16;
	int rc = 0;

	*frames = *tables = NULL;
	u->tables_of = current->domain;
	u->frames_of = current->domain->id;
	if (likely(domid == HC_DOMID_SELF))
		return 0;
	if (low == HC_DOMID_IO || low == HC_DOMID_XEN) {
		if (!current->domain->privileged)
			return -EPERM;
		u->frames_of = low;
	} else if (low != HC_DOMID_SELF && low != current->domain->id) {
		rc = domain_get_target(low, frames);
		if (rc)
			return rc;
		u->frames_of = (*frames)->id;
	}
	if (high) {
		rc = domain_get_target(high - 1, tables);
		if (!rc)
			u->tables_of = *tables;
	}
	if (rc && *frames)
		domain_put(*frames);
	return rc;
}

static __noinline long update(uint64_t req, uint64_t count64, uint64_t done_at, uint64_t domid)
{
	uint32_t count = count64 & ~PREEMPTED, before = 0, i = 0;
	struct update u = { .locked = MFN_INVALID };
	struct domain *frames, *tables;
	int rc;

	if (vcpu_deferred_finish(current, true))
		return hypercall_continue(HC_NR_MMU_UPDATE, 4, req, count64, done_at, domid);
	if (count64 & PREEMPTED && done_at && copy_from_guest(&before, done_at, sizeof(before)))
		return -EFAULT;
	rc = resolve(domid, &u, &frames, &tables);
	if (rc)
		return rc;
	rc = update_list(&u, req, count, &i);
	current->counters[HC_COUNTER_MMU_UPDATES] += i;
	before += i;
	if (done_at && copy_to_guest(done_at, &before, sizeof(before)))
		rc = -EFAULT;
	if (tables)
		domain_put(tables);
	if (frames)
		domain_put(frames);
	owner_reap();
	if (rc == -ERESTART)
		rc = hypercall_continue(HC_NR_MMU_UPDATE, 4, req + i * sizeof(struct hc_mmu_update),
					(uint64_t)((count - i) | PREEMPTED), done_at, domid);
	return rc;
}

/* One entry of the caller's own, in the level-1 table f, which is locked. */
static __noinline long update_locked(struct frame *f, uint64_t ptr, uint64_t val)
{
	struct vcpu *v = current;
	struct update u = { .tables_of = v->domain, .frames_of = v->domain->id };
	int rc = l1_update(&u, &(struct hc_mmu_update){ .ptr = ptr, .val = val });

	frame_unlock_table(f);
	if (!rc)
		v->counters[HC_COUNTER_MMU_UPDATES]++;
	owner_reap();
	return rc;
}

/*
 * Nearly all calls of a stock kernel are for one entry of its own, in a level-1 table, where
 * mostly nothing was.  Whatever is otherwise is left to others as a whole, so that this needs no frame.
 */
long hypercall_mmu_update(uint64_t req, uint64_t count64, uint64_t done_at, uint64_t domid)
{
	struct vcpu *v = current;
	struct domain *d = v->domain;
	unsigned int id = d->id;
	uint64_t ptr, val;
	struct frame *f;

	if (unlikely((count64 ^ 1) | (domid ^ HC_DOMID_SELF) | done_at | (uint64_t)v->memory.deferred))
		return update(req, count64, done_at, domid);
	/* Bit 0 is in both of the kinds that are rare. */
	if (guest_read_pair(&ptr, &val, req) || ptr & HC_MMU_MACHPHYS_UPDATE ||
	    ptr >> PAGE_SHIFT >= memory_max_mfn)
		return update(req, 1, 0, HC_DOMID_SELF);
	f = frame_of(ptr >> PAGE_SHIFT);
	if (unlikely(!frame_try_lock_l1(f, id, ptr)))
		return update(req, 1, 0, HC_DOMID_SELF);
	if (unlikely(ptr & 7) || !l1_entry_try_install(d, id, maddr_to_virt(ptr), val))
		return update_locked(f, ptr, val);
	frame_unlock_table(f);
	v->counters[HC_COUNTER_MMU_UPDATES]++;
	owner_reap();
	return 0;
}
