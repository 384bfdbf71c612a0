/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One change of a domain that takes time: creation, destruction, restart, saving and so on.
 */
#ifndef TENOND_OPERATION_H
#define TENOND_OPERATION_H

#include "lifecycle.h"

enum operation_kind { OPERATION_CREATE, OPERATION_DESTROY, OPERATION_RESTART, OPERATION_SAVE,
		      OPERATION_CHECKPOINT, OPERATION_MIGRATE };

struct operation {
	struct job job;
	struct tenond *tenond;
	struct domain *domain;
	enum operation_kind kind;
	bool reclaim;			/* of a guest that was handed over, see migrate.h */
	int rc;
	struct error error;
	lifecycle_done *done;		/* may be NULL */
	void *data;
	bool destroy;			/* the loop's: what another host does not take shall end then */
	lifecycle_done *destroyed;
	void *destroyed_data;
};

/* 0, or a negative errno and *error; *error may be NULL. The domain must have none under way. */
int operation_start(struct tenond *tenond, struct domain *domain, enum operation_kind kind,
		    lifecycle_done *done, void *data, struct error *error);

#endif
