/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every way into the hypervisor and back to a guest.  See entry.h for the two
 * stack shapes.  The guest's kernel and user mode both run in ring 3 on tables
 * of their own; v->kernel_mode tells which one does.
 *
 * Budgets (instructions, hypervisor side only, no work pending, from the
 * guest's instruction or fault to the guest's next one):
 *   system call from guest user to guest kernel            61
 *   return from it (iret hypercall, HC_VGCF_IN_SYSCALL)    59
 *   exception, entry to guest kernel (an event: 2 more)    66
 *   return from it (iret hypercall)                        65
 *   empty hypercall, there and back                        57
 *   stack_switch, a segment base (short.S)                 37 to 42
 */
#include "entry/entry.h"

	.section .entry.text, "ax"

/*
 * The system-call stub: copied to page PERCPU_STUB_PAGE of each processor's
 * block, so that it finds the stack and the scratch word relative to itself.
 * syscall: rcx = return address, r11 = flags; nothing else has changed.
 */
	.globl syscall_stub, syscall_stub_jump, syscall_stub_end
	.balign 64
syscall_stub:
	mov	%rsp, CPU_SCRATCH - PERCPU_STUB_PAGE * 4096 + syscall_stub(%rip)
	lea	PERCPU_STACK_TOP - PERCPU_STUB_PAGE * 4096 + syscall_stub(%rip), %rsp
	push	$HC_FLAT_RING3_SS64
	push	CPU_SCRATCH - PERCPU_STUB_PAGE * 4096 + syscall_stub(%rip)
	push	%r11
	push	$HC_FLAT_RING3_CS64
	.byte	0xe9
syscall_stub_jump:
	.long	0			/* to syscall_entry, filled in for each copy */
syscall_stub_end:

	/* The same for system calls from compatibility mode (AMD's CSTAR). */
	.globl syscall32_stub, syscall32_stub_jump, syscall32_stub_end
	.balign 64
syscall32_stub:
	mov	%rsp, CPU_SCRATCH - PERCPU_STUB_PAGE * 4096 - 64 + syscall32_stub(%rip)
	lea	PERCPU_STACK_TOP - PERCPU_STUB_PAGE * 4096 - 64 + syscall32_stub(%rip), %rsp
	push	$HC_FLAT_RING3_SS32
	push	CPU_SCRATCH - PERCPU_STUB_PAGE * 4096 - 64 + syscall32_stub(%rip)
	push	%r11
	push	$HC_FLAT_RING3_CS32
	.byte	0xe9
syscall32_stub_jump:
	.long	0
syscall32_stub_end:

.macro SYSCALL_ENTRY hypercall
	push	%rcx
	push	syscall_vector(%rip)
	push	%rdi
	push	%rsi
	GET_VCPU %rdi, SHORT_FRAME
	testb	$1, VCPU_KERNEL_MODE(%rdi)
	jnz	\hypercall
	mov	VCPU_SYSCALL_TARGET(%rdi), %rsi
	jmp	bounce_plain
.endm
	.globl syscall_entry, syscall_entry_split
	.balign 64
syscall_entry:
	SYSCALL_ENTRY hypercall_entry
	.balign 64
syscall_entry_split:			/* the stubs' target where tables are split */
	SYSCALL_ENTRY hypercall_entry_split

	.globl syscall32_entry
syscall32_entry:
	push	%rcx
	push	syscall_vector(%rip)
	push	%rdi
	push	%rsi
	GET_VCPU %rdi, SHORT_FRAME
	testb	$1, VCPU_KERNEL_MODE(%rdi)
	jnz	exception_slow
	mov	VCPU_SYSCALL32_TARGET(%rdi), %rsi
	jmp	bounce_plain

	/* sysenter: rsp = top of the stack, the rest of the user's state is its own affair. */
	.globl sysenter_entry
sysenter_entry:
	GUEST_ACCESS_END
	push	$HC_FLAT_RING3_SS32
	push	$0
	pushf
	push	$2			/* with NT, which sysenter leaves as it was, no iretq works */
	popf
	orl	$RFLAGS_IF, (%rsp)
	push	$3
	push	$0
	push	syscall_vector(%rip)
	push	%rdi
	push	%rsi
	GET_VCPU %rdi, SHORT_FRAME
	testb	$1, VCPU_KERNEL_MODE(%rdi)
	jnz	exception_slow
	mov	VCPU_SYSENTER_TARGET(%rdi), %rsi
	jmp	bounce_plain

