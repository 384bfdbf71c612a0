// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests to count what a domain enters the hypervisor for: the counting is turned on, and some seconds
 * later the difference is the answer.
 */
#include "api.h"

#include "../lib/clock.h"

#include <errno.h>
#include <hypercall/hypercall.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX	3600
#define SECONDS		1	/* usually */

struct counts {
	struct hc_trace trace;			/* sums over its vcpus */
	struct hc_control_counters counters;
	uint64_t time;				/* CLOCK_MONOTONIC, ns */
};

/* A request that waits for its time to pass. */
struct tracing {
	struct tracing *next;
	struct tenond *tenond;
	struct request *request;
	sd_event_source *timer;
	uint16_t domid;
	struct counts before;
};

static const char *const hypercall_names[HC_NR_MAX] = {
	[HC_NR_SET_TRAP_TABLE] = "set_trap_table", [HC_NR_MMU_UPDATE] = "mmu_update",
	[HC_NR_SET_GDT] = "set_gdt", [HC_NR_STACK_SWITCH] = "stack_switch",
	[HC_NR_SET_CALLBACKS] = "set_callbacks", [HC_NR_FPU_TASKSWITCH] = "fpu_taskswitch",
	[HC_NR_PLATFORM_OP] = "platform_op", [HC_NR_SET_DEBUGREG] = "set_debugreg",
	[HC_NR_GET_DEBUGREG] = "get_debugreg", [HC_NR_UPDATE_DESCRIPTOR] = "update_descriptor",
	[HC_NR_MEMORY_OP] = "memory_op", [HC_NR_MULTICALL] = "multicall",
	[HC_NR_UPDATE_VA_MAPPING] = "update_va_mapping", [HC_NR_SET_TIMER_OP] = "set_timer_op",
	[HC_NR_XEN_VERSION] = "xen_version", [HC_NR_CONSOLE_IO] = "console_io",
	[HC_NR_GRANT_TABLE_OP] = "grant_table_op", [HC_NR_VM_ASSIST] = "vm_assist",
	[HC_NR_UPDATE_VA_MAPPING_OTHERDOMAIN] = "update_va_mapping_otherdomain",
	[HC_NR_VCPU_OP] = "vcpu_op", [HC_NR_SET_SEGMENT_BASE] = "set_segment_base",
	[HC_NR_MMUEXT_OP] = "mmuext_op", [HC_NR_NMI_OP] = "nmi_op", [HC_NR_SCHED_OP] = "sched_op",
	[HC_NR_CALLBACK_OP] = "callback_op", [HC_NR_EVENT_CHANNEL_OP] = "event_channel_op",
	[HC_NR_PHYSDEV_OP] = "physdev_op", [HC_NR_SYSCTL] = "sysctl", [HC_NR_DOMCTL] = "domctl",
	[HC_NR_MCA] = "mca", [HC_NR_EXTENSION] = "extension",
};

static const char *const entry_names[HC_TRACE_ENTRIES] = {
	[0] = "divide error", [1] = "debug", [2] = "NMI", [3] = "breakpoint", [4] = "overflow", [5] = "bound",
	[6] = "invalid opcode", [7] = "device not available", [10] = "invalid TSS", [11] = "segment not present",
	[12] = "stack fault", [13] = "general protection", [14] = "page fault", [16] = "x87 error",
	[17] = "alignment check", [19] = "SIMD error", [0x80] = "int 0x80",
	[HC_TRACE_SYSCALL] = "system call", [HC_TRACE_SYSCALL32] = "system call, 32-bit syscall",
	[HC_TRACE_SYSENTER] = "system call, sysenter",
};

/* HC_COUNTER_* that the others do not tell. */
static const struct {
	unsigned int counter;
	const char *name;
} counter_names[] = {
	{ HC_COUNTER_HYPERCALLS, "hypercalls" }, { HC_COUNTER_PAGE_FAULTS, "page_faults" },
	{ HC_COUNTER_PT_WRITES, "page_table_writes" }, { HC_COUNTER_MMU_UPDATES, "page_table_updates" },
	{ HC_COUNTER_PRIVILEGED, "privileged" }, { HC_COUNTER_EVENTS, "events" },
	{ HC_COUNTER_SWITCHES, "switches" }, { HC_COUNTER_TLB_FLUSHES, "tlb_flushes" },
};

static void add(uint64_t *sums, const uint64_t *more, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sums[i] += more[i];
}

