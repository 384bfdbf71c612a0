/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of the vcpus, and bringing up more than the first. */
#include "vcpu.h"

#include <hypercall/vcpu.h>

#include "event.h"
#include "guest.h"
#include "page.h"

static struct vcpu vcpus[VCPUS];
static char stacks[VCPUS][VCPU_STACK] __attribute__((aligned(16)));
static void (*start_function[VCPUS])(void);

struct vcpu *vcpu_of(unsigned int id)
{
	return &vcpus[id];
}

void this_vcpu_init(unsigned int id)
{
	vcpus[id].self = &vcpus[id];
	vcpus[id].id = id;
	need(hypercall(HC_NR_SET_SEGMENT_BASE, HC_SEGBASE_GS_KERNEL, PTR(&vcpus[id]), 0, 0, 0));
}

struct hc_vcpu_info *vcpu_info(unsigned int id)
{
	return &shared_info->vcpu_info[id];
}

static void vcpu_entry(void)
{
	struct vcpu *v = this_vcpu();

	/* A vcpu that is brought up again goes on after the call that took it down. */
	for (;;) {
		start_function[v->id]();
		hc_vcpu_op(HC_VCPUOP_DOWN, v->id, NULL);
	}
}

void vcpu_context(struct hc_vcpu_guest_context *c, unsigned int id, void (*fn)(void))
{
	vcpus[id].self = &vcpus[id];
	vcpus[id].id = id;
	start_function[id] = fn;
	memset(c, 0, sizeof(*c));
	c->flags = HC_VGCF_IN_KERNEL;
	c->user_regs.rip = (uint64_t)vcpu_entry;
	c->user_regs.rsp = (uint64_t)&stacks[id][VCPU_STACK - 8];
	c->user_regs.cs = HC_FLAT_KERNEL_CS64;
	c->user_regs.ss = HC_FLAT_KERNEL_SS64;
	c->user_regs.rflags = 2;
	for (unsigned int i = 0; i < trap_table_size(); i++)
		c->trap_ctxt[trap_table[i].vector] = trap_table[i];
	c->kernel_ss = HC_FLAT_KERNEL_SS64;
	c->kernel_sp = (uint64_t)&stacks[id][VCPU_STACK];
	c->ctrlreg[3] = ptr_to_maddr((const void *)start_info->pt_base);
	c->event_callback_eip = (uint64_t)event_entry;
	c->failsafe_callback_eip = (uint64_t)failsafe_entry;
	c->syscall_callback_eip = (uint64_t)syscall_entry;
	c->gs_base_kernel = (uint64_t)&vcpus[id];
	memset(c->fpu_ctxt.x, 0, sizeof(c->fpu_ctxt.x));
	c->fpu_ctxt.x[0] = 0x7f;	/* the x87 control word a processor starts with */
	c->fpu_ctxt.x[1] = 0x03;
	c->fpu_ctxt.x[24] = (char)0x80;	/* and MXCSR */
	c->fpu_ctxt.x[25] = 0x1f;
}

long vcpu_start(unsigned int id, void (*fn)(void))
{
	static struct hc_vcpu_guest_context context;
	long r;

	vcpu_context(&context, id, fn);
	r = hc_vcpu_op(HC_VCPUOP_INITIALISE, id, &context);
	if (r && r != -EEXIST)
		return r;
	vcpu_info(id)->evtchn_upcall_mask = 1;
	return hc_vcpu_op(HC_VCPUOP_UP, id, NULL);
}
