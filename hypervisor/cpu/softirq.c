/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Work put off until a processor returns to a guest or idles. */
#include "cpu/cpu.h"
#include "interrupt/interrupt.h"
#include "sched/sched.h"
#include "time/time.h"

void softirq_raise_on(unsigned int cpu, unsigned int nr)
{
	struct cpu *c = cpu_of(cpu);
	uint32_t old = __atomic_fetch_or(&c->softirq_pending, 1u << nr, __ATOMIC_SEQ_CST);

	if (!(old >> nr & 1) && c != this_cpu())
		lapic_send_ipi(1ULL << cpu, VECTOR_MAIL);
}

static bool take(struct cpu *c, unsigned int nr)
{
	if (!(__atomic_load_n(&c->softirq_pending, __ATOMIC_ACQUIRE) >> nr & 1))
		return false;
	__atomic_fetch_and(&c->softirq_pending, ~(1u << nr), __ATOMIC_SEQ_CST);
	return true;
}

void softirq_run(bool may_schedule)
{
	struct cpu *c = this_cpu();

	while (take(c, SOFTIRQ_TIMER))
		timer_softirq();
	if (may_schedule && take(c, SOFTIRQ_SCHEDULE))
		schedule();
}
