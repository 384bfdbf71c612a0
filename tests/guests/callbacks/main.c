/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * callback_op and set_callbacks.  Proof: the event callback that was registered
 * last is the one entered, addresses no guest can have are refused and leave the
 * old one in place, and what must stay registered cannot be unregistered.
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
	section("refusals\n");
	refusals();
	expect_success(event_send(port));
	expect_equal("events", count, 4);
}
