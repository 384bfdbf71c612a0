/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The API: which request is whose.  docs/api.md is its reference.
 */
#ifndef TENOND_API_H
#define TENOND_API_H

#include "request.h"
#include "tenond.h"
#include "waiter.h"

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

/* Of defined domains, in api_definition.c: api_start and the like go by the definition, also of one that runs. */
typedef void api_definition_handler(struct tenond *tenond, struct request *request, struct definition *definition);
api_handler api_define;
api_definition_handler api_start, api_undefine, api_definition_xml, api_autostart, api_no_autostart, api_off_info,
	api_off_console, api_off_wait;

/* A request that is answered later, with the domain as it is then. NULL: it has been refused. */
struct pending {
	struct tenond *tenond;
	struct request *request;
	json_t *more;		/* members beside the domain's, or NULL */
	unsigned int status;
};
struct pending *pending_new(struct tenond *tenond, struct request *request, unsigned int status);
/* The end of any wait: a lifecycle_done and waiter_done. Frees it. */
void pending_finish(struct domain *domain, const struct error *error, void *pending);

/* What a request wants to wait for. */
int api_awaited(const struct request *request, enum wait_for *what, struct error *error);

/* A domain as requests are answered with it. */
json_t *api_domain_json(const struct tenond *tenond, const struct domain *domain, bool details);
/* What was ignored in its description: {"warnings": [...]}. */
json_t *api_warnings(const struct domain_config *config);
void api_reply_console(const struct tenond *tenond, struct request *request, const char *name);

/* The absolute path that a query names; NULL: *error. */
const char *api_path(const struct request *request, struct error *error);

/* The host that a query names, which peer then has as "tls://HOST" or "tcp://HOST"; NULL: *error. */
#define API_PEER_MAX 320
const char *api_peer(const struct request *request, char peer[API_PEER_MAX], struct error *error);

/* In api_resources.c. */
api_domain_handler api_memory, api_vcpus, api_affinity, api_sched;

/*
 * Answer a request with the domain as it is when a wait is over, or with what went wrong; at once where it
 * says nowait.
 */
void api_answer_when(struct tenond *tenond, struct request *request, struct domain *domain, enum wait_for what,
		     unsigned int seconds);
#define API_TIMEOUT_MAX 86400	/* seconds */

/* In trace.c; domain NULL: dom0. */
api_domain_handler api_trace;
/* Answer those that wait, with what was counted so far: tenond is about to leave. */
void trace_end_all(struct tenond *tenond);

/* In metrics.c. */
api_handler api_metrics;

/* Of the host, in api_host.c. */
api_handler api_version, api_host, api_messages, api_doctor, api_certificate, api_peers, api_add_peer,
	api_remove_peer;

#endif
