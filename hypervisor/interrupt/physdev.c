/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The physdev_op hypercalls: how dom0 asks for interrupts and I/O privilege.
 * All but set_iopl and set_iobitmap, which any guest may make for itself, are
 * the management domain's.
 */
#include <hypercall/physdev.h>

#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "hypercall/operation.h"
#include "interrupt/interrupt.h"
#include "interrupt/pirq.h"

#define MSI_COUNT_MAX 32

/* Of the caller: who has none gets as far as the operations that need none. */
static struct pirq_table *table(void)
{
	return current->domain->interrupt.pirqs;
}

static long op_eoi(void *arg)
{
	struct hc_physdev_eoi *op = arg;

	if (op->irq >= NR_PIRQS)
		return -EINVAL;
	pirq_eoi(current->domain, op->irq);
	return 0;
}

static long op_status_query(void *arg)
{
	struct hc_physdev_irq_status_query *op = arg;
	uint8_t vector;

	if (op->irq >= NR_PIRQS)
		return -EINVAL;
	vector = READ_ONCE(table()->vector[op->irq]);
	op->flags = 0;
	if (vector && irq_is_level(vector))
		op->flags |= HC_IRQSTAT_NEEDS_EOI;
	if (vector && READ_ONCE(irqs[vector].shared))
		op->flags |= HC_IRQSTAT_SHARED;
	return 0;
}

static long op_set_iopl(void *arg)
{
	struct hc_physdev_set_iopl *op = arg;

	if (op->iopl > 3)
		return -EINVAL;
	current->iopl = op->iopl;
	return 0;
}

static long op_apic_read(void *arg)
{
	struct hc_physdev_apic *op = arg;

	return ioapic_read_register(op->apic_physbase, op->reg, &op->value);
}

/* The entries are programmed from map_pirq and setup_gsi; nobody writes them by hand. */
static long op_apic_write(void *arg)
{
	(void)arg;
	return -EPERM;
}

static long op_alloc_vector(void *arg)
{
	struct hc_physdev_irq *op = arg;
	int vector = op->irq < NR_GSIS ? pirq_map_gsi(table(), op->irq) : -EINVAL;

	op->vector = vector;
	return MIN(vector, 0);
}

/* Vectors belong to mapped interrupts, and go when these are unmapped. */
static long op_nothing(void *arg)
{
	(void)arg;
	return 0;
}

static long map_message(struct pirq_table *t, struct hc_physdev_map_pirq *op, uint32_t segment)
{
	struct msi_request r = {
		.device = (op->bus & 0xff) << 8 | (op->devfn & 0xff),
		.count = 1,
		.msix = op->table_base,
		.table_base = op->table_base,
	};
	int pirq;

	if (segment || op->devfn & ~0xff)
		return -EINVAL;
	if (r.msix) {
		if (op->entry_nr < 0)
			return -EINVAL;
		r.entry = op->entry_nr;
	} else if (op->type == HC_MAP_PIRQ_TYPE_MULTI_MSI) {
		if (op->entry_nr < 1 || op->entry_nr > MSI_COUNT_MAX)
			return -EINVAL;
		while (r.count < (unsigned int)op->entry_nr)
			r.count *= 2;
	}
	pirq = pirq_map_msi(t, &r, op->pirq);
	if (pirq < 0)
		return pirq;
	op->pirq = pirq;
	return 0;
}

static long map_interrupt(struct pirq_table *t, struct hc_physdev_map_pirq *op)
{
	int rc;

	switch (op->type) {
	case HC_MAP_PIRQ_TYPE_GSI:
		if (op->index < 0 || op->index >= NR_GSIS ||
		    (op->pirq >= 0 && op->pirq != op->index))
			return -EINVAL;
		rc = pirq_map_gsi(t, op->index);
		op->pirq = op->index;
		return MIN(rc, 0);
	case HC_MAP_PIRQ_TYPE_MSI:
		return map_message(t, op, 0);
	case HC_MAP_PIRQ_TYPE_MSI_SEG:
	case HC_MAP_PIRQ_TYPE_MULTI_MSI:
		return map_message(t, op, (uint32_t)op->bus >> 16);
	default:
		return -EINVAL;
	}
}

static bool is_caller(uint16_t domid)
{
	return domid == HC_DOMID_SELF || domid == current->domain->id;
}

static long op_map_pirq(void *arg)
{
	struct hc_physdev_map_pirq *op = arg;

	/* Without an IOMMU, a device given to another domain would give it the machine. */
	if (!is_caller(op->domid))
		return -EPERM;
	return map_interrupt(table(), op);
}

static long op_unmap_pirq(void *arg)
{
	struct hc_physdev_unmap_pirq *op = arg;

	if (!is_caller(op->domid))
		return -EPERM;
	return op->pirq < 0 ? -EINVAL : pirq_unmap(table(), op->pirq);
}

static long op_eoi_map(void *arg)
{
	struct hc_physdev_pirq_eoi_gmfn *op = arg;

	return pirq_set_eoi_map(current->domain, op->gmfn);
}

static long op_setup_gsi(void *arg)
{
	struct hc_physdev_setup_gsi *op = arg;

	if (op->gsi < 0 || op->gsi >= NR_GSIS || op->triggering > 1 || op->polarity > 1)
		return -EINVAL;
	return pirq_setup_gsi(table(), op->gsi, op->triggering, op->polarity);
}

static long op_free_pirq(void *arg)
{
	struct hc_physdev_get_free_pirq *op = arg;
	int pirq = pirq_find_free(table(), 1);

	op->pirq = pirq;
	return MIN(pirq, 0);
}

