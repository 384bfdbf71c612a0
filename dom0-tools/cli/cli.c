// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parsing the command line by the table, and running the command.
 */
#include "cli.h"
#include "client.h"
#include "output.h"

#include <stdlib.h>
#include <string.h>

const char *cli_option(const struct cli *cli, const char *name)
{
	for (int i = 0; cli->command->options[i].name; i++)
		if (!strcmp(cli->command->options[i].name, name))
			return cli->values[i];
	return NULL;
}

static int usage_error(const struct cli *cli, const char *what, const char *why)
{
	char next[96];

	snprintf(next, sizeof(next), "tenon %s --help shows how it is used", cli->command->name);
	complain(what, why, next);
	return EXIT_USAGE;
}

/* The option that a word names, by its long form or its letter; its index, or -1. */
static int find_option(const struct command *command, const char *word)
{
	for (int i = 0; command->options[i].name; i++) {
		const struct option_spec *option = &command->options[i];
		size_t length = strlen(option->name);

		if (!strncmp(word, "--", 2) && !strncmp(word + 2, option->name, length) &&
		    (!word[2 + length] || word[2 + length] == '='))
			return i;
		if (word[0] == '-' && word[1] == option->letter && !word[2])
			return i;
	}
	return -1;
}

/* One option, and its argument in the same word or the next. EXIT_OK or EXIT_USAGE. */
static int parse_option(struct cli *cli, char *word, char *next, bool *used_next)
{
	int index = find_option(cli->command, word);
	char *equals = strchr(word, '=');

	*used_next = false;
	if (cli->command->prints && (!strcmp(word, "--json") || !strcmp(word, "-j"))) {
		cli->json = true;
		return EXIT_OK;
	}
	if (index < 0)
		return usage_error(cli, word, "is no option of this command");
	if (!cli->command->options[index].argument) {
		if (equals)
			return usage_error(cli, word, "takes no argument");
		cli->values[index] = "";
		return EXIT_OK;
	}
	if (equals)
		cli->values[index] = equals + 1;
	else if (next)
		cli->values[index] = next;
	else
		return usage_error(cli, word, "needs an argument");
	*used_next = !equals;
	return EXIT_OK;
}

/* Sort the words behind the command into options and arguments. */
static int parse_words(struct cli *cli, int count, char *words[])
{
	bool options = true, used_next;

	cli->arguments = words;
	for (int i = 0; i < count; i++) {
		char *word = words[i];
		int status;

		if (options && !strcmp(word, "--")) {
			options = false;
		} else if (options && word[0] == '-' && word[1]) {
			status = parse_option(cli, word, i + 1 < count ? words[i + 1] : NULL, &used_next);
			if (status)
				return status;
			i += used_next;
		} else {
			words[cli->argument_count++] = word;
		}
	}
	words[cli->argument_count] = NULL;
	if (cli->argument_count < cli->command->low)
		return usage_error(cli, cli->command->arguments, "is missing");
	if (cli->command->high >= 0 && cli->argument_count > cli->command->high)
		return usage_error(cli, words[cli->command->high], "is one argument too many");
	return EXIT_OK;
}

static bool wants_help(int count, char *words[])
{
	for (int i = 0; i < count && strcmp(words[i], "--"); i++)
		if (!strcmp(words[i], "--help") || !strcmp(words[i], "-h"))
			return true;
	return false;
}

/* A word that several commands begin with, but the next one is none of theirs. */
static int half_command(int count, char *words[])
{
	bool begins = false;

	for (const struct command *command = commands; command->name; command++)
		begins |= command_begins(command, words[0]);
	if (begins && wants_help(count - 1, words + 1)) {
		usage_group(stdout, words[0]);
		return EXIT_OK;
	}
	complain(words[0], begins ? "needs another word behind it" : "is no command",
		 begins ? "tenon --help lists the commands" : "tenon --help lists them");
	return EXIT_USAGE;
}

static int run_command(struct cli *cli, int count, char *words[])
{
	int used, status;

	cli->command = command_find(words[0], count > 1 ? words[1] : NULL);
	if (!cli->command)
		return half_command(count, words);
	used = command_words(cli->command);
	if (wants_help(count - used, words + used)) {
		usage_command(stdout, cli->command);
		return EXIT_OK;
	}
	status = parse_words(cli, count - used, words + used);
	return status ? status : cli->command->run(cli);
}

int cli_main(int argc, char *argv[])
{
	const char *socket = getenv("TENON_SOCKET");
	struct cli cli = { .socket = socket && *socket ? socket : CLIENT_SOCKET };
	int at = 1, status;

	if (at + 1 < argc && !strcmp(argv[at], "--socket")) {
		cli.socket = argv[at + 1];
		at += 2;
	}
	if (at == argc) {
		usage_all(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[at], "--help") || !strcmp(argv[at], "-h") || !strcmp(argv[at], "help"))
		usage_all(stdout);
	else if (!strcmp(argv[at], "--version"))
		puts("tenon " PACKAGE_VERSION);
	else if (!strcmp(argv[at], "--manual"))
		usage_manual(stdout);
	else if (!strcmp(argv[at], "--complete"))
		complete_words(cli.socket, argc - at - 1, argv + at + 1);
	else
		return run_command(&cli, argc - at, argv + at);
	status = fflush(stdout) ? EXIT_FAILED : EXIT_OK;
	return status;
}
