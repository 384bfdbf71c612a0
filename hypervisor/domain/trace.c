/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counting what a domain enters the hypervisor for; trace.h has how. */
#include "domain/trace.h"

#include "cpu/cpu.h"
#include "hypercall/hypercall.h"

_Static_assert(HC_TRACE_SYSCALL == 256 && HC_TRACE_ENTRIES == 256 + VCPU_SYSCALLS, "a place for each gate");

/* Never an address in them.  Seen by the entry code on a guest's tables. */
__attribute__((section(".entry.rodata"))) const struct bounce_target trace_gates[HC_TRACE_ENTRIES];

static long trace_hypercall(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	struct vcpu *v = current;
	/* As the entry code has bounded it, and call_one() too. */
	uint32_t nr = v->multicall ? (uint32_t)v->multicall->op : (uint32_t)guest_regs()->rax;

	nr = MIN(nr, (uint32_t)HC_NR_MAX);
	v->trace->hypercalls[nr]++;
	return hypercall_table[nr](a, b, c, d, e);
}

static hypercall_fn *const trace_hypercalls[HC_NR_MAX + 1] = { [0 ... HC_NR_MAX] = trace_hypercall };

const struct bounce_target *trace_count_entry(struct vcpu *v, const struct bounce_target *at)
{
	uint64_t gate = ((uint64_t)at - (uint64_t)trace_gates) / sizeof(*at);

	if (gate >= HC_TRACE_ENTRIES)
		return NULL;
	v->trace->entries[gate]++;
	at = gate < HC_TRACE_SYSCALL ? &v->traps[gate] :
				       &v->callback[VCPU_CALLBACK_SYSCALL + gate - HC_TRACE_SYSCALL];
	return at->address ? at : NULL;
}

unsigned int trace_bounce_vector(const struct vcpu *v)
{
	uint64_t gate = ((uint64_t)v->bounce - (uint64_t)trace_gates) / sizeof(*v->bounce);

	return gate < HC_TRACE_SYSCALL ? gate : (unsigned int)(v->bounce - window_traps(v));
}

void trace_vcpu_free(struct vcpu *v)
{
	heap_free_for(v->domain, v->trace, sizeof(*v->trace));
}

static int vcpu_on(struct vcpu *v)
{
	if (!v->trace)
		v->trace = heap_alloc_for(v->domain, sizeof(*v->trace));
	if (!v->trace)
		return -ENOMEM;
	/* It may be running: what is counted must be there before somebody counts. */
	__atomic_store_n(&v->hypercalls, trace_hypercalls, __ATOMIC_RELEASE);
	WRITE_ONCE(v->short_hypercalls, SHORT_IRET);
	symcall_set_traps(v, trace_gates);
	for (unsigned int i = 0; i < VCPU_SYSCALLS; i++)
		__atomic_store_n(&v->entry_syscall[i], &trace_gates[HC_TRACE_SYSCALL + i], __ATOMIC_RELEASE);
	return 0;
}

static long trace_switch(struct domain *d, bool on)
{
	struct vcpu *v;
	long rc = 0;

	/* So that no call of its kernel begins or ends meanwhile; the caller's own kernel is never called. */
	if (d != current->domain)
		domain_pause(d);
	spin_lock(&d->lock);
	for_each_vcpu(d, v) {
		if (on && !rc)
			rc = vcpu_on(v);
		else if (!on)
			window_enter_directly(v);
	}
	spin_unlock(&d->lock);
	if (d != current->domain)
		domain_unpause(d);
	return rc;
}

long op_trace(struct domain *d, struct hc_control *op)
{
	struct hc_control_trace *t = &op->u.trace;
	struct vcpu *v;

	if (t->op == HC_TRACE_ON || t->op == HC_TRACE_OFF)
		return t->vcpu || t->buffer ? -EINVAL : trace_switch(d, t->op == HC_TRACE_ON);
	v = vcpu_of(d, t->vcpu);
	if (t->op != HC_TRACE_READ || !v)
		return -EINVAL;
	return v->trace ? copy_to_guest(t->buffer, v->trace, sizeof(*v->trace)) : -ENODATA;
}
