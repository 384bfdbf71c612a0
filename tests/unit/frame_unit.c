// SPDX-License-Identifier: GPL-2.0-or-later
/* References and types of frames, one operation at a time, and from several threads at once. */
#include "memory_world.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "memory/tlb.h"

static void references_keep_a_frame(void **state)
{
	mfn_t mfn = world_frame(1);
	struct frame *f = frame_of(mfn);
	struct hc_memory_reservation r = {
		.extent_start = (uint64_t)&mfn, .nr_extents = 1, .domid = HC_DOMID_SELF,
	};

	(void)state;
	assert_true(frame_get_id(f, world.dom[1].id));
	assert_false(frame_get_id(f, world.dom[0].id));
	assert_int_equal(world_memory_op(HC_MEM_DECREASE_RESERVATION, &r), 1);
	/* Given back by its owner, but not free while somebody looks at it. */
	assert_int_equal(world_refs(mfn), 1);
	assert_int_equal(world.dom[1].memory.frames, 1);
	assert_int_equal(world_memory_op(HC_MEM_DECREASE_RESERVATION, &r), 0);
	frame_put(f);
	assert_int_equal(world.dom[1].memory.frames, 0);
	assert_false(frame_get_id(f, world.dom[1].id));
}

static void hypervisor_frames_are_nobodys(void **state)
{
	mfn_t mfn = frames_alloc(0);
	struct domain *owner;

	(void)state;
	for (unsigned int i = 0; i < 2; i++)
		assert_false(frame_get_id(frame_of(mfn), world.dom[i].id));
	assert_false(frame_get_any(frame_of(mfn), &owner));
	frames_free(mfn, 0);
	assert_false(frame_get_any(frame_of(mfn), &owner));
	assert_false(mfn_valid(WORLD_FRAMES - 1));
	assert_false(mfn_valid(WORLD_DEVICE_MFN));
	assert_true(mfn_valid(1));
}

static void one_type_at_a_time(void **state)
{
	mfn_t mfn = world_frame(1);
	struct frame *f = frame_of(mfn);

	(void)state;
	assert_int_equal(frame_get_type(f, FRAME_WRITABLE, false), 0);
	assert_int_equal(frame_get_type(f, FRAME_WRITABLE, false), 0);
	for (unsigned int type = FRAME_L1; type <= FRAME_DESCRIPTORS; type++)
		assert_int_equal(frame_get_type(f, type, false), -EINVAL);
	frame_put_type(f, false);
	assert_int_equal(frame_get_type(f, FRAME_L1, false), -EINVAL);
	frame_put_type(f, false);
	for (unsigned int type = FRAME_L1; type <= FRAME_WRITABLE; type++) {
		assert_int_equal(frame_get_type(f, type, false), 0);
		assert_int_equal(frame_get_type(f, type == FRAME_WRITABLE ? FRAME_L1 : type + 1,
						false), -EINVAL);
		frame_put_type(f, false);
		assert_int_equal(world_types(mfn), 0);
	}
}

static void type_changes_flush(void **state)
{
	mfn_t mfn = world_frame(1);
	struct frame *f = frame_of(mfn);

	(void)state;
	cpu_online_mask = 3;
	world.dom[1].dirty_cpus = 2;
	assert_int_equal(frame_get_type(f, FRAME_WRITABLE, false), 0);
	frame_put_type(f, false);
	world.flushes = 0;
	assert_int_equal(frame_get_type(f, FRAME_WRITABLE, false), 0);
	assert_int_equal(world.flushes, 0);
	frame_put_type(f, false);
	/* The other processor may still write to it. */
	assert_int_equal(frame_get_type(f, FRAME_L1, false), 0);
	assert_int_equal(world.flushes, 1);
	frame_put_type(f, false);
	host_cpu.id = 1;
	tlb_flush_local();
	host_cpu.id = 0;
	/* It has flushed since, so nothing is to be done. */
	assert_int_equal(frame_get_type(f, FRAME_L2, false), 0);
	assert_int_equal(world.flushes, 1);
	frame_put_type(f, false);
	cpu_online_mask = 1;
}

static void counts_do_not_overflow(void **state)
{
	mfn_t mfn = world_frame(1);
	struct frame *f = frame_of(mfn);

	(void)state;
	assert_int_equal(frame_get_type(f, FRAME_WRITABLE, false), 0);
	f->type |= FRAME_COUNT;
	assert_int_equal(frame_get_type(f, FRAME_WRITABLE, false), -EBUSY);
	assert_int_equal(frame_get_writable(f), -EBUSY);
	assert_int_equal(f->type & FRAME_COUNT, FRAME_COUNT);
	f->type = (f->type & ~FRAME_COUNT) | 1;
	frame_put_type(f, false);
}

