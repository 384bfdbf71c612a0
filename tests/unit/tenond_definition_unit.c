// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Defined domains: what outlives their guests, tenond and the host, and what
 * does not get in each other's way.
 */
#include "tenond_fakes.h"
#include "tenond_requests.h"

#include "dom0-tools/tenond/lifecycle.h"

#include <errno.h>
#include <fcntl.h>
#include <hypercall/sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define UUID "6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1"
#define OTHER_UUID "6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f2"

static bool disk_full, rename_fails;

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

/* Only descriptions are of any size here. */
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	if (!disk_full || size < 200)
		return __real_write(fd, data, size);
	errno = ENOSPC;
	return -1;
}

int __wrap_rename(const char *from, const char *to)
{
	if (!rename_fails)
		return __real_rename(from, to);
	errno = EIO;
	return -1;
}

/* A description; uuid and more may be "". */
static char *description(const char *name, const char *uuid, const char *more)
{
	char *plain = fakes_xml(&tenond.host, name, ""), *xml, *at = strstr(plain, "<memory");

	if (asprintf(&xml, "%.*s%s%s%s%s%s", (int)(at - plain), plain, *uuid ? "<uuid>" : "", uuid,
		     *uuid ? "</uuid>" : "", more, at) < 0)
		abort();
	free(plain);
	return xml;
}

static void define(const char *name, const char *uuid, const char *more, unsigned int status)
{
	char *xml = description(name, uuid, more);
	json_t *json = ask("POST", "/v1/definitions", xml, status);

	assert_true(json_is_true(json_object_get(json, "defined")));
	json_decref(json);
	free(xml);
}

static void refuse(const char *url, const char *name, const char *uuid, const char *cause)
{
	char *xml = description(name, uuid, "");

	expect_error("POST", url, xml, 409, "already-exists", cause);
	free(xml);
}

/* The state that the list has of a domain; "" where it has none. */
static const char *listed(const char *url, const char *name)
{
	static char state[32];
	json_t *json = ask("GET", url, NULL, 200), *entry;
	size_t index;

	state[0] = '\0';
	json_array_foreach(json_object_get(json, "domains"), index, entry)
		if (!strcmp(json_string_value(json_object_get(entry, "name")), name))
			snprintf(state, sizeof(state), "%s", json_string_value(json_object_get(entry, "state")));
	json_decref(json);
	return state;
}

static bool answers_with(const char *url, const char *text)
{
	struct request *request = begin("GET", url, NULL);
	bool found = request->status == 200 && strstr(request->answer, text);

	request_free(request);
	return found;
}

static void settle(void)
{
	while (jobs_running(tenond.jobs))
		sd_event_run(tenond.event, 10000);
}

static void shut_down(unsigned int domid, uint32_t reason)
{
	fakes.domains[domid].info.state |= HC_INFO_SHUTDOWN;
	fakes.domains[domid].info.shutdown_reason = reason;
	lifecycle_scan(&tenond);
	settle();
}

static void file_path(char path[300], const char *name)
{
	snprintf(path, 300, "%s/%s", tenond.host.definitions_dir, name);
}

static bool is_there(const char *name)
{
	char path[300];
	struct stat info;

	file_path(path, name);
	return !lstat(path, &info);
}

