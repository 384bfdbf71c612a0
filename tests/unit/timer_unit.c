// SPDX-License-Identifier: GPL-2.0-or-later
/* Timers against a plain list, the clock's arithmetic, and the CMOS clock. */
#include "machine_world.h"

#include <stdlib.h>
#include <string.h>

#include "time/platform.h"
#include "time/scale.h"

#define MANY 300

static struct timer timers[MANY];
static unsigned int fired[MANY];
static uint64_t last_fired;

static void note(void *arg)
{
	struct timer *t = arg;

	assert_true(t->expires <= machine.now);
	assert_true(t->expires >= last_fired);
	last_fired = t->expires;
	fired[t - timers]++;
}

static int setup(void **state)
{
	(void)state;
	machine_reset_world();
	cpu_count = 2;
	last_fired = 0;
	for (unsigned int i = 0; i < MANY; i++) {
		timer_init(&timers[i], note, &timers[i], 0);
		fired[i] = 0;
	}
	timer_interrupt();
	timer_softirq();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < MANY; i++)
		timer_kill(&timers[i]);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		machine_on_cpu(cpu);
		timer_interrupt();
	}
	machine_on_cpu(0);
	return 0;
}

static void run_until(uint64_t ns)
{
	machine.now = ns;
	timer_interrupt();
	do {
		host_cpu.softirq_pending = 0;
		timer_softirq();
	} while (host_cpu.softirq_pending);
}

/* Whatever is armed, moved and stopped: each fires once, in order, not early. */
static void test_random_operations(void **state)
{
	(void)state;
	srandom(4711);
	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < 100; i++) {
			struct timer *t = &timers[random() % MANY];

			if (random() % 3)
				timer_set(t, machine.now + 1 + random() % 1000);
			else
				timer_stop(t);
		}
		for (unsigned int i = 0; i < MANY; i++)
			fired[i] = timers[i].active ? 0 : ~0u;
		last_fired = 0;
		run_until(machine.now + 400);
		for (unsigned int i = 0; i < MANY; i++) {
			if (fired[i] == ~0u)
				assert_false(timers[i].active);
			else
				assert_int_equal(fired[i] + timers[i].active, 1);
			if (timers[i].active)
				assert_true(timers[i].expires > machine.now);
		}
	}
}

/* The hardware is armed for the first, and not touched when that one goes away. */
static void test_lazy_arming(void **state)
{
	unsigned int arms;

	(void)state;
	timer_set(&timers[0], 5000000);
	assert_int_equal(machine.armed, 5000000);
	timer_set(&timers[1], 3000000);
	assert_int_equal(machine.armed, 3000000);
	arms = machine.arms;
	timer_stop(&timers[1]);
	timer_set(&timers[2], 4000000);
	timer_set(&timers[1], 3500000);
	assert_int_equal(machine.arms, arms);
	run_until(3200000);
	assert_int_equal(machine.armed, 3500000);
	assert_int_equal(fired[0] + fired[1] + fired[2], 0);
	run_until(6000000);
	assert_int_equal(fired[0] + fired[1] + fired[2], 3);
}

/* A time long past, even 0, is due at once; it does not turn the hardware off. */
static void test_time_zero(void **state)
{
	(void)state;
	timer_set(&timers[0], 5000000);
	timer_set(&timers[1], 0);
	assert_int_not_equal(machine.armed, 0);
	assert_true(machine.armed <= machine.now);
	run_until(machine.now);
	assert_int_equal(fired[1], 1);
	assert_int_equal(machine.armed, 5000000);
}

static void test_other_processor(void **state)
{
	(void)state;
	timer_migrate(&timers[0], 1);
	timer_set(&timers[0], 2000000);
	assert_int_equal(machine.arms, 0);
	assert_int_equal(machine.pending[1], 1u << SOFTIRQ_TIMER);
	timer_set(&timers[1], 2500000);
	timer_migrate(&timers[1], 1);
	machine_on_cpu(1);
	timer_softirq();
	assert_int_equal(machine.armed, 2000000);
	run_until(2600000);
	assert_int_equal(fired[0] + fired[1], 2);
	timer_set_here(&timers[2], 3000000);
	assert_int_equal(timers[2].cpu, 1);
}

static void again(void *arg)
{
	struct timer *t = arg;

	fired[0]++;
	timer_set(t, machine.now);
}

/* One that arms itself for now must not keep the processor for ever. */
static void test_self_arming(void **state)
{
	(void)state;
	timer_init(&timers[0], again, &timers[0], 0);
	timer_set(&timers[0], machine.now);
	host_cpu.softirq_pending = 0;
	timer_softirq();
	assert_in_range(fired[0], 1, 1000);
	assert_int_equal(host_cpu.softirq_pending, 1u << SOFTIRQ_TIMER);
}

