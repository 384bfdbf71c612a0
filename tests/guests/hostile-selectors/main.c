/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Selectors that are not the guest's.  Tried: loading each possible selector in
 * the reserved part of the GDT and beyond its end into the data segment
 * registers and calling through them.  Proof: whatever loads is of level 3, the
 * rest faults, and the kernel goes on.
 */
#include "guest.h"
#include "trap.h"

static void load_ds(uint64_t s)
{
	__asm__ volatile("mov %0, %%ds; mov %1, %%ds" :: "r"((uint32_t)s), "r"(0));
}

static void load_es(uint64_t s)
{
	__asm__ volatile("mov %0, %%es; mov %1, %%es" :: "r"((uint32_t)s), "r"(0));
}

static void load_fs(uint64_t s)
{
	__asm__ volatile("mov %0, %%fs; mov %1, %%fs" :: "r"((uint32_t)s), "r"(0));
}

static void far_call(uint64_t s)
{
	struct { uint32_t offset; uint16_t selector; } __attribute__((packed)) to = { 0, s };

	__asm__ volatile("lcall *%0" :: "m"(to) : "memory");
}

static unsigned int level_of(uint16_t selector)
{
	uint32_t rights;
	bool valid;

	__asm__ volatile("lar %[s], %[r]" : [r] "=r"(rights), "=@ccz"(valid)
			 : [s] "r"((uint32_t)selector));
	return valid ? rights >> 13 & 3 : ~0u;
}

static void data_segments(uint16_t selector)
{
	bool loads = attempt(load_es, selector).vector == TRAP_NONE;

	expect_equal("ds loads as es", attempt(load_ds, selector).vector == TRAP_NONE, loads);
	expect_equal("fs loads as es", attempt(load_fs, selector).vector == TRAP_NONE, loads);
	if (loads && (selector & ~3))
		expect_equal("level of a loaded segment", level_of(selector), 3);
}

void test_main(void)
{
	section("the reserved pages of the GDT\n");
	for (unsigned int s = HC_FIRST_RESERVED_GDT_BYTE; s < 0x10000; s += 4)
		data_segments(s | 3);
	section("the hypervisor's own, asked for with its level\n");
	for (unsigned int s = HC_FIRST_RESERVED_GDT_BYTE; s < HC_FIRST_RESERVED_GDT_BYTE + 0x100; s += 8)
		data_segments(s);
	section("the first slots of the GDT and of an LDT that is not there\n");
	for (unsigned int s = 0; s < 0x100; s++)
		data_segments(s);
	section("calls\n");
	for (unsigned int s = HC_FIRST_RESERVED_GDT_BYTE; s < HC_FIRST_RESERVED_GDT_BYTE + 0x200; s += 8)
		expect(attempt(far_call, s | 3).vector != TRAP_NONE, "far call to 0x%x\n", s);
	expect(hc_xen_version(0, NULL) > 0, "the hypervisor does not answer\n");
}
