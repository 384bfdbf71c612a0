// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The API, above the fakes: what moves, saves and brings back a guest's state, and tenond killed meanwhile.
 */
#include "tenond_fakes.h"
#include "tenond_requests.h"

#include "dom0-tools/migrate/stream.h"
#include "dom0-tools/tenond/peer.h"
#include "dom0-tools/tenond/taken.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <hypercall/sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

unsigned int __wrap_sleep(unsigned int seconds);

/* Between questions to a host that does not answer. */
unsigned int __wrap_sleep(unsigned int seconds)
{
	(void)seconds;
	return 0;
}

/* From now on tenon-migrate is this script. */
static void pretend(const char *script)
{
	char program[256];
	FILE *out;

	snprintf(program, sizeof(program), "%s/migrate", tenond.host.run_dir);
	out = fopen(program, "w");
	fprintf(out, "#!/bin/sh\n%s\n", script);
	fchmod(fileno(out), 0755);
	fclose(out);
	setenv("TENON_MIGRATE", program, 1);
}

/* Killed while a guest was on its way to or from another host. */
static void interrupted_on_the_way(void **state)
{
	static const enum phase phases[] = { PHASE_MIGRATING, PHASE_CHECKPOINTING };

	(void)state;
	create("web", "");
	tenond.domains.first->record.save_path = strdup("/a/file");
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		tenond.domains.first->record.phase = phases[i];
		assert_int_equal(record_save(&tenond.host, &tenond.domains.first->record), 0);
		fakes.domains[1].logging = true;
		stop();
		start();
		expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "running");
		assert_false(fakes.domains[1].logging);
	}
	/* That is said, also by the next, until others are taken. */
	expect(ask("GET", "/v1/domains/web", NULL, 200), "checkpoints_ended", "/a/file");
	stop();
	start();
	expect(ask("GET", "/v1/domains/web", NULL, 200), "checkpoints_ended", "/a/file");

	/* It has come, and its sender has given it up: it must run here. */
	tenond.domains.first->record.phase = PHASE_CREATING;
	tenond.domains.first->record.came = true;
	assert_int_equal(record_save(&tenond.host, &tenond.domains.first->record), 0);
	assert_int_equal(taken_note(&tenond.host, tenond.domains.first->uuid), 0);
	fakes.domains[1].info.pause_count = 1;
	fakes.domains[1].info.state = HC_INFO_PAUSED;
	stop();
	start();
	expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "running");
}

/* A file that says first that it is of the guest of this UUID. */
static void write_saved(const char *path, const char *uuid)
{
	char *xml = strdup(tenond.domains.first->config->xml), *at = strstr(xml, tenond.domains.first->uuid), *text;
	struct stream_writer writer;
	struct build_error why;
	json_t *json;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_non_null(at);
	memcpy(at, uuid, strlen(uuid));
	json = json_pack("{s:s, s:s, s:s, s:{}}", "name", "web", "uuid", uuid, "xml", xml, "nodes");
	text = json_dumps(json, 0);
	assert_int_equal(stream_writer_open(&writer, fd, 1, &why), 0);
	assert_int_equal(stream_write(&writer, STREAM_DESCRIPTION, text, strlen(text)), 0);
	stream_writer_close(&writer);
	close(fd);
	json_decref(json);
	free(text);
	free(xml);
}

/* Killed while web was saved to this file, when it had suspended or not. */
static void killed_while_saving(const char *path, bool suspended)
{
	struct record *record = &tenond.domains.first->record;
	struct hc_control_info *info = &fakes.domains[1].info;

	free(record->save_path);
	record->save_path = strdup(path);
	record->phase = PHASE_SAVING;
	assert_int_equal(record_save(&tenond.host, record), 0);
	if (suspended) {
		info->state = HC_INFO_SHUTDOWN;
		info->shutdown_reason = HC_SHUTDOWN_SUSPEND;
	}
	stop();
	start();
	while (jobs_running(tenond.jobs))
		sd_event_run(tenond.event, 10000);
}

