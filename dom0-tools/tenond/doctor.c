// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The doctor's table and its report.
 */
#include "doctor.h"
#include "doctor_checks.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	const char *name;
	doctor_check *check;
} checks[] = {
	{ "hypervisor", check_hypervisor },
	{ "devices of dom0", check_devices },
	{ "memory for guests", check_memory_free },
	{ "memory of dom0", check_dom0_memory },
	{ "store", check_store },
	{ "consoles", check_console },
	{ "tenond", check_tenond },
	{ "definitions", check_definitions },
	{ "disk backend", check_block_backend },
	{ "raw disk images", check_loop },
	{ "other disk images", check_nbd },
	{ "network backend", check_net_backend },
	{ "bridge", check_bridge },
	{ "anti-spoofing", check_nft },
	{ "space for logs", check_log_space },
};

void finding_set(struct finding *finding, enum verdict verdict, const char *next, const char *text,
		 ...)
{
	va_list args;

	finding->verdict = verdict;
	va_start(args, text);
	vsnprintf(finding->text, sizeof(finding->text), text, args);
	va_end(args);
	snprintf(finding->next, sizeof(finding->next), "%s", next ? next : "");
}

json_t *doctor_examine(const struct host *host)
{
	static const char *const words[] = { "ok", "warn", "fail" };
	enum verdict worst = VERDICT_OK;
	json_t *report = json_array();

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		struct finding finding = { VERDICT_OK, "", "" };

		checks[i].check(host, &finding);
		if (finding.verdict > worst)
			worst = finding.verdict;
		json_array_append_new(report, json_pack("{s:s, s:s, s:s, s:s}", "name", checks[i].name,
							"verdict", words[finding.verdict], "text",
							finding.text, "next", finding.next));
	}
	return json_pack("{s:s, s:o}", "verdict", words[worst], "checks", report);
}
