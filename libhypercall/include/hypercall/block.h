/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The block device ring between a guest and its disk. A sector is 512 bytes
 * whatever the device's own sector size.
 *
 * Source of facts: Xen's public header io/blkif.h.
 */
#ifndef HYPERCALL_BLOCK_H
#define HYPERCALL_BLOCK_H

#include "ring.h"

/* blkif_request.operation. */
#define HC_BLKIF_OP_READ		0
#define HC_BLKIF_OP_WRITE		1
#define HC_BLKIF_OP_WRITE_BARRIER	2
#define HC_BLKIF_OP_FLUSH_DISKCACHE	3
#define HC_BLKIF_OP_RESERVED_1		4
#define HC_BLKIF_OP_DISCARD		5
#define HC_BLKIF_OP_INDIRECT		6

#define HC_BLKIF_MAX_SEGMENTS_PER_REQUEST	11
#define HC_BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST	8
#define HC_BLKIF_DISCARD_SECURE		1

/* blkif_response.status. */
#define HC_BLKIF_RSP_OKAY		0
#define HC_BLKIF_RSP_ERROR		(-1)
#define HC_BLKIF_RSP_EOPNOTSUPP		(-2)

/* Node "info" of the backend. */
#define HC_VDISK_CDROM			1
#define HC_VDISK_REMOVABLE		2
#define HC_VDISK_READONLY		4

struct hc_blkif_request_segment {
	uint32_t gref;			/* Page granted. */
	uint8_t first_sect, last_sect;	/* Sectors of it, 0 to 7, inclusive. */
	uint16_t pad0;
};

struct hc_blkif_request {
	uint8_t operation;		/* HC_BLKIF_OP_*. */
	uint8_t nr_segments;
	uint16_t handle;		/* Virtual device, low 16 bits. */
	uint32_t pad0;
	uint64_t id;			/* Comes back in the response. */
	uint64_t sector_number;
	struct hc_blkif_request_segment seg[HC_BLKIF_MAX_SEGMENTS_PER_REQUEST];
};

struct hc_blkif_request_discard {
	uint8_t operation;		/* HC_BLKIF_OP_DISCARD. */
	uint8_t flag;			/* HC_BLKIF_DISCARD_SECURE or 0. */
	uint16_t handle;
	uint32_t pad0;
	uint64_t id;
	uint64_t sector_number;
	uint64_t nr_sectors;
};

struct hc_blkif_request_indirect {
	uint8_t operation;		/* HC_BLKIF_OP_INDIRECT. */
	uint8_t indirect_op;		/* The operation meant. */
	uint16_t nr_segments;
	uint32_t pad0;
	uint64_t id;
	uint64_t sector_number;
	uint16_t handle;
	uint16_t pad1;
	uint32_t indirect_grefs[HC_BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
	uint32_t pad2;
};

struct hc_blkif_response {
	uint64_t id;
	uint8_t operation;
	uint8_t pad0;
	int16_t status;			/* HC_BLKIF_RSP_*. */
	uint32_t pad1;
};

HC_DEFINE_RING(blkif, struct hc_blkif_request, struct hc_blkif_response);

#endif
