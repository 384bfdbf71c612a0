// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scheduler in a simulated machine of up to four processors: who gets how
 * much, who waits how long, and who must not run.
 */
#include "machine_world.h"

#include <hypercall/sched.h>
#include <hypercall/vcpu.h>
#include <stdlib.h>
#include <string.h>

#include "sched/runqueue.h"

#define STEP 20000ULL		/* ns that the simulation advances at a time */
#define MS 1000000ULL
#define VCPUS 8

static struct domain idle, domains[VCPUS];
static struct vcpu vcpus[VCPUS];	/* one in each domain */
static struct hc_vcpu_info infos[VCPUS];
static struct hc_shared_info shared[VCPUS];
static jmp_buf switched;
static unsigned int switches;
static struct vcpu *on_cpu[MACHINE_CPUS];

void context_switch(struct vcpu *prev, struct vcpu *next)
{
	assert_true(next->sched.running);
	assert_ptr_equal(current, prev);
	current = on_cpu[host_cpu.id] = next;
	host_cpu.idle = runqueues[host_cpu.id].idle;
	sched_context_saved(prev);
	sched_context_loaded(next);
	switches++;
	longjmp(switched, 1);
}

static void enter_cpu(unsigned int cpu)
{
	machine_on_cpu(cpu);
	host_cpu.idle = runqueues[cpu].idle;
	current = on_cpu[cpu];
}

/* What a processor does between two instructions of its guest. */
static void softirqs(unsigned int cpu)
{
	enter_cpu(cpu);
	timer_interrupt();
	while (host_cpu.softirq_pending) {
		uint32_t pending = host_cpu.softirq_pending;

		host_cpu.softirq_pending = 0;
		if (pending & 1u << SOFTIRQ_TIMER)
			timer_softirq();
		if (pending & 1u << SOFTIRQ_SCHEDULE && !setjmp(switched))
			schedule();
	}
}

static void settle(void)
{
	for (int i = 0; i < 3; i++)
		for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
			softirqs(cpu);
}

static void check_places(void)
{
	for (unsigned int i = 0; i < cpu_count; i++)
		for (unsigned int j = 0; j < i; j++)
			assert_ptr_not_equal(on_cpu[i], on_cpu[j]);
	for (unsigned int i = 0; i < cpu_count; i++)
		if (on_cpu[i] != runqueues[i].idle)
			assert_true(on_cpu[i]->sched.hard_affinity >> i & 1);
}

static void simulate(uint64_t ns)
{
	for (uint64_t end = machine.now + ns; machine.now < end; machine.now += STEP) {
		for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
			softirqs(cpu);
		check_places();
	}
	settle();
}

static void start_world(unsigned int cpus, unsigned int count)
{
	machine_reset_world();
	memset(runqueues, 0, sizeof(runqueues));
	memset(domains, 0, sizeof(domains));
	memset(vcpus, 0, sizeof(vcpus));
	memset(infos, 0, sizeof(infos));
	memset(shared, 0, sizeof(shared));
	sched_idle_cpus = sched_busy_cpus = 0;
	cpu_count = cpus;
	cpu_online_mask = (1ULL << cpus) - 1;
	idle_domain = &idle;
	idle.id = HC_DOMID_IDLE;
	for (unsigned int cpu = 0; cpu < cpus; cpu++) {
		sched_cpu_init(cpu);
		on_cpu[cpu] = runqueues[cpu].idle;
	}
	for (unsigned int i = 0; i < count; i++) {
		domains[i].id = i;
		domains[i].max_vcpus = 1;
		domains[i].vcpu[0] = &vcpus[i];
		domains[i].shared_info = &shared[i];
		vcpus[i].domain = &domains[i];
		vcpus[i].info = &infos[i];
		assert_int_equal(sched_domain_init(&domains[i]), 0);
		assert_int_equal(sched_vcpu_init(&vcpus[i]), 0);
	}
	enter_cpu(0);
	for (unsigned int i = 0; i < count; i++)
		vcpu_wake(&vcpus[i]);
	settle();
	switches = 0;
}

