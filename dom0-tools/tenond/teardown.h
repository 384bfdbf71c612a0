/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a domain: everything that a creation may have acquired is given
 * back, whichever part of it is there.  The same code ends a running domain,
 * undoes a failed creation, and cleans up after a killed tenond.
 */
#ifndef TENOND_TEARDOWN_H
#define TENOND_TEARDOWN_H

#include "error.h"
#include "host.h"
#include "record.h"

/*
 * Runs for as long as backends need to let go: called by a job's thread.
 * config may be NULL where the description is not known.  On failure (the
 * store or the hypervisor does not answer) it can be called again.
 */
int teardown_domain(const struct host *host, const struct record *record,
		    const struct domain_config *config, struct error *error);

#endif