static void shared_pages_outlive_their_end(void **state)
{
	char *page = page_alloc_for(&world.dom[1]);
	mfn_t mfn = virt_to_mfn(page);
	struct frame *f = frame_of(mfn);
	uint64_t free;

	(void)state;
	frame_share(mfn, &world.dom[1], true);
	assert_int_equal(frame_get_both(mfn, &world.dom[1], FRAME_WRITABLE, false), 0);
	assert_int_equal(frame_get_both(mfn, &world.dom[1], FRAME_L1, false), -EINVAL);
	frame_unshare(mfn);
	assert_false(frame_get_id(f, world.dom[1].id));
	free = memory_free_frames();
	page_free_for(&world.dom[1], page);
	assert_int_equal(memory_free_frames(), free);
	frame_put_both(f);
	assert_int_equal(memory_free_frames(), free + 1);

	/* Without anyone else it is free at once. */
	page = page_alloc_for(&world.dom[1]);
	mfn = virt_to_mfn(page);
	frame_share(mfn, &world.dom[1], false);
	assert_int_equal(frame_get_both(mfn, &world.dom[1], FRAME_WRITABLE, false), -EINVAL);
	frame_unshare(mfn);
	page_free_for(&world.dom[1], page);
	assert_int_equal(memory_free_frames(), free + 1);
}

static void locked_tables_stay(void **state)
{
	struct space s;
	struct frame *f;

	(void)state;
	world_space(1, &s);
	f = frame_of(s.l1);
	assert_int_equal(frame_lock_table(f, 1, 0), 0);
	assert_int_equal(frame_get_type(f, FRAME_L1, false), 0);
	assert_int_equal(frame_lock_table(f, 0, 0), 0);
	assert_int_equal(frame_lock_table(f, 1, 0), 1);
	assert_int_equal(world_types(s.l1), 2);
	frame_unlock_table(f);
	assert_int_equal(world_types(s.l1), 1);
	frame_put_type(f, false);
	/* A free frame's links must not look like a table, whatever they are. */
	for (mfn_t mfn = 1; mfn < WORLD_FRAMES; mfn++)
		if (frame_owner_id(frame_owner_word(frame_of(mfn))) == FRAME_OWNER_FREE)
			assert_int_equal(frame_lock_table(frame_of(mfn), FRAME_OWNER_FREE, 0), 0);
}

/* ---- several processors ---- */
#define THREADS 4
#define ROUNDS 3000

struct race {
	struct space s[2];
	mfn_t data[16];
};

static void put_table(mfn_t mfn)
{
	if (frame_put_table(frame_of(mfn), true))
		while (frame_put_resume(frame_of(mfn), 1, true))
			;
}

static void change_l1(struct race *r, unsigned int *seed)
{
	mfn_t l1 = r->s[rand_r(seed) % 2].l1;
	uint64_t *slot = &world_table(l1)[rand_r(seed) % 8];
	uint64_t new = pte_make(r->data[rand_r(seed) % 16], rand_r(seed) % 4);

	if (frame_lock_table(frame_of(l1), 1, (uintptr_t)slot) != 1)
		return;
	l1_entry_update(&world.dom[1], 1, slot, new, (struct entry_store){ .keep_ad = false });
	frame_unlock_table(frame_of(l1));
}

static void *race_thread(void *arg)
{
	struct race *r = arg;
	unsigned int seed = (uintptr_t)&seed >> 4;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		mfn_t l4 = r->s[rand_r(&seed) % 2].l4, l1 = r->s[rand_r(&seed) % 2].l1;
		int rc;

		switch (rand_r(&seed) % 4) {
		case 0:
			while ((rc = frame_get_both(l4, &world.dom[1], FRAME_L4, true)) == -ERESTART)
				;
			if (!rc) {
				change_l1(r, &seed);
				put_table(l4);
			}
			break;
		case 1:
			rc = frame_get_both(l1, &world.dom[1], FRAME_WRITABLE, false);
			if (!rc)
				frame_put_both(frame_of(l1));
			break;
		case 2:
			while ((rc = frame_get_both(l1, &world.dom[1], FRAME_L1, true)) == -ERESTART)
				;
			if (!rc) {
				change_l1(r, &seed);
				put_table(l1);
			}
			break;
		default:
			change_l1(r, &seed);
		}
	}
	return NULL;
}

static void processors_race(void **state)
{
	pthread_t threads[THREADS];
	struct race r;

	(void)state;
	world_space(1, &r.s[0]);
	world_space(1, &r.s[1]);
	/* The second space uses the first one's L2, too. */
	world_table(r.s[1].l3)[1] = pte_make(r.s[0].l2, PTE_PRESENT | PTE_WRITE);
	for (unsigned int i = 0; i < 16; i++)
		r.data[i] = i ? world_frame(1) : r.s[0].l1;
	world.preempt_every = 3;
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, race_thread, &r);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	world_check();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(references_keep_a_frame, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(hypervisor_frames_are_nobodys, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(one_type_at_a_time, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(type_changes_flush, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(counts_do_not_overflow, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(shared_pages_outlive_their_end, world_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(locked_tables_stay, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(processors_race, world_setup, world_teardown),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
