/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checkpoints that another host keeps: both sides' tenond, over a real connection, with an imitated tenon-migrate. When
 * the connection breaks, wherever that is, the file there has the last one that was complete, and the guest goes on here.
 */
#include "migrate_patience.h"
#include "tenond_fakes.h"

#include "dom0-tools/migrate/stream.h"
#include "dom0-tools/tenond/checkpoint.h"
#include "dom0-tools/tenond/migrate.h"
#include "dom0-tools/tenond/series.h"
#include "dom0-tools/tenond/xml/domain.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <hypercall/sched.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SUSPEND		"echo '{\"suspend\":{}}'; read answer <&4\n"
#define RESUME		"echo '{\"resume\":{}}'; read answer <&4\n"
/* Checkpoint N of the run: what the file then has is in $0.N, and how long it is. */
#define TAKE(number)	"dd if=$0." number " of=/proc/self/fd/3 conv=notrunc status=none\n" \
			"echo '{\"checkpoint\":{\"number\":" number ",\"pages\":5,\"bytes\":'$(stat -c %s $0." number \
			")',\"full\":false}}'\nread answer <&4\n"
#define STOP		"[ $answer = 0 ] || { echo '{\"done\":{\"again\":false}}'; exit; }\n"
#define DONE(again)	"echo '{\"done\":{\"again\":" again "}}'\n"

static struct host host;
static struct tenond there;		/* the other side, with the same folders */
static struct domain_config *config;
static struct record record;
static struct error error;
static struct checkpoint *checkpoint;
static char program[256], path[400], peer[64];
static atomic_bool ended;		/* the sender has */

static void pretend(const char *script)
{
	FILE *out = fopen(program, "w");

	fprintf(out, "#!/bin/sh\ncat >/dev/null\n%s\n", script);
	fchmod(fileno(out), 0755);
	fclose(out);
}

static json_t *description(void)
{
	return json_pack("{s:s, s:s, s:s, s:{}}", "name", "web", "uuid", record.uuid, "xml", config->xml, "nodes");
}

/* Where tenon-migrate's imitation finds it. */
static void template_name(unsigned int number, char name[300])
{
	snprintf(name, 300, "%s.%u", program, number);
}

/* A file with checkpoints from one number to another, each of so many bytes at least; its size. */
static uint64_t make_file(unsigned int first, unsigned int last, size_t size)
{
	json_t *json = description();
	char name[300], *text = json_dumps(json, JSON_COMPACT), *filler = calloc(1, size);
	struct build_error why = { "" };
	struct stream_writer writer;
	int fd;

	json_decref(json);
	template_name(last, name);
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(stream_series_open(&writer, fd, 0, &why), 0);
	assert_int_equal(stream_write(&writer, STREAM_DESCRIPTION, text, strlen(text)), 0);
	for (unsigned int number = first; number <= last; number++) {
		memset(filler, (int)number, size);
		assert_int_equal(stream_write(&writer, STREAM_PAGES, filler, size), 0);
		assert_int_equal(stream_commit(&writer, number, 1700000000 + number), 0);
	}
	stream_writer_close(&writer);
	close(fd);
	free(text);
	free(filler);
	return writer.bytes;
}

static bool same_file(const char *a, const char *b)
{
	char command[800];

	snprintf(command, sizeof(command), "cmp -s %s %s", a, b);
	return !system(command);
}

/* The file there is complete, and as it was here after that checkpoint. */
static void expect_number(unsigned int number)
{
	struct saved *saved = NULL;
	char name[300];
	int rc = saved_open(&host, path, &saved, &error);

	if (rc)
		fail_msg("%s: %s", error.object, error.cause);
	assert_int_equal(saved->checkpoint, number);
	assert_int_equal(saved->taken, 1700000000 + number);
	saved_close(saved);
	template_name(number, name);
	assert_true(same_file(path, name));
}

