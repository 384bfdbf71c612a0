/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls into a guest's kernel: see symcall.h, and <hypercall/extension.h> for what the guest sees. */
#include "extension/symcall.h"

#include <hypercall/extension.h>
#include "cpu/cpu.h"
#include "domain/domain.h"
#include "domain/trace.h"
#include "hypercall/hypercall.h"
#include "lib/log.h"

#define BUDGET_MIN 100		/* us */

/* The vcpu comes to attend(), now or when it has its turn. */
static void poke(struct vcpu *v)
{
	vcpu_call_attention(v, ATTENTION_SYMCALL);
	vcpu_kick(v);
}

/* What the compiler makes of an assignment is twice as long where it takes the code for a rare case. */
static void copy_regs(struct regs *to, const struct regs *from)
{
	size_t words = sizeof(*to) / 8;

	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
}

static void enter(struct vcpu *v, struct regs *regs, uint64_t address, uint64_t rdi)
{
	if (!v->kernel_mode)
		guest_enter_kernel(v);
	v->info->evtchn_upcall_mask = 1;
	regs->rip = address;
	regs->cs = HC_FLAT_KERNEL_CS64;
	regs->rflags = RFLAGS_IF | 2;
	regs->rsp = v->extension.symcall.stack;
	regs->ss = HC_FLAT_KERNEL_SS64;
	regs->rdi = rdi;
}

static void leave_mode(struct vcpu *v, bool kernel_mode)
{
	if (!kernel_mode && !v->cr3_user)
		domain_crash(v->domain, "a call of its kernel took away the user page tables");
	else if (v != current)
		v->kernel_mode = kernel_mode;
	else if (kernel_mode)
		guest_enter_kernel(v);
	else
		guest_enter_user(v);
}

/* The vcpu, current or on no processor, is again where the call found it. */
static inline __attribute__((always_inline)) void leave(struct vcpu *v, struct symcall_domain *s,
							struct regs *regs)
{
	copy_regs(regs, &s->regs);
	v->entry_traps = s->traps;
	v->info->evtchn_upcall_mask = 0;
	if (v->symcall & SYMCALL_NMI)
		vcpu_call_attention(v, ATTENTION_NMI);
	if (s->kernel_mode != v->kernel_mode)
		leave_mode(v, s->kernel_mode);
	v->symcall = 0;
	__atomic_store_n(&s->state, HC_SYMCALL_DONE, __ATOMIC_RELEASE);
}

static void leave_aborted(struct vcpu *v, struct symcall_domain *s, struct regs *regs, int reason)
{
	if (!(v->symcall & SYMCALL_CLEANUP))
		s->result = reason;
	count_event(v, HC_COUNTER_SYMCALL_ABORTS);
	leave(v, s, regs);
}

static void abort_call(struct vcpu *v, struct symcall_domain *s, int reason)
{
	uint64_t address = v->extension.symcall.aborted;

	v->trap_pending = 0;
	if (v->symcall & SYMCALL_CLEANUP || !address) {
		leave_aborted(v, s, guest_regs(), reason);
		return;
	}
	spin_lock(&s->lock);
	s->reason = 0;
	s->seen = false;
	spin_unlock(&s->lock);
	s->result = reason;
	v->symcall |= SYMCALL_CLEANUP;
	enter(v, guest_regs(), address, (uint64_t)reason);
}

