/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside interrupt/: PCI configuration space, the first 256 bytes of segment 0. */
#ifndef INTERRUPT_PCI_H
#define INTERRUPT_PCI_H

#include "lib/base.h"

#define PCI_STATUS 0x06
#define PCI_STATUS_CAPABILITIES (1u << 4)
#define PCI_CAPABILITIES 0x34
#define PCI_CAPABILITY_MSI 0x05
#define PCI_CAPABILITY_MSIX 0x11

/* bus << 8 | device << 3 | function */
typedef uint16_t pci_address_t;

uint32_t pci_read(pci_address_t dev, unsigned int reg, unsigned int bytes);
void pci_write(pci_address_t dev, unsigned int reg, unsigned int bytes, uint32_t value);
/* Offset of a capability, 0: the device lacks it. */
unsigned int pci_find_capability(pci_address_t dev, uint8_t id);

#endif
