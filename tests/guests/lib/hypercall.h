/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls of a test kernel: through the page that the hypervisor filled.
 * Tests call hypercall() directly with numbers that must not exist; the named
 * ones below are for everything else.
 */
#ifndef GUESTS_HYPERCALL_H
#define GUESTS_HYPERCALL_H

#include <hypercall/base.h>
#include <hypercall/control.h>
#include <hypercall/memory.h>

#include "types.h"

extern char hypercall_page[];

static inline long hypercall(unsigned int nr, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
			     uint64_t a5)
{
	register uint64_t r10 __asm__("r10") = a4;
	register uint64_t r8 __asm__("r8") = a5;
	long result;

	__asm__ volatile("call *%[slot]"
			 : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
			 : [slot] "r"(hypercall_page + nr * HC_HYPERCALL_SLOT_SIZE)
			 : "rcx", "r11", "memory");
	return result;
}

#define PTR(p) ((uint64_t)(p))

static inline long hc_console_io(unsigned int cmd, uint64_t count, const void *buffer)
{
	return hypercall(HC_NR_CONSOLE_IO, cmd, count, PTR(buffer), 0, 0);
}

static inline long hc_sched_op(unsigned int cmd, const void *arg)
{
	return hypercall(HC_NR_SCHED_OP, cmd, PTR(arg), 0, 0, 0);
}

static inline long hc_event_channel_op(unsigned int cmd, const void *arg)
{
	return hypercall(HC_NR_EVENT_CHANNEL_OP, cmd, PTR(arg), 0, 0, 0);
}

static inline long hc_grant_table_op(unsigned int cmd, const void *arg, uint64_t count)
{
	return hypercall(HC_NR_GRANT_TABLE_OP, cmd, PTR(arg), count, 0, 0);
}

static inline long hc_memory_op(unsigned int cmd, const void *arg)
{
	return hypercall(HC_NR_MEMORY_OP, cmd, PTR(arg), 0, 0, 0);
}

static inline long hc_mmu_update(const struct hc_mmu_update *list, uint64_t count, uint16_t domid)
{
	return hypercall(HC_NR_MMU_UPDATE, PTR(list), count, 0, domid, 0);
}

static inline long hc_mmuext_op(const struct hc_mmuext_op *list, uint64_t count, uint16_t domid)
{
	return hypercall(HC_NR_MMUEXT_OP, PTR(list), count, 0, domid, 0);
}

static inline long hc_update_va_mapping(const void *va, uint64_t entry, uint64_t flags)
{
	return hypercall(HC_NR_UPDATE_VA_MAPPING, PTR(va), entry, flags, 0, 0);
}

static inline long hc_xen_version(unsigned int cmd, void *arg)
{
	return hypercall(HC_NR_XEN_VERSION, cmd, PTR(arg), 0, 0, 0);
}

static inline long hc_vcpu_op(unsigned int cmd, unsigned int vcpu, const void *arg)
{
	return hypercall(HC_NR_VCPU_OP, cmd, vcpu, PTR(arg), 0, 0);
}

static inline long hc_multicall(struct hc_multicall_entry *list, uint64_t count)
{
	return hypercall(HC_NR_MULTICALL, PTR(list), count, 0, 0, 0);
}

/* All parts of it. */
static inline long hc_control_op(struct hc_control *op)
{
	long result;

	op->version = HC_CONTROL_VERSION;
	do
		result = hypercall(HC_NR_DOMCTL, PTR(op), 0, 0, 0, 0);
	while (result == -85);
	return result;
}

static inline long hc_physdev_op(unsigned int cmd, void *arg)
{
	return hypercall(HC_NR_PHYSDEV_OP, cmd, PTR(arg), 0, 0, 0);
}

static inline long hc_callback_op(unsigned int cmd, const void *arg)
{
	return hypercall(HC_NR_CALLBACK_OP, cmd, PTR(arg), 0, 0, 0);
}

static inline long hc_set_timer_op(uint64_t timeout)
{
	return hypercall(HC_NR_SET_TIMER_OP, timeout, 0, 0, 0, 0);
}

#endif
