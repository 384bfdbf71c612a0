// SPDX-License-Identifier: GPL-2.0-or-later
/* The dirty log's bitmap: marking, reading, turning it on and off. */
#include "memory/dirty.h"

#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "lib/bitmap.h"
#include "memory/owner.h"
#include "memory/tlb.h"

#define BITS_PER_PAGE (PAGE_SIZE * 8)
#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(uint64_t))
#define CHUNK_WORDS 64		/* of the bitmap are copied out at a time */

uint32_t dirty_logs;

static uint64_t pages_of(uint64_t size)
{
	return DIV_ROUND_UP(size, BITS_PER_PAGE);
}

static uint64_t *word_of(const struct dirty_log *log, uint64_t gfn)
{
	return log->bits[gfn / BITS_PER_PAGE] + gfn % BITS_PER_PAGE / 64;
}

bool dirty_loggable(const struct domain *d, mfn_t mfn)
{
	uint64_t owner;

	if (!mfn_valid(mfn))
		return false;
	owner = frame_owner_word(frame_of(mfn));
	return frame_owner_id(owner) == d->id && !(owner & FRAME_SHARED);
}

void dirty_mark_locked(struct domain *d, mfn_t mfn)
{
	struct dirty_log *log = &d->memory.log;
	uint64_t gfn = m2p_get(mfn), *word, bit = 1ULL << gfn % 64;

	if (gfn >= log->size) {
		log->outside++;
		return;
	}
	word = word_of(log, gfn);
	log->marked += !(*word & bit);
	*word |= bit;
}

bool dirty_marked(const struct domain *d, mfn_t mfn)
{
	const struct dirty_log *log = &d->memory.log;
	uint64_t gfn = m2p_get(mfn);

	return gfn >= log->size || *word_of(log, gfn) >> gfn % 64 & 1;
}

void dirty_mark_slow(mfn_t mfn)
{
	struct domain *d = mfn_valid(mfn) ? frame_owner(frame_of(mfn)) : NULL;

	if (!d || !d->memory.log.active || !dirty_loggable(d, mfn))
		return;
	spin_lock(&d->memory.log.lock);
	if (d->memory.log.active)
		dirty_mark_locked(d, mfn);
	spin_unlock(&d->memory.log.lock);
}

static void bits_free(struct domain *d)
{
	struct dirty_log *log = &d->memory.log;

	for (uint64_t i = 0; log->bits && i < pages_of(log->size); i++)
		page_free_for(d, log->bits[i]);
	heap_free_for(d, log->bits, pages_of(log->size) * sizeof(*log->bits));
	log->bits = NULL;
}

static int bits_alloc(struct domain *d, uint64_t size)
{
	struct dirty_log *log = &d->memory.log;

	log->size = size;
	log->bits = heap_alloc_for(d, pages_of(size) * sizeof(*log->bits));
	for (uint64_t i = 0; log->bits && i < pages_of(size); i++) {
		log->bits[i] = page_alloc_for(d);
		if (!log->bits[i])
			bits_free(d);
	}
	return log->bits ? 0 : -ENOMEM;
}

int dirty_log_enable(struct domain *d, uint64_t size)
{
	struct dirty_log *log = &d->memory.log;
	int rc;

	if (!size || size > HC_DIRTY_LOG_MAX)
		return -EINVAL;
	if (log->active)
		return -EBUSY;
	spin_lock(&log->lock);
	rc = bits_alloc(d, size);
	if (!rc) {
		log->marked = log->outside = log->faults = log->rebuilds = 0;
		/* From here on changes of tables are told to shadow.c. */
		__atomic_store_n(&log->active, true, __ATOMIC_SEQ_CST);
		rc = shadow_start(d);
		if (rc) {
			log->active = false;
			bits_free(d);
		}
	}
	if (!rc)
		__atomic_fetch_add(&dirty_logs, 1, __ATOMIC_SEQ_CST);
	spin_unlock(&log->lock);
	return rc;
}

void dirty_log_disable(struct domain *d)
{
	struct dirty_log *log = &d->memory.log;

	spin_lock(&log->lock);
	if (log->active) {
		shadow_stop(d);
		__atomic_store_n(&log->active, false, __ATOMIC_SEQ_CST);
		__atomic_fetch_sub(&dirty_logs, 1, __ATOMIC_SEQ_CST);
		bits_free(d);
	}
	spin_unlock(&log->lock);
}

