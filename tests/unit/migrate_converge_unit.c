/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When rounds end, for guests that change their memory in all ways, on a machine that sends by numbers; and
 * the pace of a stream, by a clock of the test's own.
 */
#include "dom0-tools/migrate/converge.h"
#include "dom0-tools/migrate/stream.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static uint64_t clock_ns;

int clock_gettime(clockid_t clock, struct timespec *time)
{
	(void)clock;
	*time = (struct timespec){ .tv_sec = (time_t)(clock_ns / 1000000000),
				   .tv_nsec = (long)(clock_ns % 1000000000) };
	return 0;
}

int nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)left;
	clock_ns += (uint64_t)wanted->tv_sec * 1000000000 + (uint64_t)wanted->tv_nsec;
	return 0;
}

#define PAGES		32768		/* 128 MiB */
#define SPEED		10000		/* pages sent a second */

/* A guest: how many pages a second it changes, and how many different ones at most. */
struct guest {
	uint64_t set;
	double speed;
	unsigned int max_downtime_ms, slow_steps;
};

struct outcome {
	unsigned int rounds, slowed;
	uint64_t dirty, sent;		/* left at the end, sent in all */
};

static struct outcome migrate(const struct guest *guest)
{
	struct converge converge = {
		.pages = PAGES, .max_downtime_ms = guest->max_downtime_ms, .slow_steps = guest->slow_steps,
	};
	struct live_round round = { .dirty = PAGES };
	struct outcome outcome = { 0 };
	double speed = guest->speed;
	enum verdict verdict;

	do {
		uint64_t before = round.number ? round.dirty : 0;
		double changed;

		round.number++;
		round.sent = round.dirty;
		round.bytes += round.sent * 4096;
		round.ns = round.sent * 1000000000 / SPEED + 1;
		changed = speed * (double)round.ns / 1e9;
		round.dirty = changed > (double)guest->set ? guest->set : (uint64_t)changed;
		/* What changed at random is mostly elsewhere, unless it was all of the set. */
		round.hot = before * round.dirty / PAGES;
		if (round.dirty == guest->set && before >= guest->set)
			round.hot = guest->set;
		outcome.sent += round.sent;
		verdict = converge_judge(&converge, &round);
		if (verdict == CONVERGE_SLOW)
			speed /= 2;
	} while (verdict != CONVERGE_ENOUGH);
	outcome.rounds = round.number;
	outcome.slowed = converge.slowed;
	outcome.dirty = round.dirty;
	return outcome;
}

static void an_idle_guest_is_sent_once(void **state)
{
	struct guest guest = { .set = 100, .speed = 50, .max_downtime_ms = 300 };
	struct outcome outcome = migrate(&guest);

	(void)state;
	assert_int_equal(outcome.rounds, 1);
	assert_int_equal(outcome.sent, PAGES);
}

/* Half as fast as the link: each round leaves half, down to what is wanted. */
static void a_slow_dirtier_is_waited_for(void **state)
{
	struct guest guest = { .set = PAGES, .speed = SPEED / 2.0, .max_downtime_ms = 100 };
	struct outcome outcome = migrate(&guest);

	(void)state;
	assert_in_range(outcome.rounds, 4, 8);
	assert_true(outcome.dirty <= SPEED / 10);
	assert_int_equal(outcome.slowed, 0);
}

/* A small set that is changed all the time cannot be sent while it runs, however fast the link is. */
static void a_working_set_is_not_sent_again_and_again(void **state)
{
	struct guest guest = { .set = 5000, .speed = SPEED * 100.0, .max_downtime_ms = 100 };
	struct outcome outcome = migrate(&guest);

	(void)state;
	assert_in_range(outcome.rounds, 2, 4);
	assert_int_equal(outcome.dirty, 5000);
	assert_true(outcome.sent <= PAGES + 3 * 5000);
}

