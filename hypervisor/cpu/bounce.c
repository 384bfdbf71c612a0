/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The uncommon half of entering and leaving a guest kernel: exceptions that C
 * injects, iret frames the assembly does not like, refused bounces.
 */
#include "cpu/cpu.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "domain/trace.h"
#include "emulate/emulate.h"
#include "hypercall/hypercall.h"
#include "lib/log.h"

void bounce_refused(struct regs *regs, bool unwritable, const struct bounce_target *at);
void guest_iret_refused(struct regs *regs);
void iret_slow(struct regs *regs);
void attend(void);

void guest_enter_kernel(struct vcpu *v)
{
	if (v->kernel_mode)
		return;
	write_cr3(v->cr3_kernel);
	__asm__ volatile("swapgs" ::: "memory");
	v->kernel_mode = 1;
}

void guest_enter_user(struct vcpu *v)
{
	if (!v->kernel_mode)
		return;
	write_cr3(v->cr3_user);
	__asm__ volatile("swapgs" ::: "memory");
	v->kernel_mode = 0;
}

void exception_inject(struct vcpu *v, struct regs *regs, unsigned int vector, uint32_t error_code)
{
	v->bounce = bounce_trap(v, vector);
	v->trap_pending = 1;
	regs->error_code = error_code;
	count_event(v, HC_COUNTER_EXCEPTIONS);
}

void exception_inject_page_fault(struct vcpu *v, struct regs *regs, uint64_t va,
				 uint32_t error_code)
{
	if (v->kernel_mode)
		error_code &= ~PF_USER;
	else
		error_code |= PF_USER;
	v->info->arch.cr2 = va;
	exception_inject(v, regs, TRAP_PF, error_code);
}

/*
 * What the assembly's BOUNCE does: a frame on the guest kernel's stack, with count
 * words of extra between r11 and rip, at most 4.  false: the stack takes none.
 */
static bool enter_kernel(struct vcpu *v, struct regs *regs, const struct bounce_target *t,
			 const uint64_t *extra, unsigned int count)
{
	bool from_kernel = v->kernel_mode;
	uint64_t mask = v->info->evtchn_upcall_mask & 1;
	uint64_t sp = (from_kernel ? regs->rsp & ~15ULL : v->kernel_sp) - (7 + count) * 8;
	uint64_t frame[11], *at = frame;

	*at++ = regs->rcx;
	*at++ = regs->r11;
	while (count--)
		*at++ = *extra++;
	*at++ = regs->rip;
	*at++ = (from_kernel ? regs->cs & ~3U : regs->cs) | mask << 32;
	*at++ = regs->rflags ^ (mask ? RFLAGS_IF : 0);
	*at++ = regs->rsp;
	*at++ = regs->ss;
	guest_enter_kernel(v);
	if (copy_to_guest(sp, frame, (size_t)(at - frame) * sizeof(frame[0])))
		return false;
	if (t->flags & BOUNCE_MASK_EVENTS)
		v->info->evtchn_upcall_mask = 1;
	regs->rip = t->address;
	regs->rsp = sp;
	regs->cs = HC_FLAT_KERNEL_CS64;
	regs->ss = HC_FLAT_KERNEL_SS64;
	regs->rflags = (regs->rflags & ~(uint64_t)(RFLAGS_TF | RFLAGS_DF | RFLAGS_NT | RFLAGS_RF |
						   RFLAGS_VM | RFLAGS_AC | RFLAGS_IOPL)) |
		       RFLAGS_IF;
	return true;
}

/*
 * A way into its kernel that the kernel has not opened (without support for 32-bit programs, say), tried by a
 * program: it gets what the processor has for that.  false: it is something else.
 */
static bool refuse_program(struct vcpu *v, struct regs *regs)
{
	unsigned int vector = TRAP_GP;
	uint32_t error = 0;

	if (v->kernel_mode || (regs->vector != 0x80 && regs->vector != REGS_SYSCALL))
		return false;
	if (regs->vector == 0x80)
		error = 0x80 << 3 | 2;
	else if (regs->rip)
		vector = TRAP_UD;
	/* What tried to enter is told, but by sysenter. */
	if (regs->rip)
		regs->rip -= 2;
	if (!v->traps[vector].address)
		return false;
	exception_inject(v, regs, vector, error);
	return true;
}

