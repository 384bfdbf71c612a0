/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls into a guest's kernel.  Proof: a call comes with its arguments and its result goes
 * back; kernel and user mode find every register and flag as it was, whether the call
 * ended itself, used up its time, faulted or was cancelled; nothing is delivered
 * meanwhile, but comes afterwards; a call waits for open events, and a vcpu that
 * waits is woken; and what hostile kernels do ends in errors: endings without a call,
 * calls in calls, nonsense for addresses, user tables that are gone.
 */
#include <hypercall/event.h>
#include <hypercall/extension.h>
#include <hypercall/vcpu.h>

#include "child.h"
#include "event.h"
#include "guest.h"
#include "page.h"
#include "trap.h"
#include "user.h"
#include "vcpu.h"

#define EINTR 4
#define ETIME 62
#define SHORT 20000		/* us: also where the emulator has little of a processor */
#define LONG HC_SYMCALL_BUDGET_MAX

enum function { ADD, SPIN, READ, UD2, BLOCK, OPEN, NESTED, MULTICALL, DROP_USER };

/* What the aborted function does. */
enum cleanup { CLEANUP_END, CLEANUP_SPIN, CLEANUP_FAULT };

void symcall_entry(void), symcall_aborted(void);
long symcall_handle(uint64_t function, uint64_t a, uint64_t b, uint64_t c, uint64_t d);
long symcall_clean_up(long reason);

/* The registers that a call is entered with are those of a C function. */
__asm__(".text\n"
	"symcall_entry: call symcall_handle\n"
	"1: mov %rax, %rsi\n"
	"mov $9, %edi\n"
	"call hypercall_page + 50 * 32\n"
	"ud2\n"
	"symcall_aborted: call symcall_clean_up\n"
	"jmp 1b\n");
_Static_assert(HC_EXTENSION_SYMCALL_END == 9 && HC_NR_EXTENSION == 50 && HC_HYPERCALL_SLOT_SIZE == 32,
	       "the numbers above");

static char stacks[VCPUS][8192] __attribute__((aligned(16)));
static void *answers;
static enum cleanup cleanup;
static volatile long cleanups, cleanup_reason;
static volatile uint32_t events, event_port;
static volatile uint64_t masked_in_call, in_call_error;

static long extension(unsigned int op, const void *arg)
{
	return hypercall(HC_NR_EXTENSION, op, PTR(arg), 0, 0, 0);
}

static long end_call(long result)
{
	return hypercall(HC_NR_EXTENSION, HC_EXTENSION_SYMCALL_END, (uint64_t)result, 0, 0, 0);
}

/* ---- in calls ---- */

static void spin(void)
{
	for (;;)
		__asm__ volatile("pause");
}

static long symcall(uint16_t domid, struct hc_control_symcall *c)
{
	struct hc_control op = { .cmd = HC_CONTROL_SYMCALL, .domid = domid, .u.symcall = *c };
	long result = hc_control_op(&op);

	*c = op.u.symcall;
	return result;
}

/* An event to oneself, and then one opens the events: it has to wait. */
static long open_events(void)
{
	uint32_t before = events;

	event_send(event_port);
	WRITE_ONCE(vcpu_info(this_vcpu()->id)->evtchn_upcall_mask, 0);
	barrier();
	hc_xen_version(0, NULL);
	return events - before;
}

static long nested(void)
{
	struct hc_control_symcall c = { .op = HC_SYMCALL_START, .budget = SHORT };

	return symcall(HC_DOMID_SELF, &c);
}

static long in_multicall(void)
{
	struct hc_multicall_entry e = { .op = HC_NR_EXTENSION, .args = { HC_EXTENSION_SYMCALL_END, 5 } };

	need(hypercall(HC_NR_MULTICALL, PTR(&e), 1, 0, 0, 0));
	return e.result;
}

static long drop_user_tables(void)
{
	struct hc_mmuext_op op = { .cmd = HC_MMUEXT_NEW_USER_BASEPTR };

	return hc_mmuext_op(&op, 1, HC_DOMID_SELF);
}

