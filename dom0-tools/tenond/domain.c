// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The list of domains: looking them up, and what two of them may not share.
 */
#include "domain.h"
#include "migration.h"
#include "save.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct domain *domain_add(struct domain_list *list, const char *name, const char *uuid,
			  struct domain_config *config)
{
	struct domain **last = &list->first;
	struct domain *domain = calloc(1, sizeof(*domain));

	if (!domain)
		return NULL;
	snprintf(domain->name, sizeof(domain->name), "%s", name);
	snprintf(domain->uuid, sizeof(domain->uuid), "%s", uuid);
	snprintf(domain->record.name, sizeof(domain->record.name), "%s", name);
	snprintf(domain->record.uuid, sizeof(domain->record.uuid), "%s", uuid);
	domain->domid = -1;
	domain->record.domid = -1;
	domain->config = config;
	while (*last)
		last = &(*last)->next;
	*last = domain;
	return domain;
}

void domain_remove(struct domain_list *list, struct domain *domain)
{
	struct domain **link = &list->first;

	while (*link != domain)
		link = &(*link)->next;
	*link = domain->next;
	config_free(domain->config);
	record_clear(&domain->record);
	saved_close(domain->restore);
	migration_unref(domain->migration);
	free(domain);
}

struct domain *domain_by_uuid(const struct domain_list *list, const char *uuid)
{
	for (struct domain *domain = list->first; domain; domain = domain->next)
		if (!strcasecmp(domain->uuid, uuid))
			return domain;
	return NULL;
}

struct domain *domain_find(const struct domain_list *list, const char *reference)
{
	bool number = *reference && strspn(reference, "0123456789") == strlen(reference);

	for (struct domain *domain = list->first; domain; domain = domain->next) {
		char domid[16];

		snprintf(domid, sizeof(domid), "%d", domain->domid);
		if (!strcmp(domain->name, reference) || (number && !strcmp(domid, reference)))
			return domain;
	}
	return domain_by_uuid(list, reference);
}

static int taken(struct error *error, const struct domain_config *config, const struct domain *other,
		 const char *next, const char *what, const char *value)
{
	char object[160];

	snprintf(object, sizeof(object), "domain %s", config->name);
	return error_set(error, ERROR_EXISTS, object, next, "%s %s is that of domain %s (%s)", what,
			 value, other->name, other->uuid);
}

static void check_nics(const struct domain_config *config, const struct domain *other,
		       struct errors *errors)
{
	char text[MAC_TEXT];

	for (unsigned int i = 0; i < config->nic_count; i++) {
		const struct nic_config *nic = &config->nics[i];

		for (unsigned int j = 0; j < other->config->nic_count; j++) {
			const struct nic_config *theirs = &other->config->nics[j];

			config_mac_format(nic->mac, text);
			if (!memcmp(nic->mac, theirs->mac, MAC_LEN))
				errors_note(errors, taken(errors_next(errors), config, other,
							  "give the interface another <mac address=.../>",
							  "MAC address", text));
			if (*nic->device && !strcmp(nic->device, theirs->device))
				errors_note(errors, taken(errors_next(errors), config, other,
							  "choose another <target dev=.../>",
							  "network device", nic->device));
		}
	}
}

/* Two guests that write to one image destroy it. */
static void check_disks(const struct domain_config *config, const struct domain *other,
			struct errors *errors)
{
	for (unsigned int i = 0; i < config->disk_count; i++) {
		const struct disk_config *disk = &config->disks[i];

		for (unsigned int j = 0; j < other->config->disk_count; j++) {
			const struct disk_config *theirs = &other->config->disks[j];

			if (!strcmp(disk->source, theirs->source) &&
			    !(disk->readonly && theirs->readonly))
				errors_note(errors, taken(errors_next(errors), config, other,
							  "give it another disk, or make both <readonly/>",
							  "disk", disk->source));
		}
	}
}

void domain_check_name(const struct domain_config *config, struct errors *errors)
{
	if (!strcmp(config->name, "Domain-0"))
		errors_note(errors, error_set(errors_next(errors), ERROR_EXISTS, "domain Domain-0",
					      "choose another name", "is the management domain's name"));
}

void domain_conflicts(const struct domain_list *list, const struct domain_config *config,
		      struct errors *errors)
{
	char uuid[UUID_STR_LEN];

	uuid_unparse_lower(config->uuid, uuid);
	domain_check_name(config, errors);
	for (struct domain *other = list->first; other; other = other->next) {
		if (!strcmp(other->name, config->name))
			errors_note(errors, taken(errors_next(errors), config, other,
						  "choose another name, or destroy that domain", "name",
						  config->name));
		if (!strcmp(other->uuid, uuid))
			errors_note(errors, taken(errors_next(errors), config, other,
						  "remove <uuid> to have one chosen", "UUID", uuid));
		if (other->config) {
			check_nics(config, other, errors);
			check_disks(config, other, errors);
		}
	}
}
