/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tenon's extension ABI.  Proof: its CPUID leaf is found by its signature and tells
 * what the hypercall tells; counters grow by what was done; the page registered for
 * symspy is the one that the control call names, for the guest and for each vcpu;
 * and what is wrong is refused: operations, addresses, vcpus, padding, frames that
 * are not the caller's, a foreigner's pages.
 */
#include <hypercall/extension.h>
#include <hypercall/version.h>

#include "child.h"
#include "guest.h"
#include "page.h"
#include "trap.h"

static long extension(unsigned int op, const void *arg)
{
	return hypercall(HC_NR_EXTENSION, op, PTR(arg), 0, 0, 0);
}

static void cpuid_forced(uint32_t leaf, uint32_t out[4])
{
	__asm__ volatile("ud2; .ascii \"xen\"; cpuid"
			 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
			 : "a"(leaf), "c"(0));
}

/* As the header says that a guest looks for it. */
static uint32_t find_leaf(void)
{
	uint32_t out[4];

	for (uint32_t leaf = HC_EXTENSION_SCAN_FIRST; leaf <= HC_EXTENSION_SCAN_LAST;
	     leaf += HC_EXTENSION_SCAN_STEP) {
		cpuid_forced(leaf, out);
		if (out[1] == HC_EXTENSION_SIGNATURE_EBX && out[2] == HC_EXTENSION_SIGNATURE_ECX &&
		    out[3] == HC_EXTENSION_SIGNATURE_EDX && out[0] > leaf)
			return leaf;
	}
	return 0;
}

static void check_leaf(uint32_t leaf)
{
	uint32_t out[4];

	cpuid_forced(leaf + 1, out);
	print("leaf 0x%x: version %u, hypercall %u, features 0x%x 0x%x\n", leaf, out[0], out[1], out[2],
	      out[3]);
	expect_equal("hypercall", out[1], HC_NR_EXTENSION);
	expect_equal("version", extension(HC_EXTENSION_GET_VERSION, NULL), out[0]);
	expect_equal("features", extension(HC_EXTENSION_GET_FEATURES, NULL), (uint64_t)out[3] << 32 | out[2]);
	expect(out[2] & HC_EXTENSION_FEATURE_COUNTERS, "no counters\n");
	expect(out[2] & HC_EXTENSION_FEATURE_SYMSPY, "no symspy\n");
	expect(out[2] & HC_EXTENSION_FEATURE_SYMCALL, "no symcall\n");
}

static void check_counters(void)
{
	static struct hc_extension_counters before, after;

	expect_success(extension(HC_EXTENSION_COUNTERS, &before));
	for (unsigned int i = 0; i < 10; i++)
		hc_xen_version(HC_VERSION_VERSION, NULL);
	expect_success(extension(HC_EXTENSION_COUNTERS, &after));
	expect_equal("hypercalls",
		     after.value[HC_COUNTER_HYPERCALLS] - before.value[HC_COUNTER_HYPERCALLS], 11);
	expect_equal("extension calls",
		     after.value[HC_COUNTER_EXTENSIONS] - before.value[HC_COUNTER_EXTENSIONS], 1);
	expect_error(extension(HC_EXTENSION_COUNTERS, NULL), EFAULT);
	expect_error(extension(HC_EXTENSION_COUNTERS, (void *)HC_HYPERVISOR_VIRT_START), EFAULT);
	expect_error(extension(HC_EXTENSION_COUNTERS, (void *)(1UL << 62)), EFAULT);
}

static long announce(uint32_t vcpu, uint64_t mfn)
{
	struct hc_extension_symspy s = { .vcpu = vcpu, .mfn = mfn };

	return extension(HC_EXTENSION_SYMSPY, &s);
}

