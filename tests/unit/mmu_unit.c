// SPDX-License-Identifier: GPL-2.0-or-later
/* The hypercalls that change page tables, in order, and with those for reservations at random. */
#include "memory_world.h"

#include <hypercall/grant.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cpu/regs.h"
#include "extension/extension.h"
#include "memory/walk.h"

static void entries_change(void **state)
{
	struct space s;
	mfn_t a, b;
	struct hc_mmu_update list[40];
	uint32_t done = 7;

	(void)state;
	world_live_space(&s);
	a = world_frame(1);
	b = world_frame(1);
	assert_int_equal(world_update(slot_addr(s.l1, 1), pte_make(a, TABLE)), 0);
	assert_int_equal(world_types(a), 1);
	assert_int_equal(world_update(slot_addr(s.l1, 1), pte_make(a, PTE_PRESENT)), 0);
	assert_int_equal(world_types(a), 0);
	assert_int_equal(world_refs(a), 2);
	assert_int_equal(world_update(slot_addr(s.l1, 1), pte_make(a, TABLE | PTE_NX)), 0);
	assert_int_equal(world_types(a), 1);
	assert_int_equal(world_update(slot_addr(s.l1, 1), pte_make(b, TABLE)), 0);
	assert_int_equal(world_refs(a), 1);
	/* Accessed and dirty stay when asked. */
	world_table(s.l1)[1] |= PTE_AD;
	assert_int_equal(world_update(slot_addr(s.l1, 1) | HC_MMU_PT_UPDATE_PRESERVE_AD,
				pte_make(b, PTE_PRESENT)), 0);
	assert_int_equal(world_table(s.l1)[1], pte_make(b, PTE_PRESENT | PTE_USER | PTE_AD));
	assert_int_equal(world_update(slot_addr(s.l1, 1), pte_make(b, PTE_PRESENT)), 0);
	assert_int_equal(world_table(s.l1)[1], pte_make(b, PTE_PRESENT | PTE_USER));
	/* The refused ones change nothing. */
	assert_int_equal(world_update(slot_addr(s.l1, 1), pte_make(s.l1, TABLE)), -EINVAL);
	assert_int_equal(world_update(slot_addr(s.l4, 256), 0), -EINVAL);
	assert_int_equal(world_update(slot_addr(s.l4, 271), pte_make(s.l3, TABLE)), -EINVAL);
	assert_int_equal(world_update(slot_addr(s.l4, 5), pte_make(s.l3, TABLE)), 0);
	assert_int_equal(world_update(slot_addr(s.l3, 5), pte_make(s.l3, TABLE)), -EINVAL);
	assert_int_equal(world_update(1ULL << 45, 0), -EINVAL);
	world_check();
	/* A list stops at the first error and tells how far it came. */
	for (unsigned int i = 0; i < 40; i++)
		list[i] = (struct hc_mmu_update){ slot_addr(s.l1, 100 + i), pte_make(a, TABLE) };
	list[33].val = pte_make(s.l4, TABLE);
	world.preempt_every = 1;
	assert_int_equal(world_mmu_update(list, 40, &done, HC_DOMID_SELF), -EINVAL);
	assert_int_equal(done, 33);
	assert_int_equal(world_types(a), 33);
	world_check();
	/* Permissions alone, and in between what is not about entries of that table. */
	assert_int_equal(world_update(slot_addr(s.l1, 60), pte_make(s.l1, PTE_PRESENT)), 0);
	world_table(s.l1)[100] |= PTE_AD;
	for (unsigned int i = 0; i < 40; i++)
		list[i] = (struct hc_mmu_update){
			slot_addr(s.l1, 100 + i) | HC_MMU_PT_UPDATE_PRESERVE_AD, pte_make(a, PTE_PRESENT),
		};
	list[20] = (struct hc_mmu_update){ s.l1 << PAGE_SHIFT | HC_MMU_MACHPHYS_UPDATE, 5 };
	list[21] = (struct hc_mmu_update){ slot_addr(b, 9), 7 };
	assert_int_equal(world_mmu_update(list, 40, &done, HC_DOMID_SELF), 0);
	assert_int_equal(done, 40);
	assert_int_equal(world_table(s.l1)[100], pte_make(a, PTE_PRESENT | PTE_USER | PTE_AD));
	assert_int_equal(world_types(a), 2);
	assert_int_equal(m2p_get(s.l1), 5);
	world_check();
	for (unsigned int i = 0; i < 40; i++)
		if (i != 20 && i != 21)
			list[i].val |= PTE_WRITE;
	list[30] = (struct hc_mmu_update){ slot_addr(s.l1, 60), pte_make(s.l1, TABLE) };
	assert_int_equal(world_mmu_update(list, 40, &done, HC_DOMID_SELF), -EINVAL);
	assert_int_equal(done, 30);
	assert_int_equal(world_types(a), 30);
	assert_false(world_table(s.l1)[60] & PTE_WRITE);
	world_check();
	/* Frames that are no live tables take any value. */
	assert_int_equal(world_update(slot_addr(b, 9) & ~7ULL, 0x1234567), 0);
	assert_int_equal(world_table(b)[9], 0x1234567);
}

