// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the firmware's memory map to a running allocator, once:
 *
 *   1. direct map of all RAM (boot/head.S made one of the low 4 GiB);
 *   2. frame table and machine-to-phys table, backed where there is RAM only:
 *      the frame table's holes show one shared page of "not RAM" entries, the
 *      other's one shared page of M2P_INVALID;
 *   3. whatever is left goes to the allocator.
 *
 * Until step 3 memory comes from a list of free ranges, highest first.
 */
#include "cpu/percpu.h"
#include "cpu/x86.h"
#include "lib/log.h"
#include "lib/string.h"
#include "memory/allocator.h"
#include "memory/hypmap.h"
#include "memory/memory.h"
#include "memory/pagetable.h"
#include "memory/reservation.h"
#include "memory/tlb.h"

#define SIZE_2M 0x200000ULL
#define SIZE_1G 0x40000000ULL
#define LOW_4G 0x100000000ULL
/*
 * The first MiB is full of things that firmware and hardware left there.  It
 * counts as device memory: the management domain may look into it.
 */
#define LOW_1M 0x100000ULL
/* Writes there raise interrupts; local APICs have their registers there, too. */
#define INTERRUPT_WINDOW_START 0xfee00000ULL
#define INTERRUPT_WINDOW_END 0xfef00000ULL
#define HYP_BITS (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL | PTE_NX)
#define FRAMES_PER_PIECE (SIZE_2M / sizeof(struct frame))
#define M2P_PER_PIECE (SIZE_2M / sizeof(uint64_t))
#define EARLY_RANGES (2 * MEMORY_MAX_RANGES)

struct memory_range memory_map[MEMORY_MAX_RANGES];
unsigned int memory_map_count;
mfn_t memory_max_mfn;
uint64_t memory_total_frames;
uint64_t memory_address_limit;
static uint64_t own_bytes;

static struct memory_range early[EARLY_RANGES] __initdata;	/* free, whole pages */
static unsigned int early_count __initdata;

uint64_t memory_own_bytes(void)
{
	return own_bytes;
}

static void __init early_add(uint64_t start, uint64_t end)
{
	start = ALIGN_UP(start, PAGE_SIZE);
	end = ALIGN_DOWN(end, PAGE_SIZE);
	start = MAX(start, LOW_1M);
	if (start < end && early_count < EARLY_RANGES)
		early[early_count++] = (struct memory_range){ start, end, 1 };
}

/* The usable range minus all reserved ones. */
static void __init early_add_free(uint64_t start, uint64_t end,
				  const struct memory_range *reserved, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (reserved[i].start >= end || reserved[i].end <= start)
			continue;
		/* What lies below may meet other reservations: look at it again. */
		if (reserved[i].start > start)
			early_add_free(start, ALIGN_DOWN(reserved[i].start, PAGE_SIZE), reserved,
				       count);
		start = MAX(start, ALIGN_UP(reserved[i].end, PAGE_SIZE));
		if (start >= end)
			return;
	}
	early_add(start, end);
}

/* Physical address of size bytes below limit, from the highest range; not cleared. */
static uint64_t __init early_alloc(uint64_t size, uint64_t limit)
{
	int best = -1;
	uint64_t best_at = 0;

	for (unsigned int i = 0; i < early_count; i++) {
		uint64_t end = MIN(early[i].end, limit), at;

		if (end < early[i].start + size)
			continue;
		at = ALIGN_DOWN(end - size, size);
		if (at >= early[i].start && at >= best_at) {
			best = i;
			best_at = at;
		}
	}
	if (best < 0)
		panic("out of memory at boot: %lu bytes", size);
	early_add(best_at + size, early[best].end);
	early[best].end = best_at;
	own_bytes += size;
	return best_at;
}

static void *__init early_table(void)
{
	/* Below 4 GiB, because only that much is certain to be mapped now. */
	void *page = maddr_to_virt(early_alloc(PAGE_SIZE, LOW_4G));

	clear_page(page);
	return page;
}

static uint64_t *__init entry_or_panic(uint64_t va, unsigned int level)
{
	uint64_t *slot = hyp_entry(va, level);

	if (!slot)
		panic("no memory for the hypervisor's page tables");
	return slot;
}

