/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gives a domain a memory map of one entry. */
#include "internal.h"

#include <hypercall/memory.h>

struct map {
	struct hc_foreign_memory_map map;
	struct hc_e820_entry entry;
};

int hc_domain_set_ram(struct hc_handle *handle, uint16_t domid, uint64_t size)
{
	uint64_t arguments[5] = { HC_MEM_SET_MEMORY_MAP };
	struct map *map;
	void *buffer;
	int ret = hc_buffer_alloc(handle, sizeof(*map), &buffer);

	if (ret < 0)
		return ret;
	map = buffer;
	*map = (struct map){
		.map = { .domid = domid, .map = { .nr_entries = 1, .buffer = (uintptr_t)&map->entry } },
		.entry = { .size = size, .type = HC_E820_RAM },
	};
	arguments[1] = (uintptr_t)map;
	ret = hc_call(handle, HC_NR_MEMORY_OP, arguments);
	hc_buffer_free(handle, buffer, sizeof(*map));
	return ret;
}
