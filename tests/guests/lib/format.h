/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text out of values, for kernels without a library. */
#ifndef GUESTS_FORMAT_H
#define GUESTS_FORMAT_H

#include <stdarg.h>

#include "types.h"

/*
 * %s %c %d %u %x %p %% with l or ll, a width and a leading 0. Returns the length of the whole
 * text; what does not fit in size bytes with the final NUL is left out.
 */
size_t format_va(char *buf, size_t size, const char *fmt, va_list args);

#endif
