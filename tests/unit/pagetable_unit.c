// SPDX-License-Identifier: GPL-2.0-or-later
/* What may be a page table, what may not, and checking that stops half-way. */
#include "memory_world.h"
#include "memory/present.h"

#include <stdlib.h>
#include <string.h>

#define TABLE (PTE_PRESENT | PTE_WRITE)

/* Entries that are present, alone and in any company, among others of which all but that bit is set. */
static void present_entries_are_found(void **state)
{
	static uint64_t table[PTE_ENTRIES] __attribute__((aligned(PAGE_SIZE)));

	(void)state;
	srandom(1);
	for (unsigned int round = 0; round < 2 * PTE_ENTRIES; round++) {
		uint32_t blocks = 0, entries[PTE_ENTRIES / FRAME_USED_BLOCK] = { 0 };
		unsigned int among = round < PTE_ENTRIES ? 0 : 1 + random() % PTE_ENTRIES;

		for (unsigned int i = 0; i < PTE_ENTRIES; i++) {
			bool present = among ? random() % among == 0 : i == round;

			table[i] = (random() & 1 ? ~PTE_PRESENT : 0) | (present ? PTE_PRESENT : 0);
			blocks |= (uint32_t)present << i / FRAME_USED_BLOCK;
			entries[i / FRAME_USED_BLOCK] |= (uint32_t)present << i % FRAME_USED_BLOCK;
		}
		assert_int_equal(table_blocks(table), blocks);
		for (unsigned int b = 0; b < PTE_ENTRIES / FRAME_USED_BLOCK; b++)
			assert_int_equal(block_entries(table + b * FRAME_USED_BLOCK), entries[b]);
	}
}

/* Our slots share a block with the guest's; whatever is in ours is nobody's reference. */
static void our_slots_are_left_out(void **state)
{
	const unsigned int around[] = { L4_HOLE_FIRST - 1, L4_HOLE_LAST + 1, L4_HOLE_FIRST + FRAME_USED_BLOCK - 1 };
	struct space s;

	(void)state;
	world_space(1, &s);
	for (unsigned int i = 0; i < ARRAY_SIZE(around); i++)
		world_table(s.l4)[around[i]] = pte_make(s.l3, TABLE);
	for (unsigned int i = L4_HOLE_FIRST; i <= L4_HOLE_LAST; i++)
		world_table(s.l4)[i] = pte_make(s.l2, TABLE);
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, s.l4, 0), 0);
	assert_int_equal(world_types(s.l3), 1 + ARRAY_SIZE(around));
	assert_int_equal(world_types(s.l2), 1);
	world_check();
	assert_int_equal(world_mmuext(HC_MMUEXT_UNPIN_TABLE, s.l4, 0), 0);
	assert_int_equal(world_types(s.l3), 0);
	assert_int_equal(world_types(s.l2), 0);
	world_check();
}

static void a_tree_is_validated_and_undone(void **state)
{
	struct space s;

	(void)state;
	world_space(1, &s);
	world_table(s.l4)[0] &= ~PTE_USER;
	world_table(s.l1)[7] = pte_make(s.data, PTE_PRESENT | PTE_GLOBAL);
	world_table(s.l1)[8] = pte_make(12345, 0xf00 & ~PTE_PRESENT);
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, s.l4, 0), 0);
	assert_true(world_validated(s.l4) && world_validated(s.l3) && world_validated(s.l2));
	assert_int_equal(world_type(s.l1), FRAME_L1);
	assert_int_equal(world_type(s.data), FRAME_WRITABLE);
	/* Guests' kernels run in ring 3, and nothing of theirs is global. */
	assert_true(world_table(s.l4)[0] & PTE_USER);
	assert_int_equal(world_table(s.l1)[7] & (PTE_USER | PTE_GLOBAL), PTE_USER);
	assert_int_equal(world_table(s.l1)[8], pte_make(12345, 0xf00));
	for (unsigned int i = L4_HOLE_FIRST; i <= L4_HOLE_LAST; i++)
		assert_int_equal(world_table(s.l4)[i], hyp_l4[i]);
	world_check();
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, s.l4, 0), -EINVAL);
	assert_int_equal(world_mmuext(HC_MMUEXT_UNPIN_TABLE, s.l4, 0), 0);
	assert_int_equal(world_mmuext(HC_MMUEXT_UNPIN_TABLE, s.l4, 0), -EINVAL);
	assert_int_equal(world_types(s.data), 0);
	assert_int_equal(world_types(s.l2), 0);
	world_check();
}

static void expect_refused(struct space *s)
{
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, s->l4, 0), -EINVAL);
	assert_int_equal(world_types(s->l4), 0);
	world_check();
}

