// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Usage, manual page and completion, all made from the table of commands.
 */
#include "cli.h"
#include "client.h"

#include <string.h>

static const struct option_spec common[] = {
	{ "json", 'j', NULL, "print JSON" },
	{ "help", 'h', NULL, "print this" },
	{ 0 }
};

static void print_head(FILE *file, const struct command *command)
{
	fprintf(file, "tenon %s%s%s%s", command->name,
		command->options->name || command->prints ? " [OPTION...]" : "",
		*command->arguments ? " " : "", command->arguments);
}

static void print_line(FILE *file, const struct command *command)
{
	fprintf(file, "  %-11s %-10s %s\n", command->name, command->arguments, command->help);
}

void usage_group(FILE *file, const char *first)
{
	fprintf(file, "usage: tenon %s WORD [OPTION...] [ARGUMENT...]\n\n", first);
	for (const struct command *command = commands; command->name; command++)
		if (command_begins(command, first))
			print_line(file, command);
}

void usage_all(FILE *file)
{
	fputs("usage: tenon [--socket PATH] COMMAND [OPTION...] [ARGUMENT...]\n\n", file);
	for (const struct command *command = commands; command->name; command++)
		print_line(file, command);
	fputs("\ntenon COMMAND --help says more. A NAME is a domain's name, UUID or number.\n", file);
}

static void print_option(FILE *file, const struct option_spec *option)
{
	char left[64];

	snprintf(left, sizeof(left), "-%c, --%s%s%s", option->letter, option->name,
		 option->argument ? " " : "", option->argument ? option->argument : "");
	fprintf(file, "  %-24s %s\n", left, option->help);
}

void usage_command(FILE *file, const struct command *command)
{
	fputs("usage: ", file);
	print_head(file, command);
	fprintf(file, "\n%s\n\n", command->help);
	for (const struct option_spec *option = command->options; option->name; option++)
		print_option(file, option);
	for (const struct option_spec *option = common; option->name; option++)
		if (command->prints || strcmp(option->name, "json"))
			print_option(file, option);
}

/* troff reads a minus as a hyphen unless told otherwise. */
static void print_troff(FILE *file, const char *text)
{
	for (; *text; text++)
		fprintf(file, *text == '-' ? "\\-" : *text == '\\' ? "\\e" : "%c", *text);
}

void usage_manual(FILE *file)
{
	for (const struct command *command = commands; command->name; command++) {
		fprintf(file, ".TP\n.B tenon %s\n", command->name);
		fputs(".RI [ OPTION ...]\n", file);
		if (*command->arguments)
			fprintf(file, ".I %s\n", command->arguments);
		fputs(".br\n", file);
		print_troff(file, command->help);
		fputs(".\n", file);
		for (const struct option_spec *option = command->options; option->name; option++) {
			fprintf(file, ".RS\n.TP\n\\fB\\-%c\\fR, \\fB", option->letter);
			fputs("\\-\\-", file);
			print_troff(file, option->name);
			fprintf(file, "\\fR%s%s\n", option->argument ? " " : "",
				option->argument ? option->argument : "");
			print_troff(file, option->help);
			fputs("\n.RE\n", file);
		}
	}
}

static void offer(const char *prefix, const char *start, const char *candidate)
{
	if (!strncmp(start, prefix, strlen(prefix)) &&
	    !strncmp(start + strlen(prefix), candidate, strlen(start) - strlen(prefix)))
		printf("%s%s\n", prefix, candidate);
}

static void offer_domains(const char *socket, const char *start)
{
	struct response response;
	json_t *entry;
	size_t index;

	if (client_request(socket, "GET", "/v1/domains?all=1", NULL, 0, 5, &response))
		return;
	json_array_foreach(json_object_get(response.json, "domains"), index, entry) {
		const char *name = json_string_value(json_object_get(entry, "name"));

		if (name)
			offer("", start, name);
	}
	response_clear(&response);
}

/* Words that commands begin with, each once; the table has those that share one beside each other. */
static void offer_first(const char *start)
{
	char word[32], last[32] = "";

	for (const struct command *command = commands; command->name; command++) {
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(command->name, " "), command->name);
		if (strcmp(word, last))
			offer("", start, word);
		strcpy(last, word);
	}
}

static void offer_second(const char *first, const char *start)
{
	for (const struct command *command = commands; command->name; command++)
		if (command_words(command) == 2 && command_begins(command, first))
			offer("", start, strchr(command->name, ' ') + 1);
}

/* words[0] is "tenon", the last one is the word to complete. */
void complete_words(const char *socket, int count, char *words[])
{
	const char *start = count > 1 ? words[count - 1] : "";
	const struct command *command = count > 2 ? command_find(words[1], words[2]) : NULL;

	if (count <= 2) {
		offer_first(start);
		return;
	}
	if (!command || count == command_words(command) + 1) {
		offer_second(words[1], start);
		return;
	}
	for (const struct option_spec *option = command->options; option->name; option++)
		offer("--", start, option->name);
	if (command->prints)
		offer("--", start, "json");
	if (command->domains && *start != '-')
		offer_domains(socket, start);
}
