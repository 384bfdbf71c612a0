/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of a daemon: see log.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"

static const char *program = "tenon";
static bool to_journal;
static bool with_debug;

void log_open(const char *name, bool debug)
{
	program = name;
	with_debug = debug;
	to_journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_write(enum log_level level, const char *format, ...)
{
	char line[1024];
	va_list args;
	int head, body;

	if (level == LOG_LEVEL_DEBUG && !with_debug)
		return;
	if (to_journal)
		head = snprintf(line, sizeof(line), "<%d>", level);
	else
		head = snprintf(line, sizeof(line), "%s: ", program);
	va_start(args, format);
	body = vsnprintf(line + head, sizeof(line) - head - 1, format, args);
	va_end(args);
	if (body < 0)
		return;
	if (body > (int)sizeof(line) - head - 2)
		body = (int)sizeof(line) - head - 2;
	line[head + body] = '\n';
	/* One write a line: lines of several processes do not mix.  A failure has nowhere to go. */
	if (write(STDERR_FILENO, line, head + body + 1) < 0)
		return;
}
