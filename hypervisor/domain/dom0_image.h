/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dom0 kernel: an ELF file with Xen notes, in memory. */
#ifndef DOMAIN_DOM0_IMAGE_H
#define DOMAIN_DOM0_IMAGE_H

#include "lib/base.h"

#define IMAGE_SEGMENTS 16

struct dom0_image {
	const uint8_t *data;
	uint64_t size;
	uint64_t virt_base;		/* virtual address of pseudo-physical 0 */
	uint64_t entry;
	uint64_t hypercall_page;	/* virtual, 0: none */
	uint64_t init_p2m;		/* virtual address wanted for the p2m list, 0: beside the image */
	uint64_t first_byte, end_byte;	/* pseudo-physical span of all segments */
	bool initrd_by_frame;		/* takes an initrd that is not mapped */
	unsigned int segments;
	struct {
		uint64_t pseudo_physical, offset, file_size, memory_size;
	} segment[IMAGE_SEGMENTS];
};

/* NULL: fine; else what is wrong with the file. */
const char *dom0_image_parse(struct dom0_image *image, const void *data, uint64_t size);

#endif
