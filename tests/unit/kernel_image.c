/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small synthetic kernels, and files around them, for tests of the domain builder. */
#include "kernel_image.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <cmocka.h>

#include <hypercall/elfnote.h>

static size_t put_note(uint8_t *to, uint32_t type, const void *data, uint32_t size)
{
	uint32_t head[3] = { 4, size, type };

	memcpy(to, head, sizeof(head));
	memcpy(to + 12, "Xen", 4);
	memcpy(to + 16, data, size);
	return 16 + ((size + 3u) & ~3u);
}

static size_t put_number(uint8_t *to, uint32_t type, uint64_t value)
{
	return put_note(to, type, &value, sizeof(value));
}

static size_t put_notes(uint8_t *to, unsigned int kind)
{
	size_t at = 0;

	if (kind & KERNEL_NO_NOTES)
		return 0;
	at += put_note(to + at, HC_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
	at += put_note(to + at, HC_ELFNOTE_LOADER, "generic", 8);
	at += put_note(to + at, HC_ELFNOTE_FEATURES,
		       kind & KERNEL_WILD_FEATURE ? "!supervisor_mode_kernel|pae_pgdir_above_4g"
						  : "!writable_page_tables|pae_pgdir_above_4gb", 42);
	at += put_number(to + at, HC_ELFNOTE_ENTRY, KERNEL_ENTRY);
	at += put_number(to + at, HC_ELFNOTE_VIRT_BASE, KERNEL_VIRT_BASE);
	at += put_number(to + at, HC_ELFNOTE_PADDR_OFFSET, 0);
	at += put_number(to + at, HC_ELFNOTE_HYPERCALL_PAGE, KERNEL_HYPERCALL_PAGE);
	if (!(kind & KERNEL_NO_INIT_P2M))
		at += put_number(to + at, HC_ELFNOTE_INIT_P2M, KERNEL_INIT_P2M);
	if (!(kind & KERNEL_NO_MOD_START))
		at += put_number(to + at, HC_ELFNOTE_MOD_START_PFN, 1);
	return at;
}

void kernel_image_make(struct kernel_image *image, unsigned int kind)
{
	Elf64_Phdr *segments = image->segments;
	size_t notes, i;

	memset(image, 0, sizeof(*image));
	memcpy(image->header.e_ident, ELFMAG, SELFMAG);
	image->header.e_ident[EI_CLASS] = ELFCLASS64;
	image->header.e_ident[EI_DATA] = ELFDATA2LSB;
	image->header.e_machine = EM_X86_64;
	image->header.e_entry = 0x1000040;
	image->header.e_phoff = offsetof(struct kernel_image, segments);
	image->header.e_phentsize = sizeof(Elf64_Phdr);
	image->header.e_phnum = KERNEL_HEADERS;

	segments[0] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_offset = offsetof(struct kernel_image, text),
		.p_vaddr = KERNEL_START, .p_paddr = 0x1000000,
		.p_filesz = sizeof(image->text), .p_memsz = sizeof(image->text),
	};
	/* Like the percpu segment of Linux: linked at 0, so that only p_paddr counts. */
	segments[1] = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_offset = offsetof(struct kernel_image, data),
		.p_vaddr = 0, .p_paddr = 0x1003000,
		.p_filesz = sizeof(image->data), .p_memsz = 0x5000 - 100,
	};
	notes = put_notes(image->notes, kind);
	segments[2] = (Elf64_Phdr){
		.p_type = PT_NOTE, .p_offset = offsetof(struct kernel_image, notes),
		.p_filesz = notes, .p_memsz = notes,
	};
	for (i = 0; i < sizeof(image->text); i++)
		image->text[i] = (uint8_t)(i * 7 + (i >> 8));
	for (i = 0; i < sizeof(image->data); i++)
		image->data[i] = (uint8_t)(i * 3 + 1);
}

size_t kernel_bzimage(const void *payload, size_t size, uint8_t *file)
{
	uint32_t offset = 0x30, length = (uint32_t)size;

	memset(file, 0, 4096);
	file[0x1f1] = 2;			/* Two setup sectors, behind the first. */
	memcpy(file + 0x202, "HdrS", 4);
	file[0x206] = 0x0f;			/* Protocol 2.15. */
	file[0x207] = 0x02;
	memcpy(file + 0x248, &offset, 4);
	memcpy(file + 0x24c, &length, 4);
	memcpy(file + 3 * 512 + offset, payload, size);
	return 3 * 512 + offset + size;
}

void kernel_file(const char *directory, const char *name, const void *data, size_t size,
		 char *path)
{
	FILE *file;

	snprintf(path, 256, "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

void kernel_directory(char path[64])
{
	snprintf(path, 64, "%s", "/tmp/tenon-unit-XXXXXX");
	assert_non_null(mkdtemp(path));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void kernel_directory_remove(const char *path)
{
	assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

const char *kernel_real(unsigned int index)
{
	static glob_t found;

	if (!found.gl_pathc) {
		glob("/boot/vmlinuz-*", 0, NULL, &found);
		glob("/var/cache/tenon-lab/kernel-*/vmlinuz", GLOB_APPEND, NULL, &found);
	}
	return index < found.gl_pathc ? found.gl_pathv[index] : NULL;
}
