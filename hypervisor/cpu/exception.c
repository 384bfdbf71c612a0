/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions that need a decision: the guest's special ones, and our own. */
#include "cpu/cpu.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "emulate/emulate.h"
#include "hypercall/hypercall.h"
#include "lib/log.h"
#include "lib/string.h"

void exception_handle(struct regs *regs);
void exception_page_fault(struct regs *regs);
void hypervisor_exception(struct regs *regs);
void own_stack_exception(struct regs *regs);

struct exception_entry {
	uint64_t from, to;
};
extern const struct exception_entry exception_table[], exception_table_end[];

int fixup_find(uint64_t rip, uint64_t *to)
{
	for (const struct exception_entry *e = exception_table; e < exception_table_end; e++)
		if (e->from == rip) {
			*to = e->to;
			return 0;
		}
	return -ENOENT;
}

int rdmsr_safe(uint32_t msr, uint64_t *v)
{
	uint32_t lo = 0, hi = 0;
	int rc;

	__asm__ volatile("1: rdmsr\n"
			 "xor %0, %0\n"
			 "jmp 3f\n"
			 "2: mov %4, %0\n"
			 "3:\n"
			 ".pushsection .exception_table, \"a\"\n"
			 ".quad 1b, 2b\n"
			 ".popsection"
			 : "=&r"(rc), "+a"(lo), "+d"(hi)
			 : "c"(msr), "i"(-EFAULT));
	*v = (uint64_t)hi << 32 | lo;
	return rc;
}

int wrmsr_safe(uint32_t msr, uint64_t v)
{
	int rc;

	__asm__ volatile("1: wrmsr\n"
			 "xor %0, %0\n"
			 "jmp 3f\n"
			 "2: mov %4, %0\n"
			 "3:\n"
			 ".pushsection .exception_table, \"a\"\n"
			 ".quad 1b, 2b\n"
			 ".popsection"
			 : "=&r"(rc)
			 : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)), "i"(-EFAULT)
			 : "memory");
	return rc;
}

/*
 * QEMU 7.2 checks the stack reads of an iret inside ring 3 as if ring 0 made
 * them, which SMAP refuses: a page fault from ring 3 without the user bit.
 * The frame is the guest's own; finish the instruction for it.
 */
static bool finish_own_iret(struct vcpu *v, struct regs *regs)
{
	uint8_t insn[2];
	uint64_t frame[5];

	if (!cpu_has_smap || copy_from_guest(insn, regs->rip, 2) || insn[0] != 0x48 ||
	    insn[1] != 0xcf || copy_from_guest(frame, regs->rsp, sizeof(frame)))
		return false;
	if ((frame[1] & 3) != 3 || (frame[4] & 3) != 3) {
		exception_inject(v, regs, TRAP_GP, 0);
		return true;
	}
	regs->rip = frame[0];
	regs->cs = (uint16_t)frame[1];
	regs->rflags = (frame[2] & ~(uint64_t)(RFLAGS_IOPL | RFLAGS_VM)) | RFLAGS_IF | 2;
	regs->rsp = frame[3];
	regs->ss = (uint16_t)frame[4];
	return true;
}

void exception_page_fault(struct regs *regs)
{
	struct vcpu *v = current;
	uint64_t va = read_cr2();
	uint32_t error = regs->error_code;

	if (!(error & PF_USER) && (error & PF_PRESENT)) {
		if (finish_own_iret(v, regs))
			return;
		/* The processor itself read the guest's LDT through our window for it. */
		error |= PF_USER;
	}
	if (v->ldt_entries && ldt_window_fault(v, va))
		return;
	if (unlikely(v->domain->memory.log.active) && shadow_fault(v, va, &error, !v->kernel_mode))
		return;
	if (v->kernel_mode && memory_fault(v, regs, va, error))
		return;
	exception_inject_page_fault(v, regs, va, error);
}

