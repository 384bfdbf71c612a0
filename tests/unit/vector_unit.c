// SPDX-License-Identifier: GPL-2.0-or-later
/* Vectors, and the way of a device's interrupt from IO-APIC to event and back. */
#include "machine_world.h"

#include <hypercall/physdev.h>
#include <stdlib.h>
#include <string.h>

#include "boot/acpi.h"
#include "interrupt/irq.h"
#include "interrupt/vector.h"

#define RTE(gsi) machine.ioapic[0x10 + 2 * (gsi)]
#define RTE_HIGH(gsi) machine.ioapic[0x11 + 2 * (gsi)]
#define RTE_MASKED (1u << 16)
#define RTE_LEVEL (1u << 15)
#define RTE_LOW (1u << 13)

struct acpi_info acpi;

static struct domain domain, guest;
static struct vcpu vcpu, guest_vcpu;

static int setup(void **state)
{
	(void)state;
	machine_reset_world();
	acpi = (struct acpi_info){ .ioapic_count = 1, .override_count = 2 };
	acpi.ioapics[0] = (struct acpi_ioapic){ .address = MACHINE_IOAPIC };
	acpi.overrides[0] = (struct acpi_override){ .isa_irq = 0, .gsi = 2 };
	acpi.overrides[1] = (struct acpi_override){ .isa_irq = 9, .gsi = 9, .level = true };
	host_cpu.apic_id = 3;
	domain = (struct domain){ .privileged = true };
	vcpu = (struct vcpu){ .domain = &domain };
	guest = (struct domain){ .id = 1 };
	guest_vcpu = (struct vcpu){ .domain = &guest };
	current = &vcpu;
	interrupt_init();
	return interrupt_domain_init(&domain);
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 1024; i++) {
		struct hc_physdev_unmap_pirq op = { .domid = HC_DOMID_SELF, .pirq = i };

		hypercall_physdev_op(HC_PHYSDEVOP_UNMAP_PIRQ, (uint64_t)&op);
	}
	interrupt_domain_free(&domain);
	assert_int_equal(machine.frame_refs, 0);
	return 0;
}

static void test_vectors(void **state)
{
	unsigned int count = 0, v, block;
	bool taken[256] = { false };

	(void)state;
	assert_int_equal(vector_alloc(0), 0);
	assert_int_equal(vector_alloc(3), 0);
	assert_int_equal(vector_alloc(64), 0);
	block = vector_alloc(32);
	assert_true(block && !(block % 32));
	while ((v = vector_alloc(1))) {
		assert_in_range(v, VECTOR_DEVICE_FIRST, VECTOR_DEVICE_LAST);
		assert_int_not_equal(v, VECTOR_LEGACY_SYSCALL);
		assert_true(!taken[v] && (v < block || v >= block + 32));
		taken[v] = true;
		count++;
	}
	assert_int_equal(count, VECTOR_DEVICE_LAST + 1 - VECTOR_DEVICE_FIRST - 1 - 32);
	vector_free(0x45, 1);
	vector_free(0x46, 1);
	assert_int_equal(vector_alloc(2), 0);	/* a pair, but not aligned */
	vector_free(0x47, 1);
	assert_int_equal(vector_alloc(2), 0x46);
	assert_int_equal(vector_alloc(1), 0x45);
	vector_free(block, 32);
	for (v = 0; v < 256; v++)
		if (taken[v])
			vector_free(v, 1);
}

static void test_start_masked(void **state)
{
	(void)state;
	for (unsigned int gsi = 0; gsi < MACHINE_PINS; gsi++)
		assert_int_equal(RTE(gsi), RTE_MASKED);
}

static long map_gsi(int gsi, int pirq)
{
	struct hc_physdev_map_pirq op = { .domid = HC_DOMID_SELF, .type = HC_MAP_PIRQ_TYPE_GSI,
					  .index = gsi, .pirq = pirq };
	long rc = hypercall_physdev_op(HC_PHYSDEVOP_MAP_PIRQ, (uint64_t)&op);

	return rc ? rc : op.pirq;
}

static long setup_gsi(int gsi, uint8_t level, uint8_t low)
{
	struct hc_physdev_setup_gsi op = { .gsi = gsi, .triggering = level, .polarity = low };

	return hypercall_physdev_op(HC_PHYSDEVOP_SETUP_GSI, (uint64_t)&op);
}

static uint32_t status(uint32_t pirq)
{
	struct hc_physdev_irq_status_query op = { .irq = pirq };

	assert_int_equal(hypercall_physdev_op(HC_PHYSDEVOP_IRQ_STATUS_QUERY, (uint64_t)&op), 0);
	return op.flags;
}