static void hostile_tables_are_refused(void **state)
{
	struct space s;
	mfn_t foreign = world_frame(0), hyp = frames_alloc(0);
	const struct {
		unsigned int level, index;
		uint64_t entry;
	} cases[] = {
		{ 1, 511, pte_make(foreign, TABLE) },
		{ 1, 511, pte_make(foreign, PTE_PRESENT) },
		{ 1, 5, pte_make(hyp, PTE_PRESENT) },
		{ 1, 5, pte_make(WORLD_DEVICE_MFN, PTE_PRESENT) },
		{ 1, 5, pte_make(WORLD_FRAMES - 1, TABLE) },
		{ 1, 5, PTE_ADDRESS | PTE_PRESENT },
		{ 2, 3, pte_make(foreign, TABLE) },
		{ 2, 3, pte_make(hyp, TABLE) },
		{ 2, 3, pte_make(WORLD_DEVICE_MFN, TABLE) },
		{ 3, 511, PTE_ADDRESS | TABLE },
		{ 4, 300, pte_make(foreign, TABLE) },
	};

	(void)state;
	world_space(1, &s);
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		mfn_t tables[] = { 0, s.l1, s.l2, s.l3, s.l4 };
		uint64_t *slot = &world_table(tables[cases[i].level])[cases[i].index];

		*slot = cases[i].entry;
		expect_refused(&s);
		*slot = 0;
	}
	/* Writable mappings of the tables themselves. */
	mfn_t own[] = { s.l1, s.l2, s.l3, s.l4 };

	for (unsigned int i = 0; i < ARRAY_SIZE(own); i++) {
		world_table(s.l1)[9] = pte_make(own[i], TABLE);
		expect_refused(&s);
	}
	world_table(s.l1)[9] = pte_make(s.l1, PTE_PRESENT);
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, s.l4, 0), 0);
	assert_int_equal(world_mmuext(HC_MMUEXT_UNPIN_TABLE, s.l4, 0), 0);
	frames_free(hyp, 0);
}

static void tables_do_not_contain_themselves(void **state)
{
	struct space s;

	(void)state;
	world_space(1, &s);
	for (unsigned int i = 0; i < 3; i++) {
		mfn_t tables[] = { s.l4, s.l3, s.l2 }, upper[] = { s.l4, s.l3, s.l4 };

		world_table(tables[i])[17] = pte_make(tables[i], TABLE);
		expect_refused(&s);
		world_table(tables[i])[17] = pte_make(upper[i], PTE_PRESENT);
		expect_refused(&s);
		world_table(tables[i])[17] = 0;
	}
}

static void flags_are_checked(void **state)
{
	const uint64_t bad[] = { PTE_LARGE, PTE_GLOBAL, PTE_PCD, PTE_PWT };
	struct space s;

	(void)state;
	world_space(1, &s);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		for (unsigned int level = 2; level <= 4; level++) {
			mfn_t tables[] = { 0, 0, s.l2, s.l3, s.l4 };

			world_table(tables[level])[0] |= bad[i];
			expect_refused(&s);
			world_table(tables[level])[0] &= ~bad[i];
		}
	/* Cache attributes are for those who drive devices. */
	world_table(s.l1)[0] |= PTE_PCD;
	expect_refused(&s);
	world_table(s.l1)[0] &= ~PTE_PCD;
	/* No execute, and the bits that software may use. */
	world_table(s.l1)[0] |= PTE_NX | 0x7fULL << 52 | 0xe00;
	world_table(s.l4)[0] |= PTE_NX | 0x7fULL << 52;
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, s.l4, 0), 0);
}

static void privileged_domain_maps_devices(void **state)
{
	struct space s;

	(void)state;
	world_enter(0);
	world_space(0, &s);
	memory_protect_io((WORLD_DEVICE_MFN + 1) << PAGE_SHIFT, (WORLD_DEVICE_MFN + 2) << PAGE_SHIFT);
	world_table(s.l1)[1] = pte_make(WORLD_DEVICE_MFN, TABLE | PTE_PCD);
	world_table(s.l1)[2] = pte_make(WORLD_FRAMES - 1, TABLE | PTE_PAT);
	world_table(s.l1)[3] = pte_make(WORLD_DEVICE_MFN + 1, TABLE);
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, s.l4, 0), 0);
	assert_true(world_table(s.l1)[1] & PTE_WRITE);
	assert_false(world_table(s.l1)[3] & PTE_WRITE);
	world_check();
	assert_int_equal(world_mmuext(HC_MMUEXT_UNPIN_TABLE, s.l4, 0), 0);
	world_table(s.l1)[1] = pte_make(1ULL << 30, PTE_PRESENT);
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, s.l4, 0), -EINVAL);
	world_check();
}

