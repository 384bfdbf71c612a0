/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xen_version and platform_op: every operation, its answers and refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <hypercall/platform.h>
#include <hypercall/version.h>

#include "boot/acpi.h"
#include "boot/options.h"
#include "domain/domain.h"
#include "hypercall/handlers.h"
#include "hypercall/hypercall.h"

struct cpu host_cpu = { .online = true, .apic_id = 6, .acpi_id = 3 };
unsigned int cpu_count = 1;
char *host_ram;
char option_command_line[256] = "console=com1";

static struct domain domain;
static struct vcpu vcpu = { .domain = &domain };
static struct hc_platform_op op;
static uint64_t set_sec, set_system_time;
static uint32_t set_nsec;
static int slept;
static bool unreadable;
static const uint64_t *mtrrs;	/* capabilities, then pairs of base and mask; NULL: none */

/* Guest addresses are this program's own; 0 is not mapped. */
int copy_from_guest(void *dst, uint64_t src, size_t size)
{
	if (!src)
		return -EFAULT;
	memcpy(dst, (const void *)src, size);
	return 0;
}

int copy_to_guest(uint64_t dst, const void *src, size_t size)
{
	if (!dst)
		return -EFAULT;
	memcpy((void *)dst, src, size);
	return 0;
}

int copy_safe(void *dst, const void *src, size_t size)
{
	if (unreadable)
		return -EFAULT;
	memcpy(dst, src, size);
	return 0;
}

int rdmsr_safe(uint32_t msr, uint64_t *value)
{
	if (!mtrrs)
		return -EFAULT;
	*value = mtrrs[msr == 0xfe ? 0 : 1 + msr - 0x200];
	return 0;
}

int time_set_wallclock(uint64_t sec, uint32_t nsec, uint64_t system_time)
{
	set_sec = sec;
	set_nsec = nsec;
	set_system_time = system_time;
	return 0;
}

int acpi_enter_sleep(uint8_t state, uint16_t pm1a, uint16_t pm1b)
{
	slept = state << 16 | pm1a << 8 | pm1b;
	return -EOPNOTSUPP;
}

static int setup(void **state)
{
	(void)state;
	host_cpu.running = &vcpu;
	domain.privileged = true;
	op = (struct hc_platform_op){ .interface_version = HC_PLATFORM_INTERFACE_VERSION };
	return 0;
}

static long version(uint64_t cmd, void *arg)
{
	return hypercall_xen_version(cmd, (uint64_t)arg);
}

static void versions(void **state)
{
	char text[HC_CAPABILITIES_INFO_LEN];
	struct hc_platform_parameters parameters;
	struct hc_compile_info info;

	(void)state;
	assert_int_equal(version(HC_VERSION_VERSION, NULL), 4 << 16 | 17);
	assert_int_equal(version(HC_VERSION_PAGESIZE, NULL), 4096);
	memset(text, 0x55, sizeof(text));
	assert_int_equal(version(HC_VERSION_EXTRAVERSION, text), 0);
	assert_non_null(strstr(text, "tenon"));
	assert_int_equal(text[HC_EXTRAVERSION_LEN], 0x55);
	assert_int_equal(version(HC_VERSION_CAPABILITIES, text), 0);
	assert_string_equal(text, "xen-3.0-x86_64 ");
	assert_int_equal(version(HC_VERSION_CHANGESET, text), 0);
	assert_true(strlen(text) > 0 && strlen(text) < HC_CHANGESET_INFO_LEN);
	assert_int_equal(version(HC_VERSION_COMPILE_INFO, &info), 0);
	assert_memory_equal(info.compiler, "gcc", 3);
	assert_int_equal(version(HC_VERSION_PLATFORM_PARAMETERS, &parameters), 0);
	assert_int_equal(parameters.virt_start, 0xffff800000000000);
	assert_int_equal(version(HC_VERSION_BUILD_ID, NULL), -ENODATA);
	assert_int_equal(version(11, text), -ENOSYS);
	assert_int_equal(version(~0UL, text), -ENOSYS);
	for (uint64_t cmd = HC_VERSION_EXTRAVERSION; cmd <= HC_VERSION_GET_FEATURES; cmd++)
		assert_int_equal(version(cmd, NULL), -EFAULT);
}

static void features(void **state)
{
	struct hc_feature_info info = { .submap_idx = 0 };

	(void)state;
	assert_int_equal(version(HC_VERSION_GET_FEATURES, &info), 0);
	assert_true(info.submap >> HC_FEATURE_MMU_PT_UPDATE_PRESERVE_AD & 1);
	assert_true(info.submap >> HC_FEATURE_GNTTAB_MAP_AVAIL_BITS & 1);
	assert_true(info.submap >> HC_FEATURE_DOM0 & 1);
	assert_false(info.submap >> HC_FEATURE_WRITABLE_PAGE_TABLES & 1);
	assert_false(info.submap >> HC_FEATURE_AUTO_TRANSLATED_PHYSMAP & 1);
	domain.privileged = false;
	assert_int_equal(version(HC_VERSION_GET_FEATURES, &info), 0);
	assert_false(info.submap >> HC_FEATURE_DOM0 & 1);
	info.submap_idx = 1;
	assert_int_equal(version(HC_VERSION_GET_FEATURES, &info), -EINVAL);
}

