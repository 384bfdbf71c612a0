// SPDX-License-Identifier: GPL-2.0-or-later
/* ACPI tables: good ones, damaged ones, and a great many mutilated ones. */
#include "machine_world.h"

#include <stdlib.h>
#include <string.h>

#include "boot/acpi.h"

#define RSDP 0xf5000u
#define ROOT 0x80000u
#define MADT 0x81000u
#define FADT 0x82000u
#define HPET 0x83000u
#define MCFG 0x84000u
#define HEADER 36u

static void put(uint32_t at, const void *bytes, size_t size)
{
	memcpy(host_ram + at, bytes, size);
}

static void put32(uint32_t at, uint32_t value)
{
	put(at, &value, sizeof(value));
}

static void put64(uint32_t at, uint64_t value)
{
	put(at, &value, sizeof(value));
}

static void fix_sum(uint32_t at, uint32_t length, uint32_t sum_at)
{
	uint8_t sum = 0;

	host_ram[sum_at] = 0;
	for (uint32_t i = 0; i < length; i++)
		sum += host_ram[at + i];
	host_ram[sum_at] = -sum;
}

static void finish(uint32_t at, const char *signature, uint32_t length)
{
	put(at, signature, 4);
	put32(at + 4, length);
	fix_sum(at, length, at + 9);
}

static void put_root(bool xsdt)
{
	static const uint32_t tables[] = { MADT, FADT, HPET, MCFG };
	unsigned int size = xsdt ? 8 : 4;

	for (unsigned int i = 0; i < 4; i++)
		if (xsdt)
			put64(ROOT + HEADER + i * 8, tables[i]);
		else
			put32(ROOT + HEADER + i * 4, tables[i]);
	finish(ROOT, xsdt ? "XSDT" : "RSDT", HEADER + 4 * size);
	memset(host_ram + RSDP, 0, 36);
	put(RSDP, "RSD PTR ", 8);
	host_ram[RSDP + 15] = xsdt ? 2 : 0;
	if (xsdt) {
		put32(RSDP + 20, 36);
		put64(RSDP + 24, ROOT);
	} else {
		put32(RSDP + 16, ROOT);
	}
	fix_sum(RSDP, 20, RSDP + 8);
	if (xsdt)
		fix_sum(RSDP, 36, RSDP + 32);
}

static uint32_t put_madt(void)
{
	static const uint8_t entries[] = {
		0, 8, 0, 0, 1, 0, 0, 0,				/* processor 0 */
		0, 8, 1, 2, 1, 0, 0, 0,				/* processor 1, APIC 2 */
		0, 8, 2, 4, 0, 0, 0, 0,				/* disabled */
		9, 16, 0, 0, 0x01, 1, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0,	/* x2APIC 257, ACPI 7 */
		1, 12, 5, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0,	/* IO-APIC 5 at fec00000 */
		1, 12, 6, 0, 0, 0x10, 0xc0, 0xfe, 24, 0, 0, 0,	/* the next, from 24 */
		2, 10, 0, 0, 2, 0, 0, 0, 0, 0,			/* IRQ 0 at 2 */
		2, 10, 0, 9, 9, 0, 0, 0, 0x0d, 0,		/* IRQ 9 level, high */
		2, 10, 0, 11, 20, 0, 0, 0, 0x0f, 0,		/* IRQ 11 at 20, level, low */
		4, 6, 0xff, 0, 0, 1,				/* NMI at LINT1 of all */
		5, 12, 0, 0, 0, 0, 0xe0, 0xfe, 1, 0, 0, 0,	/* local APIC at 1fee00000 */
		0x7f, 3, 0,					/* of a kind that nobody knows */
	};

	put32(MADT + HEADER, 0xfee00000);
	put32(MADT + HEADER + 4, 1);
	put(MADT + HEADER + 8, entries, sizeof(entries));
	finish(MADT, "APIC", HEADER + 8 + sizeof(entries));
	return HEADER + 8 + sizeof(entries);
}

static void put_register(uint32_t at, uint8_t space, uint8_t bits, uint64_t address)
{
	host_ram[at] = space;
	host_ram[at + 1] = bits;
	put64(at + 4, address);
}

