// SPDX-License-Identifier: GPL-2.0-or-later
/* The machine of machine_world.h. */
#include "machine_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hypercall/hypercall.h"
#include "interrupt/hardware.h"
#include "lib/bitmap.h"
#include "lib/log.h"

#define weak __attribute__((weak))

struct machine machine;
struct cpu host_cpu;
static char ram[MACHINE_RAM] __attribute__((aligned(4096)));
char *host_ram = ram;
unsigned int cpu_count = 1;
cpumask_t cpu_online_mask = 1;
struct domain *idle_domain, *dom0;

/* The memory below device memory is RAM, and every frame of it is the caller's. */
static struct frame frames[MACHINE_BAR >> PAGE_SHIFT];
struct frame *host_frames = frames;
mfn_t memory_max_mfn = MACHINE_BAR >> PAGE_SHIFT;

static char ioapic_page[PAGE_SIZE];
static uint32_t ioapic_index, pci_address;
static uint8_t cmos_index;

void machine_reset_world(void)
{
	machine = (struct machine){ .now = 1000000 };
	machine.ioapic[1] = (MACHINE_PINS - 1) << 16 | 0x20;
	memset(machine.config, 0xff, sizeof(machine.config));
	memset(ram, 0, sizeof(ram));
	memset(&host_cpu, 0, sizeof(host_cpu));
}

void machine_on_cpu(unsigned int cpu)
{
	machine.pending[host_cpu.id] |= host_cpu.softirq_pending;
	host_cpu.id = cpu;
	host_cpu.softirq_pending = machine.pending[cpu];
	machine.pending[cpu] = 0;
}