/*
 * Enter the guest kernel at a target.  Short frame; rdi = vcpu, rsi = target.
 * Its stack gets, from the new stack pointer up:
 *     rcx, r11, [error code], rip, cs | event mask << 32, rflags, rsp, ss
 * with cs of ring 0 if the guest kernel was interrupted, and IF = not masked.
 */
.macro BOUNCE with_error
	cmpq	$0, TARGET_ADDRESS(%rsi)
	je	bounce_no_target
	mov	%rsi, VCPU_BOUNCE(%rdi)
	testb	$1, VCPU_KERNEL_MODE(%rdi)
	jz	1f
	/* From the guest kernel: on its own stack, aligned as the processor would. */
	mov	F_RSP(%rsp), %rsi
	and	$-16, %rsi
	andb	$~3, F_CS(%rsp)
	sub	$64, %rsi
	push	%rcx
	mov	%rsi, %rcx
	shr	$HOLE_SHIFT, %rcx
	cmp	$HOLE_TAG, %rcx
	pop	%rcx
	je	bounce_failed
	jmp	2f
1:	/* From guest user mode: the kernel's tables, GS base and stack. */
	mov	VCPU_OUTER_KERNEL(%rdi), %rsi
	mov	%rsi, %cr3
	swapgs
	movb	$1, VCPU_KERNEL_MODE(%rdi)
	mov	VCPU_KERNEL_SP(%rdi), %rsi
	sub	$64, %rsi
2:	GUEST_ACCESS_BEGIN
.if \with_error
	GUEST	bounce_fault, mov %rcx, (%rsi)
	GUEST	bounce_fault, mov %r11, 8(%rsi)
	mov	F_ERROR(%rsp), %ecx
	GUEST	bounce_fault, mov %rcx, 16(%rsi)
.else
	GUEST	bounce_fault, mov %rcx, 8(%rsi)
	GUEST	bounce_fault, mov %r11, 16(%rsi)
.endif
	mov	F_RIP(%rsp), %rcx
	GUEST	bounce_fault, mov %rcx, 24(%rsi)
	mov	VCPU_INFO(%rdi), %rcx
	movzbl	INFO_MASK(%rcx), %r11d
	and	$1, %r11d
	mov	%r11, %rcx
	shl	$32, %rcx
	or	F_CS(%rsp), %rcx
	GUEST	bounce_fault, mov %rcx, 32(%rsi)
	shl	$9, %r11d
	xor	F_RFLAGS(%rsp), %r11
	GUEST	bounce_fault, mov %r11, 40(%rsi)
	mov	F_RSP(%rsp), %rcx
	GUEST	bounce_fault, mov %rcx, 48(%rsi)
	mov	F_SS(%rsp), %rcx
	GUEST	bounce_fault, mov %rcx, 56(%rsi)
	GUEST_ACCESS_END
.if !\with_error
	add	$8, %rsi
.endif
	mov	%rsi, F_RSP(%rsp)
	mov	VCPU_BOUNCE(%rdi), %rcx
	testb	$4, TARGET_FLAGS(%rcx)
	jz	3f
	mov	VCPU_INFO(%rdi), %r11
	movb	$1, INFO_MASK(%r11)
3:	mov	TARGET_ADDRESS(%rcx), %rcx
	mov	F_RFLAGS(%rsp), %r11
	and	$~ENTRY_FLAGS_CLEARED, %r11
	pop	%rsi
	pop	%rdi
	mov	F_RSP - F_ERROR(%rsp), %rsp
	sysretq
.endm

	.balign 64
bounce_plain:
	BOUNCE	0
	.balign 64
bounce_error:
	incq	VCPU_COUNT_EXCEPTIONS(%rdi)
	BOUNCE	1

	/* The guest is traced, has no handler, or its kernel stack cannot be written: C's affair. */
bounce_no_target:
	PUSH_REST
	mov	%rsi, %rdx
	xor	%esi, %esi
	jmp	1f
