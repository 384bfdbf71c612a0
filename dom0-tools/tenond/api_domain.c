// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests about domains: one function a verb.
 */
#include "api.h"
#include "description.h"
#include "file.h"
#include "lifecycle.h"
#include "nodes.h"
#include "save.h"
#include "symcall.h"
#include "symspy.h"

#include <hypercall/hypercall.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_WAIT		60	/* seconds */
#define TIMEOUT_SHUTDOWN	120
#define TIMEOUT_CANCEL		90	/* a guest that is about to suspend does so first, a host is asked first */

json_t *api_domain_json(const struct tenond *tenond, const struct domain *domain, bool details)
{
	json_t *json = domain_json(&tenond->host, domain, details);

	definition_note(&tenond->definitions, domain->uuid, json);
	return json;
}

/* The domain with the lowest number above one; those without a number yet come last. */
static const struct domain *next_by_number(const struct tenond *tenond, int above)
{
	const struct domain *next = NULL;

	for (const struct domain *domain = tenond->domains.first; domain; domain = domain->next)
		if (domain->domid > above && (!next || domain->domid < next->domid))
			next = domain;
	return next;
}

void api_list(struct tenond *tenond, struct request *request)
{
	json_t *domains = json_array(), *host = domain_json_host(&tenond->host);
	bool all = request_flag(request, "all");
	const struct domain *domain;

	if (host)
		json_array_append_new(domains, host);
	for (int above = 0; (domain = next_by_number(tenond, above)); above = domain->domid)
		json_array_append_new(domains, api_domain_json(tenond, domain, false));
	for (domain = tenond->domains.first; domain; domain = domain->next)
		if (domain->domid < 0)
			json_array_append_new(domains, api_domain_json(tenond, domain, false));
	for (const struct definition *off = tenond->definitions.first; off && all; off = off->next)
		if (!*off->uuid || !domain_by_uuid(&tenond->domains, off->uuid))
			json_array_append_new(domains, definition_json(&tenond->host, off, false));
	request_reply(request, 200, json_pack("{s:o}", "domains", domains));
}

void api_info(struct tenond *tenond, struct request *request, struct domain *domain)
{
	request_reply(request, 200, api_domain_json(tenond, domain, true));
}

void api_xml(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error;

	(void)tenond;
	if (domain->config) {
		request_reply_text(request, domain->config->xml);
		return;
	}
	error_domain(&error, ERROR_STATE, domain->name, NULL, "was not made by tenond, which has no "
		     "description of it");
	request_fail(request, &error);
}

void api_reply_console(const struct tenond *tenond, struct request *request, const char *name)
{
	char log[FILE_PATH_MAX];

	snprintf(log, sizeof(log), "%s/%s.log", tenond->host.console_log_dir, name);
	request_reply(request, 200, json_pack("{s:s, s:s, s:s}", "name", name, "socket",
					      tenond->host.console_socket, "log", log));
}

void api_console(struct tenond *tenond, struct request *request, struct domain *domain)
{
	api_reply_console(tenond, request, domain->name);
}

void api_symspy(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct hc_control_info info;
	struct error error;

	if (domain->domid > 0 && !hc_domain_info(tenond->host.hv, (uint16_t)domain->domid, &info)) {
		request_reply(request, 200, symspy_json(&tenond->host, (uint16_t)domain->domid, info.max_vcpus));
		return;
	}
	error_domain(&error, ERROR_STATE, domain->name, "wait until it runs", "is not there yet, or no more");
	request_fail(request, &error);
}

void api_symcall(struct tenond *tenond, struct request *request, struct domain *domain)
{
	symcall_request(tenond, request, domain);
}

void pending_finish(struct domain *domain, const struct error *error, void *data)
{
	struct pending *pending = data;
	json_t *json;

	if (error) {
		request_fail(pending->request, error);
	} else {
		json = domain ? api_domain_json(pending->tenond, domain, true) :
				json_pack("{s:s}", "state", "gone");
		if (pending->more)
			json_object_update(json, pending->more);
		request_reply(pending->request, pending->status, json);
	}
	json_decref(pending->more);
	free(pending);
}

struct pending *pending_new(struct tenond *tenond, struct request *request, unsigned int status)
{
	struct pending *pending = calloc(1, sizeof(*pending));
	struct error error;

