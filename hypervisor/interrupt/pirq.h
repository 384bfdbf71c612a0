/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside interrupt/: the management domain's numbers for interrupts (pirqs).
 * Below ioapic_gsi_end() a pirq is the GSI of that number; above are messages.
 */
#ifndef INTERRUPT_PIRQ_H
#define INTERRUPT_PIRQ_H

#include "event/event.h"
#include "interrupt/irq.h"

#define NR_PIRQS EVENT_PIRQS

struct frame;

struct pirq_table {
	spinlock_t lock;		/* protects all below and the vector allocator */
	uint8_t vector[NR_PIRQS];	/* 0: not mapped */
	uint64_t *eoi_map;		/* shared with the guest: bit n, pirq n needs an EOI */
	struct frame *eoi_frame;
};

/* Each takes the table's lock. */
/*
 * Give a GSI its vector, if it has none, with the trigger mode that the firmware names.
 * The vector; -EINVAL: no such GSI; -ENOSPC: vectors are used up.
 */
int pirq_map_gsi(struct pirq_table *t, unsigned int gsi);
/* Trigger mode and polarity as dom0 found out; -EEXIST: in use already as something else. */
int pirq_setup_gsi(struct pirq_table *t, unsigned int gsi, bool level, bool active_low);
/* Map the messages asked for to pirqs in a row; wanted -1: any.  The first pirq, or an error. */
int pirq_map_msi(struct pirq_table *t, const struct msi_request *r, int wanted);
int pirq_unmap(struct pirq_table *t, unsigned int pirq);	/* -EINVAL; -EBUSY: the hypervisor's own */
int pirq_find_free(struct pirq_table *t, unsigned int count);	/* -ENOSPC */
void pirq_restore_messages(struct pirq_table *t, pci_address_t device);
int pirq_set_eoi_map(struct domain *d, mfn_t mfn);	/* -EBUSY: has one; -EINVAL */

#endif
