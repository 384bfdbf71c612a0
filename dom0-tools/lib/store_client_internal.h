/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the halves of the store client share: store_link.c keeps the
 * connection, store_client.c turns calls into messages.
 */
#ifndef TENON_STORE_CLIENT_INTERNAL_H
#define TENON_STORE_CLIENT_INTERNAL_H

#include <sys/uio.h>

#include "store_client.h"

/* One answer: zero-terminated after its len bytes; body belongs to the receiver. */
struct store_reply {
	char *body;
	size_t len;
};

/*
 * Sends one request made of parts and waits for its answer.  Repeats it over a
 * new connection when the old one breaks, unless it belongs to a transaction.
 * *repeated (may be NULL) tells whether an earlier attempt may have taken effect.
 */
int store_link_call(struct store_client *client, uint32_t type, uint32_t tx,
		    const struct iovec *parts, int count, struct store_reply *reply,
		    bool *repeated);

/*
 * Between store_collect() and store_collected(): whether it is, and collecting a
 * request of a transaction whose answer says no more than success.  Returns the
 * first error of those collected so far, as far as it is known.
 */
bool store_link_collects(const struct store_client *client);
int store_link_put(struct store_client *client, uint32_t type, uint32_t tx,
		   const struct iovec *parts, int count);

/* The parts of the request for a watch, which are three where its events shall name domains. */
int store_link_watch_parts(const char *path, const char *token, bool numbered, struct iovec parts[3]);

/* Keeps a watch for registration with later connections; -EEXIST if it is known. */
int store_link_remember(struct store_client *client, const char *path, const char *token, bool numbered);
void store_link_forget(struct store_client *client, const char *path, const char *token);

#endif