bounce_fault:
	GUEST_ACCESS_END
bounce_failed:
	PUSH_REST
	mov	$1, %esi
1:	CALL_C	bounce_refused

/*
 * sysret faults in ring 0 on an address whose upper 17 bits are not all the same. With this added, only those that it
 * takes are below 2^48.
 */
	.pushsection .entry.rodata, "a"
	.globl canonical_half
	.balign 8
canonical_half:
	.quad	1 << 47
syscall_vector:				/* where an exception has its error code and vector */
	.quad	REGS_SYSCALL << 32
	.popsection

/*
 * A hypercall, unless short.S does it: nr in rax, arguments rdi rsi rdx r10 r8.  The frame is full, but
 * rbx, rbp and r12..r15 are stored only when something looks at them (C keeps
 * them): on the way to the slow return.  down is how far below the frame C's stack
 * begins; where tables are split, that is not 0, and C gets the inner ones.
 */
.macro HYPERCALL_FULL down
	incq	VCPU_COUNT_HYPERCALLS(%rdi)
	push	%rdx
	push	%rcx
	push	%rax
	push	%r8
	push	%r9
	push	%r10
	push	%r11
.if \down
	mov	VCPU_CR3_KERNEL(%rdi), %r11
	mov	%r11, %cr3
.endif
	sub	$48 + \down, %rsp
	mov	%r10, %rcx
	mov	VCPU_HYPERCALLS(%rdi), %r10
	mov	\down + REGS_RDI(%rsp), %rdi
	cmp	$HC_NR_MAX - 1, %eax
	ja	3f
	and	$HC_NR_MAX - 1, %eax		/* also where the processor guesses otherwise */
2:	call	*(%r10, %rax, 8)
	/* rax stays as it is on the fast way */
	GET_VCPU %rdi, \down + REGS_SIZE
	cmpl	$0, (CPU_SOFTIRQ - PERCPU_STACK_TOP + REGS_SIZE + \down)(%rsp)
	jne	4f
	cmpw	$0, VCPU_TRAP_PENDING(%rdi)
	jne	4f
	mov	VCPU_INFO(%rdi), %rsi
	cmpw	$1, INFO_PENDING(%rsi)		/* pending, and mask clear */
	je	4f
	/* That of a syscall, or its own again where the call goes on: canonical, or this. */
	mov	\down + REGS_RIP(%rsp), %rcx
	cmp	canonical_half(%rip), %rcx
	je	4f
.if \down
	mov	VCPU_OUTER_KERNEL(%rdi), %rsi
	mov	%rsi, %cr3
.endif
	mov	\down + REGS_RFLAGS(%rsp), %r11
	mov	\down + REGS_R10(%rsp), %r10
	mov	\down + REGS_R9(%rsp), %r9
	mov	\down + REGS_R8(%rsp), %r8
	mov	\down + REGS_RDX(%rsp), %rdx
	mov	\down + REGS_RSI(%rsp), %rsi
	mov	\down + REGS_RDI(%rsp), %rdi
	mov	\down + REGS_RSP(%rsp), %rsp
	sysretq
3:	mov	$HC_NR_MAX, %eax
	jmp	2b
4:	mov	%rax, \down + REGS_RAX(%rsp)
	add	$48 + \down, %rsp
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	jmp	ret_to_guest
.endm
.macro HYPERCALL_ENTRY
	mov	VCPU_SHORT(%rdi), %ecx
	bt	%eax, %ecx
	jc	hypercall_short			/* a number above 31 comes back */
.endm

	.balign 64
hypercall_entry:
	HYPERCALL_ENTRY
hypercall_full_plain:
	HYPERCALL_FULL 0
	.balign 64
hypercall_entry_split:
	HYPERCALL_ENTRY
hypercall_full_split:
	HYPERCALL_FULL TO_C_STACK

	.globl hypercall_full		/* short.S gives one back */
hypercall_full:
	DETOUR	1f
	jmp	hypercall_full_plain
1:	jmp	hypercall_full_split

/*
 * The iret hypercall: a struct hc_iret_context lies on the guest's stack.  The
 * common cases stay here; the slow one (an event became deliverable, or the
 * frame is not what a sane kernel makes) is iret_slow in C.  Short frame, rdi = vcpu;
 * rax, rcx, r11 are free.
 */
	.globl hypercall_iret_entry
	.balign 64
