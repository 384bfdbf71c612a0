/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients and the order in which a message's effects become visible: see connection.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "connection.h"
#include "journal.h"
#include "record.h"
#include "request.h"
#include "transaction.h"
#include "watch.h"

/* A client that does not take this much of what was answered is asked nothing more. */
#define ANSWERS_MAX (4 * (sizeof(struct hc_store_msg) + HC_STORE_PAYLOAD_MAX))

/* Events for dom0's programs are held back only to bound a stuck program's memory. */
#define PRIVILEGED_OUT_MAX (1u << 20)

void connection_init(struct store *store, struct connection *connection,
		     const struct transport *transport, uint16_t domid)
{
	connection->transport = transport;
	connection->subject.domid = domid;
	connection->subject.target = domid;
	connection->subject.privileged = domid == 0;
	list_init(&connection->watches);
	list_init(&connection->transactions);
	list_init(&connection->ready_link);
	list_append(&store->connections, &connection->link);
}

void connection_reset(struct connection *connection)
{
	while (!list_is_empty(&connection->watches))
		watch_free(list_entry(connection->watches.next, struct watch, link));
	while (!list_is_empty(&connection->transactions))
		transaction_free(connection, list_entry(connection->transactions.next,
							struct transaction, link));
	queue_clear(&connection->out);
	connection->received = 0;
}

void connection_free(struct store *store, struct connection *connection)
{
	(void)store;
	connection_reset(connection);
	list_remove(&connection->link);
	list_remove(&connection->ready_link);
	connection->transport->release(connection);
}

void connection_wake(struct store *store, struct connection *connection)
{
	if (list_is_empty(&connection->ready_link))
		list_append(&store->ready, &connection->ready_link);
}

size_t connection_home_len(const struct connection *connection)
{
	return snprintf(NULL, 0, "/local/domain/%u/", connection->subject.domid);
}

size_t connection_out_limit(const struct store *store, const struct connection *connection)
{
	return connection->subject.privileged ? PRIVILEGED_OUT_MAX : store->quota.outstanding;
}

struct connection *connection_of_domain(struct store *store, uint16_t domid)
{
	struct list *at;

	list_for_each(at, &store->connections) {
		struct connection *connection = list_entry(at, struct connection, link);

		if (connection->durable && connection->subject.domid == domid)
			return connection;
	}
	return NULL;
}

int connection_send(struct store *store, struct connection *connection,
		    const struct hc_store_msg *header, const void *body)
{
	char message[sizeof(*header) + HC_STORE_PAYLOAD_MAX];
	size_t len = sizeof(*header) + header->len;
	int rc;

	if (header->len > HC_STORE_PAYLOAD_MAX)
		return -E2BIG;
	if (connection->broken)
		return 0;
	memcpy(message, header, sizeof(*header));
	if (header->len)
		memcpy(message + sizeof(*header), body, header->len);
	rc = queue_put(&connection->out, message, len);
	if (rc)
		return rc;
	if (connection->durable)
		record_out(store->journal, connection->subject.domid, message, len);
	connection_wake(store, connection);
	return 0;
}

int connection_send_event(struct store *store, struct connection *connection, const char *path,
			  const char *token)
{
	struct hc_store_msg header = { .type = HC_XS_WATCH_EVENT };
	size_t path_size = strlen(path) + 1, token_size = strlen(token) + 1;
	char body[HC_STORE_PAYLOAD_MAX];

	/* A long path under a long token has no place in one message: nothing to tell it by. */
	if (path_size + token_size > sizeof(body))
		return 0;
	memcpy(body, path, path_size);
	memcpy(body + path_size, token, token_size);
	header.len = path_size + token_size;
	return connection_send(store, connection, &header, body);
}

/*
 * Completes the message being received as far as bytes are there.  1: it is
 * complete, 0: more is to come, else a negative errno.
 */
static int receive(struct connection *connection)
{
	const size_t head = sizeof(connection->header);

	for (;;) {
		char *into = (char *)&connection->header + connection->received;
		size_t want = head - connection->received;
		int got;

		if (connection->received >= head) {
			size_t have = connection->received - head;

			if (connection->header.len > HC_STORE_PAYLOAD_MAX)
				return -EPROTO;
			into = connection->body + have;
			want = connection->header.len - have;
			if (!want) {
				connection->body[have] = '\0';
				return 1;
			}
		}
		got = connection->transport->fetch(connection, into, want);
		if (got <= 0)
			return got;
		connection->received += got;
	}
}

/*
 * Commits a step, and only then lets the client see it: the journal comes
 * before the ring's indexes and before the answer.  True: as consume's.
 */
static bool settle(struct store *store, struct connection *connection)
{
	if (connection->durable && store->journal)
		connection->transport->record_consumed(store, connection);
	journal_commit(store);
	return connection->transport->consume(connection);
}

/* False: the connection has ended, and may be gone. */
static bool flush(struct store *store, struct connection *connection)
{
	int rc;

	do {
		watch_send_missed(store, connection);
		journal_commit(store);
		rc = connection->transport->flush(connection);
	} while (!rc && connection->missed_count && !connection->out.len);
	if (rc)
		connection->transport->ended(store, connection, rc);
	return !rc;
}

bool connection_serve(struct store *store, struct connection *connection)
{
	int rc;

	if (connection->broken || !flush(store, connection))
		return false;
	if (connection->out.len > ANSWERS_MAX)
		return false;
	rc = receive(connection);
	if (rc < 0) {
		connection->transport->ended(store, connection, rc == -ECONNRESET ? 0 : rc);
		return false;
	}
	if (rc == 0)
		return settle(store, connection);
	connection->received = 0;
	request_handle(store, connection);
	settle(store, connection);
	return flush(store, connection);
}
