/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Model-specific registers, as stock kernels use them in ring 3: the segment
 * bases for real, facts about the machine as harmless values, writes that set
 * up what hypercalls set up accepted without effect.  The rest is #GP, which
 * these kernels take as "not there".
 *
 * Source of facts: Intel SDM volume 4, AMD APM volume 2 appendix A, and the
 * processor set-up code of Linux for what it touches.
 */
#include "emulate/emulate.h"
#include "emulate/machine.h"
#include "cpu/x86.h"
#include "domain/control.h"
#include "domain/domain.h"

#define MSR_IA32_PLATFORM_ID 0x17
#define MSR_IA32_FEATURE_CONTROL 0x3a
#define MSR_IA32_PRED_CMD 0x49
#define MSR_IA32_UCODE_WRITE 0x79
#define MSR_IA32_UCODE_REVISION 0x8b
#define MSR_PLATFORM_INFO 0xce
#define MSR_MCG_CAP 0x179
#define MSR_MCG_STATUS 0x17a
#define MSR_IA32_MISC_ENABLE 0x1a0
#define MSR_IA32_DEBUGCTL 0x1d9
#define MSR_MTRR_PHYS_LAST 0x21f
#define MSR_MTRR_FIX64K 0x250
#define MSR_MTRR_FIX16K_FIRST 0x258
#define MSR_MTRR_FIX16K_LAST 0x259
#define MSR_MTRR_FIX4K_FIRST 0x268
#define MSR_MTRR_FIX4K_LAST 0x26f
#define MSR_MTRR_DEFAULT 0x2ff
#define MSR_AMD_SYSCFG 0xc0010010
#define MSR_AMD_HWCR 0xc0010015
#define MSR_AMD_TOP_MEM 0xc001001a
#define MSR_AMD_TOP_MEM2 0xc001001d
#define MSR_AMD_NB_CFG 0xc001001f
#define MSR_AMD_PATCH_LOADER 0xc0010020
#define MSR_AMD_INT_PENDING 0xc0010055
#define MSR_AMD_MMIO_CONF_BASE 0xc0010058
#define MSR_AMD_LS_CFG 0xc0011020
#define MSR_AMD_DE_CFG 0xc0011029

#define APIC_BASE_BOOT_CPU (1ULL << 8)
#define APIC_BASE_ENABLED (1ULL << 11)
#define APIC_BASE_ADDRESS 0xfee00000ULL
#define FEATURE_CONTROL_LOCKED 1
#define MISC_ENABLE_FAST_STRINGS (1ULL << 0)
#define MISC_ENABLE_NO_BTS (1ULL << 11)
#define MISC_ENABLE_NO_PEBS (1ULL << 12)
#define PRED_CMD_IBPB 1
#define HWCR_TSC_AT_P0 (1ULL << 24)
#define DE_CFG_LFENCE_SERIALIZES (1ULL << 1)

enum vendor { VENDOR_INTEL, VENDOR_AMD, VENDOR_OTHER };

static enum vendor vendor(void)
{
	struct cpuid_leaf l;

	machine_cpuid(0, 0, &l);
	if (l.b == 0x756e6547)		/* "GenuineIntel" */
		return VENDOR_INTEL;
	if (l.b == 0x68747541 || l.b == 0x6f677948)	/* "AuthenticAMD", "HygonGenuine" */
		return VENDOR_AMD;
	return VENDOR_OTHER;
}

static uint64_t apic_base(const struct vcpu *v)
{
	return APIC_BASE_ADDRESS | APIC_BASE_ENABLED | (v->id ? 0 : APIC_BASE_BOOT_CPU);
}

static uint64_t efer(void)
{
	uint64_t value = 0;

	machine_rdmsr(MSR_EFER, &value);
	return value & (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
}

/* An address that a segment base may have: the processor insists on canonical ones. */
static bool canonical(uint64_t va)
{
	return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}

static bool read_intel(const struct vcpu *v, uint32_t msr, uint64_t *value)
{
	switch (msr) {
	case MSR_IA32_PLATFORM_ID:
		*value = 0;
		return !v->domain->privileged || machine_rdmsr(msr, value);
	case MSR_IA32_FEATURE_CONTROL:
		*value = FEATURE_CONTROL_LOCKED;
		return true;
	case MSR_PLATFORM_INFO:
		*value = 0;
		return true;
	case MSR_IA32_MISC_ENABLE:
		*value = MISC_ENABLE_FAST_STRINGS | MISC_ENABLE_NO_BTS | MISC_ENABLE_NO_PEBS;
		return true;
	}
	return false;
}

static bool read_amd(const struct vcpu *v, uint32_t msr, uint64_t *value)
{
	*value = 0;
	switch (msr) {
	case MSR_AMD_HWCR:
		*value = HWCR_TSC_AT_P0;
		return true;
	case MSR_AMD_DE_CFG:
		*value = DE_CFG_LFENCE_SERIALIZES;
		return true;
	case MSR_AMD_SYSCFG:
	case MSR_AMD_NB_CFG:
	case MSR_AMD_INT_PENDING:
	case MSR_AMD_MMIO_CONF_BASE:
	case MSR_AMD_LS_CFG:
		return true;
	case MSR_AMD_TOP_MEM:
	case MSR_AMD_TOP_MEM2:
		/* Where RAM ends: dom0 places the machine's PCI windows by it. */
		return v->domain->privileged && machine_rdmsr(msr, value);
	}
	return false;
}

static bool is_mtrr(uint32_t msr)
{
	return msr == MSR_MTRR_CAP || msr == MSR_MTRR_DEFAULT || msr == MSR_MTRR_FIX64K ||
	       (msr >= MSR_MTRR_PHYS_FIRST && msr <= MSR_MTRR_PHYS_LAST) ||
	       (msr >= MSR_MTRR_FIX16K_FIRST && msr <= MSR_MTRR_FIX16K_LAST) ||
	       (msr >= MSR_MTRR_FIX4K_FIRST && msr <= MSR_MTRR_FIX4K_LAST);
}

bool guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value)
{
	*value = 0;
	switch (msr) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_KERNEL_GS_BASE:
	case MSR_PAT:
		return machine_rdmsr(msr, value);
	case MSR_TSC:
		*value = machine_tsc();
		return true;
	case MSR_TSC_AUX:
		*value = v->emulate.tsc_aux;
		return true;
	case MSR_EFER:
		*value = efer();
		return true;
	case MSR_APIC_BASE:
		*value = apic_base(v);
		return true;
	case MSR_IA32_UCODE_REVISION:
		return machine_rdmsr(msr, value);
	case MSR_STAR ... MSR_SFMASK:
	case MSR_SYSENTER_CS ... MSR_SYSENTER_EIP:
	case MSR_MCG_CAP:
	case MSR_MCG_STATUS:
	case MSR_IA32_DEBUGCTL:
		return true;
	}
	if (is_mtrr(msr))
		return v->domain->privileged && machine_rdmsr(msr, value);
	switch (vendor()) {
	case VENDOR_INTEL:
		return read_intel(v, msr, value);
	case VENDOR_AMD:
		return read_amd(v, msr, value);
	default:
		return false;
	}
}