static void hidden_device(void **state)
{
	static struct domain hypervisor = { .id = HC_DOMID_XEN };
	const uint64_t start = ((WORLD_DEVICE_MFN + 8) << PAGE_SHIFT) + 0x400;
	const uint32_t *seen;
	struct space s;

	(void)state;
	world_enter(0);
	world_space(0, &s);
	dom_xen = &hypervisor;
	memory_hide_io(start, start + 0x400, 0x1f00);
	world.free_at_start--;	/* the page that is seen stays for good */
	world_table(s.l1)[1] = pte_make(WORLD_DEVICE_MFN + 8, TABLE | PTE_PCD);
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, s.l4, 0), 0);
	assert_false(world_table(s.l1)[1] & (PTE_WRITE | PTE_PCD));
	seen = mfn_to_virt(pte_mfn(world_table(s.l1)[1]));
	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*seen); i++)
		assert_int_equal(seen[i], i == 0x400 / sizeof(*seen) ? 0x1f00 : 0);
	assert_int_equal(world_mmuext(HC_MMUEXT_UNPIN_TABLE, s.l4, 0), 0);
	world_check();
}

/* Wide: every level has several entries, so that each can be interrupted. */
static mfn_t wide_tree(unsigned int width)
{
	mfn_t l4 = world_frame(1);

	for (unsigned int i = 0; i < width; i++) {
		mfn_t l3 = world_frame(1);

		world_table(l4)[i * 100] = pte_make(l3, TABLE);
		for (unsigned int j = 0; j < width; j++) {
			mfn_t l2 = world_frame(1);

			world_table(l3)[j * 100] = pte_make(l2, TABLE);
			for (unsigned int k = 0; k < width; k++) {
				mfn_t l1 = world_frame(1), data = world_frame(1);

				world_table(l2)[k * 100] = pte_make(l1, TABLE);
				world_table(l1)[k] = pte_make(data, TABLE);
				world_table(l1)[k + 1] = pte_make(data, PTE_PRESENT);
			}
		}
	}
	return l4;
}

static void interrupted_checks_go_on(void **state)
{
	mfn_t l4 = wide_tree(5);
	unsigned int pieces = 0;
	long rc;

	(void)state;
	for (unsigned int every = 1; every < 6; every++) {
		world.preempt_every = every;
		while ((rc = world_mmuext_abandon(HC_MMUEXT_PIN_L4_TABLE, l4)) == -ERESTART) {
			pieces++;
			world_check();
			if (pieces > 100000)
				fail_msg("no progress");
		}
		assert_int_equal(rc, 0);
		world_check();
		assert_int_equal(world_mmuext(HC_MMUEXT_UNPIN_TABLE, l4, 0), 0);
		/* The frames are ordinary memory again as soon as the call is over. */
		assert_int_equal(frame_get_both(l4, &world.dom[1], FRAME_WRITABLE, false), 0);
		frame_put_both(frame_of(l4));
		world.preempt_every = 0;
		assert_null(world.vcpu[1].memory.deferred);
		world_check();
	}
	assert_true(pieces > 20);
}

static void both_directions_meet(void **state)
{
	mfn_t l4 = wide_tree(5);

	(void)state;
	for (unsigned int every = 1; every < 8; every++) {
		/* Begun and forgotten, or begun, finished and half undone: then the other way. */
		world.preempt_every = every;
		world_mmuext_abandon(HC_MMUEXT_PIN_L4_TABLE, l4);
		world_check();
		world.preempt_every = 0;
		assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, l4, 0), 0);
		world_check();
		world.preempt_every = every;
		assert_int_equal(world_mmuext_abandon(HC_MMUEXT_UNPIN_TABLE, l4), -ERESTART);
		world.vcpu[1].memory.deferred = NULL;
		world.preempt_every = 0;
		assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, l4, 0), 0);
		world_check();
		assert_int_equal(world_mmuext(HC_MMUEXT_UNPIN_TABLE, l4, 0), 0);
		world_check();
	}
}

static void interrupted_failures_stay_failures(void **state)
{
	mfn_t l4 = wide_tree(4), l3, l2;

	(void)state;
	/* The last entry that is looked at is bad. */
	l3 = pte_mfn(world_table(l4)[300]);
	l2 = pte_mfn(world_table(l3)[300]);
	world_table(l2)[511] = pte_make(l4, TABLE);
	for (unsigned int every = 1; every < 7; every++) {
		unsigned int pieces = 0;
		long rc;

		world.preempt_every = every;
		while ((rc = world_mmuext_abandon(HC_MMUEXT_PIN_L4_TABLE, l4)) == -ERESTART) {
			world_check();
			assert_true(++pieces < 10000);
		}
		assert_int_equal(rc, -EINVAL);
		world_check();
		assert_int_equal(world_types(l4), 0);
	}
	/* Chains of failing tables must not lead undoing into the depth. */
	for (unsigned int i = 0; i < 40; i++) {
		mfn_t bad = world_frame(1), next = world_frame(1);

		world_table(bad)[0] = pte_make(pte_mfn(world_table(l4)[0]), TABLE);
		world_table(bad)[1] = pte_make(pte_mfn(world_table(l4)[100]), TABLE);
		world_table(bad)[2] = pte_make(next, TABLE | PTE_LARGE);
		world.preempt_every = 1;
		world_mmuext_abandon(HC_MMUEXT_PIN_L4_TABLE, bad);
		world_check();
	}
}

