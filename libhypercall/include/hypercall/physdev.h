/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * physdev_op: how dom0 uses the machine's interrupts, I/O ports and PCI devices.
 * A pirq is a domain's name for a physical interrupt; a GSI is the machine's.
 *
 * Source of facts: Xen's public header physdev.h.
 */
#ifndef HYPERCALL_PHYSDEV_H
#define HYPERCALL_PHYSDEV_H

#include "base.h"

/* physdev_op(cmd, argument address). */
#define HC_PHYSDEVOP_IRQ_UNMASK_NOTIFY	4
#define HC_PHYSDEVOP_IRQ_STATUS_QUERY	5
#define HC_PHYSDEVOP_SET_IOPL		6
#define HC_PHYSDEVOP_SET_IOBITMAP	7
#define HC_PHYSDEVOP_APIC_READ		8	/* hc_physdev_apic */
#define HC_PHYSDEVOP_APIC_WRITE		9	/* hc_physdev_apic */
#define HC_PHYSDEVOP_ALLOC_IRQ_VECTOR	10	/* hc_physdev_irq */
#define HC_PHYSDEVOP_FREE_IRQ_VECTOR	11	/* hc_physdev_irq */
#define HC_PHYSDEVOP_EOI		12
#define HC_PHYSDEVOP_MAP_PIRQ		13
#define HC_PHYSDEVOP_UNMAP_PIRQ		14
#define HC_PHYSDEVOP_MANAGE_PCI_ADD	15	/* hc_physdev_manage_pci */
#define HC_PHYSDEVOP_MANAGE_PCI_REMOVE	16	/* hc_physdev_manage_pci */
#define HC_PHYSDEVOP_PIRQ_EOI_GMFN_V1	17	/* hc_physdev_pirq_eoi_gmfn */
#define HC_PHYSDEVOP_RESTORE_MSI	19	/* hc_physdev_restore_msi */
#define HC_PHYSDEVOP_MANAGE_PCI_ADD_EXT	20
#define HC_PHYSDEVOP_SETUP_GSI		21
#define HC_PHYSDEVOP_GET_FREE_PIRQ	23
#define HC_PHYSDEVOP_PCI_MMCFG_RESERVED	24
#define HC_PHYSDEVOP_PCI_DEVICE_ADD	25
#define HC_PHYSDEVOP_PCI_DEVICE_REMOVE	26	/* hc_physdev_pci_device */
#define HC_PHYSDEVOP_RESTORE_MSI_EXT	27	/* hc_physdev_pci_device */
#define HC_PHYSDEVOP_PIRQ_EOI_GMFN_V2	28	/* hc_physdev_pirq_eoi_gmfn */
#define HC_PHYSDEVOP_DBGP_OP		29
#define HC_PHYSDEVOP_PREPARE_MSIX	30	/* hc_physdev_pci_device */
#define HC_PHYSDEVOP_RELEASE_MSIX	31	/* hc_physdev_pci_device */

/* physdev_irq_status_query.flags. */
#define HC_IRQSTAT_NEEDS_EOI		(1 << 0)
#define HC_IRQSTAT_SHARED		(1 << 1)

/* physdev_map_pirq.type. */
#define HC_MAP_PIRQ_TYPE_MSI		0	/* Segment 0. */
#define HC_MAP_PIRQ_TYPE_GSI		1
#define HC_MAP_PIRQ_TYPE_UNKNOWN	2
#define HC_MAP_PIRQ_TYPE_MSI_SEG	3	/* Segment in bus, upper half. */
#define HC_MAP_PIRQ_TYPE_MULTI_MSI	4	/* entry_nr vectors in a row. */

/* physdev_pci_mmcfg_reserved.flags. */
#define HC_PCI_MMCFG_RESERVED		1

/* physdev_pci_device_add.flags. */
#define HC_PCI_DEV_EXTFN		1
#define HC_PCI_DEV_VIRTFN		2
#define HC_PCI_DEV_PXM			4	/* optarr[0] is its ACPI proximity. */

/* physdev_dbgp_op. */
#define HC_PHYSDEVOP_DBGP_RESET_PREPARE	1
#define HC_PHYSDEVOP_DBGP_RESET_DONE	2
#define HC_PHYSDEVOP_DBGP_BUS_UNKNOWN	0
#define HC_PHYSDEVOP_DBGP_BUS_PCI	1

