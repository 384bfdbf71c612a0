/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device interrupts from vector to event: see irq.h. */
#include "interrupt/irq.h"

#include "boot/acpi.h"
#include "domain/domain.h"
#include "interrupt/hardware.h"
#include "interrupt/interrupt.h"
#include "interrupt/lapic.h"
#include "lib/log.h"

#define PIC1_COMMAND 0x20
#define PIC1_DATA 0x21
#define PIC2_COMMAND 0xa0
#define PIC2_DATA 0xa1

struct irq irqs[256];

/* The 8259s' vectors are moved away from exceptions: they can raise stray ones though masked. */
static void pic_disable(void)
{
	hw_out8(PIC1_DATA, 0xff);
	hw_out8(PIC2_DATA, 0xff);
	hw_out8(PIC1_COMMAND, 0x11);
	hw_out8(PIC2_COMMAND, 0x11);
	hw_out8(PIC1_DATA, VECTOR_PIC);
	hw_out8(PIC2_DATA, VECTOR_PIC + 8);
	hw_out8(PIC1_DATA, 1 << 2);
	hw_out8(PIC2_DATA, 2);
	hw_out8(PIC1_DATA, 1);
	hw_out8(PIC2_DATA, 1);
	hw_out8(PIC1_DATA, 0xff);
	hw_out8(PIC2_DATA, 0xff);
}

void interrupt_init(void)
{
	pic_disable();
	lapic_init();
	ioapic_init();
}

/* Messages and IO-APIC entries have 8 bits for the processor: others get the first one's. */
static uint8_t destination(unsigned int cpu)
{
	uint32_t apic_id = cpu_of(cpu)->apic_id;

	return apic_id < 255 ? apic_id : cpu_of(0)->apic_id;
}

static void mask(struct irq *irq, bool masked)
{
	irq->route.masked = masked;
	if (irq->kind == IRQ_GSI)
		ioapic_mask(irq->gsi, &irq->route, masked);
	else if (irq->kind == IRQ_MSI)
		msi_mask(&irq->msi, masked);
}

static void device_interrupt(uint8_t vector)
{
	struct irq *irq = &irqs[vector];
	void (*own)(void) = READ_ONCE(irq->own);
	struct domain *d = NULL;
	unsigned int pirq;

	if (own) {
		own();
		lapic_eoi();
		return;
	}
	spin_lock(&irq->lock);
	if (likely(irq->bound)) {
		d = irq->domain;
		if (irq->route.level) {
			irq->in_flight = true;
			mask(irq, true);
		}
	} else {
		mask(irq, true);
	}
	pirq = irq->pirq;
	spin_unlock(&irq->lock);
	lapic_eoi();
	if (d)
		event_send_pirq(d, pirq);
}

void interrupt_handle(struct regs *regs, unsigned int vector)
{
	(void)regs;		/* none where a processor was halted */
	if (vector == VECTOR_TIMER) {
		timer_interrupt();
		lapic_eoi();
	} else if (vector == VECTOR_MAIL) {
		/* First the acknowledgement: a request that comes while we serve must interrupt again. */
		lapic_eoi();
		smp_mail_interrupt();
	} else if (vector >= VECTOR_DEVICE_FIRST && vector <= VECTOR_DEVICE_LAST) {
		device_interrupt(vector);
	} else if (vector == VECTOR_ERROR) {
		log_guest(LOG_WARNING, "lapic: error %x on processor %u", lapic_error_status(),
			  this_cpu()->id);
		lapic_eoi();
	}
	/* The rest is spurious: such vectors are not acknowledged. */
}

void irq_set_gsi(uint8_t vector, unsigned int gsi, bool level, bool active_low)
{
	struct irq *irq = &irqs[vector];

	spin_lock(&irq->lock);
	irq->kind = IRQ_GSI;
	irq->gsi = gsi;
	irq->route = (struct ioapic_route){ .vector = vector, .level = level,
					    .active_low = active_low, .masked = true,
					    .apic_id = destination(0) };
	ioapic_set_route(gsi, &irq->route);
	spin_unlock(&irq->lock);
}

