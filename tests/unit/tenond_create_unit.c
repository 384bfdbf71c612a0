// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Creation and teardown against the fakes: the nodes that result, and that a
 * fault in any step leaves nothing behind.
 */
#include "tenond_fakes.h"

#include "dom0-tools/tenond/create.h"
#include "dom0-tools/tenond/teardown.h"
#include "dom0-tools/tenond/xml/domain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct host host;
static struct domain_config *config;
static struct record record;

static int set_up(void **state)
{
	char devices[1024];

	(void)state;
	fakes_reset();
	fakes_host(&host);
	snprintf(devices, sizeof(devices),
		 "<disk type='file'><source file='%s/disk.img'/><target dev='xvda'/></disk>"
		 "<disk type='file'><driver type='qcow2'/><source file='%s/disk.qcow2'/>"
		 "<target dev='xvdb'/><readonly/></disk>"
		 "<interface type='bridge'><source bridge='br0'/><mac address='00:16:3e:00:00:09'/></interface>"
		 "<interface type='bridge'><source bridge='br0'/></interface>", host.run_dir, host.run_dir);
	config = fakes_config(&host, "web", devices);
	fakes_record(&record, config, -1);
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

static void nodes(void **state)
{
	struct error error = { 0 };
	char path[128];

	(void)state;
	assert_int_equal(create_domain(&host, config, &record, &error), 0);
	assert_int_equal(record.domid, 1);
	assert_int_equal(record.phase, PHASE_ACTIVE);
	assert_int_equal(fakes_records(&host), 1);
	assert_int_equal(fakes.introduced, 1);
	assert_int_equal(fakes.domains[1].info.pause_count, 0);
	assert_int_equal(fakes.domains[1].affinity[1], 2);
	assert_int_equal(fakes.domains[1].sched.weight, 512);
	assert_int_equal(fakes.disk_fds, 0);

	assert_string_equal(fakes_node("/local/domain/1/name"), "web");
	assert_string_equal(fakes_node("/local/domain/1/memory/target"), "65536");
	assert_string_equal(fakes_node("/local/domain/1/cpu/1/availability"), "online");
	assert_string_equal(fakes_node("/local/domain/1/console/ring-ref"), "1001");
	assert_string_equal(fakes_node("/local/domain/1/console/port"), "2");
	assert_string_equal(fakes_node("/local/domain/1/store/ring-ref"), "1000");
	assert_string_equal(fakes_perms("/local/domain/1"), "n0,r1");
	assert_string_equal(fakes_perms("/local/domain/1/control"), "n0,r1");
	assert_string_equal(fakes_perms("/local/domain/1/control/shutdown"), "n1");
	assert_string_equal(fakes_perms("/local/domain/1/data"), "n1");
	snprintf(path, sizeof(path), "/vm/%s/name", record.uuid);
	assert_string_equal(fakes_node(path), "web");

	assert_string_equal(fakes_node("/local/domain/1/device/vbd/51712/backend"),
			    "/local/domain/0/backend/vbd/1/51712");
	assert_string_equal(fakes_node("/local/domain/1/device/vbd/51712/virtual-device"), "51712");
	assert_string_equal(fakes_node("/local/domain/1/device/vbd/51712/state"), "1");
	assert_string_equal(fakes_perms("/local/domain/1/device/vbd/51712"), "n1,r0");
	assert_string_equal(fakes_perms("/local/domain/0/backend/vbd/1/51712"), "n0,r1");
	assert_string_equal(fakes_node("/local/domain/0/backend/vbd/1/51712/physical-device"), "7:7");
	assert_string_equal(fakes_node("/local/domain/0/backend/vbd/1/51712/mode"), "w");
	assert_string_equal(fakes_node("/local/domain/0/backend/vbd/1/51728/mode"), "r");
	assert_string_equal(fakes_node("/local/domain/0/backend/vif/1/0/mac"), "00:16:3e:00:00:09");
	assert_string_equal(fakes_node("/local/domain/0/backend/vif/1/0/script"), "");
	assert_string_equal(fakes_node("/local/domain/0/backend/vif/1/1/hotplug-status"), "connected");
	assert_string_equal(fakes_node("/local/domain/0/backend/vif/1/1/frontend"),
			    "/local/domain/1/device/vif/1");

	assert_int_equal(teardown_domain(&host, &record, config, &error), 0);
	assert_true(fakes_clean());
}

static void paused(void **state)
{
	struct error error = { 0 };

	(void)state;
	record.paused = true;
	assert_int_equal(create_domain(&host, config, &record, &error), 0);
	assert_int_equal(fakes.domains[1].info.pause_count, 1);
	assert_int_equal(teardown_domain(&host, &record, config, &error), 0);
	assert_true(fakes_clean());
}

/* Each call that can fail fails once. */
static void single_faults(void **state)
{
	unsigned int failures = 0;
	uint64_t before = fakes.free_frames;

	(void)state;
	for (unsigned int at = 1;; at++) {
		struct error error = { 0 };
		int rc;

		fakes.calls = 0;
		fakes.fail_at = at;
		record.phase = PHASE_CREATING;
		rc = create_domain(&host, config, &record, &error);
		if (!rc)
			break;
		failures++;
		assert_int_not_equal(error.kind, ERROR_NONE);
		assert_true(*error.object && *error.cause);
		if (!fakes_clean() || fakes_records(&host) || fakes.free_frames != before)
			fail_msg("fault %u (%s: %s) leaves something behind", at, error.object, error.cause);
		assert_int_equal(record.phase, PHASE_CREATING);
		assert_int_equal(record.domid, -1);
		fakes.next_domid = 1;
	}
	assert_true(failures > 60);
	fakes.fail_at = 0;
	assert_int_equal(teardown_domain(&host, &record, config, &(struct error){ 0 }), 0);
}

/*
 * From some call on everything fails, the teardown too: the record says so,
 * and a later teardown finishes the work.
 */
static void lasting_faults(void **state)
{
	unsigned int unfinished = 0;

	(void)state;
	for (unsigned int at = 1;; at++) {
		struct error error = { 0 };

		fakes.calls = 0;
		fakes.fail_at = at;
		fakes.fail_on = true;
		record.phase = PHASE_CREATING;
		if (!create_domain(&host, config, &record, &error))
			break;
		fakes.fail_at = 0;
		if (record.phase == PHASE_STOPPING) {
			unfinished++;
			assert_int_equal(fakes_records(&host), 1);
			assert_int_equal(teardown_domain(&host, &record, config, &error), 0);
			record_delete(&host, &record);
		}
		if (!fakes_clean() || fakes_records(&host))
			fail_msg("faults from %u on leave something behind", at);
		fakes.next_domid = 1;
	}
	assert_true(unfinished > 40);
	fakes.fail_at = 0;
	assert_int_equal(teardown_domain(&host, &record, config, &(struct error){ 0 }), 0);
}

/* A kill between building and recording: the record has no number, the hypervisor has the UUID. */
static void found_by_uuid(void **state)
{
	struct error error = { 0 };

	(void)state;
	assert_int_equal(create_domain(&host, config, &record, &error), 0);
	record.domid = -1;
	assert_int_equal(teardown_domain(&host, &record, config, &error), 0);
	assert_true(fakes_clean());
}

/* The number belongs to another domain by now, which is left alone. */
static void number_reused(void **state)
{
	struct error error = { 0 };

	(void)state;
	assert_int_equal(create_domain(&host, config, &record, &error), 0);
	fakes.domains[1].info.uuid[0] ^= 1;
	assert_int_equal(teardown_domain(&host, &record, config, &error), 0);
	assert_true(fakes.domains[1].present);
}

static void expect_refusal(enum error_kind kind, const char *object, const char *cause)
{
	struct error error = { 0 };

	assert_true(create_domain(&host, config, &record, &error) < 0);
	/* What is wrong with a description can always be put right, and the message says how. */
	if (error.kind != kind || !strstr(error.object, object) || !strstr(error.cause, cause) ||
	    (kind == ERROR_CONFIG && !*error.next))
		fail_msg("%s: %s (%s)", error.object, error.cause, error.next);
	assert_true(fakes_clean());
	assert_int_equal(fakes_records(&host), 0);
}

static void refusals(void **state)
{
	char *kernel = config->kernel, *source = config->disks[0].source;

	(void)state;
	config->kernel = (char *)"/nonexistent/kernel";
	expect_refusal(ERROR_CONFIG, "kernel", "No such file");
	config->kernel = (char *)"/dev/null";
	expect_refusal(ERROR_CONFIG, "kernel", "is not a file");
	config->kernel = kernel;
	config->initrd = strdup("/proc/version");
	expect_refusal(ERROR_CONFIG, "initrd", "is empty");
	free(config->initrd);
	config->initrd = NULL;
	config->disks[0].source = (char *)"/nonexistent/disk";
	expect_refusal(ERROR_CONFIG, "disk xvda", "No such file");
	config->disks[0].source = (char *)"/dev/null";
	expect_refusal(ERROR_CONFIG, "disk xvda", "is not a file");
	config->disks[0].block = true;
	expect_refusal(ERROR_CONFIG, "disk xvda", "is not a block device");
	config->disks[0].block = false;
	config->disks[0].source = source;
	fakes.bridge = false;
	expect_refusal(ERROR_CONFIG, "interface 0", "there is no bridge br0");
	fakes.bridge = true;
	config->affinity[0] = 1ull << 40;
	expect_refusal(ERROR_CONFIG, "cpuset", "vcpu 0 may run on none");
	config->affinity[0] = 0;
	fakes.free_frames = 64 * 256;
	expect_refusal(ERROR_RESOURCES, "memory", "64 MiB of the host's 2048 MiB are free");
	fakes.free_frames = 262144;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nodes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(paused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(single_faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lasting_faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(found_by_uuid, set_up, tear_down),
		cmocka_unit_test_setup_teardown(number_reused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refusals, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
