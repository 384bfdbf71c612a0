// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Domains as JSON: what the hypervisor counts beside what was configured.
 */
#include "domain.h"
#include "checkpoint.h"
#include "device/net.h"
#include "migration.h"
#include "peer.h"

#include <hypercall/hypercall.h>
#include <hypercall/sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *domain_state(const struct domain *domain, const struct hc_control_info *info)
{
	if (domain->phase != PHASE_ACTIVE)
		return phase_name(domain->phase);
	if (!info)
		return "unknown";
	if (info->state & HC_INFO_DYING)
		return "dying";
	if (info->state & HC_INFO_SHUTDOWN)
		return info->shutdown_reason == HC_SHUTDOWN_CRASH ||
		       info->shutdown_reason == HC_SHUTDOWN_WATCHDOG ? "crashed" : "shutdown";
	return info->state & HC_INFO_PAUSED ? "paused" : "running";
}

static const char *reason_name(uint32_t reason)
{
	static const char *const names[] = {
		[HC_SHUTDOWN_POWEROFF] = "poweroff", [HC_SHUTDOWN_REBOOT] = "reboot",
		[HC_SHUTDOWN_SUSPEND] = "suspend", [HC_SHUTDOWN_CRASH] = "crash",
		[HC_SHUTDOWN_WATCHDOG] = "watchdog",
	};

	return reason < sizeof(names) / sizeof(names[0]) && names[reason] ? names[reason] : "other";
}

static void add_disk_state(json_t *entry, const struct disk_config *disk, const struct record_disk *state)
{
	if (*state->device)
		json_object_set_new(entry, "device", json_string(state->device));
	json_object_set_new(entry, "failed", json_boolean(strcmp(disk->format, "raw") && !state->server));
}

static json_t *disks_json(const struct domain *domain)
{
	json_t *disks = json_array();

	for (unsigned int i = 0; i < domain->config->disk_count; i++) {
		const struct disk_config *disk = &domain->config->disks[i];
		json_t *entry = json_pack("{s:s, s:s, s:s, s:b}", "target", disk->target, "source",
					  disk->source, "format", disk->format, "readonly",
					  disk->readonly);

		/* During an operation the record is not ours to read. */
		if (!domain->operation && i < domain->record.disk_count)
			add_disk_state(entry, disk, &domain->record.disks[i]);
		json_array_append_new(disks, entry);
	}
	return disks;
}

static json_t *nics_json(const struct domain *domain)
{
	json_t *nics = json_array();

	for (unsigned int i = 0; i < domain->config->nic_count; i++) {
		const struct nic_config *nic = &domain->config->nics[i];
		json_t *entry, *addresses = json_array();
		char mac[MAC_TEXT], device[IFNAMSIZ];

		config_mac_format(nic->mac, mac);
		for (unsigned int j = 0; j < nic->address_count; j++)
			json_array_append_new(addresses, json_string(nic->addresses[j]));
		entry = json_pack("{s:s, s:s, s:s, s:o}", "mac", mac, "bridge", nic->bridge, "antispoof",
				  antispoof_name(nic->antispoof), "addresses", addresses);
		if (domain->domid > 0) {
			net_device((uint16_t)domain->domid, i, nic, device);
			json_object_set_new(entry, "device", json_string(device));
		}
		json_array_append_new(nics, entry);
	}
	return nics;
}

static void add_config(const struct host *host, const struct domain *domain, json_t *json)
{
	const struct domain_config *config = domain->config;
	char log[256];

	snprintf(log, sizeof(log), "%s/%s.log", host->console_log_dir, domain->name);
	json_object_set_new(json, "console_log", json_string(log));
	if (!config)
		return;
	if (config->title)
		json_object_set_new(json, "title", json_string(config->title));
	if (config->description)
		json_object_set_new(json, "description", json_string(config->description));
	json_object_set_new(json, "kernel", json_string(config->kernel));
	if (config->initrd)
		json_object_set_new(json, "initrd", json_string(config->initrd));
	if (config->cmdline)
		json_object_set_new(json, "cmdline", json_string(config->cmdline));
	json_object_set_new(json, "on_poweroff", json_string(policy_name(config->on_poweroff)));
	json_object_set_new(json, "on_reboot", json_string(policy_name(config->on_reboot)));
	json_object_set_new(json, "on_crash", json_string(policy_name(config->on_crash)));
	json_object_set_new(json, "disks", disks_json(domain));
	json_object_set_new(json, "interfaces", nics_json(domain));
}

