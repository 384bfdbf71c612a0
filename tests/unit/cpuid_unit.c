/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What guests see of the processor: on a model that has every feature there
 * could be, only listed ones; on this machine's, consistent leaves.  And the
 * registers that stock kernels read and write on each vendor's processors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <hypercall/extension.h>
#include "cpu/x86.h"
#include "emulate_world.h"

static struct cpuid_leaf leaf;

static int setup(void **state)
{
	(void)state;
	world_reset();
	world.model = WORLD_INTEL;
	world.xcr0_mask = 0xe7;
	return 0;
}

static void look(uint32_t number, uint32_t subleaf)
{
	guest_cpuid(&world.vcpu, number, subleaf, &leaf);
}

static bool nothing(void)
{
	return !(leaf.a | leaf.b | leaf.c | leaf.d);
}

#define HAS(reg, bit) (leaf.reg >> (bit) & 1)

static void hypervisor_leaves(void **state)
{
	(void)state;
	look(0x40000000, 0);
	assert_int_equal(leaf.a, 0x40000005);
	assert_memory_equal(&leaf.b, "XenVMMXenVMM", 12);
	look(0x40000001, 0);
	assert_int_equal(leaf.a, 0x40011);
	look(0x40000002, 0);
	assert_int_equal(leaf.a, 1);
	assert_int_equal(leaf.b, MSR_HYPERCALL_PAGE);
	look(0x40000003, 0);
	assert_int_equal(leaf.c, tsc_khz);
	look(0x40000005, 0);
	assert_int_equal(leaf.b, 0x28);
	look(0x40000006, 0);
	assert_true(nothing());
	look(0x40000100, 0);
	assert_int_equal(leaf.a, 0x40000101);
	assert_memory_equal(&leaf.b, "TenonTenonTe", 12);
	look(0x40000101, 0);
	assert_int_equal(leaf.a, HC_EXTENSION_VERSION);
	assert_int_equal(leaf.b, 50);
	assert_int_equal(leaf.c, HC_EXTENSION_FEATURE_COUNTERS | HC_EXTENSION_FEATURE_SYMSPY |
			 HC_EXTENSION_FEATURE_SYMCALL | HC_EXTENSION_FEATURE_TABLES);
	assert_int_equal(leaf.d, 0);
	look(0x40000200, 0);
	assert_true(nothing());
}

static void ring_zero_features_are_hidden(void **state)
{
	(void)state;
	look(1, 0);
	assert_false(HAS(c, 3));	/* MONITOR */
	assert_false(HAS(c, 5));	/* VMX */
	assert_false(HAS(c, 17));	/* PCID */
	assert_false(HAS(c, 21));	/* x2APIC */
	assert_false(HAS(c, 24));	/* TSC deadline */
	assert_true(HAS(c, 27));	/* OSXSAVE */
	assert_true(HAS(c, 31));	/* hypervisor */
	assert_false(HAS(d, 1));	/* VME */
	assert_false(HAS(d, 3));	/* PSE */
	assert_false(HAS(d, 12));	/* MTRR */
	assert_false(HAS(d, 13));	/* PGE */
	assert_false(HAS(d, 17));	/* PSE36 */
	assert_false(HAS(d, 21));	/* DS */
	look(7, 0);
	assert_false(HAS(b, 0));	/* FSGSBASE: we have not turned it on */
	assert_false(HAS(b, 7));	/* SMEP */
	assert_false(HAS(b, 10));	/* INVPCID */
	assert_false(HAS(b, 20));	/* SMAP */
	assert_false(HAS(c, 2));	/* UMIP */
	assert_false(HAS(c, 3));	/* PKU */
	assert_false(HAS(c, 16));	/* LA57 */
	assert_false(HAS(d, 26));	/* SPEC_CTRL */
	assert_false(HAS(d, 29));	/* ARCH_CAPABILITIES */
	world.cr4 |= CR4_FSGSBASE;
	look(7, 0);
	assert_true(HAS(b, 0));
	look(7, 1);
	assert_true(nothing());
	look(0x80000001, 0);
	assert_false(HAS(c, 2));	/* SVM */
	assert_false(HAS(d, 26));	/* 1 GiB pages */
	assert_true(HAS(d, 20));	/* NX */
	assert_true(HAS(d, 29));	/* long mode */
}

