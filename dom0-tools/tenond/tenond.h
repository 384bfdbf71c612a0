/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon: one event loop and what it owns.
 */
#ifndef TENOND_TENOND_H
#define TENOND_TENOND_H

#include "definition.h"
#include "domain.h"
#include "host.h"
#include "job.h"

#include <stdbool.h>
#include <systemd/sd-event.h>

struct store_client;
struct tracing;
struct waiter;

struct tenond {
	sd_event *event;
	struct host host;
	struct jobs *jobs;
	struct domain_list domains;
	struct definition_list definitions;
	struct waiter *waiters;
	struct tracing *tracings;
	struct series_in *series;	/* checkpoints that come from other hosts */
	sd_event_source *wait_timer;	/* looks again at what sends no notice */
	struct store_client *store;	/* NULL while it cannot be reached */
	sd_event_source *store_source;
	sd_event_source *scan_timer;
	const char *migrate;		/* where guests are taken from enrolled hosts; NULL: nowhere */
	const char *migrate_plain;	/* the same from anybody, without encryption */
	bool stopping;			/* leaves when the last job has ended */
};

#endif