static int set_up(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	fakes_reset();
	fakes_host(&host);
	memset(&error, 0, sizeof(error));
	config = fakes_config(&host, "web", "");
	snprintf(program, sizeof(program), "%s/migrate", host.run_dir);
	setenv("TENON_MIGRATE", program, 1);
	fakes_record(&record, config, 1);
	fakes_suspending(1, config);
	snprintf(path, sizeof(path), "%s/checkpoints/web.%s", host.state_dir, record.uuid);
	/* A port that nobody has. */
	assert_int_equal(bind(fd, (void *)&address, size), 0);
	getsockname(fd, (void *)&address, &size);
	close(fd);
	snprintf(peer, sizeof(peer), "tcp://127.0.0.1:%u", ntohs(address.sin_port));
	there = (struct tenond){ .host = host };
	assert_true(sd_event_new(&there.event) >= 0);
	assert_int_equal(jobs_new(there.event, &there.jobs), 0);
	assert_int_equal(migrate_listen(&there, peer_name(peer), true, &error), 0);
	record.peer = strdup(peer);
	return 0;
}

static int tear_down(void **state)
{
	char command[300];

	(void)state;
	checkpoint_unref(checkpoint);
	checkpoint = NULL;
	series_in_end_all(&there);
	while (jobs_running(there.jobs))
		sd_event_run(there.event, 20000);
	assert_null(there.series);
	jobs_free(there.jobs);
	sd_event_unref(there.event);
	record_clear(&record);
	config_free(config);
	snprintf(command, sizeof(command), "rm -rf %s/checkpoints", host.state_dir);
	(void)!system(command);
	fakes_host_free(&host);
	return 0;
}

static void *send_them(void *data)
{
	int *rc = data;

	*rc = checkpoint_guest(&host, config, &record, checkpoint, &error);
	ended = true;
	return NULL;
}

/* Take them, while the other side does its part; it hangs up after so many, 0: never. */
static int take(unsigned int interval, unsigned int count, bool replace, unsigned int hangs_up)
{
	struct checkpoint_options options = {
		.interval = interval, .count = count, .replace = replace, .elsewhere = true,
	};
	pthread_t thread;
	int rc = 0;

	checkpoint_unref(checkpoint);
	checkpoint = checkpoint_new(peer_name(peer), &options);
	memset(&error, 0, sizeof(error));
	ended = false;
	patience_count.begun = patience_count.ended = 0;
	pthread_create(&thread, NULL, send_them, &rc);
	while (!ended) {
		sd_event_run(there.event, 20000);
		if (hangs_up && checkpoint_count(checkpoint) >= hangs_up)
			series_in_end_all(&there);
	}
	pthread_join(thread, NULL);
	assert_int_equal(patience_count.ended, patience_count.begun);
	assert_false(fakes.domains[1].info.state & HC_INFO_SHUTDOWN);
	assert_false(fakes.domains[1].logging);
	return rc;
}

static void the_other_host_has_them(void **state)
{
	struct stat info;
	json_t *json;

	(void)state;
	make_file(1, 1, 100000);
	make_file(1, 2, 100000);
	pretend(SUSPEND RESUME TAKE("1") TAKE("2") DONE("false"));
	if (take(1, 2, false, 0))
		fail_msg("%s: %s", error.object, error.cause);
	assert_int_equal(patience_count.begun, 1);
	expect_number(2);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 077, 0);
	json = checkpoint_json(checkpoint);
	assert_string_equal(json_string_value(json_object_get(json, "file")), path);
	assert_string_equal(json_string_value(json_object_get(json, "host")), peer_name(peer));
	assert_int_equal(json_integer_value(json_object_get(json, "number")), 2);
	json_decref(json);
}

static void a_file_that_is_there_is_replaced_if_asked(void **state)
{
	(void)state;
	make_file(1, 1, 5000);
	pretend(TAKE("1") DONE("false"));
	assert_int_equal(take(1, 1, false, 0), 0);
	assert_true(take(1, 1, false, 0) < 0);
	assert_int_equal(error.kind, ERROR_EXISTS);
	assert_string_equal(error.object, path);
	expect_number(1);
	make_file(2, 2, 5000);
	pretend("[ $4 = 2 ] || exit 1\n" TAKE("2") DONE("false"));
	assert_int_equal(take(1, 1, true, 0), 0);
	expect_number(2);
}

