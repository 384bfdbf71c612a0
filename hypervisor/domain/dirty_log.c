/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control operation on a domain's log of written frames.  The log is turned
 * on and off while the domain is paused and no processor has an address space
 * of it loaded, so that each vcpu goes on on the other kind of tables.
 */
#include "cpu/cpu.h"
#include "domain/control.h"
#include "domain/domain.h"
#include "memory/dirty.h"

static void forget_all(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v)
		context_forget(v);
}

static long enable(struct domain *d, uint64_t size)
{
	long rc = -ESRCH;

	domain_pause(d);
	spin_lock(&d->lock);
	if (!d->dying)
		rc = dirty_log_enable(d, size);
	spin_unlock(&d->lock);
	forget_all(d);
	domain_unpause(d);
	if (rc == -ENOMEM)
		while (dirty_log_free(d))
			;
	return rc;
}

/* done: 0 in the first part, 1 in those that only free tables. */
static long disable(struct domain *d, struct hc_control_dirty_log *op)
{
	if (!op->done) {
		if (!d->memory.log.active)
			return -EINVAL;
		domain_pause(d);
		spin_lock(&d->lock);
		dirty_log_disable(d);
		spin_unlock(&d->lock);
		forget_all(d);
		domain_unpause(d);
		op->done = 1;
	}
	return dirty_log_free(d);
}

static long run(struct domain *d, struct hc_control_dirty_log *op)
{
	switch (op->op) {
	case HC_DIRTY_LOG_ENABLE:
		return op->first || op->done ? -EINVAL : enable(d, op->count);
	case HC_DIRTY_LOG_DISABLE:
		return disable(d, op);
	case HC_DIRTY_LOG_CLEAR:
	case HC_DIRTY_LOG_PEEK:
		return dirty_log_read(d, op, op->op == HC_DIRTY_LOG_CLEAR);
	case HC_DIRTY_LOG_STATISTICS:
		return d->memory.log.active ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

long op_dirty_log(struct domain *d, struct hc_control *op)
{
	struct hc_control_dirty_log *log = &op->u.dirty_log;
	long rc;

	/* Device memory and other domains' frames would have to be told apart. */
	if (d->privileged || log->pad)
		return -EINVAL;
	rc = run(d, log);
	dirty_log_statistics(d, log);
	return rc;
}
