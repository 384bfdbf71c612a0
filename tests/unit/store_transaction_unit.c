/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transactions: isolation, what is a conflict and what is not, and all-or-nothing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store_world.h"

static struct world world;
static char value[HC_STORE_PAYLOAD_MAX + 1];

static int setup(void **state)
{
	(void)state;
	world_start(&world, false);
	assert_int_equal(world_write(&world, 0, 0, "/t/a", "1"), 0);
	assert_int_equal(world_write(&world, 0, 0, "/t/b", "1"), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_end(&world);
	return 0;
}

static void test_reads_own_writes_only(void **state)
{
	uint32_t tx = world_begin(&world, 0);

	(void)state;
	assert_int_equal(world_write(&world, 0, tx, "/t/a", "2"), 0);
	assert_int_equal(world_read(&world, 0, tx, "/t/a", value), 0);
	assert_string_equal(value, "2");
	assert_int_equal(world_read(&world, 0, 0, "/t/a", value), 0);
	assert_string_equal(value, "1");
	/* A change from outside is not seen inside. */
	assert_int_equal(world_write(&world, 0, 0, "/t/b", "3"), 0);
	assert_int_equal(world_read(&world, 0, tx, "/t/b", value), 0);
	assert_string_equal(value, "1");
	assert_int_equal(world_commit(&world, 0, tx), -EAGAIN);
	assert_int_equal(world_read(&world, 0, 0, "/t/a", value), 0);
	assert_string_equal(value, "1");
	assert_int_equal(world_commit(&world, 0, tx), -ENOENT);
}

static void test_commit_and_abort(void **state)
{
	uint32_t tx = world_begin(&world, 0);

	(void)state;
	assert_int_equal(world_write(&world, 0, tx, "/t/a", "2"), 0);
	assert_int_equal(world_path_call(&world, 0, HC_XS_RM, tx, "/t/b"), 0);
	assert_int_equal(world_commit(&world, 0, tx), 0);
	assert_int_equal(world_read(&world, 0, 0, "/t/a", value), 0);
	assert_string_equal(value, "2");
	assert_int_equal(world_read(&world, 0, 0, "/t/b", value), -ENOENT);
	tx = world_begin(&world, 0);
	assert_int_equal(world_write(&world, 0, tx, "/t/a", "3"), 0);
	assert_int_equal(world_path_call(&world, 0, HC_XS_TRANSACTION_END, tx, "F"), 0);
	assert_int_equal(world_read(&world, 0, 0, "/t/a", value), 0);
	assert_string_equal(value, "2");
}

static void test_neighbours_do_not_conflict(void **state)
{
	uint32_t one = world_begin(&world, 0), two = world_begin(&world, 0);

	(void)state;
	assert_int_equal(world_write(&world, 0, one, "/t/new1/x", "1"), 0);
	assert_int_equal(world_write(&world, 0, two, "/t/new2/x", "2"), 0);
	assert_int_equal(world_write(&world, 0, 0, "/t/new3", "3"), 0);
	assert_int_equal(world_commit(&world, 0, one), 0);
	assert_int_equal(world_commit(&world, 0, two), 0);
	assert_int_equal(world_read(&world, 0, 0, "/t/new1/x", value), 0);
	assert_int_equal(world_read(&world, 0, 0, "/t/new2/x", value), 0);
	assert_string_equal(value, "2");
	assert_int_equal(world_read(&world, 0, 0, "/t/new3", value), 0);
}

static void test_absence_is_looked_at(void **state)
{
	uint32_t tx = world_begin(&world, 0);

	(void)state;
	assert_int_equal(world_read(&world, 0, tx, "/t/none", value), -ENOENT);
	assert_int_equal(world_write(&world, 0, tx, "/t/a", "2"), 0);
	assert_int_equal(world_write(&world, 0, 0, "/t/none", "now"), 0);
	assert_int_equal(world_commit(&world, 0, tx), -EAGAIN);
}

static void test_same_new_node_conflicts(void **state)
{
	uint32_t one = world_begin(&world, 0), two = world_begin(&world, 0);

	(void)state;
	assert_int_equal(world_write(&world, 0, one, "/t/new", "1"), 0);
	assert_int_equal(world_write(&world, 0, two, "/t/new", "2"), 0);
	assert_int_equal(world_commit(&world, 0, one), 0);
	assert_int_equal(world_commit(&world, 0, two), -EAGAIN);
	assert_int_equal(world_read(&world, 0, 0, "/t/new", value), 0);
	assert_string_equal(value, "1");
}

static void test_listing_conflicts_with_new_children(void **state)
{
	uint32_t tx = world_begin(&world, 0);

	(void)state;
	assert_int_equal(world_path_call(&world, 0, HC_XS_DIRECTORY, tx, "/t"), 0);
	assert_int_equal(world_write(&world, 0, 0, "/t/b", "changed value, same names"), 0);
	assert_int_equal(world_commit(&world, 0, tx), 0);
	tx = world_begin(&world, 0);
	assert_int_equal(world_path_call(&world, 0, HC_XS_DIRECTORY, tx, "/t"), 0);
	assert_int_equal(world_write(&world, 0, 0, "/t/c", ""), 0);
	assert_int_equal(world_commit(&world, 0, tx), -EAGAIN);
}

static void test_removed_and_made_again_conflicts(void **state)
{
	uint32_t tx = world_begin(&world, 0);

	(void)state;
	assert_int_equal(world_read(&world, 0, tx, "/t/a", value), 0);
	assert_int_equal(world_path_call(&world, 0, HC_XS_RM, 0, "/t/a"), 0);
	assert_int_equal(world_write(&world, 0, 0, "/t/a", "1"), 0);
	assert_int_equal(world_commit(&world, 0, tx), -EAGAIN);
}

static void test_events_come_at_commit(void **state)
{
	uint32_t tx;

	(void)state;
	assert_int_equal(world_watch(&world, 0, "/t", "tok"), 0);
	assert_string_equal(world_event(&world, 0), "/t tok");
	tx = world_begin(&world, 0);
	assert_int_equal(world_write(&world, 0, tx, "/t/a", "2"), 0);
	assert_int_equal(world_write(&world, 0, tx, "/t/a", "3"), 0);
	assert_int_equal(world_write(&world, 0, tx, "/t/z/y", "3"), 0);
	assert_null(world_event(&world, 0));
	assert_int_equal(world_commit(&world, 0, tx), 0);
	/* Once for each node, however often it was written. */
	assert_string_equal(world_event(&world, 0), "/t/a tok");
	assert_string_equal(world_event(&world, 0), "/t/z/y tok");
	assert_null(world_event(&world, 0));
}

static void test_quota_at_commit_leaves_nothing(void **state)
{
	char path[64];
	uint32_t tx;

	(void)state;
	world_introduce(&world, 1);
	world.store.quota.nodes = 6;	/* the guest has one */
	tx = world_begin(&world, 1);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "data/t%d", i);
		assert_int_equal(world_write(&world, 1, tx, path, "x"), 0);
	}
	/* Meanwhile the guest uses up what is left. */
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "data/n%d", i);
		assert_int_equal(world_write(&world, 1, 0, path, "x"), 0);
	}
	assert_int_equal(world_commit(&world, 1, tx), -ENOSPC);
	assert_int_equal(world_read(&world, 1, 0, "data/t0", value), -ENOENT);
	assert_int_equal(account_nodes(&world.store.tree.account, 1), 5);
}

