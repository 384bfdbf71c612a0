/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event_channel_op hypercall, one function an operation. */
#include <hypercall/event.h>

#include "domain/domain.h"
#include "event/channel.h"
#include "event/fifo.h"
#include "hypercall/hypercall.h"
#include "hypercall/operation.h"
#include "lib/string.h"

/* Set state (and what u says) of a reserved channel. */
static void establish(struct event_channel *chn, enum channel_state state)
{
	spin_lock(&chn->lock);
	chn->state = state;
	spin_unlock(&chn->lock);
}

/* A port of the calling domain in use, locked; NULL: none. */
static struct event_channel *lock_own(uint32_t port)
{
	struct event_channel *chn = channel_of(current->domain, port);

	if (!chn)
		return NULL;
	spin_lock(&chn->lock);
	if (chn->state != CHANNEL_FREE && chn->state != CHANNEL_RESERVED)
		return chn;
	spin_unlock(&chn->lock);
	return NULL;
}

static long op_alloc_unbound(void *arg)
{
	struct hc_evtchn_alloc_unbound *op = arg;
	struct event_channel *chn;
	struct domain *d;
	int r;

	r = domain_get_target(op->dom, &d);
	if (r)
		return r;
	r = channel_reserve(d, &chn);
	if (!r) {
		chn->u.unbound_domid = op->remote_dom == HC_DOMID_SELF ?
			current->domain->id : op->remote_dom;
		op->port = chn->port;
		establish(chn, CHANNEL_UNBOUND);
	}
	domain_put(d);
	return r;
}

/* Join two ends if rchn waits for ld. */
static int connect(struct domain *ld, struct event_channel *lchn, struct domain *rd,
		   struct event_channel *rchn)
{
	int r = -EINVAL;

	if (!rchn || rchn == lchn)
		return r;
	channel_lock_two(lchn, rchn);
	if (rchn->state == CHANNEL_UNBOUND && rchn->u.unbound_domid == ld->id) {
		lchn->u.peer.domain = rd;
		lchn->u.peer.port = rchn->port;
		lchn->state = CHANNEL_INTERDOMAIN;
		rchn->u.peer.domain = ld;
		rchn->u.peer.port = lchn->port;
		rchn->state = CHANNEL_INTERDOMAIN;
		/* The other side may have sent before there was anybody to hear. */
		event_raise(ld, lchn);
		r = 0;
	}
	spin_unlock(&rchn->lock);
	spin_unlock(&lchn->lock);
	return r;
}

static long op_bind_interdomain(void *arg)
{
	struct hc_evtchn_bind_interdomain *op = arg;
	struct domain *ld = current->domain, *rd;
	struct event_channel *chn;
	int r;

	rd = domain_get(op->remote_dom);
	if (!rd)
		return -ESRCH;
	r = channel_reserve(ld, &chn);
	if (r)
		goto put_domain;
	r = connect(ld, chn, rd, channel_of(rd, op->remote_port));
	if (r) {
		channel_release(ld, chn);
		goto put_domain;
	}
	op->local_port = chn->port;
put_domain:
	domain_put(rd);
	return r;
}

static bool virq_is_global(unsigned int virq)
{
	return virq != HC_VIRQ_TIMER && virq != HC_VIRQ_DEBUG && virq != HC_VIRQ_XENOPROF &&
	       virq != HC_VIRQ_XENPMU;
}

static long op_bind_virq(void *arg)
{
	struct domain *d = current->domain;
	struct hc_evtchn_bind_virq *op = arg;
	struct vcpu *v = vcpu_of(d, op->vcpu);
	struct event_channel *chn;
	int r;

	if (op->virq >= EVENT_VIRQS || (virq_is_global(op->virq) && op->vcpu))
		return -EINVAL;
	if (!v)
		return -ENOENT;
	r = channel_reserve(d, &chn);
	if (r)
		return r;
	spin_lock(&d->event.lock);
	if (v->event.virq_port[op->virq]) {
		spin_unlock(&d->event.lock);
		channel_release(d, chn);
		return -EEXIST;
	}
	chn->vcpu = op->vcpu;
	chn->u.virq = op->virq;
	establish(chn, CHANNEL_VIRQ);
	WRITE_ONCE(v->event.virq_port[op->virq], chn->port);
	spin_unlock(&d->event.lock);
	op->port = chn->port;
	return 0;
}

static long op_bind_ipi(void *arg)
{
	struct hc_evtchn_bind_ipi *op = arg;
	struct event_channel *chn;
	int r;

	if (!vcpu_of(current->domain, op->vcpu))
		return -ENOENT;
	r = channel_reserve(current->domain, &chn);
	if (r)
		return r;
	chn->vcpu = op->vcpu;
	op->port = chn->port;
	establish(chn, CHANNEL_IPI);
	return 0;
}

/*
 * Give pirq the reserved chn.  Under event.lock all the way, so that no close
 * comes between; the port is complete before pirq_bind() lets interrupts in.
 */