static void whole_leaves_are_hidden(void **state)
{
	static const uint32_t hidden[] = { 3, 5, 6, 9, 0xa, 0xb, 0xc, 0xe, 0x10, 0x14, 0x1f,
					   0x80000009, 0x8000000a, 0x8000001e, 0x8000001f,
					   0x80000022, 0x80000028, 0xc0000000, 0xc0000001,
					   0xffffffff, 0x20000000 };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(hidden); i++) {
		look(hidden[i], 0);
		assert_true(nothing());
	}
	look(0, 0);
	assert_int_equal(leaf.a, 0xd);
	assert_memory_equal(&leaf.b, "Genu", 4);
	look(0x80000000, 0);
	assert_int_equal(leaf.a, 0x80000021);
}

static void without_xsave(void **state)
{
	(void)state;
	world.xcr0_mask = 0;
	look(1, 0);
	assert_false(HAS(c, 26) || HAS(c, 27) || HAS(c, 28) || HAS(c, 12) || HAS(c, 29));
	look(7, 0);
	assert_false(HAS(b, 5) || HAS(b, 16) || HAS(c, 9));
	look(0xd, 0);
	assert_true(nothing());
	look(0xd, 1);
	assert_true(nothing());
}

static void without_avx512(void **state)
{
	(void)state;
	world.xcr0_mask = 7;
	look(7, 0);
	assert_true(HAS(b, 5));
	assert_false(HAS(b, 16) || HAS(b, 31) || HAS(c, 11) || HAS(d, 2));
}

static void vcpus_are_packages(void **state)
{
	(void)state;
	world.vcpu.id = 3;
	look(1, 0);
	assert_int_equal(leaf.b >> 24, 6);
	assert_int_equal(leaf.b >> 16 & 0xff, 1);
	assert_false(HAS(d, 28));
	look(4, 1);
	assert_int_equal(leaf.a >> 14, 0);
	look(0x80000008, 0);
	assert_int_equal(leaf.c, 0);
	assert_int_equal(leaf.a & 0xff, 0x28);
}

static void stable_clock(void **state)
{
	(void)state;
	look(0x80000007, 0);
	assert_true(nothing());
	world.tsc_stable = true;
	look(0x80000007, 0);
	assert_int_equal(leaf.d, 1 << 8);
	assert_int_equal(leaf.a | leaf.b | leaf.c, 0);
}

static void old_processor(void **state)
{
	(void)state;
	world.model = WORLD_OLD;
	look(7, 0);
	assert_true(nothing());
	look(0x80000008, 0);
	assert_true(nothing());
	look(0x40000005, 0);
	assert_int_equal(leaf.b, 36);
}

static void this_machine(void **state)
{
	struct cpuid_leaf real;

	(void)state;
	world.model = WORLD_REAL_CPU;
	world.xcr0_mask = 0;
	look(0, 0);
	__asm__("cpuid" : "=a"(real.a), "=b"(real.b), "=c"(real.c), "=d"(real.d) : "a"(0), "c"(0));
	assert_int_equal(leaf.b, real.b);
	assert_true(leaf.a <= real.a && leaf.a <= 0xd);
	look(0x80000002, 0);
	__asm__("cpuid" : "=a"(real.a), "=b"(real.b), "=c"(real.c), "=d"(real.d)
		: "a"(0x80000002), "c"(0));
	assert_memory_equal(&leaf, &real, sizeof(leaf));
	world.xcr0_mask = 7;
	look(0xd, 0);
	if (leaf.a)
		assert_int_equal(leaf.c, 512 + 64 + 256);
}

static bool reads(uint32_t msr, uint64_t expected)
{
	uint64_t value;

	return guest_rdmsr(&world.vcpu, msr, &value) && value == expected;
}

static bool refuses(uint32_t msr)
{
	uint64_t value;

	return !guest_rdmsr(&world.vcpu, msr, &value);
}