static int end_world(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < VCPUS; i++) {
		if (!vcpus[i].domain)
			continue;
		enter_cpu(0);
		__atomic_fetch_or(&vcpus[i].sched.waiting, VCPU_WAIT_SHUTDOWN, __ATOMIC_SEQ_CST);
		vcpu_sleep(&vcpus[i]);
		settle();
		assert_false(vcpus[i].sched.running);
		sched_vcpu_free(&vcpus[i]);
	}
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
		timer_kill(&runqueues[cpu].slice);
		free(runqueues[cpu].idle);
	}
	assert_int_equal(machine.frame_refs, 0);
	return 0;
}

/* Percent of the time since before that vcpu i ran. */
static unsigned int share(unsigned int i, uint64_t since, const uint64_t before[])
{
	return (vcpu_cpu_time(&vcpus[i]) - before[i]) * 100 / (machine.now - since);
}

static void note_times(uint64_t times[])
{
	for (unsigned int i = 0; i < VCPUS; i++)
		times[i] = vcpus[i].domain ? vcpu_cpu_time(&vcpus[i]) : 0;
}

static void test_alone_undisturbed(void **state)
{
	(void)state;
	start_world(2, 1);
	simulate(500 * MS);
	assert_int_equal(switches, 0);
	for (unsigned int cpu = 0; cpu < 2; cpu++)
		assert_false(runqueues[cpu].slice.active);
}

static void test_weights(void **state)
{
	uint64_t before[VCPUS], since;

	(void)state;
	start_world(1, 3);
	assert_int_equal(sched_set(&domains[1], 512, 0), 0);
	assert_int_equal(sched_set(&domains[2], 1024, 0), 0);
	note_times(before);
	since = machine.now;
	simulate(7000 * MS);
	assert_in_range(share(0, since, before), 12, 16);
	assert_in_range(share(1, since, before), 26, 31);
	assert_in_range(share(2, since, before), 54, 60);
	assert_int_equal(sched_set(&domains[0], 70000, 0), -EINVAL);
	assert_int_equal(sched_set(&domains[0], 0, 101), -EINVAL);
}

/* Three who never stop on two processors: nobody is alone for ever. */
static void test_balance(void **state)
{
	uint64_t before[VCPUS], since;

	(void)state;
	start_world(2, 3);
	note_times(before);
	since = machine.now;
	simulate(6000 * MS);
	for (unsigned int i = 0; i < 3; i++)
		assert_in_range(share(i, since, before), 58, 76);
}

static void test_idle_processors_help(void **state)
{
	uint64_t before[VCPUS], since;

	(void)state;
	start_world(4, 4);
	note_times(before);
	since = machine.now;
	simulate(200 * MS);
	for (unsigned int i = 0; i < 4; i++)
		assert_in_range(share(i, since, before), 98, 100);
}

static void block(unsigned int i)
{
	enter_cpu(vcpus[i].sched.cpu);
	assert_ptr_equal(current, &vcpus[i]);
	assert_int_equal(hypercall_sched_op(HC_SCHEDOP_BLOCK, 0), 0);
}

/* Who runs a little and waits a lot runs at once when his event comes. */
static void test_wake_latency(void **state)
{
	uint64_t worst = 0;

	(void)state;
	start_world(1, 3);
	for (int round = 0; round < 200; round++) {
		uint64_t woken;

		while (on_cpu[0] != &vcpus[0])
			simulate(STEP);
		block(0);
		simulate(5 * MS);
		assert_ptr_not_equal(on_cpu[0], &vcpus[0]);
		woken = machine.now;
		infos[0].evtchn_upcall_pending = 1;
		vcpu_kick(&vcpus[0]);
		while (on_cpu[0] != &vcpus[0])
			simulate(STEP);
		/* At first it still pays for having run like the others. */
		if (round > 20)
			worst = MAX(worst, machine.now - woken);
		infos[0].evtchn_upcall_pending = 0;
	}
	assert_in_range(worst, 0, 2 * STEP);
}

/* v, which waits on the processor of one that runs, is waked: how long until that one makes room. */
static uint64_t wait_for_turn(int v)
{
	const struct vcpu *running = on_cpu[0];
	uint64_t woken = machine.now;

	infos[v].evtchn_upcall_pending = 1;
	vcpu_kick(&vcpus[v]);
	while (on_cpu[0] == running)
		simulate(STEP);
	infos[v].evtchn_upcall_pending = 0;
	return machine.now - woken;
}

