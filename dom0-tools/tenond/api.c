// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of routes, and the one place where a domain named in a path is
 * looked up.
 */
#include "api.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *method;
	const char *path;	/* after /v1 */
	api_handler *handler;
} routes[] = {
	{ "GET", "/version", api_version },
	{ "GET", "/host", api_host },
	{ "GET", "/host/messages", api_messages },
	{ "GET", "/doctor", api_doctor },
	{ "GET", "/metrics", api_metrics },
	{ "GET", "/host/certificate", api_certificate },
	{ "GET", "/host/peers", api_peers },
	{ "POST", "/host/peers", api_add_peer },
	{ "DELETE", "/host/peers", api_remove_peer },
	{ "GET", "/domains", api_list },
	{ "POST", "/domains", api_create },
	{ "POST", "/definitions", api_define },
	{ "GET", "/restore", api_saved },
	{ "POST", "/restore", api_restore },
};

static const struct {
	const char *method;
	const char *verb;	/* after /v1/domains/REFERENCE */
	api_domain_handler *handler;
} domain_routes[] = {
	{ "GET", "", api_info },
	{ "DELETE", "", api_destroy },
	{ "GET", "/xml", api_xml },
	{ "GET", "/console", api_console },
	{ "GET", "/symspy", api_symspy },
	{ "GET", "/trace", api_trace },
	{ "POST", "/symcall", api_symcall },
	{ "GET", "/wait", api_wait },
	{ "POST", "/pause", api_pause },
	{ "POST", "/unpause", api_unpause },
	{ "POST", "/shutdown", api_shutdown },
	{ "POST", "/reboot", api_reboot },
	{ "POST", "/destroy", api_destroy },
	{ "POST", "/memory", api_memory },
	{ "POST", "/vcpus", api_vcpus },
	{ "POST", "/affinity", api_affinity },
	{ "POST", "/sched", api_sched },
	{ "POST", "/save", api_save },
	{ "POST", "/checkpoint", api_checkpoint },
	{ "DELETE", "/checkpoint", api_end_checkpoints },
	{ "POST", "/migrate", api_migrate },
	{ "DELETE", "/migrate", api_cancel },
	{ "POST", "/reclaim", api_reclaim },
};

/* Where no domain is there, or the definition is what is asked for. */
static const struct {
	const char *method;
	const char *verb;
	api_definition_handler *handler;
} definition_routes[] = {
	{ "GET", "", api_off_info },
	{ "GET", "/xml", api_definition_xml },
	{ "GET", "/console", api_off_console },
	{ "GET", "/wait", api_off_wait },
	{ "POST", "/start", api_start },
	{ "GET", "/definition", api_definition_xml },
	{ "DELETE", "/definition", api_undefine },
	{ "POST", "/autostart", api_autostart },
	{ "DELETE", "/autostart", api_no_autostart },
};

#define COUNT(array) (sizeof(array) / sizeof(array[0]))

static void refuse(struct request *request, enum error_kind kind, const char *object,
		   const char *next, const char *cause)
{
	struct error error;

	error_set(&error, kind, object, next, "%s", cause);
	request_fail(request, &error);
}

static void wrong_path(struct request *request, bool other_method)
{
	char object[160];

	snprintf(object, sizeof(object), "%s %.120s", request->method, request->path);
	if (other_method)
		refuse(request, ERROR_REQUEST, object, "docs/api.md lists the requests",
		       "is not a method of this path");
	else
		refuse(request, ERROR_NOT_FOUND, object, "docs/api.md lists the requests",
		       "is no such path");
}

static bool is_host(const char *reference)
{
	return !strcmp(reference, "0") || !strcmp(reference, "Domain-0");
}

/* dom0 can be looked at, and nothing else. */
static void handle_dom0(struct tenond *tenond, struct request *request, api_domain_handler *handler)
{
	json_t *json;

	if (handler == api_trace) {
		api_trace(tenond, request, NULL);
		return;
	}
	if (handler != api_info) {
		refuse(request, ERROR_STATE, "Domain-0", "use its own shutdown or reboot",
		       "is the management domain, and not tenond's to change");
		return;
	}
	json = domain_json_host(&tenond->host);
	if (json)
		request_reply(request, 200, json);
	else
		refuse(request, ERROR_UNREACHABLE, "hypervisor", "run tenon doctor", "does not answer");
}

/* Who serves a method and verb: domains, definitions, or either where there is one. */
struct match {
	api_domain_handler *domain;
	api_definition_handler *definition;
	bool other_method;
};

static struct match match_verb(const char *method, const char *verb)
{
	struct match match = { 0 };

	for (size_t i = 0; i < COUNT(domain_routes); i++) {
		if (!strcmp(verb, domain_routes[i].verb) && !strcmp(method, domain_routes[i].method))
			match.domain = domain_routes[i].handler;
		match.other_method |= !strcmp(verb, domain_routes[i].verb);
	}
	for (size_t i = 0; i < COUNT(definition_routes); i++) {
		if (!strcmp(verb, definition_routes[i].verb) && !strcmp(method, definition_routes[i].method))
			match.definition = definition_routes[i].handler;
		match.other_method |= !strcmp(verb, definition_routes[i].verb);
	}
	return match;
}

/* Nobody serves it: there is none of this reference, or not what the verb is about. */
static void refuse_domain(struct request *request, bool runs, bool defined)
{
	if (runs)
		refuse(request, ERROR_NOT_FOUND, request->reference, "tenon define it first", "is not defined");
	else if (defined)
		refuse(request, ERROR_STATE, request->reference, "tenon start it first", "is off");
	else
		refuse(request, ERROR_NOT_FOUND, request->reference, "tenon list --all shows the domains",
		       "is no domain's name, UUID or number");
}

static void handle_domain(struct tenond *tenond, struct request *request, const struct match *match,
			  const char *reference)
{
	struct domain *domain = domain_find(&tenond->domains, reference);
	struct definition *definition = domain ? definition_by_uuid(&tenond->definitions, domain->uuid) :
						 definition_find(&tenond->definitions, reference);

	request->reference = reference;
	if (domain && match->domain)
		match->domain(tenond, request, domain);
	else if (definition && match->definition)
		match->definition(tenond, request, definition);
	else if (!domain && !definition && is_host(reference))
		handle_dom0(tenond, request, match->domain);
	else
		refuse_domain(request, domain, definition);
}

/* A path /domains/REFERENCE and what may follow. */
static void route_domain(struct tenond *tenond, struct request *request, char *reference)
{
	char *verb = strchr(reference, '/');
	struct match match = match_verb(request->method, verb ? verb : "");

	if (!match.domain && !match.definition) {
		wrong_path(request, match.other_method);
		return;
	}
	if (verb)
		*verb = '\0';
	handle_domain(tenond, request, &match, reference);
}

void api_handle(struct request *request, void *data)
{
	static const char prefix[] = "/domains/";
	struct tenond *tenond = data;
	bool other_method = false;
	char *path = request->path + 3;

	if (strncmp(request->path, "/v1/", 4)) {
		wrong_path(request, false);
		return;
	}
	for (size_t i = 0; i < COUNT(routes); i++) {
		if (strcmp(path, routes[i].path))
			continue;
		if (!strcmp(request->method, routes[i].method)) {
			routes[i].handler(tenond, request);
			return;
		}
		other_method = true;
	}
	if (!strncmp(path, prefix, sizeof(prefix) - 1) && path[sizeof(prefix) - 1])
		route_domain(tenond, request, path + sizeof(prefix) - 1);
	else
		wrong_path(request, other_method);
}
