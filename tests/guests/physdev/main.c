/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * physdev_op, as far as it needs no device.  Proof: an interrupt of the machine
 * (the keyboard's, GSI 1) can be set up, mapped, bound to a port, acknowledged and
 * given back; bad numbers and pointers are refused.
 */
#include <hypercall/event.h>
#include <hypercall/physdev.h>

#include "event.h"
#include "guest.h"
#include "page.h"

static long bind_pirq(uint32_t pirq)
{
	struct hc_evtchn_bind_pirq op = { .pirq = pirq };
	long r = hc_event_channel_op(HC_EVTCHNOP_BIND_PIRQ, &op);

	return r ? r : op.port;
}

static void one_interrupt(void)
{
	struct hc_physdev_map_pirq map = {
		.domid = HC_DOMID_SELF, .type = HC_MAP_PIRQ_TYPE_GSI, .index = 1, .pirq = 1,
	};
	struct hc_physdev_unmap_pirq unmap = { .domid = HC_DOMID_SELF };
	struct hc_physdev_irq_status_query status = { 0 };
	struct hc_physdev_eoi eoi = { 0 };
	long port;

	expect_success(hc_physdev_op(HC_PHYSDEVOP_MAP_PIRQ, &map));
	status.irq = eoi.irq = unmap.pirq = map.pirq;
	expect_success(hc_physdev_op(HC_PHYSDEVOP_IRQ_STATUS_QUERY, &status));
	port = bind_pirq(map.pirq);
	expect(port > 0, "bind_pirq gives %ld\n", port);
	expect_error(bind_pirq(map.pirq), EEXIST);
	expect_success(hc_physdev_op(HC_PHYSDEVOP_EOI, &eoi));
	expect_success(event_close(port));
	expect_success(hc_physdev_op(HC_PHYSDEVOP_UNMAP_PIRQ, &unmap));
}

static void refusals(void)
{
	struct hc_physdev_map_pirq map = {
		.domid = HC_DOMID_SELF, .type = HC_MAP_PIRQ_TYPE_GSI, .index = 100000, .pirq = -1,
	};
	struct hc_physdev_irq_status_query status = { .irq = ~0u };
	struct hc_physdev_eoi eoi = { .irq = ~0u };

	expect_refused(hc_physdev_op(HC_PHYSDEVOP_MAP_PIRQ, &map));
	map.index = 1;
	map.type = 77;
	expect_refused(hc_physdev_op(HC_PHYSDEVOP_MAP_PIRQ, &map));
	map.type = HC_MAP_PIRQ_TYPE_GSI;
	map.domid = 0x7000;
	expect_refused(hc_physdev_op(HC_PHYSDEVOP_MAP_PIRQ, &map));
	expect_refused(hc_physdev_op(HC_PHYSDEVOP_IRQ_STATUS_QUERY, &status));
	expect_refused(hc_physdev_op(HC_PHYSDEVOP_EOI, &eoi));
	expect_refused(bind_pirq(~0u));
	expect_error(hc_physdev_op(99, NULL), ENOSYS);
	expect_error(hc_physdev_op(HC_PHYSDEVOP_EOI, (void *)8), EFAULT);
}

void test_main(void)
{
	event_init();
	if (!(start_info->flags & HC_SIF_INITDOMAIN)) {
		skip("only the management domain owns interrupts\n");
		return;
	}
	section("one interrupt\n");
	one_interrupt();
	section("refusals\n");
	refusals();
}
