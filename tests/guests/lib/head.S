/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a test kernel starts, the notes that say so, and its hypercall page.
 *
 * On entry (facts: Xen's public arch-x86/xen.h and xen.h): 64-bit mode, flat
 * segments, events masked, rsi = virtual address of the start_info page.
 */
#include <hypercall/base.h>
#include <hypercall/elfnote.h>

#define VIRT_BASE 0xffffffff80000000

	.macro note type, desc:vararg
	.balign 4
	.long 2f - 1f, 4f - 3f, \type
1:	.asciz HC_ELFNOTE_NAME
2:	.balign 4
3:	\desc
4:	.balign 4
	.endm

	.section .note.Xen, "a", @note
	note HC_ELFNOTE_GUEST_OS, .asciz "tenon-test"
	note HC_ELFNOTE_GUEST_VERSION, .asciz "1"
	note HC_ELFNOTE_LOADER, .asciz "generic"
	note HC_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
	note HC_ELFNOTE_VIRT_BASE, .quad VIRT_BASE
	note HC_ELFNOTE_PADDR_OFFSET, .quad 0
	note HC_ELFNOTE_ENTRY, .quad _start
	note HC_ELFNOTE_HYPERCALL_PAGE, .quad hypercall_page
	note HC_ELFNOTE_HV_START_LOW, .quad HC_HYPERVISOR_VIRT_START
	/* Unprivileged and privileged (HC_FEATURE_DOM0). */
	note HC_ELFNOTE_FEATURES, .asciz "pae_pgdir_above_4gb"
	note HC_ELFNOTE_SUPPORTED_FEATURES, .long 1 << 11
	note HC_ELFNOTE_PAE_MODE, .asciz "yes"

	.section .text.entry, "ax", @progbits
	.globl _start
_start:
	cld
	lea boot_stack_top(%rip), %rsp
	mov %rsi, start_info(%rip)
	xor %ebp, %ebp
	call guest_start
	ud2

	.balign 4096
	.globl hypercall_page
hypercall_page:
	.skip 4096

	.section .bss
	.balign 4096
	.skip 16384
	.globl boot_stack_top
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
