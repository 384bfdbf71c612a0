/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tenond's part in checkpoints: the file that gets its name when there is one in it, and keeps what it had until
 * then; how they end; and the guest that goes on whatever happens.
 */
#include "tenond_fakes.h"

#include "dom0-tools/migrate/stream.h"
#include "dom0-tools/tenond/checkpoint.h"
#include "dom0-tools/tenond/xml/domain.h"

#include <errno.h>
#include <fcntl.h>
#include <hypercall/sched.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* What an imitated tenon-migrate says, as parts of a shell script. */
#define SUSPEND		"echo '{\"suspend\":{}}'; read answer <&4\n"
#define RESUME		"echo '{\"resume\":{}}'; read answer <&4\n"
#define TAKEN(number)	"echo '{\"checkpoint\":{\"number\":" number ",\"pages\":5,\"bytes\":70,\"full\":false}}'\n" \
			"read answer <&4\n"
#define DONE(again)	"echo '{\"done\":{\"again\":" again "}}'\n"
#define FAILED(code, text) "echo '{\"error\":{\"code\":" code ",\"text\":\"" text "\"}}'; exit 1\n"

static struct host host;
static struct domain_config *config;
static struct record record;
static struct error error;
static struct checkpoint *checkpoint;
static const char *snapshot;	/* NULL: none */
static char program[256], file[256], partial[300], runs[256];

static void pretend(const char *script)
{
	FILE *out = fopen(program, "w");

	/* Each is told how many were there before it: $run. */
	fprintf(out, "#!/bin/sh\ncat >/dev/null\necho x >>%s\nrun=$(grep -c x %s)\n%s\n", runs, runs, script);
	fchmod(fileno(out), 0755);
	fclose(out);
	unlink(runs);
}

static int set_up(void **state)
{
	(void)state;
	fakes_reset();
	fakes_host(&host);
	memset(&error, 0, sizeof(error));
	config = fakes_config(&host, "web", "");
	snprintf(program, sizeof(program), "%s/migrate", host.run_dir);
	snprintf(file, sizeof(file), "%s/web.file", host.run_dir);
	snprintf(partial, sizeof(partial), "%s.partial", file);
	snprintf(runs, sizeof(runs), "%s/runs", host.run_dir);
	setenv("TENON_MIGRATE", program, 1);
	fakes_record(&record, config, 1);
	record.save_path = strdup(file);
	fakes_suspending(1, config);
	fakes.domains[1].logging = true;		/* as a worker that is killed leaves it */
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	checkpoint_unref(checkpoint);
	checkpoint = NULL;
	snapshot = NULL;
	record_clear(&record);
	config_free(config);
	fakes_host_free(&host);
	return 0;
}

static int take(unsigned int interval, unsigned int count, bool replace)
{
	struct checkpoint_options options = {
		.interval = interval, .count = count, .replace = replace, .snapshot = snapshot,
		.snapshot_timeout = 7,
	};
	int rc;

	checkpoint_unref(checkpoint);
	checkpoint = checkpoint_new(file, &options);
	memset(&error, 0, sizeof(error));
	rc = checkpoint_guest(&host, config, &record, checkpoint, &error);
	assert_int_equal(access(partial, F_OK), -1);
	if (fakes.domains[1].info.shutdown_reason == HC_SHUTDOWN_SUSPEND)
		assert_false(fakes.domains[1].info.state & HC_INFO_SHUTDOWN);
	assert_false(fakes.domains[1].untold);
	assert_false(fakes.domains[1].logging);
	return rc;
}

static void expect_file(const char *text)
{
	char got[64] = "";
	int fd = open(file, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, got, sizeof(got) - 1) >= 0);
	assert_string_equal(got, text);
	close(fd);
}

static void write_file(const char *text)
{
	FILE *out = fopen(file, "w");

	fputs(text, out);
	fclose(out);
}

