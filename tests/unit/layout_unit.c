/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Layout, page tables and start_info of a new domain. The tables are walked as
 * a processor would: what they map must be exactly what the layout promises.
 */
#include "kernel_image.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <hypercall/start.h>
#include <hypercall/vcpu.h>

#include "dom0-tools/build/layout.h"
#include "dom0-tools/build/pagetable.h"
#include "dom0-tools/build/startinfo.h"

#define MIB		(1ULL << 20)
#define FRAME(entry)	((entry) >> 12 & 0xffffffffffULL)
#define WRITABLE	2ULL

/* Machine frames are scattered, so that a pfn taken for an mfn shows. */
#define MFN(pfn)	((pfn) * 3 + 0x1000)
#define PFN(mfn)	(((mfn) - 0x1000) / 3)

struct domain {
	struct layout layout;
	struct frames frames;		/* One by one. */
	uint64_t (*tables)[PAGETABLE_ENTRIES];
	uint64_t writable;		/* Leaf entries seen. */
	uint64_t readonly;
};

static void synthetic(unsigned int kind, struct elf *elf)
{
	struct build_error error;
	struct kernel_image kernel;
	struct image image = { .path = "kernel", .size = sizeof(kernel) };

	image.fd = memfd_create("kernel", MFD_CLOEXEC);
	kernel_image_make(&kernel, kind);
	assert_int_equal(write(image.fd, &kernel, sizeof(kernel)), sizeof(kernel));
	assert_int_equal(elf_read(&image, elf, &error), 0);
	close(image.fd);
}

static void make(const struct elf *elf, uint64_t mib, uint64_t initrd, struct domain *domain)
{
	struct build_error error = { "" };
	struct layout *layout = &domain->layout;
	uint64_t pfn;

	memset(domain, 0, sizeof(*domain));
	if (layout_make("kernel", elf, mib * 256, initrd, layout, &error) < 0)
		fail_msg("%s", error.text);
	domain->frames.list = calloc(layout->pages, sizeof(uint64_t));
	for (pfn = 0; pfn < layout->pages; pfn++)
		domain->frames.list[pfn] = MFN(pfn);
	domain->tables = calloc(layout->tables + layout->p2m_tables, sizeof(*domain->tables));
	pagetable_build(layout, &domain->frames, domain->tables, domain->tables + layout->tables);
}

static void drop(struct domain *domain)
{
	free(domain->frames.list);
	free(domain->tables);
}

/* The table in a guest frame, or NULL when that frame is none. */
static uint64_t *table_at(const struct domain *domain, uint64_t pfn)
{
	const struct layout *layout = &domain->layout;
	uint64_t p2m_tables = layout->p2m_pfn + layout->p2m_pages;

	if (pfn - layout->tables_pfn < layout->tables)
		return domain->tables[pfn - layout->tables_pfn];
	if (pfn - p2m_tables < layout->p2m_tables)
		return domain->tables[layout->tables + pfn - p2m_tables];
	return NULL;
}

static void check_leaf(struct domain *domain, uint64_t address, uint64_t entry)
{
	const struct layout *layout = &domain->layout;
	uint64_t pfn = PFN(FRAME(entry)), base, expected;

	if (address >= layout->virt_base && address < layout->boot_end) {
		base = layout->virt_base;
		expected = 0;
	} else {
		base = layout->p2m_virt;
		expected = layout->p2m_pfn;
		assert_in_range(address, base, base + layout->p2m_pages * 4096 - 1);
	}
	assert_int_equal(pfn, expected + (address - base) / 4096);
	assert_int_equal(entry & ~(0xffffffffffULL << 12) & ~WRITABLE, 0x65);
	assert_int_equal(!(entry & WRITABLE), table_at(domain, pfn) != NULL);
	if (entry & WRITABLE)
		domain->writable++;
	else
		domain->readonly++;
}

/* Walks one table; returns how many tables there are in it and below. */
static uint64_t walk(struct domain *domain, const uint64_t *table, unsigned int level,
		     uint64_t address)
{
	uint64_t count = 1, used = 0, i, next, *below;

	for (i = 0; i < PAGETABLE_ENTRIES; i++) {
		if (!table[i])
			continue;
		used++;
		next = address | i << (12 + 9 * (level - 1));
		if (level == 4 && i >= 256)
			next |= 0xffff000000000000ULL;
		if (level == 1) {
			check_leaf(domain, next, table[i]);
			continue;
		}
		assert_int_equal(table[i] & 0xfff, 0x27);
		below = table_at(domain, PFN(FRAME(table[i])));
		assert_non_null(below);
		count += walk(domain, below, level - 1, next);
	}
	assert_true(used > 0);
	return count;
}

