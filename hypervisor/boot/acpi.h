/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hypervisor takes from the firmware's ACPI tables: processors,
 * interrupt controllers, clocks and power registers.  It interprets no AML;
 * that is dom0's work.
 *
 * Source of facts: ACPI specification 6.5, chapters 4 and 5; HPET and PCI
 * firmware specifications for their tables.
 */
#ifndef BOOT_ACPI_H
#define BOOT_ACPI_H

#include "lib/base.h"

#define ACPI_MAX_IOAPICS 16
#define ACPI_MAX_OVERRIDES 16
#define ACPI_MAX_LAPIC_NMIS 8
#define ACPI_MAX_MCFG 8

struct acpi_cpu {
	uint32_t apic_id;
	uint32_t acpi_id;
};

struct acpi_ioapic {
	uint64_t address;		/* physical */
	uint32_t gsi_base;		/* its first interrupt's global number */
	uint8_t id;
};

/* An ISA interrupt that does not arrive at the GSI of the same number, edge, active high. */
struct acpi_override {
	uint8_t isa_irq;
	bool level, active_low;
	uint32_t gsi;
};

struct acpi_lapic_nmi {
	uint32_t acpi_id;		/* 0xff or ~0: every processor */
	uint8_t lint;			/* local APIC pin: 0 or 1 */
};

struct acpi_mcfg {
	uint64_t address;		/* physical, of bus 0 */
	uint16_t segment;
	uint8_t start_bus, end_bus;
};

#define ACPI_SPACE_MEMORY 0
#define ACPI_SPACE_IO 1
#define ACPI_SPACE_PCI 2		/* bus 0; address: device << 32 | function << 16 | register */

struct acpi_register {
	uint64_t address;		/* 0: there is none */
	uint8_t space;			/* ACPI_SPACE_* */
	uint8_t bits;
};

struct acpi_info {
	uint64_t rsdp;			/* physical address; 0: no ACPI */
	uint64_t lapic_address;
	bool has_8259;
	unsigned int cpu_count, ioapic_count, override_count, lapic_nmi_count, mcfg_count;
	struct acpi_cpu cpus[NR_CPUS];	/* enabled ones only */
	struct acpi_ioapic ioapics[ACPI_MAX_IOAPICS];
	struct acpi_override overrides[ACPI_MAX_OVERRIDES];
	struct acpi_lapic_nmi lapic_nmis[ACPI_MAX_LAPIC_NMIS];
	struct acpi_mcfg mcfg[ACPI_MAX_MCFG];
	uint16_t sci_irq;
	struct acpi_register pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm_timer;
	bool pm_timer_32bit;
	bool reset_supported;
	struct acpi_register reset;
	uint8_t reset_value;
	uint64_t hpet_address;		/* 0: none */
};

extern struct acpi_info acpi;

/*
 * Read the tables into `acpi`.  rsdp: its physical address if the boot loader
 * gave one, else 0 to search the places of a PC BIOS.  After memory_init().
 * 0; -ENOENT: no usable tables (acpi then describes one processor, no IO-APIC).
 */
int acpi_init(uint64_t rsdp);

/* The GSI of an ISA interrupt, with its trigger mode and polarity. */
struct acpi_override acpi_isa_irq(uint8_t isa_irq);

/*
 * Enter a sleep state with the PM1 control values that dom0's AML evaluated to.
 * Only state 5 (off), which does not return when it works.
 * -EOPNOTSUPP: another state; -EINVAL: bits that are not sleep type/enable;
 * -ENODEV: no PM1 registers; -EIO: the machine is still on after a second.
 */
int acpi_enter_sleep(uint8_t state, uint16_t pm1a, uint16_t pm1b);

/* Reset by the ACPI register, else chipset, keyboard controller, triple fault. */
void machine_reset(void) __noreturn;

#endif
