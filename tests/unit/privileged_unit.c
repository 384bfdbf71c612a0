/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Privileged instructions: who may do what, with which effect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "console/console.h"
#include "cpu/x86.h"
#include "emulate_world.h"

static int setup(void **state)
{
	(void)state;
	world_reset();
	return 0;
}

static int setup_dom0(void **state)
{
	setup(state);
	world.domain.privileged = true;
	return 0;
}

static enum emulate_result run(void)
{
	return emulate_privileged(&world.vcpu, &world.regs);
}

static void user_mode(void)
{
	world.vcpu.kernel_mode = 0;
}

static void ports_reach_dom0_only(void **state)
{
	(void)state;
	world.port_value = 0x12345678;
	world.regs.rdx = 0x80;
	world.regs.rax = 0xaabbccddeeff0011;
	CODE(0xec);			/* in %dx, %al: no machine behind it */
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.regs.rax, 0xaabbccddeeff00ff);
	assert_int_equal(world.port_reads, 0);
	assert_int_equal(world.vcpu.counters[HC_COUNTER_PRIVILEGED], 1);
	CODE(0xee);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.port_writes, 0);
	world.domain.privileged = true;
	CODE(0xed);			/* in %dx, %eax clears the upper half */
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.regs.rax, 0x12345678);
	assert_int_equal(world.last_bytes, 4);
	CODE(0xe6, 0x70);		/* out %al, $0x70 */
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.last_port, 0x70);
	assert_int_equal(world.last_value, 0x78);
	assert_int_equal(world.regs.rip, WORLD_CODE + 2);
}

/* What the hypervisor drives itself stays its own, also when an access only touches it. */
static void owned_ports(void **state)
{
	static const struct {
		uint16_t port;
		uint8_t opcode;		/* in: ec byte, ed four bytes */
		bool reaches;
	} cases[] = {
		{ 0x20, 0xec, false }, { 0x21, 0xec, false }, { 0x22, 0xec, true },
		{ 0x1e, 0xed, false }, { 0x40, 0xec, false }, { 0x42, 0xec, true },
		{ 0x3d, 0xed, false }, { 0x61, 0xec, true }, { 0xa1, 0xec, false },
		{ 0x3f8, 0xec, false }, { 0x3ff, 0xec, false }, { 0x400, 0xec, true },
		{ 0x3f5, 0xed, false }, { 0x3f7, 0xec, true }, { 0x4d0, 0xec, false },
		{ 0xffff, 0xec, true }, { 0xfffd, 0xed, false },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		world.port_reads = 0;
		world.regs.rdx = cases[i].port;
		CODE(cases[i].opcode);
		assert_int_equal(run(), EMULATE_DONE);
		assert_int_equal(world.port_reads, cases[i].reaches);
	}
	/* Without a serial console the port is dom0's. */
	serial_port = 0;
	world.regs.rdx = 0x3f8;
	CODE(0xec);
	run();
	serial_port = 0x3f8;
	assert_int_equal(world.port_reads, 1);
}

static void speaker(void **state)
{
	(void)state;
	CODE(0xe6, 0x43);
	world.regs.rax = 0xb6;		/* channel 2 */
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.port_writes, 1);
	CODE(0xe6, 0x43);
	world.regs.rax = 0x36;		/* channel 0 */
	assert_int_equal(run(), EMULATE_DONE);
	world.regs.rax = 0xb6b6;
	CODE(0x66, 0xe7, 0x42);		/* a word that ends in the command port */
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.port_writes, 1);
}

static void pci_configuration(void **state)
{
	(void)state;
	world.regs.rdx = 0xcf8;
	world.regs.rax = 0x80000000;
	CODE(0xef);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.pci_writes, 1);
	world.regs.rdx = 0xcfd;
	world.port_value = 0x1234;
	CODE(0xec);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.pci_reads, 1);
	assert_int_equal(world.regs.rax & 0xff, 0x34);
	assert_int_equal(world.port_reads + world.port_writes, 0);
}