long symcall_handle(uint64_t function, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	masked_in_call = vcpu_info(this_vcpu()->id)->evtchn_upcall_mask;
	switch (function) {
	case ADD:
		*(volatile uint64_t *)answers = a;
		return (long)(a + b * 10 + c * 100 + d * 1000);
	case SPIN:
		spin();
		return 0;
	case READ:
		return *(volatile long *)a;
	case UD2:
		__asm__ volatile("ud2");
		return 0;
	case BLOCK:
		hc_sched_op(HC_SCHEDOP_BLOCK, NULL);
		spin();
		return 0;
	case OPEN:
		return open_events();
	case NESTED:
		return nested();
	case MULTICALL:
		return in_multicall();
	default:
		return drop_user_tables();
	}
}

long symcall_clean_up(long reason)
{
	cleanups++;
	cleanup_reason = reason;
	if (cleanup == CLEANUP_SPIN)
		spin();
	if (cleanup == CLEANUP_FAULT)
		__asm__ volatile("ud2");
	return 77;
}

/* ---- who asks for them ---- */

static long announce(uint32_t vcpu, const void *entry, const void *stack, const void *aborted, uint64_t mfn)
{
	struct hc_extension_symcall r = {
		.vcpu = vcpu, .entry = PTR(entry), .stack = PTR(stack), .aborted = PTR(aborted), .mfn = mfn,
	};

	return extension(HC_EXTENSION_SYMCALL_REGISTER, &r);
}

static void take_calls(uint32_t vcpu, bool with_cleanup)
{
	cleanup = CLEANUP_END;
	need(announce(vcpu, symcall_entry, stacks[vcpu] + sizeof(stacks[vcpu]),
		      with_cleanup ? symcall_aborted : NULL, ptr_to_mfn(answers)));
}

static long start(uint16_t domid, uint32_t vcpu, enum function function, uint64_t a, uint32_t budget)
{
	struct hc_control_symcall c = {
		.op = HC_SYMCALL_START, .vcpu = vcpu, .function = function, .argument = { a, 2, 3, 4 },
		.budget = budget,
	};

	return symcall(domid, &c);
}

static uint32_t state(uint16_t domid, struct hc_control_symcall *c)
{
	*c = (struct hc_control_symcall){ .op = HC_SYMCALL_RESULT };
	expect_success(symcall(domid, c));
	return c->state;
}

static long cancel(uint16_t domid)
{
	struct hc_control_symcall c = { .op = HC_SYMCALL_CANCEL };

	return symcall(domid, &c);
}

static void wait_state(uint16_t domid, uint32_t wanted)
{
	struct hc_control_symcall c;

	while (state(domid, &c) != wanted)
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
}

static long answer(uint16_t domid)
{
	struct hc_control_symcall c;

	while (state(domid, &c) != HC_SYMCALL_DONE)
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	return c.result;
}

static long call(uint32_t vcpu, enum function function, uint64_t a)
{
	long result = start(HC_DOMID_SELF, vcpu, function, a, SHORT);

	return result ? result : answer(HC_DOMID_SELF);
}

static uint64_t counter(unsigned int which)
{
	static struct hc_extension_counters c;

	need(extension(HC_EXTENSION_COUNTERS, &c));
	return c.value[which];
}

/* ---- cases ---- */

static void check_plain(void)
{
	struct hc_control_symcall c;

	expect_error(start(HC_DOMID_SELF, 0, ADD, 1, SHORT), ENODATA);
	expect_equal("no call", state(HC_DOMID_SELF, &c), HC_SYMCALL_IDLE);
	take_calls(0, false);
	expect_equal("arguments and result", call(0, ADD, 1), 4321);
	expect_equal("events are masked", masked_in_call, 1);
	expect_equal("events are open again", vcpu_info(0)->evtchn_upcall_mask, 0);
	state(HC_DOMID_SELF, &c);
	expect_equal("the frame for answers", c.mfn, ptr_to_mfn(answers));
	expect_equal("what is in it", *(volatile uint64_t *)answers, 1);
	expect_equal("another call", call(0, ADD, 2), 4322);
	/* The vcpu's entry gone, there are no calls. */
	need(announce(0, NULL, NULL, NULL, 0));
	expect_error(start(HC_DOMID_SELF, 0, ADD, 1, SHORT), ENODATA);
}

static void count_event(uint32_t port)
{
	(void)port;
	events++;
}

