// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands that change what a running domain has.
 */
#include "output.h"
#include "watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB	1048576

/* The nearer the more steps; none where it is there, as it is before the request has arrived. */
static json_int_t nearness(json_int_t distance)
{
	return distance ? (1ll << 40) - llabs(distance) : 0;
}

static json_int_t count_memory(json_t *domain)
{
	if (!json_object_get(domain, "memory_target"))
		return 0;
	return nearness((get_number(domain, "memory") - get_number(domain, "memory_target")) / MIB);
}

static void print_memory(json_t *domain)
{
	char now[PRETTY_MAX], target[PRETTY_MAX];

	fprintf(stderr, "memory: %s, to be %s\n", pretty_bytes(get_number(domain, "memory"), now),
		pretty_bytes(get_number(domain, "memory_target"), target));
}

static json_int_t count_vcpus(json_t *domain)
{
	return nearness(get_number(domain, "vcpus") - get_number(domain, "vcpus_target"));
}

static void print_vcpus(json_t *domain)
{
	fprintf(stderr, "processors online: %d, to be %d\n", (int)get_number(domain, "vcpus"),
		(int)get_number(domain, "vcpus_target"));
}

/* Have a guest do its part; query: "/memory?size=", to which the second argument is added. */
static int resize(struct cli *cli, const char *query, const struct progress *progress, json_t **answer)
{
	char path[PATH_MAX_API], verb[256];
	bool wait = !cli_option(cli, "no-wait");
	struct response response;
	unsigned int seconds;
	int status;

	if (!get_seconds(cli, 120, &seconds))
		return EXIT_USAGE;
	snprintf(verb, sizeof(verb), "%s", query);
	client_encode(verb, sizeof(verb) / 2, cli->arguments[1]);
	snprintf(verb + strlen(verb), sizeof(verb) - strlen(verb), "&timeout=%u%s", seconds, wait ? "" : "&nowait=1");
	domain_path(cli->arguments[0], verb, path);
	status = ask_and_watch(cli, path, seconds + MARGIN, wait && !cli_option(cli, "quiet") ? progress : NULL,
			       &response);
	if (status)
		return status;
	*answer = json_incref(response.json);
	if (cli->json)
		print_json(*answer);
	else if (!wait)
		printf("%s: asked\n", cli->arguments[0]);
	response_clear(&response);
	return EXIT_OK;
}

int command_mem_set(struct cli *cli)
{
	static const struct progress progress = { .print = print_memory, .steps = count_memory };
	json_t *answer = NULL;
	char memory[PRETTY_MAX];
	int status = resize(cli, "/memory?size=", &progress, &answer);

	if (!status && !cli->json && !cli_option(cli, "no-wait"))
		printf("%s: has %s of memory\n", cli->arguments[0],
		       pretty_bytes(get_number(answer, "memory"), memory));
	json_decref(answer);
	return status;
}

int command_vcpu_set(struct cli *cli)
{
	static const struct progress progress = { .print = print_vcpus, .steps = count_vcpus };
	json_t *answer = NULL;
	int status = resize(cli, "/vcpus?count=", &progress, &answer);

	if (!status && !cli->json && !cli_option(cli, "no-wait"))
		printf("%s: has %d of its processors online\n", cli->arguments[0], (int)get_number(answer, "vcpus"));
	json_decref(answer);
	return status;
}

int command_vcpu_pin(struct cli *cli)
{
	char path[PATH_MAX_API], query[512] = "/affinity?vcpu=", done[256];

	client_encode(query, sizeof(query) / 2, cli->arguments[1]);
	strcat(query, "&cpus=");
	client_encode(query, sizeof(query), cli->arguments[2]);
	domain_path(cli->arguments[0], query, path);
	snprintf(done, sizeof(done), "vcpu %s may run on processors %s", cli->arguments[1], cli->arguments[2]);
	return ask_and_say(cli, "POST", path, CLIENT_TIMEOUT, cli->arguments[0], done);
}

static void print_sched(const struct cli *cli, json_t *domain)
{
	int cap = (int)get_number(domain, "cap");

	if (cli->json)
		print_json(domain);
	else if (cap)
		printf("%s: weight %d, cap %d %% of a processor\n", cli->arguments[0],
		       (int)get_number(domain, "weight"), cap);
	else
		printf("%s: weight %d, no cap\n", cli->arguments[0], (int)get_number(domain, "weight"));
}

int command_sched(struct cli *cli)
{
	const char *weight = cli_option(cli, "weight"), *cap = cli_option(cli, "cap");
	char path[PATH_MAX_API], query[256] = "";
	struct response response;
	int status;

	if (weight || cap)
		strcpy(query, "/sched?");
	add_option(cli, "weight", "weight=", query, sizeof(query));
	add_option(cli, "cap", weight ? "&cap=" : "cap=", query, sizeof(query));
	domain_path(cli->arguments[0], query, path);
	status = ask(cli, weight || cap ? "POST" : "GET", path, NULL, 0, CLIENT_TIMEOUT, &response);
	if (status)
		return status;
	print_sched(cli, response.json);
	response_clear(&response);
	return EXIT_OK;
}