static void port_permissions(void **state)
{
	(void)state;
	/* The kernel needs IOPL 1, user mode 3 or its bits clear in the kernel's bitmap. */
	world.vcpu.iopl = 0;
	world.regs.rdx = 0x80;
	CODE(0xec);
	assert_int_equal(run(), EMULATE_UNHANDLED);
	world.vcpu.iopl = 1;
	assert_int_equal(run(), EMULATE_DONE);
	user_mode();
	CODE(0xec);
	assert_int_equal(run(), EMULATE_UNHANDLED);
	world.vcpu.iopl = 3;
	assert_int_equal(run(), EMULATE_DONE);
	world.vcpu.iopl = 1;
	memset(world_at(WORLD_DATA), 0xff, 32);
	world.bitmap_va = WORLD_DATA;
	world.vcpu.emulate.io_bitmap = WORLD_DATA;
	world.vcpu.emulate.io_bitmap_ports = 256;
	CODE(0xec);
	assert_int_equal(run(), EMULATE_UNHANDLED);
	*(uint8_t *)world_at(WORLD_DATA + 16) = 0xfe;
	assert_int_equal(run(), EMULATE_DONE);
	CODE(0xed);			/* the three ports after it are not permitted */
	assert_int_equal(run(), EMULATE_UNHANDLED);
	/* Across two bytes of the bitmap */
	world.regs.rdx = 0x86;
	*(uint8_t *)world_at(WORLD_DATA + 16) = 0x3f;
	*(uint8_t *)world_at(WORLD_DATA + 17) = 0xfc;
	assert_int_equal(run(), EMULATE_DONE);
	/* Beyond its end */
	world.regs.rdx = 255;
	CODE(0xed);
	assert_int_equal(run(), EMULATE_UNHANDLED);
}

static void string_input(void **state)
{
	unsigned int traps = 0;

	(void)state;
	world.port_value = 0xabcd;
	world.regs.rdx = 0x1f0;
	world.regs.rdi = WORLD_DATA;
	world.regs.rcx = 600;
	CODE(0xf3, 0x66, 0x6d);		/* rep insw */
	while (world.regs.rip == WORLD_CODE) {
		assert_int_equal(run(), EMULATE_DONE);
		assert_true(++traps < 10);
	}
	assert_int_equal(traps, 3);	/* 256 items each */
	assert_int_equal(world.port_reads, 600);
	assert_int_equal(world.regs.rdi, WORLD_DATA + 1200);
	assert_int_equal(*(uint16_t *)world_at(WORLD_DATA + 1198), 0xabcd);
	assert_int_equal(*(uint16_t *)world_at(WORLD_DATA + 1200), 0);
}

/* A device's data must not be lost because the page for it is missing. */
static void string_input_faults_before_the_port(void **state)
{
	(void)state;
	world.access[2] = WORLD_READ;
	world.regs.rdx = 0x1f0;
	world.regs.rdi = WORLD_VA + 2 * PAGE_SIZE - 2;
	world.regs.rcx = 4;
	CODE(0xf3, 0x66, 0x6d);
	assert_int_equal(run(), EMULATE_EXCEPTION);
	assert_int_equal(world.port_reads, 1);
	assert_int_equal(world.vector, TRAP_PF);
	assert_int_equal(world.fault_va, WORLD_VA + 2 * PAGE_SIZE);
	assert_int_equal(world.error_code, PF_WRITE | PF_PRESENT);
	assert_int_equal(world.regs.rcx, 3);
	assert_int_equal(world.regs.rip, WORLD_CODE);
}

static void string_output(void **state)
{
	(void)state;
	memcpy(world_at(WORLD_DATA), "\x11\x22\x33", 3);
	world.regs.rdx = 0x80;
	world.regs.rsi = WORLD_DATA + 2;
	world.regs.rcx = 3;
	world.regs.rflags |= RFLAGS_DF;
	CODE(0xf3, 0x6e);		/* rep outsb, downwards */
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.port_writes, 3);
	assert_int_equal(world.last_value, 0x11);
	assert_int_equal(world.regs.rsi, WORLD_DATA - 1);
	/* From memory that is not there, in user mode */
	user_mode();
	world.vcpu.iopl = 3;
	world.regs.rsi = 0x1000;
	CODE(0x6e);
	assert_int_equal(run(), EMULATE_EXCEPTION);
	assert_int_equal(world.error_code, PF_USER);
	assert_int_equal(world.port_writes, 3);
	/* Nothing to do */
	world.regs.rcx = 0;
	CODE(0xf3, 0x6e);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.port_writes, 3);
}

