// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages of PCI devices: 00:00.0 has MSI with 32-bit addresses, 00:01.0 MSI
 * with 64-bit ones, masks and four messages, 00:02.0 MSI-X, 00:03.0 neither.
 */
#include "machine_world.h"

#include <hypercall/physdev.h>
#include <string.h>

#include "boot/acpi.h"
#include "interrupt/irq.h"

#define CAP 0x50
#define TABLE_OFFSET 0x2000u
#define TABLE_ENTRIES 300

struct acpi_info acpi;

static struct domain domain;
static struct vcpu vcpu;

static uint8_t *config(unsigned int device)
{
	return machine.config[device];
}

static uint32_t get(const void *p, size_t bytes)
{
	uint32_t value = 0;

	memcpy(&value, p, bytes);
	return value;
}

static void put_capability(unsigned int device, const uint8_t *bytes, size_t size)
{
	memset(config(device), 0, 256);
	config(device)[0x06] = 1 << 4;
	config(device)[0x34] = 0x40;
	config(device)[0x40] = 0x01;	/* power management comes first */
	config(device)[0x41] = CAP;
	memcpy(config(device) + CAP, bytes, size);
}

static int setup(void **state)
{
	(void)state;
	machine_reset_world();
	acpi = (struct acpi_info){ .ioapic_count = 1 };
	acpi.ioapics[0] = (struct acpi_ioapic){ .address = MACHINE_IOAPIC };
	put_capability(0, (uint8_t[]){ 0x05, 0, 0, 0 }, 4);
	put_capability(1, (uint8_t[]){ 0x05, 0, 2 << 1 | 0x80, 0x01 }, 4);
	put_capability(2, (uint8_t[]){ 0x11, 0, (TABLE_ENTRIES - 1) & 0xff, (TABLE_ENTRIES - 1) >> 8,
				       0, TABLE_OFFSET >> 8, 0, 0 }, 8);
	put_capability(3, (uint8_t[]){ 0x09, CAP, 0, 0 }, 4);	/* a list that never ends */
	for (unsigned int i = 0; i < TABLE_ENTRIES; i++)
		host_ram[MACHINE_BAR + TABLE_OFFSET + i * 16 + 12] = 1;
	host_cpu.apic_id = 5;
	domain = (struct domain){ .privileged = true };
	vcpu = (struct vcpu){ .domain = &domain };
	current = &vcpu;
	interrupt_init();
	return interrupt_domain_init(&domain);
}

static long unmap(int pirq)
{
	struct hc_physdev_unmap_pirq op = { .domid = HC_DOMID_SELF, .pirq = pirq };

	return hypercall_physdev_op(HC_PHYSDEVOP_UNMAP_PIRQ, (uint64_t)&op);
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < 1024; i++)
		unmap(i);
	interrupt_domain_free(&domain);
	return 0;
}

static long map(int type, unsigned int device, int entry, uint64_t table_base)
{
	struct hc_physdev_map_pirq op = {
		.domid = HC_DOMID_SELF, .type = type, .index = -1, .pirq = -1,
		.devfn = device << 3, .entry_nr = entry, .table_base = table_base,
	};
	long rc = hypercall_physdev_op(HC_PHYSDEVOP_MAP_PIRQ, (uint64_t)&op);

	return rc ? rc : op.pirq;
}

static void test_msi(void **state)
{
	long pirq = map(HC_MAP_PIRQ_TYPE_MSI_SEG, 0, 0, 0);
	uint32_t vector;

	(void)state;
	assert_in_range(pirq, MACHINE_PINS, 1023);
	assert_int_equal(get(config(0) + CAP + 4, 4), 0xfee05000);
	vector = get(config(0) + CAP + 8, 2);
	assert_in_range(vector, VECTOR_DEVICE_FIRST, VECTOR_DEVICE_LAST);
	assert_int_equal(pirq_bind(&vcpu, pirq, false), 0);
	interrupt_handle(NULL, vector);
	assert_int_equal(machine.pirq_events[pirq], 1);
	assert_int_equal(map(HC_MAP_PIRQ_TYPE_MSI, 0, 0, 0), -EEXIST);
	pirq_unbind(&domain, pirq);
	interrupt_handle(NULL, vector);
	assert_int_equal(machine.pirq_events[pirq], 1);
	assert_int_equal(unmap(pirq), 0);
	assert_int_equal(unmap(pirq), -EINVAL);
}

