// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls of functions of a guest's kernel.  The hypervisor starts a call and tells later what came of it;
 * so a request is a list of calls, each looked after by a timer.  A guest has one call at a time, and
 * requests for the same guest wait for each other.
 */
#include "symcall.h"

#include "../lib/clock.h"

#include <errno.h>
#include <hypercall/base.h>
#include <hypercall/hypercall.h>
#include <hypercall/symcall.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BUDGET		20000		/* us of the guest's processor time for one call */
#define FIRST_LOOK	1000		/* us */
#define LONGEST_LOOK	100000
#define TIMEOUT		30		/* seconds */
#define TIMEOUT_MAX	3600
#define SECONDS_MAX	3600

struct function {
	const char *name;
	uint64_t function;
	uint64_t job;		/* of HC_SYMCALL_JOB */
};

static const struct function functions[] = {
	{ "ping", HC_SYMCALL_PING, 0 },
	{ "query-vaddr", HC_SYMCALL_QUERY_VADDR, 0 },
	{ "task-list", HC_SYMCALL_TASK_LIST, 0 },
	{ "drop-caches", HC_SYMCALL_JOB, HC_SYMCALL_JOB_DROP_CACHES },
	{ "quiesce", HC_SYMCALL_JOB, HC_SYMCALL_JOB_QUIESCE },
	{ "thaw", HC_SYMCALL_JOB, HC_SYMCALL_JOB_THAW },
	{ NULL, 0, 0 }
};

struct symcall {
	struct symcall *next;
	struct tenond *tenond;
	struct request *request;
	sd_event_source *timer;
	char name[CONFIG_NAME_MAX + 1];
	uint16_t domid;
	const struct function *function;
	struct hc_control_symcall call;	/* the one under way, or the next one */
	bool called;			/* it was started: its result is to be fetched */
	uint64_t begin, deadline;	/* us */
	uint64_t look;			/* us until the next look */
	json_t *tasks;			/* of task-list, as far as they are known */
	uint64_t job;			/* the number of the job that runs, 0: none */
};

static struct symcall *all;

static uint64_t now(void)
{
	return monotonic_ns() / 1000;
}

static void finish(struct symcall *s, json_t *json, const struct error *error)
{
	for (struct symcall **link = &all; *link; link = &(*link)->next)
		if (*link == s) {
			*link = s->next;
			break;
		}
	if (error)
		request_fail(s->request, error);
	else
		request_reply(s->request, 200, json);
	json_decref(s->tasks);
	sd_event_source_disable_unref(s->timer);
	free(s);
}

static void fail(struct symcall *s, enum error_kind kind, const char *next, const char *cause, int error_number)
{
	struct error error;

	error_domain(&error, kind, s->name, next, "%s: %s%s%s", s->function->name, cause, error_number ? ": " : "",
		     error_number ? strerror(error_number) : "");
	finish(s, NULL, &error);
}

/* What the hypervisor said to the call. */
static void refused(struct symcall *s, int rc)
{
	if (rc == -ENODATA)
		fail(s, ERROR_STATE, "boot it with a kernel that has Tenon's patches (docs/guest-patches.md)",
		     "its kernel takes no calls", 0);
	else if (rc == -ESRCH)
		fail(s, ERROR_STATE, NULL, "the domain is gone", 0);
	else
		fail(s, ERROR_INTERNAL, "run tenon doctor", "the hypervisor refuses the call", -rc);
}

/* What came of the call. */
static void failed(struct symcall *s, int64_t result)
{
	if (result == -ESRCH)
		fail(s, ERROR_NOT_FOUND, "tenon symcall NAME task-list shows its tasks", "it has no such task", 0);
	else if (result == -EOPNOTSUPP)
		fail(s, ERROR_STATE, "boot it with a newer kernel", "its kernel has no such function", 0);
	else if (result == -ETIME || result == -EFAULT || result == -EINTR)
		fail(s, ERROR_INTERNAL, "look at its console: tenon console --log NAME",
		     "the call did not end, and was aborted", (int)-result);
	else
		fail(s, ERROR_STATE, NULL, "its kernel answers", result < -4095 ? EINVAL : (int)-result);
}