/* vcpu 0 has had its turn and waits, for so long. */
static void let_wait(uint64_t ns)
{
	while (on_cpu[0] != &vcpus[0])
		simulate(STEP);
	block(0);
	simulate(ns);
}

/* ... but whoever has just got the processor keeps it for a moment. */
static void test_wake_ratelimit(void **state)
{
	uint64_t started;

	(void)state;
	start_world(1, 2);
	for (int round = 0; round < 50; round++) {
		while (on_cpu[0] != &vcpus[0])
			simulate(STEP);
		block(0);
		softirqs(0);
		assert_ptr_equal(on_cpu[0], &vcpus[1]);
		started = machine.now;
		simulate(STEP);
		infos[0].evtchn_upcall_pending = 1;
		vcpu_kick(&vcpus[0]);
		while (on_cpu[0] == &vcpus[1])
			simulate(STEP);
		infos[0].evtchn_upcall_pending = 0;
		assert_ptr_equal(on_cpu[0], &vcpus[0]);
		assert_true(machine.now - started >= SCHED_RATELIMIT);
		/* At first vcpu 0 still pays for having run. */
		if (round > 20)
			assert_in_range(machine.now - started, SCHED_RATELIMIT,
					SCHED_RATELIMIT + 3 * STEP);
	}
}

/* ... and a sibling waits a moment however long it ran: the waker may hold a lock. */
static void test_wake_of_sibling(void **state)
{
	(void)state;
	start_world(1, 2);
	vcpus[0].domain = &domains[1];
	for (int round = 0; round < 50; round++) {
		uint64_t waited;

		let_wait(5 * MS);
		assert_ptr_equal(on_cpu[0], &vcpus[1]);
		waited = wait_for_turn(0);
		assert_true(waited >= SCHED_RATELIMIT);
		if (round > 20)
			assert_in_range(waited, SCHED_RATELIMIT, SCHED_RATELIMIT + 3 * STEP);
	}
	vcpus[0].domain = &domains[0];
}

/* The timer of a turn that its owner ended before is still set, and does not end the next one's. */
static void test_turn_ended_before(void **state)
{
	(void)state;
	start_world(1, 2);
	vcpus[0].domain = &domains[1];
	for (int round = 0; round < 50; round++) {
		let_wait(5 * MS);
		infos[0].evtchn_upcall_pending = 1;
		vcpu_kick(&vcpus[0]);
		block(1);
		softirqs(0);
		assert_ptr_equal(on_cpu[0], &vcpus[0]);
		assert_true(runqueues[0].slice.active);
		infos[0].evtchn_upcall_pending = 0;
		simulate(SCHED_RATELIMIT / 2);
		assert_in_range(wait_for_turn(1), SCHED_RATELIMIT, SCHED_SLICE + 3 * STEP);
	}
	vcpus[0].domain = &domains[0];
}

/* Who had a processor to himself for long does not pay for all of it when another comes. */
static void test_alone_for_long(void **state)
{
	uint64_t before[VCPUS], since;

	(void)state;
	start_world(1, 2);
	while (on_cpu[0] != &vcpus[1])
		simulate(STEP);
	block(1);
	simulate(20000 * MS);
	infos[1].evtchn_upcall_pending = 1;
	vcpu_kick(&vcpus[1]);
	settle();
	note_times(before);
	since = machine.now;
	simulate(400 * MS);
	for (unsigned int i = 0; i < 2; i++)
		assert_in_range(share(i, since, before), 35, 65);
	infos[1].evtchn_upcall_pending = 0;
}

static void test_cap(void **state)
{
	uint64_t before[VCPUS], since;

	(void)state;
	start_world(2, 2);
	assert_int_equal(sched_set(&domains[0], 0, 25), 0);
	note_times(before);
	since = machine.now;
	simulate(4000 * MS);
	assert_in_range(share(0, since, before), 23, 27);
	assert_in_range(share(1, since, before), 99, 100);
	/* Lifting it lets it run at once. */
	enter_cpu(0);
	assert_int_equal(sched_set(&domains[0], 0, 0), 0);
	note_times(before);
	since = machine.now;
	simulate(500 * MS);
	assert_in_range(share(0, since, before), 98, 100);
}

