/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request of the API, whatever carries it: handlers read it and answer
 * it, at once or later.
 */
#ifndef TENOND_REQUEST_H
#define TENOND_REQUEST_H

#include "error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define REQUEST_BODY_MAX	((1u << 20) + (64u << 10))	/* bytes: a description, and a margin */

struct request {
	char method[8];
	char *path;			/* without query */
	json_t *query;			/* object: name to string */
	char *body;			/* body_size bytes and a zero; NULL: none */
	size_t body_size;
	const char *reference;		/* the domain named in the path; set by the router */
	bool answered;
	unsigned int status;
	char *answer;			/* JSON text, or plain text */
	bool plain;
	void (*send)(struct request *request);	/* an answer is there */
	void *transport;		/* of the carrier */
};

struct request *request_new(const char *method, const char *path);
void request_free(struct request *request);

/* -E2BIG, -ENOMEM. */
int request_append_body(struct request *request, const char *data, size_t size);

/* A query parameter, or NULL. */
const char *request_query(const struct request *request, const char *name);

/* Whether a query parameter is there and says yes ("1", "true", or nothing). */
bool request_flag(const struct request *request, const char *name);

/* A query parameter as a number; *number is left alone if it is absent. */
int request_number(const struct request *request, const char *name, unsigned int high,
		   unsigned int *number, struct error *error);

/* Answer; takes over json. Once per request. */
void request_reply(struct request *request, unsigned int status, json_t *json);
void request_reply_text(struct request *request, const char *text);
void request_fail(struct request *request, const struct error *error);

#endif
