/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client: a domain behind its ring, or a program behind a socket.  Both are
 * served the same way; a transport moves the bytes.
 *
 * Durable connections (rings) outlive the daemon.  For them every message is
 * one step of the journal: its effects, its answer and the events it caused,
 * and how far the ring is consumed are committed together, before the client
 * can see any of it.
 */
#ifndef STORED_CONNECTION_H
#define STORED_CONNECTION_H

#include <list.h>
#include <queue.h>

#include <hypercall/store.h>

#include "store.h"

struct connection;

struct transport {
	/*
	 * Copies up to len waiting bytes into data.  Returns how many, 0 if there
	 * are none now, or a negative errno: the client is gone or out of its mind.
	 */
	int (*fetch)(struct connection *connection, void *data, size_t len);

	/*
	 * The fetched bytes are done with: their effects are committed.  True: the
	 * client may have sent more since the last fetch without telling, because it
	 * saw these still waiting.
	 */
	bool (*consume)(struct connection *connection);

	/* Puts into the journal how far the fetched bytes reach; durable transports only. */
	void (*record_consumed)(struct store *store, struct connection *connection);

	/* Moves queued bytes to the client, as many as it takes.  0 or a negative errno. */
	int (*flush)(struct connection *connection);

	/* The connection ended: by rc, or by the client's leave if rc is 0.  May free it. */
	void (*ended)(struct store *store, struct connection *connection, int rc);

	/* Frees what the transport holds, at the connection's end. */
	void (*release)(struct connection *connection);
};

struct connection {
	struct list link;		/* in store.connections */
	struct list ready_link;		/* in store.ready, or alone */
	const struct transport *transport;
	struct subject subject;
	bool durable;
	bool broken;			/* served no more, kept for what it owns */
	struct list watches;		/* struct watch.link */
	uint32_t watch_count;
	uint32_t missed_count;		/* watches with an event that could not be queued */
	struct list transactions;	/* struct transaction.link */
	uint32_t transaction_count;
	struct queue out;
	size_t received;		/* bytes of header and body so far */
	struct hc_store_msg header;
	char body[HC_STORE_PAYLOAD_MAX + 1];
};

/* Prepares an embedded connection of domain domid and adds it to the store. */
void connection_init(struct store *store, struct connection *connection,
		     const struct transport *transport, uint16_t domid);

/* Ends it and frees all it has, and itself by the transport's release. */
void connection_free(struct store *store, struct connection *connection);

/* Drops watches, transactions and half messages: the client starts anew. */
void connection_reset(struct connection *connection);

/* Asks for it to be served soon. */
void connection_wake(struct store *store, struct connection *connection);

/*
 * Serves one message if there is one.  Returns true when there may be more to
 * do at once; false: the connection may be gone.
 */
bool connection_serve(struct store *store, struct connection *connection);

/* Bytes of "/local/domain/<domid>/". */
size_t connection_home_len(const struct connection *connection);

/* Queued bytes from which on events are held back. */
size_t connection_out_limit(const struct store *store, const struct connection *connection);

/* Queues one message.  0 or -ENOMEM, with nothing queued. */
int connection_send(struct store *store, struct connection *connection,
		    const struct hc_store_msg *header, const void *body);
int connection_send_event(struct store *store, struct connection *connection, const char *path,
			  const char *token);

/* The connection of a domain's ring, or NULL. */
struct connection *connection_of_domain(struct store *store, uint16_t domid);

#endif
