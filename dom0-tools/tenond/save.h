/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saving a guest to a file and restoring it from there.
 */
#ifndef TENOND_SAVE_H
#define TENOND_SAVE_H

#include "error.h"
#include "host.h"
#include "record.h"

#include <jansson.h>

/*
 * Ask the guest to suspend and write its state to record->save_path, a file that
 * must not exist; called by a job's thread. On success the guest is suspended
 * and the file is on disk. On failure there is no file, and the guest goes on.
 */
int save_guest(const struct host *host, const struct domain_config *config, struct record *record,
	       struct error *error);

/* Let a suspended guest go on where it is. */
int save_resume(const struct host *host, const struct record *record, struct error *error);

/* A saved guest about to be restored: what its file says first. */
struct saved {
	int fd;
	char *path;
	json_t *nodes;			/* what its kernel had written in the store */
	struct domain_config *config;	/* until somebody takes it over */
};

/* Open a file and read its description. 0 and *saved, or a negative errno and *error. */
int saved_open(const struct host *host, const char *path, struct saved **saved, struct error *error);
void saved_close(struct saved *saved);	/* accepts NULL */

#endif
