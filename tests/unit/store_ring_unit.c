/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring transport: pieces, full rings, guests that break the rules, and a new beginning. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ring.h"
#include "store_world.h"

static struct world world;
static char value[HC_STORE_PAYLOAD_MAX + 1];

static int setup(void **state)
{
	(void)state;
	world_start(&world, false);
	world_introduce(&world, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_end(&world);
	return 0;
}

static void test_byte_by_byte(void **state)
{
	struct hc_store_msg header = { .type = HC_XS_WRITE, .req_id = 9, .len = 9 };
	struct world_message answer;
	char bytes[sizeof(header) + 9];

	(void)state;
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), "data/b\0xy", 9);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		assert_false(world_receive(1, &answer));
		assert_int_equal(world_put(1, bytes + i, 1), 1);
		world_serve(&world);
	}
	assert_true(world_receive(1, &answer));
	assert_int_equal(answer.header.req_id, 9);
	assert_string_equal(answer.body, "OK");
	assert_int_equal(world_read(&world, 1, 0, "data/b", value), 0);
	assert_string_equal(value, "xy");
}

static bool consume_late(struct connection *connection)
{
	const char *body = "data/l\0xy";

	/* As Linux sends: the ring was not empty, so it does not tell of this. */
	if (connection->received == sizeof(connection->header))
		assert_int_equal(world_put(1, body, 9), 9);
	return ring_transport.consume(connection);
}

/* The body comes after the look for it and before the header counts as taken. */
static void test_body_between_fetch_and_consume(void **state)
{
	struct hc_store_msg header = { .type = HC_XS_WRITE, .req_id = 9, .len = 9 };
	struct connection *connection = connection_of_domain(&world.store, 1);
	struct transport late = ring_transport;
	struct world_message answer;

	(void)state;
	late.consume = consume_late;
	connection->transport = &late;
	assert_int_equal(world_put(1, &header, sizeof(header)), sizeof(header));
	world_serve(&world);
	connection->transport = &ring_transport;
	assert_true(world_receive(1, &answer));
	assert_int_equal(answer.header.req_id, 9);
	assert_string_equal(answer.body, "OK");
}

static void test_indexes_wrap(void **state)
{
	struct hc_store_domain_interface *ring = world_ring(1);
	struct domain *domain = domain_of(connection_of_domain(&world.store, 1));

	(void)state;
	ring->req_cons = ring->req_prod = domain->req_cons = UINT32_MAX - 5;
	ring->rsp_cons = ring->rsp_prod = domain->rsp_prod = UINT32_MAX - 3;
	assert_int_equal(world_write(&world, 1, 0, "data/w", "wrapped"), 0);
	assert_int_equal(world_read(&world, 1, 0, "data/w", value), 0);
	assert_string_equal(value, "wrapped");
}

static void test_pipelined_requests_with_full_answers(void **state)
{
	struct world_message answer;
	unsigned int before;
	int answers = 0;

	(void)state;
	memset(value, 'v', 600);
	value[600] = '\0';
	assert_int_equal(world_write(&world, 1, 0, "data/v", value), 0);
	for (int i = 0; i < 20; i++)
		world_send(1, HC_XS_READ, 0, "data/v", 7);
	before = world_notifications(1);
	world_serve(&world);
	assert_true(world_notifications(1) > before);
	while (world_receive(1, &answer)) {
		assert_int_equal(answer.header.type, HC_XS_READ);
		assert_int_equal(answer.header.len, 600);
		answers++;
		world_serve(&world);
	}
	assert_int_equal(answers, 20);
}

/* Answers that the guest does not take stop its own requests, nobody else's, and cost little. */
static void test_guest_that_takes_no_answers(void **state)
{
	struct connection *connection = connection_of_domain(&world.store, 1);
	struct hc_store_msg header = { .type = HC_XS_READ, .len = 7 };
	struct hc_store_domain_interface *ring = world_ring(1);

	(void)state;
	memset(value, 'v', 2000);
	value[2000] = '\0';
	assert_int_equal(world_write(&world, 1, 0, "data/v", value), 0);
	for (int i = 0; i < 100; i++) {
		if (HC_STORE_RING_SIZE - (ring->req_prod - ring->req_cons) >= sizeof(header) + 7) {
			world_put(1, &header, sizeof(header));
			world_put(1, "data/v", 7);
		}
		world_serve(&world);
	}
	assert_true(connection->out.len < 32768);
	assert_true(ring->req_prod != ring->req_cons);
	assert_int_equal(world_write(&world, 0, 0, "/x", "1"), 0);
}