/* Only one whose own state is complete in the file ends: it would live twice. */
static void interrupted_while_saved(void **state)
{
	char path[256];

	(void)state;
	create("web", "");
	snprintf(path, sizeof(path), "%s/file", tenond.host.run_dir);
	/* There from an earlier time; the guest had not even been asked to suspend. */
	write_saved(path, tenond.domains.first->uuid);
	killed_while_saving(path, false);
	expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "running");
	/* Another guest was saved to the same file, and was faster. */
	write_saved(path, "00000000-0000-0000-0000-000000000001");
	killed_while_saving(path, true);
	expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "running");
	assert_false(fakes.domains[1].untold);
	assert_int_equal(truncate(path, 10), 0);
	killed_while_saving(path, true);
	expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "running");
	unlink(path);
	killed_while_saving(path, true);
	expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "running");

	write_saved(path, tenond.domains.first->uuid);
	killed_while_saving(path, true);
	assert_null(tenond.domains.first);
	assert_true(fakes_clean());
}

/* Refused before anything of it is in the record, which a tenond that follows would act upon. */
static void a_file_that_is_there_is_no_place_to_save_to(void **state)
{
	char path[256], url[300];
	struct record loaded;

	(void)state;
	create("web", "");
	snprintf(path, sizeof(path), "%s/file", tenond.host.run_dir);
	write_saved(path, tenond.domains.first->uuid);
	snprintf(url, sizeof(url), "/v1/domains/web/save?path=%s", path);
	fakes.calls = 0;
	fakes.fail_at = 1;	/* the store does not answer */
	fakes.fail_on = true;
	expect_error("POST", url, NULL, 409, "already-exists", "File exists");
	fakes.fail_at = 0;
	expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "running");
	snprintf(path, sizeof(path), "%s/domains/%s.json", tenond.host.run_dir, tenond.domains.first->uuid);
	assert_int_equal(record_load(path, &loaded), 0);
	assert_null(loaded.save_path);
	record_clear(&loaded);
}

/* Another host, whose kernel takes connections, while nothing there ever answers. */
static int deaf_host(char url[128], const char *options)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(address);

	assert_int_equal(bind(fd, (void *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 4), 0);
	getsockname(fd, (void *)&address, &size);
	snprintf(url, 128, "/v1/domains/web/migrate?plain&host=127.0.0.1:%u%s", ntohs(address.sin_port), options);
	return fd;
}

static void a_migration_is_watched_and_cancelled(void **state)
{
	struct request *request;
	char url[128];
	json_t *json;
	int fd = deaf_host(url, "&bandwidth=10&compress=none&auto_converge&copy_storage");

	(void)state;
	create("web", "");
	fakes_put("/local/domain/1/control/feature-suspend", "1");
	expect_error("DELETE", "/v1/domains/web/migrate", NULL, 409, "wrong-state", "not on its way");
	expect_error("POST", "/v1/domains/web/migrate?host=b&compress=lzw", NULL, 400, "bad-request", "lzw");
	expect_error("POST", "/v1/domains/web/migrate?host=b&bandwidth=much", NULL, 400, "bad-request", "much");
	expect_error("POST", "/v1/domains/web/migrate", NULL, 400, "bad-request", "missing");
	request = begin("POST", url, NULL);
	json = ask("GET", "/v1/domains/web", NULL, 200);
	assert_string_equal(json_string_value(json_object_get(json, "state")), "migrating");
	assert_true(json_is_integer(json_object_get(json_object_get(json, "migration"), "disk_total")));
	expect(json_incref(json_object_get(json, "migration")), "stage", "checks");
	json_decref(json);
	expect_error("POST", "/v1/domains/web/reclaim", NULL, 409, "wrong-state", "migrating");
	json = ask("POST", "/v1/domains/web/destroy", NULL, 409);
	assert_non_null(strstr(json_string_value(json_object_get(json_object_get(json, "error"), "next")),
			       "tenon migrate --cancel"));
	json_decref(json);
	expect(ask("DELETE", "/v1/domains/web/migrate", NULL, 200), "state", "running");
	json = end(request, 409);
	expect(json_incref(json_object_get(json, "error")), "id", "cancelled");
	json_decref(json);
	json = ask("GET", "/v1/domains/web", NULL, 200);
	assert_null(json_object_get(json, "migration"));
	json_decref(json);
	close(fd);
}

