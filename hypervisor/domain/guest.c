/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest kernel tells about itself: trap table, callbacks, stack, segment
 * bases, debug registers, assists.
 */
#include <hypercall/base.h>
#include <hypercall/callback.h>
#include "cpu/cpu.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "domain/guest.h"
#include "hypercall/handlers.h"
#include "hypercall/hypercall.h"

/* Exceptions for which the processor gives an error code: DF, TS, NP, SS, GP, PF, AC, CP. */
#define ERROR_CODE_VECTORS 0x227d00u

bool guest_set_trap(struct vcpu *v, const struct hc_trap_info *t)
{
	struct bounce_target *target = &v->traps[t->vector];

	if (!guest_address_ok(t->address))
		return false;
	target->address = t->address;
	target->cs = t->cs;
	target->dpl = t->flags & HC_TI_DPL_MASK;
	target->flags = (uint8_t)((t->flags & HC_TI_IF) |
				  (t->vector < 32 && ERROR_CODE_VECTORS >> t->vector & 1 ?
					   BOUNCE_ERROR_CODE : 0));
	return true;
}

long hypercall_set_trap_table(uint64_t list)
{
	struct vcpu *v = current;
	struct hc_trap_info t;

	if (!list) {
		for (unsigned int i = 0; i < 256; i++)
			v->traps[i].address = 0;
		return 0;
	}
	/* 256 vectors: a longer list only repeats itself. */
	for (unsigned int i = 0; i < 257; i++) {
		if (copy_from_guest(&t, list + i * sizeof(t), sizeof(t)))
			return -EFAULT;
		if (!t.address)
			return 0;
		if (!guest_set_trap(v, &t))
			return -EINVAL;
	}
	return -E2BIG;
}

/* The bounce writes up to 64 bytes below: what is not canonical faults there and ends the guest, as 0 does. */
void guest_set_kernel_stack(struct vcpu *v, uint16_t ss, uint64_t sp)
{
	sp &= ~15ULL;
	v->kernel_ss = ss | 3;
	v->kernel_sp = unlikely(guest_touches_hole(sp - 64, 64)) ? 0 : sp;
}

long hypercall_stack_switch(uint64_t ss, uint64_t sp)
{
	guest_set_kernel_stack(current, (uint16_t)ss, sp);
	return 0;
}

bool guest_set_callback(struct vcpu *v, unsigned int which, uint64_t address, bool mask)
{
	if (!guest_address_ok(address))
		return false;
	v->callback[which].address = address;
	v->callback[which].flags = mask ? BOUNCE_MASK_EVENTS : 0;
	return true;
}

long hypercall_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall)
{
	struct vcpu *v = current;

	if (!guest_set_callback(v, VCPU_CALLBACK_EVENT, event, true) ||
	    !guest_set_callback(v, VCPU_CALLBACK_FAILSAFE, failsafe, false) ||
	    !guest_set_callback(v, VCPU_CALLBACK_SYSCALL, syscall, false))
		return -EINVAL;
	return 0;
}

static int callback_index(uint16_t type)
{
	switch (type) {
	case HC_CALLBACKTYPE_EVENT:
		return VCPU_CALLBACK_EVENT;
	case HC_CALLBACKTYPE_FAILSAFE:
		return VCPU_CALLBACK_FAILSAFE;
	case HC_CALLBACKTYPE_SYSCALL:
		return VCPU_CALLBACK_SYSCALL;
	case HC_CALLBACKTYPE_SYSCALL32:
		return VCPU_CALLBACK_SYSCALL32;
	case HC_CALLBACKTYPE_SYSENTER:
	case HC_CALLBACKTYPE_SYSENTER_DEPRECATED:
		return VCPU_CALLBACK_SYSENTER;
	default:
		return -ENOSYS;
	}
}

/* The NMI's entry is the trap table's, by whatever call it was given: stock kernels give the table alone. */
static long set_nmi(struct vcpu *v, uint64_t address)
{
	const struct hc_trap_info t = {
		.vector = TRAP_NMI, .flags = HC_TI_IF, .cs = HC_FLAT_KERNEL_CS64, .address = address,
	};

	return guest_set_trap(v, &t) ? 0 : -EINVAL;
}

