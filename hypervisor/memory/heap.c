// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Small allocations of the hypervisor.
 *
 * A slab is one frame of equal objects, powers of two from 16 to 2048 bytes.
 * Its administration is the frame's own frame table entry, so objects need no
 * header and keep their natural alignment:
 *
 *   owner  63..48 FRAME_OWNER_HEAP   47..40 order of the objects' size
 *          31..16 objects free       15..0 first free object (number), next in its first bytes
 *   type   as of a free frame: links to the other slabs with room
 *
 * Larger blocks are runs of frames; 47..40 holds 0x80 + their order.
 */
#include "domain/domain.h"
#include "lib/log.h"
#include "lib/string.h"
#include "memory/allocator.h"

#define ORDER_MIN 4
#define ORDER_MAX 11
#define RUN_MARK 0x80
#define RUN_MAX_ORDER 3
#define NIL 0x7fffffffU
/* What may be allocated on behalf of one domain, bytes. */
#define OVERHEAD_MAX (16ULL << 20)

static spinlock_t lock;					/* protects slabs' words and lists */
static uint32_t with_room[ORDER_MAX + 1] = { [0 ... ORDER_MAX] = NIL };

static unsigned int size_order(size_t size)
{
	return size <= 1u << ORDER_MIN ? ORDER_MIN : 64 - __builtin_clzll(size - 1);
}

static unsigned int slab_order(const struct frame *f)
{
	return f->owner >> 40 & 0xff;
}

static unsigned int slab_free_count(const struct frame *f)
{
	return f->owner >> 16 & 0xffff;
}

static void slab_set(struct frame *f, unsigned int order, unsigned int free, uint16_t first)
{
	__atomic_store_n(&f->owner, FRAME_OWNER_HEAP << FRAME_OWNER_SHIFT | (uint64_t)order << 40 |
			 free << 16 | first, __ATOMIC_RELAXED);
}

static void slab_link(struct frame *f, unsigned int order)
{
	uint32_t next = with_room[order], me = frame_mfn(f);

	f->type = 1ULL << 63 | (uint64_t)NIL << 32 | next;
	if (next != NIL)
		frame_of(next)->type = 1ULL << 63 | (uint64_t)me << 32 |
				       (frame_of(next)->type & NIL);
	with_room[order] = me;
}

static void slab_unlink(struct frame *f, unsigned int order)
{
	uint32_t next = f->type & NIL, prev = f->type >> 32 & NIL;

	if (next != NIL)
		frame_of(next)->type = 1ULL << 63 | (uint64_t)prev << 32 |
				       (frame_of(next)->type & NIL);
	if (prev != NIL)
		frame_of(prev)->type = (frame_of(prev)->type & ~(uint64_t)NIL) | next;
	else
		with_room[order] = next;
	f->type = 0;
}

static struct frame *slab_new(unsigned int order)
{
	mfn_t mfn = frames_alloc(0);
	unsigned int count = PAGE_SIZE >> order;
	char *base;

	if (mfn == MFN_INVALID)
		return NULL;
	base = mfn_to_virt(mfn);
	for (unsigned int i = 0; i < count; i++)
		*(uint16_t *)(base + ((size_t)i << order)) = i + 1;
	slab_set(frame_of(mfn), order, count, 0);
	return frame_of(mfn);
}

static void *slab_take(struct frame *f, unsigned int order)
{
	unsigned int free = slab_free_count(f);
	char *p = (char *)mfn_to_virt(frame_mfn(f)) + ((size_t)(f->owner & 0xffff) << order);

	slab_set(f, order, free - 1, *(uint16_t *)p);
	if (free == 1)
		slab_unlink(f, order);
	return p;
}

static void *run_alloc(size_t size)
{
	unsigned int order = size_order(size) - PAGE_SHIFT;
	mfn_t mfn;

	if (size <= PAGE_SIZE)
		order = 0;
	if (order > RUN_MAX_ORDER)
		return NULL;
	mfn = frames_alloc(order);
	if (mfn == MFN_INVALID)
		return NULL;
	slab_set(frame_of(mfn), RUN_MARK + order, 0, 0);
	return mfn_to_virt(mfn);
}

void *heap_alloc(size_t size)
{
	unsigned int order = size_order(size);
	struct frame *f;
	void *p;

	if (order > ORDER_MAX)
		return run_alloc(size);
	spin_lock(&lock);
	if (with_room[order] == NIL) {
		f = slab_new(order);
		if (!f) {
			spin_unlock(&lock);
			return NULL;
		}
		slab_link(f, order);
	}
	p = slab_take(frame_of(with_room[order]), order);
	spin_unlock(&lock);
	return memset(p, 0, 1UL << order);
}

void heap_free(void *p)
{
	struct frame *f;
	unsigned int order, free;

	if (!p)
		return;
	f = frame_of(virt_to_mfn(p));
	ASSERT(frame_owner_id(f->owner) == FRAME_OWNER_HEAP);
	order = slab_order(f);
	if (order >= RUN_MARK) {
		__atomic_store_n(&f->owner, FRAME_HYP, __ATOMIC_RELAXED);
		frames_free(frame_mfn(f), order - RUN_MARK);
		return;
	}
	spin_lock(&lock);
	free = slab_free_count(f);
	*(uint16_t *)p = f->owner & 0xffff;
	slab_set(f, order, free + 1, (virt_to_maddr(p) & (PAGE_SIZE - 1)) >> order);
	if (!free)
		slab_link(f, order);
	if (free + 1 < PAGE_SIZE >> order) {
		spin_unlock(&lock);
		return;
	}
	slab_unlink(f, order);
	__atomic_store_n(&f->owner, FRAME_HYP, __ATOMIC_RELAXED);
	spin_unlock(&lock);
	frames_free(frame_mfn(f), 0);
}

static bool charge(struct domain *d, uint64_t bytes)
{
	if (__atomic_add_fetch(&d->memory.overhead_bytes, bytes, __ATOMIC_RELAXED) <= OVERHEAD_MAX)
		return true;
	__atomic_sub_fetch(&d->memory.overhead_bytes, bytes, __ATOMIC_RELAXED);
	return false;
}

static void uncharge(struct domain *d, uint64_t bytes)
{
	__atomic_sub_fetch(&d->memory.overhead_bytes, bytes, __ATOMIC_RELAXED);
}

void *heap_alloc_for(struct domain *d, size_t size)
{
	uint64_t bytes = 1ULL << size_order(size);
	void *p;

	if (!charge(d, bytes))
		return NULL;
	p = heap_alloc(size);
	if (!p)
		uncharge(d, bytes);
	return p;
}

void heap_free_for(struct domain *d, void *p, size_t size)
{
	if (!p)
		return;
	uncharge(d, 1ULL << size_order(size));
	heap_free(p);
}

void *page_alloc_for(struct domain *d)
{
	void *p;

	if (!charge(d, PAGE_SIZE))
		return NULL;
	p = page_alloc();
	if (!p)
		uncharge(d, PAGE_SIZE);
	return p;
}

void page_free_for(struct domain *d, void *page)
{
	if (!page)
		return;
	uncharge(d, PAGE_SIZE);
	page_free(page);
}
