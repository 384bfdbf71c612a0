// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The dirty log and its shadow tables.  This program is the processor: it walks
 * the tables that the vcpu runs on, keeps what it found in a TLB until it is
 * flushed, and faults.  After each step every shadow is compared with the guest's
 * tables, and at each reading of the log the bits with what was really written.
 */
#include "memory_world.h"

#include <hypercall/grant.h>

#include <stdlib.h>
#include <string.h>

#include "cpu/regs.h"
#include "memory/dirty.h"
#include "memory/owner.h"
#include "memory/tlb.h"
#include "memory/walk.h"

#define LOG_SIZE 1000		/* guest frame numbers, not a multiple of 64 */

static struct domain *guest;
static struct vcpu *vcpu;
static uint64_t written[(LOG_SIZE + 63) / 64];	/* by anybody since the log was last cleared */
static uint64_t bitmap[(LOG_SIZE + 63) / 64];

static long update(uint64_t ptr, uint64_t val, uint64_t domid)
{
	struct hc_mmu_update u = { ptr, val };

	return world_mmu_update(&u, 1, NULL, domid);
}

static void note_write(mfn_t mfn)
{
	uint64_t gfn = m2p_get(mfn);

	if (frame_owner_id(frame_owner_word(frame_of(mfn))) == guest->id && gfn < LOG_SIZE)
		written[gfn / 64] |= 1ULL << gfn % 64;
}

/* ---- the processor ---- */
#define TLB_SLOTS 64
static struct {
	uint64_t va, entry;
	bool user;
} tlb[TLB_SLOTS];
/* Of the levels above: which table maps the 2 MiB of va. */
static struct {
	uint64_t va, all, any;
	mfn_t l1;
	bool user;
} walk_cache[TLB_SLOTS];
static uint64_t tlb_time;

static bool table_entries(uint64_t cr3, uint64_t va, uint64_t *all, uint64_t *any, uint64_t *entry)
{
	mfn_t table = cr3 >> PAGE_SHIFT;

	*all = ~0ULL;
	*any = 0;
	for (unsigned int level = 4; level; level--) {
		*entry = world_table(table)[pte_index(va, level)];
		if (!(*entry & PTE_PRESENT))
			return false;
		*all &= *entry;
		*any |= *entry;
		table = pte_mfn(*entry);
	}
	return true;
}

/* The same through what is cached of a former walk, if anything. */
static bool cached_entries(uint64_t va, uint64_t *all, uint64_t *any, uint64_t *entry)
{
	unsigned int i = (va >> 21) % TLB_SLOTS;

	if (!walk_cache[i].l1 || walk_cache[i].va != va >> 21 ||
	    walk_cache[i].user != !vcpu->kernel_mode)
		return false;
	*entry = world_table(walk_cache[i].l1)[pte_index(va, 1)];
	*all = walk_cache[i].all & *entry;
	*any = walk_cache[i].any | *entry;
	return *entry & PTE_PRESENT;
}

static bool permitted(uint64_t all, uint64_t any, uint32_t error)
{
	return !(error & PF_WRITE && !(all & PTE_WRITE)) && !(error & PF_FETCH && any & PTE_NX);
}

static bool hit_tlb(uint64_t va, uint32_t access, uint64_t *entry)
{
	unsigned int i = va / PAGE_SIZE % TLB_SLOTS;

	if (tlb_time != tlb_clock) {
		memset(tlb, 0, sizeof(tlb));
		memset(walk_cache, 0, sizeof(walk_cache));
		tlb_time = tlb_clock;
	}
	*entry = tlb[i].entry;
	return *entry && tlb[i].va == va / PAGE_SIZE && tlb[i].user == !vcpu->kernel_mode &&
	       permitted(*entry, *entry, access);
}

static void fill_tlb(uint64_t va, uint64_t entry, uint64_t all, uint64_t any)
{
	unsigned int i = va / PAGE_SIZE % TLB_SLOTS;

	tlb[i].va = va / PAGE_SIZE;
	tlb[i].user = !vcpu->kernel_mode;
	tlb[i].entry = (entry & ~(PTE_WRITE | PTE_NX)) | (all & PTE_WRITE) | (any & PTE_NX);
}