static void a_diabolical_guest_is_given_up_soon(void **state)
{
	struct guest guest = { .set = PAGES, .speed = SPEED * 100.0, .max_downtime_ms = 100 };
	struct outcome outcome = migrate(&guest);

	(void)state;
	assert_int_equal(outcome.rounds, 2);
	assert_int_equal(outcome.slowed, 0);
}

static void a_guest_that_may_be_is_slowed_down(void **state)
{
	struct guest guest = { .set = PAGES, .speed = SPEED * 4.0, .max_downtime_ms = 100, .slow_steps = 6 };
	struct outcome outcome = migrate(&guest);

	(void)state;
	assert_in_range(outcome.slowed, 3, 5);
	assert_true(outcome.dirty <= SPEED / 10);
	/* As far as it goes, where that does not help. */
	guest.speed = SPEED * 10000.0;
	outcome = migrate(&guest);
	assert_int_equal(outcome.slowed, 6);
	assert_true(outcome.sent <= 9 * PAGES);
}

static void odd_rounds_are_judged(void **state)
{
	struct converge converge = { .pages = PAGES, .max_downtime_ms = 0 };
	struct live_round many = { .number = 30, .sent = 1000, .ns = 1000000000, .dirty = 10 };
	struct live_round nothing = { .number = 1, .ns = 1 };

	(void)state;
	assert_int_equal(converge_forecast(&nothing), 0);
	assert_int_equal(converge_downtime_ms(&nothing), 0);
	assert_int_equal(converge_judge(&converge, &nothing), CONVERGE_ENOUGH);
	assert_int_equal(converge_judge(&converge, &many), CONVERGE_ENOUGH);
	many.number = 3;
	assert_int_equal(converge_judge(&converge, &many), CONVERGE_ANOTHER);
	many.bytes = 4ull * PAGES * 4096;
	assert_int_equal(converge_judge(&converge, &many), CONVERGE_ENOUGH);
}

static void a_stream_keeps_its_pace(void **state)
{
	static char payload[100000];
	int fd = memfd_create("stream", MFD_CLOEXEC);
	struct stream_writer writer;
	struct build_error error;
	uint64_t start = clock_ns;

	(void)state;
	assert_int_equal(stream_writer_open(&writer, fd, 0, &error), 0);
	assert_int_equal(stream_write(&writer, STREAM_PAGES, payload, sizeof(payload)), 0);
	assert_int_equal(clock_ns, start);
	stream_pace(&writer, 50000);
	for (int i = 0; i < 5; i++)
		assert_int_equal(stream_write(&writer, STREAM_PAGES, payload, sizeof(payload)), 0);
	/* Each section with its header: 2 s and a little. */
	assert_in_range(clock_ns - start, 10000000000ull, 10010000000ull);
	/* Time that went by unused is not made up for. */
	clock_ns += 100000000000ull;
	start = clock_ns;
	assert_int_equal(stream_write(&writer, STREAM_PAGES, payload, sizeof(payload)), 0);
	assert_int_equal(clock_ns, start);
	assert_int_equal(stream_write(&writer, STREAM_PAGES, payload, sizeof(payload)), 0);
	assert_in_range(clock_ns - start, 2000000000ull, 2010000000ull);
	stream_pace(&writer, 0);
	start = clock_ns;
	assert_int_equal(stream_write(&writer, STREAM_PAGES, payload, sizeof(payload)), 0);
	assert_int_equal(clock_ns, start);
	stream_writer_close(&writer);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_guest_is_sent_once),
		cmocka_unit_test(a_slow_dirtier_is_waited_for),
		cmocka_unit_test(a_working_set_is_not_sent_again_and_again),
		cmocka_unit_test(a_diabolical_guest_is_given_up_soon),
		cmocka_unit_test(a_guest_that_may_be_is_slowed_down),
		cmocka_unit_test(odd_rounds_are_judged),
		cmocka_unit_test(a_stream_keeps_its_pace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