/* May pass on the barrier when the guest was told of it (cpuid.c), and the processor has it. */
static bool write_pred_cmd(uint64_t value)
{
	struct cpuid_leaf l;

	if (vendor() != VENDOR_AMD || value & ~(uint64_t)PRED_CMD_IBPB)
		return false;
	machine_cpuid(0x80000000, 0, &l);
	if (l.a < 0x80000008)
		return false;
	machine_cpuid(0x80000008, 0, &l);
	return l.b >> 12 & 1 && (!value || machine_wrmsr(MSR_IA32_PRED_CMD, value));
}

static bool has_tsc_aux(void)
{
	struct cpuid_leaf l;

	machine_cpuid(0x80000001, 0, &l);
	return l.d >> 27 & 1;
}

static bool write_tsc_aux(struct vcpu *v, uint64_t value)
{
	if (value >> 32 || !has_tsc_aux())
		return false;
	v->emulate.tsc_aux = value;
	emulate_context_load(v);
	return true;
}

/* value: machine address of a page of the guest's; bits 11-0: which page of stubs, always 0. */
static bool write_hypercall_page(struct vcpu *v, uint64_t value)
{
	mfn_t mfn = value >> PAGE_SHIFT;

	if (value & ~PAGE_MASK || frame_get_both(mfn, v->domain, FRAME_WRITABLE, false))
		return false;
	hypercall_page_fill(mfn_to_virt(mfn));
	frame_put_both(frame_of(mfn));
	return true;
}

static bool write_vendor(uint32_t msr)
{
	switch (vendor()) {
	case VENDOR_INTEL:
		return msr == MSR_IA32_MISC_ENABLE;
	case VENDOR_AMD:
		return msr == MSR_AMD_HWCR || msr == MSR_AMD_NB_CFG || msr == MSR_AMD_SYSCFG ||
		       msr == MSR_AMD_DE_CFG || msr == MSR_AMD_LS_CFG ||
		       msr == MSR_AMD_INT_PENDING || msr == MSR_AMD_MMIO_CONF_BASE;
	default:
		return false;
	}
}

bool guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value)
{
	uint64_t now;

	switch (msr) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_KERNEL_GS_BASE:
		return canonical(value) && machine_wrmsr(msr, value);
	case MSR_TSC_AUX:
		return write_tsc_aux(v, value);
	case MSR_HYPERCALL_PAGE:
		return write_hypercall_page(v, value);
	case MSR_PAT:
	case MSR_EFER:
	case MSR_APIC_BASE:
		return guest_rdmsr(v, msr, &now) && now == value;
	case MSR_IA32_DEBUGCTL:
		return !value;
	case MSR_IA32_PRED_CMD:
		return write_pred_cmd(value);
	case MSR_STAR ... MSR_SFMASK:
	case MSR_SYSENTER_CS ... MSR_SYSENTER_EIP:
		/* The callbacks hypercall does this. */
		return true;
	case MSR_MCG_STATUS:
		return true;
	case MSR_IA32_UCODE_REVISION:
		/* Intel's way of reading it starts with writing 0. */
		return !value;
	case MSR_IA32_UCODE_WRITE:
	case MSR_AMD_PATCH_LOADER:
		return v->domain->privileged;
	}
	return write_vendor(msr);
}

void emulate_context_load(struct vcpu *v)
{
	static uint64_t loaded[NR_CPUS];
	uint64_t *mine = &loaded[this_cpu()->id];

	/* Values other than 0 exist only where the register does. */
	if (*mine != v->emulate.tsc_aux) {
		machine_wrmsr(MSR_TSC_AUX, v->emulate.tsc_aux);
		*mine = v->emulate.tsc_aux;
	}
}
