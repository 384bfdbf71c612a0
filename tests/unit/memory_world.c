// SPDX-License-Identifier: GPL-2.0-or-later
/* The machine of memory_world.h, and the parts of the hypervisor that are not under test. */
#include "memory_world.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/guest_descriptors.h"
#include "emulate/emulate.h"
#include "extension/extension.h"
#include "hypercall/hypercall.h"
#include "lib/log.h"
#include "memory/owner.h"
#include "memory/reservation.h"

struct world world;
char *host_ram;
struct frame *host_frames;
uint64_t *host_m2p;
struct cpu host_cpu;
unsigned int cpu_count = 1;
cpumask_t cpu_online_mask = 1;
mfn_t memory_max_mfn = WORLD_FRAMES;
uint64_t memory_total_frames;
uint64_t memory_address_limit = 1ULL << 40;
struct memory_range memory_map[MEMORY_MAX_RANGES];
unsigned int memory_map_count;
uint64_t *hyp_l4;
struct domain *dom0, *dom_xen, *dom_io;

static unsigned int preempt_count;
static struct {
	bool wanted;
	uint64_t args[4];
} continuation;

void cpu_relax_serving(void)
{
	sched_yield();
}

void smp_flush(cpumask_t mask, uint64_t va)
{
	/* Only the flush of this processor is real. */
	if (mask & 1ULL << host_cpu.id && va == ~0ULL)
		tlb_flush_local();
	world.flushes++;
}

void smp_call(cpumask_t mask, void (*fn)(void *), void *arg)
{
	(void)mask;
	fn(arg);
}

