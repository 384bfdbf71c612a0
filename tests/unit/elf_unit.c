/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers, segments and notes of kernels: right ones, damaged ones, and noise. */
#include "kernel_image.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <hypercall/elfnote.h>
#include <hypercall/version.h>

#include "dom0-tools/build/elf.h"

static struct kernel_image kernel;
static struct image image = { .path = "test-kernel", .size = sizeof(kernel), .fd = -1 };

static void store(void)
{
	assert_int_equal(pwrite(image.fd, &kernel, sizeof(kernel), 0), sizeof(kernel));
}

static int setup(void **state)
{
	(void)state;
	image.fd = memfd_create("kernel", MFD_CLOEXEC);
	kernel_image_make(&kernel, 0);
	store();
	return image.fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	close(image.fd);
	return 0;
}

static void expect_refused(const char *text)
{
	struct build_error error = { "" };
	struct elf elf;
	int code;

	store();
	code = elf_read(&image, &elf, &error);
	if (code != -ENOEXEC || !strstr(error.text, text))
		print_error("expected \"%s\"; code %d, reason: %s\n", text, code, error.text);
	assert_int_equal(code, -ENOEXEC);
	assert_non_null(strstr(error.text, text));
	assert_non_null(strstr(error.text, "test-kernel"));
	kernel_image_make(&kernel, 0);
}

static void reads_the_notes(void **state)
{
	struct build_error error;
	struct elf elf;

	(void)state;
	assert_int_equal(elf_read(&image, &elf, &error), 0);
	assert_int_equal(elf.count, 2);
	assert_int_equal(elf.start, KERNEL_START);
	assert_int_equal(elf.end, KERNEL_END);
	assert_int_equal(elf.entry, KERNEL_ENTRY);
	assert_int_equal(elf.notes.hypercall_page, KERNEL_HYPERCALL_PAGE);
	assert_int_equal(elf.notes.init_p2m, KERNEL_INIT_P2M);
	assert_int_equal(elf.notes.mod_start_pfn, 1);
	assert_string_equal(elf.notes.loader, "generic");
	assert_int_equal(elf.notes.features_required, 1u << HC_FEATURE_WRITABLE_PAGE_TABLES);
	assert_int_equal(elf.notes.features_supported,
			 1u << HC_FEATURE_WRITABLE_PAGE_TABLES |
			 1u << HC_FEATURE_PAE_PGDIR_ABOVE_4GB);
}

static void fills_from_segments(void **state)
{
	static uint8_t buffer[0x8000];
	struct build_error error;
	struct elf elf;

	(void)state;
	assert_int_equal(elf_read(&image, &elf, &error), 0);
	memset(buffer, 0xaa, sizeof(buffer));
	assert_int_equal(elf_fill(&image, &elf, KERNEL_START, buffer, 0x8000, &error), 1);
	assert_memory_equal(buffer, kernel.text, sizeof(kernel.text));
	/* Between and behind the segments' contents: zeros. */
	assert_int_equal(buffer[0x2000], 0);
	assert_int_equal(buffer[0x2fff], 0);
	assert_memory_equal(buffer + 0x3000, kernel.data, sizeof(kernel.data));
	assert_int_equal(buffer[0x3000 + sizeof(kernel.data)], 0);
	/* A piece that begins within a segment. */
	assert_int_equal(elf_fill(&image, &elf, KERNEL_START + 0x1000, buffer, 0x2800, &error), 1);
	assert_memory_equal(buffer, kernel.text + 0x1000, 0x1000);
	assert_memory_equal(buffer + 0x2000, kernel.data, sizeof(kernel.data));
	/* Only zeros: that is all it says. */
	assert_int_equal(elf_fill(&image, &elf, KERNEL_START + 0x4000, buffer, 0x1000, &error), 0);
	assert_memory_equal(buffer, kernel.text + 0x1000, 0x1000);
}

static void refuses_damaged_headers(void **state)
{
	(void)state;
	kernel.header.e_ident[EI_CLASS] = ELFCLASS32;
	expect_refused("64-bit x86-64");
	kernel.header.e_machine = EM_AARCH64;
	expect_refused("64-bit x86-64");
	kernel.header.e_phnum = 0;
	expect_refused("program headers");
	kernel.header.e_phnum = 0xffff;
	expect_refused("program headers");
	kernel.header.e_phentsize = 32;
	expect_refused("program headers");
	kernel.header.e_phoff = UINT64_MAX - 8;
	expect_refused("beyond the end");
	kernel.header.e_phoff = sizeof(kernel) - 8;
	expect_refused("beyond the end");
}

static void refuses_damaged_segments(void **state)
{
	(void)state;
	kernel.segments[0].p_filesz = UINT64_MAX;
	expect_refused("segment 0");
	kernel.segments[1].p_memsz = 10;
	expect_refused("segment 1");
	kernel.segments[1].p_memsz = UINT64_MAX;
	expect_refused("segment 1");
	kernel.segments[0].p_offset = sizeof(kernel) - 100;
	expect_refused("segment 0");
	kernel.segments[1].p_paddr = 0xfffffffffffff000;
	expect_refused("segment 1");
	kernel.segments[1].p_paddr = 0x7f000000;
	expect_refused("at most 1024 MiB");
	kernel.segments[0].p_type = PT_NULL;
	kernel.segments[1].p_type = PT_NULL;
	expect_refused("segments span");
	kernel.segments[0].p_paddr = 0x2000000;
	expect_refused("entry point");
}

