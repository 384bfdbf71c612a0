/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The management domain's interrupts: mapping, binding, acknowledging them. */
#include "interrupt/pirq.h"

#include "boot/acpi.h"
#include "domain/domain.h"
#include "interrupt/interrupt.h"
#include "interrupt/vector.h"
#include "lib/bitmap.h"
#include "memory/memory.h"

int interrupt_domain_init(struct domain *d)
{
	if (d->id || !d->privileged)
		return 0;
	d->interrupt.pirqs = heap_alloc(sizeof(struct pirq_table));
	return d->interrupt.pirqs ? 0 : -ENOMEM;
}

void interrupt_domain_free(struct domain *d)
{
	struct pirq_table *t = d->interrupt.pirqs;

	if (!t)
		return;
	for (unsigned int pirq = 0; pirq < NR_PIRQS; pirq++)
		if (t->vector[pirq])
			irq_clear(t->vector[pirq]);
	if (t->eoi_frame)
		frame_put_both(t->eoi_frame);
	heap_free(t);
	d->interrupt.pirqs = NULL;
}

/* What the firmware says of a GSI that dom0 has said nothing of. */
static struct acpi_override gsi_default(unsigned int gsi)
{
	for (unsigned int i = 0; i < acpi.override_count; i++)
		if (acpi.overrides[i].gsi == gsi)
			return acpi.overrides[i];
	return (struct acpi_override){ .gsi = gsi, .level = gsi > 15, .active_low = gsi > 15 };
}

static int map_gsi(struct pirq_table *t, unsigned int gsi)
{
	struct acpi_override o = gsi_default(gsi);
	unsigned int vector;

	if (!ioapic_has(gsi))
		return -EINVAL;
	if (t->vector[gsi])
		return t->vector[gsi];
	vector = vector_alloc(1);
	if (!vector)
		return -ENOSPC;
	irq_set_gsi(vector, gsi, o.level, o.active_low);
	t->vector[gsi] = vector;
	return vector;
}

int pirq_map_gsi(struct pirq_table *t, unsigned int gsi)
{
	int rc;

	spin_lock(&t->lock);
	rc = map_gsi(t, gsi);
	spin_unlock(&t->lock);
	return rc;
}

int pirq_take_gsi(struct domain *d, unsigned int gsi, void (*handler)(void))
{
	struct pirq_table *t = d->interrupt.pirqs;
	int vector;

	spin_lock(&t->lock);
	vector = map_gsi(t, gsi);
	if (vector > 0)
		irq_take(vector, handler);
	spin_unlock(&t->lock);
	return MIN(vector, 0);
}

int pirq_setup_gsi(struct pirq_table *t, unsigned int gsi, bool level, bool active_low)
{
	int rc;

	spin_lock(&t->lock);
	rc = map_gsi(t, gsi);
	if (rc > 0) {
		struct irq *irq = &irqs[rc];
		bool same = irq->route.level == level && irq->route.active_low == active_low;

		if (irq->bound) {
			rc = same ? 0 : -EEXIST;
		} else {
			if (!same)
				irq_set_gsi(rc, gsi, level, active_low);
			rc = 0;
		}
	}
	spin_unlock(&t->lock);
	return rc;
}

static int find_free(const struct pirq_table *t, unsigned int count)
{
	unsigned int run = 0;

	for (unsigned int pirq = ioapic_gsi_end(); pirq < NR_PIRQS; pirq++) {
		run = t->vector[pirq] ? 0 : run + 1;
		if (run == count)
			return pirq + 1 - count;
	}
	return -ENOSPC;
}

int pirq_find_free(struct pirq_table *t, unsigned int count)
{
	int rc;

	spin_lock(&t->lock);
	rc = find_free(t, count);
	spin_unlock(&t->lock);
	return rc;
}

/* Where the messages go: the wanted place if it is free and not a GSI's. */
static int choose_pirq(const struct pirq_table *t, int wanted, unsigned int count)
{
	if (wanted < 0)
		return find_free(t, count);
	if ((unsigned int)wanted < ioapic_gsi_end() || (unsigned int)wanted + count > NR_PIRQS)
		return -EINVAL;
	for (unsigned int i = 0; i < count; i++)
		if (t->vector[wanted + i])
			return -EEXIST;
	return wanted;
}

static bool message_in_use(const struct pirq_table *t, const struct msi *m)
{
	for (unsigned int pirq = ioapic_gsi_end(); pirq < NR_PIRQS; pirq++) {
		const struct irq *irq = &irqs[t->vector[pirq]];

		if (t->vector[pirq] && irq->msi.device == m->device && irq->msi.msix == m->msix &&
		    irq->msi.entry == m->entry)
			return true;
	}
	return false;
}

