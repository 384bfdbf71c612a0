// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands about defined domains.
 */
#include "output.h"

int command_define(struct cli *cli)
{
	struct response response;
	int status = send_description(cli, "/v1/definitions", "", &response);

	if (status)
		return status;
	if (cli->json)
		print_json(response.json);
	else
		printf("%s: defined\n", get_text(response.json, "name"));
	response_clear(&response);
	return EXIT_OK;
}

int command_undefine(struct cli *cli)
{
	return ask_each(cli, "DELETE", "/definition", CLIENT_TIMEOUT, "undefined");
}

int command_start(struct cli *cli)
{
	unsigned int seconds;
	int status;

	if (!get_seconds(cli, 300, &seconds))
		return EXIT_USAGE;
	status = ask_each(cli, "POST", cli_option(cli, "paused") ? "/start?paused=1" : "/start", CREATE_TIMEOUT,
			  "started");
	for (int i = 0; !status && cli_option(cli, "wait") && i < cli->argument_count; i++)
		status = wait_up(cli, cli->arguments[i], seconds);
	return status;
}

int command_autostart(struct cli *cli)
{
	bool disable = cli_option(cli, "disable");

	return ask_each(cli, disable ? "DELETE" : "POST", "/autostart", CLIENT_TIMEOUT,
			disable ? "not started with the host" : "started with the host from now on");
}

int command_dumpxml(struct cli *cli)
{
	char path[PATH_MAX_API];

	domain_path(cli->arguments[0], cli_option(cli, "next") ? "/definition" : "/xml", path);
	return ask_and_copy(cli, path);
}
