/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counting of hypercalls and entries.  Proof: what is done while it is on is in the
 * counts by number and vector, in multicalls, by numbers that there are not, from
 * kernel and user mode, with and without error code; what is done while it is off
 * is not; and in either state the kernel is entered with the same frames.
 */
#include <hypercall/version.h>

#include "guest.h"
#include "page.h"
#include "trap.h"
#include "user.h"
#include "vcpu.h"

user_asm(u_call, "mov %rdi, %rax; syscall; ud2");
user_asm(u_fault, "mov (%rdi), %rax; ud2");
user_asm(u_undefined, "ud2");
user_asm(u_int80, "int $0x80; ud2");

static struct hc_trace before, after;

static long trace(uint32_t op, uint32_t vcpu, const void *buffer)
{
	struct hc_control c = { .cmd = HC_CONTROL_TRACE, .version = HC_CONTROL_VERSION };

	c.u.trace.op = op;
	c.u.trace.vcpu = vcpu;
	c.u.trace.buffer = PTR(buffer);
	return hypercall(HC_NR_DOMCTL, PTR(&c), 0, 0, 0, 0);
}

static void breakpoint(uint64_t arg)
{
	(void)arg;
	__asm__ volatile("int3");
}

static void undefined(uint64_t arg)
{
	(void)arg;
	__asm__ volatile("ud2");
}

static void bad_selector(uint64_t selector)
{
	__asm__ volatile("mov %0, %%es" : : "r"((uint32_t)selector));
}

static void in_the_kernel(void)
{
	struct fault f;
	uint64_t value;

	expect_fault("int3", attempt(breakpoint, 0), TRAP_BP, 0);
	expect_fault("ud2", attempt(undefined, 0), TRAP_UD, 0);
	expect_fault("bad selector", attempt(bad_selector, 0xfff8), TRAP_GP, 0xfff8);
	f = attempt_read(0x123000, &value);
	expect_fault("read of nothing", f, TRAP_PF, 0);
	expect_equal("address", f.address, 0x123000);
}

static void expect_from_user(const char *what, struct trap_frame f, uint64_t vector, uint64_t rip)
{
	expect_equal(what, f.vector, vector);
	expect_equal("privilege level", f.cs & 3, 3);
	expect_equal("rip", f.rip, rip);
	expect_equal("rsp", f.rsp, USER_STACK);
	expect(f.rflags & 0x200, "%s: flags 0x%lx\n", what, f.rflags);
}

static void in_user_mode(void)
{
	struct trap_frame f = user_run(user_address(u_call), 0x77, 0);

	expect_from_user("syscall", f, TRAP_SYSCALL, user_address(u_call) + 5);
	expect_equal("number", f.rax, 0x77);
	f = user_run(user_address(u_fault), 0x123000, 0);
	expect_from_user("page fault", f, TRAP_PF, user_address(u_fault));
	expect_equal("error code", f.error, PF_USER);
	expect_equal("address", vcpu_info(0)->arch.cr2, 0x123000);
	expect_from_user("ud2", user_run(user_address(u_undefined), 0, 0), TRAP_UD, user_address(u_undefined));
	expect_from_user("int 0x80", user_run(user_address(u_int80), 0, 0), 0x80, user_address(u_int80) + 2);
}

/* One for the entries that follow. */
static uint64_t stack(void)
{
	static char pages[2 * PAGE_SIZE] __attribute__((aligned(16)));

	return PTR(pages + sizeof(pages));
}