static void test_affinity(void **state)
{
	(void)state;
	start_world(4, 6);
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(sched_set_affinity(&vcpus[i], 1ULL << (i % 2)), 0);
	simulate(100 * MS);
	assert_ptr_equal(on_cpu[2], runqueues[2].idle);
	assert_ptr_equal(on_cpu[3], runqueues[3].idle);
	srandom(1);
	for (int round = 0; round < 300; round++) {
		enter_cpu(random() % 4);
		assert_int_equal(sched_set_affinity(&vcpus[random() % 6], 1 + random() % 15), 0);
		simulate(MS);
	}
	assert_int_equal(sched_set_affinity(&vcpus[0], 0x100), -EINVAL);
}

static void test_block_and_events(void **state)
{
	(void)state;
	start_world(1, 1);
	/* An event that came first: no blocking. */
	infos[0].evtchn_upcall_pending = 1;
	infos[0].evtchn_upcall_mask = 1;
	block(0);
	assert_int_equal(infos[0].evtchn_upcall_mask, 0);
	settle();
	assert_ptr_equal(on_cpu[0], &vcpus[0]);
	infos[0].evtchn_upcall_pending = 0;
	block(0);
	/* One that comes before the processor has switched: nor then. */
	vcpu_kick(&vcpus[0]);
	settle();
	assert_ptr_equal(on_cpu[0], &vcpus[0]);
	block(0);
	settle();
	assert_ptr_equal(on_cpu[0], runqueues[0].idle);
	assert_int_equal(vcpus[0].sched.state, HC_RUNSTATE_BLOCKED);
	vcpu_kick(&vcpus[0]);
	settle();
	assert_ptr_equal(on_cpu[0], &vcpus[0]);
}

static void test_pause(void **state)
{
	(void)state;
	start_world(1, 2);
	simulate(30 * MS);
	/* Both nest; the one that runs cannot be waited for here, so only the other is paused. */
	while (on_cpu[0] != &vcpus[0])
		simulate(STEP);
	vcpu_pause(&vcpus[1]);
	domain_pause(&domains[1]);
	simulate(50 * MS);
	assert_ptr_equal(on_cpu[0], &vcpus[0]);
	assert_false(runqueues[0].slice.active);
	assert_int_equal(vcpus[1].sched.state, HC_RUNSTATE_OFFLINE);
	enter_cpu(0);
	vcpu_unpause(&vcpus[1]);
	assert_false(vcpu_runnable(&vcpus[1]));
	domain_unpause(&domains[1]);
	simulate(50 * MS);
	assert_true(vcpu_cpu_time(&vcpus[1]) > 20 * MS);
}

static long poll(const uint32_t *ports, uint32_t count, uint64_t timeout)
{
	struct hc_sched_poll op = { (uint64_t)ports, count, 0, timeout };

	enter_cpu(0);
	return hypercall_sched_op(HC_SCHEDOP_POLL, (uint64_t)&op);
}

static void test_poll(void **state)
{
	uint32_t ports[129] = { 7, 9 };

	(void)state;
	start_world(1, 1);
	infos[0].evtchn_upcall_mask = 1;
	assert_int_equal(poll(ports, 129, 0), -EINVAL);
	ports[1] = 77;
	assert_int_equal(poll(ports, 2, 0), -EINVAL);
	assert_int_equal(vcpus[0].sched.waiting, 0);
	ports[1] = 9;
	shared[0].evtchn_pending[0] = 1 << 9;
	assert_int_equal(poll(ports, 2, 0), 0);
	settle();
	assert_ptr_equal(on_cpu[0], &vcpus[0]);
	shared[0].evtchn_pending[0] = 0;
	/* The time has passed already; then one that passes. */
	assert_int_equal(poll(ports, 1, machine.now - 1), 0);
	settle();
	assert_ptr_equal(on_cpu[0], &vcpus[0]);
	assert_int_equal(poll(ports, 1, machine.now + 3 * MS), 0);
	assert_int_equal(vcpus[0].event.poll_port, 7);
	simulate(2 * MS);
	assert_ptr_equal(on_cpu[0], runqueues[0].idle);
	simulate(2 * MS);
	assert_ptr_equal(on_cpu[0], &vcpus[0]);
	assert_int_equal(vcpus[0].sched.waiting, 0);
	/* Several ports, no time limit, an event. */
	assert_int_equal(poll(ports, 2, 0), 0);
	assert_int_equal(vcpus[0].event.poll_port, ~0u);
	settle();
	assert_ptr_equal(on_cpu[0], runqueues[0].idle);
	vcpu_kick(&vcpus[0]);
	settle();
	assert_ptr_equal(on_cpu[0], &vcpus[0]);
	assert_int_equal(vcpus[0].sched.waiting, 0);
	assert_int_equal(domains[0].event.pollers, 1);
}

