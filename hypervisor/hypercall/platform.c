/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * platform_op: what the management domain's kernel asks about and of the
 * machine.  Operations that are not in the table are -ENOSYS, which stock
 * kernels take as "this hypervisor does without" (power states, microcode,
 * EFI run-time services, memory hotplug).
 *
 * Source of facts: Xen's public platform.h, and Linux for what it calls.
 */
#include <hypercall/platform.h>
#include "boot/acpi.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "hypercall/handlers.h"
#include "hypercall/hypercall.h"
#include "lib/string.h"
#include "memory/layout.h"

#define NS_PER_SECOND 1000000000u
/* The BIOS data area's keyboard flags: bits 4-6 are Scroll, Num and Caps Lock. */
#define BIOS_KEYBOARD_FLAGS 0x417
#define BIOS_KEYBOARD_LOCKS 0x70
#define MTRR_VALID (1u << 11)		/* of a mask */

static long settime(uint64_t secs, uint32_t nsecs, uint64_t system_time)
{
	if (nsecs >= NS_PER_SECOND)
		return -EINVAL;
	return time_set_wallclock(secs, nsecs, system_time);
}

static long settime32(struct hc_platform_op *op)
{
	struct hc_platform_settime32 *t = &op->u.settime32;

	return settime(t->secs, t->nsecs, t->system_time);
}

static long settime64(struct hc_platform_op *op)
{
	struct hc_platform_settime64 *t = &op->u.settime64;

	return t->mbz ? -EINVAL : settime(t->secs, t->nsecs, t->system_time);
}

/* What a BIOS or EFI once knew.  We read none of it but the keyboard's state. */
static long firmware_info(struct hc_platform_op *op)
{
	struct hc_platform_firmware_info *info = &op->u.firmware_info;

	switch (info->type) {
	case HC_FW_KBD_SHIFT_FLAGS:
		if (copy_safe(&info->u.kbd_shift_flags, maddr_to_virt(BIOS_KEYBOARD_FLAGS), 1))
			return -ENODEV;
		info->u.kbd_shift_flags &= BIOS_KEYBOARD_LOCKS;
		return 0;
	case HC_FW_DISK_INFO:
	case HC_FW_DISK_MBR_SIGNATURE:
	case HC_FW_VBEDDC_INFO:
		return -ESRCH;
	case HC_FW_EFI_INFO:
		return -ENODEV;
	default:
		return -EINVAL;
	}
}

static long enter_acpi_sleep(struct hc_platform_op *op)
{
	struct hc_platform_enter_acpi_sleep *sleep = &op->u.enter_acpi_sleep;

	if (sleep->flags & ~HC_PLATFORM_ACPI_SLEEP_EXTENDED || sleep->sleep_state > 5)
		return -EINVAL;
	/* Hardware-reduced machines have other registers. */
	if (sleep->flags & HC_PLATFORM_ACPI_SLEEP_EXTENDED)
		return -EOPNOTSUPP;
	return acpi_enter_sleep((uint8_t)sleep->sleep_state, sleep->val_a, sleep->val_b);
}

static long get_cpuinfo(struct hc_platform_op *op)
{
	struct hc_platform_pcpuinfo *info = &op->u.pcpu_info;
	uint32_t id = info->xen_cpuid;

	info->max_present = cpu_count - 1;
	info->flags = HC_PCPU_FLAGS_INVALID;
	info->apic_id = info->acpi_id = 0;
	if (id < cpu_count) {
		info->flags = READ_ONCE(cpu_of(id)->online) ? HC_PCPU_FLAGS_ONLINE : 0;
		info->apic_id = cpu_of(id)->apic_id;
		info->acpi_id = cpu_of(id)->acpi_id;
	}
	return 0;
}

/* Family, model and stepping from CPUID leaf 1, eax (source: Intel SDM volume 2, CPUID). */
static void decode_signature(uint32_t a, struct hc_platform_pcpu_version *version)
{
	version->stepping = a & 0xf;
	version->model = a >> 4 & 0xf;
	version->family = a >> 8 & 0xf;
	if (version->family == 0xf)
		version->family += a >> 20 & 0xff;
	if (version->family >= 6)
		version->model |= (a >> 16 & 0xf) << 4;
}

