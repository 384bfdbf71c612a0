/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saving a guest to a file and restoring it from there.
 */
#ifndef TENOND_SAVE_H
#define TENOND_SAVE_H

#include "error.h"
#include "host.h"
#include "record.h"

#include "../lib/store_client.h"

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

/*
 * Ask the guest to suspend and write its state to record->save_path, a file that
 * must not exist; called by a job's thread. On success the guest is suspended
 * and the file is on disk. On failure there is no file, and the guest goes on.
 */
int save_guest(const struct host *host, const struct domain_config *config, struct record *record,
	       struct error *error);

/* Parts of it, for migration: the store if the guest can suspend; its description; suspending it. */
int save_open_store(const struct host *host, const struct record *record, struct store_client **store,
		    struct error *error);
char *save_describe(struct store_client *store, const struct domain_config *config,
		    const struct record *record, int *rc);
int save_suspend(const struct host *host, struct store_client *store, const struct record *record,
		 struct error *error);

/* Nothing has the name that is wanted. Asked before the save is recorded, too. */
int save_check_free(const struct record *record, struct error *error);

/* Its save_path cannot be written, by a negative errno: says so. And: a name of a file is on disk, or why not. */
int save_file_failed(const struct record *record, int rc, struct error *error);
int save_sync_folder(const char *path);

/*
 * The name of a file that is not complete yet; and a new one of that name, locked until it is closed, or a negative errno
 * (-EBUSY: another one is being written) and no name. And: one that a killed tenond has left is removed, likewise.
 */
int save_name_partial(const char *path, char partial[PATH_MAX]);
int save_open_partial(const char *path, char partial[PATH_MAX]);
int save_remove_partial(const char *partial);

/* Whether it has suspended; -ECANCELED when it ended otherwise. */
int save_is_suspended(const struct host *host, const struct record *record, bool *suspended);

/* Let a suspended guest go on where it is, and tell the store, on whose answer nothing depends. */
int save_resume(const struct host *host, const struct record *record, struct error *error);

/* A saved guest about to be restored: what its file says first. */
struct saved {
	int fd;
	bool incoming;			/* fd is a connection to the host that sends it */
	char *path;
	uint64_t checkpoint;		/* number of the one that it goes on from, 0: it was saved once */
	int64_t taken;			/* when, seconds since 1970 */
	json_t *coming;			/* disks that come with it, see copied.h; NULL: none */
	json_t *nodes;			/* what its kernel had written in the store */
	struct domain_config *config;	/* until somebody takes it over */
};

/* Open a file and read its description. 0 and *saved, or a negative errno and *error. */
int saved_open(const struct host *host, const char *path, struct saved **saved, struct error *error);

/* Whether there is a file that says first that it is of the guest of this UUID. */
bool saved_is_of(const struct host *host, const char *path, const char *uuid);

/* The same of a description that came by a connection, which *saved then owns. */
int saved_incoming(const struct host *host, int fd, json_t *description, struct saved **saved,
		   struct error *error);
void saved_close(struct saved *saved);	/* accepts NULL */

#endif
