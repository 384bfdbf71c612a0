// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the hypervisor shows: guests that have shut down, domains that others
 * have made or ended, and what a former tenond has left behind.
 */
#include "checkpoint.h"
#include "copied.h"
#include "device/antispoof.h"
#include "device/block.h"
#include "device/net.h"
#include "lifecycle.h"
#include "log.h"
#include "peer.h"
#include "migrate.h"
#include "operation.h"
#include "resources.h"
#include "save.h"
#include "taken.h"
#include "waiter.h"
#include "xml/domain.h"

#include "../lib/store_client.h"

#include <errno.h>
#include <hypercall/hypercall.h>
#include <hypercall/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUICK_SECONDS	10	/* a guest that lives no longer is restarted in vain */
#define QUICK_MAX	5

static enum policy policy_for(const struct domain *domain, uint32_t reason)
{
	if (domain->record.ending)
		return POLICY_DESTROY;
	switch (reason) {
	case HC_SHUTDOWN_POWEROFF:
		return domain->config->on_poweroff;
	case HC_SHUTDOWN_REBOOT:
		return domain->config->on_reboot;
	default:
		return domain->config->on_crash;
	}
}

/* Whether a guest goes round in circles. */
static bool restarts_too_often(struct domain *domain)
{
	int64_t lived = (int64_t)time(NULL) - domain->record.created;

	domain->record.quick_restarts = lived < QUICK_SECONDS ? domain->record.quick_restarts + 1 : 0;
	return domain->record.quick_restarts > QUICK_MAX;
}

/*
 * A guest that has suspended itself, but nobody saves it: the request was given
 * up, or its tenond was killed.
 */
static void resume(struct tenond *tenond, struct domain *domain)
{
	struct error error;

	domain->shut_down = save_resume(&tenond->host, &domain->record, &error) != 0;
	if (domain->shut_down)
		log_warning("domain %s: %s", domain->name, error.cause);
	else
		log_info("domain %s: was suspended in vain, and goes on", domain->name);
}

static void act_on_shutdown(struct tenond *tenond, struct domain *domain, uint32_t reason)
{
	enum policy policy = policy_for(domain, reason);

	if (reason == HC_SHUTDOWN_SUSPEND) {
		resume(tenond, domain);
		return;
	}
	log_info("domain %s: has shut down, reason %u: %s", domain->name, reason, policy_name(policy));
	if (policy == POLICY_RESTART && restarts_too_often(domain)) {
		log_warning("domain %s: %d restarts within %d s each: not restarted again", domain->name,
			    QUICK_MAX, QUICK_SECONDS);
		policy = POLICY_DESTROY;
	}
	domain->shut_down = true;
	if (policy == POLICY_PRESERVE)
		waiter_check(tenond);
	else if (operation_start(tenond, domain, policy == POLICY_RESTART ? OPERATION_RESTART :
				 OPERATION_DESTROY, NULL, NULL, NULL))
		domain->shut_down = false;	/* the next scan tries again */
}

/*
 * A disk whose server has died is a broken one from then on.  Another server
 * could go on behind the same device, but without what the dead one still had
 * in its caches: the guest would lose writes that it takes for done, and never
 * know.
 */
static void look_after_disks(struct tenond *tenond, struct domain *domain)
{
	for (unsigned int i = 0; i < domain->record.disk_count; i++) {
		const struct disk_config *disk = &domain->config->disks[i];
		pid_t *server = &domain->record.disks[i].server;

		if (!*server || block_serving(&tenond->host, domain->uuid, disk->target, *server))
			continue;
		log_error("domain %s: the qemu-nbd of disk %s has died, and what the guest does there fails; "
			  "reboot the guest when it is known why", domain->name, disk->target);
		block_fail(&tenond->host, domain->uuid, disk->target);
		*server = 0;
		if (record_save(&tenond->host, &domain->record))
			log_warning("domain %s: its state cannot be written", domain->name);
	}
}

/* A domain that is whole, as far as we know. */
static void scan_active(struct tenond *tenond, struct domain *domain)
{
	struct hc_control_info info;
	uuid_t uuid;
	int rc = hc_domain_info(tenond->host.hv, (uint16_t)domain->domid, &info);
	bool gone;

	if (rc && rc != -ESRCH)
		return;
	uuid_parse(domain->uuid, uuid);
	gone = rc || uuid_compare(info.uuid, uuid) || info.state & HC_INFO_DYING;
	if (gone && !domain->config) {
		domain_remove(&tenond->domains, domain);
		waiter_check(tenond);
	} else if (gone) {
		log_warning("domain %s: has been destroyed behind our back", domain->name);
		operation_start(tenond, domain, OPERATION_DESTROY, NULL, NULL, NULL);
	} else if (info.state & HC_INFO_SHUTDOWN && !domain->shut_down && domain->config) {
		act_on_shutdown(tenond, domain, info.shutdown_reason);
	} else if (domain->config) {
		look_after_disks(tenond, domain);
	}
}

