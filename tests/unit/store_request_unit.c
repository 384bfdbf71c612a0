/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The protocol as guests meet it on their rings: nodes, permissions, watches, quotas, domains. */
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
static struct world_message answer;

static int setup(void **state)
{
	(void)state;
	world_start(&world, false);
	world_introduce(&world, 1);
	world_introduce(&world, 2);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_end(&world);
	return 0;
}

static void test_nodes(void **state)
{
	(void)state;
	assert_int_equal(world_write(&world, 0, 0, "/a/b/c", "hello"), 0);
	assert_int_equal(world_read(&world, 0, 0, "/a/b/c", value), 0);
	assert_string_equal(value, "hello");
	assert_int_equal(world_read(&world, 0, 0, "/a/b", value), 0);
	assert_string_equal(value, "");
	assert_int_equal(world_read(&world, 0, 0, "/a/x", value), -ENOENT);
	assert_int_equal(world_read(&world, 0, 0, "a b", value), -EINVAL);
	assert_int_equal(world_read(&world, 0, 0, "@releaseDomain", value), -EINVAL);
	assert_int_equal(world_path_call(&world, 0, HC_XS_MKDIR, 0, "/a/b"), 0);
	assert_int_equal(world_path_call(&world, 0, HC_XS_MKDIR, 0, "/a/d"), 0);
	assert_int_equal(world_call(&world, 0, HC_XS_DIRECTORY, 0, "/a", 3, &answer), 0);
	assert_int_equal(answer.header.len, 4);
	assert_memory_equal(answer.body, "b\0d", 4);
	assert_int_equal(world_path_call(&world, 0, HC_XS_RM, 0, "/a"), 0);
	assert_int_equal(world_path_call(&world, 0, HC_XS_RM, 0, "/a"), 0);
	assert_int_equal(world_path_call(&world, 0, HC_XS_RM, 0, "/a/b"), -ENOENT);
	assert_int_equal(world_path_call(&world, 0, HC_XS_RM, 0, "/"), -EINVAL);
	assert_int_equal(world_read(&world, 0, 0, "/a/b/c", value), -ENOENT);
}

static void test_binary_values_and_limits_of_messages(void **state)
{
	char body[HC_STORE_PAYLOAD_MAX];
	size_t head = strlen("/bin") + 1;

	(void)state;
	strcpy(body, "/bin");
	for (size_t i = head; i < sizeof(body); i++)
		body[i] = i;
	assert_int_equal(world_call(&world, 0, HC_XS_WRITE, 0, body, sizeof(body), &answer), 0);
	assert_int_equal(world_call(&world, 0, HC_XS_READ, 0, "/bin", head, &answer), 0);
	assert_int_equal(answer.header.len, sizeof(body) - head);
	assert_memory_equal(answer.body, body + head, sizeof(body) - head);
	/* No terminating zero, no body, no such type. */
	assert_int_equal(world_call(&world, 0, HC_XS_READ, 0, "/bin", 4, &answer), -EINVAL);
	assert_int_equal(world_call(&world, 0, HC_XS_READ, 0, "", 0, &answer), -EINVAL);
	assert_int_equal(world_call(&world, 0, 20, 0, "x", 2, &answer), -ENOSYS);
	assert_int_equal(world_call(&world, 0, 5000, 0, "x", 2, &answer), -ENOSYS);
	assert_int_equal(world_call(&world, 0, HC_XS_WATCH, 0, "/bin", 5, &answer), -EINVAL);
}

