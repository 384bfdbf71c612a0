/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the API on behalf of a command, and telling people about it.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli.h"
#include "client.h"

/*
 * Ask, and complain on standard error where that failed.  EXIT_OK: *response
 * holds the answer, to be cleared by the caller.
 */
int ask(struct cli *cli, const char *method, const char *path, const char *body, size_t size,
	unsigned int timeout, struct response *response);

/* For requests of which nothing but that they are done is to be said: "NAME: DONE", or the answer as JSON. */
int ask_and_say(struct cli *cli, const char *method, const char *path, unsigned int timeout, const char *name,
		const char *done);

/* Copy an answer that is text, not JSON, to standard output. */
int ask_and_copy(struct cli *cli, const char *path);

/* One verb for each domain named, all done or not; the first failure is the exit status. */
int ask_each(struct cli *cli, const char *method, const char *verb, unsigned int timeout, const char *done);

/*
 * Send the description in the file that the first argument names ("-": standard input) to a path, which more
 * (of a query) is added to. EXIT_OK: *response holds the answer, of which warnings have been printed.
 */
int send_description(struct cli *cli, const char *path, const char *more, struct response *response);

/* Wait until a guest is up, for so many seconds at most. */
int wait_up(struct cli *cli, const char *reference, unsigned int seconds);

#define CREATE_TIMEOUT	600	/* seconds: a large kernel on a slow host */
#define MARGIN		30	/* beyond what tenond is asked to wait */

/* Add an option that was given to a query: PARAMETER ("&keep=") and its value, 1 where it has none. */
void add_option(const struct cli *cli, const char *option, const char *parameter, char *query, size_t size);

/* Complain: object, cause, next step (may be NULL). */
void complain(const char *object, const char *cause, const char *next);

void print_json(json_t *json);

/* Members of an object; "" or 0 where they are missing. */
const char *get_text(json_t *json, const char *name);
json_int_t get_number(json_t *json, const char *name);

/* "128 MiB", "1.5 GiB" and "12.3 s", "1 h 02 min", each in a buffer of the caller's. */
#define PRETTY_MAX 32
const char *pretty_bytes(json_int_t bytes, char text[PRETTY_MAX]);
const char *pretty_time(json_int_t ns, char text[PRETTY_MAX]);

/* "/v1/domains/NAME" and what follows. */
#define PATH_MAX_API 1024
void domain_path(const char *name, const char *verb, char path[PATH_MAX_API]);

/*
 * Domains as the API lists them, and arguments that are references, of which none means all: whether a
 * domain is asked for, and EXIT_NOT_FOUND with complaints about each reference that is nobody's.
 */
bool is_asked_for(const struct cli *cli, json_t *domain);
int check_references(const struct cli *cli, json_t *domains);

/* A number of seconds given as an option; complains and returns false where it is none. */
bool get_seconds(const struct cli *cli, unsigned int usual, unsigned int *seconds);

/* A number given as an option, from 1 to 3600; complains and returns false where it is none. */
bool get_count(const struct cli *cli, const char *option, unsigned int usual, unsigned int *count);

#endif