static void who_am_i(void **state)
{
	char line[HC_COMMANDLINE_LEN];
	uint8_t uuid[16];

	(void)state;
	memset(domain.uuid, 7, sizeof(domain.uuid));
	assert_int_equal(version(HC_VERSION_GUEST_HANDLE, uuid), 0);
	assert_memory_equal(uuid, domain.uuid, 16);
	assert_int_equal(version(HC_VERSION_COMMANDLINE, line), 0);
	assert_string_equal(line, option_command_line);
	domain.privileged = false;
	assert_int_equal(version(HC_VERSION_COMMANDLINE, line), 0);
	assert_string_equal(line, "<denied>");
}

static long platform(uint32_t cmd)
{
	op.cmd = cmd;
	return hypercall_platform_op((uint64_t)&op);
}

static void callers(void **state)
{
	(void)state;
	assert_int_equal(hypercall_platform_op(0), -EFAULT);
	op.interface_version++;
	assert_int_equal(platform(HC_PLATFORM_GET_CPUINFO), -EACCES);
	op.interface_version--;
	assert_int_equal(platform(0), -ENOSYS);
	assert_int_equal(platform(~0u), -ENOSYS);
	assert_int_equal(platform(HC_PLATFORM_SET_PROCESSOR_PMINFO), -ENOSYS);
	domain.privileged = false;
	assert_int_equal(platform(HC_PLATFORM_GET_CPUINFO), -EPERM);
}

static void wallclock(void **state)
{
	(void)state;
	op.u.settime64 = (struct hc_platform_settime64){ .secs = 5, .nsecs = 6, .system_time = 7 };
	assert_int_equal(platform(HC_PLATFORM_SETTIME64), 0);
	assert_int_equal(set_sec, 5);
	assert_int_equal(set_nsec, 6);
	assert_int_equal(set_system_time, 7);
	op.u.settime64.mbz = 1;
	assert_int_equal(platform(HC_PLATFORM_SETTIME64), -EINVAL);
	op.u.settime64.mbz = 0;
	op.u.settime64.nsecs = 1000000000;
	assert_int_equal(platform(HC_PLATFORM_SETTIME64), -EINVAL);
	op.u.settime32 = (struct hc_platform_settime32){ .secs = 9, .system_time = 1 };
	assert_int_equal(platform(HC_PLATFORM_SETTIME32), 0);
	assert_int_equal(set_sec, 9);
}

static void processors(void **state)
{
	(void)state;
	assert_int_equal(platform(HC_PLATFORM_GET_CPUINFO), 0);
	assert_int_equal(op.u.pcpu_info.max_present, 0);
	assert_int_equal(op.u.pcpu_info.flags, HC_PCPU_FLAGS_ONLINE);
	assert_int_equal(op.u.pcpu_info.apic_id, 6);
	assert_int_equal(op.u.pcpu_info.acpi_id, 3);
	op.u.pcpu_info.xen_cpuid = 1;
	assert_int_equal(platform(HC_PLATFORM_GET_CPUINFO), 0);
	assert_int_equal(op.u.pcpu_info.flags, HC_PCPU_FLAGS_INVALID);
	op.u.pcpu_version.xen_cpuid = 0;
	assert_int_equal(platform(HC_PLATFORM_GET_CPU_VERSION), 0);
	assert_int_not_equal(op.u.pcpu_version.vendor_id[0], 0);
	assert_true(op.u.pcpu_version.family >= 5);
	op.u.pcpu_version.xen_cpuid = 9;
	assert_int_equal(platform(HC_PLATFORM_GET_CPU_VERSION), 0);
	assert_int_equal(op.u.pcpu_version.family, 0);
	op.u.cpu_ol.cpuid = 0;
	assert_int_equal(platform(HC_PLATFORM_CPU_ONLINE), 0);
	assert_int_equal(platform(HC_PLATFORM_CPU_OFFLINE), -EOPNOTSUPP);
	op.u.cpu_ol.cpuid = 1;
	assert_int_equal(platform(HC_PLATFORM_CPU_ONLINE), -EINVAL);
}

static void expect_memtype(uint32_t reg, uint64_t mfn, uint64_t nr_mfns, uint32_t type)
{
	memset(&op.u, 0x55, sizeof(op.u));
	op.u.read_memtype.reg = reg;
	assert_int_equal(platform(HC_PLATFORM_READ_MEMTYPE), 0);
	assert_int_equal(op.u.read_memtype.reg, reg);
	assert_int_equal(op.u.read_memtype.mfn, mfn);
	assert_int_equal(op.u.read_memtype.nr_mfns, nr_mfns);
	assert_int_equal(op.u.read_memtype.type, type);
}

