// SPDX-License-Identifier: GPL-2.0-or-later
/* The hypercalls that give a domain frames, take them, and exchange them. */
#include "memory_world.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void reservations(void **state)
{
	uint64_t list[8] = { 10, 20, 30, 40, 50, 60, 70, 80 };
	struct hc_memory_reservation r = {
		.extent_start = (uint64_t)list, .nr_extents = 8, .extent_order = 3,
		.domid = HC_DOMID_SELF,
	};
	struct hc_memory_domain self = { HC_DOMID_SELF };

	(void)state;
	world.preempt_every = 1;
	assert_int_equal(world_memory_op(HC_MEM_POPULATE_PHYSMAP, &r), 8);
	for (unsigned int i = 0; i < 64; i++)
		assert_int_equal(m2p_get(list[i / 8] + i % 8), 10 * (i / 8 + 1) + i % 8);
	assert_int_equal(world_memory_op(HC_MEM_CURRENT_RESERVATION, &self), 64);
	world_check();
	/* Up to its bound and no further; of an extent that does not fit, nothing. */
	world.dom[1].memory.max_frames = 70;
	assert_int_equal(world_memory_op(HC_MEM_INCREASE_RESERVATION, &r), 0);
	assert_int_equal(world_memory_op(HC_MEM_POPULATE_PHYSMAP, &r), 0);
	world.dom[1].memory.max_frames = WORLD_FRAMES;
	/* A list that nobody can read, extents above its privilege, and more of them than can be. */
	r.extent_start = 0;
	assert_int_equal(world_memory_op(HC_MEM_POPULATE_PHYSMAP, &r), 0);
	r.extent_start = (uint64_t)list;
	r.extent_order = 10;
	assert_int_equal(world_memory_op(HC_MEM_POPULATE_PHYSMAP, &r), 0);
	r.extent_order = 3;
	r.nr_extents = ~0ULL >> 6;
	assert_int_equal(world_memory_op(HC_MEM_POPULATE_PHYSMAP, &r), -EINVAL);
	r.nr_extents = 8;
	assert_int_equal(world.dom[1].memory.frames, 64);
	assert_int_equal(world_memory_op(HC_MEM_DECREASE_RESERVATION, &r), 8);
	assert_int_equal(world.dom[1].memory.frames, 0);
	assert_int_equal(m2p_get(list[7] + 5), M2P_INVALID);
	r.mem_flags = 25;
	assert_int_equal(world_memory_op(HC_MEM_INCREASE_RESERVATION, &r), 8);
	for (unsigned int i = 0; i < 8; i++)
		assert_true(list[i] + 8 <= 8192);
	r.domid = 0;
	assert_int_equal(world_memory_op(HC_MEM_INCREASE_RESERVATION, &r), -EPERM);
}

struct watch {
	mfn_t mfn;
	unsigned int round;	/* odd while it is given, even while it is given back; 0: the end */
	unsigned int seen;	/* how often it was seen to become the domain's */
	unsigned int early;	/* ... without its number */
};

static bool watched_is_owned(const struct watch *w)
{
	return frame_owner_id(__atomic_load_n(&frame_of(w->mfn)->owner, __ATOMIC_SEQ_CST)) == 1;
}

