/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transport over a ring.
 *
 *          req_cons      + fetched       req_prod (guest)
 *   requests: | committed to | being handled | waiting |
 *
 *          rsp_cons (guest)      rsp_prod
 *   answers:  | not yet taken       | connection.out follows here
 *
 * A kill at any point loses nothing and repeats nothing: requests count as
 * consumed when the journal says so, whatever the ring says; answers count as
 * given when the ring says so, since the journal holds all that were ever
 * queued after its rsp_prod.
 *
 * Wake-ups follow the rule of the guests' drivers: they notify when they put
 * something into an empty ring or take something from a full one.  Hence after
 * every move of an index the other side's is read once more, behind a barrier.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <log.h>

#include "record.h"
#include "ring.h"

#define SIZE HC_STORE_RING_SIZE

static uint32_t load(const uint32_t *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void store_index(uint32_t *index, uint32_t value)
{
	__atomic_store_n(index, value, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void unmask(struct domain *domain)
{
	if (!domain->masked)
		return;
	domain->masked = false;
	hv_unmask(domain->hv, domain->local_port);
}

/* The guest asks for a new beginning, for example after its kernel was replaced. */
static void reconnect(struct domain *domain)
{
	struct hc_store_domain_interface *page = domain->ring.page;

	log_info("domain %u: ring reset on its request", domain->connection.subject.domid);
	connection_reset(&domain->connection);
	domain->req_cons = domain->fetched = domain->rsp_prod = 0;
	record_domain(domain->store->journal, domain);
	page->req_cons = page->req_prod = 0;
	page->rsp_cons = page->rsp_prod = 0;
	page->error = HC_STORE_ERROR_NONE;
	store_index(&page->connection, HC_STORE_CONNECTED);
	domain->notify = true;
}

void ring_start(struct domain *domain, bool fresh)
{
	struct hc_store_domain_interface *page = domain->ring.page;
	struct queue *out = &domain->connection.out;
	uint32_t given = load(&page->rsp_prod) - domain->rsp_prod;

	domain->fetched = 0;
	domain->notify = true;
	page->server_features = HC_STORE_SERVER_FEATURE_RECONNECTION |
				HC_STORE_SERVER_FEATURE_ERROR;
	if (fresh) {
		domain->req_cons = load(&page->req_cons);
		domain->rsp_prod = load(&page->rsp_prod);
		page->error = HC_STORE_ERROR_NONE;
		return;
	}
	store_index(&page->req_cons, domain->req_cons);
	if (given > out->len) {
		/* Only the guest can have done that; what it was owed starts at its own index. */
		log_warning("domain %u: changed the daemon's index while it was away",
			    domain->connection.subject.domid);
		store_index(&page->rsp_prod, domain->rsp_prod);
		return;
	}
	queue_drop(out, given);
	domain->rsp_prod += given;
}

static int fetch(struct connection *connection, void *data, size_t len)
{
	struct domain *domain = domain_of(connection);
	struct hc_store_domain_interface *page = domain->ring.page;
	uint32_t at = domain->req_cons + domain->fetched;
	uint32_t prod, first;

	if (!page)
		return 0;
	if (load(&page->connection) == HC_STORE_RECONNECT) {
		reconnect(domain);
		unmask(domain);
		return 0;
	}
	prod = load(&page->req_prod);
	if (prod == at) {
		/* Nothing there: from now on be told, unless something came just now. */
		unmask(domain);
		prod = load(&page->req_prod);
	}
	if (prod - domain->req_cons > SIZE || prod - at > SIZE)
		return -EPROTO;
	if (len > prod - at)
		len = prod - at;
	first = SIZE - (at & (SIZE - 1));
	if (first > len)
		first = len;
	memcpy(data, page->req + (at & (SIZE - 1)), first);
	memcpy((char *)data + first, page->req, len - first);
	domain->fetched += len;
	return len;
}

static void record_progress(struct store *store, struct connection *connection)
{
	struct domain *domain = domain_of(connection);
	uint32_t req_cons = domain->req_cons + domain->fetched;
	const char *partial = (const char *)&connection->header + connection->received;

	if (!domain->fetched)
		return;
	if (connection->received)
		record_partial(store->journal, connection->subject.domid, req_cons,
			       partial - domain->fetched, domain->fetched);
	else
		record_consumed(store->journal, connection->subject.domid, req_cons);
}

static bool consume(struct connection *connection)
{
	struct domain *domain = domain_of(connection);

	if (!domain->fetched)
		return false;
	domain->req_cons += domain->fetched;
	domain->fetched = 0;
	store_index(&domain->ring.page->req_cons, domain->req_cons);
	domain->notify = true;
	return true;
}

/* Copies from the queue to the ring.  Returns bytes moved, or -EPROTO. */
static int push(struct domain *domain)
{
	struct hc_store_domain_interface *page = domain->ring.page;
	struct queue *out = &domain->connection.out;
	uint32_t used = domain->rsp_prod - load(&page->rsp_cons);
	uint32_t at = domain->rsp_prod & (SIZE - 1);
	uint32_t len, first;

	if (used > SIZE)
		return -EPROTO;
	len = out->len < SIZE - used ? out->len : SIZE - used;
	first = len < SIZE - at ? len : SIZE - at;
	if (!len)
		return 0;
	memcpy(page->rsp + at, queue_data(out), first);
	memcpy(page->rsp, queue_data(out) + first, len - first);
	queue_drop(out, len);
	domain->rsp_prod += len;
	store_index(&page->rsp_prod, domain->rsp_prod);
	domain->notify = true;
	return len;
}

static int flush(struct connection *connection)
{
	struct domain *domain = domain_of(connection);
	int moved = 0;

	if (!domain->ring.page)
		return 0;
	while (connection->out.len) {
		moved = push(domain);
		if (moved == 0 && domain->masked) {
			unmask(domain);
			continue;
		}
		if (moved <= 0)
			break;
	}
	if (domain->notify) {
		domain->notify = false;
		hv_notify(domain->hv, domain->local_port);
	}
	return moved < 0 ? moved : 0;
}

static void ended(struct store *store, struct connection *connection, int rc)
{
	struct domain *domain = domain_of(connection);

	(void)store;
	log_warning("domain %u: ring out of order (%s), served no more",
		    connection->subject.domid, strerror(-rc));
	connection->broken = true;
	queue_clear(&connection->out);
	store_index(&domain->ring.page->error, connection->received > sizeof(connection->header) - 1
		    ? HC_STORE_ERROR_PROTO : HC_STORE_ERROR_RINGIDX);
	hv_notify(domain->hv, domain->local_port);
}

static void release(struct connection *connection)
{
	struct domain *domain = domain_of(connection);

	if (domain->local_port)
		hv_unbind(domain->hv, domain->local_port);
	if (domain->ring.page)
		hv_unmap_ring(domain->hv, &domain->ring);
	free(domain);
}

const struct transport ring_transport = {
	.fetch = fetch,
	.consume = consume,
	.record_consumed = record_progress,
	.flush = flush,
	.ended = ended,
	.release = release,
};
