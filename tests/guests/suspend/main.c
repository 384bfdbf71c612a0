/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What saving a domain needs: a child suspends itself and is resumed in place, its
 * processors' state goes out and in again, its stacks are seen, and its frames tell what they are.
 * Proof: the hypercall of the suspended vcpu returns 1, the other one goes on; what
 * was set is what is got; the frames' numbers, levels and pins are the known ones.
 */
#include <hypercall/vcpu.h>

#include "child.h"
#include "guest.h"
#include "page.h"
#include "trap.h"
#include "vcpu.h"

#define TOKEN 0x5353

static uint64_t *page, *table_page;
static struct hc_vcpu_guest_context context;
static struct hc_vcpu_state state, again;

static long control(uint32_t cmd, uint32_t vcpu, void *buffer)
{
	struct hc_control op = {
		.cmd = cmd, .domid = child_domid,
		.u.vcpu_context = { .vcpu = vcpu, .buffer = PTR(buffer) },
	};

	return hc_control_op(&op);
}

static uint32_t info_state(void)
{
	struct hc_control op = { .cmd = HC_CONTROL_INFO, .domid = child_domid };

	need(hc_control_op(&op));
	return op.u.info.state;
}

static void suspend_and_resume(void)
{
	expect_error(control(HC_CONTROL_RESUME, 0, NULL), EINVAL);
	child_order(0, CHILD_SUSPEND, TOKEN, 0);
	while (!(info_state() & HC_INFO_SHUTDOWN))
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	expect_success(control(HC_CONTROL_VCPU_GET_CONTEXT, 0, &context));
	expect_equal("third argument of the suspended call", context.user_regs.rdx, TOKEN);
	expect_equal("its result if it starts elsewhere", context.user_regs.rax, 0);
	expect_equal("it is up", context.flags & HC_VGCF_ONLINE, HC_VGCF_ONLINE);
	expect_equal("tables", context.ctrlreg[3] >> PAGE_SHIFT, M2P[context.ctrlreg[3] >> PAGE_SHIFT] ?
		     (long)(context.ctrlreg[3] >> PAGE_SHIFT) : -1);
	expect_success(control(HC_CONTROL_RESUME, 0, NULL));
	expect_equal("result of the suspended call", child_answer(0), 1);
	expect_equal("the other vcpu", child_do(1, CHILD_WRITE, PTR(page), 4), 0);
	expect_equal("shut down", info_state() & HC_INFO_SHUTDOWN, 0);
	expect_error(control(HC_CONTROL_RESUME, 0, NULL), EINVAL);
}

static void state_out_and_in(void)
{
	struct hc_control op = { .cmd = HC_CONTROL_PAUSE, .domid = child_domid };

	need(hc_control_op(&op));
	expect_error(control(HC_CONTROL_VCPU_GET_STATE, CHILD_VCPUS, &state), EINVAL);
	expect_success(control(HC_CONTROL_VCPU_GET_STATE, 1, &state));
	expect_equal("timers", state.singleshot | state.periodic, 0);
	state.syscall32_callback = PTR(failsafe_entry);
	state.sysenter_callback = PTR(syscall_entry);
	state.flags = HC_VCPU_STATE_SYSENTER_MASKS | HC_VCPU_STATE_TRAP_PENDING;
	state.trap_vector = TRAP_GP;
	state.trap_error = 0x18;
	state.singleshot = 3600000000000UL;
	state.periodic = 50000000;
	if (state.xsave_size) {
		state.xsave[32] = 0x77;		/* st0's mantissa */
		state.xsave[512] |= 1;
	}
	expect_success(control(HC_CONTROL_VCPU_SET_STATE, 1, &state));
	expect_success(control(HC_CONTROL_VCPU_GET_STATE, 1, &again));
	expect(again.singleshot && again.singleshot <= state.singleshot, "the timer is lost\n");
	again.singleshot = state.singleshot;
	expect(!memcmp(&state, &again, sizeof(state)), "the state is another than was set\n");
	/* What cannot be. */
	again.trap_vector = 256;
	expect_error(control(HC_CONTROL_VCPU_SET_STATE, 1, &again), EINVAL);
	again = state;
	again.syscall32_callback = HC_HYPERVISOR_VIRT_START;
	expect_error(control(HC_CONTROL_VCPU_SET_STATE, 1, &again), EINVAL);
	again = state;
	again.periodic = 1;
	expect_error(control(HC_CONTROL_VCPU_SET_STATE, 1, &again), EINVAL);
	if (state.xsave_size) {
		again = state;
		again.xsave[512 + 8] = 1;	/* the compact form */
		expect_error(control(HC_CONTROL_VCPU_SET_STATE, 1, &again), EINVAL);
		again = state;
		again.xsave[512 + 7] = 0x80;
		expect_error(control(HC_CONTROL_VCPU_SET_STATE, 1, &again), EOPNOTSUPP);
		again = state;
		again.xcr0 = 0;
		expect_error(control(HC_CONTROL_VCPU_SET_STATE, 1, &again), EINVAL);
	} else {
		print("this processor has no XSAVE\n");
	}
	/* As it was: no trap, no timers. */
	state.flags = 0;
	state.trap_vector = state.trap_error = 0;
	state.singleshot = state.periodic = state.syscall32_callback = state.sysenter_callback = 0;
	expect_success(control(HC_CONTROL_VCPU_SET_STATE, 1, &state));
	op.cmd = HC_CONTROL_UNPAUSE;
	need(hc_control_op(&op));
	expect_equal("it goes on", child_do(1, CHILD_WRITE, PTR(page), 5), 0);
}

