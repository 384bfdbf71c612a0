// SPDX-License-Identifier: GPL-2.0-or-later
/* The frame allocator and the heap: alignment, merging, zones, what freed memory shows. */
#include "memory_world.h"

#include <stdlib.h>
#include <string.h>

#include "memory/tlb.h"

static void blocks_are_aligned_and_apart(void **state)
{
	mfn_t got[64];
	unsigned int n = 0;

	(void)state;
	for (unsigned int order = 0; order <= 10; order++)
		for (unsigned int i = 0; i < 4; i++) {
			mfn_t mfn = frames_alloc(order);

			assert_true(mfn != MFN_INVALID);
			assert_int_equal(mfn & ((1ULL << order) - 1), 0);
			for (unsigned int k = 0; k < n; k++) {
				mfn_t other = got[k], size = 1ULL << k / 4;

				assert_true(mfn + (1ULL << order) <= other || other + size <= mfn);
			}
			got[n++] = mfn;
		}
	while (n--)
		frames_free(got[n], n / 4);
}

/* How many blocks of 2 MiB there are to be had. */
static unsigned int count_large(void)
{
	static mfn_t got[WORLD_FRAMES >> 9];
	unsigned int n = 0;

	while ((got[n] = frames_alloc(9)) != MFN_INVALID)
		n++;
	for (unsigned int i = 0; i < n; i++)
		frames_free(got[i], 9);
	return n;
}

static void everything_merges_again(void **state)
{
	uint64_t count = memory_free_frames(), n = 0;
	mfn_t *all = malloc(count * sizeof(*all)), single;
	unsigned int large = count_large();

	(void)state;
	assert_true(large > (WORLD_FRAMES >> 9) / 2);
	while ((single = frames_alloc(0)) != MFN_INVALID)
		all[n++] = single;
	assert_int_equal(n, count);
	assert_int_equal(memory_free_frames(), 0);
	/* Every other one first, so that nothing can merge until the second pass. */
	for (uint64_t i = 0; i < n; i += 2)
		frames_free(all[i], 0);
	assert_true(frames_alloc(1) == MFN_INVALID || n % 2);
	for (uint64_t i = 1; i < n; i += 2)
		frames_free(all[i], 0);
	assert_int_equal(memory_free_frames(), count);
	assert_int_equal(count_large(), large);
	/* All of it is in the same state now, so larger ones do, too. */
	single = frames_alloc(12);
	assert_true(single != MFN_INVALID);
	frames_free(single, 12);
	free(all);
}

static void high_memory_goes_first(void **state)
{
	mfn_t first = frames_alloc(0), low = allocator_get(0, 24), mid = allocator_get(3, 25);

	(void)state;
	assert_true(first >= 8192);
	assert_true(low < 4096);
	assert_true(mid < 8192);
	assert_int_equal(allocator_get(0, 23), MFN_INVALID);
	assert_int_equal(allocator_get(ALLOCATOR_MAX_ORDER + 1, 64), MFN_INVALID);
	frames_free(first, 0);
	frames_free(low, 0);
	frames_free(mid, 3);
}

static void assert_clean(mfn_t mfn, unsigned int order)
{
	for (unsigned int i = 0; i < (unsigned int)PTE_ENTRIES << order; i++)
		assert_int_equal(world_table(mfn)[i], 0);
}

/* Nothing else to be had: what comes next comes from what is given back from now on. */
static uint64_t take_all(mfn_t *others)
{
	uint64_t n = 0;

	while ((others[n] = frames_alloc(0)) != MFN_INVALID)
		n++;
	return n;
}

/* Freed memory keeps what is in it until somebody gets it, and then just the part that he gets is cleared. */
static void memory_is_cleared_when_given_out(void **state)
{
	mfn_t *others = malloc(memory_free_frames() * sizeof(*others)), mfn = frames_alloc(3), part;
	uint64_t n = take_all(others);

	(void)state;
	memset(mfn_to_virt(mfn), 0x5a, 8 * PAGE_SIZE);
	frames_free(mfn, 3);
	assert_int_equal(allocator_get(3, ALLOCATOR_ANY_BITS | ALLOCATOR_UNCLEARED), mfn);
	assert_int_equal(world_table(mfn)[7], 0x5a5a5a5a5a5a5a5a);
	allocator_put(mfn, 3, tlb_stamp_now());
	part = frames_alloc(0);
	assert_clean(part, 0);
	assert_int_equal(world_table(part ^ 1)[7], 0x5a5a5a5a5a5a5a5a);
	world_table(part)[7] = 1;
	frames_free(part, 0);
	assert_int_equal(frames_alloc(3), mfn);
	assert_clean(mfn, 3);
	frames_free(mfn, 3);
	while (n)
		frames_free(others[--n], 0);
	free(others);
}

