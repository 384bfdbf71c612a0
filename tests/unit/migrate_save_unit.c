/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tenond's part in saving and restoring: the file that appears or does not, the
 * guest that goes on or is made, and what of a file's description is refused.
 */
#include "tenond_fakes.h"

#include "dom0-tools/migrate/stream.h"
#include "dom0-tools/tenond/create.h"
#include "dom0-tools/tenond/save.h"
#include "dom0-tools/tenond/teardown.h"
#include "dom0-tools/tenond/xml/domain.h"

#include <errno.h>
#include <fcntl.h>
#include <hypercall/sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct host host;
static struct domain_config *config;
static struct record record;
static struct error error;
static char program[256], file[256], nodes[2048];

/* Only the wait for a guest that never suspends itself sleeps, a minute; nothing here depends on its length. */
int nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)wanted;
	(void)left;
	return 0;
}

static bool no_nameless;	/* the file system has no files without a name, as NFS */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	if (no_nameless && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return __real_open(path, flags, mode);
}

/* What runs in place of tenon-migrate: a script; its own standard input goes to a file beside it. */
static void pretend(const char *script)
{
	FILE *out = fopen(program, "w");

	fprintf(out, "#!/bin/sh\ncat >%s/input\n%s\n", host.run_dir, script);
	fchmod(fileno(out), 0755);
	fclose(out);
}

static struct domain_config *read_xml(const char *xml)
{
	struct xml_source source = { .xml = xml, .size = strlen(xml), .file = "unit", .salt = "unit" };
	struct domain_config *read = NULL;

	if (domain_xml_read(&source, &read, &error))
		fail_msg("%s: %s", error.object, error.cause);
	return read;
}

static int set_up(void **state)
{
	char *xml;

	(void)state;
	fakes_reset();
	fakes_host(&host);
	no_nameless = false;
	xml = fakes_xml(&host, "web", "");
	config = read_xml(xml);
	free(xml);
	snprintf(program, sizeof(program), "%s/migrate", host.run_dir);
	snprintf(file, sizeof(file), "%s/web.save", host.run_dir);
	setenv("TENON_MIGRATE", program, 1);
	memset(&error, 0, sizeof(error));
	fakes_record(&record, config, 1);
	record.save_path = strdup(file);
	fakes_suspending(1, config);
	fakes_put("/local/domain/1/data", "");
	fakes_put("/local/domain/1/data/updated", "yes");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	record_clear(&record);
	config_free(config);
	fakes_host_free(&host);
	return 0;
}

static bool is_suspended(void)
{
	return fakes.domains[1].info.state & HC_INFO_SHUTDOWN;
}

static size_t read_text(const char *name, char *text, size_t size)
{
	char path[512];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", host.run_dir, name);
	fd = open(path, O_RDONLY);
	got = fd < 0 ? 0 : read(fd, text, size - 1);
	if (fd >= 0)
		close(fd);
	text[got > 0 ? got : 0] = '\0';
	return strlen(text);
}

static void a_saved_guest_has_a_file(void **state)
{
	struct stat info;

	(void)state;
	pretend("echo whole >&3; echo '{\"progress\":{\"done\":1,\"pages\":2}}'\n"
		"echo '{\"done\":{\"pages\":2,\"stored\":1,\"bytes\":6}}'");
	assert_int_equal(save_guest(&host, config, &record, &error), 0);
	assert_string_equal(fakes_node("/local/domain/1/control/shutdown"), "suspend");
	assert_true(is_suspended());
	assert_int_equal(stat(file, &info), 0);
	assert_int_equal(info.st_size, 6);
	assert_int_equal(info.st_mode & 0777, 0600);
	assert_true(read_text("input", nodes, sizeof(nodes)) > 0);
	assert_non_null(strstr(nodes, "\"control/feature-suspend\":\"1\""));
	assert_non_null(strstr(nodes, "\"data/updated\":\"yes\""));
	assert_non_null(strstr(nodes, record.uuid));
	assert_non_null(strstr(nodes, "\"max_pages\":16640"));
}