hypercall_iret_entry:
	mov	F_RSP(%rsp), %rsi
	mov	%rsi, %rcx
	shr	$HOLE_SHIFT, %rcx
	cmp	$HOLE_TAG, %rcx
	je	iret_to_c
	mov	VCPU_INFO(%rdi), %rax
	GUEST_ACCESS_BEGIN
	GUEST	iret_fault, mov 48(%rsi), %r11	/* rflags */
	bt	$9, %r11d
	jnc	2f
	cmpb	$0, INFO_PENDING(%rax)
	jne	iret_fault
	movb	$0, INFO_MASK(%rax)
1:	and	$~IRET_FLAGS_CLEARED, %r11
	or	$RFLAGS_IF, %r11
	GUEST	iret_fault, mov 40(%rsi), %eax	/* cs */
	mov	%eax, %ecx
	not	%ecx
	test	$3, %cl
	jnz	iret_to_kernel
	cmpq	$0, VCPU_OUTER_USER(%rdi)
	je	iret_fault
	GUEST	iret_fault, testl $HC_VGCF_IN_SYSCALL, 24(%rsi)
	jz	iret_to_user
	GUEST	iret_fault, mov 32(%rsi), %rcx	/* rip */
	mov	%rcx, %rax
	add	canonical_half(%rip), %rax
	shr	$48, %rax
	jnz	iret_fault
	GUEST	iret_fault, mov (%rsi), %rax
	GUEST	iret_fault, mov 56(%rsi), %rsi	/* rsp */
	GUEST_ACCESS_END
	mov	%rsi, F_RSP(%rsp)
	mov	VCPU_OUTER_USER(%rdi), %rsi
	mov	%rsi, %cr3
	swapgs
	movb	$0, VCPU_KERNEL_MODE(%rdi)
	pop	%rsi
	pop	%rdi
	mov	F_RSP - F_ERROR(%rsp), %rsp
	sysretq
2:	movb	$1, INFO_MASK(%rax)
	jmp	1b

.macro IRET_FRAME
	mov	%rax, F_CS(%rsp)
	mov	%r11, F_RFLAGS(%rsp)
	GUEST	iret_fault, mov 32(%rsi), %rcx
	mov	%rcx, F_RIP(%rsp)
	GUEST	iret_fault, mov 56(%rsi), %rcx
	mov	%rcx, F_RSP(%rsp)
	GUEST	iret_fault, movzwl 64(%rsi), %ecx
	or	$3, %ecx
	mov	%rcx, F_SS(%rsp)
	GUEST	iret_frame_fault, mov (%rsi), %rax
	GUEST	iret_frame_fault, mov 8(%rsi), %r11
	GUEST	iret_frame_fault, mov 16(%rsi), %rcx
	GUEST_ACCESS_END
.endm

	.balign 64
iret_to_user:
	movzwl	%ax, %eax
	IRET_FRAME
	mov	VCPU_OUTER_USER(%rdi), %rsi
	mov	%rsi, %cr3
	swapgs
	movb	$0, VCPU_KERNEL_MODE(%rdi)
	pop	%rsi
	pop	%rdi
	add	$8, %rsp
	jmp	guest_iret

	.balign 64
iret_to_kernel:
	movzwl	%ax, %eax
	or	$3, %eax
	IRET_FRAME
	pop	%rsi
	pop	%rdi
	add	$8, %rsp
	.globl guest_iret
guest_iret:
	iretq
	FIXUP	guest_iret, guest_iret_fault

	/*
	 * iret refused the guest's frame (a bad selector or address): the frame is
	 * still there, all registers are the guest's.  C tells the guest.
	 */
guest_iret_fault:
	push	$0
	push	%rdi
	push	%rsi
	PUSH_REST
	CALL_C	guest_iret_refused

	/*
	 * Back to the hypercall's own state for iret_slow, which reads the frame again:
	 * what IRET_FRAME overwrote of the short frame is rebuilt there from rsi.
	 */
iret_fault:
	GUEST_ACCESS_END
	mov	%rsi, F_RSP(%rsp)
