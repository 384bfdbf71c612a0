/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hypercall numbers, domain identities and the calls too small for a header of
 * their own (console_io, vm_assist, set_segment_base, multicall).
 *
 * Calling convention on x86-64: call the slot (number * 32 bytes) of the
 * hypercall page; arguments in rdi, rsi, rdx, r10, r8, r9; result in rax,
 * negative values are -errno with Linux's x86 numbers. rcx and r11 are lost.
 *
 * Source of facts: Xen's public headers xen.h, arch-x86/xen.h, xen-x86_64.h.
 */
#ifndef HYPERCALL_BASE_H
#define HYPERCALL_BASE_H

#ifdef __ASSEMBLER__
#define HC_U64(x)	x
#else
#include <stdint.h>
#define HC_U64(x)	x ## ULL
#endif

#define HC_PAGE_SHIFT	12
#define HC_PAGE_SIZE	4096

/* Hypercall numbers. */
#define HC_NR_SET_TRAP_TABLE			0
#define HC_NR_MMU_UPDATE			1
#define HC_NR_SET_GDT				2
#define HC_NR_STACK_SWITCH			3
#define HC_NR_SET_CALLBACKS			4
#define HC_NR_FPU_TASKSWITCH			5
#define HC_NR_SCHED_OP_COMPAT			6
#define HC_NR_PLATFORM_OP			7
#define HC_NR_SET_DEBUGREG			8
#define HC_NR_GET_DEBUGREG			9
#define HC_NR_UPDATE_DESCRIPTOR			10
#define HC_NR_MEMORY_OP				12
#define HC_NR_MULTICALL				13
#define HC_NR_UPDATE_VA_MAPPING			14
#define HC_NR_SET_TIMER_OP			15
#define HC_NR_EVENT_CHANNEL_OP_COMPAT		16
#define HC_NR_XEN_VERSION			17
#define HC_NR_CONSOLE_IO			18
#define HC_NR_PHYSDEV_OP_COMPAT			19
#define HC_NR_GRANT_TABLE_OP			20
#define HC_NR_VM_ASSIST				21
#define HC_NR_UPDATE_VA_MAPPING_OTHERDOMAIN	22
#define HC_NR_IRET				23
#define HC_NR_VCPU_OP				24
#define HC_NR_SET_SEGMENT_BASE			25
#define HC_NR_MMUEXT_OP				26
#define HC_NR_XSM_OP				27
#define HC_NR_NMI_OP				28
#define HC_NR_SCHED_OP				29
#define HC_NR_CALLBACK_OP			30
#define HC_NR_XENOPROF_OP			31
#define HC_NR_EVENT_CHANNEL_OP			32
#define HC_NR_PHYSDEV_OP			33
#define HC_NR_HVM_OP				34
#define HC_NR_SYSCTL				35
#define HC_NR_DOMCTL				36
#define HC_NR_KEXEC_OP				37
#define HC_NR_TMEM_OP				38
#define HC_NR_ARGO_OP				39
#define HC_NR_XENPMU_OP				40
#define HC_NR_DM_OP				41
#define HC_NR_HYPFS_OP				42
#define HC_NR_MCA				48	/* The first of the x86 ones. */
#define HC_NR_EXTENSION				50	/* Tenon's own extensions. */
#define HC_NR_MAX				64	/* Slots kept in the table. */

/* Geometry of the hypercall page: one slot for each number. */
#define HC_HYPERCALL_SLOT_SIZE			32	/* Bytes. */

/* Domain identities. Ordinary domains lie below HC_DOMID_FIRST_RESERVED. */
#define HC_DOMID_FIRST_RESERVED	0x7FF0
#define HC_DOMID_SELF		0x7FF0	/* The caller. */
#define HC_DOMID_IO		0x7FF1	/* Owner of device memory in mmu ops. */
#define HC_DOMID_XEN		0x7FF2	/* Owner of the hypervisor's frames. */
#define HC_DOMID_COW		0x7FF3
#define HC_DOMID_INVALID	0x7FF4	/* Names nobody. */
#define HC_DOMID_IDLE		0x7FFF
#define HC_DOMID_MASK		0x7FFF

