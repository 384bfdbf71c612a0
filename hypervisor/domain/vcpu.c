/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual processors: making them, their contexts, and the vcpu hypercalls. */
#include <hypercall/sched.h>
#include <hypercall/vcpu.h>
#include "cpu/cpu.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "domain/guest.h"
#include "domain/trace.h"
#include "domain/vcpu.h"
#include "hypercall/handlers.h"
#include "hypercall/hypercall.h"
#include "lib/string.h"
#include "memory/memory.h"

/* Where a vcpu without vcpu_info finds one, so that no path has to ask: a page of its own. */
static struct hc_vcpu_info *dummy_info;

static void vcpu_init_fields(struct vcpu *v, struct domain *d, unsigned int id)
{
	v->domain = d;
	v->id = (uint16_t)id;
	v->info_mfn = MFN_INVALID;
	v->kernel_mode = 1;
	v->debugreg[6] = 0xffff0ff0;
	v->debugreg[7] = 0x400;
	for (unsigned int i = 0; i < ARRAY_SIZE(v->ldt_frames); i++)
		v->ldt_frames[i] = MFN_INVALID;
}

static void set_info(struct vcpu *v, struct hc_vcpu_info *info)
{
	__atomic_store_n(&v->info, info, __ATOMIC_SEQ_CST);
	window_show_info(v, info);
}

