/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * callback_op: where the hypervisor enters a guest's kernel.
 *
 * Source of facts: Xen's public header callback.h.
 */
#ifndef HYPERCALL_CALLBACK_H
#define HYPERCALL_CALLBACK_H

#include "base.h"

/* callback_op(cmd, argument address). */
#define HC_CALLBACKOP_REGISTER			0
#define HC_CALLBACKOP_UNREGISTER		1

/* callback_register.type. */
#define HC_CALLBACKTYPE_EVENT			0	/* An event is pending. */
#define HC_CALLBACKTYPE_FAILSAFE		1	/* A return to the guest failed. */
#define HC_CALLBACKTYPE_SYSCALL			2	/* syscall, 64-bit user. */
#define HC_CALLBACKTYPE_SYSENTER_DEPRECATED	3
#define HC_CALLBACKTYPE_NMI			4
#define HC_CALLBACKTYPE_SYSENTER		5	/* sysenter, 32-bit user. */
#define HC_CALLBACKTYPE_SYSCALL32		7	/* syscall, 32-bit user. */

/* callback_register.flags: enter with events masked. */
#define HC_CALLBACKF_MASK_EVENTS		(1 << 0)

#ifndef __ASSEMBLER__

struct hc_callback_register {
	uint16_t type;			/* HC_CALLBACKTYPE_*. */
	uint16_t flags;			/* HC_CALLBACKF_*. */
	uint32_t pad0;
	uint64_t address;		/* Guest virtual. */
};

struct hc_callback_unregister {
	uint16_t type;			/* HC_CALLBACKTYPE_*. */
	uint16_t _unused;
};

#endif /* !__ASSEMBLER__ */

#endif
