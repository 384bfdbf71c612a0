/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single instructions that C cannot express, and the numbers that go with them. */
#ifndef CPU_X86_H
#define CPU_X86_H

#define CR0_PE (1 << 0)
#define CR0_MP (1 << 1)
#define CR0_TS (1 << 3)
#define CR0_ET (1 << 4)
#define CR0_NE (1 << 5)
#define CR0_WP (1 << 16)
#define CR0_AM (1 << 18)
#define CR0_PG 0x80000000

#define CR4_TSD (1 << 2)
#define CR4_DE (1 << 3)
#define CR4_PAE (1 << 5)
#define CR4_MCE (1 << 6)
#define CR4_PGE (1 << 7)
#define CR4_OSFXSR (1 << 9)
#define CR4_OSXMMEXCPT (1 << 10)
#define CR4_UMIP (1 << 11)
#define CR4_FSGSBASE (1 << 16)
#define CR4_PCIDE (1 << 17)
#define CR4_OSXSAVE (1 << 18)
#define CR4_SMEP (1 << 20)
#define CR4_SMAP (1 << 21)

#define MSR_TSC 0x10
#define MSR_APIC_BASE 0x1b
#define MSR_MTRR_CAP 0xfe
#define MSR_SYSENTER_CS 0x174
#define MSR_SYSENTER_ESP 0x175
#define MSR_SYSENTER_EIP 0x176
#define MSR_ARCH_CAPABILITIES 0x10a
#define ARCH_CAPABILITIES_RDCL_NO (1 << 0)
#define LEAF_7_EDX_ARCH_CAPABILITIES (1u << 29)
#define EXT_LEAF_8_EBX_RSTR_FP_ERR_PTRS (1u << 2)
#define MSR_MTRR_PHYS_FIRST 0x200	/* of pairs: base and type, mask and valid */
#define MSR_PAT 0x277
#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_SFMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX 0xc0000103

#define EFER_SCE (1 << 0)
#define EFER_LME (1 << 8)
#define EFER_LMA (1 << 10)
#define EFER_NXE (1 << 11)

#ifndef __ASSEMBLER__
#include "lib/base.h"

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t v)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}

/* 0, or -EFAULT when the processor has no such register (the access raised #GP). */
int rdmsr_safe(uint32_t msr, uint64_t *v);
int wrmsr_safe(uint32_t msr, uint64_t v);

#define DEFINE_CR_ACCESS(n) \
	static inline uint64_t read_cr##n(void) \
	{ \
		uint64_t v; \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v)); \
		return v; \
	} \
	static inline void write_cr##n(uint64_t v) \
	{ \
		__asm__ volatile("mov %0, %%cr" #n : : "r"(v) : "memory"); \
	}
DEFINE_CR_ACCESS(0)
DEFINE_CR_ACCESS(2)
DEFINE_CR_ACCESS(3)
DEFINE_CR_ACCESS(4)
#undef DEFINE_CR_ACCESS

static inline void clts(void)
{
	__asm__ volatile("clts" ::: "memory");
}

static inline void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t *a, uint32_t *b, uint32_t *c,
			 uint32_t *d)
{
	__asm__ volatile("cpuid" : "=a"(*a), "=b"(*b), "=c"(*c), "=d"(*d) : "a"(leaf), "c"(subleaf));
}

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

static inline void invlpg(uint64_t va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static inline void wbinvd(void)
{
	__asm__ volatile("wbinvd" ::: "memory");
}

static inline void cpu_pause(void)
{
	__asm__ volatile("pause" ::: "memory");
}

#define DEFINE_PORT_ACCESS(type, suffix, name) \
	static inline type in##name(uint16_t port) \
	{ \
		type v; \
		__asm__ volatile("in" #suffix " %w1, %0" : "=a"(v) : "Nd"(port)); \
		return v; \
	} \
	static inline void out##name(uint16_t port, type v) \
	{ \
		__asm__ volatile("out" #suffix " %0, %w1" : : "a"(v), "Nd"(port)); \
	}
DEFINE_PORT_ACCESS(uint8_t, b, b)
DEFINE_PORT_ACCESS(uint16_t, w, w)
DEFINE_PORT_ACCESS(uint32_t, l, l)
#undef DEFINE_PORT_ACCESS
#endif

#endif
