/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The allocator of device vectors; interrupt/pirq.c's lock serializes its callers. */
#include "interrupt/vector.h"

#include "interrupt/interrupt.h"
#include "lib/bitmap.h"

static uint64_t used[4] = { [VECTOR_LEGACY_SYSCALL / 64] = 1ULL << VECTOR_LEGACY_SYSCALL % 64 };

static bool block_free(unsigned int first, unsigned int count)
{
	for (unsigned int i = first; i < first + count; i++)
		if (bit_test(used, i))
			return false;
	return true;
}

unsigned int vector_alloc(unsigned int count)
{
	unsigned int first;

	if (!count || count > 32 || count & (count - 1))
		return 0;
	for (first = ALIGN_UP(VECTOR_DEVICE_FIRST, count); first + count <= VECTOR_DEVICE_LAST + 1;
	     first += count) {
		if (!block_free(first, count))
			continue;
		for (unsigned int i = first; i < first + count; i++)
			bit_set_local(used, i);
		return first;
	}
	return 0;
}

void vector_free(unsigned int first, unsigned int count)
{
	for (unsigned int i = first; i < first + count; i++)
		bit_clear_local(used, i);
}
