/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The domain builder: from a kernel file, an initrd and a command line to a
 * paused 64-bit PV domain that holds them and is ready to run.
 *
 * Kernel and initrd are untrusted: they may belong to the guest's owner. Every
 * number read from them is checked before it is used, and what an unpacked
 * kernel may take is bounded.
 */
#ifndef BUILD_BUILD_H
#define BUILD_BUILD_H

#include <stdint.h>

#include "error.h"

struct hc_handle;

/* Frames a domain may take beyond its memory while it balloons: 1 MiB. */
#define BUILD_SLACK 256

struct build_config {
	const char *kernel;		/* ELF, bzImage, or either compressed. */
	const char *initrd;		/* NULL: none. */
	const char *command_line;	/* NULL: empty; at most 1023 bytes. */
	const char *cache;		/* Directory for unpacked kernels; NULL: none. */
	const char *name;		/* For the hypervisor's log. */
	uint8_t uuid[16];
	uint64_t memory;		/* Bytes, a multiple of 4096. */
	uint64_t max_memory;		/* Bytes, at least memory. */
	uint32_t vcpus;			/* 1 to 64. */
	uint16_t domid;			/* Wanted number; 0xffff: any. */
	uint16_t store_domid;		/* Who serves the store: 0 usually. */
	uint16_t console_domid;		/* Who serves the console: 0 usually. */
};

struct build_result {
	uint16_t domid;
	uint32_t store_port;		/* Event channels, on the guest's side. */
	uint32_t console_port;
	uint64_t store_mfn;		/* Machine frames of the rings; the same */
	uint64_t console_mfn;		/* are granted by references 1 and 0. */
};

/*
 * Creates the domain. Returns 0, or a negative errno with the reason in
 * *error; then no domain is left behind. -ENOENT, -EACCES: a file cannot be
 * read; -ENOEXEC: the kernel is none we can start; -ENOMEM: memory, of the
 * host or of the domain, is too small; else what the hypervisor said.
 */
int build_domain(struct hc_handle *handle, const struct build_config *config,
		 struct build_result *result, struct build_error *error);

#endif