static void test_large_directory(void **state)
{
	char body[64], path[64];
	uint64_t generation = 0;
	size_t offset = 0, names = 0;

	(void)state;
	for (int i = 0; i < 400; i++) {
		snprintf(path, sizeof(path), "/big/some-long-name-of-a-child-%d", i);
		assert_int_equal(world_write(&world, 0, 0, path, ""), 0);
	}
	assert_int_equal(world_path_call(&world, 0, HC_XS_DIRECTORY, 0, "/big"), -E2BIG);
	for (bool more = true; more;) {
		int len = snprintf(body, sizeof(body), "/big%c%zu", 0, offset) + 1;
		const char *at, *end;

		assert_int_equal(world_call(&world, 0, HC_XS_DIRECTORY_PART, 0, body, len,
					    &answer), 0);
		if (generation)
			assert_int_equal(generation, strtoull(answer.body, NULL, 10));
		generation = strtoull(answer.body, NULL, 10);
		at = answer.body + strlen(answer.body) + 1;
		end = answer.body + answer.header.len;
		for (; at < end && *at; at += strlen(at) + 1) {
			offset += strlen(at) + 1;
			names++;
		}
		more = at == end;
	}
	assert_int_equal(names, 400);
	assert_int_equal(world_write(&world, 0, 0, "/big/new", ""), 0);
	assert_int_equal(world_call(&world, 0, HC_XS_DIRECTORY_PART, 0, "/big\0000", 7, &answer), 0);
	assert_int_not_equal(generation, strtoull(answer.body, NULL, 10));
}

static void test_guests_stay_in_their_part(void **state)
{
	(void)state;
	assert_int_equal(world_write(&world, 1, 0, "data/x", "1"), 0);
	assert_int_equal(world_read(&world, 0, 0, "/local/domain/1/data/x", value), 0);
	assert_string_equal(value, "1");
	assert_int_equal(world_write(&world, 1, 0, "/x", "1"), -EACCES);
	assert_int_equal(world_write(&world, 1, 0, "name", "1"), -EACCES);
	assert_int_equal(world_read(&world, 2, 0, "/local/domain/1/data/x", value), -EACCES);
	assert_int_equal(world_read(&world, 2, 0, "/local/domain/1/data/nothing", value), -EACCES);
	assert_int_equal(world_path_call(&world, 2, HC_XS_RM, 0, "/local/domain/1/data"), -EACCES);
	assert_int_equal(world_set_perms(&world, 2, "/local/domain/1/data/x", "b2"), -EACCES);
	assert_int_equal(world_set_perms(&world, 1, "data/x", "n2"), -EPERM);
	assert_int_equal(world_set_perms(&world, 1, "data/x", "n1 r2"), 0);
	assert_int_equal(world_read(&world, 2, 0, "/local/domain/1/data/x", value), 0);
	assert_int_equal(world_write(&world, 2, 0, "/local/domain/1/data/x", "2"), -EACCES);
	assert_int_equal(world_set_perms(&world, 1, "data/x", "n1 r2 r3 r4 r5 r6"), -ENOSPC);
	assert_int_equal(world_set_perms(&world, 1, "data/x", "z1"), -EINVAL);
	assert_int_equal(world_call(&world, 1, HC_XS_GET_PERMS, 0, "data/x", 7, &answer), 0);
	assert_memory_equal(answer.body, "n1\0r2", 6);
	/* What dom0 makes within the guest's part is the guest's. */
	assert_int_equal(world_write(&world, 0, 0, "/local/domain/1/data/y", "1"), 0);
	assert_int_equal(world_read(&world, 1, 0, "data/y", value), 0);
}

static void test_guests_may_not_manage(void **state)
{
	(void)state;
	assert_int_equal(world_path_call(&world, 1, HC_XS_INTRODUCE, 0, "3"), -EACCES);
	assert_int_equal(world_path_call(&world, 1, HC_XS_RELEASE, 0, "2"), -EACCES);
	assert_int_equal(world_path_call(&world, 1, HC_XS_RESUME, 0, "2"), -EACCES);
	assert_int_equal(world_path_call(&world, 1, HC_XS_SET_TARGET, 0, "1"), -EACCES);
	assert_int_equal(world_path_call(&world, 1, HC_XS_CONTROL, 0, "help"), -EACCES);
	assert_int_equal(world_set_perms(&world, 1, "@releaseDomain", "r1"), -EACCES);
}

