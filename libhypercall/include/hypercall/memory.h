/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory: mmu_update, mmuext_op, update_va_mapping flags and memory_op. A frame
 * number counts 4096-byte pages: mfn of the machine, pfn or gpfn of the guest.
 *
 * Source of facts: Xen's public headers xen.h and memory.h.
 */
#ifndef HYPERCALL_MEMORY_H
#define HYPERCALL_MEMORY_H

#include "base.h"

/* mmu_update(list, count, done address, domain): low two bits of ptr. */
#define HC_MMU_NORMAL_PT_UPDATE		0	/* Checked write of an entry. */
#define HC_MMU_MACHPHYS_UPDATE		1	/* M2P of frame ptr := val. */
#define HC_MMU_PT_UPDATE_PRESERVE_AD	2	/* Keep accessed and dirty. */
#define HC_MMU_PT_UPDATE_NO_TRANSLATE	3

/*
 * mmuext_op(list, count, done address, domain). The domain argument of
 * mmu_update carries the owner of the table in its upper half, plus one.
 */
#define HC_MMUEXT_PIN_L1_TABLE		0	/* mfn */
#define HC_MMUEXT_PIN_L2_TABLE		1	/* mfn */
#define HC_MMUEXT_PIN_L3_TABLE		2	/* mfn */
#define HC_MMUEXT_PIN_L4_TABLE		3	/* mfn */
#define HC_MMUEXT_UNPIN_TABLE		4	/* mfn */
#define HC_MMUEXT_NEW_BASEPTR		5	/* mfn: kernel's top table */
#define HC_MMUEXT_TLB_FLUSH_LOCAL	6
#define HC_MMUEXT_INVLPG_LOCAL		7	/* linear_addr */
#define HC_MMUEXT_TLB_FLUSH_MULTI	8	/* vcpumask */
#define HC_MMUEXT_INVLPG_MULTI		9	/* linear_addr, vcpumask */
#define HC_MMUEXT_TLB_FLUSH_ALL		10
#define HC_MMUEXT_INVLPG_ALL		11	/* linear_addr */
#define HC_MMUEXT_FLUSH_CACHE		12
#define HC_MMUEXT_SET_LDT		13	/* linear_addr, nr_ents */
#define HC_MMUEXT_NEW_USER_BASEPTR	15	/* mfn: user's top table or 0 */
#define HC_MMUEXT_CLEAR_PAGE		16	/* mfn */
#define HC_MMUEXT_COPY_PAGE		17	/* mfn, src_mfn */
#define HC_MMUEXT_FLUSH_CACHE_GLOBAL	18
#define HC_MMUEXT_MARK_SUPER		19
#define HC_MMUEXT_UNMARK_SUPER		20

/*
 * update_va_mapping(va, new entry, flags): what to flush, and where. Bits above
 * the low three may be the address of a bitmap of vcpus (HC_UVMF_MULTI).
 */
#define HC_UVMF_NONE			0
#define HC_UVMF_TLB_FLUSH		1
#define HC_UVMF_INVLPG			2
#define HC_UVMF_FLUSHTYPE_MASK		3
#define HC_UVMF_MULTI			0
#define HC_UVMF_LOCAL			0
#define HC_UVMF_ALL			4

/* memory_op(cmd, argument address). */
#define HC_MEM_INCREASE_RESERVATION	0	/* hc_memory_reservation */
#define HC_MEM_DECREASE_RESERVATION	1	/* hc_memory_reservation */
#define HC_MEM_MAXIMUM_RAM_PAGE		2	/* Returns a frame number. */
#define HC_MEM_CURRENT_RESERVATION	3	/* hc_memory_domain; pages */
#define HC_MEM_MAXIMUM_RESERVATION	4	/* hc_memory_domain; pages */
#define HC_MEM_MACHPHYS_MFN_LIST	5
#define HC_MEM_POPULATE_PHYSMAP		6	/* hc_memory_reservation */
#define HC_MEM_ADD_TO_PHYSMAP		7
#define HC_MEM_MEMORY_MAP		9	/* hc_memory_map */
#define HC_MEM_MACHINE_MEMORY_MAP	10	/* hc_memory_map, dom0 only */
#define HC_MEM_EXCHANGE			11
#define HC_MEM_MACHPHYS_MAPPING		12
#define HC_MEM_SET_MEMORY_MAP		13
#define HC_MEM_MAXIMUM_GPFN		14	/* hc_memory_domain; frame */
#define HC_MEM_REMOVE_FROM_PHYSMAP	15
#define HC_MEM_SET_POD_TARGET		16
#define HC_MEM_GET_POD_TARGET		17
#define HC_MEM_ADD_TO_PHYSMAP_BATCH	23
#define HC_MEM_CLAIM_PAGES		24
#define HC_MEM_MACHPHYS_COMPAT_MFN_LIST	25
#define HC_MEM_GET_VNUMAINFO		26
#define HC_MEM_RESERVED_DEVICE_MEMORY_MAP	27
#define HC_MEM_ACQUIRE_RESOURCE		28

/* A preempted memory_op carries its position above these bits of cmd. */
#define HC_MEMOP_EXTENT_SHIFT		6
#define HC_MEMOP_CMD_MASK		((1 << HC_MEMOP_EXTENT_SHIFT) - 1)

