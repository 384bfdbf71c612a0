/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts: local APIC, IO-APICs, MSI, vectors; physical interrupts as
 * events of the management domain; the physdev hypercalls.
 */
#ifndef INTERRUPT_INTERRUPT_H
#define INTERRUPT_INTERRUPT_H

#include "lib/base.h"

struct domain;
struct vcpu;
struct regs;
struct pirq_table;

struct interrupt_domain {
	struct pirq_table *pirqs;	/* physical interrupts it may bind, NULL: none */
};

/* Vectors.  0x20..0xdf: devices, by priority class. */
#define VECTOR_DEVICE_FIRST 0x20
#define VECTOR_DEVICE_LAST 0xdf
#define VECTOR_LEGACY_SYSCALL 0x80	/* int 0x80 of guests: never given to a device */
#define VECTOR_PIC 0xe0			/* 16 of them: stray interrupts of the masked 8259s */
#define VECTOR_TIMER 0xf0
#define VECTOR_MAIL 0xf1		/* look at the mailbox and softirqs */
#define VECTOR_ERROR 0xf2		/* of the local APIC */
#define VECTOR_SPURIOUS 0xff

/* After acpi_init(): mask PICs and IO-APICs, set up the boot processor's local APIC. */
void interrupt_init(void);
void lapic_cpu_init(void);		/* each processor */
void lapic_timer_calibrate(void);	/* boot processor, when delay_us() works: time_init() calls it */
uint32_t lapic_id(void);
void lapic_eoi(void);
void lapic_timer_arm(uint64_t deadline_ns);	/* one shot at time_now() value; 0: off */
void lapic_send_ipi(cpumask_t mask, unsigned int vector);
void lapic_send_nmi(cpumask_t mask);
void lapic_start_cpu(uint32_t apic_id, uint8_t page);	/* INIT, SIPI, SIPI */
/* An interrupt vector arrived (entry code); interrupts are off. */
void interrupt_handle(struct regs *regs, unsigned int vector);
void smp_mail_interrupt(void);		/* VECTOR_MAIL's work (cpu/smp.c) */

long hypercall_physdev_op(uint64_t cmd, uint64_t arg);
int interrupt_domain_init(struct domain *d);
void interrupt_domain_free(struct domain *d);
/*
 * EVTCHNOP_bind_pirq / close (event/ calls these).  -EINVAL: not mapped;
 * -EBUSY: bound already; -EPERM: not the management domain.
 */
int pirq_bind(struct vcpu *v, unsigned int pirq, bool will_share);
void pirq_unbind(struct domain *d, unsigned int pirq);
/*
 * A GSI for the hypervisor itself; d, the management domain, can map it
 * like any other, but not bind it (-EBUSY).  -EINVAL: no such GSI; -ENOSPC.
 */
int pirq_take_gsi(struct domain *d, unsigned int gsi, void (*handler)(void));
/* The guest has handled a level-triggered interrupt: let it come again. */
void pirq_eoi(struct domain *d, unsigned int pirq);
/* Its event now goes to another vcpu: deliver to the processor where that one runs. */
void pirq_set_cpu(struct domain *d, unsigned int pirq, unsigned int cpu);
/* Port I/O of the management domain to the PCI configuration ports (emulate/ calls these). */
uint32_t pci_guest_read(struct vcpu *v, uint16_t port, unsigned int bytes);
void pci_guest_write(struct vcpu *v, uint16_t port, unsigned int bytes, uint32_t value);

#endif