int dirty_log_free(struct domain *d)
{
	int rc;

	spin_lock(&d->memory.log.lock);
	rc = shadow_free(d);
	spin_unlock(&d->memory.log.lock);
	return rc;
}

/* Frames that the hypervisor or other domains may be writing at any time. */
static void mark_always_written(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		if (v->info_mfn != MFN_INVALID)
			dirty_mark(v->info_mfn);
		guest_area_frames(&v->time.area, dirty_mark);
		guest_area_frames(&v->sched.runstate_area, dirty_mark);
	}
	event_frames(d, dirty_mark);
	grant_written_frames(d, dirty_mark);
}

/* Up to CHUNK_WORDS words from gfn on, the bits below end; returns how many bits are set. */
static uint64_t take(struct dirty_log *log, uint64_t gfn, uint64_t end, bool clear, uint64_t *words)
{
	uint64_t count = 0;

	for (unsigned int i = 0; i < CHUNK_WORDS && gfn < end; i++, gfn += 64) {
		uint64_t mask = end - gfn < 64 ? (1ULL << (end - gfn)) - 1 : ~0ULL;
		uint64_t *word = word_of(log, gfn);

		words[i] = *word & mask;
		if (clear)
			*word &= ~mask;
		count += bits_count(words[i]);
	}
	return count;
}

/* The caller could not have them. */
static void put_back(struct dirty_log *log, uint64_t gfn, uint64_t end, const uint64_t *words)
{
	for (unsigned int i = 0; i < CHUNK_WORDS && gfn < end; i++, gfn += 64)
		*word_of(log, gfn) |= words[i];
}

static long read_chunk(struct dirty_log *log, struct hc_control_dirty_log *op, bool clear,
		       bool *taken)
{
	uint64_t words[CHUNK_WORDS], at = op->first + op->done, end = op->first + op->count;
	uint64_t n = MIN(end - at, CHUNK_WORDS * 64ULL), dirty = 0;
	bool active;

	spin_lock(&log->lock);
	active = log->active && end <= log->size;
	if (active)
		dirty = take(log, at, end, clear, words);
	spin_unlock(&log->lock);
	if (!active)
		return -EINVAL;
	*taken |= dirty;
	if (copy_to_guest(op->buffer + op->done / 8, words, DIV_ROUND_UP(n, 64) * 8)) {
		spin_lock(&log->lock);
		if (clear && log->active && end <= log->size)
			put_back(log, at, end, words);
		spin_unlock(&log->lock);
		return -EFAULT;
	}
	op->done += n;
	op->dirty += dirty;
	return 0;
}

static void revoke(struct domain *d)
{
	spin_lock(&d->memory.log.lock);
	if (d->memory.log.active)
		shadow_revoke(d);
	spin_unlock(&d->memory.log.lock);
	tlb_flush_mask(__atomic_load_n(&d->dirty_cpus, __ATOMIC_SEQ_CST));
}

long dirty_log_read(struct domain *d, struct hc_control_dirty_log *op, bool clear)
{
	struct dirty_log *log = &d->memory.log;
	bool taken = false;
	long rc = 0;

	if (op->first % 64 || op->first > HC_DIRTY_LOG_MAX || !op->count ||
	    op->count > HC_DIRTY_LOG_MAX || op->done % 64 || op->done >= op->count)
		return -EINVAL;
	mark_always_written(d);
	while (!rc && op->done < op->count) {
		rc = read_chunk(log, op, clear, &taken);
		if (!rc && op->done < op->count && hypercall_preempt_check())
			rc = -ERESTART;
	}
	/* In this order: what is written before the flush is seen by who reads the frame after it. */
	if (clear && taken)
		revoke(d);
	return rc;
}

void dirty_log_statistics(struct domain *d, struct hc_control_dirty_log *op)
{
	const struct dirty_log *log = &d->memory.log;

	op->size = log->size;
	op->marked = log->marked;
	op->outside = log->outside;
	op->faults = log->faults;
	op->tables = log->used;
	op->max_tables = log->max_tables;
	op->rebuilds = log->rebuilds;
}
