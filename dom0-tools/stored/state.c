/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store's state as records.  Reading applies one function per kind of
 * record; a record about something unknown (a domain released later on) is
 * skipped, since the order of records is that of the events.
 */
#include <errno.h>
#include <string.h>

#include "domain.h"
#include "path.h"
#include "record.h"
#include "state.h"
#include "transaction.h"
#include "watch.h"

static void write_nodes(struct journal *journal, char path[static PATH_SIZE],
			const struct node *node)
{
	size_t len = strlen(path);

	record_node(journal, path, node);
	for (uint32_t i = 0; i < node->kid_count; i++) {
		const struct node *kid = node->kids[i];

		strcpy(stpcpy(path + len, len > 1 ? "/" : ""), kid->name);
		write_nodes(journal, path, kid);
		path[len] = '\0';
	}
}

static void write_domain(struct journal *journal, struct domain *domain)
{
	struct connection *connection = &domain->connection;
	uint16_t domid = connection->subject.domid;
	struct list *at;

	record_domain(journal, domain);
	list_for_each(at, &connection->watches) {
		struct watch *watch = list_entry(at, struct watch, link);

		record_watch(journal, watch);
		if (watch->missed)
			record_missed(journal, watch);
	}
	list_for_each(at, &connection->transactions)
		record_transaction(journal, domid, list_entry(at, struct transaction, link)->id,
				   true);
	if (connection->out.len)
		record_out(journal, domid, queue_data(&connection->out), connection->out.len);
	if (connection->received)
		record_partial(journal, domid, domain->req_cons + domain->fetched,
			       &connection->header, connection->received);
	else if (domain->fetched)
		record_consumed(journal, domid, domain->req_cons + domain->fetched);
}

void state_write(struct store *store, struct journal *journal)
{
	char path[PATH_SIZE] = "/";
	struct list *at;

	for (size_t i = 0; i < quota_name_count; i++)
		record_quota(journal, quota_names[i].name,
			     *quota_find(&store->quota, quota_names[i].name));
	write_nodes(journal, path, store->tree.root);
	record_special(journal, PATH_INTRODUCE, store->introduce_perms);
	record_special(journal, PATH_RELEASE, store->release_perms);
	list_for_each(at, &store->connections) {
		struct connection *connection = list_entry(at, struct connection, link);

		if (connection->durable)
			write_domain(journal, domain_of(connection));
	}
}

/* A canonical path read from a record, copied; false if it is none. */
static bool read_path(struct record *record, char path[static PATH_SIZE])
{
	return !path_canonical(record_text(record), 0, path) && !record->bad;
}

static int read_node(struct store *store, struct record *record)
{
	char path[PATH_SIZE];
	bool valid = read_path(record, path) && !path_is_special(path);
	struct perms *perms;
	struct value *value;
	const char *data;
	size_t len;
	int rc = 0;

	data = record_bytes(record, &len);
	perms = record_perms(record);
	value = value_new(data, len);
	if (!valid || record->bad || !perms || !value) {
		perms_put(perms);
		value_put(value);
		return record->bad || !valid ? -EBADMSG : -ENOMEM;
	}
	if (!tree_find(&store->tree, path))
		rc = tree_create(&store->tree, path, perms);
	if (!rc)
		rc = tree_set_perms(&store->tree, path, perms_get(perms));
	perms_put(perms);
	if (!rc)
		rc = tree_set_value(&store->tree, path, value);
	return rc;
}

static int read_remove(struct store *store, struct record *record)
{
	char path[PATH_SIZE];

	if (!read_path(record, path))
		return -EBADMSG;
	if (!path[1] || !tree_find(&store->tree, path))
		return 0;
	return tree_remove(&store->tree, path);
}

static int read_special(struct store *store, struct record *record)
{
	char path[PATH_SIZE];
	bool valid = read_path(record, path) && path_is_special(path);
	struct perms *perms = record_perms(record), **slot;

	if (!valid || !perms) {
		perms_put(perms);
		return -EBADMSG;
	}
	slot = store_special_perms(store, path);
	perms_put(*slot);
	*slot = perms;
	return 0;
}

static int read_domain(struct store *store, struct record *record)
{
	uint16_t domid = record_number(record);
	struct connection *known = connection_of_domain(store, domid);
	struct domain *domain = known ? domain_of(known) : domain_new(store, NULL, domid, 0, 0);

	if (!domain)
		return -ENOMEM;
	if (known)
		connection_reset(known);
	domain->connection.subject.target = record_number(record);
	domain->mfn = record_number(record);
	domain->remote_port = record_number(record);
	domain->req_cons = record_number(record);
	domain->rsp_prod = record_number(record);
	return 0;
}

static int read_quota(struct store *store, struct record *record)
{
	uint32_t *limit = quota_find(&store->quota, record_text(record));

	/* A limit that this version does not know any more is no reason to fail. */
	if (limit)
		*limit = record_number(record);
	return 0;
}