iret_to_c:
	PUSH_REST
	CALL_C	iret_slow
iret_frame_fault:
	jmp	iret_fault

/* Exceptions.  The processor has pushed ss, rsp, rflags, cs, rip and sometimes an error code. */
.macro EXCEPTION name, vector, with_error
	.globl \name
	.balign 16
\name:
.if !\with_error
	push	$0
.endif
	GUEST_ACCESS_END
	movl	$\vector, 4(%rsp)
	testb	$3, 16(%rsp)
	jz	hypervisor_fault
	push	%rdi
	push	%rsi
	GET_VCPU %rdi, SHORT_FRAME
.endm

/* Given straight to the guest. */
.macro GIVE vector, with_error
	mov	VCPU_TRAPS(%rdi), %rsi
	add	$\vector * TARGET_SIZE, %rsi
.if \with_error
	jmp	bounce_error
.else
	incq	VCPU_COUNT_EXCEPTIONS(%rdi)
	jmp	bounce_plain
.endif
.endm
.macro EXCEPTION_BOUNCED name, vector, with_error
	EXCEPTION \name, \vector, \with_error
	GIVE	\vector, \with_error
.endm

/* Looked at in C first. */
.macro EXCEPTION_SLOW name, vector, with_error
	EXCEPTION \name, \vector, \with_error
	jmp	exception_slow
.endm

	EXCEPTION_BOUNCED exception_de, TRAP_DE, 0
	EXCEPTION_BOUNCED exception_bp, TRAP_BP, 0
	EXCEPTION_BOUNCED exception_of, TRAP_OF, 0
	EXCEPTION_BOUNCED exception_br, TRAP_BR, 0
	EXCEPTION_SLOW exception_nm, TRAP_NM, 0
	EXCEPTION_BOUNCED exception_ts, TRAP_TS, 1
	EXCEPTION_BOUNCED exception_np, TRAP_NP, 1
	EXCEPTION_BOUNCED exception_ss, TRAP_SS, 1
	EXCEPTION_SLOW exception_gp, TRAP_GP, 1
	EXCEPTION_BOUNCED exception_mf, TRAP_MF, 0
	EXCEPTION_BOUNCED exception_ac, TRAP_AC, 1
	EXCEPTION_BOUNCED exception_xm, TRAP_XM, 0
	EXCEPTION_BOUNCED exception_legacy_syscall, 0x80, 0

	/* Invalid opcode: the guest's own, but for one that begins like a forced CPUID. */
	EXCEPTION exception_ud, TRAP_UD, 0
	mov	F_RIP(%rsp), %rsi
	shr	$HOLE_SHIFT, %rsi
	cmp	$HOLE_TAG, %rsi
	je	exception_slow
	mov	F_RIP(%rsp), %rsi
	GUEST_ACCESS_BEGIN
	GUEST	1f, cmpl $FORCED_CPUID_HEAD, (%rsi)
	GUEST_ACCESS_END
	je	exception_slow
	GIVE	TRAP_UD, 0
1:	GUEST_ACCESS_END
	jmp	exception_slow

/*
 * Page fault.  From guest user mode it is the guest's own business.  From the
 * guest kernel too, unless it is a write to a present page (perhaps a live page
 * table) or one of the oddities that C knows.
 */
	.balign 64
	EXCEPTION exception_pf, TRAP_PF, 1
	incq	VCPU_COUNT_PAGE_FAULTS(%rdi)
	testb	$PF_USER, F_ERROR(%rsp)	/* ring 3 always has it: else see exception_page_fault */
	jz	page_fault_slow
	testb	$PF_RESERVED, F_ERROR(%rsp)
	jnz	page_fault_slow
	testb	$1, VCPU_KERNEL_MODE(%rdi)
	jz	1f
	mov	F_ERROR(%rsp), %esi
	and	$(PF_PRESENT | PF_WRITE), %esi
	cmp	$(PF_PRESENT | PF_WRITE), %esi
	je	page_fault_slow
	andb	$~PF_USER, F_ERROR(%rsp)
