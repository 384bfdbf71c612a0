/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hypervisor says it is.  Proof: each xen_version call answers within
 * its format, the features a PV kernel relies on are present and those that
 * would change the ABI are absent, CPUID shows the hypervisor's leaves (with the
 * forced-emulation prefix), and unknown or faulting requests are refused.
 */
#include <hypercall/version.h>

#include "guest.h"
#include "page.h"
#include "trap.h"

static void cpuid_forced(uint32_t leaf, uint32_t out[4])
{
	__asm__ volatile("ud2; .ascii \"xen\"; cpuid"
			 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
			 : "a"(leaf), "c"(0));
}

static void check_features(void)
{
	struct hc_feature_info info = { .submap_idx = 0 };

	expect_success(hc_xen_version(HC_VERSION_GET_FEATURES, &info));
	print("features 0x%x\n", info.submap);
	expect(info.submap >> HC_FEATURE_MMU_PT_UPDATE_PRESERVE_AD & 1, "no preserve-A/D updates\n");
	expect(!(info.submap >> HC_FEATURE_AUTO_TRANSLATED_PHYSMAP & 1), "claims translation\n");
	expect(!(info.submap >> HC_FEATURE_WRITABLE_PAGE_TABLES & 1), "claims writable tables\n");
	if (start_info->flags & HC_SIF_INITDOMAIN)
		expect(info.submap >> HC_FEATURE_DOM0 & 1, "the management domain is not told so\n");
	info.submap_idx = HC_FEATURE_NR_SUBMAPS + 100;
	hc_xen_version(HC_VERSION_GET_FEATURES, &info);
}

static void check_texts(void)
{
	static char extra[HC_EXTRAVERSION_LEN], capabilities[HC_CAPABILITIES_INFO_LEN];
	struct hc_platform_parameters platform = { 0 };
	long version = hc_xen_version(HC_VERSION_VERSION, NULL);

	expect(version >> 16 >= 3, "version 0x%lx\n", version);
	expect_equal("page size", hc_xen_version(HC_VERSION_PAGESIZE, NULL), PAGE_SIZE);
	expect_success(hc_xen_version(HC_VERSION_EXTRAVERSION, extra));
	expect(!extra[HC_EXTRAVERSION_LEN - 1], "extra version has no end\n");
	expect_success(hc_xen_version(HC_VERSION_CAPABILITIES, capabilities));
	print("version %ld.%ld%s, %s\n", version >> 16, version & 0xffff, extra, capabilities);
	expect(!memcmp(capabilities, "xen-3.0-x86_64", 14), "capabilities lack xen-3.0-x86_64\n");
	expect_success(hc_xen_version(HC_VERSION_PLATFORM_PARAMETERS, &platform));
	expect_equal("start of the hypervisor's range", platform.virt_start,
		     HC_HYPERVISOR_VIRT_START);
}

static void check_cpuid(void)
{
	uint32_t out[4];

	cpuid_forced(HC_CPUID_FIRST_LEAF, out);
	expect_equal("signature ebx", out[1], HC_CPUID_SIGNATURE_EBX);
	expect_equal("signature ecx", out[2], HC_CPUID_SIGNATURE_ECX);
	expect_equal("signature edx", out[3], HC_CPUID_SIGNATURE_EDX);
	expect(out[0] >= HC_CPUID_FIRST_LEAF + 2, "last leaf 0x%x\n", out[0]);
	cpuid_forced(HC_CPUID_FIRST_LEAF + 1, out);
	expect_equal("version by cpuid", out[0], hc_xen_version(HC_VERSION_VERSION, NULL));
	cpuid_forced(1, out);
	expect(out[2] >> 31 & 1, "the hypervisor bit is not set\n");
	/* Four-level guests run without these; seeing them, a kernel would use them. */
	expect(!(out[3] >> 3 & 1), "page size extension is shown\n");
	expect(!(out[3] >> 13 & 1), "global pages are shown\n");
}

void test_main(void)
{
	section("features\n");
	check_features();
	section("texts\n");
	check_texts();
	section("cpuid\n");
	check_cpuid();
	section("refusals\n");
	expect_error(hc_xen_version(99, NULL), ENOSYS);
	expect_error(hc_xen_version(HC_VERSION_EXTRAVERSION, (void *)HC_HYPERVISOR_VIRT_START),
		     EFAULT);
	expect_error(hypercall(63, 0, 0, 0, 0, 0), ENOSYS);
}