	if (!pending) {
		error_set(&error, ERROR_INTERNAL, "tenond", NULL, "out of memory");
		request_fail(request, &error);
		return NULL;
	}
	pending->tenond = tenond;
	pending->request = request;
	pending->status = status;
	return pending;
}

json_t *api_warnings(const struct domain_config *config)
{
	json_t *warnings = json_array();

	for (unsigned int i = 0; i < config->warning_count; i++)
		json_array_append_new(warnings, json_string(config->warnings[i]));
	return json_pack("{s:o}", "warnings", warnings);
}

void api_create(struct tenond *tenond, struct request *request)
{
	struct description description;
	struct domain_config *config = NULL;
	struct pending *pending;
	struct domain *domain;
	struct error error = { 0 };
	int rc = description_of_request(request, &description, &error);

	if (!rc)
		rc = description_read(&tenond->host, &description, NULL, &config, &error);
	description_clear(&description);
	if (rc) {
		request_fail(request, &error);
		return;
	}
	pending = pending_new(tenond, request, 201);
	if (!pending) {
		config_free(config);
		return;
	}
	pending->more = api_warnings(config);
	if (lifecycle_create(tenond, config, description.paused, pending_finish, pending, &domain, &error)) {
		config_free(config);
		pending_finish(NULL, &error, pending);
	}
}

void api_destroy(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct pending *pending = pending_new(tenond, request, 200);
	struct error error = { 0 };

	if (pending && lifecycle_destroy(tenond, domain, pending_finish, pending, &error))
		pending_finish(NULL, &error, pending);
}

const char *api_path(const struct request *request, struct error *error)
{
	const char *path = request_query(request, "path");

	if (path && *path == '/')
		return path;
	error_set(error, ERROR_REQUEST, "path", "give the path of a file in dom0, from / on", path ?
		  "'%.80s' is not absolute" : "is missing", path);
	return NULL;
}

void api_save(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error = { 0 };
	const char *path = api_path(request, &error);
	struct pending *pending;

	if (!path) {
		request_fail(request, &error);
		return;
	}
	pending = pending_new(tenond, request, 200);
	if (pending && lifecycle_save(tenond, domain, path, request_flag(request, "keep"),
				      pending_finish, pending, &error))
		pending_finish(NULL, &error, pending);
}

/* Which of the checkpoints of a file it is; NULL: it was saved once. */
static json_t *checkpoint_of(const struct saved *saved)
{
	return saved->checkpoint ? json_pack("{s:I, s:I}", "number", (json_int_t)saved->checkpoint, "taken",
					     (json_int_t)saved->taken) : NULL;
}

void api_saved(struct tenond *tenond, struct request *request)
{
	struct error error = { 0 };
	const char *path = api_path(request, &error);
	struct saved *saved = NULL;
	json_t *disks, *json;
	char uuid[UUID_STR_LEN];

	if (!path || saved_open(&tenond->host, path, &saved, &error)) {
		request_fail(request, &error);
		return;
	}
	disks = json_array();
	for (unsigned int i = 0; i < saved->config->disk_count; i++) {
		const struct disk_config *disk = &saved->config->disks[i];

		json_array_append_new(disks, json_pack("{s:s, s:s, s:s, s:b}", "target", disk->target, "source",
						       disk->source, "format", disk->format, "readonly",
						       disk->readonly));
	}
	uuid_unparse_lower(saved->config->uuid, uuid);
	json = json_pack("{s:s, s:s, s:o, s:o*}", "name", saved->config->name, "uuid", uuid, "disks", disks,
			 "checkpoint", checkpoint_of(saved));
	saved_close(saved);
	request_reply(request, 200, json);
}

void api_restore(struct tenond *tenond, struct request *request)
{
	struct error error = { 0 };
	const char *path = api_path(request, &error);
	struct saved *saved = NULL;
	struct pending *pending;

	if (!path || saved_open(&tenond->host, path, &saved, &error)) {
		request_fail(request, &error);
		return;
	}
	pending = pending_new(tenond, request, 201);
	if (pending && saved->checkpoint)
		pending->more = json_pack("{s:o}", "checkpoint", checkpoint_of(saved));
	if (pending && lifecycle_restore(tenond, saved, request_flag(request, "paused"),
					 pending_finish, pending, &error)) {
		pending_finish(NULL, &error, pending);
		pending = NULL;
	}
	if (!pending)
		saved_close(saved);
}