/* From here on the call is the vcpu's; it may have been cancelled meanwhile. */
static bool take(struct vcpu *v)
{
	uint8_t wanted = SYMCALL_WANTED;

	return __atomic_compare_exchange_n(&v->symcall, &wanted, SYMCALL_RUNNING, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

static void begin(struct vcpu *v, struct symcall_domain *s, struct regs *regs)
{
	WRITE_ONCE(s->state, HC_SYMCALL_RUNNING);
	count_event(v, HC_COUNTER_SYMCALLS);
	copy_regs(&s->regs, regs);
	s->kernel_mode = v->kernel_mode;
	s->traps = v->entry_traps;
	v->entry_traps = trace_gates;
	regs->rsi = s->argument[0];
	regs->rdx = s->argument[1];
	regs->rcx = s->argument[2];
	regs->r8 = s->argument[3];
	enter(v, regs, v->extension.symcall.entry, s->function);
}

/* Not the time for a call to begin. */
static void attend_otherwise(struct vcpu *v, struct symcall_domain *s)
{
	if (v->symcall & SYMCALL_RUNNING) {
		/* What has brought us here may be an event, as the guest opened them. */
		v->info->evtchn_upcall_mask = 1;
		if (READ_ONCE(s->reason))
			abort_call(v, s, s->reason);
	} else if (v->symcall) {
		/* It comes back here when it opens its events, as one is pending then. */
		event_mark_vcpu(v);
	}
}

void symcall_attend(void)
{
	struct vcpu *v = current;
	struct symcall_domain *s = &v->domain->extension.symcall;

	if (likely(v->symcall == SYMCALL_WANTED && !v->info->evtchn_upcall_mask)) {
		if (likely(take(v)))
			begin(v, s, guest_regs());
	} else {
		attend_otherwise(v, s);
	}
}

void symcall_set_traps(struct vcpu *v, const struct bounce_target *traps)
{
	if (v->symcall & SYMCALL_RUNNING)
		v->domain->extension.symcall.traps = traps;
	else
		__atomic_store_n(&v->entry_traps, traps, __ATOMIC_RELEASE);
}

bool symcall_fault(struct vcpu *v)
{
	if (!(v->symcall & SYMCALL_RUNNING))
		return false;
	abort_call(v, &v->domain->extension.symcall, -EFAULT);
	return true;
}

void symcall_leave(struct vcpu *v)
{
	struct symcall_domain *s = &v->domain->extension.symcall;

	if (!(v->symcall & SYMCALL_RUNNING))
		return;
	/* Its tables may still be loaded somewhere, those of the mode that it leaves. */
	context_forget(v);
	v->trap_pending = 0;
	leave_aborted(v, s, &v->regs, -EINTR);
}

long symcall_end(uint64_t result)
{
	struct vcpu *v = current;
	struct symcall_domain *s = &v->domain->extension.symcall;

	if (!(v->symcall & SYMCALL_RUNNING) || v->multicall)
		return -EINVAL;
	if (likely(!(v->symcall & SYMCALL_CLEANUP)))
		s->result = (int64_t)result;
	else
		count_event(v, HC_COUNTER_SYMCALL_ABORTS);
	leave(v, s, guest_regs());
	resume_guest();
}

long symcall_register(uint64_t arg)
{
	struct hc_extension_symcall r;
	struct vcpu *v;

	if (copy_from_guest(&r, arg, sizeof(r)))
		return -EFAULT;
	v = vcpu_of(current->domain, r.vcpu);
	if (!v || r.pad || !guest_address_ok(r.entry) || !guest_address_ok(r.stack) ||
	    !guest_address_ok(r.aborted) || (r.mfn && extension_check_frame(v->domain, r.mfn)))
		return -EINVAL;
	v->extension.symcall = (struct symcall_vcpu){
		.entry = r.entry, .stack = r.stack, .aborted = r.aborted, .mfn = r.mfn,
	};
	return 0;
}

/*
 * Each time that a budget has passed since the call was asked for.  The call has used it up
 * if its vcpu has had so much of a processor since it was first seen in it here, or
 * waits for something, which calls may not.
 */
static void expire(void *arg)
{
	struct symcall_domain *s = arg;
	const uint32_t waits = VCPU_WAIT_BLOCKED | VCPU_WAIT_POLL | VCPU_WAIT_DOWN;
	uint64_t used;

	spin_lock(&s->lock);
	if (s->state == HC_SYMCALL_RUNNING) {
		used = vcpu_cpu_time(s->vcpu);
		if (s->seen && (used - s->mark >= s->budget || READ_ONCE(s->vcpu->sched.waiting) & waits))
			s->reason = -ETIME;
		if (!s->seen)
			s->mark = used;
		s->seen = true;
	}
	if (s->state == HC_SYMCALL_RUNNING || s->state == HC_SYMCALL_REQUESTED) {
		if (s->reason)
			poke(s->vcpu);
		timer_set(&s->timer, time_now() + s->budget);
	}
	spin_unlock(&s->lock);
}

void symcall_domain_init(struct domain *d)
{
	struct symcall_domain *s = &d->extension.symcall;

	spin_init(&s->lock);
	timer_init(&s->timer, expire, s, 0);
}

void symcall_domain_free(struct domain *d)
{
	timer_kill(&d->extension.symcall.timer);
}

static bool under_way(const struct symcall_domain *s)
{
	return s->state == HC_SYMCALL_REQUESTED || s->state == HC_SYMCALL_RUNNING;
}

static long start(struct domain *d, struct symcall_domain *s, const struct hc_control_symcall *c)
{
	struct vcpu *v = vcpu_of(d, c->vcpu);

	if (!v || c->budget < BUDGET_MIN || c->budget > HC_SYMCALL_BUDGET_MAX)
		return -EINVAL;
	if (!v->extension.symcall.entry)
		return -ENODATA;
	if (under_way(s))
		return -EBUSY;
	s->vcpu = v;
	s->function = c->function;
	for (unsigned int i = 0; i < ARRAY_SIZE(s->argument); i++)
		s->argument[i] = c->argument[i];
	s->budget = c->budget * 1000UL;
	s->reason = 0;
	s->seen = false;
	s->state = HC_SYMCALL_REQUESTED;
	v->symcall = SYMCALL_WANTED;
	timer_set_here(&s->timer, time_now() + s->budget);
	poke(v);
	return 0;
}

static long cancel(struct symcall_domain *s)
{
	uint8_t wanted = SYMCALL_WANTED;

	if (!under_way(s) ||
	    __atomic_compare_exchange_n(&s->vcpu->symcall, &wanted, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
		s->state = HC_SYMCALL_IDLE;
		return 0;
	}
	s->reason = -EINTR;
	poke(s->vcpu);
	return 0;
}

long symcall_control(struct domain *d, struct hc_control *op)
{
	struct symcall_domain *s = &d->extension.symcall;
	struct hc_control_symcall *c = &op->u.symcall;
	long rc = 0;

	spin_lock(&s->lock);
	if (c->op == HC_SYMCALL_START)
		rc = start(d, s, c);
	else if (c->op == HC_SYMCALL_CANCEL)
		rc = cancel(s);
	else if (c->op != HC_SYMCALL_RESULT)
		rc = -EINVAL;
	else if (s->state == HC_SYMCALL_REQUESTED)
		poke(s->vcpu);	/* a trap may have gone first */
	c->state = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
	if (c->state == HC_SYMCALL_DONE) {
		c->result = s->result;
		c->mfn = s->vcpu->extension.symcall.mfn;
	}
	spin_unlock(&s->lock);
	return rc;
}