static long op_restore_msi(void *arg)
{
	struct hc_physdev_restore_msi *op = arg;

	pirq_restore_messages(table(), op->bus << 8 | op->devfn);
	return 0;
}

static long op_restore_msi_ext(void *arg)
{
	struct hc_physdev_pci_device *op = arg;

	if (op->seg)
		return -ENODEV;
	pirq_restore_messages(table(), op->bus << 8 | op->devfn);
	return 0;
}

static long op_mmcfg_reserved(void *arg)
{
	struct hc_physdev_pci_mmcfg_reserved *op = arg;

	return op->flags & ~HC_PCI_MMCFG_RESERVED || op->start_bus > op->end_bus ? -EINVAL : 0;
}

/* Looked at when user mode makes port I/O (emulate/port.c), in the guest kernel's memory then. */
static long op_set_iobitmap(void *arg)
{
	struct hc_physdev_set_iobitmap *op = arg;

	if (op->nr_ports > 65536 || !guest_range_ok(op->bitmap, op->nr_ports / 8 + 1))
		return -EINVAL;
	current->emulate.io_bitmap = op->bitmap;
	current->emulate.io_bitmap_ports = op->nr_ports;
	return 0;
}

#define NOTHING { op_nothing, 0, OP_PRIVILEGED }

static const struct operation operations[] = {
	[HC_PHYSDEVOP_IRQ_UNMASK_NOTIFY] = NOTHING,
	[HC_PHYSDEVOP_IRQ_STATUS_QUERY] = {
		op_status_query, sizeof(struct hc_physdev_irq_status_query), OP_ANSWERS | OP_PRIVILEGED },
	[HC_PHYSDEVOP_SET_IOPL] = { op_set_iopl, sizeof(struct hc_physdev_set_iopl), 0 },
	[HC_PHYSDEVOP_SET_IOBITMAP] = { op_set_iobitmap, sizeof(struct hc_physdev_set_iobitmap), 0 },
	[HC_PHYSDEVOP_APIC_READ] = {
		op_apic_read, sizeof(struct hc_physdev_apic), OP_ANSWERS | OP_PRIVILEGED },
	[HC_PHYSDEVOP_APIC_WRITE] = { op_apic_write, 0, OP_PRIVILEGED },
	[HC_PHYSDEVOP_ALLOC_IRQ_VECTOR] = {
		op_alloc_vector, sizeof(struct hc_physdev_irq), OP_ANSWERS | OP_PRIVILEGED },
	[HC_PHYSDEVOP_FREE_IRQ_VECTOR] = NOTHING,
	[HC_PHYSDEVOP_EOI] = { op_eoi, sizeof(struct hc_physdev_eoi), OP_PRIVILEGED },
	[HC_PHYSDEVOP_MAP_PIRQ] = {
		op_map_pirq, sizeof(struct hc_physdev_map_pirq), OP_ANSWERS | OP_PRIVILEGED },
	[HC_PHYSDEVOP_UNMAP_PIRQ] = { op_unmap_pirq, sizeof(struct hc_physdev_unmap_pirq), OP_PRIVILEGED },
	/* Devices are dom0's without being announced, and MSI-X tables are mapped when used. */
	[HC_PHYSDEVOP_MANAGE_PCI_ADD] = NOTHING,
	[HC_PHYSDEVOP_MANAGE_PCI_REMOVE] = NOTHING,
	[HC_PHYSDEVOP_MANAGE_PCI_ADD_EXT] = NOTHING,
	[HC_PHYSDEVOP_PCI_DEVICE_ADD] = NOTHING,
	[HC_PHYSDEVOP_PCI_DEVICE_REMOVE] = NOTHING,
	[HC_PHYSDEVOP_PREPARE_MSIX] = NOTHING,
	[HC_PHYSDEVOP_RELEASE_MSIX] = NOTHING,
	[HC_PHYSDEVOP_DBGP_OP] = NOTHING,
	[HC_PHYSDEVOP_RESTORE_MSI] = {
		op_restore_msi, sizeof(struct hc_physdev_restore_msi), OP_PRIVILEGED },
	[HC_PHYSDEVOP_RESTORE_MSI_EXT] = {
		op_restore_msi_ext, sizeof(struct hc_physdev_pci_device), OP_PRIVILEGED },
	[HC_PHYSDEVOP_SETUP_GSI] = { op_setup_gsi, sizeof(struct hc_physdev_setup_gsi), OP_PRIVILEGED },
	[HC_PHYSDEVOP_GET_FREE_PIRQ] = {
		op_free_pirq, sizeof(struct hc_physdev_get_free_pirq), OP_ANSWERS | OP_PRIVILEGED },
	[HC_PHYSDEVOP_PCI_MMCFG_RESERVED] = {
		op_mmcfg_reserved, sizeof(struct hc_physdev_pci_mmcfg_reserved), OP_PRIVILEGED },
	/* Version 1 of the EOI map would also unmask the event; nobody who knows version 2 asks for it. */
	[HC_PHYSDEVOP_PIRQ_EOI_GMFN_V2] = {
		op_eoi_map, sizeof(struct hc_physdev_pirq_eoi_gmfn), OP_PRIVILEGED },
};

long hypercall_physdev_op(uint64_t cmd, uint64_t arg)
{
	uint32_t op = cmd;

	if (op < ARRAY_SIZE(operations) && operations[op].flags & OP_PRIVILEGED && !table())
		return -EPERM;
	return operation_run(operations, ARRAY_SIZE(operations), op, arg);
}
