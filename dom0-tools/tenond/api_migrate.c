// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The request to move a guest to another host.
 */
#include "api.h"
#include "lifecycle.h"
#include "migration.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOWNTIME_MAX	86400000	/* milliseconds */
#define BANDWIDTH_MAX	1048576		/* MiB a second */

/* A request that waits until the guest has moved. */
struct moving {
	struct tenond *tenond;
	struct request *request;
	struct migration *migration;
};

static void moving_free(struct moving *moving)
{
	migration_unref(moving->migration);
	free(moving);
}

static void finish(struct domain *domain, const struct error *error, void *data)
{
	struct moving *moving = data;
	json_t *json;

	if (error) {
		request_fail(moving->request, error);
	} else {
		json = domain ? domain_json(&moving->tenond->host, domain, true) : json_pack("{s:s}", "state", "gone");
		json_object_set_new(json, "migration", migration_json(moving->migration));
		request_reply(moving->request, 200, json);
	}
	moving_free(moving);
}

static void parse_options(const struct request *request, struct migrate_options *options, struct error *error)
{
	const char *compress = request_query(request, "compress");

	*options = (struct migrate_options){
		.max_downtime_ms = MIGRATION_DOWNTIME_MS, .check = request_flag(request, "check"),
		.auto_converge = request_flag(request, "auto_converge"),
		.copy_storage = request_flag(request, "copy_storage"),
		.packed = !compress || strcmp(compress, "none"),
	};
	if (compress && strcmp(compress, "none") && strcmp(compress, "zstd"))
		error_set(error, ERROR_REQUEST, "compress", NULL, "'%.40s' is not known; expected none or zstd",
			  compress);
	else if (!request_number(request, "max_downtime", DOWNTIME_MAX, &options->max_downtime_ms, error))
		request_number(request, "bandwidth", BANDWIDTH_MAX, &options->bandwidth_mib, error);
}

const char *api_peer(const struct request *request, char peer[API_PEER_MAX], struct error *error)
{
	const char *host = request_query(request, "host");

	if (!host || !*host)
		error_set(error, ERROR_REQUEST, "host", "name the other host", "is missing");
	else if (snprintf(peer, API_PEER_MAX, "%s://%s", request_flag(request, "plain") ? "tcp" : "tls", host) >=
		 API_PEER_MAX)
		error_set(error, ERROR_REQUEST, "host", NULL, "is too long");
	else
		return host;
	return NULL;
}

void api_migrate(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct moving *moving = calloc(1, sizeof(*moving));
	struct migrate_options options;
	struct error error = { 0 };
	char peer[API_PEER_MAX];
	const char *host = api_peer(request, peer, &error);

	if (host)
		parse_options(request, &options, &error);
	if (error.kind == ERROR_NONE && moving) {
		*moving = (struct moving){
			.tenond = tenond, .request = request, .migration = migration_new(host, &options),
		};
	}
	if (error.kind == ERROR_NONE && (!moving || !moving->migration))
		error_set(&error, ERROR_INTERNAL, "tenond", NULL, "out of memory");
	if (error.kind == ERROR_NONE &&
	    !lifecycle_migrate(tenond, domain, peer, moving->migration, finish, moving, &error))
		return;
	request_fail(request, &error);
	if (moving)
		moving_free(moving);
}
