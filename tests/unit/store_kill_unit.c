/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kill -9 for real: the store runs in a child process on rings in shared
 * memory and is killed at random moments, while this process, as two guests,
 * checks that every request is answered exactly once, that nothing that was
 * acknowledged is lost, and that every change is told to its watcher exactly
 * once.
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_world.h"

#define KILLS 150
#define PATIENCE_SECONDS 60

static struct world world;
static pid_t child;
static unsigned int kills;
static uint64_t next_kill;	/* ns */
static unsigned int events;	/* that domain 0 has got */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void start_child(void)
{
	world_close_ports();
	next_kill = now_ns() + 20000 + rand() % 3000000;
	child = fork();
	assert_true(child >= 0);
	if (child)
		return;
	world_restart(&world);
	for (;;) {
		world_serve(&world);
		sched_yield();
	}
}

static void end_child(void)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void kill_now_and_then(void)
{
	int status;

	assert_int_equal(waitpid(child, &status, WNOHANG), 0);
	if (kills >= KILLS || now_ns() < next_kill)
		return;
	end_child();
	kills++;
	start_child();
}

/* Takes a message for the domain, counting events on the way. */
static void wait_answer(uint16_t domid, struct world_message *answer)
{
	uint64_t until = now_ns() + PATIENCE_SECONDS * 1000000000ull;

	while (now_ns() < until) {
		kill_now_and_then();
		if (!world_receive(domid, answer)) {
			sched_yield();
			continue;
		}
		if (answer->header.type != HC_XS_WATCH_EVENT)
			return;
		events++;
	}
	fail_msg("no answer within %d s", PATIENCE_SECONDS);
}

/* A request in pieces as the ring takes them; its answer must be the next one. */
static int call(uint16_t domid, uint32_t type, uint32_t tx, const void *body, size_t len,
		struct world_message *answer)
{
	static uint32_t request;
	struct hc_store_msg header = { .type = type, .req_id = ++request, .tx_id = tx, .len = len };
	char bytes[sizeof(header) + HC_STORE_PAYLOAD_MAX];
	size_t put = 0;

	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), body, len);
	while (put < sizeof(header) + len) {
		put += world_put(domid, bytes + put, sizeof(header) + len - put);
		kill_now_and_then();
	}
	wait_answer(domid, answer);
	assert_int_equal(answer->header.req_id, request);
	if (answer->header.type == HC_XS_ERROR)
		return strcmp(answer->body, "EAGAIN") ? -EIO : -EAGAIN;
	assert_int_equal(answer->header.type, type);
	return 0;
}

static void write_value(uint32_t tx, const char *path, unsigned int number, size_t padding)
{
	char body[HC_STORE_PAYLOAD_MAX];
	struct world_message answer;
	size_t len = strlen(path) + 1;

	strcpy(body, path);
	len += sprintf(body + len, "%u:", number);
	memset(body + len, 'p', padding);
	assert_int_equal(call(1, HC_XS_WRITE, tx, body, len + padding, &answer), 0);
}

static unsigned int read_value(uint32_t tx, const char *path)
{
	struct world_message answer;

	assert_int_equal(call(1, HC_XS_READ, tx, path, strlen(path) + 1, &answer), 0);
	return strtoul(answer.body, NULL, 10);
}

/* Adds one to two numbers in one transaction, as often as it takes. */
static void increment_both(unsigned int *commits)
{
	struct world_message answer;
	int rc;

	do {
		uint32_t tx;

		assert_int_equal(call(1, HC_XS_TRANSACTION_START, 0, "", 1, &answer), 0);
		tx = strtoul(answer.body, NULL, 10);
		assert_int_equal(read_value(tx, "data/one"), read_value(tx, "data/two"));
		write_value(tx, "data/one", read_value(tx, "data/one") + 1, 0);
		write_value(tx, "data/two", read_value(tx, "data/two") + 1, 0);
		rc = call(1, HC_XS_TRANSACTION_END, tx, "T", 2, &answer);
		assert_true(rc == 0 || rc == -EAGAIN);
	} while (rc);
	++*commits;
}

static void test_kills(void **state)
{
	unsigned int writes = 0, commits = 0;
	struct world_message answer;

	(void)state;
	world_start(&world, true);
	world_introduce(&world, 1);
	assert_int_equal(world_write(&world, 1, 0, "data/one", "0:"), 0);
	assert_int_equal(world_write(&world, 1, 0, "data/two", "0:"), 0);
	assert_int_equal(world_watch(&world, 0, "/local/domain/1/data/n", "t"), 0);
	assert_non_null(world_event(&world, 0));
	world_kill(&world);
	srand(3);
	start_child();
	while (kills < KILLS) {
		writes++;
		/* Sometimes larger than the ring. */
		write_value(0, "data/n", writes, writes % 5 ? 10 : 1900);
		assert_int_equal(read_value(0, "data/n"), writes);
		if (writes % 3 == 0)
			increment_both(&commits);
		/* Domain 0 takes its events now and then, so that they queue up too. */
		if (writes % 7 == 0)
			assert_int_equal(call(0, HC_XS_READ, 0, "/", 2, &answer), 0);
	}
	assert_int_equal(read_value(0, "data/one"), commits);
	assert_int_equal(read_value(0, "data/two"), commits);
	assert_int_equal(call(0, HC_XS_READ, 0, "/", 2, &answer), 0);
	assert_int_equal(events, writes);
	end_child();
	world_close_ports();
	world_restart(&world);
	world_end(&world);
	print_message("%u kills, %u writes, %u transactions\n", kills, writes, commits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kills),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
