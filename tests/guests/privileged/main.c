/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Privileged instructions of the kernel.  Proof: those a PV kernel may use do
 * what they say (control registers, task-switched flag, MSRs, ports of the
 * management domain, cpuid), the others are its fault, and none of them changes
 * what the hypervisor depends on.
 */
#include <hypercall/physdev.h>
#include <hypercall/platform.h>

#include "guest.h"
#include "page.h"
#include "trap.h"
#include "vcpu.h"

#define MSR_LSTAR 0xc0000082
#define MSR_EFER 0xc0000080

struct msr {
	uint32_t number;
	uint64_t value;
};

static void rdmsr(uint64_t arg)
{
	struct msr *m = (struct msr *)arg;
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(m->number));
	m->value = (uint64_t)high << 32 | low;
}

static void wrmsr(uint64_t arg)
{
	const struct msr *m = (const struct msr *)arg;

	__asm__ volatile("wrmsr" :: "c"(m->number), "a"((uint32_t)m->value),
			 "d"((uint32_t)(m->value >> 32)));
}

static void control_registers(void)
{
	uint64_t cr0, cr2 = 0x12345000, cr3, cr4;

	__asm__ volatile("mov %%cr0, %0; mov %%cr3, %1; mov %%cr4, %2"
			 : "=r"(cr0), "=r"(cr3), "=r"(cr4));
	print("cr0 0x%lx cr3 0x%lx cr4 0x%lx\n", cr0, cr3, cr4);
	expect((cr0 & 0x80000001) == 0x80000001, "protection and paging are not on\n");
	expect_equal("cr3", cr3, ptr_to_maddr((void *)start_info->pt_base));
	expect(cr4 >> 5 & 1, "cr4 lacks PAE\n");
	__asm__ volatile("mov %0, %%cr2" :: "r"(cr2));
	__asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
	expect_equal("cr2", cr2, 0x12345000);
	__asm__ volatile("mov %0, %%cr3" :: "r"(cr3) : "memory");
	__asm__ volatile("mov %0, %%cr0; mov %%cr0, %1" : "+r"(cr0), "=r"(cr2) : : "memory");
	expect_equal("cr0 as it was", cr2, cr0);
}

static void use_fpu(uint64_t arg)
{
	(void)arg;
	__asm__ volatile("fnop");
}

static void task_switched(void)
{
	uint64_t cr0;

	need(hypercall(HC_NR_FPU_TASKSWITCH, 1, 0, 0, 0, 0));
	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	expect(cr0 & 8, "cr0 does not show the task-switched flag\n");
	__asm__ volatile("clts; mov %%cr0, %0" : "=r"(cr0));
	expect(!(cr0 & 8), "clts does nothing\n");
	expect_no_fault("FPU after clts", attempt(use_fpu, 0));
}

static void set_cr3(uint64_t value)
{
	__asm__ volatile("mov %0, %%cr3" :: "r"(value) : "memory");
}

static void set_cr4(uint64_t value)
{
	__asm__ volatile("mov %0, %%cr4" :: "r"(value));
}

static void lidt(uint64_t arg)
{
	struct { uint16_t limit; uint64_t base; } __attribute__((packed)) table = { 4095, arg };

	__asm__ volatile("lidt %0" :: "m"(table));
}

static void ltr(uint64_t arg)
{
	__asm__ volatile("ltr %0" :: "r"((uint16_t)arg));
}

static void forbidden(void)
{
	expect_fault("cr3 := a data page", attempt(set_cr3, ptr_to_maddr(page_alloc())), TRAP_GP, 0);
	expect_fault("lidt", attempt(lidt, PTR(page_alloc())), TRAP_GP, 0);
	expect_fault("ltr", attempt(ltr, 0xe008), TRAP_GP, ~0u);
	/* Refused or without effect: paging must go on as it was. */
	attempt(set_cr4, 0);
	expect_equal("hypercalls go on", hc_sched_op(HC_SCHEDOP_YIELD, NULL), 0);
}

