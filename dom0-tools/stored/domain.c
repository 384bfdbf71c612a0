/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains as connections: attaching, ending, and what a dead one leaves behind. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <log.h>

#include "change.h"
#include "domain.h"
#include "journal.h"
#include "path.h"
#include "record.h"
#include "ring.h"
#include "watch.h"

struct domain *domain_new(struct store *store, struct hv *hv, uint16_t domid, uint64_t mfn,
			  uint32_t remote_port)
{
	struct domain *domain = calloc(1, sizeof(*domain));

	if (!domain)
		return NULL;
	domain->store = store;
	domain->hv = hv;
	domain->mfn = mfn;
	domain->remote_port = remote_port;
	domain->connection.durable = true;
	connection_init(store, &domain->connection, &ring_transport, domid);
	return domain;
}

int domain_attach(struct domain *domain, bool fresh)
{
	uint16_t domid = domain->connection.subject.domid;
	int rc = 0;

	if (!domain->ring.page)
		rc = hv_map_ring(domain->hv, domid, domain->mfn, &domain->ring);
	if (rc)
		return rc;
	if (domain->local_port)
		hv_unbind(domain->hv, domain->local_port);
	domain->local_port = 0;
	rc = hv_bind(domain->hv, domid, domain->remote_port, domain);
	if (rc < 0)
		return rc;
	domain->local_port = rc;
	ring_start(domain, fresh);
	connection_wake(domain->store, &domain->connection);
	return 0;
}

int domain_attach_own(struct store *store, struct hv *hv)
{
	struct connection *known = connection_of_domain(store, 0);
	struct domain *domain = known ? domain_of(known) : domain_new(store, hv, 0, 0, 0);
	int rc;

	if (!domain)
		return -ENOMEM;
	domain->hv = hv;
	rc = hv_map_own_ring(hv, &domain->ring, &domain->remote_port);
	if (!rc)
		rc = domain_attach(domain, !known);
	if (rc) {
		connection_free(store, &domain->connection);
		return rc;
	}
	if (!known)
		record_domain(store->journal, domain);
	return 0;
}

void domain_reattach_all(struct store *store, struct hv *hv)
{
	struct list *at, *next;

	list_for_each_safe(at, next, &store->connections) {
		struct connection *connection = list_entry(at, struct connection, link);
		struct domain *domain = domain_of(connection);
		int rc;

		if (!connection->durable || connection->subject.domid == 0)
			continue;
		domain->hv = hv;
		rc = domain_attach(domain, false);
		if (rc) {
			log_warning("domain %u: not there any more: %s", connection->subject.domid,
				    strerror(-rc));
			domain_release(store, domain);
		}
	}
}

void domain_take_events(struct store *store, struct hv *hv)
{
	bool deaths = false;
	void *owner;

	while (hv_next_event(hv, &owner) > 0) {
		struct domain *domain = owner;

		if (!domain) {
			deaths = true;
			continue;
		}
		domain->masked = true;
		connection_wake(store, &domain->connection);
	}
	if (deaths)
		domain_check_all(store, hv);
}

static void check(struct store *store, struct hv *hv, struct domain *domain)
{
	uint16_t domid = domain->connection.subject.domid;
	enum hv_state state = hv_state(hv, domid);

	if (state == HV_GONE) {
		domain_release(store, domain);
	} else if (state == HV_SHUTDOWN && !domain->shutdown) {
		domain->shutdown = true;
		watch_fire_special(store, PATH_RELEASE, domid);
	}
}

void domain_check_all(struct store *store, struct hv *hv)
{
	struct list *at, *next;

	list_for_each_safe(at, next, &store->connections) {
		struct connection *connection = list_entry(at, struct connection, link);

		if (connection->durable && connection->subject.domid)
			check(store, hv, domain_of(connection));
	}
	journal_commit(store);
}

void domain_resumed(struct store *store, struct domain *domain)
{
	domain->shutdown = false;
	/* It may have ended since it was let go on, which then was taken for what had been told. */
	if (store->hv)
		check(store, store->hv, domain);
}

/* One pass over the tree for a domain that is gone. */
struct cleaning {
	struct tree *tree;
	struct list *changes;
	uint16_t domid;
	char path[PATH_SIZE];
};

static bool is_named(const struct perms *perms, uint16_t domid)
{
	for (uint32_t i = 1; i < perms->count; i++)
		if (perms->entry[i].domid == domid)
			return true;
	return false;
}

/* Takes its rights from the node at cleaning->path; a later domain of that number has none. */
static void drop_rights(struct cleaning *cleaning, const struct node *node)
{
	struct perms *before = perms_get(node->perms);
	struct perms *less = perms_without(before, cleaning->domid);

	if (!less || tree_set_perms(cleaning->tree, cleaning->path, less)) {
		perms_put(less);
		perms_put(before);
		return;
	}
	change_add(cleaning->changes, CHANGE_SET, cleaning->path, 0, NULL, before);
}

static void remove_owned(struct cleaning *cleaning, const struct node *node)
{
	struct node *removed = node_get((struct node *)node);

	if (tree_remove(cleaning->tree, cleaning->path))
		node_put(removed);
	else
		change_add(cleaning->changes, CHANGE_REMOVED, cleaning->path, 0, removed, NULL);
}

/* node is of a snapshot, so that it stays as it is while the tree is changed. */
static void clean(struct cleaning *cleaning, const struct node *node)
{
	size_t len = strlen(cleaning->path);
	const char *slash = len > 1 ? "/" : "";

	for (uint32_t i = 0; i < node->kid_count; i++) {
		const struct node *kid = node->kids[i];

		if (len + 1 + kid->name_len >= PATH_SIZE)
			continue;
		strcpy(stpcpy(cleaning->path + len, slash), kid->name);
		if (perms_owner(kid->perms) == cleaning->domid) {
			remove_owned(cleaning, kid);
		} else {
			if (is_named(kid->perms, cleaning->domid))
				drop_rights(cleaning, kid);
			clean(cleaning, kid);
		}
		cleaning->path[len] = '\0';
	}
}

void domain_release(struct store *store, struct domain *domain)
{
	struct list changes;
	struct cleaning cleaning = {
		.tree = &store->tree,
		.changes = &changes,
		.domid = domain->connection.subject.domid,
		.path = "/",
	};
	struct node *root = node_get(store->tree.root);

	list_init(&changes);
	log_info("domain %u: released", cleaning.domid);
	record_release(store->journal, cleaning.domid);
	connection_free(store, &domain->connection);
	clean(&cleaning, root);
	node_put(root);
	change_publish(store, &changes);
	watch_fire_special(store, PATH_RELEASE, cleaning.domid);
	journal_commit(store);
}