static void expect_content(const char *path, const char *content)
{
	char text[64];

	assert_true(read_text(strrchr(path, '/') + 1, text, sizeof(text)) > 0);
	assert_string_equal(text, content);
}

static void a_file_that_is_whole_is_never_emptied(void **state)
{
	char partial[300], old[300];

	(void)state;
	no_nameless = true;
	snprintf(partial, sizeof(partial), "%s.partial", file);
	snprintf(old, sizeof(old), "%s.old", file);
	pretend("echo first >&3; echo '{\"done\":{}}'");
	assert_int_equal(save_guest(&host, config, &record, &error), 0);
	expect_content(file, "first\n");
	assert_int_equal(access(partial, F_OK), -1);

	/* Killed before it had taken the first name away; then somebody keeps the file. */
	assert_int_equal(link(file, partial), 0);
	assert_int_equal(rename(file, old), 0);
	pretend("echo second >&3; echo '{\"done\":{}}'");
	assert_int_equal(save_guest(&host, config, &record, &error), 0);
	expect_content(file, "second\n");
	expect_content(old, "first\n");
	assert_int_equal(access(partial, F_OK), -1);

	/* Another guest is saved to the same name: what it has written so far is not this guest. */
	unlink(file);
	pretend("echo third >&3; cd ${0%/*}; rm web.save.partial; echo other >web.save.partial\n"
		"echo '{\"done\":{}}'");
	assert_true(save_guest(&host, config, &record, &error) < 0);
	assert_int_equal(access(file, F_OK), -1);
	assert_false(is_suspended());
}

static void a_file_that_is_being_written_is_left_alone(void **state)
{
	char partial[PATH_MAX];
	int fd;

	(void)state;
	no_nameless = true;
	fd = save_open_partial(file, partial);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "other\n", 6), 6);
	assert_true(save_guest(&host, config, &record, &error) < 0);
	assert_non_null(strstr(error.cause, "busy"));
	assert_non_null(strstr(error.next, "another guest"));
	assert_int_equal(save_remove_partial(partial), -EBUSY);
	expect_content(partial, "other\n");

	/* Who has it ends, or is killed. */
	close(fd);
	pretend("echo first >&3; echo '{\"done\":{}}'");
	assert_int_equal(save_guest(&host, config, &record, &error), 0);
	expect_content(file, "first\n");
	assert_int_equal(access(partial, F_OK), -1);
}

/* However it fails, there is no file, and the guest goes on. */
static void expect_failure(const char *script, const char *text)
{
	fakes.domains[1].info.state = HC_INFO_SHUTDOWN;
	memset(&error, 0, sizeof(error));
	pretend(script);
	assert_true(save_guest(&host, config, &record, &error) < 0);
	if (!strstr(error.cause, text))
		print_error("expected \"%s\": %s\n", text, error.cause);
	assert_non_null(strstr(error.cause, text));
	assert_false(is_suspended());
	assert_false(fakes.domains[1].untold);
	assert_int_equal(access(file, F_OK), -1);
}

static void a_failed_save_leaves_the_guest_running(void **state)
{
	(void)state;
	expect_failure("echo part >&3; echo '{\"error\":{\"code\":-28,\"text\":\"disk full\"}}'; exit 1",
		       "disk full");
	assert_int_equal(error.kind, ERROR_RESOURCES);
	expect_failure("echo part >&3; exit 0", "without an answer");
	expect_failure("kill -9 $$", "killed by signal 9");
	expect_failure("echo '{\"done\":{\"pages\":1}}'; exit 3", "status 3");
	expect_failure("echo not json; exit 1", "status 1");
	unlink(program);
	assert_true(save_guest(&host, config, &record, &error) < 0);
}

