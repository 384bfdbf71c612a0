/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which segment descriptors guests may have: used when a frame becomes FRAME_DESCRIPTORS. */
#ifndef CPU_GUEST_DESCRIPTORS_H
#define CPU_GUEST_DESCRIPTORS_H

#include "lib/base.h"

/* False: refused.  Raises the privilege level to 3 and sets "accessed" in place. */
bool descriptor_check(uint64_t *desc);
bool descriptor_page_check(uint64_t *page);	/* all 512 of a page */

#endif