/* All processors are of one kind: this one answers for the one asked for. */
static long get_cpu_version(struct hc_platform_op *op)
{
	struct hc_platform_pcpu_version *version = &op->u.pcpu_version;
	uint32_t id = version->xen_cpuid, a, vendor[3], unused;

	memset(version, 0, sizeof(*version));
	version->xen_cpuid = id;
	version->max_present = cpu_count - 1;
	if (id >= cpu_count || !READ_ONCE(cpu_of(id)->online))
		return 0;
	cpuid(0, 0, &unused, &vendor[0], &vendor[2], &vendor[1]);
	memcpy(version->vendor_id, vendor, sizeof(version->vendor_id));
	cpuid(1, 0, &a, &unused, &unused, &unused);
	decode_signature(a, version);
	return 0;
}

/* Processors stay as they were started; asking for what is so already is no error. */
static long set_cpu_online(const struct hc_platform_op *op, bool online)
{
	uint32_t id = op->u.cpu_ol.cpuid;

	if (id >= cpu_count)
		return -EINVAL;
	return READ_ONCE(cpu_of(id)->online) == online ? 0 : -EOPNOTSUPP;
}

static long cpu_online(struct hc_platform_op *op)
{
	return set_cpu_online(op, true);
}

static long cpu_offline(struct hc_platform_op *op)
{
	return set_cpu_online(op, false);
}

/* What the firmware has set a variable MTRR to: all 0 where it is not in use. */
static long read_memtype(struct hc_platform_op *op)
{
	struct hc_platform_read_memtype *m = &op->u.read_memtype;
	uint32_t msr = MSR_MTRR_PHYS_FIRST + 2 * m->reg;
	uint64_t count, base, mask;

	if (rdmsr_safe(MSR_MTRR_CAP, &count) || m->reg >= (count & 0xff) || rdmsr_safe(msr, &base) ||
	    rdmsr_safe(msr + 1, &mask))
		return -EINVAL;
	if (!(mask & MTRR_VALID))
		base = mask = 0;
	mask >>= PAGE_SHIFT;
	m->mfn = base >> PAGE_SHIFT;
	m->nr_mfns = mask & -mask;
	m->type = (uint8_t)base;
	return 0;
}

typedef long platform_fn(struct hc_platform_op *op);
static const struct {
	platform_fn *run;
	bool answers;		/* op goes back to the guest */
} operations[] = {
	[HC_PLATFORM_SETTIME32] = { settime32, false },
	[HC_PLATFORM_SETTIME64] = { settime64, false },
	[HC_PLATFORM_READ_MEMTYPE] = { read_memtype, true },
	[HC_PLATFORM_FIRMWARE_INFO] = { firmware_info, true },
	[HC_PLATFORM_ENTER_ACPI_SLEEP] = { enter_acpi_sleep, false },
	[HC_PLATFORM_GET_CPUINFO] = { get_cpuinfo, true },
	[HC_PLATFORM_GET_CPU_VERSION] = { get_cpu_version, true },
	[HC_PLATFORM_CPU_ONLINE] = { cpu_online, false },
	[HC_PLATFORM_CPU_OFFLINE] = { cpu_offline, false },
};

long hypercall_platform_op(uint64_t arg)
{
	struct hc_platform_op op;
	long rc;

	if (!current->domain->privileged)
		return -EPERM;
	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.interface_version != HC_PLATFORM_INTERFACE_VERSION)
		return -EACCES;
	if (op.cmd >= ARRAY_SIZE(operations) || !operations[op.cmd].run)
		return -ENOSYS;
	rc = operations[op.cmd].run(&op);
	if (!rc && operations[op.cmd].answers && copy_to_guest(arg, &op, sizeof(op)))
		rc = -EFAULT;
	return rc;
}
