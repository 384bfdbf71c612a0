// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands about the hosts that guests are exchanged with.
 */
#include "output.h"

#include <errno.h>
#include <string.h>

#define CERTIFICATE_MAX	65536	/* bytes */

int command_host_cert(struct cli *cli)
{
	struct response response;
	int status = ask(cli, "GET", "/v1/host/certificate", NULL, 0, CLIENT_TIMEOUT, &response);

	if (status)
		return status;
	if (cli->json)
		print_json(response.json);
	else
		fputs(get_text(response.json, "certificate"), stdout);
	response_clear(&response);
	return EXIT_OK;
}

int command_host_add(struct cli *cli)
{
	const char *name = cli->arguments[0], *file = cli->arguments[1];
	char path[PATH_MAX_API] = "/v1/host/peers?name=", pem[CERTIFICATE_MAX];
	FILE *in = strcmp(file, "-") ? fopen(file, "re") : stdin;
	struct response response;
	size_t size = in ? fread(pem, 1, sizeof(pem), in) : 0;
	int status;

	if (!in || ferror(in) || !size || size == sizeof(pem)) {
		complain(file, in && !ferror(in) ? "is no certificate" : strerror(errno),
			 "give a file with what tenon host cert prints on that host");
		status = EXIT_CONFIG;
	} else {
		client_encode(path, sizeof(path), name);
		status = ask(cli, "POST", path, pem, size, CLIENT_TIMEOUT, &response);
	}
	if (in && in != stdin)
		fclose(in);
	if (status)
		return status;
	if (cli->json)
		print_json(response.json);
	else
		printf("%s: enrolled\n", name);
	response_clear(&response);
	return EXIT_OK;
}

int command_host_list(struct cli *cli)
{
	struct response response;
	int status = ask(cli, "GET", "/v1/host/peers", NULL, 0, CLIENT_TIMEOUT, &response);
	json_t *peers, *peer;
	size_t index;

	if (status)
		return status;
	peers = json_object_get(response.json, "peers");
	if (cli->json) {
		print_json(peers);
	} else {
		printf("%-24s %s\n", "HOST", "FINGERPRINT (SHA-256)");
		json_array_foreach(peers, index, peer)
			printf("%-24s %s\n", get_text(peer, "name"), get_text(peer, "fingerprint"));
	}
	response_clear(&response);
	return EXIT_OK;
}

int command_host_remove(struct cli *cli)
{
	int first = EXIT_OK;

	for (int i = 0; i < cli->argument_count; i++) {
		char path[PATH_MAX_API] = "/v1/host/peers?name=";
		int status;

		client_encode(path, sizeof(path), cli->arguments[i]);
		status = ask_and_say(cli, "DELETE", path, CLIENT_TIMEOUT, cli->arguments[i], "removed");
		first = first ? first : status;
	}
	return first;
}
