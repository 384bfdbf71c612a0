/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rule by which rounds end. */
#include "converge.h"

#include <hypercall/base.h>

#define ROUNDS_MAX	30
#define TIMES_MEMORY	3	/* so much is written at most while it runs */
#define VAIN_MAX	2	/* in succession: one may be chance */

uint64_t converge_forecast(const struct live_round *round)
{
	/* The rate of changes over the rate of sending, for as long as it takes to send what is left. */
	double left = (double)round->dirty * (double)round->dirty / (double)(round->sent + 1);

	if (left < (double)round->hot)
		left = (double)round->hot;
	return left < (double)round->dirty ? (uint64_t)left : round->dirty;
}

uint64_t converge_downtime_ms(const struct live_round *round)
{
	return (uint64_t)((double)round->dirty * (double)round->ns / (double)(round->sent + 1) / 1e6);
}

/* A guest that can be slowed down is worth more. */
static bool is_too_much(const struct converge *converge, const struct live_round *round)
{
	unsigned int times = converge->slow_steps ? 3 : 1;

	return round->number >= ROUNDS_MAX * times ||
	       round->bytes - round->disk_bytes > TIMES_MEMORY * times * converge->pages * HC_PAGE_SIZE;
}

enum verdict converge_judge(struct converge *converge, const struct live_round *round)
{
	bool worth = converge_forecast(round) * 10 <= round->dirty * 9;

	converge->vain = worth ? 0 : converge->vain + 1;
	if (converge_downtime_ms(round) <= converge->max_downtime_ms || is_too_much(converge, round))
		return CONVERGE_ENOUGH;
	/* Once it has been slowed down, a round without effect says enough. */
	if (converge->vain < (converge->slowed ? 1 : VAIN_MAX))
		return CONVERGE_ANOTHER;
	if (converge->slowed == converge->slow_steps)
		return CONVERGE_ENOUGH;
	converge->slowed++;
	converge->vain = 0;
	return CONVERGE_SLOW;
}