static void fill_walk_cache(uint64_t cr3, uint64_t va)
{
	unsigned int i = (va >> 21) % TLB_SLOTS;
	mfn_t table = cr3 >> PAGE_SHIFT;

	walk_cache[i].va = va >> 21;
	walk_cache[i].user = !vcpu->kernel_mode;
	walk_cache[i].all = ~0ULL;
	walk_cache[i].any = 0;
	for (unsigned int level = 4; level > 1; level--) {
		uint64_t entry = world_table(table)[pte_index(va, level)];

		walk_cache[i].all &= entry;
		walk_cache[i].any |= entry;
		table = pte_mfn(entry);
	}
	walk_cache[i].l1 = table;
}

/* The guest would fault as well; the error code must be what its own tables give. */
static void check_refusal(uint64_t va, uint32_t access, uint32_t error)
{
	uint64_t base = vcpu->kernel_mode ? vcpu->memory.base_kernel : vcpu->memory.base_user;
	uint64_t all, any, entry;

	if (!table_entries(base, va, &all, &any, &entry)) {
		assert_int_equal(error, access);
		return;
	}
	assert_false(permitted(all, any, access));
	assert_int_equal(error, access | PF_PRESENT);
}

/* What the guest writes is perhaps the contents of a future table. */
static uint64_t some_entry(unsigned int level);

static void do_write(mfn_t mfn)
{
	assert_in_range(frame_owner_id(frame_owner_word(frame_of(mfn))), 0, 1);
	assert_int_equal(world_type(mfn), FRAME_WRITABLE);
	world_table(mfn)[rand() % 3] = some_entry(1);
	note_write(mfn);
}

/* access: PF_WRITE, PF_FETCH.  False: the guest's own fault. */
static bool processor_access(uint64_t va, uint32_t access)
{
	uint64_t cr3 = vcpu->kernel_mode ? vcpu->cr3_kernel : vcpu->cr3_user, all, any, entry;

	for (unsigned int try = 0; try < 4; try++) {
		uint32_t error = access;

		if (hit_tlb(va, access, &entry)) {
			if (access & PF_WRITE)
				do_write(pte_mfn(entry));
			return true;
		}
		if ((!try && cached_entries(va, &all, &any, &entry)) ||
		    table_entries(cr3, va, &all, &any, &entry)) {
			if (permitted(all, any, access)) {
				/* The processor must never find a bit to set in a shadow. */
				assert_true(all & PTE_ACCESSED);
				assert_true(!(access & PF_WRITE) || entry & PTE_DIRTY);
				fill_tlb(va, entry, all, any);
				if (try)
					fill_walk_cache(cr3, va);
				continue;
			}
			error |= PF_PRESENT;
		}
		if (!shadow_fault(vcpu, va, &error, !vcpu->kernel_mode)) {
			check_refusal(va, access, error);
			return false;
		}
	}
	fail_msg("a fault at %#lx that nothing came of", va);
	return false;
}

/* ---- the log ---- */
static void log_on(void)
{
	memset(written, 0, sizeof(written));
	assert_int_equal(dirty_log_enable(guest, LOG_SIZE), 0);
	tlb_flush_local();
}

static uint64_t rebuilds;		/* of all logs so far */

static void log_off(void)
{
	rebuilds += guest->memory.log.rebuilds;
	dirty_log_disable(guest);
	tlb_flush_local();
	while (dirty_log_free(guest))
		;
}

static uint64_t log_read(uint64_t first, uint64_t count, bool clear)
{
	struct hc_control_dirty_log op = {
		.first = first, .count = count, .buffer = (uint64_t)bitmap,
	};
	long rc;

	do
		rc = dirty_log_read(guest, &op, clear);
	while (rc == -ERESTART);
	assert_int_equal(rc, 0);
	return op.dirty;
}

static bool bit(uint64_t gfn)
{
	return bitmap[gfn / 64] >> gfn % 64 & 1;
}

