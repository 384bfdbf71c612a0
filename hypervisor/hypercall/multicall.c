/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several hypercalls in one, and how long ones stop half-way: the guest's
 * instruction pointer goes back to the system call with new arguments, or the
 * entry of the multicall gets them.
 */
#include <stdarg.h>
#include <hypercall/base.h>
#include "cpu/cpu.h"
#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "hypercall/table.h"

#define SYSCALL_INSTRUCTION_LENGTH 2

bool hypercall_preempt_check(void)
{
	__asm__ volatile("sti; nop; cli" ::: "memory");
	return __atomic_load_n(&this_cpu()->softirq_pending, __ATOMIC_ACQUIRE);
}

long hypercall_continue(unsigned int nr, unsigned int nargs, ...)
{
	struct vcpu *v = current;
	uint64_t args[6];
	va_list ap;

	va_start(ap, nargs);
	for (unsigned int i = 0; i < nargs; i++)
		args[i] = va_arg(ap, uint64_t);
	va_end(ap);
	if (v->multicall) {
		v->multicall->op = nr;
		for (unsigned int i = 0; i < nargs; i++)
			v->multicall->args[i] = args[i];
		v->multicall_preempted = true;
	} else {
		struct regs *r = guest_regs();
		uint64_t *const where[] = { &r->rdi, &r->rsi, &r->rdx, &r->r10, &r->r8, &r->r9 };

		for (unsigned int i = 0; i < nargs; i++)
			*where[i] = args[i];
		r->rip -= SYSCALL_INSTRUCTION_LENGTH;
	}
	return (long)nr;
}

static long call_one(hypercall_fn *const *table, const struct hc_multicall_entry *e)
{
	hypercall_fn *fn;

	/* A nested multicall or iret would lose its own return state. */
	if (e->op >= HC_NR_MAX || e->op == HC_NR_MULTICALL || e->op == HC_NR_IRET)
		return -ENOSYS;
	fn = table[index_below(e->op, HC_NR_MAX)];
	return fn(e->args[0], e->args[1], e->args[2], e->args[3], e->args[4]);
}

long hypercall_multicall(uint64_t list, uint64_t count)
{
	struct hc_multicall_entry entry;
	struct vcpu *v = current;
	hypercall_fn *const *table = v->hypercalls;
	uint64_t i;

	if (v->multicall)
		return -EINVAL;
	if (count > UINT32_MAX)
		return -E2BIG;
	for (i = 0; i < count; i++) {
		uint64_t at = list + i * sizeof(entry);

		if (i % 32 == 31 && hypercall_preempt_check())
			goto preempted;
		if (guest_read_words(&entry, at, sizeof(entry) / 8))
			return -EFAULT;
		v->multicall = &entry;
		v->multicall_preempted = false;
		entry.result = (uint64_t)call_one(table, &entry);
		v->multicall = NULL;
		v->counters[HC_COUNTER_HYPERCALLS]++;
		if (v->multicall_preempted) {
			if (copy_to_guest(at, &entry, sizeof(entry)))
				return -EFAULT;
			goto preempted;
		}
		if (guest_write64(at + offsetof(struct hc_multicall_entry, result), entry.result))
			return -EFAULT;
	}
	return 0;
preempted:
	return hypercall_continue(HC_NR_MULTICALL, 2, list + i * sizeof(entry), count - i);
}
