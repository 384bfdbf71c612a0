/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests: one function for each message type of the protocol.  A function
 * checks its arguments, acts, and leaves the body of its answer; the frame
 * around it finds the transaction and turns errors into ERROR messages.
 */
#ifndef STORED_REQUEST_H
#define STORED_REQUEST_H

#include "change.h"
#include "connection.h"
#include "op.h"
#include "path.h"

struct request {
	struct store *store;
	struct connection *connection;
	struct transaction *transaction;	/* NULL: none */
	uint32_t tx_id;
	const char *body;		/* len bytes and a zero behind them */
	size_t len;
	char path[PATH_SIZE];		/* canonical, where the type has a path */
	struct op op;			/* for the operations of op.h */
	struct list changes;		/* made on the live tree */
	/* Called after the answer was queued; NULL: nothing to do. */
	void (*afterwards)(struct request *request);
	struct watch *watch;		/* for afterwards */
	size_t answer_len;
	char answer[HC_STORE_PAYLOAD_MAX];	/* last: the only field not cleared at first */
};

/* Handles the message that a connection has received, and queues the answer. */
void request_handle(struct store *store, struct connection *connection);

/* For the functions: 0 or a negative errno. */
int request_answer(struct request *request, const void *data, size_t len);
int request_answer_text(struct request *request, const char *text);	/* with its zero */

/* Splits the body into texts; at least min and at most max.  Returns how many, or -EINVAL. */
int request_strings(const struct request *request, const char **texts, int min, int max);

/* The body's first text as a domain id. */
int request_domid(const char *text, uint16_t *domid);

/* By message type; see request.c for the table. */
int request_directory(struct request *request);
int request_directory_part(struct request *request);
int request_read(struct request *request);
int request_write(struct request *request);
int request_mkdir(struct request *request);
int request_rm(struct request *request);
int request_get_perms(struct request *request);
int request_set_perms(struct request *request);
int request_watch(struct request *request);
int request_unwatch(struct request *request);
int request_reset_watches(struct request *request);
int request_transaction_start(struct request *request);
int request_transaction_end(struct request *request);
int request_introduce(struct request *request);
int request_release(struct request *request);
int request_get_domain_path(struct request *request);
int request_is_domain_introduced(struct request *request);
int request_resume(struct request *request);
int request_set_target(struct request *request);
int request_control(struct request *request);

#endif