static void add_vcpus(const struct host *host, uint16_t domid, unsigned int count, json_t *json)
{
	json_t *vcpus = json_array();
	char affinity[CPUSET_TEXT];
	struct hc_system_info system;
	unsigned int processors = hc_system_info(host->hv, &system) ? CONFIG_VCPUS_MAX : system.cpus;

	if (processors > CONFIG_VCPUS_MAX)
		processors = CONFIG_VCPUS_MAX;
	for (unsigned int vcpu = 0; vcpu < count && vcpu < CONFIG_VCPUS_MAX; vcpu++) {
		struct hc_control_vcpu_info info = { .vcpu = vcpu };

		if (hc_vcpu_info(host->hv, domid, &info))
			break;
		config_cpuset_format(info.hard_affinity, processors, affinity);
		json_array_append_new(vcpus, json_pack("{s:b, s:b, s:b, s:i, s:I, s:I, s:s}",
			"online", info.online, "running", info.running, "blocked", info.blocked,
			"processor", (int)info.cpu, "cpu_time_ns", (json_int_t)info.cpu_time,
			"steal_time_ns", (json_int_t)info.steal_time,
			"affinity", affinity));
	}
	json_object_set_new(json, "vcpu", vcpus);
}

/* What the hypervisor says about a domain. */
static void add_info(json_t *json, const struct hc_control_info *info)
{
	json_object_set_new(json, "vcpus", json_integer(info->online_vcpus));
	json_object_set_new(json, "max_vcpus", json_integer(info->max_vcpus));
	json_object_set_new(json, "memory", json_integer((json_int_t)info->frames * 4096));
	json_object_set_new(json, "max_memory", json_integer((json_int_t)info->max_frames * 4096));
	json_object_set_new(json, "overhead", json_integer((json_int_t)info->overhead_bytes));
	json_object_set_new(json, "cpu_time_ns", json_integer((json_int_t)info->cpu_time));
	if (info->state & HC_INFO_SHUTDOWN)
		json_object_set_new(json, "shutdown_reason",
				    json_string(reason_name(info->shutdown_reason)));
}

/* What it is to have, which its guest may not have seen to yet, and the most that it can. */
static void add_wanted(json_t *json, const struct domain_config *config)
{
	json_object_set_new(json, "memory_target", json_integer((json_int_t)config->memory));
	json_object_set_new(json, "max_memory", json_integer((json_int_t)config->max_memory));
	json_object_set_new(json, "vcpus_target", json_integer((json_int_t)config->vcpus));
}

static void add_sched(const struct host *host, uint16_t domid, json_t *json)
{
	struct hc_control_sched sched;

	if (hc_domain_get_sched(host->hv, domid, &sched))
		return;
	json_object_set_new(json, "weight", json_integer(sched.weight));
	json_object_set_new(json, "cap", json_integer(sched.cap));
}

json_t *domain_json(const struct host *host, const struct domain *domain, bool details)
{
	struct hc_control_info info;
	bool known = domain->domid > 0 &&
		     !hc_domain_info(host->hv, (uint16_t)domain->domid, &info);
	json_t *json = json_pack("{s:s, s:s, s:s, s:b}", "name", domain->name, "uuid", domain->uuid,
				 "state", domain_state(domain, known ? &info : NULL), "managed",
				 domain->config != NULL);

	json_object_set_new(json, "id", domain->domid > 0 ? json_integer(domain->domid) : json_null());
	if (known)
		add_info(json, &info);
	else if (domain->config)
		json_object_set_new(json, "memory", json_integer((json_int_t)domain->config->memory));
	if (domain->config)
		add_wanted(json, domain->config);
	if (!domain->operation && domain->record.created)
		json_object_set_new(json, "created", json_integer(domain->record.created));
	if (domain->migration)
		json_object_set_new(json, "migration", migration_json(domain->migration));
	if (domain->checkpoint)
		json_object_set_new(json, "checkpoint", checkpoint_json(domain->checkpoint));
	if (domain->record.cut_short)
		json_object_set_new(json, "checkpoints_ended", json_string(domain->record.save_path ?
				    domain->record.save_path : peer_name(domain->record.peer)));
	if (details)
		add_config(host, domain, json);
	if (details && known) {
		add_sched(host, (uint16_t)domain->domid, json);
		add_vcpus(host, (uint16_t)domain->domid, info.max_vcpus, json);
	}
	return json;
}

json_t *domain_json_host(const struct host *host)
{
	struct hc_control_info info;
	json_t *json;

	if (hc_domain_info(host->hv, 0, &info))
		return NULL;
	json = json_pack("{s:s, s:s, s:s, s:b, s:i}", "name", "Domain-0", "uuid",
			 "00000000-0000-0000-0000-000000000000", "state", "running", "managed", false,
			 "id", 0);
	add_info(json, &info);
	return json;
}