static void machphys_is_the_owners(void **state)
{
	mfn_t mine = world_frame(1), theirs = world_frame(0);

	(void)state;
	assert_int_equal(world_update((mine << PAGE_SHIFT) | HC_MMU_MACHPHYS_UPDATE, 77), 0);
	assert_int_equal(m2p_get(mine), 77);
	assert_int_equal(world_update((theirs << PAGE_SHIFT) | HC_MMU_MACHPHYS_UPDATE, 77), -EINVAL);
	assert_int_equal(world_update(((uint64_t)WORLD_DEVICE_MFN << PAGE_SHIFT) | HC_MMU_MACHPHYS_UPDATE, 1),
			 -EINVAL);
}

static void whole_trees_come_and_go(void **state)
{
	struct space s, t;

	(void)state;
	world_live_space(&s);
	world_space(1, &t);
	for (unsigned int every = 0; every < 4; every++) {
		world.preempt_every = every;
		assert_int_equal(world_update(slot_addr(s.l4, 9), pte_make(t.l3, TABLE)), 0);
		assert_true(world_validated(t.l1));
		/* Only flags. */
		assert_int_equal(world_update(slot_addr(s.l4, 9), pte_make(t.l3, PTE_PRESENT)), 0);
		world_check();
		assert_int_equal(world_update(slot_addr(s.l4, 9), 0), 0);
		assert_int_equal(world_types(t.l3), 0);
		world_check();
	}
}

#define STEP(mfn, what) HC_EXTENSION_TABLE_STEP(mfn, HC_EXTENSION_TABLE_##what)
#define LINEAR 0x10000		/* within the first level-1 table of a live space */

static long tables(uint64_t *list, uint32_t count, uint32_t *left)
{
	struct hc_extension_tables t = { (uint64_t)list, count, 0, LINEAR };
	long rc = world_tables(&t);

	*left = rc ? t.count : 0;
	if (rc)
		assert_ptr_equal(t.list, list + count - t.count);
	return rc;
}

/* The frame is guest frame number, and mapped where that is. */
static void map_linear(struct space *s, mfn_t mfn, unsigned int number)
{
	m2p_set(mfn, number);
	assert_int_equal(world_update(slot_addr(s->l1, (LINEAR >> PAGE_SHIFT) + number), pte_make(mfn, TABLE)), 0);
}

static void map_all_linear(struct space *s, struct space *t)
{
	map_linear(s, t->l1, 1);
	map_linear(s, t->l2, 2);
	map_linear(s, t->l3, 3);
	map_linear(s, t->l4, 4);
}

static void many_tables_at_once(void **state)
{
	struct space s, t;
	uint32_t left;

	(void)state;
	world_live_space(&s);
	world_space(1, &t);
	map_all_linear(&s, &t);
	for (unsigned int every = 0; every < 4; every++) {
		uint64_t pin[] = { STEP(t.l3, READONLY), STEP(t.l2, READONLY), STEP(t.l1, PIN_L1),
				   STEP(t.l4, PIN_L4) };
		uint64_t release[] = { STEP(t.l4, RELEASE), STEP(t.l3, RELEASE), STEP(t.l2, RELEASE),
				       STEP(t.l1, RELEASE) };

		world.preempt_every = every;
		assert_int_equal(tables(pin, 4, &left), 0);
		assert_true(world_validated(t.l4) && world_validated(t.l1));
		assert_int_equal(world_types(t.l1), 2);		/* a use and the pin */
		assert_false(world_table(s.l1)[(LINEAR >> PAGE_SHIFT) + 1] & PTE_WRITE);
		world_check();
		/* In use: not released, and nothing changed. */
		assert_int_equal(tables(release + 1, 3, &left), -EINVAL);
		assert_int_equal(left, 3);
		world_check();
		assert_int_equal(tables(release, 4, &left), 0);
		assert_int_equal(world_type(t.l1), FRAME_WRITABLE);
		assert_int_equal(world_types(t.l4), 1);
		assert_true(world_table(s.l1)[(LINEAR >> PAGE_SHIFT) + 4] & PTE_WRITE);
		world_check();
		/* What is not pinned is only made writable. */
		assert_int_equal(tables(release, 4, &left), 0);
	}
}

