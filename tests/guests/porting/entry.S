/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Step 1, being started: the notes in which a kernel says how, its first instruction, and the page
 * that the builder fills with hypercalls. Step 4, being entered: for events and exceptions.
 */
#include <hypercall/base.h>
#include <hypercall/elfnote.h>

#include "layout.h"

	/* An ELF note: lengths of name and contents, type, name, contents; all padded to 4 bytes. */
	.macro note type, contents:vararg
	.balign 4
	.long 2f - 1f, 4f - 3f, \type
1:	.asciz HC_ELFNOTE_NAME
2:	.balign 4
3:	\contents
4:	.balign 4
	.endm

	.section .note.Xen, "a", @note
	note HC_ELFNOTE_GUEST_OS, .asciz "porting"
	note HC_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"	/* The ABI, not a release. */
	note HC_ELFNOTE_LOADER, .asciz "generic"
	note HC_ELFNOTE_VIRT_BASE, .quad VIRT_BASE
	note HC_ELFNOTE_PADDR_OFFSET, .quad 0		/* The image's physical addresses count from 0. */
	note HC_ELFNOTE_ENTRY, .quad _start
	note HC_ELFNOTE_HYPERCALL_PAGE, .quad hypercall_page

	/* rsi: address of start_info. rsp: a page of stack, enough for a call or two. Events are masked. */
	.section .text.entry, "ax", @progbits
	.globl _start
_start:
	cld
	mov $stack_top, %rsp
	mov %rsi, start_info(%rip)
	xor %ebp, %ebp
	call kernel_main
	ud2

	.balign HC_PAGE_SIZE
	.globl hypercall_page
hypercall_page:
	.skip HC_PAGE_SIZE

	/*
	 * What the hypervisor pushes, on the stack that is in use (we have no user mode):
	 *
	 *   rsp -> rcx  r11  [error code]  rip  cs  rflags  rsp  ss
	 *
	 * There is no red zone below rsp, hence -mno-red-zone. An interrupted kernel's cs has privilege 0
	 * in this frame, and IF in its rflags is the opposite of the event mask.
	 */
	.text
	.globl event_entry
event_entry:
	pop %rcx
	pop %r11
	push %rdi
	push %rsi
	push %rdx
	push %rcx
	push %rax
	push %r8
	push %r9
	push %r10
	push %r11
	push %rbx
	mov %rsp, %rbx
	and $-16, %rsp			/* As C wants it. */
	cld
	call event_upcall
	mov %rbx, %rsp
	pop %rbx
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rax
	pop %rcx
	pop %rdx
	pop %rsi
	pop %rdi
	/*
	 * An iret of the processor would not set the event mask to what IF says, and look again for
	 * events: that is the hypercall's. Its frame is flags, rip, cs, rflags, rsp, ss; the slot pushes
	 * rcx, r11 and rax itself.
	 */
	push $0
	jmp hypercall_page + HC_NR_IRET * HC_HYPERCALL_SLOT_SIZE

	/* One stub of 16 bytes for each exception; all of them are fatal here. */
	.balign 16
	.globl exception_stubs
exception_stubs:
	.irp vector, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19
	.balign 16
	pop %rcx
	pop %r11
	.if !(1 << \vector & EXCEPTIONS_WITH_ERROR)
	push $0
	.endif
	push $\vector
	jmp exception_common
	.endr

exception_common:
	mov %rsp, %rdi			/* struct exception_frame */
	and $-16, %rsp
	cld
	call exception
	ud2

	.bss
	.balign 16
	.skip 16384
stack_top:

	.section .note.GNU-stack, "", @progbits
