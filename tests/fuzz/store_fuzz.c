/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile guest: the input is a script of what it does to its ring and when
 * the store looks.  Whatever it does, the store must neither break nor keep
 * domain 0 waiting, and what the guest may not touch must stay.
 *
 * With libFuzzer or AFL give LLVMFuzzerTestOneInput; as a program of its own it
 * runs the files named on the command line, or without any a number of random
 * scripts (first argument "-n COUNT", default 3000), repeatable by their seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scripts.h"
#include "store_world.h"

#define GUEST 1
#define SCRIPT_MAX 4096

static struct world world;

/* Consumes one byte of the script, 0 at its end. */
static uint8_t next_byte(const uint8_t **data, size_t *size)
{
	if (!*size)
		return 0;
	--*size;
	return *(*data)++;
}

/* A message that is mostly right: fields from the script, lengths as they should be. */
static void send_message(const uint8_t **data, size_t *size)
{
	static const char *const paths[] = { "data", "data/a", "data/a/b", "/", "/local/domain/2/data",
					     "@releaseDomain", "data/a/b/c/d/e", "name", "" };
	struct hc_store_msg header = { .type = next_byte(data, size) % 25 };
	char body[256];
	size_t len;

	header.tx_id = next_byte(data, size) % 4;
	header.req_id = next_byte(data, size);
	len = sprintf(body, "%s", paths[next_byte(data, size) % 9]) + 1;
	for (size_t more = next_byte(data, size) % 64; more; more--)
		body[len++] = next_byte(data, size);
	if (next_byte(data, size) % 2)
		body[len++] = '\0';
	header.len = len;
	hc_store_client_write(world_ring(GUEST), &header, sizeof(header));
	hc_store_client_write(world_ring(GUEST), body, len);
}

static void step(const uint8_t **data, size_t *size)
{
	struct hc_store_domain_interface *ring = world_ring(GUEST);
	char scratch[HC_STORE_RING_SIZE];
	uint8_t what = next_byte(data, size);

	switch (what % 16) {
	case 0:
		ring->req_prod += next_byte(data, size);
		break;
	case 1:
		ring->rsp_cons += next_byte(data, size);
		break;
	case 2:
		ring->req_cons = next_byte(data, size);
		break;
	case 3:
		ring->connection = next_byte(data, size) % 3;
		break;
	case 4:
		ring->req[next_byte(data, size) * 4] ^= next_byte(data, size);
		ring->req_prod++;
		break;
	case 5:
	case 6:
		hc_store_client_read(ring, scratch, sizeof(scratch));
		break;
	case 7:
	case 8:
		world_serve(&world);
		break;
	case 9:
		world_kill(&world);
		world_restart(&world);
		break;
	default:
		send_message(data, size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char value[HC_STORE_PAYLOAD_MAX + 1];

	world_start(&world, true);
	world_introduce(&world, GUEST);
	world_introduce(&world, 2);
	assert_int_equal(world_write(&world, 2, 0, "data/secret", "untouched"), 0);
	while (size)
		step(&data, &size);
	world_serve(&world);
	assert_int_equal(world_read(&world, 0, 0, "/local/domain/2/data/secret", value), 0);
	assert_string_equal(value, "untouched");
	assert_true(account_nodes(&world.store.tree.account, GUEST) <=
		    (int32_t)world.store.quota.nodes);
	world_end(&world);
	return 0;
}

#ifndef FUZZ_WITH_ENGINE
static size_t make_script(unsigned int seed, uint8_t *script)
{
	size_t size;

	srand(seed);
	size = rand() % SCRIPT_MAX;
	for (size_t i = 0; i < size; i++)
		script[i] = rand() >> 8;
	return size;
}

int main(int argc, char **argv)
{
	return run_scripts(argc, argv, 3000, make_script);
}
#endif