static void eoi(uint32_t pirq)
{
	struct hc_physdev_eoi op = { .irq = pirq };

	assert_int_equal(hypercall_physdev_op(HC_PHYSDEVOP_EOI, (uint64_t)&op), 0);
}

static void interrupt(unsigned int gsi)
{
	interrupt_handle(NULL, RTE(gsi) & 0xff);
}

static unsigned int own_interrupts;

static void own_handler(void)
{
	own_interrupts++;
}

/* The hypervisor's own: dom0 may map it, as it does with all that it finds, and gets nothing of it. */
static void test_own(void **state)
{
	struct hc_physdev_unmap_pirq unmap = { .domid = HC_DOMID_SELF, .pirq = 4 };

	(void)state;
	own_interrupts = 0;
	assert_int_equal(pirq_take_gsi(&domain, 4, own_handler), 0);
	assert_false(RTE(4) & RTE_MASKED);
	assert_int_equal(map_gsi(4, 4), 4);
	assert_int_equal(setup_gsi(4, 0, 0), 0);
	assert_int_equal(setup_gsi(4, 1, 1), -EEXIST);
	assert_int_equal(pirq_bind(&vcpu, 4, true), -EBUSY);
	assert_int_equal(hypercall_physdev_op(HC_PHYSDEVOP_UNMAP_PIRQ, (uint64_t)&unmap), -EBUSY);
	for (unsigned int i = 1; i < 4; i++) {
		interrupt(4);
		assert_int_equal(own_interrupts, i);
		assert_int_equal(machine.eois, i);
	}
	assert_int_equal(machine.pirq_events[4], 0);
	assert_false(RTE(4) & RTE_MASKED);
	assert_int_equal(pirq_take_gsi(&domain, 200, own_handler), -EINVAL);
	irqs[RTE(4) & 0xff].own = NULL;
}

static void test_edge(void **state)
{
	(void)state;
	assert_int_equal(map_gsi(4, -1), 4);
	assert_int_equal(map_gsi(4, 4), 4);
	assert_true(RTE(4) & RTE_MASKED);
	/* Before anyone takes it: acknowledged, kept quiet, no event. */
	interrupt(4);
	assert_int_equal(machine.eois, 1);
	assert_int_equal(machine.pirq_events[4], 0);
	assert_int_equal(pirq_bind(&vcpu, 4, false), 0);
	assert_int_equal(pirq_bind(&vcpu, 4, false), -EBUSY);
	assert_false(RTE(4) & (RTE_MASKED | RTE_LEVEL | RTE_LOW));
	assert_int_equal(RTE_HIGH(4), 3u << 24);
	assert_int_equal(status(4), 0);
	interrupt(4);
	interrupt(4);
	assert_int_equal(machine.pirq_events[4], 2);
	assert_false(RTE(4) & RTE_MASKED);
	pirq_unbind(&domain, 4);
	assert_true(RTE(4) & RTE_MASKED);
}

static void test_level(void **state)
{
	uint64_t *map = (uint64_t *)(host_ram + 0x3000);
	struct hc_physdev_pirq_eoi_gmfn op = { .gmfn = 3 };

	(void)state;
	assert_int_equal(hypercall_physdev_op(HC_PHYSDEVOP_PIRQ_EOI_GMFN_V2, (uint64_t)&op), 0);
	assert_int_equal(hypercall_physdev_op(HC_PHYSDEVOP_PIRQ_EOI_GMFN_V2, (uint64_t)&op), -EBUSY);
	assert_int_equal(map_gsi(10, 10), 10);
	assert_int_equal(setup_gsi(10, 1, 1), 0);
	assert_int_equal(pirq_bind(&vcpu, 10, true), 0);
	assert_int_equal(setup_gsi(10, 1, 1), 0);
	assert_int_equal(setup_gsi(10, 0, 1), -EEXIST);
	assert_int_equal(RTE(10) & (RTE_MASKED | RTE_LEVEL | RTE_LOW), RTE_LEVEL | RTE_LOW);
	assert_int_equal(status(10), HC_IRQSTAT_NEEDS_EOI | HC_IRQSTAT_SHARED);
	assert_int_equal(*map, 1 << 10);
	interrupt(10);
	assert_int_equal(machine.pirq_events[10], 1);
	assert_true(RTE(10) & RTE_MASKED);
	eoi(10);
	assert_false(RTE(10) & RTE_MASKED);
	/* One EOI too many must not unmask what is masked for another reason. */
	interrupt(10);
	pirq_unbind(&domain, 10);
	assert_int_equal(*map, 0);
	eoi(10);
	assert_true(RTE(10) & RTE_MASKED);
}

