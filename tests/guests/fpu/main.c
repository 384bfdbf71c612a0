/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The FPU belongs to the vcpu.  Proof: registers survive blocking while another
 * vcpu uses its own on the same processor, be it XSAVE that looks at them first;
 * fpu_taskswitch makes the next use fault once, and not for others; control words
 * arrive in their reset state; and the hypervisor, which looks through page tables
 * with such registers, leaves no trace in them.
 */
#include <hypercall/event.h>
#include <hypercall/memory.h>
#include <hypercall/sched.h>
#include <hypercall/vcpu.h>

#include "event.h"
#include "guest.h"
#include "page.h"
#include "vcpu.h"

#define MS 1000000UL

#define XSTATE_AVX 7UL		/* with x87 and SSE */
#define XSAVE_XMM3 (160 + 3 * 16)
#define XSAVE_YMM3_HIGH (576 + 3 * 16)

static volatile uint32_t started, stop;
static char image[4096] __attribute__((aligned(64)));

static void set_xmm(uint64_t value)
{
	__asm__ volatile("movq %0, %%xmm3; movq %0, %%xmm15" :: "r"(value));
}

static uint64_t get_xmm(void)
{
	uint64_t a, b;

	__asm__ volatile("movq %%xmm3, %0; movq %%xmm15, %1" : "=r"(a), "=r"(b));
	return a == b ? a : ~0UL;
}

static void use(uint64_t arg)
{
	(void)arg;
	__asm__ volatile("movq %xmm0, %xmm0; fnop");
}

static bool has_avx(void)
{
	uint32_t a = 1, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return c >> 28 & 1;
}

static void enable_avx(void)
{
	if (has_avx())
		__asm__ volatile("xsetbv" : : "a"(XSTATE_AVX), "d"(0), "c"(0));
}

/* One processor for both, or there would be nothing to mix up. */
static void join(void)
{
	struct hc_sched_pin_override op = { .pcpu = 0 };

	need(hc_sched_op(HC_SCHEDOP_PIN_OVERRIDE, &op));
	enable_avx();
}

static void second(void)
{
	uint64_t n = 0;

	join();
	while (!stop) {
		set_xmm(++n);
		started = 1;
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
		if (get_xmm() != n)
			failure("vcpu 1 lost its registers\n");
	}
}

static long task_switch(unsigned int set)
{
	return hypercall(HC_NR_FPU_TASKSWITCH, set, 0, 0, 0, 0);
}

static void control_words(void)
{
	uint32_t mxcsr;
	uint16_t control;

	__asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr), "=m"(control));
	expect_equal("mxcsr", mxcsr, 0x1f80);
	expect_equal("control word", control, 0x37f);
}

static void lazy(void)
{
	expect_no_fault("use", attempt(use, 0));
	expect_success(task_switch(1));
	expect_fault("use after taskswitch", attempt(use, 0), TRAP_NM, 0);
	expect_no_fault("and once more", attempt(use, 0));
	expect_success(task_switch(1));
	expect_success(task_switch(0));
	expect_no_fault("after taking it back", attempt(use, 0));
}

/* A kernel switches processes without having used a register itself. */
static void saved_first(void)
{
	static const uint64_t value[4] = { 0x1111, 0x2222, 0x3333, 0x4444 };

	if (!has_avx())
		return;
	for (unsigned int i = 0; i < 200; i++) {
		__asm__ volatile("vmovdqu %0, %%ymm3" : : "m"(value));
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
		__asm__ volatile("xsave64 %0" : "+m"(image) : "a"(XSTATE_AVX), "d"(0));
		expect_equal("low half of ymm3", *(uint64_t *)&image[XSAVE_XMM3], value[0]);
		expect_equal("high half of ymm3", *(uint64_t *)&image[XSAVE_YMM3_HIGH], value[2]);
	}
}

static void beside_another(void)
{
	join();
	if (vcpu_start(1, second)) {
		skip("there is no second vcpu\n");
		return;
	}
	expect(wait_for(&started, 5000 * MS), "vcpu 1 does not run\n");
	saved_first();
	set_xmm(0xabcdef);
	for (unsigned int i = 0; i < 200; i++) {
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
		expect_equal("register after yield", get_xmm(), 0xabcdef);
	}
	for (unsigned int i = 0; i < 10; i++) {
		upcalls_off();
		hc_set_timer_op(system_time() + 2 * MS);
		hc_sched_op(HC_SCHEDOP_BLOCK, NULL);
		upcalls_on();
		expect_equal("register after block", get_xmm(), 0xabcdef);
	}
	expect_success(task_switch(1));
	for (unsigned int i = 0; i < 10; i++)
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	expect_fault("after a switch of tasks, and of vcpus", attempt(use, 0), TRAP_NM, 0);
	expect_equal("register behind it", get_xmm(), 0xabcdef);
	stop = 1;
}

#define VECTORS 16
static uint64_t filled[VECTORS][2], found[VECTORS][2];

#define EACH_VECTOR(op) \
	op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) op(14) op(15)
#define FILL(n) "movups " #n "*16(%0), %%xmm" #n "\n\t"
#define STORE(n) "movups %%xmm" #n ", " #n "*16(%0)\n\t"

static long pin_and_unpin(const void *table)
{
	struct hc_mmuext_op ops[2] = {
		{ .cmd = HC_MMUEXT_PIN_L1_TABLE, .arg1.mfn = ptr_to_mfn(table) },
		{ .cmd = HC_MMUEXT_UNPIN_TABLE, .arg1.mfn = ptr_to_mfn(table) },
	};

	return hc_mmuext_op(ops, 2, HC_DOMID_SELF);
}

static void tables_checked(void)
{
	uint64_t *table = page_alloc(), *data = page_alloc();
	long rc[2];

	for (unsigned int i = 0; i < 512; i += 37)
		table[i] = make_pte(ptr_to_mfn(data), PTE_DATA);
	make_readonly(table);
	for (unsigned int i = 0; i < VECTORS; i++) {
		filled[i][0] = 0x0123456789abcdef * (i + 1);
		filled[i][1] = ~filled[i][0];
	}
	__asm__ volatile(EACH_VECTOR(FILL) : : "r"(filled) : "memory");
	rc[0] = pin_and_unpin(table);
	task_switch(1);
	rc[1] = pin_and_unpin(table);
	expect_fault("use after taskswitch, and a check", attempt(use, 0), TRAP_NM, 0);
	__asm__ volatile(EACH_VECTOR(STORE) : : "r"(found) : "memory");
	expect_success(rc[0]);
	expect_success(rc[1]);
	for (unsigned int i = 0; i < VECTORS; i++) {
		expect_equal("low half of a register", found[i][0], filled[i][0]);
		expect_equal("high half of a register", found[i][1], filled[i][1]);
	}
}

static void tick(uint32_t port)
{
	(void)port;
}

void test_main(void)
{
	long port = event_bind_virq(HC_VIRQ_TIMER, 0);

	need(port);
	event_init();
	hc_vcpu_op(HC_VCPUOP_STOP_PERIODIC_TIMER, 0, NULL);
	event_set_handler(port, tick);
	section("first values\n");
	control_words();
	section("task switches\n");
	lazy();
	section("page tables checked meanwhile\n");
	tables_checked();
	section("beside another vcpu\n");
	beside_another();
}