static void test_limits(void **state)
{
	uint32_t tx = 0;

	(void)state;
	world_introduce(&world, 1);
	world.store.quota.transactions = 2;
	world.store.quota.transaction_ops = 4;
	world_begin(&world, 1);
	tx = world_begin(&world, 1);
	assert_int_equal(world_path_call(&world, 1, HC_XS_TRANSACTION_START, 0, ""), -ENOSPC);
	assert_int_equal(world_path_call(&world, 1, HC_XS_TRANSACTION_START, tx, ""), -EBUSY);
	assert_int_equal(world_write(&world, 1, tx, "data/a", ""), 0);
	assert_int_equal(world_write(&world, 1, tx, "data/b", ""), -ENOSPC);
	assert_int_equal(world_path_call(&world, 1, HC_XS_TRANSACTION_END, tx, "x"), -EINVAL);
	assert_int_equal(world_read(&world, 1, 99, "data/a", value), -ENOENT);
}

/* Random operations in transactions against a model that serializes them. */
static void test_serializable(void **state)
{
	int model[4] = { 0 }, seen[2][4], written[2][4];
	uint32_t tx[2];
	char path[32], text[16];

	(void)state;
	srand(1);
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "/m/%d", i);
		assert_int_equal(world_write(&world, 0, 0, path, "0"), 0);
	}
	for (int round = 0; round < 300; round++) {
		for (int t = 0; t < 2; t++) {
			tx[t] = world_begin(&world, 0);
			for (int i = 0; i < 4; i++)
				seen[t][i] = written[t][i] = -1;
		}
		for (int step = 0; step < 6; step++) {
			int t = rand() % 2, i = rand() % 4;

			snprintf(path, sizeof(path), "/m/%d", i);
			if (rand() % 2) {
				assert_int_equal(world_read(&world, 0, tx[t], path, value), 0);
				if (seen[t][i] < 0 && written[t][i] < 0)
					seen[t][i] = atoi(value);
				if (written[t][i] >= 0)
					assert_int_equal(atoi(value), written[t][i]);
			} else {
				written[t][i] = rand() % 1000;
				snprintf(text, sizeof(text), "%d", written[t][i]);
				assert_int_equal(world_write(&world, 0, tx[t], path, text), 0);
			}
		}
		for (int t = 0; t < 2; t++) {
			if (world_commit(&world, 0, tx[t]))
				continue;
			/* Committed: so at this moment everything it saw is as it saw it. */
			for (int i = 0; i < 4; i++) {
				if (seen[t][i] >= 0)
					assert_int_equal(seen[t][i], model[i]);
				if (written[t][i] >= 0)
					model[i] = written[t][i];
			}
		}
	}
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "/m/%d", i);
		assert_int_equal(world_read(&world, 0, 0, path, value), 0);
		assert_int_equal(atoi(value), model[i]);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_reads_own_writes_only),
		TEST(test_commit_and_abort),
		TEST(test_neighbours_do_not_conflict),
		TEST(test_absence_is_looked_at),
		TEST(test_same_new_node_conflicts),
		TEST(test_listing_conflicts_with_new_children),
		TEST(test_removed_and_made_again_conflicts),
		TEST(test_events_come_at_commit),
		TEST(test_quota_at_commit_leaves_nothing),
		TEST(test_limits),
		TEST(test_serializable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
