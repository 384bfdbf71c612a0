// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changing entries of live page tables.
 *
 * The order is always: references for the new entry, store, references of the
 * old one.  Level-1 entries need constant time and are changed with their table
 * locked.  An entry of a higher level may bring the validation of a whole tree:
 * that is done before the table is locked, and undoing the old tree after.
 */
#include "memory/entry.h"

#include "lib/log.h"
#include "memory/split.h"

/* Device memory that nobody may write, see memory_protect_io(). */
#define PROTECTED_MAX 32
static struct memory_range protected_io[PROTECTED_MAX];
static unsigned int protected_count;

void memory_protect_io(uint64_t start, uint64_t end)
{
	if (protected_count == PROTECTED_MAX)
		panic("too many ranges of protected device memory");
	protected_io[protected_count++] = (struct memory_range){
		ALIGN_DOWN(start, PAGE_SIZE), ALIGN_UP(end, PAGE_SIZE), 0,
	};
}

/* Device memory that a guest does not see, and the page that it sees there; see memory_hide_io(). */
static struct memory_range hidden_io;
static mfn_t hidden_mfn;

void memory_hide_io(uint64_t start, uint64_t end, uint32_t first)
{
	uint32_t *page = page_alloc();

	if (!page)
		panic("no memory for a page of zeros");
	page[start % PAGE_SIZE / sizeof(*page)] = first;
	hidden_mfn = virt_to_mfn(page);
	frame_share(hidden_mfn, dom_xen, false);
	hidden_io = (struct memory_range){ ALIGN_DOWN(start, PAGE_SIZE), ALIGN_UP(end, PAGE_SIZE), 0 };
}

static int hidden_entry_get(uint64_t *entry)
{
	struct frame *f = frame_of(hidden_mfn);

	if (!frame_get_id(f, HC_DOMID_XEN))
		return -EINVAL;
	frame_mark_foreign(f);
	*entry = (*entry & ~(PTE_ADDRESS | PTE_WRITE | PTE_CACHE)) |
		 hidden_mfn << PAGE_SHIFT;
	return 0;
}

static int device_entry_get(struct domain *d, unsigned int frames_of, uint64_t *entry)
{
	uint64_t maddr = *entry & PTE_ADDRESS;

	if (!d->privileged || (frames_of != d->id && frames_of != HC_DOMID_IO) ||
	    maddr >= memory_address_limit)
		return -EINVAL;
	if (maddr >= hidden_io.start && maddr < hidden_io.end)
		return hidden_entry_get(entry);
	for (unsigned int i = 0; i < protected_count; i++)
		if (maddr >= protected_io[i].start && maddr < protected_io[i].end)
			*entry &= ~PTE_WRITE;
	return 0;
}

int l1_entry_get_special(struct domain *d, unsigned int frames_of, uint64_t *entry)
{
	mfn_t mfn = pte_mfn(*entry);
	struct frame *f;
	struct domain *owner;
	int rc = 0;

	if (!mfn_valid(mfn))
		return device_entry_get(d, frames_of, entry);
	f = frame_of(mfn);
	/*
	 * The management domain may change protections of what it mapped of
	 * others, and is not made to name the owner again.
	 */
	if (!frame_get_id(f, frames_of) &&
	    !(d->privileged && frames_of == d->id && frame_get_any(f, &owner)))
		return -EINVAL;
	frame_mark_foreign(f);
	if (*entry & PTE_WRITE)
		rc = frame_get_writable(f);
	if (rc)
		frame_put(f);
	else if (*entry & PTE_WRITE)
		dirty_mark(mfn);
	return rc;
}

static inline int store(uint64_t *slot, uint64_t *old, uint64_t new, struct entry_store how)
{
	if (how.expected)
		return frame_cas(slot, how.expected, new) ? 0 : -EAGAIN;
	if (how.keep_ad) {
		while (!frame_cas(slot, old, new | (*old & PTE_AD)))
			;
		return 0;
	}
	/*
	 * A locked exchange, because the stamps that are taken when the old
	 * entry's references go must not be older than its removal.
	 */
	if (*old & PTE_PRESENT)
		*old = __atomic_exchange_n(slot, new, __ATOMIC_SEQ_CST);
	else
		__atomic_store_n(slot, new, __ATOMIC_RELEASE);
	return 0;
}

/*
 * Store into a table of d's without any checks; *old is what is there as far as the
 * caller knows, and gets what was there.  -EAGAIN: not as expected.
 */
static inline int entry_store(struct domain *d, uint64_t *slot, uint64_t *old, uint64_t new,
			      struct entry_store how)
{
	int rc = store(slot, old, new, how);

	if (unlikely(d->memory.log.active) && !rc)
		shadow_entry_changed(d, slot);
	return rc;
}

static __always_inline
int update_l1(struct domain *d, unsigned int frames_of, uint64_t *slot, uint64_t new,
	      struct entry_store how)
{
	uint64_t old = pte_read(slot);
	int rc;