long hypercall_callback_op(uint64_t cmd, uint64_t arg)
{
	struct hc_callback_unregister un;
	struct hc_callback_register reg;
	struct vcpu *v = current;
	int which;

	switch ((uint32_t)cmd) {
	case HC_CALLBACKOP_REGISTER:
		if (copy_from_guest(&reg, arg, sizeof(reg)))
			return -EFAULT;
		if (reg.type == HC_CALLBACKTYPE_NMI)
			return set_nmi(v, reg.address);
		which = callback_index(reg.type);
		if (which < 0)
			return which;
		/* An event callback that left events open would be entered again at once. */
		return guest_set_callback(v, (unsigned int)which, reg.address,
					  which == VCPU_CALLBACK_EVENT ||
						  (reg.flags & HC_CALLBACKF_MASK_EVENTS)) ?
			       0 : -EINVAL;
	case HC_CALLBACKOP_UNREGISTER:
		if (copy_from_guest(&un, arg, sizeof(un)))
			return -EFAULT;
		if (un.type == HC_CALLBACKTYPE_NMI) {
			v->traps[TRAP_NMI].address = 0;
			return 0;
		}
		which = callback_index(un.type);
		return which < 0 ? which : -EINVAL;
	default:
		return -ENOSYS;
	}
}

long hypercall_nmi_op(uint64_t cmd, uint64_t arg)
{
	struct vcpu *v = current;
	uint64_t address;

	switch ((uint32_t)cmd) {
	case HC_NMI_REGISTER_CALLBACK:
		if (copy_from_guest(&address, arg, sizeof(address)))
			return -EFAULT;
		return set_nmi(v, address);
	case HC_NMI_UNREGISTER_CALLBACK:
		v->traps[TRAP_NMI].address = 0;
		return 0;
	default:
		return -ENOSYS;
	}
}

long hypercall_fpu_taskswitch(uint64_t set)
{
	fpu_set_task_switched(current, set);
	return 0;
}

long hypercall_set_segment_base(uint64_t which, uint64_t base)
{
	static const uint32_t msr[] = {
		[HC_SEGBASE_FS] = MSR_FS_BASE,
		[HC_SEGBASE_GS_USER] = MSR_KERNEL_GS_BASE,
		[HC_SEGBASE_GS_KERNEL] = MSR_GS_BASE,
	};

	switch (which) {
	case HC_SEGBASE_FS ... HC_SEGBASE_GS_KERNEL:
		if ((int64_t)(base << 16) >> 16 != (int64_t)base)
			return -EINVAL;
		wrmsr(msr[index_below(which, ARRAY_SIZE(msr))], base);
		return 0;
	case HC_SEGBASE_GS_USER_SEL:
		load_user_gs((uint16_t)base);
		return 0;
	default:
		return -EINVAL;
	}
}

/* Breakpoints on our own memory, or ones that the debug extension of I/O would need, are refused. */
static bool debug_address_ok(uint64_t a)
{
	return guest_address_ok(a) && guest_address_ok(a + 7);
}

long guest_set_debugreg(struct vcpu *v, unsigned int reg, uint64_t value)
{
	switch (reg) {
	case 0 ... 3:
		if (!debug_address_ok(value))
			return -EPERM;
		break;
	case 4:
	case 6:
		reg = 6;
		value = (value & 0xe00f) | 0xffff0ff0;
		break;
	case 5:
	case 7:
		reg = 7;
		value = (value & ~0xd800ULL) | 0x400;
		if (value >> 32)
			return -EPERM;
		/* Type 2 is I/O; general detect (bit 13) would trap our own accesses. */
		for (unsigned int i = 16; i < 32; i += 4)
			if ((value >> i & 3) == 2)
				return -EPERM;
		value &= ~(1ULL << 13);
		break;
	default:
		return -EINVAL;
	}
	v->debugreg[reg] = value;
	if (v == current)
		debug_registers_load(v);
	return 0;
}

long hypercall_set_debugreg(uint64_t reg, uint64_t value)
{
	return guest_set_debugreg(current, (unsigned int)MIN(reg, (uint64_t)8), value);
}

long hypercall_get_debugreg(uint64_t reg)
{
	if (reg > 7)
		return -EINVAL;
	if (reg == 4 || reg == 5)
		reg += 2;
	return (long)current->debugreg[reg];
}

long hypercall_vm_assist(uint64_t cmd, uint64_t type)
{
	struct domain *d = current->domain;
	uint64_t bit;

	switch (type) {
	case HC_VMASST_TYPE_4GB_SEGMENTS:
	case HC_VMASST_TYPE_4GB_SEGMENTS_NOTIFY:
	case HC_VMASST_TYPE_WRITABLE_PAGETABLES:
	case HC_VMASST_TYPE_PAE_EXTENDED_CR3:
	case HC_VMASST_TYPE_ARCHITECTURAL_IOPL:
	case HC_VMASST_TYPE_RUNSTATE_UPDATE_FLAG:
		break;
	default:
		return -EINVAL;
	}
	bit = 1ULL << type;
	switch (cmd) {
	case HC_VMASST_CMD_ENABLE:
		__atomic_fetch_or(&d->vm_assist, bit, __ATOMIC_SEQ_CST);
		return 0;
	case HC_VMASST_CMD_DISABLE:
		__atomic_fetch_and(&d->vm_assist, ~bit, __ATOMIC_SEQ_CST);
		return 0;
	default:
		return -ENOSYS;
	}
}
