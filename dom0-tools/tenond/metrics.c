// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What host and domains use, as a monitoring system reads it: the text format of Prometheus, version 0.0.4
 * (prometheus.io/docs/instrumenting/exposition_formats), in which all samples of one metric stand together.
 * So first each domain is looked at once, and then all are told metric by metric.
 */
#include "api.h"
#include "device/net.h"
#include "migration.h"

#include <hypercall/hypercall.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAME	4096.0
#define SECTOR	512.0	/* bytes, the unit of the block backend whatever the disk's is */
#define NS	1e-9
#define LABELS_MAX (2 * HC_CONTROL_NAME_LEN + 64)

struct look {
	char labels[LABELS_MAX];		/* domain="NAME",uuid="UUID" */
	const struct domain *domain;		/* NULL: dom0, or one that is off */
	uint16_t domid;				/* where it is known */
	const char *state;
	bool known;				/* to the hypervisor: what follows is there */
	struct hc_control_info info;
	uint64_t max_memory, memory_target;	/* bytes */
	struct hc_control_counters counters;
	unsigned int vcpu_count;
	struct hc_control_vcpu_info vcpus[CONFIG_VCPUS_MAX];
};

struct metrics {
	FILE *out;
	struct look *looks;
	size_t count;
};

/* A value of a domain: a member of its look, in so many of the metric's unit. */
struct domain_metric {
	const char *name, *type, *help;
	size_t offset;				/* of a uint64_t in struct look */
	double unit;
};

static const struct domain_metric domain_metrics[] = {
	{ "memory_bytes", "gauge", "Memory that the domain holds.", offsetof(struct look, info.frames), FRAME },
	{ "max_memory_bytes", "gauge", "Memory that it may be given.", offsetof(struct look, max_memory), 1 },
	{ "memory_target_bytes", "gauge", "Memory that it was last asked to have.",
	  offsetof(struct look, memory_target), 1 },
	{ "overhead_bytes", "gauge", "Memory of the hypervisor that is held for it.",
	  offsetof(struct look, info.overhead_bytes), 1 },
	{ "cpu_seconds_total", "counter", "Processor time of all of its vcpus.",
	  offsetof(struct look, info.cpu_time), NS },
#define COUNTER(name, help, number) \
	{ name "_total", "counter", help, offsetof(struct look, counters.value[number]), 1 }
	COUNTER("hypercalls", "Hypercalls.", HC_COUNTER_HYPERCALLS),
	COUNTER("page_faults", "Page faults, whoever settled them.", HC_COUNTER_PAGE_FAULTS),
	COUNTER("page_table_writes", "Writes to page tables that trapped.", HC_COUNTER_PT_WRITES),
	COUNTER("page_table_updates", "Page-table entries written by hypercall.", HC_COUNTER_MMU_UPDATES),
	COUNTER("privileged", "Privileged instructions that were emulated.", HC_COUNTER_PRIVILEGED),
	COUNTER("events", "Event upcalls that were delivered.", HC_COUNTER_EVENTS),
	COUNTER("switches", "Times that a vcpu was given a processor.", HC_COUNTER_SWITCHES),
	COUNTER("tlb_flushes", "Flushes of translations.", HC_COUNTER_TLB_FLUSHES),
#undef COUNTER
};

static const struct domain_metric vcpu_metrics[] = {
	{ "vcpu_cpu_seconds_total", "counter", "Processor time of a vcpu.",
	  offsetof(struct hc_control_vcpu_info, cpu_time), NS },
	{ "vcpu_steal_seconds_total", "counter", "Time that a vcpu would have run, but had no processor.",
	  offsetof(struct hc_control_vcpu_info, steal_time), NS },
};

/* What sysfs counts of a device; rx and tx are dom0's side of a guest's wire, the guest's are the other way round. */
struct device_metric {
	const char *name, *help, *file;
	double unit;
};