static void a_file_has_its_name_from_the_first_one_on(void **state)
{
	struct stat info;
	json_t *json;

	(void)state;
	pretend("printf one >&3\n" SUSPEND RESUME "[ -e ${0%/migrate}/web.file ] && exit 1\n"
		TAKEN("1") "[ -e ${0%/migrate}/web.file ] && [ $answer = 0 ] && printf ' two' >&3\n"
		TAKEN("2") DONE("false"));
	assert_int_equal(take(1, 2, false), 0);
	expect_file("one two");
	assert_int_equal(stat(file, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_int_equal(info.st_nlink, 1);
	json = checkpoint_json(checkpoint);
	assert_int_equal(json_integer_value(json_object_get(json, "number")), 2);
	assert_int_equal(json_integer_value(json_object_get(json, "changed")), 5 * 4096);
	assert_int_equal(json_integer_value(json_object_get(json, "bytes")), 70);
	assert_string_equal(json_string_value(json_object_get(json, "file")), file);
	assert_int_equal(json_array_size(json_object_get(json, "recent")), 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(json, "recent"), 0), "number")), 1);
	json_decref(json);
}

/* Who looks seldom is told of those before the last one, but not without end. */
static void the_last_eight_are_told(void **state)
{
	struct checkpoint_options options = { .interval = 1 };
	struct checkpoint *many = checkpoint_new("/file", &options);
	json_t *json, *recent, *one;
	int i;

	(void)state;
	assert_non_null(many);
	checkpoint_follow(many, 20);
	json = checkpoint_json(many);
	assert_null(json_object_get(json, "recent"));
	json_decref(json);
	for (i = 21; i <= 30; i++) {
		assert_int_equal(checkpoint_next(many), i);
		one = json_pack("{s:i, s:i, s:i}", "number", i, "pages", 2 * i, "bytes", 100 * i);
		checkpoint_note(many, one);
		json_decref(one);
		assert_int_equal(checkpoint_count(many), i - 20);
	}
	json = checkpoint_json(many);
	assert_int_equal(json_integer_value(json_object_get(json, "number")), 30);
	recent = json_object_get(json, "recent");
	assert_int_equal(json_array_size(recent), 8);
	for (i = 0; i < 8; i++) {
		one = json_array_get(recent, (size_t)i);
		assert_int_equal(json_integer_value(json_object_get(one, "number")), 23 + i);
		assert_int_equal(json_integer_value(json_object_get(one, "changed")), 2 * (23 + i) * 4096);
		assert_int_equal(json_integer_value(json_object_get(one, "bytes")), 100 * (23 + i));
	}
	json_decref(json);
	checkpoint_unref(many);
}

static void without_a_complete_one_there_is_no_file(void **state)
{
	(void)state;
	pretend("echo part >&3\n" SUSPEND FAILED("-28", "disk full"));
	assert_true(take(1, 2, false) < 0);
	assert_int_equal(error.kind, ERROR_RESOURCES);
	assert_non_null(strstr(error.cause, "disk full"));
	assert_int_equal(access(file, F_OK), -1);
	fakes.domains[1].info.state = HC_INFO_SHUTDOWN;
	fakes.domains[1].logging = true;
	pretend(SUSPEND "kill -9 $$");
	assert_true(take(1, 2, false) < 0);
	assert_non_null(strstr(error.cause, "killed by signal 9"));
	assert_int_equal(access(file, F_OK), -1);
}

static void a_later_failure_leaves_the_file(void **state)
{
	(void)state;
	pretend("printf one >&3\n" SUSPEND RESUME TAKEN("1") FAILED("-28", "disk full"));
	assert_true(take(1, 5, false) < 0);
	expect_file("one");
	assert_int_equal(error.kind, ERROR_RESOURCES);
	assert_non_null(strstr(error.next, "has checkpoint 1"));
}

static void a_file_that_is_there_is_kept(void **state)
{
	(void)state;
	write_file("old");
	pretend("printf new >&3\n" SUSPEND RESUME TAKEN("1") DONE("false"));
	assert_true(take(1, 1, false) < 0);
	assert_int_equal(error.kind, ERROR_EXISTS);
	expect_file("old");
	/* Its second name, which a crash may have left, is not written to. */
	assert_int_equal(link(file, partial), 0);
	fakes.domains[1].info.state = HC_INFO_SHUTDOWN;
	fakes.domains[1].logging = true;
	pretend("printf part >&3\n" SUSPEND FAILED("-5", "broken"));
	assert_true(take(1, 1, true) < 0);
	expect_file("old");
	fakes.domains[1].logging = true;
	pretend("printf new >&3\n" TAKEN("1") DONE("false"));
	assert_int_equal(take(1, 1, true), 0);
	expect_file("new");
}