/* All that was written is in the log. */
static void check_log(void)
{
	log_read(0, LOG_SIZE, true);
	for (unsigned int i = 0; i < ARRAY_SIZE(written); i++)
		if (written[i] & ~bitmap[i])
			fail_msg("written but not in the log: %#lx of frames %u..", written[i] & ~bitmap[i],
				 i * 64);
	memset(written, 0, sizeof(written));
}

/* ---- shadow and guest, side by side ---- */
static void compare(mfn_t shadow, mfn_t table, unsigned int level)
{
	assert_int_equal(world_type(table), level);
	assert_true(world_validated(table));
	if (level == 4 && split_tables)
		world_check_outer(world_table(shadow));
	assert_int_equal(frame_owner_word(frame_of(shadow)) >> FRAME_OWNER_SHIFT, FRAME_OWNER_HYP);
	for (unsigned int i = 0; i < PTE_ENTRIES; i++) {
		uint64_t s = world_table(shadow)[i], g = world_table(table)[i];

		if (level == 4 && i >= L4_HOLE_FIRST && i <= L4_HOLE_LAST) {
			if (i != L4_LINK)
				assert_int_equal(s, hyp_l4[i]);
			continue;
		}
		if (!s)
			continue;
		if (!(g & PTE_PRESENT) || !(g & PTE_ACCESSED) || (s & ~g & PTE_WRITE) ||
		    (g & ~s & PTE_NX))
			fail_msg("level %u entry %u: shadow %#lx, guest's %#lx", level, i, s, g);
		if (level > 1) {
			compare(pte_mfn(s), pte_mfn(g), level - 1);
			continue;
		}
		assert_int_equal(pte_mfn(s), pte_mfn(g));
		if (s & PTE_WRITE && (!(g & PTE_DIRTY) || (dirty_loggable(guest, pte_mfn(s)) &&
							    !dirty_marked(guest, pte_mfn(s)))))
			fail_msg("level 1 entry %u is writable too early", i);
	}
}

static void check_shadows(void)
{
	if (!guest->memory.log.active) {
		assert_int_equal(vcpu->cr3_kernel, vcpu->memory.base_kernel);
		assert_int_equal(vcpu->cr3_user, vcpu->memory.base_user);
		return;
	}
	if (vcpu->memory.base_kernel)
		compare(vcpu->cr3_kernel >> PAGE_SHIFT, vcpu->memory.base_kernel >> PAGE_SHIFT, 4);
	if (vcpu->memory.base_user)
		compare(vcpu->cr3_user >> PAGE_SHIFT, vcpu->memory.base_user >> PAGE_SHIFT, 4);
}

/* ---- tests ---- */
static int set_up(int (*world_up)(void **state), void **state)
{
	world_up(state);
	guest = &world.dom[1];
	vcpu = &world.vcpu[1];
	memset(written, 0, sizeof(written));
	return 0;
}

static int setup(void **state)
{
	return set_up(world_setup, state);
}

static int setup_split(void **state)
{
	return set_up(world_setup_split, state);
}

static int teardown(void **state)
{
	if (guest->memory.log.active)
		log_off();
	return world_teardown(state);
}

/* A space that runs, with eight data frames, numbers 100 to 107, at 0x1000 to 0x8000. */
static void live_space(struct space *s, mfn_t data[8])
{
	world_space(1, s);
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, s->l4, 0), 0);
	assert_int_equal(world_mmuext(HC_MMUEXT_NEW_BASEPTR, s->l4, 0), 0);
	m2p_set(s->l4, 4);
	m2p_set(s->l3, 3);
	m2p_set(s->l2, 2);
	m2p_set(s->l1, 1);
	for (unsigned int i = 0; i < 8; i++) {
		data[i] = world_frame(1);
		m2p_set(data[i], 100 + i);
		assert_int_equal(update(slot_addr(s->l1, i + 1), pte_make(data[i], TABLE), HC_DOMID_SELF), 0);
	}
}