/*
 * head.S shares its level-2 tables between the direct map and the image, which
 * needs to be executable: build new ones, then put them in place.
 */
static void __init direct_map_low(void)
{
	for (uint64_t gib = 0; gib < 4; gib++) {
		uint64_t *l2 = early_table();

		for (uint64_t i = 0; i < PTE_ENTRIES; i++)
			l2[i] = (gib * SIZE_1G + i * SIZE_2M) | HYP_BITS | PTE_WRITE | PTE_LARGE;
		*entry_or_panic(DIRECT_VIRT + gib * SIZE_1G, 3) =
			virt_to_maddr(l2) | PTE_PRESENT | PTE_WRITE;
	}
}

static bool __init have_1g_pages(void)
{
	uint32_t a, b, c, d;

	cpuid(0x80000001, 0, &a, &b, &c, &d);
	return d >> 26 & 1;
}

static void __init direct_map_range(uint64_t start, uint64_t end, bool large)
{
	uint64_t at = ALIGN_DOWN(MAX(start, LOW_4G), SIZE_2M);

	end = MIN(ALIGN_UP(end, SIZE_2M), DIRECT_SIZE);
	while (at < end) {
		bool gib = large && !(at & (SIZE_1G - 1)) && end - at >= SIZE_1G;
		uint64_t *slot = entry_or_panic(DIRECT_VIRT + at, gib ? 3 : 2);

		*slot = at | HYP_BITS | PTE_WRITE | PTE_LARGE;
		at += gib ? SIZE_1G : SIZE_2M;
	}
}

static bool __init has_ram(uint64_t start, uint64_t end)
{
	for (unsigned int i = 0; i < memory_map_count; i++)
		if (memory_map[i].type == 1 && memory_map[i].start < end && memory_map[i].end > start)
			return true;
	return false;
}

/* A level-1 table all of whose entries show one page of the repeated word(s). */
static uint64_t __init hole_table(uint64_t even, uint64_t odd, uint64_t bits)
{
	uint64_t *page = early_table(), *l1 = early_table();

	for (unsigned int i = 0; i < PTE_ENTRIES; i++) {
		page[i] = i & 1 ? odd : even;
		l1[i] = virt_to_maddr(page) | bits;
	}
	return virt_to_maddr(l1);
}

static void __init frame_table_fill(mfn_t first, mfn_t end, uint64_t owner)
{
	for (mfn_t mfn = first; mfn < end; mfn++)
		*frame_of(mfn) = (struct frame){ owner, 0 };
}

static void __init frame_table_init(void)
{
	uint64_t hole = hole_table(FRAME_NOT_RAM, 0, HYP_BITS);

	for (mfn_t mfn = 0; mfn < memory_max_mfn; mfn += FRAMES_PER_PIECE) {
		uint64_t *slot = entry_or_panic((uint64_t)frame_of(mfn), 2);

		if (!has_ram(mfn << PAGE_SHIFT, (mfn + FRAMES_PER_PIECE) << PAGE_SHIFT)) {
			*slot = hole | PTE_PRESENT | PTE_WRITE;
			continue;
		}
		*slot = early_alloc(SIZE_2M, ~0ULL) | HYP_BITS | PTE_WRITE | PTE_LARGE;
		frame_table_fill(mfn, mfn + FRAMES_PER_PIECE, FRAME_NOT_RAM);
	}
	for (unsigned int i = 0; i < memory_map_count; i++) {
		const struct memory_range *r = &memory_map[i];
		mfn_t first = ALIGN_UP(MAX(r->start, LOW_1M), PAGE_SIZE) >> PAGE_SHIFT;
		mfn_t end = MIN(r->end >> PAGE_SHIFT, memory_max_mfn);

		if (r->type != 1 || first >= end)
			continue;
		frame_table_fill(first, end, FRAME_HYP);
		memory_total_frames += end - first;
	}
}