/* Whoever writes to disks is asked about them first. */
static void checkpoints_are_asked_for_and_end(void **state)
{
	static const char script[] = "cat >/dev/null\nprintf one >&3\n"
		"echo '{\"checkpoint\":{\"number\":1,\"pages\":5,\"bytes\":3,\"full\":false}}'; read answer <&4\n"
		"echo '{\"done\":{\"again\":false}}'\n";
	char url[400], disk[300];
	struct request *request;
	json_int_t number;
	json_t *json;

	(void)state;
	pretend(script);
	snprintf(disk, sizeof(disk), "<disk type='file'><driver type='raw'/><source file='%s/disk.img'/>"
		 "<target dev='xvda'/></disk>", tenond.host.run_dir);
	create("web", disk);
	fakes_put("/local/domain/1/control/feature-suspend", "1");
	expect_error("DELETE", "/v1/domains/web/checkpoint", NULL, 409, "wrong-state", "no checkpoints");
	expect_error("POST", "/v1/domains/web/checkpoint?interval=1", NULL, 400, "bad-request", "missing");
	expect_error("POST", "/v1/domains/web/checkpoint?path=/x", NULL, 400, "bad-request", "missing");
	expect_error("POST", "/v1/domains/web/checkpoint?path=/x&interval=0", NULL, 400, "bad-request", "0");
	expect_error("POST", "/v1/domains/web/checkpoint?path=/x&interval=1&count=-1", NULL, 400, "bad-request", "-1");
	expect_error("POST", "/v1/domains/web/checkpoint?path=/x&interval=1", NULL, 409, "wrong-state", "disks");
	expect_error("POST", "/v1/domains/web/checkpoint?path=/x&interval=1&snapshot=sh", NULL, 400, "bad-request", "sh");
	expect_error("POST", "/v1/domains/web/checkpoint?path=/x&interval=1&snapshot=/bin/sh&snapshot_timeout=0", NULL, 400,
		     "bad-request", "is 0");
	expect_error("POST", "/v1/domains/web/checkpoint?path=/x&host=b&interval=1", NULL, 400, "bad-request", "no use");
	expect_error("POST", "/v1/domains/web/checkpoint?host=&interval=1", NULL, 400, "bad-request", "missing");
	snprintf(url, sizeof(url), "/v1/domains/web/checkpoint?path=%s/file&interval=3600&memory_only",
		 tenond.host.run_dir);
	request = begin("POST", url, NULL);
	do {
		json = ask("GET", "/v1/domains/web", NULL, 200);
		assert_string_equal(json_string_value(json_object_get(json, "state")), "checkpointing");
		number = json_integer_value(json_object_get(json_object_get(json, "checkpoint"), "number"));
		json_decref(json);
	} while (!number);
	expect_error("POST", "/v1/domains/web/destroy", NULL, 409, "wrong-state", "checkpointing");
	expect(ask("DELETE", "/v1/domains/web/checkpoint", NULL, 200), "state", "running");
	json = end(request, 200);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(json, "checkpoint"), "number")), 1);
	json_decref(json);
	strcat(url, "&nowait&count=1&replace");
	expect(ask("POST", url, NULL, 202), "state", "checkpointing");
	while (jobs_running(tenond.jobs))
		sd_event_run(tenond.event, 10000);
	expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "running");
}

