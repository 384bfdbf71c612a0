// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The API from request to answer, on a real event loop with real jobs, above
 * the fakes: every verb, every kind of error, and what guests do themselves.
 */
#include "tenond_fakes.h"
#include "tenond_requests.h"

#include "dom0-tools/lib/store_client.h"
#include "dom0-tools/tenond/lifecycle.h"
#include "dom0-tools/tenond/waiter.h"

#include <fcntl.h>
#include <hypercall/sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void host_requests(void **state)
{
	json_t *json;

	(void)state;
	expect(ask("GET", "/v1/version", NULL, 200), "hypervisor", "0.1.0");
	json = ask("GET", "/v1/host", NULL, 200);
	assert_int_equal(json_integer_value(json_object_get(json, "processors")), 2);
	json_decref(json);
	expect(ask("GET", "/v1/host/messages", NULL, 200), "text", "Tenon\n? booted\n");
	json = ask("GET", "/v1/host/messages?from=15", NULL, 200);
	assert_int_equal(json_integer_value(json_object_get(json, "next")), 15);
	json_decref(json);
	json = ask("GET", "/v1/doctor", NULL, 200);
	assert_true(json_array_size(json_object_get(json, "checks")) > 10);
	json_decref(json);
	json = ask("GET", "/v1/domains", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(json, "domains")), 1);
	json_decref(json);
	expect(ask("GET", "/v1/domains/0", NULL, 200), "name", "Domain-0");
	expect(ask("GET", "/v1/domains/Domain-0", NULL, 200), "state", "running");
	fakes.domains[0].present = false;
	expect_error("GET", "/v1/domains/0", NULL, 503, "unreachable", "does not answer");
}

/* What the doctor says of one matter must be verdict, with text in it. */
static void expect_finding(const char *name, const char *verdict, const char *text)
{
	json_t *report = ask("GET", "/v1/doctor", NULL, 200), *check;
	size_t index;
	bool found = false;

	json_array_foreach(json_object_get(report, "checks"), index, check) {
		if (strcmp(json_string_value(json_object_get(check, "name")), name))
			continue;
		found = true;
		assert_string_equal(json_string_value(json_object_get(check, "verdict")), verdict);
		if (!strstr(json_string_value(json_object_get(check, "text")), text))
			fail_msg("%s: %s", name, json_string_value(json_object_get(check, "text")));
	}
	assert_true(found);
	json_decref(report);
}

/* What other images than raw ones need; a module that can be loaded is as good as one that is. */
static void doctor_images(void **state)
{
	char *path = strdup(getenv("PATH")), program[256];
	int fd;

	(void)state;
	setenv("PATH", tenond.host.run_dir, 1);
	expect_finding("other disk images", "warn", "qemu-nbd is not installed");
	snprintf(program, sizeof(program), "%s/qemu-nbd", tenond.host.run_dir);
	fd = open(program, O_WRONLY | O_CREAT, 0700);
	assert_true(fd >= 0);
	close(fd);
	expect_finding("other disk images", "ok", "the kernel has nbd");
	fakes.no_nbd = true;
	expect_finding("other disk images", "warn", "no module nbd");
	unlink(program);
	setenv("PATH", path, 1);
	free(path);
}

static void wrong_requests(void **state)
{
	(void)state;
	expect_error("GET", "/", NULL, 404, "not-found", "no such path");
	expect_error("GET", "/v1/nothing", NULL, 404, "not-found", "no such path");
	expect_error("GET", "/v1/domains/", NULL, 404, "not-found", "no such path");
	expect_error("PUT", "/v1/domains", NULL, 400, "bad-request", "is not a method");
	expect_error("GET", "/v1/domains/web/pause", NULL, 400, "bad-request", "is not a method");
	expect_error("GET", "/v1/domains/web", NULL, 404, "not-found", "is no domain");
	expect_error("POST", "/v1/domains/web/explode", NULL, 404, "not-found", "no such path");
	expect_error("POST", "/v1/domains/0/destroy", NULL, 409, "wrong-state", "management domain");
	expect_error("POST", "/v1/domains", NULL, 400, "bad-request", "is empty");
	expect_error("POST", "/v1/domains", "{", 400, "bad-request", "line 1");
	expect_error("POST", "/v1/domains", "{\"xml\": \"a\", \"path\": \"b\"}", 400, "bad-request",
		     "expected one of");
	expect_error("POST", "/v1/domains", "{\"sql\": \"a\"}", 400, "bad-request", "");
	expect_error("POST", "/v1/domains", "{\"path\": \"/nonexistent\"}", 422, "bad-configuration",
		     "cannot be read");
	expect_error("POST", "/v1/domains", "<domain/>", 422, "bad-configuration", "has no attribute");
}

