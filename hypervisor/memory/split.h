/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Split tables, where the processor reads ahead of its permission checks
 * (Meltdown): a guest runs on tables that map nothing of the hypervisor but
 * what the entry code touches before it can load others.
 *
 *   slot of level 4         inner: C runs on it        outer: the guest runs on it
 *   0..255, 272..511        the guest's entries        the same
 *   256  M2P                all of it                  the same
 *   259  vcpus' windows     all domains'               its own domain's
 *   260  image, blocks      all                        entry code, IDT, entry pages of blocks
 *   261  link               address of the outer one   -
 *   others of the hole      all                        -
 *
 * The inner table is the guest's own (or its shadow, while writes are logged);
 * the outer one is a page of ours that follows it.  The link is kept as an
 * entry that is not present, with its bits inverted, so that it names no
 * memory to a processor that would use even such an entry (L1TF).
 *
 * Elsewhere there is one table, inner and outer.
 */
#ifndef MEMORY_SPLIT_H
#define MEMORY_SPLIT_H

#include "lib/base.h"

struct domain;
struct vcpu;

extern bool split_tables;	/* set before memory_init(), for good */

void split_init(void);
/* These pages, mapped as they will stay, appear in all outer tables from now on: -ENOMEM. */
int split_expose(const void *start, size_t size);
/* The same for a vcpu's window, in its own domain's outer tables. */
int split_expose_window(struct domain *d, uint64_t window);
void split_domain_free(struct domain *d);

/* Both are told about a guest's level-4 table, or a shadow of one, under its owner's lock: */
void split_link(struct domain *d, uint64_t *inner, uint64_t *outer);	/* outer: a page, to be filled */
void split_entry_changed(uint64_t *inner, unsigned int index);
/* A validated level-4 table of d's: gets an outer one (-ENOMEM), loses it. */
int split_table_made(struct domain *d, uint64_t *inner);
void split_table_gone(struct domain *d, uint64_t *inner);

uint64_t split_outer_of(uint64_t cr3);

/* What the guest runs on where C runs on that table; 0: none. */
static inline uint64_t split_outer(uint64_t cr3)
{
	return unlikely(split_tables) && cr3 ? split_outer_of(cr3) : cr3;
}
/* After both v->cr3_* have changed. */
void split_follow(struct vcpu *v);

#endif