static bool get_page(struct symcall *s, void *copy)
{
	void *shared;

	if (!s->call.mfn || hc_foreign_map(s->tenond->host.hv, s->domid, &s->call.mfn, 1, PROT_READ, NULL, &shared) < 0) {
		fail(s, ERROR_INTERNAL, NULL, "its page of answers cannot be read", 0);
		return false;
	}
	memcpy(copy, shared, HC_PAGE_SIZE);
	hc_foreign_unmap(shared, 1);
	return true;
}

static bool another_calls(const struct symcall *s)
{
	for (const struct symcall *other = all; other; other = other->next)
		if (other != s && other->domid == s->domid && other->called)
			return true;
	return false;
}

/* The next call, or the same once more, after a while. */
static void call_again(struct symcall *s, uint64_t function)
{
	s->called = false;
	s->call.function = function;
}

static void tasks_came(struct symcall *s, const void *page)
{
	uint64_t next = s->call.argument[0];

	if (!symcall_tasks_json(page, s->call.result, s->tasks, &next)) {
		fail(s, ERROR_STATE, NULL, "its kernel answers nonsense", 0);
	} else if (s->call.result) {
		s->call.argument[0] = next;
		s->look = 0;
		call_again(s, HC_SYMCALL_TASK_LIST);
	} else {
		finish(s, json_pack("{s:O}", "tasks", s->tasks), NULL);
	}
}

static void job_came(struct symcall *s, const void *page)
{
	struct hc_symcall_job job;

	memcpy(&job, page, sizeof(job));
	if (job.number != s->job)
		fail(s, ERROR_STATE, "try again", "something else was asked of its kernel meanwhile", 0);
	else if (!job.done)
		call_again(s, HC_SYMCALL_JOB_STATE);
	else if (job.result < 0)
		failed(s, job.result);
	else if (s->function->job == HC_SYMCALL_JOB_DROP_CACHES)
		finish(s, json_object(), NULL);
	else
		finish(s, json_pack("{s:I}", "file_systems", (json_int_t)job.result), NULL);
}

static void came(struct symcall *s)
{
	char page[HC_PAGE_SIZE] __attribute__((aligned(8)));
	int64_t result = s->call.result;

	if (result == -EAGAIN || (result == -EBUSY && s->call.function == HC_SYMCALL_JOB)) {
		call_again(s, s->call.function);
	} else if (result < 0) {
		failed(s, result);
	} else if (s->call.function == HC_SYMCALL_PING) {
		finish(s, json_pack("{s:I}", "us", (json_int_t)(now() - s->begin)), NULL);
	} else if (s->call.function == HC_SYMCALL_JOB) {
		s->job = (uint64_t)result;
		s->look = FIRST_LOOK;
		call_again(s, HC_SYMCALL_JOB_STATE);
	} else if (!get_page(s, page)) {
		return;
	} else if (s->call.function == HC_SYMCALL_QUERY_VADDR) {
		finish(s, symcall_vaddr_json(page), NULL);
	} else if (s->call.function == HC_SYMCALL_TASK_LIST) {
		tasks_came(s, page);
	} else {
		job_came(s, page);
	}
}

static void cancel(struct symcall *s)
{
	struct hc_control_symcall call = { .op = HC_SYMCALL_CANCEL };

	hc_domain_symcall(s->tenond->host.hv, s->domid, &call);
	s->called = false;
}

static void start(struct symcall *s)
{
	int rc;

	if (another_calls(s))
		return;
	s->call.op = HC_SYMCALL_START;
	rc = hc_domain_symcall(s->tenond->host.hv, s->domid, &s->call);
	if (rc == -EBUSY)
		cancel(s);	/* of a tenond before this one */
	else if (rc < 0)
		refused(s, rc);
	else
		s->called = true;
}

static void look(struct symcall *s)
{
	int rc;

	s->call.op = HC_SYMCALL_RESULT;
	rc = hc_domain_symcall(s->tenond->host.hv, s->domid, &s->call);
	if (rc < 0)
		refused(s, rc);
	else if (s->call.state == HC_SYMCALL_DONE)
		came(s);
	else if (s->call.state == HC_SYMCALL_IDLE)
		fail(s, ERROR_CANCELLED, NULL, "somebody cancelled the call", 0);
}

static bool is_there(const struct symcall *s)
{
	for (const struct symcall *i = all; i; i = i->next)
		if (i == s)
			return true;
	return false;
}