static void refused_steps(void **state)
{
	struct space s, t;
	mfn_t theirs = world_frame(0), plain = world_frame(1);
	uint32_t left;

	(void)state;
	world_live_space(&s);
	world_space(1, &t);
	map_all_linear(&s, &t);
	map_linear(&s, plain, 5);
	m2p_set(theirs, 5);
	{
		uint64_t bad[] = {
			STEP(t.l4, PIN_L4),		/* with its tables writable */
			STEP(s.l1, RELEASE),		/* live, and not mapped */
			STEP(theirs, READONLY), STEP(theirs, RELEASE), STEP(theirs, PIN_L1),
			STEP(1ULL << 40, READONLY), STEP(~0ULL, PIN_L1), STEP(~0ULL, RELEASE),
			STEP(WORLD_DEVICE_MFN, PIN_L1), STEP(0, RELEASE),
			HC_EXTENSION_TABLE_STEP(plain, 6), HC_EXTENSION_TABLE_STEP(plain, 4095),
		};

		for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
			uint64_t list[] = { STEP(plain, READONLY), bad[i], STEP(plain, RELEASE) };

			assert_int_equal(tables(list, 3, &left), -EINVAL);
			assert_int_equal(left, 2);
			world_check();
		}
	}
	/* Numbers that lead to where nothing, or the hypervisor, is. */
	for (uint64_t number = 1; number; number <<= 1) {
		uint64_t list[] = { STEP(plain, READONLY) };

		m2p_set(plain, number ^ 256);
		assert_int_equal(tables(list, 1, &left), -EINVAL);
		m2p_set(plain, (HOLE_VIRT_START - LINEAR + number) >> PAGE_SHIFT);
		assert_int_equal(tables(list, 1, &left), -EINVAL);
	}
	world_check();
	{
		struct hc_extension_tables t2 = { 0, 1, 0, LINEAR };

		assert_int_equal(world_tables(&t2), -EFAULT);
		t2.pad = 1;
		assert_int_equal(world_tables(&t2), -EINVAL);
		assert_int_equal(world_tables(NULL), -EFAULT);
	}
}

static void va_mapping(void **state)
{
	struct space s;
	mfn_t a;
	uint64_t l1e;

	(void)state;
	world_live_space(&s);
	a = world_frame(1);
	assert_int_equal(hypercall_update_va_mapping(0x5000, pte_make(a, TABLE), HC_UVMF_INVLPG), 0);
	assert_true(pagetable_walk(&world.vcpu[1], 0x5000, &l1e));
	assert_int_equal(pte_mfn(l1e), a);
	assert_false(pagetable_walk(&world.vcpu[1], 0x6000, &l1e));
	assert_false(pagetable_walk(&world.vcpu[1], M2P_GUEST_VIRT, &l1e));
	assert_int_equal(hypercall_update_va_mapping(0x5000, pte_make(s.l2, TABLE), 0), -EINVAL);
	assert_int_equal(hypercall_update_va_mapping(1ULL << 30, pte_make(a, TABLE), 0), -EINVAL);
	assert_int_equal(hypercall_update_va_mapping(HOLE_VIRT_START, 0, 0), -EINVAL);
	assert_int_equal(hypercall_update_va_mapping(1ULL << 47, 0, 0), -EINVAL);
	assert_int_equal(hypercall_update_va_mapping_otherdomain(0x5000, 0, 0, 0), -EPERM);
	assert_int_equal(hypercall_update_va_mapping(0x5000, 0, HC_UVMF_TLB_FLUSH | HC_UVMF_ALL), 0);
	world_check();
}

