/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real machine behind machine.h. */
#include "emulate/machine.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "hypercall/hypercall.h"

#define ACCESS_RIGHTS_LONG (1u << 21)	/* L bit, as LAR returns it */

uint32_t machine_port_read(uint16_t port, unsigned int bytes)
{
	switch (bytes) {
	case 1:
		return inb(port);
	case 2:
		return inw(port);
	default:
		return inl(port);
	}
}

void machine_port_write(uint16_t port, unsigned int bytes, uint32_t value)
{
	switch (bytes) {
	case 1:
		outb(port, (uint8_t)value);
		break;
	case 2:
		outw(port, (uint16_t)value);
		break;
	default:
		outl(port, value);
		break;
	}
}

bool machine_rdmsr(uint32_t msr, uint64_t *value)
{
	return !rdmsr_safe(msr, value);
}

bool machine_wrmsr(uint32_t msr, uint64_t value)
{
	return !wrmsr_safe(msr, value);
}

void machine_cpuid(uint32_t leaf, uint32_t subleaf, struct cpuid_leaf *out)
{
	cpuid(leaf, subleaf, &out->a, &out->b, &out->c, &out->d);
}

uint64_t machine_tsc(void)
{
	return rdtsc();
}

void machine_flush_caches(void)
{
	wbinvd();
}

void machine_set_tsd(bool on)
{
	write_cr4(on ? this_cpu()->cr4 | CR4_TSD : this_cpu()->cr4);
}

uint64_t machine_cr4(void)
{
	return this_cpu()->cr4;
}

bool machine_code_is_64bit(uint16_t cs)
{
	uint32_t rights = 0;

	/* The flat segment that every guest table has: no need to look. */
	if (likely(cs == HC_FLAT_RING3_CS64))
		return true;
	/*
	 * LAR leaves the register alone when the selector names nothing, and cannot fault: the processor ran
	 * the guest with this cs, so its descriptor is in the window, and the hypercalls that take tables
	 * out of there go back to the flat cs, or change a vcpu that is offline.
	 */
	__asm__ volatile("lar %1, %0" : "+r"(rights) : "r"((uint32_t)cs) : "cc");
	return rights & ACCESS_RIGHTS_LONG;
}

int machine_copy_from_kernel(struct vcpu *v, void *dst, uint64_t src, size_t size)
{
	uint64_t loaded;
	int rc;

	if (v->kernel_mode)
		return copy_from_guest(dst, src, size);
	/* Its user tables need not map the kernel; ours are in both. */
	loaded = read_cr3();
	write_cr3(v->cr3_kernel);
	rc = copy_from_guest(dst, src, size);
	write_cr3(loaded);
	return rc;
}
