/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store's state as records: written whole, and read back after a restart. */
#ifndef STORED_STATE_H
#define STORED_STATE_H

struct journal;
struct store;

/* Writes records from which the present state can be made again. */
void state_write(struct store *store, struct journal *journal);

/*
 * Makes the state that the store's journal describes.  Domains are known
 * afterwards but not attached.  0, -ENOMEM, or -EBADMSG: a record makes no
 * sense, and those before it are applied.
 */
int state_read(struct store *store);

#endif