int pirq_map_msi(struct pirq_table *t, const struct msi_request *r, int wanted)
{
	unsigned int vector;
	struct msi m;
	int pirq;

	spin_lock(&t->lock);
	pirq = msi_prepare(r, &m);
	if (!pirq && message_in_use(t, &m))
		pirq = -EEXIST;
	if (!pirq)
		pirq = choose_pirq(t, wanted, r->count);
	if (pirq < 0)
		goto out;
	vector = vector_alloc(r->count);
	if (!vector) {
		pirq = -ENOSPC;
		goto out;
	}
	for (unsigned int i = 0; i < r->count; i++) {
		m.index = i;
		m.count = i ? 0 : r->count;
		irq_set_msi(vector + i, &m);
		t->vector[pirq + i] = vector + i;
	}
	if (!m.msix) {
		m.index = 0;
		msi_set_count(&m, r->count);
	}
out:
	spin_unlock(&t->lock);
	return pirq;
}

/* The first of a group of messages stands for all of it. */
int pirq_unmap(struct pirq_table *t, unsigned int pirq)
{
	unsigned int vector, count = 1;
	int rc = -EINVAL;

	spin_lock(&t->lock);
	vector = pirq < NR_PIRQS ? t->vector[pirq] : 0;
	if (!vector)
		goto out;
	rc = -EBUSY;
	if (irqs[vector].own)
		goto out;
	rc = -EINVAL;
	if (irqs[vector].kind == IRQ_MSI)
		count = irqs[vector].msi.count;
	if (!count)
		goto out;
	for (unsigned int i = 0; i < count; i++) {
		irq_clear(vector + i);
		t->vector[pirq + i] = 0;
	}
	vector_free(vector, count);
	rc = 0;
out:
	spin_unlock(&t->lock);
	return rc;
}

void pirq_restore_messages(struct pirq_table *t, pci_address_t device)
{
	spin_lock(&t->lock);
	for (unsigned int pirq = ioapic_gsi_end(); pirq < NR_PIRQS; pirq++)
		if (t->vector[pirq] && irqs[t->vector[pirq]].msi.device == device)
			irq_restore_message(t->vector[pirq]);
	spin_unlock(&t->lock);
}

/* Tell the guest whether the interrupt wants an EOI; its lock keeps the map in place. */
static void publish_needs_eoi(struct pirq_table *t, unsigned int pirq, bool needs)
{
	if (!t->eoi_map)
		return;
	if (needs)
		bit_set(t->eoi_map, pirq);
	else
		bit_clear(t->eoi_map, pirq);
}

int pirq_set_eoi_map(struct domain *d, mfn_t mfn)
{
	struct pirq_table *t = d->interrupt.pirqs;
	struct frame *f;

	if (!mfn_valid(mfn) || frame_get_both(mfn, d, FRAME_WRITABLE, false))
		return -EINVAL;
	f = frame_of(mfn);
	spin_lock(&t->lock);
	if (t->eoi_map) {
		spin_unlock(&t->lock);
		frame_put_both(f);
		return -EBUSY;
	}
	t->eoi_frame = f;
	t->eoi_map = mfn_to_virt(mfn);
	for (unsigned int pirq = 0; pirq < NR_PIRQS; pirq++)
		publish_needs_eoi(t, pirq, t->vector[pirq] && irqs[t->vector[pirq]].bound &&
					   irq_is_level(t->vector[pirq]));
	spin_unlock(&t->lock);
	return 0;
}

int pirq_bind(struct vcpu *v, unsigned int pirq, bool will_share)
{
	struct pirq_table *t = v->domain->interrupt.pirqs;
	uint8_t vector;
	int rc = -EINVAL;

	if (!t)
		return -EPERM;
	if (pirq >= NR_PIRQS)
		return -EINVAL;
	spin_lock(&t->lock);
	vector = t->vector[pirq];
	if (vector) {
		publish_needs_eoi(t, pirq, irq_is_level(vector));
		rc = irq_bind(vector, v->domain, pirq, will_share, v->sched.cpu);
	}
	spin_unlock(&t->lock);
	return rc;
}

void pirq_unbind(struct domain *d, unsigned int pirq)
{
	struct pirq_table *t = d->interrupt.pirqs;

	if (!t || pirq >= NR_PIRQS)
		return;
	spin_lock(&t->lock);
	if (t->vector[pirq])
		irq_unbind(t->vector[pirq]);
	publish_needs_eoi(t, pirq, false);
	spin_unlock(&t->lock);
}

void pirq_eoi(struct domain *d, unsigned int pirq)
{
	struct pirq_table *t = d->interrupt.pirqs;
	uint8_t vector;

	if (!t || pirq >= NR_PIRQS)
		return;
	vector = READ_ONCE(t->vector[pirq]);
	if (vector)
		irq_eoi(vector);
}

void pirq_set_cpu(struct domain *d, unsigned int pirq, unsigned int cpu)
{
	struct pirq_table *t = d->interrupt.pirqs;
	uint8_t vector;

	if (!t || pirq >= NR_PIRQS)
		return;
	vector = READ_ONCE(t->vector[pirq]);
	if (vector)
		irq_set_cpu(vector, cpu);
}
