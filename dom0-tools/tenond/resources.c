// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changes of what a running domain has: noted, told to the hypervisor, and asked
 * of the guest through the store.
 */
#include "resources.h"
#include "log.h"
#include "nodes.h"
#include "xml/domain.h"

#include "../build/build.h"

#include <hypercall/hypercall.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME	4096ull
#define MIB	(1ull << 20)

void resources_of(const struct domain_config *config, struct resources *resources)
{
	*resources = (struct resources){
		.memory = config->memory, .vcpus = config->vcpus, .weight = config->weight, .cap = config->cap,
	};
	memcpy(resources->affinity, config->affinity, sizeof(resources->affinity));
}

uint64_t resources_limit(uint64_t memory)
{
	return memory / FRAME + BUILD_SLACK;
}

/* In the description, and from there in the record. */
static int note(struct tenond *tenond, struct domain *domain, const struct resources *wanted, struct error *error)
{
	struct domain_config *config = domain->config;
	char *xml;
	int rc;

	config->memory = wanted->memory;
	config->vcpus = wanted->vcpus;
	config->weight = wanted->weight;
	config->cap = wanted->cap;
	memcpy(config->affinity, wanted->affinity, sizeof(config->affinity));
	rc = domain_xml_update(config, error);
	if (rc)
		return rc;
	xml = strdup(config->xml);
	if (!xml)
		return error_domain(error, ERROR_INTERNAL, domain->name, NULL, "out of memory");
	free(domain->record.xml);
	domain->record.xml = xml;
	rc = record_save(&tenond->host, &domain->record);
	return rc ? error_domain(error, ERROR_INTERNAL, domain->name, "is there space left in /run?",
				 "its state cannot be written: %s", strerror(-rc)) : 0;
}

/* The hypervisor's part of a domain of this number. */
static int tell_hypervisor(struct tenond *tenond, uint16_t domid, const struct domain_config *config)
{
	struct hc_control_sched sched = { .weight = config->weight, .cap = config->cap };
	int rc = hc_domain_set_memory(tenond->host.hv, domid, resources_limit(config->memory));

	if (!rc)
		rc = hc_domain_set_sched(tenond->host.hv, domid, &sched);
	for (unsigned int vcpu = 0; !rc && vcpu < config->max_vcpus; vcpu++)
		rc = hc_vcpu_set_affinity(tenond->host.hv, domid, vcpu,
					  config->affinity[vcpu] ? config->affinity[vcpu] : ~0ull);
	return rc;
}

static int carry_out(struct tenond *tenond, struct domain *domain, struct error *error)
{
	uint16_t domid = (uint16_t)domain->domid;
	int rc = tell_hypervisor(tenond, domid, domain->config);

	if (rc)
		return error_domain(error, ERROR_INTERNAL, domain->name, "see tenon dmesg",
				    "the hypervisor refuses it: %s", strerror(-rc));
	rc = tenond->store ? nodes_resize(tenond->store, domid, domain->config) : 0;
	return rc ? error_set(error, ERROR_UNREACHABLE, "store", "is tenon-stored running? tenon doctor says more",
			      "domain %s cannot be asked: %s", domain->name, strerror(-rc)) : 0;
}

int resources_set(struct tenond *tenond, struct domain *domain, const struct resources *wanted, struct error *error)
{
	struct resources before;
	struct error ignored;
	int rc;

	resources_of(domain->config, &before);
	if (!tenond->store && (wanted->memory != before.memory || wanted->vcpus != before.vcpus))
		return error_set(error, ERROR_UNREACHABLE, "store", "is tenon-stored running? tenon doctor says more",
				 "cannot be reached to ask domain %s", domain->name);
	rc = note(tenond, domain, wanted, error);
	if (!rc)
		rc = carry_out(tenond, domain, error);
	if (rc && (note(tenond, domain, &before, &ignored) || carry_out(tenond, domain, &ignored)))
		log_warning("domain %s: cannot be set back to what it had: %s: %s", domain->name, ignored.object,
			    ignored.cause);
	return rc;
}

