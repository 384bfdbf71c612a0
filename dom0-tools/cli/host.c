// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands about the host, and all about one domain.
 */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLLOW_USEC 500000

/* One line a member: "name  value". */
static void print_member(const char *name, json_t *value)
{
	char pretty[PRETTY_MAX];

	printf("%-18s ", name);
	if (json_is_string(value))
		printf("%s\n", json_string_value(value));
	else if (json_is_boolean(value))
		printf("%s\n", json_is_true(value) ? "yes" : "no");
	else if (json_is_integer(value) && strstr(name, "_ns"))
		printf("%s\n", pretty_time(json_integer_value(value), pretty));
	else if (json_is_integer(value) && (strstr(name, "memory") || !strcmp(name, "overhead") ||
					    !strcmp(name, "frame_table")))
		printf("%s\n", pretty_bytes(json_integer_value(value), pretty));
	else if (json_is_integer(value))
		printf("%lld\n", (long long)json_integer_value(value));
	else
		puts("-");
}

/* An entry of a list, on one line: "target=xvda source=/a.img ...". */
static void print_entry(const char *name, size_t index, json_t *entry)
{
	const char *member;
	json_t *value;

	printf("%s[%zu]%*s", name, index, (int)(16 - strlen(name)), "");
	json_object_foreach(entry, member, value) {
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

		printf(" %s=%s", member, json_is_string(value) ? json_string_value(value) : text);
		free(text);
	}
	putchar('\n');
}

static void print_object(json_t *object)
{
	const char *name;
	json_t *value, *entry;
	size_t index;

	json_object_foreach(object, name, value) {
		if (!json_is_array(value)) {
			print_member(name, value);
			continue;
		}
		json_array_foreach(value, index, entry) {
			if (json_is_object(entry))
				print_entry(name, index, entry);
			else
				print_member(name, entry);
		}
	}
}

static int show(struct cli *cli, const char *path)
{
	struct response response;
	int status = ask(cli, "GET", path, NULL, 0, CLIENT_TIMEOUT, &response);

	if (status)
		return status;
	if (cli->json)
		print_json(response.json);
	else
		print_object(response.json);
	response_clear(&response);
	return EXIT_OK;
}

int command_info(struct cli *cli)
{
	char path[PATH_MAX_API] = "/v1/host";

	if (cli->argument_count)
		domain_path(cli->arguments[0], "", path);
	return show(cli, path);
}

int command_version(struct cli *cli)
{
	if (!cli->json)
		puts("client             " PACKAGE_VERSION);
	return show(cli, "/v1/version");
}

int command_dmesg(struct cli *cli)
{
	bool follow = cli_option(cli, "follow"), clear = cli_option(cli, "clear");
	json_int_t from = 0, next;
	size_t length;

	for (;;) {
		struct response response;
		char path[96];
		int status;

		snprintf(path, sizeof(path), "/v1/host/messages?from=%lld%s", (long long)from,
			 clear ? "&clear=1" : "");
		status = ask(cli, "GET", path, NULL, 0, CLIENT_TIMEOUT, &response);
		if (status)
			return status;
		next = get_number(response.json, "next");
		length = json_string_length(json_object_get(response.json, "text"));
		if (cli->json && (length || !from))
			print_json(response.json);
		else if (!cli->json)
			fputs(get_text(response.json, "text"), stdout);
		response_clear(&response);
		from = next;
		if (!length && !follow)
			return EXIT_OK;
		if (fflush(stdout))
			return EXIT_FAILED;
		if (!length)
			usleep(FOLLOW_USEC);
	}
}

/* Without tenond its program makes the report: the doctor is needed most then. */
static json_t *examine_alone(void)
{
	json_t *report = NULL;
	FILE *pipe_end;
	int ends[2];
	pid_t pid;

	if (pipe(ends))
		return NULL;
	pid = fork();
	if (!pid) {
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
		execlp("tenond", "tenond", "--doctor", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	pipe_end = fdopen(ends[0], "r");
	if (pid > 0 && pipe_end)
		report = json_loadf(pipe_end, 0, NULL);
	if (pipe_end)
		fclose(pipe_end);
	if (pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	return report;
}

static void print_report(json_t *report)
{
	json_t *check;
	size_t index;

	json_array_foreach(json_object_get(report, "checks"), index, check) {
		printf("%-4s  %-18s %s\n", get_text(check, "verdict"), get_text(check, "name"),
		       get_text(check, "text"));
		if (*get_text(check, "next"))
			printf("      %-18s -> %s\n", "", get_text(check, "next"));
	}
}

int command_doctor(struct cli *cli)
{
	struct response response;
	json_t *report;
	int rc = client_request(cli->socket, "GET", "/v1/doctor", NULL, 0, CLIENT_TIMEOUT, &response);
	bool failed;

	report = !rc && response.status == 200 ? json_incref(response.json) : examine_alone();
	response_clear(&response);
	if (!report) {
		complain("doctor", "neither tenond nor its program can be asked",
			 "are Tenon's tools installed completely, and are you root?");
		return EXIT_UNREACHABLE;
	}
	if (cli->json)
		print_json(report);
	else
		print_report(report);
	failed = !strcmp(get_text(report, "verdict"), "fail");
	json_decref(report);
	return failed ? EXIT_FAILED : EXIT_OK;
}

int command_metrics(struct cli *cli)
{
	return ask_and_copy(cli, "/v1/metrics");
}