static void test_firmware_defaults(void **state)
{
	(void)state;
	assert_int_equal(map_gsi(9, -1), 9);
	assert_int_equal(RTE(9) & (RTE_LEVEL | RTE_LOW), RTE_LEVEL);
	assert_int_equal(map_gsi(2, -1), 2);
	assert_int_equal(RTE(2) & (RTE_LEVEL | RTE_LOW), 0);
	assert_int_equal(map_gsi(20, -1), 20);
	assert_int_equal(RTE(20) & (RTE_LEVEL | RTE_LOW), RTE_LEVEL | RTE_LOW);
}

static void test_refused(void **state)
{
	struct hc_physdev_map_pirq op = { .domid = 7, .type = HC_MAP_PIRQ_TYPE_GSI, .pirq = -1 };
	struct hc_physdev_set_iopl iopl = { .iopl = 4 };

	(void)state;
	assert_int_equal(map_gsi(MACHINE_PINS, -1), -EINVAL);
	assert_int_equal(map_gsi(-1, -1), -EINVAL);
	assert_int_equal(map_gsi(0x7fffffff, -1), -EINVAL);
	assert_int_equal(map_gsi(5, 6), -EINVAL);
	assert_int_equal(setup_gsi(5, 2, 0), -EINVAL);
	assert_int_equal(setup_gsi(1000, 0, 0), -EINVAL);
	assert_int_equal(hypercall_physdev_op(HC_PHYSDEVOP_MAP_PIRQ, (uint64_t)&op), -EPERM);
	assert_int_equal(hypercall_physdev_op(HC_PHYSDEVOP_MAP_PIRQ, 0), -EFAULT);
	assert_int_equal(hypercall_physdev_op(3, 0), -ENOSYS);
	assert_int_equal(hypercall_physdev_op(~0ULL, 0), -ENOSYS);
	assert_int_equal(pirq_bind(&vcpu, 5, false), -EINVAL);
	assert_int_equal(pirq_bind(&vcpu, 5000, false), -EINVAL);
	/* A guest has its I/O privilege level and nothing else. */
	current = &guest_vcpu;
	assert_int_equal(interrupt_domain_init(&guest), 0);
	assert_int_equal(map_gsi(5, -1), -EPERM);
	assert_int_equal(pirq_bind(&guest_vcpu, 5, false), -EPERM);
	assert_int_equal(hypercall_physdev_op(HC_PHYSDEVOP_SET_IOPL, (uint64_t)&iopl), -EINVAL);
	iopl.iopl = 1;
	assert_int_equal(hypercall_physdev_op(HC_PHYSDEVOP_SET_IOPL, (uint64_t)&iopl), 0);
	assert_int_equal(guest_vcpu.iopl, 1);
	current = &vcpu;
}

static void test_read_ioapic(void **state)
{
	struct hc_physdev_apic op = { .apic_physbase = MACHINE_IOAPIC, .reg = 1 };

	(void)state;
	assert_int_equal(hypercall_physdev_op(HC_PHYSDEVOP_APIC_READ, (uint64_t)&op), 0);
	assert_int_equal(op.value, machine.ioapic[1]);
	op.reg = 0x10 + 2 * MACHINE_PINS;
	assert_int_equal(hypercall_physdev_op(HC_PHYSDEVOP_APIC_READ, (uint64_t)&op), -EINVAL);
	op.reg = 3;
	assert_int_equal(hypercall_physdev_op(HC_PHYSDEVOP_APIC_READ, (uint64_t)&op), -EINVAL);
	op.apic_physbase++;
	assert_int_equal(hypercall_physdev_op(HC_PHYSDEVOP_APIC_READ, (uint64_t)&op), -ENODEV);
	assert_int_equal(hypercall_physdev_op(HC_PHYSDEVOP_APIC_WRITE, (uint64_t)&op), -EPERM);
}

static void test_other_vectors(void **state)
{
	(void)state;
	interrupt_handle(NULL, VECTOR_TIMER);
	interrupt_handle(NULL, VECTOR_MAIL);
	assert_int_equal(machine.eois, 2);
	/* Spurious ones are not acknowledged: that would end another interrupt's service. */
	interrupt_handle(NULL, VECTOR_SPURIOUS);
	interrupt_handle(NULL, VECTOR_PIC + 7);
	assert_int_equal(machine.eois, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test_setup_teardown(test_start_masked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_edge, setup, teardown),
		cmocka_unit_test_setup_teardown(test_level, setup, teardown),
		cmocka_unit_test_setup_teardown(test_firmware_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_read_ioapic, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_vectors, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
