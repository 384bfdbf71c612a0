/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The page of a guest's console: two byte streams. "in" flows to the guest,
 * "out" from it; the side that moves an index notifies the other.
 *
 * Source of facts: Xen's public header io/console.h.
 */
#ifndef HYPERCALL_CONSOLE_H
#define HYPERCALL_CONSOLE_H

#include "ring.h"

#define HC_CONSOLE_IN_SIZE	1024	/* Bytes. */
#define HC_CONSOLE_OUT_SIZE	2048	/* Bytes. */

struct hc_console_interface {
	char in[HC_CONSOLE_IN_SIZE];
	char out[HC_CONSOLE_OUT_SIZE];
	uint32_t in_cons, in_prod;	/* Free running, bytes. */
	uint32_t out_cons, out_prod;
};

/* Guest: returns the bytes written (maybe fewer than len) or HC_RING_BROKEN. */
static inline int hc_console_guest_write(struct hc_console_interface *c, const void *data,
					 uint32_t len)
{
	return hc_stream_write(c->out, HC_CONSOLE_OUT_SIZE, &c->out_prod, &c->out_cons, data, len);
}

/* Guest: returns the bytes read (maybe 0) or HC_RING_BROKEN. */
static inline int hc_console_guest_read(struct hc_console_interface *c, void *data, uint32_t len)
{
	return hc_stream_read(c->in, HC_CONSOLE_IN_SIZE, &c->in_prod, &c->in_cons, data, len);
}

/* Host: sends input to the guest. */
static inline int hc_console_host_write(struct hc_console_interface *c, const void *data,
					uint32_t len)
{
	return hc_stream_write(c->in, HC_CONSOLE_IN_SIZE, &c->in_prod, &c->in_cons, data, len);
}

/* Host: takes the guest's output. */
static inline int hc_console_host_read(struct hc_console_interface *c, void *data, uint32_t len)
{
	return hc_stream_read(c->out, HC_CONSOLE_OUT_SIZE, &c->out_prod, &c->out_cons, data, len);
}

#endif
