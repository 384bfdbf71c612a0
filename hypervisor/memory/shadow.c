// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shadow page tables, which a domain runs on while its writes are logged.
 *
 *   CR3 -> shadow L4 --> shadow L3 --> shadow L2 --> shadow L1 --> the guest's frame
 *             |             |             |             |
 *        stands for    stands for    stands for    stands for
 *          its L4        its L3        its L2        its L1       (validated tables)
 *
 * The guest's tables stay as they are: it reads them and has them changed as
 * always.  A shadow starts with the pages whose entries are accessed already and is
 * filled by faults; an entry is writable only once its frame is marked and the
 * guest's entry is dirty, so that the first write of each frame and each entry
 * faults.  Accessed and dirty bits are set in the guest's entries at these faults;
 * the processor finds them set in ours.
 *
 * Invariant, under the log's lock: a shadow entry is zero, or allows at most what
 * the guest's entry at the same place does, in a table that is validated.  Who
 * changes a guest's entry tells shadow_entry_changed() before the references of
 * the old entry go, and who undoes a table shadow_table_gone() before those of
 * its entries go.  So frames that the shadows lead to are held as long as they
 * do, by the references of the guest's own tables, and the stamps of tlb.h, taken
 * as those go, cover translations through shadows.
 *
 * To take all writable entries away it is enough to empty the L4s in use, and to
 * count the generation up: a table of an older one is swept before it is linked.
 * When there is no memory for another table, all are thrown away.
 */
#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "lib/log.h"
#include "memory/dirty.h"
#include "memory/pagetable.h"
#include "memory/split.h"
#include "memory/tlb.h"

#define BUCKETS 4096
/* One instruction may touch six pages, with three tables each beside the two L4s of its vcpu, and their outer ones. */
#define MIN_TABLES_PER_VCPU 32
#define MAX_TABLES 16384	/* bounds the work of throwing all away */
#define FRAMES_PER_TABLE 64	/* a table for each so many frames of the domain */
#define FREE_PER_CHECK 32

struct shadow {
	struct shadow *next;	/* in its bucket, or of the free ones */
	uint64_t *entries;
	struct shadow *outer;	/* level 4 with split tables: what the guest runs on */
	mfn_t table;		/* the guest's, which this one stands for */
	unsigned int level;
	uint32_t generation;	/* up to which no entry is older than it may be */
	uint32_t stamp;		/* free: processors may have used it until then, see tlb.h */
	uint32_t bases;		/* vcpus' CR3 values that point here */
};

static struct shadow **bucket_of(const struct dirty_log *log, mfn_t table)
{
	return &log->buckets[table % BUCKETS];
}

static struct shadow *find(const struct dirty_log *log, mfn_t table)
{
	struct shadow *s = *bucket_of(log, table);

	while (s && s->table != table)
		s = s->next;
	return s;
}

static void entry_set(uint64_t *slot, uint64_t entry)
{
	if (*slot != entry)
		__atomic_store_n(slot, entry, __ATOMIC_RELEASE);
}

static void table_set(struct shadow *s, unsigned int index, uint64_t entry)
{
	entry_set(&s->entries[index], entry);
	if (s->outer)
		split_entry_changed(s->entries, index);
}

