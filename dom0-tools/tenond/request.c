// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests: their life, their parameters, and their answers.
 */
#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct request *request_new(const char *method, const char *path)
{
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	snprintf(request->method, sizeof(request->method), "%s", method);
	request->path = strdup(path);
	request->query = json_object();
	if (!request->path || !request->query) {
		request_free(request);
		return NULL;
	}
	return request;
}

void request_free(struct request *request)
{
	if (!request)
		return;
	json_decref(request->query);
	free(request->path);
	free(request->body);
	free(request->answer);
	free(request);
}

int request_append_body(struct request *request, const char *data, size_t size)
{
	char *body;

	if (size > REQUEST_BODY_MAX - request->body_size)
		return -E2BIG;
	body = realloc(request->body, request->body_size + size + 1);
	if (!body)
		return -ENOMEM;
	memcpy(body + request->body_size, data, size);
	request->body = body;
	request->body_size += size;
	body[request->body_size] = '\0';
	return 0;
}

const char *request_query(const struct request *request, const char *name)
{
	return json_string_value(json_object_get(request->query, name));
}

bool request_flag(const struct request *request, const char *name)
{
	const char *value = request_query(request, name);

	return value && (!*value || !strcmp(value, "1") || !strcmp(value, "true"));
}

int request_number(const struct request *request, const char *name, unsigned int high,
		   unsigned int *number, struct error *error)
{
	const char *value = request_query(request, name);
	unsigned long parsed;
	char *end;

	if (!value)
		return 0;
	errno = 0;
	parsed = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || parsed > high)
		return error_set(error, ERROR_REQUEST, name, NULL,
				 "'%.40s' is wrong; expected a number from 0 to %u", value, high);
	*number = (unsigned int)parsed;
	return 0;
}

static void deliver(struct request *request)
{
	request->answered = true;
	if (request->send)
		request->send(request);
}

void request_reply(struct request *request, unsigned int status, json_t *json)
{
	request->status = status;
	request->answer = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
	json_decref(json);
	if (!request->answer) {
		request->status = 500;
		request->answer = strdup("{\"error\": {\"id\": \"internal\", \"object\": \"tenond\", "
					 "\"cause\": \"out of memory\", \"next\": \"\"}}");
	}
	deliver(request);
}

void request_reply_text(struct request *request, const char *text)
{
	request->status = 200;
	request->plain = true;
	request->answer = strdup(text);
	deliver(request);
}

/* JSON wants UTF-8, and what others complained about may be anything. */
static json_t *text_json(const char *text)
{
	json_t *json = json_string(text);
	char clean[sizeof(((struct error *)0)->cause)];
	size_t i;

	if (json)
		return json;
	for (i = 0; text[i] && i < sizeof(clean) - 1; i++)
		clean[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	clean[i] = '\0';
	return json_string(clean);
}

void request_fail(struct request *request, const struct error *error)
{
	json_t *json = json_pack("{s:{s:s, s:o, s:o, s:o}}", "error", "id", error_id(error->kind),
				 "object", text_json(error->object), "cause", text_json(error->cause),
				 "next", text_json(error->next));

	request_reply(request, error_status(error->kind), json);
}
