/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the store's protocol over one socket: sent as they are, received piece by piece.
 */
#ifndef TENON_STORE_WIRE_H
#define TENON_STORE_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <hypercall/store.h>

/* Bytes read at once. */
#define WIRE_AHEAD_BYTES 4096

struct store_wire {
	int socket;		/* -1: no connection */
	uint32_t next_request;	/* id of the request made last */
	/* A message being received: header first, then body. */
	struct hc_store_msg header;
	char *body;
	size_t received;	/* bytes of header and body so far */
	/* What the socket had, but was not received yet. */
	size_t ahead, ahead_end;
	char ahead_data[WIRE_AHEAD_BYTES];
};

/* Ends the connection, and forgets what has been received of it. */
void wire_close(struct store_wire *wire);

/* Bytes of all parts together. */
size_t wire_total(const struct iovec *parts, int count);

/* Sends all bytes; parts are used up.  Returns 0 or a negative errno. */
int wire_send(struct store_wire *wire, struct iovec *parts, int count);

/* Starts a request with total bytes of body; -E2BIG: they are too many. */
int wire_header(struct store_wire *wire, uint32_t type, uint32_t tx, size_t total,
		struct hc_store_msg *header);

/* Sends one request of at most 7 parts; *id is what its answer will have. */
int wire_request(struct store_wire *wire, uint32_t type, uint32_t tx,
		 const struct iovec *parts, int count, uint32_t *id);

/*
 * Takes bytes of the current message; flags as for recv().  1: it is complete, with a
 * zero behind its body, 0: with MSG_DONTWAIT more is to come, else a negative errno.
 */
int wire_receive(struct store_wire *wire, int flags);

/* Hands the body of a complete message over to the caller. */
char *wire_take_body(struct store_wire *wire);

/* The errno for an error's name, by the table of the protocol; EPROTO: it has none. */
int wire_error(const char *name);

#endif