static void test_several_messages(void **state)
{
	long pirq = map(HC_MAP_PIRQ_TYPE_MULTI_MSI, 1, 3, 0);
	uint32_t vector;

	(void)state;
	assert_true(pirq > 0);
	assert_int_equal(get(config(1) + CAP + 4, 4), 0xfee05000);
	assert_int_equal(get(config(1) + CAP + 8, 4), 0);
	vector = get(config(1) + CAP + 12, 2);
	assert_int_equal(vector % 4, 0);
	assert_int_equal(config(1)[CAP + 2] >> 4 & 7, 2);
	assert_int_equal(get(config(1) + CAP + 16, 4), 0xf);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pirq_bind(&vcpu, pirq + i, false), 0);
		interrupt_handle(NULL, vector + i);
		assert_int_equal(machine.pirq_events[pirq + i], 1);
	}
	assert_int_equal(get(config(1) + CAP + 16, 4), 0x8);
	/* The first stands for all. */
	assert_int_equal(unmap(pirq + 1), -EINVAL);
	assert_int_equal(unmap(pirq), 0);
	assert_int_equal(unmap(pirq + 1), -EINVAL);
	assert_int_equal(get(config(1) + CAP + 16, 4), 0xf);
	assert_int_equal(map(HC_MAP_PIRQ_TYPE_MULTI_MSI, 1, 8, 0), -ENOSPC);
	assert_int_equal(map(HC_MAP_PIRQ_TYPE_MULTI_MSI, 1, 33, 0), -EINVAL);
	assert_int_equal(map(HC_MAP_PIRQ_TYPE_MULTI_MSI, 1, 0, 0), -EINVAL);
}

static void test_msix(void **state)
{
	char *entry = host_ram + MACHINE_BAR + TABLE_OFFSET + 299 * 16;
	struct hc_physdev_pci_device restore = { .devfn = 2 << 3 };
	uint32_t vector;
	long pirq;

	(void)state;
	pirq = map(HC_MAP_PIRQ_TYPE_MSI_SEG, 2, 299, MACHINE_BAR);
	assert_true(pirq > 0);
	assert_int_equal(get(entry, 4), 0xfee05000);
	vector = get(entry + 8, 4);
	assert_int_equal(get(entry + 12, 4), 1);
	assert_int_equal(pirq_bind(&vcpu, pirq, false), 0);
	assert_int_equal(get(entry + 12, 4), 0);
	interrupt_handle(NULL, vector);
	assert_int_equal(machine.pirq_events[pirq], 1);
	/* The device forgets, dom0 has it restored. */
	memset(entry, 0, 12);
	entry[12] = 1;
	assert_int_equal(hypercall_physdev_op(HC_PHYSDEVOP_RESTORE_MSI_EXT, (uint64_t)&restore), 0);
	assert_int_equal(get(entry, 4), 0xfee05000);
	assert_int_equal(get(entry + 8, 4), vector);
	assert_int_equal(get(entry + 12, 4), 0);
	pirq_unbind(&domain, pirq);
	assert_int_equal(get(entry + 12, 4), 1);
}