static int take(struct tenond *tenond, uint16_t domid, struct counts *counts)
{
	struct hc_control_info info;
	struct hc_trace vcpu;
	int rc = hc_domain_info(tenond->host.hv, domid, &info);

	memset(counts, 0, sizeof(*counts));
	counts->time = monotonic_ns();
	if (rc >= 0)
		rc = hc_domain_counters(tenond->host.hv, domid, &counts->counters);
	for (uint32_t i = 0; rc >= 0 && i < info.max_vcpus; i++) {
		rc = hc_domain_trace_read(tenond->host.hv, domid, i, &vcpu);
		if (rc == -EINVAL || rc == -ENODATA) {
			rc = 0;		/* a vcpu that is not there, or came after the start */
			continue;
		}
		if (rc < 0)
			break;
		add(counts->trace.hypercalls, vcpu.hypercalls, HC_NR_MAX + 1);
		add(counts->trace.entries, vcpu.entries, HC_TRACE_ENTRIES);
	}
	return rc;
}

/* What grew, by name where it has one. */
static json_t *list_json(const uint64_t *before, const uint64_t *after, size_t count, const char *what,
			 const char *const *names, size_t named)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		if (after[i] != before[i])
			json_array_append_new(list, json_pack("{s:I, s:s?, s:I}", what, (json_int_t)i, "name",
							      i < named ? names[i] : NULL, "count",
							      (json_int_t)(after[i] - before[i])));
	return list;
}

static json_t *difference_json(const struct counts *before, const struct counts *after)
{
	json_t *counters = json_object();

	for (size_t i = 0; i < sizeof(counter_names) / sizeof(counter_names[0]); i++) {
		unsigned int counter = counter_names[i].counter;

		json_object_set_new(counters, counter_names[i].name,
				    json_integer((json_int_t)(after->counters.value[counter] -
							      before->counters.value[counter])));
	}
	return json_pack("{s:f, s:o, s:o, s:o}", "seconds", (double)(after->time - before->time) / 1e9,
			 "hypercalls", list_json(before->trace.hypercalls, after->trace.hypercalls, HC_NR_MAX + 1,
						 "number", hypercall_names, HC_NR_MAX),
			 "entries", list_json(before->trace.entries, after->trace.entries, HC_TRACE_ENTRIES,
					      "vector", entry_names, HC_TRACE_ENTRIES),
			 "counters", counters);
}

static void fail(struct request *request, uint16_t domid, int rc)
{
	struct error error;

	if (rc == -ESRCH)
		error_domain(&error, ERROR_STATE, request->reference, "tenon list shows the domains",
			     "is not there any more");
	else
		error_domain(&error, ERROR_INTERNAL, request->reference, "look at tenon dmesg",
			     "domain %u cannot be traced: %s", domid, strerror(-rc));
	request_fail(request, &error);
}

/* The last one that waits for a domain turns its counting off. */
static void leave(struct tracing *tracing)
{
	struct tenond *tenond = tracing->tenond;
	struct tracing **link = &tenond->tracings, *other;

	while (*link != tracing)
		link = &(*link)->next;
	*link = tracing->next;
	for (other = tenond->tracings; other && other->domid != tracing->domid; other = other->next)
		;
	if (!other)
		hc_domain_trace(tenond->host.hv, tracing->domid, 0);
	sd_event_source_disable_unref(tracing->timer);
	free(tracing);
}

static void finish(struct tracing *tracing)
{
	struct counts after;
	int rc = take(tracing->tenond, tracing->domid, &after);

	if (rc < 0)
		fail(tracing->request, tracing->domid, rc);
	else
		request_reply(tracing->request, 200, difference_json(&tracing->before, &after));
	leave(tracing);
}

static int on_time(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source, (void)usec;
	finish(data);
	return 0;
}

static int begin(struct tenond *tenond, struct request *request, uint16_t domid, unsigned int seconds)
{
	struct tracing *tracing = calloc(1, sizeof(*tracing));
	int rc;

	if (!tracing)
		return -ENOMEM;
	*tracing = (struct tracing){ .next = tenond->tracings, .tenond = tenond, .request = request, .domid = domid };
	tenond->tracings = tracing;
	rc = hc_domain_trace(tenond->host.hv, domid, 1);
	if (rc >= 0)
		rc = take(tenond, domid, &tracing->before);
	if (rc >= 0)
		rc = sd_event_add_time_relative(tenond->event, &tracing->timer, CLOCK_MONOTONIC, seconds * 1000000ULL,
						1000, on_time, tracing);
	if (rc < 0)
		leave(tracing);
	return rc;
}

void api_trace(struct tenond *tenond, struct request *request, struct domain *domain)
{
	unsigned int seconds = SECONDS;
	struct error error = { 0 };
	uint16_t domid = domain && domain->domid > 0 ? (uint16_t)domain->domid : 0;
	int rc;

	if (domain && !domid)
		error_domain(&error, ERROR_STATE, domain->name, "wait until it runs", "is not there yet, or no more");
	else
		request_number(request, "seconds", SECONDS_MAX, &seconds, &error);
	if (error.kind != ERROR_NONE) {
		request_fail(request, &error);
		return;
	}
	rc = begin(tenond, request, domid, seconds);
	if (rc < 0)
		fail(request, domid, rc);
}

void trace_end_all(struct tenond *tenond)
{
	while (tenond->tracings)
		finish(tenond->tracings);
}
