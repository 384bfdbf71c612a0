/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What survives the daemon: state, connections, half messages, answers; and damaged journals. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "record.h"
#include "state.h"
#include "store_world.h"

static struct world world;
static char value[HC_STORE_PAYLOAD_MAX + 1];

static int setup(void **state)
{
	(void)state;
	world_start(&world, true);
	world_introduce(&world, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_end(&world);
	return 0;
}

static void restart(void)
{
	world_kill(&world);
	world_restart(&world);
}

static void test_nodes_and_permissions(void **state)
{
	struct world_message answer;

	(void)state;
	assert_int_equal(world_write(&world, 1, 0, "data/a/b", "kept"), 0);
	assert_int_equal(world_set_perms(&world, 1, "data/a", "r1 w2"), 0);
	assert_int_equal(world_write(&world, 0, 0, "/gone/x", "1"), 0);
	assert_int_equal(world_path_call(&world, 0, HC_XS_RM, 0, "/gone"), 0);
	assert_int_equal(world_set_perms(&world, 0, "@releaseDomain", "n0 r1"), 0);
	for (int i = 0; i < 2; i++) {
		restart();
		assert_int_equal(world_read(&world, 1, 0, "data/a/b", value), 0);
		assert_string_equal(value, "kept");
		assert_int_equal(world_read(&world, 0, 0, "/gone", value), -ENOENT);
		assert_int_equal(world_call(&world, 0, HC_XS_GET_PERMS, 0,
					    "/local/domain/1/data/a", 23, &answer), 0);
		assert_memory_equal(answer.body, "r1\0w2", 6);
		assert_int_equal(world_call(&world, 1, HC_XS_GET_PERMS, 0, "@releaseDomain", 15,
					    &answer), 0);
		assert_int_equal(account_nodes(&world.store.tree.account, 1), 3);
	}
}

static void test_created_parents_keep_their_permissions(void **state)
{
	struct world_message answer;
	uint32_t tx = world_begin(&world, 0);

	(void)state;
	assert_int_equal(world_write(&world, 0, tx, "/p/q/r", "1"), 0);
	assert_int_equal(world_call(&world, 0, HC_XS_SET_PERMS, tx, "/p/q/r\0b1", 10, &answer), 0);
	assert_int_equal(world_commit(&world, 0, tx), 0);
	restart();
	assert_int_equal(world_call(&world, 0, HC_XS_GET_PERMS, 0, "/p/q/r", 7, &answer), 0);
	assert_string_equal(answer.body, "b1");
	assert_int_equal(world_call(&world, 0, HC_XS_GET_PERMS, 0, "/p/q", 5, &answer), 0);
	assert_string_equal(answer.body, "n0");
}

static void test_set_removed_and_set_again_in_one_transaction(void **state)
{
	uint32_t tx = world_begin(&world, 0);

	(void)state;
	assert_int_equal(world_write(&world, 0, tx, "/s/a", "1"), 0);
	assert_int_equal(world_path_call(&world, 0, HC_XS_RM, tx, "/s"), 0);
	assert_int_equal(world_write(&world, 0, tx, "/s/b", "2"), 0);
	assert_int_equal(world_commit(&world, 0, tx), 0);
	restart();
	assert_int_equal(world_read(&world, 0, 0, "/s/a", value), -ENOENT);
	assert_int_equal(world_read(&world, 0, 0, "/s/b", value), 0);
	assert_string_equal(value, "2");
}

static void test_watches(void **state)
{
	(void)state;
	assert_int_equal(world_watch(&world, 1, "data", "rel"), 0);
	assert_int_equal(world_watch(&world, 0, "/local/domain/1", "abs"), 0);
	assert_non_null(world_event(&world, 1));
	assert_non_null(world_event(&world, 0));
	restart();
	assert_null(world_event(&world, 1));
	assert_int_equal(world_write(&world, 1, 0, "data/x", "1"), 0);
	assert_string_equal(world_event(&world, 1), "data/x rel");
	assert_string_equal(world_event(&world, 0), "/local/domain/1/data/x abs");
	assert_int_equal(world_path_call(&world, 1, HC_XS_RESET_WATCHES, 0, ""), 0);
	restart();
	assert_int_equal(world_write(&world, 1, 0, "data/x", "1"), 0);
	assert_null(world_event(&world, 1));
}

static void test_open_transactions_can_only_fail(void **state)
{
	uint32_t tx = world_begin(&world, 1), other;

	(void)state;
	assert_int_equal(world_write(&world, 1, tx, "data/x", "1"), 0);
	restart();
	/* It goes on as if nothing had been, and then has to be done again. */
	assert_int_equal(world_write(&world, 1, tx, "data/y", "1"), 0);
	other = world_begin(&world, 1);
	assert_int_not_equal(other, tx);
	assert_int_equal(world_commit(&world, 1, tx), -EAGAIN);
	assert_int_equal(world_write(&world, 1, other, "data/y", "1"), 0);
	assert_int_equal(world_commit(&world, 1, other), 0);
	restart();
	assert_int_equal(world_commit(&world, 1, tx), -ENOENT);
}

static void test_half_a_request(void **state)
{
	struct hc_store_msg header = { .type = HC_XS_WRITE, .req_id = 5, .len = 9 };
	struct world_message answer;
	char bytes[sizeof(header) + 9];

	(void)state;
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), "data/h\0ok", 9);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		world_put(1, bytes + i, 1);
		world_serve(&world);
		if (i % 3 == 0)
			restart();
	}
	world_serve(&world);
	assert_true(world_receive(1, &answer));
	assert_int_equal(answer.header.req_id, 5);
	assert_int_equal(world_read(&world, 1, 0, "data/h", value), 0);
	assert_string_equal(value, "ok");
}