/* Back among the free ones; nothing leads to it any more. */
static void put_free(struct dirty_log *log, struct shadow *s)
{
	if (s->outer)
		put_free(log, s->outer);
	s->outer = NULL;
	s->next = log->free;
	log->free = s;
	log->used--;
	/* The removal must be seen before the stamp is taken. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	s->stamp = tlb_stamp_now();
}

/* Adds a table that is free; false: no memory, or as many as there may be. */
static bool add_free(struct domain *d)
{
	struct dirty_log *log = &d->memory.log;
	struct shadow *s;

	if (log->tables >= log->max_tables)
		return false;
	s = heap_alloc_for(d, sizeof(*s));
	if (!s)
		return false;
	s->entries = page_alloc_for(d);
	if (!s->entries) {
		heap_free_for(d, s, sizeof(*s));
		return false;
	}
	s->stamp = tlb_stamp_ancient();
	s->next = log->free;
	log->free = s;
	log->tables++;
	return true;
}

static void clear_entries(struct shadow *s)
{
	for (unsigned int i = 0; i < PTE_ENTRIES; i++)
		if (s->level != 4 || i < L4_HOLE_FIRST || i > L4_HOLE_LAST)
			table_set(s, i, 0);
		else if (i != L4_LINK)
			entry_set(&s->entries[i], hyp_l4[i]);
}

/* No entry leads to a table, or to a frame for writing, that was not met in this generation. */
static void sweep(struct dirty_log *log, struct shadow *s)
{
	if (s->level > 1)
		clear_entries(s);
	else
		for (unsigned int i = 0; i < PTE_ENTRIES; i++)
			entry_set(&s->entries[i], s->entries[i] & ~PTE_WRITE);
	s->generation = log->generation;
}

void shadow_revoke(struct domain *d)
{
	struct dirty_log *log = &d->memory.log;

	log->generation++;
	for (unsigned int i = 0; i < d->max_vcpus; i++) {
		struct vcpu *v = d->vcpu[i];

		if (v && v->memory.base_kernel)
			sweep(log, find(log, v->memory.base_kernel >> PAGE_SHIFT));
		if (v && v->memory.base_user)
			sweep(log, find(log, v->memory.base_user >> PAGE_SHIFT));
	}
}

/* All but the L4s in use become free; these become empty. */
static void throw_away(struct domain *d)
{
	struct dirty_log *log = &d->memory.log;

	for (unsigned int i = 0; i < BUCKETS; i++) {
		struct shadow **link = &log->buckets[i], *s;

		while ((s = *link)) {
			if (s->bases) {
				sweep(log, s);
				link = &s->next;
			} else {
				*link = s->next;
				put_free(log, s);
			}
		}
	}
}

/* The shadow's entry for a page that the guest's entry maps; write: at a fault that writes to it. */
static uint64_t page_entry(struct domain *d, uint64_t entry, bool write)
{
	mfn_t mfn = pte_mfn(entry);

	if (!(entry & PTE_WRITE) || !(entry & PTE_DIRTY))
		return entry & ~(PTE_WRITE | PTE_DIRTY);
	if (!dirty_loggable(d, mfn))
		return entry;
	if (write)
		dirty_mark_locked(d, mfn);
	return dirty_marked(d, mfn) ? entry : entry & ~(PTE_WRITE | PTE_DIRTY);
}

/* The same when nobody has faulted yet: as much as needs no bit to be set. */
static uint64_t early_entry(struct domain *d, uint64_t entry)
{
	return entry & PTE_PRESENT && entry & PTE_ACCESSED ? page_entry(d, entry, false) : 0;
}

static void fill_pages(struct domain *d, struct shadow *s)
{
	const uint64_t *table = mfn_to_virt(s->table);

	for (unsigned int i = 0; i < PTE_ENTRIES; i++)
		entry_set(&s->entries[i], early_entry(d, pte_read(table + i)));
}

/* NULL: there are no more. */
static struct shadow *take_free(struct domain *d)
{
	struct dirty_log *log = &d->memory.log;
	struct shadow *s;

	if (!log->free && !add_free(d))
		return NULL;
	s = log->free;
	log->free = s->next;
	log->used++;
	tlb_flush_stamped(__atomic_load_n(&d->dirty_cpus, __ATOMIC_SEQ_CST), s->stamp);
	return s;
}

static struct shadow *take_table(struct domain *d, unsigned int level)
{
	struct shadow *s = take_free(d);

	if (!s || level != 4 || !split_tables)
		return s;
	s->outer = take_free(d);
	if (!s->outer) {
		put_free(&d->memory.log, s);
		return NULL;
	}
	split_link(d, s->entries, s->outer->entries);
	return s;
}

/* A new shadow of the table, empty but for pages; NULL: all were thrown away, begin anew. */
static struct shadow *make(struct domain *d, mfn_t table, unsigned int level)
{
	struct dirty_log *log = &d->memory.log;
	struct shadow *s = take_table(d, level);

	if (!s) {
		log->rebuilds++;
		throw_away(d);
		return NULL;
	}
	s->table = table;
	s->level = level;
	s->generation = log->generation;
	if (level > 1)
		clear_entries(s);
	else
		fill_pages(d, s);
	s->next = *bucket_of(log, table);
	*bucket_of(log, table) = s;
	return s;
}

static struct shadow *find_or_make(struct domain *d, mfn_t table, unsigned int level)
{
	struct shadow *s = find(&d->memory.log, table);

	if (!s)
		return make(d, table, level);
	if (s->generation != d->memory.log.generation)
		sweep(&d->memory.log, s);
	return s;
}

/* One more CR3 value points to the shadow of base, a machine address; returns it. */
static uint64_t base_get(struct domain *d, uint64_t base)
{
	struct shadow *s;

	if (!base)
		return 0;
	do
		s = find_or_make(d, base >> PAGE_SHIFT, 4);
	while (!s);
	s->bases++;
	return virt_to_maddr(s->entries);
}

static void base_put(struct domain *d, uint64_t base)
{
	if (base)
		find(&d->memory.log, base >> PAGE_SHIFT)->bases--;
}

void shadow_set_base(struct domain *d, uint64_t *base, uint64_t *cr3, uint64_t new)
{
	struct dirty_log *log = &d->memory.log;
	uint64_t value = new;

	spin_lock(&log->lock);
	if (log->active) {
		value = base_get(d, new);
		base_put(d, *base);
	}
	WRITE_ONCE(*base, new);
	WRITE_ONCE(*cr3, value);
	spin_unlock(&log->lock);
}

int shadow_start(struct domain *d)
{
	struct dirty_log *log = &d->memory.log;
	uint32_t least = MIN_TABLES_PER_VCPU * d->max_vcpus;
	struct vcpu *v;

	log->max_tables = MAX(MIN(d->memory.frames / FRAMES_PER_TABLE, (uint64_t)MAX_TABLES), least);
	if (!log->buckets)
		log->buckets = heap_alloc_for(d, BUCKETS * sizeof(*log->buckets));
	while (log->buckets && log->tables < least)
		if (!add_free(d))
			return -ENOMEM;
	if (!log->buckets)
		return -ENOMEM;
	for_each_vcpu(d, v) {
		v->cr3_kernel = base_get(d, v->memory.base_kernel);
		v->cr3_user = base_get(d, v->memory.base_user);
		split_follow(v);
	}
	return 0;
}

void shadow_stop(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v) {
		v->cr3_kernel = v->memory.base_kernel;
		v->cr3_user = v->memory.base_user;
		base_put(d, v->memory.base_kernel);
		base_put(d, v->memory.base_user);
		split_follow(v);
	}
	throw_away(d);
}

