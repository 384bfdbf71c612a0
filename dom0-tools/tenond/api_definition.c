// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests about defined domains, and those about domains that are off.
 */
#include "api.h"
#include "description.h"
#include "start.h"
#include "waiter.h"

#include <string.h>

/* A description without a UUID is meant for the domain that has its name. */
static const char *uuid_for(const struct tenond *tenond, const struct domain_config *config)
{
	const struct definition *definition = definition_find(&tenond->definitions, config->name);
	const struct domain *domain = domain_find(&tenond->domains, config->name);

	if (config->uuid_given)
		return NULL;
	if (definition && *definition->uuid)
		return definition->uuid;
	return domain ? domain->uuid : NULL;
}

static int read_definition(const struct tenond *tenond, const struct request *request,
			   struct domain_config **config, struct error *error)
{
	struct description description;
	const char *uuid;
	int rc = description_of_request(request, &description, error);

	if (!rc)
		rc = description_read(&tenond->host, &description, NULL, config, error);
	uuid = rc ? NULL : uuid_for(tenond, *config);
	if (uuid) {
		config_free(*config);
		*config = NULL;
		rc = description_read(&tenond->host, &description, uuid, config, error);
	}
	description_clear(&description);
	return rc;
}

/* The domain if it runs, or its definition. */
static json_t *answer(const struct tenond *tenond, const struct definition *definition)
{
	const struct domain *domain = domain_by_uuid(&tenond->domains, definition->uuid);

	return domain ? api_domain_json(tenond, domain, true) :
			definition_json(&tenond->host, definition, true);
}

void api_define(struct tenond *tenond, struct request *request)
{
	struct domain_config *config = NULL;
	struct definition *definition;
	struct error error = { 0 };
	bool replaces;
	json_t *json, *warnings;

	if (read_definition(tenond, request, &config, &error)) {
		request_fail(request, &error);
		return;
	}
	replaces = definition_find(&tenond->definitions, config->name);
	if (definition_save(&tenond->host, &tenond->definitions, &tenond->domains, config, &definition, &error)) {
		config_free(config);
		request_fail(request, &error);
		return;
	}
	json = answer(tenond, definition);
	warnings = api_warnings(config);
	json_object_update(json, warnings);
	json_decref(warnings);
	request_reply(request, replaces ? 200 : 201, json);
}

void api_start(struct tenond *tenond, struct request *request, struct definition *definition)
{
	struct pending *pending = pending_new(tenond, request, 201);
	struct error error = { 0 };

	if (pending && definition_start(tenond, definition, request_flag(request, "paused"), pending_finish, pending,
					&error))
		pending_finish(NULL, &error, pending);
}

void api_undefine(struct tenond *tenond, struct request *request, struct definition *definition)
{
	const struct domain *domain = domain_by_uuid(&tenond->domains, definition->uuid);
	struct error error = { 0 };

	if (definition_delete(&tenond->host, &tenond->definitions, definition, &error))
		request_fail(request, &error);
	else
		request_reply(request, 200, domain ? api_domain_json(tenond, domain, true) :
						     json_pack("{s:s}", "state", "gone"));
}

static void set_autostart(struct tenond *tenond, struct request *request, struct definition *definition,
			  bool autostart)
{
	struct error error = { 0 };

	if (definition_set_autostart(&tenond->host, definition, autostart, &error))
		request_fail(request, &error);
	else
		request_reply(request, 200, answer(tenond, definition));
}

void api_autostart(struct tenond *tenond, struct request *request, struct definition *definition)
{
	set_autostart(tenond, request, definition, true);
}

void api_no_autostart(struct tenond *tenond, struct request *request, struct definition *definition)
{
	set_autostart(tenond, request, definition, false);
}

void api_definition_xml(struct tenond *tenond, struct request *request, struct definition *definition)
{
	(void)tenond;
	if (definition->broken)
		request_fail(request, definition->broken);
	else
		request_reply_text(request, definition->config->xml);
}

void api_off_info(struct tenond *tenond, struct request *request, struct definition *definition)
{
	request_reply(request, 200, definition_json(&tenond->host, definition, true));
}

void api_off_console(struct tenond *tenond, struct request *request, struct definition *definition)
{
	api_reply_console(tenond, request, definition->name);
}

/* It is gone already, and will not be anything else by itself. */
void api_off_wait(struct tenond *tenond, struct request *request, struct definition *definition)
{
	enum wait_for what;
	struct error error = { 0 };
	int rc = api_awaited(request, &what, &error);

	if (!rc && what != WAIT_GONE && what != WAIT_SHUTDOWN)
		rc = error_domain(&error, ERROR_STATE, definition->name, "tenon start it first", "is off");
	if (rc)
		request_fail(request, &error);
	else
		api_off_info(tenond, request, definition);
}