static void test_quotas(void **state)
{
	char path[64], big[3000];

	(void)state;
	memset(big, 'x', sizeof(big));
	big[2049] = '\0';
	assert_int_equal(world_write(&world, 1, 0, "data/big", big), -ENOSPC);
	big[2048] = '\0';
	assert_int_equal(world_write(&world, 1, 0, "data/big", big), 0);
	world.store.quota.nodes = 5;
	assert_int_equal(world_write(&world, 1, 0, "data/1/2/3", ""), 0);
	assert_int_equal(world_write(&world, 1, 0, "data/4", ""), -ENOSPC);
	assert_int_equal(world_write(&world, 0, 0, "/local/domain/1/data/4", ""), 0);
	assert_int_equal(world_path_call(&world, 1, HC_XS_RM, 0, "data/1"), 0);
	assert_int_equal(world_write(&world, 1, 0, "data/5", ""), 0);
	world.store.quota.watches = 3;
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "w%d", i);
		assert_int_equal(world_watch(&world, 1, path, "t"), 0);
	}
	assert_int_equal(world_watch(&world, 1, "w3", "t"), -E2BIG);
	assert_int_equal(world_watch(&world, 1, "w2", "t"), -EEXIST);
	while (world_event(&world, 1))
		;
}

static void test_watches(void **state)
{
	(void)state;
	assert_int_equal(world_watch(&world, 1, "data", "rel"), 0);
	assert_string_equal(world_event(&world, 1), "data rel");
	assert_int_equal(world_watch(&world, 1, "/local/domain/1/data/x", "abs"), 0);
	assert_string_equal(world_event(&world, 1), "/local/domain/1/data/x abs");
	assert_int_equal(world_write(&world, 0, 0, "/local/domain/1/data/x", ""), 0);
	assert_string_equal(world_event(&world, 1), "/local/domain/1/data/x abs");
	assert_string_equal(world_event(&world, 1), "data/x rel");
	assert_int_equal(world_write(&world, 0, 0, "/local/domain/1/database", ""), 0);
	assert_null(world_event(&world, 1));
	/* Removal of what holds a watched node. */
	assert_int_equal(world_path_call(&world, 0, HC_XS_RM, 0, "/local/domain/1/data"), 0);
	assert_string_equal(world_event(&world, 1), "data rel");
	assert_string_equal(world_event(&world, 1), "/local/domain/1/data/x abs");
	assert_null(world_event(&world, 1));
	assert_int_equal(world_call(&world, 1, HC_XS_UNWATCH, 0, "data\0rel", 9, &answer), 0);
	assert_int_equal(world_call(&world, 1, HC_XS_UNWATCH, 0, "data\0rel", 9, &answer), -ENOENT);
	assert_int_equal(world_path_call(&world, 1, HC_XS_RESET_WATCHES, 0, ""), 0);
	assert_int_equal(world_write(&world, 0, 0, "/local/domain/1/data/x", ""), 0);
	assert_null(world_event(&world, 1));
}

static void test_watches_see_only_what_may_be_read(void **state)
{
	(void)state;
	assert_int_equal(world_watch(&world, 2, "/local/domain/1", "spy"), 0);
	assert_non_null(world_event(&world, 2));
	assert_int_equal(world_write(&world, 1, 0, "data/secret", "1"), 0);
	assert_null(world_event(&world, 2));
	assert_int_equal(world_set_perms(&world, 1, "data/secret", "n1 r2"), 0);
	assert_string_equal(world_event(&world, 2), "/local/domain/1/data/secret spy");
	/* Losing the right is seen once more. */
	assert_int_equal(world_set_perms(&world, 1, "data/secret", "n1"), 0);
	assert_string_equal(world_event(&world, 2), "/local/domain/1/data/secret spy");
	assert_int_equal(world_write(&world, 1, 0, "data/secret", "2"), 0);
	assert_null(world_event(&world, 2));
}

