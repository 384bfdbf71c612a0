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
		v->multicall_preempted = nargs;
	} else {
		struct regs *r = guest_regs();
		uint64_t *const where[] = { &r->rdi, &r->rsi, &r->rdx, &r->r10, &r->r8, &r->r9 };

		for (unsigned int i = 0; i < nargs; i++)
			*where[i] = args[i];
		r->rip -= SYSCALL_INSTRUCTION_LENGTH;
	}
	return (long)nr;
}

static inline long call_one(hypercall_fn *const *table, const uint64_t call[6])
{
	/* A nested multicall or iret would lose its own return state. */
	const uint64_t refused = 1ULL << HC_NR_MULTICALL | 1ULL << HC_NR_IRET;

	if (unlikely(call[0] >= HC_NR_MAX || refused >> call[0] & 1))
		return -ENOSYS;
	return table[index_below(call[0], HC_NR_MAX)](call[1], call[2], call[3], call[4], call[5]);
}

/* From the *i-th entry on, of which *entry has what hypercall_continue() makes; -ERESTART: go on there. */
static inline long run(struct vcpu *v, uint64_t list, uint64_t count, uint64_t *i,
		       struct hc_multicall_entry *entry)
{
	hypercall_fn *const *table = v->hypercalls;

	for (; *i < count; ++*i) {
		uint64_t at = list + *i * sizeof(*entry), call[6], result;

		if (*i % 32 == 31 && hypercall_preempt_check())
			return -ERESTART;
		if (guest_read_call(call, at))
			return -EFAULT;
		/* Who counts the calls (domain/trace.c) has it from here. */
		entry->op = call[0];
		result = (uint64_t)call_one(table, call);
		v->counters[HC_COUNTER_HYPERCALLS]++;
		if (unlikely(v->multicall_preempted)) {
			entry->result = result;
			return copy_to_guest(at, entry, offsetof(struct hc_multicall_entry, args) +
					     8UL * v->multicall_preempted) ? -EFAULT : -ERESTART;
		}
		if (guest_write64(at + offsetof(struct hc_multicall_entry, result), result))
			return -EFAULT;
	}
	return 0;
}

long hypercall_multicall(uint64_t list, uint64_t count)
{
	struct hc_multicall_entry entry;
	struct vcpu *v = current;
	uint64_t i = 0;
	long rc;

	if (v->multicall)
		return -EINVAL;
	if (count > UINT32_MAX)
		return -E2BIG;
	v->multicall = &entry;
	v->multicall_preempted = 0;
	rc = run(v, list, count, &i, &entry);
	v->multicall = NULL;
	return rc != -ERESTART ? rc : hypercall_continue(HC_NR_MULTICALL, 2, list + i * sizeof(entry), count - i);
}
