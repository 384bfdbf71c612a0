/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypercall table, HC_NR_MAX entries and one for the numbers above; none of them NULL. */
#ifndef HYPERCALL_TABLE_H
#define HYPERCALL_TABLE_H

#include "lib/base.h"

typedef long hypercall_fn(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);
extern hypercall_fn *const hypercall_table[];

#endif