/* Whatever becomes of telling the store. */
static void a_guest_goes_on_without_the_store(void **state)
{
	(void)state;
	for (unsigned int at = 2; at <= 4; at++) {
		fakes.domains[1].info.state = HC_INFO_SHUTDOWN;
		fakes.calls = 0;
		fakes.fail_at = at;	/* the first one is the hypervisor's */
		assert_int_equal(save_resume(&host, &record, &error), 0);
		assert_false(is_suspended());
		assert_int_equal(fakes.domains[1].untold, at < 4);
	}
}

static void what_cannot_be_saved_is_not_asked_to_suspend(void **state)
{
	FILE *there;

	(void)state;
	fakes.domains[1].info.state = 0;
	there = fopen(file, "w");
	fclose(there);
	assert_true(save_guest(&host, config, &record, &error) < 0);
	assert_int_equal(error.kind, ERROR_EXISTS);
	unlink(file);
	fakes_put("/local/domain/1/control/feature-suspend", "");
	assert_true(save_guest(&host, config, &record, &error) < 0);
	assert_int_equal(error.kind, ERROR_STATE);
	assert_null(fakes_node("/local/domain/1/control/shutdown"));
}

static void a_guest_that_ends_instead_is_left_alone(void **state)
{
	(void)state;
	fakes.domains[1].info.shutdown_reason = HC_SHUTDOWN_POWEROFF;
	assert_true(save_guest(&host, config, &record, &error) < 0);
	assert_int_equal(error.kind, ERROR_STATE);
	assert_true(is_suspended());
	assert_int_equal(access(file, F_OK), -1);
}

/* A file whose first section is this description, with values for NAME, UUID, XML in it. */
static void write_file(const char *uuid, const char *saved_nodes)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:o}", "name", "web", "uuid", uuid, "xml", config->xml,
				 "nodes", json_loads(saved_nodes, 0, NULL));
	char *text = json_dumps(json, 0);
	struct build_error why;
	struct stream_writer writer;
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(stream_writer_open(&writer, fd, 1, &why), 0);
	assert_int_equal(stream_write(&writer, STREAM_DESCRIPTION, text, strlen(text)), 0);
	stream_writer_close(&writer);
	close(fd);
	free(text);
	json_decref(json);
}

static void a_description_is_read(void **state)
{
	struct saved *saved = NULL;

	(void)state;
	write_file(record.uuid, "{\"data/a\": \"b\"}");
	assert_int_equal(saved_open(&host, file, &saved, &error), 0);
	assert_string_equal(saved->config->name, "web");
	assert_string_equal(json_string_value(json_object_get(saved->nodes, "data/a")), "b");
	assert_int_equal(lseek(saved->fd, 0, SEEK_CUR), 0);
	saved_close(saved);
}

/* A hostile file may not write where the guest could not. */
static void bad_descriptions_are_refused(void **state)
{
	static const char *const bad[] = {
		"{\"name\": \"x\"}", "{\"../0/name\": \"x\"}", "{\"data/../../x\": \"x\"}",
		"{\"/local/domain/0/name\": \"x\"}", "{\"control/shutdown\": \"x\"}", "{\"database\": \"x\"}",
		"{\"data//a\": \"x\"}", "{\"data/\": \"x\"}", "{\"data/a\": 1}", "[]",
	};
	struct saved *saved = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_file(record.uuid, bad[i]);
		if (!saved_open(&host, file, &saved, &error))
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(error.kind, ERROR_CONFIG);
	}
	write_file("00000000-0000-0000-0000-000000000001", "{}");
	assert_true(saved_open(&host, file, &saved, &error) < 0);
	assert_non_null(strstr(error.cause, "contradicts"));
	assert_int_equal(truncate(file, 40), 0);
	assert_true(saved_open(&host, file, &saved, &error) < 0);
	assert_non_null(strstr(error.cause, "truncated"));
	assert_true(saved_open(&host, host.run_dir, &saved, &error) < 0);
	assert_non_null(strstr(error.cause, "not a file"));
}

