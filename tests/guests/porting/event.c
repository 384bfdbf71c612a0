/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Step 4, events and exceptions: what other kernels get as interrupts and faults. Between a source and
 * event_entry is
 *
 *   evtchn_pending, evtchn_mask   a bit a port, in shared_info
 *   evtchn_pending_sel            a bit for each 64 ports of which one has become pending and is not masked
 *   evtchn_upcall_pending, _mask  a byte each: call this vcpu; do not call it now
 */
#include <hypercall/callback.h>
#include <hypercall/sched.h>
#include <hypercall/vcpu.h>

#include "kernel.h"

#define PORTS	64	/* That we expect: one word of the bitmaps. */

struct exception_frame {
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

extern char event_entry[], exception_stubs[];
void event_upcall(void);
void exception(struct exception_frame *frame);

struct hc_shared_info *shared_info;
static event_handler *handlers[PORTS];

void exception(struct exception_frame *frame)
{
	/* CR2 is not the guest's to read: the hypervisor leaves it in vcpu_info. */
	panic("exception %lu, error code 0x%lx, at 0x%lx, stack 0x%lx, address 0x%lx", frame->vector,
	      frame->error, frame->rip, frame->rsp, shared_info->vcpu_info[0].arch.cr2);
}

static void register_entries(void)
{
	static struct hc_trap_info gates[EXCEPTIONS + 1];	/* The last one ends the list. */
	struct hc_callback_register callback = {
		.type = HC_CALLBACKTYPE_EVENT, .address = ADDRESS(event_entry),
	};

	for (unsigned int i = 0; i < EXCEPTIONS; i++)
		gates[i] = (struct hc_trap_info){
			.vector = i, .flags = HC_TI_IF, .cs = HC_FLAT_KERNEL_CS64,
			.address = ADDRESS(exception_stubs + 16 * i),
		};
	must("set_trap_table", hypercall(HC_NR_SET_TRAP_TABLE, ADDRESS(gates), 0, 0, 0));
	must("registering the callback", hypercall(HC_NR_CALLBACK_OP, HC_CALLBACKOP_REGISTER,
						   ADDRESS(&callback), 0, 0));
}

static void events_off(void)
{
	WRITE_ONCE(shared_info->vcpu_info[0].evtchn_upcall_mask, 1);
	barrier();
}

/*
 * A store of 0 does not deliver what has come meanwhile: nobody sees it. So we look ourselves, after
 * the store; in the other order an event between the two would lie there until the next one.
 */
static void events_on(void)
{
	struct hc_vcpu_info *info = &shared_info->vcpu_info[0];

	for (;;) {
		barrier();
		WRITE_ONCE(info->evtchn_upcall_mask, 0);
		barrier();
		if (!READ_ONCE(info->evtchn_upcall_pending))
			return;
		events_off();
		event_upcall();
	}
}

void event_init(void)
{
	shared_info = map_frame(start_info->shared_info >> HC_PAGE_SHIFT);
	/* All ports start unmasked. What we have no handler for shall not call us. */
	for (unsigned int i = 0; i < HC_EVTCHN_2L_WORDS; i++)
		shared_info->evtchn_mask[i] = ~0ULL;
	register_entries();
	events_on();
}

/* A port is unmasked by hypercall, which also delivers what it had pending. */
void event_open(uint32_t port, event_handler *handler)
{
	struct hc_evtchn_unmask unmask = { .port = port };

	if (port >= PORTS)
		panic("event port %u; raise PORTS in event.c", port);
	handlers[port] = handler;
	must("unmasking a port", hypercall(HC_NR_EVENT_CHANNEL_OP, HC_EVTCHNOP_UNMASK, ADDRESS(&unmask), 0, 0));
}

void event_send(uint32_t port)
{
	struct hc_evtchn_send send = { .port = port };

	hypercall(HC_NR_EVENT_CHANNEL_OP, HC_EVTCHNOP_SEND, ADDRESS(&send), 0, 0);
}

/*
 * Each level is cleared before the one below is looked at, so what comes while we are at it sets it
 * again. Entered with events masked, from event_entry or from events_on().
 */
void event_upcall(void)
{
	struct hc_vcpu_info *info = &shared_info->vcpu_info[0];
	uint64_t ready;

	while (__atomic_exchange_n(&info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST)) {
		__atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
		while ((ready = READ_ONCE(shared_info->evtchn_pending[0]) &
				~READ_ONCE(shared_info->evtchn_mask[0]))) {
			uint32_t port = __builtin_ctzll(ready);

			__atomic_fetch_and(&shared_info->evtchn_pending[0], ~(1ULL << port), __ATOMIC_SEQ_CST);
			if (handlers[port])
				handlers[port]();
		}
	}
}

/*
 * With events masked nothing comes between looking and sleeping: SCHEDOP_BLOCK opens the mask and
 * sleeps in one step, and does not sleep when something is pending.
 */
bool wait_until(bool (*done)(void), uint64_t deadline)
{
	bool is_done;

	events_off();
	while (!(is_done = done()) && system_time() < deadline) {
		/* Again each time: a timer may be early, and the clock decides. */
		timer_set(deadline);
		hypercall(HC_NR_SCHED_OP, HC_SCHEDOP_BLOCK, 0, 0, 0);
		events_off();
	}
	events_on();
	return is_done;
}
