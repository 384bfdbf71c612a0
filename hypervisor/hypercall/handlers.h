/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handlers that belong to no other subsystem's header; see docs/hypercalls.md for each. */
#ifndef HYPERCALL_HANDLERS_H
#define HYPERCALL_HANDLERS_H

#include "console/console.h"
#include "event/event.h"
#include "extension/extension.h"
#include "grant/grant.h"
#include "interrupt/interrupt.h"
#include "memory/memory.h"
#include "sched/sched.h"
#include "time/time.h"

long hypercall_set_trap_table(uint64_t list);
long hypercall_set_gdt(uint64_t list, uint64_t entries);
long hypercall_stack_switch(uint64_t ss, uint64_t sp);
long hypercall_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall);
long hypercall_fpu_taskswitch(uint64_t set);
long hypercall_platform_op(uint64_t arg);
long hypercall_set_debugreg(uint64_t reg, uint64_t value);
long hypercall_get_debugreg(uint64_t reg);
long hypercall_update_descriptor(uint64_t maddr, uint64_t desc);
long hypercall_multicall(uint64_t list, uint64_t count);
long hypercall_xen_version(uint64_t cmd, uint64_t arg);
long hypercall_vm_assist(uint64_t cmd, uint64_t type);
long hypercall_vcpu_op(uint64_t cmd, uint64_t vcpu, uint64_t arg);
long hypercall_set_segment_base(uint64_t which, uint64_t base);
long hypercall_nmi_op(uint64_t cmd, uint64_t arg);
long hypercall_callback_op(uint64_t cmd, uint64_t arg);
long hypercall_mca(uint64_t arg);
long hypercall_system(uint64_t arg);
long hypercall_control(uint64_t arg);

#endif
