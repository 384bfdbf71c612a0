// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands about domains.
 */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX	(1u << 20)

/* A whole file, or standard input. NULL: complained. */
static char *read_whole(const char *name, size_t *size)
{
	FILE *file = strcmp(name, "-") ? fopen(name, "re") : stdin;
	char *text = file ? malloc(FILE_MAX + 1) : NULL;

	*size = 0;
	if (text)
		*size = fread(text, 1, FILE_MAX + 1, file);
	if (!text || ferror(file)) {
		complain(name, strerror(errno ? errno : EIO), "give the file of a domain's description");
		free(text);
		text = NULL;
	} else if (*size > FILE_MAX) {
		complain(name, "is larger than 1 MiB", "give the file of a domain's description");
		free(text);
		text = NULL;
	}
	if (file && file != stdin)
		fclose(file);
	return text;
}

static void print_warnings(json_t *domain)
{
	json_t *warning;
	size_t index;

	json_array_foreach(json_object_get(domain, "warnings"), index, warning)
		fprintf(stderr, "tenon: warning: %s\n", json_string_value(warning));
}

int wait_up(struct cli *cli, const char *reference, unsigned int seconds)
{
	char path[PATH_MAX_API], query[64];
	struct response response;
	int status;

	snprintf(query, sizeof(query), "/wait?for=up&timeout=%u", seconds);
	domain_path(reference, query, path);
	status = ask(cli, "GET", path, NULL, 0, seconds + MARGIN, &response);
	if (!status)
		response_clear(&response);
	return status;
}

int send_description(struct cli *cli, const char *path, const char *more, struct response *response)
{
	char url[PATH_MAX_API];
	size_t size;
	char *xml = read_whole(cli->arguments[0], &size);
	int status;

	if (!xml)
		return EXIT_CONFIG;
	snprintf(url, sizeof(url), "%s?file=", path);
	client_encode(url, sizeof(url) / 2, cli->arguments[0]);
	strcat(url, more);
	status = ask(cli, "POST", url, xml, size, CREATE_TIMEOUT, response);
	free(xml);
	if (!status)
		print_warnings(response->json);
	return status;
}

int command_create(struct cli *cli)
{
	char uuid[64], name[80];
	struct response response;
	unsigned int seconds;
	int status;

	if (!get_seconds(cli, 300, &seconds))
		return EXIT_USAGE;
	status = send_description(cli, "/v1/domains", cli_option(cli, "paused") ? "&paused=1" : "", &response);
	if (status)
		return status;
	snprintf(uuid, sizeof(uuid), "%s", get_text(response.json, "uuid"));
	snprintf(name, sizeof(name), "%s", get_text(response.json, "name"));
	if (cli->json)
		print_json(response.json);
	else
		printf("%s: created, number %d\n", name, (int)get_number(response.json, "id"));
	fflush(stdout);
	response_clear(&response);
	if (cli_option(cli, "wait"))
		status = wait_up(cli, uuid, seconds);
	if (!status && cli_option(cli, "console")) {
		struct cli console = {
			.command = command_find("console", NULL), .socket = cli->socket,
			.arguments = (char *[]){ name, NULL }, .argument_count = 1,
		};

		status = command_console(&console);
	}
	return status;
}

/* Whether a domain goes by this name, UUID or number. */
static bool is_called(json_t *domain, const char *reference)
{
	json_t *id = json_object_get(domain, "id");
	char number[16];

	snprintf(number, sizeof(number), "%d", (int)json_integer_value(id));
	return !strcmp(reference, get_text(domain, "name")) ||
	       !strcasecmp(reference, get_text(domain, "uuid")) ||
	       (json_is_integer(id) && !strcmp(reference, number));
}

bool is_asked_for(const struct cli *cli, json_t *domain)
{
	for (int i = 0; i < cli->argument_count; i++)
		if (is_called(domain, cli->arguments[i]))
			return true;
	return !cli->argument_count;
}

/* Whether there was a domain of this reference; complains if not. */
static bool is_listed(json_t *domains, const char *reference)
{
	json_t *domain;
	size_t index;

	json_array_foreach(domains, index, domain)
		if (is_called(domain, reference))
			return true;
	complain(reference, "is no domain's name, UUID or number", "tenon list shows the domains");
	return false;
}

