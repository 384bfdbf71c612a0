/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens to domains: operations that clients ask for, and what follows
 * from a guest's own shutdown, reboot or crash.  All on the event loop; what
 * takes time is done by jobs.
 */
#ifndef TENOND_LIFECYCLE_H
#define TENOND_LIFECYCLE_H

#include "tenond.h"

struct checkpoint;
struct migration;
struct saved;

/* Called when an operation has ended; error is NULL on success. domain is NULL when it has gone. */
typedef void lifecycle_done(struct domain *domain, const struct error *error, void *data);

/*
 * Create a domain; takes over config on success, and *domain is its new entry.
 * 0: done will be called.  Otherwise a negative errno and *error, at once.
 */
int lifecycle_create(struct tenond *tenond, struct domain_config *config, bool paused,
		     lifecycle_done *done, void *data, struct domain **domain, struct error *error);

/* The same from a saved state, which it takes over on success, with its configuration. */
int lifecycle_restore(struct tenond *tenond, struct saved *saved, bool paused, lifecycle_done *done,
		      void *data, struct error *error);

/*
 * Write a guest's state to a file that must not exist, and end the domain, or let it go on
 * where keep is set. path must be absolute.
 */
int lifecycle_save(struct tenond *tenond, struct domain *domain, const char *path, bool keep,
		   lifecycle_done *done, void *data, struct error *error);

/*
 * Write its state to a file again and again while it runs. path must be absolute; where the file is elsewhere it is that
 * host, as struct record has peer. Refers to checkpoint.
 */
int lifecycle_checkpoint(struct tenond *tenond, struct domain *domain, const char *path,
			 struct checkpoint *checkpoint, lifecycle_done *done, void *data, struct error *error);

/* Have them end. ERROR_STATE when there are none. */
int lifecycle_end_checkpoints(struct domain *domain, struct error *error);

/* Move a running guest to another host, and end the domain here when it runs there. Refers to migration. */
int lifecycle_migrate(struct tenond *tenond, struct domain *domain, const char *peer,
		      struct migration *migration, lifecycle_done *done, void *data, struct error *error);

/* Call a migration off: the guest goes on here. ERROR_STATE when there is none, or it is too late. */
int lifecycle_cancel(struct domain *domain, struct error *error);

/*
 * Let a guest that was handed over to a host which does not answer go on here. force: also one that
 * can write to a disk, whose file systems may have been changed there.
 */
int lifecycle_reclaim(struct tenond *tenond, struct domain *domain, bool force, struct error *error);

/*
 * Whether what a domain has can be changed now: it is ours, and lives. asks_guest: its guest has to do
 * something for it, so it must not be paused. 0, or a negative errno and *error.
 */
int lifecycle_changeable(struct tenond *tenond, const struct domain *domain, bool asks_guest, struct error *error);

/*
 * End it. What is being handed over waits for the question under way to the other host, and ends only where nothing has
 * come of that: done is told if the guest is that host's, or goes on here.
 */
int lifecycle_destroy(struct tenond *tenond, struct domain *domain, lifecycle_done *done, void *data,
		      struct error *error);

int lifecycle_pause(struct tenond *tenond, struct domain *domain, struct error *error);
int lifecycle_unpause(struct tenond *tenond, struct domain *domain, struct error *error);

/* Ask the guest to power off or to reboot; it decides when. */
int lifecycle_request(struct tenond *tenond, struct domain *domain, const char *what,
		      struct error *error);

/* Ask the guest to power off, and end the domain then, whatever its description says. */
int lifecycle_end(struct tenond *tenond, struct domain *domain, struct error *error);

/* Look at all domains of the hypervisor and act upon what has changed. */
void lifecycle_scan(struct tenond *tenond);

/* Look at the one domain of this number, if it is known and whole. */
void lifecycle_scan_one(struct tenond *tenond, uint16_t domid);

/* Take over what a former tenond has left. Once, at start. */
int lifecycle_recover(struct tenond *tenond);

/* Start an operation on a domain whose record says what shall become of it; used at recovery. */
int lifecycle_resume(struct tenond *tenond, struct domain *domain);

#endif