static void __init m2p_init(void)
{
	uint64_t hole = hole_table(M2P_INVALID, M2P_INVALID, HYP_BITS | PTE_USER);

	for (mfn_t mfn = 0; mfn < memory_max_mfn; mfn += M2P_PER_PIECE) {
		uint64_t offset = mfn * sizeof(uint64_t), piece;
		uint64_t *guest = entry_or_panic(M2P_GUEST_VIRT + offset, 2);

		if (!has_ram(mfn << PAGE_SHIFT, (mfn + M2P_PER_PIECE) << PAGE_SHIFT)) {
			*guest = hole | PTE_PRESENT | PTE_USER;
			continue;
		}
		piece = early_alloc(SIZE_2M, ~0ULL);
		*guest = piece | HYP_BITS | PTE_USER | PTE_LARGE;
		*entry_or_panic(M2P_VIRT + offset, 2) = piece | HYP_BITS | PTE_WRITE | PTE_LARGE;
		memset((void *)(M2P_VIRT + offset), 0xff, SIZE_2M);
	}
}

mfn_t m2p_extent(unsigned int n)
{
	const uint64_t *slot = hyp_entry(M2P_GUEST_VIRT + n * SIZE_2M, 2);

	return slot && *slot & PTE_LARGE ? pte_mfn(*slot) : MFN_INVALID;
}

/*
 * The table's frames are readable for whoever may map dom_xen's: tools of the
 * management domain look into it.
 */
static void __init m2p_share(void)
{
	for (mfn_t mfn = 0; mfn < memory_max_mfn; mfn += M2P_PER_PIECE) {
		mfn_t piece = m2p_extent(mfn / M2P_PER_PIECE);

		for (unsigned int i = 0; i < PTE_ENTRIES && piece != MFN_INVALID; i++)
			*frame_of(piece + i) = (struct frame){
				0x7ff2ULL << FRAME_OWNER_SHIFT | FRAME_SHARED | 1,
				FRAME_VALIDATED | 1,
			};
	}
}

static void __init find_limits(void)
{
	uint32_t a, b, c, d;

	for (unsigned int i = 0; i < memory_map_count; i++)
		if (memory_map[i].type == 1)
			memory_max_mfn = MAX(memory_max_mfn,
					     MIN(memory_map[i].end, DIRECT_SIZE) >> PAGE_SHIFT);
	cpuid(0x80000008, 0, &a, &b, &c, &d);
	memory_address_limit = 1ULL << (a & 0xff);
}

void __init memory_init(const struct memory_range *reserved, unsigned int count)
{
	bool large = have_1g_pages();

	find_limits();
	for (unsigned int i = 0; i < memory_map_count; i++)
		if (memory_map[i].type == 1)
			early_add_free(memory_map[i].start, MIN(memory_map[i].end, DIRECT_SIZE),
				       reserved, count);
	hyp_table_page = early_table;
	hypmap_init();
	direct_map_low();
	for (unsigned int i = 0; i < memory_map_count; i++)
		if (memory_map[i].type == 1)
			direct_map_range(memory_map[i].start, memory_map[i].end, large);
	tlb_flush_local();
	frame_table_init();
	m2p_init();
	m2p_share();
	for (unsigned int i = 0; i < early_count; i++)
		allocator_add(early[i].start >> PAGE_SHIFT, early[i].end >> PAGE_SHIFT);
	hyp_table_page = page_alloc;
	memory_protect_io(INTERRUPT_WINDOW_START, INTERRUPT_WINDOW_END);
	log_info("memory: %lu MiB, %lu MiB free, tables %lu KiB, %s pages",
		 memory_total_frames >> 8, memory_free_frames() >> 8, own_bytes >> 10,
		 large ? "1 GiB" : "2 MiB");
}

void memory_release(uint64_t start, uint64_t end)
{
	mfn_t first = ALIGN_UP(start, PAGE_SIZE) >> PAGE_SHIFT;
	mfn_t last = MIN(end >> PAGE_SHIFT, memory_max_mfn);

	while (first < last) {
		mfn_t end = first;

		while (end < last && frame_owner_word(frame_of(end)) == FRAME_HYP)
			end++;
		allocator_add(first, end);
		/* Frames of it that are not RAM, or not ours any more, stay what they are. */
		first = end + 1;
	}
}
