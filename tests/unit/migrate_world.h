/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An imitated hypervisor with memory and two domains: GUEST, which is
 * suspended and has page tables, a p2m and processors like a Linux guest, and the
 * one that a restorer makes. It takes the place of libhypercall.
 */
#ifndef TESTS_MIGRATE_WORLD_H
#define TESTS_MIGRATE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include <hypercall/hypercall.h>
#include <hypercall/start.h>
#include <hypercall/vcpu.h>

#define MACHINE_FRAMES	2048
#define GUEST		1
#define RESTORED	2
#define SHARED_INFO	3		/* machine frame of GUEST's shared_info */
#define WORDS		512
#define WORLD_VADDR	0xffffc90000000000ull	/* of the p2m */

/* Guest frames of GUEST; the rest below ENTRIES is data or not there. */
#define ENTRIES		1024
#define START_INFO	5
#define STORE_RING	6
#define CONSOLE_RING	7
#define GDT		8
#define P2M		9		/* and the one after it */
#define TABLE_L4	20
#define TABLE_L3	21
#define TABLE_L2	22
#define TABLE_L1	23
#define USER_L4		24
#define DATA		32
#define ZERO		33		/* this page is zero */
#define HOLE		40		/* this frame is not there, as those from LAST on */
#define HOLE_FOREIGN	41		/* nor is this, the p2m has a foreign frame */
#define HOLE_IDENTITY	42		/* nor this one, an identity frame */
#define LAST		700

struct world_frame {
	uint16_t owner;			/* 0: free */
	uint64_t info;			/* HC_FRAME_* */
};

struct world {
	uint64_t memory[MACHINE_FRAMES][WORDS];
	struct world_frame frames[MACHINE_FRAMES];
	struct hc_control_info info[3];
	bool present[3];
	struct hc_vcpu_guest_context contexts[3][3];
	struct hc_vcpu_state states[3][3];
	bool online[3][3];
	uint64_t seeds[2];		/* machine frame of the grants for console and store */
	uint32_t ports;
	uint64_t pins;			/* of RESTORED */
	bool logging;			/* of GUEST's writes */
	uint64_t dirty[ENTRIES / 64];
	unsigned int calls, fail_at;	/* the call that fails; 0: none */
};

extern struct world world;

/* A new world with GUEST in it; seed moves its frames about and fills its data. */
void world_start(unsigned int seed);

/* The machine frame of a guest frame of a domain, 0 where it is not there. */
uint64_t world_machine(uint16_t domid, uint64_t gfn);
uint64_t *world_page(uint16_t domid, uint64_t gfn);

/* GUEST to a new memory file; returns save_domain()'s code. */
int world_save(int *fd, char *reason);

/* The same while it runs: life is called after each round, and before it is suspended (round 0). */
int world_save_live(int *fd, void (*life)(unsigned int round), char *reason);

/* Disks that go with it while it runs, and come when it is restored; NULL: none. */
struct disks;
struct disk_in;
extern struct disks *world_disks;
extern struct disk_in *world_disks_in;
extern void (*world_created)(uint16_t domid, void *data);	/* NULL: nobody is told */

/* Checkpoints of it while it runs, as they are configured but for what is the same each time. */
struct checkpoint_config;
int world_checkpoint(struct checkpoint_config *config, bool *again, char *reason);

/* GUEST writes to one of its pages. */
void world_write(uint64_t gfn, unsigned int word, uint64_t value);

/* From a file, read from its start; returns restore_domain()'s code. */
int world_restore(int fd, char *reason);

#endif
