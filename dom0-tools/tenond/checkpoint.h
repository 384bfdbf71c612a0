/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checkpoints of a guest that runs on, as their job and the loop both see them: what was asked for, how far
 * they are, and whether they shall end. All but those of its reference count and its options may be called by
 * either.
 */
#ifndef TENOND_CHECKPOINT_H
#define TENOND_CHECKPOINT_H

#include "error.h"
#include "host.h"
#include "record.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define CHECKPOINT_INTERVAL_MAX	86400		/* seconds */
#define CHECKPOINT_COUNT_MAX	1000000000
#define CHECKPOINT_SNAPSHOT_S	60		/* for the program that copies the disks, unless somebody says */
#define CHECKPOINT_SNAPSHOT_MAX	86400

/* What an administrator may say of them; does not change. */
struct checkpoint_options {
	unsigned int interval;		/* seconds from the beginning of one to that of the next, 1 or more */
	unsigned int count;		/* 0: until they are cancelled */
	const char *snapshot;		/* program that makes copies of the disks meanwhile, or NULL */
	unsigned int snapshot_timeout;	/* seconds after which it is killed, 1 or more */
	bool memory_only;		/* though the guest writes to disks, which are not in the file */
	bool replace;			/* the file if there is one, once the first is complete */
	bool elsewhere;			/* the file is another host's, see series.h */
};

enum checkpoint_stage { CHECKPOINT_WRITING, CHECKPOINT_SUSPENDED, CHECKPOINT_WAITING };

struct checkpoint;

/*
 * path: of the file, absolute, or of one elsewhere the host that will say where it is; it and what options refer to is
 * copied. With one reference, or NULL: no memory.
 */
struct checkpoint *checkpoint_new(const char *path, const struct checkpoint_options *options);
struct checkpoint *checkpoint_ref(struct checkpoint *checkpoint);
void checkpoint_unref(struct checkpoint *checkpoint);	/* accepts NULL */

const struct checkpoint_options *checkpoint_options(const struct checkpoint *checkpoint);

/* A stage begins. -ECANCELED where they have been cancelled. */
int checkpoint_begin(struct checkpoint *checkpoint, enum checkpoint_stage stage);

/* What the worker says: how far it is; one is complete. */
void checkpoint_progress(struct checkpoint *checkpoint, json_t *line);
void checkpoint_note(struct checkpoint *checkpoint, json_t *taken);

/* Wait so long, until they are cancelled: 0 or -ECANCELED. */
int checkpoint_wait(struct checkpoint *checkpoint, uint64_t ns);

/* Ask for their end: after the one under way, or at once. */
void checkpoint_cancel(struct checkpoint *checkpoint);

/* They follow one that another run has left; to be said before the first. */
void checkpoint_follow(struct checkpoint *checkpoint, uint64_t number);

/* The other host has said where its file is; copied. 0 or -ENOMEM. */
int checkpoint_place(struct checkpoint *checkpoint, const char *path);

uint64_t checkpoint_count(struct checkpoint *checkpoint);	/* of complete ones */
uint64_t checkpoint_next(struct checkpoint *checkpoint);	/* the number of the one that comes */

/* As docs/api.md describes it. */
json_t *checkpoint_json(struct checkpoint *checkpoint);

/*
 * Take them; called by a job's thread, with record->phase PHASE_CHECKPOINTING and the file in record->save_path, or
 * that NULL and the other host in record->peer.
 * Returns when there have been enough, or they were cancelled: 0; or with a negative errno and *error. In any case
 * the guest goes on unless it has ended by itself, and the last checkpoint that was complete is in the file.
 */
int checkpoint_guest(const struct host *host, const struct domain_config *config, struct record *record,
		     struct checkpoint *checkpoint, struct error *error);

/* One of another tenond was cut short: the log of writes is off, and what was not complete is gone. */
void checkpoint_clean(const struct host *host, const struct record *record);

#endif