static void test_special_watches(void **state)
{
	(void)state;
	assert_int_equal(world_watch(&world, 0, "@introduceDomain", "i"), 0);
	assert_int_equal(world_watch(&world, 0, "@releaseDomain", "r"), 0);
	assert_int_equal(world_watch(&world, 1, "@releaseDomain", "spy"), 0);
	assert_string_equal(world_event(&world, 0), "@introduceDomain i");
	assert_string_equal(world_event(&world, 0), "@releaseDomain r");
	assert_string_equal(world_event(&world, 1), "@releaseDomain spy");
	world_introduce(&world, 3);
	assert_string_equal(world_event(&world, 0), "@introduceDomain i");
	assert_int_equal(world_path_call(&world, 0, HC_XS_RELEASE, 0, "3"), 0);
	assert_string_equal(world_event(&world, 0), "@releaseDomain r");
	assert_null(world_event(&world, 1));
	assert_int_equal(world_set_perms(&world, 0, "@releaseDomain", "n0 r1"), 0);
	world_introduce(&world, 3);
	assert_string_equal(world_event(&world, 0), "@introduceDomain i");
	assert_int_equal(world_path_call(&world, 0, HC_XS_RELEASE, 0, "3"), 0);
	assert_string_equal(world_event(&world, 0), "@releaseDomain r");
	assert_string_equal(world_event(&world, 1), "@releaseDomain spy");
	/* Domains that are to be named are a matter of dom0's programs: a guest's ring takes no notice. */
	assert_int_equal(world_call(&world, 1, HC_XS_WATCH, 0, "@releaseDomain\0named\0001", 23, &answer), 0);
	assert_string_equal(world_event(&world, 1), "@releaseDomain named");
	world_introduce(&world, 3);
	assert_int_equal(world_path_call(&world, 0, HC_XS_RELEASE, 0, "3"), 0);
	assert_string_equal(world_event(&world, 1), "@releaseDomain spy");
	assert_string_equal(world_event(&world, 1), "@releaseDomain named");
}

static void test_deaths(void **state)
{
	(void)state;
	assert_int_equal(world_watch(&world, 0, "@releaseDomain", "r"), 0);
	assert_string_equal(world_event(&world, 0), "@releaseDomain r");
	assert_int_equal(world_write(&world, 2, 0, "data/mine", "1"), 0);
	assert_int_equal(world_set_perms(&world, 0, "/local", "r0 b2"), 0);
	*world_domain_state(2) = HV_SHUTDOWN;
	domain_check_all(&world.store, &world.hv);
	assert_string_equal(world_event(&world, 0), "@releaseDomain r");
	domain_check_all(&world.store, &world.hv);
	assert_null(world_event(&world, 0));
	assert_int_equal(world_path_call(&world, 0, HC_XS_IS_DOMAIN_INTRODUCED, 0, "2"), 0);
	*world_domain_state(2) = HV_GONE;
	domain_check_all(&world.store, &world.hv);
	assert_string_equal(world_event(&world, 0), "@releaseDomain r");
	/* What it owned is gone, its rights elsewhere too. */
	assert_int_equal(world_read(&world, 0, 0, "/local/domain/2", value), 0);
	assert_int_equal(world_read(&world, 0, 0, "/local/domain/2/data", value), -ENOENT);
	assert_int_equal(world_call(&world, 0, HC_XS_GET_PERMS, 0, "/local", 7, &answer), 0);
	assert_int_equal(answer.header.len, 3);
	assert_int_equal(account_nodes(&world.store.tree.account, 2), 0);
	assert_int_equal(world_path_call(&world, 0, HC_XS_RELEASE, 0, "2"), -ENOENT);
	assert_int_equal(world_call(&world, 0, HC_XS_INTRODUCE, 0, "2\0001\0001", 6, &answer), -ENOENT);
}

/* A guest that was suspended and goes on where it was: its end is told too. */
static void test_death_after_resumption(void **state)
{
	(void)state;
	assert_int_equal(world_watch(&world, 0, "@releaseDomain", "r"), 0);
	assert_string_equal(world_event(&world, 0), "@releaseDomain r");
	*world_domain_state(2) = HV_SHUTDOWN;
	domain_check_all(&world.store, &world.hv);
	assert_string_equal(world_event(&world, 0), "@releaseDomain r");
	*world_domain_state(2) = HV_ALIVE;
	assert_int_equal(world_path_call(&world, 0, HC_XS_RESUME, 0, "2"), 0);
	assert_null(world_event(&world, 0));
	*world_domain_state(2) = HV_SHUTDOWN;
	domain_check_all(&world.store, &world.hv);
	assert_string_equal(world_event(&world, 0), "@releaseDomain r");
	/* It goes on and ends before anybody says so. */
	domain_check_all(&world.store, &world.hv);
	assert_null(world_event(&world, 0));
	assert_int_equal(world_path_call(&world, 0, HC_XS_RESUME, 0, "2"), 0);
	assert_string_equal(world_event(&world, 0), "@releaseDomain r");
	*world_domain_state(2) = HV_GONE;
	assert_int_equal(world_path_call(&world, 0, HC_XS_RESUME, 0, "2"), 0);
	assert_string_equal(world_event(&world, 0), "@releaseDomain r");
	assert_int_equal(world_path_call(&world, 0, HC_XS_RESUME, 0, "2"), -ENOENT);
}

