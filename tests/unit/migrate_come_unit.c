/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host that a guest comes to, against an imitated sender: at whichever word that falls silent, the guest runs in
 * exactly one place.
 */
#include "migrate_parts.h"

#include "dom0-tools/tenond/copied.h"
#include "dom0-tools/tenond/create.h"
#include "dom0-tools/tenond/migrate.h"
#include "dom0-tools/tenond/migrate_check.h"
#include "dom0-tools/tenond/peer.h"
#include "dom0-tools/tenond/processor.h"
#include "dom0-tools/tenond/taken.h"
#include "dom0-tools/tenond/teardown.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static unsigned int kill_at, changes;	/* before which change of a folder it is killed, 0: never; those so far */

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_unlink(const char *path);
int __wrap_unlink(const char *path);

static void perhaps_die(void)
{
	if (__atomic_add_fetch(&changes, 1, __ATOMIC_SEQ_CST) == kill_at)
		_exit(9);
}

int __wrap_rename(const char *from, const char *to)
{
	perhaps_die();
	return __real_rename(from, to);
}

int __wrap_unlink(const char *path)
{
	perhaps_die();
	return __real_unlink(path);
}

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

/* Whether the tenond that follows lets it run, by the record that it finds. */
static bool would_run(void)
{
	struct record found;
	char path[512];
	bool runs;

	snprintf(path, sizeof(path), "%s/domains/%s.json", host.run_dir, record.uuid);
	if (record_load(path, &found))
		return false;
	runs = found.phase == PHASE_ACTIVE ||
	       (found.phase == PHASE_CREATING && found.came && taken_find(&host, record.uuid));
	record_clear(&found);
	record_delete(&host, &record);
	return runs;
}

/* Whenever one is killed that cannot let it run: its successor does, or the sender is told that it has not run. */
static void killed_when_it_cannot_run_it_is_in_one_place(void **state)
{
	struct sender sender = { .activate = true };
	unsigned int unpaused, ran = 0;
	int status = -1;

	(void)state;
	assert_int_equal(come(&sender), 0);
	unpaused = fakes.calls;		/* that was the last call */
	for (unsigned int at = 1; status; at++) {
		pid_t child;

		record_delete(&host, &record);
		taken_forget(&host, record.uuid);
		child = fork();
		if (!child) {
			changes = 0;
			kill_at = at;
			sender.fail_at = unpaused;
			_exit(come(&sender) < 0 && !sender.active ? 0 : 1);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 1);
		if (would_run() != taken_find(&host, record.uuid))
			fail_msg("killed before change %u: it would run nowhere or twice", at);
		ran += taken_find(&host, record.uuid);
	}
	assert_true(ran > 1);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(obstacles_are_all_named),
		TEST(processors_are_compared),
		TEST(a_guest_comes),
		TEST(its_devices_are_ready_before_it_comes),
		TEST(devices_of_a_guest_that_does_not_come_go),
		TEST(disks_come_with_a_guest),
		TEST(disks_of_a_guest_that_does_not_come_go),
		TEST(nobody_elses_file_is_touched),
		TEST(obstacles_of_disks_that_come_are_named),
		TEST(a_name_too_long_for_a_second_one_is_an_obstacle),
		TEST(what_is_left_of_a_copy),
		TEST(killed_when_it_cannot_run_it_is_in_one_place),
		TEST(a_sender_that_knows_will_not_ask),
		TEST(what_cannot_be_noted_does_not_run),
		TEST(what_was_taken_before_is_forgotten),
		TEST(without_the_last_word_it_is_not_let_run),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
