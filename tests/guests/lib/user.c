/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building the user half and going there. */
#include "user.h"

#include "guest.h"
#include "page.h"
#include "vcpu.h"

#define USER_PTE (PTE_PRESENT | PTE_USER | PTE_ACCESSED)
#define USER_TABLE (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)

static char kernel_stack[16384] __attribute__((aligned(16)));
static uint64_t *top, *l3, *l2, *l1[3];
static void *data;

void *user_data(void)
{
	return data;
}

uint64_t *user_top(void)
{
	return top;
}

static void fill_tables(void)
{
	static const uint64_t where[] = { USER_CODE, USER_DATA, USER_STACK - PAGE_SIZE };
	uint64_t frames[] = {
		make_pte(ptr_to_mfn(user_begin), USER_PTE),
		make_pte(ptr_to_mfn(data), USER_PTE | PTE_WRITE),
		make_pte(ptr_to_mfn(page_alloc()), USER_PTE | PTE_WRITE),
	};

	top = page_alloc();
	l3 = page_alloc();
	l2 = page_alloc();
	top[0] = make_pte(ptr_to_mfn(l3), USER_TABLE);
	l3[0] = make_pte(ptr_to_mfn(l2), USER_TABLE);
	for (unsigned int i = 0; i < ARRAY_SIZE(where); i++) {
		l1[i] = page_alloc();
		l2[where[i] >> 21] = make_pte(ptr_to_mfn(l1[i]), USER_TABLE);
		l1[i][where[i] >> 12 & 511] = frames[i];
		make_readonly(l1[i]);
	}
	make_readonly(l2);
	make_readonly(l3);
	make_readonly(top);
}

void user_init(void)
{
	struct hc_mmuext_op ops[2] = { { .cmd = HC_MMUEXT_PIN_L4_TABLE },
				       { .cmd = HC_MMUEXT_NEW_USER_BASEPTR } };

	data = page_alloc();
	fill_tables();
	ops[0].arg1.mfn = ops[1].arg1.mfn = ptr_to_mfn(top);
	need(hc_mmuext_op(ops, 2, HC_DOMID_SELF));
	need(hypercall(HC_NR_STACK_SWITCH, HC_FLAT_KERNEL_SS64,
		       PTR(kernel_stack + sizeof(kernel_stack)), 0, 0, 0));
}

static void enter(uint64_t arg)
{
	struct trap_frame frame = *(const struct trap_frame *)arg;

	trap_return(&frame);
}

struct trap_frame user_run_frame(const struct trap_frame *frame)
{
	attempt(enter, PTR(frame));
	return this_vcpu()->frame;
}

struct trap_frame user_run(uint64_t rip, uint64_t rdi, uint64_t rsi)
{
	struct trap_frame frame = {
		.rdi = rdi, .rsi = rsi, .rip = rip, .cs = HC_FLAT_USER_CS64, .rflags = 0x202,
		.rsp = USER_STACK, .ss = HC_FLAT_USER_SS64,
	};

	return user_run_frame(&frame);
}
