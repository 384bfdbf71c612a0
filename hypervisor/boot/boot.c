/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The boot processor's way from boot/head.S to dom0, in order; each step may
 * use what stands above it.
 */
#include "boot/acpi.h"
#include "boot/multiboot.h"
#include "boot/options.h"
#include "console/console.h"
#include "cpu/cpu.h"
#include "cpu/x86.h"
#include "domain/control.h"
#include "domain/domain.h"
#include "interrupt/interrupt.h"
#include "lib/log.h"
#include "lib/version.h"
#include "memory/memory.h"
#include "memory/pagetable.h"
#include "memory/split.h"
#include "sched/sched.h"
#include "time/time.h"

#define LOW_MEMORY_END 0x100000
#define HPET_32_TIMERS (31u << 8)	/* in its first word: the number of the last timer */

void boot_start(uint32_t magic, uint32_t info) __noreturn;

extern char image_start[], image_text_end[], image_rodata_end[], image_init_start[],
	image_init_end[], image_end[], entry_start[], entry_end[];
extern uint64_t boot_l3_image[];

static uint64_t image_address(const char *p)
{
	return (uint64_t)p - IMAGE_VIRT;
}

static void __init map_image_page(uint64_t *l2, uint64_t address, uint64_t bits)
{
	uint64_t *slot = &l2[address >> 21], *l1;

	if (!*slot) {
		l1 = page_alloc();
		ASSERT(l1);
		*slot = virt_to_maddr(l1) | PTE_PRESENT | PTE_WRITE;
	}
	l1 = maddr_to_virt(*slot & PTE_ADDRESS);
	l1[address >> PAGE_SHIFT & 511] = address | bits | PTE_ACCESSED | PTE_DIRTY;
}

/*
 * The image's pages with the permissions that its parts need: text read and
 * execute, constants read, data write.
 */
static void __init protect_image(void)
{
	static const struct {
		char *start, *end;
		uint64_t bits;
	} parts[] = {
		{ image_start, image_text_end, PTE_PRESENT },
		{ image_text_end, image_rodata_end, PTE_PRESENT | PTE_NX },
		{ image_rodata_end, image_init_start, PTE_PRESENT | PTE_WRITE | PTE_NX },
		{ image_init_start, image_init_end, PTE_PRESENT | PTE_WRITE },
		{ image_init_end, image_end, PTE_PRESENT | PTE_WRITE | PTE_NX },
	};

	uint64_t *l2 = page_alloc();

	ASSERT(l2);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		for (char *p = parts[i].start; p < parts[i].end; p += PAGE_SIZE)
			map_image_page(l2, image_address(p), parts[i].bits);
	boot_l3_image[0] = virt_to_maddr(l2) | PTE_PRESENT | PTE_WRITE;
	tlb_flush_local();
}

static void __init start_memory(void)
{
	struct memory_range reserved[BOOT_MODULES_MAX + 2];
	struct boot_information *b = &boot_information;
	unsigned int n = 0;

	for (unsigned int i = 0; i < b->map_count; i++)
		memory_map[i] = b->map[i];
	memory_map_count = b->map_count;
	/* BIOS data, firmware tables and the trampoline; dom0 may look at all of it. */
	reserved[n++] = (struct memory_range){ 0, LOW_MEMORY_END, 0 };
	reserved[n++] = (struct memory_range){ image_address(image_start), image_address(image_end), 0 };
	for (unsigned int i = 0; i < b->modules; i++)
		reserved[n++] = (struct memory_range){ b->module[i].start,
						       b->module[i].start + b->module[i].size, 0 };
	memory_init(reserved, n);
}

static void __init start_idle(void)
{
	struct cpu *c = this_cpu();

	dom_io = domain_create_pseudo(HC_DOMID_IO, "devices");
	dom_xen = domain_create_pseudo(HC_DOMID_XEN, "hypervisor");
	idle_domain = domain_create_pseudo(HC_DOMID_IDLE, "idle");
	sched_init();
	cpu_set_running(c, c->idle);
	c->online = true;
}

static void __init start_dom0(void)
{
	struct boot_information *b = &boot_information;
	bool initrd = b->modules > 1;
	uint64_t bytes = 0;

	if (!b->modules)
		panic("no dom0 kernel: the boot loader gave no module");
	for (unsigned int i = 0; i < b->modules; i++)
		bytes += ALIGN_DOWN(b->module[i].size, PAGE_SIZE);
	dom0_load(b->module[0].start, b->module[0].size, initrd ? b->module[1].start : 0,
		  initrd ? b->module[1].size : 0, bytes);
	for (unsigned int i = 0; i < b->modules; i++)
		memory_release(b->module[i].start, b->module[i].start + b->module[i].size);
	dom0_start(b->module[0].command_line);
}

void boot_start(uint32_t magic, uint32_t info)
{
	int rc = multiboot_parse(magic, info);

	options_parse(boot_information.command_line);
	serial_init(option_com_port, option_com_baud);
	log_info("Tenon %s (%s)", TENON_VERSION, TENON_CHANGESET);
	if (rc)
		panic("not started by a multiboot loader, or without a memory map (magic %x)", magic);
	log_info("loader: %s; command line: %s", boot_information.loader, option_command_line);
	features_init();
	features_cpu_init();
	descriptors_cpu_init(this_cpu());
	start_memory();
	protect_image();
	split_init();
	if (split_expose(entry_start, (size_t)(entry_end - entry_start)) || smp_expose_block(this_cpu()))
		panic("no memory for the tables that guests run on");
	descriptors_init();
	fpu_init();
	log_info("processor: %s%s%s%s", cpu_model_name, cpu_has_smep ? ", SMEP" : "",
		 cpu_has_smap ? ", SMAP" : "", split_tables ? ", split tables" : "");
	acpi_init(boot_information.rsdp);
	interrupt_init();
	this_cpu()->apic_id = lapic_id();
	time_init();
	start_idle();
	smp_boot_cpus();
	/*
	 * dom0's AML would find it, but its kernel could not use it and says so.  Where AML does not ask
	 * for the period, now 0, Linux divides by it, unless the interrupts are not as many as the timers.
	 */
	if (acpi.hpet_address)
		memory_hide_io(acpi.hpet_address, acpi.hpet_address + PAGE_SIZE, HPET_32_TIMERS);
	hyp_l4[0] = 0;			/* one to one, for the processors' start only */
	tlb_flush_local();
	start_dom0();
	memory_release(image_address(image_init_start), image_address(image_init_end));
	if (serial_irq >= 0 &&
	    pirq_take_gsi(dom0, acpi_isa_irq((uint8_t)serial_irq).gsi, serial_interrupt))
		log_warn("console: interrupt %d is not there, so dom0 gets no input", serial_irq);
	serial_enable_receive();
	log_info("starting dom0");
	domain_unpause(dom0);
	resume_idle();
}
