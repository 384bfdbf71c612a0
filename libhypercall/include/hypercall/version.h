/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * xen_version, the feature bits it reports, and the CPUID leaves by which a
 * guest finds out what it runs on.
 *
 * Source of facts: Xen's public headers version.h, features.h, arch-x86/cpuid.h.
 */
#ifndef HYPERCALL_VERSION_H
#define HYPERCALL_VERSION_H

#include "base.h"

/* xen_version(cmd, argument address). */
#define HC_VERSION_VERSION		0	/* Returns major << 16 | minor. */
#define HC_VERSION_EXTRAVERSION		1	/* char[HC_EXTRAVERSION_LEN] */
#define HC_VERSION_COMPILE_INFO		2
#define HC_VERSION_CAPABILITIES		3	/* char[HC_CAPABILITIES_INFO_LEN] */
#define HC_VERSION_CHANGESET		4	/* char[HC_CHANGESET_INFO_LEN] */
#define HC_VERSION_PLATFORM_PARAMETERS	5
#define HC_VERSION_GET_FEATURES		6
#define HC_VERSION_PAGESIZE		7	/* Returns bytes. */
#define HC_VERSION_GUEST_HANDLE		8	/* uint8_t[16], a UUID. */
#define HC_VERSION_COMMANDLINE		9	/* char[HC_COMMANDLINE_LEN] */
#define HC_VERSION_BUILD_ID		10

#define HC_EXTRAVERSION_LEN		16
#define HC_CAPABILITIES_INFO_LEN	1024
#define HC_CHANGESET_INFO_LEN		64
#define HC_COMMANDLINE_LEN		1024

/* Feature bits, all in submap 0. */
#define HC_FEATURE_WRITABLE_PAGE_TABLES		0	/* No need to write-protect. */
#define HC_FEATURE_WRITABLE_DESCRIPTOR_TABLES	1
#define HC_FEATURE_AUTO_TRANSLATED_PHYSMAP	2
#define HC_FEATURE_SUPERVISOR_MODE_KERNEL	3
#define HC_FEATURE_PAE_PGDIR_ABOVE_4GB		4
#define HC_FEATURE_MMU_PT_UPDATE_PRESERVE_AD	5
#define HC_FEATURE_HIGHMEM_ASSIST		6
#define HC_FEATURE_GNTTAB_MAP_AVAIL_BITS	7
#define HC_FEATURE_HVM_CALLBACK_VECTOR		8
#define HC_FEATURE_HVM_SAFE_PVCLOCK		9
#define HC_FEATURE_HVM_PIRQS			10
#define HC_FEATURE_DOM0				11
#define HC_FEATURE_MEMORY_OP_VNODE_SUPPORTED	13
#define HC_FEATURE_ARM_SMCCC_SUPPORTED		14
#define HC_FEATURE_LINUX_RSDP_UNRESTRICTED	15
#define HC_FEATURE_NOT_DIRECT_MAPPED		16
#define HC_FEATURE_DIRECT_MAPPED		17
#define HC_FEATURE_NR_SUBMAPS			1

/*
 * CPUID. A PV guest reads it as: ud2 ; .ascii "xen" ; cpuid, which traps.
 * FIRST_LEAF: eax is the last leaf, ebx ecx edx spell "XenVMMXenVMM".
 * +1: eax version. +2: eax hypercall pages, ebx their base MSR. +3: time.
 * +4: features of HVM. +5: ebx, width of machine addresses in bits.
 */
#define HC_CPUID_FIRST_LEAF		0x40000000
#define HC_CPUID_SIGNATURE_EBX		0x566e6558
#define HC_CPUID_SIGNATURE_ECX		0x65584d4d
#define HC_CPUID_SIGNATURE_EDX		0x4d4d566e
#define HC_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD	(1 << 0)	/* +2, ecx */
#define HC_CPUID_MACHINE_ADDRESS_WIDTH_MASK		0xff		/* +5, ebx */
#define HC_CPUID_MAX_NUM_LEAVES		5

#ifndef __ASSEMBLER__

struct hc_compile_info {
	char compiler[64];
	char compile_by[16];
	char compile_domain[32];
	char compile_date[32];
};

struct hc_platform_parameters {
	uint64_t virt_start;		/* HC_HYPERVISOR_VIRT_START. */
};

struct hc_feature_info {
	uint32_t submap_idx;		/* IN: 32 features each. */
	uint32_t submap;		/* OUT: bits. */
};

struct hc_build_id {
	uint32_t len;			/* IN: room, bytes; result: used. */
	unsigned char buf[];
};

#endif /* !__ASSEMBLER__ */

#endif
