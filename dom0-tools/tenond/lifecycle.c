// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What clients ask for.  An operation that takes time keeps others off its
 * domain; they are told so, and may wait.
 */
#include "lifecycle.h"
#include "checkpoint.h"
#include "log.h"
#include "migration.h"
#include "nodes.h"
#include "operation.h"
#include "save.h"
#include "waiter.h"

#include <errno.h>
#include <hypercall/hypercall.h>
#include <stdlib.h>
#include <string.h>

static int check_conflicts(const struct tenond *tenond, const struct domain_config *config, struct error *error)
{
	struct errors errors = { 0 };

	domain_conflicts(&tenond->domains, config, &errors);
	definition_conflicts(&tenond->definitions, config, &errors);
	if (errors.count)
		*error = errors.items[0];
	return errors.rc;
}

/* A new entry with the operation that makes it; config and saved stay with the caller on failure. */
static int add(struct tenond *tenond, struct domain_config *config, struct saved *saved, bool paused,
	       lifecycle_done *done, void *data, struct domain **result, struct error *error)
{
	char uuid[UUID_STR_LEN];
	struct domain *domain;
	char *xml;
	int rc;

	rc = check_conflicts(tenond, config, error);
	if (rc)
		return rc;
	uuid_unparse_lower(config->uuid, uuid);
	xml = strdup(config->xml);
	domain = xml ? domain_add(&tenond->domains, config->name, uuid, config) : NULL;
	if (!domain) {
		free(xml);
		return error_domain(error, ERROR_INTERNAL, config->name, NULL, "out of memory");
	}
	domain->record.xml = xml;
	domain->record.paused = paused;
	domain->restore = saved;
	rc = operation_start(tenond, domain, OPERATION_CREATE, done, data, error);
	if (rc) {
		domain->config = NULL;
		domain->restore = NULL;
		domain_remove(&tenond->domains, domain);
		return rc;
	}
	*result = domain;
	return 0;
}

int lifecycle_create(struct tenond *tenond, struct domain_config *config, bool paused,
		     lifecycle_done *done, void *data, struct domain **result, struct error *error)
{
	return add(tenond, config, NULL, paused, done, data, result, error);
}

int lifecycle_restore(struct tenond *tenond, struct saved *saved, bool paused, lifecycle_done *done,
		      void *data, struct error *error)
{
	struct domain_config *config = saved->config;
	struct domain *domain;
	int rc;

	/* A job may run before add() returns: what the entry has, nobody else shall free. */
	saved->config = NULL;
	rc = add(tenond, config, saved, paused, done, data, &domain, error);
	if (rc)
		saved->config = config;
	return rc;
}

static int refuse_busy(const struct domain *domain, struct error *error)
{
	return error_domain(error, ERROR_STATE, domain->name, domain->checkpoint ?
			    "end its checkpoints first: tenon checkpoint --cancel NAME" :
			    domain->phase == PHASE_MIGRATING ?
			    "end its migration first: tenon migrate --cancel NAME" : "wait a moment and try again",
			    "an operation is under way: it is %s", phase_name(domain->phase));
}

static bool is_handed_over(const struct domain *domain)
{
	return domain->phase == PHASE_HANDING || (domain->migration && migration_handing(domain->migration));
}

int lifecycle_destroy(struct tenond *tenond, struct domain *domain, lifecycle_done *done, void *data,
		      struct error *error)
{
	struct operation *asking = domain->operation;

	/* A host that does not answer is being asked nearly all the time: nobody could hit the gaps. */
	if (asking && is_handed_over(domain) && !asking->destroy) {
		asking->destroy = true;
		asking->destroyed = done;
		asking->destroyed_data = data;
		return 0;
	}
	if (asking)
		return refuse_busy(domain, error);
	return operation_start(tenond, domain, OPERATION_DESTROY, done, data, error);
}

/* Note a wish that must outlive us before it is carried out. */
static int save(struct tenond *tenond, struct domain *domain, struct error *error)
{
	int rc = record_save(&tenond->host, &domain->record);

	if (!rc)
		return 0;
	return error_domain(error, ERROR_INTERNAL, domain->name, "is there space left in /run?",
			    "its state cannot be written: %s", strerror(-rc));
}

