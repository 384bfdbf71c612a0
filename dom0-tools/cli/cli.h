/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: what a command is, and what it is given to work with.
 * One table (commands.c) holds them all; usage, completion and the manual
 * page's synopsis come from it.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Exit statuses; tenon(1) documents them, scripts rely on them. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_FOUND = 3,
	EXIT_EXISTS = 4,
	EXIT_UNREACHABLE = 5,
	EXIT_TIMED_OUT = 6,
	EXIT_CONFIG = 7,
	EXIT_STATE = 8,
	EXIT_RESOURCES = 9,
	EXIT_CANCELLED = 10,
};

#define OPTIONS_MAX 12

struct option_spec {
	const char *name;	/* without "--"; NULL ends a list */
	char letter;		/* short form, 0: none */
	const char *argument;	/* "SECONDS"; NULL: takes none */
	const char *help;
};

struct cli {
	const struct command *command;
	const char *socket;		/* of the API */
	bool json;
	const char *values[OPTIONS_MAX];	/* of the options; "" for one without argument */
	char **arguments;		/* ended by NULL */
	int argument_count;
};

struct command {
	const char *name;		/* one word, or two: "host add" */
	const char *arguments;		/* for the usage: "NAME..." */
	int low, high;			/* how many arguments; high -1: any number */
	const struct option_spec *options;
	bool prints;			/* takes --json */
	bool domains;			/* its arguments are domains, for completion */
	const char *help;		/* one line */
	int (*run)(struct cli *cli);	/* returns an exit status */
};

extern const struct command commands[];	/* ended by one without name */

/* The command of these words; second (may be NULL) counts only where the name has two. NULL: none. */
const struct command *command_find(const char *first, const char *second);

/* How many words a name has, and whether its first one is this. */
int command_words(const struct command *command);
bool command_begins(const struct command *command, const char *first);

/* An option's value by its name, or NULL where it was not given. */
const char *cli_option(const struct cli *cli, const char *name);

/* The whole of it: parse, run, return the exit status. */
int cli_main(int argc, char *argv[]);

/* Texts made from the table. */
void usage_all(FILE *file);
void usage_group(FILE *file, const char *first);	/* the commands that begin with a word */
void usage_command(FILE *file, const struct command *command);
void usage_manual(FILE *file);		/* troff for the manual page */
void complete_words(const char *socket, int count, char *words[]);

/* The commands. */
int command_create(struct cli *cli);
int command_define(struct cli *cli);
int command_undefine(struct cli *cli);
int command_start(struct cli *cli);
int command_autostart(struct cli *cli);
int command_dumpxml(struct cli *cli);
int command_list(struct cli *cli);
int command_info(struct cli *cli);
int command_pause(struct cli *cli);
int command_unpause(struct cli *cli);
int command_shutdown(struct cli *cli);
int command_reboot(struct cli *cli);
int command_destroy(struct cli *cli);
int command_mem_set(struct cli *cli);
int command_vcpu_set(struct cli *cli);
int command_vcpu_pin(struct cli *cli);
int command_sched(struct cli *cli);
int command_save(struct cli *cli);
int command_checkpoint(struct cli *cli);
int command_host_cert(struct cli *cli);
int command_host_add(struct cli *cli);
int command_host_list(struct cli *cli);
int command_host_remove(struct cli *cli);
int command_host_stop_guests(struct cli *cli);
int command_migrate(struct cli *cli);
int command_restore(struct cli *cli);
int command_console(struct cli *cli);
int command_dmesg(struct cli *cli);
int command_wait(struct cli *cli);
int command_top(struct cli *cli);
int command_trace(struct cli *cli);
int command_symcall(struct cli *cli);
int command_version(struct cli *cli);
int command_doctor(struct cli *cli);
int command_metrics(struct cli *cli);

#endif
