/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building dom0 from the boot modules.  They take a good part of a small
 * machine, so it first gets the memory that they are copied to, and the rest,
 * which is theirs too, when they have been released.  Its pseudo-physical
 * memory, and what of it is mapped at virt_base when it starts:
 *
 *   frame 0 ... kernel | start_info | page tables | stack | spare to 4 MiB || initrd | p2m list | free
 *   \----------------------- mapped one to one at virt_base --------------/
 *
 * The p2m list is mapped at the address that the kernel's notes ask for
 * (INIT_P2M), the initrd not at all: its frame number is told.
 */
#include <hypercall/start.h>
#include <hypercall/vcpu.h>
#include "boot/options.h"
#include "cpu/cpu.h"
#include "domain/control.h"
#include "domain/dom0_image.h"
#include "domain/domain.h"
#include "domain/guest.h"
#include "lib/log.h"
#include "lib/string.h"
#include "memory/memory.h"

#define RUNS 1024
#define RUN_ORDER_MAX 18
#define PTE_FLAGS 0x67UL	/* present, writable, user, accessed, dirty */
#define PTE_FLAGS_READ 0x25UL
#define MAP_ROUND 0x400000UL
#define MAP_SPARE 0x80000UL
/*
 * Twice a guest's.  dom0 carries every guest's disk and network in its interrupts, which
 * leave nothing for its own processes when it gets no more than each of those it works for.
 */
#define DOM0_WEIGHT (2 * SCHED_WEIGHT_DEFAULT)
#define RESERVE_MIN (64UL << 20)

struct run {
	pfn_t pfn;
	mfn_t mfn;
	uint64_t count;
};

static struct {
	struct domain *domain;
	struct dom0_image image;
	struct run *run;
	unsigned int runs;
	uint64_t pages;
	pfn_t allocated;		/* it has the frames below */
	pfn_t start_info, tables, stack, mapped_end, initrd, p2m, used;
	uint64_t table_count, next_table, p2m_pages, initrd_pages, initrd_size;
	uint64_t p2m_virt;
} b __initdata;

static mfn_t __init pfn_to_mfn(pfn_t pfn)
{
	for (unsigned int i = 0; i < b.runs; i++)
		if (pfn - b.run[i].pfn < b.run[i].count)
			return b.run[i].mfn + (pfn - b.run[i].pfn);
	panic("dom0: frame %lx was never allocated", pfn);
}

static void *__init pfn_to_virt(pfn_t pfn)
{
	return mfn_to_virt(pfn_to_mfn(pfn));
}

static void __init add_run(pfn_t pfn, mfn_t mfn, uint64_t count)
{
	struct run *last = b.runs ? &b.run[b.runs - 1] : NULL;

	for (uint64_t i = 0; i < count; i++)
		m2p_set(mfn + i, pfn + i);
	if (last && last->mfn + last->count == mfn) {
		last->count += count;
		return;
	}
	if (b.runs == RUNS)
		panic("dom0: memory too fragmented");
	b.run[b.runs++] = (struct run){ pfn, mfn, count };
}

/*
 * In blocks that are aligned as their places are: a buffer in one piece that dom0 wants for a device, and that it must
 * have aligned, is then one that it has.
 */
static void __init allocate_up_to(pfn_t end)
{
	unsigned int most = RUN_ORDER_MAX;

	while (b.allocated < end) {
		unsigned int order = (unsigned int)__builtin_ctzl(b.allocated | 1UL << most);
		mfn_t mfn;

		while ((1UL << order) > end - b.allocated)
			order--;
		if (domain_frames_alloc(b.domain, order, &mfn)) {
			if (!order)
				panic("dom0: out of memory after %lu of %lu frames", b.allocated,
				      b.pages);
			most = order - 1;
			continue;
		}
		add_run(b.allocated, mfn, 1UL << order);
		b.allocated += 1UL << order;
	}
}

/* Tables of each level that a range of virtual addresses needs. */
static uint64_t __init tables_for(uint64_t start, uint64_t end)
{
	uint64_t n = 0;

	for (unsigned int shift = 21; shift <= 39; shift += 9)
		n += ((end - 1) >> shift) - (start >> shift) + 1;
	return n;
}