static void put_fadt(uint32_t length)
{
	host_ram[FADT + 46] = 9;		/* SCI */
	put32(FADT + 56, 0x600);		/* PM1a event and control, PM timer */
	put32(FADT + 64, 0x604);
	put32(FADT + 76, 0x608);
	host_ram[FADT + 88] = 4;
	host_ram[FADT + 89] = 2;
	host_ram[FADT + 91] = 4;
	put32(FADT + 112, 1 << 10 | 1 << 8);	/* reset register, 32-bit timer */
	put_register(FADT + 116, 1, 8, 0xcf9);
	host_ram[FADT + 128] = 0x0f;
	put_register(FADT + 172, 1, 16, 0x1604);	/* extended PM1a control */
	finish(FADT, "FACP", length);
}

static void put_tables(bool xsdt)
{
	put_root(xsdt);
	put_madt();
	put_fadt(244);
	put_register(HPET + HEADER + 4, 0, 64, 0xfed00000);
	finish(HPET, "HPET", 56);
	put64(MCFG + HEADER + 8, 0xb0000000);
	host_ram[MCFG + HEADER + 19] = 0xff;
	finish(MCFG, "MCFG", HEADER + 24);
}

static int setup(void **state)
{
	(void)state;
	machine_reset_world();
	put_tables(true);
	return 0;
}

static void check_all(void)
{
	assert_int_equal(acpi.cpu_count, 3);
	assert_int_equal(acpi.cpus[1].apic_id, 2);
	assert_int_equal(acpi.cpus[2].apic_id, 257);
	assert_int_equal(acpi.cpus[2].acpi_id, 7);
	assert_int_equal(acpi.ioapic_count, 2);
	assert_int_equal(acpi.ioapics[1].gsi_base, 24);
	assert_int_equal(acpi.ioapics[1].address, 0xfec01000);
	assert_true(acpi.has_8259);
	assert_int_equal(acpi.lapic_address, 0x1fee00000);
	assert_int_equal(acpi.lapic_nmis[0].acpi_id, ~0u);
	assert_int_equal(acpi.lapic_nmis[0].lint, 1);
	assert_int_equal(acpi_isa_irq(0).gsi, 2);
	assert_true(acpi_isa_irq(9).level && !acpi_isa_irq(9).active_low);
	assert_true(acpi_isa_irq(11).level && acpi_isa_irq(11).active_low);
	assert_int_equal(acpi_isa_irq(11).gsi, 20);
	assert_true(acpi_isa_irq(4).gsi == 4 && !acpi_isa_irq(4).level);
	assert_int_equal(acpi.sci_irq, 9);
	assert_int_equal(acpi.pm1a_event.address, 0x600);
	assert_int_equal(acpi.pm1a_control.address, 0x1604);
	assert_int_equal(acpi.pm1b_control.address, 0);
	assert_int_equal(acpi.pm_timer.address, 0x608);
	assert_true(acpi.pm_timer_32bit);
	assert_true(acpi.reset_supported);
	assert_int_equal(acpi.reset.address, 0xcf9);
	assert_int_equal(acpi.reset_value, 0x0f);
	assert_int_equal(acpi.hpet_address, 0xfed00000);
	assert_int_equal(acpi.mcfg_count, 1);
	assert_int_equal(acpi.mcfg[0].address, 0xb0000000);
	assert_int_equal(acpi.mcfg[0].end_bus, 0xff);
}

static void test_tables(void **state)
{
	(void)state;
	/* Found in the BIOS, and where the loader says. */
	assert_int_equal(acpi_init(0), 0);
	assert_int_equal(acpi.rsdp, RSDP);
	check_all();
	memmove(host_ram + 0x90004, host_ram + RSDP, 36);
	memset(host_ram + RSDP, 0, 36);
	assert_int_equal(acpi_init(0), -ENOENT);
	assert_int_equal(acpi_init(0x90004), 0);
	check_all();
	/* The old form. */
	put_tables(false);
	assert_int_equal(acpi_init(0), 0);
	check_all();
}

static void test_ebda(void **state)
{
	(void)state;
	memmove(host_ram + 0x9fc10, host_ram + RSDP, 36);
	memset(host_ram + RSDP, 0, 36);
	put32(0x40e, 0x9fc0);
	assert_int_equal(acpi_init(0), 0);
	assert_int_equal(acpi.rsdp, 0x9fc10);
}

