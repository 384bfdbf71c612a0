/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 5, time: two clocks that are read from shared memory, and a timer that is set by hypercall. */
#include <hypercall/vcpu.h>

#include "kernel.h"

static volatile uint32_t fired;

static void timer_fired(void)
{
	fired++;
}

void time_init(void)
{
	struct hc_evtchn_bind_virq bind = { .virq = HC_VIRQ_TIMER, .vcpu = 0 };

	must("binding the timer", hypercall(HC_NR_EVENT_CHANNEL_OP, HC_EVTCHNOP_BIND_VIRQ, ADDRESS(&bind), 0, 0));
	event_open(bind.port, timer_fired);
}

static uint64_t read_tsc(void)
{
	uint32_t low, high;

	/* In order with the loads around it: else it may be older than tsc_timestamp. */
	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) :: "memory");
	return (uint64_t)high << 32 | low;
}

/*
 * The hypervisor makes version odd, writes, and makes it even. A reader that has met an odd one, or
 * not the same before and after, begins again.
 */
uint64_t system_time(void)
{
	const volatile struct hc_vcpu_time_info *time = &shared_info->vcpu_info[0].time;
	uint64_t ticks, now;
	uint32_t version;

	do {
		version = time->version;
		barrier();
		ticks = read_tsc() - time->tsc_timestamp;
		ticks = time->tsc_shift < 0 ? ticks >> -time->tsc_shift : ticks << time->tsc_shift;
		now = time->system_time + (uint64_t)((unsigned __int128)ticks * time->tsc_to_system_mul >> 32);
		barrier();
	} while (version & 1 || version != time->version);
	return now;
}

/* wc_* are the time of day at system time 0; they change when dom0 sets the clock. */
uint64_t wall_clock(void)
{
	const volatile struct hc_shared_info *shared = shared_info;
	uint64_t seconds, nanoseconds;
	uint32_t version;

	do {
		version = shared->wc_version;
		barrier();
		seconds = (uint64_t)shared->wc_sec_hi << 32 | shared->wc_sec;
		nanoseconds = shared->wc_nsec;
		barrier();
	} while (version & 1 || version != shared->wc_version);
	return seconds * SECOND + nanoseconds + system_time();
}

/* Without HC_VCPU_SSHOTTMR_FUTURE a deadline that is past fires at once. */
void timer_set(uint64_t deadline)
{
	struct hc_vcpu_set_singleshot_timer timer = { .timeout_abs_ns = deadline };

	must("setting the timer", hypercall(HC_NR_VCPU_OP, HC_VCPUOP_SET_SINGLESHOT_TIMER, 0, ADDRESS(&timer), 0));
}

uint32_t timer_count(void)
{
	return fired;
}