int shadow_free(struct domain *d)
{
	struct dirty_log *log = &d->memory.log;
	unsigned int done = 0;

	if (log->active)
		return 0;
	while (log->free) {
		struct shadow *s = log->free;

		log->free = s->next;
		log->tables--;
		page_free_for(d, s->entries);
		heap_free_for(d, s, sizeof(*s));
		if (++done % FREE_PER_CHECK == 0 && hypercall_preempt_check())
			return -ERESTART;
	}
	heap_free_for(d, log->buckets, BUCKETS * sizeof(*log->buckets));
	log->buckets = NULL;
	return 0;
}

void shadow_entry_changed(struct domain *d, const uint64_t *slot)
{
	struct dirty_log *log = &d->memory.log;
	mfn_t table = virt_to_mfn(slot);
	struct shadow *s;

	spin_lock(&log->lock);
	if (log->active) {
		s = find(log, table);
		if (s)
			table_set(s, (uint64_t)slot % PAGE_SIZE / sizeof(*slot),
				  s->level == 1 ? early_entry(d, pte_read(slot)) : 0);
		dirty_mark_locked(d, table);
	}
	spin_unlock(&log->lock);
}

void shadow_table_gone_slow(struct frame *f)
{
	struct domain *d = frame_owner(f);
	struct dirty_log *log = &d->memory.log;
	struct shadow **link, *s;

	if (!log->active)
		return;
	spin_lock(&log->lock);
	if (log->active) {
		link = bucket_of(log, frame_mfn(f));
		while ((s = *link) && s->table != frame_mfn(f))
			link = &s->next;
		if (s) {
			ASSERT(!s->bases);
			*link = s->next;
			put_free(log, s);
		}
		/* What a saver makes of its contents depends on what it is. */
		dirty_mark_locked(d, frame_mfn(f));
	}
	spin_unlock(&log->lock);
}