/* A domain of somebody else's: it can be seen and destroyed. */
static void adopt(struct tenond *tenond, uint16_t domid, const struct hc_control_info *info)
{
	char uuid[UUID_STR_LEN], name[CONFIG_NAME_MAX + 1];
	struct domain *domain;

	uuid_unparse_lower(info->uuid, uuid);
	snprintf(name, sizeof(name), "%.*s", CONFIG_NAME_MAX, info->name);
	if (!config_name_valid(name) || domain_find(&tenond->domains, name))
		snprintf(name, sizeof(name), "domain-%u", domid);
	domain = domain_add(&tenond->domains, name, uuid, NULL);
	if (!domain)
		return;
	domain->phase = PHASE_ACTIVE;
	domain->domid = domid;
	domain->record.phase = PHASE_ACTIVE;
	domain->record.domid = domid;
}

static void adopt_unknown(struct tenond *tenond)
{
	struct hc_control_info info;
	char uuid[UUID_STR_LEN];
	uint16_t from = 1;
	int domid;

	while ((domid = hc_domain_next(tenond->host.hv, from, &info)) >= 0) {
		uuid_unparse_lower(info.uuid, uuid);
		if (!(info.state & HC_INFO_DYING) && !domain_by_uuid(&tenond->domains, uuid))
			adopt(tenond, (uint16_t)domid, &info);
		from = (uint16_t)(domid + 1);
	}
}

int lifecycle_resume(struct tenond *tenond, struct domain *domain)
{
	enum operation_kind kind = domain->phase == PHASE_RESTARTING ? OPERATION_RESTART :
				   domain->phase == PHASE_HANDING ? OPERATION_MIGRATE : OPERATION_DESTROY;

	return operation_start(tenond, domain, kind, NULL, NULL, NULL);
}

void lifecycle_scan(struct tenond *tenond)
{
	struct domain *next;

	for (struct domain *domain = tenond->domains.first; domain; domain = next) {
		next = domain->next;
		if (domain->operation)
			continue;
		if (domain->phase == PHASE_ACTIVE)
			scan_active(tenond, domain);
		else
			lifecycle_resume(tenond, domain);
	}
	adopt_unknown(tenond);
	waiter_check(tenond);
}

void lifecycle_scan_one(struct tenond *tenond, uint16_t domid)
{
	struct domain *domain = tenond->domains.first;

	while (domain && domain->domid != domid)
		domain = domain->next;
	/* One with an operation under way is looked at when that ends. */
	if (domain && !domain->operation && domain->phase == PHASE_ACTIVE)
		scan_active(tenond, domain);
	waiter_check(tenond);
}

/* Whether the hypervisor has the instance that a record speaks of, and how it is. */
static bool find_instance(struct tenond *tenond, const struct record *record,
			  struct hc_control_info *info)
{
	uuid_t uuid;

	uuid_parse(record->uuid, uuid);
	return record->domid > 0 &&
	       !hc_domain_info(tenond->host.hv, (uint16_t)record->domid, info) &&
	       !uuid_compare(info->uuid, uuid) && !(info->state & HC_INFO_DYING);
}

/* A whole domain goes on; its creation's last step may be missing. */
static void recover_active(struct tenond *tenond, struct domain *domain)
{
	struct hc_control_info info;

	if (!find_instance(tenond, &domain->record, &info)) {
		log_warning("domain %s: has gone while tenond was away", domain->name);
		domain->phase = PHASE_STOPPING;
		return;
	}
	/* The former tenond may have let it go on, and not have told the store any more: see save_resume(). */
	if (tenond->store && !(info.state & HC_INFO_SHUTDOWN))
		store_resume(tenond->store, (uint16_t)domain->domid);
	if (domain->record.paused)
		return;
	for (uint32_t left = info.pause_count; left; left--)
		if (hc_domain_unpause(tenond->host.hv, (uint16_t)domain->domid))
			break;
}

/*
 * A save that was cut short: if its file is there and the guest in it is this one, suspended, it was complete,
 * and the guest must not live twice. A file of that name may also be an older one, or another guest's that was
 * saved to it meanwhile. Otherwise the guest goes on, by the next scan if it has suspended.
 */
