/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Switching a processor between vcpus.  The outgoing vcpu's registers leave the
 * stack's frame for its struct, so that it can run elsewhere; its address space,
 * FPU registers, segments and descriptor tables stay loaded while only the idle
 * vcpu runs, so that a guest that waits for one event and goes on pays for none.
 */
#include "cpu/cpu.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "lib/bitmap.h"
#include "lib/log.h"
#include "memory/memory.h"
#include "memory/tlb.h"

/* Load a data segment register; a selector that the tables do not allow becomes null. */
#define LOAD_SEGMENT(reg, value) \
	__asm__ volatile("1: mov %w0, %%" #reg "\n" \
			 "2:\n" \
			 ".pushsection .fixup.text, \"ax\"\n" \
			 "3: xor %k0, %k0\n" \
			 "jmp 1b\n" \
			 ".popsection\n" \
			 ".pushsection .exception_table, \"a\"\n" \
			 ".quad 1b, 3b\n" \
			 ".popsection" \
			 : "+r"(value))

static uint16_t read_ds(void)
{
	uint16_t v;

	__asm__ volatile("mov %%ds, %0" : "=r"(v));
	return v;
}

static uint16_t read_es(void)
{
	uint16_t v;

	__asm__ volatile("mov %%es, %0" : "=r"(v));
	return v;
}

static uint16_t read_fs(void)
{
	uint16_t v;

	__asm__ volatile("mov %%fs, %0" : "=r"(v));
	return v;
}

static uint16_t read_gs(void)
{
	uint16_t v;

	__asm__ volatile("mov %%gs, %0" : "=r"(v));
	return v;
}

void segment_bases_read(struct vcpu *v)
{
	uint64_t active = rdmsr(MSR_GS_BASE), other = rdmsr(MSR_KERNEL_GS_BASE);

	v->fs_base = rdmsr(MSR_FS_BASE);
	v->gs_base_kernel = v->kernel_mode ? active : other;
	v->gs_base_user = v->kernel_mode ? other : active;
}

static void save_segments(struct vcpu *v)
{
	v->ds = read_ds();
	v->es = read_es();
	v->fs = read_fs();
	v->gs = read_gs();
	segment_bases_read(v);
}

static void load_segments(struct vcpu *v)
{
	uint16_t ds = v->ds, es = v->es, fs = v->fs, gs = v->gs;

	if (ds | read_ds())
		LOAD_SEGMENT(ds, ds);
	if (es | read_es())
		LOAD_SEGMENT(es, es);
	if (fs | read_fs())
		LOAD_SEGMENT(fs, fs);
	if (gs | read_gs())
		LOAD_SEGMENT(gs, gs);
	wrmsr(MSR_FS_BASE, v->fs_base);
	wrmsr(MSR_GS_BASE, v->kernel_mode ? v->gs_base_kernel : v->gs_base_user);
	wrmsr(MSR_KERNEL_GS_BASE, v->kernel_mode ? v->gs_base_user : v->gs_base_kernel);
}

void load_user_gs(uint16_t selector)
{
	__asm__ volatile("swapgs" ::: "memory");
	LOAD_SEGMENT(gs, selector);
	__asm__ volatile("swapgs" ::: "memory");
}

void debug_registers_load(struct vcpu *v)
{
	__asm__ volatile("mov %0, %%db0" : : "r"(v->debugreg[0]));
	__asm__ volatile("mov %0, %%db1" : : "r"(v->debugreg[1]));
	__asm__ volatile("mov %0, %%db2" : : "r"(v->debugreg[2]));
	__asm__ volatile("mov %0, %%db3" : : "r"(v->debugreg[3]));
	__asm__ volatile("mov %0, %%db6" : : "r"(0xffff0ff0UL | v->debugreg[6]));
	__asm__ volatile("mov %0, %%db7" : : "r"(v->debugreg[7]));
}