static void msrs(void)
{
	struct msr m = { .number = MSR_EFER };

	expect_no_fault("reading EFER", attempt(rdmsr, PTR(&m)));
	expect((m.value & 0x500) == 0x500, "EFER says 0x%lx\n", m.value);
	m = (struct msr){ .number = MSR_LSTAR, .value = PTR(hypercall_page) };
	attempt(wrmsr, PTR(&m));
	expect_equal("hypercalls after writing LSTAR", hc_sched_op(HC_SCHEDOP_YIELD, NULL), 0);
	m = (struct msr){ .number = MSR_EFER };
	attempt(wrmsr, PTR(&m));
	expect_equal("hypercalls after writing EFER", hc_sched_op(HC_SCHEDOP_YIELD, NULL), 0);
	m.number = 0xdeadbeef;
	expect_fault("reading an MSR that is not there", attempt(rdmsr, PTR(&m)), TRAP_GP, 0);
}

static void memory_types(void)
{
	struct hc_platform_op op = {
		.cmd = HC_PLATFORM_READ_MEMTYPE, .interface_version = HC_PLATFORM_INTERFACE_VERSION,
	};
	const struct hc_platform_read_memtype *m = &op.u.read_memtype;
	unsigned int used = 0;
	long rc;

	if (!(start_info->flags & HC_SIF_INITDOMAIN))
		return;
	while (!(rc = hypercall(HC_NR_PLATFORM_OP, PTR(&op), 0, 0, 0, 0)) && m->reg < 256) {
		expect(m->type < 7 && !(m->nr_mfns & (m->nr_mfns - 1)), "%u: frames 0x%lx+0x%lx of type %u\n",
		       m->reg, m->mfn, m->nr_mfns, m->type);
		used += m->nr_mfns != 0;
		op.u.read_memtype.reg++;
	}
	expect_error(rc, EINVAL);
	expect(used, "none of %u MTRRs is in use\n", m->reg);
}

static void read_port(uint64_t port)
{
	uint8_t value;

	__asm__ volatile("in %%dx, %%al" : "=a"(value) : "d"((uint16_t)port));
	WRITE_ONCE(this_vcpu()->fault.error, value);
}

static void write_port(uint64_t port)
{
	__asm__ volatile("out %%al, %%dx" :: "a"(0), "d"((uint16_t)port));
}

static void ports(void)
{
	struct hc_physdev_set_iopl op = { .iopl = 1 };

	if (!(start_info->flags & HC_SIF_INITDOMAIN)) {
		expect_fault("in", attempt(read_port, 0x80), TRAP_GP, 0);
		return;
	}
	expect_success(hc_physdev_op(HC_PHYSDEVOP_SET_IOPL, &op));
	expect_no_fault("out to the delay port", attempt(write_port, 0x80));
	expect_no_fault("out to the CMOS index", attempt(write_port, 0x70));
	expect_no_fault("in from the CMOS", attempt(read_port, 0x71));
	/* The hypervisor's own: whatever the answer, its console must go on. */
	attempt(write_port, 0x3f9);
	attempt(write_port, 0x3fc);
	attempt(write_port, 0x20);
	attempt(write_port, 0x43);
	op.iopl = 4;
	expect_refused(hc_physdev_op(HC_PHYSDEVOP_SET_IOPL, &op));
}

static void harmless(void)
{
	uint32_t low, high, eax = 0, ebx, ecx = 0, edx;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	expect(low || high, "the time-stamp counter stands at 0\n");
	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	expect(eax >= 1, "cpuid knows no leaves\n");
	__asm__ volatile("wbinvd" ::: "memory");
}

void test_main(void)
{
	section("control registers\n");
	control_registers();
	task_switched();
	section("what a PV kernel may not do\n");
	forbidden();
	section("MSRs\n");
	msrs();
	memory_types();
	section("ports\n");
	ports();
	section("cpuid, rdtsc, caches\n");
	harmless();
}
