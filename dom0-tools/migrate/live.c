/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rounds, and when to stop them. */
#include "live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hypercall/hypercall.h>

#define ROUNDS_MAX	30
#define TIMES_MEMORY	3	/* so much is written at most while it runs */
#define STALLS_MAX	3	/* rounds in which less than a tenth is gained */

static int refused(const struct pages *pages, int code, const char *what)
{
	return build_fail(pages->error, code, "%s: %s", what, strerror(-code));
}

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint64_t words(uint64_t entries)
{
	return (entries + 63) / 64;
}

static uint64_t count_bits(const uint64_t *bitmap, uint64_t entries)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < words(entries); i++)
		count += (uint64_t)__builtin_popcountll(bitmap[i]);
	return count;
}

/* What was changed since the last time, and what could not be written then. */
static int collect(struct pages *pages, uint64_t entries, uint64_t *rest)
{
	int64_t got = hc_dirty_log_read(pages->guest->handle, pages->guest->domid, 0, entries, rest, 1);

	if (got < 0)
		return refused(pages, (int)got, "its log of writes cannot be read");
	for (uint64_t i = 0; i < words(entries); i++) {
		rest[i] |= pages->again[i];
		pages->again[i] = 0;
	}
	return 0;
}

/* Whether another round would gain anything. */
static bool is_enough(const struct pages *pages, const struct live_config *config,
		      const struct live_round *round, uint64_t *best, unsigned int *stalls)
{
	if (round->dirty * 10 > *best * 9)
		++*stalls;
	if (round->dirty < *best)
		*best = round->dirty;
	return round->downtime_ms <= config->max_downtime_ms || round->number >= ROUNDS_MAX ||
	       *stalls >= STALLS_MAX ||
	       round->bytes > TIMES_MEMORY * pages->guest->pages * HC_PAGE_SIZE;
}

static int run(struct pages *pages, const struct live_config *config, uint64_t entries, uint64_t *rest)
{
	struct live_round round = { 0 };
	uint64_t best = pages->guest->pages;
	unsigned int stalls = 0;
	int code;

	do {
		uint64_t start = now_ns(), before = pages->writer->bytes, wrote, ns;

		code = pages_write(pages, round.number ? rest : NULL, entries);
		if (code == 0)
			code = collect(pages, entries, rest);
		if (code < 0)
			return code;
		pages->zero = true;
		ns = now_ns() - start + 1;
		wrote = pages->writer->bytes - before + 1;
		round.number++;
		round.bytes = pages->writer->bytes;
		round.dirty = count_bits(rest, entries);
		round.downtime_ms = (uint64_t)((double)round.dirty * HC_PAGE_SIZE * (double)ns /
					       (double)wrote / 1e6);
		code = config->round ? config->round(&round, config->data) : 0;
		if (code < 0)
			return refused(pages, code, "given up");
	} while (!is_enough(pages, config, &round, &best, &stalls));
	return 0;
}

int live_rounds(struct pages *pages, const struct live_config *config, uint64_t entries,
		uint64_t **result)
{
	uint64_t *rest = calloc(words(entries), sizeof(*rest));
	int code;

	pages->again = calloc(words(entries), sizeof(*pages->again));
	if (!rest || !pages->again) {
		code = refused(pages, -ENOMEM, "no memory for the log of its writes");
		goto out;
	}
	code = hc_dirty_log_enable(pages->guest->handle, pages->guest->domid, words(entries) * 64);
	if (code < 0) {
		code = refused(pages, code, "its writes cannot be logged");
		goto out;
	}
	pages->running = true;
	code = run(pages, config, entries, rest);
	pages->running = false;
	if (code < 0)
		hc_dirty_log_disable(pages->guest->handle, pages->guest->domid);
out:
	if (code < 0) {
		free(rest);
		rest = NULL;
	}
	*result = rest;
	return code;
}

int live_finish(struct pages *pages, uint64_t entries, uint64_t *rest)
{
	uint64_t *last = calloc(words(entries), sizeof(*last));
	int code = last ? collect(pages, entries, last) :
			  refused(pages, -ENOMEM, "no memory for the log of its writes");

	for (uint64_t i = 0; i < words(entries) && code == 0; i++)
		rest[i] |= last[i];
	free(last);
	hc_dirty_log_disable(pages->guest->handle, pages->guest->domid);
	return code;
}