static int connect_pirq(struct domain *d, struct event_channel *chn, uint32_t pirq, bool share)
{
	uint32_t *ports = d->event.pirq_port;
	int r;

	if (!ports) {
		ports = page_alloc_for(d);
		if (!ports)
			return -ENOMEM;
		__atomic_store_n(&d->event.pirq_port, ports, __ATOMIC_RELEASE);
	}
	if (ports[pirq])
		return -EEXIST;
	chn->u.pirq = pirq;
	establish(chn, CHANNEL_PIRQ);
	WRITE_ONCE(ports[pirq], chn->port);
	r = pirq_bind(current, pirq, share);
	if (r) {
		WRITE_ONCE(ports[pirq], 0);
		establish(chn, CHANNEL_RESERVED);
	}
	return r;
}

static long op_bind_pirq(void *arg)
{
	struct domain *d = current->domain;
	struct hc_evtchn_bind_pirq *op = arg;
	struct event_channel *chn;
	int r;

	if (op->pirq >= EVENT_PIRQS)
		return -EINVAL;
	r = channel_reserve(d, &chn);
	if (r)
		return r;
	spin_lock(&d->event.lock);
	r = connect_pirq(d, chn, op->pirq, op->flags & HC_BIND_PIRQ__WILL_SHARE);
	spin_unlock(&d->event.lock);
	if (r) {
		channel_release(d, chn);
		return r;
	}
	op->port = chn->port;
	return 0;
}

static long op_close(void *arg)
{
	struct hc_evtchn_close *op = arg;
	struct event_channel *chn = channel_of(current->domain, op->port);

	return chn ? channel_close(current->domain, chn) : -EINVAL;
}

/* The hot one, with no row: a channel's lock and what raising needs, nothing of the domains. */
static long send(uint64_t arg)
{
	struct domain *d = current->domain, *rd;
	struct hc_evtchn_send op;
	struct event_channel *chn;
	long r = 0;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	chn = channel_of(d, op.port);
	if (!chn)
		return -EINVAL;
	spin_lock(&chn->lock);
	switch (chn->state) {
	case CHANNEL_INTERDOMAIN:
		rd = chn->u.peer.domain;
		event_raise(rd, channel_of(rd, chn->u.peer.port));
		break;
	case CHANNEL_IPI:
		event_raise(d, chn);
		break;
	case CHANNEL_UNBOUND:
		break;
	default:
		r = -EINVAL;
	}
	spin_unlock(&chn->lock);
	return r;
}

static void describe(struct event_channel *chn, struct hc_evtchn_status *op)
{
	memset(&op->u, 0, sizeof(op->u));
	spin_lock(&chn->lock);
	op->vcpu = chn->vcpu;
	switch (chn->state) {
	case CHANNEL_UNBOUND:
		op->status = HC_EVTCHNSTAT_UNBOUND;
		op->u.unbound.dom = chn->u.unbound_domid;
		break;
	case CHANNEL_INTERDOMAIN:
		op->status = HC_EVTCHNSTAT_INTERDOMAIN;
		op->u.interdomain.dom = chn->u.peer.domain->id;
		op->u.interdomain.port = chn->u.peer.port;
		break;
	case CHANNEL_PIRQ:
		op->status = HC_EVTCHNSTAT_PIRQ;
		op->u.pirq = chn->u.pirq;
		break;
	case CHANNEL_VIRQ:
		op->status = HC_EVTCHNSTAT_VIRQ;
		op->u.virq = chn->u.virq;
		break;
	case CHANNEL_IPI:
		op->status = HC_EVTCHNSTAT_IPI;
		break;
	default:
		op->status = HC_EVTCHNSTAT_CLOSED;
	}
	spin_unlock(&chn->lock);
}

static long op_status(void *arg)
{
	struct hc_evtchn_status *op = arg;
	struct event_channel *chn;
	struct domain *d;
	int r;

	r = domain_get_target(op->dom, &d);
	if (r)
		return r;
	chn = channel_of(d, op->port);
	if (chn)
		describe(chn, op);
	domain_put(d);
	return chn ? 0 : -EINVAL;
}

static long op_bind_vcpu(void *arg)
{
	struct domain *d = current->domain;
	struct hc_evtchn_bind_vcpu *op = arg;
	struct vcpu *v = vcpu_of(d, op->vcpu);
	struct event_channel *chn;
	bool is_pirq;
	uint32_t pirq;
	long r = 0;

	if (!v)
		return -ENOENT;
	chn = lock_own(op->port);
	if (!chn)
		return -EINVAL;
	if (chn->state == CHANNEL_IPI ||
	    (chn->state == CHANNEL_VIRQ && !virq_is_global(chn->u.virq)))
		r = -EINVAL;
	else
		WRITE_ONCE(chn->vcpu, op->vcpu);
	is_pirq = chn->state == CHANNEL_PIRQ;
	pirq = chn->u.pirq;
	spin_unlock(&chn->lock);
	/* The device's interrupt goes where its event does; it has a lock of its own. */
	if (is_pirq)
		pirq_set_cpu(d, pirq, READ_ONCE(v->sched.cpu));
	return r;
}

