/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A structure in guest memory that the hypervisor keeps up to date (runstate,
 * second time info), registered by virtual address.  The address is translated
 * once and its frames are held: writing then needs no address space and cannot
 * fault, even when the vcpu last ran in user mode, whose tables lack it.
 */
#ifndef TIME_AREA_H
#define TIME_AREA_H

#include "lib/base.h"
#include "lib/spinlock.h"

struct frame;

struct guest_area {
	spinlock_t lock;		/* protects all below */
	char *part[2];			/* it may cross a page; NULL, NULL: none registered */
	uint32_t split;			/* bytes in the first part */
	struct frame *frame[2];
};

/*
 * Register va (0: none, dropping the one before) in the tables of current, as
 * memory of its domain.  size: at most a page.  -EFAULT: not mapped to memory that
 * the domain owns and may write.
 */
int guest_area_set(struct guest_area *a, uint64_t va, size_t size);
void guest_area_drop(struct guest_area *a);
/* Calls fn for each frame that the area is in. */
void guest_area_frames(struct guest_area *a, void (*fn)(mfn_t mfn));

/* All with a->lock held and, but for the last, an area registered; offset + size within it. */
void guest_area_write_parts(struct guest_area *a, size_t offset, const void *src, size_t size);
static __always_inline void guest_area_write(struct guest_area *a, size_t offset, const void *src, size_t size)
{
	/* With a size that is known a few stores: it is done at each change of who runs. */
	if (likely(offset + size <= a->split))
		__builtin_memcpy(a->part[0] + offset, src, size);
	else
		guest_area_write_parts(a, offset, src, size);
}
static inline bool guest_area_present(const struct guest_area *a)
{
	return a->part[0];
}

#endif
