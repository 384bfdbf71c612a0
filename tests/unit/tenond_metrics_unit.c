// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * GET /v1/metrics: that it is the format it says, and that figures are those of the fakes.
 */
#include "tenond_fakes.h"
#include "tenond_requests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The text of GET /v1/metrics; to be freed. */
static char *metrics(void)
{
	struct request *request = begin("GET", "/v1/metrics", NULL);
	char *text = strdup(request->answer);

	assert_int_equal(request->status, 200);
	assert_true(request->plain);
	request_free(request);
	return text;
}

static void expect_metric(const char *line)
{
	char *text = metrics(), wanted[256];

	snprintf(wanted, sizeof(wanted), "\n%s\n", line);
	if (!strstr(text, wanted))
		fail_msg("no line %s in:\n%s", line, text);
	free(text);
}

/* A family is announced once, before its samples, which stand together. */
static void metrics_format(void **state)
{
	char *text = metrics(), *line, *rest = text, name[64] = "";
	unsigned int families = 0, samples = 0;

	(void)state;
	while ((line = strsep(&rest, "\n")) && *line) {
		if (!strncmp(line, "# HELP ", 7)) {
			families++;
		} else if (!strncmp(line, "# TYPE ", 7)) {
			snprintf(name, sizeof(name), "%.*s", (int)strcspn(line + 7, " "), line + 7);
		} else {
			samples++;
			assert_int_equal(strcspn(line, "{ "), strlen(name));
			assert_memory_equal(line, name, strlen(name));
		}
	}
	assert_true(families > 20 && samples > 10);
	assert_null(rest);
	free(text);
}

#define LABELS(name, uuid) "{domain=\"" name "\",uuid=\"" uuid "\""

static void metrics_of_domains(void **state)
{
	char line[256];

	(void)state;
	create("web", "");
	fakes.domains[1].info.cpu_time = 1500000000;
	expect_metric("tenon_host_processors 2");
	expect_metric("tenon_domain_state" LABELS("Domain-0", "00000000-0000-0000-0000-000000000000")
		      ",state=\"running\"} 1");
	snprintf(line, sizeof(line), "tenon_domain_cpu_seconds_total" LABELS("web", "%s") "} 1.5",
		 tenond.domains.first->uuid);
	expect_metric(line);
	snprintf(line, sizeof(line), "tenon_domain_vcpu_cpu_seconds_total" LABELS("web", "%s") ",vcpu=\"0\"} 0",
		 tenond.domains.first->uuid);
	expect_metric(line);
	tenond.domains.first->config->memory = 96 << 20;
	snprintf(line, sizeof(line), "tenon_domain_memory_target_bytes" LABELS("web", "%s") "} 100663296",
		 tenond.domains.first->uuid);
	expect_metric(line);
	snprintf(line, sizeof(line), "tenon_domain_max_memory_bytes" LABELS("web", "%s") "} %.15g",
		 tenond.domains.first->uuid, (double)tenond.domains.first->config->max_memory);
	expect_metric(line);
	/* Gone at the hypervisor, but not yet seen: a state is all there is. */
	fakes.domains[1].present = false;
	snprintf(line, sizeof(line), "tenon_domain_state" LABELS("web", "%s") ",state=\"unknown\"} 1",
		 tenond.domains.first->uuid);
	expect_metric(line);
	fakes.domains[1].present = true;
}

/* Who is not tenond's may be called anything. */
static void metrics_of_strange_names(void **state)
{
	(void)state;
	assert_non_null(domain_add(&tenond.domains, "a\"b\\c\nd", "00000000-0000-0000-0000-00000000000a", NULL));
	tenond.domains.first->domid = -1;
	expect_metric("tenon_domain_state" LABELS("a\\\"b\\\\c\\nd", "00000000-0000-0000-0000-00000000000a")
		      ",state=\"creating\"} 1");
}

/* A domain that is off does not vanish, and is told once when it runs. */
static void metrics_of_defined(void **state)
{
	char *xml = fakes_xml(&tenond.host, "web", ""), line[256], *text;

	(void)state;
	json_decref(ask("POST", "/v1/definitions", xml, 201));
	free(xml);
	snprintf(line, sizeof(line), "tenon_domain_state" LABELS("web", "%s") ",state=\"off\"} 1",
		 tenond.definitions.first->uuid);
	expect_metric(line);
	json_decref(ask("POST", "/v1/domains/web/start", NULL, 201));
	text = metrics();
	assert_null(strstr(text, line));
	free(text);
	*strstr(line, "off") = '\0';
	strcat(line, "running\"} 1");
	expect_metric(line);
}

static void no_hypervisor(void **state)
{
	(void)state;
	fakes.calls = 0;
	fakes.fail_at = 1;
	expect_error("GET", "/v1/metrics", NULL, 503, "unreachable", "does not answer");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(metrics_format, set_up, tear_down),
		cmocka_unit_test_setup_teardown(metrics_of_domains, set_up, tear_down),
		cmocka_unit_test_setup_teardown(metrics_of_strange_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(metrics_of_defined, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_hypervisor, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