/* What a file of checkpoints says of itself, without a guest being made. */
static void a_file_says_what_is_in_it(void **state)
{
	char path[256], url[300], *text;
	struct build_error why = { "" };
	struct stream_writer writer;
	json_t *json;
	int fd;

	(void)state;
	create("web", "");
	json = json_pack("{s:s, s:s, s:s, s:{}}", "name", "web", "uuid", tenond.domains.first->uuid, "xml",
			 tenond.domains.first->config->xml, "nodes");
	text = json_dumps(json, 0);
	json_decref(json);
	snprintf(path, sizeof(path), "%s/file", tenond.host.run_dir);
	snprintf(url, sizeof(url), "/v1/restore?path=%s", path);
	expect_error("GET", url, NULL, 422, "bad-configuration", "No such file");
	fd = open(path, O_RDWR | O_CREAT, 0600);
	assert_int_equal(stream_series_open(&writer, fd, 0, &why), 0);
	assert_int_equal(stream_write(&writer, STREAM_DESCRIPTION, text, strlen(text)), 0);
	expect_error("GET", url, NULL, 422, "bad-configuration", "no complete checkpoint");
	assert_int_equal(stream_commit(&writer, 3, 86461), 0);
	stream_writer_close(&writer);
	close(fd);
	json = ask("GET", url, NULL, 200);
	expect(json_incref(json), "uuid", tenond.domains.first->uuid);
	json_unpack(json, "{s:{s:i}}", "checkpoint", "number", &fd);
	assert_int_equal(fd, 3);
	assert_true(json_is_array(json_object_get(json, "disks")));
	json_decref(json);
	/* It is alive, and not twice. */
	expect_error("POST", url, NULL, 409, "already-exists", "");
	free(text);
}

/* A tenond that comes back with a guest handed over to a host that is gone. */
static void leave_handed_over(const char *peer)
{
	struct record *record = &tenond.domains.first->record;

	record->phase = PHASE_HANDING;
	record->peer = strdup(peer);
	fakes.domains[record->domid].info.state = HC_INFO_SHUTDOWN;
	fakes.domains[record->domid].info.shutdown_reason = HC_SHUTDOWN_SUSPEND;
	assert_int_equal(record_save(&tenond.host, record), 0);
	stop();
	start();
}

static void a_guest_is_reclaimed(void **state)
{
	char disk[256];

	(void)state;
	create("web", "");
	expect_error("POST", "/v1/domains/web/reclaim", NULL, 409, "wrong-state", "is active");
	leave_handed_over("tcp://127.0.0.1:1");
	expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "handing-over");
	expect(ask("POST", "/v1/domains/web/reclaim", NULL, 200), "state", "running");
	assert_false(fakes.domains[1].info.state & HC_INFO_SHUTDOWN);
	expect(ask("POST", "/v1/domains/web/destroy", NULL, 200), "state", "gone");

	/* What writes to a disk may have done so there. */
	snprintf(disk, sizeof(disk), "<disk type='file'><source file='%s/disk.img'/><target dev='xvda'/></disk>",
		 tenond.host.run_dir);
	create("web", disk);
	leave_handed_over("tcp://127.0.0.1:1");
	expect_error("POST", "/v1/domains/web/reclaim", NULL, 409, "wrong-state", "changed its disks");
	expect(ask("POST", "/v1/domains/web/reclaim?force", NULL, 200), "state", "running");
}

/* Handed over to that host, which is asked about it: the connection. */
static int begin_asking(int listener, const char *url)
{
	char peer[64];
	json_t *json;
	int fd, rc;

	create("web", "");
	snprintf(peer, sizeof(peer), "tcp://127.0.0.1:%u", (unsigned int)atoi(strrchr(url, ':') + 1));
	leave_handed_over(peer);
	fd = accept(listener, NULL, NULL);
	json = peer_receive(fd, 5000, &rc);
	expect(json, "ask", tenond.domains.first->uuid);
	return fd;
}

static void expect_refused(struct request *request, const char *cause)
{
	json_t *json = end(request, 409);

	assert_non_null(strstr(json_string_value(json_object_get(json_object_get(json, "error"), "cause")), cause));
	json_decref(json);
}

