/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps that every emulated instruction goes through. */
#ifndef EMULATE_EXECUTE_H
#define EMULATE_EXECUTE_H

#include "emulate/decode.h"
#include "emulate/emulate.h"

/* Not an emulate_result: nothing was done, run the instruction again from its start. */
enum step {
	STEP_DONE,		/* retire it */
	STEP_AGAIN,		/* made progress, but the same instruction shall run again */
	STEP_REFUSED,		/* give the guest the fault it raised */
	STEP_EXCEPTION,		/* another exception was injected */
};

/*
 * Fetch and decode the instruction at regs->rip.  EMULATE_DONE: *insn is
 * valid.  EMULATE_UNHANDLED: not one of ours, or not 64-bit code.
 * EMULATE_EXCEPTION: its bytes are not readable, a page fault was injected.
 */
enum emulate_result execute_fetch(struct vcpu *v, struct regs *regs, struct instruction *insn);

/* Only for the next: of an instruction that is done what a single step needs, of others what they mean. */
enum emulate_result execute_finish_otherwise(struct vcpu *v, struct regs *regs, enum step step);
/* What a step means for the trap, with the guest's rip moved on STEP_DONE. */
static inline enum emulate_result execute_finish(struct vcpu *v, struct regs *regs, unsigned int length,
						 enum step step)
{
	if (likely(step == STEP_DONE)) {
		regs->rip += length;
		regs->rflags &= ~RFLAGS_RF;
		if (likely(!(regs->rflags & RFLAGS_TF)))
			return EMULATE_DONE;
	}
	return execute_finish_otherwise(v, regs, step);
}

/* Page fault at va for an access that a copy to or from the guest found impossible. */
void execute_inject_access_fault(struct vcpu *v, struct regs *regs, uint64_t va, bool write);

/* Port I/O instructions (port.c). */
enum step port_in_out(struct vcpu *v, struct regs *regs, const struct instruction *insn);
enum step port_string(struct vcpu *v, struct regs *regs, const struct instruction *insn);

/* Control and debug registers (control.c). */
enum step control_register(struct vcpu *v, struct regs *regs, const struct instruction *insn);
enum step debug_register(struct vcpu *v, struct regs *regs, const struct instruction *insn);

#endif