static void idle_processors_clear_memory(void **state)
{
	mfn_t *others = malloc(memory_free_frames() * sizeof(*others)), mfn = frames_alloc(11);
	uint64_t n = take_all(others), parts = 0;

	(void)state;
	assert_false(allocator_clear());
	memset(mfn_to_virt(mfn), 0x5a, PAGE_SIZE << 11);
	frames_free(mfn, 11);
	assert_int_equal(memory_free_frames(), 1 << 11);
	while (allocator_clear())
		parts++;
	/* A little at a time, and all of it, which is one block again. */
	assert_in_range(parts, (1 << 11) / 64, 1 << 11);
	assert_clean(mfn, 11);
	assert_int_equal(memory_free_frames(), 1 << 11);
	/* Nobody looks at it again when it is given out. */
	world_table(mfn)[7] = 1;
	assert_int_equal(frames_alloc(11), mfn);
	assert_int_equal(world_table(mfn)[7], 1);
	/* What is taken in the middle of it is clean, and its rest too. */
	memset(mfn_to_virt(mfn), 0x5a, PAGE_SIZE << 11);
	frames_free(mfn, 11);
	for (unsigned int i = 0; i < 5; i++)
		assert_true(allocator_clear());
	for (unsigned int i = 0; i < 1 << 11; i++) {
		mfn_t one = frames_alloc(0);

		assert_clean(one, 0);
		if (i % 64 == 0)
			allocator_clear();
	}
	assert_int_equal(memory_free_frames(), 0);
	/* What was there before the start comes after what was given back. */
	memset(mfn_to_virt(mfn), 0x5a, PAGE_SIZE << 11);
	allocator_add(mfn, mfn + (1 << 10));
	for (unsigned int i = 0; i < 5; i++)
		assert_true(allocator_clear());
	assert_clean(mfn, 4);
	assert_int_equal(world_table(mfn + 512)[7], 0x5a5a5a5a5a5a5a5a);
	frames_free(mfn + (1 << 10), 10);
	assert_true(allocator_clear());
	assert_clean(mfn + (1 << 10), 2);
	assert_int_equal(world_table(mfn + 512)[7], 0x5a5a5a5a5a5a5a5a);
	while (allocator_clear())
		;
	assert_int_equal(frames_alloc(11), mfn);
	assert_clean(mfn, 11);
	frames_free(mfn, 11);
	while (n)
		frames_free(others[--n], 0);
	free(others);
}

/* Processor 1 has a guest's tables and does not flush after it; then it has none. */
static void others_are_left_alone_for_a_few_frames(void **state)
{
	mfn_t *others = malloc(memory_free_frames() * sizeof(*others)), mfn = frames_alloc(3), old = frames_alloc(4);
	uint64_t n = take_all(others);

	(void)state;
	cpu_online_mask = tlb_guest_cpus = 3;
	host_cpu.id = 1;
	tlb_flush_local();
	host_cpu.id = 0;
	memset(mfn_to_virt(mfn), 0x5a, 8 * PAGE_SIZE);
	allocator_put(mfn, 3, tlb_stamp_now());
	world.flushes = 0;
	assert_false(allocator_clear());
	assert_int_equal(world.flushes, 0);
	assert_int_equal(world_table(mfn)[7], 0x5a5a5a5a5a5a5a5a);
	/* Nor do they keep others from being cleared. */
	memset(mfn_to_virt(old), 0x5a, PAGE_SIZE);
	allocator_add(old, old + 1);
	assert_true(allocator_clear());
	assert_clean(old, 0);
	assert_false(allocator_clear());
	assert_int_equal(world.flushes, 0);
	/* Who takes them has it flushed. */
	assert_int_equal(frames_alloc(3), mfn);
	assert_int_equal(world.flushes, 1);
	assert_int_equal(frames_alloc(0), old);
	allocator_put(mfn, 3, tlb_stamp_now());
	tlb_guest_cpus = 1;
	assert_true(allocator_clear());
	assert_int_equal(world.flushes, 1);
	assert_clean(mfn, 3);
	cpu_online_mask = 1;
	assert_int_equal(frames_alloc(3), mfn);
	frames_free(mfn, 3);
	frames_free(old, 4);
	while (n)
		frames_free(others[--n], 0);
	free(others);
}

/* What was in use goes before what nobody has touched, unless another processor had to flush for it. */
static void used_memory_goes_before_old(void **state)
{
	mfn_t *others = malloc(memory_free_frames() * sizeof(*others)), mfn = frames_alloc(5);
	uint64_t n = take_all(others), used = mfn + 16;

	(void)state;
	allocator_add(mfn, mfn + 8);
	allocator_put(used, 3, tlb_stamp_now());
	assert_int_equal(frames_alloc(3), used);
	allocator_put(used, 3, tlb_stamp_now());
	cpu_online_mask = tlb_guest_cpus = 3;
	host_cpu.id = 1;
	tlb_flush_local();
	host_cpu.id = 0;
	allocator_put(frames_alloc(3), 3, tlb_stamp_now());
	world.flushes = 0;
	assert_int_equal(frames_alloc(3), mfn);
	assert_int_equal(world.flushes, 0);
	assert_int_equal(frames_alloc(3), used);
	assert_int_equal(world.flushes, 1);
	cpu_online_mask = tlb_guest_cpus = 1;
	frames_free(mfn, 5);
	while (n)
		frames_free(others[--n], 0);
	free(others);
}

