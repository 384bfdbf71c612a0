/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small synthetic kernels, and files around them, for tests of the domain builder. */
#ifndef TESTS_UNIT_KERNEL_IMAGE_H
#define TESTS_UNIT_KERNEL_IMAGE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_VIRT_BASE	0xffffffff80000000ULL
#define KERNEL_START		0xffffffff81000000ULL
#define KERNEL_ENTRY		0xffffffff81000040ULL
#define KERNEL_HYPERCALL_PAGE	0xffffffff81001000ULL
#define KERNEL_END		0xffffffff81008000ULL
#define KERNEL_INIT_P2M		0x8000000000ULL

/* Kinds: notes left out, or a condition nobody can fulfil. */
#define KERNEL_NO_INIT_P2M	1
#define KERNEL_NO_MOD_START	2
#define KERNEL_NO_NOTES		4
#define KERNEL_WILD_FEATURE	8

#define KERNEL_HEADERS		3	/* Program headers: text, data, notes. */

/* The image as the linker would have made it; parts may be damaged before use. */
struct kernel_image {
	Elf64_Ehdr header;
	Elf64_Phdr segments[KERNEL_HEADERS];
	uint8_t notes[1024];
	uint8_t room[4096 - sizeof(Elf64_Ehdr) - KERNEL_HEADERS * sizeof(Elf64_Phdr) - 1024];
	uint8_t text[8192];
	uint8_t data[1000];
};

void kernel_image_make(struct kernel_image *image, unsigned int kind);

/* Puts data behind a bzImage header; returns the size of file, which has size + 4096 bytes. */
size_t kernel_bzimage(const void *payload, size_t size, uint8_t *file);

/* Writes a file under the directory; path has 256 bytes. */
void kernel_file(const char *directory, const char *name, const void *data, size_t size,
		 char *path);

/* A new directory for files, removed with all in it afterwards. */
void kernel_directory(char path[64]);
void kernel_directory_remove(const char *path);

/* Real kernels of this machine, one after the other; NULL at the end. */
const char *kernel_real(unsigned int index);

#endif
