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

/* Operations. */
#define HC_EXTENSION_GET_VERSION	0	/* result: HC_EXTENSION_VERSION; no argument */
#define HC_EXTENSION_GET_FEATURES	1	/* result: HC_EXTENSION_FEATURE_*; no argument */
#define HC_EXTENSION_COUNTERS		2	/* argument: address of struct hc_extension_counters */
#define HC_EXTENSION_SYMSPY		3	/* argument: address of struct hc_extension_symspy */

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

#endif /* !__ASSEMBLER__ */

#endif
