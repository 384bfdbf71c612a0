/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host that a guest leaves, against an imitated other one: at whichever word that falls silent, the guest runs in
 * exactly one place.
 */
#include "migrate_parts.h"
#include "migrate_patience.h"

#include "dom0-tools/tenond/migrate.h"
#include "dom0-tools/tenond/peer.h"
#include "dom0-tools/tenond/processor.h"
#include "dom0-tools/tenond/rings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hypercall/sched.h>

#include <cmocka.h>

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
	assert_int_equal(patience_count.ended, patience_count.begun);
	return rc;
}

static bool runs_here(void)
{
	return !(fakes.domains[1].info.state & HC_INFO_SHUTDOWN) && !fakes.domains[1].untold;
}

static void a_guest_leaves(void **state)
{
	struct other other = { .until = ALL };

	(void)state;
	patience_count.begun = patience_count.ended = 0;
	assert_int_equal(leave(&other), 0);
	assert_int_equal(patience_count.begun, 1);
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

	/* One that had little has less, and not what it wants. */
	config->cap = 19;
	record.phase = PHASE_MIGRATING;
	assert_int_equal(leave(&other), 0);
	assert_int_equal(fakes.domains[1].sched.cap, 1);

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

/* What is still to be sent of one that has switched itself off is not: this sender would go on without an end. */
static void a_guest_that_ends_is_not_sent(void **state)
{
	struct other other = {
		.until = SWALLOWS, .copy = true,
		.sender = "cat >/dev/null; echo '{\"disks\":{\"done\":50,\"total\":900}}'\n"
			  "while echo >&3; do :; done; echo '{\"error\":{\"code\":-32,\"text\":\"broken pipe\"}}'; exit 1",
	};

	(void)state;
	fakes.domains[1].info.shutdown_reason = HC_SHUTDOWN_POWEROFF;
	assert_true(leave(&other) < 0);
	assert_int_equal(error.kind, ERROR_STATE);
	assert_non_null(strstr(error.cause, "has ended"));
	assert_false(other.heard_activate);
	assert_false(runs_here());		/* what its policy says is the next scan's */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_guest_leaves),
		TEST(before_the_last_word_it_stays),
		TEST(a_sender_is_heard_and_told),
		TEST(before_the_last_word_it_can_be_cancelled),
		TEST(disks_go_with_it),
		TEST(disks_that_hang_do_not_go),
		TEST(a_guest_that_ends_is_not_sent),
		TEST(a_question_moves_nothing),
		TEST(after_the_last_word_it_asks),
		TEST(a_successor_asks),
		TEST(without_an_answer_it_waits),
		TEST(what_was_handed_over_can_be_reclaimed),
		TEST(nobody_there),
		TEST(requests_are_waited_for),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
