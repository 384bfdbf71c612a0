/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ticket locks.  The hypervisor runs with interrupts off (see docs/architecture.md),
 * so there is no irqsave variant.  A processor that spins goes on answering
 * other processors' flush requests (cpu_relax_serving), or two of them could
 * wait for each other: one for the lock, the other for the flush.
 *
 * Lock order, outermost first:
 *   domain_list -> domain.lock -> grant.lock -> memory (domain.page_lock, page-table page
 *   locks) -> event.lock -> symcall -> sched (runqueue) -> timer -> interrupt (irq descriptor)
 *   -> dirty log -> heap/frame allocator -> console
 */
#ifndef LIB_SPINLOCK_H
#define LIB_SPINLOCK_H

#include "lib/base.h"

typedef struct {
	union {
		uint32_t both;
		struct {
			uint16_t owner, next;
		};
	};
} spinlock_t;

#define SPINLOCK_INIT { { 0 } }

/* Pause, and serve this processor's mailbox of flush requests (cpu/smp.c). */
__keeps_registers void cpu_relax_serving(void);

static inline void spin_init(spinlock_t *l)
{
	l->both = 0;
}

static inline void spin_lock(spinlock_t *l)
{
	uint16_t me = __atomic_fetch_add(&l->next, 1, __ATOMIC_ACQUIRE);

	while (unlikely(__atomic_load_n(&l->owner, __ATOMIC_ACQUIRE) != me))
		call_keeping(cpu_relax_serving);
}

static inline bool spin_trylock(spinlock_t *l)
{
	uint32_t v = __atomic_load_n(&l->both, __ATOMIC_RELAXED);

	if ((v & 0xffff) != (v >> 16))
		return false;
	return __atomic_compare_exchange_n(&l->both, &v, v + 0x10000, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static inline void spin_unlock(spinlock_t *l)
{
	__atomic_store_n(&l->owner, (uint16_t)(l->owner + 1), __ATOMIC_RELEASE);
}

#endif
