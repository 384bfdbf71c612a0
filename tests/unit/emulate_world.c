/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other subsystems and the machine, as far as hypervisor/emulate calls them. */
#include <cpuid.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/console.h"
#include "cpu/cpu.h"
#include "cpu/x86.h"
#include "domain/control.h"
#include "emulate/machine.h"
#include "emulate_world.h"
#include "hypercall/handlers.h"
#include "hypercall/hypercall.h"
#include "lib/log.h"

struct world world;
struct cpu host_cpu;
char *host_ram;
static struct frame frames[WORLD_PAGES];
struct frame *host_frames = frames;
uint32_t tsc_khz = 2000000;
uint16_t serial_port = 0x3f8;
uint64_t memory_max_mfn = WORLD_PAGES;

void world_reset(void)
{
	world = (struct world){ .vector = -1, .long_mode = true, .bitmap_va = ~0UL };
	memset(world.access, WORLD_READ | WORLD_WRITE, sizeof(world.access));
	world.domain.max_vcpus = 1;
	world.vcpu.domain = &world.domain;
	world.vcpu.info = &world.info;
	world.vcpu.kernel_mode = 1;
	world.vcpu.iopl = 1;
	world.regs.cs = HC_FLAT_RING3_CS64;
	world.regs.rflags = RFLAGS_IF | 2;
	world.regs.rip = WORLD_CODE;
	world.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_DE | CR4_PGE | CR4_MCE | CR4_SMEP;
	host_cpu.running = &world.vcpu;
	host_ram = (char *)world.memory;
}

void *world_at(uint64_t va)
{
	return world.memory + (va - WORLD_VA);
}

void world_code(const void *bytes, size_t size)
{
	memcpy(world_at(WORLD_CODE), bytes, size);
	world.regs.rip = WORLD_CODE;
}

static bool accessible(uint64_t va, size_t size, uint8_t access)
{
	if (va < WORLD_VA || va - WORLD_VA > sizeof(world.memory) - size)
		return false;
	for (uint64_t at = va; at < va + size; at++)
		if ((at >= world.bitmap_va && !world.vcpu.kernel_mode) ||
		    !(world.access[(at - WORLD_VA) >> PAGE_SHIFT] & access))
			return false;
	return true;
}

int copy_from_guest(void *dst, uint64_t src, size_t size)
{
	if (world.host_addresses) {
		memcpy(dst, (const void *)src, size);
		return 0;
	}
	if (!accessible(src, size, WORLD_READ))
		return -EFAULT;
	memcpy(dst, world_at(src), size);
	return 0;
}

int copy_to_guest(uint64_t dst, const void *src, size_t size)
{
	if (!accessible(dst, size, WORLD_WRITE))
		return -EFAULT;
	memcpy(world_at(dst), src, size);
	return 0;
}

int machine_copy_from_kernel(struct vcpu *v, void *dst, uint64_t src, size_t size)
{
	uint8_t mode = v->kernel_mode;
	int rc;

	v->kernel_mode = 1;
	rc = copy_from_guest(dst, src, size);
	v->kernel_mode = mode;
	return rc;
}

bool machine_code_is_64bit(uint16_t cs)
{
	return cs == HC_FLAT_RING3_CS64 && world.long_mode;
}

void exception_inject(struct vcpu *v, struct regs *regs, unsigned int vector, uint32_t error_code)
{
	(void)v;
	(void)regs;
	world.vector = (int)vector;
	world.error_code = error_code;
}

void exception_inject_page_fault(struct vcpu *v, struct regs *regs, uint64_t va,
				 uint32_t error_code)
{
	exception_inject(v, regs, TRAP_PF, error_code);
	world.fault_va = va;
}

int pagetable_emulated_write(struct vcpu *v, uint64_t va, unsigned int bytes, uint64_t value,
			     uint64_t *old)
{
	uint8_t *slot = world.host_addresses ? (uint8_t *)va : world_at(va);
	uint64_t found = 0;

	(void)v;
	if ((va & 7) + bytes > 8)
		panic("store of %u bytes at %#lx reaches into the next entry", bytes, va);
	if (!world.host_addresses && !accessible(va, bytes, WORLD_READ))
		panic("store at %#lx, outside the table that was written to", va);
	world.stores++;
	if (world.store_result)
		return world.store_result;
	if (world.before_compare)
		world.before_compare(va);
	memcpy(&found, slot, bytes);
	if (old && found != *old) {
		*old = found;
		return -EAGAIN;
	}
	memcpy(slot, &value, bytes);
	return 0;
}

bool pagetable_is_live(const struct domain *d, mfn_t mfn)
{
	(void)d;
	return mfn != WORLD_NO_TABLE;
}

int pagetable_exchange(struct vcpu *v, mfn_t table, uint64_t va, uint64_t value, uint64_t *old)
{
	if (table != WORLD_TABLE)
		return -ENOENT;
	memcpy(old, world.host_addresses ? (uint8_t *)va : world_at(va), 8);
	return pagetable_emulated_write(v, va, 8, value, old);
}

