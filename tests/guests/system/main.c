/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control of the host.  Proof: what it tells agrees with itself and with what we
 * know; each processor runs what it should; a debug key's report, and a grant
 * table's, are in the messages, which keep their positions and can be forgotten; a
 * guest that crashes is reported there once, whatever it asks for.
 */
#include <hypercall/grant.h>
#include <hypercall/vcpu.h>

#include "child.h"
#include "guest.h"
#include "page.h"

static struct hc_system op;
static char text[16384];

static long call(uint32_t cmd)
{
	op.cmd = cmd;
	op.version = HC_CONTROL_VERSION;
	return hypercall(HC_NR_SYSCTL, PTR(&op), 0, 0, 0, 0);
}

static void clear(void)
{
	memset(&op, 0, sizeof(op));
}

static void envelope(void)
{
	clear();
	op.cmd = HC_SYSTEM_INFO;
	op.version = HC_CONTROL_VERSION + 1;
	expect_error(hypercall(HC_NR_SYSCTL, PTR(&op), 0, 0, 0, 0), EACCES);
	expect_error(call(99), ENOSYS);
	expect_error(hypercall(HC_NR_SYSCTL, 8, 0, 0, 0, 0), EFAULT);
}

static unsigned int information(void)
{
	const struct hc_system_info *i = &op.u.info;

	clear();
	expect_success(call(HC_SYSTEM_INFO));
	print("version %s, %s, %u processors\n", i->version, i->cpu_model, i->cpus);
	expect(i->version[0] >= '0' && i->version[0] <= '9', "no version\n");
	expect(i->cpus >= 1 && i->cpus <= 64, "%u processors\n", i->cpus);
	expect(i->free_frames && i->free_frames < i->total_frames, "%lu frames free, of %lu\n",
	       i->free_frames, i->total_frames);
	expect((long)i->total_frames <= hc_memory_op(HC_MEM_MAXIMUM_RAM_PAGE, NULL) + 1,
	       "%lu frames, more than there can be\n", i->total_frames);
	expect_equal("domains", i->domains, 1);
	expect(i->tsc_khz > 1000, "the TSC runs at %u kHz\n", i->tsc_khz);
	expect(i->uptime, "no time has passed\n");
	return i->cpus;
}

static bool pin(int32_t cpu)
{
	struct hc_sched_pin_override pin = { .pcpu = cpu };

	return !hc_sched_op(HC_SCHEDOP_PIN_OVERRIDE, &pin);
}

/* We are on the processor that we asked for, and nobody is on the others. */
static void processors(unsigned int cpus)
{
	struct hc_vcpu_get_physid id = { 0 };

	for (unsigned int here = 0; here < cpus; here++) {
		expect(pin((int32_t)here), "processor %u refused\n", here);
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
		for (unsigned int cpu = 0; cpu < cpus; cpu++) {
			clear();
			op.u.cpu_info.cpu = cpu;
			expect_success(call(HC_SYSTEM_CPU_INFO));
			expect_equal("domain there", op.u.cpu_info.domid, cpu == here ? 0 : 0xffff);
			if (cpu != here)
				expect(op.u.cpu_info.idle_time, "it has never been idle\n");
		}
		expect(pin(-1), "the affinity of before refused\n");
	}
	clear();
	op.u.cpu_info.cpu = 64;
	expect_error(call(HC_SYSTEM_CPU_INFO), EINVAL);
	expect_success(hc_vcpu_op(HC_VCPUOP_GET_PHYSID, 0, &id));
	expect_equal("the processor we are told", id.phys_id, 0);
}

static long messages(uint64_t *from, uint32_t capacity, uint32_t flags)
{
	long r;

	clear();
	op.u.messages = (struct hc_system_messages){
		.buffer = PTR(text), .from = *from, .capacity = capacity, .flags = flags,
	};
	memset(text, 0, sizeof(text));
	r = call(HC_SYSTEM_MESSAGES);
	*from = op.u.messages.from;
	return r ? r : (long)op.u.messages.count;
}

/* Where the messages end now. */
static uint64_t messages_end(void)
{
	uint64_t from = 0;
	long n;

	while ((n = messages(&from, sizeof(text), 0)) > 0)
		from += (uint64_t)n;
	need(n);
	return from;
}

static unsigned int times_said(const char *wanted)
{
	size_t n = strlen(wanted);
	unsigned int times = 0;

	for (size_t i = 0; i + n < sizeof(text); i++)
		times += !memcmp(text + i, wanted, n);
	return times;
}

/* Something is done that reports in the messages. */
static void expect_report(uint64_t from, const char *wanted)
{
	long n = messages(&from, sizeof(text) - 1, 0);

	expect(n > 0 && times_said(wanted), "no \"%s\" in the report\n", wanted);
}