static void writes_are_seen(void **state)
{
	struct space s;
	mfn_t data[8];

	(void)state;
	live_space(&s, data);
	log_on();
	assert_true(processor_access(0x1000, 0));
	assert_true(processor_access(0x2000, PF_WRITE));
	/* The entries' accessed bits, all the way down, are writes to the tables. */
	assert_int_equal(log_read(0, LOG_SIZE, true), 5);
	assert_true(bit(101) && bit(1) && bit(2) && bit(3) && bit(4));
	assert_true(world_table(s.l1)[1] & PTE_ACCESSED && !(world_table(s.l1)[1] & PTE_DIRTY));
	assert_true(world_table(s.l1)[2] & PTE_DIRTY && world_table(s.l4)[0] & PTE_ACCESSED);
	assert_int_equal(log_read(0, LOG_SIZE, true), 0);
	/* Exactly what is written from now on; peeking takes nothing away. */
	assert_true(processor_access(0x2000, PF_WRITE));
	assert_true(processor_access(0x1000, 0));
	assert_int_equal(log_read(0, LOG_SIZE, false), 1);
	assert_int_equal(log_read(64, 64, true), 1);
	assert_int_equal(bitmap[0], 1ULL << (101 - 64));
	assert_int_equal(log_read(0, 64, true), 0);
	assert_int_equal(log_read(0, LOG_SIZE, true), 0);
	log_off();
	world_check();
}

static void faults_stay_the_guests(void **state)
{
	struct space s;
	mfn_t data[8];

	(void)state;
	live_space(&s, data);
	assert_int_equal(update(slot_addr(s.l1, 1), pte_make(data[0], PTE_PRESENT | PTE_NX), HC_DOMID_SELF),
			 0);
	log_on();
	assert_false(processor_access(0x1000, PF_WRITE));
	assert_false(processor_access(0x1000, PF_FETCH));
	assert_false(processor_access(0x20000, 0));
	assert_false(processor_access(1ULL << 40, PF_WRITE));
	assert_true(processor_access(0x1000, 0));
	assert_false(processor_access(0x1000, PF_WRITE));
	/* An address of the hypervisor's is never filled in. */
	assert_false(shadow_fault(vcpu, HOLE_VIRT_START, &(uint32_t){ PF_WRITE }, false));
	/* An entry of its own is as it left it, but for the bits that the processor sets. */
	assert_int_equal(world_table(s.l1)[1], pte_make(data[0], PTE_PRESENT | PTE_NX | PTE_USER | PTE_ACCESSED));
	check_shadows();
	world_check();
}

