/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control hypercalls on one domain: a table of operations.
 *
 * Those that take long give way to the caller with -ERESTART rather than going
 * on by themselves: the kernel of the management domain schedules nobody while
 * a program of it is in a hypercall, however often that is continued.
 */
#include <hypercall/control.h>
#include <hypercall/extension.h>
#include <hypercall/sched.h>
#include "cpu/cpu.h"
#include "domain/control.h"
#include "domain/domain.h"
#include "domain/guest.h"
#include "domain/trace.h"
#include "hypercall/handlers.h"
#include "hypercall/hypercall.h"
#include "lib/string.h"
#include "memory/memory.h"

#define GRANT_SEED_MAX 511	/* the first frame of its table */

static long op_destroy(struct domain *d, struct hc_control *op)
{
	(void)op;
	return domain_destroy(d);
}

/* Pauses by the toolstack are counted by the domain; others nest with them. */
static long op_pause(struct domain *d, struct hc_control *op)
{
	(void)op;
	if (d == current->domain)
		return -EINVAL;
	domain_pause(d);
	return 0;
}

static long op_unpause(struct domain *d, struct hc_control *op)
{
	(void)op;
	if (d == current->domain || !d->sched.pause_count)
		return -EINVAL;
	domain_unpause(d);
	return 0;
}

static long op_shutdown(struct domain *d, struct hc_control *op)
{
	if (op->u.shutdown.reason > HC_SHUTDOWN_MAX || op->u.shutdown.pad)
		return -EINVAL;
	domain_shutdown(d, (uint8_t)op->u.shutdown.reason);
	return 0;
}

static long op_resume(struct domain *d, struct hc_control *op)
{
	(void)op;
	return d == current->domain ? -EINVAL : domain_resume(d);
}

static long op_rename(struct domain *d, struct hc_control *op)
{
	if (strnlen(op->u.rename.name, HC_CONTROL_NAME_LEN) == HC_CONTROL_NAME_LEN)
		return -EINVAL;
	memcpy(d->name, op->u.rename.name, sizeof(d->name));
	return 0;
}

static uint32_t domain_state(struct domain *d, uint32_t *online)
{
	uint32_t state = 0;
	bool running = false, all_blocked = true;
	struct vcpu *v;

	*online = 0;
	for_each_vcpu(d, v) {
		if (v->sched.waiting & VCPU_WAIT_DOWN)
			continue;
		++*online;
		running |= v->sched.running;
		all_blocked &= !!(v->sched.waiting & (VCPU_WAIT_BLOCKED | VCPU_WAIT_POLL));
	}
	if (d->sched.pause_count)
		state |= HC_INFO_PAUSED;
	if (d->shut_down)
		state |= HC_INFO_SHUTDOWN;
	if (d->dying)
		state |= HC_INFO_DYING;
	if (running)
		state |= HC_INFO_RUNNING;
	else if (*online && all_blocked)
		state |= HC_INFO_BLOCKED;
	if (d->privileged)
		state |= HC_INFO_PRIVILEGED;
	return state;
}

static long op_info(struct domain *d, struct hc_control *op)
{
	struct hc_control_info *i = &op->u.info;
	struct vcpu *v;

	memset(i, 0, sizeof(*i));
	op->domid = d->id;
	i->state = domain_state(d, &i->online_vcpus);
	memcpy(i->uuid, d->uuid, sizeof(i->uuid));
	memcpy(i->name, d->name, sizeof(i->name));
	i->shutdown_reason = d->shutdown_reason;
	i->max_vcpus = d->max_vcpus;
	i->pause_count = d->sched.pause_count;
	i->frames = d->memory.frames;
	i->max_frames = d->memory.max_frames;
	i->overhead_bytes = d->memory.overhead_bytes + sizeof(*d) + PAGE_SIZE;
	i->shared_info_mfn = virt_to_mfn(d->shared_info);
	if (d->dying)
		i->foreign_refs = d->memory.frames;
	for_each_vcpu(d, v)
		i->cpu_time += vcpu_cpu_time(v);
	return 0;
}

static long op_set_memory(struct domain *d, struct hc_control *op)
{
	if (!op->u.set_memory.max_frames || op->u.set_memory.max_frames > 1ULL << 40)
		return -EINVAL;
	d->memory.max_frames = op->u.set_memory.max_frames;
	return 0;
}

static long op_vcpu_info(struct domain *d, struct hc_control *op)
{
	struct hc_control_vcpu_info *i = &op->u.vcpu_info;
	struct vcpu *v = vcpu_of(d, i->vcpu);
	uint64_t since, times[4];
	uint32_t state;

	if (!v)
		return -EINVAL;
	sched_runstate(v, &state, &since, times);
	i->online = !(v->sched.waiting & VCPU_WAIT_DOWN);
	i->running = v->sched.running;
	i->blocked = state == HC_RUNSTATE_BLOCKED;
	i->cpu = v->sched.cpu;
	i->pad = 0;
	i->cpu_time = times[HC_RUNSTATE_RUNNING];
	i->steal_time = times[HC_RUNSTATE_RUNNABLE];
	i->hard_affinity = v->sched.hard_affinity;
	return 0;
}

