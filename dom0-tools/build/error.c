/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reasons why a domain could not be built. */
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

int build_fail(struct build_error *error, int code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return code;
}