/*
 * The assembly could not enter the guest kernel: its stack cannot be written, or
 * `at` has no address.  The latter is also how a traced vcpu comes here.
 */
void bounce_refused(struct regs *regs, bool unwritable, const struct bounce_target *at)
{
	struct vcpu *v = current;

	regs->cs |= 3;
	if (symcall_fault(v))
		return;
	if (!unwritable)
		at = trace_count_entry(v, at);
	if (unwritable || (at && !enter_kernel(v, regs, at, &(uint64_t){ regs->error_code },
					       at->flags & BOUNCE_ERROR_CODE)))
		domain_crash(v->domain, "its kernel stack cannot take a frame");
	else if (!at && !refuse_program(v, regs))
		domain_crash(v->domain, "no handler for vector %u, error code %x", regs->vector,
			     regs->error_code);
}

/* Like an exception, with ds, es, fs, gs where that has its error code. */
static void bounce_failsafe(struct vcpu *v, struct regs *regs)
{
	struct bounce_target *t = &v->callback[VCPU_CALLBACK_FAILSAFE];
	uint64_t segments[4];

	__asm__("mov %%ds, %k0" : "=r"(segments[0]));
	__asm__("mov %%es, %k0" : "=r"(segments[1]));
	__asm__("mov %%fs, %k0" : "=r"(segments[2]));
	__asm__("mov %%gs, %k0" : "=r"(segments[3]));
	if (!t->address || !enter_kernel(v, regs, t, segments, 4))
		domain_crash(v->domain, "no failsafe callback, or no stack for it");
}

/* The processor refused to iret to what the guest (or a segment load for it) asked for. */
void guest_iret_refused(struct regs *regs)
{
	if (!symcall_fault(current))
		bounce_failsafe(current, regs);
}

void iret_slow(struct regs *regs)
{
	struct vcpu *v = current;
	struct hc_iret_context frame;

	if (copy_from_guest(&frame, regs->rsp, sizeof(frame))) {
		domain_crash(v->domain, "iret hypercall: no frame at %lx", regs->rsp);
		return;
	}
	if ((frame.cs & 3) == 3 && !v->cr3_user) {
		domain_crash(v->domain, "iret hypercall to user mode without user page tables");
		return;
	}
	regs->rax = frame.rax;
	regs->rip = frame.rip;
	regs->cs = (uint16_t)(frame.cs | 3);
	regs->rflags = (frame.rflags & ~(uint64_t)(RFLAGS_IOPL | RFLAGS_NT | RFLAGS_VM)) | RFLAGS_IF |
		       2;
	regs->rsp = frame.rsp;
	regs->ss = (uint16_t)(frame.ss | 3);
	if (frame.flags & HC_VGCF_IN_SYSCALL) {
		regs->r11 = regs->rflags;
		regs->rcx = regs->rip;
	} else {
		regs->r11 = frame.r11;
		regs->rcx = frame.rcx;
	}
	v->info->evtchn_upcall_mask = !(frame.rflags & RFLAGS_IF);
	if ((frame.cs & 3) == 3)
		guest_enter_user(v);
}

/* Somebody set v->attention; no trap is pending. */
void attend(void)
{
	struct vcpu *v = current;
	uint8_t what = __atomic_exchange_n(&v->attention, 0, __ATOMIC_SEQ_CST);

	if (what & ATTENTION_SYMCALL)
		symcall_attend();
	if (!(what & ATTENTION_NMI))
		return;
	if (v->symcall & SYMCALL_RUNNING) {
		v->symcall |= SYMCALL_NMI;
		return;
	}
	if (!v->traps[TRAP_NMI].address)
		return;
	v->bounce = bounce_trap(v, TRAP_NMI);
	v->trap_pending = 1;
}