void irq_set_msi(uint8_t vector, const struct msi *m)
{
	struct irq *irq = &irqs[vector];

	spin_lock(&irq->lock);
	irq->kind = IRQ_MSI;
	irq->msi = *m;
	irq->route = (struct ioapic_route){ .vector = vector, .masked = true,
					    .apic_id = destination(0) };
	msi_mask(m, true);
	msi_write(m, vector, irq->route.apic_id);
	spin_unlock(&irq->lock);
}

void irq_clear(uint8_t vector)
{
	struct irq *irq = &irqs[vector];

	spin_lock(&irq->lock);
	mask(irq, true);
	irq->kind = IRQ_NONE;
	irq->bound = irq->in_flight = false;
	spin_unlock(&irq->lock);
}

static void set_destination(struct irq *irq, unsigned int cpu)
{
	uint8_t apic_id = destination(cpu);

	if (irq->route.apic_id == apic_id)
		return;
	irq->route.apic_id = apic_id;
	if (irq->kind == IRQ_GSI)
		ioapic_set_route(irq->gsi, &irq->route);
	else
		msi_write(&irq->msi, irq->route.vector, apic_id);
}

int irq_bind(uint8_t vector, struct domain *d, unsigned int pirq, bool shared, unsigned int cpu)
{
	struct irq *irq = &irqs[vector];
	int rc = -EBUSY;

	spin_lock(&irq->lock);
	if (!irq->bound) {
		irq->bound = true;
		irq->in_flight = false;
		irq->shared = shared;
		irq->domain = d;
		irq->pirq = pirq;
		set_destination(irq, cpu);
		mask(irq, false);
		rc = 0;
	}
	spin_unlock(&irq->lock);
	return rc;
}

void irq_take(uint8_t vector, void (*own)(void))
{
	struct irq *irq = &irqs[vector];

	spin_lock(&irq->lock);
	irq->bound = true;
	WRITE_ONCE(irq->own, own);
	mask(irq, false);
	spin_unlock(&irq->lock);
}

void irq_unbind(uint8_t vector)
{
	struct irq *irq = &irqs[vector];

	spin_lock(&irq->lock);
	mask(irq, true);
	irq->bound = irq->in_flight = false;
	spin_unlock(&irq->lock);
}

void irq_eoi(uint8_t vector)
{
	struct irq *irq = &irqs[vector];

	spin_lock(&irq->lock);
	if (irq->in_flight) {
		irq->in_flight = false;
		mask(irq, false);
	}
	spin_unlock(&irq->lock);
}

void irq_set_cpu(uint8_t vector, unsigned int cpu)
{
	struct irq *irq = &irqs[vector];

	spin_lock(&irq->lock);
	if (irq->bound)
		set_destination(irq, cpu);
	spin_unlock(&irq->lock);
}

bool irq_is_level(uint8_t vector)
{
	return READ_ONCE(irqs[vector].route.level);
}

void irq_restore_message(uint8_t vector)
{
	struct irq *irq = &irqs[vector];

	spin_lock(&irq->lock);
	if (irq->kind == IRQ_MSI) {
		msi_write(&irq->msi, vector, irq->route.apic_id);
		msi_mask(&irq->msi, irq->route.masked);
		if (irq->msi.count > 1)
			msi_set_count(&irq->msi, irq->msi.count);
	}
	spin_unlock(&irq->lock);
}

bool msi_owns_register(pci_address_t device, unsigned int reg, unsigned int bytes)
{
	unsigned int first, end;
	bool owned = false;

	for (unsigned int i = VECTOR_DEVICE_FIRST; i <= VECTOR_DEVICE_LAST && !owned; i++) {
		struct irq *irq = &irqs[i];

		if (READ_ONCE(irq->kind) != IRQ_MSI || irq->msi.device != device)
			continue;
		spin_lock(&irq->lock);
		owned = irq->kind == IRQ_MSI && irq->msi.device == device &&
			msi_register_range(&irq->msi, &first, &end) && reg < end &&
			reg + bytes > first;
		spin_unlock(&irq->lock);
	}
	return owned;
}
