/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory: frames and their types, the allocator, page tables, reservations.
 */
#ifndef MEMORY_MEMORY_H
#define MEMORY_MEMORY_H

#include "lib/base.h"
#include "lib/spinlock.h"
#include "memory/frame.h"
#include "memory/layout.h"

struct domain;
struct vcpu;
struct regs;

struct shadow;

/* Which frames of a domain are written, see memory/dirty.h. */
struct dirty_log {
	bool active;			/* changes under the lock, with the domain paused */
	spinlock_t lock;		/* protects what follows, and shadow tables */
	uint64_t size;			/* guest frame numbers logged */
	uint64_t **bits;		/* pages of a bit each */
	struct shadow **buckets;	/* shadow tables in use, by the guest's table */
	struct shadow *free;
	uint32_t tables, used, max_tables;	/* shadow tables that exist; not free; may exist */
	uint32_t generation;
	uint64_t marked, outside, faults, rebuilds;	/* as in struct hc_control_dirty_log */
};

struct memory_domain {
	spinlock_t page_lock;		/* protects the counts below and the chunk map */
	uint64_t frames;		/* held; while not zero, memory holds a reference to the domain */
	uint64_t max_frames;
	bool relinquishing;		/* gets no more frames */
	bool tables_dropped;		/* ... and its page tables are undone */
	uint64_t **chunk_map;		/* bit a 2 MiB chunk in which it (ever) held a frame */
	uint64_t relinquish_next;	/* frame number where memory_domain_relinquish goes on */
	uint64_t overhead_bytes;	/* hypervisor memory charged to it; atomic */
	struct hc_e820_entry *map;	/* its memory map as XENMEM_memory_map tells; page_lock */
	uint32_t map_count;
	uint32_t reap_count;		/* domain references to drop, see frame.c */
	struct domain *reap_next;
	uint64_t *outer_windows;	/* level-3 table, see split.h; NULL: none */
	struct dirty_log log;
};
struct memory_vcpu {
	/*
	 * Machine addresses of the top-level tables that the guest gave, 0: none.  The
	 * vcpu's cr3_kernel and cr3_user are these, or their shadows; what it runs on
	 * may be their outer ones, see split.h.
	 */
	uint64_t base_kernel, base_user;
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
/* The firmware's, sorted; set before memory_init. */
extern struct memory_range memory_map[MEMORY_MAX_RANGES];
extern unsigned int memory_map_count;
/*
 * Build direct map, frame table, machine-to-phys table and allocator from memory_map;
 * frames inside reserved[] (image, modules) stay out of the allocator until memory_release().
 * On entry the low 4 GiB are in the direct map already (2 MiB pages, boot/head.S).
 */
void memory_init(const struct memory_range *reserved, unsigned int count);
void memory_release(uint64_t start, uint64_t end);
extern uint64_t memory_total_frames;
uint64_t memory_free_frames(void);
uint64_t memory_own_bytes(void);
/*
 * Device registers that no domain may write (interrupt controllers, timers of
 * ours): mappings of them become read-only.  Before dom0 runs; bytes.
 */
void memory_protect_io(uint64_t start, uint64_t end);
/*
 * One range of device memory that reads as zeros after its first word for dom0,
 * so that its drivers find no such device: a clock that we use.  Needs dom_xen.
 */
void memory_hide_io(uint64_t start, uint64_t end, uint32_t first);

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
void hyp_unmap_for(uint64_t va, unsigned int count, cpumask_t cpus);	/* ... or where alone it can have been used */
/* Nothing is mapped at these addresses, multiples of 2 MiB, any more: free the tables that did. */
void hyp_free_tables(uint64_t va, uint64_t size);
void *ioremap(uint64_t maddr, uint64_t size);	/* uncached, NULL: no room */

/* ---- frame allocator and heap (memory/allocator.c, memory/heap.c) ---- */
/* For an idle processor: clears a little of the free memory; false: nothing is left that it should. */
bool allocator_clear(void);
mfn_t frames_alloc(unsigned int order);		/* for the hypervisor, cleared; MFN_INVALID: none */
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

/* ---- frames: the inlines are in memory/frame.h (frame.c, frame_type.c) ---- */
bool frame_get_any(struct frame *f, struct domain **owner);	/* whoever owns it */
struct domain *frame_owner(const struct frame *f);	/* caller holds a reference */
/* Both references at once; frame_put_both undoes. */
int frame_get_both(mfn_t mfn, struct domain *d, enum frame_type type, bool preemptible);
void frame_put_both(struct frame *f);
/*
 * Pin a table as mmuext_op does: validated until unpinned.  -ERESTART: again; -EINVAL: not
 * one, or pinned.
 */
int frame_pin(mfn_t mfn, struct domain *d, enum frame_type type);
/* -EINVAL: not pinned.  What cannot be undone at once is left to vcpu_deferred_finish(). */
int frame_unpin(mfn_t mfn, struct domain *d);
/* A frame of the hypervisor that guest d may map (shared_info, grant table); writable or not. */
void frame_share(mfn_t mfn, struct domain *d, bool writable);
/*
 * Nobody can map it from now on.  Give the frame back with page_free() next:
 * it becomes free when its last mapping goes, at once or later.
 */
void frame_unshare(mfn_t mfn);

/* ---- reservations (memory/reservation.c, memory/relinquish.c) ---- */
/* Frames for dom0's start; charged, owned, not cleared.  -ENOMEM; -E2BIG over its maximum. */
int domain_frames_alloc(struct domain *d, unsigned int order, mfn_t *mfn);
int memory_domain_init(struct domain *d);
/*
 * Takes everything back; 0 when done, -ERESTART after a millisecond or when
 * others want the processor: call again.  References of others may remain.
 */
int memory_domain_relinquish(struct domain *d);
void memory_domain_free(struct domain *d);
/* The first frame at or after *at that d owns, *at moves past it; MFN_INVALID: no more. */
mfn_t memory_domain_next_frame(struct domain *d, uint64_t *at);
void m2p_set(mfn_t mfn, uint64_t pfn);
/* The frames of a block that is not anybody's yet get numbers from pfn on. */
void m2p_set_block(mfn_t mfn, uint64_t pfn, unsigned int order);
void m2p_forget(mfn_t first, mfn_t end);	/* frames first..end-1 have no number */
uint64_t m2p_get(mfn_t mfn);
#define M2P_INVALID (~0ULL)
#define M2P_SHARED 0x5555555555555555ULL

/* ---- page tables ---- */
/*
 * Give v new base tables (mfn), taking/dropping L4 type references; v may be current.
 * -ERESTART: call again.
 */
int vcpu_set_kernel_base(struct vcpu *v, mfn_t mfn);
int vcpu_set_user_base(struct vcpu *v, mfn_t mfn);
int vcpu_drop_bases(struct vcpu *v);		/* at destruction; -ERESTART */
/*
 * The guest faulted at va.  True when it was ours to handle: a write to a live
 * page table (emulated), or a stale TLB entry.
 */
bool memory_fault(struct vcpu *v, struct regs *regs, uint64_t va, uint32_t error_code);
/* Is it (still) a frame of d's that is in use as a page table?  A hint only. */
bool pagetable_is_live(const struct domain *d, mfn_t mfn);
/*
 * Store of an emulated instruction into a live page table: bytes (1,2,4,8) at va, the
 * new value; with old != NULL only if the entry still reads *old (cmpxchg; *old gets what
 * was found).
 * 0 done; -EAGAIN it did not read *old; -ERESTART run the instruction again; -EINVAL refused.
 */
int pagetable_emulated_write(struct vcpu *v, uint64_t va, unsigned int bytes, uint64_t value,
			     uint64_t *old);
/*
 * The same for what kernels do by the thousand, to an entry of a level-1 table
 * whose frame the caller knows: exchange all of it, or "and" one of its bytes
 * (*result: that byte then).  -ENOENT: not a plain case, nothing done.
 */
int pagetable_exchange(struct vcpu *v, mfn_t table, uint64_t va, uint64_t value, uint64_t *old);
int pagetable_and(struct vcpu *v, mfn_t table, uint64_t va, uint8_t mask, uint8_t *result);
/* Guest virtual address to machine frame through its current tables; 0 flags: not mapped. */
bool pagetable_walk(struct vcpu *v, uint64_t va, uint64_t *l1e);

/* ---- dirty log (memory/dirty.c, memory/shadow.c) ---- */
extern uint32_t dirty_logs;		/* domains whose writes are logged */
__keeps_registers void dirty_mark_slow(mfn_t mfn);
/*
 * The hypervisor, or another domain by way of it, has written to the frame, or
 * changed what guest frame it is.  The caller holds a reference to it.
 */
static inline void dirty_mark(mfn_t mfn)
{
	if (unlikely(READ_ONCE(dirty_logs)))
		call_keeping(dirty_mark_slow, mfn);
}
/*
 * Only while d's log is active: an entry of a live table of d's was stored;
 * before the references of the entry that was there go.
 */
void shadow_entry_changed(struct domain *d, const uint64_t *slot);
/* A table stops being one; before the references of its entries go. */
void shadow_table_gone_slow(struct frame *f);
static inline void shadow_table_gone(struct frame *f)
{
	if (unlikely(READ_ONCE(dirty_logs)))
		shadow_table_gone_slow(f);
}
/* A vcpu of d gets other tables (0: none): *base as the guest has them, *cr3 what it runs on. */
void shadow_set_base(struct domain *d, uint64_t *base, uint64_t *cr3, uint64_t new);
/*
 * A fault at va, in the vcpu's user or kernel tables.  True: it came from the
 * shadow, do the access again.  False: it is the guest's, and *error is what it
 * would be on the guest's own tables.
 */
bool shadow_fault(struct vcpu *v, uint64_t va, uint32_t *error, bool user_tables);

/* ---- TLB (memory/tlb.c) ---- */
void tlb_flush_local(void);
void tlb_flush_mask(cpumask_t mask);
void tlb_flush_page_mask(cpumask_t mask, uint64_t va);

/* ---- hypercalls ---- */
long hypercall_mmu_update(uint64_t req, uint64_t count, uint64_t done, uint64_t domid);
long hypercall_mmuext_op(uint64_t ops, uint64_t count, uint64_t done, uint64_t domid);
long hypercall_update_va_mapping(uint64_t va, uint64_t pte, uint64_t flags);
long hypercall_update_va_mapping_otherdomain(uint64_t va, uint64_t pte, uint64_t flags,
					     uint64_t domid);
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
