/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grant tables, version 1: one domain lets another map, copy or take its frames. */
#ifndef GRANT_GRANT_H
#define GRANT_GRANT_H

#include "lib/base.h"
#include "lib/spinlock.h"

struct domain;
struct grant_mapping;
struct grant_part;

struct grant_domain {
	spinlock_t lock;		/* growth of the table */
	uint32_t frames, max_frames;	/* frames: published after their parts */
	struct grant_part *parts;
	spinlock_t map_lock;		/* the fields below, and the free handles */
	struct grant_mapping **maps;	/* what this domain has mapped of others: pages, by handle */
	uint32_t map_count;		/* handles that exist */
	uint32_t map_limit;		/* and at most */
	uint32_t map_free;		/* first free handle; MAP_NONE: none */
	uint32_t map_next_release;	/* where a preempted relinquish goes on */
};

int grant_domain_init(struct domain *d, uint32_t max_frames);	/* 0: default (32) */
int grant_domain_relinquish(struct domain *d);	/* release its mappings; -ERESTART */
void grant_domain_free(struct domain *d);
long hypercall_grant_table_op(uint64_t cmd, uint64_t arg, uint64_t count);
/* Write entry ref: peer may map frame mfn for writing.  -EINVAL: ref beyond the table; -ENOMEM. */
int grant_seed(struct domain *d, uint32_t ref, uint16_t peer, mfn_t mfn);
/* XENMAPSPACE_grant_table of add_to_physmap, XENMEM_acquire_resource: frame idx (grown on demand). */
int grant_shared_frame(struct domain *d, uint32_t idx, mfn_t *mfn);
/* Calls fn for each frame that others have mapped, or are copying to, by d's grants. */
void grant_written_frames(struct domain *d, void (*fn)(mfn_t mfn));
void grant_dump(struct domain *d);

#endif
