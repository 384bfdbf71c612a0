/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * callback_op, set_callbacks and NMIs.  Proof: the event callback that was registered
 * last is the one entered, addresses no guest can have are refused and leave the
 * old one in place, and what must stay registered cannot be unregistered.  An NMI
 * enters what the trap table has, or what was registered later.
 */
#include <hypercall/callback.h>

#include "event.h"
#include "guest.h"
#include "trap.h"

static volatile uint32_t count;
extern char second_entry[];

/* Counts, then goes on as the usual entry does. */
__asm__(".pushsection .text\n"
	"second_entry: incl entered_second(%rip); jmp event_entry\n"
	".popsection");
volatile uint32_t entered_second;

static void handler(uint32_t port)
{
	(void)port;
	count++;
}

static long set_event(uint64_t address)
{
	struct hc_callback_register op = {
		.type = HC_CALLBACKTYPE_EVENT, .flags = HC_CALLBACKF_MASK_EVENTS,
		.address = address,
	};

	return hc_callback_op(HC_CALLBACKOP_REGISTER, &op);
}

static unsigned int nmis;
__asm__(".pushsection .text\n"
	"nmi_entry: incl entered_nmi(%rip); jmp *trap_table+40(%rip)\n"
	".popsection");
volatile uint32_t entered_nmi;
extern char nmi_entry[];

static bool count_nmi(struct trap_frame *frame)
{
	nmis += frame->vector == TRAP_NMI;
	return frame->vector == TRAP_NMI;
}

static void nmi(void)
{
	struct hc_callback_register reg = { .type = HC_CALLBACKTYPE_NMI, .address = PTR(nmi_entry) };
	struct hc_callback_unregister un = { .type = HC_CALLBACKTYPE_NMI };
	struct hc_nmi_callback callback = { .handler_address = PTR(nmi_entry) };

	trap_hook = count_nmi;
	expect_success(hc_vcpu_op(HC_VCPUOP_SEND_NMI, 0, NULL));
	expect_equal("NMIs by the trap table", nmis, 1);
	expect_success(hc_callback_op(HC_CALLBACKOP_REGISTER, &reg));
	expect_success(hc_vcpu_op(HC_VCPUOP_SEND_NMI, 0, NULL));
	expect_equal("NMIs by the callback", entered_nmi, 1);
	expect_success(hc_callback_op(HC_CALLBACKOP_UNREGISTER, &un));
	expect_success(hc_vcpu_op(HC_VCPUOP_SEND_NMI, 0, NULL));
	expect_equal("NMIs with none registered", nmis, 2);
	expect_success(hypercall(HC_NR_NMI_OP, HC_NMI_REGISTER_CALLBACK, PTR(&callback), 0, 0, 0));
	expect_success(hc_vcpu_op(HC_VCPUOP_SEND_NMI, 0, NULL));
	expect_equal("NMIs by nmi_op", entered_nmi, 2);
	callback.handler_address = HC_HYPERVISOR_VIRT_START;
	expect_refused(hypercall(HC_NR_NMI_OP, HC_NMI_REGISTER_CALLBACK, PTR(&callback), 0, 0, 0));
	expect_success(hypercall(HC_NR_NMI_OP, HC_NMI_UNREGISTER_CALLBACK, 0, 0, 0, 0));
	expect_success(hc_vcpu_op(HC_VCPUOP_SEND_NMI, 0, NULL));
	expect_equal("NMIs at the end", nmis, 3);
	expect_success(hypercall(HC_NR_SET_TRAP_TABLE, PTR(trap_table), 0, 0, 0, 0));
	trap_hook = NULL;
}

static void refusals(void)
{
	struct hc_callback_register bad = { .type = 99, .address = PTR(event_entry) };
	struct hc_callback_unregister un = { .type = HC_CALLBACKTYPE_EVENT };

	expect_refused(set_event(0x8000000000000000));
	expect_refused(hc_callback_op(HC_CALLBACKOP_REGISTER, &bad));
	expect_refused(hc_callback_op(HC_CALLBACKOP_UNREGISTER, &un));
	expect_error(hc_callback_op(99, &un), ENOSYS);
	expect_error(hc_callback_op(HC_CALLBACKOP_REGISTER, (void *)8), EFAULT);
}

void test_main(void)
{
	long port = event_bind_ipi(0);

	need(port);
	event_init();
	event_set_handler(port, handler);
	section("the last one registered is entered\n");
	expect_success(event_send(port));
	expect_equal("events", count, 1);
	expect_success(set_event(PTR(second_entry)));
	expect_success(event_send(port));
	expect_equal("events", count, 2);
	expect_equal("entries at the second address", entered_second, 1);
	section("set_callbacks\n");
	expect_success(hypercall(HC_NR_SET_CALLBACKS, PTR(event_entry), PTR(failsafe_entry),
				 PTR(syscall_entry), 0, 0));
	expect_success(event_send(port));
	expect_equal("entries at the second address", entered_second, 1);
	section("NMIs\n");
	nmi();
	section("refusals\n");
	refusals();
	expect_success(event_send(port));
	expect_equal("events", count, 4);
}
