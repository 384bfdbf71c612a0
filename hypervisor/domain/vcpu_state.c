/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a vcpu is beyond the context that guests make for theirs: for saving and migration. */
#include "cpu/cpu.h"
#include "domain/domain.h"
#include "domain/guest.h"
#include "domain/trace.h"
#include "lib/log.h"

/* The trap that the vcpu will enter before anything else, if any. */
static void get_trap(const struct vcpu *v, struct hc_vcpu_state *s)
{
	if (v->attention & ATTENTION_NMI)
		s->flags |= HC_VCPU_STATE_NMI_PENDING;
	if (!v->trap_pending)
		return;
	s->flags |= HC_VCPU_STATE_TRAP_PENDING;
	s->trap_vector = trace_bounce_vector(v);
	s->trap_error = v->regs.error_code;
}

static void set_trap(struct vcpu *v, const struct hc_vcpu_state *s)
{
	v->attention = s->flags & HC_VCPU_STATE_NMI_PENDING ? ATTENTION_NMI : 0;
	v->trap_pending = !!(s->flags & HC_VCPU_STATE_TRAP_PENDING);
	v->bounce = bounce_trap(v, s->trap_vector);
	v->regs.error_code = s->trap_error;
}

void vcpu_get_state(struct vcpu *v, struct hc_vcpu_state *s)
{
	const struct bounce_target *c = v->callback;

	*s = (struct hc_vcpu_state){
		.syscall32_callback = c[VCPU_CALLBACK_SYSCALL32].address,
		.sysenter_callback = c[VCPU_CALLBACK_SYSENTER].address,
		.xcr0 = v->xcr0,
		.xsave_size = fpu_state_size(),
	};
	if (c[VCPU_CALLBACK_SYSCALL32].flags & BOUNCE_MASK_EVENTS)
		s->flags |= HC_VCPU_STATE_SYSCALL32_MASKS;
	if (c[VCPU_CALLBACK_SYSENTER].flags & BOUNCE_MASK_EVENTS)
		s->flags |= HC_VCPU_STATE_SYSENTER_MASKS;
	get_trap(v, s);
	time_vcpu_get_timers(v, &s->singleshot, &s->periodic);
	ASSERT(s->xsave_size <= sizeof(s->xsave));
	if (s->xsave_size)
		fpu_store_state(v, s->xsave);
}

static bool state_valid(const struct hc_vcpu_state *s)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(s->pad); i++)
		if (s->pad[i])
			return false;
	return !(s->flags & ~(HC_VCPU_STATE_SYSCALL32_MASKS | HC_VCPU_STATE_SYSENTER_MASKS |
			      HC_VCPU_STATE_NMI_PENDING | HC_VCPU_STATE_TRAP_PENDING)) &&
	       s->trap_vector < 256 && s->xsave_size <= sizeof(s->xsave) &&
	       guest_address_ok(s->syscall32_callback) &&
	       guest_address_ok(s->sysenter_callback);
}

int vcpu_set_state(struct vcpu *v, const struct hc_vcpu_state *s)
{
	int rc = state_valid(s) ? 0 : -EINVAL;

	if (!rc && s->xsave_size)
		rc = fpu_load_state(v, s->xsave, s->xsave_size, s->xcr0);
	if (!rc)
		rc = time_vcpu_set_timers(v, s->singleshot, s->periodic);
	if (rc)
		return rc;
	guest_set_callback(v, VCPU_CALLBACK_SYSCALL32, s->syscall32_callback,
			   s->flags & HC_VCPU_STATE_SYSCALL32_MASKS);
	guest_set_callback(v, VCPU_CALLBACK_SYSENTER, s->sysenter_callback,
			   s->flags & HC_VCPU_STATE_SYSENTER_MASKS);
	set_trap(v, s);
	return 0;
}
