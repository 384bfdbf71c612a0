/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From TSC ticks to nanoseconds by the guest ABI's formula, so that guests who
 * compute from the same numbers get the same time as the hypervisor.
 */
#ifndef TIME_SCALE_H
#define TIME_SCALE_H

#include "lib/base.h"

#define NS_PER_SEC 1000000000ULL
#define SCALE_DURATION_MAX (1ULL << 50)	/* ns; at 1 THz 2^60 ticks */

/* time = ns + ((tsc - this tsc) scaled by mul and shift) */
struct clock_scale {
	uint64_t tsc;
	uint64_t ns;
	uint32_t mul;			/* ns a tick, 32.32 fixed point, after the shift */
	int8_t shift;
	uint32_t version;		/* unique to this content, never 0 */
	uint64_t ticks_per_ns;		/* the inverse, 32.32 fixed point */
} __aligned(64);

static inline uint64_t scale_mul(uint64_t a, uint64_t b_32_32)
{
	return (unsigned __int128)a * b_32_32 >> 32;
}

static inline uint64_t scale_ticks(const struct clock_scale *s, uint64_t ticks)
{
	ticks = s->shift >= 0 ? ticks << s->shift : ticks >> -s->shift;
	return scale_mul(ticks, s->mul);
}

static inline uint64_t scale_time(const struct clock_scale *s, uint64_t tsc)
{
	return s->ns + scale_ticks(s, tsc - s->tsc);
}

/*
 * How many ticks ns take, to a millionth and rounded up.  For durations: over the
 * time since boot the rounding of the factor would add up to too much.  No more than
 * 13 days are reckoned with: a guest may ask for any, and the ticks of a longer one,
 * or the TSC at its end, would not fit in 64 bits.
 */
static inline uint64_t scale_ticks_for(const struct clock_scale *s, uint64_t ns)
{
	return scale_mul(MIN(ns, SCALE_DURATION_MAX), s->ticks_per_ns) + 2;
}

/* a * 2^32 / b, for a / b below 2^32, without 128-bit division. */
static inline uint64_t scale_divide(uint64_t a, uint64_t b)
{
	uint64_t result = a / b << 32, rest = a % b;

	for (int bit = 31; bit >= 0; bit--) {
		bool carry = rest >> 63;

		rest <<= 1;
		if (carry || rest >= b) {
			rest -= b;
			result |= 1ULL << bit;
		}
	}
	return result;
}

/* Set mul, shift and the inverse for a TSC of hz ticks a second (1 MHz to 1 THz). */
static inline void scale_set_frequency(struct clock_scale *s, uint64_t hz)
{
	uint64_t ticks = hz;

	s->shift = 0;
	while (ticks > 2 * NS_PER_SEC) {
		ticks >>= 1;
		s->shift--;
	}
	while (ticks <= NS_PER_SEC) {
		ticks <<= 1;
		s->shift++;
	}
	s->mul = scale_divide(NS_PER_SEC, ticks);
	s->ticks_per_ns = scale_divide(hz, NS_PER_SEC);
}

#endif