static long debug_key(uint32_t key)
{
	clear();
	op.u.debug_key.key = key;
	return call(HC_SYSTEM_DEBUG_KEY);
}

static void keys(void)
{
	static const struct {
		char key;
		const char *says;
	} reports[] = {
		{ 'h', "key m: memory" }, { 'd', "domain 0 (dom0)" }, { 'e', "d0 events" },
		{ 'g', "d0 grants" }, { 'm', "frames free" }, { 'r', "processor 0" },
	};
	struct hc_gnttab_dump_table dump = { .dom = HC_DOMID_SELF };
	uint64_t end;

	for (unsigned int i = 0; i < ARRAY_SIZE(reports); i++) {
		end = messages_end();
		expect_success(debug_key((unsigned char)reports[i].key));
		expect_report(end, reports[i].says);
	}
	expect_error(debug_key('Z'), EINVAL);
	expect_error(debug_key('h' | 256), EINVAL);
	op.u.debug_key.pad = 1;
	op.u.debug_key.key = 'h';
	expect_error(call(HC_SYSTEM_DEBUG_KEY), EINVAL);
	end = messages_end();
	expect_success(hc_grant_table_op(HC_GNTTABOP_DUMP_TABLE, &dump, 1));
	expect_equal("dump_table", dump.status, HC_GNTST_OKAY);
	expect_report(end, "d0 grants");
	dump.dom = 0x7000;
	expect_success(hc_grant_table_op(HC_GNTTABOP_DUMP_TABLE, &dump, 1));
	expect_equal("dump_table of nobody", dump.status, HC_GNTST_BAD_DOMAIN);
}

/* Read in two pieces, the text is the same; what was forgotten does not come back. */
static void positions(void)
{
	static char whole[100];
	uint64_t from = 0, first, second;

	need(debug_key('h'));
	need(messages(&from, sizeof(whole), 0));
	first = from;
	memcpy(whole, text, sizeof(whole));
	expect_equal("a short read", messages(&from, 40, 0), 40);
	expect_equal("its place", from, first);
	expect(!memcmp(text, whole, 40), "the beginning is another\n");
	second = first + 40;
	expect_equal("the rest", messages(&second, 60, 0), 60);
	expect(!memcmp(text, whole + 40, 60), "the rest is another\n");
	expect_equal("read and forget", messages(&from, 40, HC_MESSAGES_CLEAR), 40);
	expect_equal("the rest", messages(&from, 60, 0), 60);
	expect_equal("where it begins now", from, first + 40);
	expect(!memcmp(text, whole + 40, 60), "something else was forgotten\n");
	from = ~0UL;
	expect_equal("beyond the end", messages(&from, 60, 0), 0);
	clear();
	op.u.messages.flags = 0x100;
	expect_error(call(HC_SYSTEM_MESSAGES), EINVAL);
	clear();
	op.u.messages.capacity = 16;
	op.u.messages.buffer = HC_HYPERVISOR_VIRT_START;
	expect_error(call(HC_SYSTEM_MESSAGES), EFAULT);
}

/* In the child: crash, and do not leave it at that. */
static long crash_often(uint64_t times)
{
	static struct hc_sched_shutdown end = { .reason = HC_SHUTDOWN_CRASH };
	static struct hc_multicall_entry calls[16];

	for (uint64_t i = 0; i < times; i++)
		calls[i] = (struct hc_multicall_entry){
			.op = HC_NR_SCHED_OP, .args = { HC_SCHEDOP_SHUTDOWN, PTR(&end) },
		};
	return hc_multicall(calls, times);
}

static void crash(void)
{
	struct hc_control info = { .cmd = HC_CONTROL_INFO }, pause = { .cmd = HC_CONTROL_PAUSE };
	uint64_t end;

	child_churn = crash_often;
	child_start();
	info.domid = pause.domid = child_domid;
	end = messages_end();
	child_order(0, CHILD_CHURN, 16, 0);
	do {
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
		info.u.info.flags = 0;
		need(hc_control_op(&info));
	} while (!(info.u.info.state & HC_INFO_SHUTDOWN));
	/* It is off its processor then. */
	expect_success(hc_control_op(&pause));
	expect_report(end, "(child) has crashed");
	expect_equal("reports", times_said("vcpu 0, guest kernel mode"), 1);
}

void test_main(void)
{
	clear();
	if (call(HC_SYSTEM_INFO)) {
		skip("another control interface, or no privilege\n");
		return;
	}
	section("what every call has\n");
	envelope();
	section("information\n");
	processors(information());
	section("reports\n");
	keys();
	section("messages\n");
	positions();
	section("a crash\n");
	crash();
}
