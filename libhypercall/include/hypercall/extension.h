/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tenon's extension ABI: what a guest's kernel can have beyond Xen's.  A kernel
 * that does not ask for it never notices it, and one that does works without.
 *
 * A guest finds it by CPUID: of the leaves 0x40000000, 0x40000100, ... up to
 * 0x4000ff00 the one whose ebx, ecx, edx spell "TenonTenonTe".  Relative to it:
 *   leaf 0: eax the last leaf of the block
 *   leaf 1: eax version of this ABI, ebx the number of the hypercall,
 *           ecx, edx the features, low and high half: HC_EXTENSION_FEATURE_*
 * (Paravirtual kernels ask with the forced-emulation prefix; the processor itself
 * answers a plain cpuid instruction.)
 *
 * The version grows when the meaning of something that exists changes; what is
 * added gets a bit of the features.
 *
 * Hypercall HC_NR_EXTENSION (operation, argument); any domain, for itself.
 * Common errors: -ENOSYS unknown operation, -EFAULT the address in argument
 * cannot be read or written.
 */
#ifndef HYPERCALL_EXTENSION_H
#define HYPERCALL_EXTENSION_H

#include "base.h"

#define HC_EXTENSION_SCAN_FIRST		0x40000000u
#define HC_EXTENSION_SCAN_LAST		0x4000ff00u
#define HC_EXTENSION_SCAN_STEP		0x100u
#define HC_EXTENSION_SIGNATURE_EBX	0x6f6e6554u	/* "Teno" */
#define HC_EXTENSION_SIGNATURE_ECX	0x6e65546eu	/* "nTen" */
#define HC_EXTENSION_SIGNATURE_EDX	0x65546e6fu	/* "onTe" */

#define HC_EXTENSION_VERSION		1

/* Features. */
#define HC_EXTENSION_FEATURE_COUNTERS	(HC_U64(1) << 0)	/* EXTENSION_COUNTERS answers */
#define HC_EXTENSION_FEATURE_SYMSPY	(HC_U64(1) << 1)	/* EXTENSION_SYMSPY, see symspy.h */
#define HC_EXTENSION_FEATURE_SYMCALL	(HC_U64(1) << 2)	/* EXTENSION_SYMCALL_* answer, see symcall.h */
#define HC_EXTENSION_FEATURE_TABLES	(HC_U64(1) << 3)	/* EXTENSION_TABLES */

/* Operations. */
#define HC_EXTENSION_GET_VERSION	0	/* result: HC_EXTENSION_VERSION; no argument */
#define HC_EXTENSION_GET_FEATURES	1	/* result: HC_EXTENSION_FEATURE_*; no argument */
#define HC_EXTENSION_COUNTERS		2	/* argument: address of struct hc_extension_counters */
#define HC_EXTENSION_SYMSPY		3	/* argument: address of struct hc_extension_symspy */
#define HC_EXTENSION_SYMCALL_REGISTER	8	/* argument: address of struct hc_extension_symcall */
#define HC_EXTENSION_SYMCALL_END	9	/* argument: the result, see below */
#define HC_EXTENSION_TABLES		16	/* argument: address of struct hc_extension_tables */

#ifndef __ASSEMBLER__

/*
 * COUNTERS: what the hypervisor did for the caller's domain since its creation,
 * in the order of HC_COUNTER_* (control.h).  All values only grow.
 */
#define HC_EXTENSION_COUNTERS_COUNT	16
struct hc_extension_counters {
	uint64_t value[HC_EXTENSION_COUNTERS_COUNT];
};

/*
 * SYMSPY: where the page is that this kernel keeps up to date about one of its
 * vcpus or about all of the guest.  The hypervisor remembers the number and
 * takes no reference: the frame stays the guest's, who may use it for anything
 * else after it has withdrawn it.  A new number replaces the old one; a guest that
 * was restored or has migrated registers its pages again.
 * -EINVAL: no such vcpu, pad is not zero, or the frame is not the caller's.
 */
#define HC_EXTENSION_SYMSPY_GUEST	0xffffffffu
struct hc_extension_symspy {
	uint32_t vcpu;		/* or HC_EXTENSION_SYMSPY_GUEST */
	uint32_t pad;
	uint64_t mfn;		/* machine frame; 0: withdrawn */
};

/*
 * SYMCALL_REGISTER: where one of the caller's vcpus is to be called by its host.
 *
 * A call begins between two instructions of the vcpu while it has its events open,
 * in user mode too: in kernel mode, on flat segments, at entry, with events masked,
 * rsp = stack, rdi = function, rsi, rdx, rcx, r8 = its arguments, the GS base of the
 * kernel, and nothing else defined.  It ends with SYMCALL_END, which does not
 * return: registers, flags, mode and the event mask are as before the call.  FPU
 * registers are not saved, and the call is to leave them alone.
 *
 * Nothing is delivered to the vcpu meanwhile, whatever it does to its event mask.
 * A call that faults, or has taken longer than the host gave it, is aborted: if there
 * is an address in aborted the vcpu is entered there, as above but with rdi = the
 * reason (a negative error number), to leave things in order and to end the call;
 * otherwise, and if that is aborted in turn, the vcpu goes on where it was.  The host
 * hears of the reason in either case, and HC_COUNTER_SYMCALL_ABORTS counts.
 *
 * The frame mfn is for answers that do not fit into the result; as with SYMSPY, it
 * is only a number, whoever maps it looks at its owner, and a restored guest registers again.
 * Another registration replaces the one before; entry 0: no calls any more.
 * -EINVAL: no such vcpu, pad is not zero, an address is not the guest's, or the frame
 * is not the caller's.
 */
struct hc_extension_symcall {
	uint32_t vcpu;
	uint32_t pad;
	uint64_t entry;		/* guest virtual addresses */
	uint64_t stack;		/* its upper end */
	uint64_t aborted;	/* 0: none */
	uint64_t mfn;		/* machine frame; 0: none */
};

/*
 * SYMCALL_END: the call that runs on this vcpu is done, with a result of the
 * function's own; what is negative is an error number.  -EINVAL: there is no call,
 * or this is in a multicall.
 */

/*
 * TABLES: what happens to many page tables of an address space that is about to
 * be used, or is not any more, in one call.  Each step is a word, a machine frame
 * (from bit 12) and what to do with it.  The kernel maps all of its frames in a row,
 * frame 0 (as the machine-to-physical table numbers them) at address "linear"; it is
 * that mapping that becomes read-only or writable.
 *
 * In order; at the first step that fails the call ends, and list and count are
 * those of the steps not done; of a step to release, the first half may be done.
 * They move also while the call is interrupted.
 * -EINVAL: the frame is not the caller's or not mapped at its place, or it cannot
 * be used so; see mmuext_op of memory.h for when it can.  Or pad is not zero, or
 * there is no such step.
 */
#define HC_EXTENSION_TABLE_READONLY	0
#define HC_EXTENSION_TABLE_PIN_L1	1	/* to _L4: 4; made read-only before */
#define HC_EXTENSION_TABLE_PIN_L4	4
#define HC_EXTENSION_TABLE_RELEASE	5	/* unpinned if it is pinned, and writable */
#define HC_EXTENSION_TABLE_STEP(mfn, what) ((uint64_t)(mfn) << 12 | (what))
struct hc_extension_tables {
	uint64_t list;		/* address of the steps */
	uint32_t count;
	uint32_t pad;
	uint64_t linear;
};

#endif /* !__ASSEMBLER__ */

#endif