/* The domain's state at the hypervisor, for a verb that needs one that is alive. */
static int query_alive(struct tenond *tenond, const struct domain *domain,
		       struct hc_control_info *info, struct error *error)
{
	int rc;

	if (domain->operation || domain->phase != PHASE_ACTIVE)
		return refuse_busy(domain, error);
	rc = hc_domain_info(tenond->host.hv, (uint16_t)domain->domid, info);
	if (rc)
		return error_domain(error, ERROR_INTERNAL, domain->name, "run tenon doctor",
				    "the hypervisor does not know it: %s", strerror(-rc));
	if (info->state & (HC_INFO_SHUTDOWN | HC_INFO_DYING))
		return error_domain(error, ERROR_STATE, domain->name, "end it by tenon destroy",
				    "has shut down");
	return 0;
}

int lifecycle_changeable(struct tenond *tenond, const struct domain *domain, bool asks_guest, struct error *error)
{
	struct hc_control_info info;
	int rc;

	if (!domain->config)
		return error_domain(error, ERROR_STATE, domain->name, NULL,
				    "was not made by tenond, which has no description of it");
	rc = query_alive(tenond, domain, &info, error);
	if (!rc && asks_guest && info.state & HC_INFO_PAUSED)
		rc = error_domain(error, ERROR_STATE, domain->name,
				  "unpause it first: tenon unpause NAME",
				  "is paused, and cannot do what it is asked to");
	return rc;
}

int lifecycle_save(struct tenond *tenond, struct domain *domain, const char *path, bool keep,
		   lifecycle_done *done, void *data, struct error *error)
{
	int rc = lifecycle_changeable(tenond, domain, true, error);

	if (rc)
		return rc;
	free(domain->record.save_path);
	domain->record.save_path = strdup(path);
	domain->record.cut_short = false;
	domain->record.save_keep = keep;
	if (!domain->record.save_path)
		return error_domain(error, ERROR_INTERNAL, domain->name, NULL, "out of memory");
	return operation_start(tenond, domain, OPERATION_SAVE, done, data, error);
}

static bool writes_to_disks(const struct domain_config *config)
{
	bool writes = false;

	for (unsigned int i = 0; i < config->disk_count; i++)
		writes |= !config->disks[i].readonly;
	return writes;
}

int lifecycle_checkpoint(struct tenond *tenond, struct domain *domain, const char *path,
			 struct checkpoint *checkpoint, lifecycle_done *done, void *data, struct error *error)
{
	int rc = lifecycle_changeable(tenond, domain, true, error);
	char **place;

	if (rc)
		return rc;
	if (writes_to_disks(domain->config) && !checkpoint_options(checkpoint)->memory_only &&
	    !checkpoint_options(checkpoint)->snapshot)
		return error_domain(error, ERROR_STATE, domain->name,
				    "name a program that copies them: --snapshot; or --memory-only without copies",
				    "can write to disks, which would not be those that the memory in the file knows");
	free(domain->record.save_path);
	domain->record.save_path = NULL;
	place = checkpoint_options(checkpoint)->elsewhere ? &domain->record.peer : &domain->record.save_path;
	free(*place);
	*place = strdup(path);
	domain->record.cut_short = false;
	if (!*place)
		return error_domain(error, ERROR_INTERNAL, domain->name, NULL, "out of memory");
	domain->checkpoint = checkpoint_ref(checkpoint);
	rc = operation_start(tenond, domain, OPERATION_CHECKPOINT, done, data, error);
	if (rc) {
		checkpoint_unref(domain->checkpoint);
		domain->checkpoint = NULL;
	}
	return rc;
}

int lifecycle_end_checkpoints(struct domain *domain, struct error *error)
{
	if (!domain->checkpoint)
		return error_domain(error, ERROR_STATE, domain->name, NULL, "no checkpoints of it are taken");
	checkpoint_cancel(domain->checkpoint);
	return 0;
}

int lifecycle_migrate(struct tenond *tenond, struct domain *domain, const char *peer,
		      struct migration *migration, lifecycle_done *done, void *data, struct error *error)
{
	int rc = lifecycle_changeable(tenond, domain, true, error);

	if (rc)
		return rc;
	free(domain->record.peer);
	domain->record.peer = strdup(peer);
	domain->record.cut_short = false;
	if (!domain->record.peer)
		return error_domain(error, ERROR_INTERNAL, domain->name, NULL, "out of memory");
	domain->migration = migration_ref(migration);
	rc = operation_start(tenond, domain, OPERATION_MIGRATE, done, data, error);
	if (rc) {
		migration_unref(domain->migration);
		domain->migration = NULL;
	}
	return rc;
}