void log_guest(enum log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

void cpu_relax_serving(void)
{
	panic("waiting for another processor, which does not run\n");
}

void softirq_raise_on(unsigned int cpu, unsigned int nr)
{
	if (cpu == host_cpu.id)
		host_cpu.softirq_pending |= 1u << nr;
	else
		machine.pending[cpu] |= 1u << nr;
}

/* ---- memory and guests ---- */

weak void memory_protect_io(uint64_t start, uint64_t end)
{
	(void)start;
	(void)end;
}

weak void *ioremap(uint64_t maddr, uint64_t size)
{
	if (maddr == MACHINE_IOAPIC)
		return ioapic_page;
	return maddr + size <= MACHINE_RAM ? ram + maddr : NULL;
}

weak void *heap_alloc(size_t size)
{
	return calloc(1, size);
}

weak void heap_free(void *p)
{
	free(p);
}

weak int frame_get_both(mfn_t mfn, struct domain *d, enum frame_type type, bool preemptible)
{
	(void)mfn;
	(void)d;
	(void)type;
	(void)preemptible;
	machine.frame_refs++;
	return 0;
}

weak uint32_t dirty_logs;

weak void dirty_mark_slow(mfn_t mfn)
{
	(void)mfn;
}

weak void frame_put_both(struct frame *f)
{
	(void)f;
	machine.frame_refs--;
}

/* Guest addresses are machine addresses; the first page is not mapped. */
weak bool pagetable_walk(struct vcpu *v, uint64_t va, uint64_t *l1e)
{
	(void)v;
	*l1e = (va & PAGE_MASK) | 3;
	return va >= PAGE_SIZE && va < MACHINE_BAR;
}

/* Guest pointers in hypercalls are the test's own; 0 faults. */
weak int copy_from_guest(void *dst, uint64_t src, size_t size)
{
	if (!src)
		return size ? -EFAULT : 0;
	memcpy(dst, (void *)src, size);
	return 0;
}

weak int copy_to_guest(uint64_t dst, const void *src, size_t size)
{
	if (!dst)
		return -EFAULT;
	memcpy((void *)dst, src, size);
	return 0;
}

weak int copy_safe(void *dst, const void *src, size_t size)
{
	const char *p = src;

	if (p < ram || p + size > ram + MACHINE_RAM)
		return -EFAULT;
	memcpy(dst, src, size);
	return 0;
}

weak struct domain *domain_get(uint16_t domid)
{
	(void)domid;
	return NULL;
}

weak void domain_put(struct domain *d)
{
	(void)d;
}

weak void domain_shutdown(struct domain *d, uint8_t reason)
{
	d->shut_down = true;
	machine.shutdowns++;
	machine.shutdown_reason = reason;
}

weak void event_send_pirq(struct domain *d, unsigned int pirq)
{
	(void)d;
	machine.pirq_events[pirq]++;
}

weak bool event_port_valid(struct domain *d, uint32_t port)
{
	(void)d;
	return port && port < 64;
}

weak bool event_port_pending(struct domain *d, uint32_t port)
{
	return bit_test(d->shared_info->evtchn_pending, port);
}

weak void smp_mail_interrupt(void)
{
}

/* ---- time and the local APIC ---- */

weak uint64_t time_now(void)
{
	return machine.now;
}

weak void time_update_vcpu(struct vcpu *v)
{
	(void)v;
}

weak void singleshot_arrive(struct vcpu *v)
{
	(void)v;
}

weak void timer_interrupt(void)
{
}

weak void lapic_timer_arm(uint64_t deadline_ns)
{
	machine.armed = deadline_ns;
	machine.arms++;
}

weak void lapic_eoi(void)
{
	machine.eois++;
}

weak void lapic_init(void)
{
}

weak bool lapic_owns_frame(mfn_t mfn)
{
	return mfn == 0xfee00;
}

weak uint32_t lapic_error_status(void)
{
	return 0;
}

weak void lapic_send_ipi(cpumask_t mask, unsigned int vector)
{
	unsigned int cpu;

	(void)vector;
	for_each_cpu(cpu, mask)
		machine.ipis[cpu]++;
}

/* ---- registers ---- */

uint32_t mmio_read32(const volatile void *p)
{
	if (p == ioapic_page + 0x10)
		return machine.ioapic[ioapic_index];
	return *(const volatile uint32_t *)p;
}

void mmio_write32(volatile void *p, uint32_t value)
{
	if (p == ioapic_page) {
		assert_true(value < ARRAY_SIZE(machine.ioapic));
		ioapic_index = value;
	} else if (p == ioapic_page + 0x10) {
		machine.ioapic[ioapic_index] = value;
	} else {
		*(volatile uint32_t *)p = value;
	}
}

/* The bytes of configuration space that port now shows; NULL: no device there. */
static uint8_t *config_bytes(uint16_t port)
{
	unsigned int device = pci_address >> 11 & 0x1f;

	if (port < 0xcfc || port > 0xcff || !(pci_address >> 31) || device >= MACHINE_DEVICES ||
	    pci_address & 0x00ff0700)
		return NULL;
	return &machine.config[device][(pci_address & 0xfc) + (port & 3)];
}

static uint32_t port_read(uint16_t port, size_t bytes)
{
	uint32_t value = ~0u;
	uint8_t *config = config_bytes(port);

	if (port == 0x71)
		return machine.cmos[cmos_index & 0x7f];
	if (port == 0xcf8)
		return pci_address;
	if (config)
		memcpy(&value, config, bytes);
	return value;
}

static void port_write(uint16_t port, uint32_t value, size_t bytes)
{
	uint8_t *config = config_bytes(port);

	if (port == 0x70)
		cmos_index = value;
	else if (port == 0xcf8)
		pci_address = value;
	else if (config)
		memcpy(config, &value, bytes);
}

uint8_t hw_in8(uint16_t port)
{
	return port_read(port, 1);
}

uint16_t hw_in16(uint16_t port)
{
	return port_read(port, 2);
}

uint32_t hw_in32(uint16_t port)
{
	return port_read(port, 4);
}

void hw_out8(uint16_t port, uint8_t value)
{
	port_write(port, value, 1);
}

void hw_out16(uint16_t port, uint16_t value)
{
	port_write(port, value, 2);
}

void hw_out32(uint16_t port, uint32_t value)
{
	port_write(port, value, 4);
}
