/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI configuration space by ports 0xcf8 and 0xcfc: the hypervisor's own accesses
 * and dom0's, which trap, so that both can share the pair of registers.
 *
 * dom0 drives the devices, but MSI messages are the hypervisor's: its writes to
 * their registers are dropped while a device has an interrupt from us.
 */
#include "interrupt/pci.h"

#include "domain/domain.h"
#include "interrupt/hardware.h"
#include "interrupt/interrupt.h"
#include "interrupt/msi.h"

#define PCI_ADDRESS_PORT 0xcf8
#define PCI_DATA_PORT 0xcfc
#define PCI_ENABLE (1u << 31)
#define CAPABILITIES_MAX 48

static spinlock_t config_lock;		/* protects the pair of ports, guest_address */
static uint32_t guest_address;		/* what dom0 wrote to 0xcf8 */

static uint32_t data_read(uint16_t port, unsigned int bytes)
{
	if (bytes == 1)
		return hw_in8(port);
	return bytes == 2 ? hw_in16(port) : hw_in32(port);
}

static void data_write(uint16_t port, unsigned int bytes, uint32_t value)
{
	if (bytes == 1)
		hw_out8(port, value);
	else if (bytes == 2)
		hw_out16(port, value);
	else
		hw_out32(port, value);
}

uint32_t pci_read(pci_address_t dev, unsigned int reg, unsigned int bytes)
{
	uint32_t value;

	spin_lock(&config_lock);
	hw_out32(PCI_ADDRESS_PORT, PCI_ENABLE | (uint32_t)dev << 8 | (reg & 0xfc));
	value = data_read(PCI_DATA_PORT + (reg & 3), bytes);
	spin_unlock(&config_lock);
	return value;
}

void pci_write(pci_address_t dev, unsigned int reg, unsigned int bytes, uint32_t value)
{
	spin_lock(&config_lock);
	hw_out32(PCI_ADDRESS_PORT, PCI_ENABLE | (uint32_t)dev << 8 | (reg & 0xfc));
	data_write(PCI_DATA_PORT + (reg & 3), bytes, value);
	spin_unlock(&config_lock);
}

unsigned int pci_find_capability(pci_address_t dev, uint8_t id)
{
	unsigned int pos;

	if (!(pci_read(dev, PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES))
		return 0;
	pos = pci_read(dev, PCI_CAPABILITIES, 1) & 0xfc;
	/* A broken list may be a circle. */
	for (int i = 0; i < CAPABILITIES_MAX && pos >= 0x40; i++) {
		uint32_t header = pci_read(dev, pos, 2);

		if ((header & 0xff) == id)
			return pos;
		pos = header >> 8 & 0xfc;
	}
	return 0;
}

/* An access of the guest to the data port: within one register, and addressed before. */
static bool guest_access_valid(uint16_t port, unsigned int bytes, uint32_t address)
{
	return port >= PCI_DATA_PORT && (port & 3) + bytes <= 4 && address & PCI_ENABLE;
}

uint32_t pci_guest_read(struct vcpu *v, uint16_t port, unsigned int bytes)
{
	uint32_t value = ~0u;

	(void)v;
	spin_lock(&config_lock);
	if (port == PCI_ADDRESS_PORT && bytes == 4) {
		value = guest_address;
	} else if (guest_access_valid(port, bytes, guest_address)) {
		hw_out32(PCI_ADDRESS_PORT, guest_address);
		value = data_read(port, bytes);
	}
	spin_unlock(&config_lock);
	return value;
}

void pci_guest_write(struct vcpu *v, uint16_t port, unsigned int bytes, uint32_t value)
{
	uint32_t address;

	(void)v;
	spin_lock(&config_lock);
	if (port == PCI_ADDRESS_PORT && bytes == 4)
		guest_address = value & ~3u;
	address = guest_address;
	spin_unlock(&config_lock);
	if (!guest_access_valid(port, bytes, address))
		return;
	/* Bits 24-27 select extended registers on some chipsets; those hold no MSI messages. */
	if (!(address >> 24 & 0xf) &&
	    msi_owns_register(address >> 8 & 0xffff, (address & 0xfc) | (port & 3), bytes))
		return;
	spin_lock(&config_lock);
	hw_out32(PCI_ADDRESS_PORT, address);
	data_write(port, bytes, value);
	spin_unlock(&config_lock);
}
