/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moving a running guest to another host, and taking one from there.
 *
 *   from                                       to
 *   {"migrate": 1, "check": false,
 *    "description": {...}, ...}           ->   checks all that can be checked
 *                                         <-   {"ready": {}}, or {"obstacles": [{"error": ...}, ...]};
 *                                              with "check" always the latter
 *   the stream: rounds, suspended, the rest -> makes the domain, paused
 *                                         <-   {"complete": {}}
 *   (the record: it is being handed over)
 *   {"activate": {}}                      ->   (on disk: it is ours)  lets it run
 *                                         <-   {"active": {}}
 *   (the record: it is gone)
 *   {"ended": {}}                         ->   forgets that it came from elsewhere
 *   ends its own
 *
 * Until "activate" is sent the guest belongs to the former host, which lets it
 * go on when anything fails; who has not read "activate" ends what it has made.
 * From then on the former host's guest stays suspended until the other side, even if it has been switched off meanwhile, has been asked: {"ask": UUID}
 * is answered by {"state": "active" | "busy" | "none"}.
 */
#ifndef TENOND_MIGRATE_H
#define TENOND_MIGRATE_H

#include "migration.h"
#include "save.h"
#include "tenond.h"

/*
 * Called by a job's thread, with record->phase PHASE_MIGRATING. 0: it runs at record->peer, and what is
 * left here is to be torn down; or, if that was only to be checked, it could (PHASE_ACTIVE). Otherwise a
 * negative errno and *error, and it runs here: only when even that is not so, record->phase is PHASE_HANDING.
 */
int migrate_guest(const struct host *host, const struct domain_config *config, struct record *record,
		  struct migration *migration, struct error *error);

/*
 * The same for one in PHASE_HANDING: the other host is asked once. With reclaim it goes on here also when that host
 * does not answer.
 */
int migrate_resolve(const struct host *host, const struct domain_config *config, struct record *record,
		    bool reclaim, struct error *error);

/*
 * The guest is suspended: what it has asked its disks for is done and on them. 0, or a negative errno and *error.
 */
int migrate_settle(struct store_client *store, const struct domain_config *config, const struct record *record,
		   struct error *error);

/* A sender that was killed has left the log of the guest's writes on, and perhaps a cap; both slow it down. */
void migrate_free_guest(const struct host *host, const struct domain_config *config,
			const struct record *record);

/* The other side's part within a creation: it may begin; it is complete, shall it run; it does. */
int migrate_ready(const struct saved *saved);
int migrate_complete(const struct saved *saved, struct error *error);
void migrate_active(const struct host *host, const struct record *record, const struct saved *saved);

/* Listen for guests from others, with or without encryption. 0, or a negative errno and *error. */
int migrate_listen(struct tenond *tenond, const char *address, bool plain, struct error *error);

#endif
