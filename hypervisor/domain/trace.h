/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counting what a domain enters the hypervisor for.
 *
 * It costs nothing while it is off: the entry code finds handlers of hypercalls,
 * exceptions and system calls by pointers in the vcpu.  Those of a traced vcpu lead
 * to a table of hypercalls that counts, and to places without an address, which
 * the entry code leaves to C; and of hypercalls that the entry code does itself
 * (entry/short.S) it is told to leave all but iret.  The pointers change while the domain is paused, those
 * of the caller's own at any time: what is counted stays until the vcpu is freed.
 */
#ifndef DOMAIN_TRACE_H
#define DOMAIN_TRACE_H

#include <hypercall/control.h>
#include "domain/domain.h"

/* HC_TRACE_ENTRIES places, the first 256 of exceptions, that the entry code leaves to C. */
extern const struct bounce_target trace_gates[HC_TRACE_ENTRIES];

/* Where an entry goes that found no address at `at`; NULL: nowhere, the guest has no handler. */
const struct bounce_target *trace_count_entry(struct vcpu *v, const struct bounce_target *at);
/* The vector of v->bounce, which is a trap's. */
unsigned int trace_bounce_vector(const struct vcpu *v);
void trace_vcpu_free(struct vcpu *v);
/* HC_CONTROL_TRACE. */
long op_trace(struct domain *d, struct hc_control *op);

#endif
