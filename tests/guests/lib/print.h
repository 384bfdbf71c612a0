/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output of a test kernel: to the host console if the domain may (the
 * management domain), else to its console ring.
 */
#ifndef GUESTS_PRINT_H
#define GUESTS_PRINT_H

#include <stdarg.h>

#include "types.h"

/* %s %c %d %u %x %p %% with l or ll, a width and a leading 0. */
size_t format_va(char *buf, size_t size, const char *fmt, va_list args);
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void print_va(const char *fmt, va_list args);

#endif
