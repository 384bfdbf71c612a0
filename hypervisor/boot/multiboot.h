/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a boot loader told us, by multiboot 1 or 2 (source: the two published
 * specifications).
 */
#ifndef BOOT_MULTIBOOT_H
#define BOOT_MULTIBOOT_H

#include "lib/base.h"
#include "memory/memory.h"

#define MULTIBOOT1_MAGIC 0x2badb002
#define MULTIBOOT2_MAGIC 0x36d76289
#define BOOT_MODULES_MAX 4

struct boot_module {
	uint64_t start, size;	/* physical bytes */
	char command_line[1024];
};

struct boot_information {
	char command_line[512];
	char loader[64];
	struct boot_module module[BOOT_MODULES_MAX];
	unsigned int modules;
	uint64_t rsdp;		/* address of a copy given by the loader, 0: search */
	struct memory_range map[MEMORY_MAX_RANGES];
	unsigned int map_count;
};

extern struct boot_information boot_information;

/* 0, or -EINVAL: neither protocol's magic number, or information that cannot be true. */
int multiboot_parse(uint32_t magic, uint32_t info);

#endif
