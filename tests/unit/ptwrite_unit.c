/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stores into page tables: results, races, refusals, faults on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "emulate_world.h"

#define FLAG_ZF (1UL << 6)

static uint64_t entry(void)
{
	uint64_t value;

	memcpy(&value, world_at(WORLD_DATA), 8);
	return value;
}

static void set_entry(uint64_t value)
{
	memcpy(world_at(WORLD_DATA), &value, 8);
}

static mfn_t table;

static int setup(void **state)
{
	(void)state;
	table = WORLD_TABLE;
	world_reset();
	world.access[1] = WORLD_READ;
	world.regs.rdi = WORLD_DATA;
	return 0;
}

/* A table that the quick forms do not take: everything goes the long way. */
static int setup_slow(void **state)
{
	setup(state);
	table = 0;
	return 0;
}

static enum emulate_result run(void)
{
	return emulate_pagetable_write(&world.vcpu, &world.regs, WORLD_DATA, table);
}

static void mov_and_xchg(void **state)
{
	(void)state;
	CODE(0x48, 0x89, 0x07);		/* mov %rax, (%rdi) */
	world.regs.rax = 0x1234567890;
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(entry(), 0x1234567890);
	assert_int_equal(world.regs.rip, WORLD_CODE + 3);
	CODE(0x48, 0x87, 0x07);		/* xchg %rax, (%rdi) */
	world.regs.rax = 7;
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(entry(), 7);
	assert_int_equal(world.regs.rax, 0x1234567890);
	assert_int_equal(world.regs.rflags, RFLAGS_IF | 2);
}

static void compare_exchange(void **state)
{
	(void)state;
	CODE(0xf0, 0x48, 0x0f, 0xb1, 0x0f);	/* lock cmpxchg %rcx, (%rdi) */
	set_entry(5);
	world.regs.rax = 5;
	world.regs.rcx = 9;
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(entry(), 9);
	assert_int_equal(world.regs.rax, 5);
	assert_true(world.regs.rflags & FLAG_ZF);
	world.regs.rip = WORLD_CODE;
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(entry(), 9);
	assert_int_equal(world.regs.rax, 9);
	assert_false(world.regs.rflags & FLAG_ZF);
	/* cmpxchg16b writes two entries: not ours */
	CODE(0xf0, 0x48, 0x0f, 0xc7, 0x0f);
	assert_int_equal(run(), EMULATE_UNHANDLED);
}

static void touch(uint64_t va)
{
	world.before_compare = NULL;
	set_entry(entry() | 0x20);
	(void)va;
}

/* The processor sets the accessed bit between our read and our exchange: the guest tries again. */
static void lost_race(void **state)
{
	(void)state;
	CODE(0x48, 0x87, 0x07);
	set_entry(0x1000);
	world.regs.rax = 0;
	world.before_compare = touch;
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.regs.rip, WORLD_CODE);
	assert_int_equal(world.regs.rax, 0);
	assert_int_equal(entry(), 0x1020);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.regs.rip, WORLD_CODE + 3);
	assert_int_equal(world.regs.rax, 0x1020);
	assert_int_equal(entry(), 0);
}

/* Flags of an instruction that has to run again must not change: they may be its input. */
static void lost_race_leaves_flags(void **state)
{
	(void)state;
	CODE(0xf0, 0x48, 0x83, 0x2f, 1);	/* lock sub $1, (%rdi) */
	set_entry(1);
	world.before_compare = touch;
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.regs.rflags, RFLAGS_IF | 2);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(entry(), 0x20);
}

static void refused_store(void **state)
{
	(void)state;
	CODE(0x48, 0x87, 0x07);
	world.regs.rax = 3;
	world.store_result = -EINVAL;
	assert_int_equal(run(), EMULATE_UNHANDLED);
	assert_int_equal(world.regs.rip, WORLD_CODE);
	assert_int_equal(world.regs.rax, 3);
}

/* The instruction there now is not the one that faulted. */
static void other_address(void **state)
{
	(void)state;
	CODE(0x48, 0x89, 0x07);
	world.regs.rdi = WORLD_DATA + 8;
	assert_int_equal(run(), EMULATE_UNHANDLED);
	world.regs.rdi = WORLD_DATA;
	CODE(0x65, 0x48, 0x89, 0x07);		/* by gs */
	assert_int_equal(run(), EMULATE_UNHANDLED);
	CODE(0x48, 0x89, 0xc7);			/* to a register */
	assert_int_equal(run(), EMULATE_UNHANDLED);
	CODE(0x48, 0x3b, 0x07);			/* cmp: no store */
	assert_int_equal(run(), EMULATE_UNHANDLED);
	CODE(0x48, 0x89, 0x07);
	world.regs.rdi = WORLD_DATA + 4;	/* across two entries */
	assert_int_equal(emulate_pagetable_write(&world.vcpu, &world.regs, WORLD_DATA + 4, table),
			 EMULATE_UNHANDLED);
	assert_int_equal(world.stores, 0);
}

/* The kernel stores into a page that it may only read: its own fault, whatever the instruction is. */
static void no_table(void **state)
{
	(void)state;
	table = WORLD_NO_TABLE;
	CODE(0x48, 0x89, 0x07);
	assert_int_equal(run(), EMULATE_UNHANDLED);
	CODE(0xf3, 0x48, 0xab);			/* rep stos: the long way */
	assert_int_equal(run(), EMULATE_UNHANDLED);
	assert_int_equal(world.stores, 0);
}