int check_references(const struct cli *cli, json_t *domains)
{
	int status = EXIT_OK;

	for (int i = 0; i < cli->argument_count; i++)
		if (!is_listed(domains, cli->arguments[i]))
			status = EXIT_NOT_FOUND;
	return status;
}

static void print_row(json_t *domain)
{
	char memory[PRETTY_MAX], time[PRETTY_MAX], id[16] = "-";

	if (!json_is_null(json_object_get(domain, "id")))
		snprintf(id, sizeof(id), "%d", (int)get_number(domain, "id"));
	printf("%5s  %-24s %-10s %5d %10s %12s\n", id, get_text(domain, "name"),
	       get_text(domain, "state"), (int)get_number(domain, "vcpus"),
	       pretty_bytes(get_number(domain, "memory"), memory),
	       pretty_time(get_number(domain, "cpu_time_ns"), time));
}

int command_list(struct cli *cli)
{
	json_t *domains, *domain, *shown = json_array();
	struct response response;
	bool all = cli_option(cli, "all") || cli->argument_count;
	int status = ask(cli, "GET", all ? "/v1/domains?all=1" : "/v1/domains", NULL, 0, CLIENT_TIMEOUT, &response);
	size_t index;

	if (status) {
		json_decref(shown);
		return status;
	}
	domains = json_object_get(response.json, "domains");
	json_array_foreach(domains, index, domain)
		if (is_asked_for(cli, domain))
			json_array_append(shown, domain);
	if (cli->json) {
		print_json(shown);
	} else {
		printf("%5s  %-24s %-10s %5s %10s %12s\n", "ID", "NAME", "STATE", "VCPUS", "MEMORY",
		       "CPU TIME");
		json_array_foreach(shown, index, domain)
			print_row(domain);
		fflush(stdout);
	}
	status = check_references(cli, shown);
	json_decref(shown);
	response_clear(&response);
	return status;
}

int ask_each(struct cli *cli, const char *method, const char *verb, unsigned int timeout, const char *done)
{
	int first = EXIT_OK;

	for (int i = 0; i < cli->argument_count; i++) {
		char path[PATH_MAX_API];
		int status;

		domain_path(cli->arguments[i], verb, path);
		status = ask_and_say(cli, method, path, timeout, cli->arguments[i], done);
		first = first ? first : status;
	}
	return first;
}

int command_pause(struct cli *cli)
{
	return ask_each(cli, "POST", "/pause", CLIENT_TIMEOUT, "paused");
}

int command_unpause(struct cli *cli)
{
	return ask_each(cli, "POST", "/unpause", CLIENT_TIMEOUT, "unpaused");
}

int command_destroy(struct cli *cli)
{
	return ask_each(cli, "POST", "/destroy", CREATE_TIMEOUT, "destroyed");
}

/* Ask guests to do something that they may take their time for. */
static int request(struct cli *cli, const char *verb, const char *done)
{
	bool wait = !cli_option(cli, "no-wait");
	unsigned int seconds;
	char query[64];

	if (!get_seconds(cli, 120, &seconds))
		return EXIT_USAGE;
	snprintf(query, sizeof(query), "%s?timeout=%u%s", verb, seconds, wait ? "" : "&nowait=1");
	return ask_each(cli, "POST", query, seconds + MARGIN, wait ? done : "asked");
}

int command_shutdown(struct cli *cli)
{
	return request(cli, "/shutdown", "shut down");
}

int command_reboot(struct cli *cli)
{
	return request(cli, "/reboot", "rebooted");
}

int command_wait(struct cli *cli)
{
	const char *what = cli_option(cli, "for");
	char path[PATH_MAX_API], query[256] = "/wait?for=";
	struct response response;
	unsigned int seconds;
	int status;

	if (!get_seconds(cli, 300, &seconds))
		return EXIT_USAGE;
	client_encode(query, sizeof(query) / 2, what ? what : "up");
	snprintf(query + strlen(query), sizeof(query) - strlen(query), "&timeout=%u", seconds);
	domain_path(cli->arguments[0], query, path);
	status = ask(cli, "GET", path, NULL, 0, seconds + MARGIN, &response);
	if (status == EXIT_NOT_FOUND && what && !strcmp(what, "gone"))
		return EXIT_OK;
	if (status)
		return status;
	if (cli->json)
		print_json(response.json);
	response_clear(&response);
	return EXIT_OK;
}
