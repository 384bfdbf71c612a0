// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands that move a guest's state.
 */
#include "output.h"
#include "watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STATE_TIMEOUT	3600	/* seconds: much memory on a slow disk */
#define QUERY_MAX	(6 * PATH_MAX + 64)	/* a working directory and a path, encoded */

/* Add a file's absolute path to a query: tenond's working directory is another. */
static bool add_path(char *query, size_t size, const char *file)
{
	char absolute[PATH_MAX];

	if (strlen(file) >= PATH_MAX) {
		complain(file, strerror(ENAMETOOLONG), NULL);
		return false;
	}
	if (*file != '/') {
		if (!getcwd(absolute, sizeof(absolute))) {
			complain(file, strerror(errno), "give its path from / on");
			return false;
		}
		client_encode(query, size, absolute);
		client_encode(query, size, "/");
	}
	client_encode(query, size, file);
	return true;
}

int command_save(struct cli *cli)
{
	const char *name = cli->arguments[0], *file = cli->arguments[1];
	char path[PATH_MAX_API + QUERY_MAX], query[QUERY_MAX] = "/save?path=";
	char base[PATH_MAX_API], done[PATH_MAX + 16];

	if (!add_path(query, sizeof(query) - sizeof("&keep=1"), file))
		return EXIT_FAILED;
	if (cli_option(cli, "keep-running"))
		strcat(query, "&keep=1");
	domain_path(name, "", base);
	snprintf(path, sizeof(path), "%s%s", base, query);
	snprintf(done, sizeof(done), "saved to %s", file);
	return ask_and_say(cli, "POST", path, STATE_TIMEOUT, name, done);
}

static void print_checkpoint(json_t *checkpoint)
{
	char changed[PRETTY_MAX], size[PRETTY_MAX];

	fprintf(stderr, "checkpoint %lld: %s of memory, stood still for %lld ms; the file has %s\n",
		(long long)get_number(checkpoint, "number"),
		pretty_bytes(get_number(checkpoint, "changed"), changed),
		(long long)get_number(checkpoint, "downtime_ms"),
		pretty_bytes(get_number(checkpoint, "bytes"), size));
}

static void print_checkpoints(struct cli *cli, json_t *answer)
{
	json_t *checkpoint = json_object_get(answer, "checkpoint");
	const char *host = cli_option(cli, "to");

	if (cli->json)
		print_json(answer);
	else if (cli_option(cli, "no-wait"))
		printf("%s: checkpoints begin; tenon info --json has how far they are\n", cli->arguments[0]);
	else
		printf("%s: checkpoint %lld is in %s%s%s\n", cli->arguments[0],
		       (long long)get_number(checkpoint, "number"),
		       host ? get_text(checkpoint, "file") : cli->arguments[1], host ? " of host " : "",
		       host ? host : "");
}

static int end_checkpoints(struct cli *cli)
{
	char path[PATH_MAX_API];

	domain_path(cli->arguments[0], "/checkpoint", path);
	return ask_and_say(cli, "DELETE", path, 2 * CLIENT_TIMEOUT, cli->arguments[0], "no more checkpoints");
}

/* What must be there, and nothing else. */
static bool check_checkpoint(const struct cli *cli)
{
	bool cancels = cli_option(cli, "cancel"), elsewhere = cli_option(cli, "to");
	const char *next = "tenon checkpoint --help shows how it is used";

	if ((cancels || elsewhere) && cli->argument_count == 2)
		complain(cli->arguments[1], "is one argument too many", next);
	else if (!cancels && !elsewhere && cli->argument_count == 1)
		complain("FILE", "is missing", next);
	else if (!cancels && !cli_option(cli, "interval"))
		complain("--interval", "is missing", "give the seconds from one checkpoint to the next");
	else
		return true;
	return false;
}