static void control_registers(void **state)
{
	(void)state;
	CODE(0x0f, 0x20, 0xc0);		/* mov %cr0, %rax */
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.regs.rax & (CR0_PE | CR0_WP | CR0_PG | CR0_TS),
			 CR0_PE | CR0_WP | CR0_PG);
	world.regs.rax |= CR0_TS;
	CODE(0x0f, 0x22, 0xc0);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.vcpu.cr0_ts, 1);
	CODE(0x0f, 0x06);		/* clts */
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.vcpu.cr0_ts, 0);
	world.regs.rax &= ~CR0_WP;
	CODE(0x0f, 0x22, 0xc0);
	assert_int_equal(run(), EMULATE_UNHANDLED);
	CODE(0x0f, 0x01, 0xe1);		/* smsw %ecx */
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.regs.rcx & 0xf, CR0_PE | CR0_MP);
	world.regs.rcx = 0xa;
	CODE(0x0f, 0x01, 0xf1);		/* lmsw %cx: sets TS and MP, cannot clear PE */
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.vcpu.cr0_ts, 1);
	/* cr4: the guest's TSD, the processor's facts, nothing of ours */
	world.regs.rbx = ~0UL;
	CODE(0x0f, 0x22, 0xe3);
	assert_int_equal(run(), EMULATE_DONE);
	assert_true(world.tsd);
	CODE(0x0f, 0x20, 0xe3);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.regs.rbx,
			 CR4_TSD | CR4_DE | CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT);
	/* cr2 and cr3 */
	world.regs.rbx = 0x1234;
	CODE(0x0f, 0x22, 0xd3);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.info.arch.cr2, 0x1234);
	world.regs.rbx = 0x5000;
	CODE(0x0f, 0x22, 0xdb);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.base, 5);
	world.base_result = -ERESTART;
	CODE(0x0f, 0x22, 0xdb);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.regs.rip, WORLD_CODE);
	world.base_result = -EINVAL;
	assert_int_equal(run(), EMULATE_UNHANDLED);
	/* There are no others. */
	CODE(0x0f, 0x20, 0xc8);
	assert_int_equal(run(), EMULATE_UNHANDLED);
	CODE(0x44, 0x0f, 0x20, 0xc0);
	assert_int_equal(run(), EMULATE_UNHANDLED);
}

static void debug_registers(void **state)
{
	(void)state;
	world.regs.rax = 0x100;
	CODE(0x0f, 0x23, 0xf8);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.debug_value, 0x100);
	CODE(0x0f, 0x21, 0xf9);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.regs.rcx, 0x107);
	CODE(0x0f, 0x23, 0xe0);
	assert_int_equal(run(), EMULATE_UNHANDLED);
	CODE(0x44, 0x0f, 0x21, 0xf8);
	assert_int_equal(run(), EMULATE_UNHANDLED);
}

static void small_ones(void **state)
{
	(void)state;
	CODE(0xf4);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.blocks, 1);
	assert_int_equal(world.regs.rip, WORLD_CODE + 1);
	CODE(0x0f, 0x09);		/* wbinvd does nothing for a guest without devices */
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.cache_flushes, 0);
	world.domain.privileged = true;
	CODE(0x0f, 0x09);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.cache_flushes, 1);
	CODE(0x0f, 0x01, 0x38);		/* invlpg (%rax) */
	world.regs.rax = 0x7000;
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.flushed_va, 0x7000);
	world.regs.rax = HOLE_VIRT_START;
	CODE(0x0f, 0x01, 0x38);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.flushes, 1);
	CODE(0xfa);
	assert_int_equal(run(), EMULATE_DONE);
	world.vcpu.iopl = 0;
	CODE(0xfb);
	assert_int_equal(run(), EMULATE_UNHANDLED);
}

static void time_stamp(void **state)
{
	(void)state;
	world.tsc = 0x1122334455667788;
	world.vcpu.cr4 = CR4_TSD;
	world.vcpu.emulate.tsc_aux = 9;
	CODE(0x0f, 0x01, 0xf9);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.regs.rax, 0x55667788);
	assert_int_equal(world.regs.rdx, 0x11223344);
	assert_int_equal(world.regs.rcx, 9);
	user_mode();
	CODE(0x0f, 0x31);
	assert_int_equal(run(), EMULATE_UNHANDLED);
}

