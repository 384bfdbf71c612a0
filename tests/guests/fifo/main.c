/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels with FIFO queues.  Proof: ports come out of the queue of their
 * priority in the order in which they were raised, once; masked ones wait for the
 * unmask; hostile contents of the shared words do not hurt the hypervisor; bad
 * frames are refused; after a reset bitmaps are in use again.
 */
#include <hypercall/event.h>

#include "event.h"
#include "guest.h"
#include "page.h"
#include "vcpu.h"

#define BIT(name) (1u << HC_EVTCHN_FIFO_##name)

static struct hc_evtchn_fifo_control_block *control;
static uint32_t *words;
static uint32_t heads[HC_EVTCHN_FIFO_MAX_QUEUES];

static long init_control(uint64_t mfn, uint32_t offset, uint32_t vcpu)
{
	struct hc_evtchn_init_control op = { .control_gfn = mfn, .offset = offset, .vcpu = vcpu };
	long r = hc_event_channel_op(HC_EVTCHNOP_INIT_CONTROL, &op);

	if (!r)
		expect_equal("link bits", op.link_bits, HC_EVTCHN_FIFO_LINK_BITS);
	return r;
}

static long expand(uint64_t mfn)
{
	struct hc_evtchn_expand_array op = { .array_gfn = mfn };

	return hc_event_channel_op(HC_EVTCHNOP_EXPAND_ARRAY, &op);
}

static long set_priority(uint32_t port, uint32_t priority)
{
	struct hc_evtchn_set_priority op = { .port = port, .priority = priority };

	return hc_event_channel_op(HC_EVTCHNOP_SET_PRIORITY, &op);
}

/* The next port, 0: none; as a guest kernel consumes them. */
static uint32_t next(void)
{
	uint32_t ready = READ_ONCE(control->ready), q, port, link;

	if (!ready)
		return 0;
	q = __builtin_ctz(ready);
	port = heads[q] ? heads[q] : READ_ONCE(control->head[q]);
	link = __atomic_fetch_and(&words[port], ~(HC_EVTCHN_FIFO_LINK_MASK | BIT(LINKED)),
				  __ATOMIC_SEQ_CST) & HC_EVTCHN_FIFO_LINK_MASK;
	heads[q] = link;
	if (!link)
		__atomic_fetch_and(&control->ready, ~(1u << q), __ATOMIC_SEQ_CST);
	__atomic_fetch_and(&words[port], ~BIT(PENDING), __ATOMIC_SEQ_CST);
	return port;
}

static void start(void)
{
	control = page_alloc();
	words = page_alloc();
	expect_error(expand(ptr_to_mfn(words)), EOPNOTSUPP);
	expect_error(init_control(ptr_to_mfn(control), 0, 1000), ENOENT);
	expect_error(init_control(ptr_to_mfn(control), 1, 0), EINVAL);
	expect_error(init_control(ptr_to_mfn(control), PAGE_SIZE - 8, 0), EINVAL);
	expect_error(init_control(ptr_to_mfn((void *)start_info->pt_base), 0, 0), EINVAL);
	expect_refused(init_control(1UL << 35, 0, 0));
	need(init_control(ptr_to_mfn(control), 0, 0));
	expect_error(init_control(ptr_to_mfn(control), 0, 0), EINVAL);
	expect_error(expand(ptr_to_mfn((void *)start_info->pt_base)), EINVAL);
	need(expand(ptr_to_mfn(words)));
}

static void order(uint32_t *p)
{
	expect_success(set_priority(p[2], HC_EVTCHN_FIFO_PRIORITY_MAX));
	expect_error(set_priority(p[2], HC_EVTCHN_FIFO_PRIORITY_MIN + 1), EINVAL);
	for (unsigned int i = 0; i < 4; i++) {
		expect_success(event_send(p[i]));
		expect_success(event_send(p[i]));
	}
	expect_equal("upcall pending", vcpu_info(0)->evtchn_upcall_pending, 1);
	expect_equal("urgent one", next(), p[2]);
	expect_equal("first", next(), p[0]);
	expect_success(event_send(p[0]));
	expect_equal("second", next(), p[1]);
	expect_equal("third", next(), p[3]);
	expect_equal("first again", next(), p[0]);
	expect_equal("none left", next(), 0);
}

static void masks(uint32_t port)
{
	struct hc_evtchn_unmask op = { .port = port };

	words[port] |= BIT(MASKED);
	expect_success(event_send(port));
	expect_equal("while masked", next(), 0);
	expect(words[port] & BIT(PENDING), "not pending\n");
	expect_success(hc_event_channel_op(HC_EVTCHNOP_UNMASK, &op));
	expect_equal("after the unmask", next(), port);
}

static void scribble(uint32_t *p)
{
	uint64_t random = 88172645463325252;

	for (unsigned int i = 0; i < 3000; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		words[random % 16] = random >> 32;
		control->ready = random >> 20;
		control->head[random >> 8 & 15] = random >> 40;
		event_send(p[random >> 4 & 3]);
	}
	memset(words, 0, PAGE_SIZE);
	memset(control, 0, sizeof(*control));
	memset(heads, 0, sizeof(heads));
}

void test_main(void)
{
	struct hc_evtchn_reset reset = { .dom = HC_DOMID_SELF };
	uint32_t ports[4];

	upcalls_off();
	section("set up\n");
	start();
	for (unsigned int i = 0; i < 4; i++) {
		need(event_bind_ipi(0));
		ports[i] = i + 1;
	}
	section("order and priority\n");
	order(ports);
	section("masks\n");
	masks(ports[1]);
	section("hostile contents\n");
	scribble(ports);
	section("back to bitmaps\n");
	expect_success(hc_event_channel_op(HC_EVTCHNOP_RESET, &reset));
	expect_error(event_send(ports[0]), EINVAL);
	need(event_bind_ipi(0));
	shared_info->evtchn_mask[0] = ~0UL;
	expect_success(event_send(1));
	expect(event_pending(1), "the bitmap does not show the event\n");
	section("the frames are free again\n");
	expect_success(remap(words, ptr_to_mfn(words), PTE_RO));
}