/* What another vcpu sees of a frame that its domain gets. */
static void *watch_frame(void *arg)
{
	struct watch *w = arg;
	unsigned int round;

	while ((round = __atomic_load_n(&w->round, __ATOMIC_SEQ_CST))) {
		bool early;

		if (!(round % 2) || watched_is_owned(w))
			continue;
		while (!watched_is_owned(w) && __atomic_load_n(&w->round, __ATOMIC_SEQ_CST) == round)
			;
		early = m2p_get(w->mfn) == M2P_INVALID;
		if (__atomic_load_n(&w->round, __ATOMIC_SEQ_CST) != round)
			continue;
		w->early += early;
		__atomic_add_fetch(&w->seen, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* A vcpu may give them back at once: what is stored afterwards would be for their next owner's. */
static void frames_come_with_their_numbers(void **state)
{
	uint64_t item = 0x10000;
	struct hc_memory_reservation r = {
		.extent_start = (uint64_t)&item, .nr_extents = 1, .extent_order = 9, .domid = HC_DOMID_SELF,
	};
	struct watch w = { .round = 2 };
	pthread_t thread;

	(void)state;
	assert_int_equal(world_memory_op(HC_MEM_POPULATE_PHYSMAP, &r), 1);
	w.mfn = item + 511;
	assert_int_equal(pthread_create(&thread, NULL, watch_frame, &w), 0);
	for (unsigned int i = 2; i < 20000 && __atomic_load_n(&w.seen, __ATOMIC_SEQ_CST) < 30; i += 2) {
		__atomic_store_n(&w.round, i, __ATOMIC_SEQ_CST);
		assert_int_equal(world_memory_op(HC_MEM_DECREASE_RESERVATION, &r), 1);
		item = 0x10000;
		__atomic_store_n(&w.round, i + 1, __ATOMIC_SEQ_CST);
		assert_int_equal(world_memory_op(HC_MEM_POPULATE_PHYSMAP, &r), 1);
		assert_int_equal(item + 511, w.mfn);
		assert_int_equal(m2p_get(w.mfn), 0x10000 + 511);
	}
	__atomic_store_n(&w.round, 0, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	assert_int_equal(w.early, 0);
	world_check();
}

static void assert_clean(mfn_t mfn, unsigned int frames)
{
	for (unsigned int i = 0; i < frames * PTE_ENTRIES; i++)
		assert_int_equal(world_table(mfn)[i], 0);
}

/* Every way to get memory that a dead domain, or one that still lives, has given back. */
static void nobody_reads_what_others_left(void **state)
{
	uint64_t list[8] = { 10, 20, 30, 40, 50, 60, 70, 80 }, in[8], out = 1000, all = memory_free_frames();
	struct hc_memory_reservation r = {
		.extent_start = (uint64_t)list, .nr_extents = 8, .extent_order = 3, .domid = HC_DOMID_SELF,
	};
	struct hc_memory_exchange x = {
		.in = { (uint64_t)in, 8, 0, 0, HC_DOMID_SELF, { 0 } },
		.out = { (uint64_t)&out, 1, 3, 0, HC_DOMID_SELF, { 0 } },
	};
	uint64_t *page, *mfns = malloc(all * sizeof(*mfns)), n = 0;

	(void)state;
	/* Domain 0 dies with a secret in nearly all memory there is. */
	while (memory_free_frames() > 64 && !domain_frames_alloc(&world.dom[0], 0, &mfns[n]))
		memset(mfn_to_virt(mfns[n++]), 0x5a, PAGE_SIZE);
	assert_true(n > all / 2);
	world_destroy(0);
	assert_int_equal(world_table(mfns[n / 2])[7], 0x5a5a5a5a5a5a5a5a);
	assert_int_equal(world_memory_op(HC_MEM_POPULATE_PHYSMAP, &r), 8);
	for (unsigned int i = 0; i < 8; i++) {
		assert_clean(list[i], 8);
		memset(mfn_to_virt(list[i]), 0x5a, 8 * PAGE_SIZE);
	}
	assert_int_equal(world_memory_op(HC_MEM_DECREASE_RESERVATION, &r), 8);
	assert_int_equal(world_memory_op(HC_MEM_INCREASE_RESERVATION, &r), 8);
	for (unsigned int i = 0; i < 8; i++) {
		assert_clean(list[i], 8);
		in[i] = list[0] + i;
	}
	assert_int_equal(world_memory_op(HC_MEM_EXCHANGE, &x), 0);
	assert_clean(out, 8);
	page = page_alloc();
	assert_clean(virt_to_mfn(page), 1);
	page_free(page);
	free(mfns);
}

static void exchanges(void **state)
{
	uint64_t in[16], out[2] = { 1000, 2000 };
	struct hc_memory_exchange x = {
		.in = { (uint64_t)in, 16, 0, 0, HC_DOMID_SELF, { 0 } },
		.out = { (uint64_t)out, 2, 3, 25, HC_DOMID_SELF, { 0 } },
	};
	uint64_t frames;

	(void)state;
	for (unsigned int i = 0; i < 16; i++)
		in[i] = world_frame(1);
	frames = world.dom[1].memory.frames;
	/* A frame that is in use stays, and so do the others of its round. */
	assert_int_equal(frame_get_both(in[12], &world.dom[1], FRAME_WRITABLE, false), 0);
	assert_int_equal(world_memory_op(HC_MEM_EXCHANGE, &x), -EBUSY);
	assert_int_equal(x.nr_exchanged, 8);
	assert_int_equal(world_refs(in[13]), 1);
	assert_int_equal(out[1], 2000);
	frame_put_both(frame_of(in[12]));
	world_check();
	world.preempt_every = 1;
	assert_int_equal(world_memory_op(HC_MEM_EXCHANGE, &x), 0);
	assert_int_equal(x.nr_exchanged, 16);
	assert_int_equal(world.dom[1].memory.frames, frames);
	for (unsigned int i = 0; i < 2; i++) {
		assert_true(out[i] % 8 == 0 && out[i] < 8192);
		assert_int_equal(m2p_get(out[i] + 7), 1000 * (i + 1) + 7);
		assert_int_equal(world_refs(out[i] + 7), 1);
	}
	x.nr_exchanged = 0;
	assert_int_equal(world_memory_op(HC_MEM_EXCHANGE, &x), -EBUSY);
	x.out.nr_extents = 3;
	assert_int_equal(world_memory_op(HC_MEM_EXCHANGE, &x), -EINVAL);
	world_check();
}

#define MANY_PFN 5000
static struct {
	uint64_t list[512];	/* places, then frame numbers */
	uint64_t slot;		/* where another vcpu maps the first of them when it is there */
	bool write;		/* which access to the last one faults */
	unsigned int mapped;
} many;

static mfn_t frame_with_number(uint64_t pfn)
{
	for (mfn_t mfn = 0; mfn < WORLD_FRAMES; mfn++)
		if (m2p_get(mfn) == pfn)
			return mfn;
	return MFN_INVALID;
}

static bool last_is_unmapped(uint64_t address, size_t size, bool write)
{
	mfn_t first = frame_with_number(MANY_PFN);

	if (write != many.write || address + size != (uintptr_t)&many.list[512] || address < (uintptr_t)many.list)
		return true;
	world.access = NULL;
	if (first != MFN_INVALID && !world_update(many.slot, pte_make(first, TABLE)))
		many.mapped++;
	world.access = last_is_unmapped;
	return false;
}

/* One extent for 512 whose list cannot be read, or written, to its end, while another vcpu uses what it gets. */
static void late_failures_of_exchanges(void **state)
{
	uint64_t in, frames, all;
	struct hc_memory_exchange x = {
		.in = { (uint64_t)&in, 1, 9, 0, HC_DOMID_SELF, { 0 } },
		.out = { (uint64_t)many.list, 512, 0, 0, HC_DOMID_SELF, { 0 } },
	};
	struct space s;

	(void)state;
	world_live_space(&s);
	assert_int_equal(domain_frames_alloc(&world.dom[1], 9, &in), 0);
	m2p_set_block(in, 9000, 9);
	for (unsigned int i = 0; i < 512; i++)
		many.list[i] = MANY_PFN + i;
	many.slot = slot_addr(s.l1, 9);
	many.write = false;
	many.mapped = 0;
	frames = world.dom[1].memory.frames;
	all = memory_free_frames();
	world.access = last_is_unmapped;
	assert_int_equal(world_memory_op(HC_MEM_EXCHANGE, &x), -EFAULT);
	/* Nothing has happened, and nothing could be seen meanwhile. */
	assert_int_equal(many.mapped, 0);
	assert_int_equal(x.nr_exchanged, 0);
	assert_int_equal(many.list[0], MANY_PFN);
	assert_int_equal(frame_with_number(MANY_PFN), MFN_INVALID);
	assert_int_equal(m2p_get(in + 511), 9000 + 511);
	assert_int_equal(memory_free_frames(), all);
	world_check();
	/* It has the frames, though it is not told. */
	many.write = true;
	assert_int_equal(world_memory_op(HC_MEM_EXCHANGE, &x), -EFAULT);
	world.access = NULL;
	assert_int_equal(many.mapped, 1);
	assert_int_equal(x.nr_exchanged, 1);
	assert_int_equal(world.dom[1].memory.frames, frames);
	assert_int_equal(world_types(frame_with_number(MANY_PFN)), 1);
	assert_int_equal(world_refs(frame_with_number(MANY_PFN + 511)), 1);
	assert_int_equal(m2p_get(in), M2P_INVALID);
	assert_int_equal(memory_free_frames(), all);
	world_check();
}

static uint64_t two[2];

static bool destroyed_after_first(uint64_t address, size_t size, bool write)
{
	(void)size;
	if (address == (uintptr_t)&two[1] && !write)
		world_destroy(1);
	return true;
}

/* As destroyed, where only the second frame was still to be looked at. */
static bool destroyed_but_second(uint64_t address, size_t size, bool write)
{
	struct memory_domain *m = &world.dom[1].memory;

	(void)size;
	if (address == (uintptr_t)&two[1] && !write) {
		m->relinquishing = m->tables_dropped = true;
		m->relinquish_next = memory_max_mfn;
	}
	return true;
}

/* dom0 exchanges for a domain that it destroys on another processor. */
static void exchange_for_the_dying(void **state)
{
	static bool (*const when[])(uint64_t address, size_t size, bool write) = {
		destroyed_after_first, destroyed_but_second,
	};
	static const int result[] = { -EBUSY, 0 };

	for (unsigned int i = 0; i < ARRAY_SIZE(when); i++) {
		uint64_t out = MANY_PFN;
		struct hc_memory_exchange x = {
			.in = { (uint64_t)two, 2, 0, 0, 1, { 0 } }, .out = { (uint64_t)&out, 1, 1, 0, 1, { 0 } },
		};

		two[0] = world_frame(1);
		two[1] = world_frame(1);
		world_enter(0);
		world.access = when[i];
		assert_int_equal(world_memory_op(HC_MEM_EXCHANGE, &x), result[i]);
		world.access = NULL;
		/* Nobody would look again for what it got afterwards. */
		assert_int_equal(world.dom[1].memory.frames, 0);
		assert_int_equal(world.domain_puts[1], 2);
		assert_int_equal(frame_with_number(MANY_PFN), MFN_INVALID);
		world_check();
		world_teardown(state);
		world_setup(state);
	}
}

/* What processors may still know of a frame is not forgotten by an exchange that fails. */
static void failing_exchange_keeps_stamps(void **state)
{
	uint64_t in[2] = { 0, WORLD_FRAMES }, out = 1000, owner, type;
	struct hc_memory_exchange x = {
		.in = { (uint64_t)in, 2, 0, 0, HC_DOMID_SELF, { 0 } },
		.out = { (uint64_t)&out, 1, 1, 0, HC_DOMID_SELF, { 0 } },
	};
	struct space s;
	mfn_t f;

	(void)state;
	world_live_space(&s);
	f = in[0] = world_frame(1);
	/* A table, until just now; processor 1 has not flushed since, and only by a grant it has ever seen it. */
	cpu_online_mask = 3;
	assert_int_equal(world_update(slot_addr(s.l2, 5), pte_make(f, TABLE)), 0);
	assert_int_equal(world_update(slot_addr(s.l2, 5), 0), 0);
	frame_mark_foreign(frame_of(f));
	m2p_set(f, 4711);
	owner = frame_owner_word(frame_of(f));
	type = frame_type_word(frame_of(f));
	assert_int_equal(frame_type_of(type), FRAME_L1);
	assert_int_equal(world_memory_op(HC_MEM_EXCHANGE, &x), -EINVAL);
	assert_int_equal(x.nr_exchanged, 0);
	assert_int_equal(frame_owner_word(frame_of(f)), owner);
	assert_int_equal(frame_type_word(frame_of(f)), type);
	assert_int_equal(m2p_get(f), 4711);
	world.flushes = 0;
	assert_int_equal(world_update(slot_addr(s.l1, 7), pte_make(f, TABLE)), 0);
	assert_int_equal(world.flushes, 1);
	assert_int_equal(world_update(slot_addr(s.l1, 7), 0), 0);
	/* One that succeeds leaves nothing of it: the next owner's starts anew. */
	in[1] = world_frame(1);
	assert_int_equal(world_memory_op(HC_MEM_EXCHANGE, &x), 0);
	assert_int_equal(m2p_get(f), M2P_INVALID);
	assert_false(frame_owner_word(frame_of(f)) & FRAME_FOREIGN);
	cpu_online_mask = 1;
	world_check();
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(reservations),
		T(frames_come_with_their_numbers),
		T(nobody_reads_what_others_left),
		T(exchanges),
		T(late_failures_of_exchanges),
		T(exchange_for_the_dying),
		T(failing_exchange_keeps_stamps),
		{ "reservations, split tables", reservations, world_setup_split, world_teardown, NULL },
	};

	return cmocka_run_group_tests_name("reservation", tests, NULL, NULL);
}