	if (how.expected && old != *how.expected) {
		*how.expected = old;
		return -EAGAIN;
	}
	if (new & PTE_PRESENT) {
		if (unlikely(!l1_entry_adjust(d, &new)))
			return -EINVAL;
		if (old & PTE_PRESENT && !((old ^ new) & (PTE_ADDRESS | PTE_WRITE)))
			return entry_store(d, slot, &old, new, how);
		rc = l1_entry_get(d, frames_of, &new);
		if (unlikely(rc))
			return -EINVAL;
	}
	rc = entry_store(d, slot, &old, new, how);
	l1_entry_put(d->id, rc ? new : old);
	return rc;
}

bool l1_entry_install(struct domain *d, unsigned int domid, uint64_t *slot, uint64_t new)
{
	return l1_entry_try_install(d, domid, slot, new);
}

int l1_entry_update_any(struct domain *d, unsigned int frames_of, uint64_t *slot, uint64_t new,
			struct entry_store how)
{
	return update_l1(d, frames_of, slot, new, how);
}

/* The domain's shadow entry goes before the frame, if any, may become something else. */
static __noinline int flags_logged(struct domain *d, uint64_t *slot, struct frame *unwritten)
{
	shadow_entry_changed(d, slot);
	if (unwritten)
		frame_put_writable(unwritten);
	return 0;
}

/*
 * The entry keeps its reference to the frame, so only the one for writing comes or goes.
 * As the table is locked nobody but a processor, which marks the entry accessed and dirty,
 * changes it meanwhile.
 */
int l1_entry_update_flags(struct domain *d, unsigned int frames_of, uint64_t *slot, uint64_t new,
			  struct entry_store how)
{
	uint64_t old = pte_read(slot);
	struct frame *f = NULL;

	if (how.expected && *how.expected != old)
		return l1_entry_update_any(d, frames_of, slot, new, how);
	if ((old ^ new) & PTE_WRITE) {
		f = frame_of(pte_mfn(new));
		if (unlikely(frames_of != d->id || pte_mfn(new) >= memory_max_mfn ||
			     frame_owner_id(frame_owner_word(f)) != d->id ||
			     (new & PTE_WRITE && !frame_try_writable(f))))
			return l1_entry_update_any(d, frames_of, slot, new, how);
	}
	l1_entry_adjust(d, &new);
	while (unlikely(!frame_cas(slot, &old, how.keep_ad ? new | (old & PTE_AD) : new)))
		if (how.expected) {
			if (f && new & PTE_WRITE)
				frame_put_writable(f);
			return l1_entry_update_any(d, frames_of, slot, new, how);
		}
	if (new & PTE_WRITE)
		f = NULL;
	if (unlikely(d->memory.log.active))
		return flags_logged(d, slot, f);
	if (f)
		frame_put_writable(f);
	return 0;
}

int l1_entry_set(struct domain *d, unsigned int frames_of, uint64_t *slot, uint64_t new)
{
	return update_l1(d, frames_of, slot, new, (struct entry_store){ .keep_ad = false });
}

/* Store with the table locked; *old is what was there. */
static int table_entry_store(struct domain *d, struct frame *table, unsigned int level,
			     unsigned int index, uint64_t *old, uint64_t new,
			     struct entry_store how)
{
	uint64_t *slot = (uint64_t *)mfn_to_virt(frame_mfn(table)) + index;
	unsigned int locked = frame_lock_table(table, d->id, (uintptr_t)slot);
	int rc = -EINVAL;

	if (locked == level) {
		*old = pte_read(slot);
		rc = entry_store(d, slot, old, new, how);
		if (level == 4 && split_tables)
			split_entry_changed(slot - index, index);
	}
	if (locked)
		frame_unlock_table(table);
	return rc;
}

int table_entry_update(struct domain *d, struct frame *table, unsigned int level,
		       unsigned int index, uint64_t new, struct entry_store how,
		       bool preemptible)
{
	uint64_t old = 0;
	int rc;

	if (level == 4 && index >= L4_HOLE_FIRST && index <= L4_HOLE_LAST)
		return -EINVAL;
	if (new & PTE_PRESENT) {
		new |= PTE_USER;
		if (!table_entry_ok(new))
			return -EINVAL;
		rc = frame_get_both(pte_mfn(new), d, level - 1, preemptible);
		if (rc)
			return rc == -ERESTART ? rc : -EINVAL;
	}
	rc = table_entry_store(d, table, level, index, &old, new, how);
	if (rc)
		old = new;
	if (old & PTE_PRESENT && frame_put_table(frame_of(pte_mfn(old)), preemptible))
		vcpu_defer(current, frame_of(pte_mfn(old)), d->id);
	return rc;
}

void vcpu_defer(struct vcpu *v, struct frame *f, unsigned int domid)
{
	/* Callers finish the previous one before they start anything that may leave one. */
	ASSERT(!v->memory.deferred);
	v->memory.deferred = f;
	v->memory.deferred_domid = domid;
}

int vcpu_deferred_resume(struct vcpu *v, bool preemptible)
{
	int rc = frame_put_resume(v->memory.deferred, v->memory.deferred_domid, preemptible);
	if (!rc)
		v->memory.deferred = NULL;
	return rc;
}
