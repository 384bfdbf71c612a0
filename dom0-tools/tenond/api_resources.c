// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests to change what a running domain has.
 */
#include "api.h"
#include "lifecycle.h"
#include "resources.h"

#include <hypercall/hypercall.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_RESIZE	120	/* seconds */
#define FRAME		4096ull

/* What it is to have now; a domain that cannot be changed: a negative errno and *error. */
static int begin(struct tenond *tenond, struct domain *domain, bool asks_guest, struct resources *resources,
		 struct error *error)
{
	int rc = lifecycle_changeable(tenond, domain, asks_guest, error);

	if (!rc)
		resources_of(domain->config, resources);
	return rc;
}

static int missing(struct error *error, const char *name, const char *next)
{
	return error_set(error, ERROR_REQUEST, name, next, "is missing");
}

/* "512MiB": a unit must be there, since no two tools mean the same without. */
static int parse_size(const struct request *request, const struct domain_config *config, uint64_t *bytes,
		      struct error *error)
{
	static const char next[] = "give a number with its unit: 512MiB, 2GiB";
	const char *text = request_query(request, "size");
	size_t digits = text ? strspn(text, "0123456789") : 0;
	char number[24];

	if (!text)
		return missing(error, "size", next);
	snprintf(number, sizeof(number), "%.*s", (int)digits, text);
	if (!digits || digits >= sizeof(number) || !text[digits] || config_bytes(number, text + digits, bytes))
		return error_set(error, ERROR_REQUEST, "size", next, "'%.40s' is not an amount of memory", text);
	if (*bytes < CONFIG_MEMORY_MIN || *bytes > config->max_memory)
		return error_set(error, ERROR_REQUEST, "size", "the most is what <memory> said when it was created",
				 "'%.40s' is wrong; expected 4 MiB to %llu MiB", text,
				 (unsigned long long)config->max_memory >> 20);
	*bytes = (*bytes + FRAME - 1) & ~(FRAME - 1);
	return 0;
}

/* A number from low to high that must be there. */
static int parse_count(const struct request *request, const char *name, unsigned int low, unsigned int high,
		       unsigned int *number, struct error *error)
{
	const char *text = request_query(request, name);

	if (!text)
		return missing(error, name, "docs/api.md says what it may be");
	if (!request_number(request, name, high, number, error) && *number >= low)
		return 0;
	return error_set(error, ERROR_REQUEST, name, NULL, "'%.40s' is wrong; expected a number from %u to %u", text,
			 low, high);
}

/* Have it so, and answer when the guest has done its part. */
static void finish(struct tenond *tenond, struct request *request, struct domain *domain,
		   const struct resources *wanted, enum wait_for what)
{
	unsigned int seconds = TIMEOUT_RESIZE;
	struct error error = { 0 };

	if (request_number(request, "timeout", API_TIMEOUT_MAX, &seconds, &error) ||
	    resources_set(tenond, domain, wanted, &error))
		request_fail(request, &error);
	else
		api_answer_when(tenond, request, domain, what, seconds);
}

void api_memory(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error = { 0 };
	struct resources wanted;

	if (begin(tenond, domain, true, &wanted, &error) ||
	    parse_size(request, domain->config, &wanted.memory, &error) ||
	    resources_check_memory(tenond, domain, wanted.memory, &error))
		request_fail(request, &error);
	else
		finish(tenond, request, domain, &wanted, WAIT_MEMORY);
}

void api_vcpus(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error = { 0 };
	struct resources wanted;

	if (begin(tenond, domain, true, &wanted, &error) ||
	    parse_count(request, "count", 1, domain->config->max_vcpus, &wanted.vcpus, &error))
		request_fail(request, &error);
	else
		finish(tenond, request, domain, &wanted, WAIT_VCPUS);
}

/* Processors of the host; 0: everywhere. */
static int parse_cpus(struct tenond *tenond, const struct request *request, uint64_t *mask, struct error *error)
{
	const char *text = request_query(request, "cpus");
	struct hc_system_info info;
	int rc = 0;

	*mask = 0;
	if (!text)
		return missing(error, "cpus", "give processors like 0-3,5, or all");
	if (!strcmp(text, "all"))
		return 0;
	if (config_cpuset(text, mask))
		return error_set(error, ERROR_REQUEST, "cpus", NULL,
				 "'%.80s' is wrong; expected processors like 0-3,^2,7, or all", text);
	rc = hc_system_info(tenond->host.hv, &info);
	if (rc)
		return error_set(error, ERROR_UNREACHABLE, "hypervisor", "run tenon doctor", "does not answer: %s",
				 strerror(-rc));
	if (info.cpus < 64 && *mask >> info.cpus)
		return error_set(error, ERROR_REQUEST, "cpus", NULL,
				 "'%.80s' names processors that are not there; the host has 0 to %u", text,
				 info.cpus - 1);
	return 0;
}

static int parse_affinity(struct tenond *tenond, const struct request *request, const struct domain_config *config,
			  struct resources *wanted, struct error *error)
{
	const char *which = request_query(request, "vcpu");
	unsigned int first = 0, last = config->max_vcpus - 1;
	uint64_t mask;
	int rc = 0;

	if (!which || strcmp(which, "all")) {
		rc = parse_count(request, "vcpu", 0, last, &first, error);
		last = first;
	}
	if (!rc)
		rc = parse_cpus(tenond, request, &mask, error);
	for (unsigned int vcpu = first; !rc && vcpu <= last; vcpu++)
		wanted->affinity[vcpu] = mask;
	return rc;
}

void api_affinity(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error = { 0 };
	struct resources wanted;

	if (begin(tenond, domain, false, &wanted, &error) ||
	    parse_affinity(tenond, request, domain->config, &wanted, &error) ||
	    resources_set(tenond, domain, &wanted, &error))
		request_fail(request, &error);
	else
		api_info(tenond, request, domain);
}

static int parse_sched(const struct request *request, const struct domain_config *config, struct resources *wanted,
		       struct error *error)
{
	bool weight = request_query(request, "weight"), cap = request_query(request, "cap");
	int rc = weight ? parse_count(request, "weight", 1, CONFIG_WEIGHT_MAX, &wanted->weight, error) : 0;

	if (!weight && !cap)
		return missing(error, "weight", "give weight, cap, or both");
	return !rc && cap ? parse_count(request, "cap", 0, 100 * config->max_vcpus, &wanted->cap, error) : rc;
}

void api_sched(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error = { 0 };
	struct resources wanted;

	if (begin(tenond, domain, false, &wanted, &error) ||
	    parse_sched(request, domain->config, &wanted, &error) ||
	    resources_set(tenond, domain, &wanted, &error))
		request_fail(request, &error);
	else
		api_info(tenond, request, domain);
}
