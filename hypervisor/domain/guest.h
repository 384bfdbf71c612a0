/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces of a vcpu's context, checked: shared by hypercalls and whole contexts. */
#ifndef DOMAIN_GUEST_H
#define DOMAIN_GUEST_H

#include <hypercall/vcpu.h>
#include "lib/base.h"

struct vcpu;
struct domain;

/* False: an address is not the guest's. */
bool guest_set_trap(struct vcpu *v, const struct hc_trap_info *t);
bool guest_set_callback(struct vcpu *v, unsigned int which, uint64_t address, bool mask);
void guest_set_kernel_stack(struct vcpu *v, uint16_t ss, uint64_t sp);
/* DR0..3, 6, 7: 0, -EPERM (address or mode not allowed), -EINVAL (no such register). */
long guest_set_debugreg(struct vcpu *v, unsigned int reg, uint64_t value);

/*
 * A vcpu's first context.  0, or what made it impossible: -EINVAL, -EBUSY
 * (it has one), page-table errors; -ERESTART: call again.
 */
int vcpu_set_context(struct vcpu *v, struct hc_vcpu_guest_context *c);
void vcpu_get_context(struct vcpu *v, struct hc_vcpu_guest_context *c);

/*
 * What the context leaves out (domain/vcpu_state.c); v is not on a processor.
 * -EINVAL: no vcpu can be so; -EOPNOTSUPP: this host's processors cannot.
 */
struct hc_vcpu_state;
void vcpu_get_state(struct vcpu *v, struct hc_vcpu_state *s);
int vcpu_set_state(struct vcpu *v, const struct hc_vcpu_state *s);

#endif
