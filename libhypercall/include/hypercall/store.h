/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The store: its page shared with a guest, its messages, and the states that
 * two ends of a device pass through by way of it.
 *
 * Source of facts: Xen's public headers io/xs_wire.h and io/xenbus.h.
 */
#ifndef HYPERCALL_STORE_H
#define HYPERCALL_STORE_H

#include "ring.h"

/* store_msg.type. */
#define HC_XS_CONTROL			0
#define HC_XS_DIRECTORY			1
#define HC_XS_READ			2
#define HC_XS_GET_PERMS			3
#define HC_XS_WATCH			4
#define HC_XS_UNWATCH			5
#define HC_XS_TRANSACTION_START		6
#define HC_XS_TRANSACTION_END		7
#define HC_XS_INTRODUCE			8
#define HC_XS_RELEASE			9
#define HC_XS_GET_DOMAIN_PATH		10
#define HC_XS_WRITE			11
#define HC_XS_MKDIR			12
#define HC_XS_RM			13
#define HC_XS_SET_PERMS			14
#define HC_XS_WATCH_EVENT		15
#define HC_XS_ERROR			16
#define HC_XS_IS_DOMAIN_INTRODUCED	17
#define HC_XS_RESUME			18
#define HC_XS_SET_TARGET		19
#define HC_XS_RESET_WATCHES		21
#define HC_XS_DIRECTORY_PART		22
#define HC_XS_TYPE_COUNT		23
#define HC_XS_INVALID			0xffff

/* Limits, bytes. */
#define HC_STORE_RING_SIZE		1024
#define HC_STORE_PAYLOAD_MAX		4096
#define HC_STORE_ABS_PATH_MAX		3072
#define HC_STORE_REL_PATH_MAX		2048

/* store_domain_interface.server_features. */
#define HC_STORE_SERVER_FEATURE_RECONNECTION	1
#define HC_STORE_SERVER_FEATURE_ERROR		2

/* store_domain_interface.connection. */
#define HC_STORE_CONNECTED		0
#define HC_STORE_RECONNECT		1

/* store_domain_interface.error. */
#define HC_STORE_ERROR_NONE		0
#define HC_STORE_ERROR_COMM		1
#define HC_STORE_ERROR_RINGIDX		2
#define HC_STORE_ERROR_PROTO		3

/* State of one end of a device (node "state", in decimal). */
#define HC_XENBUS_STATE_UNKNOWN		0
#define HC_XENBUS_STATE_INITIALISING	1
#define HC_XENBUS_STATE_INIT_WAIT	2
#define HC_XENBUS_STATE_INITIALISED	3
#define HC_XENBUS_STATE_CONNECTED	4
#define HC_XENBUS_STATE_CLOSING		5
#define HC_XENBUS_STATE_CLOSED		6
#define HC_XENBUS_STATE_RECONFIGURING	7
#define HC_XENBUS_STATE_RECONFIGURED	8

/* Header of each message, both ways; len bytes of payload follow. */
struct hc_store_msg {
	uint32_t type;		/* HC_XS_*. */
	uint32_t req_id;	/* Chosen by the client, comes back. */
	uint32_t tx_id;		/* Transaction, 0: none. */
	uint32_t len;		/* Bytes, at most HC_STORE_PAYLOAD_MAX. */
};

struct hc_store_domain_interface {
	char req[HC_STORE_RING_SIZE];	/* From the guest. */
	char rsp[HC_STORE_RING_SIZE];	/* Replies and watch events. */
	uint32_t req_cons, req_prod;	/* Free running, bytes. */
	uint32_t rsp_cons, rsp_prod;
	uint32_t server_features;	/* HC_STORE_SERVER_FEATURE_*. */
	uint32_t connection;		/* HC_STORE_CONNECTED or _RECONNECT. */
	uint32_t error;			/* HC_STORE_ERROR_*. */
};

/* Client: returns the bytes written (maybe fewer than len) or HC_RING_BROKEN. */
static inline int hc_store_client_write(struct hc_store_domain_interface *s, const void *data,
					uint32_t len)
{
	return hc_stream_write(s->req, HC_STORE_RING_SIZE, &s->req_prod, &s->req_cons, data, len);
}

/* Client: returns the bytes read (maybe 0) or HC_RING_BROKEN. */
static inline int hc_store_client_read(struct hc_store_domain_interface *s, void *data,
				       uint32_t len)
{
	return hc_stream_read(s->rsp, HC_STORE_RING_SIZE, &s->rsp_prod, &s->rsp_cons, data, len);
}

/* Server: sends replies. */
static inline int hc_store_server_write(struct hc_store_domain_interface *s, const void *data,
					uint32_t len)
{
	return hc_stream_write(s->rsp, HC_STORE_RING_SIZE, &s->rsp_prod, &s->rsp_cons, data, len);
}

/* Server: takes requests. */
static inline int hc_store_server_read(struct hc_store_domain_interface *s, void *data,
				       uint32_t len)
{
	return hc_stream_read(s->req, HC_STORE_RING_SIZE, &s->req_prod, &s->req_cons, data, len);
}

#endif
