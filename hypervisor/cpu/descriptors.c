/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This processor's GDT, IDT, TSS and system-call registers. */
#include <hypercall/base.h>
#include "cpu/cpu.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "lib/log.h"
#include "lib/string.h"
#include "memory/memory.h"
#include "memory/split.h"

#define HYP_CS 0xe008
#define TSS_SELECTOR 0xe040
#define IDT_ENTRIES 256
#define IST_DF 1
#define IST_NMI 2
#define IST_MC 3
#define IST_DB 4

struct idt_gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_middle;
	uint32_t offset_high, reserved;
} __packed;

/* The second one has C look at every page fault: for guests whose writes are logged. */
static struct idt_gate idt[2][IDT_ENTRIES] __aligned(PAGE_SIZE);

/*
 * What stands from selector 0xe000 on, in every GDT: ours and the guests'
 * (source of the guests' part: Xen's public xen-x86_64.h).
 */
static const uint64_t reserved_gdt[8] = {
	0,
	0x00af9b000000ffff,	/* e008 ring 0 code, 64-bit */
	0x00cf93000000ffff,	/* e010 ring 0 data */
	0,
	0x00cffb000000ffff,	/* e023 ring 3 code, compatibility */
	0x00cff3000000ffff,	/* e02b ring 3 data */
	0x00affb000000ffff,	/* e033 ring 3 code, 64-bit */
	0,
};

mfn_t descriptors_reserved_mfn;

extern char interrupt_stubs[];
extern char exception_de[], exception_db[], exception_nmi[], exception_bp[], exception_of[],
	exception_br[], exception_ud[], exception_nm[], exception_df[], exception_ts[],
	exception_np[], exception_ss[], exception_gp[], exception_pf[], exception_mf[],
	exception_ac[], exception_mc[], exception_xm[], exception_legacy_syscall[],
	exception_pf_logged[];
extern char syscall_stub[], syscall_stub_jump[], syscall_stub_end[];
extern char syscall_entry[], syscall_entry_split[];
extern char syscall32_stub[], syscall32_stub_jump[], syscall32_stub_end[], syscall32_entry[];
extern char sysenter_entry[];

static void set_gate(unsigned int vector, const char *handler, unsigned int dpl, unsigned int ist)
{
	uint64_t a = (uint64_t)handler;

	idt[0][vector] = idt[1][vector] = (struct idt_gate){
		.offset_low = (uint16_t)a,
		.selector = HYP_CS,
		.ist = (uint8_t)ist,
		.type = (uint8_t)(0x8e | dpl << 5),
		.offset_middle = (uint16_t)(a >> 16),
		.offset_high = (uint32_t)(a >> 32),
	};
}

static const struct {
	uint8_t vector, dpl, ist;
	const char *handler;
} exceptions[] = {
	{ TRAP_DE, 0, 0, exception_de }, { TRAP_DB, 0, IST_DB, exception_db },
	{ TRAP_NMI, 0, IST_NMI, exception_nmi }, { TRAP_BP, 3, 0, exception_bp },
	{ TRAP_OF, 3, 0, exception_of }, { TRAP_BR, 0, 0, exception_br },
	{ TRAP_UD, 0, 0, exception_ud }, { TRAP_NM, 0, 0, exception_nm },
	{ TRAP_DF, 0, IST_DF, exception_df }, { TRAP_TS, 0, 0, exception_ts },
	{ TRAP_NP, 0, 0, exception_np }, { TRAP_SS, 0, 0, exception_ss },
	{ TRAP_GP, 0, 0, exception_gp }, { TRAP_PF, 0, 0, exception_pf },
	{ TRAP_MF, 0, 0, exception_mf }, { TRAP_AC, 0, 0, exception_ac },
	{ TRAP_MC, 0, IST_MC, exception_mc }, { TRAP_XM, 0, 0, exception_xm },
	{ 0x80, 3, 0, exception_legacy_syscall },
};

void descriptors_init(void)
{
	char *page = page_alloc();

	if (!page || split_expose(idt, sizeof(idt)))
		panic("no memory for descriptor tables");
	memcpy(page, reserved_gdt, sizeof(reserved_gdt));
	descriptors_reserved_mfn = virt_to_mfn(page);
}

