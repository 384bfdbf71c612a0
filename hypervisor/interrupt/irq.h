/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside interrupt/: what stands behind each device vector.
 *
 * Edge-triggered interrupts and messages are acknowledged at once and become
 * events.  A level-triggered one is masked at its IO-APIC and acknowledged; the
 * guest's EOI unmasks it, so a device that the guest has not served yet cannot
 * interrupt again and no processor's APIC waits for a guest.
 */
#ifndef INTERRUPT_IRQ_H
#define INTERRUPT_IRQ_H

#include "interrupt/ioapic.h"
#include "interrupt/msi.h"
#include "lib/spinlock.h"

struct domain;

enum irq_kind { IRQ_NONE, IRQ_GSI, IRQ_MSI };

struct irq {
	spinlock_t lock;		/* protects all below */
	uint8_t kind;			/* enum irq_kind */
	bool bound;			/* an event channel takes it */
	bool in_flight;			/* level: masked until the guest's EOI */
	bool shared;			/* the guest said so */
	uint16_t pirq;
	uint16_t gsi;
	struct domain *domain;
	void (*own)(void);		/* the hypervisor's handler, set once; nobody else can bind it */
	struct ioapic_route route;	/* GSI; vector and apic_id for messages too */
	struct msi msi;
};

extern struct irq irqs[256];		/* by vector */

/* The vector is fresh or its interrupt unbound; what it was before is forgotten. */
void irq_set_gsi(uint8_t vector, unsigned int gsi, bool level, bool active_low);
void irq_set_msi(uint8_t vector, const struct msi *m);
void irq_clear(uint8_t vector);
int irq_bind(uint8_t vector, struct domain *d, unsigned int pirq, bool shared, unsigned int cpu);
void irq_take(uint8_t vector, void (*own)(void));	/* for good */
void irq_unbind(uint8_t vector);
void irq_eoi(uint8_t vector);
void irq_set_cpu(uint8_t vector, unsigned int cpu);
bool irq_is_level(uint8_t vector);
/* Write the message again, after the device lost it. */
void irq_restore_message(uint8_t vector);

#endif
