/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls of functions of a guest's kernel, asked for by the management domain.
 *
 * A call takes the place of whatever its vcpu was doing: the frame of the guest's registers
 * is put aside, and made anew to enter the guest at the address that it registered.  When
 * the call has ended the frame comes back.  Nothing is sent to the guest meanwhile: for
 * events the way back to the guest asks v->symcall, and for exceptions
 * v->entry_traps leads to places without an address, as if it were traced, so that
 * the usual paths need not ask.
 */
#ifndef EXTENSION_SYMCALL_H
#define EXTENSION_SYMCALL_H

#include "cpu/regs.h"
#include "lib/base.h"
#include "lib/spinlock.h"
#include "time/time.h"

struct bounce_target;
struct domain;
struct vcpu;
struct hc_control;

/* vcpu.symcall: changed by the vcpu itself, by START while it is 0, and by CANCEL from WANTED to 0. */
#define SYMCALL_WANTED 1		/* to begin as soon as events are open */
#define SYMCALL_RUNNING 2
#define SYMCALL_CLEANUP 4		/* ... aborted, and now in the guest's function for that */
#define SYMCALL_NMI 8			/* one came meanwhile */

/* What the guest registered. */
struct symcall_vcpu {
	uint64_t entry, stack, aborted;	/* entry 0: no calls */
	mfn_t mfn;
};
struct symcall_domain {
	spinlock_t lock;		/* protects what follows, but for the lines that say so */
	uint32_t state;			/* HC_SYMCALL_*; the vcpu makes it RUNNING and DONE without the lock */
	struct vcpu *vcpu;
	uint64_t function, argument[4];
	uint64_t budget;		/* ns of processor time */
	uint64_t mark;			/* the vcpu's processor time when it was first seen in the call */
	bool seen;
	int reason;			/* to abort it, 0: none */
	struct timer timer;		/* runs all the time that a call is asked for or under way */
	/* While the call runs these are the vcpu's alone. */
	int64_t result;
	bool kernel_mode;
	const struct bounce_target *traps;
	struct regs regs;
};

void symcall_domain_init(struct domain *d);
void symcall_domain_free(struct domain *d);
long symcall_register(uint64_t arg);
long symcall_end(uint64_t result);
long symcall_control(struct domain *d, struct hc_control *op);

/* The current vcpu is on its way back to the guest, and somebody asked it to look here. */
void symcall_attend(void);
/* Sets v->entry_traps, now or when the call is over that runs.  The vcpu is not running, or never called. */
void symcall_set_traps(struct vcpu *v, const struct bounce_target *traps);
/* It faulted.  True: that was in a call, which is aborted. */
bool symcall_fault(struct vcpu *v);
/* Its context is wanted: it is paused, and leaves its call. */
void symcall_leave(struct vcpu *v);

#endif