/* memory_reservation.mem_flags: low 8 bits bound the address, next 8 are node + 1. */
#define HC_MEMF_ADDRESS_BITS_MASK	0xff
#define HC_MEMF_NODE_SHIFT		8
#define HC_MEMF_POPULATE_ON_DEMAND	(1 << 16)
#define HC_MEMF_EXACT_NODE_REQUEST	(1 << 17)
#define HC_MEMF_VNODE			(1 << 18)

/* add_to_physmap.space. */
#define HC_MAPSPACE_SHARED_INFO		0
#define HC_MAPSPACE_GRANT_TABLE		1
#define HC_MAPSPACE_GMFN		2
#define HC_MAPSPACE_GMFN_RANGE		3
#define HC_MAPSPACE_GMFN_FOREIGN	4
#define HC_MAPSPACE_DEV_MMIO		5

/* mem_acquire_resource.type and its ids. */
#define HC_MEM_RESOURCE_IOREQ_SERVER	0
#define HC_MEM_RESOURCE_GRANT_TABLE	1
#define HC_MEM_RESOURCE_VMTRACE_BUF	2
#define HC_MEM_RESOURCE_GRANT_TABLE_ID_SHARED	0
#define HC_MEM_RESOURCE_GRANT_TABLE_ID_STATUS	1

/* e820_entry.type, as PC firmware numbers them. */
#define HC_E820_RAM		1
#define HC_E820_RESERVED	2
#define HC_E820_ACPI		3
#define HC_E820_NVS		4
#define HC_E820_UNUSABLE	5
#define HC_E820_MAX		128	/* Entries a guest has room for. */

#ifndef __ASSEMBLER__

struct hc_mmu_update {
	uint64_t ptr;		/* Machine address of the entry | HC_MMU_*. */
	uint64_t val;		/* New contents. */
};

struct hc_mmuext_op {
	uint32_t cmd;		/* HC_MMUEXT_*. */
	uint32_t pad0;
	union {
		uint64_t mfn;
		uint64_t linear_addr;	/* Guest virtual. */
	} arg1;
	union {
		uint32_t nr_ents;
		uint64_t vcpumask;	/* Address of a bitmap of vcpus. */
		uint64_t src_mfn;
	} arg2;
};

struct hc_memory_reservation {
	uint64_t extent_start;	/* Address of a list of frame numbers. */
	uint64_t nr_extents;
	uint32_t extent_order;	/* An extent is 2^order pages. */
	uint32_t mem_flags;	/* HC_MEMF_*. */
	uint16_t domid;
	uint16_t pad0[3];
};

struct hc_memory_exchange {
	struct hc_memory_reservation in;	/* Given back. */
	struct hc_memory_reservation out;	/* Got instead. */
	uint64_t nr_exchanged;			/* OUT: extents of in; start with 0. */
};

struct hc_memory_domain {
	uint16_t domid;
};

struct hc_machphys_mfn_list {
	uint32_t max_extents;	/* Room in the list. */
	uint32_t pad0;
	uint64_t extent_start;	/* Address of the list: frames of 2 MiB extents. */
	uint32_t nr_extents;	/* OUT: filled. */
	uint32_t pad1;
};

struct hc_machphys_mapping {
	uint64_t v_start, v_end;	/* OUT: where the table is mapped. */
	uint64_t max_mfn;		/* OUT: its last index. */
};

struct hc_add_to_physmap {
	uint16_t domid;
	uint16_t size;		/* Pages, HC_MAPSPACE_GMFN_RANGE only. */
	uint32_t space;		/* HC_MAPSPACE_*. */
	uint64_t idx;		/* Index in that space. */
	uint64_t gpfn;		/* Where it shall appear. */
};

struct hc_add_to_physmap_batch {
	uint16_t domid;
	uint16_t space;		/* HC_MAPSPACE_*. */
	uint16_t size;		/* Entries in the three lists. */
	union {
		uint16_t foreign_domid;
		uint16_t res0;
	} u;
	uint64_t idxs;		/* Address of 64-bit indexes. */
	uint64_t gpfns;		/* Address of 64-bit frame numbers. */
	uint64_t errs;		/* OUT: address of 32-bit results. */
};

struct hc_remove_from_physmap {
	uint16_t domid;
	uint16_t pad0[3];
	uint64_t gpfn;
};

struct hc_memory_map {
	uint32_t nr_entries;	/* IN: room; OUT: used. */
	uint32_t pad0;
	uint64_t buffer;	/* Address of hc_e820_entry[]. */
};

struct hc_foreign_memory_map {
	uint16_t domid;
	uint16_t pad0[3];
	struct hc_memory_map map;
};

/* Packed as PC firmware has it: 20 bytes. */
struct hc_e820_entry {
	uint64_t addr;		/* Physical address, bytes. */
	uint64_t size;		/* Bytes. */
	uint32_t type;		/* HC_E820_*. */
} __attribute__((packed));

struct hc_mem_acquire_resource {
	uint16_t domid;
	uint16_t type;		/* HC_MEM_RESOURCE_*. */
	uint32_t id;
	uint32_t nr_frames;	/* 0: OUT how many there are. */
	uint32_t pad;
	uint64_t frame;		/* First frame wanted. */
	uint64_t frame_list;	/* Address of machine frame numbers. */
};

#endif /* !__ASSEMBLER__ */

#endif
