/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tiny kernel that measures hypercalls, as the management domain of either hypervisor: stock Linux lets
 * nobody make them directly. Prints a line for each row of rows.def, in the format of the micro-benchmark
 * (../micro/main.c).
 */
#include "guest.h"
#include "rows.h"

#define SAMPLES 9

static const struct row {
	uint64_t (*run)(unsigned int times);
	unsigned int count;
	const char *unit, *name;
} rows[] = {
#define ROW(function, count, unit, name) { function, count, unit, name },
#include "rows.def"
#undef ROW
};

static void sort(uint64_t *value, unsigned int n)
{
	for (unsigned int i = 1; i < n; i++)
		for (unsigned int k = i; k && value[k - 1] > value[k]; k--) {
			uint64_t swap = value[k];

			value[k] = value[k - 1];
			value[k - 1] = swap;
		}
}

/* Ticks for one unit of work in tenths. */
static uint64_t tenths(uint64_t ticks, unsigned int count)
{
	return ticks * 10 / count;
}

static void measure(const struct row *row)
{
	uint64_t value[SAMPLES], least, median;

	row->run(row->count);
	MARK(MARK_FORGET);
	for (unsigned int i = 0; i < SAMPLES; i++)
		value[i] = row->run(row->count);
	MARK(MARK_ROW);
	sort(value, SAMPLES);
	least = tenths(value[0], row->count);
	median = tenths(value[SAMPLES / 2], row->count);
	print("row|%s|%s|%lu.%lu|%lu.%lu|%u\n", row->name, row->unit, least / 10, least % 10, median / 10,
	      median % 10, row->count);
}

void test_main(void)
{
	prepare_memory();
	prepare_events();
	prepare_grants();
	rest();
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		measure(&rows[i]);
}
