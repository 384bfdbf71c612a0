/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of a test kernel: the page tables it was started with, and a pool of
 * pages inside its image.  A frame is a machine frame number (mfn).
 */
#ifndef GUESTS_PAGE_H
#define GUESTS_PAGE_H

#include "types.h"

#define VIRT_BASE 0xffffffff80000000UL
#define M2P ((const uint64_t *)HC_MACH2PHYS_VIRT_START)

#define PTE_PRESENT (1UL << 0)
#define PTE_WRITE (1UL << 1)
#define PTE_USER (1UL << 2)
#define PTE_ACCESSED (1UL << 5)
#define PTE_DIRTY (1UL << 6)
#define PTE_LARGE (1UL << 7)
#define PTE_GLOBAL (1UL << 8)
#define PTE_NX (1UL << 63)
#define PTE_ADDRESS 0x000ffffffffff000UL
/* What a pointer to kernel data is mapped with, and a page-table link. */
#define PTE_DATA (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
#define PTE_RO (PTE_PRESENT | PTE_USER | PTE_ACCESSED)

/* A cleared page of the pool; the test ends with an error when there is none. */
void *page_alloc(void);
/* Of a page of the image, and back. */
uint64_t ptr_to_mfn(const void *p);
uint64_t ptr_to_maddr(const void *p);
void *mfn_to_ptr(uint64_t mfn);
uint64_t make_pte(uint64_t mfn, uint64_t flags);

/*
 * The entry of va at level (1..4) in the tables that top (a mapped page) is the
 * root of: a pointer through which it can be read.  NULL: a level above is not
 * present or large.
 */
uint64_t *entry_of(uint64_t *top, uint64_t va, unsigned int level);
/* The same in the tables the kernel was started with. */
uint64_t *pte_of(const void *va, unsigned int level);

/* Map a frame at a fresh address; NULL if refused. */
void *map_mfn(uint64_t mfn);
/* Change how a page of the image is mapped: 0 or -errno. */
long remap(const void *page, uint64_t mfn, uint64_t flags);
/* Make a page of the image read-only / writable again; ends the test on failure. */
void make_readonly(const void *page);
void make_writable(const void *page);

#endif
