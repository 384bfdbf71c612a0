/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory: frames and their types, the allocator, page tables, reservations.
 */
#ifndef MEMORY_MEMORY_H
#define MEMORY_MEMORY_H

#include "lib/base.h"
#include "lib/spinlock.h"
#include "memory/layout.h"

struct domain;
struct vcpu;
struct regs;

/*
 * One entry of the frame table, 16 bytes.
 *
 * owner: reference count and owner in one word, so that "take a reference if
 *   it is mine" is one compare-and-exchange.
 *     63..48 owner's domain number, or FRAME_OWNER_* for frames that no domain owns
 *     47     allocated: the owner's own reference (counted in the references)
 *     46     hypervisor's page shared with the owner
 *     45..40 flags   39..0 references
 * type: what the frame is used as, how often.
 *     63..40 progress of a partial validation, or (count zero) TLB stamp
 *     39 locked  38 partial  37 pinned  36 validated  35 failed  34..32 type
 *     31..0 type references; every one comes with a general reference
 *
 * A table being checked has a count of 1 and is neither validated nor partial;
 * only the processor that checks it may change the word then.  When the check
 * (or its undoing) is interrupted the frame becomes partial: entries below
 * "progress" hold their references, the state itself owns the type reference
 * and a general reference, and whoever comes next may go on in either
 * direction.
 *
 * The first frame of a free block: owner = FRAME_OWNER_FREE, 44..40 order,
 * 23..0 TLB stamp; type = bit 63, 62..32 previous, 30..0 next block.
 */
struct frame {
	uint64_t owner;
	uint64_t type;
};

enum frame_type {
	FRAME_NONE,
	FRAME_L1, FRAME_L2, FRAME_L3, FRAME_L4,	/* page tables, level = value */
	FRAME_DESCRIPTORS,			/* GDT or LDT */
	FRAME_WRITABLE,
};

struct memory_domain {
	spinlock_t page_lock;		/* protects the counts below and the chunk map */
	uint64_t frames;		/* held; while not zero, memory holds a reference to the domain */
	uint64_t max_frames;
	bool relinquishing;		/* gets no more frames */
	uint64_t **chunk_map;		/* bit a 2 MiB chunk in which it (ever) held a frame */
	uint64_t relinquish_next;	/* frame number where memory_domain_relinquish goes on */
	uint64_t overhead_bytes;	/* hypervisor memory charged to it; atomic */
	struct hc_e820_entry *map;	/* its memory map as XENMEM_memory_map tells; page_lock */
	uint32_t map_count;
	uint32_t reap_count;		/* domain references to drop, see frame.c */
	struct domain *reap_next;
};
struct memory_vcpu {
	/* Table whose undoing was interrupted, and its owner; no lock: its own vcpu's. */
	struct frame *deferred;
	uint16_t deferred_domid;
};

/* ---- boot (memory/boot.c) ---- */
struct memory_range {
	uint64_t start, end;		/* bytes, end exclusive */
	uint32_t type;			/* 1: usable RAM, else as in the e820 */
};
#define MEMORY_MAX_RANGES 128
extern struct memory_range memory_map[MEMORY_MAX_RANGES];	/* firmware's, sorted, set before memory_init */
extern unsigned int memory_map_count;
/*
 * Build direct map, frame table, machine-to-phys table and allocator from memory_map;
 * frames inside reserved[] (image, modules) stay out of the allocator until memory_release().
 * On entry the low 4 GiB are in the direct map already (2 MiB pages, boot/head.S).
 */
void memory_init(const struct memory_range *reserved, unsigned int count);
void memory_release(uint64_t start, uint64_t end);
extern mfn_t memory_max_mfn;			/* first frame number past all RAM */
extern uint64_t memory_total_frames;
uint64_t memory_free_frames(void);
uint64_t memory_own_bytes(void);
/*
 * Device registers that no domain may write (interrupt controllers, timers of
 * ours): mappings of them become read-only.  Before dom0 runs; bytes.
 */
void memory_protect_io(uint64_t start, uint64_t end);

/* ---- hypervisor's own mappings (memory/hypmap.c) ---- */
extern uint64_t *hyp_l4;			/* the idle table; its hole slots go in every guest L4 */
uint64_t hyp_cr3(void);
#define MAP_READ 0u
#define MAP_WRITE (1u << 0)
#define MAP_EXEC (1u << 1)
#define MAP_UNCACHED (1u << 2)
#define MAP_USER (1u << 3)			/* guests may read: the M2P table only */
/* Map/unmap 4 KiB pages at a hole address outside the direct map; -ENOMEM. */
int hyp_map(uint64_t va, mfn_t mfn, unsigned int count, unsigned int flags);
void hyp_unmap(uint64_t va, unsigned int count);	/* flushes everywhere */
void *ioremap(uint64_t maddr, uint64_t size);	/* uncached, NULL: no room */

/* ---- frame allocator and heap (memory/allocator.c, memory/heap.c) ---- */
mfn_t frames_alloc(unsigned int order);		/* for the hypervisor; MFN_INVALID: none */
void frames_free(mfn_t mfn, unsigned int order);
void *page_alloc(void);				/* one cleared frame in the direct map, NULL: none */
void page_free(void *page);
void *heap_alloc(size_t size);			/* cleared, up to 32 KiB, 16-byte aligned; NULL: none */
void heap_free(void *p);			/* NULL is fine */
/* The same, charged to d's overhead; freed with the plain functions after heap_uncharge. */
void *heap_alloc_for(struct domain *d, size_t size);
void heap_free_for(struct domain *d, void *p, size_t size);
void *page_alloc_for(struct domain *d);
void page_free_for(struct domain *d, void *page);

