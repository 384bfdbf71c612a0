/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoder: prefixes, operand forms, lengths, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "emulate/decode.h"

static struct instruction insn;

static int decode(const uint8_t *bytes, unsigned int count)
{
	return instruction_decode(&insn, bytes, count);
}

#define DECODE(...) decode((const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void stores_of_registers(void **state)
{
	(void)state;
	/* mov %rdx, (%rdi) */
	assert_int_equal(DECODE(0x48, 0x89, 0x17), 0);
	assert_int_equal(insn.operation, OP_MOV);
	assert_int_equal(insn.length, 3);
	assert_int_equal(insn.size, 8);
	assert_int_equal(insn.reg, 2);
	assert_int_equal(insn.base, 7);
	assert_int_equal(insn.index, REGISTER_NONE);
	assert_true(insn.memory);
	/* mov %r9w, 0x12345678(%r13, %r10, 4) */
	assert_int_equal(DECODE(0x66, 0x47, 0x89, 0x8c, 0x95, 0x78, 0x56, 0x34, 0x12), 0);
	assert_int_equal(insn.size, 2);
	assert_int_equal(insn.reg, 9);
	assert_int_equal(insn.base, 13);
	assert_int_equal(insn.index, 10);
	assert_int_equal(insn.scale, 2);
	assert_int_equal(insn.displacement, 0x12345678);
	/* movnti %eax, -1(%rax); not with a 16-bit operand, not to a register */
	assert_int_equal(DECODE(0x0f, 0xc3, 0x40, 0xff), 0);
	assert_int_equal(insn.operation, OP_MOV);
	assert_int_equal(insn.displacement, -1);
	assert_int_equal(DECODE(0x66, 0x0f, 0xc3, 0x00), -EINVAL);
	assert_int_equal(DECODE(0x0f, 0xc3, 0xc0), -EINVAL);
	/* movabs %rax, 0x1122334455667788 */
	assert_int_equal(DECODE(0x48, 0xa3, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11), 0);
	assert_int_equal(insn.displacement, 0x1122334455667788);
	assert_int_equal(insn.length, 10);
}

static void immediates(void **state)
{
	(void)state;
	/* lock andb $0xfd, (%rdi) */
	assert_int_equal(DECODE(0xf0, 0x80, 0x27, 0xfd), 0);
	assert_int_equal(insn.operation, OP_AND);
	assert_int_equal(insn.size, 1);
	assert_int_equal(insn.immediate, 0xfffffffffffffffd);
	assert_true(insn.prefixes & PREFIX_LOCK);
	/* movq $-2, 8(%rip): the immediate is 32 bits, after the displacement */
	assert_int_equal(DECODE(0x48, 0xc7, 0x05, 8, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff), 0);
	assert_int_equal(insn.base, REGISTER_RIP);
	assert_int_equal(insn.displacement, 8);
	assert_int_equal(insn.immediate, 0xfffffffffffffffe);
	assert_int_equal(insn.length, 11);
	/* movw $0x1234, (%rsp) */
	assert_int_equal(DECODE(0x66, 0xc7, 0x04, 0x24, 0x34, 0x12), 0);
	assert_int_equal(insn.immediate, 0x1234);
	assert_int_equal(insn.base, 4);
	/* lock btr $5, (%rdi) */
	assert_int_equal(DECODE(0xf0, 0x48, 0x0f, 0xba, 0x37, 5), 0);
	assert_int_equal(insn.operation, OP_BTR);
	assert_int_equal(insn.immediate, 5);
	/* movl $1, 0x1000 by a SIB byte without base and index */
	assert_int_equal(DECODE(0xc7, 0x04, 0x25, 0, 0x10, 0, 0, 1, 0, 0, 0), 0);
	assert_int_equal(insn.base, REGISTER_NONE);
	assert_int_equal(insn.index, REGISTER_NONE);
	assert_int_equal(insn.displacement, 0x1000);
}

static void prefixes(void **state)
{
	(void)state;
	/* A REX byte that is not the last prefix has no effect. */
	assert_int_equal(DECODE(0x48, 0x66, 0x89, 0x07), 0);
	assert_int_equal(insn.size, 2);
	assert_false(insn.rex);
	/* Of several REX bytes the last counts. */
	assert_int_equal(DECODE(0x48, 0x41, 0x89, 0x07), 0);
	assert_int_equal(insn.size, 4);
	assert_int_equal(insn.base, 15);
	/* Segments but fs and gs mean nothing; the last of those counts. */
	assert_int_equal(DECODE(0x2e, 0x3e, 0x89, 0x07), 0);
	assert_int_equal(insn.prefixes, 0);
	assert_int_equal(DECODE(0x64, 0x65, 0x89, 0x07), 0);
	assert_int_equal(insn.prefixes, PREFIX_GS);
	/* lock only where the processor takes it */
	assert_int_equal(DECODE(0xf0, 0x89, 0x07), -EINVAL);
	assert_int_equal(DECODE(0xf0, 0x87, 0xc7), -EINVAL);
	assert_int_equal(DECODE(0xf0, 0x83, 0x3f, 0), -EINVAL);	/* cmp */
	assert_int_equal(DECODE(0xf0, 0x0f, 0xb1, 0x0f), 0);
	assert_int_equal(insn.operation, OP_CMPXCHG);
}

