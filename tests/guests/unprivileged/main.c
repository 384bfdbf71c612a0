/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain without privileges, a copy of this kernel.  Proof: whatever is the
 * management domain's is refused to it, and what every domain may do for itself is
 * not; it reads the memory map that was made for it; it ends for the reason that it
 * latched, or by its watchdog.
 */
#include <hypercall/callback.h>
#include <hypercall/event.h>
#include <hypercall/grant.h>
#include <hypercall/physdev.h>
#include <hypercall/vcpu.h>

#include "child.h"
#include "event.h"
#include "guest.h"
#include "page.h"
#include "trap.h"

/* Arguments of the child's calls: the same words here and there, it being a copy. */
static struct hc_control control = { .cmd = HC_CONTROL_INFO, .version = HC_CONTROL_VERSION };
static struct hc_system sys = { .cmd = HC_SYSTEM_INFO, .version = HC_CONTROL_VERSION };
static struct hc_memory_domain dom0_memory;
static struct hc_memory_reservation more_for_dom0 = { .nr_extents = 1 };
static struct hc_memory_map machine_map = { .nr_entries = 0 };
static struct hc_foreign_memory_map own_map = { .domid = HC_DOMID_SELF, .map.nr_entries = 1 };
static struct hc_machphys_mfn_list m2p_list;
static struct hc_mem_acquire_resource dom0_grants = { .type = HC_MEM_RESOURCE_GRANT_TABLE };
static struct hc_sched_remote_shutdown end_of_dom0;
static struct hc_sched_pin_override pin;
static struct hc_vcpu_get_physid physid;
static struct hc_physdev_map_pirq map_pirq = { .domid = HC_DOMID_SELF, .index = 1, .pirq = 1 };
static struct hc_physdev_set_iopl iopl = { .iopl = 1 };
static uint8_t bitmap[2];
static struct hc_physdev_set_iobitmap iobitmap = { .bitmap = PTR(bitmap), .nr_ports = 8 };
static struct hc_evtchn_alloc_unbound port_of_dom0;
static struct hc_evtchn_status status_of_dom0 = { .port = 1 };
static struct hc_evtchn_reset reset_of_dom0;
static struct hc_evtchn_bind_pirq bind_pirq = { .pirq = 1 };
static struct hc_mmuext_op flush_cache = { .cmd = HC_MMUEXT_FLUSH_CACHE };
static struct hc_mmuext_op flush_caches = { .cmd = HC_MMUEXT_FLUSH_CACHE_GLOBAL };
static struct hc_mmuext_op flush_tlb = { .cmd = HC_MMUEXT_TLB_FLUSH_LOCAL };
static struct hc_mmu_update update;
static char window[PAGE_SIZE] __attribute__((aligned(4096)));
static uint64_t words[64];

#define MEMORY(cmd, arg) HC_NR_MEMORY_OP, { HC_MEM_##cmd, PTR(arg) }
#define SCHED(cmd, arg) HC_NR_SCHED_OP, { HC_SCHEDOP_##cmd, PTR(arg) }
#define PHYSDEV(cmd, arg) HC_NR_PHYSDEV_OP, { HC_PHYSDEVOP_##cmd, PTR(arg) }
#define EVENT(cmd, arg) HC_NR_EVENT_CHANNEL_OP, { HC_EVTCHNOP_##cmd, PTR(arg) }
#define MMUEXT(op, domid) HC_NR_MMUEXT_OP, { PTR(op), 1, 0, domid }
#define CONSOLE(cmd) HC_NR_CONSOLE_IO, { HC_CONSOLEIO_##cmd, 4, PTR(words) }

