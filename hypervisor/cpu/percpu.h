/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A processor's own block: PERCPU_SIZE bytes at PERCPU_VIRT + cpu * PERCPU_SIZE,
 * so that masking the stack pointer finds it and the system-call stub reaches
 * it relative to its own address.
 *
 *   page 0-1   struct cpu           page 4  double-fault stack    page 10     guard
 *   page 2     system-call stubs    page 6  NMI stack             page 11-15  main stack, its top
 *   page 3     guard                page 8  machine-check stack               holds struct regs
 *   page 5     #DB stack            (7, 9: guards)
 */
#ifndef CPU_PERCPU_H
#define CPU_PERCPU_H

#include "memory/layout.h"

#define PERCPU_STUB_PAGE 2
#define PERCPU_DF_PAGE 4
#define PERCPU_DB_PAGE 5
#define PERCPU_NMI_PAGE 6
#define PERCPU_MC_PAGE 8
#define PERCPU_STACK_TOP PERCPU_SIZE
#define PERCPU_PAGE_MASK 0xf977	/* bit n: page n is mapped */
/*
 * ... and is so while a guest runs on split tables: there the main stack's top page has
 * frames of the entry code alone, and C's begin in the page below.
 */
#define PERCPU_ENTRY_MASK 0x8177

/* Work to be done by a processor before it returns to a guest; bits of softirq_pending. */
#define SOFTIRQ_TIMER 0
#define SOFTIRQ_SCHEDULE 1	/* last: does not return */

/* Requests in a processor's mailbox, served by its IPI handler and by every spin loop. */
#define MAIL_FLUSH (1u << 0)	/* flush the TLB, see smp_flush() */
#define MAIL_CALL (1u << 1)	/* see smp_call() */

#ifndef __ASSEMBLER__
#include "lib/base.h"
#include "lib/list.h"
#include "lib/spinlock.h"

struct vcpu;
struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t iomap_base;
} __packed;

struct cpu {
	/* Hot: what assembly touches, one cache line. */
	struct vcpu *running;
	struct vcpu *entry;		/* running->entry: the same, where the entry code sees it */
	uint64_t scratch;		/* guest rsp while the stub switches stacks */
	uint32_t softirq_pending;	/* SOFTIRQ_* bits; set by any processor */
	uint32_t id;
	uint32_t mailbox;		/* MAIL_* bits; set by any processor */
	uint32_t pad;
	uint64_t cr3;			/* as loaded */
	uint64_t cr4;
	uint64_t spare;

	/* The rest is C's. */
	struct vcpu *idle;
	uint64_t xcr0;			/* as set; 0: not yet */
	uint32_t apic_id;
	uint32_t acpi_id;
	bool online;
	struct tss tss __aligned(16);
	uint64_t gdt[12] __aligned(16);	/* 0xe000..: reserved_gdt, TSS at 0xe040, LDT at 0xe050 */
	struct {
		uint16_t limit;
		uint64_t base;
	} __packed own_gdtr;
	bool ldt_loaded;
	bool idt_logged;		/* as given to idt_load() */
	struct vcpu *loaded;		/* whose address space and segments are loaded, NULL: none */
	uint64_t idle_time;		/* ns */
	void *timer_queue;		/* time/timer.c */
	void *runqueue;			/* sched/ */
};

#ifdef TENON_HOST
extern struct cpu host_cpu;
static inline struct cpu *this_cpu(void)
{
	return &host_cpu;
}
static inline struct cpu *cpu_of(unsigned int id)
{
	(void)id;
	return &host_cpu;
}
#else
static inline struct cpu *this_cpu(void)
{
	uint64_t sp;

	__asm__("mov %%rsp, %0" : "=r"(sp));
	return (struct cpu *)(sp & ~(uint64_t)(PERCPU_SIZE - 1));
}
/* Valid for ids below cpu_count only. */
static inline struct cpu *cpu_of(unsigned int id)
{
	return (struct cpu *)(PERCPU_VIRT + (uint64_t)id * PERCPU_SIZE);
}
#endif

#define current (this_cpu()->running)

extern unsigned int cpu_count;		/* processors found; ids 0..cpu_count-1 */
extern cpumask_t cpu_online_mask;

static inline void softirq_raise(unsigned int nr)
{
	__atomic_fetch_or(&this_cpu()->softirq_pending, 1u << nr, __ATOMIC_SEQ_CST);
}
/* On another processor too: sends an IPI if that is not this one (cpu/smp.c). */
void softirq_raise_on(unsigned int cpu, unsigned int nr);
/* Run what is pending, except SCHEDULE when may_schedule is false (cpu/softirq.c). */
void softirq_run(bool may_schedule);

/* Run fn(arg) on every processor of mask, this one included, and wait until all have. */
void smp_call(cpumask_t mask, void (*fn)(void *), void *arg);
void smp_flush(cpumask_t mask, uint64_t va);	/* va ~0: everything; used by memory/tlb.c */
#endif

#endif
