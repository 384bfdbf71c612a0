/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls that are families of operations, each with a structure of its own: a table
 * with a row for each operation says how long the structure is and which way it goes.
 */
#ifndef HYPERCALL_OPERATION_H
#define HYPERCALL_OPERATION_H

#include "lib/base.h"

#define OPERATION_SIZE_MAX 64

struct operation {
	/* op: a copy of the structure, NULL if there is none.  The guest's result. */
	long (*run)(void *op);
	uint8_t size;			/* bytes of the structure; 0: none */
	uint8_t flags;			/* OP_* */
};
#define OP_ANSWERS 1			/* unless it fails, the structure goes back */
#define OP_PRIVILEGED 2			/* only for the management domain, else -EPERM */

/*
 * Make the operation of row number cmd with the structure at the guest's address arg.
 * -ENOSYS: no such row, or an empty one; -EFAULT.
 */
long operation_run(const struct operation *rows, size_t count, uint64_t cmd, uint64_t arg);

#endif