/* ---- frames (memory/frame.h has the inlines; memory/frame.c) ---- */
/*
 * Inlines there: mfn_valid (RAM), frame_of, frame_mfn, frame_get (a reference
 * if d owns the frame; it is not freed until frame_put), frame_put.
 */
/* Use as type: 0, -EINVAL (wrong type or contents), -EBUSY (too often), -ERESTART (preempted). */
int frame_get_type(struct frame *f, enum frame_type type, bool preemptible);
/* 0, or -ERESTART: the frame is partial now, the rest is for frame_put_resume(). */
int frame_put_type(struct frame *f, bool preemptible);
/* Undo f if it is a partial table of that domain's; 0 or -ERESTART.  Needs no reference. */
int frame_put_resume(struct frame *f, unsigned int domid, bool preemptible);
/* Both references of a table; 0 or -ERESTART as above, the caller's references are gone anyway. */
int frame_put_table(struct frame *f, bool preemptible);
#include "memory/frame.h"
bool frame_get_any(struct frame *f, struct domain **owner);	/* whoever owns it */
struct domain *frame_owner(const struct frame *f);	/* caller holds a reference */
/* Both references at once; frame_put_both undoes. */
int frame_get_both(mfn_t mfn, struct domain *d, enum frame_type type, bool preemptible);
void frame_put_both(struct frame *f);
/* Pin a table as mmuext_op does: validated until unpinned.  -ERESTART: again; -EINVAL: not one, or pinned. */
int frame_pin(mfn_t mfn, struct domain *d, enum frame_type type);
/* A frame of the hypervisor that guest d may map (shared_info, grant table); writable or not. */
void frame_share(mfn_t mfn, struct domain *d, bool writable);
/*
 * Nobody can map it from now on.  Give the frame back with page_free() next:
 * it becomes free when its last mapping goes, at once or later.
 */
void frame_unshare(mfn_t mfn);

/* ---- reservations (memory/reservation.c) ---- */
/* Frames for a domain; charged, owned, not cleared.  -ENOMEM; -E2BIG over its maximum. */
int domain_frames_alloc(struct domain *d, unsigned int order, mfn_t *mfn);
int memory_domain_init(struct domain *d);
/* Takes everything back; 0 when done, -ERESTART: call again.  References of others may remain. */
int memory_domain_relinquish(struct domain *d);
void memory_domain_free(struct domain *d);
/* The first frame at or after *at that d owns, *at moves past it; MFN_INVALID: no more. */
mfn_t memory_domain_next_frame(struct domain *d, uint64_t *at);
void m2p_set(mfn_t mfn, uint64_t pfn);
uint64_t m2p_get(mfn_t mfn);
#define M2P_INVALID (~0ULL)
#define M2P_SHARED 0x5555555555555555ULL

/* ---- page tables ---- */
/* Give v new base tables (mfn), taking/dropping L4 type references; v may be current.  May preempt. */
int vcpu_set_kernel_base(struct vcpu *v, mfn_t mfn);
int vcpu_set_user_base(struct vcpu *v, mfn_t mfn);
int vcpu_drop_bases(struct vcpu *v);		/* at destruction; -ERESTART */
/*
 * The guest faulted at va.  True when it was ours to handle: a write to a live
 * page table (emulated), or a stale TLB entry.
 */
bool memory_fault(struct vcpu *v, struct regs *regs, uint64_t va, uint32_t error_code);
/*
 * Store of an emulated instruction into a live page table: bytes (1,2,4,8) at va, the
 * new value; with old != NULL only if the entry still reads *old (cmpxchg; *old gets what was found).
 * 0 done; -EAGAIN it did not read *old; -ERESTART run the instruction again; -EINVAL refused.
 */
int pagetable_emulated_write(struct vcpu *v, uint64_t va, unsigned int bytes, uint64_t value,
			     uint64_t *old);
/* Guest virtual address to machine frame through its current tables; 0 flags: not mapped. */
bool pagetable_walk(struct vcpu *v, uint64_t va, uint64_t *l1e);

/* ---- TLB (memory/tlb.c) ---- */
void tlb_flush_local(void);
void tlb_flush_mask(cpumask_t mask);
void tlb_flush_page_mask(cpumask_t mask, uint64_t va);

/* ---- hypercalls ---- */
long hypercall_mmu_update(uint64_t req, uint64_t count, uint64_t done, uint64_t domid);
long hypercall_mmuext_op(uint64_t ops, uint64_t count, uint64_t done, uint64_t domid);
long hypercall_update_va_mapping(uint64_t va, uint64_t pte, uint64_t flags);
long hypercall_update_va_mapping_otherdomain(uint64_t va, uint64_t pte, uint64_t flags, uint64_t domid);
long hypercall_memory_op(uint64_t cmd, uint64_t arg);

/*
 * Grant mapping support for grant/: the entry at "where" (machine address of the
 * entry with HC_GNTMAP_CONTAINS_PTE, else a virtual address of v's) gets or loses
 * the frame.  The entry holds references of its own, as every present entry does.
 * Unmapping: -EINVAL when the entry does not map mfn; new_va != 0: the mapping of
 * that address moves to "where".  The caller flushes.
 */
int grant_map_pte(struct vcpu *v, uint64_t where, mfn_t mfn, unsigned int flags /* HC_GNTMAP_* */);
int grant_unmap_pte(struct vcpu *v, uint64_t where, mfn_t mfn, uint64_t new_va, unsigned int flags);

#endif