int lifecycle_cancel(struct domain *domain, struct error *error)
{
	if (!domain->migration)
		return error_domain(error, ERROR_STATE, domain->name, NULL, "is not on its way to another host");
	if (migration_cancel(domain->migration))
		return error_domain(error, ERROR_STATE, domain->name, "it runs at the other host, or will here, in a moment",
				    "is being handed over, which cannot be cancelled any more");
	return 0;
}

int lifecycle_reclaim(struct tenond *tenond, struct domain *domain, bool force, struct error *error)
{
	if (domain->phase != PHASE_HANDING || !domain->config)
		return error_domain(error, ERROR_STATE, domain->name, "tenon list shows its state",
				    "has not been handed over to a host that does not answer, but is %s",
				    phase_name(domain->phase));
	if (!force && writes_to_disks(domain->config))
		return error_domain(error, ERROR_STATE, domain->name,
				    "tenon destroy it and create it, to boot from its disks as they are; --force if you know better",
				    "may have run at the other host and changed its disks, which its memory here does not know");
	domain->reclaim = true;
	/* One under way asks as before; the next one knows. */
	return domain->operation ? 0 : operation_start(tenond, domain, OPERATION_MIGRATE, NULL, NULL, error);
}

int lifecycle_pause(struct tenond *tenond, struct domain *domain, struct error *error)
{
	struct hc_control_info info;
	int rc = query_alive(tenond, domain, &info, error);

	if (rc || info.state & HC_INFO_PAUSED)
		return rc;
	domain->record.paused = true;
	rc = save(tenond, domain, error);
	if (!rc && (rc = hc_domain_pause(tenond->host.hv, (uint16_t)domain->domid)))
		rc = error_domain(error, ERROR_INTERNAL, domain->name, NULL, "cannot be paused: %s",
				  strerror(-rc));
	waiter_check(tenond);
	return rc;
}

int lifecycle_unpause(struct tenond *tenond, struct domain *domain, struct error *error)
{
	struct hc_control_info info;
	int rc = query_alive(tenond, domain, &info, error);

	if (rc)
		return rc;
	domain->record.paused = false;
	rc = save(tenond, domain, error);
	/* Pauses nest; the administrator's word ends them all. */
	for (uint32_t left = info.pause_count; !rc && left; left--)
		rc = hc_domain_unpause(tenond->host.hv, (uint16_t)domain->domid);
	if (rc && error->kind == ERROR_NONE)
		rc = error_domain(error, ERROR_INTERNAL, domain->name, NULL, "cannot be unpaused: %s",
				  strerror(-rc));
	waiter_check(tenond);
	return rc;
}

int lifecycle_request(struct tenond *tenond, struct domain *domain, const char *what,
		      struct error *error)
{
	struct hc_control_info info;
	int rc = query_alive(tenond, domain, &info, error);

	if (rc)
		return rc;
	if (info.state & HC_INFO_PAUSED)
		return error_domain(error, ERROR_STATE, domain->name,
				    "unpause it first: tenon unpause NAME",
				    "is paused, and cannot do what it is asked to");
	if (!tenond->store)
		return error_set(error, ERROR_UNREACHABLE, "store",
				 "is tenon-stored running? tenon doctor says more",
				 "cannot be reached to ask domain %s", domain->name);
	rc = nodes_request(tenond->store, (uint16_t)domain->domid, what);
	if (rc)
		return error_set(error, ERROR_UNREACHABLE, "store",
				 "is tenon-stored running? tenon doctor says more",
				 "the request to domain %s cannot be written: %s", domain->name,
				 strerror(-rc));
	return 0;
}

int lifecycle_end(struct tenond *tenond, struct domain *domain, struct error *error)
{
	struct error ignored;
	int rc;

	if (domain->operation)
		return refuse_busy(domain, error);
	domain->record.ending = true;
	rc = save(tenond, domain, error);
	if (!rc)
		rc = lifecycle_request(tenond, domain, "poweroff", error);
	if (rc) {
		domain->record.ending = false;
		save(tenond, domain, &ignored);
	}
	return rc;
}