/* Elements in their order, without gaps, within the boot range and its padding. */
static void check_order(const struct elf *elf, const struct layout *layout)
{
	uint64_t pfn = (elf->end - layout->virt_base) / 4096;
	uint64_t boot_pages = (layout->boot_end - layout->virt_base) / 4096;

	assert_int_equal(layout->kernel_pfn, (elf->start - layout->virt_base) / 4096);
	if (layout->initrd_mapped) {
		assert_int_equal(layout->initrd_pfn, pfn);
		pfn += layout->initrd_pages;
	}
	if (!layout->p2m_tables) {
		assert_int_equal(layout->p2m_pfn, pfn);
		pfn += layout->p2m_pages;
	}
	assert_int_equal(layout->start_info_pfn, pfn);
	assert_int_equal(layout->store_pfn, pfn + 1);
	assert_int_equal(layout->console_pfn, pfn + 2);
	assert_int_equal(layout->tables_pfn, pfn + 3);
	assert_int_equal(layout->stack_pfn, pfn + 3 + layout->tables);
	assert_true(layout->boot_end % (4 * MIB) == 0);
	assert_true(layout->boot_end - layout_virt(layout, layout->stack_pfn + 1) >= MIB / 2);
	assert_true(boot_pages <= layout->pages);
	pfn = boot_pages;
	if (layout->p2m_tables) {
		assert_int_equal(layout->p2m_pfn, pfn);
		pfn += layout->p2m_pages + layout->p2m_tables;
	}
	if (layout->initrd_pages && !layout->initrd_mapped) {
		assert_int_equal(layout->initrd_pfn, pfn);
		pfn += layout->initrd_pages;
	}
	assert_true(pfn <= layout->pages);
	assert_int_equal(layout->p2m_pages, (layout->pages * 8 + 4095) / 4096);
}

static void check(const struct elf *elf, uint64_t mib, uint64_t initrd)
{
	struct domain domain;
	const struct layout *layout = &domain.layout;
	uint64_t mapped;

	make(elf, mib, initrd, &domain);
	check_order(elf, layout);
	/* Every table is used, and nothing but the promised pages is mapped. */
	assert_int_equal(walk(&domain, domain.tables[0], 4, 0),
			 layout->tables + layout->p2m_tables);
	mapped = (layout->boot_end - layout->virt_base) / 4096;
	if (layout->p2m_tables)
		mapped += layout->p2m_pages;
	assert_int_equal(domain.writable + domain.readonly, mapped);
	assert_int_equal(domain.readonly, layout->tables);
	drop(&domain);
}

static void lays_out_synthetic_kernels(void **state)
{
	static const uint64_t sizes[] = { 32, 33, 64, 128, 1000, 4096, 65536 };
	struct elf elf;
	unsigned int kind;
	size_t i;

	(void)state;
	for (kind = 0; kind < 4; kind++) {
		synthetic(kind, &elf);
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			check(&elf, sizes[i], 0);
			check(&elf, sizes[i], 1);
			check(&elf, sizes[i], 4 * MIB + 5);
		}
	}
}

static void lays_out_real_kernels(void **state)
{
	struct build_error error = { "" };
	struct image image;
	struct elf elf;
	unsigned int i;

	(void)state;
	if (!kernel_real(0))
		skip();
	for (i = 0; kernel_real(i); i++) {
		if (image_open(kernel_real(i), NULL, &image, &error) < 0 ||
		    elf_read(&image, &elf, &error) < 0)
			fail_msg("%s", error.text);
		check(&elf, 128, 0);
		check(&elf, 256, 30 * MIB);
		check(&elf, 8192, 300 * MIB);
		image_close(&image);
	}
}

static void expect_refused(const struct elf *elf, uint64_t mib, uint64_t initrd, int expected,
			   const char *text)
{
	struct build_error error = { "" };
	struct layout layout;
	int code = layout_make("kernel", elf, mib * 256, initrd, &layout, &error);

	if (code != expected || !strstr(error.text, text))
		print_error("code %d, reason: %s\n", code, error.text);
	assert_int_equal(code, expected);
	assert_non_null(strstr(error.text, text));
}

static void refuses_small_domains(void **state)
{
	struct elf elf;

	(void)state;
	synthetic(0, &elf);
	expect_refused(&elf, 8, 0, -ENOMEM, "the domain has 8 MiB");
	expect_refused(&elf, 20, 0, -ENOMEM, "the domain has 20 MiB");
	expect_refused(&elf, 64, 64 * MIB, -ENOMEM, "the domain has 64 MiB");
	expect_refused(&elf, 0, 0, -EINVAL, "pages");
	synthetic(KERNEL_NO_MOD_START, &elf);
	expect_refused(&elf, 64, 64 * MIB, -ENOMEM, "the domain has 64 MiB");
}

