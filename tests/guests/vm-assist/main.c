/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vm_assist.  Proof: the assists that Linux uses can be turned on and off, the
 * run-state flag shows in the registered area, unknown ones are refused.
 */
#include <hypercall/vcpu.h>

#include "guest.h"
#include "page.h"

static long assist(unsigned int cmd, unsigned int type)
{
	return hypercall(HC_NR_VM_ASSIST, cmd, type, 0, 0, 0);
}

void test_main(void)
{
	static const unsigned int types[] = {
		HC_VMASST_TYPE_4GB_SEGMENTS, HC_VMASST_TYPE_WRITABLE_PAGETABLES,
		HC_VMASST_TYPE_PAE_EXTENDED_CR3, HC_VMASST_TYPE_RUNSTATE_UPDATE_FLAG,
	};
	struct hc_vcpu_runstate_info *area = page_alloc();
	struct hc_vcpu_register_runstate_memory_area op = { .addr.v = PTR(area) };

	section("on and off\n");
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		expect_success(assist(HC_VMASST_CMD_ENABLE, types[i]));
		expect_success(assist(HC_VMASST_CMD_DISABLE, types[i]));
		expect_success(assist(HC_VMASST_CMD_ENABLE, types[i]));
	}
	section("run-state area with the flag\n");
	need(hc_vcpu_op(HC_VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA, 0, &op));
	hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	expect(!(READ_ONCE(area->state_entry_time) & HC_RUNSTATE_UPDATE),
	       "the area is marked as being written\n");
	section("refusals\n");
	expect_refused(assist(HC_VMASST_CMD_ENABLE, 31));
	expect_refused(assist(HC_VMASST_CMD_ENABLE, 64));
	expect_refused(assist(HC_VMASST_CMD_ENABLE, ~0u));
	expect_refused(assist(9, HC_VMASST_TYPE_WRITABLE_PAGETABLES));
}
