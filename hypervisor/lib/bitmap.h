/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bit operations on arrays of uint64_t.  The plain ones are atomic, as shared
 * pages with guests need them; names with _local are not.
 */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include "lib/base.h"

static inline bool bit_test(const uint64_t *map, unsigned int n)
{
	return __atomic_load_n(&map[n / 64], __ATOMIC_RELAXED) >> (n % 64) & 1;
}

static inline void bit_set(uint64_t *map, unsigned int n)
{
	__atomic_fetch_or(&map[n / 64], 1ULL << (n % 64), __ATOMIC_SEQ_CST);
}

static inline void bit_clear(uint64_t *map, unsigned int n)
{
	__atomic_fetch_and(&map[n / 64], ~(1ULL << (n % 64)), __ATOMIC_SEQ_CST);
}

/* Asked for the bit alone, compilers make one instruction of these two. */
static inline bool bit_test_and_set(uint64_t *map, unsigned int n)
{
	uint64_t bit = 1ULL << (n % 64);

	return __atomic_fetch_or(&map[n / 64], bit, __ATOMIC_SEQ_CST) & bit;
}

static inline bool bit_test_and_clear(uint64_t *map, unsigned int n)
{
	uint64_t bit = 1ULL << (n % 64);

	return __atomic_fetch_and(&map[n / 64], ~bit, __ATOMIC_SEQ_CST) & bit;
}

static inline void bit_set_local(uint64_t *map, unsigned int n)
{
	map[n / 64] |= 1ULL << (n % 64);
}

static inline void bit_clear_local(uint64_t *map, unsigned int n)
{
	map[n / 64] &= ~(1ULL << (n % 64));
}

static inline unsigned int bits_count(uint64_t word)
{
	unsigned int n = 0;

	for (; word; word &= word - 1)
		n++;
	return n;
}

/* Index of the first clear bit below limit, or limit. */
static inline unsigned int bit_find_clear(const uint64_t *map, unsigned int limit)
{
	for (unsigned int i = 0; i < limit; i += 64)
		if (~map[i / 64]) {
			unsigned int n = i + __builtin_ctzll(~map[i / 64]);

			return n < limit ? n : limit;
		}
	return limit;
}

#define for_each_cpu(cpu, mask) \
	for (cpumask_t m__ = (mask); m__ && ((cpu) = __builtin_ctzll(m__), true); m__ &= m__ - 1)

#endif