static void test_answers_not_taken_yet(void **state)
{
	struct world_message answer;
	int answers = 0;

	(void)state;
	memset(value, 'v', 700);
	value[700] = '\0';
	assert_int_equal(world_write(&world, 1, 0, "data/v", value), 0);
	for (int i = 0; i < 10; i++)
		world_send(1, HC_XS_READ, 0, "data/v", 7);
	world_serve(&world);
	for (;;) {
		restart();
		if (!world_receive(1, &answer)) {
			world_serve(&world);
			if (!world_receive(1, &answer))
				break;
		}
		assert_int_equal(answer.header.type, HC_XS_READ);
		assert_int_equal(answer.header.len, 700);
		assert_memory_equal(answer.body, value, 700);
		answers++;
	}
	assert_int_equal(answers, 10);
}

static void test_killed_between_commit_and_ring(void **state)
{
	struct hc_store_domain_interface *ring = world_ring(1), before;
	struct world_message answer;

	(void)state;
	world_send(1, HC_XS_WRITE, 0, "data/k\0001", 8);
	before = *ring;
	world_serve(&world);
	/* As if the kill had come before either index was moved. */
	ring->req_cons = before.req_cons;
	ring->rsp_prod = before.rsp_prod;
	restart();
	world_serve(&world);
	assert_true(world_receive(1, &answer));
	assert_int_equal(answer.header.type, HC_XS_WRITE);
	assert_false(world_receive(1, &answer));
	assert_int_equal(ring->req_cons, ring->req_prod);
}

static void test_index_changed_while_away(void **state)
{
	(void)state;
	world_kill(&world);
	world_ring(1)->rsp_prod += 500;
	world_restart(&world);
	world_ring(1)->rsp_cons = world_ring(1)->rsp_prod;
	assert_int_equal(world_write(&world, 1, 0, "data/x", "1"), 0);
}

static void test_guest_died_while_away(void **state)
{
	(void)state;
	assert_int_equal(world_watch(&world, 0, "@releaseDomain", "r"), 0);
	assert_non_null(world_event(&world, 0));
	assert_int_equal(world_write(&world, 1, 0, "data/x", "1"), 0);
	world_kill(&world);
	*world_domain_state(1) = HV_GONE;
	world_restart(&world);
	assert_string_equal(world_event(&world, 0), "@releaseDomain r");
	assert_int_equal(world_read(&world, 0, 0, "/local/domain/1/data", value), -ENOENT);
}

static void test_missed_events(void **state)
{
	const char *event;
	bool last = false;

	(void)state;
	world.store.quota.outstanding = 2048;
	assert_int_equal(world_watch(&world, 1, "data", "tok"), 0);
	assert_non_null(world_event(&world, 1));
	for (int i = 0; i < 200; i++)
		assert_int_equal(world_write(&world, 0, 0, "/local/domain/1/data/x", "x"), 0);
	assert_int_equal(connection_of_domain(&world.store, 1)->missed_count, 1);
	restart();
	assert_int_equal(connection_of_domain(&world.store, 1)->missed_count, 1);
	while ((event = world_event(&world, 1)))
		last = !strcmp(event, "data tok");
	assert_true(last);
}

