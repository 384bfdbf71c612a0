/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing each kind of record: see record.h. */
#include <string.h>

#include "connection.h"
#include "domain.h"
#include "record.h"
#include "watch.h"

static void put_text(struct journal *journal, const char *text)
{
	journal_bytes(journal, text, strlen(text) + 1);
}

static void begin_for(struct journal *journal, uint32_t type, uint16_t domid)
{
	journal_begin(journal, type);
	journal_number(journal, domid);
}

static void put_perms(struct journal *journal, const struct perms *perms)
{
	journal_bytes(journal, perms->entry, perms->count * sizeof(perms->entry[0]));
}

struct perms *record_perms(struct record *record)
{
	size_t len;
	const char *bytes = record_bytes(record, &len);

	if (!bytes || !len || len % sizeof(struct perm)) {
		record->bad = true;
		return NULL;
	}
	return perms_new((const struct perm *)bytes, len / sizeof(struct perm));
}

void record_node(struct journal *journal, const char *path, const struct node *node)
{
	journal_begin(journal, RECORD_NODE);
	put_text(journal, path);
	journal_bytes(journal, node->value ? node->value->data : "",
		      node->value ? node->value->len : 0);
	put_perms(journal, node->perms);
	journal_end(journal);
}

void record_remove(struct journal *journal, const char *path)
{
	journal_begin(journal, RECORD_REMOVE);
	put_text(journal, path);
	journal_end(journal);
}

void record_special(struct journal *journal, const char *path, const struct perms *perms)
{
	journal_begin(journal, RECORD_SPECIAL);
	put_text(journal, path);
	put_perms(journal, perms);
	journal_end(journal);
}

void record_domain(struct journal *journal, const struct domain *domain)
{
	begin_for(journal, RECORD_DOMAIN, domain->connection.subject.domid);
	journal_number(journal, domain->connection.subject.target);
	journal_number(journal, domain->mfn);
	journal_number(journal, domain->remote_port);
	journal_number(journal, domain->req_cons);
	journal_number(journal, domain->rsp_prod);
	journal_end(journal);
}

void record_release(struct journal *journal, uint16_t domid)
{
	begin_for(journal, RECORD_RELEASE, domid);
	journal_end(journal);
}

void record_target(struct journal *journal, uint16_t domid, uint16_t target)
{
	begin_for(journal, RECORD_TARGET, domid);
	journal_number(journal, target);
	journal_end(journal);
}

void record_watch(struct journal *journal, const struct watch *watch)
{
	begin_for(journal, RECORD_WATCH, watch->connection->subject.domid);
	put_text(journal, watch->path);
	journal_number(journal, watch->home_len);
	put_text(journal, watch->token);
	journal_end(journal);
}

void record_unwatch(struct journal *journal, const struct watch *watch)
{
	begin_for(journal, RECORD_UNWATCH, watch->connection->subject.domid);
	put_text(journal, watch->path);
	put_text(journal, watch->token);
	journal_end(journal);
}

void record_missed(struct journal *journal, const struct watch *watch)
{
	begin_for(journal, RECORD_MISSED, watch->connection->subject.domid);
	put_text(journal, watch->path);
	put_text(journal, watch->token);
	journal_number(journal, watch->missed);
	journal_end(journal);
}

void record_reset(struct journal *journal, uint16_t domid)
{
	begin_for(journal, RECORD_RESET, domid);
	journal_end(journal);
}

void record_transaction(struct journal *journal, uint16_t domid, uint32_t id, bool start)
{
	begin_for(journal, start ? RECORD_TX_START : RECORD_TX_END, domid);
	journal_number(journal, id);
	journal_end(journal);
}

void record_partial(struct journal *journal, uint16_t domid, uint32_t req_cons, const void *bytes,
		    size_t len)
{
	begin_for(journal, RECORD_PARTIAL, domid);
	journal_number(journal, req_cons);
	journal_bytes(journal, bytes, len);
	journal_end(journal);
}

void record_consumed(struct journal *journal, uint16_t domid, uint32_t req_cons)
{
	begin_for(journal, RECORD_CONSUMED, domid);
	journal_number(journal, req_cons);
	journal_end(journal);
}

void record_out(struct journal *journal, uint16_t domid, const void *bytes, size_t len)
{
	begin_for(journal, RECORD_OUT, domid);
	journal_bytes(journal, bytes, len);
	journal_end(journal);
}

void record_quota(struct journal *journal, const char *name, uint32_t limit)
{
	journal_begin(journal, RECORD_QUOTA);
	put_text(journal, name);
	journal_number(journal, limit);
	journal_end(journal);
}