void clear_page(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

void copy_page(void *dst, const void *src)
{
	memcpy(dst, src, PAGE_SIZE);
}

void scrub_pages(void *first, size_t count)
{
	memset(first, 0, count * PAGE_SIZE);
}

bool hypercall_preempt_check(void)
{
	return world.preempt_every && ++preempt_count % world.preempt_every == 0;
}

long hypercall_continue(unsigned int nr, unsigned int nargs, ...)
{
	va_list ap;

	(void)nr;
	continuation.wanted = true;
	va_start(ap, nargs);
	for (unsigned int i = 0; i < nargs && i < ARRAY_SIZE(continuation.args); i++)
		continuation.args[i] = va_arg(ap, uint64_t);
	va_end(ap);
	return 0;
}

static bool accessible(uint64_t address, size_t size, bool write)
{
	return address && (!world.access || world.access(address, size, write));
}

int copy_from_guest(void *dst, uint64_t src, size_t size)
{
	if (!accessible(src, size, false))
		return -EFAULT;
	memcpy(dst, (const void *)src, size);
	return 0;
}

int copy_to_guest(uint64_t dst, const void *src, size_t size)
{
	if (!accessible(dst, size, true))
		return -EFAULT;
	memcpy((void *)dst, src, size);
	return 0;
}

void domain_ref(struct domain *d)
{
	d->refs++;
}

void domain_put(struct domain *d)
{
	d->refs--;
	world.domain_puts[d - world.dom]++;
}

int domain_get_target(uint16_t domid, struct domain **out)
{
	if (domid == HC_DOMID_SELF)
		domid = current->domain->id;
	if (domid != current->domain->id && !current->domain->privileged)
		return -EPERM;
	if (domid >= ARRAY_SIZE(world.dom) || world.dom[domid].dying)
		return -ESRCH;
	*out = &world.dom[domid];
	domain_ref(*out);
	return 0;
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
	(void)d;
	fail_msg("domain crashed: %s", fmt);
}

long vcpu_set_ldt(struct vcpu *v, uint64_t base, uint32_t entries)
{
	(void)v;
	(void)base;
	return entries > 8192 ? -EINVAL : 0;
}

bool descriptor_page_check(uint64_t *page)
{
	/* Present system descriptors are refused; enough for the tests here. */
	for (unsigned int i = 0; i < PTE_ENTRIES; i++)
		if ((page[i] >> 44 & 9) == 8)
			return false;
	return true;
}

enum emulate_result emulate_pagetable_write(struct vcpu *v, struct regs *regs, uint64_t va,
					    mfn_t table)
{
	(void)table;
	(void)v;
	(void)regs;
	(void)va;
	return EMULATE_DONE;
}

int grant_shared_frame(struct domain *d, uint32_t idx, mfn_t *mfn)
{
	(void)d;
	*mfn = idx;
	return 0;
}

void guest_area_frames(struct guest_area *a, void (*fn)(mfn_t mfn))
{
	if (a->frame[0])
		fn(frame_mfn(a->frame[0]));
}

void event_frames(struct domain *d, void (*fn)(mfn_t mfn))
{
	(void)d;
	if (world.event_frame)
		fn(world.event_frame);
}

void grant_written_frames(struct domain *d, void (*fn)(mfn_t mfn))
{
	(void)d;
	if (world.granted_frame)
		fn(world.granted_frame);
}

mfn_t m2p_extent(unsigned int n)
{
	return 100 + n;
}

/* Only for what hypmap.c does with the hypervisor's own mappings. */
uint64_t *hyp_entry_in(uint64_t *l4, uint64_t va, unsigned int level)
{
	(void)l4, (void)va, (void)level;
	return NULL;
}

static void domain_setup(unsigned int id)
{
	struct domain *d = &world.dom[id];
	struct vcpu *v = &world.vcpu[id];

	d->id = id;
	d->privileged = id == 0;
	d->max_vcpus = 1;
	d->vcpu[0] = v;
	d->refs = 1;
	d->dirty_cpus = 1;
	assert_int_equal(memory_domain_init(d), 0);
	d->memory.max_frames = WORLD_FRAMES;
	if (split_tables)
		d->memory.outer_windows = page_alloc_for(d);
	v->domain = d;
	v->kernel_mode = 1;
	v->info_mfn = MFN_INVALID;
	v->dirty_cpus = 1;
}

int world_setup(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	preempt_count = 0;
	tlb_guest_cpus = ~0ULL;
	if (!host_ram) {
		host_ram = aligned_alloc(1 << 21, WORLD_FRAMES * PAGE_SIZE);
		host_frames = calloc(WORLD_FRAMES, sizeof(*host_frames));
		host_m2p = malloc(WORLD_FRAMES * sizeof(*host_m2p));
		memset(host_ram, 0, WORLD_FRAMES * PAGE_SIZE);
		memset(host_m2p, 0xff, WORLD_FRAMES * sizeof(*host_m2p));
		for (mfn_t i = 0; i < WORLD_FRAMES; i++)
			host_frames[i].owner = i < WORLD_FRAMES - 16 ? FRAME_HYP : FRAME_NOT_RAM;
		allocator_add(1, WORLD_FRAMES - 16);
		hyp_l4 = page_alloc();
		for (unsigned int i = L4_HOLE_FIRST; i <= L4_HOLE_LAST; i++)
			hyp_l4[i] = i == L4_LINK ? 0 : pte_make(i, PTE_PRESENT);
		split_tables = true;
		split_init();
		split_tables = false;
		/* The directory page of owners stays for good. */
		domain_setup(0);
		world_destroy(0);
		memset(&world, 0, sizeof(world));
	}
	world.free_at_start = memory_free_frames();
	dom0 = &world.dom[0];
	domain_setup(0);
	domain_setup(1);
	world_enter(1);
	return 0;
}

int world_setup_split(void **state)
{
	world_setup(state);
	world_destroy(0);
	world_destroy(1);
	memset(&world, 0, sizeof(world));
	split_tables = true;
	return world_setup(state);
}

void world_check_outer(const uint64_t *inner)
{
	const uint64_t *outer = maddr_to_virt(~inner[L4_LINK] & PTE_ADDRESS);

	for (unsigned int i = 0; i < PTE_ENTRIES; i++)
		if (i < L4_HOLE_FIRST || i > L4_HOLE_LAST)
			/* The processor has its own accessed bits in the one it walks. */
			assert_int_equal(outer[i] & ~PTE_ACCESSED, inner[i] & ~PTE_ACCESSED);
		else if (i == L4_HOLE_FIRST)
			assert_int_equal(outer[i], hyp_l4[i]);
		else
			assert_true(!outer[i] || i == L4_WINDOWS);
}

int world_teardown(void **state)
{
	(void)state;
	world.preempt_every = 0;
	for (unsigned int i = 0; i < 2; i++)
		if (world.dom[i].memory.chunk_map)
			world_destroy(i);
	owner_reap();
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(world.dom[i].memory.frames, 0);
	if (memory_free_frames() != world.free_at_start)
		fail_msg("%ld frames lost", (long)(world.free_at_start - memory_free_frames()));
	split_tables = false;
	return 0;
}

void world_enter(unsigned int dom)
{
	host_cpu.running = &world.vcpu[dom];
}

long world_mmu_update(struct hc_mmu_update *list, uint32_t count, uint32_t *done, uint64_t domid)
{
	uint64_t a[4] = { (uint64_t)list, count, (uint64_t)done, domid };
	long rc;

	do {
		continuation.wanted = false;
		rc = hypercall_mmu_update(a[0], a[1], a[2], a[3]);
		memcpy(a, continuation.args, sizeof(a));
	} while (continuation.wanted);
	return rc;
}

static long mmuext(unsigned int cmd, uint64_t arg1, uint64_t arg2, uint64_t domid, bool all)
{
	struct hc_mmuext_op op = { .cmd = cmd, .arg1.mfn = arg1, .arg2.src_mfn = arg2 };
	uint64_t a[4] = { (uint64_t)&op, 1, 0, domid };
	long rc;

	do {
		continuation.wanted = false;
		rc = hypercall_mmuext_op(a[0], a[1], a[2], a[3]);
		memcpy(a, continuation.args, sizeof(a));
		if (continuation.wanted && !all)
			return -ERESTART;
	} while (continuation.wanted);
	return rc;
}

long world_mmuext(unsigned int cmd, uint64_t arg1, uint64_t arg2)
{
	return mmuext(cmd, arg1, arg2, HC_DOMID_SELF, true);
}

long world_mmuext_for(unsigned int cmd, uint64_t arg1, uint64_t domid)
{
	return mmuext(cmd, arg1, 0, domid, true);
}

long world_mmuext_abandon(unsigned int cmd, uint64_t arg1)
{
	return mmuext(cmd, arg1, 0, HC_DOMID_SELF, false);
}

long world_tables(struct hc_extension_tables *t)
{
	long rc;

	do {
		continuation.wanted = false;
		rc = extension_tables((uint64_t)t);
	} while (continuation.wanted);
	return rc;
}

long world_memory_op(unsigned int cmd, void *arg)
{
	uint64_t op = cmd;
	long rc;

	do {
		continuation.wanted = false;
		rc = hypercall_memory_op(op, (uint64_t)arg);
		op = continuation.args[0];
	} while (continuation.wanted);
	return rc;
}

mfn_t world_frame(unsigned int dom)
{
	mfn_t mfn;

	assert_int_equal(domain_frames_alloc(&world.dom[dom], 0, &mfn), 0);
	memset(mfn_to_virt(mfn), 0, PAGE_SIZE);
	return mfn;
}

uint64_t *world_table(mfn_t mfn)
{
	return mfn_to_virt(mfn);
}

uint64_t world_refs(mfn_t mfn)
{
	return frame_owner_word(frame_of(mfn)) & FRAME_REFS;
}

uint64_t world_types(mfn_t mfn)
{
	return frame_type_word(frame_of(mfn)) & FRAME_COUNT;
}

enum frame_type world_type(mfn_t mfn)
{
	return frame_type_of(frame_type_word(frame_of(mfn)));
}

bool world_validated(mfn_t mfn)
{
	return world_types(mfn) && frame_type_word(frame_of(mfn)) & FRAME_VALIDATED;
}

void world_space(unsigned int dom, struct space *s)
{
	const uint64_t table = PTE_PRESENT | PTE_WRITE | PTE_USER;

	s->l4 = world_frame(dom);
	s->l3 = world_frame(dom);
	s->l2 = world_frame(dom);
	s->l1 = world_frame(dom);
	s->data = world_frame(dom);
	world_table(s->l4)[0] = pte_make(s->l3, table);
	world_table(s->l3)[0] = pte_make(s->l2, table);
	world_table(s->l2)[0] = pte_make(s->l1, table);
	world_table(s->l1)[0] = pte_make(s->data, table);
}

unsigned int world_destroy(unsigned int dom)
{
	struct domain *d = &world.dom[dom];
	unsigned int calls = 1;

	d->dying = true;
	while (memory_domain_relinquish(d))
		calls++;
	owner_reap();
	if (!d->memory.frames)
		memory_domain_free(d);
	return calls;
}

struct expectation {
	uint64_t refs, types;
	unsigned int type;	/* bit n: must be type n */
};

static void expect(struct expectation *e, mfn_t mfn, unsigned int type)
{
	if (mfn >= WORLD_FRAMES - 16)
		return;
	e[mfn].refs++;
	if (type != FRAME_NONE) {
		e[mfn].types++;
		e[mfn].type |= 1u << type;
	}
}

static void expect_entries(struct expectation *e, mfn_t mfn, unsigned int level, unsigned int count)
{
	const uint64_t *table = world_table(mfn);

	for (unsigned int i = 0; i < count; i++) {
		if (!(table[i] & PTE_PRESENT))
			continue;
		if (level == 4 && i >= L4_HOLE_FIRST && i <= L4_HOLE_LAST)
			continue;
		if (level > 1)
			expect(e, pte_mfn(table[i]), level - 1);
		else
			expect(e, pte_mfn(table[i]),
			       table[i] & PTE_WRITE ? FRAME_WRITABLE : FRAME_NONE);
	}
}

/* Whoever undoes the table looks only where the type word says that something may be. */
static void expect_used(mfn_t mfn, unsigned int level, uint64_t x)
{
	const uint64_t *table = world_table(mfn);

	for (unsigned int i = 0; i < PTE_ENTRIES; i++)
		if (table[i] & PTE_PRESENT && !(x & frame_used_at(i * 8)) &&
		    !(level == 4 && i >= L4_HOLE_FIRST && i <= L4_HOLE_LAST))
			fail_msg("frame %lu: entry %u is present, its block unused: %#lx", mfn, i, x);
}

static void expect_frame(struct expectation *e, mfn_t mfn)
{
	uint64_t owner = frame_owner_word(frame_of(mfn)), x = frame_type_word(frame_of(mfn));
	unsigned int type = frame_type_of(x);

	if (owner & FRAME_ALLOCATED)
		e[mfn].refs++;
	if (!(x & FRAME_COUNT))
		return;
	if (x & FRAME_PINNED)
		expect(e, mfn, type);
	if (x & FRAME_PARTIAL)
		expect(e, mfn, type);
	if (type >= FRAME_L1 && type <= FRAME_L4 && x & FRAME_VALIDATED)
		expect_used(mfn, type, x);
	if (type >= FRAME_L1 && type <= FRAME_L4)
		expect_entries(e, mfn, type, x & FRAME_PARTIAL ? x >> FRAME_PROGRESS_SHIFT :
			       PTE_ENTRIES);
}

void world_check(void)
{
	static struct expectation e[WORLD_FRAMES];
	uint64_t held[2] = { 0 };

	memset(e, 0, sizeof(e));
	for (mfn_t mfn = 0; mfn < WORLD_FRAMES; mfn++) {
		unsigned int id = frame_owner_id(frame_owner_word(frame_of(mfn)));

		if (id >= 2)
			continue;
		held[id]++;
		expect_frame(e, mfn);
	}
	for (unsigned int i = 0; i < 2; i++) {
		if (world.vcpu[i].memory.base_kernel)
			expect(e, world.vcpu[i].memory.base_kernel >> PAGE_SHIFT, FRAME_L4);
		if (world.vcpu[i].memory.base_user)
			expect(e, world.vcpu[i].memory.base_user >> PAGE_SHIFT, FRAME_L4);
		assert_int_equal(held[i], world.dom[i].memory.frames);
	}
	for (mfn_t mfn = 0; mfn < WORLD_FRAMES; mfn++) {
		uint64_t x = frame_type_word(frame_of(mfn));

		if (frame_owner_id(frame_owner_word(frame_of(mfn))) >= 2) {
			if (e[mfn].refs)
				fail_msg("frame %lu is free, and referenced", mfn);
			continue;
		}
		if (world_refs(mfn) != e[mfn].refs || (x & FRAME_COUNT) != e[mfn].types)
			fail_msg("frame %lu: %lu references and %lu of its type, expected %lu and %lu",
				 mfn, world_refs(mfn), x & FRAME_COUNT, e[mfn].refs, e[mfn].types);
		if (e[mfn].types && e[mfn].type != 1u << frame_type_of(x))
			fail_msg("frame %lu is of type %u, used as types %#x", mfn,
				 frame_type_of(x), e[mfn].type);
		assert_false(x & FRAME_LOCKED && x & FRAME_COUNT);
		if (split_tables && world_type(mfn) == FRAME_L4 && world_validated(mfn))
			world_check_outer(world_table(mfn));
	}
}

void world_live_space(struct space *s)
{
	world_space(1, s);
	assert_int_equal(world_mmuext(HC_MMUEXT_PIN_L4_TABLE, s->l4, 0), 0);
	assert_int_equal(world_mmuext(HC_MMUEXT_NEW_BASEPTR, s->l4, 0), 0);
}

long world_update(uint64_t ptr, uint64_t val)
{
	struct hc_mmu_update u = { ptr, val };

	return world_mmu_update(&u, 1, NULL, HC_DOMID_SELF);
}