static void refuses_wild_addresses(void **state)
{
	struct elf elf;

	(void)state;
	synthetic(0, &elf);
	/* In the kernel's own top-level slot; in the hypervisor's; not canonical; odd. */
	elf.notes.init_p2m = 0xffffffff00000000;
	expect_refused(&elf, 64, 0, -ENOEXEC, "INIT_P2M");
	elf.notes.init_p2m = 0xffff800000000000;
	expect_refused(&elf, 64, 0, -ENOEXEC, "INIT_P2M");
	elf.notes.init_p2m = 0x800000000000;
	expect_refused(&elf, 64, 0, -ENOEXEC, "INIT_P2M");
	elf.notes.init_p2m = 0x7ffffffff000;
	expect_refused(&elf, 64, 0, -ENOEXEC, "INIT_P2M");
	elf.notes.init_p2m = KERNEL_INIT_P2M + 8;
	expect_refused(&elf, 64, 0, -ENOEXEC, "INIT_P2M");

	synthetic(0, &elf);
	elf.notes.virt_base = 0xffff800000000000;
	elf.start = elf.notes.virt_base;
	elf.end = elf.start + 0x8000;
	expect_refused(&elf, 64, 0, -ENOEXEC, "VIRT_BASE");
	elf.notes.virt_base = 0xffffffffffe00000;
	elf.start = elf.notes.virt_base;
	elf.end = elf.start + 0x8000;
	expect_refused(&elf, 64, 0, -ENOEXEC, "VIRT_BASE");
	elf.notes.virt_base = 0;
	elf.start = 0xffffffffffff0000;
	elf.end = elf.start + 0x8000;
	expect_refused(&elf, 64, 0, -ENOMEM, "at least");
}

static void fills_start_info(void **state)
{
	struct startinfo_config config = {
		.command_line = "root=/dev/xvda console=hvc0",
		.shared_info_mfn = 77, .store_port = 1, .console_port = 2,
	};
	struct hc_vcpu_guest_context context;
	struct build_error error;
	struct hc_start_info info;
	struct domain domain;
	const struct layout *layout = &domain.layout;
	struct elf elf;
	char line[1100];

	(void)state;
	synthetic(0, &elf);
	make(&elf, 64, 5000, &domain);
	assert_int_equal(startinfo_make(layout, &domain.frames, &config, &info, &error), 0);
	assert_string_equal(info.magic, "xen-3.0-x86_64");
	assert_string_equal((char *)info.cmd_line, config.command_line);
	assert_int_equal(info.nr_pages, 64 * 256);
	assert_int_equal(info.shared_info, 77 * 4096);
	assert_int_equal(info.store_mfn, MFN(layout->store_pfn));
	assert_int_equal(info.console.domU.mfn, MFN(layout->console_pfn));
	assert_int_equal(info.console.domU.evtchn, 2);
	assert_int_equal(info.flags, HC_SIF_MOD_START_PFN);
	assert_int_equal(info.mod_start, layout->initrd_pfn);
	assert_int_equal(info.mod_len, 5000);
	assert_int_equal(info.mfn_list, KERNEL_INIT_P2M);
	assert_int_equal(info.first_p2m_pfn, layout->p2m_pfn);
	assert_int_equal(info.nr_p2m_frames, layout->p2m_pages + layout->p2m_tables);

	startinfo_context(layout, &domain.frames, &elf, &context);
	assert_int_equal(context.user_regs.rip, KERNEL_ENTRY);
	assert_int_equal(context.user_regs.rsi, layout_virt(layout, layout->start_info_pfn));
	assert_int_equal(context.ctrlreg[3], MFN(layout->tables_pfn) << 12);
	assert_int_equal(context.user_regs.cs & 3, 3);

	memset(line, 'x', sizeof(line));
	line[1023] = '\0';
	config.command_line = line;
	assert_int_equal(startinfo_make(layout, &domain.frames, &config, &info, &error), 0);
	line[1023] = 'x';
	line[1024] = '\0';
	assert_int_equal(startinfo_make(layout, &domain.frames, &config, &info, &error), -E2BIG);
	drop(&domain);

	synthetic(KERNEL_NO_MOD_START | KERNEL_NO_INIT_P2M, &elf);
	make(&elf, 64, 5000, &domain);
	config.command_line = NULL;
	assert_int_equal(startinfo_make(layout, &domain.frames, &config, &info, &error), 0);
	assert_int_equal(info.flags, 0);
	assert_int_equal(info.mod_start, layout_virt(layout, layout->initrd_pfn));
	assert_int_equal(info.mfn_list, layout_virt(layout, layout->p2m_pfn));
	assert_int_equal(info.nr_p2m_frames, 0);
	drop(&domain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lays_out_synthetic_kernels),
		cmocka_unit_test(lays_out_real_kernels),
		cmocka_unit_test(refuses_small_domains),
		cmocka_unit_test(refuses_wild_addresses),
		cmocka_unit_test(fills_start_info),
	};

	return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
