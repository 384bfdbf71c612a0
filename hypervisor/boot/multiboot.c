/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both multiboot protocols into one struct boot_information; all below 4 GiB. */
#include "boot/multiboot.h"
#include "lib/log.h"
#include "lib/string.h"

struct boot_information boot_information;

#define MB1_MEMORY (1u << 0)
#define MB1_COMMAND_LINE (1u << 2)
#define MB1_MODULES (1u << 3)
#define MB1_MAP (1u << 6)
#define MB1_LOADER (1u << 9)

struct mb1_info {
	uint32_t flags, mem_lower, mem_upper, boot_device, cmdline;
	uint32_t mods_count, mods_addr, syms[4], mmap_length, mmap_addr;
	uint32_t drives_length, drives_addr, config_table, boot_loader_name;
};

struct mb1_module {
	uint32_t start, end, cmdline, pad;
};

struct mb1_map {
	uint32_t size;
	uint64_t base, length;
	uint32_t type;
} __packed;

struct mb2_tag {
	uint32_t type, size;
};

struct mb2_module {
	struct mb2_tag tag;
	uint32_t start, end;
	char cmdline[];
};

struct mb2_map {
	struct mb2_tag tag;
	uint32_t entry_size, version;
	char entries[];
};

struct mb2_entry {
	uint64_t base, length;
	uint32_t type, pad;
};

static void copy_text(char *dst, size_t size, uint32_t address)
{
	if (address)
		format_string(dst, size, "%s", (const char *)maddr_to_virt(address));
}

static void add_range(uint64_t base, uint64_t length, uint32_t type)
{
	struct boot_information *b = &boot_information;
	uint64_t start = base, end = base + length;

	if (!length || end < base)
		return;
	/* Usable RAM is counted in whole frames, everything else grows to whole frames. */
	if (type == 1) {
		start = ALIGN_UP(start, PAGE_SIZE);
		end = ALIGN_DOWN(end, PAGE_SIZE);
	} else {
		start = ALIGN_DOWN(start, PAGE_SIZE);
		end = ALIGN_UP(end, PAGE_SIZE);
	}
	if (start >= end)
		return;
	if (b->map_count == MEMORY_MAX_RANGES) {
		log_warn("memory map: more than %d ranges, the rest left out", MEMORY_MAX_RANGES);
		return;
	}
	b->map[b->map_count++] = (struct memory_range){ start, end, type };
}

static void add_module(uint32_t start, uint32_t end, const char *cmdline)
{
	struct boot_information *b = &boot_information;
	struct boot_module *m = &b->module[b->modules];

	if (end < start || b->modules == BOOT_MODULES_MAX) {
		log_warn("boot module at %x..%x left out", start, end);
		return;
	}
	m->start = start;
	m->size = end - start;
	format_string(m->command_line, sizeof(m->command_line), "%s", cmdline);
	b->modules++;
}

static void parse_mb1(const struct mb1_info *mb)
{
	struct boot_information *b = &boot_information;

	if (mb->flags & MB1_COMMAND_LINE)
		copy_text(b->command_line, sizeof(b->command_line), mb->cmdline);
	if (mb->flags & MB1_LOADER)
		copy_text(b->loader, sizeof(b->loader), mb->boot_loader_name);
	if (mb->flags & MB1_MODULES) {
		const struct mb1_module *m = maddr_to_virt(mb->mods_addr);

		for (uint32_t i = 0; i < mb->mods_count; i++)
			add_module(m[i].start, m[i].end,
				   m[i].cmdline ? maddr_to_virt(m[i].cmdline) : "");
	}
	if (mb->flags & MB1_MAP) {
		for (uint32_t at = 0; at + sizeof(struct mb1_map) <= mb->mmap_length;) {
			const struct mb1_map *e = maddr_to_virt(mb->mmap_addr + at);

			add_range(e->base, e->length, e->type);
			at += e->size + 4;
		}
	} else if (mb->flags & MB1_MEMORY) {
		add_range(0, (uint64_t)mb->mem_lower << 10, 1);
		add_range(0x100000, (uint64_t)mb->mem_upper << 10, 1);
	}
}

static void parse_mb2_tag(const struct mb2_tag *tag, uint32_t address)
{
	struct boot_information *b = &boot_information;
	const char *text = (const char *)(tag + 1);

	switch (tag->type) {
	case 1:
		format_string(b->command_line, sizeof(b->command_line), "%s", text);
		break;
	case 2:
		format_string(b->loader, sizeof(b->loader), "%s", text);
		break;
	case 3: {
		const struct mb2_module *m = (const void *)tag;

		add_module(m->start, m->end, m->cmdline);
		break;
	}
	case 6: {
		const struct mb2_map *map = (const void *)tag;

		if (map->entry_size < sizeof(struct mb2_entry))
			break;
		for (uint32_t at = sizeof(*map); at + map->entry_size <= tag->size;
		     at += map->entry_size) {
			const struct mb2_entry *e = (const void *)((const char *)tag + at);

			add_range(e->base, e->length, e->type);
		}
		break;
	}
	case 14:
	case 15:
		b->rsdp = address + sizeof(*tag);
		break;
	default:
		break;
	}
}

static void parse_mb2(uint32_t info)
{
	uint32_t total = *(uint32_t *)maddr_to_virt(info);
	const struct mb2_tag *tag;

	for (uint32_t at = 8; at + sizeof(*tag) <= total; at += ALIGN_UP(tag->size, 8u)) {
		tag = maddr_to_virt(info + at);
		if (!tag->type || tag->size < sizeof(*tag))
			break;
		parse_mb2_tag(tag, info + at);
	}
}

/* Firmware lists are short and nearly sorted. */
static void sort_map(struct memory_range *map, unsigned int count)
{
	for (unsigned int i = 1; i < count; i++)
		for (unsigned int j = i; j && map[j].start < map[j - 1].start; j--) {
			struct memory_range t = map[j];

			map[j] = map[j - 1];
			map[j - 1] = t;
		}
}

int multiboot_parse(uint32_t magic, uint32_t info)
{
	if (magic == MULTIBOOT1_MAGIC)
		parse_mb1(maddr_to_virt(info));
	else if (magic == MULTIBOOT2_MAGIC)
		parse_mb2(info);
	else
		return -EINVAL;
	sort_map(boot_information.map, boot_information.map_count);
	return boot_information.map_count ? 0 : -EINVAL;
}
