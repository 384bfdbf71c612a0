/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kinds of records in the journal, and the writing of each.  state.c reads
 * them.  Paths and tokens are texts with their terminating zero.
 */
#ifndef STORED_RECORD_H
#define STORED_RECORD_H

#include "journal.h"
#include "perms.h"

enum record_type {
	RECORD_NODE = 1,	/* path, value, permissions */
	RECORD_REMOVE,		/* path */
	RECORD_SPECIAL,		/* special path, permissions */
	RECORD_DOMAIN,		/* domid, target, mfn, port, req_cons, rsp_prod: (anew) connected */
	RECORD_RELEASE,		/* domid */
	RECORD_TARGET,		/* domid, target */
	RECORD_WATCH,		/* domid, path, home_len, token */
	RECORD_UNWATCH,		/* domid, path, token */
	RECORD_MISSED,		/* domid, path, token, 0 or 1 */
	RECORD_RESET,		/* domid: watches and transactions dropped */
	RECORD_TX_START,	/* domid, transaction */
	RECORD_TX_END,		/* domid, transaction */
	RECORD_PARTIAL,		/* domid, req_cons, bytes: more of an unfinished message */
	RECORD_CONSUMED,	/* domid, req_cons: a message was finished */
	RECORD_OUT,		/* domid, bytes: queued for the ring */
	RECORD_QUOTA,		/* name, limit */
};

struct domain;
struct node;
struct watch;

void record_node(struct journal *journal, const char *path, const struct node *node);
void record_remove(struct journal *journal, const char *path);
void record_special(struct journal *journal, const char *path, const struct perms *perms);
void record_domain(struct journal *journal, const struct domain *domain);
void record_release(struct journal *journal, uint16_t domid);
void record_target(struct journal *journal, uint16_t domid, uint16_t target);
void record_watch(struct journal *journal, const struct watch *watch);
void record_unwatch(struct journal *journal, const struct watch *watch);
void record_missed(struct journal *journal, const struct watch *watch);
void record_reset(struct journal *journal, uint16_t domid);
void record_transaction(struct journal *journal, uint16_t domid, uint32_t id, bool start);
void record_partial(struct journal *journal, uint16_t domid, uint32_t req_cons, const void *bytes,
		    size_t len);
void record_consumed(struct journal *journal, uint16_t domid, uint32_t req_cons);
void record_out(struct journal *journal, uint16_t domid, const void *bytes, size_t len);
void record_quota(struct journal *journal, const char *name, uint32_t limit);

/* Reads what record_node() and record_special() wrote; NULL if it makes no sense. */
struct perms *record_perms(struct record *record);

#endif
