/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The API: which request is whose.  docs/api.md is its reference.
 */
#ifndef TENOND_API_H
#define TENOND_API_H

#include "request.h"
#include "tenond.h"

/* Handle a request; it is answered now or later. tenond is a struct tenond. */
void api_handle(struct request *request, void *tenond);

typedef void api_handler(struct tenond *tenond, struct request *request);
typedef void api_domain_handler(struct tenond *tenond, struct request *request,
				struct domain *domain);

/* Of domains, in api_domain.c, api_checkpoint.c and api_migrate.c. */
api_handler api_list, api_create, api_restore, api_saved;
api_domain_handler api_info, api_xml, api_console, api_pause, api_unpause, api_shutdown, api_reboot,
	api_destroy, api_wait, api_save, api_checkpoint, api_end_checkpoints, api_migrate, api_cancel,
	api_reclaim, api_symspy, api_symcall;

/* The absolute path that a query names; NULL: *error. */
const char *api_path(const struct request *request, struct error *error);

/* The host that a query names, which peer then has as "tls://HOST" or "tcp://HOST"; NULL: *error. */
#define API_PEER_MAX 320
const char *api_peer(const struct request *request, char peer[API_PEER_MAX], struct error *error);

/* In trace.c; domain NULL: dom0. */
api_domain_handler api_trace;
/* Answer those that wait, with what was counted so far: tenond is about to leave. */
void trace_end_all(struct tenond *tenond);

/* Of the host, in api_host.c. */
api_handler api_version, api_host, api_messages, api_doctor, api_certificate, api_peers, api_add_peer,
	api_remove_peer;

#endif
