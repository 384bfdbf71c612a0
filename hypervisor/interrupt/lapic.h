/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What only interrupt/ needs of the local APIC; the rest is in interrupt.h. */
#ifndef INTERRUPT_LAPIC_H
#define INTERRUPT_LAPIC_H

#include "lib/base.h"

void lapic_init(void);
uint32_t lapic_error_status(void);	/* ESR bits, cleared by reading */

#endif