/* A guest's entries on the way to an address, by level. */
struct path {
	uint64_t *slot[5];
	uint64_t entry[5];
};

/* False: one is not present.  The log's lock keeps what is found from going away. */
static bool path_find(uint64_t base, uint64_t va, struct path *p)
{
	mfn_t table = base >> PAGE_SHIFT;

	for (unsigned int level = 4; level; level--) {
		p->slot[level] = (uint64_t *)mfn_to_virt(table) + pte_index(va, level);
		p->entry[level] = pte_read(p->slot[level]);
		if (!(p->entry[level] & PTE_PRESENT))
			return false;
		table = pte_mfn(p->entry[level]);
	}
	return true;
}

static bool path_allows(const struct path *p, uint32_t error)
{
	uint64_t all = ~0ULL, any = 0;

	for (unsigned int level = 1; level <= 4; level++) {
		all &= p->entry[level];
		any |= p->entry[level];
	}
	return !(error & PF_WRITE && !(all & PTE_WRITE)) && !(error & PF_FETCH && any & PTE_NX);
}

/* Accessed and dirty bits as the processor would set them; false: an entry has changed. */
static bool path_use(struct domain *d, struct path *p, bool write)
{
	for (unsigned int level = 4; level; level--) {
		uint64_t used = p->entry[level] | PTE_ACCESSED | (write && level == 1 ? PTE_DIRTY : 0);

		if (used == p->entry[level])
			continue;
		if (!frame_cas(p->slot[level], &p->entry[level], used))
			return false;
		p->entry[level] = used;
		dirty_mark_locked(d, virt_to_mfn(p->slot[level]));
	}
	return true;
}

/* Link shadows down to the page; false: begin anew. */
static bool path_shadow(struct domain *d, uint64_t base, uint64_t va, const struct path *p, bool write)
{
	struct shadow *s = find_or_make(d, base >> PAGE_SHIFT, 4), *below;

	for (unsigned int level = 4; level > 1; level--) {
		below = find_or_make(d, pte_mfn(p->entry[level]), level - 1);
		if (!below)
			return false;
		table_set(s, pte_index(va, level),
			  pte_make(virt_to_mfn(below->entries), p->entry[level] & ~PTE_ADDRESS));
		s = below;
	}
	entry_set(&s->entries[pte_index(va, 1)], page_entry(d, p->entry[1], write));
	return true;
}

bool shadow_fault(struct vcpu *v, uint64_t va, uint32_t *error, bool user_tables)
{
	uint64_t base = user_tables ? v->memory.base_user : v->memory.base_kernel;
	struct domain *d = v->domain;
	struct dirty_log *log = &d->memory.log;
	bool write = *error & PF_WRITE, ours = false;
	struct path p;

	if (*error & PF_RESERVED || !guest_address_ok(va))
		return false;
	spin_lock(&log->lock);
	while (log->active && base) {
		if (!path_find(base, va, &p)) {
			*error &= ~(uint32_t)PF_PRESENT;
			break;
		}
		if (!path_allows(&p, *error)) {
			*error |= PF_PRESENT;
			break;
		}
		if (path_use(d, &p, write) && path_shadow(d, base, va, &p, write)) {
			log->faults++;
			ours = true;
			break;
		}
	}
	spin_unlock(&log->lock);
	return ours;
}
