/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions of the kernel itself.  Proof: each arrives with its vector, error
 * code and address; a handler that returns, even one interrupted by a second
 * exception, continues the code with all registers as they were; the events mask
 * is raised in the handler and restored by its return.
 */
#include "event.h"
#include "guest.h"
#include "page.h"
#include "trap.h"
#include "vcpu.h"

static unsigned int hooked;
static uint8_t mask_inside;
static uint64_t flags_inside;

static void divide(uint64_t zero)
{
	__asm__ volatile("xor %%edx, %%edx; mov $1, %%eax; div %0" :: "r"((uint32_t)zero) :
			 "eax", "edx");
}

static void undefined(uint64_t arg)
{
	(void)arg;
	__asm__ volatile("ud2");
}

static void breakpoint(uint64_t arg)
{
	(void)arg;
	__asm__ volatile("int3");
}

static void int80(uint64_t arg)
{
	(void)arg;
	__asm__ volatile("int $0x80");
}

static void int_without_gate(uint64_t arg)
{
	(void)arg;
	__asm__ volatile("int $0x55");
}

static void call(uint64_t address)
{
	((void (*)(void))address)();
}

/* Whoever looks at an invalid opcode's bytes finds fewer than it wants, or almost what it wants. */
static void invalid_opcodes(void)
{
	static uint8_t pages[2][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
	uint8_t *end = pages[1] - 2;
	struct fault fault;

	memcpy(end, "\x0f\x0b" "xeX", 5);
	fault = attempt(call, PTR(end));
	expect_fault("ud2 before other bytes", fault, TRAP_UD, 0);
	expect_equal("where it is", fault.rip, PTR(end));
	need(remap(pages[1], 0, 0));
	fault = attempt(call, PTR(end));
	expect_fault("ud2 at the end of what is mapped", fault, TRAP_UD, 0);
	expect_equal("where it is", fault.rip, PTR(end));
	need(remap(pages[1], ptr_to_mfn(pages[1]), PTE_DATA));
}

static void vectors(void)
{
	uint64_t value;

	expect_fault("division by zero", attempt(divide, 0), TRAP_DE, 0);
	expect_fault("ud2", attempt(undefined, 0), TRAP_UD, 0);
	invalid_opcodes();
	expect_fault("int3", attempt(breakpoint, 0), TRAP_BP, 0);
	expect_fault("int 0x80", attempt(int80, 0), 0x80, 0);
	expect_fault("int without a gate", attempt(int_without_gate, 0), TRAP_GP, ~0u);
	expect_fault("non-canonical address", attempt_read(0x800000000000, &value), TRAP_GP, 0);
}

static void page_faults(void)
{
	uint64_t *page = page_alloc(), value;
	struct fault f;

	make_readonly(page);
	f = attempt_write(PTR(page) + 24, 0);
	expect_fault("write to a read-only page", f, TRAP_PF, PF_PRESENT | PF_WRITE);
	expect_equal("address", f.address, PTR(page) + 24);
	expect_success(remap(page, ptr_to_mfn(page), PTE_DATA | PTE_NX));
	f = attempt(call, PTR(page));
	expect_fault("code on a data page", f, TRAP_PF, PF_PRESENT | PF_FETCH);
	expect_equal("address", f.address, PTR(page));
	expect_success(remap(page, 0, 0));
	f = attempt_read(PTR(page) + 8, &value);
	expect_fault("missing page", f, TRAP_PF, 0);
	expect_equal("address", f.address, PTR(page) + 8);
	f = attempt_read(0x100000, &value);
	expect_fault("nothing mapped around", f, TRAP_PF, 0);
	expect_equal("address", f.address, 0x100000);
}

/* Skip ud2; the first time, provoke an exception while handling this one. */
static bool skip_ud2(struct trap_frame *f)
{
	if (f->vector != TRAP_UD)
		return false;
	mask_inside = vcpu_info(0)->evtchn_upcall_mask;
	flags_inside = f->rflags;
	f->rip += 2;
	if (!hooked++)
		__asm__ volatile("ud2");
	return true;
}

static void returns(void)
{
	uint64_t in[4] = { 0x1111, 0x2222222222222222, 0x3333, 0x4444 }, a, b, c, d, flags;

	trap_hook = skip_ud2;
	__asm__ volatile("mov %[r8], %%r8; mov %[r11], %%r11; stc; ud2; pushf; pop %[f]"
			 : "=a"(a), "=c"(b), [f] "=r"(flags)
			 : "a"(in[0]), "c"(in[1]), [r8] "r"(in[2]), [r11] "r"(in[3])
			 : "r8", "r11", "memory");
	__asm__ volatile("mov %2, %%r8; mov %3, %%r11; ud2; mov %%r8, %0; mov %%r11, %1"
			 : "=&r"(c), "=&r"(d) : "r"(in[2]), "r"(in[3]) : "r8", "r11", "memory");
	trap_hook = NULL;
	expect_equal("exceptions handled", hooked, 3);
	expect_equal("rax", a, in[0]);
	expect_equal("rcx", b, in[1]);
	expect_equal("r8", c, in[2]);
	expect_equal("r11", d, in[3]);
	expect(flags & 1, "carry is lost\n");
}

static void events_mask(void)
{
	trap_hook = skip_ud2;
	upcalls_on();
	__asm__ volatile("ud2" ::: "memory");
	expect_equal("mask in the handler", mask_inside, 1);
	expect(flags_inside & 0x200, "the saved flags say that events were masked\n");
	expect_equal("mask afterwards", vcpu_info(0)->evtchn_upcall_mask, 0);
	upcalls_off();
	__asm__ volatile("ud2" ::: "memory");
	expect(!(flags_inside & 0x200), "the saved flags say that events were not masked\n");
	expect_equal("mask afterwards", vcpu_info(0)->evtchn_upcall_mask, 1);
	trap_hook = NULL;
}

static bool count_steps(struct trap_frame *f)
{
	if (f->vector != TRAP_DB)
		return false;
	if (++hooked == 3)
		f->rflags &= ~0x100UL;
	return true;
}

static void single_step(void)
{
	hooked = 0;
	trap_hook = count_steps;
	__asm__ volatile("pushf; orq $0x100, (%%rsp); popf; nop; nop; nop; nop; nop" ::: "memory");
	trap_hook = NULL;
	expect_equal("steps", hooked, 3);
}

void test_main(void)
{
	section("vectors\n");
	vectors();
	section("page faults\n");
	page_faults();
	section("returning from handlers\n");
	returns();
	section("mask of events\n");
	events_mask();
	section("single step\n");
	single_step();
}