static void test_bad_checksums(void **state)
{
	(void)state;
	host_ram[MADT + 60]++;
	assert_int_equal(acpi_init(0), 0);
	assert_int_equal(acpi.cpu_count, 0);
	assert_int_equal(acpi.lapic_address, 0xfee00000);
	assert_int_equal(acpi.hpet_address, 0xfed00000);
	host_ram[ROOT + 40]++;
	assert_int_equal(acpi_init(0), -ENOENT);
	put_root(true);
	host_ram[RSDP + 10]++;
	assert_int_equal(acpi_init(0), -ENOENT);
}

/* A table of the first ACPI has neither reset register nor 64-bit addresses. */
static void test_short_fadt(void **state)
{
	(void)state;
	put_fadt(116);
	assert_int_equal(acpi_init(0), 0);
	assert_false(acpi.reset_supported);
	assert_int_equal(acpi.pm1a_control.address, 0x604);
	put_fadt(60);
	assert_int_equal(acpi_init(0), 0);
	assert_int_equal(acpi.pm_timer.address, 0);
}

static void test_madt_entries(void **state)
{
	uint32_t length = put_madt();

	(void)state;
	/* An entry that reaches past the end, or has no length, ends the list. */
	host_ram[MADT + HEADER + 8 + 8 + 1] = 0;
	finish(MADT, "APIC", length);
	assert_int_equal(acpi_init(0), 0);
	assert_int_equal(acpi.cpu_count, 1);
	host_ram[MADT + HEADER + 8 + 8 + 1] = 0xff;
	finish(MADT, "APIC", length);
	assert_int_equal(acpi_init(0), 0);
	assert_int_equal(acpi.cpu_count, 1);
	/* More of everything than there is room for. */
	for (uint32_t i = 0; i < 200; i++) {
		uint8_t cpu[8] = { 0, 8, i, i, 1 }, io[12] = { 1, 12, i };

		put(MADT + HEADER + 8 + i * 20, cpu, 8);
		put(MADT + HEADER + 8 + i * 20 + 8, io, 12);
	}
	finish(MADT, "APIC", HEADER + 8 + 4000);
	assert_int_equal(acpi_init(0), 0);
	assert_int_equal(acpi.cpu_count, NR_CPUS);
	assert_int_equal(acpi.ioapic_count, ACPI_MAX_IOAPICS);
}

static void test_lengths(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 35, 36, 43, 44, 0x7fffffff, 0xffffffff };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lengths); i++)
		for (uint32_t table = ROOT; table <= MCFG; table += 0x1000) {
			put_tables(true);
			put32(table + 4, lengths[i]);
			acpi_init(0);
		}
}

/* Bytes changed by chance, sums put right again: memory errors are the sanitizer's to find. */
static void test_mutilated(void **state)
{
	static const uint32_t lengths[] = { HEADER + 32, 200, 244, 56, HEADER + 24 };

	(void)state;
	srandom(7);
	for (int round = 0; round < 20000; round++) {
		unsigned int which = random() % 5;
		uint32_t table = ROOT + which * 0x1000;

		if (round % 16 == 0)
			put_tables(round & 16);
		host_ram[table + 4 + random() % (lengths[which] - 4)] = random();
		if (random() & 1) {
			uint32_t length;

			memcpy(&length, host_ram + table + 4, 4);
			fix_sum(table, MIN(length, 4096u), table + 9);
		}
		acpi_init(0);
		assert_true(acpi.cpu_count <= NR_CPUS && acpi.ioapic_count <= ACPI_MAX_IOAPICS);
		assert_true(acpi.override_count <= ACPI_MAX_OVERRIDES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_tables, setup),
		cmocka_unit_test_setup(test_ebda, setup),
		cmocka_unit_test_setup(test_bad_checksums, setup),
		cmocka_unit_test_setup(test_short_fadt, setup),
		cmocka_unit_test_setup(test_madt_entries, setup),
		cmocka_unit_test_setup(test_lengths, setup),
		cmocka_unit_test_setup(test_mutilated, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