static void others_writes_are_seen(void **state)
{
	struct space s, theirs;
	mfn_t data[8], fresh;

	(void)state;
	live_space(&s, data);
	world_enter(0);
	world_space(0, &theirs);
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, theirs.l4, 0), 0);
	log_on();
	/* A foreign mapping, when it is made and when it goes. */
	assert_int_equal(update(slot_addr(theirs.l1, 9), pte_make(data[3], TABLE), 1), 0);
	assert_int_equal(log_read(0, LOG_SIZE, true), 1);
	assert_true(bit(103));
	assert_int_equal(update(slot_addr(theirs.l1, 9), 0, HC_DOMID_SELF), 0);
	assert_int_equal(log_read(0, LOG_SIZE, true), 1);
	assert_true(bit(103));
	assert_int_equal(update(slot_addr(theirs.l1, 9), pte_make(data[3], PTE_PRESENT), 1), 0);
	assert_int_equal(update(slot_addr(theirs.l1, 9), 0, HC_DOMID_SELF), 0);
	assert_int_equal(log_read(0, LOG_SIZE, true), 0);
	/* What the hypervisor and back ends may write at any time, each time. */
	world.granted_frame = data[4];
	world.event_frame = data[5];
	vcpu->info_mfn = data[6];
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(log_read(0, LOG_SIZE, true), 3);
		assert_true(bit(104) && bit(105) && bit(106));
	}
	world.granted_frame = world.event_frame = 0;
	vcpu->info_mfn = MFN_INVALID;
	log_read(0, LOG_SIZE, true);
	/* The hypercalls that write. */
	fresh = world_frame(1);
	assert_int_equal(update(fresh << PAGE_SHIFT | HC_MMU_MACHPHYS_UPDATE, 200, 1), 0);
	assert_int_equal(world_mmuext_for(HC_MMUEXT_CLEAR_PAGE, fresh, 1), 0);
	assert_int_equal(log_read(0, LOG_SIZE, true), 1);
	assert_true(bit(200));
	assert_int_equal(update(slot_addr(fresh, 3), 74, (1 + 1) << 16 | HC_DOMID_SELF), 0);
	assert_int_equal(log_read(0, LOG_SIZE, true), 1);
	assert_int_equal(world_mmuext_for(HC_MMUEXT_PIN_L1_TABLE, fresh, 1), 0);
	assert_int_equal(log_read(0, LOG_SIZE, true), 1);
	assert_int_equal(update(slot_addr(fresh, 3), 76, (1 + 1) << 16 | HC_DOMID_SELF), 0);
	assert_int_equal(log_read(0, LOG_SIZE, true), 1);
	assert_int_equal(world_mmuext_for(HC_MMUEXT_UNPIN_TABLE, fresh, 1), 0);
	assert_int_equal(log_read(0, LOG_SIZE, true), 1);
	assert_true(bit(200));
	/* All frames of an extent, whatever numbers it is given: three of the second one's are outside. */
	for (unsigned int i = 0; i < 2; i++) {
		uint64_t list = i ? -3ULL : 300;
		struct hc_memory_reservation r = {
			.extent_start = (uint64_t)&list, .nr_extents = 1, .extent_order = 3, .domid = 1,
		};

		assert_int_equal(world_memory_op(HC_MEM_POPULATE_PHYSMAP, &r), 1);
		assert_int_equal(log_read(0, LOG_SIZE, true), i ? 5 : 8);
		for (unsigned int k = 0; k < (i ? 5 : 8); k++)
			assert_true(bit((i ? 0 : 300) + k));
	}
	world_check();
}

static void control_is_checked(void **state)
{
	struct hc_control_dirty_log op = { .count = 64, .buffer = (uint64_t)bitmap };
	struct space s;
	mfn_t data[8];

	(void)state;
	assert_int_equal(dirty_log_read(guest, &op, true), -EINVAL);
	assert_int_equal(dirty_log_enable(guest, 0), -EINVAL);
	assert_int_equal(dirty_log_enable(guest, HC_DIRTY_LOG_MAX + 1), -EINVAL);
	live_space(&s, data);
	log_on();
	assert_int_equal(dirty_log_enable(guest, LOG_SIZE), -EBUSY);
	op.first = 1;
	assert_int_equal(dirty_log_read(guest, &op, true), -EINVAL);
	op.first = 960;
	assert_int_equal(dirty_log_read(guest, &op, true), -EINVAL);
	op.first = ~0ULL - 63;
	assert_int_equal(dirty_log_read(guest, &op, true), -EINVAL);
	op = (struct hc_control_dirty_log){ .count = 64, .done = 64, .buffer = (uint64_t)bitmap };
	assert_int_equal(dirty_log_read(guest, &op, true), -EINVAL);
	/* Bits that could not be delivered are not lost. */
	processor_access(0x2000, PF_WRITE);
	op = (struct hc_control_dirty_log){ .count = LOG_SIZE };
	assert_int_equal(dirty_log_read(guest, &op, true), -EFAULT);
	log_read(0, LOG_SIZE, true);
	assert_true(bit(101));
	/* In parts. */
	world.preempt_every = 1;
	processor_access(0x2000, PF_WRITE);
	assert_int_equal(log_read(0, LOG_SIZE, true), 1);
	world.preempt_every = 0;
}

/* ---- at random ---- */
/* More tables than there are shadows for: those are thrown away now and then. */
enum { L4S = 4, L3S = 6, L2S = 12, L1S = 40, DATA = 24, ALL = L4S + L3S + L2S + L1S + DATA };
static mfn_t pool[ALL];

/* A frame that is probably meant for that level (0: data). */
static mfn_t some_frame(unsigned int level)
{
	static const unsigned int first[] = { L4S + L3S + L2S + L1S, L4S + L3S + L2S, L4S + L3S, L4S, 0 };
	static const unsigned int count[] = { DATA, L1S, L2S, L3S, L4S };

	if (rand() % 12 == 0)
		return pool[rand() % ALL];
	return pool[first[level] + rand() % count[level]];
}

