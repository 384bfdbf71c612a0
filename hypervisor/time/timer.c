/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers: per processor a pairing heap of what is due, and the local APIC's
 * timer armed for the first of them.
 *
 * The heap is built of links inside the timers, so arming never needs memory.
 * Each node is no later than its children; children of a node form a list by
 * sibling; prev is the node before in that list, or the parent for the first.
 *
 * The hardware is armed lazily: it is not moved when the first timer becomes a
 * later one.  Guests' clocks go to and fro between a near and a far deadline all
 * the time; at worst one interrupt comes that has nothing to do.
 */
#include "cpu/percpu.h"
#include "interrupt/interrupt.h"
#include "lib/log.h"
#include "time/time.h"

#define SOFTIRQ_BATCH 64	/* timers run before other softirqs get their turn */

struct timer_queue {
	spinlock_t lock;		/* protects the heap and its timers' fields */
	struct timer *root;
	struct timer *running;		/* whose function is being called */
	uint64_t armed;			/* hardware deadline, 0: none */
} __aligned(64);

static struct timer_queue queues[NR_CPUS];

/* Two heaps (roots without siblings) become one. */
static struct timer *heap_meld(struct timer *a, struct timer *b)
{
	if (!a)
		return b;
	if (!b)
		return a;
	if (b->expires < a->expires) {
		struct timer *t = a;

		a = b;
		b = t;
	}
	b->prev = a;
	b->sibling = a->child;
	if (a->child)
		a->child->prev = b;
	a->child = b;
	return a;
}

/* A list of siblings becomes one heap: meld them in pairs, then the pairs from last to first. */
static struct timer *heap_merge_list(struct timer *first)
{
	struct timer *pairs = NULL, *root = NULL;

	while (first) {
		struct timer *a = first, *b = a->sibling;

		first = b ? b->sibling : NULL;
		a->sibling = a->prev = NULL;
		if (b)
			b->sibling = b->prev = NULL;
		a = heap_meld(a, b);
		a->sibling = pairs;
		pairs = a;
	}
	while (pairs) {
		struct timer *next = pairs->sibling;

		pairs->sibling = NULL;
		root = heap_meld(root, pairs);
		pairs = next;
	}
	return root;
}

static void heap_insert(struct timer_queue *q, struct timer *t)
{
	t->child = t->sibling = t->prev = NULL;
	q->root = heap_meld(q->root, t);
	t->active = true;
}

static void heap_remove(struct timer_queue *q, struct timer *t)
{
	struct timer *rest = heap_merge_list(t->child);

	if (q->root == t) {
		q->root = rest;
	} else {
		if (t->prev->child == t)
			t->prev->child = t->sibling;
		else
			t->prev->sibling = t->sibling;
		if (t->sibling)
			t->sibling->prev = t->prev;
		q->root = heap_meld(q->root, rest);
	}
	t->active = false;
}

/* Lock the queue that t belongs to; another processor may be moving it. */
static struct timer_queue *lock_queue_of(struct timer *t)
{
	for (;;) {
		uint32_t cpu = READ_ONCE(t->cpu);
		struct timer_queue *q = &queues[cpu];

		spin_lock(&q->lock);
		if (likely(t->cpu == cpu))
			return q;
		spin_unlock(&q->lock);
	}
}

/* This processor's first timer may be sooner than the hardware knows. */
static void arm_hardware(struct timer_queue *q)
{
	if (q->root && (!q->armed || q->root->expires < q->armed)) {
		/* A guest may ask for time 0, which to the hardware means no time. */
		q->armed = MAX(q->root->expires, 1);
		lapic_timer_arm(q->armed);
	}
}

static void insert_and_arm(struct timer_queue *q, struct timer *t, uint64_t expires)
{
	/* A leaf that is put off and the first one that is put forward stay where they are. */
	if (t->active && (expires < t->expires ? q->root == t : !t->child)) {
		t->expires = expires;
	} else {
		if (t->active)
			heap_remove(q, t);
		t->expires = expires;
		heap_insert(q, t);
	}
	if (q->root != t)
		return;
	if (t->cpu == this_cpu()->id)
		arm_hardware(q);
	else if (!q->armed || expires < q->armed)
		softirq_raise_on(t->cpu, SOFTIRQ_TIMER);
}

void timer_init(struct timer *t, void (*fn)(void *), void *arg, unsigned int cpu)
{
	*t = (struct timer){ .function = fn, .arg = arg, .cpu = cpu };
}

void timer_set(struct timer *t, uint64_t expires)
{
	struct timer_queue *q = lock_queue_of(t);

	insert_and_arm(q, t, expires);
	spin_unlock(&q->lock);
}

void timer_set_here(struct timer *t, uint64_t expires)
{
	if (unlikely(t->cpu != this_cpu()->id))
		timer_migrate(t, this_cpu()->id);
	timer_set(t, expires);
}

void timer_stop(struct timer *t)
{
	struct timer_queue *q = lock_queue_of(t);

	if (t->active)
		heap_remove(q, t);
	spin_unlock(&q->lock);
}

void timer_kill(struct timer *t)
{
	timer_stop(t);
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
		while (READ_ONCE(queues[cpu].running) == t)
			cpu_relax_serving();
	/* Its function may have armed it again. */
	timer_stop(t);
}

void timer_migrate(struct timer *t, unsigned int cpu)
{
	struct timer_queue *q = lock_queue_of(t);
	bool active = t->active;

	if (active)
		heap_remove(q, t);
	WRITE_ONCE(t->cpu, cpu);
	spin_unlock(&q->lock);
	if (!active)
		return;
	q = lock_queue_of(t);
	/* Whoever armed it since then knows better. */
	if (!t->active)
		insert_and_arm(q, t, t->expires);
	spin_unlock(&q->lock);
}

void timer_softirq(void)
{
	struct timer_queue *q = &queues[this_cpu()->id];
	uint64_t now = time_now();
	int batch = SOFTIRQ_BATCH;

	spin_lock(&q->lock);
	while (q->root && q->root->expires <= now) {
		struct timer *t = q->root;
		void (*function)(void *) = t->function;
		void *arg = t->arg;

		if (!batch--) {
			softirq_raise(SOFTIRQ_TIMER);
			break;
		}
		heap_remove(q, t);
		WRITE_ONCE(q->running, t);
		spin_unlock(&q->lock);
		function(arg);
		spin_lock(&q->lock);
		WRITE_ONCE(q->running, NULL);
	}
	arm_hardware(q);
	spin_unlock(&q->lock);
}

void timer_interrupt(void)
{
	queues[this_cpu()->id].armed = 0;
	softirq_raise(SOFTIRQ_TIMER);
}
