// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory, processors, affinity and shares of a running domain, above the fakes: what the hypervisor and the store are
 * told, what outlives tenond and the instance, and what is refused.
 */
#include "tenond_fakes.h"
#include "tenond_requests.h"

#include "dom0-tools/lib/store_client.h"
#include "dom0-tools/tenond/lifecycle.h"
#include "dom0-tools/tenond/resources.h"
#include "dom0-tools/tenond/xml/domain.h"

#include <hypercall/sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MIB (1ull << 20)

static void expect_number(const char *member, json_int_t number)
{
	json_t *json = ask("GET", "/v1/domains/web", NULL, 200);

	if (json_integer_value(json_object_get(json, member)) != number)
		fail_msg("%s is %lld", member, (long long)json_integer_value(json_object_get(json, member)));
	json_decref(json);
}

/* A guest's answer: so many frames. */
static void has(unsigned int domid, uint64_t bytes)
{
	fakes.domains[domid].info.frames = bytes / 4096;
}

static void memory(void **state)
{
	struct request *request;

	(void)state;
	create("web", "");
	assert_int_equal(fakes.domains[1].info.max_frames, 64 * 256 + 256);
	request = begin("POST", "/v1/domains/web/memory?size=32MiB", NULL);
	assert_string_equal(fakes_node("/local/domain/1/memory/target"), "32768");
	assert_int_equal(fakes.domains[1].info.max_frames, 32 * 256 + 256);
	assert_false(request->answered);
	expect_number("memory_target", 32 * MIB);
	expect_number("memory", 64 * MIB);
	expect_number("max_memory", 64 * MIB);
	has(1, 34 * MIB);
	waiter_check(&tenond);
	assert_false(request->answered);
	/* A page more than asked for is no matter. */
	has(1, 32 * MIB + 4096);
	expect(end(request, 200), "state", "running");
	request = begin("POST", "/v1/domains/web/memory?size=65536KiB", NULL);
	assert_int_equal(fakes.domains[1].info.max_frames, 64 * 256 + 256);
	has(1, 60 * MIB);
	waiter_check(&tenond);
	assert_false(request->answered);
	has(1, 64 * MIB - 4096);
	expect(end(request, 200), "state", "running");
	expect(ask("POST", "/v1/domains/web/memory?size=5000KB&nowait", NULL, 202), "state", "running");
	expect_number("memory_target", 5001216);
}

static void memory_refused(void **state)
{
	static const char *const sizes[] = { "512", "MiB", "", "1.5GiB", "-1GiB", "32mib", "99999999999999999999999TiB" };
	char url[128];

	(void)state;
	create("web", "");
	expect_error("POST", "/v1/domains/web/memory", NULL, 400, "bad-request", "is missing");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(url, sizeof(url), "/v1/domains/web/memory?size=%s", sizes[i]);
		expect_error("POST", url, NULL, 400, "bad-request", "is not an amount of memory");
	}
	expect_error("POST", "/v1/domains/web/memory?size=65MiB", NULL, 400, "bad-request", "4 MiB to 64 MiB");
	expect_error("POST", "/v1/domains/web/memory?size=4095KiB", NULL, 400, "bad-request", "4095KiB");
	expect_error("POST", "/v1/domains/web/memory?size=32MiB&timeout=x", NULL, 400, "bad-request", "is wrong");
	expect_error("POST", "/v1/domains/0/memory?size=32MiB", NULL, 409, "wrong-state", "management domain");
	has(1, 16 * MIB);
	fakes.free_frames = 47 * 256;
	expect_error("POST", "/v1/domains/web/memory?size=64MiB", NULL, 507, "no-resources",
		     "needs 48 MiB more, and 47 MiB of the host's 2048 MiB are free; there have: Domain-0 512 MiB, web 16 MiB");
	expect_number("memory_target", 64 * MIB);
	/* Less is no question of that. */
	has(1, 64 * MIB);
	fakes.free_frames = 0;
	expect(ask("POST", "/v1/domains/web/memory?size=32MiB&nowait", NULL, 202), "state", "running");
	expect(ask("POST", "/v1/domains/web/pause", NULL, 200), "state", "paused");
	expect_error("POST", "/v1/domains/web/memory?size=16MiB", NULL, 409, "wrong-state", "is paused");
	expect_error("POST", "/v1/domains/web/vcpus?count=1", NULL, 409, "wrong-state", "is paused");
	expect(ask("POST", "/v1/domains/web/affinity?vcpu=0&cpus=1", NULL, 200), "state", "paused");
}