static uint64_t some_entry(unsigned int level)
{
	uint64_t flags = rand() % 6 ? PTE_PRESENT : 0;

	flags |= rand() % 4 ? PTE_WRITE : 0;
	flags |= rand() % 8 ? 0 : PTE_NX;
	flags |= rand() % 2 ? PTE_ACCESSED : 0;
	flags |= rand() % 2 ? PTE_DIRTY : 0;
	return pte_make(some_frame(level - 1), flags);
}

/* Few entries of each table are in use, so that paths to a page exist. */
static uint64_t some_address(void)
{
	uint64_t va = 0;

	for (unsigned int level = 1; level <= 4; level++)
		va |= (uint64_t)(rand() % 3) << (PAGE_SHIFT + 9 * (level - 1));
	return va;
}

/* In trees that use all the tables, entry k of table i leads to this one. */
static unsigned int planned(unsigned int i, unsigned int k)
{
	if (i < L4S)
		return L4S + (i * 3 + k) % L3S;
	if (i < L4S + L3S)
		return L4S + L3S + ((i - L4S) * 3 + k) % L2S;
	return L4S + L3S + L2S + ((i - L4S - L3S) * 3 + k) % L1S;
}

static uint64_t planned_entry(unsigned int i, unsigned int k)
{
	return i < L4S + L3S + L2S ? pte_make(pool[planned(i, k)], TABLE) : some_entry(1);
}

/* Trees that use all the tables, and vcpus that run on them. */
static void plant(void)
{
	for (unsigned int i = 0; i < ALL; i++) {
		pool[i] = world_frame(i == ALL - 1 ? 0 : 1);
		m2p_set(pool[i], i);
	}
	for (unsigned int i = 0; i < L4S + L3S + L2S; i++)
		for (unsigned int k = 0; k < 3; k++)
			world_table(pool[i])[k] = planned_entry(i, k);
	for (unsigned int i = 0; i < L4S; i++)
		assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, pool[i], 0), 0);
	assert_int_equal(world_mmuext(HC_MMUEXT_NEW_BASEPTR, pool[0], 0), 0);
	assert_int_equal(world_mmuext(HC_MMUEXT_NEW_USER_BASEPTR, pool[1], 0), 0);
}

static void random_tables(void)
{
	unsigned int level = rand() % 8 ? 1 : 1 + rand() % 4, i = rand() % (L4S + L3S + L2S), k = rand() % 3;
	mfn_t theirs;
	uint64_t old;
	uint8_t byte;

	switch (rand() % 14) {
	case 0:
		world_mmuext(HC_MMUEXT_PIN_L1_TABLE + level - 1, some_frame(level), 0);
		break;
	case 1:
		world_mmuext_abandon(HC_MMUEXT_PIN_L1_TABLE + level - 1, some_frame(level));
		break;
	case 2:
		world_mmuext(HC_MMUEXT_UNPIN_TABLE, some_frame(level), 0);
		break;
	case 3:
		world_mmuext(rand() % 2 ? HC_MMUEXT_NEW_BASEPTR : HC_MMUEXT_NEW_USER_BASEPTR,
			     some_frame(4), 0);
		break;
	case 4:
		hypercall_update_va_mapping(some_address(), some_entry(1), 0);
		break;
	case 5:
		pagetable_emulated_write(vcpu, some_address() + rand() % 3 * 8, 8, some_entry(level), NULL);
		break;
	case 9:
		pagetable_exchange(vcpu, some_frame(1), k * 8, rand() % 2 ? some_entry(1) : 0, &old);
		break;
	case 10:
		pagetable_and(vcpu, some_frame(1), k * 8 + rand() % 2 * 7, (uint8_t)rand(), &byte);
		break;
	case 6:
		theirs = pool[ALL - 1];
		grant_map_pte(vcpu, slot_addr(some_frame(1), rand() % 3), theirs,
			      HC_GNTMAP_HOST_MAP | HC_GNTMAP_CONTAINS_PTE);
		break;
	case 7:
		/* A branch goes, its frames are written while they are no tables, and it is there again. */
		update(slot_addr(pool[i], k), 0, HC_DOMID_SELF);
		for (unsigned int n = 0; n < 3; n++)
			update(slot_addr(pool[planned(i, k)], n), planned_entry(planned(i, k), n),
			       HC_DOMID_SELF);
		update(slot_addr(pool[i], k), planned_entry(i, k), HC_DOMID_SELF);
		break;
	case 8:
		/* What grows again, or all would soon be waste. */
		update(slot_addr(pool[i], k), planned_entry(i, k), HC_DOMID_SELF);
		world_mmuext(HC_MMUEXT_PIN_L4_TABLE, pool[rand() % L4S], 0);
		break;
	default:
		update(slot_addr(some_frame(level), rand() % 3) | (rand() % 2 ? 0 : HC_MMU_PT_UPDATE_PRESERVE_AD),
		       some_entry(level), HC_DOMID_SELF);
	}
}

