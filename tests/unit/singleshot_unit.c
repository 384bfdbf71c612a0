// SPDX-License-Identifier: GPL-2.0-or-later
/* A vcpu's single-shot timer: the lead of one that waits, and that nobody has an event before its time. */
#include "machine_world.h"

#include <hypercall/event.h>
#include <string.h>

#include "hypercall/hypercall.h"
#include "time/guest.h"

#define MS 1000000ULL
#define READING 10			/* ns that a reading of the clock takes */
#define WAY 2000			/* ns from the interrupt until the vcpu is about to run */

static struct domain domain;
static struct vcpu vcpu;
static uint64_t event_at;		/* ns: when VIRQ_TIMER was raised, 0: not yet */

uint64_t time_now(void)
{
	return machine.now += READING;
}

void event_send_virq(struct vcpu *v, unsigned int virq)
{
	assert_ptr_equal(v, &vcpu);
	assert_int_equal(virq, HC_VIRQ_TIMER);
	event_at = machine.now;
}

static int setup(void **state)
{
	(void)state;
	machine_reset_world();
	memset(&vcpu, 0, sizeof(vcpu));
	vcpu.domain = &domain;
	current = &vcpu;
	singleshot_init(&vcpu);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	timer_kill(&vcpu.time.singleshot);
	timer_interrupt();
	timer_softirq();
	return 0;
}

static void interrupt(void)
{
	event_at = 0;
	/* One that was armed for an earlier timer may come first, for nothing. */
	for (int i = 0; i < 2 && !event_at; i++) {
		machine.now = MAX(machine.now, machine.armed);
		timer_interrupt();
		timer_softirq();
	}
	assert_int_not_equal(event_at, 0);
}

/* The vcpu asks for an event at due, waits for it and is about to run after way ns more; how late is it? */
static uint64_t sleep_until(uint64_t due, uint64_t way)
{
	assert_int_equal(hypercall_set_timer_op(due), 0);
	vcpu.sched.waiting = VCPU_WAIT_BLOCKED;
	interrupt();
	vcpu.sched.waiting = 0;
	machine.now += way;
	if (vcpu.time.arriving)
		singleshot_arrive(&vcpu);
	assert_int_equal(vcpu.time.arriving, 0);
	assert_true(machine.now >= due);
	return machine.now - due;
}

static void learn(uint64_t way)
{
	for (int i = 0; i < 60; i++)
		sleep_until(machine.now + MS, way);
}

static void test_sleeper_is_on_time(void **state)
{
	uint64_t due = machine.now + MS;

	(void)state;
	assert_true(sleep_until(due, WAY) >= WAY);
	learn(WAY);
	due = machine.now + MS;
	assert_in_range(sleep_until(due, WAY), 0, 5 * READING);
	assert_in_range(due - machine.armed, WAY, WAY + 5 * READING);
	/* A way that has become shorter is waited for, and learned. */
	due = machine.now + MS;
	assert_in_range(sleep_until(due, WAY / 2), 0, READING);
	learn(WAY / 2);
	due = machine.now + MS;
	sleep_until(due, WAY / 2);
	assert_in_range(due - machine.armed, WAY / 2 - 5 * READING, WAY / 2 + 5 * READING);
}

/* Others had the processor: that is nothing to learn from.  Nor is a lead ever longer than 5 us. */
static void test_lead_has_limits(void **state)
{
	uint64_t due;

	(void)state;
	learn(WAY);
	for (int i = 0; i < 20; i++)
		sleep_until(machine.now + MS, 3 * MS);
	due = machine.now + MS;
	sleep_until(due, WAY);
	assert_in_range(due - machine.armed, WAY, WAY + 5 * READING);
	learn(4 * WAY);
	due = machine.now + MS;
	sleep_until(due, 4 * WAY);
	assert_int_equal(due - machine.armed, 5000);
}

static void test_runner_has_no_lead(void **state)
{
	uint64_t due;

	(void)state;
	learn(WAY);
	due = machine.now + MS;
	assert_int_equal(hypercall_set_timer_op(due), 0);
	assert_true(machine.armed < due);
	interrupt();
	assert_in_range(event_at, due, due + READING);
	assert_int_equal(vcpu.time.arriving, 0);
	due = machine.now + MS;
	assert_int_equal(hypercall_set_timer_op(due), 0);
	assert_int_equal(machine.armed, due);
	interrupt();
	assert_true(event_at >= due);
	/* Nor has one that has only begun to wait. */
	learn(WAY);
	due = machine.now + MS;
	assert_int_equal(hypercall_set_timer_op(due), 0);
	vcpu.sched.waiting = VCPU_WAIT_BLOCKED;
	vcpu.sched.running = true;
	interrupt();
	assert_in_range(event_at, due, due + READING);
	assert_int_equal(vcpu.time.arriving, 0);
	vcpu.sched.running = false;
	vcpu.sched.waiting = 0;
	/* What was learned before is not forgotten. */
	sleep_until(machine.now + MS, WAY);
	assert_in_range(sleep_until(machine.now + MS, WAY), 0, WAY / 4);
}

static void test_near_and_past_deadlines(void **state)
{
	(void)state;
	learn(WAY);
	for (uint64_t due = 1; due < 2 * WAY; due += 100) {
		assert_int_equal(hypercall_set_timer_op(due), 0);
		assert_true(vcpu.time.singleshot.expires <= due);
	}
	sleep_until(machine.now + WAY / 2, WAY);
	sleep_until(machine.now - MS / 2, WAY);
}

/* The toolstack is told what the guest asked for, and asks for that elsewhere. */
static void test_time_left(void **state)
{
	(void)state;
	learn(WAY);
	assert_int_equal(singleshot_left(&vcpu), 0);
	assert_int_equal(hypercall_set_timer_op(machine.now + MS), 0);
	assert_in_range(singleshot_left(&vcpu), MS - 5 * READING, MS);
	machine.now += 2 * MS;
	assert_int_equal(singleshot_left(&vcpu), 1);
	singleshot_set(&vcpu, machine.now + 3 * MS);
	assert_in_range(singleshot_left(&vcpu), 3 * MS - 5 * READING, 3 * MS);
	singleshot_set(&vcpu, ~0ULL);
	assert_int_equal(singleshot_left(&vcpu), FAR_FUTURE_NS);
}

/* A vcpu that another event has waked sets its timer anew elsewhere while the old one expires here. */
static void test_set_while_it_expires(void **state)
{
	(void)state;
	learn(WAY);
	assert_int_equal(hypercall_set_timer_op(machine.now + MS), 0);
	vcpu.time.due = machine.now + 3600000 * MS;
	interrupt();
	assert_in_range(event_at, machine.armed, machine.armed + 10 * READING);
	vcpu.time.arriving = vcpu.time.due;
	singleshot_arrive(&vcpu);
	assert_in_range(machine.now, event_at, event_at + 10 * READING);
	assert_in_range(vcpu.time.lead, WAY, WAY + 5 * READING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sleeper_is_on_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lead_has_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_runner_has_no_lead, setup, teardown),
		cmocka_unit_test_setup_teardown(test_near_and_past_deadlines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time_left, setup, teardown),
		cmocka_unit_test_setup_teardown(test_set_while_it_expires, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
