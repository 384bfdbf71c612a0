/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Virtual processors of a test kernel.  %gs points at the running one's block.
 */
#ifndef GUESTS_VCPU_H
#define GUESTS_VCPU_H

#include <hypercall/start.h>

#include "trap.h"

#define VCPUS 4
#define VCPU_STACK 16384

struct vcpu {
	struct vcpu *self;	/* first: read through %gs */
	unsigned int id;
	uint64_t resume;	/* stack of the innermost attempt(), 0: none */
	struct fault fault;	/* how it ended */
	struct trap_frame frame;	/* and all registers then */
};

static inline struct vcpu *this_vcpu(void)
{
	struct vcpu *v;

	__asm__ volatile("mov %%gs:0, %0" : "=r"(v));
	return v;
}

void this_vcpu_init(unsigned int id);
struct hc_vcpu_info *vcpu_info(unsigned int id);
/* Bring up another vcpu to run fn on a stack of its own; then it goes down.  0 or -errno. */
long vcpu_start(unsigned int id, void (*fn)(void));
struct vcpu *vcpu_of(unsigned int id);
/* What it starts with, in full, to run fn on a stack of its own. */
struct hc_vcpu_guest_context;
void vcpu_context(struct hc_vcpu_guest_context *c, unsigned int id, void (*fn)(void));

#endif
