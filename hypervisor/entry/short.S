/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls that a switch of processes makes and that are over in a few instructions:
 * stack_switch, and set_segment_base for what Linux sets. They keep the short frame and the
 * guest's tables, and need not look for what is pending, as nothing can have become so: the
 * interrupt of whatever comes meanwhile is taken when the guest runs.
 *
 * Whatever is not plain goes the whole way, with all registers but rcx as the guest had them,
 * and is refused or done in C: see hypercall_stack_switch() and hypercall_set_segment_base().
 * So goes all while the guest is traced (VCPU_SHORT).
 */
#include "entry/entry.h"

	.section .entry.text, "ax"

	/* rdi = vcpu, eax = nr, in VCPU_SHORT or 32 n above one that is; the other arguments are where they were. */
	.globl hypercall_short
	.balign 64
hypercall_short:
	cmp	$HC_NR_IRET, %eax
	je	hypercall_iret_entry
	/* The address after a syscall, as the processor left it, is canonical or this. */
	mov	canonical_half(%rip), %rcx
	cmp	%rcx, F_RIP(%rsp)
	je	hypercall_full
	cmp	$HC_NR_SET_SEGMENT_BASE, %eax
	jne	short_stack_switch
	cmpq	$HC_SEGBASE_FS, F_RDI(%rsp)
	jne	short_user_gs
	add	%rsi, %rcx
	shr	$48, %rcx
	jnz	hypercall_full
	incq	VCPU_COUNT_HYPERCALLS(%rdi)
	mov	%rdx, %r11
	mov	%esi, %eax
	mov	%rsi, %rdx
	shr	$32, %rdx
	mov	$MSR_FS_BASE, %ecx
	wrmsr
	mov	%r11, %rdx
	mov	F_RFLAGS(%rsp), %r11
short_done:
	xor	%eax, %eax
	pop	%rsi
	pop	%rdi
	mov	F_RIP - F_ERROR(%rsp), %rcx
	mov	F_RSP - F_ERROR(%rsp), %rsp
	sysretq

short_user_gs:
	cmpq	$HC_SEGBASE_GS_USER_SEL, F_RDI(%rsp)
	jne	hypercall_full
	incq	VCPU_COUNT_HYPERCALLS(%rdi)
	swapgs
	GUEST	short_no_gs, mov %esi, %gs
1:	swapgs
	jmp	short_done
short_no_gs:				/* the tables do not allow it: null */
	xor	%ecx, %ecx
	mov	%ecx, %gs
	jmp	1b

short_stack_switch:
	cmp	$HC_NR_STACK_SWITCH, %eax
	jne	hypercall_full
	mov	%rsi, %rcx
	and	$-16, %rcx
	mov	%rcx, %rax
	sub	hole_above(%rip), %rax
	cmp	hole_size(%rip), %rax
	jb	1f
	incq	VCPU_COUNT_HYPERCALLS(%rdi)
	mov	%rcx, VCPU_KERNEL_SP(%rdi)
	mov	F_RDI(%rsp), %ecx
	or	$3, %ecx
	mov	%cx, VCPU_KERNEL_SS(%rdi)
	jmp	short_done
1:	mov	$HC_NR_STACK_SWITCH, %eax
	jmp	hypercall_full

/* Stacks of which the 64 bytes that an entry pushes touch the hole. */
	.section .entry.rodata, "a"
	.balign 8
hole_above:
	.quad	(HOLE_TAG << HOLE_SHIFT) + 1
hole_size:
	.quad	(1 << HOLE_SHIFT) + 63
