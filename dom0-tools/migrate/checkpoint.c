/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checkpoints: the log of writes stays on from one to the next. The guest stands still while the last changes go
 * to the page cache, and runs again while they go to the disk.
 */
#include "checkpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "saver.h"

struct series {
	struct saver saver;
	const struct checkpoint_config *config;
	uint64_t entries;
	uint64_t *rest;			/* changed since the last one */
	uint64_t first_end;		/* where the first one ends in the file */
	struct checkpoint_taken taken;	/* the last one */
};

/* The guest is suspended: the rest, and what is not memory. */
static int write_rest(struct series *series)
{
	struct saver *saver = &series->saver;
	int code = live_collect(&saver->pages, series->entries, series->rest);

	if (code == 0)
		code = pages_write(&saver->pages, series->rest, series->entries);
	return code == 0 ? saver_write_tail(saver) : code;
}

/* more: others came before. */
static int write_sections(struct series *series, bool more, int64_t *when)
{
	const struct checkpoint_config *config = series->config;
	struct saver *saver = &series->saver;
	bool suspended = false;
	int code = more ? live_collect(&saver->pages, series->entries, series->rest) : 0, resumed;

	if (code == 0 && (!more || live_count(series->rest, series->entries) > config->few))
		code = live_rounds(&saver->pages, &config->live, series->entries, more, series->rest);
	if (code == 0)
		code = saver_suspend(saver, config->suspend, config->data, series->rest, &suspended);
	*when = time(NULL);
	if (code == 0)
		code = write_rest(series);
	memset(series->rest, 0, (series->entries + 63) / 64 * sizeof(*series->rest));
	resumed = suspended ? config->resume(config->data) : 0;
	if (code == 0 && resumed < 0)
		code = build_fail(saver->error, resumed, "the guest does not go on: %s", strerror(-resumed));
	return code;
}

static int take(struct series *series)
{
	struct saver *saver = &series->saver;
	bool more = series->taken.number;
	struct checkpoint_taken taken = { .number = more ? series->taken.number + 1 : series->config->first };
	uint64_t stored = saver->pages.stored;
	int64_t when;
	int code = write_sections(series, more, &when);

	if (code == 0)
		code = stream_commit(&saver->writer, taken.number, when);
	if (code < 0)
		return code;
	taken.pages = saver->pages.stored - stored;
	taken.bytes = saver->writer.bytes;
	if (!more)
		series->first_end = taken.bytes;
	taken.full = taken.bytes - series->first_end > series->first_end - STREAM_SERIES_START;
	series->taken = taken;
	return 0;
}

static int take_all(struct series *series, bool *again)
{
	const struct checkpoint_config *config = series->config;
	int code;

	do {
		code = take(series);
		if (code == -EAGAIN && series->taken.number) {
			*again = true;
			code = 0;
			break;
		}
		if (code == 0 && config->next(&series->taken, config->data))
			return 0;
		*again = code == 0 && series->taken.full;
	} while (code == 0 && !*again);
	/* What a checkpoint that has failed has written would only take room. */
	if (series->taken.number && ftruncate(config->fd, (off_t)series->taken.bytes) && code == 0)
		code = build_fail(series->saver.error, -errno, "the file cannot be cut: %s", strerror(errno));
	return code;
}

static int begin(struct series *series)
{
	const struct checkpoint_config *config = series->config;
	struct saver *saver = &series->saver;
	int code = guest_size_p2m(&saver->guest);

	if (code == 0)
		code = stream_series_open(&saver->writer, config->fd, config->level, saver->error);
	if (code == 0)
		code = saver_write_head(saver, config->description, config->description_size);
	saver->pages = (struct pages){
		.guest = &saver->guest, .writer = &saver->writer, .error = saver->error,
		.progress = config->progress, .data = config->data,
	};
	if (code == 0)
		code = pages_open(&saver->pages);
	series->entries = saver->guest.p2m_pages * TABLE_ENTRIES;
	if (code == 0)
		series->rest = live_bitmap(&saver->pages, series->entries);
	return code == 0 && !series->rest ? -ENOMEM : code;
}

int checkpoint_domain(struct hc_handle *handle, const struct checkpoint_config *config, bool *again,
		      struct build_error *error)
{
	struct series series = {
		.saver = { .handle = handle, .domid = config->domid, .error = error }, .config = config,
	};
	int code = guest_open(&series.saver.guest, handle, config->domid, config->max_pages, error);

	*again = false;
	if (code == 0)
		code = begin(&series);
	if (code == 0)
		code = live_start(&series.saver.pages, series.entries);
	if (code == 0) {
		code = take_all(&series, again);
		live_stop(&series.saver.pages);
	}
	free(series.rest);
	saver_close(&series.saver);
	return code;
}
