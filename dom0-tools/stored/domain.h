/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domains behind rings.  The ring's page is shared with the guest, which may
 * write anything to it at any time: indexes of the daemon's side are kept
 * here, the guest's are read once and checked, data is copied before it is
 * looked at.
 */
#ifndef STORED_DOMAIN_H
#define STORED_DOMAIN_H

#include "connection.h"
#include "hv.h"

struct domain {
	struct connection connection;
	struct store *store;
	struct hv *hv;
	uint64_t mfn;			/* of the ring; 0 for domain 0 */
	uint32_t remote_port;		/* on the domain's side */
	uint32_t local_port;		/* 0: not bound */
	struct hv_ring ring;		/* ring.page is NULL: not mapped */
	uint32_t req_cons;		/* committed */
	uint32_t fetched;		/* bytes copied beyond req_cons */
	uint32_t rsp_prod;
	bool notify;			/* the guest should look at the ring */
	bool masked;			/* no more events until unmasked */
	bool shutdown;			/* its end has been told */
};

static inline struct domain *domain_of(struct connection *connection)
{
	return list_entry(connection, struct domain, connection);
}

/* A domain that is known but not attached.  NULL: out of memory. */
struct domain *domain_new(struct store *store, struct hv *hv, uint16_t domid, uint64_t mfn,
			  uint32_t remote_port);

/* Maps the ring and binds the event channel.  Indexes are taken from the ring if fresh. */
int domain_attach(struct domain *domain, bool fresh);

/* Attaches domain 0, whose ring belongs to the kernel the daemon runs on. */
int domain_attach_own(struct store *store, struct hv *hv);

/* Attaches again what the journal told, once the store is complete. */
void domain_reattach_all(struct store *store, struct hv *hv);

/* Takes note of all events that are pending. */
void domain_take_events(struct store *store, struct hv *hv);

/* Looks which domains have ended, and tells those who watch for it. */
void domain_check_all(struct store *store, struct hv *hv);

/* One that had suspended goes on where it was: its next end is to be told again. */
void domain_resumed(struct store *store, struct domain *domain);

/* Ends the service of a domain and removes what it leaves behind. */
void domain_release(struct store *store, struct domain *domain);

#endif
