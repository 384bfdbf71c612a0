/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log of the frames of a domain that were written, a bit for each guest
 * frame number (dirty.c), and the shadow page tables that the domain runs on
 * meanwhile, so that its writes fault (shadow.c).
 *
 * Marks follow the write that they are for.  Only a write through a shadow
 * entry comes after its mark; dirty_log_read() takes the entries away, from all
 * processors, after it has taken the marks.
 */
#ifndef MEMORY_DIRTY_H
#define MEMORY_DIRTY_H

#include <hypercall/control.h>
#include "memory/memory.h"

/*
 * Turn the log of d on or off.  d is paused, its lock held, and its address
 * spaces are to be forgotten by all processors before it goes on.
 * ENABLE: -EBUSY, -EINVAL (size), -ENOMEM.
 */
int dirty_log_enable(struct domain *d, uint64_t size);
void dirty_log_disable(struct domain *d);
/* Free what a log that is off has left, when no processor uses it any more; -ERESTART. */
int dirty_log_free(struct domain *d);
/* CLEAR or PEEK as in control.h: 0, -EINVAL, -EFAULT, -ERESTART. */
long dirty_log_read(struct domain *d, struct hc_control_dirty_log *op, bool clear);
void dirty_log_statistics(struct domain *d, struct hc_control_dirty_log *op);

/* With the log's lock held: a frame is about to be, or was, written. */
void dirty_mark_locked(struct domain *d, mfn_t mfn);
/* Whether such a mark is there; true for frames that are not in the log. */
bool dirty_marked(const struct domain *d, mfn_t mfn);
/* Frames the log does not cover: other domains', and those the hypervisor shares. */
bool dirty_loggable(const struct domain *d, mfn_t mfn);

/* Shadow tables; all with the log's lock held. */
int shadow_start(struct domain *d);		/* -ENOMEM */
void shadow_stop(struct domain *d);
/* All writable entries go, as far as the domain can reach any.  Flush afterwards. */
void shadow_revoke(struct domain *d);
/* Free the tables of a stopped one; -ERESTART. */
int shadow_free(struct domain *d);

#endif