static long watchdog(uint32_t id, uint32_t seconds)
{
	struct hc_sched_watchdog op = { id, seconds };

	enter_cpu(0);
	return hypercall_sched_op(HC_SCHEDOP_WATCHDOG, (uint64_t)&op);
}

static void test_watchdog(void **state)
{
	(void)state;
	start_world(1, 1);
	assert_int_equal(watchdog(0, 0), -EINVAL);
	assert_int_equal(watchdog(1, 5), -EINVAL);
	assert_int_equal(watchdog(0, 1), 1);
	assert_int_equal(watchdog(0, 5), 2);
	assert_int_equal(watchdog(0, 5), -ENOSPC);
	assert_int_equal(watchdog(3, 5), -EINVAL);
	simulate(900 * MS);
	assert_int_equal(watchdog(1, 1), 0);
	simulate(900 * MS);
	assert_int_equal(machine.shutdowns, 0);
	assert_int_equal(watchdog(2, 0), 0);
	simulate(200 * MS);
	assert_int_equal(machine.shutdowns, 1);
	assert_int_equal(machine.shutdown_reason, HC_SHUTDOWN_WATCHDOG);
}

static void test_shutdown_codes(void **state)
{
	struct hc_sched_shutdown op = { HC_SHUTDOWN_MAX + 1 };
	struct hc_sched_remote_shutdown remote = { .domain_id = 1 };

	(void)state;
	start_world(1, 1);
	enter_cpu(0);
	assert_int_equal(hypercall_sched_op(HC_SCHEDOP_SHUTDOWN, (uint64_t)&op), -EINVAL);
	assert_int_equal(hypercall_sched_op(HC_SCHEDOP_SHUTDOWN, 0), -EFAULT);
	op.reason = HC_SHUTDOWN_CRASH;
	assert_int_equal(hypercall_sched_op(HC_SCHEDOP_SHUTDOWN_CODE, (uint64_t)&op), 0);
	op.reason = HC_SHUTDOWN_POWEROFF;
	assert_int_equal(hypercall_sched_op(HC_SCHEDOP_SHUTDOWN, (uint64_t)&op), 0);
	assert_int_equal(machine.shutdown_reason, HC_SHUTDOWN_CRASH);
	assert_int_equal(hypercall_sched_op(HC_SCHEDOP_REMOTE_SHUTDOWN, (uint64_t)&remote), -EPERM);
	domains[0].privileged = true;
	assert_int_equal(hypercall_sched_op(HC_SCHEDOP_REMOTE_SHUTDOWN, (uint64_t)&remote), -ESRCH);
	assert_int_equal(hypercall_sched_op(HC_SCHEDOP_PIN_OVERRIDE + 1, 0), -ENOSYS);
}

