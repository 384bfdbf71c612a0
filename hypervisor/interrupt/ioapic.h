/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside interrupt/: the IO-APICs, by global interrupt number (GSI). */
#ifndef INTERRUPT_IOAPIC_H
#define INTERRUPT_IOAPIC_H

#include "lib/base.h"

#define NR_GSIS 256		/* higher ones are not used */

struct ioapic_route {
	uint8_t vector;
	bool level, active_low, masked;
	uint8_t apic_id;
};

void ioapic_init(void);				/* find them, mask all pins */
bool ioapic_has(unsigned int gsi);		/* some IO-APIC has this pin */
unsigned int ioapic_gsi_end(void);		/* past the highest GSI */
void ioapic_set_route(unsigned int gsi, const struct ioapic_route *r);
void ioapic_mask(unsigned int gsi, const struct ioapic_route *r, bool masked);
/* A register of the IO-APIC at a physical address, for dom0 to look at; -ENODEV, -EINVAL. */
int ioapic_read_register(uint64_t address, uint32_t reg, uint32_t *value);

/* The low half of a redirection entry. */
static inline uint32_t ioapic_route_low(const struct ioapic_route *r)
{
	return r->vector | (uint32_t)r->active_low << 13 | (uint32_t)r->level << 15 |
	       (uint32_t)r->masked << 16;
}

#endif
