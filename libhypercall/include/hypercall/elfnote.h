/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ELF notes (name "Xen") in which a kernel says how it wants to be started.
 * Numbers are 4 or 8 bytes long, little endian; addresses are guest virtual.
 *
 * Source of facts: Xen's public header elfnote.h.
 */
#ifndef HYPERCALL_ELFNOTE_H
#define HYPERCALL_ELFNOTE_H

#define HC_ELFNOTE_NAME			"Xen"

#define HC_ELFNOTE_INFO			0
#define HC_ELFNOTE_ENTRY		1	/* Address of the first instruction. */
#define HC_ELFNOTE_HYPERCALL_PAGE	2	/* Address of the page to be filled. */
#define HC_ELFNOTE_VIRT_BASE		3	/* Address where pfn 0 is mapped. */
#define HC_ELFNOTE_PADDR_OFFSET		4	/* Physical address of VIRT_BASE. */
#define HC_ELFNOTE_XEN_VERSION		5	/* "xen-3.0" */
#define HC_ELFNOTE_GUEST_OS		6	/* Text. */
#define HC_ELFNOTE_GUEST_VERSION	7	/* Text. */
#define HC_ELFNOTE_LOADER		8	/* "generic" */
#define HC_ELFNOTE_PAE_MODE		9	/* 32-bit only. */
#define HC_ELFNOTE_FEATURES		10	/* Text, names split by '|'. */
#define HC_ELFNOTE_BSD_SYMTAB		11	/* "yes": load symbols too. */
#define HC_ELFNOTE_HV_START_LOW		12	/* Lowest hypervisor address. */
#define HC_ELFNOTE_L1_MFN_VALID		13	/* Pairs: mask, value. */
#define HC_ELFNOTE_SUSPEND_CANCEL	14	/* Suspend may return 1. */
#define HC_ELFNOTE_INIT_P2M		15	/* Address for the p2m list. */
#define HC_ELFNOTE_MOD_START_PFN	16	/* 1: initrd may stay unmapped. */
#define HC_ELFNOTE_SUPPORTED_FEATURES	17	/* Bits 1 << HC_FEATURE_*. */
#define HC_ELFNOTE_PHYS32_ENTRY		18	/* PVH entry, physical. */
#define HC_ELFNOTE_MAX			18

#define HC_ELFNOTE_CRASH_INFO		0x1000001
#define HC_ELFNOTE_CRASH_REGS		0x1000002
#define HC_ELFNOTE_DUMPCORE_NONE	0x2000000
#define HC_ELFNOTE_DUMPCORE_HEADER	0x2000001
#define HC_ELFNOTE_DUMPCORE_XEN_VERSION	0x2000002
#define HC_ELFNOTE_DUMPCORE_FORMAT_VERSION	0x2000003

#endif
