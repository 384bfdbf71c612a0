/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a guest can move to another host, before anything moves: every obstacle that
 * either side knows of.
 */
#ifndef TENOND_MIGRATE_CHECK_H
#define TENOND_MIGRATE_CHECK_H

#include "config.h"
#include "error.h"
#include "host.h"
#include "record.h"

#include <jansson.h>

/* What is in the way on the side that the guest leaves. copy: its disks shall go with it. */
void check_leaving(const struct domain_config *config, bool copy, struct errors *errors);

/*
 * What that side adds to its proposal: {"processor": ..., "disks": {TARGET: BYTES}}, and "copy" of
 * copied_propose() where disks shall go with it.
 */
json_t *check_proposal(const struct domain_config *config, const struct record *record, bool copy);

/* What is in the way on the other side, whose list of domains is looked at elsewhere. */
void check_coming(const struct host *host, const struct domain_config *config, json_t *proposal,
		  struct errors *errors);

/* Obstacles as an answer, and those of an answer; others' are added as host PEER's. */
json_t *check_answer(const struct errors *errors);
void check_add(json_t *answer, const char *peer, struct errors *errors);

/* All of them as one error: the only one, or a list. Returns its negative errno. */
int check_report(const struct errors *errors, const char *name, const char *peer, struct error *error);

#endif