static void refuses_damaged_notes(void **state)
{
	uint32_t wild = 0x7fffffff;

	(void)state;
	kernel_image_make(&kernel, KERNEL_NO_NOTES);
	expect_refused("CONFIG_XEN_PV");
	memcpy(kernel.notes, &wild, 4);
	expect_refused("an ELF note");
	memcpy(kernel.notes + 4, &wild, 4);
	expect_refused("an ELF note");
	memset(kernel.notes, 0xff, 8);
	expect_refused("an ELF note");
	kernel.segments[2].p_filesz = 4u << 20;
	expect_refused("bytes of ELF notes");
	kernel.segments[2].p_offset = 1u << 30;
	expect_refused("beyond the end");
	/* The first note is the version, the second the loader. */
	memcpy(kernel.notes + 16, "xen-9.9", 8);
	expect_refused("xen-9.9");
	memcpy(kernel.notes + 16 + 8 + 16, "special", 8);
	expect_refused("special");
}

/* Where a number stands in the notes: behind the three texts, each 24 bytes a note. */
static uint8_t *find_note(uint32_t type)
{
	uint8_t *at = kernel.notes;
	uint32_t head[3];

	for (;;) {
		memcpy(head, at, sizeof(head));
		if (head[2] == type)
			return at;
		at += 12 + ((head[0] + 3) & ~3u) + ((head[1] + 3) & ~3u);
	}
}

static void set_number(uint32_t type, uint64_t value)
{
	memcpy(find_note(type) + 16, &value, sizeof(value));
}

static void refuses_wild_addresses(void **state)
{
	uint32_t odd = 7;

	(void)state;
	set_number(HC_ELFNOTE_ENTRY, 0);
	expect_refused("entry point");
	set_number(HC_ELFNOTE_ENTRY, KERNEL_END);
	expect_refused("entry point");
	set_number(HC_ELFNOTE_HYPERCALL_PAGE, KERNEL_HYPERCALL_PAGE + 8);
	expect_refused("hypercall page");
	set_number(HC_ELFNOTE_HYPERCALL_PAGE, KERNEL_END);
	expect_refused("hypercall page");
	set_number(HC_ELFNOTE_VIRT_BASE, KERNEL_VIRT_BASE + 1);
	expect_refused("VIRT_BASE");
	set_number(HC_ELFNOTE_VIRT_BASE, 0xffffffffff000000);
	expect_refused("segment");
	set_number(HC_ELFNOTE_PADDR_OFFSET, 0x2000000);
	expect_refused("segment 0");
	memcpy(find_note(HC_ELFNOTE_ENTRY) + 4, &odd, 4);
	expect_refused("expected a number of 4 or 8");
}

static void notices_unknown_requirements(void **state)
{
	struct build_error error;
	struct elf elf;

	(void)state;
	memcpy(find_note(HC_ELFNOTE_FEATURES) + 16, "!levitation|dom0\0", 17);
	store();
	assert_int_equal(elf_read(&image, &elf, &error), 0);
	assert_int_equal(elf.notes.features_required, 1u << 31);
	assert_int_equal(elf.notes.features_supported, 1u << HC_FEATURE_DOM0);
	kernel_image_make(&kernel, 0);
	store();
}

/* Random damage to headers and notes: whatever comes out, what is accepted is consistent. */
static void survives_noise(void **state)
{
	static uint8_t page[4096];
	struct build_error error;
	unsigned int round, n, accepted = 0;
	struct elf elf;

	(void)state;
	srandom(7);
	for (round = 0; round < 20000; round++) {
		kernel_image_make(&kernel, 0);
		for (n = random() % 4; n < 4; n++)
			((uint8_t *)&kernel)[random() % 700] = (uint8_t)random();
		store();
		if (elf_read(&image, &elf, &error) < 0)
			continue;
		accepted++;
		assert_true(elf.start < elf.end);
		assert_true(elf.start >= elf.notes.virt_base);
		assert_in_range(elf.entry, elf.start, elf.end - 1);
		elf_fill(&image, &elf, elf.start, page, sizeof(page), &error);
		elf_fill(&image, &elf, elf.end - sizeof(page), page, sizeof(page), &error);
	}
	assert_true(accepted > 100);
	kernel_image_make(&kernel, 0);
	store();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_notes),
		cmocka_unit_test(fills_from_segments),
		cmocka_unit_test(refuses_damaged_headers),
		cmocka_unit_test(refuses_damaged_segments),
		cmocka_unit_test(refuses_damaged_notes),
		cmocka_unit_test(refuses_wild_addresses),
		cmocka_unit_test(notices_unknown_requirements),
		cmocka_unit_test(survives_noise),
	};

	return cmocka_run_group_tests_name("elf", tests, setup, teardown);
}
