/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of the API: one HTTP request over a unix socket, one answer.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <jansson.h>
#include <stddef.h>

#define CLIENT_SOCKET		"/run/tenon/api.sock"
#define CLIENT_TIMEOUT		60	/* seconds, for what does not wait for guests */
#define CLIENT_ANSWER_MAX	(64u << 20)	/* bytes */

struct response {
	unsigned int status;	/* of HTTP */
	json_t *json;		/* the body, or NULL where it is not JSON */
	char *text;		/* the body where it is not */
};

/*
 * 0, or a negative errno where no answer was got: -ENOENT and -ECONNREFUSED
 * where nobody listens, -EACCES, -ETIMEDOUT, -EBADMSG for what is not HTTP.
 * body may be NULL.
 */
int client_request(const char *socket, const char *method, const char *path, const char *body,
		   size_t size, unsigned int timeout, struct response *response);
void response_clear(struct response *response);

/* Append text to a path or query, so encoded that it stays one part of it. */
void client_encode(char *path, size_t size, const char *text);

#endif
