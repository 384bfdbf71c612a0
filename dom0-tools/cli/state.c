// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands that move a guest's state.
 */
#include "output.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
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
	char base[PATH_MAX_API];
	struct response response;
	int status;

	if (!add_path(query, sizeof(query) - sizeof("&keep=1"), file))
		return EXIT_FAILED;
	if (cli_option(cli, "keep-running"))
		strcat(query, "&keep=1");
	domain_path(name, "", base);
	snprintf(path, sizeof(path), "%s%s", base, query);
	status = ask(cli, "POST", path, NULL, 0, STATE_TIMEOUT, &response);
	if (status)
		return status;
	if (cli->json)
		print_json(response.json);
	else
		printf("%s: saved to %s\n", name, file);
	response_clear(&response);
	return EXIT_OK;
}

int command_restore(struct cli *cli)
{
	char path[QUERY_MAX] = "/v1/restore?path=";
	struct response response;
	int status;

	if (!add_path(path, sizeof(path) - sizeof("&paused=1"), cli->arguments[0]))
		return EXIT_FAILED;
	if (cli_option(cli, "paused"))
		strcat(path, "&paused=1");
	status = ask(cli, "POST", path, NULL, 0, STATE_TIMEOUT, &response);
	if (status)
		return status;
	if (cli->json)
		print_json(response.json);
	else
		printf("%s: restored, number %d\n", get_text(response.json, "name"),
		       (int)get_number(response.json, "id"));
	response_clear(&response);
	return EXIT_OK;
}