static long op_vcpu_context(struct domain *d, struct hc_control *op)
{
	struct vcpu *v = vcpu_of(d, op->u.vcpu_context.vcpu);
	struct hc_vcpu_guest_context *c;
	long rc = 0;

	if (!v || op->u.vcpu_context.pad || d == current->domain)
		return -EINVAL;
	c = heap_alloc(sizeof(*c));
	if (!c)
		return -ENOMEM;
	if (op->cmd == HC_CONTROL_VCPU_GET_CONTEXT) {
		if (!v->online) {
			rc = -ENODATA;
		} else {
			vcpu_pause(v);
			symcall_leave(v);
			vcpu_get_context(v, c);
			vcpu_unpause(v);
			rc = copy_to_guest(op->u.vcpu_context.buffer, c, sizeof(*c));
		}
	} else if (copy_from_guest(c, op->u.vcpu_context.buffer, sizeof(*c))) {
		rc = -EFAULT;
	} else {
		spin_lock(&d->lock);
		rc = vcpu_set_context(v, c);
		spin_unlock(&d->lock);
		if (!rc && (!v->id || c->flags & HC_VGCF_ONLINE)) {
			__atomic_fetch_and(&v->sched.waiting, ~VCPU_WAIT_DOWN, __ATOMIC_SEQ_CST);
			time_update_vcpu(v);
			vcpu_wake(v);
		}
	}
	heap_free(c);
	return rc;
}

static long op_vcpu_state(struct domain *d, struct hc_control *op)
{
	struct vcpu *v = vcpu_of(d, op->u.vcpu_context.vcpu);
	uint64_t buffer = op->u.vcpu_context.buffer;
	struct hc_vcpu_state *s;
	long rc = 0;

	if (!v || op->u.vcpu_context.pad || d == current->domain)
		return -EINVAL;
	if (!v->online)
		return -ENODATA;
	s = page_alloc();
	if (!s)
		return -ENOMEM;
	if (op->cmd == HC_CONTROL_VCPU_SET_STATE)
		rc = copy_from_guest(s, buffer, sizeof(*s));
	if (!rc) {
		vcpu_pause(v);
		symcall_leave(v);
		if (op->cmd == HC_CONTROL_VCPU_SET_STATE)
			rc = vcpu_set_state(v, s);
		else
			vcpu_get_state(v, s);
		vcpu_unpause(v);
	}
	if (op->cmd == HC_CONTROL_VCPU_GET_STATE)
		rc = copy_to_guest(buffer, s, sizeof(*s));
	page_free(s);
	return rc;
}

static long op_vcpu_affinity(struct domain *d, struct hc_control *op)
{
	struct hc_control_vcpu_affinity *a = &op->u.vcpu_affinity;
	struct vcpu *v;
	long rc = 0;

	if (a->pad || !(a->hard_affinity & cpu_online_mask))
		return -EINVAL;
	if (a->vcpu != 0xffffffff) {
		v = vcpu_of(d, a->vcpu);
		return v ? sched_set_affinity(v, a->hard_affinity) : -EINVAL;
	}
	for_each_vcpu(d, v)
		if (!rc)
			rc = sched_set_affinity(v, a->hard_affinity);
	return rc;
}

static long op_sched(struct domain *d, struct hc_control *op)
{
	if (op->cmd == HC_CONTROL_SCHED_SET)
		return sched_set(d, op->u.sched.weight, op->u.sched.cap);
	op->u.sched.weight = d->sched.weight;
	op->u.sched.cap = d->sched.cap;
	return 0;
}

static long copy_frame(struct domain *d, const struct hc_control_copy *c, uint32_t i, bool to)
{
	struct frame *f;
	uint64_t mfn;
	long rc = 0;

	if (copy_from_guest(&mfn, c->list + i * sizeof(mfn), sizeof(mfn)))
		return -EFAULT;
	if (!mfn_valid(mfn) || !frame_get_id(frame_of(mfn), d->id))
		return -EINVAL;
	f = frame_of(mfn);
	if (!to) {
		rc = copy_to_guest(c->buffer + (uint64_t)i * PAGE_SIZE, mfn_to_virt(mfn), PAGE_SIZE);
		frame_put(f);
		return rc;
	}
	if (frame_get_type(f, FRAME_WRITABLE, false)) {
		frame_put(f);
		return -EBUSY;
	}
	if (c->flags & HC_COPY_ZERO)
		clear_page(mfn_to_virt(mfn));
	else
		rc = copy_from_guest(mfn_to_virt(mfn), c->buffer + (uint64_t)i * PAGE_SIZE,
				     PAGE_SIZE);
	dirty_mark(mfn);
	frame_put_both(f);
	return rc;
}

