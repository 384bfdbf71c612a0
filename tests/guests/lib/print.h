/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Output of a test kernel: to the host console if the domain may (the
 * management domain), else to its console ring.
 */
#ifndef GUESTS_PRINT_H
#define GUESTS_PRINT_H

#include "format.h"

void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void print_va(const char *fmt, va_list args);

#endif
