/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fetching, and retiring an instruction as the processor would. */
#include "emulate/execute.h"
#include "emulate/machine.h"
#include "domain/domain.h"
#include "hypercall/hypercall.h"

#define DR6_SINGLE_STEP (1UL << 14)

static uint32_t fault_mode(const struct vcpu *v)
{
	return v->kernel_mode ? 0 : PF_USER;
}

enum emulate_result execute_fetch(struct vcpu *v, struct regs *regs, struct instruction *insn)
{
	uint8_t bytes[INSTRUCTION_MAX];
	unsigned int here = PAGE_SIZE - (regs->rip & ~PAGE_MASK);
	int rc;

	/* A jump to where no guest can be is a #GP of its own. */
	if (!guest_address_ok(regs->rip) || !machine_code_is_64bit(regs->cs))
		return EMULATE_UNHANDLED;
	if (likely(here >= INSTRUCTION_MAX))
		here = INSTRUCTION_MAX;
	/* It just ran, but another vcpu may have unmapped it since. */
	if (unlikely(copy_from_guest(bytes, regs->rip, here))) {
		exception_inject_page_fault(v, regs, regs->rip, PF_FETCH | fault_mode(v));
		return EMULATE_EXCEPTION;
	}
	rc = instruction_decode(insn, bytes, here);
	if (unlikely(rc == -ENODATA)) {
		/* The next page is looked at only when the instruction reaches into it. */
		uint64_t next = regs->rip + here;

		if (copy_from_guest(bytes + here, next, INSTRUCTION_MAX - here)) {
			exception_inject_page_fault(v, regs, next, PF_FETCH | fault_mode(v));
			return EMULATE_EXCEPTION;
		}
		rc = instruction_decode(insn, bytes, INSTRUCTION_MAX);
	}
	return rc ? EMULATE_UNHANDLED : EMULATE_DONE;
}

enum emulate_result execute_finish_otherwise(struct vcpu *v, struct regs *regs, enum step step)
{
	switch (step) {
	case STEP_DONE:
		v->debugreg[6] |= DR6_SINGLE_STEP;
		exception_inject(v, regs, TRAP_DB, 0);
		return EMULATE_EXCEPTION;
	case STEP_AGAIN:
		return EMULATE_DONE;
	case STEP_EXCEPTION:
		return EMULATE_EXCEPTION;
	default:
		return EMULATE_UNHANDLED;
	}
}

void execute_inject_access_fault(struct vcpu *v, struct regs *regs, uint64_t va, bool write)
{
	uint8_t byte;
	uint32_t code = fault_mode(v);

	if (write)
		code |= PF_WRITE;
	if (!copy_from_guest(&byte, va, 1))
		code |= PF_PRESENT;
	exception_inject_page_fault(v, regs, va, code);
}