/* Goes on from the count done, which the caller's structure keeps between the parts. */
static long op_copy(struct domain *d, struct hc_control *op)
{
	struct hc_control_copy *c = &op->u.copy;
	bool to = op->cmd == HC_CONTROL_COPY_TO;
	long rc = 0;

	if (!c->count || c->count > 1u << 20 || c->flags & ~HC_COPY_ZERO || c->pad ||
	    (!to && c->flags) || c->done > c->count)
		return -EINVAL;
	while (c->done < c->count) {
		rc = copy_frame(d, c, c->done, to);
		if (rc)
			break;
		c->done++;
		if (c->done % 16 == 0 && c->done < c->count && hypercall_preempt_check())
			return -ERESTART;
	}
	return rc;
}

static long op_frame_list(struct domain *d, struct hc_control *op)
{
	struct hc_control_frame_list *l = &op->u.frame_list;
	uint64_t at = l->start;
	mfn_t mfn;

	if (l->count > l->capacity)
		return -EINVAL;
	while (l->count < l->capacity) {
		mfn = memory_domain_next_frame(d, &at);
		if (mfn == MFN_INVALID)
			break;
		if (copy_to_guest(l->buffer + l->count * 8UL, &mfn, sizeof(mfn)))
			return -EFAULT;
		l->count++;
		if (l->count % 64 == 0 && hypercall_preempt_check()) {
			l->start = at;
			return -ERESTART;
		}
	}
	l->next = l->count < l->capacity ? 0 : at;
	return 0;
}

/* What a saver must know of a frame; HC_FRAME_*. */
static uint64_t frame_info(struct domain *d, mfn_t mfn)
{
	uint64_t owner, type, info;
	enum frame_type use;

	if (!mfn_valid(mfn) || !frame_get_id(frame_of(mfn), d->id))
		return HC_FRAME_ALIEN;
	owner = frame_owner_word(frame_of(mfn));
	type = frame_type_word(frame_of(mfn));
	use = frame_type_of(type);
	info = m2p_get(mfn) & HC_FRAME_GFN;
	if (type & FRAME_COUNT && use >= FRAME_L1 && use <= FRAME_L4)
		info |= (uint64_t)use << HC_FRAME_LEVEL_SHIFT |
			(type & FRAME_PINNED ? HC_FRAME_PINNED : 0);
	if (owner & FRAME_SHARED)
		info |= HC_FRAME_SHARED;
	frame_put(frame_of(mfn));
	return info;
}

static long op_frame_info(struct domain *d, struct hc_control *op)
{
	struct hc_control_frame_info *f = &op->u.frame_info;
	uint64_t words[64];

	if (!f->count || f->count > 1u << 20 || f->done > f->count)
		return -EINVAL;
	while (f->done < f->count) {
		uint32_t n = MIN(f->count - f->done, (uint32_t)ARRAY_SIZE(words));
		uint64_t at = f->list + f->done * sizeof(words[0]);

		if (copy_from_guest(words, at, n * sizeof(words[0])))
			return -EFAULT;
		for (uint32_t i = 0; i < n; i++)
			words[i] = frame_info(d, words[i]);
		if (copy_to_guest(at, words, n * sizeof(words[0])))
			return -EFAULT;
		f->done += n;
		if (f->done < f->count && hypercall_preempt_check())
			return -ERESTART;
	}
	return 0;
}

static long op_hypercall_page(struct domain *d, struct hc_control *op)
{
	mfn_t mfn = op->u.hypercall_page.mfn;
	long rc;

	if (!mfn_valid(mfn))
		return -EINVAL;
	rc = frame_get_both(mfn, d, FRAME_WRITABLE, false);
	if (rc)
		return rc;
	hypercall_page_fill(mfn_to_virt(mfn));
	dirty_mark(mfn);
	frame_put_both(frame_of(mfn));
	return 0;
}

static long op_grant_seed(struct domain *d, struct hc_control *op)
{
	struct hc_control_grant_seed *g = &op->u.grant_seed;

	if (g->pad || g->ref > GRANT_SEED_MAX || !mfn_valid(g->mfn) ||
	    !frame_get_id(frame_of(g->mfn), d->id))
		return -EINVAL;
	/* When it is mapped its owner is looked at again; this is for who makes a mistake. */
	frame_put(frame_of(g->mfn));
	return grant_seed(d, g->ref, g->peer, g->mfn);
}