/* What stays behind while the idle vcpu runs: see the top of this file. */
static void unload(struct cpu *c)
{
	struct vcpu *old = c->loaded;
	uint64_t bit = 1ULL << c->id;

	if (!old)
		return;
	fpu_unload(old);
	if (old->debugreg[7] & 0xff)
		__asm__ volatile("mov %0, %%db7" : : "r"(0x400UL));
	c->loaded = NULL;
	__atomic_fetch_and(&old->dirty_cpus, ~bit, __ATOMIC_SEQ_CST);
}

/* Our own tables in place of those that stayed; no translation of a guest is left here. */
static void leave_guest(struct cpu *c)
{
	struct domain *d = c->loaded->domain;

	tlb_load_cr3(hyp_cr3());
	unload(c);
	__atomic_fetch_and(&d->dirty_cpus, ~(1ULL << c->id), __ATOMIC_SEQ_CST);
	bit_clear(&tlb_guest_cpus, c->id);
	__asm__ volatile("lgdt %0" : : "m"(c->own_gdtr));
}

bool context_leave_idle(void)
{
	struct cpu *c = this_cpu();

	if (c->running != c->idle || !c->loaded)
		return false;
	leave_guest(c);
	return true;
}

static void forget(void *arg)
{
	struct cpu *c = this_cpu();
	struct vcpu *v = arg;

	if (c->loaded == v && c->running != v)
		leave_guest(c);
}

void context_forget(struct vcpu *v)
{
	unsigned int cpu = v->loaded_cpu;

	if (cpu_of(cpu)->loaded == v)
		smp_call(1ULL << cpu, forget, v);
}

static void load(struct cpu *c, struct vcpu *v)
{
	struct domain *previous;
	uint64_t bit = 1ULL << c->id;

	/*
	 * First, as it waits for another processor and may be asked meanwhile to leave what is loaded here.
	 * Once c->loaded is NULL nobody asks, and its guest may do with its tables what it likes.
	 */
	context_forget(v);
	previous = c->loaded ? c->loaded->domain : NULL;
	if (!previous)
		bit_set(&tlb_guest_cpus, c->id);
	unload(c);
	__atomic_fetch_or(&v->domain->dirty_cpus, bit, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&v->dirty_cpus, bit, __ATOMIC_SEQ_CST);
	write_cr3(v->kernel_mode ? v->cr3_kernel : v->cr3_user);
	if (previous && previous != v->domain)
		__atomic_fetch_and(&previous->dirty_cpus, ~bit, __ATOMIC_SEQ_CST);
	descriptors_load(v);
	if (unlikely(c->idt_logged != v->domain->memory.log.active))
		idt_load(c, v->domain->memory.log.active);
	load_segments(v);
	fpu_load(v);
	if (v->debugreg[7] & 0xff)
		debug_registers_load(v);
	if (v->cr4 & CR4_TSD)
		write_cr4(c->cr4 | CR4_TSD);
	else if (read_cr4() != c->cr4)
		write_cr4(c->cr4);
	c->loaded = v;
	v->loaded_cpu = c->id;
}

void context_switch(struct vcpu *prev, struct vcpu *next)
{
	struct cpu *c = this_cpu();

	ASSERT(next->domain);
	if (prev != c->idle) {
		prev->regs = *guest_regs();
		save_segments(prev);
	}
	cpu_set_running(c, next);
	if (next == c->idle) {
		sched_context_saved(prev);
		sched_context_loaded(next);
		resume_idle();
	}
	/* Loaded here and nowhere else since: its tables may have been changed only by its own hypercalls. */
	if (c->loaded != next || next->loaded_cpu != c->id)
		load(c, next);
	emulate_context_load(next);
	*guest_regs() = next->regs;
	sched_context_saved(prev);
	count_event(next, HC_COUNTER_SWITCHES);
	sched_context_loaded(next);
	resume_guest();
}

void idle_loop(void)
{
	for (;;) {
		softirq_run(true);
		if (__atomic_load_n(&this_cpu()->softirq_pending, __ATOMIC_ACQUIRE))
			continue;
		if (!allocator_clear())
			idle_halt();
		__asm__ volatile("sti; nop; cli" ::: "memory");
	}
}
