/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turning the machine off and resetting it, by the registers that the ACPI
 * tables name and then by what every PC has.
 */
#include "boot/acpi.h"

#include "interrupt/hardware.h"
#include "lib/log.h"
#include "memory/memory.h"
#include "time/time.h"

#define PM1_SLEEP_ENABLE (1u << 13)
#define PM1_WAKE_STATUS (1u << 15)

static void register_write16(const struct acpi_register *r, uint16_t value)
{
	if (!r->address)
		return;
	if (r->space == ACPI_SPACE_IO) {
		hw_out16(r->address, value);
	} else {
		volatile uint16_t *p = ioremap(r->address, sizeof(*p));

		if (p)
			*p = value;
	}
}

int acpi_enter_sleep(uint8_t state, uint16_t pm1a, uint16_t pm1b)
{
	if (state != 5)
		return -EOPNOTSUPP;
	/* dom0 gives the other bits back as it has read them, which is what those that are reserved want. */
	if (!(pm1a & PM1_SLEEP_ENABLE))
		return -EINVAL;
	if (!acpi.pm1a_control.address)
		return -ENODEV;
	log_info("power: off");
	register_write16(&acpi.pm1a_event, PM1_WAKE_STATUS);
	/* The sleep type first, then the same with the enable bit, as the specification asks. */
	register_write16(&acpi.pm1a_control, pm1a & ~PM1_SLEEP_ENABLE);
	register_write16(&acpi.pm1b_control, pm1b & ~PM1_SLEEP_ENABLE);
	register_write16(&acpi.pm1a_control, pm1a);
	register_write16(&acpi.pm1b_control, pm1b | PM1_SLEEP_ENABLE);
	delay_us(1000000);
	return -EIO;
}

static void reset_by_acpi(void)
{
	volatile uint8_t *p;

	if (!acpi.reset_supported)
		return;
	if (acpi.reset.space == ACPI_SPACE_IO) {
		hw_out8(acpi.reset.address, acpi.reset_value);
	} else if (acpi.reset.space == ACPI_SPACE_PCI) {
		uint32_t device = acpi.reset.address >> 32 & 31;
		uint32_t function = acpi.reset.address >> 16 & 7;
		uint32_t offset = acpi.reset.address & 0xff;

		hw_out32(0xcf8, 1u << 31 | device << 11 | function << 8 | (offset & ~3u));
		hw_out8(0xcfc + (offset & 3), acpi.reset_value);
	} else if (acpi.reset.space == ACPI_SPACE_MEMORY) {
		p = ioremap(acpi.reset.address, 1);
		if (p)
			*p = acpi.reset_value;
	}
	delay_us(50000);
}

void machine_reset(void)
{
	const struct {
		uint16_t size;
		uint64_t base;
	} __packed empty_idt = { 0, 0 };

	reset_by_acpi();
	/* Chipset reset control: choose a full reset, then start it. */
	hw_out8(0xcf9, 0x02);
	delay_us(50);
	hw_out8(0xcf9, 0x06);
	delay_us(50000);
	/* Keyboard controller: pulse the reset line, once its input buffer is empty. */
	for (int i = 0; i < 1000 && hw_in8(0x64) & 2; i++)
		delay_us(10);
	hw_out8(0x64, 0xfe);
	delay_us(50000);
	__asm__ volatile("lidt %0; int3" : : "m"(empty_idt));
	for (;;)
		__asm__ volatile("hlt");
}
