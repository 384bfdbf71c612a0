// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line against a server that gives prepared answers: what is
 * asked, what is printed, and the exit status.
 */
#include "tenon_cli_world.h"

#include "dom0-tools/cli/client.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

static void usage(void **state)
{
	(void)state;
	assert_int_equal(run("", NULL, NULL), EXIT_USAGE);
	assert_non_null(strstr(complaints, "usage: tenon"));
	assert_int_equal(run("--help", NULL, NULL), EXIT_OK);
	for (const struct command *command = commands; command->name; command++) {
		char line[64];

		assert_non_null(strstr(out, command->name));
		snprintf(line, sizeof(line), "%s --help", command->name);
		assert_int_equal(run(line, NULL, NULL), EXIT_OK);
		assert_non_null(strstr(out, command->help));
		assert_int_equal(run("--help", NULL, NULL), EXIT_OK);
	}
	assert_int_equal(run("frobnicate", NULL, NULL), EXIT_USAGE);
	assert_non_null(strstr(complaints, "is no command"));
	assert_int_equal(run("create", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("create a b", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("list --frob", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("wait web --timeout", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("wait web --timeout=soon", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("create --paused=yes x", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("console --json web", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("--version", NULL, NULL), EXIT_OK);
	assert_non_null(strstr(out, "tenon "));
}

static void manual(void **state)
{
	(void)state;
	assert_int_equal(run("--manual", NULL, NULL), EXIT_OK);
	for (const struct command *command = commands; command->name; command++) {
		char line[64];

		snprintf(line, sizeof(line), ".B tenon %s\n", command->name);
		assert_non_null(strstr(out, line));
	}
}

static void completion(void **state)
{
	static const char list[] = "{\"domains\": [{\"name\": \"web\"}, {\"name\": \"sql\"}]}";

	(void)state;
	assert_int_equal(run("--complete tenon pa", NULL, NULL), EXIT_OK);
	assert_string_equal(out, "pause\n");
	assert_int_equal(run("--complete tenon create --pa", NULL, NULL), EXIT_OK);
	assert_string_equal(out, "--paused\n");
	assert_int_equal(run("--complete tenon pause w", "200 OK", list), EXIT_OK);
	assert_string_equal(out, "web\n");
	assert_int_equal(run("--complete tenon ho", NULL, NULL), EXIT_OK);
	assert_string_equal(out, "host\n");
	assert_int_equal(run("--complete tenon host re", NULL, NULL), EXIT_OK);
	assert_string_equal(out, "remove\n");
	assert_int_equal(run("--complete tenon host list --j", NULL, NULL), EXIT_OK);
	assert_string_equal(out, "--json\n");
}

/* Commands of two words. */
static void hosts(void **state)
{
	static const char peers[] = "{\"peers\": [{\"name\": \"b\", \"fingerprint\": \"00ff\"}]}";
	char line[256];

	(void)state;
	assert_int_equal(run("host", NULL, NULL), EXIT_USAGE);
	assert_non_null(strstr(complaints, "another word"));
	assert_int_equal(run("host frob", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("host --help", NULL, NULL), EXIT_OK);
	assert_non_null(strstr(out, "  host list "));
	assert_null(strstr(out, "\n  list "));
	assert_int_equal(run("host add b", NULL, NULL), EXIT_USAGE);
	snprintf(line, sizeof(line), "host add b %s", file);
	assert_int_equal(run(line, "200 OK", "{\"name\": \"b\"}"), EXIT_OK);
	assert_true(!strncmp(asked, "POST /v1/host/peers?name=b ", 27));
	assert_non_null(strstr(asked, "\r\n\r\n<domain/>"));
	assert_int_equal(run("host list", "200 OK", peers), EXIT_OK);
	assert_non_null(strstr(out, "b                        00ff\n"));
	assert_int_equal(run("host list --json", "200 OK", peers), EXIT_OK);
	assert_non_null(strstr(out, "\"00ff\""));
	assert_int_equal(run("host remove b", "200 OK", "{\"name\": \"b\"}"), EXIT_OK);
	assert_true(!strncmp(asked, "DELETE /v1/host/peers?name=b ", 29));
	assert_string_equal(out, "b: removed\n");
	assert_int_equal(run("host cert", "200 OK", "{\"certificate\": \"PEM\"}"), EXIT_OK);
	assert_string_equal(out, "PEM");
}

static void statuses(void **state)
{
	static const struct {
		const char *head, *id;
		int status;
	} cases[] = {
		{ "500 E", "internal", EXIT_FAILED },
		{ "404 E", "not-found", EXIT_NOT_FOUND },
		{ "409 E", "already-exists", EXIT_EXISTS },
		{ "503 E", "unreachable", EXIT_UNREACHABLE },
		{ "504 E", "timed-out", EXIT_TIMED_OUT },
		{ "422 E", "bad-configuration", EXIT_CONFIG },
		{ "409 E", "wrong-state", EXIT_STATE },
		{ "507 E", "no-resources", EXIT_RESOURCES },
		{ "400 E", "new-in-the-future", EXIT_FAILED },
	};
	char body[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(body, sizeof(body), "{\"error\": {\"id\": \"%s\", \"object\": \"web\", \"cause\": "
			 "\"broke\", \"next\": \"mend it\"}}", cases[i].id);
		assert_int_equal(run("pause web", cases[i].head, body), cases[i].status);
		assert_string_equal(complaints, "tenon: web: broke\n  mend it\n");
		assert_int_equal(run("pause --json web", cases[i].head, body), cases[i].status);
		assert_non_null(strstr(complaints, cases[i].id));
	}
	assert_int_equal(run("--socket /nonexistent list", NULL, NULL), EXIT_UNREACHABLE);
	assert_non_null(strstr(complaints, "cannot be reached"));
}

static void broken_servers(void **state)
{
	(void)state;
	assert_int_equal(run("list", "", ""), EXIT_UNREACHABLE);
	assert_int_equal(run("list", "200 OK\r\nContent-Length: 999", "{}"), EXIT_UNREACHABLE);
	assert_int_equal(run("list", "200 OK", "not JSON"), EXIT_FAILED);
	assert_int_equal(run("list", "502 Bad", "<html>"), EXIT_FAILED);
	assert_int_equal(run("list", "200 OK", "{\"domains\": 7}"), EXIT_OK);
	assert_int_equal(run("info web", "200 OK", "{\"disks\": [1, {\"a\": null}], \"x\": null}"), EXIT_OK);
}

static void create(void **state)
{
	char line[256];

	(void)state;
	snprintf(line, sizeof(line), "create --paused %s", file);
	assert_int_equal(run(line, "201 Created", "{\"name\": \"web\", \"id\": 3, \"warnings\": [\"odd\"]}"),
			 EXIT_OK);
	assert_string_equal(out, "web: created, number 3\n");
	assert_string_equal(complaints, "tenon: warning: odd\n");
	assert_true(!strncmp(asked, "POST /v1/domains?file=", 22));
	assert_non_null(strstr(asked, "&paused=1"));
	assert_non_null(strstr(asked, "\r\n\r\n<domain/>"));
	assert_int_equal(run("create /nonexistent.xml", NULL, NULL), EXIT_CONFIG);
	assert_non_null(strstr(complaints, "No such file"));
}

static void list(void **state)
{
	static const char body[] =
		"{\"domains\": [{\"id\": 0, \"name\": \"Domain-0\", \"state\": \"running\", \"vcpus\": 2, "
		"\"memory\": 536870912, \"cpu_time_ns\": 12300000000}, {\"id\": null, \"name\": \"web\", "
		"\"state\": \"creating\"}]}";

	(void)state;
	assert_int_equal(run("list", "200 OK", body), EXIT_OK);
	assert_non_null(strstr(out, "512 MiB       12.3 s\n"));
	assert_non_null(strstr(out, "    -  web                      creating"));
	assert_int_equal(run("list web", "200 OK", body), EXIT_OK);
	assert_null(strstr(out, "Domain-0"));
	assert_int_equal(run("list sql --json", "200 OK", body), EXIT_NOT_FOUND);
	assert_string_equal(out, "[]\n");
}

static void requests(void **state)
{
	(void)state;
	assert_int_equal(run("shutdown -t 5 web", "200 OK", "{}"), EXIT_OK);
	assert_true(!strncmp(asked, "POST /v1/domains/web/shutdown?timeout=5 ", 40));
	assert_string_equal(out, "web: shut down\n");
	assert_int_equal(run("reboot --no-wait web", "202 OK", "{}"), EXIT_OK);
	assert_non_null(strstr(asked, "&nowait=1 "));
	assert_string_equal(out, "web: asked\n");
	assert_int_equal(run("destroy -- -a/b?", "200 OK", "{}"), EXIT_OK);
	assert_true(!strncmp(asked, "POST /v1/domains/-a%2Fb%3F/destroy ", 35));
	assert_int_equal(run("wait web --for gone --timeout=1", "200 OK", "{}"), EXIT_OK);
	assert_true(!strncmp(asked, "GET /v1/domains/web/wait?for=gone&timeout=1 ", 44));
	assert_int_equal(run("wait web --for gone", "404 E", "{\"error\": {\"id\": \"not-found\"}}"), EXIT_OK);
	assert_int_equal(run("wait web", "404 E", "{\"error\": {\"id\": \"not-found\"}}"), EXIT_NOT_FOUND);
}

static void migrate(void **state)
{
	static const char body[] =
		"{\"state\": \"gone\", \"migration\": {\"rounds\": 3, \"bytes\": 2097152, \"dirty\": 8192, "
		"\"processor_percent\": 60, \"expected_downtime_ms\": 70, \"elapsed_ms\": 900, \"downtime_ms\": 40}}";

	(void)state;
	assert_int_equal(run("migrate --quiet web b", "200 OK", body), EXIT_OK);
	assert_true(!strncmp(asked, "POST /v1/domains/web/migrate?host=b ", 36));
	assert_string_equal(out, "web: runs on b after 3 rounds, 2048 KiB and 900 ms, and stood still for 40 ms\n");
	assert_string_equal(complaints, "");
	assert_int_equal(run("migrate -qPa -b 5 --compress none -d 9 web b", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("migrate -q -P -a --copy-storage -b 5 --compress none -d 9 web b", "200 OK", body), EXIT_OK);
	assert_non_null(strstr(asked, "?host=b&plain=1&auto_converge=1&copy_storage=1&max_downtime=9&bandwidth=5&compress=none "));
	assert_int_equal(run("migrate --check web b", "200 OK", "{}"), EXIT_OK);
	assert_string_equal(out, "web: can move to b\n");
	assert_int_equal(run("migrate --cancel web", "200 OK", "{}"), EXIT_OK);
	assert_true(!strncmp(asked, "DELETE /v1/domains/web/migrate ", 31));
	assert_string_equal(out, "web: cancelled, runs on here\n");
	assert_int_equal(run("migrate --reclaim --force web", "200 OK", "{}"), EXIT_OK);
	assert_true(!strncmp(asked, "POST /v1/domains/web/reclaim?force=1 ", 37));
	assert_string_equal(out, "web: reclaimed, runs on here\n");
	assert_int_equal(run("migrate --cancel web b", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("migrate web", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("migrate -q web b", "409 E", "{\"error\": {\"id\": \"cancelled\"}}"), EXIT_CANCELLED);
}

static void checkpoint(void **state)
{
	static const char body[] = "{\"checkpoint\": {\"number\": 3, \"bytes\": 2097152}}";

	(void)state;
	assert_int_equal(run("checkpoint -q -i 5 web /a", "200 OK", body), EXIT_OK);
	assert_true(!strncmp(asked, "POST /v1/domains/web/checkpoint?path=%2Fa&interval=5 ", 53));
	assert_string_equal(out, "web: checkpoint 3 is in /a\n");
	assert_int_equal(run("checkpoint -w -m -r -i 5 --count 2 web /a", "202 OK", body), EXIT_OK);
	assert_non_null(strstr(asked, "?path=%2Fa&interval=5&count=2&memory_only=1&replace=1&nowait=1 "));
	assert_int_equal(run("checkpoint -q -i 5 --snapshot /b/c web /a", "200 OK", body), EXIT_OK);
	assert_non_null(strstr(asked, "?path=%2Fa&interval=5&snapshot=%2Fb%2Fc "));
	assert_int_equal(run("checkpoint -q -i 5 -s /b/c -t 9 web /a", "200 OK", body), EXIT_OK);
	assert_non_null(strstr(asked, "&snapshot_timeout=9&snapshot=%2Fb%2Fc "));
	assert_int_equal(run("checkpoint -q -i 5 --to b:9 --plain web", "200 OK", "{\"checkpoint\": {\"number\": 3, "
			     "\"file\": \"/f\"}}"), EXIT_OK);
	assert_non_null(strstr(asked, "/checkpoint?host=b%3A9&interval=5&plain=1 "));
	assert_string_equal(out, "web: checkpoint 3 is in /f of host b:9\n");
	assert_int_equal(run("checkpoint -i 5 --to b web /a", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("checkpoint --cancel web", "200 OK", "{}"), EXIT_OK);
	assert_true(!strncmp(asked, "DELETE /v1/domains/web/checkpoint ", 34));
	assert_string_equal(out, "web: no more checkpoints\n");
	assert_int_equal(run("checkpoint web /a", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("checkpoint -i 5 web", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("checkpoint --cancel web /a", NULL, NULL), EXIT_USAGE);
	setenv("TZ", "UTC", 1);
	assert_int_equal(run("restore /a", "201 OK", "{\"name\": \"web\", \"id\": 4, "
			     "\"checkpoint\": {\"number\": 3, \"taken\": 86461}}"), EXIT_OK);
	assert_string_equal(out, "web: restored, number 4, from checkpoint 3 of 1970-01-02 00:01:01\n");
	assert_int_equal(run("restore --show /a", "200 OK", "{\"name\": \"web\", \"uuid\": \"u\", \"disks\": "
			     "[{\"target\": \"xvda\", \"source\": \"/d\", \"readonly\": true}], "
			     "\"checkpoint\": {\"number\": 3, \"taken\": 86461}}"), EXIT_OK);
	assert_true(!strncmp(asked, "GET /v1/restore?path=%2Fa ", 26));
	assert_string_equal(out, "web, u, from checkpoint 3 of 1970-01-02 00:01:01\ndisk xvda: /d, read-only\n");
}

/* Progress is asked for beside the request itself, which is answered last; data: the answer to the former. */
static void *serve_both(void *data)
{
	bool looks[2];
	int fds[2];

	for (int i = 0; i < 2; i++) {
		fds[i] = accept(listener, NULL, NULL);
		read_request(fds[i]);
		looks[i] = !strncmp(asked, "GET", 3);
		if (i == 0 && looks[0]) {
			send_answer(fds[0], data);
			fds[0] = -1;
		}
	}
	for (int i = 1; i >= 0; i--)
		if (fds[i] >= 0)
			send_answer(fds[i], looks[i] ? data : answer_body);
	return NULL;
}

/* Whoever sees the last round first, the one who looks or the answer itself, it is shown once. */
static void progress(void **state)
{
	static char body[] =
		"{\"migration\": {\"rounds\": 3, \"bytes\": 2097152, \"dirty\": 8192, \"rate\": 5120, \"dirty_rate\": 1024, "
		"\"processor_percent\": 60, \"expected_downtime_ms\": 70}}";
	static char nothing[] = "{}", *const looks[] = { body, nothing };

	(void)state;
	answer_head = "200 OK";
	answer_body = body;
	for (size_t i = 0; i < 2; i++) {
		char line[] = "migrate web b", *argv[] = { (char *)"tenon", line, line + 8, line + 12, NULL };
		pthread_t thread;

		line[7] = line[11] = '\0';
		pthread_create(&thread, NULL, serve_both, looks[i]);
		assert_int_equal(run_words(4, argv), EXIT_OK);
		pthread_join(thread, NULL);
		assert_string_equal(complaints, "round 3: 2048 KiB sent, 8192 B changed meanwhile (1024 B/s, 5120 B/s are "
				    "sent), would stand still for 70 ms, slowed down to 60 %\n");
	}
}

/* Tenths of disks that go with the guest, before any round; less than one is not shown. */
static void progress_of_disks(void **state)
{
	static char early[] = "{\"migration\": {\"stage\": \"disks\", \"disk_done\": 99, \"disk_total\": 1000}}";
	static char later[] = "{\"migration\": {\"stage\": \"disks\", \"disk_done\": 210, \"disk_total\": 1024}}";
	static char ended[] = "{\"migration\": {\"stage\": \"done\", \"disk_done\": 1024, \"disk_total\": 1024, \"rounds\": 1}}";
	static char *const looks[] = { early, later };

	(void)state;
	answer_head = "200 OK";
	answer_body = ended;
	for (size_t i = 0; i < 2; i++) {
		char line[] = "migrate web b", *argv[] = { (char *)"tenon", line, line + 8, line + 12, NULL };
		const char *round;
		pthread_t thread;

		line[7] = line[11] = '\0';
		pthread_create(&thread, NULL, serve_both, looks[i]);
		assert_int_equal(run_words(4, argv), EXIT_OK);
		pthread_join(thread, NULL);
		round = strstr(complaints, "round 1: ");
		assert_non_null(round);
		if (i)
			assert_memory_equal(complaints, "disks: 210 B of 1024 B\nround 1", 30);
		else
			assert_true(round == complaints);
	}
}

/* Each is shown once, also one that another followed before anybody looked. */
static void progress_of_checkpoints(void **state)
{
	static char early[] = "{\"checkpoint\": {\"number\": 2, \"changed\": 20, \"downtime_ms\": 3, \"bytes\": 4, \"recent\": "
		"[{\"number\": 1, \"changed\": 10, \"downtime_ms\": 1, \"bytes\": 2}, "
		"{\"number\": 2, \"changed\": 20, \"downtime_ms\": 3, \"bytes\": 4}]}}";
	static char ended[] = "{\"checkpoint\": {\"number\": 3, \"changed\": 30, \"downtime_ms\": 5, \"bytes\": 6, \"recent\": "
		"[{\"number\": 1, \"changed\": 10, \"downtime_ms\": 1, \"bytes\": 2}, "
		"{\"number\": 2, \"changed\": 20, \"downtime_ms\": 3, \"bytes\": 4}, "
		"{\"number\": 3, \"changed\": 30, \"downtime_ms\": 5, \"bytes\": 6}]}}";
	static char nothing[] = "{}", *const looks[] = { early, nothing };

	(void)state;
	answer_head = "200 OK";
	answer_body = ended;
	for (size_t i = 0; i < 2; i++) {
		char line[] = "checkpoint -i 5 web /a";
		char *argv[] = { (char *)"tenon", line, line + 11, line + 14, line + 16, line + 20, NULL };
		pthread_t thread;

		line[10] = line[13] = line[15] = line[19] = '\0';
		pthread_create(&thread, NULL, serve_both, looks[i]);
		assert_int_equal(run_words(6, argv), EXIT_OK);
		pthread_join(thread, NULL);
		assert_string_equal(complaints, "checkpoint 1: 10 B of memory, stood still for 1 ms; the file has 2 B\n"
				    "checkpoint 2: 20 B of memory, stood still for 3 ms; the file has 4 B\n"
				    "checkpoint 3: 30 B of memory, stood still for 5 ms; the file has 6 B\n");
	}
}

/* What a domain has; how far it is is shown as long as it is not there. */
static void resources(void **state)
{
	static char there[] = "{\"memory\": 33554432, \"memory_target\": 33554432, \"vcpus\": 1, \"weight\": 7}";
	static char before[] = "{\"memory\": 67108864, \"memory_target\": 33554432}";
	char line[] = "mem-set web 32MiB", *argv[] = { (char *)"tenon", line, line + 8, line + 12, NULL };
	pthread_t thread;

	(void)state;
	line[7] = line[11] = '\0';
	answer_head = "200 OK";
	answer_body = there;
	pthread_create(&thread, NULL, serve_both, before);
	assert_int_equal(run_words(4, argv), EXIT_OK);
	pthread_join(thread, NULL);
	assert_string_equal(complaints, "memory: 64 MiB, to be 32 MiB\n");
	assert_string_equal(out, "web: has 32 MiB of memory\n");
	assert_int_equal(run("mem-set -q -t 9 web 32MiB", "200 OK", there), EXIT_OK);
	assert_true(!strncmp(asked, "POST /v1/domains/web/memory?size=32MiB&timeout=9 ", 49));
	assert_int_equal(run("mem-set -n web 32MiB", "202 OK", before), EXIT_OK);
	assert_non_null(strstr(asked, "&nowait=1 "));
	assert_string_equal(out, "web: asked\n");
	assert_int_equal(run("mem-set -t x web 32MiB", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("mem-set web", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("vcpu-set -q web 1", "200 OK", there), EXIT_OK);
	assert_true(!strncmp(asked, "POST /v1/domains/web/vcpus?count=1&timeout=120 ", 47));
	assert_string_equal(out, "web: has 1 of its processors online\n");
	assert_int_equal(run("vcpu-pin web all 0-1,3", "200 OK", there), EXIT_OK);
	assert_true(!strncmp(asked, "POST /v1/domains/web/affinity?vcpu=all&cpus=0-1%2C3 ", 52));
	assert_string_equal(out, "web: vcpu all may run on processors 0-1,3\n");
	assert_int_equal(run("sched web", "200 OK", there), EXIT_OK);
	assert_true(!strncmp(asked, "GET /v1/domains/web ", 20));
	assert_string_equal(out, "web: weight 7, no cap\n");
	assert_int_equal(run("sched -w 7 --cap 5 web", "200 OK", "{\"weight\": 7, \"cap\": 5}"), EXIT_OK);
	assert_true(!strncmp(asked, "POST /v1/domains/web/sched?weight=7&cap=5 ", 42));
	assert_string_equal(out, "web: weight 7, cap 5 % of a processor\n");
	assert_int_equal(run("sched -c 0 web", "200 OK", there), EXIT_OK);
	assert_true(!strncmp(asked, "POST /v1/domains/web/sched?cap=0 ", 33));
}

static void doctor(void **state)
{
	static const char body[] =
		"{\"verdict\": \"%s\", \"checks\": [{\"name\": \"store\", \"verdict\": \"%s\", \"text\": "
		"\"silent\", \"next\": \"start it\"}]}";
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), body, "fail", "fail");
	assert_int_equal(run("doctor", "200 OK", text), EXIT_FAILED);
	assert_non_null(strstr(out, "fail  store              silent\n"));
	assert_non_null(strstr(out, "-> start it\n"));
	snprintf(text, sizeof(text), body, "warn", "warn");
	assert_int_equal(run("doctor", "200 OK", text), EXIT_OK);
}

static void top(void **state)
{
	(void)state;
	assert_int_equal(run("top --count 0", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("top --interval 3601", NULL, NULL), EXIT_USAGE);
	assert_non_null(strstr(complaints, "--interval"));
	assert_int_equal(run("top nobody", "200 OK", "{\"domains\": []}"), EXIT_NOT_FOUND);
	assert_non_null(strstr(complaints, "nobody"));
	assert_true(!strncmp(asked, "GET /v1/domains ", 16));
	assert_string_equal(out, "");
}

static void trace(void **state)
{
	static const char body[] =
		"{\"seconds\": 2.0, \"hypercalls\": [{\"number\": 64, \"name\": null, \"count\": 3}, "
		"{\"number\": 1, \"name\": \"mmu_update\", \"count\": 500}], \"entries\": [{\"vector\": 256, "
		"\"name\": \"system call\", \"count\": 9}], \"counters\": {\"events\": 8}}";

	(void)state;
	assert_int_equal(run("trace web --seconds 0", NULL, NULL), EXIT_USAGE);
	assert_non_null(strstr(complaints, "--seconds"));
	assert_int_equal(run("trace web --seconds 2", "200 OK", body), EXIT_OK);
	assert_true(!strncmp(asked, "GET /v1/domains/web/trace?seconds=2 ", 36));
	/* The most frequent first, whatever has no name by its number. */
	assert_non_null(strstr(out, "         500        250.0  mmu_update\n           3          1.5  number 64\n"));
	assert_non_null(strstr(out, "           9          4.5  system call\n"));
	assert_non_null(strstr(out, "           8          4.0  events delivered\n"));
	assert_int_equal(run("trace web --json", "200 OK", body), EXIT_OK);
	assert_non_null(strstr(out, "\"mmu_update\""));
}

/* A console that is not there at first, then says something and ends; for who wants to write it never is. */
static void *serve_console(void *data)
{
	bool over = false;

	for (int attempt = 0; !over; attempt++) {
		char line[64] = "";
		int fd = accept(*(int *)data, NULL, NULL);
		ssize_t got = read(fd, line, sizeof(line) - 1);

		over = !strcmp(line, "attach web ro\n") ? attempt == 2 : attempt == 50;
		if (got > 0 && over && strstr(line, " ro"))
			got = write(fd, "ok\nhello from the guest\n", 24);
		else
			got = write(fd, "error web: no such console\n", 27);
		close(fd);
	}
	return NULL;
}

static void consoles(void **state)
{
	int fd = listen_at(console), null = open("/dev/null", 0), input = dup(0);
	char body[256];
	pthread_t thread;

	(void)state;
	dup2(null, 0);
	snprintf(body, sizeof(body), "{\"name\": \"web\", \"socket\": \"%s\", \"log\": \"%s\"}", console, file);
	pthread_create(&thread, NULL, serve_console, &fd);
	assert_int_equal(run("console --read-only 3", "200 OK", body), EXIT_OK);
	pthread_join(thread, NULL);
	assert_string_equal(out, "hello from the guest\n");
	assert_non_null(strstr(complaints, "^] detaches"));
	pthread_create(&thread, NULL, serve_console, &fd);
	assert_int_equal(run("console web", "200 OK", body), EXIT_UNREACHABLE);
	pthread_join(thread, NULL);
	assert_non_null(strstr(complaints, "no such console"));
	assert_int_equal(run("console web", "404 E", "{}"), EXIT_NOT_FOUND);
	assert_int_equal(run("console --log web", "200 OK", body), EXIT_OK);
	assert_string_equal(out, "<domain/>");
	assert_int_equal(run("console --log ../../../etc/passwd", "404 E", "{}"), EXIT_USAGE);
	dup2(input, 0);
	close(input);
	close(null);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usage),
		cmocka_unit_test(manual),
		cmocka_unit_test(completion),
		cmocka_unit_test(hosts),
		cmocka_unit_test(statuses),
		cmocka_unit_test(broken_servers),
		cmocka_unit_test(create),
		cmocka_unit_test(list),
		cmocka_unit_test(requests),
		cmocka_unit_test(migrate),
		cmocka_unit_test(checkpoint),
		cmocka_unit_test(progress),
		cmocka_unit_test(progress_of_disks),
		cmocka_unit_test(progress_of_checkpoints),
		cmocka_unit_test(resources),
		cmocka_unit_test(doctor),
		cmocka_unit_test(top),
		cmocka_unit_test(trace),
		cmocka_unit_test(consoles),
	};

	return cmocka_run_group_tests(tests, cli_set_up, cli_tear_down);
}
