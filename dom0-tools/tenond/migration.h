/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A migration on its way out, as its job and the loop both see it: what was asked for, how far it is, and
 * whether it has been called off. Functions lock it where they have to; all but those of its reference count
 * and its options may be called by either.
 */
#ifndef TENOND_MIGRATION_H
#define TENOND_MIGRATION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define MIGRATION_DOWNTIME_MS	300

/* What an administrator may say of it; does not change. */
struct migrate_options {
	unsigned int max_downtime_ms;
	unsigned int bandwidth_mib;	/* MiB a second while the guest runs, 0: no limit */
	bool packed;			/* by zstd */
	bool auto_converge;		/* slow the guest down where it changes its memory too fast */
	bool copy_storage;		/* disks go with it, see copied.h */
	bool check;			/* only say what is in the way */
};

enum migration_stage {
	MIGRATION_CHECKS,
	MIGRATION_DISKS,	/* that go with it; ends with the first line about its memory */
	MIGRATION_ROUNDS,
	MIGRATION_SUSPENDED,	/* what was left is sent */
	MIGRATION_HANDING,	/* too late to cancel */
	MIGRATION_DONE,
};

struct migration;

/* host: where to, for people. With one reference, or NULL: out of memory. */
struct migration *migration_new(const char *host, const struct migrate_options *options);
struct migration *migration_ref(struct migration *migration);
void migration_unref(struct migration *migration);	/* accepts NULL */

const struct migrate_options *migration_options(const struct migration *migration);

/* The job has a connection, which is shut down when it is cancelled; -1: no more. -ECANCELED: it has been. */
int migration_connection(struct migration *migration, int fd);

/* A stage begins. -ECANCELED where it has been cancelled; after MIGRATION_HANDING it cannot be any more. */
int migration_begin(struct migration *migration, enum migration_stage stage);

/* A line of the sender's about how far it is ("disks", "round" or "progress"). */
void migration_note(struct migration *migration, json_t *line);

/* All is sent, in so many bytes. */
void migration_sent(struct migration *migration, uint64_t bytes);

/* So much of its processor time the guest is left, in percent. */
void migration_slowed(struct migration *migration, unsigned int percent);

bool migration_cancelled(struct migration *migration);

/* The other host has been given the last word, and has not said what became of the guest. */
bool migration_handing(struct migration *migration);

/* Call it off: 0, or -EBUSY when it is too late. Whoever waits for the other host wakes up. */
int migration_cancel(struct migration *migration);

/* As docs/api.md describes it. */
json_t *migration_json(struct migration *migration);

#endif
