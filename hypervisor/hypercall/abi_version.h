/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The version that guests are told, by hypercall and by CPUID. */
#ifndef HYPERCALL_ABI_VERSION_H
#define HYPERCALL_ABI_VERSION_H

/*
 * Major << 16 | minor of the guest ABI's generation.  Kernels decide by it what
 * they may use; ours is complete up to this one.
 */
#define GUEST_ABI_VERSION (4u << 16 | 17)

#endif