static void life(void **state)
{
	json_t *json;

	(void)state;
	create("web", "");
	expect(ask("GET", "/v1/domains/web", NULL, 200), "on_crash", "preserve");
	expect(ask("GET", "/v1/domains/1", NULL, 200), "name", "web");
	expect(ask("GET", "/v1/domains/web/console", NULL, 200), "log", "/log/web.log");
	json_decref(ask("GET", "/v1/domains/web/xml", NULL, 200));
	expect(ask("POST", "/v1/domains/web/pause", NULL, 200), "state", "paused");
	expect(ask("POST", "/v1/domains/web/pause", NULL, 200), "state", "paused");
	expect_error("POST", "/v1/domains/web/shutdown", NULL, 409, "wrong-state", "is paused");
	expect(ask("POST", "/v1/domains/web/unpause", NULL, 200), "state", "running");
	json = ask("GET", "/v1/domains", NULL, 200);
	assert_int_equal(json_array_size(json_object_get(json, "domains")), 2);
	json_decref(json);
	expect(ask("DELETE", "/v1/domains/web", NULL, 200), "state", "gone");
	assert_true(fakes_clean());
	assert_int_equal(fakes_records(&tenond.host), 0);
}

static void conflicts(void **state)
{
	char extra[512], *xml;

	(void)state;
	snprintf(extra, sizeof(extra),
		 "<disk type='file'><source file='%s/disk.img'/><target dev='xvda'/></disk>"
		 "<interface type='bridge'><source bridge='br0'/><mac address='00:16:3e:00:00:09'/></interface>",
		 tenond.host.run_dir);
	create("web", extra);
	xml = fakes_xml(&tenond.host, "web", "");
	expect_error("POST", "/v1/domains", xml, 409, "already-exists", "name web is that of domain web");
	free(xml);
	xml = fakes_xml(&tenond.host, "two", strstr(extra, "<interface"));
	expect_error("POST", "/v1/domains", xml, 409, "already-exists", "MAC address");
	free(xml);
	*strstr(extra, "<interface") = '\0';
	xml = fakes_xml(&tenond.host, "two", extra);
	expect_error("POST", "/v1/domains", xml, 409, "already-exists", "disk.img");
	free(xml);
	xml = fakes_xml(&tenond.host, "Domain-0", "");
	expect_error("POST", "/v1/domains", xml, 409, "already-exists", "management domain");
	free(xml);
}

static void failed_creation(void **state)
{
	char *xml = fakes_xml(&tenond.host, "web", "");

	(void)state;
	/* The first call asks the hypervisor for memory, the second builds. */
	fakes.calls = 0;
	fakes.fail_at = 2;
	expect_error("POST", "/v1/domains", xml, 422, "bad-configuration", "is no kernel");
	expect_error("GET", "/v1/domains/web", NULL, 404, "not-found", "is no domain");
	assert_true(fakes_clean());
	free(xml);
}

static void busy(void **state)
{
	char *xml = fakes_xml(&tenond.host, "web", "");
	struct request *request;

	(void)state;
	fakes.build_slow = true;
	request = begin("POST", "/v1/domains?paused=1", xml);
	assert_false(request->answered);
	expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "creating");
	expect_error("POST", "/v1/domains/web/destroy", NULL, 409, "wrong-state", "it is creating");
	expect_error("POST", "/v1/domains/web/pause", NULL, 409, "wrong-state", "it is creating");
	expect_error("POST", "/v1/domains", xml, 409, "already-exists", "name web");
	__atomic_store_n(&fakes.build_slow, false, __ATOMIC_SEQ_CST);
	expect(end(request, 201), "state", "paused");
	free(xml);
}

static void shut_down(unsigned int domid, uint32_t reason)
{
	fakes.domains[domid].info.state |= HC_INFO_SHUTDOWN;
	fakes.domains[domid].info.shutdown_reason = reason;
	lifecycle_scan(&tenond);
}