void resources_renew(struct tenond *tenond)
{
	struct error error;

	for (struct domain *domain = tenond->domains.first; domain; domain = domain->next)
		if (domain->config && domain->phase == PHASE_ACTIVE && !domain->operation &&
		    carry_out(tenond, domain, &error))
			log_warning("%s: %s", error.object, error.cause);
}

/* "Domain-0 512 MiB, web 128 MiB": as many as there is room for. */
static void list_holders(struct tenond *tenond, char *text, size_t size)
{
	struct hc_control_info info;
	size_t length = 0;
	int domid = -1;

	*text = '\0';
	while ((domid = hc_domain_next(tenond->host.hv, (uint16_t)(domid + 1), &info)) >= 0 && length < size)
		length += (size_t)snprintf(text + length, size - length, "%s%.*s %llu MiB", length ? ", " : "",
					   (int)sizeof(info.name), domid ? info.name : "Domain-0",
					   (unsigned long long)(info.frames * FRAME / MIB));
}

int resources_check_memory(struct tenond *tenond, const struct domain *domain, uint64_t memory, struct error *error)
{
	struct hc_control_info info;
	struct hc_system_info system;
	char holders[1024];
	int rc = hc_domain_info(tenond->host.hv, (uint16_t)domain->domid, &info);

	if (!rc)
		rc = hc_system_info(tenond->host.hv, &system);
	if (rc)
		return error_set(error, ERROR_UNREACHABLE, "hypervisor", "run tenon doctor", "does not answer: %s",
				 strerror(-rc));
	if (memory / FRAME <= info.frames + system.free_frames)
		return 0;
	list_holders(tenond, holders, sizeof(holders));
	return error_set(error, ERROR_RESOURCES, "memory", "ask for less, or let another domain have less",
			 "domain %s needs %llu MiB more, and %llu MiB of the host's %llu MiB are free; there have: %s",
			 domain->name, (unsigned long long)((memory - info.frames * FRAME + MIB - 1) / MIB),
			 (unsigned long long)(system.free_frames * FRAME / MIB),
			 (unsigned long long)(system.total_frames * FRAME / MIB), holders);
}

static bool ask(struct tenond *tenond, const struct domain *domain, struct hc_control_info *info)
{
	return domain->config && !hc_domain_info(tenond->host.hv, (uint16_t)domain->domid, info);
}

/* Up to what it may have beyond: a guest does not count quite as the hypervisor does. */
bool resources_has_memory(struct tenond *tenond, const struct domain *domain)
{
	struct hc_control_info info;
	uint64_t wanted;

	if (!ask(tenond, domain, &info))
		return false;
	wanted = domain->config->memory / FRAME;
	return info.frames + BUILD_SLACK >= wanted && info.frames <= wanted + BUILD_SLACK;
}

bool resources_has_vcpus(struct tenond *tenond, const struct domain *domain)
{
	struct hc_control_info info;

	return ask(tenond, domain, &info) && info.online_vcpus == domain->config->vcpus;
}

void resources_late(struct tenond *tenond, const struct domain *domain, bool memory, struct error *error)
{
	struct hc_control_info info = { 0 };

	ask(tenond, domain, &info);
	if (memory)
		error_domain(error, ERROR_TIMEOUT, domain->name,
			     "it goes on as its balloon driver can; tenon info NAME shows how far it is",
			     "has %llu MiB, and not %llu MiB in time", (unsigned long long)(info.frames * FRAME / MIB),
			     (unsigned long long)(domain->config->memory / MIB));
	else
		error_domain(error, ERROR_TIMEOUT, domain->name, info.online_vcpus < domain->config->vcpus ?
			     "its kernel knows; bring them online there, best by a rule of its udev: "
			     "echo 1 >/sys/devices/system/cpu/cpuN/online" : "look at its console: tenon console NAME",
			     "has %u of its processors online, and not %u in time", info.online_vcpus, domain->config->vcpus);
}
