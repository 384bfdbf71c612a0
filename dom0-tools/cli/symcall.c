// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command symcall: functions of a guest's kernel.
 */
#include "output.h"

#include <string.h>

#define QUERY_MAX	512

static void print_tasks(json_t *tasks)
{
	json_t *task;
	size_t index;

	printf("%7s %7s %7s S  %s\n", "PID", "TGID", "PARENT", "NAME");
	json_array_foreach(tasks, index, task)
		printf("%7lld %7lld %7lld %s  %s\n", (long long)get_number(task, "pid"),
		       (long long)get_number(task, "tgid"), (long long)get_number(task, "parent"),
		       get_text(task, "state"), get_text(task, "comm"));
}

static void print_vaddr(json_t *v)
{
	if (!json_is_true(json_object_get(v, "mapped"))) {
		printf("not mapped\n");
		return;
	}
	printf("%llx-%llx %s%s%s%s%s%s\n", (unsigned long long)get_number(v, "start"),
	       (unsigned long long)get_number(v, "end"), get_text(v, "permissions"),
	       json_is_true(json_object_get(v, "present")) ? ", present" : ", not present",
	       json_is_true(json_object_get(v, "writable")) ? ", writable" : "",
	       json_is_true(json_object_get(v, "dirty")) ? ", dirty" : "",
	       json_is_true(json_object_get(v, "swapped")) ? ", in swap" : "",
	       json_is_true(json_object_get(v, "swap_cache")) ? ", in the swap cache" : "");
}

static void print_answer(const char *name, const char *function, json_t *answer)
{
	if (!strcmp(function, "ping"))
		printf("%s: answered after %lld us\n", name, (long long)get_number(answer, "us"));
	else if (!strcmp(function, "query-vaddr"))
		print_vaddr(answer);
	else if (!strcmp(function, "task-list"))
		print_tasks(json_object_get(answer, "tasks"));
	else if (!strcmp(function, "drop-caches"))
		printf("%s: caches dropped\n", name);
	else
		printf("%s: %lld file systems %s\n", name, (long long)get_number(answer, "file_systems"),
		       !strcmp(function, "quiesce") ? "frozen" : "thawed");
}

/* query-vaddr alone has arguments. */
static bool add_arguments(struct cli *cli, char *query)
{
	static const char *const names[] = { "&pid=", "&address=" };
	int wanted = strcmp(cli->arguments[1], "query-vaddr") ? 2 : 4;

	if (cli->argument_count != wanted) {
		complain(cli->arguments[1], wanted == 2 ? "has no arguments" : "needs a pid and an address",
			 "tenon symcall --help shows how");
		return false;
	}
	for (int i = 2; i < wanted; i++) {
		strcat(query, names[i - 2]);
		client_encode(query, QUERY_MAX, cli->arguments[i]);
	}
	return true;
}

int command_symcall(struct cli *cli)
{
	const char *name = cli->arguments[0], *function = cli->arguments[1];
	const char *seconds = cli_option(cli, "thaw-after");
	char base[PATH_MAX_API], path[PATH_MAX_API + QUERY_MAX], query[QUERY_MAX] = "/symcall?function=";
	struct response response;
	unsigned int timeout;
	int status;

	if (!get_seconds(cli, 30, &timeout))
		return EXIT_USAGE;
	client_encode(query, QUERY_MAX - 128, function);
	snprintf(query + strlen(query), 64, "&timeout=%u", timeout);
	if (seconds) {
		strcat(query, "&seconds=");
		client_encode(query, QUERY_MAX - 64, seconds);
	}
	if (!add_arguments(cli, query))
		return EXIT_USAGE;
	domain_path(name, "", base);
	snprintf(path, sizeof(path), "%s%s", base, query);
	status = ask(cli, "POST", path, NULL, 0, timeout + CLIENT_TIMEOUT, &response);
	if (status)
		return status;
	if (cli->json)
		print_json(response.json);
	else
		print_answer(name, function, response.json);
	response_clear(&response);
	return EXIT_OK;
}
