/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reference clocks, used to measure the TSC's frequency and, on machines whose
 * TSC cannot be trusted, to keep correcting it.
 *
 * Source of facts: HPET specification 1.0a; ACPI PM timer (3.579545 MHz); 8254 data sheet;
 * Intel SDM CPUID leaf 0x15; leaf 0x40000010 as VMware and KVM define it.
 */
#include "time/platform.h"

#include "boot/acpi.h"
#include "interrupt/hardware.h"
#include "lib/log.h"
#include "lib/spinlock.h"
#include "memory/memory.h"
#include "time/scale.h"

#define HPET_PERIOD 4			/* femtoseconds */
#define HPET_CONFIG 0x10
#define HPET_ENABLE 1u
#define HPET_COUNTER 0xf0
#define HPET_MAX_PERIOD 100000000u	/* by its specification */
#define FS_PER_SEC 1000000000000000ULL

#define PM_TIMER_HZ 3579545
#define PIT_HZ 1193182
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_GATE 0x61

#define CALIBRATION_PART 25		/* of a second: 40 ms, less than the PIT's 55 */
#define CALIBRATION_MAX_TICKS (1ULL << 36)
#define SAMPLE_TRIES 5

static volatile char *hpet;

static uint32_t hpet_read(void)
{
	return mmio_read32(hpet + HPET_COUNTER);
}

static bool hpet_init(struct platform_timer *t)
{
	uint32_t period;

	if (!acpi.hpet_address)
		return false;
	hpet = ioremap(acpi.hpet_address, 1024);
	if (!hpet)
		return false;
	period = mmio_read32(hpet + HPET_PERIOD);
	if (!period || period > HPET_MAX_PERIOD)
		return false;
	mmio_write32(hpet + HPET_CONFIG, mmio_read32(hpet + HPET_CONFIG) | HPET_ENABLE);
	t->hz = (FS_PER_SEC + period / 2) / period;
	return true;
}

static uint32_t pm_timer_read(void)
{
	return hw_in32(acpi.pm_timer.address);
}

static bool pm_timer_init(struct platform_timer *t)
{
	t->mask = acpi.pm_timer_32bit ? 0xffffffff : 0xffffff;
	return acpi.pm_timer.address && acpi.pm_timer.space == ACPI_SPACE_IO;
}

static uint32_t pit_read(void)
{
	uint8_t low;

	hw_out8(PIT_COMMAND, 0x80);	/* latch channel 2 */
	low = hw_in8(PIT_CHANNEL2);
	return ~(low | (uint32_t)hw_in8(PIT_CHANNEL2) << 8);
}

/* Channel 2 counts down from 65536 without end; its gate open, the speaker off. */
static bool pit_init(struct platform_timer *t)
{
	(void)t;
	hw_out8(PIT_GATE, (hw_in8(PIT_GATE) & ~2) | 1);
	hw_out8(PIT_COMMAND, 0xb4);
	hw_out8(PIT_CHANNEL2, 0);
	hw_out8(PIT_CHANNEL2, 0);
	return true;
}

static struct platform_timer timers[] = {
	{ "hpet", hpet_init, hpet_read, 0xffffffff, 0, true },
	{ "pm timer", pm_timer_init, pm_timer_read, 0xffffff, PM_TIMER_HZ, true },
	{ "pit", pit_init, pit_read, 0xffff, PIT_HZ, false },
};

static struct platform_timer *chosen;
static spinlock_t platform_lock;	/* protects the two below */
static uint32_t platform_last;
static uint64_t platform_ns;

struct platform_sample platform_sample(void)
{
	struct platform_sample best = { 0, 0 };
	uint64_t best_gap = ~0ULL;

	for (int i = 0; i < SAMPLE_TRIES; i++) {
		uint64_t before = hw_tsc_ordered();
		uint32_t count = chosen->read();
		uint64_t gap = hw_tsc_ordered() - before;

		if (gap < best_gap) {
			best_gap = gap;
			best.tsc = before + gap / 2;
			best.count = count;
		}
	}
	return best;
}

/* The TSC's frequency by the chosen timer; 0: that one does not count. */
static uint64_t measure(void)
{
	struct platform_sample start = platform_sample(), end;
	uint32_t wanted = chosen->hz / CALIBRATION_PART;

	while (((chosen->read() - start.count) & chosen->mask) < wanted)
		if (hw_tsc() - start.tsc > CALIBRATION_MAX_TICKS)
			return 0;
	end = platform_sample();
	return (end.tsc - start.tsc) * chosen->hz / ((end.count - start.count) & chosen->mask);
}

/* The frequency as the processor or the hypervisor below states it; 0: they do not. */
static uint64_t stated_frequency(void)
{
	uint32_t r[4];

	hw_cpuid(0, 0, r);
	if (r[0] >= 0x15) {
		hw_cpuid(0x15, 0, r);
		if (r[0] && r[1] && r[2])
			return (uint64_t)r[2] * r[1] / r[0];
	}
	hw_cpuid(1, 0, r);
	if (!(r[2] >> 31))
		return 0;
	hw_cpuid(0x40000000, 0, r);
	if (r[0] < 0x40000010 || r[0] > 0x400000ff)
		return 0;
	hw_cpuid(0x40000010, 0, r);
	return (uint64_t)r[0] * 1000;
}

uint64_t platform_calibrate(void)
{
	uint64_t hz = stated_frequency(), measured = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(timers) && !measured; i++) {
		chosen = &timers[i];
		if (chosen->init(chosen))
			measured = measure();
	}
	/* Believe a statement only when the measurement does not contradict it (1 %). */
	if (!measured || (hz && hz - measured + measured / 100 <= measured / 50))
		measured = hz;
	if (measured < 1000000)
		panic("time: no working reference clock");
	platform_last = chosen->read();
	log_info("time: tsc at %lu kHz, by %s", (unsigned long)(measured / 1000),
		 measured == hz ? "cpuid" : chosen->name);
	return measured;
}

bool platform_continuous(void)
{
	return chosen->continuous;
}

uint64_t platform_now(uint64_t *tsc)
{
	struct platform_sample s;
	uint64_t ns;

	spin_lock(&platform_lock);
	s = platform_sample();
	platform_ns += (uint64_t)((s.count - platform_last) & chosen->mask) * NS_PER_SEC / chosen->hz;
	platform_last = s.count;
	ns = platform_ns;
	spin_unlock(&platform_lock);
	*tsc = s.tsc;
	return ns;
}
