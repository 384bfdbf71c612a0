/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The two rings of a network device: tx from the guest, rx to it. A packet is
 * one slot, or several chained by "more data"; extra-info slots sit in between.
 *
 * Source of facts: Xen's public header io/netif.h.
 */
#ifndef HYPERCALL_NET_H
#define HYPERCALL_NET_H

#include "ring.h"

#define HC_NETIF_NR_SLOTS_MIN		18	/* Slots of a packet always taken. */
#define HC_NETIF_MAX_TX_SIZE		0xFFFF	/* Bytes of a packet. */

/* netif_tx_request.flags. */
#define HC_NETTXF_CSUM_BLANK		(1 << 0)	/* Checksum is left to do. */
#define HC_NETTXF_DATA_VALIDATED	(1 << 1)	/* Checksum is known good. */
#define HC_NETTXF_MORE_DATA		(1 << 2)
#define HC_NETTXF_EXTRA_INFO		(1 << 3)

/* netif_rx_response.flags. */
#define HC_NETRXF_DATA_VALIDATED	(1 << 0)
#define HC_NETRXF_CSUM_BLANK		(1 << 1)
#define HC_NETRXF_MORE_DATA		(1 << 2)
#define HC_NETRXF_EXTRA_INFO		(1 << 3)
#define HC_NETRXF_GSO_PREFIX		(1 << 4)

/* netif_extra_info.type and flags, and type of segmentation. */
#define HC_NETIF_EXTRA_TYPE_NONE	0
#define HC_NETIF_EXTRA_TYPE_GSO		1
#define HC_NETIF_EXTRA_TYPE_MCAST_ADD	2
#define HC_NETIF_EXTRA_TYPE_MCAST_DEL	3
#define HC_NETIF_EXTRA_TYPE_HASH	4
#define HC_NETIF_EXTRA_TYPE_MAX		5
#define HC_NETIF_EXTRA_FLAG_MORE	(1 << 0)
#define HC_NETIF_GSO_TYPE_NONE		0
#define HC_NETIF_GSO_TYPE_TCPV4		1
#define HC_NETIF_GSO_TYPE_TCPV6		2

/* Status of a tx response; of an rx response when negative. */
#define HC_NETIF_RSP_DROPPED		(-2)
#define HC_NETIF_RSP_ERROR		(-1)
#define HC_NETIF_RSP_OKAY		0
#define HC_NETIF_RSP_NULL		1	/* Answers an extra-info slot. */

struct hc_netif_tx_request {
	uint32_t gref;			/* Page granted, read-only. */
	uint16_t offset;		/* Bytes into it. */
	uint16_t flags;			/* HC_NETTXF_*. */
	uint16_t id;			/* Comes back in the response. */
	uint16_t size;			/* First slot: whole packet, bytes. */
};

struct hc_netif_extra_info {
	uint8_t type;			/* HC_NETIF_EXTRA_TYPE_*. */
	uint8_t flags;			/* HC_NETIF_EXTRA_FLAG_*. */
	union {
		struct {
			uint16_t size;	/* Payload of each segment, bytes. */
			uint8_t type;	/* HC_NETIF_GSO_TYPE_*. */
			uint8_t pad;
			uint16_t features;
		} gso;
		struct {
			uint8_t addr[6];
		} mcast;
		struct {
			uint8_t type;
			uint8_t algorithm;
			uint8_t value[4];
		} hash;
		uint16_t pad[3];
	} u;
};

struct hc_netif_tx_response {
	uint16_t id;
	int16_t status;			/* HC_NETIF_RSP_*. */
};

struct hc_netif_rx_request {
	uint16_t id;
	uint16_t pad;
	uint32_t gref;			/* Page granted for writing. */
};

struct hc_netif_rx_response {
	uint16_t id;
	uint16_t offset;		/* Bytes into the page. */
	uint16_t flags;			/* HC_NETRXF_*. */
	int16_t status;			/* Bytes, or HC_NETIF_RSP_* below 0. */
};

HC_DEFINE_RING(netif_tx, struct hc_netif_tx_request, struct hc_netif_tx_response);
HC_DEFINE_RING(netif_rx, struct hc_netif_rx_request, struct hc_netif_rx_response);

#endif