/* console_io(cmd, count in bytes, buffer address). */
#define HC_CONSOLEIO_WRITE	0
#define HC_CONSOLEIO_READ	1

/* vm_assist(cmd, type). */
#define HC_VMASST_CMD_ENABLE			0
#define HC_VMASST_CMD_DISABLE			1
#define HC_VMASST_TYPE_4GB_SEGMENTS		0
#define HC_VMASST_TYPE_4GB_SEGMENTS_NOTIFY	1
#define HC_VMASST_TYPE_WRITABLE_PAGETABLES	2	/* Emulate direct writes. */
#define HC_VMASST_TYPE_PAE_EXTENDED_CR3		3
#define HC_VMASST_TYPE_ARCHITECTURAL_IOPL	4	/* IOPL shows in eflags. */
#define HC_VMASST_TYPE_RUNSTATE_UPDATE_FLAG	5	/* See HC_RUNSTATE_UPDATE. */
#define HC_VMASST_TYPE_M2P_STRICT		32	/* M2P in kernel tables only. */

/* set_segment_base(which, base address or selector). */
#define HC_SEGBASE_FS		0
#define HC_SEGBASE_GS_USER	1
#define HC_SEGBASE_GS_KERNEL	2
#define HC_SEGBASE_GS_USER_SEL	3	/* Loads a selector into user %gs. */

/* Virtual range the hypervisor keeps to itself, and the machine-to-physical table in it. */
#define HC_HYPERVISOR_VIRT_START	HC_U64(0xFFFF800000000000)
#define HC_HYPERVISOR_VIRT_END		HC_U64(0xFFFF880000000000)
#define HC_MACH2PHYS_VIRT_START		HC_U64(0xFFFF800000000000)
#define HC_MACH2PHYS_VIRT_END		HC_U64(0xFFFF804000000000)

/* Flat segments every guest finds in the reserved part of its GDT. */
#define HC_FIRST_RESERVED_GDT_PAGE	14
#define HC_FIRST_RESERVED_GDT_BYTE	57344	/* Page 14 of the GDT. */
#define HC_FIRST_RESERVED_GDT_ENTRY	7168
#define HC_FLAT_RING3_CS32		0xe023
#define HC_FLAT_RING3_CS64		0xe033
#define HC_FLAT_RING3_DS32		0xe02b
#define HC_FLAT_RING3_DS64		0x0000
#define HC_FLAT_RING3_SS32		0xe02b
#define HC_FLAT_RING3_SS64		0xe02b
#define HC_FLAT_KERNEL_CS64		HC_FLAT_RING3_CS64
#define HC_FLAT_KERNEL_CS32		HC_FLAT_RING3_CS32
#define HC_FLAT_KERNEL_DS64		HC_FLAT_RING3_DS64
#define HC_FLAT_KERNEL_DS32		HC_FLAT_RING3_DS32
#define HC_FLAT_KERNEL_SS64		HC_FLAT_RING3_SS64
#define HC_FLAT_KERNEL_SS32		HC_FLAT_RING3_SS32
#define HC_FLAT_USER_CS64		HC_FLAT_RING3_CS64
#define HC_FLAT_USER_CS32		HC_FLAT_RING3_CS32
#define HC_FLAT_USER_DS64		HC_FLAT_RING3_DS64
#define HC_FLAT_USER_DS32		HC_FLAT_RING3_DS32
#define HC_FLAT_USER_SS64		HC_FLAT_RING3_SS64
#define HC_FLAT_USER_SS32		HC_FLAT_RING3_SS32

#ifndef __ASSEMBLER__

/* One call of multicall(list address, number of entries). */
struct hc_multicall_entry {
	uint64_t op;		/* HC_NR_*. */
	uint64_t result;	/* OUT: what the call returned. */
	uint64_t args[6];
};

#endif /* !__ASSEMBLER__ */

#endif
