/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Grant tables: a domain lets another one use single pages of it. Version 1
 * entries are the ones Tenon serves; version 2 calls are numbered so that they
 * can be refused by name.
 *
 * Source of facts: Xen's public header grant_table.h.
 */
#ifndef HYPERCALL_GRANT_H
#define HYPERCALL_GRANT_H

#include "base.h"

/* grant_table_op(cmd, list address, entries). */
#define HC_GNTTABOP_MAP_GRANT_REF	0
#define HC_GNTTABOP_UNMAP_GRANT_REF	1
#define HC_GNTTABOP_SETUP_TABLE		2
#define HC_GNTTABOP_DUMP_TABLE		3
#define HC_GNTTABOP_TRANSFER		4
#define HC_GNTTABOP_COPY		5
#define HC_GNTTABOP_QUERY_SIZE		6
#define HC_GNTTABOP_UNMAP_AND_REPLACE	7
#define HC_GNTTABOP_SET_VERSION		8
#define HC_GNTTABOP_GET_STATUS_FRAMES	9
#define HC_GNTTABOP_GET_VERSION		10
#define HC_GNTTABOP_SWAP_GRANT_REF	11
#define HC_GNTTABOP_CACHE_FLUSH		12

/* Status of each entry. */
#define HC_GNTST_OKAY			0
#define HC_GNTST_GENERAL_ERROR		(-1)
#define HC_GNTST_BAD_DOMAIN		(-2)
#define HC_GNTST_BAD_GNTREF		(-3)
#define HC_GNTST_BAD_HANDLE		(-4)
#define HC_GNTST_BAD_VIRT_ADDR		(-5)
#define HC_GNTST_BAD_DEV_ADDR		(-6)
#define HC_GNTST_NO_DEVICE_SPACE	(-7)
#define HC_GNTST_PERMISSION_DENIED	(-8)
#define HC_GNTST_BAD_PAGE		(-9)
#define HC_GNTST_BAD_COPY_ARG		(-10)
#define HC_GNTST_ADDRESS_TOO_BIG	(-11)
#define HC_GNTST_EAGAIN			(-12)
#define HC_GNTST_NO_SPACE		(-13)

/* grant_entry_v1.flags: type, what the granter allows, what is in use. */
#define HC_GTF_INVALID			0
#define HC_GTF_PERMIT_ACCESS		1
#define HC_GTF_ACCEPT_TRANSFER		2
#define HC_GTF_TRANSITIVE		3
#define HC_GTF_TYPE_MASK		3
#define HC_GTF_READONLY			(1 << 2)
#define HC_GTF_READING			(1 << 3)	/* Mapped for reading. */
#define HC_GTF_WRITING			(1 << 4)	/* Mapped for writing. */
#define HC_GTF_PWT			(1 << 5)
#define HC_GTF_PCD			(1 << 6)
#define HC_GTF_PAT			(1 << 7)
#define HC_GTF_SUB_PAGE			(1 << 8)
#define HC_GTF_TRANSFER_COMMITTED	(1 << 2)
#define HC_GTF_TRANSFER_COMPLETED	(1 << 3)

/* gnttab_map_grant_ref.flags. */
#define HC_GNTMAP_DEVICE_MAP		(1 << 0)	/* For a device's use. */
#define HC_GNTMAP_HOST_MAP		(1 << 1)	/* For a processor's use. */
#define HC_GNTMAP_READONLY		(1 << 2)
#define HC_GNTMAP_APPLICATION_MAP	(1 << 3)	/* Reached from user mode. */
#define HC_GNTMAP_CONTAINS_PTE		(1 << 4)	/* host_addr: machine, of an entry. */
#define HC_GNTMAP_GUEST_AVAIL0		16		/* First bit passed to the entry. */
#define HC_GNTMAP_GUEST_AVAIL_MASK	0xffff0000

/* gnttab_copy.flags. */
#define HC_GNTCOPY_SOURCE_GREF		(1 << 0)
#define HC_GNTCOPY_DEST_GREF		(1 << 1)

/* References with a fixed use, filled by the toolstack. */
#define HC_GNTTAB_NR_RESERVED_ENTRIES	8
#define HC_GNTTAB_RESERVED_CONSOLE	0
#define HC_GNTTAB_RESERVED_XENSTORE	1

#ifndef __ASSEMBLER__

struct hc_grant_entry_v1 {
	uint16_t flags;			/* HC_GTF_*; written last. */
	uint16_t domid;			/* Who may use it. */
	uint32_t frame;			/* A PV granter writes a machine frame. */
};

struct hc_gnttab_map_grant_ref {
	uint64_t host_addr;		/* Virtual, or machine of an entry. */
	uint32_t flags;			/* HC_GNTMAP_*. */
	uint32_t ref;
	uint16_t dom;			/* The granter. */
	int16_t status;			/* OUT: HC_GNTST_*. */
	uint32_t handle;		/* OUT: for unmapping. */
	uint64_t dev_bus_addr;		/* OUT: machine address. */
};

struct hc_gnttab_unmap_grant_ref {
	uint64_t host_addr;		/* As mapped; 0: keep. */
	uint64_t dev_bus_addr;		/* As mapped; 0: keep. */
	uint32_t handle;
	int16_t status;			/* OUT */
	uint16_t pad0;
};

struct hc_gnttab_setup_table {
	uint16_t dom;
	uint16_t pad0;
	uint32_t nr_frames;		/* Size wanted, pages. */
	int16_t status;			/* OUT */
	uint16_t pad1[3];
	uint64_t frame_list;		/* OUT: address of 64-bit frames. */
};

struct hc_gnttab_dump_table {
	uint16_t dom;
	int16_t status;			/* OUT */
};

struct hc_gnttab_transfer {
	uint64_t mfn;
	uint16_t domid;
	uint16_t pad0;
	uint32_t ref;
	int16_t status;			/* OUT */
	uint16_t pad1[3];
};

struct hc_gnttab_copy_ptr {
	union {
		uint32_t ref;
		uint64_t gmfn;
	} u;
	uint16_t domid;
	uint16_t offset;		/* Bytes into the page. */
	uint32_t pad0;
};

struct hc_gnttab_copy {
	struct hc_gnttab_copy_ptr source, dest;
	uint16_t len;			/* Bytes; crosses no page end. */
	uint16_t flags;			/* HC_GNTCOPY_*. */
	int16_t status;			/* OUT */
	uint16_t pad0;
};

struct hc_gnttab_query_size {
	uint16_t dom;
	uint16_t pad0;
	uint32_t nr_frames;		/* OUT: pages now. */
	uint32_t max_nr_frames;		/* OUT: pages at most. */
	int16_t status;			/* OUT */
	uint16_t pad1;
};

struct hc_gnttab_unmap_and_replace {
	uint64_t host_addr;
	uint64_t new_addr;		/* Its mapping moves to host_addr. */
	uint32_t handle;
	int16_t status;			/* OUT */
	uint16_t pad0;
};

struct hc_gnttab_set_version {
	uint32_t version;		/* IN: wanted; OUT: in use. */
};

struct hc_gnttab_get_version {
	uint16_t dom;
	uint16_t pad;
	uint32_t version;		/* OUT */
};

struct hc_gnttab_get_status_frames {
	uint32_t nr_frames;
	uint16_t dom;
	int16_t status;			/* OUT */
	uint64_t frame_list;
};

struct hc_gnttab_swap_grant_ref {
	uint32_t ref_a;
	uint32_t ref_b;
	int16_t status;			/* OUT */
	uint16_t pad0;
};

#endif /* !__ASSEMBLER__ */

#endif
