/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of the hypervisor: to the serial console and the message ring that
 * the tools read.  printf-like: d u x lx lu llx llu p s c with width, zero pad
 * and precision for strings.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include "lib/base.h"
#include <stdarg.h>

enum log_level { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

void log_printf(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_err(...) log_printf(LOG_ERR, __VA_ARGS__)
#define log_warn(...) log_printf(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_printf(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_printf(LOG_DEBUG, __VA_ARGS__)

/*
 * For messages that a guest can provoke: at most a burst of 10, then 1 a
 * second, over all guests; the number suppressed is logged later.
 */
void log_guest(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints, dumps registers and a symbolized trace, stops all processors. */
void panic(const char *fmt, ...) __noreturn __attribute__((format(printf, 1, 2)));

/* A broken invariant of our own code.  Never for anything a guest can cause. */
#define ASSERT(cond) \
	do { \
		if (unlikely(!(cond))) \
			panic("assertion failed: %s at %s:%d", #cond, __FILE__, __LINE__); \
	} while (0)

size_t format_string(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
size_t format_string_va(char *buf, size_t size, const char *fmt, va_list ap);

#endif