static void system_instructions(void **state)
{
	(void)state;
	assert_int_equal(DECODE(0x0f, 0x30), 0);
	assert_int_equal(insn.operation, OP_WRMSR);
	/* mov %r8, %cr4: always registers, whatever mod says */
	assert_int_equal(DECODE(0x41, 0x0f, 0x22, 0x20), 0);
	assert_int_equal(insn.operation, OP_TO_CR);
	assert_int_equal(insn.reg, 4);
	assert_int_equal(insn.rm, 8);
	assert_int_equal(insn.size, 8);
	assert_false(insn.memory);
	assert_int_equal(DECODE(0x0f, 0x01, 0xd1), 0);
	assert_int_equal(insn.operation, OP_XSETBV);
	assert_int_equal(DECODE(0x0f, 0x01, 0x38), 0);
	assert_int_equal(insn.operation, OP_INVLPG);
	assert_int_equal(DECODE(0x0f, 0x01, 0xf9), 0);
	assert_int_equal(insn.operation, OP_RDTSCP);
	assert_int_equal(DECODE(0x0f, 0x01, 0xf8), -EINVAL);	/* swapgs */
	assert_int_equal(DECODE(0x0f, 0x01, 0x10), -EINVAL);	/* lgdt */
	/* in $0x71, %al; out %eax, %dx; rep insw */
	assert_int_equal(DECODE(0xe4, 0x71), 0);
	assert_true(insn.has_immediate);
	assert_int_equal(DECODE(0x48, 0xef), 0);
	assert_int_equal(insn.operation, OP_OUT);
	assert_int_equal(DECODE(0xf3, 0x66, 0x6d), 0);
	assert_int_equal(insn.operation, OP_INS);
	assert_int_equal(insn.size, 2);
	assert_int_equal(insn.prefixes, PREFIX_REP | PREFIX_OPERAND_SIZE);
}

static void refusals(void **state)
{
	uint8_t nops[16];

	(void)state;
	assert_int_equal(DECODE(0x90), -EINVAL);
	assert_int_equal(DECODE(0x0f, 0xff), -EINVAL);
	assert_int_equal(DECODE(0x0f, 0xc7, 0x0f), -EINVAL);	/* cmpxchg8b */
	assert_int_equal(DECODE(0xff, 0x37), -EINVAL);		/* push */
	assert_int_equal(DECODE(0xc7, 0x0f, 0, 0, 0, 0), -EINVAL);
	/* Longer than any instruction may be */
	memset(nops, 0x66, sizeof(nops));
	assert_int_equal(decode(nops, 15), -EINVAL);
	assert_int_equal(decode(nops, 14), -ENODATA);
	assert_int_equal(decode(nops, 0), -ENODATA);
}

/* However an instruction is cut, the decoder asks for more and never guesses. */
static void truncation(void **state)
{
	static const uint8_t longest[] = { 0xf0, 0x65, 0x67, 0x48, 0x81, 0x84, 0x8b, 1, 2, 3, 4, 5, 6,
					   7, 8 };

	(void)state;
	assert_int_equal(sizeof(longest), INSTRUCTION_MAX);
	assert_int_equal(decode(longest, sizeof(longest)), 0);
	assert_int_equal(insn.length, sizeof(longest));
	for (unsigned int n = 0; n < sizeof(longest); n++)
		assert_int_equal(decode(longest, n), -ENODATA);
}

static void addresses(void **state)
{
	struct regs regs = { .rip = 0x1000, .rax = 0x10, .rbx = 0xffffffff00000001, .r12 = 8 };

	(void)state;
	/* 0x20(%rax, %r12, 8) */
	assert_int_equal(DECODE(0x4a, 0x89, 0x4c, 0xe0, 0x20), 0);
	assert_int_equal(instruction_address(&insn, &regs), 0x10 + 8 * 8 + 0x20);
	/* -1(%ebx) */
	assert_int_equal(DECODE(0x67, 0x89, 0x4b, 0xff), 0);
	assert_int_equal(instruction_address(&insn, &regs), 0);
	/* 16(%rip): from the next instruction */
	assert_int_equal(DECODE(0x89, 0x0d, 16, 0, 0, 0), 0);
	assert_int_equal(instruction_address(&insn, &regs), 0x1000 + 6 + 16);
}

static void register_parts(void **state)
{
	struct regs regs = { .rax = 0x1122334455667788, .rsp = 0xaabbccddeeff0011 };

	(void)state;
	assert_int_equal(register_get(&regs, 4, 1, false), 0x77);	/* ah */
	assert_int_equal(register_get(&regs, 4, 1, true), 0x11);	/* spl */
	assert_int_equal(register_get(&regs, 0, 4, false), 0x55667788);
	register_set(&regs, 4, 1, false, 0x99);
	assert_int_equal(regs.rax, 0x1122334455669988);
	register_set(&regs, 0, 2, false, 0xabcd1234);
	assert_int_equal(regs.rax, 0x1122334455661234);
	register_set(&regs, 0, 4, false, ~0ULL);
	assert_int_equal(regs.rax, 0xffffffff);
	register_set(&regs, 4, 8, false, 1);
	assert_int_equal(regs.rsp, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stores_of_registers), cmocka_unit_test(immediates),
		cmocka_unit_test(prefixes), cmocka_unit_test(system_instructions),
		cmocka_unit_test(refusals), cmocka_unit_test(truncation),
		cmocka_unit_test(addresses), cmocka_unit_test(register_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
