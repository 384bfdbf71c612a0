/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Processor state of a guest: registers, trap table, the context a vcpu starts
 * with, the frame of the iret hypercall, and vcpu_op.
 *
 * Source of facts: Xen's public headers vcpu.h, arch-x86/xen.h, xen-x86_64.h, nmi.h.
 */
#ifndef HYPERCALL_VCPU_H
#define HYPERCALL_VCPU_H

#include "base.h"

/* vcpu_guest_context.flags. */
#define HC_VGCF_I387_VALID			(1 << 0)
#define HC_VGCF_IN_KERNEL			(1 << 2)
#define HC_VGCF_FAILSAFE_DISABLES_EVENTS	(1 << 3)
#define HC_VGCF_SYSCALL_DISABLES_EVENTS		(1 << 4)
#define HC_VGCF_ONLINE				(1 << 5)

/* iret_context.flags: the frame returns from a system call, rcx and r11 are lost. */
#define HC_VGCF_IN_SYSCALL			(1 << 8)

/* trap_info.flags. */
#define HC_TI_DPL_MASK		3	/* Lowest privilege that may raise it. */
#define HC_TI_IF		4	/* Enter with events masked. */

/* vcpu_op(cmd, vcpu number, argument address). */
#define HC_VCPUOP_INITIALISE				0	/* hc_vcpu_guest_context */
#define HC_VCPUOP_UP					1
#define HC_VCPUOP_DOWN					2
#define HC_VCPUOP_IS_UP					3	/* Returns 0 or 1. */
#define HC_VCPUOP_GET_RUNSTATE_INFO			4
#define HC_VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA		5
#define HC_VCPUOP_SET_PERIODIC_TIMER			6
#define HC_VCPUOP_STOP_PERIODIC_TIMER			7
#define HC_VCPUOP_SET_SINGLESHOT_TIMER			8
#define HC_VCPUOP_STOP_SINGLESHOT_TIMER			9
#define HC_VCPUOP_REGISTER_VCPU_INFO			10
#define HC_VCPUOP_SEND_NMI				11
#define HC_VCPUOP_GET_PHYSID				12
#define HC_VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA	13

/* vcpu_runstate_info.state, and index of its time[]. */
#define HC_RUNSTATE_RUNNING	0	/* On a processor. */
#define HC_RUNSTATE_RUNNABLE	1	/* Waits for a processor: stolen time. */
#define HC_RUNSTATE_BLOCKED	2	/* Idle by its own wish. */
#define HC_RUNSTATE_OFFLINE	3	/* Neither: paused or down. */

/* In state_entry_time while the area is being written (see vm_assist). */
#define HC_RUNSTATE_UPDATE	(HC_U64(1) << 63)

/* vcpu_set_singleshot_timer.flags: -ETIME when the time has passed. */
#define HC_VCPU_SSHOTTMR_FUTURE	(1 << 0)

/* nmi_op(cmd, argument address). */
#define HC_NMI_REGISTER_CALLBACK	0
#define HC_NMI_UNREGISTER_CALLBACK	1

#ifndef __ASSEMBLER__

/* One gate of set_trap_table; the list ends with address 0. */
struct hc_trap_info {
	uint8_t vector;			/* Exception number. */
	uint8_t flags;			/* HC_TI_*. */
	uint16_t cs;			/* Code selector of the handler. */
	uint64_t address;		/* Handler, guest virtual. */
};

/* Registers of a guest: 200 bytes. */
struct hc_cpu_user_regs {
	uint64_t r15, r14, r13, r12;
	uint64_t rbp, rbx;
	uint64_t r11, r10, r9, r8;
	uint64_t rax, rcx, rdx, rsi, rdi;
	uint32_t error_code;		/* Not for guests. */
	uint32_t entry_vector;		/* Not for guests. */
	uint64_t rip;
	uint16_t cs, _pad0[1];
	uint8_t saved_upcall_mask;	/* vcpu_info.evtchn_upcall_mask then. */
	uint8_t _pad1[3];
	uint64_t rflags;
	uint64_t rsp;
	uint16_t ss, _pad2[3];
	uint16_t es, _pad3[3];
	uint16_t ds, _pad4[3];
	uint16_t fs, _pad5[3];
	uint16_t gs, _pad6[3];
};

/* All a vcpu starts with: 5168 bytes. */
struct hc_vcpu_guest_context {
	struct { char x[512]; } fpu_ctxt;	/* FXSAVE image. */
	uint64_t flags;				/* HC_VGCF_*. */
	struct hc_cpu_user_regs user_regs;
	struct hc_trap_info trap_ctxt[256];
	uint64_t ldt_base, ldt_ents;		/* Virtual address, entries. */
	uint64_t gdt_frames[16], gdt_ents;	/* Machine frames, entries. */
	uint64_t kernel_ss, kernel_sp;		/* Stack on entry from user. */
	uint64_t ctrlreg[8];			/* [3]: kernel cr3, [1]: user cr3. */
	uint64_t debugreg[8];
	uint64_t event_callback_eip;		/* Guest virtual addresses. */
	uint64_t failsafe_callback_eip;
	uint64_t syscall_callback_eip;
	uint64_t vm_assist;			/* Bits 1 << HC_VMASST_TYPE_*. */
	uint64_t fs_base;
	uint64_t gs_base_kernel;
	uint64_t gs_base_user;
};

/* On the guest's stack at the iret hypercall; rax is on top of it. */
struct hc_iret_context {
	uint64_t rax, r11, rcx;
	uint64_t flags;			/* HC_VGCF_IN_SYSCALL or 0. */
	uint64_t rip, cs, rflags, rsp, ss;
};

struct hc_vcpu_runstate_info {
	int32_t state;			/* HC_RUNSTATE_*. */
	uint32_t pad0;
	uint64_t state_entry_time;	/* System time, ns; HC_RUNSTATE_UPDATE. */
	uint64_t time[4];		/* ns spent in each state. */
};

struct hc_vcpu_register_runstate_memory_area {
	union {
		uint64_t h;
		uint64_t v;		/* Guest virtual address. */
		uint64_t p;
	} addr;
};

struct hc_vcpu_register_time_memory_area {
	union {
		uint64_t h;
		uint64_t v;		/* Guest virtual address. */
		uint64_t p;
	} addr;
};

struct hc_vcpu_set_periodic_timer {
	uint64_t period_ns;
};

struct hc_vcpu_set_singleshot_timer {
	uint64_t timeout_abs_ns;	/* System time. */
	uint32_t flags;			/* HC_VCPU_SSHOTTMR_*. */
	uint32_t pad0;
};

struct hc_vcpu_register_vcpu_info {
	uint64_t mfn;			/* Frame the vcpu_info shall live in. */
	uint32_t offset;		/* Bytes into it; must not cross its end. */
	uint32_t rsvd;			/* 0. */
};

struct hc_vcpu_get_physid {
	uint64_t phys_id;		/* APIC id; ACPI id in the upper half. */
};

struct hc_nmi_callback {
	uint64_t handler_address;	/* Guest virtual. */
	uint64_t pad;
};

#endif /* !__ASSEMBLER__ */

#endif
