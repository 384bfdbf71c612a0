/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's GDT and LDT.  Proof: descriptors installed by set_gdt,
 * update_descriptor and as an LDT answer to lar and can be loaded, and what is emulated
 * works in code of an LDT, also once the table is taken away; tables on writable
 * pages, interrupt gates and system segments, and slots of the hypervisor are
 * refused, and none of them ends up with the hypervisor's privilege.
 */
#include "guest.h"
#include "page.h"
#include "trap.h"

#define DATA64 0x00cff3000000ffffUL	/* present, level 3, data, writable */
#define CODE64 0x00affb000000ffffUL
#define RING0_DATA 0x00cf93000000ffffUL
#define TSS64 0x0000890000000067UL
#define INTERRUPT_GATE 0x00008e0000080000UL

static uint64_t *gdt, *ldt;

static bool lar(uint16_t selector, uint32_t *rights)
{
	bool valid;

	__asm__ volatile("lar %[s], %[r]" : [r] "=r"(*rights), "=@ccz"(valid)
			 : [s] "r"((uint32_t)selector));
	return valid;
}

static void load_fs(uint64_t selector)
{
	__asm__ volatile("mov %0, %%fs" :: "r"((uint32_t)selector));
}

static long set_gdt(const void *page, unsigned int entries)
{
	uint64_t frame = ptr_to_mfn(page);

	return hypercall(HC_NR_SET_GDT, PTR(&frame), entries, 0, 0, 0);
}

static long update(void *entry, uint64_t descriptor)
{
	return hypercall(HC_NR_UPDATE_DESCRIPTOR, ptr_to_maddr(entry), descriptor, 0, 0, 0);
}

static long set_ldt(uint64_t address, unsigned int entries)
{
	struct hc_mmuext_op op = {
		.cmd = HC_MMUEXT_SET_LDT, .arg1.linear_addr = address, .arg2.nr_ents = entries,
	};

	return hc_mmuext_op(&op, 1, HC_DOMID_SELF);
}

static void check_loaded(uint16_t selector)
{
	uint32_t rights;

	expect(lar(selector, &rights), "selector 0x%x is not valid\n", selector);
	expect(rights >> 15 & 1, "selector 0x%x is not present: 0x%x\n", selector, rights);
	expect_no_fault("loading it", attempt(load_fs, selector));
	load_fs(0);
}

static void global(void)
{
	gdt[1] = DATA64;
	gdt[2] = CODE64;
	expect_refused(set_gdt(gdt, 512));
	make_readonly(gdt);
	expect_success(set_gdt(gdt, 512));
	check_loaded(1 << 3 | 3);
	expect_fault("slot without a descriptor", attempt(load_fs, 5 << 3 | 3), TRAP_GP, 5 << 3);
	expect_fault("write to the live table", attempt_write(PTR(&gdt[5]), DATA64), TRAP_PF,
		     PF_PRESENT | PF_WRITE);
	expect_refused(remap(gdt, ptr_to_mfn(gdt), PTE_DATA));
	expect_success(update(&gdt[5], DATA64));
	check_loaded(5 << 3 | 3);
	expect_success(update(&gdt[5], 0));
	expect_fault("descriptor taken back", attempt(load_fs, 5 << 3 | 3), TRAP_GP, 5 << 3);
}

static void privileged_segments(void)
{
	uint32_t rights;

	if (update(&gdt[6], RING0_DATA) == 0) {
		expect(!lar(6 << 3 | 3, &rights) || (rights >> 13 & 3) != 0,
		       "a descriptor of level 0 was taken: rights 0x%x\n", rights);
		expect_success(update(&gdt[6], 0));
	}
	expect_refused(update(&gdt[6], TSS64));
	expect_refused(update(&gdt[6], INTERRUPT_GATE));
	expect_refused(update(page_alloc(), TSS64));
	expect_refused(hypercall(HC_NR_UPDATE_DESCRIPTOR, 1UL << 46, DATA64, 0, 0, 0));
	expect_refused(hypercall(HC_NR_UPDATE_DESCRIPTOR, ptr_to_maddr(&gdt[6]) + 1, DATA64, 0, 0,
				 0));
}

static void refused_tables(void)
{
	uint64_t *bad = page_alloc();

	bad[3] = TSS64;
	make_readonly(bad);
	expect_refused(set_gdt(bad, 512));
	expect_refused(set_gdt((void *)start_info->pt_base, 512));
	expect_refused(set_gdt(gdt, HC_FIRST_RESERVED_GDT_ENTRY + 1));
	expect_refused(hypercall(HC_NR_SET_GDT, HC_HYPERVISOR_VIRT_START, 512, 0, 0, 0));
	check_loaded(1 << 3 | 3);
}

/* An instruction that is done for us, so that the hypervisor looks at our code segment; ends with cs loaded. */
static void privileged_code(uint64_t cs)
{
	uint64_t cr0;

	__asm__ volatile("push %1; lea 1f(%%rip), %0; push %0; lretq; 1: mov %%cr0, %0"
			 : "=&r"(cr0) : "r"(cs) : "memory");
}

static void local(void)
{
	ldt[4] = DATA64;
	ldt[5] = CODE64;
	make_readonly(ldt);
	expect_success(set_ldt(PTR(ldt), 512));
	check_loaded(4 << 3 | 7);
	expect_fault("empty slot", attempt(load_fs, 3 << 3 | 7), TRAP_GP, 3 << 3 | 4);
	expect_no_fault("its code", attempt(privileged_code, 5 << 3 | 7));
	privileged_code(5 << 3 | 7);
	expect_success(set_ldt(0, 0));
	expect_no_fault("privileged code when it is gone", attempt(privileged_code, HC_FLAT_KERNEL_CS64 | 3));
	expect_success(set_ldt(PTR(ldt), 512));
	expect_refused(set_ldt(PTR(ldt) + 8, 512));
	expect_refused(set_ldt(HC_HYPERVISOR_VIRT_START, 512));
	expect_refused(set_ldt(PTR(ldt), 8193));
	expect_success(set_ldt(0, 0));
	expect_fault("no table", attempt(load_fs, 4 << 3 | 7), TRAP_GP, ~0u);
	section("an LDT on a page that is not fit for it\n");
	expect_success(remap(ldt, ptr_to_mfn(ldt), PTE_DATA));
	if (set_ldt(PTR(ldt), 512) == 0)
		expect(attempt(load_fs, 4 << 3 | 7).vector != TRAP_NONE, "it is used\n");
	expect_success(set_ldt(0, 0));
}

void test_main(void)
{
	gdt = page_alloc();
	ldt = page_alloc();
	section("GDT\n");
	global();
	section("descriptors of more privilege\n");
	privileged_segments();
	section("tables that are refused\n");
	refused_tables();
	section("LDT\n");
	local();
	section("the GDT is given back\n");
	expect_success(hypercall(HC_NR_SET_GDT, 0, 0, 0, 0, 0));
	expect_success(remap(gdt, ptr_to_mfn(gdt), PTE_DATA));
}
