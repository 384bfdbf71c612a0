/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine for tests of time/, sched/, interrupt/ and ACPI: a clock that the
 * test moves, I/O ports with a CMOS clock and PCI configuration space behind
 * them, one IO-APIC, and memory.  Functions of subsystems that are not under test
 * are weak, so that a test can link the real ones or bring its own.
 */
#ifndef MACHINE_WORLD_H
#define MACHINE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "domain/domain.h"

#define MACHINE_RAM (2u << 20)
#define MACHINE_CPUS 4
#define MACHINE_PINS 24
#define MACHINE_IOAPIC 0xfec00000u
#define MACHINE_DEVICES 4		/* 00:00.0 to 00:03.0 */
#define MACHINE_BAR 0x100000u		/* device memory, at this place of host_ram */

struct machine {
	uint64_t now;			/* time_now() */
	uint64_t armed;			/* last lapic_timer_arm() */
	unsigned int arms;		/* calls of it */
	uint32_t pending[MACHINE_CPUS];	/* softirqs raised on other processors */
	unsigned int ipis[MACHINE_CPUS];
	unsigned int eois;		/* lapic_eoi() */
	uint8_t cmos[128];
	uint8_t config[MACHINE_DEVICES][256];
	uint32_t ioapic[0x10 + 2 * MACHINE_PINS];
	unsigned int pirq_events[1024];
	int frame_refs;			/* frames taken by frame_get_both() and not put back */
	unsigned int shutdowns;		/* domain_shutdown() */
	uint8_t shutdown_reason;
};
extern struct machine machine;

void machine_reset_world(void);
/* Pretend to run on that processor; what was raised for it becomes its own. */
void machine_on_cpu(unsigned int cpu);

#endif