/* When the first file is full, the other side gets a second one whole. */
static void another_file_takes_its_place(void **state)
{
	(void)state;
	make_file(1, 1, 5000);
	make_file(2, 2, 3000);
	pretend("if [ $4 = 1 ]; then\n" TAKE("1") DONE("true") "else\n" TAKE("2") DONE("false") "fi\n");
	assert_int_equal(take(1, 2, false, 0), 0);
	expect_number(2);
}

static void a_host_that_hangs_up_ends_them(void **state)
{
	(void)state;
	make_file(1, 1, 5000);
	pretend(SUSPEND RESUME TAKE("1") STOP TAKE("2") DONE("false"));
	assert_true(take(3600, 0, false, 1) < 0);
	assert_int_equal(error.kind, ERROR_UNREACHABLE);
	assert_string_equal(error.object, peer_name(peer));
	assert_non_null(strstr(error.cause, "takes no more"));
	expect_number(1);
}

static void nobody_there(void **state)
{
	(void)state;
	free(record.peer);
	record.peer = strdup("tcp://127.0.0.1:1");
	fakes.domains[1].info.state = 0;
	fakes.domains[1].logging = false;
	pretend("exit 1");
	assert_true(take(1, 1, false, 0) < 0);
	assert_int_equal(error.kind, ERROR_UNREACHABLE);
	assert_int_equal(access(path, F_OK), -1);
}

static void *turn(void *data)
{
	while (!*(atomic_bool *)data)
		sd_event_run(there.event, 20000);
	return NULL;
}

/* A sender by hand. */
struct sender {
	int fd;
	pthread_t loop;
	atomic_bool enough;
};

static void begin(struct sender *sender)
{
	json_t *json;
	int rc;

	sender->enough = false;
	pthread_create(&sender->loop, NULL, turn, &sender->enough);
	sender->fd = peer_connect(&host, peer, &error);
	assert_true(sender->fd >= 0);
	assert_int_equal(peer_send(sender->fd, json_pack("{s:i, s:b, s:o}", "checkpoints", PEER_VERSION, "replace", 1,
							 "description", description())), 0);
	json = peer_receive(sender->fd, 20000, &rc);
	assert_non_null(json_object_get(json, "ready"));
	json_decref(json);
}

static void announce(struct sender *sender, json_int_t number, json_int_t from, json_int_t bytes)
{
	assert_int_equal(peer_send(sender->fd, json_pack("{s:{s:I, s:I, s:I, s:I}}", "checkpoint", "number", number,
							 "time", 1700000000 + number, "from", from, "bytes", bytes)), 0);
}

static void send_part(struct sender *sender, unsigned int number, uint64_t from, uint64_t end)
{
	char name[300], *data = malloc(end);
	int fd;

	template_name(number, name);
	fd = open(name, O_RDONLY);
	assert_int_equal(pread(fd, data, end - from, (off_t)from), end - from);
	close(fd);
	for (uint64_t done = 0; done < end - from;) {
		ssize_t sent = send(sender->fd, data + done, end - from - done, MSG_NOSIGNAL);

		assert_true(sent > 0);
		done += (uint64_t)sent;
	}
	free(data);
}

static json_t *hear(struct sender *sender)
{
	int rc;

	return peer_receive(sender->fd, 20000, &rc);
}

static void expect_complete(struct sender *sender, json_int_t number)
{
	json_t *json = hear(sender);

	assert_int_equal(json_integer_value(json_object_get(json, "complete")), number);
	json_decref(json);
}

static void expect_error(struct sender *sender, const char *id)
{
	json_t *json = hear(sender);

	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json_object_get(json, "error"), "id")), id);
	json_decref(json);
}

