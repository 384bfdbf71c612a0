// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests about the host.
 */
#include "api.h"
#include "doctor.h"
#include "tls.h"

#include <errno.h>
#include <hypercall/hypercall.h>
#include <stdlib.h>
#include <string.h>

#define API_REVISION	1
#define MESSAGES_MAX	65536	/* bytes in one answer */

static bool get_info(struct tenond *tenond, struct request *request, struct hc_system_info *info)
{
	struct error error;
	int rc = hc_system_info(tenond->host.hv, info);

	if (!rc)
		return true;
	error_set(&error, ERROR_UNREACHABLE, "hypervisor", "run tenon doctor", "does not answer: %s",
		  strerror(-rc));
	request_fail(request, &error);
	return false;
}

/* A fixed field of the ABI, which need not end in a zero. */
static json_t *field(const char *text, size_t size)
{
	json_t *json = json_stringn(text, strnlen(text, size));

	return json ? json : json_string("");
}

void api_version(struct tenond *tenond, struct request *request)
{
	struct hc_system_info info;

	if (!get_info(tenond, request, &info))
		return;
	request_reply(request, 200, json_pack("{s:s, s:i, s:o, s:o, s:o}", "tenond", PACKAGE_VERSION,
		"api", API_REVISION, "hypervisor", field(info.version, sizeof(info.version)),
		"changeset", field(info.changeset, sizeof(info.changeset)),
		"build", field(info.build, sizeof(info.build))));
}

static json_t *mitigations(uint32_t bits)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} known[] = {
		{ HC_MITIGATION_SPLIT_TABLES, "split-tables" },
		{ HC_MITIGATION_SMEP, "smep" },
		{ HC_MITIGATION_SMAP, "smap" },
	};
	json_t *names = json_array();

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (bits & known[i].bit)
			json_array_append_new(names, json_string(known[i].name));
	return names;
}

void api_host(struct tenond *tenond, struct request *request)
{
	struct hc_system_info info;
	json_t *json;

	if (!get_info(tenond, request, &info))
		return;
	json = json_pack("{s:o, s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:i, s:o, s:o}",
		"cpu_model", field(info.cpu_model, sizeof(info.cpu_model)),
		"processors", (int)info.cpus, "tsc_khz", (int)info.tsc_khz,
		"memory", (json_int_t)info.total_frames * 4096,
		"free_memory", (json_int_t)info.free_frames * 4096,
		"hypervisor_memory", (json_int_t)info.own_bytes,
		"frame_table", (json_int_t)info.frame_table_bytes,
		"uptime_ns", (json_int_t)info.uptime, "domains", (int)info.domains,
		"mitigations", mitigations(info.mitigations),
		"command_line", field(info.command_line, sizeof(info.command_line)));
	request_reply(request, 200, json);
}

/* Messages are bytes; JSON takes UTF-8 only. */
static void make_printable(char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((text[i] < ' ' && text[i] != '\n' && text[i] != '\t') || text[i] > '~')
			text[i] = '?';
}

void api_messages(struct tenond *tenond, struct request *request)
{
	const char *text = request_query(request, "from");
	uint64_t from = text ? strtoull(text, NULL, 10) : 0;
	uint32_t flags = request_flag(request, "clear") ? HC_MESSAGES_CLEAR : 0;
	char *buffer = malloc(MESSAGES_MAX);
	struct error error;
	json_t *json;
	int count = -ENOMEM;

	if (buffer)
		count = hc_system_messages(tenond->host.hv, &from, buffer, MESSAGES_MAX, flags);
	if (count < 0) {
		error_set(&error, ERROR_UNREACHABLE, "hypervisor", "run tenon doctor",
			  "does not give its messages: %s", strerror(-count));
		request_fail(request, &error);
		free(buffer);
		return;
	}
	make_printable(buffer, (size_t)count);
	json = json_pack("{s:I, s:I, s:o}", "from", (json_int_t)from, "next",
			 (json_int_t)from + count, "text", json_stringn(buffer, (size_t)count));
	request_reply(request, 200, json);
	free(buffer);
}

/* The doctor may have to wait for daemons, and so has a thread of its own. */
struct visit {
	struct job job;
	const struct host *host;
	struct request *request;
	json_t *report;
};

static void visit_work(struct job *job)
{
	struct visit *visit = (struct visit *)job;

	visit->report = doctor_examine(visit->host);
}

static void visit_done(struct job *job)
{
	struct visit *visit = (struct visit *)job;

	request_reply(visit->request, 200, visit->report);
	free(visit);
}

void api_doctor(struct tenond *tenond, struct request *request)
{
	struct visit *visit = calloc(1, sizeof(*visit));
	struct error error;

	if (visit) {
		visit->job.work = visit_work;
		visit->job.done = visit_done;
		visit->host = &tenond->host;
		visit->request = request;
		if (!job_start(tenond->jobs, &visit->job))
			return;
	}
	free(visit);
	error_set(&error, ERROR_RESOURCES, "tenond", "is dom0 short of memory?",
		  "no thread can be started");
	request_fail(request, &error);
}

void api_certificate(struct tenond *tenond, struct request *request)
{
	struct error error = { 0 };
	char *text = tls_certificate(tenond->host.tls_dir, &error);

	if (text)
		request_reply(request, 200, json_pack("{s:s}", "certificate", text));
	else
		request_fail(request, &error);
	free(text);
}

void api_add_peer(struct tenond *tenond, struct request *request)
{
	const char *name = request_query(request, "name");
	struct error error = { 0 };

	if (!name || !request->body)
		error_set(&error, ERROR_REQUEST, "request", "docs/api.md says what it may hold",
			  "expected a name, and a certificate as body");
	else if (!tls_add_peer(tenond->host.tls_dir, name, request->body, request->body_size, &error))
		request_reply(request, 200, json_pack("{s:s}", "name", name));
	if (error.kind != ERROR_NONE)
		request_fail(request, &error);
}

void api_peers(struct tenond *tenond, struct request *request)
{
	request_reply(request, 200, json_pack("{s:o}", "peers", tls_peers(tenond->host.tls_dir)));
}

void api_remove_peer(struct tenond *tenond, struct request *request)
{
	const char *name = request_query(request, "name");
	struct error error = { 0 };

	if (!name)
		error_set(&error, ERROR_REQUEST, "name", "name the host", "is missing");
	else if (!tls_remove_peer(tenond->host.tls_dir, name, &error))
		request_reply(request, 200, json_pack("{s:s}", "name", name));
	if (error.kind != ERROR_NONE)
		request_fail(request, &error);
}