/* Whoever gives it up need not hit the moment in which the other host is not being asked. */
static void a_guest_is_destroyed_while_its_host_is_asked(void **state)
{
	struct request *request;
	char url[128];
	int listener = deaf_host(url, ""), fd = begin_asking(listener, url);

	(void)state;
	request = begin("POST", "/v1/domains/web/destroy", NULL);
	expect_error("POST", "/v1/domains/web/destroy", NULL, 409, "wrong-state", "handing-over");
	assert_false(request->answered);
	close(fd);
	expect(end(request, 200), "state", "gone");
	assert_true(fakes_clean());

	/* A host that answers knows better. */
	fd = begin_asking(listener, url);
	request = begin("POST", "/v1/domains/web/destroy", NULL);
	assert_int_equal(peer_send(fd, json_pack("{s:s}", "state", "none")), 0);
	expect_refused(request, "goes on here");
	expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "running");
	expect(ask("POST", "/v1/domains/web/destroy", NULL, 200), "state", "gone");
	close(fd);
	fd = begin_asking(listener, url);
	request = begin("POST", "/v1/domains/web/destroy", NULL);
	assert_int_equal(peer_send(fd, json_pack("{s:s}", "state", "active")), 0);
	expect_refused(request, "runs there");
	assert_null(tenond.domains.first);
	close(fd);
	close(listener);
}

/* It falls silent at the last word, and is asked again and again by the migration itself. */
static void a_guest_is_destroyed_while_it_is_handed_over(void **state)
{
	struct request *request, *destroy;
	char url[128], word[6];
	int listener = deaf_host(url, ""), fd, rc;

	(void)state;
	pretend("cat >/dev/null; echo '{\"suspend\":{}}'; read answer <&4; echo state >&3\n"
		"echo '{\"done\":{\"pages\":1,\"stored\":1,\"bytes\":6}}'");
	create("web", "");
	fakes_put("/local/domain/1/control/feature-suspend", "1");
	request = begin("POST", url, NULL);
	fd = accept(listener, NULL, NULL);
	json_decref(peer_receive(fd, 5000, &rc));
	fakes_suspending(1, tenond.domains.first->config);
	assert_int_equal(peer_send(fd, json_pack("{s:{}}", "ready")), 0);
	assert_int_equal(recv(fd, word, sizeof(word), MSG_WAITALL), sizeof(word));
	assert_int_equal(peer_send(fd, json_pack("{s:{}}", "complete")), 0);
	json_decref(peer_receive(fd, 5000, &rc));
	destroy = begin("POST", "/v1/domains/web/destroy", NULL);
	assert_false(destroy->answered);
	close(listener);
	close(fd);
	json_decref(end(request, 503));
	expect(end(destroy, 200), "state", "gone");
	assert_true(fakes_clean());
}

static void not_yet_unpaused(void **state)
{
	(void)state;
	create("web", "");
	fakes.domains[1].info.pause_count = 1;
	fakes.domains[1].info.state = HC_INFO_PAUSED;
	stop();
	start();
	expect(ask("GET", "/v1/domains/web", NULL, 200), "state", "running");
}

/* Killed when a guest went on where it was, before the store knew, which would not tell of its end. */
static void the_store_is_told_after_all(void **state)
{
	(void)state;
	create("web", "");
	fakes.domains[1].untold = true;
	stop();
	start();
	assert_false(fakes.domains[1].untold);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(interrupted_on_the_way, set_up, tear_down),
		cmocka_unit_test_setup_teardown(interrupted_while_saved, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_is_there_is_no_place_to_save_to, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_migration_is_watched_and_cancelled, set_up, tear_down),
		cmocka_unit_test_setup_teardown(checkpoints_are_asked_for_and_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_says_what_is_in_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_guest_is_reclaimed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_guest_is_destroyed_while_its_host_is_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_guest_is_destroyed_while_it_is_handed_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(not_yet_unpaused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_store_is_told_after_all, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