static void shutdown_verb(void **state)
{
	struct request *request;

	(void)state;
	create("web", "");
	expect_error("POST", "/v1/domains/web/shutdown?timeout=0", NULL, 504, "timed-out",
		     "has not taken note");
	fakes_put("/local/domain/1/control/shutdown", "");
	request = begin("POST", "/v1/domains/web/shutdown", NULL);
	assert_string_equal(fakes_node("/local/domain/1/control/shutdown"), "poweroff");
	assert_false(request->answered);
	shut_down(1, HC_SHUTDOWN_POWEROFF);
	expect(end(request, 200), "state", "gone");
	assert_true(fakes_clean());
}

static void reboot_verb(void **state)
{
	struct request *request;
	json_t *json;

	(void)state;
	create("web", "");
	expect(ask("POST", "/v1/domains/web/reboot?nowait=1", NULL, 202), "state", "running");
	request = begin("POST", "/v1/domains/web/reboot", NULL);
	assert_string_equal(fakes_node("/local/domain/1/control/shutdown"), "reboot");
	shut_down(1, HC_SHUTDOWN_REBOOT);
	json = end(request, 200);
	assert_int_equal(json_integer_value(json_object_get(json, "id")), 2);
	expect(json, "state", "running");
}

static void crash(void **state)
{
	(void)state;
	create("web", "");
	shut_down(1, HC_SHUTDOWN_CRASH);
	expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "crashed");
	expect_error("GET", "/v1/domains/web/wait", NULL, 409, "wrong-state", "it is crashed");
	expect(ask("GET", "/v1/domains/web/wait?for=shutdown", NULL, 200), "state", "crashed");
	expect_error("POST", "/v1/domains/web/pause", NULL, 409, "wrong-state", "has shut down");
	expect(ask("POST", "/v1/domains/web/destroy", NULL, 200), "state", "gone");
}

/* A guest that reboots again and again is given up. */
static void restart_loop(void **state)
{
	unsigned int restarts = 0;

	(void)state;
	create("web", "");
	for (unsigned int domid = 1; tenond.domains.first && domid < FAKE_DOMAINS; domid++) {
		shut_down(domid, HC_SHUTDOWN_REBOOT);
		while (jobs_running(tenond.jobs))
			sd_event_run(tenond.event, 10000);
		restarts++;
	}
	assert_int_equal(restarts, 6);
	assert_true(fakes_clean());
}

static void waiting(void **state)
{
	struct request *request;

	(void)state;
	create("web", "<interface type='bridge'><source bridge='br0'/></interface>");
	expect_error("GET", "/v1/domains/web/wait?timeout=0", NULL, 504, "timed-out", "is not up in time");
	expect_error("GET", "/v1/domains/web/wait?for=lunch", NULL, 400, "bad-request", "is not known");
	expect_error("GET", "/v1/domains/web/wait?timeout=x", NULL, 400, "bad-request", "is wrong");
	request = begin("GET", "/v1/domains/web/wait", NULL);
	fakes_put("/local/domain/1/control/feature-poweroff", "1");
	waiter_check(&tenond);
	assert_false(request->answered);
	fakes_put("/local/domain/1/device/vif/0/state", "4");
	expect(end(request, 200), "state", "running");
	request = begin("GET", "/v1/domains/web/wait?for=gone", NULL);
	json_decref(ask("DELETE", "/v1/domains/web", NULL, 200));
	expect(end(request, 200), "state", "gone");
}

static json_int_t count_of(json_t *json, const char *list, const char *member, int number)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(json, list), i, entry)
		if (json_integer_value(json_object_get(entry, member)) == number)
			return json_integer_value(json_object_get(entry, "count"));
	return 0;
}