static const struct device_metric nic_metrics[] = {
	{ "network_receive_bytes_total", "Bytes that the guest received.", "tx_bytes", 1 },
	{ "network_receive_packets_total", "Packets that the guest received.", "tx_packets", 1 },
	{ "network_receive_drop_total", "Packets for the guest that were dropped.", "tx_dropped", 1 },
	{ "network_transmit_bytes_total", "Bytes that the guest sent.", "rx_bytes", 1 },
	{ "network_transmit_packets_total", "Packets that the guest sent.", "rx_packets", 1 },
	{ "network_transmit_drop_total", "Packets of the guest that were dropped.", "rx_dropped", 1 },
};

static const struct device_metric disk_metrics[] = {
	{ "disk_read_bytes_total", "Bytes that the guest read.", "rd_sect", SECTOR },
	{ "disk_reads_total", "Requests to read.", "rd_req", 1 },
	{ "disk_written_bytes_total", "Bytes that the guest wrote.", "wr_sect", SECTOR },
	{ "disk_writes_total", "Requests to write.", "wr_req", 1 },
};

/* What migration_json() says, where one is under way. */
static const struct {
	const char *name, *help, *member;
} migration_metrics[] = {
	{ "migration_sent_bytes", "Bytes that the migration under way has sent.", "bytes" },
	{ "migration_dirty_bytes", "Memory that is still to be sent.", "dirty" },
	{ "migration_rate_bytes", "Bytes that it sends in a second.", "rate" },
	{ "migration_dirty_rate_bytes", "Memory that the guest changes in a second.", "dirty_rate" },
	{ "migration_rounds", "Rounds over its memory.", "rounds" },
};

#define COUNT(array) (sizeof(array) / sizeof(array[0]))

static void begin(const struct metrics *metrics, const char *name, const char *type, const char *help)
{
	fprintf(metrics->out, "# HELP tenon_%s %s\n# TYPE tenon_%s %s\n", name, help, name, type);
}

/* A text as a label's value: the format escapes three characters. */
static void label_value(char *to, size_t size, const char *text)
{
	size_t at = 0;

	for (; *text && at + 3 <= size; text++) {
		if (*text == '"' || *text == '\\' || *text == '\n')
			to[at++] = '\\';
		to[at++] = *text == '\n' ? 'n' : *text;
	}
	to[at] = '\0';
}

/* The hypervisor's limit follows what a domain of tenond's was last asked to have. */
static void look_at_memory(struct look *look)
{
	const struct domain_config *config = look->domain ? look->domain->config : NULL;

	look->max_memory = config ? config->max_memory : look->info.max_frames * (uint64_t)FRAME;
	look->memory_target = config ? config->memory : look->max_memory;
}

/* domid: -1 where it has none yet. */
static void look_at(const struct host *host, struct look *look, const char *name, const char *uuid, int domid)
{
	char escaped[2 * HC_CONTROL_NAME_LEN];

	label_value(escaped, sizeof(escaped), name);
	snprintf(look->labels, sizeof(look->labels), "domain=\"%s\",uuid=\"%s\"", escaped, uuid);
	look->domid = (uint16_t)domid;
	look->known = domid >= 0 && !hc_domain_info(host->hv, look->domid, &look->info) &&
		      !hc_domain_counters(host->hv, look->domid, &look->counters);
	look_at_memory(look);
	while (look->known && look->vcpu_count < look->info.max_vcpus && look->vcpu_count < CONFIG_VCPUS_MAX) {
		look->vcpus[look->vcpu_count].vcpu = look->vcpu_count;
		if (hc_vcpu_info(host->hv, look->domid, &look->vcpus[look->vcpu_count]))
			break;
		look->vcpu_count++;
	}
}

/* Defined domains that do not run, which whoever watches shall not lose. How many there are; to look may be NULL. */
static size_t look_at_off(const struct tenond *tenond, struct look *look)
{
	size_t count = 0;

	for (const struct definition *one = tenond->definitions.first; one; one = one->next) {
		if (domain_by_uuid(&tenond->domains, one->uuid))
			continue;
		if (look) {
			look_at(&tenond->host, &look[count], one->name, one->uuid, -1);
			look[count].state = one->broken ? "broken" : "off";
		}
		count++;
	}
	return count;
}

