/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segment bases.  Proof: memory is reached relative to the base that was set, by
 * hypercall or by MSR, in kernel and user mode each with its own %gs; bases that
 * are the hypervisor's or not canonical are refused. Other registers stay, also with
 * stack_switch, which is done by the same code; and a call whose return address is
 * none ends in a trap.
 */
#include "guest.h"
#include "page.h"
#include "user.h"
#include "vcpu.h"

#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

user_asm(u_bases, "mov %fs:8, %rax; mov %gs:16, %rbx; syscall; ud2");

static long set_base(unsigned int which, uint64_t base)
{
	return hypercall(HC_NR_SET_SEGMENT_BASE, which, base, 0, 0, 0);
}

static uint64_t fs_word(void)
{
	uint64_t value;

	__asm__ volatile("mov %%fs:0, %0" : "=r"(value));
	return value;
}

static uint64_t rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static void wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" :: "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static void write_bad_fs_base(uint64_t value)
{
	wrmsr(MSR_FS_BASE, value);
}

static void kernel_bases(void)
{
	uint64_t words[2] = { 11, 22 };

	expect_success(set_base(HC_SEGBASE_FS, PTR(&words[0])));
	expect_equal("word at %fs", fs_word(), 11);
	wrmsr(MSR_FS_BASE, PTR(&words[1]));
	expect_equal("word at %fs after wrmsr", fs_word(), 22);
	expect_equal("rdmsr", rdmsr(MSR_FS_BASE), PTR(&words[1]));
	expect_equal("our own block at %gs", this_vcpu()->id, 0);
	expect_equal("its base", rdmsr(MSR_GS_BASE), PTR(this_vcpu()));
}

static void user_bases(void)
{
	uint64_t *data = user_data();
	struct trap_frame f;

	data[1] = 0xf5;
	data[3] = 0x65;
	expect_success(set_base(HC_SEGBASE_FS, USER_DATA));
	expect_success(set_base(HC_SEGBASE_GS_USER, USER_DATA + 8));
	f = user_run(user_address(u_bases), 0, 0);
	expect_equal("trap", f.vector, TRAP_SYSCALL);
	expect_equal("user's word at %fs", f.rax, 0xf5);
	expect_equal("user's word at %gs", f.rbx, 0x65);
	expect_equal("our own block at %gs", this_vcpu()->self == this_vcpu(), 1);
	expect_equal("user's base by rdmsr", rdmsr(MSR_KERNEL_GS_BASE), USER_DATA + 8);
	expect_success(set_base(HC_SEGBASE_GS_USER_SEL, 0));
	f = user_run(user_address(u_bases), 0, 0);
	expect_equal("trap without a base", f.vector, TRAP_PF);
}

/* What a call leaves of the registers that are not the call's own, with values nobody else has. */
struct kept {
	uint64_t rdx, r8, r9, r10, rdi, rsi, flags;
};

static long keeping(uint64_t nr, uint64_t a, uint64_t b, struct kept *kept)
{
	register uint64_t r8 __asm__("r8") = 0x808, r9 __asm__("r9") = 0x909, r10 __asm__("r10") = 0x1010;
	uint64_t rdx = 0xd0d0d0d0d0d0d0d0, flags;
	long result;

	/* The carry flag is one that Linux does not care for. */
	__asm__ volatile("stc; syscall; pushf; pop %1"
			 : "=a"(result), "=b"(flags), "+d"(rdx), "+r"(r8), "+r"(r9), "+r"(r10), "+D"(a), "+S"(b)
			 : "0"(nr) : "rcx", "r11", "memory", "cc");
	*kept = (struct kept){ rdx, r8, r9, r10, a, b, flags };
	return result;
}

static long expect_kept(const char *what, uint64_t nr, uint64_t a, uint64_t b)
{
	struct kept k;
	long result = keeping(nr, a, b, &k);

	expect(k.rdx == 0xd0d0d0d0d0d0d0d0 && k.r8 == 0x808 && k.r9 == 0x909 && k.r10 == 0x1010 && k.rdi == a &&
	       k.rsi == b && k.flags & 1, "%s: rdx %lx r8 %lx r9 %lx r10 %lx rdi %lx rsi %lx flags %lx\n", what,
	       k.rdx, k.r8, k.r9, k.r10, k.rdi, k.rsi, k.flags);
	return result;
}

