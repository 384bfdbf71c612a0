/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tenond knows of a domain and the hypervisor does not, kept in
 * RUN_DIR/domains/UUID.json.  Written before anything is acquired and at each
 * change of phase, replaced atomically: whoever kills tenond at any moment
 * leaves a record from which the next one either goes on or cleans up.
 */
#ifndef TENOND_RECORD_H
#define TENOND_RECORD_H

#include "config.h"
#include "host.h"

#include <sys/types.h>

enum phase {
	PHASE_CREATING,		/* half made: to be torn down if found at start */
	PHASE_ACTIVE,		/* whole: running, paused, or shut down and preserved */
	PHASE_RESTARTING,	/* to be torn down and created again */
	PHASE_SAVING,		/* its guest is asked to suspend, and is then written to save_path */
	PHASE_CHECKPOINTING,	/* its guest runs on, and its state is written to save_path now and then */
	PHASE_MIGRATING,	/* on its way to peer, and still ours */
	PHASE_HANDING,		/* peer has been told to let it run, or is about to be: ask there */
	PHASE_STOPPING,		/* to be torn down */
};
const char *phase_name(enum phase phase);

/* A disk's way into dom0, beside its configuration. */
struct record_disk {
	char device[40];	/* the block device that the guest is given */
	pid_t server;		/* its qemu-nbd; 0: it needs none, or has lost it */
};

struct record {
	char uuid[UUID_STR_LEN];
	char name[CONFIG_NAME_MAX + 1];
	enum phase phase;
	int domid;			/* -1: none yet */
	bool paused;			/* by the administrator */
	int64_t created;		/* seconds since 1970: when this instance was unpaused */
	unsigned int quick_restarts;	/* in a row, see lifecycle.c */
	char *xml;			/* NULL for a domain that others have made */
	char *save_path;		/* of PHASE_SAVING, PHASE_CHECKPOINTING: it is there once it is complete */
	bool save_keep;			/* the guest shall go on afterwards */
	bool cut_short;			/* its checkpoints, to save_path or peer, have ended with a former tenond */
	char *peer;			/* of a migration, or of checkpoints without save_path: the other host */
	bool came;			/* from another host, see taken.h */
	bool ending;			/* is not to be restarted or preserved, whatever the description says */
	struct record_disk disks[CONFIG_DISKS_MAX];
	unsigned int disk_count;
};

void record_clear(struct record *record);

/* 0 or a negative errno of the file system. A record without XML is not kept in a file. */
int record_save(const struct host *host, const struct record *record);
int record_load(const char *path, struct record *record);
void record_delete(const struct host *host, const struct record *record);

/* Call take for each record of the host; those that cannot be read are passed by, with a log line. */
int record_each(const struct host *host, void (*take)(struct record *record, void *data), void *data);

#endif