/* int n from a guest raises #GP with the vector in the error code, as the IDT allows it nothing. */
static bool software_interrupt(struct vcpu *v, struct regs *regs)
{
	struct bounce_target *t;
	uint8_t insn[2];

	if (copy_from_guest(insn, regs->rip, 2) || insn[0] != 0xcd)
		return false;
	t = &v->traps[insn[1]];
	if (!t->address || t->dpl < (v->kernel_mode ? 0 : 3))
		return false;
	regs->rip += 2;
	v->bounce = bounce_trap(v, insn[1]);
	v->trap_pending = 1;
	return true;
}

static void general_protection(struct vcpu *v, struct regs *regs)
{
	/*
	 * Bit 1 of the code: it names an IDT gate.  QEMU 7.2 gets the number in it
	 * wrong, so the instruction itself is asked.
	 */
	if ((regs->error_code & 3) == 2) {
		if (software_interrupt(v, regs))
			return;
	} else if (!regs->error_code) {
		if (emulate_privileged(v, regs) != EMULATE_UNHANDLED)
			return;
	}
	exception_inject(v, regs, TRAP_GP, regs->error_code);
}

static void debug(struct vcpu *v, struct regs *regs)
{
	uint64_t dr6;

	__asm__ volatile("mov %%db6, %0" : "=r"(dr6));
	__asm__ volatile("mov %0, %%db6" : : "r"(0xffff0ff0UL));
	v->debugreg[6] |= dr6 & 0xe00f;
	exception_inject(v, regs, TRAP_DB, 0);
}

void exception_handle(struct regs *regs)
{
	struct vcpu *v = current;

	switch (regs->vector) {
	case TRAP_GP:
		general_protection(v, regs);
		break;
	case TRAP_UD:
		if (emulate_invalid_opcode(v, regs) == EMULATE_UNHANDLED)
			exception_inject(v, regs, TRAP_UD, 0);
		break;
	case TRAP_NM:
		/* As the ABI has it, the guest's TS is clear when its handler starts. */
		fpu_set_task_switched(v, false);
		exception_inject(v, regs, TRAP_NM, 0);
		break;
	case TRAP_DB:
		debug(v, regs);
		break;
	default:
		/* A system call from compatibility code of the guest kernel. */
		domain_crash(v->domain, "entered by vector %u in kernel mode", regs->vector);
		break;
	}
}

/* The LDT window is filled on demand, also when ring 0 loads a guest's selector. */
void hypervisor_exception(struct regs *regs)
{
	uint64_t to, va = 0;

	if (regs->vector == TRAP_PF) {
		va = read_cr2();
		if (current && current->ldt_entries && ldt_window_fault(current, va))
			return;
	}
	/* A guest's breakpoint on memory that we touch for it: not now. */
	if (regs->vector == TRAP_DB) {
		__asm__ volatile("mov %0, %%db6" : : "r"(0xffff0ff0UL));
		regs->rflags |= RFLAGS_RF;
		regs->rflags &= ~(uint64_t)RFLAGS_TF;
		return;
	}
	if (!fixup_find(regs->rip, &to)) {
		/* The tables of its other mode may be loaded, see machine_copy_from_kernel(). */
		if (regs->vector == TRAP_PF && current && current->domain->memory.log.active &&
		    shadow_fault(current, va, &regs->error_code, read_cr3() != current->cr3_kernel))
			return;
		regs->rip = to;
		return;
	}
	dump_regs(regs);
	trace_stack(regs->rsp, regs->rip);
	panic("exception %u (error code %x, address %lx) in the hypervisor", regs->vector,
	      regs->error_code, va);
}

void own_stack_exception(struct regs *regs)
{
	if (regs->vector == TRAP_NMI) {
		smp_stop_if_asked();
		return;
	}
	dump_regs(regs);
	trace_stack(regs->rsp, regs->rip);
	panic("%s", regs->vector == TRAP_DF ? "double fault" : "machine check");
}
