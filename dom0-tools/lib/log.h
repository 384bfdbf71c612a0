/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of a daemon: one line each on standard error, with the priority
 * prefix that systemd's journal understands ("<3>" and so on) when it is the
 * journal that reads, and with the program's name otherwise.
 */
#ifndef TENON_LOG_H
#define TENON_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR = 3,	/* something asked for was not done */
	LOG_LEVEL_WARNING = 4,	/* done, but somebody should look */
	LOG_LEVEL_INFO = 6,	/* milestones of normal running */
	LOG_LEVEL_DEBUG = 7,	/* each step, off unless asked for */
};

/* name: of the program; it must stay valid. */
void log_open(const char *name, bool debug);
void log_write(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
