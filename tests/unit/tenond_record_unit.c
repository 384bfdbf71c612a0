// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records: what is saved is found again, what is damaged is passed by.
 */
#include "tenond_fakes.h"

#include "dom0-tools/tenond/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

static struct host host;
static unsigned int taken;
static struct record last;

static unsigned int writes;
static size_t write_at_most;	/* bytes of one; 0: all */

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	writes++;
	return __real_write(fd, data, write_at_most && size > write_at_most ? write_at_most : size);
}

static int set_up(void **state)
{
	(void)state;
	fakes_reset();
	fakes_host(&host);
	taken = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	record_clear(&last);
	fakes_host_free(&host);
	return 0;
}

static void take(struct record *record, void *data)
{
	(void)data;
	record_clear(&last);
	last = *record;
	taken++;
}

static struct record example(void)
{
	struct record record = {
		.uuid = "6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1", .name = "web", .phase = PHASE_RESTARTING,
		.domid = 7, .paused = true, .created = 1700000000, .quick_restarts = 3,
		.cut_short = true,
		.xml = (char *)"<domain>\n\"quoted\"</domain>", .disk_count = 2,
		.disks = { { "/dev/loop0", 0 }, { "/dev/nbd3", 4711 } },
	};

	return record;
}

/* A record is saved several times in a domain's life, and each time by one call; or by more where the kernel likes. */
static void few_writes(void **state)
{
	struct record record = example();

	(void)state;
	writes = 0;
	assert_int_equal(record_save(&host, &record), 0);
	assert_int_equal(writes, 1);
	write_at_most = 100;
	assert_int_equal(record_save(&host, &record), 0);
	write_at_most = 0;
	assert_true(writes > 3);
	assert_int_equal(record_each(&host, take, NULL), 0);
	assert_int_equal(taken, 1);
	assert_string_equal(last.xml, record.xml);
}

static void round_trip(void **state)
{
	struct record record = example();
	struct stat info;
	char path[256];

	(void)state;
	assert_int_equal(record_save(&host, &record), 0);
	assert_int_equal(record_each(&host, take, NULL), 0);
	assert_int_equal(taken, 1);
	assert_string_equal(last.uuid, record.uuid);
	assert_string_equal(last.name, "web");
	assert_string_equal(last.xml, record.xml);
	assert_int_equal(last.phase, PHASE_RESTARTING);
	assert_int_equal(last.domid, 7);
	assert_true(last.paused);
	assert_int_equal(last.created, 1700000000);
	assert_int_equal(last.quick_restarts, 3);
	assert_true(last.cut_short);
	assert_int_equal(last.disk_count, 2);
	assert_string_equal(last.disks[1].device, "/dev/nbd3");
	assert_int_equal(last.disks[1].server, 4711);
	snprintf(path, sizeof(path), "%s/domains/%s.json", host.run_dir, record.uuid);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 077, 0);
	record_delete(&host, &record);
	assert_int_equal(fakes_records(&host), 0);
}

static void foreign_domain(void **state)
{
	struct record record = example();

	(void)state;
	record.xml = NULL;
	assert_int_equal(record_save(&host, &record), 0);
	assert_int_equal(fakes_records(&host), 0);
}

static void unwritable(void **state)
{
	struct record record = example();
	struct host nowhere = host;

	(void)state;
	nowhere.run_dir = "/nonexistent";
	assert_true(record_save(&nowhere, &record) < 0);
	assert_true(record_each(&nowhere, take, NULL) < 0);
}

/* Half a file, and a file with values that cannot be: none is taken. */
static void damaged(void **state)
{
	static const char *const texts[] = {
		"", "{", "[]", "{}",
		"{\"uuid\": \"x\", \"name\": \"web\", \"phase\": \"active\", \"domid\": 1, \"paused\": false, "
		"\"created\": 0, \"quick_restarts\": 0, \"xml\": \"\", \"disks\": []}",
		"{\"uuid\": \"6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1\", \"name\": \"../web\", \"phase\": \"active\", "
		"\"domid\": 1, \"paused\": false, \"created\": 0, \"quick_restarts\": 0, \"xml\": \"\", \"disks\": []}",
		"{\"uuid\": \"6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1\", \"name\": \"web\", \"phase\": \"asleep\", "
		"\"domid\": 1, \"paused\": false, \"created\": 0, \"quick_restarts\": 0, \"xml\": \"\", \"disks\": []}",
		"{\"uuid\": \"6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1\", \"name\": \"web\", \"phase\": \"active\", "
		"\"domid\": 70000, \"paused\": false, \"created\": 0, \"quick_restarts\": 0, \"xml\": \"\", \"disks\": []}",
		"{\"uuid\": \"6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1\", \"name\": \"web\", \"phase\": \"active\", "
		"\"domid\": 1, \"paused\": false, \"created\": 0, \"quick_restarts\": 0, \"xml\": \"\", \"disks\": [{}]}",
	};
	char path[256];
	FILE *file;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(path, sizeof(path), "%s/domains/%zu.json", host.run_dir, i);
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(texts[i], file);
		fclose(file);
	}
	assert_int_equal(record_each(&host, take, NULL), 0);
	assert_int_equal(taken, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(round_trip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(few_writes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(foreign_domain, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unwritable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
