// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TLB flushes of this and other processors, and the clock that filters them.
 *
 * Guests' translations are never global, so loading CR3 drops them all; the
 * hypervisor's static mappings are global and stay.
 */
#include "memory/tlb.h"

#include "cpu/percpu.h"
#include "lib/bitmap.h"
#include "memory/memory.h"

#define TLB_PAGE_ALL (~0ULL)

/* From the start on more than any stamp can be old, or an old one would seem to be of the future. */
uint64_t tlb_clock = TLB_STAMP_MASK + 1;
cpumask_t tlb_guest_cpus;

/* The clock at each processor's last full flush; written by that processor only. */
static struct {
	uint64_t value;
} __aligned(64) tlb_flushed[NR_CPUS];

#ifdef TENON_HOST
static uint64_t read_cr3(void)
{
	return this_cpu()->cr3;
}
static void write_cr3(uint64_t cr3)
{
	(void)cr3;
}
static void invlpg(uint64_t va)
{
	(void)va;
}
#else
#include "cpu/x86.h"
#endif

void tlb_load_cr3(uint64_t cr3)
{
	struct cpu *cpu = this_cpu();
	uint64_t now = __atomic_add_fetch(&tlb_clock, 1, __ATOMIC_SEQ_CST);

	write_cr3(cr3);
	cpu->cr3 = cr3;
	__atomic_store_n(&tlb_flushed[cpu->id].value, now, __ATOMIC_RELEASE);
}

void tlb_flush_local(void)
{
	tlb_load_cr3(read_cr3());
}

void tlb_flush_page_local(uint64_t va)
{
	invlpg(va);
}

void tlb_flush_mask(cpumask_t mask)
{
	mask &= cpu_online_mask;
	if (mask & ~(1ULL << this_cpu()->id))
		smp_flush(mask, TLB_PAGE_ALL);
	else if (mask)
		tlb_flush_local();
}

void tlb_flush_page_mask(cpumask_t mask, uint64_t va)
{
	mask &= cpu_online_mask;
	if (mask & ~(1ULL << this_cpu()->id))
		smp_flush(mask, va);
	else if (mask)
		tlb_flush_page_local(va);
}

/* The one of two stamps that was taken last, both no longer ago than they can tell. */
uint32_t tlb_stamp_later(uint32_t a, uint32_t b)
{
	uint32_t now = tlb_stamp_now();

	return ((now - a) & TLB_STAMP_MASK) < ((now - b) & TLB_STAMP_MASK) ? a : b;
}

cpumask_t tlb_unflushed(cpumask_t mask, uint32_t stamp)
{
	uint64_t now = __atomic_load_n(&tlb_clock, __ATOMIC_SEQ_CST);
	/*
	 * The latest moment that reads like the stamp.  If the clock has gone
	 * round since, the truth is earlier: a flush too many, never one too few.
	 */
	uint64_t since = now - ((now - stamp) & TLB_STAMP_MASK);
	cpumask_t need = 0;
	unsigned int cpu;

	mask &= cpu_online_mask & __atomic_load_n(&tlb_guest_cpus, __ATOMIC_SEQ_CST);
	for_each_cpu(cpu, mask)
		if (__atomic_load_n(&tlb_flushed[cpu].value, __ATOMIC_ACQUIRE) <= since)
			need |= 1ULL << cpu;
	return need;
}

void tlb_flush_stamped(cpumask_t mask, uint32_t stamp)
{
	cpumask_t need = tlb_unflushed(mask, stamp);

	if (need)
		tlb_flush_mask(need);
}
