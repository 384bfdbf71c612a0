/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest and a machine for the tests of hypervisor/emulate: three pages of
 * guest memory, one vcpu, and records of what the emulation did to the rest.
 */
#ifndef EMULATE_WORLD_H
#define EMULATE_WORLD_H

#include "domain/domain.h"
#include "emulate/emulate.h"

#define WORLD_VA 0x400000UL	/* of the first page */
#define WORLD_PAGES 3
#define WORLD_READ 1
#define WORLD_WRITE 2
#define WORLD_CODE (WORLD_VA + 0x100)		/* where world_code() puts instructions */
#define WORLD_DATA (WORLD_VA + PAGE_SIZE)
#define WORLD_TABLE 77				/* the frame of a level-1 table */
#define WORLD_NO_TABLE 78			/* of no table; all others are of upper levels */

enum world_model { WORLD_REAL_CPU, WORLD_INTEL, WORLD_AMD, WORLD_OLD };

struct world {
	/* The guest */
	struct domain domain;
	struct vcpu vcpu;
	struct hc_vcpu_info info;
	struct regs regs;
	uint8_t memory[WORLD_PAGES * PAGE_SIZE] __aligned(16);
	uint8_t access[WORLD_PAGES];	/* WORLD_READ | WORLD_WRITE */
	bool host_addresses;		/* guest addresses are this program's own */
	bool long_mode;			/* its code segment */
	uint64_t bitmap_va;		/* addresses from here on: kernel's only */

	/* What was injected: -1 for nothing */
	int vector;
	uint32_t error_code;
	uint64_t fault_va;

	/* Page tables */
	unsigned int stores;
	int store_result;		/* what the next stores return, 0: they are done */
	void (*before_compare)(uint64_t va);
	int base_result;
	mfn_t base;

	/* Ports and registers */
	uint32_t port_value;		/* the machine's answer to reads */
	unsigned int port_reads, port_writes, pci_reads, pci_writes;
	uint16_t last_port;
	unsigned int last_bytes;
	uint32_t last_value;
	enum world_model model;
	uint64_t msr[8];		/* by world_msr_slot() */
	unsigned int msr_writes, flushes, cache_flushes, blocks;
	uint64_t flushed_va;
	bool tsd;
	uint64_t cr4, xcr0_mask, xcr0, tsc;
	uint64_t debug_value;
	bool tsc_stable;
};

extern struct world world;

/* A guest kernel of an unprivileged domain in 64-bit mode, everything readable and writable. */
void world_reset(void);
/* Put an instruction at WORLD_CODE and point rip at it. */
void world_code(const void *bytes, size_t size);
#define CODE(...) \
	world_code((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
/* Guest memory as the test sees it. */
void *world_at(uint64_t va);

#endif
