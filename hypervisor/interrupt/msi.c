/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing MSI and MSI-X messages.  Source of facts: PCI Local Bus specification
 * 3.0, section 6.8; Intel SDM volume 3, "Message signalled interrupts".
 */
#include "interrupt/msi.h"

#include "interrupt/hardware.h"
#include "memory/memory.h"

#define MSI_CONTROL 2
#define MSI_CONTROL_COUNT_MAX(c) ((c) >> 1 & 7)
#define MSI_CONTROL_COUNT_SHIFT 4
#define MSI_CONTROL_WIDE (1u << 7)
#define MSI_CONTROL_MASKABLE (1u << 8)
#define MSI_ADDRESS 4

#define MSIX_CONTROL 2
#define MSIX_TABLE 4
#define MSIX_ENTRY_SIZE 16
#define MSIX_VECTOR_CONTROL 12

#define MESSAGE_ADDRESS 0xfee00000u
#define MESSAGE_ADDRESS_APIC_SHIFT 12

static unsigned int data_offset(const struct msi *m)
{
	return m->wide ? 12 : 8;
}

static unsigned int mask_offset(const struct msi *m)
{
	return m->wide ? 16 : 12;
}

/*
 * Device memory is never unmapped, so a page is looked up before it is mapped
 * again; 64 pages of tables are enough for all devices (16,384 messages).
 */
static volatile char *map_table_page(uint64_t address)
{
	static struct {
		uint64_t address;
		volatile char *mapped;
	} pages[64];

	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++) {
		if (!pages[i].mapped) {
			pages[i].mapped = ioremap(address, PAGE_SIZE);
			pages[i].address = address;
		}
		if (pages[i].address == address)
			return pages[i].mapped;
	}
	return NULL;
}

static int prepare_msix(const struct msi_request *r, struct msi *m)
{
	uint32_t control = pci_read(r->device, m->capability + MSIX_CONTROL, 2);
	uint32_t table = pci_read(r->device, m->capability + MSIX_TABLE, 4);
	uint64_t address = r->table_base + (table & ~7u) + (uint64_t)r->entry * MSIX_ENTRY_SIZE;

	if (r->entry > (control & 0x7ff) || r->table_base & 15 ||
	    address < r->table_base || address >> 52 || mfn_valid(address >> PAGE_SHIFT))
		return -EINVAL;
	m->table_entry = map_table_page(address & PAGE_MASK);
	if (!m->table_entry)
		return -ENOMEM;
	m->table_entry += address & ~PAGE_MASK;
	m->entry = r->entry;
	m->maskable = true;
	return 0;
}

int msi_prepare(const struct msi_request *r, struct msi *m)
{
	uint8_t id = r->msix ? PCI_CAPABILITY_MSIX : PCI_CAPABILITY_MSI;
	uint32_t control;

	*m = (struct msi){ .device = r->device, .msix = r->msix, .count = r->count };
	m->capability = pci_find_capability(r->device, id);
	if (!m->capability)
		return -ENODEV;
	if (r->msix)
		return prepare_msix(r, m);
	control = pci_read(r->device, m->capability + MSI_CONTROL, 2);
	m->wide = control & MSI_CONTROL_WIDE;
	m->maskable = control & MSI_CONTROL_MASKABLE;
	return r->count > 1u << MSI_CONTROL_COUNT_MAX(control) ? -ENOSPC : 0;
}

/* Messages of one device after the first differ by what the device adds to the data. */
void msi_write(const struct msi *m, uint8_t vector, uint32_t apic_id)
{
	uint32_t address = MESSAGE_ADDRESS | apic_id << MESSAGE_ADDRESS_APIC_SHIFT;

	if (m->msix) {
		mmio_write32(m->table_entry, address);
		mmio_write32(m->table_entry + 4, 0);
		mmio_write32(m->table_entry + 8, vector);
		return;
	}
	if (m->index)
		return;
	pci_write(m->device, m->capability + MSI_ADDRESS, 4, address);
	if (m->wide)
		pci_write(m->device, m->capability + MSI_ADDRESS + 4, 4, 0);
	pci_write(m->device, m->capability + data_offset(m), 2, vector);
}

void msi_set_count(const struct msi *m, unsigned int count)
{
	unsigned int reg = m->capability + MSI_CONTROL;
	uint32_t control = pci_read(m->device, reg, 2) & ~(7u << MSI_CONTROL_COUNT_SHIFT);

	pci_write(m->device, reg, 2,
		  control | (uint32_t)__builtin_ctz(count) << MSI_CONTROL_COUNT_SHIFT);
}

void msi_mask(const struct msi *m, bool masked)
{
	uint32_t bits;

	if (!m->maskable)
		return;
	if (m->msix) {
		mmio_write32(m->table_entry + MSIX_VECTOR_CONTROL, masked);
		/* Read back: when this returns, no message is on its way. */
		mmio_read32(m->table_entry + MSIX_VECTOR_CONTROL);
		return;
	}
	bits = pci_read(m->device, m->capability + mask_offset(m), 4) & ~(1u << m->index);
	pci_write(m->device, m->capability + mask_offset(m), 4, bits | (uint32_t)masked << m->index);
}

bool msi_register_range(const struct msi *m, unsigned int *first, unsigned int *end)
{
	if (m->msix)
		return false;
	*first = m->capability + MSI_ADDRESS;
	*end = m->capability + (m->maskable ? mask_offset(m) + 4 : data_offset(m) + 2);
	return true;
}