/* Dom0 first. False: out of memory. */
static bool look_at_all(const struct tenond *tenond, struct metrics *metrics)
{
	size_t room = 1 + look_at_off(tenond, NULL);
	struct look *look;

	for (const struct domain *domain = tenond->domains.first; domain; domain = domain->next)
		room++;
	look = metrics->looks = calloc(room, sizeof(*look));
	if (!look)
		return false;
	metrics->count = room;
	look_at(&tenond->host, look, "Domain-0", "00000000-0000-0000-0000-000000000000", 0);
	look->state = "running";
	for (const struct domain *domain = tenond->domains.first; domain; domain = domain->next) {
		look++;
		look->domain = domain;
		look_at(&tenond->host, look, domain->name, domain->uuid, domain->domid > 0 ? domain->domid : -1);
		look->state = domain_state(domain, look->known ? &look->info : NULL);
	}
	look_at_off(tenond, look + 1);
	return true;
}

static void host_metric(const struct metrics *metrics, const char *name, const char *help, double value)
{
	begin(metrics, name, "gauge", help);
	fprintf(metrics->out, "tenon_%s %.15g\n", name, value);
}

static void write_host(const struct metrics *metrics, const struct hc_system_info *info)
{
	begin(metrics, "build_info", "gauge", "Versions, and always 1.");
	fprintf(metrics->out, "tenon_build_info{tenond=\"%s\",hypervisor=\"%.*s\"} 1\n", PACKAGE_VERSION,
		(int)sizeof(info->version), info->version);
	host_metric(metrics, "host_processors", "Processors of the host.", info->cpus);
	host_metric(metrics, "host_memory_bytes", "Memory of the host.", (double)info->total_frames * FRAME);
	host_metric(metrics, "host_free_memory_bytes", "Memory that nobody holds.", (double)info->free_frames * FRAME);
	host_metric(metrics, "host_uptime_seconds", "Time since the hypervisor's start.", (double)info->uptime * NS);
}

static double member(const void *structure, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)structure + offset, sizeof(value));
	return (double)value;
}

static void write_domain_metric(const struct metrics *metrics, const struct domain_metric *metric)
{
	char name[64];

	snprintf(name, sizeof(name), "domain_%s", metric->name);
	begin(metrics, name, metric->type, metric->help);
	for (const struct look *look = metrics->looks; look < metrics->looks + metrics->count; look++)
		if (look->known)
			fprintf(metrics->out, "tenon_%s{%s} %.15g\n", name, look->labels,
				member(look, metric->offset) * metric->unit);
}

static void write_vcpu_metric(const struct metrics *metrics, const struct domain_metric *metric)
{
	char name[64];

	snprintf(name, sizeof(name), "domain_%s", metric->name);
	begin(metrics, name, metric->type, metric->help);
	for (const struct look *look = metrics->looks; look < metrics->looks + metrics->count; look++)
		for (unsigned int i = 0; i < look->vcpu_count; i++)
			fprintf(metrics->out, "tenon_%s{%s,vcpu=\"%u\"} %.15g\n", name, look->labels, i,
				member(&look->vcpus[i], metric->offset) * metric->unit);
}

static void write_state(const struct metrics *metrics)
{
	begin(metrics, "domain_state", "gauge", "Always 1; the label has the state.");
	for (const struct look *look = metrics->looks; look < metrics->looks + metrics->count; look++)
		fprintf(metrics->out, "tenon_domain_state{%s,state=\"%s\"} 1\n", look->labels, look->state);
	begin(metrics, "domain_vcpus", "gauge", "Vcpus that are online.");
	for (const struct look *look = metrics->looks; look < metrics->looks + metrics->count; look++)
		if (look->known)
			fprintf(metrics->out, "tenon_domain_vcpus{%s} %u\n", look->labels, look->info.online_vcpus);
}

/* A file with one number; false: the device is not there (yet, or any more). */
static bool read_number(const char *path, uint64_t *number)
{
	FILE *file = fopen(path, "re");
	bool got = file && fscanf(file, "%" SCNu64, number) == 1;

	if (file)
		fclose(file);
	return got;
}