/* A guest that does not do it: how far it came is said, and what it was asked for stays. */
static void silent_guest(void **state)
{
	struct request *request;
	json_t *json;

	(void)state;
	create("web", "");
	has(1, 50 * MIB);
	expect_error("POST", "/v1/domains/web/memory?size=32MiB&timeout=0", NULL, 504, "timed-out",
		     "has 50 MiB, and not 32 MiB in time");
	expect_number("memory_target", 32 * MIB);
	fakes.domains[1].info.online_vcpus = 2;
	expect_error("POST", "/v1/domains/web/vcpus?count=1&timeout=0", NULL, 504, "timed-out",
		     "has 2 of its processors online, and not 1 in time");
	fakes.domains[1].info.online_vcpus = 1;
	json = ask("POST", "/v1/domains/web/vcpus?count=2&timeout=0", NULL, 504);
	assert_non_null(strstr(json_string_value(json_object_get(json_object_get(json, "error"), "next")), "echo 1"));
	json_decref(json);
	request = begin("POST", "/v1/domains/web/memory?size=8MiB", NULL);
	json_decref(ask("DELETE", "/v1/domains/web", NULL, 200));
	json = end(request, 409);
	assert_string_equal(json_string_value(json_object_get(json_object_get(json, "error"), "cause")),
			    "will not be resized: it is gone");
	json_decref(json);
}

static void vcpus(void **state)
{
	struct request *request;

	(void)state;
	create("web", "");
	fakes.domains[1].info.online_vcpus = 2;
	assert_string_equal(fakes_node("/local/domain/1/cpu/1/availability"), "online");
	request = begin("POST", "/v1/domains/web/vcpus?count=1", NULL);
	assert_string_equal(fakes_node("/local/domain/1/cpu/0/availability"), "online");
	assert_string_equal(fakes_node("/local/domain/1/cpu/1/availability"), "offline");
	assert_false(request->answered);
	fakes.domains[1].info.online_vcpus = 1;
	expect(end(request, 200), "state", "running");
	expect_number("vcpus_target", 1);
	expect(ask("POST", "/v1/domains/web/vcpus?count=2&nowait", NULL, 202), "state", "running");
	assert_string_equal(fakes_node("/local/domain/1/cpu/1/availability"), "online");
	expect_error("POST", "/v1/domains/web/vcpus?count=0", NULL, 400, "bad-request", "'0' is wrong; expected a number from 1 to 2");
	expect_error("POST", "/v1/domains/web/vcpus?count=3", NULL, 400, "bad-request", "'3' is wrong");
	expect_error("POST", "/v1/domains/web/vcpus", NULL, 400, "bad-request", "is missing");
}

static void affinity_and_shares(void **state)
{
	(void)state;
	create("web", "");
	assert_int_equal(fakes.domains[1].affinity[1], 2);
	expect(ask("POST", "/v1/domains/web/affinity?vcpu=1&cpus=0", NULL, 200), "state", "running");
	assert_int_equal(fakes.domains[1].affinity[1], 1);
	assert_true(fakes.domains[1].affinity[0] == ~0ull);
	expect(ask("POST", "/v1/domains/web/affinity?vcpu=all&cpus=1", NULL, 200), "state", "running");
	assert_int_equal(fakes.domains[1].affinity[0], 2);
	assert_int_equal(fakes.domains[1].affinity[1], 2);
	expect(ask("POST", "/v1/domains/web/affinity?vcpu=0&cpus=all", NULL, 200), "state", "running");
	assert_true(fakes.domains[1].affinity[0] == ~0ull);
	expect_error("POST", "/v1/domains/web/affinity?vcpu=0", NULL, 400, "bad-request", "is missing");
	expect_error("POST", "/v1/domains/web/affinity?cpus=0", NULL, 400, "bad-request", "is missing");
	expect_error("POST", "/v1/domains/web/affinity?vcpu=2&cpus=0", NULL, 400, "bad-request", "'2' is wrong");
	expect_error("POST", "/v1/domains/web/affinity?vcpu=0&cpus=0,2", NULL, 400, "bad-request",
		     "'0,2' names processors that are not there; the host has 0 to 1");
	expect_error("POST", "/v1/domains/web/affinity?vcpu=0&cpus=x", NULL, 400, "bad-request", "'x' is wrong");
	expect_number("weight", 512);
	expect(ask("POST", "/v1/domains/web/sched?cap=150", NULL, 200), "state", "running");
	expect_number("weight", 512);
	expect_number("cap", 150);
	expect(ask("POST", "/v1/domains/web/sched?weight=1024&cap=0", NULL, 200), "state", "running");
	expect_number("weight", 1024);
	expect_number("cap", 0);
	expect_error("POST", "/v1/domains/web/sched", NULL, 400, "bad-request", "is missing");
	expect_error("POST", "/v1/domains/web/sched?weight=0", NULL, 400, "bad-request", "'0' is wrong; expected a number from 1 to 65535");
	expect_error("POST", "/v1/domains/web/sched?weight=65536", NULL, 400, "bad-request", "'65536' is wrong");
	expect_error("POST", "/v1/domains/web/sched?cap=201", NULL, 400, "bad-request", "'201' is wrong");
}