/* RAM up to 2 GiB, one that is not in use, 1 GiB of uncached memory below 4 GiB, one page: in 40 bits. */
static void memory_types(void **state)
{
	static const uint64_t some[] = {
		0x500 | 4, 0x6, 0xff80000800, 0x1006, 0xffc0000000, 0xc0000000, 0xffc0000800,
		0x8000012345001, 0xffffffffff800,
	};

	(void)state;
	mtrrs = some;
	expect_memtype(0, 0, 0x80000, 6);
	expect_memtype(1, 0, 0, 0);
	expect_memtype(2, 0xc0000, 0x40000, 0);
	expect_memtype(3, 0x8000012345, 1, 1);
	op.u.read_memtype.reg = 4;
	assert_int_equal(platform(HC_PLATFORM_READ_MEMTYPE), -EINVAL);
	op.u.read_memtype.reg = 256;
	assert_int_equal(platform(HC_PLATFORM_READ_MEMTYPE), -EINVAL);
	op.u.read_memtype.reg = 0;
	domain.privileged = false;
	assert_int_equal(platform(HC_PLATFORM_READ_MEMTYPE), -EPERM);
	domain.privileged = true;
	mtrrs = NULL;
	assert_int_equal(platform(HC_PLATFORM_READ_MEMTYPE), -EINVAL);
}

static void firmware(void **state)
{
	static uint8_t low_memory[4096] = { [0x417] = 0xff };

	(void)state;
	host_ram = (char *)low_memory;
	op.u.firmware_info.type = HC_FW_KBD_SHIFT_FLAGS;
	assert_int_equal(platform(HC_PLATFORM_FIRMWARE_INFO), 0);
	assert_int_equal(op.u.firmware_info.u.kbd_shift_flags, 0x70);
	unreadable = true;
	assert_int_equal(platform(HC_PLATFORM_FIRMWARE_INFO), -ENODEV);
	unreadable = false;
	op.u.firmware_info.type = HC_FW_DISK_INFO;
	assert_int_equal(platform(HC_PLATFORM_FIRMWARE_INFO), -ESRCH);
	op.u.firmware_info.type = HC_FW_EFI_INFO;
	assert_int_equal(platform(HC_PLATFORM_FIRMWARE_INFO), -ENODEV);
	op.u.firmware_info.type = 99;
	assert_int_equal(platform(HC_PLATFORM_FIRMWARE_INFO), -EINVAL);
}

static void sleeping(void **state)
{
	(void)state;
	op.u.enter_acpi_sleep = (struct hc_platform_enter_acpi_sleep){ 0x12, 0x34, 5, 0 };
	assert_int_equal(platform(HC_PLATFORM_ENTER_ACPI_SLEEP), -EOPNOTSUPP);
	assert_int_equal(slept, 0x51234);
	slept = 0;
	op.u.enter_acpi_sleep.sleep_state = 0x105;
	assert_int_equal(platform(HC_PLATFORM_ENTER_ACPI_SLEEP), -EINVAL);
	op.u.enter_acpi_sleep.sleep_state = 5;
	op.u.enter_acpi_sleep.flags = HC_PLATFORM_ACPI_SLEEP_EXTENDED;
	assert_int_equal(platform(HC_PLATFORM_ENTER_ACPI_SLEEP), -EOPNOTSUPP);
	op.u.enter_acpi_sleep.flags = 2;
	assert_int_equal(platform(HC_PLATFORM_ENTER_ACPI_SLEEP), -EINVAL);
	assert_int_equal(slept, 0);
}

/* What a guest has chosen, as the processor may see it before it knows the outcome of a check. */
static void guessed(void **state)
{
	static const uint64_t beyond[] = { 5, 6, 16, 17, 1 << 20, 1ULL << 32, 1ULL << 63, ~0ULL };

	(void)state;
	for (uint64_t i = 0; i < 5; i++) {
		assert_int_equal(index_below(i, 5), i);
		assert_int_equal(index_below(i, 16), i);
	}
	for (size_t i = 0; i < ARRAY_SIZE(beyond); i++) {
		assert_int_equal(index_below(beyond[i], 5), 0);
		assert_true(index_below(beyond[i], 16) < 16);
	}
	assert_int_equal(hypercall_xen_version(11, 0), -ENOSYS);
	assert_int_equal(hypercall_xen_version(16, 0), -ENOSYS);
	assert_int_equal(hypercall_xen_version(1ULL << 32, 0), -ENOSYS);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(versions), TEST(features), TEST(who_am_i), TEST(callers), TEST(wallclock),
		TEST(processors), TEST(memory_types), TEST(firmware), TEST(sleeping), TEST(guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
