/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of a test kernel.  The hypervisor pushes (facts: Xen's public
 * arch-x86/xen-x86_64.h, and Linux's arch/x86/xen/xen-asm.S for the order):
 *
 *   rsp -> rcx  r11  [error code]  rip  cs  rflags  rsp  ss
 *
 * The common part makes struct trap_frame of it, calls trap_dispatch() and
 * leaves by the iret hypercall, whose frame is flags rip cs rflags rsp ss.
 */
#include <hypercall/base.h>

	.text

	.macro entry name, vector, has_error=0
	.globl \name
\name:
	pop %rcx
	pop %r11
	.if !\has_error
	push $0
	.endif
	push $\vector
	jmp trap_common
	.endm

	entry trap_de, 0
	entry trap_db, 1
	entry trap_nmi, 2
	entry trap_bp, 3
	entry trap_of, 4
	entry trap_br, 5
	entry trap_ud, 6
	entry trap_nm, 7
	entry trap_df, 8, 1
	entry trap_ts, 10, 1
	entry trap_np, 11, 1
	entry trap_ss, 12, 1
	entry trap_gp, 13, 1
	entry trap_pf, 14, 1
	entry trap_mf, 16
	entry trap_ac, 17, 1
	entry trap_mc, 18
	entry trap_xm, 19
	entry trap_int20, 0x20
	entry trap_int80, 0x80
	entry syscall_entry, 257
	entry syscall32_entry, 257
	entry event_entry, 258

	/* ds es fs gs lie between r11 and rip here. */
	.globl failsafe_entry
failsafe_entry:
	pop %rcx
	pop %r11
	add $32, %rsp
	push $0
	push $259
	jmp trap_common

trap_common:
	cld
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
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, %rdi
	mov %rsp, %rbx
	and $-16, %rsp
	call trap_dispatch
	mov %rbx, %rdi

	.globl trap_return
trap_return:
	mov %rdi, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
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
	add $8, %rsp
	movq $0, (%rsp)		/* flags: all registers count */
	jmp hypercall_page + HC_NR_IRET * HC_HYPERCALL_SLOT_SIZE

/*
 * uint64_t attempt_enter(fn, arg, uint64_t *resume): runs fn(arg), returns 0.
 * attempt_leave(resume) makes it return 1 instead.
 */
	.globl attempt_enter
attempt_enter:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	push %rdx
	mov %rsp, (%rdx)
	mov %rdi, %rax
	mov %rsi, %rdi
	call *%rax
	xor %eax, %eax
attempt_out:
	pop %rdx
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	.globl attempt_leave
attempt_leave:
	mov %rdi, %rsp
	mov $1, %eax
	jmp attempt_out

	.section .note.GNU-stack, "", @progbits
