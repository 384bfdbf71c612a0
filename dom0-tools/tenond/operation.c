// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Operations: the job's half works on the domain's record and configuration,
 * the loop's half takes over the outcome.
 */
#include "operation.h"
#include "checkpoint.h"
#include "create.h"
#include "log.h"
#include "migrate.h"
#include "migration.h"
#include "peer.h"
#include "save.h"
#include "teardown.h"
#include "waiter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int work_destroy(struct operation *operation, enum phase phase)
{
	const struct host *host = &operation->tenond->host;
	struct domain *domain = operation->domain;
	int rc;

	domain->record.phase = phase;
	rc = record_save(host, &domain->record);
	if (rc)
		log_warning("domain %s: its state cannot be written: %d", domain->name, rc);
	return teardown_domain(host, &domain->record, domain->config, &operation->error);
}

/* A guest that could not be saved goes on; one that was saved ends here unless it shall go on. */
static int work_save(struct operation *operation)
{
	const struct host *host = &operation->tenond->host;
	struct domain *domain = operation->domain;
	int rc = save_check_free(&domain->record, &operation->error);

	if (rc)
		return rc;
	domain->record.phase = PHASE_SAVING;
	rc = record_save(host, &domain->record);
	if (rc)
		rc = error_domain(&operation->error, ERROR_INTERNAL, domain->name,
				  "is there space left in /run?", "its state cannot be written: %s",
				  strerror(-rc));
	else
		rc = save_guest(host, domain->config, &domain->record, &operation->error);
	if (!rc && domain->record.save_keep)
		rc = save_resume(host, &domain->record, &operation->error);
	else if (!rc)
		return work_destroy(operation, PHASE_STOPPING);
	domain->record.phase = PHASE_ACTIVE;
	if (record_save(host, &domain->record))
		log_warning("domain %s: its state cannot be written", domain->name);
	return rc;
}

/* The guest goes on whatever becomes of them. */
static int work_checkpoint(struct operation *operation)
{
	const struct host *host = &operation->tenond->host;
	struct domain *domain = operation->domain;
	int rc;

	domain->record.phase = PHASE_CHECKPOINTING;
	rc = record_save(host, &domain->record);
	if (rc)
		rc = error_domain(&operation->error, ERROR_INTERNAL, domain->name, "is there space left in /run?",
				  "its state cannot be written: %s", strerror(-rc));
	else
		rc = checkpoint_guest(host, domain->config, &domain->record, domain->checkpoint,
				      &operation->error);
	domain->record.phase = PHASE_ACTIVE;
	if (record_save(host, &domain->record))
		log_warning("domain %s: its state cannot be written", domain->name);
	return rc;
}

/* A guest that has arrived elsewhere ends here. */
static int work_migrate(struct operation *operation)
{
	const struct host *host = &operation->tenond->host;
	struct domain *domain = operation->domain;
	bool handed = domain->record.phase == PHASE_HANDING;
	int rc = 0;

	if (!handed)
		domain->record.phase = PHASE_MIGRATING;
	if (record_save(host, &domain->record))
		rc = error_domain(&operation->error, ERROR_INTERNAL, domain->name,
				  "is there space left in /run?", "its state cannot be written");
	if (!rc && handed)
		rc = migrate_resolve(host, domain->config, &domain->record, operation->reclaim,
				     &operation->error);
	else if (!rc)
		rc = migrate_guest(host, domain->config, &domain->record, domain->migration,
				   &operation->error);
	if (!rc && domain->record.phase == PHASE_STOPPING)
		return work_destroy(operation, PHASE_STOPPING);
	if (domain->record.phase == PHASE_MIGRATING)
		domain->record.phase = PHASE_ACTIVE;
	if (record_save(host, &domain->record))
		log_warning("domain %s: its state cannot be written", domain->name);
	return rc;
}

/* Boot its kernel, or go on where its saved state stopped. */
static int work_create(struct operation *operation)
{
	const struct host *host = &operation->tenond->host;
	struct domain *domain = operation->domain;
	int rc;

	if (!domain->restore)
		return create_domain(host, domain->config, &domain->record, &operation->error);
	rc = create_restored(host, domain->config, &domain->record, domain->restore, &operation->error);
	saved_close(domain->restore);
	domain->restore = NULL;
	return rc;
}

static void work(struct job *job)
{
	struct operation *operation = (struct operation *)job;
	const struct host *host = &operation->tenond->host;
	struct domain *domain = operation->domain;

	switch (operation->kind) {
	case OPERATION_CREATE:
		operation->rc = work_create(operation);
		break;
	case OPERATION_DESTROY:
		operation->rc = work_destroy(operation, PHASE_STOPPING);
		if (!operation->rc)
			record_delete(host, &domain->record);
		break;
	case OPERATION_RESTART:
		operation->rc = work_destroy(operation, PHASE_RESTARTING);
		if (!operation->rc)
			operation->rc = create_domain(host, domain->config, &domain->record,
						      &operation->error);
		break;
	case OPERATION_CHECKPOINT:
		operation->rc = work_checkpoint(operation);
		break;
	case OPERATION_SAVE:
	case OPERATION_MIGRATE:
		operation->rc = operation->kind == OPERATION_SAVE ? work_save(operation) :
								    work_migrate(operation);
		if (!operation->rc && domain->record.phase == PHASE_STOPPING)
			record_delete(host, &domain->record);
		break;
	}
}

