/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual address space.  A guest owns everything but the hole
 * 0xffff800000000000..0xffff87ffffffffff (level-4 slots 256..271) that its ABI
 * reserves for the hypervisor; the hole's slots are the same in every table.
 *
 *   slot  address             what                                     guest
 *   256   0xffff800000000000  machine-to-phys table, 8 bytes a frame   read
 *   257   0xffff808000000000  the same, writable                       -
 *   258   0xffff810000000000  frame table, 16 bytes a frame            -
 *   259   0xffff818000000000  vcpus' windows, 16 MiB a domain          -
 *   260   0xffff820000000000  image (= physical + this base)           -
 *         0xffff820040000000  processors' blocks, 64 KiB each          -
 *         0xffff824000000000  device mappings                          -
 *   261   nothing; the entry is a link, see memory/split.h
 *   262   0xffff830000000000  all RAM, one to one, up to 5 TiB         -
 */
#ifndef MEMORY_LAYOUT_H
#define MEMORY_LAYOUT_H

#define L4_HOLE_FIRST 256
#define L4_HOLE_LAST 271
#define L4_WINDOWS 259
#define L4_LINK 261

#define HOLE_VIRT_START 0xffff800000000000
#define HOLE_VIRT_END 0xffff880000000000
#define HOLE_SHIFT 43
#define M2P_GUEST_VIRT 0xffff800000000000
#define M2P_VIRT 0xffff808000000000
#define FRAME_TABLE_VIRT 0xffff810000000000
#define IOREMAP_VIRT 0xffff824000000000
#define IOREMAP_SIZE 0x4000000000	/* 256 GiB */
#define WINDOW_VIRT 0xffff818000000000	/* WINDOW_DOMAIN bytes a domain, WINDOW_SIZE a vcpu */
#define WINDOW_DOMAIN 0x1000000
#define WINDOW_SIZE 0x40000	/* 64 KiB GDT (14 guest pages, ours), 64 KiB LDT, then: */
#define WINDOW_LDT 0x10000
#define WINDOW_VCPU 0x20000	/* what the entry code uses of the vcpu: struct vcpu, */
#define WINDOW_TRAPS 0x21000	/* its virtual IDT, */
#define WINDOW_INFO 0x22000	/* and the page with its vcpu_info; with split tables only */
#define IMAGE_VIRT 0xffff820000000000
#define PERCPU_VIRT 0xffff820040000000
#define PERCPU_SIZE 0x10000
#define DIRECT_VIRT 0xffff830000000000
#define DIRECT_SIZE 0x50000000000	/* 5 TiB */

#ifndef __ASSEMBLER__
#include "lib/base.h"

#ifdef TENON_HOST
extern char *host_ram;		/* unit tests: the "RAM", frame 0 first */
static inline void *maddr_to_virt(uint64_t maddr)
{
	return host_ram + maddr;
}
static inline uint64_t virt_to_maddr(const void *p)
{
	return (uint64_t)((const char *)p - host_ram);
}
#else
static inline void *maddr_to_virt(uint64_t maddr)
{
	return (void *)(DIRECT_VIRT + maddr);
}
/* Only for pointers into the direct map. */
static inline uint64_t virt_to_maddr(const void *p)
{
	return (uint64_t)p - DIRECT_VIRT;
}
#endif
static inline void *mfn_to_virt(mfn_t mfn)
{
	return maddr_to_virt(mfn << PAGE_SHIFT);
}
static inline mfn_t virt_to_mfn(const void *p)
{
	return virt_to_maddr(p) >> PAGE_SHIFT;
}

/* May a guest use this address?  Canonical and outside the hole. */
static inline bool guest_address_ok(uint64_t va)
{
	/* In units as large as the hole, canonical ones are -16 to 15, and the hole the first of them. */
	return (uint64_t)((int64_t)va >> HOLE_SHIFT) + 15 < 31;
}

static inline bool guest_range_ok(uint64_t va, uint64_t len)
{
	return va + len >= va && guest_address_ok(va) && (!len || guest_address_ok(va + len - 1)) &&
	       !(va < HOLE_VIRT_START && va + len > HOLE_VIRT_START);
}
#endif

#endif
