/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a domain could not be built, in words for its administrator: the object,
 * where in it, what was found and what was expected.
 */
#ifndef BUILD_ERROR_H
#define BUILD_ERROR_H

struct build_error {
	char text[512];
};

/* Writes the reason and returns code, so that a failing function ends with it. */
int build_fail(struct build_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