static void idt_init(void)
{
	struct idt_gate plain;

	for (unsigned int v = 0x20; v < IDT_ENTRIES; v++)
		set_gate(v, interrupt_stubs + (v - 0x20) * 32, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(exceptions); i++)
		set_gate(exceptions[i].vector, exceptions[i].handler, exceptions[i].dpl,
			 exceptions[i].ist);
	plain = idt[0][TRAP_PF];
	set_gate(TRAP_PF, exception_pf_logged, 0, 0);
	idt[0][TRAP_PF] = plain;
}

void idt_load(struct cpu *c, bool logged)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __packed idtr = { sizeof(idt[0]) - 1, (uint64_t)idt[logged] };

	__asm__ volatile("lidt %0" : : "m"(idtr));
	c->idt_logged = logged;
}

static void load_gdt(struct cpu *c)
{
	uint64_t tss = (uint64_t)&c->tss;

	c->own_gdtr.limit = 0xe000 + sizeof(c->gdt) - 1;
	c->own_gdtr.base = (uint64_t)c->gdt - 0xe000;

	memcpy(c->gdt, reserved_gdt, sizeof(reserved_gdt));
	c->gdt[8] = (sizeof(c->tss) - 1) | (tss & 0xffffff) << 16 | 0x89ULL << 40 |
		    (tss >> 24 & 0xff) << 56;
	c->gdt[9] = tss >> 32;
	__asm__ volatile("lgdt %0\n"
			 "ltr %w1\n"
			 "pushq %2\n"
			 "lea 1f(%%rip), %%rax\n"
			 "pushq %%rax\n"
			 "lretq\n"
			 "1: mov %3, %%ss\n"
			 "xor %%eax, %%eax\n"
			 "lldt %%ax\n"
			 :
			 : "m"(c->own_gdtr), "r"(TSS_SELECTOR), "i"(HYP_CS), "r"(0)
			 : "rax", "memory");
}

/* Copy a stub and point its jump, relative, to where the image has its entry. */
static void install_stub(char *at, const char *stub, const char *end, const char *jump,
			 const char *target)
{
	int32_t displacement = (int32_t)(target - (at + (jump + 4 - stub)));

	memcpy(at, stub, (size_t)(end - stub));
	memcpy(at + (jump - stub), &displacement, sizeof(displacement));
}

static void install_stubs(struct cpu *c)
{
	char *page = (char *)c + PERCPU_STUB_PAGE * PAGE_SIZE;

	install_stub(page, syscall_stub, syscall_stub_end, syscall_stub_jump,
		     split_tables ? syscall_entry_split : syscall_entry);
	install_stub(page + 64, syscall32_stub, syscall32_stub_end, syscall32_stub_jump,
		     syscall32_entry);
	wrmsr(MSR_LSTAR, (uint64_t)page);
	wrmsr(MSR_CSTAR, (uint64_t)page + 64);
	wrmsr(MSR_STAR, (uint64_t)HYP_CS << 32 | (uint64_t)HC_FLAT_RING3_CS32 << 48);
	wrmsr(MSR_SFMASK, RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM |
				  RFLAGS_AC | RFLAGS_IOPL);
	if (!cpu_vendor_amd) {
		wrmsr(MSR_SYSENTER_CS, HYP_CS);
		wrmsr(MSR_SYSENTER_ESP, (uint64_t)c + PERCPU_STACK_TOP);
		wrmsr(MSR_SYSENTER_EIP, (uint64_t)sysenter_entry);
	}
}

void descriptors_cpu_init(struct cpu *c)
{
	uint64_t base = (uint64_t)c;

	if (!idt[0][TRAP_PF].type)
		idt_init();
	c->tss.rsp[0] = base + PERCPU_STACK_TOP;
	c->tss.ist[IST_DF - 1] = base + (PERCPU_DF_PAGE + 1) * PAGE_SIZE;
	c->tss.ist[IST_NMI - 1] = base + (PERCPU_NMI_PAGE + 1) * PAGE_SIZE;
	c->tss.ist[IST_MC - 1] = base + (PERCPU_MC_PAGE + 1) * PAGE_SIZE;
	c->tss.ist[IST_DB - 1] = base + (PERCPU_DB_PAGE + 1) * PAGE_SIZE;
	c->tss.iomap_base = sizeof(c->tss);
	load_gdt(c);
	idt_load(c, false);
	install_stubs(c);
}
