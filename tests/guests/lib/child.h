/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second domain, for what the management domain does to others: a copy of this
 * kernel as it is, at the same addresses.  It does what it is told through
 * mailboxes, one for each of its vcpus.
 */
#ifndef GUESTS_CHILD_H
#define GUESTS_CHILD_H

#include "types.h"

#define CHILD_VCPUS 2

/* Orders.  a, b: arguments; the answer is what child_do() returns. */
enum child_order {
	CHILD_READ,		/* the word at a */
	CHILD_WRITE,		/* b at a; TRAP_* vector << 32 | error code if it faults, else 0 */
	CHILD_MAP,		/* update_va_mapping: address a, entry b, flushed everywhere */
	CHILD_UPDATE,		/* mmu_update: entry at machine address a becomes b */
	CHILD_STORE,		/* b into the live table's word at a, by an instruction */
	CHILD_PIN,		/* mmuext operation a on frame b */
	CHILD_ENTRY,		/* its own level-1 entry of address a, as it reads it */
	CHILD_CHURN,		/* a rounds of changes of its tables; how many went wrong */
	CHILD_SUSPEND,		/* shutdown with reason suspend; what that returns */
};

extern uint16_t child_domid;

/* Builds it and lets it run; ends the test when that fails. */
void child_start(void);
/* Give an order to one of its vcpus, or collect the answer; or both. */
void child_order(unsigned int vcpu, enum child_order order, uint64_t a, uint64_t b);
long child_answer(unsigned int vcpu);
long child_do(unsigned int vcpu, enum child_order order, uint64_t a, uint64_t b);
/* The child's frame behind an address of the image. */
uint64_t child_mfn(const void *p);
/* The guest frame number of it. */
uint64_t child_gfn(const void *p);
/* In the child: what CHILD_CHURN does, the test's own; to be set before it starts. */
extern long (*child_churn)(uint64_t rounds);

#endif
