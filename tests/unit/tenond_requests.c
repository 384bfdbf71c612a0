// SPDX-License-Identifier: GPL-2.0-or-later
#include "tenond_fakes.h"
#include "tenond_requests.h"

#include "dom0-tools/lib/store_client.h"
#include "dom0-tools/tenond/lifecycle.h"
#include "dom0-tools/tenond/start.h"
#include "dom0-tools/tenond/waiter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct tenond tenond;

void start(void)
{
	assert_int_equal(jobs_new(tenond.event, &tenond.jobs), 0);
	assert_int_equal(store_open("fake", 0, &tenond.store), 0);
	assert_int_equal(lifecycle_recover(&tenond), 0);
	definitions_load(&tenond.host, &tenond.definitions);
	autostart_begin(&tenond);
}

/* As by kill -9: what is in memory is lost, what is on disk and at the hypervisor stays. */
void stop(void)
{
	while (jobs_running(tenond.jobs))
		sd_event_run(tenond.event, 10000);
	waiter_end_all(&tenond);
	trace_end_all(&tenond);
	while (tenond.domains.first)
		domain_remove(&tenond.domains, tenond.domains.first);
	definitions_free(&tenond.definitions);
	jobs_free(tenond.jobs);
	store_close(tenond.store);
	tenond.jobs = NULL;
	tenond.store = NULL;
}

int set_up(void **state)
{
	(void)state;
	fakes_reset();
	memset(&tenond, 0, sizeof(tenond));
	fakes_host(&tenond.host);
	assert_true(sd_event_new(&tenond.event) >= 0);
	start();
	return 0;
}

int tear_down(void **state)
{
	(void)state;
	stop();
	sd_event_unref(tenond.event);
	fakes_host_free(&tenond.host);
	return 0;
}

struct request *begin(const char *method, const char *url, const char *body)
{
	char path[256], *query, *name;
	struct request *request;

	snprintf(path, sizeof(path), "%s", url);
	query = strchr(path, '?');
	if (query)
		*query++ = '\0';
	request = request_new(method, path);
	while (query && (name = strsep(&query, "&"))) {
		char *value = strchr(name, '=');

		if (value)
			*value++ = '\0';
		json_object_set_new(request->query, name, json_string(value ? value : ""));
	}
	if (body)
		assert_int_equal(request_append_body(request, body, strlen(body)), 0);
	api_handle(request, &tenond);
	return request;
}

json_t *end(struct request *request, unsigned int status)
{
	json_t *json;

	for (int i = 0; i < 2000 && !request->answered; i++)
		sd_event_run(tenond.event, 10000);
	assert_true(request->answered);
	if (request->status != status)
		fail_msg("%s: status %u, not %u: %s", request->path, request->status, status, request->answer);
	json = json_loads(request->answer, JSON_DECODE_ANY, NULL);
	request_free(request);
	return json;
}

json_t *ask(const char *method, const char *url, const char *body, unsigned int status)
{
	return end(begin(method, url, body), status);
}

/* An answer that has a text at a member; freed. */
void expect(json_t *json, const char *member, const char *text)
{
	const char *value = json_string_value(json_object_get(json, member));

	if (!value || strcmp(value, text))
		fail_msg("%s is %s, not %s", member, value ? value : "missing", text);
	json_decref(json);
}

void expect_error(const char *method, const char *url, const char *body, unsigned int status,
		  const char *id, const char *cause)
{
	json_t *json = ask(method, url, body, status), *error = json_object_get(json, "error");
	const char *text = json_string_value(json_object_get(error, "cause"));

	assert_non_null(error);
	assert_string_equal(json_string_value(json_object_get(error, "id")), id);
	if (!strstr(text, cause))
		fail_msg("cause is '%s'", text);
	assert_non_null(json_object_get(error, "object"));
	assert_non_null(json_object_get(error, "next"));
	json_decref(json);
}

void create(const char *name, const char *extra)
{
	char *xml = fakes_xml(&tenond.host, name, extra);

	expect(ask("POST", "/v1/domains", xml, 201), "state", "running");
	free(xml);
}