static long op_counters(struct domain *d, struct hc_control *op)
{
	struct vcpu *v;

	memset(&op->u.counters, 0, sizeof(op->u.counters));
	for_each_vcpu(d, v)
		for (unsigned int i = 0; i < HC_COUNTER_COUNT; i++)
			op->u.counters.value[i] += v->counters[i];
	return 0;
}

static long op_symspy(struct domain *d, struct hc_control *op)
{
	struct hc_control_symspy *s = &op->u.symspy;
	struct vcpu *v = vcpu_of(d, s->vcpu);
	bool guest = s->vcpu == HC_EXTENSION_SYMSPY_GUEST;

	if (s->pad || (!guest && !v))
		return -EINVAL;
	s->mfn = READ_ONCE(*(guest ? &d->extension.symspy : &v->extension.symspy));
	return s->mfn ? 0 : -ENODATA;
}

static long control_create(struct hc_control *op)
{
	struct domain *d;
	long rc = domain_create(op->domid, &op->u.create, &d);

	if (!rc)
		op->domid = d->id;
	return rc;
}

static const struct {
	long (*run)(struct domain *d, struct hc_control *op);
	bool returns;			/* the structure goes back to the caller */
	bool dying;			/* may act on a domain being destroyed */
} operations[] = {
	[HC_CONTROL_DESTROY] = { op_destroy, false, true },
	[HC_CONTROL_PAUSE] = { op_pause, false, false },
	[HC_CONTROL_UNPAUSE] = { op_unpause, false, false },
	[HC_CONTROL_INFO] = { op_info, true, true },
	[HC_CONTROL_SET_MEMORY] = { op_set_memory, false, false },
	[HC_CONTROL_VCPU_INFO] = { op_vcpu_info, true, false },
	[HC_CONTROL_VCPU_GET_CONTEXT] = { op_vcpu_context, false, false },
	[HC_CONTROL_VCPU_SET_CONTEXT] = { op_vcpu_context, false, false },
	[HC_CONTROL_VCPU_SET_AFFINITY] = { op_vcpu_affinity, false, false },
	[HC_CONTROL_SCHED_GET] = { op_sched, true, false },
	[HC_CONTROL_SCHED_SET] = { op_sched, false, false },
	[HC_CONTROL_COPY_TO] = { op_copy, true, false },
	[HC_CONTROL_COPY_FROM] = { op_copy, true, false },
	[HC_CONTROL_FRAME_LIST] = { op_frame_list, true, false },
	[HC_CONTROL_HYPERCALL_PAGE] = { op_hypercall_page, false, false },
	[HC_CONTROL_GRANT_SEED] = { op_grant_seed, false, false },
	[HC_CONTROL_SHUTDOWN] = { op_shutdown, false, false },
	[HC_CONTROL_RENAME] = { op_rename, false, false },
	[HC_CONTROL_COUNTERS] = { op_counters, true, true },
	[HC_CONTROL_RESUME] = { op_resume, false, false },
	[HC_CONTROL_FRAME_INFO] = { op_frame_info, true, false },
	[HC_CONTROL_VCPU_GET_STATE] = { op_vcpu_state, false, false },
	[HC_CONTROL_VCPU_SET_STATE] = { op_vcpu_state, false, false },
	[HC_CONTROL_DIRTY_LOG] = { op_dirty_log, true, false },
	[HC_CONTROL_SYMSPY] = { op_symspy, true, false },
	[HC_CONTROL_TRACE] = { op_trace, false, false },
	[HC_CONTROL_SYMCALL] = { symcall_control, true, false },
};

static struct domain *find(const struct hc_control *op)
{
	if (op->cmd == HC_CONTROL_INFO && op->u.info.flags & HC_INFO_NEXT)
		return domain_get_next(op->domid);
	return operations[op->cmd].dying ? domain_get_any(op->domid) : domain_get(op->domid);
}

long hypercall_control(uint64_t arg)
{
	struct hc_control op;
	struct domain *d;
	bool returns;
	long rc;

	if (!current->domain->privileged)
		return -EPERM;
	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.version != HC_CONTROL_VERSION)
		return -EACCES;
	if (op.pad[0] || op.pad[1] || op.pad[2])
		return -EINVAL;
	if (op.cmd == HC_CONTROL_CREATE) {
		rc = control_create(&op);
		return rc ? rc : copy_to_guest(arg, &op, sizeof(op));
	}
	if (op.cmd >= ARRAY_SIZE(operations) || !operations[op.cmd].run)
		return -ENOSYS;
	d = find(&op);
	if (!d)
		return -ESRCH;
	rc = operations[op.cmd].run(d, &op);
	returns = operations[op.cmd].returns;
	domain_put(d);
	/* Written back also when a part is done: how far is in the structure. */
	if (returns && rc != -EFAULT && copy_to_guest(arg, &op, sizeof(op)))
		rc = -EFAULT;
	return rc;
}
