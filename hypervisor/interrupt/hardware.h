/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's registers: I/O ports, device memory, MSRs, CPUID, TSC.  In the
 * host build they are ordinary functions that a unit test supplies.
 */
#ifndef INTERRUPT_HARDWARE_H
#define INTERRUPT_HARDWARE_H

#include "lib/base.h"

#define MSR_IA32_APIC_BASE 0x1b
#define MSR_IA32_TSC_ADJUST 0x3b
#define MSR_IA32_TSC_DEADLINE 0x6e0
#define MSR_X2APIC_FIRST 0x800

#define APIC_BASE_ENABLE (1u << 11)
#define APIC_BASE_X2APIC (1u << 10)

#ifdef TENON_HOST
uint8_t hw_in8(uint16_t port);
uint16_t hw_in16(uint16_t port);
uint32_t hw_in32(uint16_t port);
void hw_out8(uint16_t port, uint8_t value);
void hw_out16(uint16_t port, uint16_t value);
void hw_out32(uint16_t port, uint32_t value);
uint64_t hw_rdmsr(uint32_t msr);
void hw_wrmsr(uint32_t msr, uint64_t value);
uint64_t hw_tsc(void);
uint64_t hw_tsc_ordered(void);
void hw_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t regs[4]);
uint32_t mmio_read32(const volatile void *p);
void mmio_write32(volatile void *p, uint32_t value);
#else
static inline uint8_t hw_in8(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline uint16_t hw_in16(uint16_t port)
{
	uint16_t v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline uint32_t hw_in32(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void hw_out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void hw_out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void hw_out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint64_t hw_rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return lo | (uint64_t)hi << 32;
}

static inline void hw_wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
			 : "memory");
}

static inline uint64_t hw_tsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return lo | (uint64_t)hi << 32;
}

/* Not before earlier loads: for comparing the clocks of two processors. */
static inline uint64_t hw_tsc_ordered(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(lo), "=d"(hi) : : "memory");
	return lo | (uint64_t)hi << 32;
}

static inline void hw_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t regs[4])
{
	__asm__ volatile("cpuid" : "=a"(regs[0]), "=b"(regs[1]), "=c"(regs[2]), "=d"(regs[3])
			 : "a"(leaf), "c"(subleaf));
}

static inline uint32_t mmio_read32(const volatile void *p)
{
	return *(const volatile uint32_t *)p;
}

static inline void mmio_write32(volatile void *p, uint32_t value)
{
	*(volatile uint32_t *)p = value;
}
#endif

#endif