static int read_watch(struct store *store, struct domain *domain, struct record *record)
{
	char path[PATH_SIZE];
	bool valid = read_path(record, path);
	bool relative = record_number(record) != 0;
	const char *token = record_text(record);
	struct watch *watch;
	int rc;

	if (!valid || record->bad)
		return -EBADMSG;
	rc = watch_add(store, &domain->connection, path, relative, token, &watch);
	return rc == -ENOMEM ? rc : 0;
}

/* RECORD_UNWATCH and RECORD_MISSED name a watch in the same way. */
static int read_watch_change(struct domain *domain, struct record *record)
{
	char path[PATH_SIZE];
	bool valid = read_path(record, path);
	const char *token = record_text(record);
	struct watch *watch;

	if (!valid || record->bad)
		return -EBADMSG;
	watch = watch_find(&domain->connection, path, token);
	if (!watch)
		return 0;
	if (record->type == RECORD_UNWATCH) {
		watch_free(watch);
		return 0;
	}
	if (watch->missed)
		domain->connection.missed_count--;
	watch->missed = record_number(record) != 0;
	if (watch->missed)
		domain->connection.missed_count++;
	return 0;
}

static void read_reset(struct domain *domain)
{
	struct connection *connection = &domain->connection;

	while (!list_is_empty(&connection->watches))
		watch_free(list_entry(connection->watches.next, struct watch, link));
	while (!list_is_empty(&connection->transactions))
		transaction_free(connection, list_entry(connection->transactions.next,
							struct transaction, link));
}

static int read_transaction(struct store *store, struct domain *domain, struct record *record)
{
	struct connection *connection = &domain->connection;
	uint32_t id = record_number(record);
	struct transaction *transaction = transaction_find(connection, id);

	if (record->type == RECORD_TX_START)
		return transaction ? 0 : transaction_revive(store, connection, id);
	if (transaction)
		transaction_free(connection, transaction);
	return 0;
}

static int read_partial(struct domain *domain, struct record *record)
{
	struct connection *connection = &domain->connection;
	size_t room = sizeof(connection->header) + HC_STORE_PAYLOAD_MAX, len;
	const char *bytes;

	domain->req_cons = record_number(record);
	bytes = record_bytes(record, &len);
	if (record->bad || len > room - connection->received)
		return -EBADMSG;
	memcpy((char *)&connection->header + connection->received, bytes, len);
	connection->received += len;
	return 0;
}

static int read_out(struct domain *domain, struct record *record)
{
	size_t len;
	const char *bytes = record_bytes(record, &len);

	return record->bad ? -EBADMSG : queue_put(&domain->connection.out, bytes, len);
}

/* Records that concern one known domain. */
static int read_about_domain(struct store *store, struct record *record)
{
	struct connection *connection = connection_of_domain(store, record_number(record));
	struct domain *domain;

	if (!connection)
		return 0;
	domain = domain_of(connection);
	switch (record->type) {
	case RECORD_RELEASE:
		connection_free(store, connection);
		return 0;
	case RECORD_TARGET:
		connection->subject.target = record_number(record);
		return 0;
	case RECORD_WATCH:
		return read_watch(store, domain, record);
	case RECORD_UNWATCH:
	case RECORD_MISSED:
		return read_watch_change(domain, record);
	case RECORD_RESET:
		read_reset(domain);
		return 0;
	case RECORD_TX_START:
	case RECORD_TX_END:
		return read_transaction(store, domain, record);
	case RECORD_PARTIAL:
		return read_partial(domain, record);
	case RECORD_CONSUMED:
		domain->req_cons = record_number(record);
		connection->received = 0;
		return 0;
	case RECORD_OUT:
		return read_out(domain, record);
	default:
		return -EBADMSG;
	}
}

static int read_record(struct store *store, struct record *record)
{
	switch (record->type) {
	case RECORD_NODE:
		return read_node(store, record);
	case RECORD_REMOVE:
		return read_remove(store, record);
	case RECORD_SPECIAL:
		return read_special(store, record);
	case RECORD_DOMAIN:
		return read_domain(store, record);
	case RECORD_QUOTA:
		return read_quota(store, record);
	default:
		return read_about_domain(store, record);
	}
}

int state_read(struct store *store)
{
	struct journal *journal = store->journal;
	struct record record;
	size_t at = 0;
	bool bad;
	int rc = 0;

	/* Nothing that is read is to be written again. */
	store->journal = NULL;
	while (!rc && journal_next(journal, &at, &record, &bad)) {
		rc = read_record(store, &record);
		if (!rc && record.bad)
			rc = -EBADMSG;
	}
	store->journal = journal;
	if (!rc && bad)
		rc = -EBADMSG;
	return rc;
}