1:	push	%rdx
	mov	VCPU_INFO(%rdi), %rdx
	mov	%cr2, %rsi
	mov	%rsi, INFO_CR2(%rdx)
	pop	%rdx
	mov	VCPU_TRAPS(%rdi), %rsi
	add	$TRAP_PF * TARGET_SIZE, %rsi
	jmp	bounce_error

	/* The same while the guest's writes are logged: any fault may come from its shadow tables. */
	EXCEPTION exception_pf_logged, TRAP_PF, 1
	incq	VCPU_COUNT_PAGE_FAULTS(%rdi)
page_fault_slow:
	PUSH_REST
	CALL_C	exception_page_fault

	.balign 16
exception_slow:
	PUSH_REST
	CALL_C	exception_handle

/*
 * What hit ring 0, and goes on there: C may have been interrupted, or, where tables
 * are split, this code on the outer ones.  Then C gets the inner ones, and the stack
 * that it has from here.
 */
.macro CALL_C_AND_RETURN function
	PUSH_REST
	cld
	mov	%rsp, %rdi
	DETOUR	776f
	call	\function
775:	POP_REST
	pop	%rsi
	pop	%rdi
	add	$8, %rsp
	iretq
776:	mov	%rsp, %rbp
	and	$-PERCPU_SIZE, %rbp
	mov	CPU_ENTRY(%rbp), %rbx
	mov	%cr3, %rax
	xor	%r12d, %r12d
	cmp	VCPU_OUTER_USER(%rbx), %rax
	je	777f
	inc	%r12d
	cmp	VCPU_OUTER_KERNEL(%rbx), %rax
	je	777f
	call	\function
	jmp	775b
777:	mov	VCPU_CR3_USER(%rbx, %r12, 8), %rax
	mov	%rax, %cr3
	mov	%rsp, %r13
	lea	PERCPU_STACK_TOP - 4096(%rbp), %rsp
	call	\function
	mov	%r13, %rsp
	mov	VCPU_OUTER_USER(%rbx, %r12, 8), %rax
	mov	%rax, %cr3
	jmp	775b
.endm

	/* Ring 0 itself faulted: a guest copy with a fixup, or a bug. */
	.balign 16
hypervisor_fault:
	push	%rdi
	push	%rsi
	CALL_C_AND_RETURN hypervisor_exception

/* #DB has a stack of its own, for it can hit between syscall and the stack switch. */
	.globl exception_db
	.balign 16
exception_db:
	push	$0
	GUEST_ACCESS_END
	movl	$TRAP_DB, 4(%rsp)
	testb	$3, 16(%rsp)
	jz	hypervisor_fault
	push	%rdi
	/* Move the frame to the main stack: top of this block. */
	mov	%rsp, %rdi
	and	$-PERCPU_SIZE, %rdi
	add	$PERCPU_STACK_TOP, %rdi
	pushq	48(%rsp)
	popq	-8(%rdi)
	pushq	40(%rsp)
	popq	-16(%rdi)
	pushq	32(%rsp)
	popq	-24(%rdi)
	pushq	24(%rsp)
	popq	-32(%rdi)
	pushq	16(%rsp)
	popq	-40(%rdi)
	pushq	8(%rsp)
	popq	-48(%rdi)
	pushq	(%rsp)
	popq	-56(%rdi)
	lea	-56(%rdi), %rsp
	push	%rsi
	jmp	exception_slow

.macro OWN_STACK name, vector, with_error
	.globl \name
	.balign 16
\name:
.if !\with_error
	push	$0
.endif
	GUEST_ACCESS_END
	movl	$\vector, 4(%rsp)
	jmp	own_stack
.endm
	OWN_STACK exception_nmi, TRAP_NMI, 0
	OWN_STACK exception_df, TRAP_DF, 1
	OWN_STACK exception_mc, TRAP_MC, 0
own_stack:
	push	%rdi
	push	%rsi
	CALL_C_AND_RETURN own_stack_exception

/* Interrupts: stubs of 32 bytes each for vectors 0x20..0xff. */
	.globl interrupt_stubs
	.balign 32
interrupt_stubs:
	vector = 0x20
	.rept	0xe0
	.balign	32
	push	$0
	movl	$vector, 4(%rsp)
	jmp	interrupt_entry
	vector = vector + 1
	.endr

	.balign 64