static void check_events(void)
{
	struct hc_control_symcall c;

	event_port = (uint32_t)event_bind_ipi(0);
	event_set_handler(event_port, count_event);
	take_calls(0, false);
	expect_equal("events delivered in the call", call(0, OPEN, 0), 0);
	expect_equal("... and after it", events, 1);

	upcalls_off();
	expect_success(start(HC_DOMID_SELF, 0, ADD, 5, SHORT));
	for (unsigned int i = 0; i < 10; i++)
		expect_equal("while events are masked", state(HC_DOMID_SELF, &c), HC_SYMCALL_REQUESTED);
	expect_error(start(HC_DOMID_SELF, 0, ADD, 5, SHORT), EBUSY);
	upcalls_on();
	expect_equal("when they are open", answer(HC_DOMID_SELF), 4325);

	/* As Linux opens events: the flag, and a call of the hypervisor if one is pending. */
	upcalls_off();
	expect_success(start(HC_DOMID_SELF, 0, ADD, 6, SHORT));
	*(volatile uint64_t *)answers = 0;
	WRITE_ONCE(vcpu_info(0)->evtchn_upcall_mask, 0);
	barrier();
	expect(vcpu_info(0)->evtchn_upcall_pending, "nothing tells the kernel to enter the hypervisor\n");
	hc_xen_version(0, NULL);
	expect_equal("at once", *(volatile uint64_t *)answers, 6);

	upcalls_off();
	expect_success(start(HC_DOMID_SELF, 0, ADD, 7, SHORT));
	expect_success(cancel(HC_DOMID_SELF));
	upcalls_on();
	hc_xen_version(0, NULL);
	expect_equal("a cancelled call", state(HC_DOMID_SELF, &c), HC_SYMCALL_IDLE);
	expect_equal("... has not run", *(volatile uint64_t *)answers, 6);
	expect_equal("the next one does", call(0, ADD, 8), 4328);
}

static void check_aborts(void)
{
	uint64_t aborts = counter(HC_COUNTER_SYMCALL_ABORTS), calls = counter(HC_COUNTER_SYMCALLS);

	for (int with = 0; with < 2; with++) {
		take_calls(0, with);
		expect_error(call(0, SPIN, 0), ETIME);
		expect_error(call(0, BLOCK, 0), ETIME);
		expect_error(call(0, READ, 8), EFAULT);
		expect_error(call(0, UD2, 0), EFAULT);
		expect_equal("the next one", call(0, ADD, 1), 4321);
	}
	expect_equal("calls of the other function", cleanups, 4);
	expect_equal("its argument", cleanup_reason, -EFAULT);
	cleanup = CLEANUP_SPIN;
	expect_error(call(0, UD2, 0), EFAULT);
	cleanup = CLEANUP_FAULT;
	expect_error(call(0, SPIN, 0), ETIME);
	expect_equal("calls of the other function", cleanups, 6);
	expect_equal("calls", counter(HC_COUNTER_SYMCALLS) - calls, 12);
	expect_equal("aborts", counter(HC_COUNTER_SYMCALL_ABORTS) - aborts, 10);
	expect_equal("events are open", vcpu_info(0)->evtchn_upcall_mask, 0);
	expect_fault("an exception after all", attempt_write(8, 0), TRAP_PF, PF_WRITE);
	upcalls_on();
}

static void check_hostile(void)
{
	struct hc_extension_symcall r = { .pad = 1 };
	char *hole = (char *)HC_HYPERVISOR_VIRT_START, *stack = stacks[0] + sizeof(stacks[0]);

	expect_error(end_call(0), EINVAL);
	expect_error(extension(HC_EXTENSION_SYMCALL_REGISTER, &r), EINVAL);
	expect_error(extension(HC_EXTENSION_SYMCALL_REGISTER, NULL), EFAULT);
	expect_error(announce(64, symcall_entry, stack, NULL, 0), EINVAL);
	expect_error(announce(0, hole, stack, NULL, 0), EINVAL);
	expect_error(announce(0, (void *)(1UL << 62), stack, NULL, 0), EINVAL);
	expect_error(announce(0, symcall_entry, hole + 8, NULL, 0), EINVAL);
	expect_error(announce(0, symcall_entry, stack, hole, 0), EINVAL);
	expect_error(announce(0, symcall_entry, stack, NULL, ~0UL), EINVAL);
	/* Addresses without anything there: that is found out by the call. */
	need(announce(0, (void *)8, stack, NULL, 0));
	expect_error(call(0, ADD, 1), EFAULT);
	need(announce(0, symcall_entry, (void *)4096, (void *)16, 0));
	expect_error(call(0, ADD, 1), EFAULT);
	take_calls(0, false);
	expect_equal("a call in a call", call(0, NESTED, 0), -EBUSY);
	expect_equal("the end in a multicall", call(0, MULTICALL, 0), -EINVAL);
	expect_error(end_call(0), EINVAL);
	expect_error(start(HC_DOMID_SELF, 64, ADD, 0, SHORT), EINVAL);
	expect_error(start(HC_DOMID_SELF, 0, ADD, 0, 99), EINVAL);
	expect_error(start(HC_DOMID_SELF, 0, ADD, 0, LONG + 1), EINVAL);
	expect_error(start(0x1234, 0, ADD, 0, SHORT), ESRCH);
	expect_error(symcall(HC_DOMID_SELF, &(struct hc_control_symcall){ .op = 4 }), EINVAL);
}

