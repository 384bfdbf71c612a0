/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the assembly of the entry paths.
 *
 * Two shapes of the processor's main stack, growing down from PERCPU_STACK_TOP:
 *
 *   "short frame", 64 bytes:                "full frame": struct regs, 168 bytes
 *     56 ss    48 rsp   40 rflags             the same, then below it
 *     32 cs    24 rip   20 vector             rdx rcx rax r8 r9 r10 r11
 *     16 error code      8 rdi    0 rsi       rbx rbp r12 r13 r14 r15
 *
 * With a short frame every other guest register is still live in the processor.
 *
 * Where tables are split (memory/split.h) the frames are made on the outer tables,
 * the guest's own plus this code and what it touches.  C runs on the inner ones, and
 * its stack begins a page further down, which the outer ones do not map.  Places where
 * that makes a difference are marked DETOUR: the instruction there becomes a jump, and
 * where tables are not split it costs nothing.
 */
#ifndef ENTRY_ENTRY_H
#define ENTRY_ENTRY_H

#include <hypercall/base.h>
#include <hypercall/vcpu.h>
#include "cpu/percpu.h"
#include "cpu/regs.h"
#include "cpu/x86.h"
#include "entry/offsets.h"

#define HYP_CS 0xe008

#define SHORT_FRAME 64
#define F_RSI 0
#define F_RDI 8
#define F_ERROR 16
#define F_VECTOR 20
#define F_RIP 24
#define F_CS 32
#define F_RFLAGS 40
#define F_RSP 48
#define F_SS 56

/* From a full frame to where C's stack begins where tables are split. */
#define TO_C_STACK (4096 - REGS_SIZE)

/* Flags cleared when the guest kernel is entered: TF DF IOPL NT RF VM AC. */
#define ENTRY_FLAGS_CLEARED (RFLAGS_TF | RFLAGS_DF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_RF | \
			     RFLAGS_VM | RFLAGS_AC)
/* Flags a guest cannot choose when it returns by iret. */
#define IRET_FLAGS_CLEARED (RFLAGS_IOPL | RFLAGS_NT | RFLAGS_VM)

/* (address >> HOLE_SHIFT) == HOLE_TAG: the address is in the hypervisor's hole. */
#define HOLE_SHIFT 43
#define HOLE_TAG 0x1ffff0

#ifdef __ASSEMBLER__
/* Current vcpu, when so many bytes lie on the main stack. */
.macro GET_VCPU reg, depth
	mov	(CPU_ENTRY - PERCPU_STACK_TOP + \depth)(%rsp), \reg
.endm

/* Three bytes of nothing, which cpu/features.c turns into stac or clac where SMAP is on. */
.macro GUEST_ACCESS_BEGIN
771:	.byte	0x0f, 0x1f, 0x00
	.pushsection .smap_sites, "a"
	.long	771b - ., 0xcb010f
	.popsection
.endm
.macro GUEST_ACCESS_END
771:	.byte	0x0f, 0x1f, 0x00
	.pushsection .smap_sites, "a"
	.long	771b - ., 0xca010f
	.popsection
.endm

/*
 * Where tables are split this goes to `to`, at most 127 bytes away, in place of the next
 * instruction, which has at least two bytes.
 */
.macro DETOUR to
773:	.pushsection .split_sites, "a"
	.quad	773b, \to
	.popsection
.endm

/* From outer to inner tables and back; full frame on the stack.  Changes rax, rcx. */
.macro TO_INNER
	GET_VCPU %rax, REGS_SIZE
	movzbl	VCPU_KERNEL_MODE(%rax), %ecx
	mov	VCPU_CR3_USER(%rax, %rcx, 8), %rax
	mov	%rax, %cr3
	sub	$TO_C_STACK, %rsp
.endm
.macro TO_OUTER vcpu
	movzbl	VCPU_KERNEL_MODE(\vcpu), %ecx
	mov	VCPU_OUTER_USER(\vcpu, %rcx, 8), %rax
	mov	%rax, %cr3
.endm

/* Full frame: C looks at it (regs, and what is in rsi), and then back to the guest. */
.macro CALL_C function
	cld
	mov	%rsp, %rdi
	DETOUR	774f
	call	\function
	jmp	ret_to_guest
774:	TO_INNER
	call	\function
	jmp	ret_to_guest
.endm

/* The same from the inner tables. */
.macro CALL_C_INNER function
	DETOUR	775f
	call	\function
	jmp	ret_to_guest
775:	sub	$TO_C_STACK, %rsp
	call	\function
	jmp	ret_to_guest
.endm

/* An instruction that may fault on a guest's address, and where to go on then. */
.macro FIXUP from, to
	.pushsection .exception_table, "a"
	.quad	\from, \to
	.popsection
.endm
.macro GUEST to, insn:vararg
772:	\insn
	FIXUP	772b, \to
.endm

.macro PUSH_REST
	push	%rdx
	push	%rcx
	push	%rax
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
.endm
.macro POP_REST
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rax
	pop	%rcx
	pop	%rdx
.endm
#endif

#endif
