/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiled, not linked: the build turns the marked lines into entry/offsets.h for assembly. */
#include "domain/domain.h"
#include "emulate/emulate.h"

#define DEFINE(name, value) __asm__ volatile("\n@@" #name " %c0" : : "i"(value))

void offsets(void);
void offsets(void)
{
	DEFINE(FORCED_CPUID_HEAD, FORCED_CPUID_HEAD);
	DEFINE(CPU_ENTRY, offsetof(struct cpu, entry));
	DEFINE(CPU_SCRATCH, offsetof(struct cpu, scratch));
	DEFINE(CPU_SOFTIRQ, offsetof(struct cpu, softirq_pending));
	DEFINE(VCPU_INFO, offsetof(struct vcpu, entry_info));
	DEFINE(VCPU_OUTER_USER, offsetof(struct vcpu, outer_user));
	DEFINE(VCPU_OUTER_KERNEL, offsetof(struct vcpu, outer_kernel));
	DEFINE(VCPU_CR3_USER, offsetof(struct vcpu, cr3_user));
	DEFINE(VCPU_CR3_KERNEL, offsetof(struct vcpu, cr3_kernel));
	DEFINE(VCPU_KERNEL_SP, offsetof(struct vcpu, kernel_sp));
	DEFINE(VCPU_TRAPS, offsetof(struct vcpu, entry_traps));
	DEFINE(VCPU_BOUNCE, offsetof(struct vcpu, bounce));
	DEFINE(VCPU_KERNEL_MODE, offsetof(struct vcpu, kernel_mode));
	DEFINE(VCPU_TRAP_PENDING, offsetof(struct vcpu, trap_pending));
	DEFINE(VCPU_SYMCALL, offsetof(struct vcpu, symcall));
	DEFINE(VCPU_EVENT_TARGET, offsetof(struct vcpu, callback[VCPU_CALLBACK_EVENT]));
	DEFINE(VCPU_SYSCALL_TARGET, offsetof(struct vcpu, entry_syscall[0]));
	DEFINE(VCPU_SYSCALL32_TARGET, offsetof(struct vcpu, entry_syscall[1]));
	DEFINE(VCPU_SYSENTER_TARGET, offsetof(struct vcpu, entry_syscall[2]));
	DEFINE(VCPU_HYPERCALLS, offsetof(struct vcpu, hypercalls));
	DEFINE(VCPU_SHORT, offsetof(struct vcpu, short_hypercalls));
	DEFINE(VCPU_KERNEL_SS, offsetof(struct vcpu, kernel_ss));
	DEFINE(VCPU_COUNT_HYPERCALLS,
	       offsetof(struct vcpu, counters[HC_COUNTER_HYPERCALLS]));
	DEFINE(VCPU_COUNT_PAGE_FAULTS,
	       offsetof(struct vcpu, counters[HC_COUNTER_PAGE_FAULTS]));
	DEFINE(VCPU_COUNT_EXCEPTIONS,
	       offsetof(struct vcpu, counters[HC_COUNTER_EXCEPTIONS]));
	DEFINE(VCPU_COUNT_EVENTS, offsetof(struct vcpu, counters[HC_COUNTER_EVENTS]));
	DEFINE(TARGET_ADDRESS, offsetof(struct bounce_target, address));
	DEFINE(TARGET_FLAGS, offsetof(struct bounce_target, flags));
	DEFINE(TARGET_SIZE, sizeof(struct bounce_target));
	DEFINE(INFO_PENDING, offsetof(struct hc_vcpu_info, evtchn_upcall_pending));
	DEFINE(INFO_MASK, offsetof(struct hc_vcpu_info, evtchn_upcall_mask));
	DEFINE(INFO_CR2, offsetof(struct hc_vcpu_info, arch.cr2));
	DEFINE(REGS_SIZE, sizeof(struct regs));
	DEFINE(REGS_RAX, offsetof(struct regs, rax));
	DEFINE(REGS_RDI, offsetof(struct regs, rdi));
	DEFINE(REGS_RSI, offsetof(struct regs, rsi));
	DEFINE(REGS_RDX, offsetof(struct regs, rdx));
	DEFINE(REGS_R8, offsetof(struct regs, r8));
	DEFINE(REGS_R9, offsetof(struct regs, r9));
	DEFINE(REGS_R10, offsetof(struct regs, r10));
	DEFINE(REGS_RIP, offsetof(struct regs, rip));
	DEFINE(REGS_RFLAGS, offsetof(struct regs, rflags));
	DEFINE(REGS_RSP, offsetof(struct regs, rsp));
	DEFINE(REGS_VECTOR, offsetof(struct regs, vector));
}