static void test_domain_requests(void **state)
{
	(void)state;
	assert_int_equal(world_call(&world, 1, HC_XS_GET_DOMAIN_PATH, 0, "7", 2, &answer), 0);
	assert_string_equal(answer.body, "/local/domain/7");
	assert_int_equal(world_call(&world, 0, HC_XS_IS_DOMAIN_INTRODUCED, 0, "1", 2, &answer), 0);
	assert_string_equal(answer.body, "T");
	assert_int_equal(world_call(&world, 0, HC_XS_IS_DOMAIN_INTRODUCED, 0, "7", 2, &answer), 0);
	assert_string_equal(answer.body, "F");
	assert_int_equal(world_path_call(&world, 0, HC_XS_GET_DOMAIN_PATH, 0, "x"), -EINVAL);
	assert_int_equal(world_path_call(&world, 0, HC_XS_GET_DOMAIN_PATH, 0, "32752"), -EINVAL);
	assert_int_equal(world_path_call(&world, 0, HC_XS_RELEASE, 0, "0"), -EINVAL);
	/* A target lets its domain act in its place. */
	assert_int_equal(world_write(&world, 2, 0, "/local/domain/1/data/t", ""), -EACCES);
	assert_int_equal(world_call(&world, 0, HC_XS_SET_TARGET, 0, "2\0001", 4, &answer), 0);
	assert_int_equal(world_write(&world, 2, 0, "/local/domain/1/data/t", ""), 0);
	assert_int_equal(world_call(&world, 0, HC_XS_CONTROL, 0, "quota\0nodes\00077", 15, &answer), 0);
	assert_int_equal(world.store.quota.nodes, 77);
	assert_int_equal(world_path_call(&world, 0, HC_XS_CONTROL, 0, "nonsense"), -EINVAL);
}

/* A guest that never reads its events costs bounded memory, and learns of changes later. */
static void test_slow_reader(void **state)
{
	struct connection *connection = connection_of_domain(&world.store, 1);
	char path[64];
	int events = 0;
	bool last = false;
	const char *event;

	(void)state;
	world.store.quota.outstanding = 4096;
	assert_int_equal(world_watch(&world, 1, "data", "tok"), 0);
	assert_non_null(world_event(&world, 1));
	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/local/domain/1/data/%d", i);
		assert_int_equal(world_write(&world, 0, 0, path, "x"), 0);
		assert_true(connection->out.len < 4096 + 256);
	}
	assert_int_equal(connection->missed_count, 1);
	while ((event = world_event(&world, 1))) {
		last = !strcmp(event, "data tok");
		events++;
	}
	assert_true(events < 1000);
	assert_true(last);
	assert_int_equal(connection->missed_count, 0);
	assert_int_equal(world_write(&world, 0, 0, "/local/domain/1/data/0", "x"), 0);
	assert_string_equal(world_event(&world, 1), "data/0 tok");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nodes),
		TEST(test_binary_values_and_limits_of_messages),
		TEST(test_large_directory),
		TEST(test_guests_stay_in_their_part),
		TEST(test_guests_may_not_manage),
		TEST(test_quotas),
		TEST(test_watches),
		TEST(test_watches_see_only_what_may_be_read),
		TEST(test_special_watches),
		TEST(test_deaths),
		TEST(test_death_after_resumption),
		TEST(test_domain_requests),
		TEST(test_slow_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