static void report(const struct operation *operation)
{
	static const char *const done[] = { "created", "destroyed", "restarted", "saved", "checkpointed",
					    "migrated" };
	static const char *const failed[] = { "creation", "destruction", "restart", "saving", "checkpointing",
					      "migration" };
	const struct domain *domain = operation->domain;

	if (operation->rc)
		log_warning("domain %s: %s failed: %s: %s", domain->name, failed[operation->kind],
			    operation->error.object, operation->error.cause);
	else if (operation->kind != OPERATION_MIGRATE || domain->record.phase == PHASE_STOPPING)
		log_info("domain %s: %s, number %d", domain->name, done[operation->kind],
			 domain->record.domid);
}

/* Whether nothing of the domain is left: it was destroyed, or could not be created. */
static bool has_gone(const struct operation *operation)
{
	const struct record *record = &operation->domain->record;

	if (operation->kind == OPERATION_DESTROY || operation->kind == OPERATION_SAVE ||
	    operation->kind == OPERATION_MIGRATE)
		return !operation->rc && record->phase == PHASE_STOPPING;
	return operation->rc && record->phase != PHASE_STOPPING && record->domid < 0;
}

/* What came of asking is not what the wish to destroy it was for. */
static void refuse_destroy(const struct domain *domain, struct error *error)
{
	const char *peer = peer_name(domain->record.peer);

	if (domain->phase == PHASE_ACTIVE)
		error_domain(error, ERROR_STATE, domain->name, "destroy it if it shall end all the same",
			     "was not taken by %s, and goes on here", peer);
	else
		error_domain(error, ERROR_STATE, domain->name, "destroy it there if it shall end",
			     "was taken by %s, and runs there or has ended there", peer);
}

/* The other host has been asked, and the domain shall be destroyed; refused: why not. */
static void destroy_asked(struct operation *operation, struct domain *domain, struct error *refused)
{
	if (refused->kind == ERROR_NONE)
		operation_start(operation->tenond, domain, OPERATION_DESTROY, operation->destroyed,
				operation->destroyed_data, refused);
	if (refused->kind != ERROR_NONE && operation->destroyed)
		operation->destroyed(NULL, refused, operation->destroyed_data);
}

static void finish(struct job *job)
{
	struct operation *operation = (struct operation *)job;
	struct tenond *tenond = operation->tenond;
	struct domain *domain = operation->domain;
	struct error refused = { 0 };

	report(operation);
	domain->operation = NULL;
	migration_unref(domain->migration);
	domain->migration = NULL;
	checkpoint_unref(domain->checkpoint);
	domain->checkpoint = NULL;
	domain->phase = domain->record.phase;
	domain->domid = domain->record.domid;
	domain->shut_down = false;
	if (operation->destroy && (domain->phase != PHASE_HANDING || has_gone(operation)))
		refuse_destroy(domain, &refused);
	if (has_gone(operation)) {
		domain_remove(&tenond->domains, domain);
		domain = NULL;
	}
	if (operation->done)
		operation->done(domain, operation->rc ? &operation->error : NULL, operation->data);
	if (operation->destroy)
		destroy_asked(operation, domain, &refused);
	free(operation);
	/* Asked for while the other host was being asked once more: at once, not at the next scan. */
	if (domain && domain->reclaim && domain->phase == PHASE_HANDING)
		operation_start(tenond, domain, OPERATION_MIGRATE, NULL, NULL, NULL);
	waiter_check(tenond);
}

int operation_start(struct tenond *tenond, struct domain *domain, enum operation_kind kind,
		    lifecycle_done *done, void *data, struct error *error)
{
	static const enum phase phases[] = { PHASE_CREATING, PHASE_STOPPING, PHASE_RESTARTING, PHASE_SAVING,
					     PHASE_CHECKPOINTING, PHASE_MIGRATING };
	struct operation *operation = calloc(1, sizeof(*operation));
	struct error ignored;

	if (operation) {
		operation->job.work = work;
		operation->job.done = finish;
		operation->tenond = tenond;
		operation->domain = domain;
		operation->kind = kind;
		operation->done = done;
		operation->data = data;
		operation->reclaim = domain->reclaim;
	}
	if (!operation || job_start(tenond->jobs, &operation->job)) {
		free(operation);
		return error_domain(error ? error : &ignored, ERROR_RESOURCES, domain->name,
				    "try again; is dom0 short of memory?", "no thread can be started");
	}
	domain->operation = operation;
	domain->reclaim = false;
	if (kind != OPERATION_MIGRATE || domain->phase != PHASE_HANDING)
		domain->phase = phases[kind];
	waiter_check(tenond);
	return 0;
}
