/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local APIC of each processor: through device memory, or through MSRs in
 * x2APIC mode, which is used when the firmware left it on or when a processor
 * has a number that only this mode can reach.
 *
 * Source of facts: Intel SDM volume 3, chapter "Advanced programmable interrupt controller".
 */
#include "boot/acpi.h"
#include "cpu/percpu.h"
#include "interrupt/hardware.h"
#include "interrupt/interrupt.h"
#include "interrupt/lapic.h"
#include "lib/bitmap.h"
#include "lib/log.h"
#include "memory/memory.h"
#include "time/time.h"

#define LAPIC_ID 0x20
#define LAPIC_VERSION 0x30
#define LAPIC_TPR 0x80
#define LAPIC_EOI 0xb0
#define LAPIC_LDR 0xd0
#define LAPIC_SVR 0xf0
#define LAPIC_ESR 0x280
#define LAPIC_ICR 0x300
#define LAPIC_ICR_HIGH 0x310
#define LAPIC_LVT_TIMER 0x320
#define LAPIC_LVT_THERMAL 0x330
#define LAPIC_LVT_PERF 0x340
#define LAPIC_LVT_LINT0 0x350
#define LAPIC_LVT_LINT1 0x360
#define LAPIC_LVT_ERROR 0x370
#define LAPIC_TIMER_INITIAL 0x380
#define LAPIC_TIMER_COUNT 0x390
#define LAPIC_TIMER_DIVIDE 0x3e0

#define SVR_ENABLE (1u << 8)
#define LVT_MASKED (1u << 16)
#define LVT_NMI (4u << 8)
#define LVT_TSC_DEADLINE (2u << 17)
#define TIMER_DIVIDE_BY_1 0xb

#define ICR_NMI (4u << 8)
#define ICR_INIT (5u << 8)
#define ICR_STARTUP (6u << 8)
#define ICR_BUSY (1u << 12)
#define ICR_ASSERT (1u << 14)
#define ICR_LEVEL (1u << 15)

#define CPUID_1_ECX_X2APIC (1u << 21)
#define CPUID_1_ECX_TSC_DEADLINE (1u << 24)

static volatile char *lapic_mmio;	/* NULL in x2APIC mode */
static bool lapic_x2apic;
static bool lapic_deadline;		/* the timer compares with the TSC */
static uint64_t lapic_ticks_per_ns;	/* 32.32 fixed point; else it counts down */

static uint32_t lapic_read(unsigned int reg)
{
	if (lapic_x2apic)
		return hw_rdmsr(MSR_X2APIC_FIRST + (reg >> 4));
	return mmio_read32(lapic_mmio + reg);
}

static void lapic_write(unsigned int reg, uint32_t value)
{
	if (lapic_x2apic)
		hw_wrmsr(MSR_X2APIC_FIRST + (reg >> 4), value);
	else
		mmio_write32(lapic_mmio + reg, value);
}

static void lapic_write_icr(uint32_t apic_id, uint32_t command)
{
	if (lapic_x2apic) {
		/* MSR writes of the x2APIC do not order earlier stores, which the target must see. */
		__asm__ volatile("mfence" ::: "memory");
		hw_wrmsr(MSR_X2APIC_FIRST + (LAPIC_ICR >> 4), (uint64_t)apic_id << 32 | command);
		return;
	}
	while (lapic_read(LAPIC_ICR) & ICR_BUSY)
		__asm__ volatile("pause");
	lapic_write(LAPIC_ICR_HIGH, apic_id << 24);
	lapic_write(LAPIC_ICR, command);
}

uint32_t lapic_id(void)
{
	return lapic_x2apic ? lapic_read(LAPIC_ID) : lapic_read(LAPIC_ID) >> 24;
}

void lapic_eoi(void)
{
	lapic_write(LAPIC_EOI, 0);
}

void lapic_send_ipi(cpumask_t mask, unsigned int vector)
{
	unsigned int cpu;

	for_each_cpu(cpu, mask)
		lapic_write_icr(cpu_of(cpu)->apic_id, ICR_ASSERT | vector);
}

void lapic_send_nmi(cpumask_t mask)
{
	unsigned int cpu;

	for_each_cpu(cpu, mask)
		lapic_write_icr(cpu_of(cpu)->apic_id, ICR_ASSERT | ICR_NMI);
}

void lapic_start_cpu(uint32_t apic_id, uint8_t page)
{
	lapic_write_icr(apic_id, ICR_ASSERT | ICR_LEVEL | ICR_INIT);
	delay_us(10000);
	for (int i = 0; i < 2; i++) {
		lapic_write_icr(apic_id, ICR_ASSERT | ICR_STARTUP | page);
		delay_us(200);
	}
}