static void __init plan(void)
{
	struct dom0_image *im = &b.image;
	uint64_t base = im->virt_base, end;

	b.p2m_pages = DIV_ROUND_UP(b.pages * 8, PAGE_SIZE);
	b.initrd_pages = DIV_ROUND_UP(b.initrd_size, PAGE_SIZE);
	b.start_info = DIV_ROUND_UP(im->end_byte, PAGE_SIZE);
	b.tables = b.start_info + 1;
	/* More tables may need more room and so more tables; one round is enough to settle, but check. */
	do {
		b.stack = b.tables + b.table_count;
		end = ALIGN_UP(((b.stack + 1) << PAGE_SHIFT) + MAP_SPARE, MAP_ROUND);
		b.mapped_end = end >> PAGE_SHIFT;
		b.initrd = b.mapped_end;
		b.p2m = b.initrd + b.initrd_pages;
		b.used = b.p2m + b.p2m_pages;
		b.p2m_virt = im->init_p2m ? im->init_p2m : base + (b.p2m << PAGE_SHIFT);
		end = 1 + tables_for(base, base + end) +
		      tables_for(b.p2m_virt, b.p2m_virt + (b.p2m_pages << PAGE_SHIFT));
		if (b.table_count >= end)
			break;
		b.table_count = end;
	} while (true);
	if (b.used + 1024 > b.pages)
		panic("dom0: %lu MiB of memory are not enough for its kernel and initrd",
		      b.pages >> 8);
}

static pfn_t __init new_table(void)
{
	pfn_t pfn = b.tables + b.next_table++;

	ASSERT(b.next_table <= b.table_count);
	clear_page(pfn_to_virt(pfn));
	return pfn;
}

static uint64_t *__init descend(uint64_t *table, uint64_t va, unsigned int shift)
{
	uint64_t *slot = &table[va >> shift & 511];

	if (!*slot)
		*slot = pfn_to_mfn(new_table()) << PAGE_SHIFT | PTE_FLAGS;
	return maddr_to_virt(*slot & ~0xfffUL);
}

static void __init map_range(uint64_t va, pfn_t pfn, uint64_t count)
{
	uint64_t *l4 = pfn_to_virt(b.tables), *l1 = NULL;

	for (uint64_t i = 0; i < count; i++, va += PAGE_SIZE) {
		bool table = pfn + i >= b.tables && pfn + i < b.tables + b.table_count;

		if (!l1 || !(va & 0x1fffff))
			l1 = descend(descend(descend(l4, va, 39), va, 30), va, 21);
		l1[va >> 12 & 511] = pfn_to_mfn(pfn + i) << PAGE_SHIFT |
				     (table ? PTE_FLAGS_READ : PTE_FLAGS);
	}
}

/* Bytes from the boot module, or zeros, to pseudo-physical memory. */
static void __init fill(uint64_t where, const void *from, uint64_t size)
{
	const char *src = from;

	while (size) {
		uint64_t offset = where & (PAGE_SIZE - 1), n = MIN(PAGE_SIZE - offset, size);
		char *dst = (char *)pfn_to_virt(where >> PAGE_SHIFT) + offset;

		if (src) {
			memcpy(dst, src, n);
			src += n;
		} else {
			memset(dst, 0, n);
		}
		where += n;
		size -= n;
	}
}

static void __init load_image(void)
{
	struct dom0_image *im = &b.image;
	uint64_t page = im->hypercall_page - im->virt_base;

	for (unsigned int i = 0; i < im->segments; i++) {
		fill(im->segment[i].pseudo_physical, im->data + im->segment[i].offset,
		     im->segment[i].file_size);
		fill(im->segment[i].pseudo_physical + im->segment[i].file_size, NULL,
		     im->segment[i].memory_size - im->segment[i].file_size);
	}
	if (!im->hypercall_page)
		return;
	if (page & (PAGE_SIZE - 1) || page >> PAGE_SHIFT >= b.mapped_end)
		panic("dom0: its hypercall page at %lx is not in its image", im->hypercall_page);
	hypercall_page_fill(pfn_to_virt(page >> PAGE_SHIFT));
}

static void __init fill_p2m(void)
{
	uint64_t *page = NULL;

	for (pfn_t pfn = 0; pfn < b.p2m_pages * 512; pfn++) {
		if (!(pfn & 511))
			page = pfn_to_virt(b.p2m + pfn / 512);
		page[pfn & 511] = pfn < b.pages ? pfn_to_mfn(pfn) : ~0ULL;
	}
}

static void __init fill_start_info(const char *command_line)
{
	struct hc_start_info *si = pfn_to_virt(b.start_info);

	clear_page(si);
	format_string(si->magic, sizeof(si->magic), "%s", HC_START_INFO_MAGIC);
	si->nr_pages = b.pages;
	si->shared_info = virt_to_maddr(b.domain->shared_info);
	si->flags = HC_SIF_PRIVILEGED | HC_SIF_INITDOMAIN;
	si->pt_base = b.image.virt_base + (b.tables << PAGE_SHIFT);
	si->nr_pt_frames = b.table_count;
	si->mfn_list = b.p2m_virt;
	si->first_p2m_pfn = b.p2m;
	si->nr_p2m_frames = b.p2m_pages;
	if (b.initrd_size) {
		si->flags |= HC_SIF_MOD_START_PFN;
		si->mod_start = b.initrd;
		si->mod_len = b.initrd_size;
	}
	format_string((char *)si->cmd_line, sizeof(si->cmd_line), "%s", command_line);
}

