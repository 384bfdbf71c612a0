/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system clock.
 *
 * Normally all processors' TSCs count alike: one scale, fixed at boot, serves
 * everyone and guests' copies of it never change.  Each processor's TSC is
 * compared with the first one's when it starts.  If that fails, or if the TSC is
 * of a kind that changes its speed, every processor has its own scale and
 * corrects it against the platform timer each second.
 */
#include "time/clock.h"

#include "domain/domain.h"
#include "interrupt/hardware.h"
#include "interrupt/interrupt.h"
#include "lib/bitmap.h"
#include "lib/log.h"
#include "time/guest.h"
#include "time/platform.h"
#include "time/time.h"

#define BOOT_NS 1000000ULL		/* system time starts here: 0 means "no time" in the ABI */
#define SYNC_ROUNDS 64
#define CORRECTION_PERIOD NS_PER_SEC
#define JUMP_NS 10000000LL		/* an error above this is not worth slewing */

struct clock_scale clock_scales[NR_CPUS];
bool clock_stable;
uint32_t tsc_khz;

static uint32_t scale_versions;
static uint64_t latest;			/* unstable clock: the greatest time told so far */

/* What a processor's last correction saw. */
struct correction {
	struct timer timer;
	uint64_t tsc;
	uint64_t platform;		/* ns */
};
static struct correction corrections[NR_CPUS];

static void scale_publish(struct clock_scale *s)
{
	s->version = __atomic_add_fetch(&scale_versions, 1, __ATOMIC_RELAXED);
	/* 0 is what a vcpu that has seen nothing carries. */
	if (!s->version)
		s->version = __atomic_add_fetch(&scale_versions, 1, __ATOMIC_RELAXED);
}

