/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory kept up to date by the hypervisor: see area.h. */
#include "time/area.h"

#include "domain/domain.h"
#include "lib/string.h"
#include "memory/memory.h"

#define PTE_ADDRESS 0x000ffffffffff000ULL

static int area_frame_get(uint64_t va, struct frame **out, char **page)
{
	uint64_t l1e;
	mfn_t mfn;

	if (!guest_address_ok(va) || !pagetable_walk(current, va, &l1e))
		return -EFAULT;
	mfn = (l1e & PTE_ADDRESS) >> PAGE_SHIFT;
	if (!mfn_valid(mfn) || frame_get_both(mfn, current->domain, FRAME_WRITABLE, false))
		return -EFAULT;
	*out = frame_of(mfn);
	*page = mfn_to_virt(mfn);
	return 0;
}

static void area_replace(struct guest_area *a, struct guest_area *with)
{
	struct frame *old[2];

	spin_lock(&a->lock);
	for (int i = 0; i < 2; i++) {
		old[i] = a->frame[i];
		a->frame[i] = with->frame[i];
		a->part[i] = with->part[i];
	}
	a->split = with->split;
	spin_unlock(&a->lock);
	for (int i = 0; i < 2; i++)
		if (old[i]) {
			dirty_mark(frame_mfn(old[i]));
			frame_put_both(old[i]);
		}
}

int guest_area_set(struct guest_area *a, uint64_t va, size_t size)
{
	struct guest_area new = { .split = size };
	uint32_t offset = va & ~PAGE_MASK;
	int rc;

	if (!va) {
		guest_area_drop(a);
		return 0;
	}
	rc = area_frame_get(va, &new.frame[0], &new.part[0]);
	if (rc)
		return rc;
	new.part[0] += offset;
	if (offset + size > PAGE_SIZE) {
		new.split = PAGE_SIZE - offset;
		rc = area_frame_get(va + new.split, &new.frame[1], &new.part[1]);
		if (rc) {
			frame_put_both(new.frame[0]);
			return rc;
		}
	}
	area_replace(a, &new);
	return 0;
}

void guest_area_drop(struct guest_area *a)
{
	struct guest_area none = { .split = 0 };

	area_replace(a, &none);
}

void guest_area_write_parts(struct guest_area *a, size_t offset, const void *src, size_t size)
{
	size_t n = offset >= a->split ? 0 : MIN(size, a->split - offset);

	if (n)
		memcpy(a->part[0] + offset, src, n);
	if (n < size)
		memcpy(a->part[1] + (offset + n - a->split), (const char *)src + n, size - n);
}

void guest_area_frames(struct guest_area *a, void (*fn)(mfn_t mfn))
{
	spin_lock(&a->lock);
	for (int i = 0; i < 2; i++)
		if (a->frame[i])
			fn(frame_mfn(a->frame[i]));
	spin_unlock(&a->lock);
}
