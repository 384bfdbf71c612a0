/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of absurd length, and ones that never end well.  Proof: each call comes
 * back with an error in bounded time while other work (a timer event) goes on.
 */
#include <hypercall/event.h>
#include <hypercall/grant.h>
#include <hypercall/vcpu.h>

#include "event.h"
#include "guest.h"
#include "page.h"

#define SECOND 1000000000UL

static struct hc_multicall_entry calls[4096];
static struct hc_mmu_update updates[4096];
static volatile uint32_t ticks;

static void tick(uint32_t port)
{
	(void)port;
	ticks++;
}

static void bounded(const char *what, uint64_t start)
{
	uint64_t took = system_time() - start;

	print("%s: %lu us\n", what, took / 1000);
	expect(took < 30 * SECOND, "%s took %lu ns\n", what, took);
}

static void counts(void)
{
	static const uint64_t many[] = { 0x7fffffff, 0x80000000, 0xffffffff, 1UL << 32, ~0UL };
	uint64_t start = system_time();

	for (unsigned int i = 0; i < ARRAY_SIZE(many); i++) {
		void *end = (void *)(VIRT_BASE + 0x3ffff000);

		expect_refused(hc_multicall(end, many[i] | 1));
		expect_refused(hc_mmu_update(end, (many[i] | 1) & 0x7fffffff, HC_DOMID_SELF));
		expect_refused(hc_mmuext_op(end, (many[i] | 1) & 0x7fffffff, HC_DOMID_SELF));
		expect_refused(hc_grant_table_op(HC_GNTTABOP_COPY, end, many[i] | 1));
		expect_refused(hypercall(HC_NR_SET_GDT, PTR(end), (uint32_t)many[i] | 1, 0, 0, 0));
	}
	bounded("absurd counts", start);
}

static void extents(void)
{
	struct hc_memory_reservation op = {
		.extent_start = PTR(calls), .nr_extents = ~0UL, .domid = HC_DOMID_SELF,
	};
	uint64_t start = system_time();

	expect(hc_memory_op(HC_MEM_DECREASE_RESERVATION, &op) <= 0, "~0 extents given back\n");
	op.nr_extents = 1UL << 40;
	op.extent_order = 40;
	expect(hc_memory_op(HC_MEM_INCREASE_RESERVATION, &op) <= 0, "2^80 pages\n");
	expect(hc_memory_op(HC_MEM_POPULATE_PHYSMAP, &op) <= 0, "2^80 pages\n");
	expect_refused(hypercall(HC_NR_MEMORY_OP, ~0UL, PTR(&op), 0, 0, 0) >= 0 ? 1 : -1);
	bounded("absurd extents", start);
}

static void long_lists(void)
{
	uint64_t *page = page_alloc(), start = system_time();
	uint32_t before = ticks;

	for (unsigned int i = 0; i < ARRAY_SIZE(updates); i++)
		updates[i] = (struct hc_mmu_update){
			.ptr = ptr_to_maddr(pte_of(page, 1)),
			.val = make_pte(ptr_to_mfn(page), PTE_DATA),
		};
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
		calls[i] = (struct hc_multicall_entry){
			.op = HC_NR_MMU_UPDATE,
			.args = { PTR(updates), 64, 0, HC_DOMID_SELF },
		};
	expect_success(hc_mmu_update(updates, ARRAY_SIZE(updates), HC_DOMID_SELF));
	bounded("4096 updates", start);
	start = system_time();
	expect_success(hc_multicall(calls, ARRAY_SIZE(calls)));
	bounded("4096 calls of 64 updates each", start);
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
		expect_equal("result", calls[i].result, 0);
	expect(ticks > before, "no timer event came during long lists\n");
}

void test_main(void)
{
	struct hc_vcpu_set_periodic_timer op = { .period_ns = 2000000 };
	long port = event_bind_virq(HC_VIRQ_TIMER, 0);

	need(port);
	event_init();
	event_set_handler(port, tick);
	need(hc_vcpu_op(HC_VCPUOP_SET_PERIODIC_TIMER, 0, &op));
	section("counts\n");
	counts();
	section("extents\n");
	extents();
	section("long lists\n");
	long_lists();
}