/* A guest may store anything there, such as the address of registers that change when they are read. */
static void absent_entries_lead_nowhere(void **state)
{
	struct vcpu *v = &world.vcpu[1];
	struct regs regs = { 0 };
	mfn_t registers = world_frame(1), theirs = world_frame(0);
	struct space s;

	(void)state;
	world_live_space(&s);
	assert_int_equal(world_update(slot_addr(s.l4, 7), pte_make(registers, 0)), 0);
	assert_int_equal(world_update(slot_addr(s.l3, 7), pte_make(registers, PTE_WRITE | PTE_USER)), 0);
	assert_int_equal(world_update(slot_addr(s.l2, 7), pte_make(registers, PTE_WRITE)), 0);
	/* Who reads it now is ended by a signal. */
	assert_int_equal(mprotect(mfn_to_virt(registers), PAGE_SIZE, PROT_NONE), 0);
	for (unsigned int shift = 21; shift <= 39; shift += 9) {
		uint64_t va = 7ULL << shift;

		assert_int_equal(hypercall_update_va_mapping(va, 0, 0), -EINVAL);
		assert_int_equal(grant_map_pte(v, va, theirs, HC_GNTMAP_HOST_MAP), -EINVAL);
		assert_false(memory_fault(v, &regs, va, PF_PRESENT | PF_WRITE | PF_USER));
	}
	assert_int_equal(mprotect(mfn_to_virt(registers), PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
	world_check();
}

static void quick_stores(void **state)
{
	struct space s;
	struct vcpu *v = &world.vcpu[1];
	const uint64_t va = 0x1000 + 8 * 8;
	uint64_t old;
	uint8_t byte;
	mfn_t a;

	(void)state;
	world_live_space(&s);
	a = world_frame(1);
	assert_int_equal(pagetable_exchange(v, s.l1, va, pte_make(a, TABLE), &old), 0);
	assert_int_equal(old, 0);
	assert_int_equal(world_types(a), 1);
	assert_int_equal(pagetable_and(v, s.l1, va, (uint8_t)~PTE_WRITE, &byte), 0);
	assert_int_equal(byte, PTE_PRESENT | PTE_USER | (TABLE & 0xf8));
	assert_int_equal(world_types(a), 0);
	assert_int_equal(world_refs(a), 2);
	world_check();
	/* The second byte: flags that mean nothing to the processor. */
	assert_int_equal(pagetable_and(v, s.l1, va + 1, 0xf1, &byte), 0);
	assert_int_equal(pagetable_exchange(v, s.l1, va, 0, &old), 0);
	assert_int_equal(pte_mfn(old), a);
	assert_int_equal(world_refs(a), 1);
	/* What may not be there. */
	assert_int_equal(pagetable_exchange(v, s.l1, va, pte_make(s.l2, TABLE), &old), -EINVAL);
	assert_int_equal(pagetable_exchange(v, s.l1, va, pte_make(world_frame(0), TABLE), &old),
			 -EINVAL);
	/* Not plain: other levels, no tables, another's, no frames. */
	assert_int_equal(pagetable_exchange(v, s.l2, va, 0, &old), -ENOENT);
	assert_int_equal(pagetable_exchange(v, a, va, 0, &old), -ENOENT);
	assert_int_equal(pagetable_exchange(&world.vcpu[0], s.l1, va, 0, &old), -ENOENT);
	assert_int_equal(pagetable_exchange(v, memory_max_mfn, va, 0, &old), -ENOENT);
	assert_int_equal(pagetable_and(v, s.l3, va, 0, &byte), -ENOENT);
	world_check();
}

static void emulate_until_done(struct vcpu *v, uint64_t va, uint64_t value)
{
	int rc;

	while ((rc = pagetable_emulated_write(v, va, 8, value, NULL)) == -ERESTART)
		world_check();
	assert_int_equal(rc, 0);
}

static void emulated_stores(void **state)
{
	struct space s;
	struct vcpu *v = &world.vcpu[1];
	struct regs regs = { 0 };
	uint64_t old;
	mfn_t a;

	(void)state;
	world_space(1, &s);
	world_table(s.l1)[1] = pte_make(s.l1, PTE_PRESENT);
	world_table(s.l1)[2] = pte_make(s.l4, PTE_PRESENT);
	assert_int_equal(world_mmuext(HC_MMUEXT_NEW_BASEPTR, s.l4, 0), 0);
	a = world_frame(1);
	assert_int_equal(pagetable_emulated_write(v, 0x1000 + 8 * 8, 8, pte_make(a, TABLE), NULL), 0);
	assert_int_equal(world_types(a), 1);
	old = 0;
	assert_int_equal(pagetable_emulated_write(v, 0x1000 + 8 * 8, 8, 0, &old), -EAGAIN);
	assert_int_equal(old, pte_make(a, TABLE | PTE_USER));
	assert_int_equal(pagetable_emulated_write(v, 0x1000 + 8 * 8, 8, 0, &old), 0);
	assert_int_equal(world_refs(a), 1);
	/* Parts of an entry. */
	assert_int_equal(pagetable_emulated_write(v, 0x1000 + 8 * 8, 4, (uint32_t)pte_make(a, TABLE),
						  NULL), 0);
	old = world_table(s.l1)[8] & 0xff;
	assert_int_equal(pagetable_emulated_write(v, 0x1000 + 8 * 8, 1, PTE_PRESENT, &old), 0);
	assert_int_equal(world_types(a), 0);
	/* Refused: bad entries, odd addresses, a store that would go wrong. */
	assert_int_equal(pagetable_emulated_write(v, 0x1000 + 8 * 8, 8, pte_make(s.l2, TABLE), NULL),
			 -EINVAL);
	assert_int_equal(pagetable_emulated_write(v, 0x1004, 8, 0, NULL), -EINVAL);
	assert_int_equal(pagetable_emulated_write(v, 0x1000, 3, 0, NULL), -EINVAL);
	/* Higher tables go the long way. */
	assert_int_equal(pagetable_emulated_write(v, 0x2000 + 8 * 8, 8, pte_make(s.l3, TABLE), NULL),
			 0);
	assert_int_equal(world_types(s.l3), 2);
	assert_int_equal(pagetable_emulated_write(v, 0x2000 + 256 * 8, 8, 0, NULL), -EINVAL);
	/* ... which may take several runs of the instruction. */
	world.preempt_every = 1;
	emulate_until_done(v, 0x2000 + 8 * 8, 0);
	emulate_until_done(v, 0x2000 + 9 * 8, pte_make(s.l3, TABLE));
	emulate_until_done(v, 0x2000 + 9 * 8, 0);
	world.preempt_every = 0;
	assert_int_equal(world_types(s.l3), 1);
	emulate_until_done(v, 0x2000 + 8 * 8, pte_make(s.l3, TABLE));
	/* Not a table: whoever asks has lost a race. */
	assert_int_equal(pagetable_emulated_write(v, 0, 8, 0, NULL), -ERESTART);
	old = 0;
	assert_int_equal(pagetable_emulated_write(v, 0, 8, 0, &old), -ERESTART);
	/* Whose faults these are. */
	assert_true(memory_fault(v, &regs, 0x1000, PF_PRESENT | PF_WRITE | PF_USER));
	assert_true(memory_fault(v, &regs, 0x10, PF_PRESENT | PF_WRITE | PF_USER));
	assert_false(memory_fault(v, &regs, 0x9000, PF_WRITE | PF_USER));
	assert_false(memory_fault(v, &regs, 0x9000, PF_PRESENT | PF_WRITE | PF_USER));
	v->kernel_mode = 0;
	assert_false(memory_fault(v, &regs, 0x1000, PF_PRESENT | PF_WRITE | PF_USER));
	v->kernel_mode = 1;
	world_check();
}

static void granted_entries(void **state)
{
	struct space s;
	struct vcpu *v = &world.vcpu[1];
	mfn_t theirs = world_frame(0), mine;

	(void)state;
	world_live_space(&s);
	mine = world_frame(1);
	assert_int_equal(grant_map_pte(v, 0x3000, theirs, HC_GNTMAP_HOST_MAP), 0);
	assert_int_equal(world_types(theirs), 1);
	assert_true(frame_owner_word(frame_of(theirs)) & FRAME_FOREIGN);
	assert_int_equal(grant_map_pte(v, slot_addr(s.l1, 4), theirs, HC_GNTMAP_HOST_MAP |
				       HC_GNTMAP_READONLY | HC_GNTMAP_CONTAINS_PTE), 0);
	assert_int_equal(world_refs(theirs), 3);
	assert_int_equal(grant_map_pte(v, slot_addr(s.l2, 4), theirs, HC_GNTMAP_HOST_MAP |
				       HC_GNTMAP_CONTAINS_PTE), -EINVAL);
	assert_int_equal(grant_map_pte(v, slot_addr(mine, 4), theirs, HC_GNTMAP_HOST_MAP |
				       HC_GNTMAP_CONTAINS_PTE), -EINVAL);
	world_check();
	/* A read-only grant is no licence to write. */
	assert_int_equal(world_update(slot_addr(s.l1, 4), pte_make(theirs, TABLE)), -EINVAL);
	assert_int_equal(grant_unmap_pte(v, 0x3000, mine, 0, HC_GNTMAP_HOST_MAP), -EINVAL);
	assert_int_equal(grant_unmap_pte(v, 0x3000, theirs, 0, HC_GNTMAP_HOST_MAP), 0);
	assert_int_equal(world_update(slot_addr(s.l1, 5), pte_make(mine, TABLE)), 0);
	assert_int_equal(grant_unmap_pte(v, 0x4000, theirs, 0x5000, HC_GNTMAP_HOST_MAP), 0);
	assert_int_equal(pte_mfn(world_table(s.l1)[4]), mine);
	assert_int_equal(world_table(s.l1)[5], 0);
	assert_int_equal(world_refs(theirs), 1);
	world_check();
}

/* ---- at random ---- */
enum { L4S = 6, L3S = 8, L2S = 12, L1S = 20, DATA = 30, ALL = L4S + L3S + L2S + L1S + DATA };
static mfn_t pool[ALL];

/* A frame that is probably meant for that level (0: data). */
static mfn_t some_frame(unsigned int level)
{
	static const unsigned int first[] = { L4S + L3S + L2S + L1S, L4S + L3S + L2S, L4S + L3S, L4S, 0 };
	static const unsigned int count[] = { DATA, L1S, L2S, L3S, L4S };

	if (rand() % 16 == 0)
		return rand() % (WORLD_FRAMES + 64);
	if (rand() % 8 == 0)
		return pool[rand() % ALL];
	return pool[first[level] + rand() % count[level]];
}

static uint64_t some_entry(unsigned int level)
{
	uint64_t flags = rand() % 5 ? PTE_PRESENT : 0;

	flags |= rand() % 2 ? PTE_WRITE : 0;
	if (rand() % 32 == 0)
		flags |= 1ULL << rand() % 12;
	if (rand() % 32 == 0)
		flags |= 1ULL << (52 + rand() % 12);
	return pte_make(some_frame(level - 1), flags);
}

static void random_updates(void)
{
	struct hc_mmu_update list[24];
	unsigned int count = 1 + rand() % 24, level = 1 + rand() % 4;
	mfn_t table = some_frame(level);

	for (unsigned int i = 0; i < count; i++) {
		if (rand() % 6 == 0) {
			level = 1 + rand() % 4;
			table = some_frame(level);
		}
		list[i].ptr = slot_addr(table, rand() % 2 ? rand() % 6 : 250 + rand() % 262) |
			      (rand() % 8 ? rand() % 2 * 2 : 3);
		list[i].val = some_entry(level);
	}
	world_mmu_update(list, count, NULL, rand() % 6 ? HC_DOMID_SELF : 1);
}

static void random_reservation(void)
{
	unsigned int which = rand() % ALL;
	struct hc_memory_reservation r = {
		.extent_start = (uint64_t)&pool[which], .nr_extents = 1, .domid = HC_DOMID_SELF,
	};
	mfn_t fresh;

	if (world_memory_op(HC_MEM_DECREASE_RESERVATION, &r) != 1)
		return;
	if (!domain_frames_alloc(&world.dom[1], 0, &fresh))
		pool[which] = fresh;
}

static void random_stores(void)
{
	uint64_t va = rand() % 6 * 0x1000 + rand() % 512 * 8, old, *expected = NULL;
	struct vcpu *v = current;
	struct walk w;

	if (rand() % 2) {
		hypercall_update_va_mapping(va, some_entry(1), rand() % 8);
		return;
	}
	if (table_walk(v->cr3_kernel, va, 1, &w) && mfn_valid(pte_mfn(w.entry)) && rand() % 2) {
		old = world_table(pte_mfn(w.entry))[pte_index(va << 9, 1)];
		expected = &old;
	}
	if (rand() % 2 && table_walk(v->cr3_kernel, va, 1, &w)) {
		uint8_t byte;

		if (rand() % 2)
			pagetable_exchange(v, pte_mfn(w.entry), va, some_entry(1), &old);
		else
			pagetable_and(v, pte_mfn(w.entry), va, rand(), &byte);
		return;
	}
	pagetable_emulated_write(v, va, 1u << rand() % 4, some_entry(1 + rand() % 4), expected);
}

static void random_tables(void)
{
	uint64_t list[20];
	struct hc_extension_tables t = { (uint64_t)list, 1 + rand() % 20, 0, 0 };

	for (unsigned int i = 0; i < t.count; i++) {
		mfn_t mfn = some_frame(rand() % 5);

		if (mfn_valid(mfn) && rand() % 4)
			m2p_set(mfn, rand() % 6);
		list[i] = HC_EXTENSION_TABLE_STEP(mfn, rand() % 7);
	}
	world_tables(&t);
}

static void random_operation(void)
{
	unsigned int level = 1 + rand() % 4;

	world.preempt_every = rand() % 4 ? rand() % 5 : 0;
	world_enter(rand() % 8 ? 1 : 0);
	switch (rand() % 11) {
	case 0:
	case 1:
		world_mmuext(HC_MMUEXT_PIN_L1_TABLE + level - 1, some_frame(level), 0);
		break;
	case 2:
		world_mmuext_abandon(HC_MMUEXT_PIN_L1_TABLE + level - 1, some_frame(level));
		break;
	case 3:
		world_mmuext(HC_MMUEXT_UNPIN_TABLE, some_frame(level), 0);
		break;
	case 4:
		world_mmuext(rand() % 2 ? HC_MMUEXT_NEW_BASEPTR : HC_MMUEXT_NEW_USER_BASEPTR,
			     some_frame(4), 0);
		break;
	case 5:
		random_reservation();
		break;
	case 6:
		random_stores();
		break;
	case 7:
		world_mmuext(rand() % 2 ? HC_MMUEXT_CLEAR_PAGE : HC_MMUEXT_COPY_PAGE,
			     some_frame(0), some_frame(0));
		break;
	case 8:
		random_tables();
		break;
	default:
		random_updates();
	}
	world.preempt_every = 0;
}

static void anything_goes(void **state)
{
	const char *rounds_text = getenv("MMU_UNIT_ROUNDS");
	unsigned int rounds = rounds_text ? strtoul(rounds_text, NULL, 0) : 20000;
	unsigned int validated = 0;

	(void)state;
	srand(getenv("MMU_UNIT_SEED") ? strtoul(getenv("MMU_UNIT_SEED"), NULL, 0) : 42);
	for (unsigned int i = 0; i < ALL; i++)
		pool[i] = world_frame(i % 8 == 7 ? 0 : 1);
	for (unsigned int i = 0; i < rounds; i++) {
		random_operation();
		if (i % 16 == 0)
			world_check();
		for (unsigned int k = 0; k < L4S; k++)
			validated += world_validated(pool[k]);
	}
	world_check();
	/* The test would prove little if hardly anything ever became a table. */
	assert_true(validated > rounds / 4);
	world_enter(0);
	world.preempt_every = 3;
	world_destroy(1);
	world_check();
}

static void no_memory_for_an_outer_table(void **state)
{
	struct space s;
	mfn_t frames[WORLD_FRAMES];
	unsigned int count = 0;

	(void)state;
	world_space(1, &s);
	while ((frames[count] = frames_alloc(0)) != MFN_INVALID)
		count++;
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, s.l4, 0), -EINVAL);
	world_check();
	while (count)
		frames_free(frames[--count], 0);
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, s.l4, 0), 0);
	world_check();
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define SPLIT(name) { #name ", split tables", name, world_setup_split, world_teardown, NULL }
	const struct CMUnitTest tests[] = {
		T(entries_change),
		T(machphys_is_the_owners),
		T(whole_trees_come_and_go),
		T(many_tables_at_once),
		T(refused_steps),
		T(va_mapping),
		T(absent_entries_lead_nowhere),
		T(emulated_stores),
		T(quick_stores),
		T(granted_entries),
		T(anything_goes),
		SPLIT(whole_trees_come_and_go),
		SPLIT(anything_goes),
		SPLIT(no_memory_for_an_outer_table),
	};

	return cmocka_run_group_tests_name("mmu", tests, NULL, NULL);
}
