/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What two tenonds say to each other as a guest moves, one of them imitated: at
 * whichever word the other one falls silent, the guest runs in exactly one place.
 */
#include "tenond_fakes.h"

#include "dom0-tools/tenond/copied.h"
#include "dom0-tools/tenond/create.h"
#include "dom0-tools/tenond/migrate.h"
#include "dom0-tools/tenond/migrate_check.h"
#include "dom0-tools/tenond/peer.h"
#include "dom0-tools/tenond/processor.h"
#include "dom0-tools/tenond/rings.h"
#include "dom0-tools/tenond/taken.h"
#include "dom0-tools/tenond/teardown.h"
#include "dom0-tools/tenond/xml/domain.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <hypercall/sched.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct host host;
static struct domain_config *config;
static struct record record;
static struct error error;
static char program[256];
static struct migration *migration;	/* the last one */

static void pretend(const char *script)
{
	FILE *out = fopen(program, "w");

	fprintf(out, "#!/bin/sh\n%s\n", script);
	fchmod(fileno(out), 0755);
	fclose(out);
}

static int set_up(void **state)
{
	struct xml_source source = { .file = "unit", .salt = "unit" };
	char *xml, devices[400];

	(void)state;
	fakes_reset();
	fakes_host(&host);
	snprintf(devices, sizeof(devices), "<disk type='file'><driver type='raw' cache='none'/><source file='%s/disk.img'/>"
		 "<target dev='xvda'/></disk>"
		 "<interface type='bridge'><source bridge='br0'/></interface>", host.run_dir);
	xml = fakes_xml(&host, "web", devices);
	source.xml = xml;
	source.size = strlen(xml);
	if (domain_xml_read(&source, &config, &error))
		fail_msg("%s: %s", error.object, error.cause);
	free(xml);
	snprintf(program, sizeof(program), "%s/migrate", host.run_dir);
	setenv("TENON_MIGRATE", program, 1);
	memset(&error, 0, sizeof(error));
	fakes_record(&record, config, 1);
	record.phase = PHASE_MIGRATING;
	fakes_suspending(1, config);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	migration_unref(migration);
	migration = NULL;
	record_clear(&record);
	config_free(config);
	fakes_host_free(&host);
	return 0;
}

/* --- the host that a guest leaves, against an imitated other one --- */

/* What the other host does: how far it goes along, and what it says when asked later. */
enum until {
	SILENT, SWALLOWS, SILENT_BEFORE_COMPLETE, REFUSES, REFUSES_TWICE, CHECKS, HANGS_UP_BEFORE_STATE,
	HANGS_UP_BEFORE_COMPLETE, SAYS_ERROR, HANGS_UP_AT_ACTIVATE, ALL
};

struct other {
	int fd;				/* listens */
	enum until until;
	const char *state;		/* the answer when asked */
	unsigned int busy;		/* times it says "busy" before */
	bool check;			/* the guest is not to move */
	bool heard_activate, heard_ended;
	bool asked;
	bool copy;			/* its disks go with it */
	json_t *coming;			/* what was said of them */
	const char *sender;		/* another script in place of tenon-migrate; NULL: the usual one */
	const char *cancel_at;		/* the stage at which it is cancelled; NULL: it is not */
};

/* Whatever comes, up to the end of the connection. */
static void await_end(int fd)
{
	char piece[4096];

	while (read(fd, piece, sizeof(piece)) > 0)
		;
}

static void take_guest(struct other *other, int fd)
{
	struct error why;
	char state[6];
	json_t *json;
	ssize_t got;
	int rc;

	if (other->until == REFUSES) {
		error_set(&why, ERROR_EXISTS, "domain web", "rename it", "is there already");
		peer_send(fd, json_pack("{s:[o]}", "obstacles", peer_error(&why)));
		return;
	}
	if (other->until == REFUSES_TWICE) {
		error_set(&why, ERROR_RESOURCES, "memory", NULL, "is short");
		peer_send(fd, json_pack("{s:[o, o]}", "obstacles", peer_error(&why), peer_error(&why)));
		return;
	}
	if (other->until == CHECKS) {
		peer_send(fd, json_pack("{s:[]}", "obstacles"));
		return;
	}
	if (other->until == SILENT) {
		await_end(fd);
		return;
	}
	peer_send(fd, json_pack("{s:{}}", "ready"));
	if (other->until == SWALLOWS) {
		await_end(fd);
		return;
	}
	if (other->until == HANGS_UP_BEFORE_STATE)
		return;
	got = recv(fd, state, sizeof(state), MSG_WAITALL);
	/* One that is cancelled as soon as it is suspended may hang up before it has written anything. */
	if (other->cancel_at && got < (ssize_t)sizeof(state))
		return;
	assert_int_equal(got, sizeof(state));
	assert_memory_equal(state, "state\n", 6);
	if (other->until == SILENT_BEFORE_COMPLETE)
		await_end(fd);
	if (other->until == SILENT_BEFORE_COMPLETE || other->until == HANGS_UP_BEFORE_COMPLETE)
		return;
	if (other->until == SAYS_ERROR) {
		error_set(&why, ERROR_RESOURCES, "memory", NULL, "is short");
		peer_send(fd, peer_error(&why));
		return;
	}
	peer_send(fd, json_pack("{s:{}}", "complete"));
	json = peer_receive(fd, 5000, &rc);
	other->heard_activate = json && json_object_get(json, "activate");
	json_decref(json);
	if (other->until != ALL)
		return;
	peer_send(fd, json_pack("{s:{}}", "active"));
	json = peer_receive(fd, 5000, &rc);
	other->heard_ended = json && json_object_get(json, "ended");
	json_decref(json);
}

