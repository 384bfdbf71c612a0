/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The creation of a domain: from a checked configuration to a guest that
 * runs, or to nothing at all.
 */
#ifndef TENOND_CREATE_H
#define TENOND_CREATE_H

#include "error.h"
#include "host.h"
#include "record.h"

struct saved;

/*
 * Runs for as long as building takes: called by a job's thread.  *record is
 * filled in and kept on disk as the creation proceeds; record->paused says
 * that the guest shall not run yet.  On failure everything has been given
 * back, or, if even that failed, the record remains with PHASE_STOPPING.
 */
int create_domain(const struct host *host, const struct domain_config *config,
		  struct record *record, struct error *error);

/* The same from a guest's saved state instead of its kernel. */
int create_restored(const struct host *host, const struct domain_config *config,
		    struct record *record, struct saved *saved, struct error *error);

#endif
