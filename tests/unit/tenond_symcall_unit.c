/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tenond makes of answers of guests' kernels: of true ones, and of nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dom0-tools/tenond/symcall.h"
#include <hypercall/base.h>
#include <hypercall/symcall.h>

/* Alone in its allocation, so that the sanitizers see a read past its end. */
static char *page;
static json_t *tasks;

static int setup(void **state)
{
	(void)state;
	page = calloc(1, HC_PAGE_SIZE);
	tasks = json_array();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(page);
	json_decref(tasks);
	return 0;
}

static struct hc_symcall_task *task(unsigned int i)
{
	return (struct hc_symcall_task *)page + i;
}

static void address(void **state)
{
	struct hc_symcall_vaddr v = {
		.flags = HC_SYMCALL_MAPPED | HC_SYMCALL_READ | HC_SYMCALL_EXEC | HC_SYMCALL_SWAPPED,
		.start = 0x400000, .end = 0x401000,
	};
	json_t *json;

	(void)state;
	memcpy(page, &v, sizeof(v));
	json = symcall_vaddr_json(page);
	assert_string_equal(json_string_value(json_object_get(json, "permissions")), "r-xp");
	assert_int_equal(json_integer_value(json_object_get(json, "start")), 0x400000);
	assert_int_equal(json_integer_value(json_object_get(json, "end")), 0x401000);
	assert_true(json_is_true(json_object_get(json, "swapped")));
	assert_true(json_is_false(json_object_get(json, "present")));
	json_decref(json);
	v.flags = HC_SYMCALL_PRESENT;
	memcpy(page, &v, sizeof(v));
	json = symcall_vaddr_json(page);
	assert_true(json_is_false(json_object_get(json, "mapped")));
	assert_int_equal(json_object_size(json), 1);
	json_decref(json);
	v = (struct hc_symcall_vaddr){ .flags = ~0ULL, .start = ~0ULL, .end = ~0ULL };
	memcpy(page, &v, sizeof(v));
	json = symcall_vaddr_json(page);
	assert_int_equal(json_integer_value(json_object_get(json, "end")), INT64_MAX);
	json_decref(json);
}

static void some_tasks(void **state)
{
	uint64_t next = 1;
	json_t *json;

	(void)state;
	*task(0) = (struct hc_symcall_task){ .pid = 1, .tgid = 1, .state = 'S', .comm = "init" };
	*task(1) = (struct hc_symcall_task){ .pid = 70, .tgid = 69, .parent = 1, .state = 0x1b };
	memset(task(1)->comm, 'x', sizeof(task(1)->comm));
	task(1)->comm[0] = '\033';
	assert_true(symcall_tasks_json(page, 2, tasks, &next));
	assert_int_equal(next, 71);
	assert_int_equal(json_array_size(tasks), 2);
	json = json_array_get(tasks, 0);
	assert_string_equal(json_string_value(json_object_get(json, "comm")), "init");
	assert_string_equal(json_string_value(json_object_get(json, "state")), "S");
	json = json_array_get(tasks, 1);
	assert_int_equal(json_integer_value(json_object_get(json, "tgid")), 69);
	assert_int_equal(json_integer_value(json_object_get(json, "parent")), 1);
	assert_string_equal(json_string_value(json_object_get(json, "comm")), "?xxxxxxxxxxxxxxx");
	assert_string_equal(json_string_value(json_object_get(json, "state")), "?");
}

/* A list that does not get on would never end. */
static void nonsense(void **state)
{
	const int64_t most = HC_PAGE_SIZE / sizeof(struct hc_symcall_task);
	uint64_t next = 10;

	(void)state;
	task(0)->pid = 9;
	assert_false(symcall_tasks_json(page, 1, tasks, &next));
	task(0)->pid = 10;
	task(1)->pid = 10;
	assert_false(symcall_tasks_json(page, 2, tasks, &next));
	assert_false(symcall_tasks_json(page, most + 1, tasks, &next));
	assert_false(symcall_tasks_json(page, -1, tasks, &next));
	for (unsigned int i = 0; i < most; i++)
		task(i)->pid = (1U << 22) - (uint32_t)most + i;
	next = 1;
	assert_true(symcall_tasks_json(page, most, tasks, &next));
	assert_int_equal(next, 1U << 22);
	task(0)->pid = 1U << 22;
	assert_false(symcall_tasks_json(page, 1, tasks, &next));
	task(0)->pid = UINT32_MAX;
	assert_false(symcall_tasks_json(page, 1, tasks, &next));
}

/* Nor would one of tasks that the guest invents end soon, and all of it is in memory. */
static void too_many_tasks(void **state)
{
	uint64_t next = 1;
	unsigned int calls = 0;

	(void)state;
	do {
		for (unsigned int i = 0; i < 64; i++)
			task(i)->pid = (uint32_t)next + i;
	} while (symcall_tasks_json(page, 64, tasks, &next) && ++calls < 2000);
	assert_int_equal(json_array_size(tasks), 65536);
	assert_int_equal(calls, 1024);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(address), TEST(some_tasks), TEST(nonsense), TEST(too_many_tasks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