static void registers_of_all(void **state)
{
	(void)state;
	world.msr[4] = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | 1 << 12;	/* and SVME */
	assert_true(reads(MSR_EFER, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE));
	assert_true(guest_wrmsr(&world.vcpu, MSR_EFER, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE));
	assert_false(guest_wrmsr(&world.vcpu, MSR_EFER, EFER_SCE | EFER_LME | EFER_LMA));
	assert_true(reads(MSR_APIC_BASE, 0xfee00900));
	world.vcpu.id = 1;
	assert_true(reads(MSR_APIC_BASE, 0xfee00800));
	assert_true(guest_wrmsr(&world.vcpu, MSR_LSTAR, 0x1234));
	assert_true(guest_wrmsr(&world.vcpu, MSR_SYSENTER_EIP, 0x1234));
	assert_true(reads(MSR_LSTAR, 0));
	assert_true(reads(0x179, 0));	/* no machine-check banks */
	assert_true(reads(0x17a, 0));
	world.msr[3] = 0x0007040600070406;
	assert_true(guest_wrmsr(&world.vcpu, MSR_PAT, 0x0007040600070406));
	assert_false(guest_wrmsr(&world.vcpu, MSR_PAT, 0));
	assert_true(refuses(0x48));
	assert_true(refuses(0x10a));
	assert_true(refuses(0x2ff));	/* MTRRs: dom0 only, and where the machine has them */
	assert_true(refuses(0xc1));
	assert_int_equal(world.msr_writes, 0);
}

static void registers_of_intel(void **state)
{
	(void)state;
	assert_true(reads(0x1a0, 0x1801));
	assert_true(guest_wrmsr(&world.vcpu, 0x1a0, 0));
	assert_true(reads(0x3a, 1));
	assert_true(reads(0xce, 0));
	assert_true(refuses(0xc0010015));
	/* Reading the microcode's revision */
	world.msr[7] = 0x10000000000;
	assert_true(guest_wrmsr(&world.vcpu, 0x8b, 0));
	assert_true(reads(0x8b, 0x10000000000));
	assert_false(guest_wrmsr(&world.vcpu, 0x79, 0x1000));
	world.domain.privileged = true;
	assert_true(guest_wrmsr(&world.vcpu, 0x79, 0x1000));
	assert_false(guest_wrmsr(&world.vcpu, 0x49, 1));
	assert_int_equal(world.msr_writes, 0);
}

static void registers_of_amd(void **state)
{
	(void)state;
	world.model = WORLD_AMD;
	assert_true(reads(0xc0010015, 1 << 24));
	assert_true(guest_wrmsr(&world.vcpu, 0xc0010015, 0));
	assert_true(reads(0xc0011029, 2));
	assert_true(reads(0xc001001f, 0));
	assert_true(refuses(0xc001001a));
	assert_true(refuses(0x1a0));
	/* The branch barrier is passed on, and only it. */
	assert_true(guest_wrmsr(&world.vcpu, 0x49, 1));
	assert_int_equal(world.msr[6], 1);
	assert_false(guest_wrmsr(&world.vcpu, 0x49, 3));
	assert_int_equal(world.msr_writes, 1);
}

static void tsc_aux(void **state)
{
	struct vcpu other = { .domain = &world.domain };

	(void)state;
	assert_true(guest_wrmsr(&world.vcpu, MSR_TSC_AUX, 5));
	assert_int_equal(world.msr[5], 5);
	assert_true(reads(MSR_TSC_AUX, 5));
	assert_false(guest_wrmsr(&world.vcpu, MSR_TSC_AUX, 1ULL << 32));
	emulate_context_load(&other);
	assert_int_equal(world.msr[5], 0);
	emulate_context_load(&world.vcpu);
	assert_int_equal(world.msr[5], 5);
	assert_int_equal(world.msr_writes, 3);
	emulate_context_load(&world.vcpu);
	assert_int_equal(world.msr_writes, 3);
}

static void hypercall_page(void **state)
{
	(void)state;
	assert_true(guest_wrmsr(&world.vcpu, MSR_HYPERCALL_PAGE, PAGE_SIZE));
	assert_int_equal(*(uint8_t *)world_at(WORLD_DATA), 0xc3);
	assert_int_equal(*(uint8_t *)world_at(WORLD_DATA - 1), 0);
	assert_false(guest_wrmsr(&world.vcpu, MSR_HYPERCALL_PAGE, 1));
	assert_false(guest_wrmsr(&world.vcpu, MSR_HYPERCALL_PAGE, 1ULL << 50));
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hypervisor_leaves), TEST(ring_zero_features_are_hidden),
		TEST(whole_leaves_are_hidden), TEST(without_xsave), TEST(without_avx512),
		TEST(vcpus_are_packages), TEST(stable_clock), TEST(old_processor),
		TEST(this_machine), TEST(registers_of_all), TEST(registers_of_intel),
		TEST(registers_of_amd), TEST(tsc_aux), TEST(hypercall_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
