/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercall numbers to handlers.  Handlers take as many of the five arguments
 * as they need; the calling convention lets them ignore the rest.
 */
#include <hypercall/base.h>
#include "hypercall/handlers.h"
#include "hypercall/table.h"

static long no_such_hypercall(void)
{
	return -ENOSYS;
}

/* The whole range first, then those that exist: overriding is the point. */
#pragma GCC diagnostic ignored "-Woverride-init"

#define ENTRY(nr, handler) [nr] = (hypercall_fn *)(void (*)(void))(handler)

_Static_assert(!(HC_NR_MAX & (HC_NR_MAX - 1)), "the entry code masks numbers");

/* With the entry code, which looks into it before it leaves the tables of the guest. */
__attribute__((section(".entry.rodata")))
hypercall_fn *const hypercall_table[HC_NR_MAX + 1] = {
	/* The last for all numbers from there on. */
	[0 ... HC_NR_MAX] = (hypercall_fn *)(void (*)(void))no_such_hypercall,
	ENTRY(HC_NR_SET_TRAP_TABLE, hypercall_set_trap_table),
	ENTRY(HC_NR_MMU_UPDATE, hypercall_mmu_update),
	ENTRY(HC_NR_SET_GDT, hypercall_set_gdt),
	ENTRY(HC_NR_STACK_SWITCH, hypercall_stack_switch),
	ENTRY(HC_NR_SET_CALLBACKS, hypercall_set_callbacks),
	ENTRY(HC_NR_FPU_TASKSWITCH, hypercall_fpu_taskswitch),
	ENTRY(HC_NR_PLATFORM_OP, hypercall_platform_op),
	ENTRY(HC_NR_SET_DEBUGREG, hypercall_set_debugreg),
	ENTRY(HC_NR_GET_DEBUGREG, hypercall_get_debugreg),
	ENTRY(HC_NR_UPDATE_DESCRIPTOR, hypercall_update_descriptor),
	ENTRY(HC_NR_MEMORY_OP, hypercall_memory_op),
	ENTRY(HC_NR_MULTICALL, hypercall_multicall),
	ENTRY(HC_NR_UPDATE_VA_MAPPING, hypercall_update_va_mapping),
	ENTRY(HC_NR_SET_TIMER_OP, hypercall_set_timer_op),
	ENTRY(HC_NR_XEN_VERSION, hypercall_xen_version),
	ENTRY(HC_NR_CONSOLE_IO, hypercall_console_io),
	ENTRY(HC_NR_GRANT_TABLE_OP, hypercall_grant_table_op),
	ENTRY(HC_NR_VM_ASSIST, hypercall_vm_assist),
	ENTRY(HC_NR_UPDATE_VA_MAPPING_OTHERDOMAIN, hypercall_update_va_mapping_otherdomain),
	ENTRY(HC_NR_VCPU_OP, hypercall_vcpu_op),
	ENTRY(HC_NR_SET_SEGMENT_BASE, hypercall_set_segment_base),
	ENTRY(HC_NR_MMUEXT_OP, hypercall_mmuext_op),
	ENTRY(HC_NR_NMI_OP, hypercall_nmi_op),
	ENTRY(HC_NR_SCHED_OP, hypercall_sched_op),
	ENTRY(HC_NR_CALLBACK_OP, hypercall_callback_op),
	ENTRY(HC_NR_EVENT_CHANNEL_OP, hypercall_event_channel_op),
	ENTRY(HC_NR_PHYSDEV_OP, hypercall_physdev_op),
	ENTRY(HC_NR_SYSCTL, hypercall_system),
	ENTRY(HC_NR_DOMCTL, hypercall_control),
	ENTRY(HC_NR_MCA, hypercall_mca),
	ENTRY(HC_NR_EXTENSION, hypercall_extension),
};
