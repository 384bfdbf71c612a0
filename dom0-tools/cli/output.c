// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Answers and errors of the API, for people and for exit statuses.
 */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ask_and_say(struct cli *cli, const char *method, const char *path, unsigned int timeout, const char *name,
		const char *done)
{
	struct response response;
	int status = ask(cli, method, path, NULL, 0, timeout, &response);

	if (status)
		return status;
	if (cli->json)
		print_json(response.json);
	else
		printf("%s: %s\n", name, done);
	response_clear(&response);
	return EXIT_OK;
}

void add_option(const struct cli *cli, const char *option, const char *parameter, char *query, size_t size)
{
	const char *value = cli_option(cli, option);

	if (!value)
		return;
	strncat(query, parameter, size - strlen(query) - 1);
	client_encode(query, size, *value ? value : "1");
}

void complain(const char *object, const char *cause, const char *next)
{
	fprintf(stderr, "tenon: %s%s%s\n", object, *object ? ": " : "", cause);
	if (next && *next)
		fprintf(stderr, "  %s\n", next);
}

void print_json(json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(1));
	putchar('\n');
}

const char *get_text(json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text ? text : "";
}

json_int_t get_number(json_t *json, const char *name)
{
	return json_integer_value(json_object_get(json, name));
}

static int exit_status_of(const char *id)
{
	static const struct {
		const char *id;
		int status;
	} statuses[] = {
		{ "not-found", EXIT_NOT_FOUND }, { "already-exists", EXIT_EXISTS },
		{ "unreachable", EXIT_UNREACHABLE }, { "timed-out", EXIT_TIMED_OUT },
		{ "bad-configuration", EXIT_CONFIG }, { "wrong-state", EXIT_STATE },
		{ "no-resources", EXIT_RESOURCES }, { "cancelled", EXIT_CANCELLED },
	};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (!strcmp(statuses[i].id, id))
			return statuses[i].status;
	return EXIT_FAILED;
}

static int not_reached(const struct cli *cli, int rc)
{
	char cause[256];

	if (rc == -ETIMEDOUT) {
		complain("tenond", "did not answer in time", "tenon doctor says more");
		return EXIT_TIMED_OUT;
	}
	snprintf(cause, sizeof(cause), "cannot be reached at %s: %s", cli->socket, strerror(-rc));
	complain("tenond", cause, rc == -EACCES ? "run this as root" :
		 "is it running? systemctl start tenond; tenon doctor says more");
	return EXIT_UNREACHABLE;
}

static int refused(const struct cli *cli, struct response *response)
{
	json_t *error = json_object_get(response->json, "error");
	int status = exit_status_of(get_text(error, "id"));
	char cause[64];

	if (error && cli->json) {
		json_dumpf(response->json, stderr, JSON_INDENT(1));
		fputc('\n', stderr);
	} else if (error) {
		complain(get_text(error, "object"), get_text(error, "cause"), get_text(error, "next"));
	} else {
		snprintf(cause, sizeof(cause), "answered with HTTP status %u", response->status);
		complain("tenond", cause, NULL);
	}
	response_clear(response);
	return status;
}

int ask(struct cli *cli, const char *method, const char *path, const char *body, size_t size,
	unsigned int timeout, struct response *response)
{
	int rc = client_request(cli->socket, method, path, body, size, timeout, response);

	if (rc)
		return not_reached(cli, rc);
	if (response->status >= 400 || !response->json)
		return refused(cli, response);
	return EXIT_OK;
}

int ask_and_copy(struct cli *cli, const char *path)
{
	struct response response;
	int rc = client_request(cli->socket, "GET", path, NULL, 0, CLIENT_TIMEOUT, &response);

	if (rc)
		return not_reached(cli, rc);
	if (response.status >= 400 || !response.text)
		return refused(cli, &response);
	fputs(response.text, stdout);
	response_clear(&response);
	return EXIT_OK;
}

const char *pretty_bytes(json_int_t bytes, char text[PRETTY_MAX])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double amount = (double)bytes;
	int unit = 0;

	/* Four digits before the next unit: guests are given mebibytes. */
	while (amount >= 10240 && unit < 4) {
		amount /= 1024;
		unit++;
	}
	snprintf(text, PRETTY_MAX, "%.0f %s", amount, units[unit]);
	return text;
}

const char *pretty_time(json_int_t ns, char text[PRETTY_MAX])
{
	long long seconds = ns / 1000000000;

	if (seconds < 1000)
		snprintf(text, PRETTY_MAX, "%.1f s", (double)ns / 1e9);
	else
		snprintf(text, PRETTY_MAX, "%lld h %02lld min", seconds / 3600, seconds / 60 % 60);
	return text;
}

void domain_path(const char *name, const char *verb, char path[PATH_MAX_API])
{
	snprintf(path, PATH_MAX_API, "/v1/domains/");
	client_encode(path, PATH_MAX_API / 2, name);
	strncat(path, verb, PATH_MAX_API - strlen(path) - 1);
}

/* expected: what to say of anything that is not a number from low to high. */
static bool get_in_range(const struct cli *cli, const char *option, unsigned long low, unsigned long high,
			 const char *expected, unsigned int usual, unsigned int *value)
{
	const char *text = cli_option(cli, option);
	unsigned long parsed;
	char *end, name[32];

	*value = usual;
	if (!text)
		return true;
	errno = 0;
	parsed = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || parsed < low || parsed > high) {
		snprintf(name, sizeof(name), "--%s", option);
		complain(name, expected, NULL);
		return false;
	}
	*value = (unsigned int)parsed;
	return true;
}

bool get_seconds(const struct cli *cli, unsigned int usual, unsigned int *seconds)
{
	return get_in_range(cli, "timeout", 0, 86400, "expected a number of seconds from 0 to 86400", usual,
			    seconds);
}

bool get_count(const struct cli *cli, const char *option, unsigned int usual, unsigned int *count)
{
	return get_in_range(cli, option, 1, 3600, "expected a number from 1 to 3600", usual, count);
}