/* The second file is written beside the first one, and its first checkpoint is the next. */
static void a_full_file_is_followed_by_another(void **state)
{
	(void)state;
	pretend("if [ $run = 1 ]; then printf first >&3\n" TAKEN("1") DONE("true") "exit 0; fi\n"
		"grep -q first ${0%/migrate}/web.file && printf \"second $4\" >&3\n" TAKEN("2") DONE("false"));
	fakes.domains[1].info.state = 0;
	assert_int_equal(take(1, 2, false), 0);
	expect_file("second 2");
	pretend("if [ $run = 1 ]; then printf first >&3\n" TAKEN("1") DONE("true") "exit 0; fi\n"
		"printf part >&3\n" FAILED("-28", "disk full"));
	fakes.domains[1].logging = true;
	assert_true(take(1, 3, true) < 0);
	expect_file("first");
}

static void a_guest_that_does_not_hold_still_is_tried_again(void **state)
{
	(void)state;
	fakes.domains[1].info.state = 0;
	pretend("if [ $run != 3 ]; then " FAILED("-11", "has grown") "fi\nprintf third >&3\n"
		TAKEN("1") DONE("false"));
	assert_int_equal(take(1, 1, false), 0);
	expect_file("third");
	fakes.domains[1].logging = true;
	pretend(FAILED("-11", "has grown"));
	assert_true(take(1, 1, true) < 0);
	assert_int_equal(error.kind, ERROR_STATE);
	assert_non_null(strstr(error.cause, "has grown"));
	expect_file("third");
}

/* Once there is one: what somebody else does meanwhile. */
static void *when_one_is_there(void *data)
{
	const bool *ends = data;

	while (!checkpoint || !checkpoint_count(checkpoint))
		usleep(1000);
	if (*ends) {
		fakes.domains[1].info.shutdown_reason = HC_SHUTDOWN_POWEROFF;
		fakes.domains[1].info.state = HC_INFO_SHUTDOWN;
	} else {
		checkpoint_cancel(checkpoint);
	}
	return NULL;
}

static void they_end_when_they_are_cancelled_or_the_guest_ends(void **state)
{
	bool ends = false;
	pthread_t thread;

	(void)state;
	pretend("printf one >&3\n" TAKEN("1") DONE("false"));
	fakes.domains[1].info.state = 0;
	pthread_create(&thread, NULL, when_one_is_there, &ends);
	assert_int_equal(take(86400, 0, false), 0);
	pthread_join(thread, NULL);
	expect_file("one");
	checkpoint_unref(checkpoint);
	checkpoint = NULL;
	ends = true;
	fakes.domains[1].logging = true;
	pthread_create(&thread, NULL, when_one_is_there, &ends);
	assert_true(take(86400, 0, true) < 0);
	pthread_join(thread, NULL);
	assert_int_equal(error.kind, ERROR_STATE);
	assert_non_null(strstr(error.cause, "has ended, after 1"));
	expect_file("one");
}

static void cancelled_before_the_first_there_is_none(void **state)
{
	struct checkpoint_options options = { .interval = 1 };

	(void)state;
	pretend("printf one >&3\n" SUSPEND "[ $answer = -125 ] || exit 2\n" FAILED("-125", "not suspended"));
	checkpoint = checkpoint_new(file, &options);
	checkpoint_cancel(checkpoint);
	assert_true(checkpoint_guest(&host, config, &record, checkpoint, &error) < 0);
	assert_int_equal(error.kind, ERROR_CANCELLED);
	assert_int_equal(access(file, F_OK), -1);
	assert_int_equal(access(partial, F_OK), -1);
}

