/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small machine for tests of hypervisor/memory: RAM, frame table and
 * machine-to-phys table in ordinary memory, two domains with a vcpu each, and
 * hypercalls that are continued until they are done.
 *
 * "Guest virtual addresses" of hypercall arguments are the test's own pointers.
 */
#ifndef MEMORY_WORLD_H
#define MEMORY_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <hypercall/extension.h>
#include <hypercall/memory.h>

#include "domain/domain.h"
#include "memory/allocator.h"
#include "memory/entry.h"
#include "memory/pagetable.h"
#include "memory/split.h"

#define WORLD_FRAMES 16384		/* 64 MiB, frame 0 and the last 16 are nobody's */
#define WORLD_DEVICE_MFN (WORLD_FRAMES + 16)

struct world {
	struct domain dom[2];		/* 0: privileged; 1: not */
	struct vcpu vcpu[2];
	uint64_t free_at_start;
	unsigned int preempt_every;	/* hypercall_preempt_check() says yes each so many times; 0: never */
	unsigned int domain_puts[2];	/* references that memory dropped */
	unsigned int flushes;
	/* Not NULL: asked at each access to the guest's memory; false: it faults. */
	bool (*access)(uint64_t address, size_t size, bool write);
	mfn_t event_frame, granted_frame;	/* always written, for the dirty log; 0: none */
};
extern struct world world;

int world_setup(void **state);
/* With split tables; both end with world_teardown(). */
int world_setup_split(void **state);
/* The outer table that follows this level-4 table (its address) maps of ours only what it may. */
void world_check_outer(const uint64_t *inner);
int world_teardown(void **state);
/* Whose hypercalls follow. */
void world_enter(unsigned int dom);

/* As the guest sees them: run to the end, whatever the interruptions. */
long world_mmu_update(struct hc_mmu_update *list, uint32_t count, uint32_t *done, uint64_t domid);
long world_mmuext(unsigned int cmd, uint64_t arg1, uint64_t arg2);
long world_mmuext_for(unsigned int cmd, uint64_t arg1, uint64_t domid);
long world_memory_op(unsigned int cmd, void *arg);
long world_tables(struct hc_extension_tables *t);
/* Only the first piece: -ERESTART if it wants to go on, which is forgotten. */
long world_mmuext_abandon(unsigned int cmd, uint64_t arg1);

/* A frame of that domain's, cleared; fails the test when there is none. */
mfn_t world_frame(unsigned int dom);
uint64_t *world_table(mfn_t mfn);
uint64_t world_refs(mfn_t mfn);
uint64_t world_types(mfn_t mfn);
enum frame_type world_type(mfn_t mfn);
bool world_validated(mfn_t mfn);
/* An L4 of dom with one table per level and a data frame mapped at va 0. */
struct space {
	mfn_t l4, l3, l2, l1, data;
};
void world_space(unsigned int dom, struct space *s);
void world_live_space(struct space *s);		/* domain 1's, pinned, and what its vcpu runs on */
#define TABLE (PTE_PRESENT | PTE_WRITE)
static inline uint64_t slot_addr(mfn_t table, unsigned int index)
{
	return (table << PAGE_SHIFT) + index * 8;
}
long world_update(uint64_t ptr, uint64_t val);	/* mmu_update of one entry, by whose vcpu runs */

/* Destroy the domain's memory; returns the number of calls it took. */
unsigned int world_destroy(unsigned int dom);
/*
 * Recount every reference of every frame from the tables, pins and bases that
 * exist, and compare with what the frame table says.
 */
void world_check(void);

#endif