static bool make_dummy_info(void)
{
	struct hc_vcpu_info *made = dummy_info ? NULL : page_alloc(), *none = NULL;

	if (!made)
		return dummy_info;
	made->evtchn_upcall_mask = 1;
	if (!__atomic_compare_exchange_n(&dummy_info, &none, made, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		page_free(made);
	return true;
}

int vcpu_create(struct domain *d, unsigned int id)
{
	/* A page of its own, since the entry code sees all of it. */
	struct vcpu *v = make_dummy_info() ? page_alloc_for(d) : NULL;
	int rc = -ENOMEM;

	_Static_assert(sizeof(*v) <= PAGE_SIZE, "a vcpu is seen through one page");
	if (!v)
		return -ENOMEM;
	vcpu_init_fields(v, d, id);
	v->traps = page_alloc_for(d);
	if (!v->traps)
		goto free_vcpu;
	rc = fpu_vcpu_init(v);
	if (rc)
		goto free_traps;
	rc = window_open(v);
	if (rc)
		goto close_window;
	set_info(v, d->shared_info && id < LEGACY_MAX_VCPUS ? &d->shared_info->vcpu_info[id] :
							      dummy_info);
	rc = event_vcpu_init(v);
	if (rc)
		goto close_window;
	rc = sched_vcpu_init(v);
	if (rc)
		goto close_window;
	time_vcpu_init(v);
	v->sched.waiting = VCPU_WAIT_DOWN;
	d->vcpu[id] = v;
	return 0;
close_window:
	window_close(v);
	fpu_vcpu_free(v);
free_traps:
	page_free_for(d, v->traps);
free_vcpu:
	page_free_for(d, v);
	return rc;
}

void vcpu_free(struct vcpu *v)
{
	struct domain *d = v->domain;

	time_vcpu_free(v);
	sched_vcpu_free(v);
	window_close(v);
	fpu_vcpu_free(v);
	trace_vcpu_free(v);
	page_free_for(d, v->traps);
	d->vcpu[v->id] = NULL;
	page_free_for(d, v);
}

static int set_tables(struct vcpu *v, const struct hc_vcpu_guest_context *c)
{
	mfn_t kernel = c->ctrlreg[3] >> PAGE_SHIFT, user = c->ctrlreg[1] >> PAGE_SHIFT;
	int rc = 0;

	if (c->gdt_ents && !v->gdt_entries)
		rc = vcpu_set_gdt(v, c->gdt_frames, (unsigned int)MIN(c->gdt_ents, (uint64_t)8192));
	if (!rc && (v->memory.base_kernel >> PAGE_SHIFT) != kernel)
		rc = vcpu_set_kernel_base(v, kernel);
	if (!rc && user && (v->memory.base_user >> PAGE_SHIFT) != user)
		rc = vcpu_set_user_base(v, user);
	return rc;
}

static int set_entry_points(struct vcpu *v, const struct hc_vcpu_guest_context *c)
{
	for (unsigned int i = 0; i < 256; i++) {
		struct hc_trap_info t = c->trap_ctxt[i];

		t.vector = (uint8_t)i;
		if (!guest_set_trap(v, &t))
			return -EINVAL;
	}
	if (!guest_set_callback(v, VCPU_CALLBACK_EVENT, c->event_callback_eip, true) ||
	    !guest_set_callback(v, VCPU_CALLBACK_FAILSAFE, c->failsafe_callback_eip,
				c->flags & HC_VGCF_FAILSAFE_DISABLES_EVENTS) ||
	    !guest_set_callback(v, VCPU_CALLBACK_SYSCALL, c->syscall_callback_eip,
				c->flags & HC_VGCF_SYSCALL_DISABLES_EVENTS))
		return -EINVAL;
	return 0;
}

static void set_registers(struct vcpu *v, const struct hc_vcpu_guest_context *c)
{
	memcpy(&v->regs, &c->user_regs, sizeof(v->regs));
	v->iopl = c->user_regs.rflags >> 12 & 3;
	v->regs.cs |= 3;
	v->regs.ss |= 3;
	memset(v->regs.cs_pad, 0, sizeof(v->regs.cs_pad));
	memset(v->regs.ss_pad, 0, sizeof(v->regs.ss_pad));
	v->regs.rflags = (v->regs.rflags & ~(uint64_t)(RFLAGS_IOPL | RFLAGS_NT | RFLAGS_VM)) |
			 RFLAGS_IF | 2;
	v->regs.vector = REGS_SYSCALL;
	v->regs.error_code = 0;
	v->ds = c->user_regs.ds;
	v->es = c->user_regs.es;
	v->fs = c->user_regs.fs;
	v->gs = c->user_regs.gs;
	v->fs_base = c->fs_base;
	v->gs_base_kernel = c->gs_base_kernel;
	v->gs_base_user = c->gs_base_user;
	v->kernel_mode = !!(c->flags & HC_VGCF_IN_KERNEL);
	v->cr0_ts = !!(c->ctrlreg[0] & CR0_TS);
	v->cr4 = c->ctrlreg[4] & CR4_TSD;
	guest_set_kernel_stack(v, (uint16_t)c->kernel_ss, c->kernel_sp);
}

static bool canonical(uint64_t a)
{
	return (int64_t)(a << 16) >> 16 == (int64_t)a;
}

int vcpu_set_context(struct vcpu *v, struct hc_vcpu_guest_context *c)
{
	int rc;

	if (v->online)
		return -EBUSY;
	if (c->gdt_ents > HC_FIRST_RESERVED_GDT_ENTRY || c->ldt_ents > 8192 ||
	    !canonical(c->fs_base) || !canonical(c->gs_base_kernel) ||
	    !canonical(c->gs_base_user))
		return -EINVAL;
	/* What it starts on. Frame 0 is nobody's, and what a vcpu without tables has as its base. */
	if (!(c->ctrlreg[3] >> PAGE_SHIFT) ||
	    !(c->flags & HC_VGCF_IN_KERNEL || c->ctrlreg[1] >> PAGE_SHIFT))
		return -EINVAL;
	rc = set_entry_points(v, c);
	if (!rc)
		rc = set_tables(v, c);
	if (rc)
		return rc;
	for (unsigned int i = 0; i < 8; i++)
		if (i != 4 && i != 5 && guest_set_debugreg(v, i, c->debugreg[i]))
			return -EINVAL;
	if (c->ldt_ents && vcpu_set_ldt(v, c->ldt_base, (uint32_t)c->ldt_ents))
		return -EINVAL;
	set_registers(v, c);
	if (c->flags & HC_VGCF_I387_VALID)
		fpu_load_context(v, c->fpu_ctxt.x);
	if (!v->id)
		v->domain->vm_assist = c->vm_assist;
	v->online = true;
	return 0;
}

/* v is paused or blocked: its registers are in its struct. */
void vcpu_get_context(struct vcpu *v, struct hc_vcpu_guest_context *c)
{
	memset(c, 0, sizeof(*c));
	memcpy(&c->user_regs, &v->regs, sizeof(v->regs));
	c->user_regs.rflags |= (uint64_t)v->iopl << 12;
	c->user_regs.ds = v->ds;
	c->user_regs.es = v->es;
	c->user_regs.fs = v->fs;
	c->user_regs.gs = v->gs;
	c->flags = HC_VGCF_I387_VALID | (v->kernel_mode ? HC_VGCF_IN_KERNEL : 0);
	if (!(v->sched.waiting & VCPU_WAIT_DOWN))
		c->flags |= HC_VGCF_ONLINE;
	if (v->callback[VCPU_CALLBACK_FAILSAFE].flags & BOUNCE_MASK_EVENTS)
		c->flags |= HC_VGCF_FAILSAFE_DISABLES_EVENTS;
	if (v->callback[VCPU_CALLBACK_SYSCALL].flags & BOUNCE_MASK_EVENTS)
		c->flags |= HC_VGCF_SYSCALL_DISABLES_EVENTS;
	fpu_store_context(v, c->fpu_ctxt.x);
	for (unsigned int i = 0; i < 256; i++) {
		c->trap_ctxt[i].vector = (uint8_t)i;
		c->trap_ctxt[i].flags = (v->traps[i].flags & BOUNCE_MASK_EVENTS) | v->traps[i].dpl;
		c->trap_ctxt[i].cs = v->traps[i].cs;
		c->trap_ctxt[i].address = v->traps[i].address;
	}
	c->ldt_base = v->ldt_base;
	c->ldt_ents = v->ldt_entries;
	memcpy(c->gdt_frames, v->gdt_frames, sizeof(v->gdt_frames));
	c->gdt_ents = v->gdt_entries;
	c->kernel_ss = v->kernel_ss;
	c->kernel_sp = v->kernel_sp;
	c->ctrlreg[0] = 0x80050033 | (v->cr0_ts ? CR0_TS : 0);
	c->ctrlreg[3] = v->memory.base_kernel;
	c->ctrlreg[1] = v->memory.base_user;
	c->ctrlreg[4] = v->cr4;
	memcpy(c->debugreg, v->debugreg, sizeof(c->debugreg));
	c->event_callback_eip = v->callback[VCPU_CALLBACK_EVENT].address;
	c->failsafe_callback_eip = v->callback[VCPU_CALLBACK_FAILSAFE].address;
	c->syscall_callback_eip = v->callback[VCPU_CALLBACK_SYSCALL].address;
	c->vm_assist = v->domain->vm_assist;
	c->fs_base = v->fs_base;
	c->gs_base_kernel = v->gs_base_kernel;
	c->gs_base_user = v->gs_base_user;
}

/*
 * The guest's page that holds its vcpu_info stays mapped for us through the direct map.
 * That v is down does not mean that it has left its processor, or that it stays down.
 */
static int move_info(struct vcpu *v, mfn_t mfn, uint32_t offset)
{
	struct hc_vcpu_info *new;
	int rc;

	if (v->info_mfn != MFN_INVALID || (v != current && !(v->sched.waiting & VCPU_WAIT_DOWN)))
		return -EINVAL;
	rc = frame_get_both(mfn, v->domain, FRAME_WRITABLE, false);
	if (rc)
		return rc;
	new = (struct hc_vcpu_info *)((char *)mfn_to_virt(mfn) + offset);
	if (v->info == dummy_info) {
		memset(new, 0, sizeof(*new));
		new->evtchn_upcall_mask = 1;
	} else {
		memcpy(new, v->info, sizeof(*new));
	}
	v->info_mfn = mfn;
	set_info(v, new);
	return 0;
}

static long register_info(struct vcpu *v, uint64_t arg)
{
	struct hc_vcpu_register_vcpu_info r;
	int rc;

	if (copy_from_guest(&r, arg, sizeof(r)))
		return -EFAULT;
	if (r.offset > PAGE_SIZE - sizeof(struct hc_vcpu_info) || r.offset & 7 || !mfn_valid(r.mfn))
		return -EINVAL;
	/* Another vcpu may want to do the same: the references of one frame would be lost. */
	spin_lock(&v->domain->lock);
	rc = move_info(v, r.mfn, r.offset);
	spin_unlock(&v->domain->lock);
	if (rc)
		return rc;
	time_update_vcpu(v);
	event_vcpu_info_moved(v);
	return 0;
}

void vcpu_drop_info(struct vcpu *v)
{
	if (v->info_mfn == MFN_INVALID)
		return;
	set_info(v, dummy_info);
	frame_put_both(frame_of(v->info_mfn));
	v->info_mfn = MFN_INVALID;
}

static long initialise(struct vcpu *v, uint64_t arg)
{
	struct hc_vcpu_guest_context *c;
	struct domain *d = v->domain;
	long rc;

	if (v->info == dummy_info)
		return -EINVAL;
	c = heap_alloc(sizeof(*c));
	if (!c)
		return -ENOMEM;
	if (copy_from_guest(c, arg, sizeof(*c))) {
		rc = -EFAULT;
	} else {
		spin_lock(&d->lock);
		rc = v->online ? -EEXIST : vcpu_set_context(v, c);
		spin_unlock(&d->lock);
	}
	heap_free(c);
	if (rc == -ERESTART || rc == -EINTR)
		return hypercall_continue(HC_NR_VCPU_OP, 3, (uint64_t)HC_VCPUOP_INITIALISE,
					  (uint64_t)v->id, arg);
	return rc;
}

static long up(struct vcpu *v, uint64_t arg)
{
	(void)arg;
	if (!v->online)
		return -EINVAL;
	__atomic_fetch_and(&v->sched.waiting, ~VCPU_WAIT_DOWN, __ATOMIC_SEQ_CST);
	time_update_vcpu(v);
	vcpu_wake(v);
	return 0;
}

static long down(struct vcpu *v, uint64_t arg)
{
	struct vcpu *other;
	bool last = true;

	(void)arg;
	for_each_vcpu(v->domain, other)
		if (other != v && !(other->sched.waiting & VCPU_WAIT_DOWN))
			last = false;
	if (last) {
		domain_shutdown(v->domain, HC_SHUTDOWN_POWEROFF);
		return 0;
	}
	__atomic_fetch_or(&v->sched.waiting, VCPU_WAIT_DOWN, __ATOMIC_SEQ_CST);
	vcpu_sleep(v);
	return 0;
}

static long is_up(struct vcpu *v, uint64_t arg)
{
	(void)arg;
	return !(v->sched.waiting & VCPU_WAIT_DOWN);
}

static long send_nmi(struct vcpu *v, uint64_t arg)
{
	(void)arg;
	vcpu_call_attention(v, ATTENTION_NMI);
	vcpu_kick(v);
	return 0;
}

static long physical_id(struct vcpu *v, uint64_t arg)
{
	struct hc_vcpu_get_physid id = { .phys_id = v->id };

	if (!v->domain->privileged)
		return -EINVAL;
	return copy_to_guest(arg, &id, sizeof(id));
}

long hypercall_vcpu_op(uint64_t cmd, uint64_t id, uint64_t arg)
{
	static long (*const operations[])(struct vcpu *v, uint64_t arg) = {
		[HC_VCPUOP_INITIALISE] = initialise,
		[HC_VCPUOP_UP] = up,
		[HC_VCPUOP_DOWN] = down,
		[HC_VCPUOP_IS_UP] = is_up,
		[HC_VCPUOP_GET_RUNSTATE_INFO] = vcpu_get_runstate,
		[HC_VCPUOP_REGISTER_RUNSTATE_MEMORY_AREA] = vcpu_register_runstate_area,
		[HC_VCPUOP_SET_PERIODIC_TIMER] = vcpu_set_periodic,
		[HC_VCPUOP_STOP_PERIODIC_TIMER] = vcpu_stop_periodic,
		[HC_VCPUOP_SET_SINGLESHOT_TIMER] = vcpu_set_singleshot,
		[HC_VCPUOP_STOP_SINGLESHOT_TIMER] = vcpu_stop_singleshot,
		[HC_VCPUOP_REGISTER_VCPU_INFO] = register_info,
		[HC_VCPUOP_SEND_NMI] = send_nmi,
		[HC_VCPUOP_GET_PHYSID] = physical_id,
		[HC_VCPUOP_REGISTER_VCPU_TIME_MEMORY_AREA] = vcpu_register_time_area,
	};
	struct vcpu *v = id <= MAX_VCPUS ? vcpu_of(current->domain, (uint32_t)id) : NULL;
	long (*run)(struct vcpu *v, uint64_t arg);
	uint32_t op = (uint32_t)cmd;

	if (!v)
		return -ENOENT;
	if (op >= ARRAY_SIZE(operations))
		return -ENOSYS;
	run = operations[index_below(op, ARRAY_SIZE(operations))];
	return run ? run(v, arg) : -ENOSYS;
}
