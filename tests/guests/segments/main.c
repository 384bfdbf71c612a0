/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segment bases.  Proof: memory is reached relative to the base that was set, by
 * hypercall or by MSR, in kernel and user mode each with its own %gs; bases that
 * are the hypervisor's or not canonical are refused.
 */
#include "guest.h"
#include "page.h"
#include "user.h"
#include "vcpu.h"

#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

user_asm(u_bases, "mov %fs:8, %rax; mov %gs:16, %rbx; syscall; ud2");

static long set_base(unsigned int which, uint64_t base)
{
	return hypercall(HC_NR_SET_SEGMENT_BASE, which, base, 0, 0, 0);
}

static uint64_t fs_word(void)
{
	uint64_t value;

	__asm__ volatile("mov %%fs:0, %0" : "=r"(value));
	return value;
}

static uint64_t rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static void wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" :: "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static void write_bad_fs_base(uint64_t value)
{
	wrmsr(MSR_FS_BASE, value);
}

static void kernel_bases(void)
{
	uint64_t words[2] = { 11, 22 };

	expect_success(set_base(HC_SEGBASE_FS, PTR(&words[0])));
	expect_equal("word at %fs", fs_word(), 11);
	wrmsr(MSR_FS_BASE, PTR(&words[1]));
	expect_equal("word at %fs after wrmsr", fs_word(), 22);
	expect_equal("rdmsr", rdmsr(MSR_FS_BASE), PTR(&words[1]));
	expect_equal("our own block at %gs", this_vcpu()->id, 0);
	expect_equal("its base", rdmsr(MSR_GS_BASE), PTR(this_vcpu()));
}

static void user_bases(void)
{
	uint64_t *data = user_data();
	struct trap_frame f;

	data[1] = 0xf5;
	data[3] = 0x65;
	expect_success(set_base(HC_SEGBASE_FS, USER_DATA));
	expect_success(set_base(HC_SEGBASE_GS_USER, USER_DATA + 8));
	f = user_run(user_address(u_bases), 0, 0);
	expect_equal("trap", f.vector, TRAP_SYSCALL);
	expect_equal("user's word at %fs", f.rax, 0xf5);
	expect_equal("user's word at %gs", f.rbx, 0x65);
	expect_equal("our own block at %gs", this_vcpu()->self == this_vcpu(), 1);
	expect_equal("user's base by rdmsr", rdmsr(MSR_KERNEL_GS_BASE), USER_DATA + 8);
	expect_success(set_base(HC_SEGBASE_GS_USER_SEL, 0));
	f = user_run(user_address(u_bases), 0, 0);
	expect_equal("trap without a base", f.vector, TRAP_PF);
}

void test_main(void)
{
	user_init();
	section("kernel\n");
	kernel_bases();
	section("user\n");
	user_bases();
	section("refusals\n");
	expect_refused(set_base(HC_SEGBASE_FS, 0x8000000000000000));
	expect_refused(set_base(HC_SEGBASE_GS_KERNEL, 0x800000000000));
	expect_refused(set_base(HC_SEGBASE_GS_USER, 0xffff7fffffffffff));
	expect_refused(set_base(99, 0));
	expect_fault("wrmsr of a non-canonical base",
		     attempt(write_bad_fs_base, 0x8000000000000000), TRAP_GP, 0);
	expect_equal("our own block at %gs", this_vcpu()->id, 0);
	section("a selector that user mode cannot have\n");
	set_base(HC_SEGBASE_GS_USER_SEL, 0xe008);
	set_base(HC_SEGBASE_GS_USER_SEL, 0xffff);
	expect_equal("our own block at %gs", this_vcpu()->id, 0);
}