static void write_nics(const struct metrics *metrics, const struct look *look, const struct device_metric *metric)
{
	const struct domain_config *config = look->domain->config;
	char path[128], device[IFNAMSIZ];
	uint64_t value;

	for (unsigned int i = 0; i < config->nic_count; i++) {
		net_device(look->domid, i, &config->nics[i], device);
		snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/%s", device, metric->file);
		if (read_number(path, &value))
			fprintf(metrics->out, "tenon_domain_%s{%s,device=\"%s\"} %.15g\n", metric->name,
				look->labels, device, (double)value * metric->unit);
	}
}

static void write_disks(const struct metrics *metrics, const struct look *look, const struct device_metric *metric)
{
	const struct domain_config *config = look->domain->config;
	char path[128];
	uint64_t value;

	for (unsigned int i = 0; i < config->disk_count; i++) {
		snprintf(path, sizeof(path), "/sys/bus/xen-backend/devices/vbd-%u-%u/statistics/%s", look->domid,
			 config->disks[i].device_id, metric->file);
		if (read_number(path, &value))
			fprintf(metrics->out, "tenon_domain_%s{%s,target=\"%s\"} %.15g\n", metric->name,
				look->labels, config->disks[i].target, (double)value * metric->unit);
	}
}

static void write_devices(const struct metrics *metrics, const struct device_metric *table, size_t count,
			  void (*write)(const struct metrics *, const struct look *, const struct device_metric *))
{
	char name[64];

	for (const struct device_metric *metric = table; metric < table + count; metric++) {
		snprintf(name, sizeof(name), "domain_%s", metric->name);
		begin(metrics, name, "counter", metric->help);
		for (const struct look *look = metrics->looks; look < metrics->looks + metrics->count; look++)
			if (look->known && look->domain && look->domain->config)
				write(metrics, look, metric);
	}
}

static void write_migrations(const struct metrics *metrics)
{
	char name[64];

	for (size_t i = 0; i < COUNT(migration_metrics); i++) {
		snprintf(name, sizeof(name), "domain_%s", migration_metrics[i].name);
		begin(metrics, name, "gauge", migration_metrics[i].help);
		for (const struct look *look = metrics->looks; look < metrics->looks + metrics->count; look++) {
			json_t *json;

			if (!look->domain || !look->domain->migration)
				continue;
			json = migration_json(look->domain->migration);
			fprintf(metrics->out, "tenon_%s{%s} %.15g\n", name, look->labels,
				json_number_value(json_object_get(json, migration_metrics[i].member)));
			json_decref(json);
		}
	}
}

static void write_all(const struct metrics *metrics, const struct hc_system_info *info)
{
	write_host(metrics, info);
	write_state(metrics);
	for (size_t i = 0; i < COUNT(domain_metrics); i++)
		write_domain_metric(metrics, &domain_metrics[i]);
	for (size_t i = 0; i < COUNT(vcpu_metrics); i++)
		write_vcpu_metric(metrics, &vcpu_metrics[i]);
	write_devices(metrics, nic_metrics, COUNT(nic_metrics), write_nics);
	write_devices(metrics, disk_metrics, COUNT(disk_metrics), write_disks);
	write_migrations(metrics);
}

void api_metrics(struct tenond *tenond, struct request *request)
{
	struct metrics metrics = { 0 };
	struct hc_system_info info;
	struct error error;
	char *text = NULL;
	size_t size;
	int rc = hc_system_info(tenond->host.hv, &info);

	if (!rc && look_at_all(tenond, &metrics))
		metrics.out = open_memstream(&text, &size);
	if (metrics.out) {
		write_all(&metrics, &info);
		if (fclose(metrics.out)) {
			free(text);
			text = NULL;
		}
	}
	free(metrics.looks);
	if (text) {
		request_reply_text(request, text);
		free(text);
		return;
	}
	if (rc)
		error_set(&error, ERROR_UNREACHABLE, "hypervisor", "run tenon doctor", "does not answer: %s",
			  strerror(-rc));
	else
		error_set(&error, ERROR_INTERNAL, "tenond", NULL, "out of memory");
	request_fail(request, &error);
}
