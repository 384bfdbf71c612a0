/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a paravirtual guest's kernel sees of CPUID: the processor's leaves,
 * less what belongs to the hypervisor or does not work in ring 3; then the
 * hypervisor leaves.  Every table lists what a guest may see, so that features
 * of later processors stay hidden until somebody has thought about them.
 *
 * Each vcpu is a package of its own with one core and one thread: guests are
 * not told a topology that the scheduler does not keep.
 *
 * Source of facts: Intel SDM volume 2 (CPUID), AMD APM volume 3 appendix E,
 * and for 0x40000000 up Xen's public arch-x86/cpuid.h.
 */
#include <hypercall/extension.h>
#include <hypercall/version.h>
#include "emulate/emulate.h"
#include "emulate/machine.h"
#include "cpu/cpu.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "hypercall/abi_version.h"

#define BIT(n) (1u << (n))

#define BASIC_MAX 0xd
#define EXTENDED 0x80000000u
#define EXTENDED_MAX 0x80000021u
#define HYPERVISOR_RANGE 0x100		/* leaves a signature's block may have */
#define TENON_FIRST_LEAF 0x40000100
#define TENON_MAX_LEAF 0x40000101

/*
 * Leaf 1, ecx: SSE3 PCLMULQDQ SSSE3 FMA CX16 SSE4.1 SSE4.2 MOVBE POPCNT AES XSAVE AVX F16C
 * RDRAND
 */
#define LEAF1_C (BIT(0) | BIT(1) | BIT(9) | BIT(12) | BIT(13) | BIT(19) | BIT(20) | BIT(22) | \
		 BIT(23) | BIT(25) | BIT(26) | BIT(28) | BIT(29) | BIT(30))
#define LEAF1_C_OSXSAVE BIT(27)
#define LEAF1_C_HYPERVISOR BIT(31)
#define LEAF1_C_NEED_XSAVE (BIT(12) | BIT(26) | BIT(28) | BIT(29))	/* FMA XSAVE AVX F16C */
/*
 * Leaf 1, edx: FPU DE TSC MSR PAE MCE CX8 APIC SEP MCA CMOV PAT CLFLUSH MMX FXSR SSE SSE2.
 * Machine checks with no bank to look at (msr.c): without any, kernels complain.
 */
#define LEAF1_D (BIT(0) | BIT(2) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(9) | \
		 BIT(11) | BIT(14) | BIT(15) | BIT(16) | BIT(19) | BIT(23) | BIT(24) | BIT(25) | \
		 BIT(26))
/* Leaf 7, ebx: BMI1 HLE AVX2 BMI2 ERMS RTM AVX512* RDSEED ADX CLFLUSHOPT CLWB SHA */
#define LEAF7_B_AVX512 \
	(BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31))
#define LEAF7_B (BIT(3) | BIT(4) | BIT(8) | BIT(9) | BIT(11) | BIT(18) | BIT(19) | BIT(23) | \
		 BIT(24) | BIT(29) | BIT(5) | LEAF7_B_AVX512)
#define LEAF7_B_FSGSBASE BIT(0)
#define LEAF7_B_FDP_CS (BIT(6) | BIT(13))	/* facts about the FPU, not features */
#define LEAF7_B_NEED_AVX BIT(5)
/*
 * Leaf 7, ecx: AVX512 VBMI, VBMI2, GFNI, VAES, VPCLMULQDQ, VNNI, BITALG, VPOPCNTDQ, RDPID,
 * CLDEMOTE, MOVDIR*
 */
#define LEAF7_C_AVX512 (BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14))
#define LEAF7_C_NEED_AVX (BIT(9) | BIT(10))
#define LEAF7_C \
	(BIT(8) | BIT(22) | BIT(25) | BIT(27) | BIT(28) | LEAF7_C_AVX512 | LEAF7_C_NEED_AVX)
/* Leaf 7, edx: FSRM, MD_CLEAR (VERW works in ring 3), SERIALIZE; AVX512 4VNNIW 4FMAPS VP2INT */
#define LEAF7_D_AVX512 (BIT(2) | BIT(3) | BIT(8))
#define LEAF7_D (BIT(4) | BIT(10) | BIT(14) | LEAF7_D_AVX512)
/* Leaf 0xd subleaf 1, eax: XSAVEOPT XSAVEC XGETBV1 */
#define LEAFD_A (BIT(0) | BIT(1) | BIT(2))
/* 0x80000001, ecx: LAHF ABM SSE4A MISALIGNSSE 3DNOWPREFETCH XOP FMA4 TBM */
#define EXT1_C (BIT(0) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(11) | BIT(16) | BIT(21))
#define EXT1_C_NEED_AVX (BIT(11) | BIT(16))
/* 0x80000001, edx: SYSCALL NX MMXEXT FFXSR RDTSCP LM 3DNOWEXT 3DNOW */
#define EXT1_D (BIT(11) | BIT(20) | BIT(22) | BIT(25) | BIT(27) | BIT(29) | BIT(30) | BIT(31))
#define EXT1_D_LIKE_LEAF1 0x0183f3ff	/* on AMD these repeat leaf 1 */
/* 0x80000008, ebx: CLZERO RSTR_FP_ERR_PTRS, and IBPB, which guest_wrmsr passes on */
#define EXT8_B (BIT(0) | BIT(2) | BIT(12))
/* 0x80000021, eax: LFENCE is serializing, null selectors clear the base */
#define EXT21_A (BIT(2) | BIT(6))

