/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log of one console: NAME.log in the log directory, appended to, and
 * rotated by size: NAME.log becomes NAME.log.1 and so on, the oldest goes.
 */
#ifndef CONSOLED_LOGFILE_H
#define CONSOLED_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOGFILE_NAME_MAX 128	/* bytes of a domain's name */

struct logfile_settings {
	int dir;		/* descriptor of the log directory */
	uint64_t max_size;	/* bytes of one file before it is rotated, 0: never */
	unsigned int keep;	/* rotated files kept, 0..99 */
};

struct logfile {
	const struct logfile_settings *settings;
	char name[LOGFILE_NAME_MAX];
	int fd;
	uint64_t size;
};

/* A name that may be part of a file's name. */
bool logfile_name_is_valid(const char *name);

/* Opens or creates the log of a domain.  0 or a negative errno. */
int logfile_open(struct logfile *log, const struct logfile_settings *settings, const char *name);
void logfile_close(struct logfile *log);

/* Rotates the log if len bytes more would make it too large.  0 or a negative errno. */
int logfile_make_room(struct logfile *log, size_t len);

/*
 * Appends all of it.  A negative errno when that was not possible, with what
 * was written taken back if it was part.
 */
int logfile_write(struct logfile *log, const char *data, size_t len);

/* Goes on under another name, with the same file if that name has none yet. */
int logfile_rename(struct logfile *log, const char *name);

/* Reads the last bytes, at most len; returns how many. */
size_t logfile_tail(const struct logfile *log, char *data, size_t len);

#endif
