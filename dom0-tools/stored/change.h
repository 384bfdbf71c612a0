/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operation or a transaction changed: collected while it is applied,
 * then published, that is written to the journal and told to watches.
 */
#ifndef STORED_CHANGE_H
#define STORED_CHANGE_H

#include <list.h>

#include "store.h"

enum change_kind {
	CHANGE_SET,		/* made, or value or permissions changed */
	CHANGE_REMOVED,		/* with all below it */
};

struct change {
	struct list link;
	enum change_kind kind;
	unsigned int created;	/* CHANGE_SET: parts of the path that did not exist */
	struct node *removed;	/* CHANGE_REMOVED: what was there, one reference */
	struct perms *before;	/* CHANGE_SET: earlier permissions if they changed, or NULL */
	char path[];
};

/*
 * Adds a change; a repeated one is merged with the earlier.  References given
 * are taken over in any case.  0 or -ENOMEM.
 */
int change_add(struct list *changes, enum change_kind kind, const char *path,
	       unsigned int created, struct node *removed, struct perms *before);

/* Journals all changes of the live tree, fires the watches, and empties the list. */
void change_publish(struct store *store, struct list *changes);

/* Empties the list without telling anybody. */
void change_discard(struct list *changes);

#endif
