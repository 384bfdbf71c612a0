/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The instructions that trap: privileged ones of the guest kernel, writes to
 * live page tables, forced CPUID.  One table-driven decoder (decode.h).
 */
#ifndef EMULATE_EMULATE_H
#define EMULATE_EMULATE_H

#include "lib/base.h"
#include "cpu/regs.h"

struct vcpu;

/* This subsystem's part of a vcpu. */
struct emulate_vcpu {
	uint64_t tsc_aux;		/* its TSC_AUX register, what RDTSCP and RDPID give */
	uint64_t io_bitmap;		/* guest kernel address of the I/O permission bitmap, 0: none */
	uint32_t io_bitmap_ports;	/* bits in it; ports from there on are refused */
};

enum emulate_result {
	EMULATE_DONE,		/* executed, regs advanced */
	EMULATE_UNHANDLED,	/* not ours: give the guest the fault it raised */
	EMULATE_EXCEPTION,	/* another exception was injected (exception_inject) */
};

/* #GP in guest kernel or user mode: port I/O, MSRs, control and debug registers, hlt, wbinvd... */
enum emulate_result emulate_privileged(struct vcpu *v, struct regs *regs);

/* #UD: the "ud2 'xen'" prefix before CPUID, anywhere in the guest.  The entry code asks only where it begins like that. */
#define FORCED_CPUID_HEAD 0x65780b0f
enum emulate_result emulate_invalid_opcode(struct vcpu *v, struct regs *regs);

/*
 * Write fault of the guest kernel at va, which the caller found to be mapped
 * read-only to that frame (memory/ calls this and gets the store back through
 * pagetable_emulated_write and its like).  EMULATE_UNHANDLED if that is no live
 * page table of the domain's.
 */
enum emulate_result emulate_pagetable_write(struct vcpu *v, struct regs *regs, uint64_t va,
					    mfn_t table);

/* Queue an exception for the guest kernel; error_code only for vectors that have one. */
void exception_inject(struct vcpu *v, struct regs *regs, unsigned int vector, uint32_t error_code);
/* A page fault with address va: sets the guest's CR2 too. */
void exception_inject_page_fault(struct vcpu *v, struct regs *regs, uint64_t va,
				 uint32_t error_code);

/* Guest-visible processor features: what leaf/subleaf reads as for this domain (cpuid.c). */
struct cpuid_leaf {
	uint32_t a, b, c, d;
};
void guest_cpuid(struct vcpu *v, uint32_t leaf, uint32_t subleaf, struct cpuid_leaf *out);

/*
 * context_switch: load the registers of ours that v has of its own, when it is not what this
 * processor ran last (TSC_AUX).  CR4.TSD of the processor must be v->cr4's when it runs.
 */
void emulate_context_load(struct vcpu *v);

/* Writing a frame's machine address here fills it with the stubs of the hypercall page. */
#define MSR_HYPERCALL_PAGE 0x40000000

/* Guest MSR access, of the current vcpu: true if allowed; false: the guest gets #GP. */
bool guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value);
bool guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value);

#endif