static void *serve(void *data)
{
	struct other *other = data;
	int fd, rc;

	while ((fd = accept(other->fd, NULL, NULL)) >= 0) {
		json_t *hello = peer_receive(fd, 5000, &rc);

		if (hello && json_object_get(hello, "migrate")) {
			json_decref(other->coming);
			other->coming = json_incref(json_object_get(hello, "copy"));
			take_guest(other, fd);
		} else if (hello && json_object_get(hello, "ask")) {
			other->asked = true;
			peer_send(fd, json_pack("{s:s}", "state", other->busy ? "busy" : other->state));
			other->busy -= other->busy > 0;
		}
		json_decref(hello);
		close(fd);
	}
	return NULL;
}

static off_t file_size(const char *path)
{
	struct stat info;

	return stat(path, &info) ? -1 : info.st_size;
}

static const char *progress_text(const char *name)
{
	static char text[64];
	json_t *json = migration_json(migration);

	snprintf(text, sizeof(text), "%s", json_string_value(json_object_get(json, name)));
	json_decref(json);
	return text;
}

static json_int_t progress_number(const char *name)
{
	json_t *json = migration_json(migration);
	json_int_t number = json_integer_value(json_object_get(json, name));

	json_decref(json);
	return number;
}

/* As the loop does it, while the job is at work. */
static void *cancel(void *data)
{
	struct other *other = data;

	while (strcmp(progress_text("stage"), other->cancel_at))
		usleep(1000);
	assert_int_equal(migration_cancel(migration), 0);
	return NULL;
}

static int leave(struct other *other)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct migrate_options options = {
		.max_downtime_ms = 300, .bandwidth_mib = 2, .packed = true, .auto_converge = true, .check = other->check,
		.copy_storage = other->copy,
	};
	socklen_t size = sizeof(address);
	pthread_t thread, canceller;
	char peer[64];
	int rc;

	other->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(other->fd, (void *)&address, sizeof(address)), 0);
	assert_int_equal(listen(other->fd, 4), 0);
	getsockname(other->fd, (void *)&address, &size);
	snprintf(peer, sizeof(peer), "tcp://127.0.0.1:%u", ntohs(address.sin_port));
	free(record.peer);
	record.peer = strdup(peer);
	migration_unref(migration);
	migration = migration_new("b", &options);
	pretend(other->sender ? other->sender :
		"cat >/dev/null; echo '{\"suspend\":{}}'; read answer <&4; [ \"$answer\" = 0 ] || exit 1\n"
		"echo state >&3 || exit 1; echo '{\"done\":{\"pages\":1,\"stored\":1,\"bytes\":6}}'");
	pthread_create(&thread, NULL, serve, other);
	if (other->cancel_at)
		pthread_create(&canceller, NULL, cancel, other);
	rc = record.phase == PHASE_HANDING ? migrate_resolve(&host, config, &record, false, &error) :
					     migrate_guest(&host, config, &record, migration, &error);
	if (other->cancel_at)
		pthread_join(canceller, NULL);
	shutdown(other->fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(other->fd);
	return rc;
}

static bool runs_here(void)
{
	return !(fakes.domains[1].info.state & HC_INFO_SHUTDOWN);
}

static void a_guest_leaves(void **state)
{
	struct other other = { .until = ALL };

	(void)state;
	assert_int_equal(leave(&other), 0);
	assert_true(other.heard_activate);
	assert_true(other.heard_ended);
	assert_false(other.asked);
	assert_false(runs_here());
	assert_int_equal(record.phase, PHASE_STOPPING);
}

/* Up to its last word the other host has no guest that runs. */
static void before_the_last_word_it_stays(void **state)
{
	static const enum until early[] = {
		REFUSES, REFUSES_TWICE, HANGS_UP_BEFORE_STATE, HANGS_UP_BEFORE_COMPLETE, SAYS_ERROR,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(early) / sizeof(early[0]); i++) {
		struct other other = { .until = early[i] };

		fakes.domains[1].info.state = HC_INFO_SHUTDOWN;
		fakes.domains[1].logging = true;	/* as a sender that was killed leaves it */
		record.phase = PHASE_MIGRATING;
		memset(&error, 0, sizeof(error));
		assert_true(leave(&other) < 0);
		assert_false(other.heard_activate);
		assert_true(runs_here());
		assert_false(fakes.domains[1].logging);
		assert_int_equal(record.phase, PHASE_ACTIVE);
		assert_true(*error.cause);
		if (early[i] == REFUSES)
			assert_int_equal(error.kind, ERROR_EXISTS);
		if (early[i] == REFUSES_TWICE)
			assert_non_null(strstr(error.cause, "2 obstacles\n  memory: host 127.0.0.1"));
		if (early[i] == SAYS_ERROR)
			assert_non_null(strstr(error.cause, "is short"));
	}
}