static void random_log(void)
{
	unsigned int first = rand() % 2 * 64;

	switch (rand() % 24) {
	case 0:
		log_off();
		log_on();
		break;
	case 1:
		/* Only a part: the rest must still be there later. */
		log_read(first, 64, true);
		written[first / 64] &= ~bitmap[0];
		break;
	case 2:
		log_read(0, LOG_SIZE, false);
		break;
	default:
		check_log();
	}
}

static void random_number(void)
{
	mfn_t mfn = some_frame(rand() % 5);
	uint64_t gfn = rand() % 4 ? (uint64_t)rand() % 256 : M2P_INVALID;

	if (!update(mfn << PAGE_SHIFT | HC_MMU_MACHPHYS_UPDATE, gfn, HC_DOMID_SELF))
		note_write(mfn);
}

static void anything_goes(void **state)
{
	unsigned int rounds = getenv("DIRTY_UNIT_ROUNDS") ? strtoul(getenv("DIRTY_UNIT_ROUNDS"), NULL, 0) : 60000;
	unsigned int done = 0, faulted = 0;

	(void)state;
	srand(getenv("DIRTY_UNIT_SEED") ? strtoul(getenv("DIRTY_UNIT_SEED"), NULL, 0) : 7);
	plant();
	log_on();
	for (unsigned int i = 0; i < rounds; i++) {
		unsigned int what = rand() % 32;

		world.preempt_every = rand() % 4 ? rand() % 5 : 0;
		if (vcpu->memory.base_kernel && vcpu->memory.base_user)
			vcpu->kernel_mode = rand() % 2;
		if (what < 14 && (vcpu->kernel_mode ? vcpu->memory.base_kernel : vcpu->memory.base_user))
			*(processor_access(some_address(), rand() % 3 ? PF_WRITE : rand() % 2 * PF_FETCH) ?
			  &done : &faulted) += 1;
		else if (what == 14)
			random_log();
		else if (what == 15)
			random_number();
		else
			random_tables();
		world.preempt_every = 0;
		if (i % 16 == 0)
			check_shadows();
		if (i % 64 == 0)
			world_check();
	}
	check_log();
	world_check();
	/* The test would prove little if hardly any access found its way. */
	assert_true(done > rounds / 50 && faulted > rounds / 50);
	assert_true(rebuilds + guest->memory.log.rebuilds > rounds / 1000);
	/* It may die with the log on. */
	world_enter(0);
	world.preempt_every = 3;
	world_destroy(1);
	assert_false(guest->memory.log.active);
	assert_int_equal(dirty_logs, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define SPLIT(name) { #name ", split tables", name, setup_split, teardown, NULL }
	const struct CMUnitTest tests[] = {
		T(writes_are_seen),
		T(faults_stay_the_guests),
		T(others_writes_are_seen),
		T(control_is_checked),
		T(anything_goes),
		SPLIT(writes_are_seen),
		SPLIT(anything_goes),
	};

	return cmocka_run_group_tests_name("dirty", tests, NULL, NULL);
}
