// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owners of frames.  A domain's structure outlives its last frame: as long as
 * it holds one, memory keeps a reference to it.  The reference is dropped
 * lazily (owner_reap), because frames are freed with page-table locks held.
 */
#include "memory/owner.h"

#include "domain/domain.h"

#define PER_PAGE (PAGE_SIZE / sizeof(struct domain *))
#define PAGES (HC_DOMID_FIRST_RESERVED / PER_PAGE + 1)

static struct domain **directory[PAGES];	/* pages never go away */
static spinlock_t lock;				/* protects making pages */
struct domain *owner_reap_list;

int owner_register(struct domain *d)
{
	struct domain ***page = &directory[d->id / PER_PAGE];

	if (d->id >= HC_DOMID_FIRST_RESERVED)
		return 0;
	spin_lock(&lock);
	if (!*page)
		__atomic_store_n(page, page_alloc(), __ATOMIC_RELEASE);
	spin_unlock(&lock);
	if (!*page)
		return -ENOMEM;
	__atomic_store_n(&(*page)[d->id % PER_PAGE], d, __ATOMIC_RELEASE);
	return 0;
}

void owner_unregister(struct domain *d)
{
	if (owner_lookup(d->id) == d && d->id < HC_DOMID_FIRST_RESERVED)
		__atomic_store_n(&directory[d->id / PER_PAGE][d->id % PER_PAGE], NULL,
				 __ATOMIC_RELEASE);
}

struct domain *owner_lookup(unsigned int domid)
{
	struct domain **page;

	if (domid == HC_DOMID_XEN)
		return dom_xen;
	if (domid >= HC_DOMID_FIRST_RESERVED)
		return NULL;
	page = __atomic_load_n(&directory[domid / PER_PAGE], __ATOMIC_ACQUIRE);
	return page ? __atomic_load_n(&page[domid % PER_PAGE], __ATOMIC_ACQUIRE) : NULL;
}

int owner_charge(struct domain *d, uint64_t count)
{
	struct memory_domain *m = &d->memory;
	int rc = 0;

	spin_lock(&m->page_lock);
	if (m->relinquishing)
		rc = -EINVAL;
	else if (m->frames + count > m->max_frames)
		rc = -E2BIG;
	else
		m->frames += count;
	if (!rc && m->frames == count)
		domain_ref(d);
	spin_unlock(&m->page_lock);
	return rc;
}

static void reap_later(struct domain *d)
{
	struct domain *head = __atomic_load_n(&owner_reap_list, __ATOMIC_RELAXED);

	if (__atomic_fetch_add(&d->memory.reap_count, 1, __ATOMIC_SEQ_CST))
		return;		/* it is in the list already */
	do {
		d->memory.reap_next = head;
	} while (!__atomic_compare_exchange_n(&owner_reap_list, &head, d, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
}

void owner_uncharge(struct domain *d, uint64_t count)
{
	bool last;

	spin_lock(&d->memory.page_lock);
	d->memory.frames -= count;
	last = !d->memory.frames;
	spin_unlock(&d->memory.page_lock);
	if (last)
		reap_later(d);
}

void owner_reap_now(void)
{
	struct domain *d, *next;

	for (d = __atomic_exchange_n(&owner_reap_list, NULL, __ATOMIC_SEQ_CST); d; d = next) {
		uint32_t count;

		next = d->memory.reap_next;
		count = __atomic_exchange_n(&d->memory.reap_count, 0, __ATOMIC_SEQ_CST);
		while (count--)
			domain_put(d);
	}
}
