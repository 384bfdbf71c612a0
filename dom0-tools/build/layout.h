/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where everything of a new domain lies. Guest frames (pfn) count from 0; the
 * boot range maps pfn n at virt_base + n * 4096:
 *
 *   virt_base  (unused)  kernel  [initrd]  [p2m]  start_info  store  console
 *              page tables  boot stack  512 KiB or more  boot_end (4 MiB aligned)
 *
 * Behind it, not mapped there: the p2m list with the tables that map it at the
 * address the kernel's INIT_P2M note names, then the initrd where the kernel
 * takes one by frame (MOD_START_PFN). A kernel without these notes has p2m
 * list and initrd in the boot range.
 *
 * Source of facts: Xen's public headers xen.h ("start of day") and elfnote.h;
 * Linux arch/x86/xen/mmu_pv.c and setup.c for what stock kernels rely on: their
 * page tables come as L4, L3, L2, L1; p2m tables belong to the p2m's frames.
 */
#ifndef BUILD_LAYOUT_H
#define BUILD_LAYOUT_H

#include <stdint.h>

#include "elf.h"
#include "error.h"

#define NO_PFN	UINT64_MAX

struct layout {
	uint64_t pages;			/* Of the domain. */
	uint64_t virt_base;
	uint64_t boot_end;		/* Virtual: end of the boot mapping. */
	uint64_t kernel_pfn;
	uint64_t initrd_pfn;		/* NO_PFN: none. */
	uint64_t initrd_pages;
	uint64_t initrd_size;		/* Bytes. */
	int initrd_mapped;		/* It lies in the boot range. */
	uint64_t p2m_virt;
	uint64_t p2m_pfn;
	uint64_t p2m_pages;		/* Of the list. */
	uint64_t p2m_tables;		/* Frames behind it: tables mapping it. */
	uint64_t start_info_pfn;
	uint64_t store_pfn;
	uint64_t console_pfn;
	uint64_t tables_pfn;		/* Boot page tables, the top one first. */
	uint64_t tables;		/* How many. */
	uint64_t stack_pfn;
};

/*
 * path: of the kernel, for messages. initrd_size: bytes, 0 none. -ENOMEM: the
 * domain is too small, with what it takes; -ENOEXEC: the kernel asks for
 * addresses it cannot have.
 */
int layout_make(const char *path, const struct elf *elf, uint64_t pages, uint64_t initrd_size,
		struct layout *layout, struct build_error *error);

static inline uint64_t layout_virt(const struct layout *layout, uint64_t pfn)
{
	return layout->virt_base + (pfn << 12);
}

#endif
