/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linking raised ports into the per-vcpu queues that a guest shares with us.
 * The protocol is drawn in fifo.h.
 */
#include "event/fifo.h"

#include "domain/domain.h"
#include "lib/bitmap.h"
#include "lib/string.h"

/* Attempts to append to a tail that the guest changes at the same time. */
#define LINK_TRIES 8
#define LINK_TRIES_POLITE 4	/* of them without BUSY, which makes the guest wait */

static uint32_t *fifo_word(struct event_fifo *fifo, uint32_t port)
{
	uint32_t page = port / HC_EVTCHN_FIFO_WORDS_PER_PAGE;

	if (page >= __atomic_load_n(&fifo->array_pages, __ATOMIC_SEQ_CST))
		return NULL;
	return fifo->array[page] + port % HC_EVTCHN_FIFO_WORDS_PER_PAGE;
}

static uint32_t word_set(uint32_t *word, uint32_t bits)
{
	return __atomic_fetch_or(word, bits, __ATOMIC_SEQ_CST);
}

static uint32_t word_clear(uint32_t *word, uint32_t bits)
{
	return __atomic_fetch_and(word, ~bits, __ATOMIC_SEQ_CST);
}

/*
 * Make port follow the tail.  False: the tail is not linked any more, the
 * queue is empty.  A guest that keeps changing the word only loses its event.
 */