/* mul and shift as a guest uses them: exact to a ns in a second and 1 in 10^9 in a year. */
static void test_scale(void **state)
{
	static const uint64_t frequencies[] = {
		1000000, 3579545, 999999999, 1000000000, 1000000001, 2000000000, 2596142000,
		4294967296, 5700000000,
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(frequencies); i++) {
		uint64_t hz = frequencies[i], year = 365 * 86400ULL;
		struct clock_scale s = { .tsc = 12345, .ns = 678 };
		int64_t error;

		scale_set_frequency(&s, hz);
		error = scale_time(&s, 12345 + hz) - 678 - NS_PER_SEC;
		assert_in_range(error + 5, 0, 10);
		error = scale_time(&s, 12345 + hz * year) - 678 - NS_PER_SEC * year;
		assert_in_range(error + (int64_t)year * 4, 0, year * 8);
		for (uint64_t ns = 0; ns < 10 * NS_PER_SEC; ns += 77777777) {
			uint64_t reached = scale_ticks(&s, scale_ticks_for(&s, ns));

			assert_true(reached + ns / 1000000 + 1 >= ns);
			assert_true(reached <= ns + 3 * NS_PER_SEC / hz + ns / 1000000 + 1);
		}
	}
}

/* However far away: its ticks are many, and the TSC at its end lies ahead. */
static void far_away(const struct clock_scale *s, uint64_t ns)
{
	uint64_t ticks = scale_ticks_for(s, ns), tsc = 1ULL << 63;

	assert_true(tsc + ticks > tsc);
	assert_true(scale_ticks(s, ticks) + NS_PER_SEC >= MIN(ns, 1ULL << 49));
}

static void test_far_deadlines(void **state)
{
	static const uint64_t frequencies[] = { 1000000, 999999999, 2600000000, 5700000000, 1000000000000 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(frequencies); i++) {
		struct clock_scale s = { .tsc = 12345, .ns = 678 };

		scale_set_frequency(&s, frequencies[i]);
		for (int bit = 0; bit < 64; bit++)
			far_away(&s, 1ULL << bit);
		/* The first whose ticks are more than 64 bits hold. */
		far_away(&s, MIN(((unsigned __int128)1 << 96) / s.ticks_per_ns + 1, ~0ULL));
		far_away(&s, ~0ULL);
	}
}

static void test_divide(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t b = ((uint64_t)random() << 31 ^ random()) >> random() % 40 | 1;
		uint64_t a = ((uint64_t)random() << 33 ^ random()) % b;

		a += b * (random() & 0xff & (~0ULL / b - 1));
		assert_true(scale_divide(a, b) == (uint64_t)(((unsigned __int128)a << 32) / b));
	}
}

static void test_seconds(void **state)
{
	(void)state;
	assert_int_equal(platform_seconds(1970, 1, 1, 0, 0, 0), 0);
	assert_int_equal(platform_seconds(2000, 2, 29, 12, 0, 0), 951825600);
	assert_int_equal(platform_seconds(2000, 3, 1, 0, 0, 0), 951868800);
	assert_int_equal(platform_seconds(2026, 11, 21, 4, 56, 48), 1795237008);
	assert_int_equal(platform_seconds(2069, 12, 31, 23, 59, 59), 3155759999);
}

static void test_cmos(void **state)
{
	(void)state;
	/* 24 hours, packed decimal: 2026-11-21 14:56:48. */
	memcpy(machine.cmos, (uint8_t[]){ 0x48, 0, 0x56, 0, 0x14, 0, 7, 0x21, 0x11, 0x26 }, 10);
	machine.cmos[0x0b] = 0x02;
	assert_int_equal(platform_read_cmos(), platform_seconds(2026, 11, 21, 14, 56, 48));
	/* 12 hours, after noon, and midnight. */
	machine.cmos[0x0b] = 0;
	machine.cmos[4] = 0x80 | 0x02;
	assert_int_equal(platform_read_cmos(), platform_seconds(2026, 11, 21, 14, 56, 48));
	machine.cmos[4] = 0x12;
	assert_int_equal(platform_read_cmos(), platform_seconds(2026, 11, 21, 0, 56, 48));
	/* Binary. */
	memcpy(machine.cmos, (uint8_t[]){ 59, 0, 58, 0, 23, 0, 7, 31, 12, 99 }, 10);
	machine.cmos[0x0b] = 0x06;
	assert_int_equal(platform_read_cmos(), platform_seconds(1999, 12, 31, 23, 58, 59));
	/* Garbage of an empty battery. */
	memset(machine.cmos, 0xff, 10);
	assert_int_equal(platform_read_cmos(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random_operations, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lazy_arming, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time_zero, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_processor, setup, teardown),
		cmocka_unit_test_setup_teardown(test_self_arming, setup, teardown),
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_far_deadlines),
		cmocka_unit_test(test_divide),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test_setup(test_cmos, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