static void extended_states(void **state)
{
	(void)state;
	world.xcr0_mask = 7;
	world.regs.rax = 7;
	CODE(0x0f, 0x01, 0xd1);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.xcr0, 7);
	world.regs.rax = 8;
	CODE(0x0f, 0x01, 0xd1);
	assert_int_equal(run(), EMULATE_UNHANDLED);
	world.regs.rax = 7;
	world.regs.rcx = 1;
	assert_int_equal(run(), EMULATE_UNHANDLED);
}

static void user_mode_has_no_privileges(void **state)
{
	(void)state;
	world.domain.privileged = true;
	world.vcpu.iopl = 3;
	user_mode();
	static const uint8_t forbidden[][3] = {
		{ 0x0f, 0x30 }, { 0x0f, 0x32 }, { 0x0f, 0x22, 0xd8 }, { 0x0f, 0x20, 0xc0 },
		{ 0x0f, 0x23, 0xf8 }, { 0xf4 }, { 0x0f, 0x06 }, { 0x0f, 0x09 }, { 0x0f, 0x01, 0x38 },
		{ 0x0f, 0x01, 0xd1 }, { 0x0f, 0x01, 0xf0 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(forbidden); i++) {
		world_code(forbidden[i], 3);
		assert_int_equal(run(), EMULATE_UNHANDLED);
	}
	assert_int_equal(world.blocks + world.cache_flushes + world.flushes + world.msr_writes, 0);
}

static void not_a_privileged_instruction(void **state)
{
	(void)state;
	CODE(0xf4);
	world.regs.error_code = 0x102;
	assert_int_equal(run(), EMULATE_UNHANDLED);
	world.regs.error_code = 0;
	CODE(0xf0, 0x0f, 0x30);
	assert_int_equal(run(), EMULATE_UNHANDLED);
	CODE(0x48, 0x89, 0x07);		/* a store is for page tables only */
	assert_int_equal(run(), EMULATE_UNHANDLED);
	assert_int_equal(world.blocks, 0);
}

static void forced_cpuid(void **state)
{
	(void)state;
	CODE(0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2);
	world.regs.rax = 0x40000000;
	assert_int_equal(emulate_invalid_opcode(&world.vcpu, &world.regs), EMULATE_DONE);
	assert_int_equal(world.regs.rbx, 0x566e6558);
	assert_int_equal(world.regs.rip, WORLD_CODE + 7);
	user_mode();
	world.long_mode = false;	/* 32-bit programs look too */
	CODE(0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2);
	world.regs.rax = 0x40000000;
	assert_int_equal(emulate_invalid_opcode(&world.vcpu, &world.regs), EMULATE_DONE);
	CODE(0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0x31);
	assert_int_equal(emulate_invalid_opcode(&world.vcpu, &world.regs), EMULATE_UNHANDLED);
	CODE(0x0f, 0x0b);
	assert_int_equal(emulate_invalid_opcode(&world.vcpu, &world.regs), EMULATE_UNHANDLED);
	world.regs.rip = WORLD_VA + sizeof(world.memory) - 2;
	assert_int_equal(emulate_invalid_opcode(&world.vcpu, &world.regs), EMULATE_UNHANDLED);
}

static void model_registers(void **state)
{
	(void)state;
	world.msr[0] = 0x1000;
	world.regs.rcx = MSR_FS_BASE;
	CODE(0x0f, 0x32);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.regs.rax, 0x1000);
	world.regs.rax = 0x5000;
	world.regs.rdx = 0xffff8880;
	CODE(0x0f, 0x30);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.msr[0], 0xffff888000005000);
	world.regs.rdx = 0x12345678;	/* not canonical */
	CODE(0x0f, 0x30);
	assert_int_equal(run(), EMULATE_UNHANDLED);
	world.regs.rcx = 0xdead;
	CODE(0x0f, 0x32);
	assert_int_equal(run(), EMULATE_UNHANDLED);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)
#define TEST_DOM0(f) cmocka_unit_test_setup(f, setup_dom0)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ports_reach_dom0_only), TEST_DOM0(owned_ports), TEST_DOM0(speaker),
		TEST_DOM0(pci_configuration), TEST_DOM0(port_permissions),
		TEST_DOM0(string_input), TEST_DOM0(string_input_faults_before_the_port),
		TEST_DOM0(string_output), TEST(control_registers), TEST(debug_registers),
		TEST(small_ones), TEST(time_stamp), TEST(extended_states),
		TEST(user_mode_has_no_privileges), TEST(not_a_privileged_instruction),
		TEST(forced_cpuid), TEST(model_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
