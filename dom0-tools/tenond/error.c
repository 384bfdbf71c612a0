// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Errors with object, cause and next step, and what each kind is called
 * elsewhere: as errno inside the daemon, as HTTP status and name in the API.
 */
#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *id;
	unsigned int status;
	int code;
} kinds[ERROR_KINDS] = {
	[ERROR_NONE] = { "none", 200, 0 },
	[ERROR_INTERNAL] = { "internal", 500, EIO },
	[ERROR_REQUEST] = { "bad-request", 400, EINVAL },
	[ERROR_CONFIG] = { "bad-configuration", 422, EINVAL },
	[ERROR_NOT_FOUND] = { "not-found", 404, ENOENT },
	[ERROR_EXISTS] = { "already-exists", 409, EEXIST },
	[ERROR_STATE] = { "wrong-state", 409, EBUSY },
	[ERROR_RESOURCES] = { "no-resources", 507, ENOMEM },
	[ERROR_TIMEOUT] = { "timed-out", 504, ETIMEDOUT },
	[ERROR_CANCELLED] = { "cancelled", 409, ECANCELED },
	[ERROR_UNREACHABLE] = { "unreachable", 503, ECONNREFUSED },
};

static int set(struct error *error, enum error_kind kind, const char *next, const char *cause,
	       va_list args)
{
	error->kind = kind;
	snprintf(error->next, sizeof(error->next), "%s", next ? next : "");
	vsnprintf(error->cause, sizeof(error->cause), cause, args);
	return -kinds[kind].code;
}

int error_set(struct error *error, enum error_kind kind, const char *object, const char *next,
	      const char *cause, ...)
{
	va_list args;
	int rc;

	snprintf(error->object, sizeof(error->object), "%s", object);
	va_start(args, cause);
	rc = set(error, kind, next, cause, args);
	va_end(args);
	return rc;
}

int error_domain(struct error *error, enum error_kind kind, const char *name, const char *next,
		 const char *cause, ...)
{
	va_list args;
	int rc;

	snprintf(error->object, sizeof(error->object), "domain %s", name);
	va_start(args, cause);
	rc = set(error, kind, next, cause, args);
	va_end(args);
	return rc;
}

struct error *errors_next(struct errors *errors)
{
	return &errors->items[errors->count];
}

void errors_note(struct errors *errors, int rc)
{
	if (rc && !errors->count)
		errors->rc = rc;
	if (rc && errors->count < ERRORS_MAX)
		errors->count++;
}

const char *error_id(enum error_kind kind)
{
	return kinds[kind].id;
}

unsigned int error_status(enum error_kind kind)
{
	return kinds[kind].status;
}

enum error_kind error_kind_of(const char *id)
{
	for (enum error_kind kind = ERROR_NONE; kind < ERROR_KINDS; kind++)
		if (!strcmp(kinds[kind].id, id))
			return kind;
	return ERROR_INTERNAL;
}
