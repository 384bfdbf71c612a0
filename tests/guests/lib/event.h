/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events of a test kernel.  Ports start masked by event_init(); an unmasked one
 * that is raised calls its handler with upcalls masked on the vcpu.
 */
#ifndef GUESTS_EVENT_H
#define GUESTS_EVENT_H

#include "types.h"

#define EVENT_PORTS 1024	/* whose handlers can be set */

typedef void event_handler(uint32_t port);

void event_init(void);			/* mask all ports, then allow upcalls */
void event_set_handler(uint32_t port, event_handler *handler);	/* and unmask */
void event_upcall(void);		/* what the event callback runs */
void event_mask(uint32_t port);
void event_unmask(uint32_t port);
bool event_pending(uint32_t port);
void event_clear(uint32_t port);
void upcalls_on(void);			/* allow them on this vcpu, take what waits */
void upcalls_off(void);

/* -errno or the new port. */
long event_bind_ipi(unsigned int vcpu);
long event_bind_virq(unsigned int virq, unsigned int vcpu);
long event_alloc_unbound(uint16_t remote);
long event_bind_interdomain(uint16_t remote, uint32_t remote_port);
long event_send(uint32_t port);
long event_close(uint32_t port);

/* System time now, ns, as the vcpu's time info tells it. */
uint64_t system_time(void);
/* Wait until *flag is not 0 or the time (ns from now) has passed: whether it came. */
bool wait_for(volatile uint32_t *flag, uint64_t ns);

#endif
