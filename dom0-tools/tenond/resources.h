/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a domain can be changed while it runs: memory, vcpus, where these may run, and
 * their share of the processors.  A change is noted in the domain's description before
 * anything else, so that it holds for the next tenond, the domain's next instance, and
 * another host.
 */
#ifndef TENOND_RESOURCES_H
#define TENOND_RESOURCES_H

#include "tenond.h"

struct resources {
	uint64_t memory;		/* as the same members of struct domain_config */
	unsigned int vcpus;
	uint64_t affinity[CONFIG_VCPUS_MAX];
	unsigned int weight;
	unsigned int cap;
};

void resources_of(const struct domain_config *config, struct resources *resources);

/*
 * Have a domain that has a description, and no operation under way, so. 0: it is noted, and
 * its guest is asked. Otherwise a negative errno and *error, and all is as it was.
 */
int resources_set(struct tenond *tenond, struct domain *domain, const struct resources *wanted, struct error *error);

/* Carry out what a former tenond may have noted only; what is so already is left alone. */
void resources_renew(struct tenond *tenond);

/* Most frames that the hypervisor lets a domain have that is to have this memory. */
uint64_t resources_limit(uint64_t memory);

/* Whether free memory suffices for a domain to have this much. 0, or a negative errno and *error, which says who has it. */
int resources_check_memory(struct tenond *tenond, const struct domain *domain, uint64_t memory, struct error *error);

/* Whether the guest has done its part; and what to say if it has not in time. */
bool resources_has_memory(struct tenond *tenond, const struct domain *domain);
bool resources_has_vcpus(struct tenond *tenond, const struct domain *domain);
void resources_late(struct tenond *tenond, const struct domain *domain, bool memory, struct error *error);

#endif
