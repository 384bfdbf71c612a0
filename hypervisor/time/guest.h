/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside time/: what guests are told. */
#ifndef TIME_GUEST_H
#define TIME_GUEST_H

#include "lib/base.h"

void wallclock_init(uint64_t sec);	/* it is now sec since 1970 */

#endif