static uint64_t time_now_unstable(void)
{
	uint64_t now = scale_time(clock_scale_here(), hw_tsc());
	uint64_t seen = __atomic_load_n(&latest, __ATOMIC_RELAXED);

	do {
		if (now <= seen)
			return seen;
	} while (!__atomic_compare_exchange_n(&latest, &seen, now, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return now;
}

uint64_t time_now(void)
{
	if (unlikely(!clock_stable))
		return time_now_unstable();
	return scale_time(&clock_scales[0], hw_tsc());
}

uint64_t time_to_tsc(uint64_t ns)
{
	const struct clock_scale *s = clock_scale_here();
	uint64_t tsc = hw_tsc(), now = scale_time(s, tsc);

	return ns > now ? tsc + scale_ticks_for(s, ns - now) : tsc;
}

bool time_tsc_stable(void)
{
	return clock_stable;
}

void delay_us(uint32_t us)
{
	uint64_t start = hw_tsc();
	uint64_t ticks = scale_ticks_for(&clock_scales[0], (uint64_t)us * 1000);

	while (hw_tsc() - start < ticks)
		cpu_relax_serving();
}

/*
 * A TSC that keeps its speed: the processor says so, or this is a virtual
 * machine, where speed and sleep states are not ours to see.
 */
static bool tsc_constant(void)
{
	uint32_t r[4];

	hw_cpuid(1, 0, r);
	if (r[2] >> 31)
		return true;
	hw_cpuid(0x80000000, 0, r);
	if (r[0] < 0x80000007)
		return false;
	hw_cpuid(0x80000007, 0, r);
	return r[3] >> 8 & 1;
}

static void correct(void *arg)
{
	unsigned int cpu = this_cpu()->id;
	struct clock_scale *s = &clock_scales[cpu];
	struct correction *c = arg;
	uint64_t tsc, platform = platform_now(&tsc);
	uint64_t ticks = tsc - c->tsc, passed = platform - c->platform;
	uint64_t now = scale_time(s, tsc), hz;
	int64_t error = platform + BOOT_NS - now;

	/* Keep ticks * 10^9 within 64 bits, however late this runs. */
	while (ticks > 1ULL << 33) {
		ticks >>= 1;
		passed >>= 1;
	}
	hz = passed ? ticks * NS_PER_SEC / passed : 0;
	if (hz < 1000000)
		hz = (uint64_t)tsc_khz * 1000;
	if (error > JUMP_NS) {
		now += error;
		error = 0;
	}
	/* The next period shall be longer by the error (never by more than a tenth). */
	error = MAX(error, -(int64_t)CORRECTION_PERIOD / 10);
	hz = hz / 1000 * CORRECTION_PERIOD / ((CORRECTION_PERIOD + error) / 1000);
	s->tsc = tsc;
	s->ns = now;
	scale_set_frequency(s, hz);
	scale_publish(s);
	c->tsc = tsc;
	c->platform = platform;
	timer_set(&c->timer, now + CORRECTION_PERIOD);
	if (current != this_cpu()->idle)
		time_update_vcpu(current);
}

static void start_corrections(unsigned int cpu)
{
	struct correction *c = &corrections[cpu];

	if (!platform_continuous() || c->timer.function)
		return;
	c->platform = clock_scales[cpu].ns - BOOT_NS;
	c->tsc = clock_scales[cpu].tsc;
	timer_init(&c->timer, correct, c, cpu);
	timer_set(&c->timer, time_now() + CORRECTION_PERIOD);
}

void time_init(void)
{
	struct clock_scale *s = &clock_scales[0];
	uint64_t hz = platform_calibrate();

	scale_set_frequency(s, hz);
	scale_publish(s);
	s->ns = BOOT_NS + platform_now(&s->tsc);
	tsc_khz = hz / 1000;
	clock_stable = tsc_constant();
	lapic_timer_calibrate();
	if (!clock_stable) {
		log_warn("time: the tsc may change its speed, not used as guests' clock");
		start_corrections(0);
	}
	wallclock_init(platform_read_cmos());
}

static void read_tsc(void *result)
{
	*(uint64_t *)result = hw_tsc_ordered();
}

/*
 * How far the boot processor's TSC is ahead of this one's: the reading with
 * the shortest way there and back, 0 if it lies between our two readings.
 */
static int64_t measure_offset(void)
{
	uint64_t best_gap = ~0ULL;
	int64_t offset = 0;

	for (int i = 0; i < SYNC_ROUNDS; i++) {
		uint64_t there = 0, before = hw_tsc_ordered(), gap;

		smp_call(1, read_tsc, &there);
		gap = hw_tsc_ordered() - before;
		if (gap >= best_gap)
			continue;
		best_gap = gap;
		offset = there - (before + gap / 2);
		if (offset <= (int64_t)(gap / 2 + 1) && offset >= -(int64_t)(gap / 2 + 1))
			offset = 0;
	}
	return offset;
}

static bool has_tsc_adjust(void)
{
	uint32_t r[4];

	hw_cpuid(0, 0, r);
	if (r[0] < 7)
		return false;
	hw_cpuid(7, 0, r);
	return r[1] >> 1 & 1;
}

void time_cpu_init(void)
{
	unsigned int cpu = this_cpu()->id, other;
	int64_t offset = measure_offset();

	if (offset && has_tsc_adjust()) {
		hw_wrmsr(MSR_IA32_TSC_ADJUST, hw_rdmsr(MSR_IA32_TSC_ADJUST) + offset);
		offset = measure_offset();
	}
	clock_scales[cpu] = clock_scales[0];
	clock_scales[cpu].tsc -= offset;
	scale_publish(&clock_scales[cpu]);
	if (offset && clock_stable) {
		log_warn("time: tsc of processor %u is off by %ld ticks, not used as guests' clock",
			 cpu, (long)offset);
		latest = scale_time(&clock_scales[cpu], hw_tsc());
		clock_stable = false;
		for_each_cpu(other, cpu_online_mask)
			start_corrections(other);
	}
	if (!clock_stable)
		start_corrections(cpu);
}