static void test_refused(void **state)
{
	(void)state;
	assert_int_equal(map(HC_MAP_PIRQ_TYPE_MSI_SEG, 3, 0, 0), -ENODEV);
	assert_int_equal(map(HC_MAP_PIRQ_TYPE_MSI_SEG, 9, 0, 0), -ENODEV);
	assert_int_equal(map(HC_MAP_PIRQ_TYPE_MSI_SEG, 2, 0, 0), -ENODEV);
	assert_int_equal(map(HC_MAP_PIRQ_TYPE_MSI_SEG, 2, 300, MACHINE_BAR), -EINVAL);
	assert_int_equal(map(HC_MAP_PIRQ_TYPE_MSI_SEG, 2, -1, MACHINE_BAR), -EINVAL);
	assert_int_equal(map(HC_MAP_PIRQ_TYPE_UNKNOWN, 0, 0, 0), -EINVAL);
	/* A "table" in RAM would let dom0 have anything written by us. */
	assert_int_equal(map(HC_MAP_PIRQ_TYPE_MSI_SEG, 2, 0, 0x10000), -EINVAL);
	assert_int_equal(map(HC_MAP_PIRQ_TYPE_MSI_SEG, 2, 0, ~0xfULL), -EINVAL);
}

static void outl(uint16_t port, uint32_t value, unsigned int bytes)
{
	pci_guest_write(&vcpu, port, bytes, value);
}

static void test_guest_config_space(void **state)
{
	long pirq;

	(void)state;
	config(0)[0x04] = 0x12;
	outl(0xcf8, 0x80000004, 4);
	assert_int_equal(pci_guest_read(&vcpu, 0xcf8, 4), 0x80000004);
	assert_int_equal(pci_guest_read(&vcpu, 0xcfc, 1), 0x12);
	/* Our own accesses between its two do not disturb it. */
	pirq = map(HC_MAP_PIRQ_TYPE_MSI_SEG, 1, 0, 0);
	assert_true(pirq > 0);
	outl(0xcfc, 0x34, 1);
	assert_int_equal(config(0)[0x04], 0x34);
	/* Message and masks are ours while mapped, control and other registers are not. */
	outl(0xcf8, 0x80000000 | 1 << 11 | (CAP + 4), 4);
	outl(0xcfc, 0xdeadbeef, 4);
	assert_int_equal(get(config(1) + CAP + 4, 4), 0xfee05000);
	outl(0xcf8, 0x80000000 | 1 << 11 | (CAP + 16), 4);
	outl(0xcfe, 0xbeef, 2);
	assert_int_equal(get(config(1) + CAP + 16, 4), 1);
	outl(0xcf8, 0x80000000 | 1 << 11 | CAP, 4);
	outl(0xcfe, config(1)[CAP + 2] | 1, 1);
	assert_int_equal(config(1)[CAP + 2] & 1, 1);
	assert_int_equal(unmap(pirq), 0);
	outl(0xcf8, 0x80000000 | 1 << 11 | (CAP + 4), 4);
	outl(0xcfc, 0xdeadbeef, 4);
	assert_int_equal(get(config(1) + CAP + 4, 4), 0xdeadbeef);
	/* Across a register, without address, bytes of the address port: nothing. */
	assert_int_equal(pci_guest_read(&vcpu, 0xcff, 2), ~0u);
	outl(0xcfb, 1, 1);
	assert_int_equal(pci_guest_read(&vcpu, 0xcf8, 4), 0x80000000 | 1 << 11 | (CAP + 4));
	outl(0xcf8, 0, 4);
	assert_int_equal(pci_guest_read(&vcpu, 0xcfc, 4), ~0u);
}

static void test_exhaustion(void **state)
{
	struct hc_physdev_get_free_pirq op = { .type = HC_MAP_PIRQ_TYPE_MSI };
	long mapped = 0;

	(void)state;
	while (map(HC_MAP_PIRQ_TYPE_MSI_SEG, 2, mapped, MACHINE_BAR) > 0)
		mapped++;
	assert_int_equal(mapped, VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST);
	assert_int_equal(map(HC_MAP_PIRQ_TYPE_MSI_SEG, 2, mapped, MACHINE_BAR), -ENOSPC);
	assert_int_equal(hypercall_physdev_op(HC_PHYSDEVOP_GET_FREE_PIRQ, (uint64_t)&op), 0);
	assert_int_equal(op.pirq, MACHINE_PINS + mapped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_msi, setup, teardown),
		cmocka_unit_test_setup_teardown(test_several_messages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_msix, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_guest_config_space, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exhaustion, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
