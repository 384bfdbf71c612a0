/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The uncommon half of entering and leaving a guest kernel: exceptions that C
 * injects, iret frames the assembly does not like, refused bounces.
 */
#include "cpu/cpu.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "emulate/emulate.h"
#include "hypercall/hypercall.h"
#include "lib/log.h"

void bounce_refused(struct regs *regs, bool unwritable);
void guest_iret_refused(struct regs *regs);
void iret_slow(struct regs *regs);
void nmi_prepare(void);

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

/* The assembly could not enter the guest kernel at v->bounce. */
void bounce_refused(struct regs *regs, bool unwritable)
{
	struct vcpu *v = current;

	regs->cs |= 3;
	if (unwritable)
		domain_crash(v->domain, "its kernel stack cannot take a frame");
	else
		domain_crash(v->domain, "no handler for vector %u, error code %x", regs->vector,
			     regs->error_code);
}

/*
 * Put the failsafe frame on the guest kernel's stack: like an exception's, with
 * ds, es, fs, gs between r11 and rip.
 */
static void bounce_failsafe(struct vcpu *v, struct regs *regs)
{
	struct bounce_target *t = &v->callback[VCPU_CALLBACK_FAILSAFE];
	bool from_kernel = v->kernel_mode;
	uint64_t mask = v->info->evtchn_upcall_mask & 1;
	uint64_t sp = (from_kernel ? regs->rsp & ~15ULL : v->kernel_sp) - 11 * 8;
	uint16_t ds, es, fs, gs;
	uint64_t frame[11];

	__asm__("mov %%ds, %0" : "=r"(ds));
	__asm__("mov %%es, %0" : "=r"(es));
	__asm__("mov %%fs, %0" : "=r"(fs));
	__asm__("mov %%gs, %0" : "=r"(gs));
	frame[0] = regs->rcx;
	frame[1] = regs->r11;
	frame[2] = ds;
	frame[3] = es;
	frame[4] = fs;
	frame[5] = gs;
	frame[6] = regs->rip;
	frame[7] = (from_kernel ? regs->cs & ~3U : regs->cs) | mask << 32;
	frame[8] = regs->rflags ^ (mask ? RFLAGS_IF : 0);
	frame[9] = regs->rsp;
	frame[10] = regs->ss;
	guest_enter_kernel(v);
	if (!t->address || copy_to_guest(sp, frame, sizeof(frame))) {
		domain_crash(v->domain, "no failsafe callback, or no stack for it");
		return;
	}
	if (t->flags & BOUNCE_MASK_EVENTS)
		v->info->evtchn_upcall_mask = 1;
	regs->rip = t->address;
	regs->rsp = sp;
	regs->cs = HC_FLAT_KERNEL_CS64;
	regs->ss = HC_FLAT_KERNEL_SS64;
	regs->rflags = (regs->rflags & ~(uint64_t)(RFLAGS_TF | RFLAGS_DF | RFLAGS_NT | RFLAGS_RF |
						   RFLAGS_VM | RFLAGS_AC | RFLAGS_IOPL)) |
		       RFLAGS_IF;
}

/* The processor refused to iret to what the guest (or a segment load for it) asked for. */
void guest_iret_refused(struct regs *regs)
{
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

void nmi_prepare(void)
{
	struct vcpu *v = current;

	v->nmi_pending = 0;
	if (!v->traps[TRAP_NMI].address)
		return;
	v->bounce = bounce_trap(v, TRAP_NMI);
	v->trap_pending = 1;
}
