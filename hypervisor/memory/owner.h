/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which domain is behind a frame's owner number, and what it holds. */
#ifndef MEMORY_OWNER_H
#define MEMORY_OWNER_H

#include "memory/memory.h"

int owner_register(struct domain *d);	/* -ENOMEM */
void owner_unregister(struct domain *d);
/* NULL: not a domain's.  Lives as long as the caller's reference to one of its frames. */
struct domain *owner_lookup(unsigned int domid);

/*
 * Charge d for that many frames more: 0; -E2BIG over its maximum, -EINVAL when it
 * is being destroyed.  With uncharge for those it never got, or gave back.
 */
int owner_charge(struct domain *d, uint64_t count);
void owner_uncharge(struct domain *d, uint64_t count);
extern struct domain *owner_reap_list;	/* linked by memory.reap_next, lock-free */
__keeps_registers void owner_reap_now(void);
/*
 * Drop domain references of domains that lost their last frame since; not with
 * locks held.  Every memory hypercall ends with it.
 */
static inline void owner_reap(void)
{
	if (unlikely(__atomic_load_n(&owner_reap_list, __ATOMIC_RELAXED)))
		call_keeping(owner_reap_now);
}

#endif
