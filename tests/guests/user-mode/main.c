/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * User mode: going there by iret, coming back by syscall, exception and event.
 * Proof: registers go and come unchanged, the frames say user mode, user code
 * reaches neither kernel nor hypervisor memory, privileged instructions and
 * gates of the kernel are refused, an event interrupts an endless loop.
 */
#include <hypercall/callback.h>
#include <hypercall/event.h>
#include <hypercall/vcpu.h>

#include "event.h"
#include "guest.h"
#include "page.h"
#include "user.h"
#include "vcpu.h"

#define MS 1000000UL

user_asm(u_syscall, "mov %rdi, %rax; syscall; mov %rsi, %rax; syscall; ud2");
user_asm(u_read, "mov (%rdi), %rax; syscall; ud2");
user_asm(u_write, "mov %rsi, (%rdi); syscall; ud2");
user_asm(u_jump, "jmp *%rdi");
user_asm(u_int80, "int $0x80; ud2");
user_asm(u_int3, "int3; ud2");
user_asm(u_int20, "int $0x20; ud2");
user_asm(u_ud2, "ud2");
user_asm(u_hlt, "hlt; ud2");
user_asm(u_cli, "cli; ud2");
user_asm(u_out, "out %al, $0x80; ud2");
user_asm(u_cr3, "mov %rax, %cr3; ud2");
user_asm(u_wrmsr, "wrmsr; ud2");
user_asm(u_spin, "1: pause; cmpq $0, (%rdi); je 1b; syscall; ud2");
user_asm(u_push, "push %rdi; pop %rax; syscall; ud2");
user_asm(u_sysenter, "pushf; orl $0x4000, (%rsp); popf; sysenter; ud2");
user_asm(u_cpuid, "ud2; .ascii \"xen\"; cpuid; syscall; ud2");

static struct trap_frame at(char *code, uint64_t rdi, uint64_t rsi)
{
	return user_run(user_address(code), rdi, rsi);
}

static void expect_trap(const char *what, struct trap_frame f, uint64_t vector)
{
	expect_equal(what, f.vector, vector);
	expect_equal("privilege level", f.cs & 3, 3);
}

static void system_calls(void)
{
	struct trap_frame f = at(u_syscall, 0x1234, 0x5678);

	expect_trap("syscall", f, TRAP_SYSCALL);
	expect_equal("number", f.rax, 0x1234);
	expect_equal("rip", f.rip, user_address(u_syscall) + 5);
	expect_equal("rsp", f.rsp, USER_STACK);
	expect(f.rflags & 0x200, "flags 0x%lx\n", f.rflags);
	section("return from it, all registers\n");
	f.rax = 0;
	f.rbx = 0xb;
	f.rbp = 0xbb;
	f.r8 = 8;
	f.r12 = 12;
	f.r15 = 15;
	f = user_run_frame(&f);
	expect_trap("second syscall", f, TRAP_SYSCALL);
	expect_equal("number", f.rax, 0x5678);
	expect_equal("rbx", f.rbx, 0xb);
	expect_equal("rbp", f.rbp, 0xbb);
	expect_equal("r8", f.r8, 8);
	expect_equal("r12", f.r12, 12);
	expect_equal("r15", f.r15, 15);
}

static void own_memory(void)
{
	uint64_t *data = user_data();
	struct trap_frame f;

	data[5] = 55;
	f = at(u_read, USER_DATA + 40, 0);
	expect_trap("read of own data", f, TRAP_SYSCALL);
	expect_equal("word", f.rax, 55);
	expect_trap("write of own data", at(u_write, USER_DATA + 48, 66), TRAP_SYSCALL);
	expect_equal("word", data[6], 66);
	expect_equal("own stack", at(u_push, 99, 0).rax, 99);
	f = at(u_write, USER_CODE, 0);
	expect_trap("write to code", f, TRAP_PF);
	expect_equal("error code", f.error, PF_PRESENT | PF_WRITE | PF_USER);
	expect_equal("address", vcpu_info(0)->arch.cr2, USER_CODE);
}

static void others_memory(void)
{
	static const uint64_t where[] = {
		VIRT_BASE + 0x100000, HC_HYPERVISOR_VIRT_START + 0x8000000000,
		0xffff830000000000, 0xffff820040000000, 0xffff87fffffff000,
	};

	struct trap_frame f;

	for (unsigned int i = 0; i < ARRAY_SIZE(where); i++) {
		f = at(u_read, where[i], 0);
		expect_trap("read of foreign memory", f, TRAP_PF);
		expect(f.error & PF_USER, "error code 0x%lx\n", f.error);
		expect_trap("write to foreign memory", at(u_write, where[i], 0), TRAP_PF);
		expect_trap("jump to foreign memory", at(u_jump, where[i], 0), TRAP_PF);
	}
	expect_trap("non-canonical read", at(u_read, 0x800000000000, 0), TRAP_GP);
	expect_trap("non-canonical jump", at(u_jump, 0x800000000000, 0), TRAP_GP);
}

