/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rounds. */
#include "live.h"
#include "disks.h"

#include "../lib/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hypercall/hypercall.h>

static int refused(const struct pages *pages, int code, const char *what)
{
	return build_fail(pages->error, code, "%s: %s", what, strerror(-code));
}

static uint64_t words(uint64_t entries)
{
	return (entries + 63) / 64;
}

uint64_t *live_bitmap(const struct pages *pages, uint64_t entries)
{
	uint64_t *bitmap = calloc(words(entries), sizeof(*bitmap));

	if (!bitmap)
		refused(pages, -ENOMEM, "no memory for the log of its writes");
	return bitmap;
}

uint64_t live_count(const uint64_t *bitmap, uint64_t entries)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < words(entries); i++)
		count += (uint64_t)__builtin_popcountll(bitmap[i]);
	return count;
}

/* What was changed since the last time, and what could not be written then, and nothing else. */
static int read_log(struct pages *pages, uint64_t entries, uint64_t *rest)
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

/* How many bits are set in both; afterwards the first is a copy of the second. */
static uint64_t count_common(uint64_t *before, const uint64_t *now, uint64_t entries)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < words(entries); i++) {
		count += (uint64_t)__builtin_popcountll(before[i] & now[i]);
		before[i] = now[i];
	}
	return count;
}

/* Sends rest, or all in the first round, and collects there what has changed since; before: rest as it was before. */
static int run_round(struct pages *pages, uint64_t entries, struct live_round *round, uint64_t *before,
		     uint64_t *rest)
{
	uint64_t start = monotonic_ns(), stored = pages->stored;
	struct disks_pass disks = { 0 };
	int code = pages_write(pages, round->number ? rest : NULL, entries);

	if (code == 0)
		code = read_log(pages, entries, rest);
	if (code < 0)
		return code;
	pages->zero = true;
	if (pages->disks) {
		code = disks_pass(pages->disks, &disks);
		round->disk_bytes = pages->disks->stream_bytes;
	}
	round->number++;
	round->bytes = pages->writer->bytes;
	round->sent = pages->stored - stored + disks.sent;
	round->ns = monotonic_ns() - start;
	round->dirty = live_count(rest, entries) + disks.dirty;
	round->hot = count_common(before, rest, entries) + disks.hot;
	return code;
}

static int run(struct pages *pages, const struct live_config *config, uint64_t entries, bool more,
	       uint64_t *before, uint64_t *rest)
{
	struct converge converge = {
		.pages = pages->guest->pages, .max_downtime_ms = config->max_downtime_ms,
		.slow_steps = config->slow ? config->slow_steps : 0,
	};
	struct live_round round = { .number = more };	/* as if one had sent all */
	enum verdict verdict;
	int code;

	do {
		code = run_round(pages, entries, &round, before, rest);
		if (code < 0)
			return code;
		code = config->round ? config->round(&round, config->data) : 0;
		verdict = converge_judge(&converge, &round);
		if (code == 0 && verdict == CONVERGE_SLOW)
			code = config->slow(converge.slowed, config->data);
		if (code < 0)
			return refused(pages, code, "given up");
	} while (verdict != CONVERGE_ENOUGH);
	return 0;
}

int live_start(struct pages *pages, uint64_t entries)
{
	int code;

	pages->again = live_bitmap(pages, entries);
	if (!pages->again)
		return -ENOMEM;
	code = hc_dirty_log_enable(pages->guest->handle, pages->guest->domid, words(entries) * 64);
	if (code == 0)
		return 0;
	free(pages->again);
	pages->again = NULL;
	return refused(pages, code, "its writes cannot be logged");
}

void live_stop(struct pages *pages)
{
	hc_dirty_log_disable(pages->guest->handle, pages->guest->domid);
	free(pages->again);
	pages->again = NULL;
}

int live_rounds(struct pages *pages, const struct live_config *config, uint64_t entries, bool more,
		uint64_t *rest)
{
	uint64_t *before = live_bitmap(pages, entries);
	int code;

	if (!before)
		return -ENOMEM;
	pages->running = true;
	stream_pace(pages->writer, config->bandwidth);
	code = run(pages, config, entries, more, before, rest);
	stream_pace(pages->writer, 0);
	pages->running = false;
	free(before);
	return code;
}

int live_collect(struct pages *pages, uint64_t entries, uint64_t *rest)
{
	uint64_t *last = live_bitmap(pages, entries);
	int code = last ? read_log(pages, entries, last) : -ENOMEM;

	for (uint64_t i = 0; i < words(entries) && code == 0; i++)
		rest[i] |= last[i];
	free(last);
	return code;
}
