/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Debug registers.  Proof: what is set is read back, a watched word traps when
 * it is written and an instruction when it is reached, with the reason in DR6;
 * breakpoints in the hypervisor's memory and reserved registers are refused.
 */
#include "guest.h"
#include "page.h"
#include "trap.h"

#define DR7_WRITE8_0 (1UL << 0 | 1UL << 16 | 2UL << 18)	/* local 0: writes, 8 bytes */
#define DR7_EXECUTE_1 (1UL << 2)

static uint64_t watched[2] __attribute__((aligned(16)));
static volatile unsigned int hits;
static volatile uint64_t status;

static long set(unsigned int reg, uint64_t value)
{
	return hypercall(HC_NR_SET_DEBUGREG, reg, value, 0, 0, 0);
}

static uint64_t get(unsigned int reg)
{
	return hypercall(HC_NR_GET_DEBUGREG, reg, 0, 0, 0, 0);
}

static bool count(struct trap_frame *f)
{
	if (f->vector != TRAP_DB)
		return false;
	hits++;
	status = get(6);
	set(6, 0xffff0ff0);
	f->rflags |= 1UL << 16;
	return true;
}

static void __attribute__((noinline)) reached(void)
{
	__asm__ volatile("nop");
}

void test_main(void)
{
	trap_hook = count;
	section("a word\n");
	expect_success(set(0, PTR(watched)));
	expect_success(set(7, DR7_WRITE8_0));
	expect_equal("DR0", get(0), PTR(watched));
	WRITE_ONCE(watched[1], 1);
	expect_equal("hits of the neighbour", hits, 0);
	WRITE_ONCE(watched[0], 1);
	expect_equal("hits", hits, 1);
	expect_equal("reason", status & 15, 1);
	expect_success(set(7, 0));
	WRITE_ONCE(watched[0], 2);
	expect_equal("hits when disabled", hits, 1);
	section("an instruction\n");
	expect_success(set(1, PTR(reached)));
	expect_success(set(7, DR7_EXECUTE_1));
	reached();
	expect_equal("hits", hits, 2);
	expect_equal("reason", status & 15, 2);
	expect_success(set(7, 0));
	section("refusals\n");
	expect_refused(set(0, HC_HYPERVISOR_VIRT_START));
	expect_refused(set(0, 0xffff830000000000));
	expect_refused(set(0, 0x8000000000000000));
	expect_refused(set(8, 0));
	expect_refused(set(~0u, 0));
	expect((long)get(8) < 0, "register 8 reads as 0x%lx\n", get(8));
	expect_equal("DR0", get(0), PTR(watched));
}