#define XCR0_YMM (1u << 2)
#define XCR0_ZMM (7u << 5)

static bool is_amd(void)
{
	struct cpuid_leaf l;

	machine_cpuid(0, 0, &l);
	/* "AuthenticAMD", "HygonGenuine" */
	return l.b == 0x68747541 || l.b == 0x6f677948;
}

static uint32_t initial_apic_id(const struct vcpu *v)
{
	return v->id * 2;
}

static void leaf_features(const struct vcpu *v, struct cpuid_leaf *l)
{
	uint64_t xcr0 = fpu_guest_xcr0_mask();

	l->b = (l->b & 0xff00) | 1 << 16 | initial_apic_id(v) << 24;
	l->c &= LEAF1_C;
	if (!xcr0)
		l->c &= ~LEAF1_C_NEED_XSAVE;
	else if (!(xcr0 & XCR0_YMM))
		l->c &= ~(LEAF1_C_NEED_XSAVE & ~BIT(26));
	if (l->c & BIT(26))
		l->c |= LEAF1_C_OSXSAVE;
	l->c |= LEAF1_C_HYPERVISOR;
	l->d &= LEAF1_D;
}

static void leaf_structured_features(uint32_t subleaf, struct cpuid_leaf *l)
{
	uint64_t xcr0 = fpu_guest_xcr0_mask();
	uint32_t b = LEAF7_B | LEAF7_B_FDP_CS, c = LEAF7_C, d = LEAF7_D;

	if (subleaf) {
		*l = (struct cpuid_leaf){ 0 };
		return;
	}
	if (machine_cr4() & CR4_FSGSBASE)
		b |= LEAF7_B_FSGSBASE;
	if (!(xcr0 & XCR0_YMM)) {
		b &= ~LEAF7_B_NEED_AVX;
		c &= ~LEAF7_C_NEED_AVX;
	}
	if ((xcr0 & XCR0_ZMM) != XCR0_ZMM) {
		b &= ~LEAF7_B_AVX512;
		c &= ~LEAF7_C_AVX512;
		d &= ~LEAF7_D_AVX512;
	}
	l->a = 0;
	l->b &= b;
	l->c &= c;
	l->d &= d;
}

/* Bytes of the largest area that the states of mask need. */
static uint32_t xsave_size(uint64_t mask)
{
	uint32_t size = 512 + 64;

	for (unsigned int i = 2; i < 63; i++) {
		struct cpuid_leaf l;

		if (!(mask >> i & 1))
			continue;
		machine_cpuid(0xd, i, &l);
		size = MAX(size, l.a + l.b);
	}
	return size;
}

static void leaf_extended_state(uint32_t subleaf, struct cpuid_leaf *l)
{
	uint64_t xcr0 = fpu_guest_xcr0_mask();

	if (!xcr0 || (subleaf > 1 && (subleaf > 62 || !(xcr0 >> subleaf & 1)))) {
		*l = (struct cpuid_leaf){ 0 };
	} else if (subleaf == 0) {
		/* ebx stays: the processor computes it for the XCR0 that is loaded, the guest's. */
		l->a = (uint32_t)xcr0;
		l->c = xsave_size(xcr0);
		l->d = (uint32_t)(xcr0 >> 32);
	} else if (subleaf == 1) {
		/* No supervisor states: their instructions and register are privileged. */
		l->a &= LEAFD_A;
		if (!(l->a & BIT(1)))
			l->b = 0;
		l->c = l->d = 0;
	}
}

static void basic_leaf(const struct vcpu *v, uint32_t leaf, uint32_t subleaf,
		       struct cpuid_leaf *l)
{
	switch (leaf) {
	case 0:
		l->a = MIN(l->a, BASIC_MAX);
		break;
	case 1:
		leaf_features(v, l);
		break;
	case 2:
		break;
	case 4:
		/* Bits 31-26: cores of the package less 1; 25-14: threads that share the cache less 1. */
		l->a &= 0x3fff;
		break;
	case 7:
		leaf_structured_features(subleaf, l);
		break;
	case 0xd:
		leaf_extended_state(subleaf, l);
		break;
	default:
		/* Monitor, power, performance counters, topology: nothing of these. */
		*l = (struct cpuid_leaf){ 0 };
		break;
	}
}

