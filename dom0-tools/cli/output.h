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

/* Whether a domain, as the API lists it, goes by this name, UUID or number. */
bool domain_is_called(json_t *domain, const char *reference);

/* A number of seconds given as an option; complains and returns false where it is none. */
bool get_seconds(const struct cli *cli, unsigned int usual, unsigned int *seconds);

/* A number given as an option, from 1 to 3600; complains and returns false where it is none. */
bool get_count(const struct cli *cli, const char *option, unsigned int usual, unsigned int *count);

#endif
