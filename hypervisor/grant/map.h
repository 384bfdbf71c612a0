/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list operations of grant_table_op; private to grant/.  Each does entries
 * from arg on and returns how many are done, fewer than count when the
 * processor is wanted elsewhere, or -EFAULT.
 */
#ifndef GRANT_MAP_H
#define GRANT_MAP_H

#include "lib/base.h"

/* Entries between looks at whether to go on, and of one TLB flush. */
#define GRANT_BATCH 32

long grant_map_list(uint64_t arg, uint32_t count);
long grant_unmap_list(uint64_t arg, uint32_t count);
long grant_replace_list(uint64_t arg, uint32_t count);
long grant_copy_list(uint64_t arg, uint32_t count);

#endif
