/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Returns to nonsense.  Tried: iret hypercalls with every kind of bad selector,
 * address and flag, to user and to kernel mode.  Proof: each ends in a trap of
 * the guest (an exception, or the failsafe callback), flags never grant I/O
 * privilege or stop interrupts, and the hypervisor goes on.
 */
#include "guest.h"
#include "page.h"
#include "user.h"
#include "vcpu.h"

#define BASE { .rip = user_address(u_flags), .cs = HC_FLAT_USER_CS64, .rflags = 0x202, \
	       .rsp = USER_STACK, .ss = HC_FLAT_USER_SS64 }

user_asm(u_flags, "pushf; pop %rax; syscall; ud2");

static void expect_trapped(const char *what, struct trap_frame f)
{
	expect(f.vector != TRAP_SYSCALL, "%s: user code ran to its end\n", what);
}

static void addresses(void)
{
	static const uint64_t bad[] = {
		0x800000000000, 0xffff7fffffffffff, 0x8000000000000000, ~0UL,
		HC_HYPERVISOR_VIRT_START, 0xffff830000000000, 0, VIRT_BASE,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		struct trap_frame f = BASE;

		f.rip = bad[i];
		expect_trapped("bad rip", user_run_frame(&f));
		f = (struct trap_frame)BASE;
		f.rsp = bad[i];
		expect_trapped("bad rsp", user_run_frame(&f));
	}
}

static void selectors(void)
{
	static const uint16_t bad[] = {
		3, 0x0b, 0x13, 0xe00b, 0xe013, 0xe02b, 0xffff, 0xe03b, 0xe043, 0xe04b, 0x7, 0xf,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		struct trap_frame f = BASE;

		f.cs = bad[i];
		expect_trapped("bad cs", user_run_frame(&f));
		f = (struct trap_frame)BASE;
		f.ss = bad[i];
		if (bad[i] != HC_FLAT_USER_SS64)
			user_run_frame(&f);
	}
	print("upper bits of selectors\n");
	for (unsigned int bit = 16; bit < 64; bit++) {
		struct trap_frame f = BASE;

		f.cs |= 1UL << bit;
		f.ss |= 1UL << bit;
		user_run_frame(&f);
	}
}

static void flags(void)
{
	for (unsigned int bit = 0; bit < 64; bit++) {
		struct trap_frame f = BASE;

		f.rflags ^= 1UL << bit;
		f = user_run_frame(&f);
		if (f.vector != TRAP_SYSCALL)
			continue;
		expect((f.rax & 0x200), "user mode ran with interrupts off, bit %u\n", bit);
		expect(!(f.rax & 0x3000), "user mode ran with I/O privilege, bit %u\n", bit);
		expect(!(f.rax & 0x20000), "user mode ran in virtual-8086 mode\n");
	}
}

static void kernel_frame(uint64_t arg)
{
	struct trap_frame frame = *(const struct trap_frame *)arg;

	trap_return(&frame);
}

/* To kernel mode: level 0 in cs. */
static void kernel(void)
{
	static const uint64_t bad[] = {
		0x800000000000, HC_HYPERVISOR_VIRT_START + 0x8000000000, 0xffff830000000000, 0,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		struct trap_frame f = {
			.rip = bad[i], .cs = HC_FLAT_KERNEL_CS64 & ~3, .rflags = 2,
			.ss = HC_FLAT_KERNEL_SS64 & ~3,
		};

		f.rsp = PTR(page_alloc()) + PAGE_SIZE;
		expect(attempt(kernel_frame, PTR(&f)).vector != TRAP_NONE, "kernel at %p\n",
		       (void *)bad[i]);
	}
}

void test_main(void)
{
	struct trap_frame f = BASE;

	user_init();
	section("a good frame, to be sure\n");
	expect_equal("trap", user_run_frame(&f).vector, TRAP_SYSCALL);
	section("addresses\n");
	addresses();
	section("selectors\n");
	selectors();
	section("flags\n");
	flags();
	section("kernel mode\n");
	kernel();
	expect_equal("a good frame again", user_run_frame(&f).vector, TRAP_SYSCALL);
}
