// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands about defined domains and the end of the host: what is asked, what
 * is printed, and the exit status.
 */
#include "tenon_cli_world.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

static void define(void **state)
{
	char line[256];

	(void)state;
	snprintf(line, sizeof(line), "define %s", file);
	assert_int_equal(run(line, "201 Created", "{\"name\": \"web\", \"warnings\": [\"odd\"]}"), EXIT_OK);
	assert_string_equal(out, "web: defined\n");
	assert_string_equal(complaints, "tenon: warning: odd\n");
	assert_true(!strncmp(asked, "POST /v1/definitions?file=", 26));
	assert_non_null(strstr(asked, "\r\n\r\n<domain/>"));
	assert_int_equal(run("define /nonexistent.xml", NULL, NULL), EXIT_CONFIG);
	assert_int_equal(run("undefine web", "200 OK", "{}"), EXIT_OK);
	assert_true(!strncmp(asked, "DELETE /v1/domains/web/definition ", 34));
	assert_string_equal(out, "web: undefined\n");
}

static void start(void **state)
{
	(void)state;
	assert_int_equal(run("start web", "201 Created", "{}"), EXIT_OK);
	assert_true(!strncmp(asked, "POST /v1/domains/web/start ", 27));
	assert_string_equal(out, "web: started\n");
	assert_int_equal(run("start --paused web", "409 C", "{\"error\": {\"id\": \"wrong-state\"}}"), EXIT_STATE);
	assert_true(!strncmp(asked, "POST /v1/domains/web/start?paused=1 ", 36));
	assert_int_equal(run("start --wait --timeout=soon web", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("autostart web", "200 OK", "{}"), EXIT_OK);
	assert_true(!strncmp(asked, "POST /v1/domains/web/autostart ", 31));
	assert_int_equal(run("autostart --disable web", "200 OK", "{}"), EXIT_OK);
	assert_true(!strncmp(asked, "DELETE /v1/domains/web/autostart ", 33));
}

/* Answers that are not JSON. */
static void dumpxml(void **state)
{
	(void)state;
	assert_int_equal(run("dumpxml web", "200 OK", "<domain/>\n"), EXIT_OK);
	assert_true(!strncmp(asked, "GET /v1/domains/web/xml ", 24));
	assert_string_equal(out, "<domain/>\n");
	assert_int_equal(run("dumpxml --next web", "404 E", "{\"error\": {\"id\": \"not-found\", "
			     "\"object\": \"web\", \"cause\": \"is not defined\"}}"), EXIT_NOT_FOUND);
	assert_true(!strncmp(asked, "GET /v1/domains/web/definition ", 31));
	assert_string_equal(out, "");
	assert_string_equal(complaints, "tenon: web: is not defined\n");
}

static void metrics(void **state)
{
	(void)state;
	assert_int_equal(run("metrics", "200 OK", "# HELP a b\n"), EXIT_OK);
	assert_true(!strncmp(asked, "GET /v1/metrics ", 16));
	assert_string_equal(out, "# HELP a b\n");
}

static void list(void **state)
{
	static const char body[] =
		"{\"domains\": [{\"id\": null, \"name\": \"web\", \"state\": \"off\", \"vcpus\": 2, "
		"\"memory\": 67108864}]}";

	(void)state;
	assert_int_equal(run("list", "200 OK", body), EXIT_OK);
	assert_true(!strncmp(asked, "GET /v1/domains ", 16));
	assert_int_equal(run("list --all", "200 OK", body), EXIT_OK);
	assert_true(!strncmp(asked, "GET /v1/domains?all=1 ", 22));
	assert_non_null(strstr(out, "    -  web                      off            2     64 MiB        0.0 s\n"));
	/* Who is named is wanted, whether it runs or not. */
	assert_int_equal(run("list web", "200 OK", body), EXIT_OK);
	assert_true(!strncmp(asked, "GET /v1/domains?all=1 ", 22));
}

/* Exchanges one after the other: the beginning of each request, and its answer. */
struct exchange {
	const char *begins, *head, *body;
};

static void *serve_series(void *data)
{
	const struct exchange *exchange;

	for (exchange = data; exchange->begins; exchange++) {
		int fd = accept(listener, NULL, NULL);

		read_request(fd);
		answer_head = strncmp(asked, exchange->begins, strlen(exchange->begins)) ? "500 Wrong" : exchange->head;
		send_answer(fd, exchange->body);
	}
	return NULL;
}

static int run_series(const char *line, struct exchange *series)
{
	pthread_t thread;
	int status;

	assert_int_equal(pthread_create(&thread, NULL, serve_series, series), 0);
	status = run(line, NULL, NULL);
	pthread_join(thread, NULL);
	return status;
}

/* All are asked before any is waited for; whoever refuses, or is late, is destroyed. Others end by themselves. */
static void stop_guests(void **state)
{
	struct exchange series[] = {
		{ "GET /v1/domains ", "200 OK", "{\"domains\": [{\"id\": 0, \"name\": \"Domain-0\", \"uuid\": \"0\"}, "
		  "{\"name\": \"web\", \"uuid\": \"u1\"}, {\"name\": \"sql\", \"uuid\": \"u2\"}, "
		  "{\"id\": null, \"name\": \"new\", \"uuid\": \"u3\"}, {\"name\": \"old\", \"uuid\": \"u4\", "
		  "\"state\": \"checkpointing\"}, {\"name\": \"far\", \"uuid\": \"u5\", \"state\": \"migrating\"}]}" },
		{ "POST /v1/domains/u1/shutdown?end=1&nowait=1 ", "202 OK", "{}" },
		{ "POST /v1/domains/u2/shutdown?end=1&nowait=1 ", "202 OK", "{}" },
		{ "POST /v1/domains/u3/shutdown?end=1&nowait=1 ", "409 C", "{\"error\": {\"id\": \"wrong-state\"}}" },
		{ "DELETE /v1/domains/u4/checkpoint ", "200 OK", "{}" },
		{ "POST /v1/domains/u4/shutdown?end=1&nowait=1 ", "202 OK", "{}" },
		{ "GET /v1/domains/u1/wait?for=gone&timeout=", "200 OK", "{}" },
		{ "GET /v1/domains/u2/wait?for=gone&timeout=", "504 T", "{\"error\": {\"id\": \"timed-out\"}}" },
		{ "POST /v1/domains/u2/destroy ", "200 OK", "{}" },
		{ "POST /v1/domains/u3/destroy ", "409 C", "{\"error\": {\"id\": \"wrong-state\"}}" },
		{ "GET /v1/domains/u4/wait?for=gone&timeout=", "404 E", "{\"error\": {\"id\": \"not-found\"}}" },
		{ "GET /v1/domains/u5/wait?for=gone&timeout=", "200 OK", "{}" },
		{ NULL, NULL, NULL },
	};

	(void)state;
	assert_int_equal(run_series("host stop-guests --timeout 9", series), EXIT_STATE);
	assert_string_equal(out, "web: has ended\nsql: destroyed\nold: has ended\nfar: has ended\n");
	assert_int_equal(run("host stop-guests --timeout soon", NULL, NULL), EXIT_USAGE);
	assert_int_equal(run("host stop-guests", "200 OK", "{\"domains\": []}"), EXIT_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(define),
		cmocka_unit_test(start),
		cmocka_unit_test(dumpxml),
		cmocka_unit_test(metrics),
		cmocka_unit_test(list),
		cmocka_unit_test(stop_guests),
	};

	return cmocka_run_group_tests(tests, cli_set_up, cli_tear_down);
}
