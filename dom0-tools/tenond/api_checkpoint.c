// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The request to take checkpoints of a guest.
 */
#include "api.h"
#include "checkpoint.h"
#include "lifecycle.h"

#include <stdlib.h>
#include <unistd.h>

/* A request that waits until there are enough. */
struct waiting {
	struct tenond *tenond;
	struct request *request;
	struct checkpoint *checkpoint;
};

static void waiting_free(struct waiting *waiting)
{
	checkpoint_unref(waiting->checkpoint);
	free(waiting);
}

static void answer(struct waiting *waiting, struct domain *domain, unsigned int status)
{
	json_t *json = domain_json(&waiting->tenond->host, domain, true);

	json_object_set_new(json, "checkpoint", checkpoint_json(waiting->checkpoint));
	request_reply(waiting->request, status, json);
}

/* The domain has not gone: its guest may have ended, which is seen to afterwards. */
static void finish(struct domain *domain, const struct error *error, void *data)
{
	struct waiting *waiting = data;

	if (error)
		request_fail(waiting->request, error);
	else
		answer(waiting, domain, 200);
	waiting_free(waiting);
}

static void parse_options(const struct request *request, struct checkpoint_options *options, struct error *error)
{
	*options = (struct checkpoint_options){
		.memory_only = request_flag(request, "memory_only"), .replace = request_flag(request, "replace"),
		.snapshot = request_query(request, "snapshot"), .snapshot_timeout = CHECKPOINT_SNAPSHOT_S,
	};
	if (!request_number(request, "interval", CHECKPOINT_INTERVAL_MAX, &options->interval, error) &&
	    !request_number(request, "count", CHECKPOINT_COUNT_MAX, &options->count, error))
		request_number(request, "snapshot_timeout", CHECKPOINT_SNAPSHOT_MAX, &options->snapshot_timeout, error);
	if (options->snapshot && (*options->snapshot != '/' || access(options->snapshot, X_OK)))
		error_set(error, ERROR_REQUEST, "snapshot", "give the path of a program in dom0, from / on",
			  "'%.80s' cannot be run", options->snapshot);
	if (error->kind == ERROR_NONE && !options->interval)
		error_set(error, ERROR_REQUEST, "interval", "give the seconds from one checkpoint to the next",
			  "is missing or 0");
	if (error->kind == ERROR_NONE && !options->snapshot_timeout)
		error_set(error, ERROR_REQUEST, "snapshot_timeout", "give the seconds that the program may take",
			  "is 0: the guest stands still meanwhile");
}

/* The file's path, or peer, as api_peer() says, of the host whose file it is: that is *host. NULL: *error. */
static const char *parse_place(const struct request *request, char peer[API_PEER_MAX], const char **host,
			       struct error *error)
{
	if (!request_query(request, "host"))
		return api_path(request, error);
	if (request_query(request, "path"))
		error_set(error, ERROR_REQUEST, "path", "the other host chooses its file's name",
			  "is of no use with another host");
	else
		*host = api_peer(request, peer, error);
	return *host ? peer : NULL;
}

void api_checkpoint(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));
	bool waits = !request_flag(request, "nowait");
	struct checkpoint_options options;
	struct error error = { 0 };
	const char *host = NULL;
	char peer[API_PEER_MAX];
	const char *path = parse_place(request, peer, &host, &error);

	if (path)
		parse_options(request, &options, &error);
	options.elsewhere = host;
	if (error.kind == ERROR_NONE && waiting)
		*waiting = (struct waiting){ tenond, request, checkpoint_new(host ? host : path, &options) };
	if (error.kind == ERROR_NONE && (!waiting || !waiting->checkpoint))
		error_set(&error, ERROR_INTERNAL, "tenond", NULL, "out of memory");
	if (error.kind == ERROR_NONE && !lifecycle_checkpoint(tenond, domain, path, waiting->checkpoint,
							      waits ? finish : NULL, waiting, &error)) {
		if (waits)
			return;
		answer(waiting, domain, 202);
	} else {
		request_fail(request, &error);
	}
	if (waiting)
		waiting_free(waiting);
}