static const struct {
	const char *what;
	unsigned int nr;
	uint64_t args[5];
	long wanted;
} calls[] = {
	{ "control of domains", HC_NR_DOMCTL, { PTR(&control) }, -EPERM },
	{ "control of the host", HC_NR_SYSCTL, { PTR(&sys) }, -EPERM },
	{ "platform_op", HC_NR_PLATFORM_OP, { PTR(words) }, -EPERM },
	{ "mca", HC_NR_MCA, { PTR(words) }, -EPERM },
	{ "writing to the console", CONSOLE(WRITE), -EPERM },
	{ "reading from it", CONSOLE(READ), -EPERM },
	{ "dom0's reservation", MEMORY(CURRENT_RESERVATION, &dom0_memory), -EPERM },
	{ "its maximum", MEMORY(MAXIMUM_RESERVATION, &dom0_memory), -EPERM },
	{ "its highest pfn", MEMORY(MAXIMUM_GPFN, &dom0_memory), -EPERM },
	{ "more memory for it", MEMORY(POPULATE_PHYSMAP, &more_for_dom0), -EPERM },
	{ "less", MEMORY(DECREASE_RESERVATION, &more_for_dom0), -EPERM },
	{ "the firmware's memory map", MEMORY(MACHINE_MEMORY_MAP, &machine_map), -EPERM },
	{ "another memory map", MEMORY(SET_MEMORY_MAP, &own_map), -EPERM },
	{ "frames of the machine-to-physical table", MEMORY(MACHPHYS_MFN_LIST, &m2p_list), -EPERM },
	{ "dom0's grant table", MEMORY(ACQUIRE_RESOURCE, &dom0_grants), -EPERM },
	{ "dom0's end", SCHED(REMOTE_SHUTDOWN, &end_of_dom0), -EPERM },
	{ "a processor for itself", SCHED(PIN_OVERRIDE, &pin), -EPERM },
	{ "which processor it is", HC_NR_VCPU_OP, { HC_VCPUOP_GET_PHYSID, 0, PTR(&physid) }, -EINVAL },
	{ "an interrupt", PHYSDEV(MAP_PIRQ, &map_pirq), -EPERM },
	{ "a register of an IO-APIC", PHYSDEV(APIC_READ, words), -EPERM },
	{ "a device of its own", PHYSDEV(PCI_DEVICE_ADD, words), -EPERM },
	{ "an event of an interrupt", EVENT(BIND_PIRQ, &bind_pirq), -EPERM },
	{ "a port of dom0's", EVENT(ALLOC_UNBOUND, &port_of_dom0), -EPERM },
	{ "the state of one", EVENT(STATUS, &status_of_dom0), -EPERM },
	{ "the end of all", EVENT(RESET, &reset_of_dom0), -EPERM },
	{ "flushing caches", MMUEXT(&flush_cache, HC_DOMID_SELF), -EACCES },
	{ "flushing all caches", MMUEXT(&flush_caches, HC_DOMID_SELF), -EACCES },
	{ "mmuext_op for dom0", MMUEXT(&flush_tlb, 0), -EPERM },
	{ "mapping dom0's frames", HC_NR_MMU_UPDATE, { PTR(&update), 1, 0, 0 }, -EPERM },
	{ "mapping devices", HC_NR_MMU_UPDATE, { PTR(&update), 1, 0, HC_DOMID_IO }, -EPERM },
	{ "changing dom0's tables", HC_NR_MMU_UPDATE, { PTR(&update), 1, 0, 1 << 16 | HC_DOMID_SELF },
	  -EPERM },
	{ "mapping devices by address", HC_NR_UPDATE_VA_MAPPING_OTHERDOMAIN,
	  { PTR(window), 0xfee00067, 0, HC_DOMID_IO }, -EPERM },
	{ "mapping dom0's frames by address", HC_NR_UPDATE_VA_MAPPING_OTHERDOMAIN,
	  { PTR(window), 0x100067, 0, 0 }, -EPERM },
	/* What is not in its way. */
	{ "ports for its kernel", PHYSDEV(SET_IOPL, &iopl), 0 },
	{ "ports for its user mode", PHYSDEV(SET_IOBITMAP, &iobitmap), 0 },
	{ "a flush of its own", MMUEXT(&flush_tlb, HC_DOMID_SELF), 0 },
	{ "yielding", SCHED(YIELD, NULL), 0 },
};

/* What follows the calls in the list of what the child is asked to do. */
enum { DUMP_GRANTS = ARRAY_SIZE(calls), READ_PORT, READ_MAP, REGISTER_SYSENTER, LATCH_REASON, GO_DOWN,
       BE_WATCHED };

static struct hc_e820_entry map[] = { { 0, 0x600000, HC_E820_RAM }, { 0xf0000000, 4096, HC_E820_RESERVED } };

static void in(uint64_t value)
{
	uint8_t byte;

	__asm__ volatile("in %%dx, %%al" : "=a"(byte) : "d"((uint16_t)0x71));
	*(volatile uint8_t *)value = byte;
}

/* Whether the map it is told is the one of the image. */
static long read_map(void)
{
	struct hc_e820_entry found[4];
	struct hc_memory_map get = { .nr_entries = ARRAY_SIZE(found), .buffer = PTR(found) };
	long r = hc_memory_op(HC_MEM_MEMORY_MAP, &get);

	if (r)
		return r;
	return get.nr_entries == ARRAY_SIZE(map) && !memcmp(found, map, sizeof(map));
}