static void extended_features(struct cpuid_leaf *l)
{
	uint64_t xcr0 = fpu_guest_xcr0_mask();
	uint32_t d = EXT1_D;

	if (is_amd())
		d |= EXT1_D_LIKE_LEAF1 & LEAF1_D;
	l->c &= EXT1_C;
	if (!(xcr0 & XCR0_YMM))
		l->c &= ~EXT1_C_NEED_AVX;
	l->d &= d;
}

static void extended_leaf(uint32_t leaf, struct cpuid_leaf *l)
{
	switch (leaf) {
	case EXTENDED:
		l->a = MIN(l->a, EXTENDED_MAX);
		break;
	case 0x80000001:
		extended_features(l);
		break;
	case 0x80000002 ... 0x80000006:	/* brand string, caches */
		break;
	case 0x80000007:
		*l = (struct cpuid_leaf){ .d = time_tsc_stable() ? l->d & BIT(8) : 0 };
		break;
	case 0x80000008:
		l->b &= EXT8_B;
		l->c = l->d = 0;
		break;
	case 0x80000021:
		*l = (struct cpuid_leaf){ .a = l->a & EXT21_A };
		break;
	default:
		*l = (struct cpuid_leaf){ 0 };
		break;
	}
}

static uint32_t machine_address_bits(void)
{
	struct cpuid_leaf l;

	machine_cpuid(EXTENDED, 0, &l);
	if (l.a < 0x80000008)
		return 36;
	machine_cpuid(0x80000008, 0, &l);
	return l.a & 0xff;
}

static void xen_leaf(uint32_t index, uint32_t subleaf, struct cpuid_leaf *l)
{
	switch (index) {
	case 0:
		l->a = HC_CPUID_FIRST_LEAF + HC_CPUID_MAX_NUM_LEAVES;
		l->b = HC_CPUID_SIGNATURE_EBX;
		l->c = HC_CPUID_SIGNATURE_ECX;
		l->d = HC_CPUID_SIGNATURE_EDX;
		break;
	case 1:
		l->a = GUEST_ABI_VERSION;
		break;
	case 2:
		l->a = 1;
		l->b = MSR_HYPERCALL_PAGE;
		l->c = HC_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
		break;
	case 3:
		/* Subleaf 0: the TSC is not emulated; bit 1: reliable.  Subleaf 2: its rate. */
		if (subleaf == 0) {
			l->a = time_tsc_stable() ? BIT(1) : 0;
			l->c = tsc_khz;
		} else if (subleaf == 2) {
			l->a = tsc_khz;
		}
		break;
	case 5:
		l->b = machine_address_bits() & HC_CPUID_MACHINE_ADDRESS_WIDTH_MASK;
		break;
	}
}

static void tenon_leaf(uint32_t index, struct cpuid_leaf *l)
{
	switch (index) {
	case 0:
		*l = (struct cpuid_leaf){ TENON_MAX_LEAF, HC_EXTENSION_SIGNATURE_EBX,
					  HC_EXTENSION_SIGNATURE_ECX, HC_EXTENSION_SIGNATURE_EDX };
		break;
	case 1:
		l->a = HC_EXTENSION_VERSION;
		l->b = HC_NR_EXTENSION;
		l->c = (uint32_t)EXTENSION_FEATURES;
		l->d = (uint32_t)(EXTENSION_FEATURES >> 32);
		break;
	}
}

void guest_cpuid(struct vcpu *v, uint32_t leaf, uint32_t subleaf, struct cpuid_leaf *out)
{
	struct cpuid_leaf max;

	*out = (struct cpuid_leaf){ 0 };
	if (leaf - HC_CPUID_FIRST_LEAF < HYPERVISOR_RANGE) {
		xen_leaf(leaf - HC_CPUID_FIRST_LEAF, subleaf, out);
		return;
	}
	if (leaf - TENON_FIRST_LEAF < HYPERVISOR_RANGE) {
		tenon_leaf(leaf - TENON_FIRST_LEAF, out);
		return;
	}
	/* Beyond the last leaf some processors answer with other leaves' contents. */
	machine_cpuid(leaf & EXTENDED, 0, &max);
	if (leaf > MIN(max.a, leaf & EXTENDED ? EXTENDED_MAX : BASIC_MAX))
		return;
	machine_cpuid(leaf, subleaf, out);
	if (leaf & EXTENDED)
		extended_leaf(leaf, out);
	else
		basic_leaf(v, leaf, subleaf, out);
}
