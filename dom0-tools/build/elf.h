/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ELF of a kernel: where its segments go, and what its notes ask for.
 * Addresses are guest virtual; the rule from physical ones in the file is
 * p_paddr - paddr_offset + virt_base.
 */
#ifndef BUILD_ELF_H
#define BUILD_ELF_H

#include <stdint.h>

#include "error.h"
#include "image.h"
#include "notes.h"

#define ELF_SEGMENTS	32

struct elf_segment {
	uint64_t start;		/* Virtual address. */
	uint64_t memory;	/* Bytes it takes; those behind the file's are 0. */
	uint64_t offset;	/* In the image, bytes. */
	uint64_t file;		/* Bytes it has there. */
};

struct elf {
	struct elf_segment segments[ELF_SEGMENTS];
	unsigned int count;
	uint64_t start, end;	/* Of all of them; whole pages. */
	uint64_t entry;
	struct notes notes;
};

/* Reads and checks the headers. -ENOEXEC says what is wrong, and where. */
int elf_read(const struct image *image, struct elf *elf, struct build_error *error);

/*
 * The size bytes of the loaded kernel from virtual address start on: file
 * contents where segments have them, zeros elsewhere. Returns 1, or 0 when no
 * segment has contents there: the buffer is not touched then.
 */
int elf_fill(const struct image *image, const struct elf *elf, uint64_t start, void *buffer,
	     size_t size, struct build_error *error);

#endif