static void assert_cut_off(uint32_t error)
{
	struct world_message answer;

	world_serve(&world);
	assert_true(connection_of_domain(&world.store, 1)->broken);
	assert_int_equal(world_ring(1)->error, error);
	/* Others are served as before, and the guest can still be released. */
	assert_int_equal(world_write(&world, 0, 0, "/x", "1"), 0);
	assert_int_equal(world_call(&world, 0, HC_XS_RELEASE, 0, "1", 2, &answer), 0);
}

static void test_hostile_request_producer(void **state)
{
	(void)state;
	world_ring(1)->req_prod = world_ring(1)->req_cons + HC_STORE_RING_SIZE + 1;
	assert_cut_off(HC_STORE_ERROR_RINGIDX);
}

static void test_hostile_request_producer_behind(void **state)
{
	(void)state;
	world_ring(1)->req_prod = world_ring(1)->req_cons - 1;
	assert_cut_off(HC_STORE_ERROR_RINGIDX);
}

static void test_hostile_response_consumer(void **state)
{
	(void)state;
	world_ring(1)->rsp_cons = world_ring(1)->rsp_prod + 1;
	world_send(1, HC_XS_READ, 0, "data", 5);
	assert_cut_off(HC_STORE_ERROR_RINGIDX);
}

static void test_hostile_length(void **state)
{
	struct hc_store_msg header = { .type = HC_XS_READ, .len = HC_STORE_PAYLOAD_MAX + 1 };

	(void)state;
	world_put(1, &header, sizeof(header));
	assert_cut_off(HC_STORE_ERROR_PROTO);
}

/* The daemon's own indexes, as the guest sees them, are of no interest to the daemon. */
static void test_scribbled_indexes_of_the_daemon(void **state)
{
	struct hc_store_domain_interface *ring = world_ring(1);
	struct world_message answer;
	uint32_t cons = ring->req_cons;

	(void)state;
	world_send(1, HC_XS_READ, 0, "data", 5);
	ring->req_cons = 12345;
	world_serve(&world);
	assert_int_equal(ring->req_cons, cons + 21);
	assert_true(world_receive(1, &answer));
	assert_int_equal(answer.header.type, HC_XS_READ);
}

static void test_reconnect(void **state)
{
	struct hc_store_domain_interface *ring = world_ring(1);

	(void)state;
	assert_int_equal(ring->server_features, HC_STORE_SERVER_FEATURE_RECONNECTION |
			 HC_STORE_SERVER_FEATURE_ERROR);
	assert_int_equal(world_watch(&world, 1, "data", "tok"), 0);
	assert_non_null(world_event(&world, 1));
	world_begin(&world, 1);
	world_put(1, "half a mess", 11);
	world_serve(&world);
	ring->connection = HC_STORE_RECONNECT;
	/* As its event leaves it: what comes next must be heard. */
	domain_of(connection_of_domain(&world.store, 1))->masked = true;
	world_serve(&world);
	assert_false(domain_of(connection_of_domain(&world.store, 1))->masked);
	assert_int_equal(ring->connection, HC_STORE_CONNECTED);
	assert_int_equal(ring->req_prod, 0);
	assert_int_equal(connection_of_domain(&world.store, 1)->watch_count, 0);
	assert_int_equal(connection_of_domain(&world.store, 1)->transaction_count, 0);
	assert_int_equal(world_write(&world, 1, 0, "data/x", "after"), 0);
	assert_int_equal(world_read(&world, 1, 0, "data/x", value), 0);
	assert_string_equal(value, "after");
}

static void test_introduced_again(void **state)
{
	struct world_message answer;

	(void)state;
	assert_int_equal(world_call(&world, 0, HC_XS_INTRODUCE, 0, "1\000101\0002", 8, &answer), 0);
	assert_int_equal(world_write(&world, 1, 0, "data/x", ""), 0);
	assert_int_equal(world_call(&world, 0, HC_XS_INTRODUCE, 0, "1\00099\0002", 7, &answer),
			 -EINVAL);
	assert_int_equal(world_call(&world, 0, HC_XS_INTRODUCE, 0, "1\0005", 4, &answer), -EINVAL);
	assert_int_equal(world_call(&world, 0, HC_XS_INTRODUCE, 0, "0\0005\0006", 6, &answer), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_byte_by_byte),
		TEST(test_body_between_fetch_and_consume),
		TEST(test_indexes_wrap),
		TEST(test_pipelined_requests_with_full_answers),
		TEST(test_guest_that_takes_no_answers),
		TEST(test_hostile_request_producer),
		TEST(test_hostile_request_producer_behind),
		TEST(test_hostile_response_consumer),
		TEST(test_hostile_length),
		TEST(test_scribbled_indexes_of_the_daemon),
		TEST(test_reconnect),
		TEST(test_introduced_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