/* ---- what was interrupted ---- */

/*
 * uint64_t keep(const uint32_t *stop): loops without a change to any register or flag until *stop
 * is set; then 0, or the number of registers that are others.
 */
uint64_t keep(volatile uint32_t *stop);
__asm__(".text\n"
	"keep: push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"mov $0x1111111111, %rax; mov $0x2222222222, %rbx; mov $0x3333333333, %rdx\n"
	"mov $0x4444444444, %rsi; mov $0x5555555555, %rbp; mov $0x6666666666, %r8\n"
	"mov $0x7777777777, %r9; mov $0x8888888888, %r10; mov $0x9999999999, %r11\n"
	"mov $0xaaaaaaaaaa, %r12; mov $0xbbbbbbbbbb, %r13; mov $0xcccccccccc, %r14\n"
	"push $0xcd7\n"			/* CF PF AF ZF SF DF OF, and bit 1 */
	"popf\n"
	"mov %rsp, %r15\n"
	"1: mov (%rdi), %ecx\n"
	"jrcxz 1b\n"
	"cmovnc %rsp, %rax; cmovnz %rsp, %rbx; cmovns %rsp, %rdx; cmovno %rsp, %rsi; cmovnp %rsp, %r8\n"
	"pushf; pop %rcx\n"
	"cld\n"
	"and $0x400, %ecx\n"
	"xor $0x400, %ecx\n"
	".macro same value, reg\n"
	"mov $\\value, %rdi\n"
	"xor \\reg, %rdi\n"
	"or %rdi, %rcx\n"
	".endm\n"
	"same 0x1111111111, %rax; same 0x2222222222, %rbx; same 0x3333333333, %rdx\n"
	"same 0x4444444444, %rsi; same 0x5555555555, %rbp; same 0x6666666666, %r8\n"
	"same 0x7777777777, %r9; same 0x8888888888, %r10; same 0x9999999999, %r11\n"
	"same 0xaaaaaaaaaa, %r12; same 0xbbbbbbbbbb, %r13; same 0xcccccccccc, %r14\n"
	"xor %rsp, %r15; or %r15, %rcx\n"
	"mov %rcx, %rax\n"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"ret\n");

static volatile uint32_t stop, kept, blocked;
static volatile uint64_t keep_result;

static void keeper(void)
{
	upcalls_on();
	keep_result = keep(&stop);
	kept = 1;
	blocked = 1;
	hc_sched_op(HC_SCHEDOP_BLOCK, NULL);
	blocked = 0;
	while (!*(volatile uint32_t *)&events)
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
}

static void abort_all_ways(uint32_t vcpu)
{
	for (int with = 0; with < 2; with++) {
		take_calls(vcpu, with);
		for (unsigned int i = 0; i < 20; i++)
			expect_equal("a call", call(vcpu, ADD, i), 4320 + i);
		expect_error(call(vcpu, SPIN, 0), ETIME);
		expect_error(call(vcpu, READ, 8), EFAULT);
		expect_success(start(HC_DOMID_SELF, vcpu, SPIN, 0, LONG));
		wait_state(HC_DOMID_SELF, HC_SYMCALL_RUNNING);
		expect_error(start(HC_DOMID_SELF, vcpu, ADD, 0, SHORT), EBUSY);
		expect_success(cancel(HC_DOMID_SELF));
		expect_error(answer(HC_DOMID_SELF), EINTR);
	}
}