static long op_unmask(void *arg)
{
	struct hc_evtchn_unmask *op = arg;
	struct event_channel *chn = lock_own(op->port);

	if (!chn)
		return -EINVAL;
	event_unmask(current->domain, chn);
	spin_unlock(&chn->lock);
	return 0;
}

static long op_reset(void *arg)
{
	struct hc_evtchn_reset *op = arg;
	struct domain *d;
	int r;

	r = domain_get_target(op->dom, &d);
	if (r)
		return r;
	r = channel_close_all(d);
	if (!r) {
		spin_lock(&d->event.lock);
		d->event.closing = READ_ONCE(d->dying);
		spin_unlock(&d->event.lock);
	}
	domain_put(d);
	return r;
}

static long op_init_control(void *arg)
{
	struct domain *d = current->domain;
	struct hc_evtchn_init_control *op = arg;
	struct vcpu *v = vcpu_of(d, op->vcpu);
	int r;

	if (!v)
		return -ENOENT;
	spin_lock(&d->event.lock);
	r = d->event.closing ? -EBUSY : fifo_init_control(v, op->control_gfn, op->offset);
	spin_unlock(&d->event.lock);
	op->link_bits = HC_EVTCHN_FIFO_LINK_BITS;
	return r;
}

static long op_expand_array(void *arg)
{
	struct domain *d = current->domain;
	struct hc_evtchn_expand_array *op = arg;
	int r;

	spin_lock(&d->event.lock);
	r = d->event.closing ? -EBUSY : fifo_expand_array(d, op->array_gfn);
	spin_unlock(&d->event.lock);
	return r;
}

static long op_set_priority(void *arg)
{
	struct hc_evtchn_set_priority *op = arg;
	struct event_channel *chn;

	if (!READ_ONCE(current->domain->event.fifo))
		return -ENOSYS;
	if (op->priority > HC_EVTCHN_FIFO_PRIORITY_MIN)
		return -EINVAL;
	chn = lock_own(op->port);
	if (!chn)
		return -EINVAL;
	WRITE_ONCE(chn->priority, op->priority);
	spin_unlock(&chn->lock);
	return 0;
}

static const struct operation operations[] = {
	[HC_EVTCHNOP_BIND_INTERDOMAIN] = {
		op_bind_interdomain, sizeof(struct hc_evtchn_bind_interdomain), OP_ANSWERS },
	[HC_EVTCHNOP_BIND_VIRQ] = { op_bind_virq, sizeof(struct hc_evtchn_bind_virq), OP_ANSWERS },
	[HC_EVTCHNOP_BIND_PIRQ] = { op_bind_pirq, sizeof(struct hc_evtchn_bind_pirq), OP_ANSWERS },
	[HC_EVTCHNOP_CLOSE] = { op_close, sizeof(struct hc_evtchn_close), 0 },
	[HC_EVTCHNOP_STATUS] = { op_status, sizeof(struct hc_evtchn_status), OP_ANSWERS },
	[HC_EVTCHNOP_ALLOC_UNBOUND] = {
		op_alloc_unbound, sizeof(struct hc_evtchn_alloc_unbound), OP_ANSWERS },
	[HC_EVTCHNOP_BIND_IPI] = { op_bind_ipi, sizeof(struct hc_evtchn_bind_ipi), OP_ANSWERS },
	[HC_EVTCHNOP_BIND_VCPU] = { op_bind_vcpu, sizeof(struct hc_evtchn_bind_vcpu), 0 },
	[HC_EVTCHNOP_UNMASK] = { op_unmask, sizeof(struct hc_evtchn_unmask), 0 },
	[HC_EVTCHNOP_RESET] = { op_reset, sizeof(struct hc_evtchn_reset), 0 },
	[HC_EVTCHNOP_INIT_CONTROL] = { op_init_control, sizeof(struct hc_evtchn_init_control), OP_ANSWERS },
	[HC_EVTCHNOP_EXPAND_ARRAY] = { op_expand_array, sizeof(struct hc_evtchn_expand_array), 0 },
	[HC_EVTCHNOP_SET_PRIORITY] = { op_set_priority, sizeof(struct hc_evtchn_set_priority), 0 },
};

long hypercall_event_channel_op(uint64_t cmd, uint64_t arg)
{
	long rc;

	if (likely(cmd == HC_EVTCHNOP_SEND))
		return send(arg);
	rc = operation_run(operations, ARRAY_SIZE(operations), cmd, arg);
	return rc == -ERESTART ? hypercall_continue(HC_NR_EVENT_CHANNEL_OP, 2, cmd, arg) : rc;
}