interrupt_entry:
	GUEST_ACCESS_END
	push	%rdi
	push	%rsi
	testb	$3, F_CS(%rsp)
	jz	1f
	PUSH_REST
	movzbl	REGS_VECTOR(%rsp), %esi
	CALL_C	interrupt_handle
1:	cld				/* ring 0 lets them in on the inner tables only */
	lea	idle_halted(%rip), %rdi
	cmp	%rdi, F_RIP(%rsp)
	je	interrupt_halted
	PUSH_REST
	movzbl	REGS_VECTOR(%rsp), %esi
	mov	%rsp, %rdi
	call	interrupt_handle
	POP_REST
	pop	%rsi
	pop	%rdi
	add	$8, %rsp
	iretq

/*
 * Return to the current guest, with a full frame on top of the main stack, from the inner
 * tables.  What has been found pending is done, and looked for again.
 */
	.globl ret_to_guest
	.balign 64
ret_to_guest:
	DETOUR	ret_unwind
	GET_VCPU %rbx, REGS_SIZE
ret_unwound:
	cmpl	$0, (CPU_SOFTIRQ - PERCPU_STACK_TOP + REGS_SIZE)(%rsp)
	jne	ret_softirq
	cmpw	$0, VCPU_TRAP_PENDING(%rbx)
	jne	ret_trap
	mov	VCPU_INFO(%rbx), %rdx
	cmpw	$1, INFO_PENDING(%rdx)
	je	ret_event
	DETOUR	ret_outer
.macro RETURN
	POP_REST
	pop	%rsi
	pop	%rdi
	add	$8, %rsp
	jmp	guest_iret
.endm
	RETURN

ret_unwind:				/* from C's stack, or already here */
	and	$-PERCPU_SIZE, %rsp
	add	$PERCPU_STACK_TOP - REGS_SIZE, %rsp
	GET_VCPU %rbx, REGS_SIZE
	jmp	ret_unwound
ret_outer:
	TO_OUTER %rbx
	RETURN

ret_softirq:
	mov	$1, %edi
	CALL_C_INNER softirq_run

ret_trap:
	cmpb	$0, VCPU_TRAP_PENDING(%rbx)
	jne	1f
	CALL_C_INNER attend
1:	DETOUR	3f
	movb	$0, VCPU_TRAP_PENDING(%rbx)
2:	POP_REST
	GET_VCPU %rdi, SHORT_FRAME
	mov	VCPU_BOUNCE(%rdi), %rsi
	testb	$1, TARGET_FLAGS(%rsi)
	jnz	bounce_error
	jmp	bounce_plain
3:	TO_OUTER %rbx
	movb	$0, VCPU_TRAP_PENDING(%rbx)
	jmp	2b

ret_event:
	cmpb	$0, VCPU_SYMCALL(%rbx)
	jne	4f
	DETOUR	3f
	incq	VCPU_COUNT_EVENTS(%rbx)
2:	POP_REST
	GET_VCPU %rdi, SHORT_FRAME
	lea	VCPU_EVENT_TARGET(%rdi), %rsi
	jmp	bounce_plain
3:	TO_OUTER %rbx
	incq	VCPU_COUNT_EVENTS(%rbx)
	jmp	2b
4:	CALL_C_INNER symcall_attend	/* of an event there is nothing to be seen yet */

/* context_switch's end: start on a fresh main stack with the vcpu's frame, or idle. */
	.globl resume_guest, resume_idle, idle_halt
resume_guest:
	and	$-PERCPU_SIZE, %rsp
	add	$PERCPU_STACK_TOP - REGS_SIZE, %rsp
	jmp	ret_to_guest
resume_idle:
	and	$-PERCPU_SIZE, %rsp
	add	$PERCPU_STACK_TOP - 4096, %rsp
	call	idle_loop
	ud2

/*
 * The idle vcpu waits, and begins anew then: it has nothing to return to.  sti takes effect
 * after hlt has begun, so that a wake-up between is not lost.
 */
idle_halt:
	sti
	hlt
idle_halted:				/* an NMI comes back here */
	cli
	jmp	resume_idle
interrupt_halted:
	movzbl	F_VECTOR(%rsp), %esi
	call	interrupt_handle	/* without registers */
	jmp	resume_idle
