/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The start_info page and the registers a domain starts with. */
#ifndef BUILD_STARTINFO_H
#define BUILD_STARTINFO_H

#include <stdint.h>

#include <hypercall/start.h>
#include <hypercall/vcpu.h>

#include "elf.h"
#include "frames.h"
#include "layout.h"

struct startinfo_config {
	const char *command_line;	/* NULL: empty. */
	uint64_t shared_info_mfn;
	uint32_t store_port;
	uint32_t console_port;
};

/* -E2BIG: the command line has more than 1023 bytes. */
int startinfo_make(const struct layout *layout, const struct frames *frames,
		   const struct startinfo_config *config, struct hc_start_info *info,
		   struct build_error *error);

/* vcpu 0, in its kernel, at the entry point. */
void startinfo_context(const struct layout *layout, const struct frames *frames, const struct elf *elf,
		       struct hc_vcpu_guest_context *context);

#endif
