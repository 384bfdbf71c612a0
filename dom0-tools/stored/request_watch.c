/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests about watches and transactions. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "path.h"
#include "record.h"
#include "request.h"
#include "transaction.h"
#include "watch.h"

/* A watch fires once at its start, so that the client looks at the present state. */
static void fire_first(struct request *request)
{
	watch_send(request->store, request->watch, request->watch->path);
}

int request_watch(struct request *request)
{
	struct connection *connection = request->connection;
	const char *texts[3];
	bool relative;
	int count, rc;

	count = request_strings(request, texts, 2, 3);
	if (count < 0)
		return -EINVAL;
	if (!connection->subject.privileged &&
	    (strlen(texts[0]) > request->store->quota.path ||
	     strlen(texts[1]) > HC_STORE_REL_PATH_MAX))
		return -E2BIG;
	relative = texts[0][0] != '/' && texts[0][0] != '@';
	rc = watch_add(request->store, connection, request->path, relative, texts[1],
		       &request->watch);
	if (rc)
		return rc;
	/* For the programs of dom0; a guest's watches outlive the daemon, and have no number in its journal. */
	request->watch->numbered = count == 3 && !strcmp(texts[2], "1") && !connection->durable &&
				   path_is_special(request->path);
	if (connection->durable)
		record_watch(request->store->journal, request->watch);
	request->afterwards = fire_first;
	return 0;
}

int request_unwatch(struct request *request)
{
	const char *texts[2];
	struct watch *watch;

	if (request_strings(request, texts, 2, 2) < 0)
		return -EINVAL;
	watch = watch_find(request->connection, request->path, texts[1]);
	if (!watch)
		return -ENOENT;
	if (request->connection->durable)
		record_unwatch(request->store->journal, watch);
	watch_free(watch);
	return 0;
}

int request_reset_watches(struct request *request)
{
	struct connection *connection = request->connection;

	while (!list_is_empty(&connection->watches))
		watch_free(list_entry(connection->watches.next, struct watch, link));
	while (!list_is_empty(&connection->transactions))
		transaction_free(connection, list_entry(connection->transactions.next,
							struct transaction, link));
	if (connection->durable)
		record_reset(request->store->journal, connection->subject.domid);
	return 0;
}

int request_transaction_start(struct request *request)
{
	struct connection *connection = request->connection;
	struct transaction *transaction;
	char text[16];
	int rc;

	/* No transactions within transactions. */
	if (request->transaction)
		return -EBUSY;
	rc = transaction_start(request->store, connection, &transaction);
	if (rc)
		return rc;
	if (connection->durable)
		record_transaction(request->store->journal, connection->subject.domid,
				   transaction->id, true);
	snprintf(text, sizeof(text), "%u", transaction->id);
	return request_answer_text(request, text);
}

int request_transaction_end(struct request *request)
{
	struct connection *connection = request->connection;
	const char *text;
	int rc = 0;

	if (request_strings(request, &text, 1, 1) < 0 || (strcmp(text, "T") && strcmp(text, "F")))
		return -EINVAL;
	if (!request->transaction)
		return -ENOENT;
	if (*text == 'T')
		rc = transaction_commit(request->store, connection, request->transaction);
	if (connection->durable)
		record_transaction(request->store->journal, connection->subject.domid,
				   request->transaction->id, false);
	transaction_free(connection, request->transaction);
	request->transaction = NULL;
	return rc;
}