static void check_other_vcpu(void)
{
	events = 0;
	need(vcpu_start(1, keeper));
	abort_all_ways(1);
	stop = 1;
	while (!kept)
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	expect_equal("registers and flags", keep_result, 0);
	section("one that waits\n");
	expect_equal("a call", call(1, ADD, 9), 4329);
	events = 1;
	while (!(hc_vcpu_op(HC_VCPUOP_IS_UP, 1, NULL) == 0))
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	expect_equal("it returned from its wait", blocked, 0);
}

user_asm(u_keep, "1: mov (%rdi), %ecx; jrcxz 1b; syscall; ud2");

/* On vcpu 1, while vcpu 0 is in user mode. */
static void caller(void)
{
	while (!READ_ONCE(*(uint64_t *)((char *)user_data() + 8)))
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	abort_all_ways(0);
	*(volatile uint64_t *)user_data() = 1;
}

static void check_user_mode(void)
{
	struct trap_frame f = {
		.rdi = USER_DATA, .rsi = 6, .rdx = 3, .rbx = 0xb, .rbp = 0xbb, .r8 = 8, .r9 = 9, .r10 = 10,
		.r12 = 12, .r13 = 13, .r14 = 14, .r15 = 15, .rax = 0xa, .rip = user_address(u_keep),
		.cs = HC_FLAT_USER_CS64, .rflags = 0xed7, .rsp = USER_STACK, .ss = HC_FLAT_USER_SS64,
	}, got;

	user_init();
	((uint64_t *)user_data())[1] = 1;
	need(vcpu_start(1, caller));
	got = user_run_frame(&f);
	expect_equal("how it came back", got.vector, TRAP_SYSCALL);
	expect_equal("flags", got.rflags, f.rflags);
	expect_equal("stack", got.rsp, f.rsp);
	expect_equal("mode", got.cs & 3, 3);
	got.rcx = got.r11 = 0;
	expect(!memcmp(&f, &got, offsetof(struct trap_frame, vector)), "registers are others\n");
}

/* ---- what it costs ---- */

void symcall_quick(void);
__asm__(".text\n"
	"symcall_quick: movb $0, (%rsi)\n"
	"mov $9, %edi\n"
	"mov $50, %eax\n"
	"syscall\n");

static uint64_t timed_hypercall(void)
{
	uint32_t low[2], high[2];

	__asm__ volatile("rdtsc" : "=a"(low[0]), "=d"(high[0]));
	hc_xen_version(0, NULL);
	__asm__ volatile("rdtsc" : "=a"(low[1]), "=d"(high[1]));
	return ((uint64_t)high[1] << 32 | low[1]) - ((uint64_t)high[0] << 32 | low[0]);
}

/* A hypercall on whose way back a call begins, which takes back the event that was to bring it there. */
static uint64_t timed_call(void)
{
	struct hc_vcpu_info *info = vcpu_info(0);
	uint64_t ticks;

	upcalls_off();
	need(start(HC_DOMID_SELF, 0, ADD, PTR(&info->evtchn_upcall_pending), SHORT));
	WRITE_ONCE(info->evtchn_upcall_mask, 0);
	ticks = timed_hypercall();
	answer(HC_DOMID_SELF);
	return ticks;
}

/* Only shown: a machine that counts its instructions (QEMU's -icount shift=0) makes them exact. */
static void show_cost(void)
{
	uint64_t plain = ~0UL, with = ~0UL, ticks;

	need(announce(0, symcall_quick, stacks[1], NULL, 0));
	for (unsigned int i = 0; i < 20; i++) {
		ticks = timed_hypercall();
		plain = ticks < plain ? ticks : plain;
		ticks = timed_call();
		with = ticks < with ? ticks : with;
	}
	print("ticks: a null hypercall %lu, a call %lu\n", plain, with - plain);
}

/* ---- another domain ---- */

user_asm(u_forever, "1: jmp 1b");

static long child_prepare(uint64_t what)
{
	upcalls_on();
	take_calls(0, false);
	if (what) {
		user_init();
		user_run(user_address(u_forever), 0, 0);
	}
	return 0;
}

static struct hc_vcpu_guest_context context;

static long get_context(void)
{
	struct hc_control op = {
		.cmd = HC_CONTROL_VCPU_GET_CONTEXT, .domid = child_domid,
		.u.vcpu_context = { .buffer = PTR(&context) },
	};

	return hc_control_op(&op);
}