static int on_look(sd_event_source *source, uint64_t usec, void *data)
{
	struct symcall *s = data;

	(void)usec;
	if (now() >= s->deadline) {
		if (s->called)
			cancel(s);
		fail(s, ERROR_TIMEOUT, "look whether it runs (tenon list), and at its console",
		     s->job ? "is not done in time" : "its kernel does not answer in time", 0);
		return 0;
	}
	s->look = s->look * 2 > LONGEST_LOOK ? LONGEST_LOOK : s->look * 2;
	if (s->called)
		look(s);
	else
		start(s);
	if (!is_there(s))
		return 0;
	s->look = s->look < FIRST_LOOK ? FIRST_LOOK : s->look;
	sd_event_source_set_time_relative(source, s->look);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* A number in any base that C has: addresses are mostly given in base 16. */
static int get_argument(const struct request *request, const char *name, uint64_t high, uint64_t *value,
			struct error *error)
{
	const char *text = request_query(request, name);
	unsigned long long parsed;
	char *end;

	if (!text)
		return error_set(error, ERROR_REQUEST, name, NULL, "is missing");
	errno = 0;
	parsed = strtoull(text, &end, 0);
	if (*text < '0' || *text > '9' || *end || errno || parsed > high)
		return error_set(error, ERROR_REQUEST, name, NULL, "'%.40s' is wrong; expected a number from 0 to %llu",
				 text, (unsigned long long)high);
	*value = parsed;
	return 0;
}

static int parse(struct symcall *s, struct error *error)
{
	const char *name = request_query(s->request, "function");
	unsigned int timeout = TIMEOUT, seconds = 0;
	int rc;

	for (s->function = functions; s->function->name; s->function++)
		if (name && !strcmp(name, s->function->name))
			break;
	if (!s->function->name)
		return error_set(error, ERROR_REQUEST, "function", "ping, query-vaddr, task-list, drop-caches, quiesce and "
				 "thaw are known", "'%.40s' is no function of a guest's kernel", name ? name : "");
	s->call = (struct hc_control_symcall){ .budget = BUDGET, .function = s->function->function };
	rc = request_number(s->request, "timeout", TIMEOUT_MAX, &timeout, error);
	s->deadline = s->begin + timeout * 1000000ULL;
	if (!rc && s->call.function == HC_SYMCALL_QUERY_VADDR) {
		rc = get_argument(s->request, "pid", INT32_MAX, &s->call.argument[0], error);
		if (!rc)
			rc = get_argument(s->request, "address", UINT64_MAX, &s->call.argument[1], error);
	}
	if (!rc && s->function->job == HC_SYMCALL_JOB_QUIESCE)
		rc = request_number(s->request, "seconds", SECONDS_MAX, &seconds, error);
	if (s->function->job) {
		s->call.argument[0] = s->function->job;
		s->call.argument[1] = seconds;
	}
	return rc;
}

void symcall_request(struct tenond *tenond, struct request *request, const struct domain *domain)
{
	struct symcall *s = calloc(1, sizeof(*s));
	struct error error;

	if (!s) {
		error_set(&error, ERROR_INTERNAL, "tenond", NULL, "out of memory");
		request_fail(request, &error);
		return;
	}
	s->tenond = tenond;
	s->request = request;
	s->domid = (uint16_t)domain->domid;
	memcpy(s->name, domain->name, sizeof(s->name));
	s->begin = now();
	s->tasks = json_array();
	s->next = all;
	all = s;
	if (parse(s, &error))
		finish(s, NULL, &error);
	else if (domain->domid <= 0)
		fail(s, ERROR_STATE, "wait until it runs", "is not there yet, or no more", 0);
	else if (sd_event_add_time_relative(tenond->event, &s->timer, CLOCK_MONOTONIC, 0, FIRST_LOOK / 10, on_look,
					    s) < 0)
		fail(s, ERROR_INTERNAL, NULL, "out of memory", 0);
}

void symcall_end_all(struct tenond *tenond)
{
	struct error error;

	(void)tenond;
	while (all) {
		if (all->called)
			cancel(all);
		error_set(&error, ERROR_UNREACHABLE, "tenond", "try again in a moment", "is stopping");
		finish(all, NULL, &error);
	}
}