static void change_all(void)
{
	json_decref(ask("POST", "/v1/domains/web/memory?size=32MiB&nowait", NULL, 202));
	json_decref(ask("POST", "/v1/domains/web/vcpus?count=1&nowait", NULL, 202));
	json_decref(ask("POST", "/v1/domains/web/affinity?vcpu=0&cpus=1", NULL, 200));
	json_decref(ask("POST", "/v1/domains/web/sched?weight=300&cap=50", NULL, 200));
}

static void expect_all(unsigned int domid)
{
	const struct fake_domain *domain = &fakes.domains[domid];
	char path[64];

	assert_int_equal(domain->info.max_frames, 32 * 256 + 256);
	assert_int_equal(domain->sched.weight, 300);
	assert_int_equal(domain->sched.cap, 50);
	assert_int_equal(domain->affinity[0], 2);
	snprintf(path, sizeof(path), "/local/domain/%u/memory/target", domid);
	assert_string_equal(fakes_node(path), "32768");
	snprintf(path, sizeof(path), "/local/domain/%u/cpu/1/availability", domid);
	assert_string_equal(fakes_node(path), "offline");
}

/* Killed between noting and carrying out: the next one does the rest. The guest's next instance has it too. */
static void kept(void **state)
{
	(void)state;
	create("web", "");
	change_all();
	expect_all(1);
	fakes.domains[1].info.max_frames = 0;
	fakes.domains[1].sched.weight = fakes.domains[1].sched.cap = 0;
	fakes.domains[1].affinity[0] = 0;
	fakes_put("/local/domain/1/memory/target", "65536");
	fakes_put("/local/domain/1/cpu/1/availability", "online");
	stop();
	start();
	expect_all(1);
	expect_number("memory_target", 32 * MIB);
	/* What the store says already the guest is not told again: no write is there to fail. */
	fakes.calls = 0;
	resources_renew(&tenond);
	assert_int_equal(fakes.calls, 4);
	fakes.domains[1].info.state |= HC_INFO_SHUTDOWN;
	fakes.domains[1].info.shutdown_reason = HC_SHUTDOWN_REBOOT;
	lifecycle_scan(&tenond);
	while (jobs_running(tenond.jobs))
		sd_event_run(tenond.event, 10000);
	expect_all(2);
	assert_int_equal(fakes.domains[2].info.frames, 32 * 256);
}

/* Whatever of it fails, all is as it was. */
static void undone(void **state)
{
	unsigned int fault;

	(void)state;
	create("web", "");
	fakes.calls = 0;
	json_decref(ask("POST", "/v1/domains/web/vcpus?count=1&nowait", NULL, 202));
	assert_int_equal(fakes.calls, 6);	/* the last one is the answer's */
	json_decref(ask("POST", "/v1/domains/web/vcpus?count=2&nowait", NULL, 202));
	for (fault = 1; fault <= 5; fault++) {
		fakes.calls = 0;
		fakes.fail_at = fault;
		json_decref(ask("POST", "/v1/domains/web/vcpus?count=1&nowait", NULL, fault == 5 ? 503 : 500));
		fakes.fail_at = 0;
		expect_number("vcpus_target", 2);
		assert_string_equal(fakes_node("/local/domain/1/cpu/1/availability"), "online");
		assert_null(strstr(tenond.domains.first->record.xml, "current=\"1\""));
	}
	store_close(tenond.store);
	tenond.store = NULL;
	expect_error("POST", "/v1/domains/web/vcpus?count=1", NULL, 503, "unreachable", "cannot be reached");
	expect(ask("POST", "/v1/domains/web/sched?cap=5", NULL, 200), "state", "running");
}

