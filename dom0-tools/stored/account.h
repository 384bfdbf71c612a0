/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many nodes each domain owns.  The live tree has the full table; the tree
 * of a transaction has only differences to it, so that starting one costs
 * nothing.
 */
#ifndef STORED_ACCOUNT_H
#define STORED_ACCOUNT_H

#include <stdint.h>

struct account_row {
	uint16_t domid;
	int32_t nodes;
};

struct account {
	const struct account *base;	/* NULL: the live one */
	struct account_row *rows;	/* by rising domid */
	uint32_t count;
	uint32_t capacity;
};

/* Nodes owned by a domain. */
int32_t account_nodes(const struct account *account, uint16_t domid);

/* Adds delta to a domain's nodes.  -ENOMEM: not done. */
int account_add(struct account *account, uint16_t domid, int32_t delta);
void account_clear(struct account *account);

#endif