static void destruction_frees_everything(void **state)
{
	mfn_t l4 = wide_tree(5), other = wide_tree(3), user = wide_tree(2);
	unsigned int calls;

	(void)state;
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, l4, 0), 0);
	assert_int_equal(world_mmuext(HC_MMUEXT_NEW_BASEPTR, l4, 0), 0);
	assert_int_equal(world_mmuext(HC_MMUEXT_NEW_USER_BASEPTR, user, 0), 0);
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L1_TABLE, world_frame(1), 0), 0);
	world.preempt_every = 2;
	world_mmuext_abandon(HC_MMUEXT_PIN_L4_TABLE, other);
	calls = world_destroy(1);
	assert_true(calls > 10);
	assert_int_equal(world.dom[1].memory.frames, 0);
	assert_int_equal(world.domain_puts[1], 1);
	world_check();
}

/* Nobody else wants the processor, and still the one who destroys gets it back now and then. */
static void destruction_comes_in_parts(void **state)
{
	enum { CHUNKS = 12, CHUNK = 512, PART = 2 * CHUNK };
	mfn_t l4 = wide_tree(3), first;
	unsigned int calls;
	uint64_t before;

	(void)state;
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, l4, 0), 0);
	for (unsigned int i = 0; i < CHUNKS; i++) {
		assert_int_equal(domain_frames_alloc(&world.dom[1], 9, &first), 0);
		memset(mfn_to_virt(first), 0x5a, CHUNK * PAGE_SIZE);
	}
	before = world.dom[1].memory.frames;
	assert_int_equal(memory_domain_relinquish(&world.dom[1]), -ERESTART);
	/* Tables went first, and what they alone kept. */
	assert_false(world_validated(l4));
	assert_true(before - world.dom[1].memory.frames <= PART);
	for (calls = 1; world.dom[1].memory.frames; calls++) {
		before = world.dom[1].memory.frames;
		memory_domain_relinquish(&world.dom[1]);
		assert_in_range(before - world.dom[1].memory.frames, 1, PART);
	}
	assert_true(calls >= CHUNKS * CHUNK / PART);
	assert_int_equal(m2p_get(first), M2P_INVALID);
	assert_int_equal(world_destroy(1), 1);
	world_check();
}

static void foreign_mappings_keep_a_zombie(void **state)
{
	struct space s;
	mfn_t theirs = world_frame(1);
	struct hc_mmu_update u;

	(void)state;
	world_enter(0);
	world_space(0, &s);
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, s.l4, 0), 0);
	u.ptr = (s.l1 << PAGE_SHIFT) + 8;
	u.val = pte_make(theirs, TABLE);
	assert_int_equal(world_mmu_update(&u, 1, NULL, HC_DOMID_SELF), 0);
	u.val = 0;
	assert_int_equal(world_mmu_update(&u, 1, NULL, HC_DOMID_SELF), 0);
	u.val = pte_make(theirs, TABLE);
	assert_int_equal(world_mmu_update(&u, 1, NULL, 1), 0);
	assert_int_equal(world_refs(theirs), 2);
	world_check();
	world.domain_puts[1] = 0;
	world_destroy(1);
	assert_int_equal(world.dom[1].memory.frames, 1);
	assert_int_equal(world.domain_puts[1], 0);
	u.val = 0;
	assert_int_equal(world_mmu_update(&u, 1, NULL, HC_DOMID_SELF), 0);
	assert_int_equal(world.dom[1].memory.frames, 0);
	assert_int_equal(world.domain_puts[1], 1);
	memory_domain_free(&world.dom[1]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(present_entries_are_found),
		T(our_slots_are_left_out),
		T(a_tree_is_validated_and_undone),
		T(hostile_tables_are_refused),
		T(tables_do_not_contain_themselves),
		T(flags_are_checked),
		T(privileged_domain_maps_devices),
		T(hidden_device),
		T(interrupted_checks_go_on),
		T(both_directions_meet),
		T(interrupted_failures_stay_failures),
		T(destruction_frees_everything),
		T(destruction_comes_in_parts),
		T(foreign_mappings_keep_a_zombie),
	};

	return cmocka_run_group_tests_name("pagetable", tests, NULL, NULL);
}
