// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The HTTP server with the command line's own client, and with clients that
 * do not behave.
 */
#include "dom0-tools/cli/client.h"
#include "dom0-tools/tenond/http.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/tenond-http.XXXXXX";
static char path[64];
static sd_event *event;
static struct http *http;
static bool leaving;

static int on_time(sd_event_source *source, uint64_t usec, void *data)
{
	struct request *request = data;

	(void)source;
	(void)usec;
	request_reply(request, 200, json_pack("{s:s}", "when", "later"));
	return 0;
}

static void handle(struct request *request, void *data)
{
	struct error error;

	(void)data;
	if (!strcmp(request->path, "/v1/later")) {
		sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, 50000, 1, on_time, request);
	} else if (!strcmp(request->path, "/v1/fail")) {
		error_set(&error, ERROR_NOT_FOUND, "it", "look elsewhere", "is not here \xff");
		request_fail(request, &error);
	} else if (!strcmp(request->path, "/v1/leave")) {
		request_reply(request, 200, json_object());
		leaving = true;
	} else {
		request_reply(request, 200, json_pack("{s:s, s:s, s:o, s:i}", "method", request->method,
			"path", request->path, "query", json_incref(request->query), "size",
			(int)request->body_size));
	}
}

static int set_up(void **state)
{
	(void)state;
	leaving = false;
	strcpy(folder, "/tmp/tenond-http.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/api.sock", folder);
	return sd_event_new(&event) < 0 || http_listen(event, path, handle, NULL, &http);
}

static int tear_down(void **state)
{
	(void)state;
	http_close(http);
	sd_event_unref(event);
	unlink(path);
	return rmdir(folder);
}

/* The clients' side runs on a thread, the loop on this one until the thread asks it to leave. */
static void run(void *(*client)(void *))
{
	pthread_t thread;
	void *result;

	assert_int_equal(pthread_create(&thread, NULL, client, NULL), 0);
	while (!leaving)
		sd_event_run(event, 100000);
	/* What is still on its way out. */
	for (int i = 0; i < 20; i++)
		sd_event_run(event, 5000);
	pthread_join(thread, &result);
	if (result)
		fail_msg("%s", (char *)result);
}

static void leave(void)
{
	struct response response;

	client_request(path, "GET", "/v1/leave", NULL, 0, 5, &response);
	response_clear(&response);
}

#define check(condition) do { if (!(condition)) { leave(); return (void *)#condition; } } while (0)

static void *polite(void *data)
{
	struct response response;
	char target[128] = "/v1/echo?name=";

	(void)data;
	client_encode(target, sizeof(target), "a b&c=/+%");
	check(!client_request(path, "POST", target, "12345", 5, 5, &response));
	check(response.status == 200);
	check(!strcmp(json_string_value(json_object_get(response.json, "method")), "POST"));
	check(!strcmp(json_string_value(json_object_get(json_object_get(response.json, "query"), "name")),
		      "a b&c=/+%"));
	check(json_integer_value(json_object_get(response.json, "size")) == 5);
	response_clear(&response);
	check(!client_request(path, "GET", "/v1/later", NULL, 0, 5, &response));
	check(response.status == 200 && json_object_get(response.json, "when"));
	response_clear(&response);
	check(!client_request(path, "GET", "/v1/fail", NULL, 0, 5, &response));
	check(response.status == 404 && json_object_get(response.json, "error"));
	response_clear(&response);
	leave();
	return NULL;
}

static void answers(void **state)
{
	struct stat info;

	(void)state;
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	run(polite);
}

static int raw(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(address.sun_path, path);
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) ? -1 : fd;
}

static void *rude(void *data)
{
	static const char garbage[] = "\x16\x03\x01 not HTTP at all\r\n\r\n";
	static const char half[] = "POST /v1/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc";
	static const char wait[] = "GET /v1/later HTTP/1.1\r\nHost: x\r\n\r\n";
	struct response response;
	char *large = calloc(1, REQUEST_BODY_MAX + 1);
	int garbled = raw(), halved = raw(), gone = raw();

	(void)data;
	check(garbled >= 0 && halved >= 0 && gone >= 0);
	check(write(garbled, garbage, sizeof(garbage) - 1) > 0);
	check(write(halved, half, sizeof(half) - 1) > 0);
	check(write(gone, wait, sizeof(wait) - 1) > 0);
	usleep(10000);
	close(garbled);
	close(halved);
	close(gone);		/* before the answer, which then has nobody to go to */
	check(!client_request(path, "POST", "/v1/echo", large, REQUEST_BODY_MAX, 5, &response));
	check(response.status == 200);
	response_clear(&response);
	check(!client_request(path, "POST", "/v1/echo", large, REQUEST_BODY_MAX + 1, 5, &response));
	check(response.status == 400);
	response_clear(&response);
	free(large);
	usleep(100000);
	check(!client_request(path, "GET", "/v1/echo", NULL, 0, 5, &response));
	check(response.status == 200);
	response_clear(&response);
	leave();
	return NULL;
}

static void survives(void **state)
{
	(void)state;
	run(rude);
}

static void nobody_there(void **state)
{
	struct response response;

	(void)state;
	assert_int_equal(client_request("/nonexistent/socket", "GET", "/", NULL, 0, 1, &response), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(survives, set_up, tear_down),
		cmocka_unit_test(nobody_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