/* In the child. */
static long do_one(uint64_t number)
{
	struct hc_callback_register sysenter = {
		.type = HC_CALLBACKTYPE_SYSENTER_DEPRECATED, .address = PTR(syscall_entry),
	};
	struct hc_gnttab_dump_table dump = { .dom = HC_DOMID_SELF };
	struct hc_sched_shutdown reason = { .reason = HC_SHUTDOWN_REBOOT };
	struct hc_sched_watchdog watchdog = { .timeout = 1 };
	uint8_t byte = 0;

	switch (number) {
	case DUMP_GRANTS:
		return hc_grant_table_op(HC_GNTTABOP_DUMP_TABLE, &dump, 1) ? 1 : dump.status;
	case READ_PORT:
		return attempt(in, PTR(&byte)).vector == TRAP_NONE ? byte : -1;
	case READ_MAP:
		return read_map();
	case REGISTER_SYSENTER:
		return hc_callback_op(HC_CALLBACKOP_REGISTER, &sysenter);
	case LATCH_REASON:
		if (hc_sched_op(HC_SCHEDOP_SHUTDOWN_CODE, &reason))
			return -1;
		reason.reason = HC_SHUTDOWN_CRASH;
		return hc_sched_op(HC_SCHEDOP_SHUTDOWN_CODE, &reason);
	case GO_DOWN:
		reason.reason = HC_SHUTDOWN_POWEROFF;
		return hc_sched_op(HC_SCHEDOP_SHUTDOWN, &reason);
	case BE_WATCHED:
		return hc_sched_op(HC_SCHEDOP_WATCHDOG, &watchdog);
	default:
		return hypercall(calls[number].nr, calls[number].args[0], calls[number].args[1],
				 calls[number].args[2], calls[number].args[3], calls[number].args[4]);
	}
}

static long ask(unsigned int number)
{
	return child_do(0, CHILD_CHURN, number, 0);
}

static void set_map(void)
{
	struct hc_foreign_memory_map set = {
		.domid = child_domid, .map = { ARRAY_SIZE(map), 0, PTR(map) },
	};

	expect_success(hc_memory_op(HC_MEM_SET_MEMORY_MAP, &set));
}

static void privileges(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
		expect_equal(calls[i].what, ask(i), calls[i].wanted);
	expect_equal("a report of grants", ask(DUMP_GRANTS), HC_GNTST_PERMISSION_DENIED);
	/* Nothing is there, as on a bus without devices. */
	expect_equal("a port", ask(READ_PORT), 0xff);
}

static void own_affairs(void)
{
	static struct hc_vcpu_state state;
	struct hc_control op = {
		.cmd = HC_CONTROL_VCPU_GET_STATE, .domid = child_domid,
		.u.vcpu_context = { .vcpu = 0, .buffer = PTR(&state) },
	};

	expect_equal("its memory map before there is one", ask(READ_MAP), -ENOSYS);
	set_map();
	expect_equal("its memory map", ask(READ_MAP), 1);
	expect_equal("the callback by its old number", ask(REGISTER_SYSENTER), 0);
	expect_success(hc_control_op(&op));
	expect_equal("where sysenter goes", state.sysenter_callback, PTR(syscall_entry));
}

/* It ends, within some seconds, for this reason. */
static void expect_end(uint32_t reason)
{
	struct hc_control op = { .cmd = HC_CONTROL_INFO, .domid = child_domid };
	uint64_t end = system_time() + 20000000000UL;

	do {
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
		op.u.info.flags = 0;
		need(hc_control_op(&op));
	} while (!(op.u.info.state & HC_INFO_SHUTDOWN) && system_time() < end);
	expect(op.u.info.state & HC_INFO_SHUTDOWN, "it goes on\n");
	expect_equal("why it ended", op.u.info.shutdown_reason, reason);
	op.cmd = HC_CONTROL_DESTROY;
	expect_success(hc_control_op(&op));
}

void test_main(void)
{
	child_churn = do_one;
	child_start();
	section("what it may not\n");
	privileges();
	section("what it may\n");
	own_affairs();
	section("its end, for the reason that it latched first\n");
	expect_equal("latching", ask(LATCH_REASON), 0);
	child_order(0, CHILD_CHURN, GO_DOWN, 0);
	expect_end(HC_SHUTDOWN_REBOOT);
	section("its end by its watchdog\n");
	child_start();
	expect_equal("number of the watchdog", ask(BE_WATCHED), 1);
	expect_end(HC_SHUTDOWN_WATCHDOG);
}
