/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Setting up the trap table and turning exceptions into values. */
#include "trap.h"

#include <hypercall/callback.h>
#include <hypercall/vcpu.h>

#include "event.h"
#include "guest.h"
#include "vcpu.h"

#define ENTRIES(x) \
	x(0, de, 0) x(1, db, 0) x(2, nmi, 0) x(3, bp, 3) x(4, of, 3) x(5, br, 0) x(6, ud, 0) \
	x(7, nm, 0) x(8, df, 0) x(10, ts, 0) x(11, np, 0) x(12, ss, 0) x(13, gp, 0) x(14, pf, 0) \
	x(16, mf, 0) x(17, ac, 0) x(18, mc, 0) x(19, xm, 0) x(0x20, int20, 0) x(0x80, int80, 3)

#define DECLARE(vector, name, dpl) extern char trap_##name[];
ENTRIES(DECLARE)

/* All enter with events masked: a test turns them on where it wants them. */
#define GATE(vector, name, dpl) \
	{ vector, (dpl) | HC_TI_IF, HC_FLAT_KERNEL_CS64, (uint64_t)trap_##name },
const struct hc_trap_info trap_table[] = { ENTRIES(GATE) { 0, 0, 0, 0 } };

bool (*trap_hook)(struct trap_frame *frame);

uint64_t attempt_enter(void (*fn)(uint64_t arg), uint64_t arg, uint64_t *resume);
void attempt_leave(uint64_t resume) __attribute__((noreturn));
void trap_dispatch(struct trap_frame *frame);

unsigned int trap_table_size(void)
{
	return ARRAY_SIZE(trap_table) - 1;
}

struct fault attempt(void (*fn)(uint64_t arg), uint64_t arg)
{
	struct vcpu *v = this_vcpu();
	uint64_t outer = v->resume;
	struct fault none = { .vector = TRAP_NONE };
	uint64_t faulted = attempt_enter(fn, arg, &v->resume);

	v->resume = outer;
	return faulted ? v->fault : none;
}

struct access {
	uint64_t va, value;
};

static void do_read(uint64_t arg)
{
	struct access *a = (struct access *)arg;

	a->value = *(volatile uint64_t *)a->va;
}

static void do_write(uint64_t arg)
{
	struct access *a = (struct access *)arg;

	*(volatile uint64_t *)a->va = a->value;
}

struct fault attempt_read(uint64_t va, uint64_t *value)
{
	struct access a = { .va = va };
	struct fault f = attempt(do_read, (uint64_t)&a);

	*value = a.value;
	return f;
}

struct fault attempt_write(uint64_t va, uint64_t value)
{
	struct access a = { .va = va, .value = value };

	return attempt(do_write, (uint64_t)&a);
}

static void report(struct trap_frame *f)
{
	error("unexpected trap %lu, error 0x%lx, rip %p, rsp %p, cs 0x%lx, address %p\n", f->vector,
	      f->error, (void *)f->rip, (void *)f->rsp, f->cs,
	      (void *)vcpu_info(this_vcpu()->id)->arch.cr2);
	finish();
}

void trap_dispatch(struct trap_frame *frame)
{
	struct vcpu *v = this_vcpu();

	if (frame->vector == TRAP_EVENT) {
		event_upcall();
		return;
	}
	if (trap_hook && trap_hook(frame))
		return;
	if (!v->resume)
		report(frame);
	v->fault = (struct fault){
		.vector = frame->vector, .error = frame->error, .rip = frame->rip,
		.address = frame->vector == TRAP_PF ? vcpu_info(v->id)->arch.cr2 : 0,
	};
	v->frame = *frame;
	attempt_leave(v->resume);
}

void expect_fault(const char *what, struct fault got, uint32_t vector, uint32_t error_code)
{
	if (got.vector == TRAP_NONE)
		failure("%s: no fault, expected %u\n", what, vector);
	else if (got.vector != vector || (error_code != ~0u && got.error != error_code))
		failure("%s: fault %u error 0x%x at %p, expected %u error 0x%x\n", what, got.vector,
			got.error, (void *)got.rip, vector, error_code);
}

void expect_no_fault(const char *what, struct fault got)
{
	if (got.vector != TRAP_NONE)
		failure("%s: fault %u error 0x%x rip %p address %p\n", what, got.vector, got.error,
			(void *)got.rip, (void *)got.address);
}

static void set_callback(uint16_t type, const void *entry)
{
	struct hc_callback_register op = {
		.type = type, .flags = HC_CALLBACKF_MASK_EVENTS, .address = (uint64_t)entry,
	};

	need(hc_callback_op(HC_CALLBACKOP_REGISTER, &op));
}

void trap_init(void)
{
	this_vcpu_init(0);
	need(hypercall(HC_NR_SET_TRAP_TABLE, PTR(trap_table), 0, 0, 0, 0));
	set_callback(HC_CALLBACKTYPE_EVENT, event_entry);
	set_callback(HC_CALLBACKTYPE_FAILSAFE, failsafe_entry);
	set_callback(HC_CALLBACKTYPE_SYSCALL, syscall_entry);
}
