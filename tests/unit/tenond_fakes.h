/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tenond stands on, imitated: hypervisor, store, domain builder and
 * devices, all in memory, with faults on demand.  A test links libtenond with
 * these instead of the real ones.
 */
#ifndef TESTS_TENOND_FAKES_H
#define TESTS_TENOND_FAKES_H

#include "dom0-tools/tenond/host.h"

#include <hypercall/control.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct domain_config;
struct record;

#define FAKE_DOMAINS 8
#define FAKE_RINGS 4

struct fake_domain {
	bool present;
	struct hc_control_info info;
	uint64_t affinity[64];
	struct hc_control_sched sched;
	bool logging;			/* of its writes */
	bool untold;			/* resumed, and the store does not know */
	bool traced;
	unsigned int trace_reads;	/* while it was */
};

struct fakes {
	struct fake_domain domains[FAKE_DOMAINS];	/* the index is the number; 0 is dom0 */
	unsigned int next_domid;
	uint64_t free_frames;
	unsigned int introduced;	/* rings that the store serves */
	uint32_t rings[FAKE_RINGS][4];	/* heads of granted ones, by reference */
	int mapped;			/* of them, at present */
	int disks;			/* held by domains: may not stay */
	int disk_fds;			/* open while a creation is under way */
	int nics;			/* plugged, or with rules */
	int dead_server;		/* a process that is said to have died; 0: none */
	int failed_disks;		/* whose requests were made to fail */
	bool bridge;			/* br0 exists */
	bool no_nbd;			/* the kernel lacks the module */
	unsigned int calls;		/* that can fail, so far */
	unsigned int fail_at;		/* the number of the call that fails, 0: none */
	bool fail_on;			/* and all after it */
	unsigned int run_seconds;	/* that a program had last, if it was to be killed after some */
	bool run_slow;			/* it takes longer */
	bool build_slow;		/* the builder waits until this is cleared */
};
extern struct fakes fakes;

/* Back to an empty host with memory and a bridge; the store is emptied. */
void fakes_reset(void);

/* Nothing of any domain is left. */
bool fakes_clean(void);

/* A node's value, or NULL. */
const char *fakes_node(const char *path);
/* Who may access a node: "n0,r3". "" where nothing was said. */
const char *fakes_perms(const char *path);
void fakes_put(const char *path, const char *value);

/* What tenond knows of a domain of this description; to be cleared. */
void fakes_record(struct record *record, const struct domain_config *config, int domid);
/* It is there, and suspends itself as soon as it is asked to. */
void fakes_suspending(uint16_t domid, const struct domain_config *config);
unsigned int fakes_nodes(void);

/* A host in a new temporary folder, with domains/ in it, and kernel, disk.img as files there. */
void fakes_host(struct host *host);
void fakes_host_free(struct host *host);

/* How many records the host keeps. */
unsigned int fakes_records(const struct host *host);

/* A description of a guest with a disk and an interface in that folder; malloc'd. */
char *fakes_xml(const struct host *host, const char *name, const char *extra);
/* What tenond reads of the same; a description that it refuses fails the test. */
struct domain_config *fakes_config(const struct host *host, const char *name, const char *devices);

#endif