/* The rounds of a sender are told of, and what it asks for is done: with what was wished as its arguments. */
static void a_sender_is_heard_and_told(void **state)
{
	struct other other = {
		.until = ALL,
		.sender = "cat >/dev/null; [ \"$3 $4 $5 $6\" = '300 2097152 1 6' ] || exit 1\n"
			  "echo '{\"progress\":{\"done\":5,\"pages\":9}}'\n"
			  "echo '{\"round\":{\"number\":1,\"bytes\":70,\"sent\":8,\"ns\":1000000000,\"dirty\":4,\"hot\":3,"
			  "\"downtime_ms\":500}}'\n"
			  "echo '{\"slow\":{\"step\":1}}'; read answer <&4; [ \"$answer\" = 0 ] || exit 1\n"
			  "echo '{\"slow\":{\"step\":6}}'; read answer <&4; [ \"$answer\" = 0 ] || exit 1\n"
			  "echo '{\"suspend\":{}}'; read answer <&4; [ \"$answer\" = 0 ] || exit 1\n"
			  "echo state >&3; echo '{\"done\":{\"pages\":1,\"stored\":1,\"bytes\":90}}'",
	};

	(void)state;
	config->max_vcpus = 2;
	assert_int_equal(leave(&other), 0);
	assert_int_equal(fakes.domains[1].sched.cap, 10);	/* of 200: it ends here */
	assert_string_equal(progress_text("stage"), "done");
	assert_string_equal(progress_text("host"), "b");
	assert_int_equal(progress_number("rounds"), 1);
	assert_int_equal(progress_number("bytes"), 90);	/* with what was sent after the rounds */
	assert_int_equal(progress_number("rate"), 8 * 4096);
	assert_int_equal(progress_number("dirty_rate"), 4 * 4096);
	assert_int_equal(progress_number("working_set"), 3 * 4096);
	assert_int_equal(progress_number("expected_downtime_ms"), 500);
	assert_int_equal(progress_number("processor_percent"), 5);
	assert_int_equal(migration_cancel(migration), -EBUSY);

	/* A guest that stays has all its time again. */
	other.until = HANGS_UP_BEFORE_COMPLETE;
	config->cap = 50;
	record.phase = PHASE_MIGRATING;
	assert_true(leave(&other) < 0);
	assert_int_equal(fakes.domains[1].sched.cap, 50);
}