void api_pause(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error = { 0 };

	if (lifecycle_pause(tenond, domain, &error))
		request_fail(request, &error);
	else
		api_info(tenond, request, domain);
}

void api_unpause(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error = { 0 };

	if (lifecycle_unpause(tenond, domain, &error))
		request_fail(request, &error);
	else
		api_info(tenond, request, domain);
}

static void wait_for(struct tenond *tenond, struct request *request, struct domain *domain, enum wait_for what,
		     unsigned int seconds)
{
	struct pending *pending = pending_new(tenond, request, 200);
	struct error error;

	if (!pending)
		return;
	if (waiter_add(tenond, domain, what, seconds * 1000, pending_finish, pending)) {
		error_set(&error, ERROR_INTERNAL, "tenond", NULL, "out of memory");
		pending_finish(NULL, &error, pending);
	}
}

void api_answer_when(struct tenond *tenond, struct request *request, struct domain *domain, enum wait_for what,
		     unsigned int seconds)
{
	if (request_flag(request, "nowait"))
		request_reply(request, 202, api_domain_json(tenond, domain, true));
	else
		wait_for(tenond, request, domain, what, seconds);
}

static int ask(struct tenond *tenond, struct domain *domain, const char *what, struct error *error)
{
	return what ? lifecycle_request(tenond, domain, what, error) : lifecycle_end(tenond, domain, error);
}

/* Ask the guest (NULL: to end), and wait until it has done so unless the client does not want to. */
static void ask_guest(struct tenond *tenond, struct request *request, struct domain *domain,
		      const char *what, enum wait_for then)
{
	unsigned int seconds = TIMEOUT_SHUTDOWN;
	struct error error = { 0 };

	if (request_number(request, "timeout", API_TIMEOUT_MAX, &seconds, &error) ||
	    ask(tenond, domain, what, &error))
		request_fail(request, &error);
	else
		api_answer_when(tenond, request, domain, then, seconds);
}

void api_shutdown(struct tenond *tenond, struct request *request, struct domain *domain)
{
	bool end = request_flag(request, "end");

	ask_guest(tenond, request, domain, end ? NULL : "poweroff", end ? WAIT_GONE : WAIT_SHUTDOWN);
}

void api_reboot(struct tenond *tenond, struct request *request, struct domain *domain)
{
	ask_guest(tenond, request, domain, "reboot", WAIT_RESTARTED);
}

int api_awaited(const struct request *request, enum wait_for *what, struct error *error)
{
	const char *word = request_query(request, "for");

	*what = WAIT_UP;
	if (!word || !wait_for_parse(word, what))
		return 0;
	return error_set(error, ERROR_REQUEST, "for", NULL, "'%.40s' is not known; expected one of: up, "
			 "running, paused, shutdown, gone, restarted", word);
}

void api_wait(struct tenond *tenond, struct request *request, struct domain *domain)
{
	unsigned int seconds = TIMEOUT_WAIT;
	enum wait_for what;
	struct error error = { 0 };

	if (api_awaited(request, &what, &error) ||
	    request_number(request, "timeout", API_TIMEOUT_MAX, &seconds, &error))
		request_fail(request, &error);
	else
		wait_for(tenond, request, domain, what, seconds);
}

/* Answered when it is as if nothing had been. */
void api_cancel(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error = { 0 };

	if (lifecycle_cancel(domain, &error))
		request_fail(request, &error);
	else
		wait_for(tenond, request, domain, WAIT_RUNNING, TIMEOUT_CANCEL);
}

void api_end_checkpoints(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error = { 0 };

	if (lifecycle_end_checkpoints(domain, &error))
		request_fail(request, &error);
	else
		wait_for(tenond, request, domain, WAIT_RUNNING, TIMEOUT_CANCEL);
}

void api_reclaim(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error = { 0 };

	if (lifecycle_reclaim(tenond, domain, request_flag(request, "force"), &error))
		request_fail(request, &error);
	else
		wait_for(tenond, request, domain, WAIT_RUNNING, TIMEOUT_CANCEL);
}