static void __init start_vcpu(void)
{
	struct hc_vcpu_guest_context *c = heap_alloc(sizeof(*c));
	struct vcpu *v = b.domain->vcpu[0];
	uint64_t base = b.image.virt_base;
	int rc;

	ASSERT(c);
	c->flags = HC_VGCF_IN_KERNEL;
	c->user_regs.rip = b.image.entry;
	c->user_regs.rsp = base + ((b.stack + 1) << PAGE_SHIFT);
	c->user_regs.rsi = base + (b.start_info << PAGE_SHIFT);
	c->user_regs.cs = HC_FLAT_KERNEL_CS64;
	c->user_regs.ss = HC_FLAT_KERNEL_SS64;
	c->user_regs.rflags = RFLAGS_IF;
	c->kernel_ss = HC_FLAT_KERNEL_SS64;
	c->kernel_sp = c->user_regs.rsp;
	c->ctrlreg[3] = pfn_to_mfn(b.tables) << PAGE_SHIFT;
	do
		rc = vcpu_set_context(v, c);
	while (rc == -ERESTART || rc == -EINTR);
	heap_free(c);
	if (rc)
		panic("dom0: its first context was refused (%d)", rc);
	do
		rc = frame_pin(pfn_to_mfn(b.tables), b.domain, FRAME_L4);
	while (rc == -ERESTART || rc == -EINTR);
	if (rc)
		panic("dom0: its page tables could not be pinned (%d)", rc);
	v->sched.waiting = 0;
	time_update_vcpu(v);
}

static uint64_t __init memory_pages(uint64_t module_bytes)
{
	uint64_t free = memory_free_frames() + (module_bytes >> PAGE_SHIFT);
	uint64_t reserve = MAX(RESERVE_MIN >> PAGE_SHIFT, free / 16), most;
	uint64_t pages = option_dom0_memory >> PAGE_SHIFT;

	if (!pages)
		return free - MIN(free, reserve);
	most = free - MIN(free, reserve / 4);
	if (pages > most) {
		log_warn("dom0_mem=%luM is more than there is, giving %luM", pages >> 8, most >> 8);
		pages = most;
	}
	return pages;
}

static void __init create(void)
{
	struct hc_control_create create = { .flags = HC_CREATE_PRIVILEGED, .name = "dom0" };
	int rc;

	create.max_vcpus = option_dom0_vcpus ? MIN(option_dom0_vcpus, (uint32_t)MAX_VCPUS) : cpu_count;
	/* Linux describes all that it is told it may have, in memory that it does have. */
	create.max_frames = b.pages;
	create.max_grant_frames = 64;
	rc = domain_create(0, &create, &b.domain);
	if (rc)
		panic("dom0: cannot be created (%d)", rc);
	dom0 = b.domain;
	sched_set(dom0, DOM0_WEIGHT, 0);
}

void __init dom0_load(uint64_t kernel, uint64_t kernel_size, uint64_t initrd, uint64_t initrd_size,
		      uint64_t module_bytes)
{
	const char *wrong = dom0_image_parse(&b.image, maddr_to_virt(kernel), kernel_size);

	if (wrong)
		panic("dom0 kernel: %s", wrong);
	if (initrd_size && !b.image.initrd_by_frame)
		panic("dom0 kernel: too old: it needs its initrd mapped");
	b.pages = memory_pages(module_bytes);
	b.initrd_size = initrd_size;
	create();
	b.run = heap_alloc(RUNS * sizeof(*b.run));
	if (!b.run)
		panic("dom0: no memory to build it");
	plan();
	allocate_up_to(b.used);
	load_image();
	fill(b.initrd << PAGE_SHIFT, maddr_to_virt(initrd), initrd_size);
}

void __init dom0_start(const char *command_line)
{
	allocate_up_to(b.pages);
	fill_p2m();
	new_table();
	map_range(b.image.virt_base, 0, b.mapped_end);
	map_range(b.p2m_virt, b.p2m, b.p2m_pages);
	fill_start_info(command_line);
	start_vcpu();
	heap_free(b.run);
	log_info("dom0: %lu MiB, %u vcpus, entry %lx, %lu page tables", b.pages >> 8,
		 b.domain->max_vcpus, b.image.entry, b.next_table);
}