static void recover_saving(struct tenond *tenond, struct domain *domain)
{
	struct record *record = &domain->record;
	struct hc_control_info info;
	bool complete = record->save_path && !record->save_keep && find_instance(tenond, record, &info) &&
			info.state & HC_INFO_SHUTDOWN && info.shutdown_reason == HC_SHUTDOWN_SUSPEND &&
			saved_is_of(&tenond->host, record->save_path, record->uuid);

	record->phase = complete ? PHASE_STOPPING : PHASE_ACTIVE;
}

/* One that was on its way is still ours, and goes on, by the next scan if it has suspended. */
static void recover_migrating(struct tenond *tenond, struct domain *domain)
{
	migrate_free_guest(&tenond->host, domain->config, &domain->record);
	domain->record.phase = PHASE_ACTIVE;
}

/* The guest goes on, by the next scan if it has suspended; the last complete one is in the file. */
static void recover_checkpointing(struct tenond *tenond, struct domain *domain)
{
	struct record *record = &domain->record;

	checkpoint_clean(&tenond->host, record);
	record->phase = PHASE_ACTIVE;
	if (!record->save_path && !record->peer)
		return;
	log_warning("domain %s: its checkpoints to %s have ended with the former tenond; tenon checkpoint takes more",
		    record->name, record->save_path ? record->save_path : peer_name(record->peer));
	record->cut_short = true;
	if (record_save(&tenond->host, record))
		log_warning("domain %s: its state cannot be written", record->name);
}

static void recover(struct record *record, void *data)
{
	struct tenond *tenond = data;
	struct xml_source source = {
		.xml = record->xml, .size = strlen(record->xml), .file = record->name,
		.salt = tenond->host.identity,
	};
	struct domain_config *config = NULL;
	struct domain *domain;
	struct error error;

	/* A folder in which files are replaced meanwhile, as below, may tell one of them twice. */
	if (domain_by_uuid(&tenond->domains, record->uuid)) {
		record_clear(record);
		return;
	}
	if (domain_xml_read(&source, &config, &error))
		log_warning("domain %s: %s: %s", record->name, error.object, error.cause);
	domain = domain_add(&tenond->domains, record->name, record->uuid, config);
	if (!domain) {
		config_free(config);
		record_clear(record);
		return;
	}
	domain->record = *record;
	domain->domid = record->domid;
	if (record->phase == PHASE_SAVING)
		recover_saving(tenond, domain);
	else if (record->phase == PHASE_CHECKPOINTING)
		recover_checkpointing(tenond, domain);
	else if (record->phase == PHASE_MIGRATING)
		recover_migrating(tenond, domain);
	/* Its sender's last word has been heard, which is the end of its creation. */
	else if (record->phase == PHASE_CREATING && record->came && taken_find(&tenond->host, record->uuid)) {
		domain->record.phase = PHASE_ACTIVE;
		if (config)
			copied_keep(config);
	}
	domain->phase = domain->record.phase;
	/* Without a configuration it cannot be made again. */
	if (domain->phase == PHASE_CREATING || (domain->phase == PHASE_RESTARTING && !config))
		domain->phase = PHASE_STOPPING;
	if (domain->phase == PHASE_ACTIVE)
		recover_active(tenond, domain);
	log_info("domain %s: found, number %d, %s", domain->name, domain->domid,
		 phase_name(domain->phase));
}

/* Rules whose interface neither exists nor is about to are left over. */
static bool keep_rules(const char *device, void *data)
{
	(void)data;
	return net_exists(device);
}

/* Rules of running guests, in case somebody has flushed them. */
static void renew_rules(const struct domain *domain)
{
	char device[IFNAMSIZ], complaint[256] = "";

	if (!domain->config || domain->phase != PHASE_ACTIVE)
		return;
	for (unsigned int i = 0; i < domain->config->nic_count; i++) {
		const struct nic_config *nic = &domain->config->nics[i];

		net_device((uint16_t)domain->domid, i, nic, device);
		if (nic->antispoof != ANTISPOOF_OFF &&
		    antispoof_apply(device, nic, complaint, sizeof(complaint)))
			log_warning("domain %s: rules of %s: %s", domain->name, device, complaint);
	}
}

int lifecycle_recover(struct tenond *tenond)
{
	int rc = record_each(&tenond->host, recover, tenond);

	if (rc)
		return rc;
	antispoof_sweep(keep_rules, NULL);
	for (struct domain *domain = tenond->domains.first; domain; domain = domain->next)
		renew_rules(domain);
	resources_renew(tenond);
	lifecycle_scan(tenond);
	return 0;
}