/* Copies of disks are named by numbers, which a file that takes another one's place goes on with. */
static void numbers_go_on(void **state)
{
	struct build_error why = { "" };
	struct stream_writer writer;
	json_t *json;
	int fd = open(file, O_RDWR | O_CREAT, 0600);

	(void)state;
	assert_int_equal(stream_series_open(&writer, fd, 0, &why), 0);
	assert_int_equal(stream_write(&writer, STREAM_DESCRIPTION, "{}", 2), 0);
	assert_int_equal(stream_commit(&writer, 6, 1), 0);
	stream_writer_close(&writer);
	close(fd);
	fakes.domains[1].info.state = 0;
	pretend("printf $4 >&3\n" TAKEN("7") TAKEN("8") DONE("false"));
	assert_int_equal(take(1, 2, true), 0);
	expect_file("7");
	json = checkpoint_json(checkpoint);
	assert_int_equal(json_integer_value(json_object_get(json, "number")), 8);
	json_decref(json);
}

static void copy_by(const char *path, const char *script)
{
	FILE *out = fopen(path, "w");

	fprintf(out, "#!/bin/sh\n%s\n", script);
	fchmod(fileno(out), 0755);
	fclose(out);
	snapshot = path;
}

static void disks_are_copied_while_the_guest_stands_still(void **state)
{
	char path[300];

	(void)state;
	snprintf(path, sizeof(path), "%s/copy", host.run_dir);
	copy_by(path, "echo $1 $2 >$0.done");
	pretend("printf one >&3\n" SUSPEND "[ \"$(cat ${0%/migrate}/copy.done)\" = 'web 1' ] || exit 2\n" RESUME
		TAKEN("1") DONE("false"));
	assert_int_equal(take(1, 1, false), 0);
	expect_file("one");
	/* Without a copy there is no checkpoint, and the guest goes on. */
	copy_by(path, "exit 3");
	fakes.domains[1].info.state = HC_INFO_SHUTDOWN;
	fakes.domains[1].logging = true;
	pretend(SUSPEND "[ $answer = 0 ] || " FAILED("-5", "not suspended"));
	assert_true(take(1, 1, true) < 0);
	assert_string_equal(error.object, path);
	assert_non_null(strstr(error.cause, "checkpoint 1: status 3"));
	expect_file("one");
}

static void a_copy_that_takes_too_long_ends_them(void **state)
{
	char path[300];

	(void)state;
	snprintf(path, sizeof(path), "%s/copy", host.run_dir);
	copy_by(path, "exit 0");
	fakes.domains[1].info.state = HC_INFO_SHUTDOWN;
	fakes.run_slow = true;
	pretend("printf one >&3\n" SUSPEND "[ $answer = 0 ] || " FAILED("-110", "not suspended"));
	assert_int_equal(take(1, 1, false), -ETIMEDOUT);
	assert_int_equal(fakes.run_seconds, 7);
	assert_int_equal(error.kind, ERROR_TIMEOUT);
	assert_string_equal(error.object, path);
	assert_non_null(strstr(error.cause, "checkpoint 1 within 7 s"));
	assert_int_equal(access(file, F_OK), -1);
}

static void what_another_has_left_is_cleaned_up(void **state)
{
	(void)state;
	write_file("complete");
	assert_int_equal(link(file, partial), 0);
	checkpoint_clean(&host, &record);
	assert_false(fakes.domains[1].logging);
	assert_int_equal(access(partial, F_OK), -1);
	expect_file("complete");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_has_its_name_from_the_first_one_on),
		TEST(the_last_eight_are_told),
		TEST(without_a_complete_one_there_is_no_file),
		TEST(a_later_failure_leaves_the_file),
		TEST(a_file_that_is_there_is_kept),
		TEST(a_full_file_is_followed_by_another),
		TEST(a_guest_that_does_not_hold_still_is_tried_again),
		TEST(they_end_when_they_are_cancelled_or_the_guest_ends),
		TEST(cancelled_before_the_first_there_is_none),
		TEST(numbers_go_on),
		TEST(disks_are_copied_while_the_guest_stands_still),
		TEST(a_copy_that_takes_too_long_ends_them),
		TEST(what_another_has_left_is_cleaned_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