/* Bits beyond the operand: bts %rax, (%rdi) with bit 67 changes the second entry. */
static void bit_string(void **state)
{
	uint64_t second;

	(void)state;
	CODE(0xf0, 0x48, 0x0f, 0xab, 0x07);
	world.regs.rax = 67;
	assert_int_equal(run(), EMULATE_UNHANDLED);
	assert_int_equal(emulate_pagetable_write(&world.vcpu, &world.regs, WORLD_DATA + 8, table),
			 EMULATE_DONE);
	memcpy(&second, world_at(WORLD_DATA + 8), 8);
	assert_int_equal(second, 8);
	world.regs.rip = WORLD_CODE;
	world.regs.rax = (uint64_t)-61;		/* bit 3 of the entry before */
	world.regs.rdi = WORLD_DATA + 8;
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(entry(), 8);
}

/* rep stos: a batch at a time, ending at the end of the page. */
static void string_store(void **state)
{
	unsigned int traps = 0;

	(void)state;
	memset(world_at(WORLD_DATA), 0xff, PAGE_SIZE);
	CODE(0xf3, 0x48, 0xab);
	world.regs.rcx = 512;
	world.regs.rax = 0;
	while (world.regs.rip == WORLD_CODE) {
		assert_int_equal(emulate_pagetable_write(&world.vcpu, &world.regs, world.regs.rdi, table),
				 EMULATE_DONE);
		assert_true(++traps < 100);
	}
	assert_int_equal(traps, 512 / 64);
	assert_int_equal(world.stores, 512);
	assert_int_equal(world.regs.rcx, 0);
	assert_int_equal(world.regs.rdi, WORLD_DATA + PAGE_SIZE);
	/* More than the table holds: the rest is another fault's business. */
	CODE(0xf3, 0x48, 0xab);
	world.regs.rcx = 5;
	world.regs.rdi = WORLD_DATA + PAGE_SIZE - 16;
	assert_int_equal(emulate_pagetable_write(&world.vcpu, &world.regs, world.regs.rdi, table),
			 EMULATE_DONE);
	assert_int_equal(world.regs.rip, WORLD_CODE);
	assert_int_equal(world.regs.rcx, 3);
	assert_int_equal(world.regs.rdi, WORLD_DATA + PAGE_SIZE);
}

static void string_move(void **state)
{
	(void)state;
	CODE(0x48, 0xa5);		/* movsq */
	world.regs.rsi = WORLD_VA + 0x800;
	memset(world_at(world.regs.rsi), 0x5a, 8);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(entry(), 0x5a5a5a5a5a5a5a5a);
	assert_int_equal(world.regs.rsi, WORLD_VA + 0x808);
	/* Its source may fault: that is the guest's page fault, a read. */
	CODE(0x48, 0xa5);
	world.regs.rdi = WORLD_DATA;
	world.regs.rsi = 0x10000;
	assert_int_equal(run(), EMULATE_EXCEPTION);
	assert_int_equal(world.vector, TRAP_PF);
	assert_int_equal(world.fault_va, 0x10000);
	assert_int_equal(world.error_code, 0);
	assert_int_equal(world.regs.rip, WORLD_CODE);
}

static void fetch(void **state)
{
	(void)state;
	/* Unmapped since it ran */
	world.regs.rip = 0x7000;
	assert_int_equal(run(), EMULATE_EXCEPTION);
	assert_int_equal(world.vector, TRAP_PF);
	assert_int_equal(world.fault_va, 0x7000);
	assert_int_equal(world.error_code, PF_FETCH);
	/* At the end of a page: the next one is needed only if the instruction reaches it. */
	world_reset();
	world.regs.rdi = WORLD_DATA;
	world.access[2] = 0;
	world.regs.rip = WORLD_VA + 2 * PAGE_SIZE - 3;
	memcpy(world_at(world.regs.rip), "\x48\x89\x07", 3);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.regs.rip, WORLD_VA + 2 * PAGE_SIZE);
	world.regs.rip = WORLD_VA + 2 * PAGE_SIZE - 2;
	memcpy(world_at(world.regs.rip), "\x48\x89", 2);
	assert_int_equal(run(), EMULATE_EXCEPTION);
	assert_int_equal(world.fault_va, WORLD_VA + 2 * PAGE_SIZE);
	/* It goes on there. */
	world.access[2] = WORLD_READ;
	memcpy(world_at(WORLD_VA + 2 * PAGE_SIZE), "\x07", 1);
	assert_int_equal(run(), EMULATE_DONE);
	assert_int_equal(world.regs.rip, WORLD_VA + 2 * PAGE_SIZE + 1);
	/* Not in 32-bit code */
	CODE(0x48, 0x89, 0x07);
	world.regs.cs = 0x23;
	world.long_mode = false;
	assert_int_equal(run(), EMULATE_UNHANDLED);
}

static void single_step(void **state)
{
	(void)state;
	CODE(0x48, 0x89, 0x07);
	world.regs.rflags |= RFLAGS_TF | RFLAGS_RF;
	assert_int_equal(run(), EMULATE_EXCEPTION);
	assert_int_equal(world.vector, TRAP_DB);
	assert_int_equal(world.vcpu.debugreg[6], 1 << 14);
	assert_int_equal(world.regs.rip, WORLD_CODE + 3);
	assert_false(world.regs.rflags & RFLAGS_RF);
}

#define TEST(f) \
	cmocka_unit_test_setup(f, setup), \
	{ #f " (slow)", f, setup_slow, NULL, NULL }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(mov_and_xchg), TEST(compare_exchange), TEST(lost_race),
		TEST(lost_race_leaves_flags), TEST(refused_store), TEST(other_address), TEST(no_table),
		TEST(bit_string), TEST(string_store), TEST(string_move), TEST(fetch),
		TEST(single_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
