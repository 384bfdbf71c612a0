/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The domains that tenond knows of, as its event loop sees them.  While an
 * operation (a job) is under way for a domain, its record belongs to the job;
 * the loop then goes by the copies of phase and number beside it.
 */
#ifndef TENOND_DOMAIN_H
#define TENOND_DOMAIN_H

#include "config.h"
#include "error.h"
#include "host.h"
#include "record.h"

#include <hypercall/control.h>
#include <jansson.h>

struct checkpoint;
struct migration;
struct operation;
struct saved;

struct domain {
	struct domain *next;
	char name[CONFIG_NAME_MAX + 1];
	char uuid[UUID_STR_LEN];
	enum phase phase;
	int domid;			/* -1: none yet */
	bool shut_down;			/* seen by lifecycle_scan(), policy carried out */
	struct domain_config *config;	/* NULL: made by others */
	struct record record;
	struct saved *restore;		/* NULL: a kernel is booted */
	bool reclaim;			/* PHASE_HANDING: the next operation shall let it go on here */
	struct migration *migration;	/* under way, or NULL; its own reference */
	struct checkpoint *checkpoint;	/* the same of checkpoints */
	struct operation *operation;	/* NULL: none under way */
};

struct domain_list {
	struct domain *first;
};

/* A new entry of the list, which takes over config (may be NULL). NULL: out of memory. */
struct domain *domain_add(struct domain_list *list, const char *name, const char *uuid,
			  struct domain_config *config);
void domain_remove(struct domain_list *list, struct domain *domain);

/* By name, UUID or number; NULL: none. */
struct domain *domain_find(const struct domain_list *list, const char *reference);
struct domain *domain_by_uuid(const struct domain_list *list, const char *uuid);

/* No domain is called as dom0 is. */
void domain_check_name(const struct domain_config *config, struct errors *errors);

/* What a new domain would share with those present and must not: name, UUID, addresses, disks. */
void domain_conflicts(const struct domain_list *list, const struct domain_config *config,
		      struct errors *errors);

/*
 * The state by its name in the API: creating, running, paused, shutdown,
 * crashed, restarting, stopping, dying, unknown.  info may be NULL.
 */
const char *domain_state(const struct domain *domain, const struct hc_control_info *info);

/* As the API shows it; details adds devices and what else takes space. */
json_t *domain_json(const struct host *host, const struct domain *domain, bool details);

/* The entry of dom0, which is a domain like others but for its being there always. */
json_t *domain_json_host(const struct host *host);

#endif