static void instructions(void)
{
	struct trap_frame f;

	expect_trap("int 0x80", at(u_int80, 0, 0), 0x80);
	expect_trap("int3", at(u_int3, 0, 0), TRAP_BP);
	expect_trap("int of a kernel gate", at(u_int20, 0, 0), TRAP_GP);
	f = at(u_ud2, 0, 0);
	expect_trap("ud2", f, TRAP_UD);
	expect_equal("rip", f.rip, user_address(u_ud2));
	expect_trap("hlt", at(u_hlt, 0, 0), TRAP_GP);
	expect_trap("cli", at(u_cli, 0, 0), TRAP_GP);
	expect_trap("out", at(u_out, 0, 0), TRAP_GP);
	expect_trap("mov to cr3", at(u_cr3, 0, 0), TRAP_GP);
	expect_trap("wrmsr", at(u_wrmsr, 0, 0), TRAP_GP);
	expect_trap("cpuid with the prefix", at(u_cpuid, 0, 0), TRAP_SYSCALL);
}

static long set_traps(const struct hc_trap_info *table)
{
	return hypercall(HC_NR_SET_TRAP_TABLE, PTR(table), 0, 0, 0, 0);
}

static long open_syscall(void *entry)
{
	struct hc_callback_register syscall = { .type = HC_CALLBACKTYPE_SYSCALL, .address = PTR(entry) };

	return hc_callback_op(HC_CALLBACKOP_REGISTER, &syscall);
}

/* A kernel that knows no 32-bit programs, say, has not opened all ways into it. A program that tries one is told so. */
static void unopened(void)
{
	static struct hc_trap_info table[32];
	struct trap_frame f;

	for (unsigned int i = 0, n = 0; i < trap_table_size(); i++)
		if (trap_table[i].vector != 0x80)
			table[n++] = trap_table[i];
	need(set_traps(NULL));
	need(set_traps(table));
	f = at(u_int80, 0, 0);
	expect_trap("int 0x80", f, TRAP_GP);
	expect_equal("error code", f.error, 0x80 << 3 | 2);
	expect_equal("rip", f.rip, user_address(u_int80));
	need(open_syscall(NULL));
	f = at(u_syscall, 0, 0);
	need(open_syscall(syscall_entry));
	expect_trap("syscall", f, TRAP_UD);
	expect_equal("rip", f.rip, user_address(u_syscall) + 3);
	/* There is none on AMD's. It leaves NT as the program sets it, with which no iret of the hypervisor's would work. */
	f = at(u_sysenter, 0, 0);
	expect(f.vector == TRAP_GP || f.vector == TRAP_UD, "sysenter: trap %lu\n", f.vector);
	expect_equal("privilege level", f.cs & 3, 3);
	expect_trap("syscall after that", at(u_syscall, 0, 0), TRAP_SYSCALL);
	need(set_traps(trap_table));
}

static void interrupted(uint32_t port)
{
	(void)port;
	*(volatile uint64_t *)user_data() = 1;
}

static void events(void)
{
	struct hc_vcpu_set_singleshot_timer op = { .timeout_abs_ns = system_time() + 50 * MS };
	long port = event_bind_virq(HC_VIRQ_TIMER, 0);

	need(port);
	*(uint64_t *)user_data() = 0;
	event_init();
	hc_vcpu_op(HC_VCPUOP_STOP_PERIODIC_TIMER, 0, NULL);
	event_clear(port);
	event_set_handler(port, interrupted);
	need(hc_vcpu_op(HC_VCPUOP_SET_SINGLESHOT_TIMER, 0, &op));
	expect_trap("syscall after the loop", at(u_spin, USER_DATA, 0), TRAP_SYSCALL);
	expect_equal("flag", *(uint64_t *)user_data(), 1);
	upcalls_off();
}

void test_main(void)
{
	user_init();
	section("system calls\n");
	system_calls();
	section("own memory\n");
	own_memory();
	section("others' memory\n");
	others_memory();
	section("instructions\n");
	instructions();
	section("ways that are not open\n");
	unopened();
	section("events\n");
	events();
}