static void hypercalls(void)
{
	struct hc_multicall_entry list[5];

	for (unsigned int i = 0; i < 3; i++)
		expect(hc_xen_version(HC_VERSION_VERSION, NULL) > 0, "no version\n");
	for (unsigned int i = 0; i < ARRAY_SIZE(list); i++)
		list[i] = (struct hc_multicall_entry){ .op = HC_NR_XEN_VERSION };
	expect_success(hypercall(HC_NR_MULTICALL, PTR(list), ARRAY_SIZE(list), 0, 0, 0));
	for (unsigned int i = 0; i < ARRAY_SIZE(list); i++)
		expect((long)list[i].result > 0, "entry %u: %ld\n", i, (long)list[i].result);
	expect_success(hypercall(HC_NR_SET_SEGMENT_BASE, HC_SEGBASE_FS, 0, 0, 0, 0));
	expect_success(hypercall(HC_NR_SET_SEGMENT_BASE, HC_SEGBASE_GS_USER_SEL, 0, 0, 0, 0));
	expect_success(hypercall(HC_NR_STACK_SWITCH, HC_FLAT_KERNEL_SS64, stack(), 0, 0, 0));
	expect_error(hypercall(HC_NR_MAX - 1, 0, 0, 0, 0, 0), ENOSYS);
	expect_error(hypercall(HC_NR_MAX, 0, 0, 0, 0, 0), ENOSYS);
	expect_error(hypercall(HC_NR_MAX + 1, 0, 0, 0, 0, 0), ENOSYS);
}

static void everything(void)
{
	hypercalls();
	in_the_kernel();
	in_user_mode();
}

#define GREW(member) ((long)(after.member - before.member))

static void measure(const char *state)
{
	section("%s\n", state);
	expect_success(trace(HC_TRACE_READ, 0, &before));
	everything();
	expect_success(trace(HC_TRACE_READ, 0, &after));
}

static void counts(void)
{
	measure("counting");
	expect_equal("calls for the version", GREW(hypercalls[HC_NR_XEN_VERSION]), 8);
	expect_equal("multicalls", GREW(hypercalls[HC_NR_MULTICALL]), 1);
	expect_equal("segment bases", GREW(hypercalls[HC_NR_SET_SEGMENT_BASE]), 2);
	expect_equal("stacks", GREW(hypercalls[HC_NR_STACK_SWITCH]), 1);
	expect_equal("control calls", GREW(hypercalls[HC_NR_DOMCTL]), 1);
	expect_equal("calls of nothing", GREW(hypercalls[HC_NR_MAX - 1]), 1);
	expect_equal("calls above all numbers", GREW(hypercalls[HC_NR_MAX]), 2);
	expect_equal("breakpoints", GREW(entries[TRAP_BP]), 1);
	expect_equal("invalid opcodes", GREW(entries[TRAP_UD]), 2);
	expect_equal("protection faults", GREW(entries[TRAP_GP]), 1);
	expect_equal("page faults", GREW(entries[TRAP_PF]), 2);
	expect_equal("int 0x80", GREW(entries[0x80]), 1);
	expect_equal("system calls", GREW(entries[HC_TRACE_SYSCALL]), 1);
	expect_equal("divisions by zero", GREW(entries[TRAP_DE]), 0);
}

static void nothing_is_counted(const char *state)
{
	measure(state);
	expect(!memcmp(&before, &after, sizeof(before)), "counted while it is off\n");
}

void test_main(void)
{
	user_init();
	expect_error(trace(HC_TRACE_READ, 0, &before), ENODATA);
	expect_error(trace(0, 0, NULL), EINVAL);
	expect_error(trace(HC_TRACE_READ + 1, 0, NULL), EINVAL);
	expect_error(trace(HC_TRACE_READ, 64, &before), EINVAL);
	expect_error(trace(HC_TRACE_ON, 0, &before), EINVAL);
	expect_error(trace(HC_TRACE_ON, 1, NULL), EINVAL);
	everything();
	expect_success(trace(HC_TRACE_ON, 0, NULL));
	expect_success(trace(HC_TRACE_ON, 0, NULL));
	expect_error(trace(HC_TRACE_READ, 0, (void *)8), EFAULT);
	counts();
	expect_success(trace(HC_TRACE_OFF, 0, NULL));
	nothing_is_counted("off");
	expect_success(trace(HC_TRACE_ON, 0, NULL));
	counts();
	expect_success(trace(HC_TRACE_OFF, 0, NULL));
	expect_success(trace(HC_TRACE_OFF, 0, NULL));
	nothing_is_counted("off again");
}
