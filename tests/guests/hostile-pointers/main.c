/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bad pointers in every hypercall that takes one.  Tried: null, unmapped,
 * read-only, non-canonical, the hypervisor's and page-crossing addresses, for all
 * commands of each call (but for the few that end the domain or stop the vcpu).
 * Proof: the hypervisor answers each, a hypervisor's byte never changes hands,
 * and the kernel goes on.
 */
#include <hypercall/sched.h>

#include "guest.h"
#include "page.h"
#include "trap.h"

#define COMMANDS 48

struct family {
	const char *name;
	uint8_t number;
	uint8_t pointer;	/* which argument it is, from 1 */
	uint64_t skip;		/* commands with effects that would end the test */
};

static const struct family families[] = {
	{ "mmu_update", HC_NR_MMU_UPDATE, 1, ~0xfUL },
	{ "mmuext_op", HC_NR_MMUEXT_OP, 1, ~0xfUL },
	{ "multicall", HC_NR_MULTICALL, 1, ~0xfUL },
	{ "memory_op", HC_NR_MEMORY_OP, 2, 0 },
	{ "event_channel_op", HC_NR_EVENT_CHANNEL_OP, 2, 0 },
	{ "grant_table_op", HC_NR_GRANT_TABLE_OP, 2, 0 },
	{ "xen_version", HC_NR_XEN_VERSION, 2, 0 },
	{ "physdev_op", HC_NR_PHYSDEV_OP, 2, 0 },
	/* up and down. */
	{ "vcpu_op", HC_NR_VCPU_OP, 3, 1UL << 1 | 1UL << 2 },
	/* block and poll wait, shutdowns and the watchdog end. */
	{ "sched_op", HC_NR_SCHED_OP, 2, 0x7e },
	{ "callback_op", HC_NR_CALLBACK_OP, 2, 0 },
	{ "sysctl", HC_NR_SYSCTL, 1, ~1UL },
	{ "domctl", HC_NR_DOMCTL, 1, ~1UL },
	{ "platform_op", HC_NR_PLATFORM_OP, 1, ~1UL },
	{ "set_gdt", HC_NR_SET_GDT, 1, ~0xeUL },
	{ "extension", HC_NR_EXTENSION, 2, 0 },
	{ "console_io write", HC_NR_CONSOLE_IO, 3, ~1UL },
};

static uint64_t addresses[16];
static unsigned int address_count;

static void add(uint64_t address)
{
	addresses[address_count++] = address;
}

static void collect(void)
{
	uint64_t *readonly = page_alloc(), *hole;

	make_readonly(readonly);
	hole = page_alloc();
	need(remap(hole, 0, 0));
	add(0);
	add(8);
	add(PTR(hole));
	add(PTR(hole) - 4);
	add(PTR(readonly));
	add(0x7fffffffffff);
	add(0x800000000000);
	add(0x8000000000000000);
	add(HC_HYPERVISOR_VIRT_START - 4);
	add(HC_HYPERVISOR_VIRT_START + 0x8000000000);
	add(0xffff830000000000);
	add(HC_HYPERVISOR_VIRT_END - 4);
	add(~0UL - 3);
	add(~0UL);
}

static long call(const struct family *f, unsigned int command, uint64_t address)
{
	switch (f->pointer) {
	case 1:
		return hypercall(f->number, address, command, 0, HC_DOMID_SELF, 0);
	case 2:
		return hypercall(f->number, command, address, 1, 0, 0);
	default:
		return hypercall(f->number, command, f->number == HC_NR_CONSOLE_IO ? 64 : 0, address,
				 0, 0);
	}
}

static void try(const struct family *f)
{
	for (unsigned int command = 0; command < COMMANDS; command++) {
		if (f->skip >> command & 1)
			continue;
		for (unsigned int i = 0; i < address_count; i++)
			call(f, command, addresses[i]);
	}
}

void test_main(void)
{
	collect();
	for (unsigned int i = 0; i < ARRAY_SIZE(families); i++) {
		section("%s\n", families[i].name);
		try(&families[i]);
		expect_equal("the hypervisor answers", hc_sched_op(HC_SCHEDOP_YIELD, NULL), 0);
	}
	section("set_trap_table\n");
	for (unsigned int i = 0; i < address_count; i++)
		hypercall(HC_NR_SET_TRAP_TABLE, addresses[i], 0, 0, 0, 0);
	trap_init();
	expect_fault("an exception with the old table", attempt_write(8, 0), TRAP_PF, PF_WRITE);
}