/* What a toolstack is told; -errno. */
static long announced(uint16_t domid, uint32_t vcpu)
{
	struct hc_control op = { .cmd = HC_CONTROL_SYMSPY, .domid = domid };
	long result;

	op.u.symspy.vcpu = vcpu;
	result = hc_control_op(&op);
	return result ? result : (long)op.u.symspy.mfn;
}

static void check_symspy(void)
{
	static const uint32_t places[] = { HC_EXTENSION_SYMSPY_GUEST, 0 };
	void *page = page_alloc(), *other = page_alloc();

	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
		expect_error(announced(HC_DOMID_SELF, places[i]), ENODATA);
		expect_success(announce(places[i], ptr_to_mfn(page)));
		expect_equal("its page", announced(HC_DOMID_SELF, places[i]), ptr_to_mfn(page));
		expect_success(announce(places[i], ptr_to_mfn(other)));
		expect_equal("its other page", announced(HC_DOMID_SELF, places[i]), ptr_to_mfn(other));
		/* What is refused changes nothing. */
		expect_error(announce(places[i], ~0UL), EINVAL);
		expect_error(announce(places[i], 1UL << 40), EINVAL);
		expect_equal("its page still", announced(HC_DOMID_SELF, places[i]), ptr_to_mfn(other));
		expect_success(announce(places[i], 0));
		expect_error(announced(HC_DOMID_SELF, places[i]), ENODATA);
	}
	/* The page is the guest's to do with as it likes: no reference is held. */
	expect_success(announce(0, ptr_to_mfn(page)));
	make_readonly(page);
	make_writable(page);
	expect_success(announce(0, 0));
}

static void check_hostile(void)
{
	struct hc_extension_symspy s = { .vcpu = 0, .pad = 1, .mfn = ptr_to_mfn(page_alloc()) };
	struct hc_control op = { .cmd = HC_CONTROL_SYMSPY, .domid = HC_DOMID_SELF };

	expect_error(extension(HC_EXTENSION_SYMSPY, &s), EINVAL);
	expect_error(announce(64, s.mfn), EINVAL);
	expect_error(announce(0x80000000, s.mfn), EINVAL);
	expect_error(announce(HC_EXTENSION_SYMSPY_GUEST - 1, s.mfn), EINVAL);
	expect_error(extension(HC_EXTENSION_SYMSPY, (void *)HC_HYPERVISOR_VIRT_START), EFAULT);
	expect_error(extension(HC_EXTENSION_SYMSPY, NULL), EFAULT);
	for (unsigned int op_number = HC_EXTENSION_SYMSPY + 1; op_number < 64; op_number++)
		if (op_number != HC_EXTENSION_SYMCALL_REGISTER && op_number != HC_EXTENSION_SYMCALL_END &&
		    op_number != HC_EXTENSION_TABLES)
			expect_error(extension(op_number, &s), ENOSYS);
	expect_error(hypercall(HC_NR_EXTENSION, 1UL << 32, 0, 0, 0, 0), ENOSYS);
	expect_error(hypercall(HC_NR_EXTENSION, ~0UL, 0, 0, 0, 0), ENOSYS);
	op.u.symspy.pad = 1;
	expect_error(hc_control_op(&op), EINVAL);
	expect_error(announced(HC_DOMID_SELF, 64), EINVAL);
	expect_error(announced(0x1234, 0), ESRCH);
}

/* A frame of another domain is nobody's to announce, not even the management domain's. */
static void check_foreign(void)
{
	static char in_child;

	child_start();
	expect_error(announce(0, child_mfn(&in_child)), EINVAL);
	expect_error(announced(child_domid, 0), ENODATA);
}

void test_main(void)
{
	uint32_t leaf;

	section("leaf\n");
	leaf = find_leaf();
	if (!leaf) {
		skip("this hypervisor has no extensions\n");
		return;
	}
	check_leaf(leaf);
	section("counters\n");
	check_counters();
	section("symspy\n");
	check_symspy();
	section("refusals\n");
	check_hostile();
	section("another domain\n");
	check_foreign();
}
