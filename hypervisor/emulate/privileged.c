/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Privileged instructions.  A paravirtual kernel avoids nearly all of them;
 * what is left is rare, except port I/O of the management domain.
 */
#include "emulate/execute.h"
#include "emulate/machine.h"
#include "cpu/cpu.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "lib/string.h"

/*
 * The marker before CPUID: ud2, then "xen" (source: Xen's public arch-x86/xen.h), as two
 * words that share the e, so that an ordinary invalid opcode costs one load. The first is in emulate.h.
 */
#define FORCED_CPUID_TAIL 0xa20f6e65
#define FORCED_CPUID_TAIL_AT 3

static void do_cpuid(struct vcpu *v, struct regs *regs)
{
	struct cpuid_leaf out;

	guest_cpuid(v, (uint32_t)regs->rax, (uint32_t)regs->rcx, &out);
	regs->rax = out.a;
	regs->rbx = out.b;
	regs->rcx = out.c;
	regs->rdx = out.d;
}

static void set_edx_eax(struct regs *regs, uint64_t value)
{
	regs->rax = (uint32_t)value;
	regs->rdx = value >> 32;
}

static uint64_t get_edx_eax(const struct regs *regs)
{
	return regs->rdx << 32 | (uint32_t)regs->rax;
}

static enum step do_rdmsr(struct vcpu *v, struct regs *regs)
{
	uint64_t value;

	if (!guest_rdmsr(v, (uint32_t)regs->rcx, &value))
		return STEP_REFUSED;
	set_edx_eax(regs, value);
	return STEP_DONE;
}

static enum step do_rdtsc(struct vcpu *v, struct regs *regs, bool with_aux)
{
	/* CR4.TSD is meant for the guest's user mode, but its kernel is in ring 3 as well. */
	if (!v->kernel_mode && v->cr4 & CR4_TSD)
		return STEP_REFUSED;
	set_edx_eax(regs, machine_tsc());
	if (with_aux)
		regs->rcx = (uint32_t)v->emulate.tsc_aux;
	return STEP_DONE;
}

static enum step do_xsetbv(struct vcpu *v, struct regs *regs)
{
	if ((uint32_t)regs->rcx != 0 || !fpu_set_xcr0(v, get_edx_eax(regs)))
		return STEP_REFUSED;
	return STEP_DONE;
}

/* What the guest's user mode may do too. */
static enum step execute_anywhere(struct vcpu *v, struct regs *regs,
				  const struct instruction *insn)
{
	switch (insn->operation) {
	case OP_IN:
	case OP_OUT:
		return port_in_out(v, regs, insn);
	case OP_INS:
	case OP_OUTS:
		return port_string(v, regs, insn);
	case OP_CPUID:
		do_cpuid(v, regs);
		return STEP_DONE;
	case OP_RDTSC:
	case OP_RDTSCP:
		return do_rdtsc(v, regs, insn->operation == OP_RDTSCP);
	case OP_CLI:
	case OP_STI:
		/* A guest's event mask is in its vcpu_info; with IOPL this is accepted without effect. */
		return v->iopl >= (v->kernel_mode ? 1 : 3) ? STEP_DONE : STEP_REFUSED;
	default:
		return STEP_REFUSED;
	}
}

static enum step execute_in_kernel(struct vcpu *v, struct regs *regs,
				   const struct instruction *insn)
{
	uint64_t va;

	switch (insn->operation) {
	case OP_RDMSR:
		return do_rdmsr(v, regs);
	case OP_WRMSR:
		return guest_wrmsr(v, (uint32_t)regs->rcx, get_edx_eax(regs)) ? STEP_DONE :
										STEP_REFUSED;
	case OP_FROM_CR ... OP_TO_CR:
	case OP_CLTS ... OP_LMSW:
		return control_register(v, regs, insn);
	case OP_FROM_DR ... OP_TO_DR:
		return debug_register(v, regs, insn);
	case OP_HLT:
		vcpu_block();
		return STEP_DONE;
	case OP_INVLPG:
		va = instruction_address(insn, regs);
		if (insn->prefixes & (PREFIX_FS | PREFIX_GS))
			return STEP_REFUSED;
		if (guest_address_ok(va))
			tlb_flush_page_mask(1ULL << this_cpu()->id, va);
		return STEP_DONE;
	case OP_INVD:
	case OP_WBINVD:
		/* Only who has devices can have a reason, and it slows the whole machine down. */
		if (v->domain->privileged)
			machine_flush_caches();
		return STEP_DONE;
	case OP_XSETBV:
		return do_xsetbv(v, regs);
	default:
		return execute_anywhere(v, regs, insn);
	}
}

enum emulate_result emulate_privileged(struct vcpu *v, struct regs *regs)
{
	struct instruction insn;
	enum emulate_result result;
	enum step step;

	/* With an error code it was a bad selector or a gate, not a privileged instruction. */
	if (regs->error_code)
		return EMULATE_UNHANDLED;
	result = execute_fetch(v, regs, &insn);
	if (result != EMULATE_DONE || insn.prefixes & PREFIX_LOCK)
		return result == EMULATE_DONE ? EMULATE_UNHANDLED : result;
	step = v->kernel_mode ? execute_in_kernel(v, regs, &insn) :
				execute_anywhere(v, regs, &insn);
	if (step != STEP_REFUSED)
		count_event(v, HC_COUNTER_PRIVILEGED);
	return execute_finish(v, regs, insn.length, step);
}

enum emulate_result emulate_invalid_opcode(struct vcpu *v, struct regs *regs)
{
	uint32_t head, tail;

	/* Anything else, or unreadable bytes, is an ordinary invalid opcode. */
	if (copy_from_guest(&head, regs->rip, sizeof(head)) || head != FORCED_CPUID_HEAD ||
	    copy_from_guest(&tail, regs->rip + FORCED_CPUID_TAIL_AT, sizeof(tail)) ||
	    tail != FORCED_CPUID_TAIL)
		return EMULATE_UNHANDLED;
	do_cpuid(v, regs);
	count_event(v, HC_COUNTER_PRIVILEGED);
	return execute_finish(v, regs, FORCED_CPUID_TAIL_AT + sizeof(tail), STEP_DONE);
}