/* The numbers add up, and the guest's copy, across two pages, agrees with them. */
static void test_runstate(void **state)
{
	struct hc_vcpu_register_runstate_memory_area area = { { .v = 0x2000 - 20 } };
	struct hc_vcpu_runstate_info info, copy;
	uint64_t start, sum = 0;

	(void)state;
	start_world(1, 2);
	while (on_cpu[0] != &vcpus[0])
		simulate(STEP);
	start = vcpus[0].sched.state_since;
	memset(vcpus[0].sched.state_time, 0, sizeof(vcpus[0].sched.state_time));
	enter_cpu(0);
	assert_int_equal(vcpu_register_runstate_area(&vcpus[0], (uint64_t)&area), 0);
	assert_int_equal(machine.frame_refs, 2);
	domains[0].vm_assist = 1ULL << HC_VMASST_TYPE_RUNSTATE_UPDATE_FLAG;
	simulate(40 * MS);
	while (on_cpu[0] != &vcpus[0])
		simulate(STEP);
	block(0);
	simulate(40 * MS);
	vcpu_kick(&vcpus[0]);
	while (on_cpu[0] != &vcpus[0])
		simulate(STEP);
	enter_cpu(0);
	assert_int_equal(vcpu_get_runstate(&vcpus[0], (uint64_t)&info), 0);
	for (int i = 0; i < 4; i++)
		sum += info.time[i];
	assert_int_equal(sum, machine.now - start);
	assert_int_equal(info.state, HC_RUNSTATE_RUNNING);
	assert_true(info.time[HC_RUNSTATE_BLOCKED] >= 40 * MS);
	assert_true(info.time[HC_RUNSTATE_RUNNABLE] >= 9 * MS);
	assert_int_equal(info.time[HC_RUNSTATE_OFFLINE], 0);
	memcpy(&copy, host_ram + area.addr.v, sizeof(copy));
	copy.time[HC_RUNSTATE_RUNNING] += machine.now - copy.state_entry_time;
	assert_memory_equal(&copy, &info, sizeof(copy));
	/* 0 gives it up; an address without memory is refused. */
	area.addr.v = 8;
	assert_int_equal(vcpu_register_runstate_area(&vcpus[0], (uint64_t)&area), -EFAULT);
	area.addr.v = 0;
	assert_int_equal(vcpu_register_runstate_area(&vcpus[0], (uint64_t)&area), 0);
	assert_int_equal(machine.frame_refs, 0);
}

/* Everything at once, by chance: nobody is lost, nobody runs who must not. */
static void test_chaos(void **state)
{
	unsigned int pauses[VCPUS] = { 0 };

	(void)state;
	start_world(4, VCPUS);
	srandom(99);
	for (int round = 0; round < 4000; round++) {
		unsigned int i = random() % VCPUS;

		enter_cpu(random() % 4);
		switch (random() % 6) {
		case 0:
			if (current != host_cpu.idle)
				vcpu_block();
			break;
		case 1:
			vcpu_kick(&vcpus[i]);
			break;
		case 2:
			if (current != host_cpu.idle)
				vcpu_yield();
			break;
		case 3:
			sched_set_affinity(&vcpus[i], 1 + random() % 15);
			break;
		case 4:
			if (!vcpus[i].sched.running) {
				vcpu_pause(&vcpus[i]);
				pauses[i]++;
			}
			break;
		case 5:
			if (pauses[i]) {
				vcpu_unpause(&vcpus[i]);
				pauses[i]--;
			}
			break;
		}
		simulate(random() % 5 * STEP);
		for (unsigned int v = 0; v < VCPUS; v++)
			assert_true(vcpu_runnable(&vcpus[v]) ==
				    (vcpus[v].sched.queued || vcpus[v].sched.running));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_alone_undisturbed, end_world),
		cmocka_unit_test_teardown(test_weights, end_world),
		cmocka_unit_test_teardown(test_balance, end_world),
		cmocka_unit_test_teardown(test_idle_processors_help, end_world),
		cmocka_unit_test_teardown(test_wake_latency, end_world),
		cmocka_unit_test_teardown(test_wake_ratelimit, end_world),
		cmocka_unit_test_teardown(test_wake_of_sibling, end_world),
		cmocka_unit_test_teardown(test_turn_ended_before, end_world),
		cmocka_unit_test_teardown(test_alone_for_long, end_world),
		cmocka_unit_test_teardown(test_cap, end_world),
		cmocka_unit_test_teardown(test_affinity, end_world),
		cmocka_unit_test_teardown(test_block_and_events, end_world),
		cmocka_unit_test_teardown(test_pause, end_world),
		cmocka_unit_test_teardown(test_poll, end_world),
		cmocka_unit_test_teardown(test_watchdog, end_world),
		cmocka_unit_test_teardown(test_shutdown_codes, end_world),
		cmocka_unit_test_teardown(test_runstate, end_world),
		cmocka_unit_test_teardown(test_chaos, end_world),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
