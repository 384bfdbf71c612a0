// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The end of all guests before that of their host: they are asked at the same
 * time, and have one time limit in common.
 */
#include "output.h"

#include "../lib/clock.h"

#include <stdlib.h>
#include <string.h>

static int tell(struct cli *cli, const char *method, const char *uuid, const char *verb, unsigned int timeout)
{
	struct response response;
	char path[PATH_MAX_API];
	int status;

	domain_path(uuid, verb, path);
	status = ask(cli, method, path, NULL, 0, timeout, &response);
	if (!status)
		response_clear(&response);
	return status;
}

/* One that has gone before it is waited for is nobody's any more. */
static bool is_gone(struct cli *cli, const char *uuid, unsigned int seconds)
{
	char path[PATH_MAX_API], query[64];
	struct response response;
	bool gone;

	snprintf(query, sizeof(query), "/wait?for=gone&timeout=%u", seconds);
	domain_path(uuid, query, path);
	if (client_request(cli->socket, "GET", path, NULL, 0, seconds + MARGIN, &response))
		return false;
	gone = response.status == 200 || response.status == 404;
	response_clear(&response);
	return gone;
}

static int end_guest(struct cli *cli, json_t *domain, uint64_t deadline)
{
	uint64_t now = monotonic_ns();
	unsigned int left = now < deadline ? (unsigned int)((deadline - now) / 1000000000) : 0;
	const char *name = get_text(domain, "name"), *uuid = get_text(domain, "uuid");
	bool asked = json_is_true(json_object_get(domain, "asked"));
	int status = EXIT_OK;

	if (!asked || !is_gone(cli, uuid, left)) {
		status = tell(cli, "POST", uuid, "/destroy", CREATE_TIMEOUT);
		if (!status)
			printf("%s: destroyed\n", name);
	} else {
		printf("%s: has ended\n", name);
	}
	fflush(stdout);
	return status;
}

/* True: it is going to be gone. */
static bool ask_to_end(struct cli *cli, json_t *domain)
{
	const char *state = get_text(domain, "state"), *uuid = get_text(domain, "uuid");

	/* On their way out, if all goes well. */
	if (!strcmp(state, "migrating") || !strcmp(state, "saving"))
		return true;
	/* The last one that was complete is what they are for. */
	if (!strcmp(state, "checkpointing"))
		tell(cli, "DELETE", uuid, "/checkpoint", 2 * CLIENT_TIMEOUT);
	return !tell(cli, "POST", uuid, "/shutdown?end=1&nowait=1", CLIENT_TIMEOUT);
}

static bool is_guest(json_t *domain)
{
	return strcmp(get_text(domain, "name"), "Domain-0");
}

int command_host_stop_guests(struct cli *cli)
{
	struct response response;
	unsigned int seconds;
	json_t *domains, *domain;
	uint64_t deadline;
	size_t index;
	int status, first = EXIT_OK;

	if (!get_seconds(cli, 120, &seconds))
		return EXIT_USAGE;
	status = ask(cli, "GET", "/v1/domains", NULL, 0, CLIENT_TIMEOUT, &response);
	if (status)
		return status;
	domains = json_object_get(response.json, "domains");
	deadline = monotonic_ns() + (uint64_t)seconds * 1000000000;
	json_array_foreach(domains, index, domain)
		if (is_guest(domain) && ask_to_end(cli, domain))
			json_object_set_new(domain, "asked", json_true());
	json_array_foreach(domains, index, domain) {
		if (!is_guest(domain))
			continue;
		status = end_guest(cli, domain, deadline);
		first = first ? first : status;
	}
	response_clear(&response);
	return first;
}