/* Two at a time: the one that ends last turns the counting off. */
static void tracing(void **state)
{
	struct request *first, *second;
	json_t *json;

	(void)state;
	create("web", "");
	expect_error("GET", "/v1/domains/web/trace?seconds=3601", NULL, 400, "bad-request", "is wrong");
	first = begin("GET", "/v1/domains/web/trace?seconds=0", NULL);
	second = begin("GET", "/v1/domains/web/trace?seconds=3600", NULL);
	assert_true(fakes.domains[1].traced);
	json = end(first, 200);
	assert_int_equal(count_of(json, "hypercalls", "number", HC_NR_MMU_UPDATE), 2000);
	assert_int_equal(count_of(json, "hypercalls", "number", HC_NR_MAX), 2);
	assert_int_equal(count_of(json, "entries", "vector", HC_TRACE_SYSCALL), 20);
	/* What did not grow is not there. */
	assert_int_equal(json_array_size(json_object_get(json, "entries")), 1);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(json, "counters"), "events")), 14);
	json_decref(json);
	assert_false(second->answered);
	assert_true(fakes.domains[1].traced);
	/* As when tenond leaves: with what there is so far. */
	trace_end_all(&tenond);
	json = end(second, 200);
	assert_int_equal(count_of(json, "hypercalls", "number", HC_NR_MMU_UPDATE), 2000);
	json_decref(json);
	assert_false(fakes.domains[1].traced);
	fakes.domains[0].info.max_vcpus = 1;
	json = ask("GET", "/v1/domains/0/trace?seconds=0", NULL, 200);
	assert_int_equal(count_of(json, "hypercalls", "number", HC_NR_MMU_UPDATE), 1000);
	json_decref(json);
	assert_false(fakes.domains[0].traced);
	/* One that dies meanwhile. */
	first = begin("GET", "/v1/domains/web/trace?seconds=3600", NULL);
	fakes.domains[1].present = false;
	trace_end_all(&tenond);
	json = end(first, 409);
	assert_string_equal(json_string_value(json_object_get(json_object_get(json, "error"), "cause")),
			    "is not there any more");
	json_decref(json);
}

/* Somebody else destroys a domain: its devices are cleaned up all the same. */
static void vanished(void **state)
{
	(void)state;
	create("web", "<interface type='bridge'><source bridge='br0'/></interface>");
	fakes.domains[1].present = false;
	lifecycle_scan(&tenond);
	while (jobs_running(tenond.jobs))
		sd_event_run(tenond.event, 10000);
	assert_null(tenond.domains.first);
	assert_true(fakes_clean());
}

/* Of several that have changed, the one that the store names is looked at, and that one alone. */
static void one_of_many(void **state)
{
	(void)state;
	create("web", "");
	create("sql", "");
	create("mail", "");
	fakes.domains[1].present = false;
	fakes.domains[2].info.state |= HC_INFO_SHUTDOWN;
	fakes.domains[2].info.shutdown_reason = HC_SHUTDOWN_POWEROFF;
	lifecycle_scan_one(&tenond, 3);
	lifecycle_scan_one(&tenond, 4);
	assert_int_equal(jobs_running(tenond.jobs), 0);
	lifecycle_scan_one(&tenond, 2);
	while (jobs_running(tenond.jobs))
		sd_event_run(tenond.event, 10000);
	assert_null(domain_find(&tenond.domains, "sql"));
	assert_non_null(domain_find(&tenond.domains, "web"));
	lifecycle_scan_one(&tenond, 1);
	while (jobs_running(tenond.jobs))
		sd_event_run(tenond.event, 10000);
	assert_null(domain_find(&tenond.domains, "web"));
	assert_non_null(domain_find(&tenond.domains, "mail"));
}

static void foreign(void **state)
{
	(void)state;
	fakes.domains[5].present = true;
	fakes.domains[5].info.uuid[0] = 5;
	strcpy(fakes.domains[5].info.name, "test guest!");
	lifecycle_scan(&tenond);
	expect(ask("GET", "/v1/domains/domain-5", NULL, 200), "state", "running");
	expect_error("GET", "/v1/domains/5/xml", NULL, 409, "wrong-state", "was not made by tenond");
	expect(ask("DELETE", "/v1/domains/5", NULL, 200), "state", "gone");
	assert_false(fakes.domains[5].present);
}

/* Killed while all is well: the next one knows the domain, paused state included. */
static void restarted(void **state)
{
	(void)state;
	create("web", "");
	create("sql", "");
	expect(ask("POST", "/v1/domains/web/pause", NULL, 200), "state", "paused");
	stop();
	start();
	expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "paused");
	expect(ask("GET", "/v1/domains/sql", NULL, 200), "state", "running");
	expect(ask("POST", "/v1/domains/web/unpause", NULL, 200), "state", "running");
	shut_down(2, HC_SHUTDOWN_POWEROFF);
	stop();
	start();
	expect_error("GET", "/v1/domains/sql", NULL, 404, "not-found", "is no domain");
}