int command_checkpoint(struct cli *cli)
{
	static const struct { const char *option, *parameter; } options[] = {
		{ "interval", "&interval=" }, { "count", "&count=" }, { "memory-only", "&memory_only=" },
		{ "replace", "&replace=" }, { "no-wait", "&nowait=" }, { "plain", "&plain=" },
		{ "snapshot-timeout", "&snapshot_timeout=" },
	};
	static const struct progress progress = {
		.member = "checkpoint", .counter = "number", .print = print_checkpoint,
	};
	char path[PATH_MAX_API + 2 * QUERY_MAX], query[QUERY_MAX], base[PATH_MAX_API];
	const char *snapshot = cli_option(cli, "snapshot"), *host = cli_option(cli, "to");
	struct response response;
	bool watched = !cli_option(cli, "quiet") && !cli_option(cli, "no-wait");
	int status;

	if (!check_checkpoint(cli))
		return EXIT_USAGE;
	if (cli_option(cli, "cancel"))
		return end_checkpoints(cli);
	snprintf(query, sizeof(query), "/checkpoint?%s=", host ? "host" : "path");
	if (host)
		client_encode(query, sizeof(query), host);
	else if (!add_path(query, sizeof(query), cli->arguments[1]))
		return EXIT_FAILED;
	domain_path(cli->arguments[0], "", base);
	snprintf(path, sizeof(path), "%s%s", base, query);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		add_option(cli, options[i].option, options[i].parameter, path, sizeof(path));
	if (snapshot) {
		strcat(path, "&snapshot=");
		if (!add_path(path, sizeof(path), snapshot))
			return EXIT_FAILED;
	}
	status = ask_and_watch(cli, path, 0, watched ? &progress : NULL, &response);
	if (status)
		return status;
	print_checkpoints(cli, response.json);
	response_clear(&response);
	return EXIT_OK;
}

/* Which checkpoint it goes on from, or nothing. */
static const char *origin(json_t *answer, char text[96])
{
	json_t *checkpoint = json_object_get(answer, "checkpoint");
	time_t taken = (time_t)get_number(checkpoint, "taken");
	char when[32] = "";
	struct tm parts;

	*text = '\0';
	if (checkpoint && localtime_r(&taken, &parts)) {
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &parts);
		snprintf(text, 96, ", from checkpoint %lld of %s",
			 (long long)get_number(checkpoint, "number"), when);
	}
	return text;
}

static int show(struct cli *cli, const char *path)
{
	struct response response;
	json_t *disk;
	size_t index;
	char from[96];
	int status = ask(cli, "GET", path, NULL, 0, CLIENT_TIMEOUT, &response);

	if (status)
		return status;
	if (cli->json) {
		print_json(response.json);
	} else {
		printf("%s, %s%s\n", get_text(response.json, "name"), get_text(response.json, "uuid"),
		       origin(response.json, from));
		json_array_foreach(json_object_get(response.json, "disks"), index, disk)
			printf("disk %s: %s%s\n", get_text(disk, "target"), get_text(disk, "source"),
			       json_is_true(json_object_get(disk, "readonly")) ? ", read-only" : "");
	}
	response_clear(&response);
	return EXIT_OK;
}

int command_restore(struct cli *cli)
{
	char path[QUERY_MAX] = "/v1/restore?path=", from[96];
	struct response response;
	int status;

	if (!add_path(path, sizeof(path) - sizeof("&paused=1"), cli->arguments[0]))
		return EXIT_FAILED;
	if (cli_option(cli, "show"))
		return show(cli, path);
	if (cli_option(cli, "paused"))
		strcat(path, "&paused=1");
	status = ask(cli, "POST", path, NULL, 0, STATE_TIMEOUT, &response);
	if (status)
		return status;
	if (cli->json)
		print_json(response.json);
	else
		printf("%s: restored, number %d%s\n", get_text(response.json, "name"),
		       (int)get_number(response.json, "id"), origin(response.json, from));
	response_clear(&response);
	return EXIT_OK;
}
