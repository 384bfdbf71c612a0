/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside interrupt/: message-signalled interrupts of PCI devices. */
#ifndef INTERRUPT_MSI_H
#define INTERRUPT_MSI_H

#include "interrupt/pci.h"

/* One message: where it is written. */
struct msi {
	pci_address_t device;
	uint8_t capability;		/* offset in configuration space */
	bool msix, wide, maskable;	/* wide: 64-bit address */
	uint8_t index, count;		/* of several messages; count 0: not the first */
	uint16_t entry;			/* MSI-X */
	volatile char *table_entry;	/* MSI-X */
};

/* dom0 asks for these messages. */
struct msi_request {
	pci_address_t device;
	unsigned int count;		/* MSI: 1, 2, 4 ... 32 */
	bool msix;
	unsigned int entry;		/* MSI-X: number in the table */
	uint64_t table_base;		/* MSI-X: physical address of the BAR that holds it */
};

/*
 * Find and check what is asked for; nothing is written yet.  -ENODEV: no such
 * capability; -EINVAL: entry or table out of place; -ENOSPC: fewer messages; -ENOMEM.
 */
int msi_prepare(const struct msi_request *r, struct msi *out);
void msi_write(const struct msi *m, uint8_t vector, uint32_t apic_id);
void msi_mask(const struct msi *m, bool masked);
/* The device's number of MSI messages in use, as its control register wants it. */
void msi_set_count(const struct msi *m, unsigned int count);

/* Does a write of dom0 here touch a message in use? (interrupt/irq.c) */
bool msi_owns_register(pci_address_t device, unsigned int reg, unsigned int bytes);
/* The registers of m's address and data, for that question; false: it has none there. */
bool msi_register_range(const struct msi *m, unsigned int *first, unsigned int *end);

#endif
