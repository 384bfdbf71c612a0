// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Taking back what a dying domain owns, in parts, so that whoever asks for it
 * can do something else in between.
 *
 * First the page tables, wherever they are; then nearly every frame has no
 * reference left but the domain's own, and a chunk of them is freed at once.
 * In one pass most frames would still be mapped when they are met, and come
 * back one by one, when their table goes.
 */
#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "lib/string.h"
#include "memory/allocator.h"
#include "memory/dirty.h"
#include "memory/owner.h"
#include "memory/reservation.h"
#include "memory/tlb.h"

/* A part: so many chunks of 2 MiB, about a millisecond. */
#define CHUNKS_TO_SEARCH 32
#define CHUNKS_TO_FREE 2

static bool unpin(struct frame *f)
{
	uint64_t x = frame_type_word(f);

	while (x & FRAME_COUNT && x & FRAME_PINNED)
		if (frame_cas(&f->type, &x, x & ~FRAME_PINNED))
			return true;
	return false;
}

/* Of tables that others' references do not keep. */
#define UNDO (FRAME_PINNED | FRAME_PARTIAL)

/* A frame of d's: undo what was pinned, or was interrupted half-way; 0 or -ERESTART. */
static int drop_table(struct domain *d, struct frame *f)
{
	int rc = 0;

	if (!(frame_type_word(f) & UNDO) || !frame_get_id(f, d->id))
		return 0;
	if (unpin(f))
		rc = frame_put_table(f, true);
	if (!rc)
		rc = frame_put_resume(f, d->id, true);
	frame_put(f);
	return rc;
}

static int drop_tables(struct domain *d, mfn_t first, mfn_t end)
{
	struct frame *last = frame_of(end);
	int rc = 0;

	/* Nearly none has something to undo: the owner is asked last. */
	for (struct frame *f = frame_of(first); f < last; f++)
		if (unlikely(frame_type_word(f) & UNDO) && reservation_owns(d, frame_owner_word(f))) {
			rc = drop_table(d, f);
			if (rc)
				break;
		}
	return rc;
}

/* Frames that were made the hypervisor's. */
static void free_run(struct domain *d, mfn_t first, mfn_t end)
{
	if (first == end)
		return;
	m2p_forget(first, end);
	for (struct frame *f = frame_of(first); f < frame_of(end); f++)
		__atomic_store_n(&f->type, 0, __ATOMIC_RELAXED);
	allocator_put_range(first, end, tlb_stamp_now());
	owner_uncharge(d, end - first);
}

/* Others have it mapped, or it became a table meanwhile: what is d's of it goes. */
static int drop_frame(struct domain *d, struct frame *f)
{
	int rc = drop_table(d, f);

	if (rc || !frame_get_id(f, d->id))
		return rc;
	if (__atomic_fetch_and(&f->owner, ~FRAME_ALLOCATED, __ATOMIC_SEQ_CST) & FRAME_ALLOCATED)
		frame_put(f);
	frame_put(f);
	return 0;
}

static int free_frames(struct domain *d, mfn_t first, mfn_t end)
{
	uint64_t alone = (uint64_t)d->id << FRAME_OWNER_SHIFT | FRAME_ALLOCATED | 1;
	mfn_t run = first;
	int rc = 0;

	for (mfn_t mfn = first; mfn < end && !rc; mfn++) {
		struct frame *f = frame_of(mfn);
		uint64_t x = frame_owner_word(f);

		/* Without other references there are none of a type either. */
		if ((x & ~FRAME_FOREIGN) == alone && frame_cas(&f->owner, &x, FRAME_HYP))
			continue;
		free_run(d, run, mfn);
		run = mfn + 1;
		if (reservation_owns(d, x))
			rc = drop_frame(d, f);
	}
	if (!rc)
		free_run(d, run, end);
	return rc;
}

/* A visit that ends with -ERESTART is made again. */
static int visit_chunks(struct domain *d, unsigned int chunks,
			int (*visit)(struct domain *d, mfn_t first, mfn_t end))
{
	struct memory_domain *m = &d->memory;

	while (reservation_next_chunk(d, &m->relinquish_next)) {
		mfn_t end = reservation_chunk_end(m->relinquish_next);
		int rc = chunks-- ? visit(d, m->relinquish_next, end) : -ERESTART;

		if (rc)
			return rc;
		m->relinquish_next = end;
		if (hypercall_preempt_check())
			return -ERESTART;
	}
	return 0;
}

int memory_domain_relinquish(struct domain *d)
{
	struct memory_domain *m = &d->memory;
	struct vcpu *v;
	int rc;

	spin_lock(&m->page_lock);
	m->relinquishing = true;
	spin_unlock(&m->page_lock);
	for_each_vcpu(d, v) {
		rc = vcpu_drop_bases(v);
		if (rc)
			return rc;
	}
	dirty_log_disable(d);
	rc = dirty_log_free(d);
	if (rc)
		return rc;
	if (!m->tables_dropped) {
		rc = visit_chunks(d, CHUNKS_TO_SEARCH, drop_tables);
		if (rc)
			return rc;
		m->tables_dropped = true;
		m->relinquish_next = 0;
	}
	rc = visit_chunks(d, CHUNKS_TO_FREE, free_frames);
	owner_reap();
	return rc;
}