int pagetable_and(struct vcpu *v, mfn_t table, uint64_t va, uint8_t mask, uint8_t *result)
{
	uint64_t old = *(world.host_addresses ? (uint8_t *)va : (uint8_t *)world_at(va));

	if (table != WORLD_TABLE)
		return -ENOENT;
	*result = old & mask;
	return pagetable_emulated_write(v, va, 1, *result, &old);
}

uint32_t machine_port_read(uint16_t port, unsigned int bytes)
{
	world.port_reads++;
	world.last_port = port;
	world.last_bytes = bytes;
	return world.port_value & (0xffffffff >> (32 - 8 * bytes));
}

void machine_port_write(uint16_t port, unsigned int bytes, uint32_t value)
{
	world.port_writes++;
	world.last_port = port;
	world.last_bytes = bytes;
	world.last_value = value & (0xffffffff >> (32 - 8 * bytes));
}

uint32_t pci_guest_read(struct vcpu *v, uint16_t port, unsigned int bytes)
{
	(void)v;
	(void)bytes;
	world.pci_reads++;
	world.last_port = port;
	return world.port_value;
}

void pci_guest_write(struct vcpu *v, uint16_t port, unsigned int bytes, uint32_t value)
{
	(void)v;
	(void)bytes;
	world.pci_writes++;
	world.last_port = port;
	world.last_value = value;
}

/* The few registers that reach the machine. */
static uint64_t *msr_slot(uint32_t msr)
{
	static const uint32_t known[] = { MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE, MSR_PAT,
					  MSR_EFER, MSR_TSC_AUX, 0x49, 0x8b };

	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i] == msr)
			return &world.msr[i];
	return NULL;
}

bool machine_rdmsr(uint32_t msr, uint64_t *value)
{
	uint64_t *slot = msr_slot(msr);

	*value = slot ? *slot : 0;
	return slot;
}

bool machine_wrmsr(uint32_t msr, uint64_t value)
{
	uint64_t *slot = msr_slot(msr);

	world.msr_writes++;
	if (slot)
		*slot = value;
	return slot;
}

/* Everything a processor could have, so that what a guest sees is the policy itself. */
static void model_cpuid(uint32_t leaf, struct cpuid_leaf *out)
{
	bool amd = world.model == WORLD_AMD;

	*out = (struct cpuid_leaf){ ~0u, ~0u, ~0u, ~0u };
	if (leaf == 0 && world.model == WORLD_OLD)
		*out = (struct cpuid_leaf){ 1, 0x756e6547, 0x6c65746e, 0x49656e69 };
	else if (leaf == 0 && amd)
		*out = (struct cpuid_leaf){ 0x10, 0x68747541, 0x444d4163, 0x69746e65 };
	else if (leaf == 0)
		*out = (struct cpuid_leaf){ 0x1f, 0x756e6547, 0x6c65746e, 0x49656e69 };
	else if (leaf == 0x80000000)
		out->a = world.model == WORLD_OLD ? 0x80000004 : 0x80000028;
	else if (leaf == 0x80000008)
		out->a = 0x3028;
}

void machine_cpuid(uint32_t leaf, uint32_t subleaf, struct cpuid_leaf *out)
{
	if (world.model == WORLD_REAL_CPU)
		__cpuid_count(leaf, subleaf, out->a, out->b, out->c, out->d);
	else
		model_cpuid(leaf, out);
}

uint64_t machine_tsc(void)
{
	return world.tsc;
}

void machine_flush_caches(void)
{
	world.cache_flushes++;
}

void machine_set_tsd(bool on)
{
	world.tsd = on;
}

uint64_t machine_cr4(void)
{
	return world.cr4;
}

long hypercall_fpu_taskswitch(uint64_t set)
{
	world.vcpu.cr0_ts = set;
	return 0;
}

long hypercall_set_debugreg(uint64_t reg, uint64_t value)
{
	if (reg == 4 || reg == 5)
		return -EINVAL;
	world.debug_value = value;
	return 0;
}

long hypercall_get_debugreg(uint64_t reg)
{
	return (long)(world.debug_value + reg);
}

uint64_t fpu_guest_xcr0_mask(void)
{
	return world.xcr0_mask;
}

bool fpu_set_xcr0(struct vcpu *v, uint64_t value)
{
	(void)v;
	if (!(value & 1) || value & ~world.xcr0_mask)
		return false;
	world.xcr0 = value;
	return true;
}

int vcpu_set_kernel_base(struct vcpu *v, mfn_t mfn)
{
	(void)v;
	world.base = mfn;
	return world.base_result;
}

void vcpu_block(void)
{
	world.blocks++;
}

void tlb_flush_page_mask(cpumask_t mask, uint64_t va)
{
	(void)mask;
	world.flushes++;
	world.flushed_va = va;
}

bool time_tsc_stable(void)
{
	return world.tsc_stable;
}

void hypercall_page_fill(uint8_t *page)
{
	memset(page, 0xc3, PAGE_SIZE);
}

int frame_get_both(mfn_t mfn, struct domain *d, enum frame_type type, bool preemptible)
{
	(void)d;
	(void)preemptible;
	return mfn < WORLD_PAGES && type == FRAME_WRITABLE ? 0 : -EINVAL;
}

void frame_put_both(struct frame *f)
{
	(void)f;
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	abort();
}