#ifndef __ASSEMBLER__

struct hc_physdev_eoi {
	uint32_t irq;			/* pirq */
};

struct hc_physdev_pirq_eoi_gmfn {
	uint64_t gmfn;			/* Frame: one bit a pirq, needs an EOI. */
};

struct hc_physdev_irq_status_query {
	uint32_t irq;			/* pirq */
	uint32_t flags;			/* OUT: HC_IRQSTAT_*. */
};

struct hc_physdev_set_iopl {
	uint32_t iopl;			/* 0 to 3. */
};

struct hc_physdev_set_iobitmap {
	uint64_t bitmap;		/* Address; set bit: port forbidden. */
	uint32_t nr_ports;		/* Ports covered, from 0. */
	uint32_t pad0;
};

struct hc_physdev_apic {
	uint64_t apic_physbase;		/* Physical address of the IO-APIC. */
	uint32_t reg;			/* Register number. */
	uint32_t value;			/* IN for write, OUT for read. */
};

struct hc_physdev_irq {
	uint32_t irq;			/* GSI */
	uint32_t vector;		/* OUT: processor's vector. */
};

struct hc_physdev_map_pirq {
	uint16_t domid;
	uint16_t pad0;
	int32_t type;			/* HC_MAP_PIRQ_TYPE_*. */
	int32_t index;			/* GSI; for MSI -1 or vector. */
	int32_t pirq;			/* IN: wanted or -1; OUT: given. */
	int32_t bus;			/* PCI bus; segment above bit 16. */
	int32_t devfn;			/* PCI device and function. */
	int32_t entry_nr;		/* MSI-X entry, or count of MSI vectors. */
	uint32_t pad1;
	uint64_t table_base;		/* Physical address of the MSI-X table. */
};

struct hc_physdev_unmap_pirq {
	uint16_t domid;
	uint16_t pad0;
	int32_t pirq;
};

struct hc_physdev_manage_pci {
	uint8_t bus;
	uint8_t devfn;
};

struct hc_physdev_restore_msi {
	uint8_t bus;
	uint8_t devfn;
};

struct hc_physdev_manage_pci_ext {
	uint8_t bus;
	uint8_t devfn;
	uint16_t pad0;
	uint32_t is_extfn;
	uint32_t is_virtfn;
	struct {
		uint8_t bus;
		uint8_t devfn;
	} physfn;
	uint16_t pad1;
};

struct hc_physdev_setup_gsi {
	int32_t gsi;
	uint8_t triggering;		/* 0: edge, 1: level. */
	uint8_t polarity;		/* 0: active high, 1: active low. */
	uint16_t pad0;
};

struct hc_physdev_get_free_pirq {
	int32_t type;			/* HC_MAP_PIRQ_TYPE_*. */
	uint32_t pirq;			/* OUT */
};

struct hc_physdev_pci_mmcfg_reserved {
	uint64_t address;		/* Physical. */
	uint16_t segment;
	uint8_t start_bus;
	uint8_t end_bus;
	uint32_t flags;			/* HC_PCI_MMCFG_RESERVED or 0. */
};

struct hc_physdev_pci_device_add {
	uint16_t seg;
	uint8_t bus;
	uint8_t devfn;
	uint32_t flags;			/* HC_PCI_DEV_*. */
	struct {
		uint8_t bus;
		uint8_t devfn;
	} physfn;			/* For HC_PCI_DEV_VIRTFN. */
	uint16_t pad0;
	uint32_t optarr[];
};

struct hc_physdev_pci_device {
	uint16_t seg;
	uint8_t bus;
	uint8_t devfn;
};

struct hc_physdev_dbgp_op {
	uint8_t op;
	uint8_t bus;			/* HC_PHYSDEVOP_DBGP_BUS_*. */
	union {
		struct hc_physdev_pci_device pci;
	} u;
};

/* Argument of physdev_op_compat. */
struct hc_physdev_op {
	uint32_t cmd;
	uint32_t pad0;
	union {
		struct hc_physdev_irq_status_query irq_status_query;
		struct hc_physdev_set_iopl set_iopl;
		struct hc_physdev_set_iobitmap set_iobitmap;
		struct hc_physdev_apic apic_op;
		struct hc_physdev_irq irq_op;
	} u;
};

#endif /* !__ASSEMBLER__ */

#endif