/* Given back here and there, with idle processors at work: all of it merges, and nothing unclean gets out. */
static void clearing_and_merging(void **state)
{
	enum { FRAMES = 4096 };
	mfn_t *others, first = frames_alloc(12), mfns[FRAMES];
	unsigned int have = 0;
	uint64_t n;

	(void)state;
	others = malloc((memory_free_frames() + 1) * sizeof(*others));	/* and one for none */
	n = take_all(others);
	frames_free(first, 12);
	srand(2);
	for (unsigned int i = 0; i < 20000; i++) {
		unsigned int which = have ? rand() % have : 0;

		if (have && (have == FRAMES || rand() % 2)) {
			frames_free(mfns[which], 0);
			mfns[which] = mfns[--have];
		} else {
			mfns[have] = frames_alloc(0);
			assert_int_equal(world_table(mfns[have])[i % PTE_ENTRIES], 0);
			memset(mfn_to_virt(mfns[have++]), 0x5a, PAGE_SIZE);
		}
		if (rand() % 4 == 0)
			allocator_clear();
	}
	while (have)
		frames_free(mfns[--have], 0);
	while (allocator_clear())
		;
	assert_int_equal(memory_free_frames(), FRAMES);
	assert_clean(first, 12);
	assert_int_equal(frames_alloc(12), first);
	frames_free(first, 12);
	while (n)
		frames_free(others[--n], 0);
	free(others);
}

static void stamps_order_by_age(void **state)
{
	uint32_t now = tlb_stamp_now(), before = (now - 5) & TLB_STAMP_MASK;

	(void)state;
	assert_int_equal(tlb_stamp_later(now, before), now);
	assert_int_equal(tlb_stamp_later(before, now), now);
	/* Across the end of the 24 bits, too. */
	tlb_clock = 0x1000002;
	assert_int_equal(tlb_stamp_later(0xfffffe, 1), 1);
	/* A processor that flushed after the stamp is left alone; before, it is not. */
	tlb_flush_local();
	cpu_online_mask = tlb_guest_cpus = 3;
	host_cpu.id = 1;
	tlb_flush_local();
	host_cpu.id = 0;
	world.flushes = 0;
	tlb_flush_stamped(2, 1);
	assert_int_equal(world.flushes, 0);
	tlb_flush_stamped(2, tlb_stamp_now());
	assert_int_equal(world.flushes, 1);
	/* Nor is one that no guest's tables are loaded on. */
	tlb_guest_cpus = 1;
	tlb_flush_stamped(2, tlb_stamp_now());
	assert_int_equal(world.flushes, 1);
	cpu_online_mask = 1;
}

static void heap_objects_do_not_overlap(void **state)
{
	enum { N = 600 };
	char *p[N];
	size_t size[N];

	(void)state;
	srand(1);
	for (unsigned int round = 0; round < 4; round++) {
		for (unsigned int i = 0; i < N; i++) {
			size[i] = rand() % 4 ? 1 + rand() % 300 : 1 + rand() % 32768;
			p[i] = heap_alloc(size[i]);
			assert_non_null(p[i]);
			assert_int_equal((uintptr_t)p[i] % 16, 0);
			for (size_t k = 0; k < size[i]; k++)
				assert_int_equal(p[i][k], 0);
			memset(p[i], 1 + i % 255, size[i]);
		}
		for (unsigned int k = 0; k < N; k++) {
			unsigned int i = (k * 7) % N;

			assert_int_equal((unsigned char)p[i][0], 1 + i % 255);
			assert_int_equal((unsigned char)p[i][size[i] - 1], 1 + i % 255);
			heap_free(p[i]);
		}
	}
	assert_null(heap_alloc(32769));
	heap_free(NULL);
}

static void overhead_is_charged_and_bounded(void **state)
{
	struct domain *d = &world.dom[1];
	uint64_t before = d->memory.overhead_bytes;
	void *p = heap_alloc_for(d, 100), *pages[5000];
	unsigned int n = 0;

	(void)state;
	assert_int_equal(d->memory.overhead_bytes, before + 128);
	heap_free_for(d, p, 100);
	assert_int_equal(d->memory.overhead_bytes, before);
	while (n < 5000 && (pages[n] = page_alloc_for(d)))
		n++;
	assert_in_range(n, 1000, 4999);
	while (n)
		page_free_for(d, pages[--n]);
	assert_int_equal(d->memory.overhead_bytes, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(blocks_are_aligned_and_apart, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(everything_merges_again, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(high_memory_goes_first, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(memory_is_cleared_when_given_out, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(idle_processors_clear_memory, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(others_are_left_alone_for_a_few_frames, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(used_memory_goes_before_old, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(clearing_and_merging, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(stamps_order_by_age, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(heap_objects_do_not_overlap, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(overhead_is_charged_and_bounded, world_setup,
						world_teardown),
	};

	return cmocka_run_group_tests_name("allocator", tests, NULL, NULL);
}
