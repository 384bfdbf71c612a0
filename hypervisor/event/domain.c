/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels over a domain's life. */
#include <hypercall/event.h>

#include "domain/domain.h"
#include "event/channel.h"
#include "event/fifo.h"
#include "lib/log.h"

int event_domain_init(struct domain *d, uint32_t max_ports)
{
	if (max_ports > HC_EVTCHN_FIFO_NR_CHANNELS)
		return -EINVAL;
	spin_init(&d->event.lock);
	d->event.max_ports = max_ports;
	return 0;
}

int event_vcpu_init(struct vcpu *v)
{
	for (unsigned int i = 0; i < EVENT_VIRQS; i++)
		v->event.virq_port[i] = 0;
	v->event.fifo_control = NULL;
	return 0;
}

/* No vcpu of d runs any more; ports stay closed from here on. */
int event_domain_relinquish(struct domain *d)
{
	return channel_close_all(d);
}

void event_domain_free(struct domain *d)
{
	struct event_domain *e = &d->event;

	if (e->pirq_port)
		page_free_for(d, e->pirq_port);
	for (uint32_t i = 0; i < e->ports / CHANNELS_PER_BUCKET; i++)
		page_free_for(d, e->buckets[i]);
	if (e->buckets)
		heap_free_for(d, e->buckets, e->bucket_slots * sizeof(*e->buckets));
	e->pirq_port = NULL;
	e->buckets = NULL;
	e->ports = 0;
}

static const char *const state_names[] = {
	[CHANNEL_RESERVED] = "reserved",
	[CHANNEL_UNBOUND] = "unbound",
	[CHANNEL_INTERDOMAIN] = "interdomain",
	[CHANNEL_PIRQ] = "pirq",
	[CHANNEL_VIRQ] = "virq",
	[CHANNEL_IPI] = "ipi",
};

static void dump_channel(struct domain *d, struct event_channel *chn)
{
	uint32_t about = 0;
	uint16_t domid = d->id;

	switch (chn->state) {
	case CHANNEL_FREE:
	case CHANNEL_RESERVED:
		return;
	case CHANNEL_UNBOUND:
		domid = chn->u.unbound_domid;
		break;
	case CHANNEL_INTERDOMAIN:
		domid = chn->u.peer.domain->id;
		about = chn->u.peer.port;
		break;
	case CHANNEL_PIRQ:
		about = chn->u.pirq;
		break;
	case CHANNEL_VIRQ:
		about = chn->u.virq;
	}
	log_info("  port %u: %s %u of d%u, vcpu %u%s%s", chn->port, state_names[chn->state], about,
		 domid, chn->vcpu, event_is_pending(d, chn) ? ", pending" : "",
		 event_is_masked(d, chn) ? ", masked" : "");
}

void event_dump(struct domain *d)
{
	log_info("d%u events: %u ports in use, %s", d->id, d->event.active,
		 d->event.fifo ? "FIFO" : "2-level");
	for (uint32_t port = 1; port < READ_ONCE(d->event.ports); port++) {
		struct event_channel *chn = channel_of(d, port);

		spin_lock(&chn->lock);
		dump_channel(d, chn);
		spin_unlock(&chn->lock);
	}
}
