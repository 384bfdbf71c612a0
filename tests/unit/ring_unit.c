/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring helpers of the headers: both sides in one program, and a peer that
 * writes nonsense to the shared page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hypercall/block.h>
#include <hypercall/console.h>
#include <hypercall/net.h>
#include <hypercall/store.h>

static union {
	struct hc_blkif_sring ring;
	char bytes[4096];
} page;

static struct hc_blkif_front_ring front;
static struct hc_blkif_back_ring back;

static int fresh_ring(void **state)
{
	(void)state;
	memset(&page, 0xee, sizeof(page));
	hc_blkif_front_init(&front, &page.ring, sizeof(page));
	hc_blkif_back_init(&back, &page.ring, sizeof(page));
	return 0;
}

static void carries_requests_and_responses(void **state)
{
	struct hc_blkif_request request = { 0 };
	struct hc_blkif_response response = { 0 };
	uint64_t id, expected = 0;
	unsigned int round, n;

	(void)state;
	assert_int_equal(front.nr_ents, 32);
	for (id = 0, round = 0; round < 1000; round++) {
		for (n = 0; n < 1 + round % 32; n++) {
			request.id = id++;
			assert_int_equal(hc_blkif_front_put(&front, &request), 0);
		}
		hc_blkif_front_push(&front);
		while (hc_blkif_back_get(&back, &request) == 1) {
			response.id = request.id;
			assert_int_equal(hc_blkif_back_put(&back, &response), 0);
		}
		hc_blkif_back_push(&back);
		while (hc_blkif_front_get(&front, &response) == 1)
			assert_int_equal(response.id, expected++);
	}
	assert_int_equal(expected, id);
}

static void says_when_to_notify(void **state)
{
	struct hc_blkif_request request = { 0 };

	(void)state;
	assert_int_equal(hc_blkif_front_put(&front, &request), 0);
	assert_int_equal(hc_blkif_front_push(&front), 1);
	/* The backend has not asked again. */
	assert_int_equal(hc_blkif_front_put(&front, &request), 0);
	assert_int_equal(hc_blkif_front_push(&front), 0);
	assert_int_equal(hc_blkif_back_get(&back, &request), 1);
	assert_int_equal(hc_blkif_back_arm(&back), 1);
	assert_int_equal(hc_blkif_back_get(&back, &request), 1);
	assert_int_equal(hc_blkif_back_arm(&back), 0);
	assert_int_equal(hc_blkif_front_put(&front, &request), 0);
	assert_int_equal(hc_blkif_front_push(&front), 1);
}

static void keeps_to_its_size(void **state)
{
	struct hc_blkif_request request = { 0 };
	struct hc_blkif_response response = { 0 };
	unsigned int n;

	(void)state;
	assert_int_equal(hc_blkif_back_put(&back, &response), HC_RING_BROKEN);
	for (n = 0; n < 32; n++)
		assert_int_equal(hc_blkif_front_put(&front, &request), 0);
	assert_int_equal(hc_blkif_front_free(&front), 0);
	assert_int_equal(hc_blkif_front_put(&front, &request), HC_RING_BROKEN);
}

static void refuses_a_lying_peer(void **state)
{
	struct hc_blkif_request request;
	struct hc_blkif_response response;

	(void)state;
	page.ring.req_prod = 33;
	assert_int_equal(hc_blkif_back_get(&back, &request), HC_RING_BROKEN);
	page.ring.req_prod = UINT32_MAX;
	assert_int_equal(hc_blkif_back_get(&back, &request), HC_RING_BROKEN);
	/* A response to a request that was never made. */
	page.ring.rsp_prod = 1;
	assert_int_equal(hc_blkif_front_get(&front, &response), HC_RING_BROKEN);
}

static void streams_bytes(void **state)
{
	struct hc_console_interface console;
	char out[600], in[600];
	unsigned int round, i;
	int n;

	(void)state;
	memset(&console, 0, sizeof(console));
	/* Near the wrap of the indexes. */
	console.out_cons = console.out_prod = UINT32_MAX - 100;
	for (round = 0; round < 100; round++) {
		for (i = 0; i < sizeof(out); i++)
			out[i] = (char)(round + i);
		assert_int_equal(hc_console_guest_write(&console, out, sizeof(out)), sizeof(out));
		assert_int_equal(hc_console_host_read(&console, in, sizeof(in)), sizeof(in));
		assert_memory_equal(in, out, sizeof(in));
	}
	for (n = 0, i = 0; i < 4; i++)
		n += hc_console_guest_write(&console, out, sizeof(out));
	assert_int_equal(n, HC_CONSOLE_OUT_SIZE);
	console.out_prod += 1;
	assert_int_equal(hc_console_host_read(&console, in, sizeof(in)), HC_RING_BROKEN);
	assert_int_equal(hc_console_guest_write(&console, out, 1), HC_RING_BROKEN);
}

static void carries_store_messages(void **state)
{
	struct hc_store_domain_interface store;
	struct hc_store_msg message = { .type = HC_XS_READ, .req_id = 9 }, got;

	(void)state;
	memset(&store, 0, sizeof(store));
	assert_int_equal(hc_store_client_write(&store, &message, sizeof(message)), sizeof(message));
	assert_int_equal(hc_store_server_read(&store, &got, sizeof(got)), sizeof(got));
	assert_memory_equal(&got, &message, sizeof(got));
	assert_int_equal(hc_store_server_write(&store, &message, sizeof(message)), sizeof(message));
	assert_int_equal(hc_store_client_read(&store, &got, 4), 4);
	assert_int_equal(hc_store_client_read(&store, &got, sizeof(got)), sizeof(got) - 4);
	assert_int_equal(hc_store_client_read(&store, &got, sizeof(got)), 0);
}

static void sizes_net_rings(void **state)
{
	static union {
		struct hc_netif_tx_sring tx;
		struct hc_netif_rx_sring rx;
		char bytes[4096];
	} net;
	struct hc_netif_tx_front_ring tx;
	struct hc_netif_rx_front_ring rx;

	(void)state;
	hc_netif_tx_front_init(&tx, &net.tx, sizeof(net));
	assert_int_equal(tx.nr_ents, 256);
	hc_netif_rx_front_init(&rx, &net.rx, sizeof(net));
	assert_int_equal(rx.nr_ents, 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(carries_requests_and_responses, fresh_ring),
		cmocka_unit_test_setup(says_when_to_notify, fresh_ring),
		cmocka_unit_test_setup(keeps_to_its_size, fresh_ring),
		cmocka_unit_test_setup(refuses_a_lying_peer, fresh_ring),
		cmocka_unit_test(streams_bytes),
		cmocka_unit_test(carries_store_messages),
		cmocka_unit_test(sizes_net_rings),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