/* At any stage it is called off, whatever was being waited for; the guest runs here, and was not let run there. */
static void before_the_last_word_it_can_be_cancelled(void **state)
{
	struct other cases[] = {
		{ .until = SILENT, .cancel_at = "checks" },
		{ .until = SWALLOWS, .cancel_at = "rounds",
		  .sender = "cat >/dev/null; while echo >&3; do :; done; exit 1" },
		{ .until = SWALLOWS, .copy = true, .cancel_at = "disks",
		  .sender = "cat >/dev/null; while echo >&3; do :; done; exit 1" },
		{ .until = SILENT_BEFORE_COMPLETE, .cancel_at = "suspended" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fakes.domains[1].info.state = HC_INFO_SHUTDOWN;
		fakes.domains[1].logging = true;
		record.phase = PHASE_MIGRATING;
		memset(&error, 0, sizeof(error));
		assert_true(leave(&cases[i]) < 0);
		assert_int_equal(error.kind, ERROR_CANCELLED);
		assert_false(cases[i].heard_activate);
		assert_true(runs_here());
		assert_false(fakes.domains[1].logging);
		assert_int_equal(record.phase, PHASE_ACTIVE);
		json_decref(cases[i].coming);
	}
}

/* It takes room from then on. */
static void fill_a_block(const char *path)
{
	int fd = open(path, O_WRONLY);

	assert_int_equal(write(fd, path, strlen(path)), strlen(path));
	assert_int_equal(fsync(fd), 0);
	close(fd);
}

/* The sender is told of their devices, the other host of their sizes; both of those only that are the guest's own. */
static void disks_go_with_it(void **state)
{
	static char sender[512];
	struct other other = { .until = ALL, .copy = true, .sender = sender };
	json_int_t size, used;

	(void)state;
	snprintf(sender, sizeof(sender), "cat >/dev/null; [ \"$7 $8 $9\" = 'tenon-%s /dev/loop7 -' ] || exit 1\n"
		 "echo '{\"disks\":{\"done\":50,\"total\":900}}'\n"
		 "echo '{\"suspend\":{}}'; read answer <&4; [ \"$answer\" = 0 ] || exit 1\n"
		 "echo state >&3; echo '{\"done\":{\"pages\":1,\"stored\":1,\"bytes\":90}}'", record.uuid);
	fill_a_block(config->disks[0].source);
	config->disks[1] = (struct disk_config){ .source = strdup("/dev/shared"), .format = "raw", .block = true };
	strcpy(config->disks[1].target, "xvdb");
	config->disk_count = record.disk_count = 2;
	strcpy(record.disks[0].device, "/dev/loop7");
	assert_int_equal(leave(&other), 0);
	assert_int_equal(json_object_size(other.coming), 1);
	assert_int_equal(json_unpack(other.coming, "{s:{s:I, s:I}}", "xvda", "size", &size, "used", &used), 0);
	assert_int_equal(size, file_size(config->disks[0].source));
	assert_true(used > 0);
	assert_int_equal(progress_number("disk_done"), 50);
	assert_int_equal(progress_number("disk_total"), 900);
	json_decref(other.coming);
}

/* What they have not done is said before the last of them is read. */
static void disks_that_hang_do_not_go(void **state)
{
	static char sender[512], told[300];
	struct other other = { .until = SWALLOWS, .copy = true, .sender = sender };

	(void)state;
	snprintf(told, sizeof(told), "%s/told", host.run_dir);
	snprintf(sender, sizeof(sender), "cat >/dev/null; echo '{\"suspend\":{}}'; read answer <&4\n"
		 "[ \"$answer\" = 0 ] || echo >%s; exit 1", told);
	record.disk_count = 1;
	strcpy(record.disks[0].device, "/dev/loop7");
	fakes_put("/local/domain/1/device/vbd/51712/ring-ref", "999");	/* cannot be looked at */
	assert_true(leave(&other) < 0);
	assert_string_equal(error.object, "disk xvda");
	assert_int_equal(unlink(told), 0);
	assert_true(runs_here());
	assert_int_equal(record.phase, PHASE_ACTIVE);
	json_decref(other.coming);
}

static void a_question_moves_nothing(void **state)
{
	struct other other = { .until = CHECKS, .check = true };

	(void)state;
	assert_int_equal(leave(&other), 0);
	assert_int_equal(record.phase, PHASE_ACTIVE);

	/* An obstacle of our own is told too, and nothing moves. */
	config->disks[0].direct = false;
	record.phase = PHASE_MIGRATING;
	assert_true(leave(&other) < 0);
	assert_non_null(strstr(error.cause, "page cache"));
	assert_non_null(strstr(error.next, "cache='none'"));
	assert_int_equal(record.phase, PHASE_ACTIVE);
	config->disks[0].direct = true;
	config->disks[0].format = "qcow2";
	record.phase = PHASE_MIGRATING;
	assert_true(leave(&other) < 0);
	assert_non_null(strstr(error.cause, "qcow2"));
	assert_non_null(strstr(error.next, "--copy-storage"));
	assert_int_equal(record.phase, PHASE_ACTIVE);
}

static void after_the_last_word_it_asks(void **state)
{
	struct other took = { .until = HANGS_UP_AT_ACTIVATE, .state = "active", .busy = 1 };
	struct other lost = { .until = HANGS_UP_AT_ACTIVATE, .state = "none" };

	(void)state;
	assert_int_equal(leave(&took), 0);
	assert_true(took.asked);
	assert_false(runs_here());

	record.phase = PHASE_MIGRATING;
	memset(&error, 0, sizeof(error));
	assert_true(leave(&lost) < 0);
	assert_true(lost.asked);
	assert_true(runs_here());
	assert_int_equal(record.phase, PHASE_ACTIVE);
}

/* Who does not answer keeps it suspended, not lost and not doubled. */
static void without_an_answer_it_waits(void **state)
{
	struct other other = { .until = ALL, .state = "busy" };

	(void)state;
	record.phase = PHASE_HANDING;
	assert_true(leave(&other) < 0);
	assert_true(other.asked);
	assert_false(runs_here());
	assert_int_equal(record.phase, PHASE_HANDING);
}

/* tenond was killed when the last word may have been said. */
static void a_successor_asks(void **state)
{
	struct other took = { .until = ALL, .state = "active" }, lost = { .until = ALL, .state = "none" };

	(void)state;
	record.phase = PHASE_HANDING;
	assert_int_equal(leave(&took), 0);
	assert_true(took.asked);
	assert_false(runs_here());
	record.phase = PHASE_HANDING;
	assert_true(leave(&lost) < 0);
	assert_true(runs_here());
	assert_int_equal(record.phase, PHASE_ACTIVE);
}

/* A host that is gone for good does not answer; one that does knows better than the administrator. */
static void what_was_handed_over_can_be_reclaimed(void **state)
{
	(void)state;
	free(record.peer);
	record.peer = strdup("tcp://127.0.0.1:1");
	record.phase = PHASE_HANDING;
	assert_true(migrate_resolve(&host, config, &record, false, &error) < 0);
	assert_non_null(strstr(error.next, "--reclaim"));
	assert_false(runs_here());
	assert_int_equal(record.phase, PHASE_HANDING);
	assert_true(migrate_resolve(&host, config, &record, true, &error) < 0);
	assert_true(runs_here());
	assert_int_equal(record.phase, PHASE_ACTIVE);
}

static void nobody_there(void **state)
{
	struct migrate_options options = { 0 };

	(void)state;
	free(record.peer);
	record.peer = strdup("tcp://127.0.0.1:1");
	migration_unref(migration);
	migration = migration_new("b", &options);
	assert_true(migrate_guest(&host, config, &record, migration, &error) < 0);
	assert_int_equal(error.kind, ERROR_UNREACHABLE);
	assert_int_equal(record.phase, PHASE_ACTIVE);
}

/* --- what its disks have not done yet --- */

#define VBD "/local/domain/1/device/vbd/51712"

/* A backend that gives its last responses late. */
static void *respond(void *data)
{
	uint32_t *ring = data;

	while (!__atomic_load_n(&fakes.mapped, __ATOMIC_ACQUIRE))
		usleep(100);
	while (ring[2] != ring[0]) {
		usleep(2000);
		__atomic_store_n(&ring[2], ring[2] + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void requests_are_waited_for(void **state)
{
	struct store_client *store;
	pthread_t thread;

	(void)state;
	assert_int_equal(store_open("fake", 0, &store), 0);
	/* No ring: it was never connected. */
	assert_int_equal(rings_settle(store, 1, 51712, 0), 0);
	/* Counters go round. */
	fakes_put(VBD "/ring-ref", "2");
	fakes.rings[2][0] = 1;
	fakes.rings[2][2] = UINT32_MAX - 1;
	assert_int_equal(rings_settle(store, 1, 51712, 5), -ETIMEDOUT);
	pthread_create(&thread, NULL, respond, fakes.rings[2]);
	assert_int_equal(rings_settle(store, 1, 51712, 60000), 0);
	assert_int_equal(fakes.rings[2][2], fakes.rings[2][0]);
	pthread_join(thread, NULL);
	/* Each queue counts, of several pages the first. */
	fakes_put(VBD "/multi-queue-num-queues", "2");
	fakes_put(VBD "/queue-0/ring-ref", "2");
	fakes_put(VBD "/queue-1/ring-ref0", "3");
	assert_int_equal(rings_settle(store, 1, 51712, 0), 0);
	fakes.rings[3][0] = 1;
	assert_int_equal(rings_settle(store, 1, 51712, 5), -ETIMEDOUT);
	fakes_put(VBD "/queue-1/ring-ref0", "999");
	assert_int_equal(rings_settle(store, 1, 51712, 5), -EINVAL);
	assert_int_equal(fakes.mapped, 0);
	store_close(store);
}

/* --- the host that a guest comes to --- */

static void obstacles_are_all_named(void **state)
{
	struct errors errors = { 0 };
	json_t *proposal = check_proposal(config, &record, false), *answer;

	(void)state;
	check_coming(&host, config, proposal, &errors);
	assert_int_equal(errors.count, 0);
	json_object_set_new(json_object_get(proposal, "disks"), "xvda", json_integer(12345));
	json_array_append_new(json_object_get(json_object_get(proposal, "processor"), "features"),
			      json_string("teleport"));
	fakes.bridge = false;
	fakes.free_frames = 1;
	check_coming(&host, config, proposal, &errors);
	assert_int_equal(errors.count, 4);
	assert_non_null(strstr(errors.items[0].cause, "teleport"));
	assert_string_equal(errors.items[1].object, "interface 0");
	assert_string_equal(errors.items[2].object, "memory");
	assert_non_null(strstr(errors.items[3].cause, "12345"));
	answer = check_answer(&errors);
	errors.count = 0;
	check_add(answer, "tls://b", &errors);
	assert_int_equal(errors.count, 4);
	assert_true(check_report(&errors, "web", "b", &error) < 0);
	assert_non_null(strstr(error.cause, "4 obstacles"));
	assert_non_null(strstr(error.cause, "not the same disk"));
	json_decref(answer);
	json_decref(proposal);
}

static json_t *processor(const char *vendor, const char *flags)
{
	char path[256];
	FILE *out;

	snprintf(path, sizeof(path), "%s/cpuinfo", host.run_dir);
	out = fopen(path, "w");
	fprintf(out, "vendor_id\t: %s\nflags\t\t: %s\nflags\t\t: mmx\n", vendor, flags);
	fclose(out);
	return processor_describe(path);
}

static void processors_are_compared(void **state)
{
	json_t *old = processor("GenuineIntel", "mmx sse pti"), *new = processor("GenuineIntel", "mmx sse avx2"),
	       *other = processor("AuthenticAMD", "mmx sse avx2");

	(void)state;
	assert_int_equal(processor_compare(new, old, &error), 0);
	assert_true(processor_compare(old, new, &error) < 0);
	assert_non_null(strstr(error.cause, "had: avx2"));
	assert_true(processor_compare(other, old, &error) < 0);
	assert_non_null(strstr(error.cause, "AuthenticAMD"));
	assert_true(processor_compare(old, NULL, &error) < 0);
	assert_null(processor_describe("/proc/nowhere"));
	json_decref(old);
	json_decref(new);
	json_decref(other);
}


struct sender {
	int fd;
	bool activate;			/* else it hangs up when all is complete */
	json_t *coming;			/* disks that come with it */
	bool ended;			/* says at last that it knows */
	bool runs;			/* until its devices are ready at the other side */
	unsigned int fail_at;		/* the number of the call that fails */
	const char *last;		/* what tenon-migrate says last; NULL: that all is well */
	bool ready, complete, active;
};

/* The guest runs until its devices are ready at the other side; then tenon-migrate, which waits for a file, goes on. */
static void await_devices(void)
{
	char path[300];
	int fd;

	/* The descriptor of its disk is closed once the backend has it. */
	for (int i = 0; i < 5000 && !(__atomic_load_n(&fakes.nics, __ATOMIC_SEQ_CST) &&
				      !__atomic_load_n(&fakes.disk_fds, __ATOMIC_SEQ_CST)); i++)
		usleep(1000);
	if (!fakes.nics || fakes.disk_fds)
		return;
	snprintf(path, sizeof(path), "%s/ready", host.run_dir);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	if (fd >= 0)
		close(fd);
}

static void *send_guest(void *data)
{
	struct sender *sender = data;
	json_t *json;
	int rc;

	json = peer_receive(sender->fd, 5000, &rc);
	sender->ready = json && json_object_get(json, "ready");
	json_decref(json);
	if (sender->ready && sender->runs)
		await_devices();
	json = sender->ready ? peer_receive(sender->fd, 5000, &rc) : NULL;
	sender->complete = json && json_object_get(json, "complete");
	json_decref(json);
	if (sender->complete && sender->activate) {
		peer_send(sender->fd, json_pack("{s:{}}", "activate"));
		json = peer_receive(sender->fd, 5000, &rc);
		sender->active = json && json_object_get(json, "active");
		json_decref(json);
		if (sender->ended)
			peer_send(sender->fd, json_pack("{s:{}}", "ended"));
	}
	close(sender->fd);
	return NULL;
}

static int come(struct sender *sender)
{
	json_t *description = json_pack("{s:s, s:s, s:s, s:{}}", "name", "web", "uuid", record.uuid, "xml",
					config->xml, "nodes");
	struct saved *saved;
	char script[1000];
	pthread_t thread;
	int pair[2], rc;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(saved_incoming(&host, pair[0], description, &saved, &error), 0);
	json_decref(description);
	saved->coming = sender->coming;
	snprintf(script, sizeof(script),
		 "[ $# = 4 ] || [ \"$5\" = /dev/loop7 ] || exit 1\n"
		 "echo '{\"created\":{\"domid\":1}}'; echo '{\"progress\":{\"done\":1,\"pages\":2}}'\n"
		 "for i in %s; do [ -e %s/ready ] || sleep 1; done; [ -z \"$i\" ] || [ -e %s/ready ] || exit 1; echo '%s'",
		 sender->runs ? "1 2 3 4 5 6 7" : "", host.run_dir, host.run_dir, sender->last ? sender->last :
		 "{\"done\":{\"domid\":1,\"store_port\":5,\"console_port\":6,\"store_mfn\":1000,\"console_mfn\":1001}}");
	pretend(script);
	fakes_reset();
	fakes.fail_at = sender->fail_at;
	fakes.domains[1].present = true;
	fakes.domains[1].info.pause_count = 1;
	memcpy(fakes.domains[1].info.uuid, config->uuid, 16);
	record.domid = -1;
	sender->fd = pair[1];
	pthread_create(&thread, NULL, send_guest, sender);
	rc = create_restored(&host, config, &record, saved, &error);
	saved_close(saved);
	pthread_join(thread, NULL);
	return rc;
}

static void a_guest_comes(void **state)
{
	struct sender sender = { .activate = true };

	(void)state;
	assert_int_equal(come(&sender), 0);
	assert_true(sender.active);
	assert_int_equal(fakes.domains[1].info.pause_count, 0);
	assert_int_equal(record.phase, PHASE_ACTIVE);
	assert_int_equal(teardown_domain(&host, &record, config, &error), 0);
	assert_true(fakes_clean());
	/* Who sent it may ask long after. */
	record_delete(&host, &record);
	assert_true(taken_find(&host, record.uuid));
	assert_false(taken_find(&host, "../x"));
}

/* While the guest still runs at the other side. */
static void its_devices_are_ready_before_it_comes(void **state)
{
	struct sender sender = { .activate = true, .runs = true };

	(void)state;
	assert_int_equal(come(&sender), 0);
	assert_true(sender.active);
	assert_string_equal(fakes_node("/local/domain/1/store/port"), "5");
	assert_int_equal(fakes.introduced, 1);
	assert_int_equal(teardown_domain(&host, &record, config, &error), 0);
	assert_true(fakes_clean());
}

/* Neither of one that does not come after all, nor whatever call fails; its domain is tenond's to end. */
static void devices_of_a_guest_that_does_not_come_go(void **state)
{
	struct sender gone = { .runs = true, .last = "{\"error\":{\"code\":-32,\"text\":\"has hung up\"}}" };
	unsigned int failed = 0;

	(void)state;
	assert_true(come(&gone) < 0);
	assert_non_null(strstr(error.cause, "has hung up"));
	assert_false(fakes.domains[1].present);
	assert_true(fakes_clean());
	for (unsigned int at = 1; at == 1 || fakes.calls >= at - 1; at++) {
		struct sender sender = { .activate = true, .fail_at = at };

		if (come(&sender) < 0) {
			failed += sender.ready;
			assert_false(sender.active);
			if (!sender.ready)	/* nobody has made it yet */
				fakes.domains[1].present = false;
			assert_true(fakes_clean());
			assert_int_equal(fakes_records(&host), 0);
			continue;
		}
		fakes.fail_at = 0;
		assert_int_equal(teardown_domain(&host, &record, config, &error), 0);
		record_delete(&host, &record);
	}
	assert_true(failed > 5);
}

static void a_sender_that_knows_will_not_ask(void **state)
{
	struct sender sender = { .activate = true, .ended = true };

	(void)state;
	assert_int_equal(come(&sender), 0);
	assert_false(taken_find(&host, record.uuid));
	assert_int_equal(teardown_domain(&host, &record, config, &error), 0);
}

/* A guest of which one disk is to come, of so many bytes. */
static json_t *disk_coming(json_int_t size, json_int_t used)
{
	return json_pack("{s:{s:I, s:I}}", "xvda", "size", size, "used", used);
}

static bool is_coming(void)
{
	char path[400];

	snprintf(path, sizeof(path), "%s.%s.coming", config->disks[0].source, record.uuid);
	return !access(path, F_OK);
}

static void disks_come_with_a_guest(void **state)
{
	struct sender sender = { .activate = true, .coming = disk_coming(70144, 4096) };

	(void)state;
	unlink(config->disks[0].source);
	assert_int_equal(come(&sender), 0);
	assert_int_equal(file_size(config->disks[0].source), 70144);
	assert_false(is_coming());
	assert_int_equal(teardown_domain(&host, &record, config, &error), 0);
	assert_int_equal(file_size(config->disks[0].source), 70144);
}

/* At whichever call it fails nothing is left. */
static void disks_of_a_guest_that_does_not_come_go(void **state)
{
	(void)state;
	unlink(config->disks[0].source);
	for (unsigned int i = 0; i < 2; i++) {
		struct sender sender = { .activate = false, .coming = disk_coming(70144, 4096) };

		if (i)
			config->disks[0].format = "no such";	/* cannot be made */
		assert_true(come(&sender) < 0);
		assert_int_equal(sender.ready, !i);
		assert_int_equal(file_size(config->disks[0].source), -1);
		assert_false(is_coming());
		assert_int_equal(fakes.disks, 0);
		assert_int_equal(fakes_records(&host), 0);
	}
	assert_non_null(strstr(error.cause, "no such"));
}

static void nobody_elses_file_is_touched(void **state)
{
	struct sender sender = { .activate = true, .coming = disk_coming(70144, 4096) };
	off_t before = file_size(config->disks[0].source);

	(void)state;
	assert_true(come(&sender) < 0);
	assert_int_equal(file_size(config->disks[0].source), before);
	assert_false(is_coming());
}

static unsigned int obstacles(json_t *proposal, struct errors *errors)
{
	errors->count = 0;
	check_coming(&host, config, proposal, errors);
	return errors->count;
}

/* Such ones are proposed for the guest's disk and another one beside it. */
static void two_disks(json_t *coming, json_t *proposal)
{
	char path[400];

	snprintf(path, sizeof(path), "%s2", config->disks[0].source);
	config->disks[1] = (struct disk_config){ .source = strdup(path), .format = "raw" };
	strcpy(config->disks[1].target, "xvdb");
	config->disk_count = 2;
	json_object_set_new(proposal, "copy", coming);
}

/* Its second name cannot be one of a file: what it would be cut to is somebody's. */
static void a_name_too_long_for_a_second_one_is_an_obstacle(void **state)
{
	json_t *proposal = check_proposal(config, &record, false);
	char path[PATH_MAX], *source = config->disks[0].source;
	struct errors errors = { 0 };

	(void)state;
	json_object_set_new(proposal, "copy", disk_coming(70144, 4096));
	snprintf(path, sizeof(path), "%s/%0212d", host.run_dir, 0);
	config->disks[0].source = path;
	assert_int_equal(obstacles(proposal, &errors), 1);
	assert_non_null(strstr(errors.items[0].cause, "too long"));
	path[strlen(path) - 1] = '\0';
	assert_int_equal(obstacles(proposal, &errors), 0);

	/* The longest path there is: its file stays. */
	memset(path, '/', sizeof(path) - 1);
	strcpy(path + sizeof(path) - 1 - strlen(source), source);
	assert_true(file_size(path) > 0);
	copied_keep(config);
	copied_remove(config);
	assert_true(file_size(path) > 0);
	config->disks[0].source = source;
	json_decref(proposal);
}

static void obstacles_of_disks_that_come_are_named(void **state)
{
	json_t *proposal = check_proposal(config, &record, false);
	char path[400], *source = config->disks[0].source;
	struct errors errors = { 0 };

	(void)state;
	json_object_set_new(proposal, "copy", disk_coming(70144, 4096));
	assert_int_equal(obstacles(proposal, &errors), 1);
	assert_int_equal(errors.items[0].kind, ERROR_EXISTS);
	/* What was left of a copy when the power failed is not in the way, unless the guest has come. */
	snprintf(path, sizeof(path), "%s.%s.coming", source, record.uuid);
	assert_int_equal(link(source, path), 0);
	assert_int_equal(obstacles(proposal, &errors), 0);
	assert_int_equal(taken_note(&host, record.uuid), 0);
	assert_int_equal(obstacles(proposal, &errors), 1);
	unlink(source);
	unlink(path);
	assert_int_equal(obstacles(proposal, &errors), 0);
	json_object_set_new(proposal, "copy", disk_coming(70144, 1ll << 60));
	assert_int_equal(obstacles(proposal, &errors), 1);
	assert_non_null(strstr(errors.items[0].cause, "MiB are needed"));
	config->disks[0].source = (char *)"/proc/nowhere/disk.img";
	assert_int_equal(obstacles(proposal, &errors), 1);
	assert_non_null(strstr(errors.items[0].cause, "/proc/nowhere"));
	config->disks[0].source = source;
	/* Numbers that another host has made up. */
	json_object_set_new(proposal, "copy", disk_coming(70144, -1));
	assert_int_equal(obstacles(proposal, &errors), 1);
	two_disks(json_pack("{s:{s:I, s:I}, s:{s:I, s:I}}", "xvda", "size", 512ll, "used", INT64_MAX, "xvdb",
			    "size", 512ll, "used", INT64_MAX), proposal);
	assert_int_equal(obstacles(proposal, &errors), 2);
	json_decref(proposal);
}

/* What was being copied when the power failed is made anew; what somebody creates from it is not removed with it. */
static void what_is_left_of_a_copy(void **state)
{
	struct sender sender = { .activate = true, .coming = disk_coming(70144, 4096) };
	char path[400];

	(void)state;
	snprintf(path, sizeof(path), "%s.%s.coming", config->disks[0].source, record.uuid);
	assert_int_equal(link(config->disks[0].source, path), 0);
	assert_int_equal(come(&sender), 0);
	assert_int_equal(file_size(config->disks[0].source), 70144);
	assert_int_equal(teardown_domain(&host, &record, config, &error), 0);
	record_delete(&host, &record);

	assert_int_equal(link(config->disks[0].source, path), 0);
	record.domid = -1;
	assert_int_equal(create_domain(&host, config, &record, &error), 0);
	assert_int_equal(teardown_domain(&host, &record, config, &error), 0);
	assert_int_equal(file_size(config->disks[0].source), 70144);
}

/* What cannot be noted must not run: after a loss of power nobody would know. */
static void what_cannot_be_noted_does_not_run(void **state)
{
	struct sender sender = { .activate = true };

	(void)state;
	host.state_dir = "/proc/nowhere";
	assert_true(come(&sender) < 0);
	assert_false(sender.active);
	assert_true(fakes_clean());
	host.state_dir = host.run_dir;
}

/* That it was here before does not mean that it came this time. */
static void what_was_taken_before_is_forgotten(void **state)
{
	struct sender sender = { .activate = true }, other = { .activate = false };

	(void)state;
	assert_int_equal(come(&sender), 0);
	assert_int_equal(teardown_domain(&host, &record, config, &error), 0);
	record_delete(&host, &record);
	assert_true(come(&other) < 0);
	assert_false(taken_find(&host, record.uuid));
}

static void without_the_last_word_it_is_not_let_run(void **state)
{
	struct sender sender = { .activate = false };

	(void)state;
	assert_true(come(&sender) < 0);
	assert_true(sender.complete);
	assert_true(fakes_clean());
	assert_int_equal(fakes_records(&host), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_guest_leaves),
		TEST(before_the_last_word_it_stays),
		TEST(a_sender_is_heard_and_told),
		TEST(before_the_last_word_it_can_be_cancelled),
		TEST(disks_go_with_it),
		TEST(disks_that_hang_do_not_go),
		TEST(a_question_moves_nothing),
		TEST(obstacles_are_all_named),
		TEST(processors_are_compared),
		TEST(after_the_last_word_it_asks),
		TEST(a_successor_asks),
		TEST(without_an_answer_it_waits),
		TEST(what_was_handed_over_can_be_reclaimed),
		TEST(nobody_there),
		TEST(requests_are_waited_for),
		TEST(a_guest_comes),
		TEST(its_devices_are_ready_before_it_comes),
		TEST(devices_of_a_guest_that_does_not_come_go),
		TEST(disks_come_with_a_guest),
		TEST(disks_of_a_guest_that_does_not_come_go),
		TEST(nobody_elses_file_is_touched),
		TEST(obstacles_of_disks_that_come_are_named),
		TEST(a_name_too_long_for_a_second_one_is_an_obstacle),
		TEST(what_is_left_of_a_copy),
		TEST(a_sender_that_knows_will_not_ask),
		TEST(what_cannot_be_noted_does_not_run),
		TEST(what_was_taken_before_is_forgotten),
		TEST(without_the_last_word_it_is_not_let_run),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
