/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list operations of grant_table_op; private to grant/.  Each does the entries
 * from arg on, and returns what the hypercall does.
 */
#ifndef GRANT_MAP_H
#define GRANT_MAP_H

#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "memory/owner.h"

/* Entries between looks at whether to go on, and of one TLB flush. */
#define GRANT_BATCH 32

/* The domain whose grants an entry names: mostly the one before it did, too, so its reference is kept. */
struct granter {
	struct domain *domain;	/* NULL: none */
	uint16_t domid;		/* as the caller wrote it */
};

static inline void granter_put(struct granter *g)
{
	if (g->domain)
		domain_put(g->domain);
}

static inline struct domain *granter_get(struct granter *g, uint16_t domid)
{
	if (g->domain && g->domid == domid)
		return g->domain;
	granter_put(g);
	*g = (struct granter){ domain_get(domid), domid };
	return g->domain;
}

/* A list of which so many entries are left ends there with an error, or goes on later. */
long grant_list_stopped(unsigned int cmd, uint64_t arg, uint32_t left, int error);

static inline bool grant_list_preempted(uint32_t count, uint32_t left)
{
	return unlikely(left != count && !((count - left) % GRANT_BATCH)) && hypercall_preempt_check();
}

static inline long grant_list_end(unsigned int cmd, uint64_t arg, uint32_t left, int error)
{
	/* The last frames of domains that are gone may have been freed. */
	owner_reap();
	return likely(!left) ? 0 : grant_list_stopped(cmd, arg, left, error);
}

long grant_map_list(uint64_t arg, uint32_t count);
long grant_unmap_list(uint64_t arg, uint32_t count);
long grant_replace_list(uint64_t arg, uint32_t count);
long grant_copy_list(uint64_t arg, uint32_t count);

#endif
