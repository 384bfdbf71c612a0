/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An error as the administrator sees it: what it is about (object), why it
 * happened (cause) and what to do (next).  Written once, where it arises;
 * the API carries it as JSON and the command line prints it.
 */
#ifndef TENOND_ERROR_H
#define TENOND_ERROR_H

#include <stdarg.h>

/* The kinds are part of the API: error_id() names them, docs/api.md lists them. */
enum error_kind {
	ERROR_NONE,
	ERROR_INTERNAL,		/* unexpected failure of the system or of Tenon itself */
	ERROR_REQUEST,		/* the request cannot be understood */
	ERROR_CONFIG,		/* the domain's description is wrong */
	ERROR_NOT_FOUND,
	ERROR_EXISTS,		/* a name, UUID or address is taken */
	ERROR_STATE,		/* not possible in the object's present state */
	ERROR_RESOURCES,	/* not enough memory, devices, numbers */
	ERROR_TIMEOUT,
	ERROR_CANCELLED,	/* as somebody wished */
	ERROR_UNREACHABLE,	/* a daemon or the hypervisor does not answer */
	ERROR_KINDS
};

struct error {
	enum error_kind kind;
	char object[160];
	char cause[2048];
	char next[256];
};

/*
 * Describe an error and return it as a negative errno, so that callers can
 * write "return error_set(...)".  next may be NULL where nothing can be advised.
 */
int error_set(struct error *error, enum error_kind kind, const char *object, const char *next,
	      const char *cause, ...) __attribute__((format(printf, 5, 6)));

/* The same about the domain of a name. */
int error_domain(struct error *error, enum error_kind kind, const char *name, const char *next,
		 const char *cause, ...) __attribute__((format(printf, 5, 6)));

/* Everything that stands in somebody's way, not just what is found first. */
#define ERRORS_MAX 16
struct errors {
	unsigned int count;
	int rc;					/* of the first; 0: there is none */
	struct error items[ERRORS_MAX + 1];	/* those beyond ERRORS_MAX are not kept */
};

/* errors_note(errors, check(..., errors_next(errors))): keep what a check says unless it says 0. */
struct error *errors_next(struct errors *errors);
void errors_note(struct errors *errors, int rc);

/* The stable identifier of a kind ("not-found") and the HTTP status that goes with it. */
const char *error_id(enum error_kind kind);
unsigned int error_status(enum error_kind kind);
enum error_kind error_kind_of(const char *id);	/* ERROR_INTERNAL if not known */

#endif