/* Killed in the middle of things, as the records say. */
static void interrupted(void **state)
{
	static const enum phase phases[] = { PHASE_CREATING, PHASE_STOPPING, PHASE_RESTARTING };

	(void)state;
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		create("web", "<interface type='bridge'><source bridge='br0'/></interface>");
		tenond.domains.first->record.phase = phases[i];
		assert_int_equal(record_save(&tenond.host, &tenond.domains.first->record), 0);
		stop();
		start();
		while (jobs_running(tenond.jobs))
			sd_event_run(tenond.event, 10000);
		if (phases[i] != PHASE_RESTARTING) {
			assert_null(tenond.domains.first);
			assert_true(fakes_clean());
			assert_int_equal(fakes_records(&tenond.host), 0);
		}
	}
	expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "running");
}

/* A teardown that fails is tried again until it succeeds. */
static void stubborn(void **state)
{
	(void)state;
	create("web", "");
	fakes.calls = 0;
	fakes.fail_at = 1;
	fakes.fail_on = true;
	expect_error("DELETE", "/v1/domains/web", NULL, 503, "unreachable", "removing domain web");
	expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "stopping");
	fakes.fail_at = 0;
	lifecycle_scan(&tenond);
	while (jobs_running(tenond.jobs))
		sd_event_run(tenond.event, 10000);
	assert_null(tenond.domains.first);
	assert_true(fakes_clean());
}

/* The state of web's only disk, as the API shows it. */
static json_t *disk_state(void)
{
	json_t *json = ask("GET", "/v1/domains/web", NULL, 200);
	json_t *disk = json_incref(json_array_get(json_object_get(json, "disks"), 0));

	json_decref(json);
	return disk;
}

/* The server of a disk dies: its requests are made to fail, once, and the next tenond knows it too. */
static void dead_server(void **state)
{
	char extra[256];
	json_t *disk;

	(void)state;
	snprintf(extra, sizeof(extra),
		 "<disk type='file'><driver type='qcow2'/><source file='%s/disk.img'/>"
		 "<target dev='xvda'/></disk>", tenond.host.run_dir);
	create("web", extra);
	assert_int_equal(tenond.domains.first->record.disks[0].server, 4711);
	lifecycle_scan(&tenond);
	disk = disk_state();
	assert_string_equal(json_string_value(json_object_get(disk, "device")), "/dev/nbd3");
	assert_true(json_is_false(json_object_get(disk, "failed")));
	json_decref(disk);
	assert_int_equal(fakes.failed_disks, 0);
	fakes.dead_server = 4711;
	lifecycle_scan(&tenond);
	stop();
	start();
	lifecycle_scan(&tenond);
	assert_int_equal(fakes.failed_disks, 1);
	disk = disk_state();
	assert_true(json_is_true(json_object_get(disk, "failed")));
	json_decref(disk);
	expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "running");
	/* Its next instance gets another server. */
	fakes.dead_server = 0;
	shut_down(1, HC_SHUTDOWN_REBOOT);
	while (jobs_running(tenond.jobs))
		sd_event_run(tenond.event, 10000);
	disk = disk_state();
	assert_true(json_is_false(json_object_get(disk, "failed")));
	json_decref(disk);
	expect(ask("DELETE", "/v1/domains/web", NULL, 200), "state", "gone");
	assert_true(fakes_clean());
}

/* Once it is to leave it does when its last job has ended, also one that is no operation of a domain. */
static void leaving(void **state)
{
	struct request *doctor = begin("GET", "/v1/doctor", NULL);

	(void)state;
	assert_int_equal(jobs_running(tenond.jobs), 1);
	assert_true(jobs_leave(tenond.jobs) >= 0);
	for (int i = 0; i < 100 && sd_event_get_state(tenond.event) != SD_EVENT_FINISHED; i++)
		sd_event_run(tenond.event, 100000);
	assert_int_equal(sd_event_get_state(tenond.event), SD_EVENT_FINISHED);
	json_decref(end(doctor, 200));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(host_requests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(doctor_images, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_requests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(life, set_up, tear_down),
		cmocka_unit_test_setup_teardown(conflicts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failed_creation, set_up, tear_down),
		cmocka_unit_test_setup_teardown(busy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(shutdown_verb, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reboot_verb, set_up, tear_down),
		cmocka_unit_test_setup_teardown(crash, set_up, tear_down),
		cmocka_unit_test_setup_teardown(restart_loop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(waiting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tracing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(vanished, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_of_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(foreign, set_up, tear_down),
		cmocka_unit_test_setup_teardown(restarted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(interrupted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(stubborn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(dead_server, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaving, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
