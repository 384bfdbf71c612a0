/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control and debug registers as the guest kernel sees them.  Bits that are
 * the hypervisor's own cannot be changed; those a guest may choose are CR0.TS
 * and CR4.TSD, and its page tables.
 */
#include "emulate/execute.h"
#include "emulate/machine.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "hypercall/handlers.h"

#define GUEST_CR0 (CR0_PG | CR0_AM | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE)
/* What of the processor's CR4 concerns a guest. */
#define GUEST_CR4_SHOWN \
	(CR4_DE | CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_FSGSBASE | CR4_OSXSAVE)
#define GUEST_CR4_OWN CR4_TSD

static uint64_t shown_cr(const struct vcpu *v, unsigned int n)
{
	switch (n) {
	case 0:
		return GUEST_CR0 | (v->cr0_ts ? CR0_TS : 0);
	case 2:
		return READ_ONCE(v->info->arch.cr2);
	case 3:
		return v->memory.base_kernel;
	default:
		return (machine_cr4() & GUEST_CR4_SHOWN) | (v->cr4 & GUEST_CR4_OWN);
	}
}

/* Only the "task switched" flag may differ from what is. */
static enum step set_cr0(const struct vcpu *v, uint64_t value)
{
	if ((value ^ shown_cr(v, 0)) & ~CR0_TS)
		return STEP_REFUSED;
	hypercall_fpu_taskswitch(!!(value & CR0_TS));
	return STEP_DONE;
}

static enum step set_cr3(struct vcpu *v, uint64_t value)
{
	int rc;

	if (value & ~PAGE_MASK)
		return STEP_REFUSED;
	rc = vcpu_set_kernel_base(v, value >> PAGE_SHIFT);
	if (rc == -ERESTART || rc == -EINTR || rc == -EAGAIN)
		return STEP_AGAIN;
	return rc ? STEP_REFUSED : STEP_DONE;
}

/* Kernels set bits for all they know; ours stay as they are, which they find when they look. */
static enum step set_cr4(struct vcpu *v, uint64_t value)
{
	v->cr4 = value & GUEST_CR4_OWN;
	machine_set_tsd(v->cr4 & CR4_TSD);
	return STEP_DONE;
}

enum step control_register(struct vcpu *v, struct regs *regs, const struct instruction *insn)
{
	uint64_t value;

	switch (insn->operation) {
	case OP_CLTS:
		hypercall_fpu_taskswitch(0);
		return STEP_DONE;
	case OP_LMSW:
		if (insn->memory)
			return STEP_REFUSED;
		/* It writes bits 0 to 3, but cannot clear bit 0, which is set anyhow. */
		value = register_get(regs, insn->rm, 2, false) & 0xe;
		return set_cr0(v, (shown_cr(v, 0) & ~0xeUL) | value);
	case OP_SMSW:
		if (insn->memory)
			return STEP_REFUSED;
		register_set(regs, insn->rm, insn->size, false, shown_cr(v, 0));
		return STEP_DONE;
	default:
		break;
	}
	if (insn->reg != 0 && (insn->reg < 2 || insn->reg > 4))
		return STEP_REFUSED;
	if (insn->operation == OP_FROM_CR) {
		register_set(regs, insn->rm, 8, true, shown_cr(v, insn->reg));
		return STEP_DONE;
	}
	value = register_get(regs, insn->rm, 8, true);
	switch (insn->reg) {
	case 0:
		return set_cr0(v, value);
	case 2:
		WRITE_ONCE(v->info->arch.cr2, value);
		return STEP_DONE;
	case 3:
		return set_cr3(v, value);
	default:
		return set_cr4(v, value);
	}
}

enum step debug_register(struct vcpu *v, struct regs *regs, const struct instruction *insn)
{
	(void)v;
	/* Numbers 4 and 5 are not there with CR4.DE set, as it is. */
	if (insn->reg > 7 || insn->reg == 4 || insn->reg == 5)
		return STEP_REFUSED;
	if (insn->operation == OP_FROM_DR) {
		register_set(regs, insn->rm, 8, true,
			     (uint64_t)hypercall_get_debugreg(insn->reg));
		return STEP_DONE;
	}
	return hypercall_set_debugreg(insn->reg, register_get(regs, insn->rm, 8, true)) ?
		       STEP_REFUSED : STEP_DONE;
}