void lapic_timer_arm(uint64_t deadline_ns)
{
	uint64_t now, ticks;

	if (lapic_deadline) {
		hw_wrmsr(MSR_IA32_TSC_DEADLINE, deadline_ns ? time_to_tsc(deadline_ns) : 0);
		return;
	}
	if (!deadline_ns) {
		lapic_write(LAPIC_TIMER_INITIAL, 0);
		return;
	}
	now = time_now();
	ticks = deadline_ns > now ? deadline_ns - now : 0;
	/* A far deadline ends early, and the timer queue arms again: 4 s are enough a step. */
	ticks = (MIN(ticks, 4000000000ULL) * lapic_ticks_per_ns >> 32) + 1;
	lapic_write(LAPIC_TIMER_INITIAL, MIN(ticks, 0xffffffffULL));
}

void lapic_timer_calibrate(void)
{
	uint64_t start, ns;
	uint32_t count;

	if (lapic_deadline)
		return;
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	lapic_write(LAPIC_TIMER_INITIAL, 0xffffffff);
	start = time_now();
	delay_us(10000);
	count = 0xffffffff - lapic_read(LAPIC_TIMER_COUNT);
	ns = time_now() - start;
	lapic_write(LAPIC_TIMER_INITIAL, 0);
	lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER);
	/* 4e9 ns times this must fit in 64 bits, as it does up to one tick a ns. */
	lapic_ticks_per_ns = MIN(((uint64_t)count << 32) / ns, 1ULL << 32);
	log_info("lapic: timer runs at %u kHz", (unsigned int)(count * 1000000ULL / ns));
}

static void lapic_set_nmi_pin(uint32_t acpi_id)
{
	for (unsigned int i = 0; i < acpi.lapic_nmi_count; i++) {
		const struct acpi_lapic_nmi *n = &acpi.lapic_nmis[i];

		if (n->acpi_id == ~0u || n->acpi_id == acpi_id)
			lapic_write(n->lint ? LAPIC_LVT_LINT1 : LAPIC_LVT_LINT0, LVT_NMI);
	}
}

void lapic_cpu_init(void)
{
	uint64_t base = hw_rdmsr(MSR_IA32_APIC_BASE);
	unsigned int entries;

	/* Through xAPIC mode: the step from off to x2APIC is not allowed at once. */
	base |= APIC_BASE_ENABLE;
	hw_wrmsr(MSR_IA32_APIC_BASE, base);
	if (lapic_x2apic)
		hw_wrmsr(MSR_IA32_APIC_BASE, base | APIC_BASE_X2APIC);
	entries = (lapic_read(LAPIC_VERSION) >> 16 & 0xff) + 1;
	lapic_write(LAPIC_TPR, 0);
	lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER | (lapic_deadline ? LVT_TSC_DEADLINE : 0));
	lapic_write(LAPIC_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
	lapic_write(LAPIC_TIMER_INITIAL, 0);
	if (entries > 4)
		lapic_write(LAPIC_LVT_PERF, LVT_MASKED);
	if (entries > 5)
		lapic_write(LAPIC_LVT_THERMAL, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT1, LVT_MASKED);
	lapic_set_nmi_pin(this_cpu()->acpi_id);
	lapic_write(LAPIC_ESR, 0);
	lapic_write(LAPIC_LVT_ERROR, VECTOR_ERROR);
	lapic_write(LAPIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	/* Acknowledge what the firmware may have left in service. */
	for (int i = 0; i < 8; i++)
		lapic_eoi();
	/* The mode must have reached the timer before the first deadline does. */
	__asm__ volatile("mfence" ::: "memory");
}

/* Find the APIC and choose its mode, before lapic_cpu_init() of the first processor. */
void lapic_init(void)
{
	uint64_t base = hw_rdmsr(MSR_IA32_APIC_BASE);
	uint32_t regs[4];

	hw_cpuid(1, 0, regs);
	lapic_deadline = regs[2] & CPUID_1_ECX_TSC_DEADLINE;
	lapic_x2apic = base & APIC_BASE_X2APIC;
	for (unsigned int i = 0; i < acpi.cpu_count; i++)
		if (acpi.cpus[i].apic_id > 254 && regs[2] & CPUID_1_ECX_X2APIC)
			lapic_x2apic = true;
	if (!lapic_x2apic) {
		lapic_mmio = ioremap(base & 0xffffff000ULL, PAGE_SIZE);
		if (!lapic_mmio)
			panic("lapic: no room to map it");
	}
	lapic_cpu_init();
	log_info("lapic: %s, timer by %s", lapic_x2apic ? "x2apic" : "xapic",
		 lapic_deadline ? "tsc deadline" : "counter");
}

/* The error interrupt: what went wrong since the last time. */
uint32_t lapic_error_status(void)
{
	lapic_write(LAPIC_ESR, 0);
	return lapic_read(LAPIC_ESR);
}
