/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * physdev_op, as far as it needs no device.  Proof: an interrupt of the machine
 * (the keyboard's, GSI 1) can be set up, mapped, bound to a port, acknowledged and
 * given back; user mode reaches the ports of its bitmap and no others; what is
 * announced is accepted; bad numbers and pointers are refused.
 */
#include <hypercall/event.h>
#include <hypercall/physdev.h>

#include "event.h"
#include "guest.h"
#include "page.h"
#include "trap.h"
#include "user.h"

/* Port in rdi; what it reads comes back in rax, by syscall. */
user_asm(read_port, "mov %edi, %edx; xor %eax, %eax; in %dx, %al; syscall");
user_asm(read_two_ports, "mov %edi, %edx; xor %eax, %eax; in %dx, %ax; syscall");

static long bind_pirq(uint32_t pirq)
{
	struct hc_evtchn_bind_pirq op = { .pirq = pirq };
	long r = hc_event_channel_op(HC_EVTCHNOP_BIND_PIRQ, &op);

	return r ? r : op.port;
}

static void one_interrupt(void)
{
	struct hc_physdev_map_pirq map = {
		.domid = HC_DOMID_SELF, .type = HC_MAP_PIRQ_TYPE_GSI, .index = 1, .pirq = 1,
	};
	struct hc_physdev_unmap_pirq unmap = { .domid = HC_DOMID_SELF };
	struct hc_physdev_irq_status_query status = { 0 };
	struct hc_physdev_eoi eoi = { 0 };
	long port;

	expect_success(hc_physdev_op(HC_PHYSDEVOP_MAP_PIRQ, &map));
	status.irq = eoi.irq = unmap.pirq = map.pirq;
	expect_success(hc_physdev_op(HC_PHYSDEVOP_IRQ_STATUS_QUERY, &status));
	port = bind_pirq(map.pirq);
	expect(port > 0, "bind_pirq gives %ld\n", port);
	expect_error(bind_pirq(map.pirq), EEXIST);
	expect_success(hc_physdev_op(HC_PHYSDEVOP_EOI, &eoi));
	expect_success(event_close(port));
	expect_success(hc_physdev_op(HC_PHYSDEVOP_UNMAP_PIRQ, &unmap));
}

static uint32_t vector_of(uint32_t gsi, long *result)
{
	struct hc_physdev_irq op = { .irq = gsi };

	*result = hc_physdev_op(HC_PHYSDEVOP_ALLOC_IRQ_VECTOR, &op);
	return op.vector;
}

static void vectors(void)
{
	struct hc_physdev_irq op = { .irq = 12 };
	struct hc_physdev_unmap_pirq unmap = { .domid = HC_DOMID_SELF, .pirq = 12 };
	uint32_t vector;
	long result;

	vector = vector_of(12, &result);
	expect_success(result);
	expect(vector >= 0x20 && vector < 0x100, "vector 0x%x\n", vector);
	expect_equal("the same again", vector_of(12, &result), vector);
	op.vector = vector;
	expect_success(hc_physdev_op(HC_PHYSDEVOP_FREE_IRQ_VECTOR, &op));
	/* It goes with the interrupt. */
	expect_success(hc_physdev_op(HC_PHYSDEVOP_UNMAP_PIRQ, &unmap));
	expect_error(hc_physdev_op(HC_PHYSDEVOP_UNMAP_PIRQ, &unmap), EINVAL);
	vector_of(4000, &result);
	expect_error(result, EINVAL);
}

/* The CMOS clock's index and data, ports 0x70 and 0x71, are in the same byte of the bitmap. */
static void user_ports(void)
{
	static uint8_t bitmap[0x78 / 8];
	struct hc_physdev_set_iobitmap op = { .bitmap = PTR(bitmap), .nr_ports = 0x78 };
	struct hc_physdev_set_iopl iopl = { .iopl = 0 };
	struct trap_frame f;

	expect_success(hc_physdev_op(HC_PHYSDEVOP_SET_IOPL, &iopl));
	expect_equal("in without a bitmap", user_run(user_address(read_port), 0x71, 0).vector, TRAP_GP);
	memset(bitmap, 0xff, sizeof(bitmap));
	bitmap[0x71 / 8] &= ~(1 << 0x71 % 8);
	expect_success(hc_physdev_op(HC_PHYSDEVOP_SET_IOBITMAP, &op));
	f = user_run(user_address(read_port), 0x71, 0);
	expect_equal("in from a port that is allowed", f.vector, TRAP_SYSCALL);
	expect(f.rax < 256, "it read 0x%lx\n", f.rax);
	expect_equal("from another", user_run(user_address(read_port), 0x70, 0).vector, TRAP_GP);
	expect_equal("from both", user_run(user_address(read_two_ports), 0x70, 0).vector, TRAP_GP);
	expect_equal("from it and the next", user_run(user_address(read_two_ports), 0x71, 0).vector, TRAP_GP);
	expect_equal("beyond the bitmap", user_run(user_address(read_port), 0x80, 0).vector, TRAP_GP);
	op.nr_ports = 0x71;
	expect_success(hc_physdev_op(HC_PHYSDEVOP_SET_IOBITMAP, &op));
	expect_equal("a shorter bitmap", user_run(user_address(read_port), 0x71, 0).vector, TRAP_GP);
	op.bitmap = 0x12345000;
	op.nr_ports = 65536;
	expect_success(hc_physdev_op(HC_PHYSDEVOP_SET_IOBITMAP, &op));
	expect_equal("a bitmap that is not there", user_run(user_address(read_port), 0x71, 0).vector,
		     TRAP_GP);
	op.nr_ports = 65537;
	expect_error(hc_physdev_op(HC_PHYSDEVOP_SET_IOBITMAP, &op), EINVAL);
	op.nr_ports = 65536;
	op.bitmap = HC_HYPERVISOR_VIRT_START;
	expect_error(hc_physdev_op(HC_PHYSDEVOP_SET_IOBITMAP, &op), EINVAL);
}

/* Devices are the management domain's without being announced; kernels announce them all the same. */
static void announcements(void)
{
	static const unsigned int accepted[] = {
		HC_PHYSDEVOP_IRQ_UNMASK_NOTIFY, HC_PHYSDEVOP_MANAGE_PCI_ADD,
		HC_PHYSDEVOP_MANAGE_PCI_ADD_EXT, HC_PHYSDEVOP_MANAGE_PCI_REMOVE,
		HC_PHYSDEVOP_PCI_DEVICE_ADD, HC_PHYSDEVOP_PCI_DEVICE_REMOVE,
		HC_PHYSDEVOP_PREPARE_MSIX, HC_PHYSDEVOP_RELEASE_MSIX, HC_PHYSDEVOP_DBGP_OP,
	};
	struct hc_physdev_restore_msi restore = { .bus = 0, .devfn = 0 };
	struct hc_physdev_pci_device device = { .seg = 0 };
	static uint64_t nothing[8];

	for (unsigned int i = 0; i < ARRAY_SIZE(accepted); i++)
		expect_success(hc_physdev_op(accepted[i], nothing));
	expect_success(hc_physdev_op(HC_PHYSDEVOP_RESTORE_MSI, &restore));
	expect_error(hc_physdev_op(HC_PHYSDEVOP_RESTORE_MSI, (void *)8), EFAULT);
	expect_success(hc_physdev_op(HC_PHYSDEVOP_RESTORE_MSI_EXT, &device));
	device.seg = 1;
	expect_error(hc_physdev_op(HC_PHYSDEVOP_RESTORE_MSI_EXT, &device), ENODEV);
}

static void refusals(void)
{
	struct hc_physdev_map_pirq map = {
		.domid = HC_DOMID_SELF, .type = HC_MAP_PIRQ_TYPE_GSI, .index = 100000, .pirq = -1,
	};
	struct hc_physdev_irq_status_query status = { .irq = ~0u };
	struct hc_physdev_eoi eoi = { .irq = ~0u };
	struct hc_physdev_apic apic = { .apic_physbase = 0xfec00000, .reg = 0x10, .value = 0x10000 };

	expect_error(hc_physdev_op(HC_PHYSDEVOP_APIC_WRITE, &apic), EPERM);
	expect_refused(hc_physdev_op(HC_PHYSDEVOP_MAP_PIRQ, &map));
	map.index = 1;
	map.type = 77;
	expect_refused(hc_physdev_op(HC_PHYSDEVOP_MAP_PIRQ, &map));
	map.type = HC_MAP_PIRQ_TYPE_GSI;
	map.domid = 0x7000;
	expect_refused(hc_physdev_op(HC_PHYSDEVOP_MAP_PIRQ, &map));
	expect_refused(hc_physdev_op(HC_PHYSDEVOP_IRQ_STATUS_QUERY, &status));
	expect_refused(hc_physdev_op(HC_PHYSDEVOP_EOI, &eoi));
	expect_refused(bind_pirq(~0u));
	expect_error(hc_physdev_op(99, NULL), ENOSYS);
	expect_error(hc_physdev_op(HC_PHYSDEVOP_EOI, (void *)8), EFAULT);
}

void test_main(void)
{
	event_init();
	if (!(start_info->flags & HC_SIF_INITDOMAIN)) {
		skip("only the management domain owns interrupts\n");
		return;
	}
	user_init();
	section("one interrupt\n");
	one_interrupt();
	section("vectors\n");
	vectors();
	section("ports of user mode\n");
	user_ports();
	section("announcements\n");
	announcements();
	section("refusals\n");
	refusals();
}
