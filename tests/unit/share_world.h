/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small host for tests of what domains share, event channels and grants:
 * three domains (0 privileged) of two vcpus, some RAM whose frames count their
 * references, and page tables reduced to one list of "host mappings".
 *
 * All of it may be used by several threads, which are then vcpus of the one
 * current domain; only setting up and tearing down may not.
 *
 * "Guest virtual addresses" of hypercall arguments are the test's own pointers;
 * 0 faults.
 */
#ifndef SHARE_WORLD_H
#define SHARE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "domain/domain.h"

#define WORLD_DOMAINS 3
#define WORLD_VCPUS 2
#define WORLD_FRAMES 4096
#define WORLD_MAPPINGS 512

struct world_mapping {
	uint64_t where;
	mfn_t mfn;
	bool readonly;
};

struct world {
	struct domain domain[WORLD_DOMAINS];
	struct vcpu vcpu[WORLD_DOMAINS][WORLD_VCPUS];
	struct hc_vcpu_info info[WORLD_DOMAINS][WORLD_VCPUS];
	unsigned int kicks[WORLD_DOMAINS][WORLD_VCPUS];
	bool dead[WORLD_DOMAINS];	/* domain_get() does not find it */
	struct world_mapping mapping[WORLD_MAPPINGS];
	unsigned int flushes;
	unsigned int preempt_every;	/* hypercall_preempt_check() says yes each so many times */
	bool pirq_bound[EVENT_PIRQS];
	bool pirq_refused;		/* pirq_bind() fails */
	uint64_t allocated[WORLD_DOMAINS];	/* bytes charged now */
	uint64_t allowed;		/* bytes that may still be charged */
	bool threads;			/* several "processors": locks may be contended */
};
extern struct world world;

int world_setup(void **state);
/* Tears the domains down in order and proves that nothing is left. */
int world_teardown(void **state);
void world_enter(unsigned int domain, unsigned int vcpu);
mfn_t world_frame_of(unsigned int domain);
/* References to a frame beside its owner's own. */
unsigned int world_refs(mfn_t mfn);
/* FRAME_WRITABLE references to it. */
unsigned int world_writers(mfn_t mfn);
/* Let it be a page table for the rest of the test. */
void world_make_table(mfn_t mfn);
/* As the guest sees it: to the end, whatever the interruptions. */
long world_event_op(unsigned int cmd, void *arg);
long world_grant_op(unsigned int cmd, void *arg, uint64_t count);
extern __thread unsigned int world_continuations;	/* interruptions so far */
/* The mapping made at that address; NULL: none. */
struct world_mapping *world_mapping_at(uint64_t where);
/* What happens when a domain is destroyed, but for the last reference. */
void world_destroy(unsigned int domain);

#endif