static void test_compaction(void **state)
{
	size_t before;

	(void)state;
	for (int i = 0; i < 3000; i++)
		assert_int_equal(world_write(&world, 1, 0, "data/x", "some value"), 0);
	before = world.journal.end;
	assert_int_equal(world_path_call(&world, 0, HC_XS_CONTROL, 0, "compact"), 0);
	assert_true(world.journal.end < before / 4);
	restart();
	assert_int_equal(world_read(&world, 1, 0, "data/x", value), 0);
	/* It never grows without end. */
	for (int i = 0; i < 20000; i++)
		assert_int_equal(world_write(&world, 1, 0, "data/x", "some value"), 0);
	assert_true(world.journal.end < 2u << 20);
}

static void test_uncommitted_records_do_not_count(void **state)
{
	(void)state;
	assert_int_equal(world_write(&world, 1, 0, "data/x", "1"), 0);
	record_remove(world.store.journal, "/local/domain/1");
	restart();
	assert_int_equal(world_read(&world, 1, 0, "data/x", value), 0);
}

static int open_journal_file(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/journal", world.dir);
	return open(path, O_RDWR);
}

static void test_journal_of_another_boot(void **state)
{
	int fd = open_journal_file();

	(void)state;
	assert_int_equal(world_write(&world, 1, 0, "data/x", "1"), 0);
	world_kill(&world);
	assert_int_equal(pwrite(fd, "another", 7, 8), 7);
	close(fd);
	world_restart(&world);
	assert_int_equal(world_read(&world, 0, 0, "/local/domain/1", value), -ENOENT);
}

/* Any byte may be wrong: reading says so or not, but never breaks. */
static void test_damaged_journals(void **state)
{
	char *good, *bad;
	size_t len;
	int fd;

	(void)state;
	assert_int_equal(world_watch(&world, 1, "data", "tok"), 0);
	world_begin(&world, 1);
	world_put(1, "half", 4);
	world_serve(&world);
	len = world.journal.end;
	good = malloc(len);
	bad = malloc(len);
	fd = open_journal_file();
	assert_int_equal(pread(fd, good, len, 0), len);
	world_kill(&world);
	srand(2);
	for (int i = 0; i < 2000; i++) {
		struct journal journal;
		struct store store;
		bool found;

		memcpy(bad, good, len);
		for (int k = rand() % 4; k >= 0; k--)
			bad[64 + rand() % (len - 64)] = rand();
		assert_int_equal(pwrite(fd, bad, len, 0), len);
		assert_int_equal(journal_open(world.dir, &journal, &found), 0);
		assert_true(found);
		assert_int_equal(store_init(&store), 0);
		store.journal = &journal;
		state_read(&store);
		store.journal = NULL;
		store_clear(&store);
		journal_close(&journal);
	}
	assert_int_equal(pwrite(fd, good, len, 0), len);
	close(fd);
	free(good);
	free(bad);
	world_restart(&world);
}

/* Without room for the journal the store goes on, and catches up when there is. */
static void test_full_file_system(void **state)
{
	struct rlimit before, limit;
	char path[64];

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = world.journal.capacity;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	memset(value, 'x', 2000);
	value[2000] = '\0';
	for (int i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "data/%d", i);
		assert_int_equal(world_write(&world, 1, 0, path, value), 0);
	}
	assert_true(world.journal.lost);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	world.journal.retry = 0;
	assert_int_equal(world_write(&world, 1, 0, "data/last", "1"), 0);
	assert_false(world.journal.lost);
	restart();
	assert_int_equal(world_read(&world, 1, 0, "data/299", value), 0);
	assert_int_equal(world_read(&world, 1, 0, "data/last", value), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nodes_and_permissions),
		TEST(test_created_parents_keep_their_permissions),
		TEST(test_set_removed_and_set_again_in_one_transaction),
		TEST(test_watches),
		TEST(test_open_transactions_can_only_fail),
		TEST(test_half_a_request),
		TEST(test_answers_not_taken_yet),
		TEST(test_killed_between_commit_and_ring),
		TEST(test_index_changed_while_away),
		TEST(test_guest_died_while_away),
		TEST(test_missed_events),
		TEST(test_compaction),
		TEST(test_uncommitted_records_do_not_count),
		TEST(test_journal_of_another_boot),
		TEST(test_damaged_journals),
		TEST(test_full_file_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