static bool append_to_tail(uint32_t *tail, uint32_t port)
{
	uint32_t word = __atomic_load_n(tail, __ATOMIC_RELAXED);

	for (int try = 0; try < LINK_TRIES; try++) {
		if (try == LINK_TRIES_POLITE)
			word = word_set(tail, FIFO_BUSY) | FIFO_BUSY;
		if (!(word & FIFO_LINKED)) {
			if (word & FIFO_BUSY)
				word_clear(tail, FIFO_BUSY);
			return false;
		}
		if (__atomic_compare_exchange_n(tail, &word,
						(word & ~(FIFO_BUSY | FIFO_LINK_MASK)) | port,
						false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			return true;
	}
	word_clear(tail, FIFO_BUSY);
	return true;
}

static struct event_fifo_vcpu *queues_of(struct domain *d, unsigned int vcpu)
{
	struct vcpu *v = vcpu_of(d, vcpu);

	return v ? __atomic_load_n((struct event_fifo_vcpu **)&v->event.fifo_control,
				   __ATOMIC_ACQUIRE) : NULL;
}

/* Lock the queues of one or two vcpus, lower address first. */
static void queues_lock(struct event_fifo_vcpu *a, struct event_fifo_vcpu *b)
{
	spin_lock(a < b || !b ? &a->lock : &b->lock);
	if (b && a != b)
		spin_lock(a < b ? &b->lock : &a->lock);
}

static void queues_unlock(struct event_fifo_vcpu *a, struct event_fifo_vcpu *b)
{
	spin_unlock(&a->lock);
	if (b && a != b)
		spin_unlock(&b->lock);
}

/*
 * Take the locks of the queue that chn goes to and of the one it was last on,
 * which may both change until they are held.  NULL: its vcpu has no queues.
 */
static struct event_fifo_vcpu *lock_queues_of(struct domain *d, struct event_channel *chn,
					      unsigned int queue, struct event_fifo_vcpu **old)
{
	struct event_fifo_vcpu *q = queues_of(d, queue / HC_EVTCHN_FIFO_MAX_QUEUES);
	uint16_t last;

	if (!q)
		return NULL;
	for (;;) {
		last = READ_ONCE(chn->queue);
		*old = last == queue ? q : last == CHANNEL_QUEUE_NONE ?
			NULL : queues_of(d, last / HC_EVTCHN_FIFO_MAX_QUEUES);
		queues_lock(q, *old);
		if (last == READ_ONCE(chn->queue))
			return q;
		queues_unlock(q, *old);
	}
}

/* Put the port at the end of its queue.  Its word was seen unmasked and not linked. */
static void fifo_link(struct domain *d, struct event_fifo *fifo, struct event_channel *chn,
		      uint32_t *word)
{
	unsigned int priority = READ_ONCE(chn->priority);
	unsigned int vcpu = READ_ONCE(chn->vcpu);
	unsigned int queue = vcpu * HC_EVTCHN_FIFO_MAX_QUEUES + priority;
	struct event_fifo_vcpu *q, *old;
	bool appended = false, first = false;
	uint32_t *tail;

	q = lock_queues_of(d, chn, queue, &old);
	if (!q)
		return;
	if (word_set(word, FIFO_LINKED) & FIFO_LINKED)
		goto unlock;

	/*
	 * It was not linked, so if it is the tail of its last queue, the guest has
	 * emptied that one.  Forget it, or the next event there would be appended
	 * to this one, in another queue.
	 */
	if (old) {
		uint32_t *t = &old->tail[chn->queue % HC_EVTCHN_FIFO_MAX_QUEUES];

		if (*t == chn->port)
			*t = 0;
	}
	WRITE_ONCE(chn->queue, queue);

	if (q->tail[priority]) {
		tail = fifo_word(fifo, q->tail[priority]);
		appended = tail && append_to_tail(tail, chn->port);
	}
	q->tail[priority] = chn->port;
	if (!appended) {
		WRITE_ONCE(q->control->head[priority], chn->port);
		first = !(word_set(&q->control->ready, 1u << priority) & (1u << priority));
	}
unlock:
	queues_unlock(q, old);
	if (first)
		event_mark_vcpu(d->vcpu[vcpu]);
}

bool fifo_raise(struct domain *d, struct event_fifo *fifo, struct event_channel *chn)
{
	uint32_t *word = fifo_word(fifo, chn->port);
	uint32_t old;

	if (unlikely(!word)) {
		/* fifo_expand_array looks at the flag after it publishes the page: one of us sees. */
		__atomic_store_n(&chn->pending, 1, __ATOMIC_SEQ_CST);
		word = fifo_word(fifo, chn->port);
		if (!word || !__atomic_exchange_n(&chn->pending, 0, __ATOMIC_SEQ_CST))
			return true;
	}
	old = word_set(word, FIFO_PENDING);
	if (!(old & (FIFO_MASKED | FIFO_LINKED)))
		fifo_link(d, fifo, chn, word);
	return old & FIFO_PENDING;
}

void fifo_unmask(struct domain *d, struct event_fifo *fifo, struct event_channel *chn)
{
	uint32_t *word = fifo_word(fifo, chn->port);

	if (word && (word_clear(word, FIFO_MASKED) & (FIFO_PENDING | FIFO_LINKED)) == FIFO_PENDING)
		fifo_link(d, fifo, chn, word);
}

void fifo_clear(struct event_fifo *fifo, struct event_channel *chn)
{
	uint32_t *word = fifo_word(fifo, chn->port);

	__atomic_store_n(&chn->pending, 0, __ATOMIC_SEQ_CST);
	if (word)
		word_clear(word, FIFO_PENDING);
}

uint32_t fifo_read(struct event_fifo *fifo, struct event_channel *chn)
{
	uint32_t *word = fifo_word(fifo, chn->port);

	if (!word)
		return __atomic_load_n(&chn->pending, __ATOMIC_RELAXED) ? FIFO_PENDING : 0;
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/*
 * Raised ports of the bitmaps wait for their event words.  Whoever raised one and had not yet
 * seen the new form held the port's lock or that of its other end until the bit was set.
 */
static void carry_over(struct domain *d)
{
	for (uint32_t port = 1; port < d->event.ports; port++) {
		struct event_channel *chn = channel_of(d, port), *peer;

		if (READ_ONCE(chn->state) == CHANNEL_FREE)
			continue;
		peer = channel_lock_with_peer(chn);
		if (bit_test(d->shared_info->evtchn_pending, port))
			__atomic_store_n(&chn->pending, 1, __ATOMIC_SEQ_CST);
		if (peer)
			spin_unlock(&peer->lock);
		spin_unlock(&chn->lock);
	}
}

static size_t fifo_size(uint32_t pages)
{
	return sizeof(struct event_fifo) + pages * sizeof(uint32_t *);
}

int fifo_init_control(struct vcpu *v, mfn_t mfn, uint32_t offset)
{
	struct domain *d = v->domain;
	struct event_fifo_vcpu *q;
	int r;

	if (offset % 8 || offset > PAGE_SIZE - sizeof(*q->control))
		return -EINVAL;
	if (v->event.fifo_control)
		return -EINVAL;
	r = frame_get_both(mfn, d, FRAME_WRITABLE, false);
	if (r)
		return -EINVAL;
	r = -ENOMEM;
	q = heap_alloc_for(d, sizeof(*q));
	if (!q)
		goto put_frame;
	spin_init(&q->lock);
	q->control = (void *)((char *)mfn_to_virt(mfn) + offset);

	if (!d->event.fifo) {
		uint32_t pages = DIV_ROUND_UP(channel_limit(d), HC_EVTCHN_FIFO_WORDS_PER_PAGE);
		struct event_fifo *fifo = heap_alloc_for(d, fifo_size(pages));

		if (!fifo)
			goto free_queues;
		fifo->array_limit = pages;
		__atomic_store_n(&d->event.fifo, fifo, __ATOMIC_RELEASE);
		carry_over(d);
	}
	__atomic_store_n((struct event_fifo_vcpu **)&v->event.fifo_control, q, __ATOMIC_RELEASE);
	return 0;

free_queues:
	heap_free_for(d, q, sizeof(*q));
put_frame:
	frame_put_both(frame_of(mfn));
	return r;
}

/* A page of words has arrived: raise the ports that waited for it. */
static void raise_waiting(struct domain *d, uint32_t first)
{
	for (uint32_t i = 0; i < HC_EVTCHN_FIFO_WORDS_PER_PAGE; i++) {
		struct event_channel *chn = channel_of(d, first + i);

		if (!chn)
			return;
		if (!__atomic_exchange_n(&chn->pending, 0, __ATOMIC_SEQ_CST))
			continue;
		spin_lock(&chn->lock);
		if (chn->state != CHANNEL_FREE && chn->state != CHANNEL_RESERVED)
			event_raise(d, chn);
		spin_unlock(&chn->lock);
	}
}

int fifo_expand_array(struct domain *d, mfn_t mfn)
{
	struct event_fifo *fifo = d->event.fifo;
	uint32_t page;
	int r;

	if (!fifo)
		return -EOPNOTSUPP;
	page = fifo->array_pages;
	if (page >= fifo->array_limit)
		return -ENOSPC;
	r = frame_get_both(mfn, d, FRAME_WRITABLE, false);
	if (r)
		return -EINVAL;
	fifo->array[page] = mfn_to_virt(mfn);
	__atomic_store_n(&fifo->array_pages, page + 1, __ATOMIC_SEQ_CST);
	raise_waiting(d, page * HC_EVTCHN_FIFO_WORDS_PER_PAGE);
	return 0;
}

void event_frames(struct domain *d, void (*fn)(mfn_t mfn))
{
	struct event_fifo *fifo;
	struct vcpu *v;

	spin_lock(&d->event.lock);
	fifo = d->event.fifo;
	for (uint32_t i = 0; fifo && i < fifo->array_pages; i++)
		fn(virt_to_mfn(fifo->array[i]));
	for_each_vcpu(d, v) {
		struct event_fifo_vcpu *q = v->event.fifo_control;

		if (q)
			fn(virt_to_mfn(q->control));
	}
	spin_unlock(&d->event.lock);
}

/* What was written there is the guest's again. */
static void drop_frame(mfn_t mfn)
{
	dirty_mark(mfn);
	frame_put_both(frame_of(mfn));
}

void fifo_destroy(struct domain *d)
{
	struct event_fifo *fifo = d->event.fifo;
	struct vcpu *v;

	if (!fifo)
		return;
	for_each_vcpu(d, v) {
		struct event_fifo_vcpu *q = v->event.fifo_control;

		if (!q)
			continue;
		v->event.fifo_control = NULL;
		drop_frame(virt_to_mfn(q->control));
		heap_free_for(d, q, sizeof(*q));
	}
	for (uint32_t i = 0; i < fifo->array_pages; i++)
		drop_frame(virt_to_mfn(fifo->array[i]));
	WRITE_ONCE(d->event.fifo, NULL);
	heap_free_for(d, fifo, fifo_size(fifo->array_limit));
}