static long switch_stack(uint64_t sp)
{
	return hypercall(HC_NR_STACK_SWITCH, HC_FLAT_KERNEL_SS64, sp, 0, 0, 0);
}

/* Entries write 64 bytes below the stack: none may be the hypervisor's. */
static void kernel_stack(uint64_t sp, uint64_t kept)
{
	struct hc_control op = { .cmd = HC_CONTROL_PAUSE, .domid = child_domid };

	expect_equal("stack_switch", child_do(0, CHILD_CHURN, sp, 0), 0);
	need(hc_control_op(&op));
	expect_success(control(HC_CONTROL_VCPU_GET_CONTEXT, 0, &context));
	expect_equal("kernel's stack", context.kernel_sp, kept);
	op.cmd = HC_CONTROL_UNPAUSE;
	need(hc_control_op(&op));
}

static void kernel_stacks(void)
{
	kernel_stack(HC_HYPERVISOR_VIRT_START + 16, 0);
	kernel_stack(HC_HYPERVISOR_VIRT_END, 0);
	kernel_stack(HC_HYPERVISOR_VIRT_END + 48, 0);
	kernel_stack(HC_HYPERVISOR_VIRT_END + 72, HC_HYPERVISOR_VIRT_END + 64);
}

static void what_frames_are(void)
{
	uint64_t mfn = child_mfn(table_page), list[] = { child_mfn(page), mfn, ptr_to_mfn(page), ~0UL, 0 };
	struct hc_control op = {
		.cmd = HC_CONTROL_INFO, .domid = child_domid,
	};

	need(hc_control_op(&op));
	list[4] = op.u.info.shared_info_mfn;
	expect_equal("read-only", child_do(0, CHILD_MAP, PTR(table_page), make_pte(mfn, PTE_RO)), 0);
	expect_equal("pin", child_do(0, CHILD_PIN, HC_MMUEXT_PIN_L1_TABLE, mfn), 0);
	op = (struct hc_control){
		.cmd = HC_CONTROL_FRAME_INFO, .domid = child_domid,
		.u.frame_info = { .list = PTR(list), .count = ARRAY_SIZE(list) },
	};
	expect_success(hc_control_op(&op));
	expect_equal("done", op.u.frame_info.done, ARRAY_SIZE(list));
	expect_equal("a page", list[0], child_gfn(page));
	expect_equal("a pinned table", list[1],
		     child_gfn(table_page) | 1UL << HC_FRAME_LEVEL_SHIFT | HC_FRAME_PINNED);
	expect_equal("a frame of ours", list[2], HC_FRAME_ALIEN);
	expect_equal("no frame", list[3], HC_FRAME_ALIEN);
	expect_equal("shared_info", list[4] & (HC_FRAME_SHARED | HC_FRAME_LEVEL | HC_FRAME_ALIEN), HC_FRAME_SHARED);
	op.u.frame_info = (struct hc_control_frame_info){ .list = PTR(list) };
	expect_error(hc_control_op(&op), EINVAL);
	op.u.frame_info = (struct hc_control_frame_info){ .list = 8, .count = 1 };
	expect_error(hc_control_op(&op), EFAULT);
}

void test_main(void)
{
	page = page_alloc();
	table_page = page_alloc();
	child_churn = switch_stack;
	child_start();
	expect_equal("the child answers", child_do(1, CHILD_WRITE, PTR(page), 3), 0);
	section("suspend, and resume in place\n");
	suspend_and_resume();
	section("the state of a vcpu\n");
	state_out_and_in();
	section("stacks beside the hypervisor\n");
	kernel_stacks();
	section("what frames are\n");
	what_frames_are();
}
