/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Defined domains: descriptions that outlive their guests and the host's next
 * boot, as XML files in the definitions' folder.  They are read when tenond
 * starts, and changed by it alone from then on.  A domain that runs under the
 * UUID of a definition is its guest; what is changed meanwhile holds from its
 * next start on.
 */
#ifndef TENOND_DEFINITION_H
#define TENOND_DEFINITION_H

#include "config.h"
#include "domain.h"
#include "error.h"
#include "host.h"

#include <jansson.h>
#include <stdbool.h>

struct definition {
	struct definition *next;	/* in the order of names */
	char name[256];			/* of its file, without ".xml" */
	char uuid[UUID_STR_LEN];	/* "": broken */
	struct domain_config *config;	/* NULL: broken */
	struct error *broken;		/* why its file cannot be used, or NULL */
	bool autostart;			/* when the host has booted */
	bool due;			/* is to be started for that reason, see start.h */
};

struct definition_list {
	struct definition *first;
};

/* Read all that there are; those that cannot be used are in the list as well. Touches nothing. */
void definitions_load(const struct host *host, struct definition_list *list);
void definitions_free(struct definition_list *list);

/* By name or UUID; NULL: none. */
struct definition *definition_find(const struct definition_list *list, const char *reference);
struct definition *definition_by_uuid(const struct definition_list *list, const char *uuid);

/* A domain has name and UUID of one definition, or neither of any. */
void definition_conflicts(const struct definition_list *list, const struct domain_config *config,
			  struct errors *errors);

/*
 * Add one, or replace the one of this name; takes over config on success. domains: those that run, with
 * which it must not be confused.
 */
int definition_save(const struct host *host, struct definition_list *list, const struct domain_list *domains,
		    struct domain_config *config, struct definition **definition, struct error *error);

/* Frees it on success. */
int definition_delete(const struct host *host, struct definition_list *list, struct definition *definition,
		      struct error *error);

int definition_set_autostart(const struct host *host, struct definition *definition, bool autostart,
			     struct error *error);

/* As the API shows one whose domain is off, or that is broken. */
json_t *definition_json(const struct host *host, const struct definition *definition, bool details);

/* Add to a domain's JSON whether it is defined, and started with the host. */
void definition_note(const struct definition_list *list, const char *uuid, json_t *json);

#endif
