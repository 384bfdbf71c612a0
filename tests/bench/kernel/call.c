/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of calls that touch nothing, and of the kernel's own exceptions. */
#include <hypercall/sched.h>
#include <hypercall/version.h>

#include "guest.h"
#include "rows.h"
#include "trap.h"

#define BATCH 32

uint64_t run_null(unsigned int times)
{
	uint64_t begin = ticks_begin();

	while (times--)
		hc_xen_version(HC_VERSION_VERSION, NULL);
	return ticks_end() - begin;
}

uint64_t run_multicall(unsigned int times)
{
	static struct hc_multicall_entry list[BATCH];
	uint64_t begin;

	for (unsigned int i = 0; i < BATCH; i++)
		list[i] = (struct hc_multicall_entry){
			.op = HC_NR_XEN_VERSION, .args = { HC_VERSION_VERSION },
		};
	begin = ticks_begin();
	while (times--)
		hc_multicall(list, BATCH);
	begin = ticks_end() - begin;
	expect(list[BATCH - 1].result != 0, "the last call of a multicall was not made\n");
	return begin;
}

uint64_t run_stack_switch(unsigned int times)
{
	static char stack[16] __attribute__((aligned(16)));
	uint64_t begin = ticks_begin();

	while (times--)
		hypercall(HC_NR_STACK_SWITCH, HC_FLAT_KERNEL_SS64, PTR(stack + sizeof(stack)), 0, 0, 0);
	return ticks_end() - begin;
}

uint64_t run_yield(unsigned int times)
{
	uint64_t begin = ticks_begin();

	while (times--)
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	return ticks_end() - begin;
}

#define UD2_LENGTH 2

static bool step_over(struct trap_frame *frame)
{
	if (frame->vector != TRAP_UD)
		return false;
	frame->rip += UD2_LENGTH;
	return true;
}

uint64_t run_exception(unsigned int times)
{
	uint64_t begin;

	trap_hook = step_over;
	begin = ticks_begin();
	while (times--)
		__asm__ volatile("ud2" ::: "memory");
	begin = ticks_end() - begin;
	trap_hook = NULL;
	return begin;
}