/* What an operation is at work on cannot be changed, nor what others have made. */
static void not_now(void **state)
{
	char *xml = fakes_xml(&tenond.host, "web", "");
	struct request *request;

	(void)state;
	fakes.build_slow = true;
	request = begin("POST", "/v1/domains", xml);
	expect_error("POST", "/v1/domains/web/memory?size=32MiB", NULL, 409, "wrong-state", "it is creating");
	expect_error("POST", "/v1/domains/web/sched?cap=5", NULL, 409, "wrong-state", "it is creating");
	__atomic_store_n(&fakes.build_slow, false, __ATOMIC_SEQ_CST);
	expect(end(request, 201), "state", "running");
	free(xml);
	fakes.domains[5].present = true;
	fakes.domains[5].info.uuid[0] = 5;
	lifecycle_scan(&tenond);
	expect_error("POST", "/v1/domains/5/vcpus?count=1", NULL, 409, "wrong-state", "was not made by tenond");
}

static struct domain_config *read_xml(const char *xml)
{
	struct xml_source source = { .xml = xml, .size = strlen(xml), .file = "unit", .salt = "unit" };
	struct domain_config *config = NULL;
	struct error error = { 0 };

	if (domain_xml_read(&source, &config, &error))
		fail_msg("%s: %s", error.object, error.cause);
	return config;
}

/* A description says what was changed, what was in it stays, and what is usual is not added. */
static void descriptions(void **state)
{
	static const char head[] = "<domain type='tenon'><name>web</name><memory unit='MiB'>64</memory>";
	static const char tail[] = "<os><type>linux</type><kernel>/k</kernel></os><metadata><a xmlns='b'>c</a></metadata></domain>";
	struct domain_config *config, *again;
	struct error error;
	char xml[1024];

	(void)state;
	snprintf(xml, sizeof(xml), "%s%s", head, tail);
	config = read_xml(xml);
	assert_int_equal(domain_xml_update(config, &error), 0);
	assert_null(strstr(config->xml, "currentMemory"));
	assert_null(strstr(config->xml, "vcpu"));
	assert_null(strstr(config->xml, "cputune"));
	config->cap = 70;
	config->affinity[0] = 0x8000000000000005;
	assert_int_equal(domain_xml_update(config, &error), 0);
	again = read_xml(config->xml);
	assert_int_equal(again->cap, 70);
	assert_true(again->affinity[0] == 0x8000000000000005);
	config_free(again);
	config_free(config);

	snprintf(xml, sizeof(xml), "%s<vcpu cpuset='0-1' current='1'>3</vcpu><cputune><vcpupin vcpu='2' cpuset='4'/>"
		 "<emulatorpin cpuset='7'/></cputune>%s", head, tail);
	config = read_xml(xml);
	config->affinity[1] = 0;
	config->vcpus = 3;
	config->memory = 4 * MIB;
	assert_int_equal(domain_xml_update(config, &error), 0);
	assert_non_null(strstr(config->xml, "<metadata><a xmlns=\"b\">c</a></metadata>"));
	assert_non_null(strstr(config->xml, "emulatorpin"));
	again = read_xml(config->xml);
	assert_int_equal(again->affinity[0], 3);
	assert_int_equal(again->affinity[1], 0);
	assert_int_equal(again->affinity[2], 16);
	assert_int_equal(again->vcpus, 3);
	assert_int_equal(again->max_vcpus, 3);
	assert_int_equal(again->memory, 4 * MIB);
	assert_int_equal(again->max_memory, 64 * MIB);
	config_free(again);
	config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(memory_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(silent_guest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(vcpus, set_up, tear_down),
		cmocka_unit_test_setup_teardown(affinity_and_shares, set_up, tear_down),
		cmocka_unit_test_setup_teardown(kept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(undone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_now, set_up, tear_down),
		cmocka_unit_test(descriptions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
