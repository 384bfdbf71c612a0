/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 2-level events, and time. */
#include "event.h"

#include <hypercall/event.h>

#include "guest.h"
#include "vcpu.h"

static event_handler *handlers[EVENT_PORTS];

static uint64_t bit_of(uint32_t port)
{
	return 1ULL << port % 64;
}

void event_mask(uint32_t port)
{
	__atomic_fetch_or(&shared_info->evtchn_mask[port / 64], bit_of(port), __ATOMIC_SEQ_CST);
}

void event_unmask(uint32_t port)
{
	struct hc_evtchn_unmask op = { .port = port };

	need(hc_event_channel_op(HC_EVTCHNOP_UNMASK, &op));
}

bool event_pending(uint32_t port)
{
	return READ_ONCE(shared_info->evtchn_pending[port / 64]) & bit_of(port);
}

void event_clear(uint32_t port)
{
	__atomic_fetch_and(&shared_info->evtchn_pending[port / 64], ~bit_of(port), __ATOMIC_SEQ_CST);
}

void event_set_handler(uint32_t port, event_handler *handler)
{
	handlers[port] = handler;
	event_unmask(port);
}

static void handle_word(unsigned int word)
{
	uint64_t ready;

	while ((ready = READ_ONCE(shared_info->evtchn_pending[word]) &
			~READ_ONCE(shared_info->evtchn_mask[word]))) {
		uint32_t port = word * 64 + __builtin_ctzll(ready);

		event_clear(port);
		if (port >= EVENT_PORTS || !handlers[port]) {
			error("event on port %u, which has no handler\n", port);
			event_mask(port);
			continue;
		}
		handlers[port](port);
	}
}

void event_upcall(void)
{
	struct hc_vcpu_info *info = vcpu_info(this_vcpu()->id);

	while (__atomic_exchange_n(&info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST)) {
		uint64_t words = __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);

		for (; words; words &= words - 1)
			handle_word(__builtin_ctzll(words));
	}
}

void upcalls_off(void)
{
	WRITE_ONCE(vcpu_info(this_vcpu()->id)->evtchn_upcall_mask, 1);
	barrier();
}

/* Unmasking does not deliver by itself: what came meanwhile is taken here. */
void upcalls_on(void)
{
	struct hc_vcpu_info *info = vcpu_info(this_vcpu()->id);

	barrier();
	WRITE_ONCE(info->evtchn_upcall_mask, 0);
	barrier();
	while (READ_ONCE(info->evtchn_upcall_pending)) {
		WRITE_ONCE(info->evtchn_upcall_mask, 1);
		barrier();
		event_upcall();
		barrier();
		WRITE_ONCE(info->evtchn_upcall_mask, 0);
		barrier();
	}
}

void event_init(void)
{
	for (unsigned int i = 0; i < HC_EVTCHN_2L_WORDS; i++)
		shared_info->evtchn_mask[i] = ~0ULL;
	upcalls_on();
}

long event_bind_ipi(unsigned int vcpu)
{
	struct hc_evtchn_bind_ipi op = { .vcpu = vcpu };
	long r = hc_event_channel_op(HC_EVTCHNOP_BIND_IPI, &op);

	return r ? r : op.port;
}

long event_bind_virq(unsigned int virq, unsigned int vcpu)
{
	struct hc_evtchn_bind_virq op = { .virq = virq, .vcpu = vcpu };
	long r = hc_event_channel_op(HC_EVTCHNOP_BIND_VIRQ, &op);

	return r ? r : op.port;
}

long event_alloc_unbound(uint16_t remote)
{
	struct hc_evtchn_alloc_unbound op = { .dom = HC_DOMID_SELF, .remote_dom = remote };
	long r = hc_event_channel_op(HC_EVTCHNOP_ALLOC_UNBOUND, &op);

	return r ? r : op.port;
}

long event_bind_interdomain(uint16_t remote, uint32_t remote_port)
{
	struct hc_evtchn_bind_interdomain op = { .remote_dom = remote, .remote_port = remote_port };
	long r = hc_event_channel_op(HC_EVTCHNOP_BIND_INTERDOMAIN, &op);

	return r ? r : op.local_port;
}

long event_send(uint32_t port)
{
	struct hc_evtchn_send op = { .port = port };

	return hc_event_channel_op(HC_EVTCHNOP_SEND, &op);
}

long event_close(uint32_t port)
{
	struct hc_evtchn_close op = { .port = port };

	return hc_event_channel_op(HC_EVTCHNOP_CLOSE, &op);
}

static uint64_t read_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

uint64_t system_time(void)
{
	const volatile struct hc_vcpu_time_info *t = &vcpu_info(this_vcpu()->id)->time;
	uint32_t version;
	uint64_t now;

	do {
		uint64_t ticks;

		version = t->version;
		barrier();
		ticks = read_tsc() - t->tsc_timestamp;
		ticks = t->tsc_shift < 0 ? ticks >> -t->tsc_shift : ticks << t->tsc_shift;
		now = t->system_time +
		      (uint64_t)((unsigned __int128)ticks * t->tsc_to_system_mul >> 32);
		barrier();
	} while (version & 1 || version != t->version);
	return now;
}

bool wait_for(volatile uint32_t *flag, uint64_t ns)
{
	uint64_t end = system_time() + ns;

	while (!*flag && system_time() < end)
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	return *flag;
}