static void registers(void)
{
	char *stack = page_alloc();

	expect_success(expect_kept("FS base", HC_NR_SET_SEGMENT_BASE, HC_SEGBASE_FS, 0xffffc0de12345678));
	expect_equal("rdmsr", rdmsr(MSR_FS_BASE), 0xffffc0de12345678);
	expect_refused(expect_kept("bad FS base", HC_NR_SET_SEGMENT_BASE, HC_SEGBASE_FS, 0x800000000000));
	expect_success(expect_kept("GS base", HC_NR_SET_SEGMENT_BASE, HC_SEGBASE_GS_USER, USER_DATA));
	expect_success(expect_kept("selector", HC_NR_SET_SEGMENT_BASE, HC_SEGBASE_GS_USER_SEL, 0));
	expect_success(expect_kept("bad selector", HC_NR_SET_SEGMENT_BASE, HC_SEGBASE_GS_USER_SEL, 0xffff));
	expect_refused(expect_kept("no such base", HC_NR_SET_SEGMENT_BASE, HC_SEGBASE_FS + (1UL << 32), 0));
	expect_success(expect_kept("stack", HC_NR_STACK_SWITCH, HC_FLAT_KERNEL_SS64, PTR(stack + PAGE_SIZE)));
	/* Numbers 32 above those that have a way of their own. */
	expect_error(expect_kept("57", HC_NR_SET_SEGMENT_BASE + 32, HC_SEGBASE_FS, 1), ENOSYS);
	expect_error(expect_kept("55", HC_NR_IRET + 32, 0, 0), ENOSYS);
	expect_equal("rdmsr", rdmsr(MSR_FS_BASE), 0xffffc0de12345678);
}

#define EDGE 0x7ffffffffffe	/* the last two bytes of the lower half: after a syscall there is nothing */

struct call {
	uint64_t nr, a, b;
};

static void call_at_edge(uint64_t arg)
{
	const struct call *c = (const struct call *)arg;

	__asm__ volatile("jmp *%0" : : "r"(EDGE), "a"(c->nr), "D"(c->a), "S"(c->b) : "rcx", "r11", "memory");
}

/* A page of code that ends with a syscall, at the end of the lower half. */
static void map_edge(void)
{
	unsigned char *code = page_alloc();
	uint64_t mfn;
	struct hc_mmu_update link;

	code[PAGE_SIZE - 2] = 0x0f;
	code[PAGE_SIZE - 1] = 0x05;
	mfn = ptr_to_mfn(code);
	for (unsigned int level = 1; level < 4; level++) {
		uint64_t *table = page_alloc();

		table[511] = make_pte(mfn, PTE_PRESENT | PTE_USER | PTE_ACCESSED | (level > 1 ? PTE_WRITE : 0));
		make_readonly(table);
		mfn = ptr_to_mfn(table);
	}
	link.ptr = ptr_to_maddr(pte_of((void *)EDGE, 4));
	link.val = make_pte(mfn, PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED);
	expect_success(hc_mmu_update(&link, 1, HC_DOMID_SELF));
}

static void at_the_edge(void)
{
	char *stack = page_alloc();
	const struct call calls[] = {
		{ HC_NR_SET_SEGMENT_BASE, HC_SEGBASE_FS, PTR(stack) },
		{ HC_NR_SET_SEGMENT_BASE, HC_SEGBASE_GS_USER_SEL, 0 },
		{ HC_NR_STACK_SWITCH, HC_FLAT_KERNEL_SS64, PTR(stack + PAGE_SIZE) },
		{ HC_NR_XEN_VERSION, 0, 0 },
	};

	map_edge();
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++)
		expect(attempt(call_at_edge, PTR(&calls[i])).vector != TRAP_NONE, "call %lu came back\n", calls[i].nr);
	expect_equal("done before", rdmsr(MSR_FS_BASE), PTR(stack));
}

void test_main(void)
{
	user_init();
	section("kernel\n");
	kernel_bases();
	section("user\n");
	user_bases();
	section("refusals\n");
	expect_refused(set_base(HC_SEGBASE_FS, 0x8000000000000000));
	expect_refused(set_base(HC_SEGBASE_GS_KERNEL, 0x800000000000));
	expect_refused(set_base(HC_SEGBASE_GS_USER, 0xffff7fffffffffff));
	expect_refused(set_base(99, 0));
	expect_fault("wrmsr of a non-canonical base",
		     attempt(write_bad_fs_base, 0x8000000000000000), TRAP_GP, 0);
	expect_equal("our own block at %gs", this_vcpu()->id, 0);
	section("a selector that user mode cannot have\n");
	set_base(HC_SEGBASE_GS_USER_SEL, 0xe008);
	set_base(HC_SEGBASE_GS_USER_SEL, 0xffff);
	expect_equal("our own block at %gs", this_vcpu()->id, 0);
	section("other registers\n");
	registers();
	section("calls from where nothing follows\n");
	at_the_edge();
	expect_equal("our own block at %gs", this_vcpu()->id, 0);
}