static void child_in_call(void)
{
	expect_success(start(child_domid, 0, SPIN, 0, LONG));
	wait_state(child_domid, HC_SYMCALL_RUNNING);
}

/* Its context is that of before the call. */
static void check_context(void)
{
	child_in_call();
	expect_success(get_context());
	expect_error(answer(child_domid), EINTR);
	expect(context.user_regs.rsp < PTR(stacks) || context.user_regs.rsp > PTR(stacks + VCPUS),
	       "the context is the call's\n");
	expect_equal("the child goes on", child_do(0, CHILD_READ, PTR(&trap_hook), 0), 0);
	expect_equal("and takes calls", start(child_domid, 0, ADD, 1, SHORT), 0);
	expect_equal("their result", answer(child_domid), 4321);
}

static struct hc_trace trace;

static long control_trace(uint32_t what)
{
	struct hc_control op = {
		.cmd = HC_CONTROL_TRACE, .domid = child_domid,
		.u.trace = { .op = what, .buffer = what == HC_TRACE_READ ? PTR(&trace) : 0 },
	};

	return hc_control_op(&op);
}

/* A fault of the child's own, and how many of them were counted. */
static uint64_t count_fault(void)
{
	expect_equal("a fault", child_do(0, CHILD_WRITE, 0x123000, 0) >> 32, TRAP_PF);
	/* Which leaves events masked; this opens them. */
	expect_equal("registers for calls", child_do(0, CHILD_CHURN, 0, 0), 0);
	expect_success(control_trace(HC_TRACE_READ));
	return trace.entries[TRAP_PF];
}

/* Tracing and calls both have exceptions lead elsewhere; neither ends the other. */
static void check_traced(void)
{
	static const uint32_t switches[] = { HC_TRACE_ON, HC_TRACE_OFF };

	for (unsigned int i = 0; i < 2; i++) {
		uint64_t before;

		child_in_call();
		expect_success(control_trace(switches[i]));
		expect_success(cancel(child_domid));
		expect_error(answer(child_domid), EINTR);
		before = count_fault();
		expect_equal("faults counted", count_fault() - before, switches[i] == HC_TRACE_ON);
		expect_success(start(child_domid, 0, UD2, 0, SHORT));
		expect_error(answer(child_domid), EFAULT);
	}
}

static uint32_t shutdown_reason(void)
{
	struct hc_control op = { .cmd = HC_CONTROL_INFO, .domid = child_domid };

	need(hc_control_op(&op));
	return op.u.info.state & HC_INFO_SHUTDOWN ? op.u.info.shutdown_reason : ~0u;
}

static long destroy(void)
{
	struct hc_control op = { .cmd = HC_CONTROL_DESTROY, .domid = child_domid };

	return hc_control_op(&op);
}

static void check_child(void)
{
	child_churn = child_prepare;
	child_start();
	expect_error(start(child_domid, 0, ADD, 1, SHORT), ENODATA);
	expect_equal("registers for calls", child_do(0, CHILD_CHURN, 0, 0), 0);
	check_context();
	section("... traced meanwhile\n");
	check_traced();
	section("... destroyed in a call\n");
	child_in_call();
	expect_success(destroy());
	section("... whose call takes the user tables of what it interrupted\n");
	child_start();
	child_order(0, CHILD_CHURN, 1, 0);
	do {
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
		need(get_context());
	} while (context.flags & HC_VGCF_IN_KERNEL);
	expect_success(start(child_domid, 0, ADD, 1, SHORT));
	expect_equal("a call", answer(child_domid), 4321);
	expect_success(start(child_domid, 0, DROP_USER, 0, SHORT));
	expect_equal("its result", answer(child_domid), 0);
	expect_equal("it crashed", shutdown_reason(), HC_SHUTDOWN_CRASH);
	expect_success(destroy());
}

void test_main(void)
{
	answers = page_alloc();
	event_init();
	section("a call\n");
	check_plain();
	section("events\n");
	check_events();
	section("aborted calls\n");
	check_aborts();
	section("nonsense\n");
	check_hostile();
	section("what it costs\n");
	show_cost();
	section("a vcpu that computes\n");
	check_other_vcpu();
	section("user mode\n");
	check_user_mode();
	section("another domain\n");
	check_child();
}