/* Hang up, and wait until the other side has understood. */
static void end(struct sender *sender)
{
	close(sender->fd);
	sender->enough = true;
	pthread_join(sender->loop, NULL);
	while (there.series)
		sd_event_run(there.event, 20000);
}

static void one_that_is_cut_short_leaves_the_one_before(void **state)
{
	uint64_t first, second;
	struct sender sender;

	(void)state;
	first = make_file(1, 1, 200000);
	second = make_file(1, 2, 200000);
	/* In the first there is no file at all. */
	begin(&sender);
	announce(&sender, 1, 0, (json_int_t)first);
	send_part(&sender, 1, 0, first / 2);
	end(&sender);
	assert_int_equal(access(path, F_OK), -1);
	begin(&sender);
	announce(&sender, 1, 0, (json_int_t)first);
	send_part(&sender, 1, 0, first);
	expect_complete(&sender, 1);
	announce(&sender, 2, (json_int_t)first, (json_int_t)(second - first));
	send_part(&sender, 2, first, second - 1000);
	end(&sender);
	expect_number(1);
	/* As is one that would replace it. */
	begin(&sender);
	announce(&sender, 2, 0, (json_int_t)second);
	send_part(&sender, 2, 0, second - 1000);
	end(&sender);
	expect_number(1);
}

static void what_does_not_go_on_from_there_is_refused(void **state)
{
	/* Number, offset, bytes; the last complete one is 3. */
	static const json_int_t wrong[][3] = {
		{ 4, 20000, 100 }, { 4, 1, 100 }, { 3, -1, 100 }, { 0, -1, 100 }, { -4, -1, 100 }, { 4, -1, 0 },
		{ 4, -1, -5 }, { 4, 0, STREAM_SERIES_START }, { 4, -1, INT64_MAX }, { 4, -4096, 100 },
	};
	struct sender sender;
	uint64_t size = make_file(3, 3, 5000);

	(void)state;
	begin(&sender);
	announce(&sender, 1, (json_int_t)size, 5000);
	expect_error(&sender, "bad-request");
	end(&sender);
	assert_int_equal(access(path, F_OK), -1);
	begin(&sender);
	announce(&sender, 3, 0, (json_int_t)size);
	send_part(&sender, 3, 0, size);
	expect_complete(&sender, 3);
	end(&sender);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint64_t own = make_file(4, 4, 5000);

		begin(&sender);
		announce(&sender, 4, 0, (json_int_t)own);
		send_part(&sender, 4, 0, own);
		expect_complete(&sender, 4);
		announce(&sender, wrong[i][0] + 1, wrong[i][1] == -1 ? (json_int_t)own : wrong[i][1], wrong[i][2]);
		expect_error(&sender, "bad-request");
		end(&sender);
		expect_number(4);
		unlink(path);
	}
}

static void what_cannot_be_written_is_said(void **state)
{
	struct rlimit limit, before;
	struct sender sender;
	uint64_t first, second;

	(void)state;
	first = make_file(1, 1, 50000);
	second = make_file(1, 2, 2000000);
	begin(&sender);
	announce(&sender, 1, 0, (json_int_t)first);
	send_part(&sender, 1, 0, first);
	expect_complete(&sender, 1);
	/* As a disk that is full, in that it ends in the middle. */
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	limit = before;
	limit.rlim_cur = first + 70000;
	setrlimit(RLIMIT_FSIZE, &limit);
	announce(&sender, 2, (json_int_t)first, (json_int_t)(second - first));
	send_part(&sender, 2, first, second);
	expect_error(&sender, "internal");
	end(&sender);
	setrlimit(RLIMIT_FSIZE, &before);
	expect_number(1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_other_host_has_them),
		TEST(a_file_that_is_there_is_replaced_if_asked),
		TEST(another_file_takes_its_place),
		TEST(a_host_that_hangs_up_ends_them),
		TEST(nobody_there),
		TEST(one_that_is_cut_short_leaves_the_one_before),
		TEST(what_does_not_go_on_from_there_is_refused),
		TEST(what_cannot_be_written_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
