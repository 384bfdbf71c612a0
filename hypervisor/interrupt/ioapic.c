/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IO-APICs.  Source of facts: Intel 82093AA data sheet: an index and a data
 * register; entries of two 32-bit halves from index 0x10.
 */
#include "interrupt/ioapic.h"

#include "boot/acpi.h"
#include "interrupt/hardware.h"
#include "lib/log.h"
#include "lib/spinlock.h"
#include "memory/memory.h"

#define IOAPIC_INDEX 0x00
#define IOAPIC_DATA 0x10
#define IOAPIC_VERSION 0x01
#define IOAPIC_ROUTE 0x10
#define ROUTE_MASKED (1u << 16)

struct ioapic {
	volatile char *mmio;
	spinlock_t lock;		/* protects the pair of registers */
	uint64_t address;
	unsigned int gsi_base, pins;
};

static struct ioapic ioapics[ACPI_MAX_IOAPICS];
static unsigned int ioapic_count;

static uint32_t read_locked(struct ioapic *a, uint32_t reg)
{
	uint32_t value;

	spin_lock(&a->lock);
	mmio_write32(a->mmio + IOAPIC_INDEX, reg);
	value = mmio_read32(a->mmio + IOAPIC_DATA);
	spin_unlock(&a->lock);
	return value;
}

static void write_locked(struct ioapic *a, uint32_t reg, uint32_t value)
{
	spin_lock(&a->lock);
	mmio_write32(a->mmio + IOAPIC_INDEX, reg);
	mmio_write32(a->mmio + IOAPIC_DATA, value);
	spin_unlock(&a->lock);
}

static struct ioapic *find(unsigned int gsi)
{
	for (unsigned int i = 0; i < ioapic_count; i++)
		if (gsi >= ioapics[i].gsi_base && gsi - ioapics[i].gsi_base < ioapics[i].pins)
			return &ioapics[i];
	return NULL;
}

bool ioapic_has(unsigned int gsi)
{
	return gsi < NR_GSIS && find(gsi);
}

unsigned int ioapic_gsi_end(void)
{
	unsigned int end = 0;

	for (unsigned int i = 0; i < ioapic_count; i++)
		end = MAX(end, ioapics[i].gsi_base + ioapics[i].pins);
	return MIN(end, (unsigned int)NR_GSIS);
}

void ioapic_set_route(unsigned int gsi, const struct ioapic_route *r)
{
	struct ioapic *a = find(gsi);
	uint32_t reg = IOAPIC_ROUTE + (gsi - a->gsi_base) * 2;

	/* Masked while its halves do not belong together. */
	write_locked(a, reg, ROUTE_MASKED);
	write_locked(a, reg + 1, (uint32_t)r->apic_id << 24);
	write_locked(a, reg, ioapic_route_low(r));
}

void ioapic_mask(unsigned int gsi, const struct ioapic_route *r, bool masked)
{
	struct ioapic *a = find(gsi);

	write_locked(a, IOAPIC_ROUTE + (gsi - a->gsi_base) * 2,
		     (ioapic_route_low(r) & ~ROUTE_MASKED) | (masked ? ROUTE_MASKED : 0));
}

int ioapic_read_register(uint64_t address, uint32_t reg, uint32_t *value)
{
	for (unsigned int i = 0; i < ioapic_count; i++) {
		struct ioapic *a = &ioapics[i];

		if (a->address != address)
			continue;
		if (reg >= IOAPIC_ROUTE + a->pins * 2 || (reg > 2 && reg < IOAPIC_ROUTE))
			return -EINVAL;
		*value = read_locked(a, reg);
		return 0;
	}
	return -ENODEV;
}

static void add(const struct acpi_ioapic *info)
{
	struct ioapic *a = &ioapics[ioapic_count];

	a->mmio = ioremap(info->address, PAGE_SIZE);
	memory_protect_io(info->address, info->address + PAGE_SIZE);
	if (!a->mmio)
		return;
	a->address = info->address;
	a->gsi_base = info->gsi_base;
	a->pins = (read_locked(a, IOAPIC_VERSION) >> 16 & 0xff) + 1;
	ioapic_count++;
	for (unsigned int pin = 0; pin < a->pins; pin++)
		write_locked(a, IOAPIC_ROUTE + pin * 2, ROUTE_MASKED);
	log_info("ioapic: %u pins from interrupt %u", a->pins, a->gsi_base);
}

void ioapic_init(void)
{
	for (unsigned int i = 0; i < acpi.ioapic_count; i++)
		add(&acpi.ioapics[i]);
}
