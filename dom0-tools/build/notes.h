/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a kernel says in its ELF notes about how it wants to be started. */
#ifndef BUILD_NOTES_H
#define BUILD_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Notes seen: bit 1 << HC_ELFNOTE_*. */
struct notes {
	uint32_t present;
	uint64_t entry;			/* Guest virtual addresses. */
	uint64_t hypercall_page;
	uint64_t virt_base;
	uint64_t init_p2m;
	uint64_t paddr_offset;		/* Bytes. */
	uint64_t hv_start_low;
	uint64_t mod_start_pfn;		/* Non-zero: the initrd may stay unmapped. */
	uint32_t features_supported;	/* Bits 1 << HC_FEATURE_*. */
	uint32_t features_required;
	char loader[16];		/* "" where the note is missing. */
	char version[16];
};

static inline bool notes_have(const struct notes *notes, unsigned int type)
{
	return notes->present & (1u << type);
}

/*
 * Adds the notes of one section to *notes, which starts out zeroed. path and
 * offset (of data in the image, bytes) are for messages. -ENOEXEC.
 */
int notes_parse(const char *path, uint64_t offset, const uint8_t *data, size_t size,
		struct notes *notes, struct build_error *error);

#endif
