/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Serving hypercalls: handlers' shape, preemption, and access to guest memory.
 *
 * A handler is long hypercall_NAME(args as uint64_t, up to five) and returns
 * the guest's result (0 or positive, or -errno).
 */
#ifndef HYPERCALL_HYPERCALL_H
#define HYPERCALL_HYPERCALL_H

#include "hypercall/guest_copy.h"
#include "lib/base.h"

/*
 * Time to let others in?  Opens a short window for interrupts, then tells
 * whether work is pending on this processor.  Call every few dozen items of a
 * long operation, never with a spinlock held.
 */
bool hypercall_preempt_check(void);

/*
 * Arrange for the guest to make hypercall nr again with these arguments when
 * it next runs (for a multicall: that entry).  Return its value from the handler:
 *     if (i < n && hypercall_preempt_check())
 *             return hypercall_continue(HC_NR_X, 4, ptr, n - i, done, domid);
 */
long hypercall_continue(unsigned int nr, unsigned int nargs, ...);

/*
 * Exactly like the copies of guest_copy.h, but for hypervisor pointers that may fault (device
 * tables of the firmware, live page tables of another space).
 */
int copy_safe(void *dst, const void *src, size_t size);

#endif
