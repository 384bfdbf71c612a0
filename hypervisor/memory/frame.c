// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * References to frames: who holds them, and what happens when the last goes.
 */
#include "cpu/percpu.h"
#include "domain/domain.h"
#include "lib/log.h"
#include "lib/string.h"
#include "memory/allocator.h"
#include "memory/owner.h"
#include "memory/tlb.h"

bool frame_get_any(struct frame *f, struct domain **owner)
{
	unsigned int domid = frame_owner_id(frame_owner_word(f));

	if (domid >= HC_DOMID_FIRST_RESERVED || !frame_get_id(f, domid))
		return false;
	*owner = owner_lookup(domid);
	return true;
}

struct domain *frame_owner(const struct frame *f)
{
	return owner_lookup(frame_owner_id(frame_owner_word(f)));
}

/* A page the hypervisor shared lost its last mapping after frame_unshare(). */
static void release_shared(struct frame *f, uint64_t x)
{
	do {
		if (x & FRAME_ORPHAN) {
			__atomic_store_n(&f->type, 0, __ATOMIC_RELAXED);
			__atomic_store_n(&f->owner, FRAME_HYP, __ATOMIC_RELAXED);
			allocator_put(frame_mfn(f), 0, tlb_stamp_now());
			return;
		}
		/* page_free() may come at the same time and mark it an orphan. */
	} while (!frame_cas(&f->owner, &x, FRAME_HYP));
}

void frame_release(struct frame *f, uint64_t owner_word)
{
	mfn_t mfn = frame_mfn(f);
	struct domain *d;

	if (owner_word & FRAME_SHARED) {
		release_shared(f, owner_word);
		return;
	}
	d = owner_lookup(frame_owner_id(owner_word));
	ASSERT(d && !(owner_word & FRAME_ALLOCATED) && !(frame_type_word(f) & FRAME_COUNT));
	m2p_set(mfn, M2P_INVALID);
	__atomic_store_n(&f->type, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&f->owner, FRAME_HYP, __ATOMIC_RELAXED);
	allocator_put(mfn, 0, tlb_stamp_now());
	owner_uncharge(d, 1);
}

void frame_share(mfn_t mfn, struct domain *d, bool writable)
{
	struct frame *f = frame_of(mfn);
	uint64_t type = writable ? FRAME_WRITABLE : FRAME_NONE;

	/* Our own type reference keeps it from ever becoming anything else. */
	__atomic_store_n(&f->type, type << FRAME_TYPE_SHIFT | FRAME_VALIDATED | 1,
			 __ATOMIC_RELAXED);
	__atomic_store_n(&f->owner, (uint64_t)d->id << FRAME_OWNER_SHIFT | FRAME_SHARED | 1,
			 __ATOMIC_RELEASE);
}

void frame_unshare(mfn_t mfn)
{
	struct frame *f = frame_of(mfn);
	uint64_t x = frame_owner_word(f);

	ASSERT(x & FRAME_SHARED);
	/* Without an owner's number nobody finds it to take a reference. */
	while (!frame_cas(&f->owner, &x,
			  (x & ~(0xffffULL << FRAME_OWNER_SHIFT)) | FRAME_HYP))
		;
	frame_put_type(f, false);
	frame_put(f);
}

int frame_get_type_after(struct frame *f, enum frame_type type, bool preemptible)
{
	int rc = frame_get_type_slow(f, type, preemptible);

	if (rc)
		frame_put(f);
	return rc;
}

int frame_get_both(mfn_t mfn, struct domain *d, enum frame_type type, bool preemptible)
{
	return frame_get_table(mfn, d->id, type, preemptible);
}

void frame_put_both(struct frame *f)
{
	frame_put_type(f, false);
	frame_put(f);
}

int frame_put_last_use(struct frame *f, bool preemptible)
{
	int rc = frame_put_type_slow(f, preemptible);

	/* A partial table keeps itself alive. */
	frame_put(f);
	return rc;
}