/* Why is said, however long the path is. */
static void a_long_path_leaves_room_for_the_cause(void **state)
{
	char path[1024], *end = path + snprintf(path, sizeof(path), "%s", host.run_dir);
	struct saved *saved = NULL;
	FILE *out;

	(void)state;
	for (int i = 0; i < 3; i++) {
		end += sprintf(end, "/%0200d", i);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	strcpy(end, "/file");
	out = fopen(path, "w");
	fputs("this is no stream of a guest's state", out);
	fclose(out);
	assert_true(saved_open(&host, path, &saved, &error) < 0);
	assert_int_equal(error.kind, ERROR_CONFIG);
	assert_int_equal(strncmp(error.cause, "is not the saved state of a guest: it does not", 46), 0);
	unlink(path);
	for (int i = 0; i < 3; i++) {
		*strrchr(path, '/') = '\0';
		rmdir(path);
	}
}

static struct saved *restorable(const char *script)
{
	struct saved *saved = NULL;

	write_file(record.uuid, "{\"data/a\": \"b\", \"control/feature-suspend\": \"1\"}");
	assert_int_equal(saved_open(&host, file, &saved, &error), 0);
	pretend(script);
	fakes_reset();
	record.domid = -1;
	return saved;
}

static void a_restored_domain_is_whole(void **state)
{
	struct saved *saved = restorable("echo '{\"done\":{\"domid\":1,\"store_port\":5,\"console_port\":6,"
					 "\"store_mfn\":1000,\"console_mfn\":1001}}'");

	(void)state;
	/* The program is the one who makes it. */
	fakes.domains[1].present = true;
	fakes.domains[1].info.pause_count = 1;
	memcpy(fakes.domains[1].info.uuid, config->uuid, 16);
	assert_int_equal(create_restored(&host, config, &record, saved, &error), 0);
	assert_int_equal(record.domid, 1);
	assert_int_equal(record.phase, PHASE_ACTIVE);
	assert_int_equal(fakes.domains[1].info.pause_count, 0);
	assert_string_equal(fakes_node("/local/domain/1/data/a"), "b");
	assert_string_equal(fakes_node("/local/domain/1/control/feature-suspend"), "1");
	assert_string_equal(fakes_node("/local/domain/1/store/port"), "5");
	saved_close(saved);
	assert_int_equal(teardown_domain(&host, &record, config, &error), 0);
	assert_true(fakes_clean());
}

static void a_failed_restore_leaves_nothing(void **state)
{
	struct saved *saved = restorable("echo '{\"error\":{\"code\":-74,\"text\":\"is damaged\"}}'; exit 1");

	(void)state;
	assert_true(create_restored(&host, config, &record, saved, &error) < 0);
	assert_int_equal(error.kind, ERROR_CONFIG);
	assert_non_null(strstr(error.cause, "is damaged"));
	assert_true(fakes_clean());
	assert_int_equal(fakes_records(&host), 0);
	saved_close(saved);
}

static void a_record_of_a_save_is_kept(void **state)
{
	struct record loaded;
	char path[512];

	(void)state;
	record.phase = PHASE_SAVING;
	record.save_keep = true;
	assert_int_equal(record_save(&host, &record), 0);
	snprintf(path, sizeof(path), "%s/domains/%s.json", host.run_dir, record.uuid);
	assert_int_equal(record_load(path, &loaded), 0);
	assert_int_equal(loaded.phase, PHASE_SAVING);
	assert_true(loaded.save_keep);
	assert_string_equal(loaded.save_path, file);
	record_clear(&loaded);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_saved_guest_has_a_file),
		TEST(a_file_that_is_whole_is_never_emptied),
		TEST(a_file_that_is_being_written_is_left_alone),
		TEST(a_failed_save_leaves_the_guest_running),
		TEST(a_guest_goes_on_without_the_store),
		TEST(what_cannot_be_saved_is_not_asked_to_suspend),
		TEST(a_guest_that_ends_instead_is_left_alone),
		TEST(a_description_is_read),
		TEST(bad_descriptions_are_refused),
		TEST(a_long_path_leaves_room_for_the_cause),
		TEST(a_restored_domain_is_whole),
		TEST(a_failed_restore_leaves_nothing),
		TEST(a_record_of_a_save_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