static void put_file(const char *name, const char *text)
{
	char path[300];
	FILE *file;

	mkdir(tenond.host.definitions_dir, 0700);
	file_path(path, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void off(void **state)
{
	json_t *json;

	(void)state;
	expect_error("POST", "/v1/domains/web/start", NULL, 404, "not-found", "is no domain");
	define("web", UUID, "", 201);
	assert_string_equal(listed("/v1/domains", "web"), "");
	assert_string_equal(listed("/v1/domains?all=1", "web"), "off");
	json = ask("GET", "/v1/domains/web", NULL, 200);
	assert_true(json_is_null(json_object_get(json, "id")));
	assert_int_equal(json_integer_value(json_object_get(json, "vcpus")), 2);
	assert_int_equal(json_integer_value(json_object_get(json, "memory")), 64 << 20);
	assert_true(json_is_false(json_object_get(json, "autostart")));
	expect(json, "on_crash", "preserve");
	expect(ask("GET", "/v1/domains/" UUID, NULL, 200), "state", "off");
	expect(ask("GET", "/v1/domains/web/console", NULL, 200), "log", "/log/web.log");
	assert_true(answers_with("/v1/domains/web/xml", UUID));
	expect(ask("GET", "/v1/domains/web/wait?for=gone", NULL, 200), "state", "off");
	expect_error("GET", "/v1/domains/web/wait", NULL, 409, "wrong-state", "is off");
	expect_error("GET", "/v1/domains/web/wait?for=lunch", NULL, 400, "bad-request", "is not known");
	expect_error("POST", "/v1/domains/web/pause", NULL, 409, "wrong-state", "is off");
	expect_error("GET", "/v1/domains/web/start", NULL, 400, "bad-request", "is not a method");
	expect_error("POST", "/v1/domains/0/start", NULL, 409, "wrong-state", "management domain");
	expect(ask("DELETE", "/v1/domains/web/definition", NULL, 200), "state", "gone");
	expect_error("GET", "/v1/domains/web", NULL, 404, "not-found", "is no domain");
	assert_false(is_there("web.xml"));
}

static void running(void **state)
{
	(void)state;
	define("web", UUID, "", 201);
	expect(ask("POST", "/v1/domains/web/start", NULL, 201), "state", "running");
	assert_string_equal(listed("/v1/domains", "web"), "running");
	expect_error("POST", "/v1/domains/web/start", NULL, 409, "wrong-state", "is running already");
	/* What is changed meanwhile holds from the next start on. */
	define("web", UUID, "<title>second</title>", 200);
	assert_false(answers_with("/v1/domains/web/xml", "second"));
	assert_true(answers_with("/v1/domains/web/definition", "second"));
	shut_down(1, HC_SHUTDOWN_REBOOT);
	assert_false(answers_with("/v1/domains/web/xml", "second"));
	/* Both kinds end as their descriptions say; one of them stays as a definition. */
	shut_down(2, HC_SHUTDOWN_POWEROFF);
	assert_true(fakes_clean());
	assert_string_equal(listed("/v1/domains?all=1", "web"), "off");
	expect(ask("POST", "/v1/domains/web/start?paused=1", NULL, 201), "state", "paused");
	assert_true(answers_with("/v1/domains/web/xml", "second"));
	expect(ask("DELETE", "/v1/domains/web/definition", NULL, 200), "state", "paused");
	expect_error("DELETE", "/v1/domains/web/definition", NULL, 404, "not-found", "is not defined");
	expect(ask("POST", "/v1/domains/web/destroy", NULL, 200), "state", "gone");
	expect_error("GET", "/v1/domains/web", NULL, 404, "not-found", "is no domain");
}

static void outlives_tenond(void **state)
{
	char path[300];
	struct stat info;

	(void)state;
	define("web", "", "", 201);
	define("db", "", "", 201);
	file_path(path, "web.xml");
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 077, 0);
	json_decref(ask("POST", "/v1/domains/web/start", NULL, 201));
	stop();
	start();
	assert_string_equal(listed("/v1/domains?all=1", "web"), "running");
	assert_string_equal(listed("/v1/domains?all=1", "db"), "off");
	json_decref(ask("POST", "/v1/domains/web/destroy", NULL, 200));
	assert_string_equal(listed("/v1/domains?all=1", "web"), "off");
}

static void identity(void **state)
{
	(void)state;
	define("web", UUID, "", 201);
	refuse("/v1/definitions", "web", OTHER_UUID, "name web is that of domain web (" UUID "), which is defined");
	refuse("/v1/definitions", "db", UUID, "UUID " UUID " is that of domain web");
	refuse("/v1/definitions", "Domain-0", "", "management domain");
	refuse("/v1/domains", "web", "", "name web is that of domain web");
	/* One that has no UUID is meant for the domain of its name. */
	define("web", "", "", 200);
	assert_true(answers_with("/v1/domains/web/xml", UUID));
	/* As with those that run without being defined. */
	create("db", "");
	refuse("/v1/definitions", "db", OTHER_UUID, "which is there");
	define("db", "", "", 201);
	assert_string_equal(listed("/v1/domains?all=1", "db"), "running");
	json_decref(ask("POST", "/v1/domains/db/destroy", NULL, 200));
	assert_string_equal(listed("/v1/domains?all=1", "db"), "off");
}

static void not_valid(void **state)
{
	char *xml = description("web", "", "<colour/>");

	(void)state;
	expect_error("POST", "/v1/definitions?file=web.xml", xml, 422, "bad-configuration", "");
	free(xml);
	assert_string_equal(listed("/v1/domains?all=1", "web"), "");
	assert_false(is_there("web.xml"));
}

/* What is not written is as if it had never been asked for. */
static void unwritable(void **state)
{
	char *xml = description("web", UUID, "<title>second</title>"), *new = description("db", "", "");

	(void)state;
	define("web", UUID, "", 201);
	disk_full = true;
	expect_error("POST", "/v1/definitions", xml, 507, "no-resources", "No space left");
	expect_error("POST", "/v1/definitions", new, 507, "no-resources", "No space left");
	disk_full = false;
	rename_fails = true;
	expect_error("POST", "/v1/definitions", xml, 500, "internal", "cannot be written");
	rename_fails = false;
	assert_string_equal(listed("/v1/domains?all=1", "db"), "");
	assert_false(is_there("web.xml.new") || is_there("db.xml.new") || is_there("db.xml"));
	assert_false(answers_with("/v1/domains/web/xml", "second"));
	stop();
	start();
	assert_true(answers_with("/v1/domains/web/xml", UUID));
	assert_false(answers_with("/v1/domains/web/xml", "second"));
	free(xml);
	free(new);
}

/* What tenond leaves when it is killed after writing, before the new file has its name. */
static void killed(void **state)
{
	(void)state;
	define("web", UUID, "", 201);
	put_file("web.xml.new", "<domain");
	put_file("db.xml.new", "<domain");
	stop();
	start();
	assert_string_equal(listed("/v1/domains?all=1", "web"), "off");
	assert_string_equal(listed("/v1/domains?all=1", "db"), "");
	define("web", UUID, "<title>second</title>", 200);
	assert_false(is_there("web.xml.new"));
}

static void broken(void **state)
{
	char *xml = description("db", UUID, ""), *bare = description("bare", "", "");
	json_t *report, *check = NULL;
	size_t index;
	char path[300];

	(void)state;
	define("web", UUID, "", 201);
	put_file("cut.xml", "<domain type='tenon'>\n<name>cut");
	put_file("db.xml", xml);	/* the UUID of web, and earlier in the order of names */
	put_file("moved.xml", xml);
	put_file("bare.xml", bare);
	put_file("no-description", "");
	file_path(path, "folder.xml");
	assert_int_equal(mkdir(path, 0700), 0);
	stop();
	start();
	assert_string_equal(listed("/v1/domains?all=1", "cut"), "broken");
	assert_string_equal(listed("/v1/domains?all=1", "moved"), "broken");
	assert_string_equal(listed("/v1/domains?all=1", "bare"), "broken");
	assert_string_equal(listed("/v1/domains?all=1", "folder"), "broken");
	assert_string_equal(listed("/v1/domains?all=1", "db"), "off");
	assert_string_equal(listed("/v1/domains?all=1", "web"), "broken");
	expect_error("POST", "/v1/domains/cut/start", NULL, 422, "bad-configuration", "");
	expect_error("POST", "/v1/domains/moved/start", NULL, 422, "bad-configuration", "describes domain db");
	expect_error("POST", "/v1/domains/bare/start", NULL, 422, "bad-configuration", "has no <uuid>");
	expect_error("POST", "/v1/domains/web/start", NULL, 422, "bad-configuration", "has the UUID of domain db");
	expect_error("GET", "/v1/domains/cut/xml", NULL, 422, "bad-configuration", "");
	report = ask("GET", "/v1/doctor", NULL, 200);
	json_array_foreach(json_object_get(report, "checks"), index, check)
		if (!strcmp(json_string_value(json_object_get(check, "name")), "definitions"))
			break;
	assert_non_null(strstr(json_string_value(json_object_get(check, "text")), "5 of 6"));
	assert_non_null(strstr(json_string_value(json_object_get(check, "text")), "bare.xml"));
	expect(json_incref(check), "verdict", "warn");
	json_decref(report);
	assert_int_equal(rmdir(path), 0);
	expect(ask("DELETE", "/v1/domains/web/definition", NULL, 200), "state", "gone");
	define("cut", "", "", 200);
	assert_string_equal(listed("/v1/domains?all=1", "cut"), "off");
	free(xml);
	free(bare);
}

/* As a boot does: of /run nothing is left, and no guest runs. */
static void boot(void)
{
	char path[300];

	stop();
	snprintf(path, sizeof(path), "%s/autostarted", tenond.host.run_dir);
	assert_int_equal(unlink(path), 0);
	start();
	settle();
}

static void autostart(void **state)
{
	(void)state;
	define("db", "", "", 201);
	define("web", UUID, "", 201);
	define("zoo", "", "", 201);
	json_decref(ask("POST", "/v1/domains/db/autostart", NULL, 200));
	json_decref(ask("POST", "/v1/domains/web/autostart", NULL, 200));
	json_decref(ask("POST", "/v1/domains/web/autostart", NULL, 200));
	json_decref(ask("POST", "/v1/domains/zoo/autostart", NULL, 200));
	assert_true(is_there("autostart/web.xml"));
	json_decref(ask("DELETE", "/v1/domains/zoo/autostart", NULL, 200));
	assert_false(is_there("autostart/zoo.xml"));
	expect_error("POST", "/v1/domains/foo/autostart", NULL, 404, "not-found", "is no domain");
	define("web", UUID, "", 200);	/* is started all the same */
	stop();
	start();
	settle();
	assert_string_equal(listed("/v1/domains", "web"), "");	/* tenond alone was restarted */
	boot();
	assert_string_equal(listed("/v1/domains", "web"), "running");
	assert_string_equal(listed("/v1/domains", "db"), "running");
	assert_string_equal(listed("/v1/domains?all=1", "zoo"), "off");
	json_decref(ask("POST", "/v1/domains/db/destroy", NULL, 200));
	stop();
	start();
	settle();
	assert_string_equal(listed("/v1/domains?all=1", "db"), "off");
	json_decref(ask("DELETE", "/v1/domains/db/definition", NULL, 200));
	assert_false(is_there("autostart/db.xml"));
	/* One that cannot be started is no reason not to start the next. */
	json_decref(ask("POST", "/v1/domains/web/destroy", NULL, 200));
	define("cold", "", "", 201);
	json_decref(ask("POST", "/v1/domains/cold/autostart", NULL, 200));
	put_file("cold.xml", "<domain");
	boot();
	assert_string_equal(listed("/v1/domains", "web"), "running");
}

/* A link that somebody has left makes nothing start that was defined later. */
static void stale_link(void **state)
{
	char path[300];

	(void)state;
	define("web", UUID, "", 201);
	json_decref(ask("POST", "/v1/domains/web/autostart", NULL, 200));
	file_path(path, "web.xml");
	assert_int_equal(unlink(path), 0);
	boot();
	define("web", UUID, "", 201);
	assert_false(is_there("autostart/web.xml"));
}

/* tenond was killed while it made the guest: what is left of that goes first. */
static void autostart_cut_short(void **state)
{
	char *xml = description("web", UUID, "");
	struct record record = {
		.uuid = UUID, .name = "web", .phase = PHASE_CREATING, .domid = -1, .xml = xml,
	};

	(void)state;
	define("web", UUID, "", 201);
	json_decref(ask("POST", "/v1/domains/web/autostart", NULL, 200));
	assert_int_equal(record_save(&tenond.host, &record), 0);
	boot();
	for (int i = 0; i < 100 && strcmp(listed("/v1/domains?all=1", "web"), "running"); i++)
		sd_event_run(tenond.event, 100000);
	assert_string_equal(listed("/v1/domains", "web"), "running");
	free(xml);
}

/* Before the host ends: no restart, also after tenond has been killed meanwhile. */
static void ending(void **state)
{
	struct request *request;

	(void)state;
	define("web", UUID, "<on_poweroff>restart</on_poweroff>", 201);
	json_decref(ask("POST", "/v1/domains/web/start", NULL, 201));
	shut_down(1, HC_SHUTDOWN_POWEROFF);
	assert_string_equal(listed("/v1/domains", "web"), "running");
	expect(ask("POST", "/v1/domains/web/shutdown?end=1&nowait=1", NULL, 202), "state", "running");
	assert_string_equal(fakes_node("/local/domain/2/control/shutdown"), "poweroff");
	stop();
	start();
	shut_down(2, HC_SHUTDOWN_POWEROFF);
	assert_string_equal(listed("/v1/domains?all=1", "web"), "off");
	/* A wish that was refused is forgotten. */
	json_decref(ask("POST", "/v1/domains/web/start?paused=1", NULL, 201));
	expect_error("POST", "/v1/domains/web/shutdown?end=1", NULL, 409, "wrong-state", "is paused");
	json_decref(ask("POST", "/v1/domains/web/unpause", NULL, 200));
	shut_down(3, HC_SHUTDOWN_POWEROFF);
	assert_string_equal(listed("/v1/domains", "web"), "running");
	request = begin("POST", "/v1/domains/web/shutdown?end=1", NULL);
	shut_down(4, HC_SHUTDOWN_POWEROFF);
	expect(end(request, 200), "state", "gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(off, set_up, tear_down),
		cmocka_unit_test_setup_teardown(running, set_up, tear_down),
		cmocka_unit_test_setup_teardown(outlives_tenond, set_up, tear_down),
		cmocka_unit_test_setup_teardown(identity, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_valid, set_up, tear_down),
		cmocka_unit_test_setup_teardown(unwritable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(killed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(broken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(autostart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(stale_link, set_up, tear_down),
		cmocka_unit_test_setup_teardown(autostart_cut_short, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ending, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
