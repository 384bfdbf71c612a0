// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hypercall mmuext_op: a list of operations on whole tables, base registers
 * and TLBs.
 */
#include <hypercall/memory.h>

#include "cpu/x86.h"
#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "lib/string.h"
#include "memory/entry.h"
#include "memory/flush.h"
#include "memory/owner.h"
#include "memory/tlb.h"

#define PREEMPTED 0x80000000u	/* as in mmu_update.c */

/* Each: 0, -errno, or -ERESTART to be called again with the same operation. */
typedef int (*operation)(struct vcpu *v, struct domain *d, const struct hc_mmuext_op *op);

/* A pinned table stays validated while no other table or processor uses it. */
int frame_pin(mfn_t mfn, struct domain *d, enum frame_type type)
{
	struct frame *f;
	uint64_t x;
	int rc;

	rc = frame_get_both(mfn, d, type, true);
	if (rc)
		return rc;
	f = frame_of(mfn);
	x = frame_type_word(f);
	do {
		if (x & FRAME_PINNED || READ_ONCE(d->memory.relinquishing)) {
			if (frame_put_table(f, true))
				vcpu_defer(current, f, d->id);
			return -EINVAL;
		}
	} while (!frame_cas(&f->type, &x, x | FRAME_PINNED));
	return 0;
}

static int op_pin(struct vcpu *v, struct domain *d, const struct hc_mmuext_op *op)
{
	(void)v;
	return frame_pin(op->arg1.mfn, d, FRAME_L1 + (op->cmd - HC_MMUEXT_PIN_L1_TABLE));
}

int frame_unpin(mfn_t mfn, struct domain *d)
{
	struct frame *f;
	uint64_t x;
	int rc = 0;

	if (mfn >= memory_max_mfn || !frame_get_id(frame_of(mfn), d->id))
		return -EINVAL;
	f = frame_of(mfn);
	x = frame_type_word(f);
	do {
		/* The bit is part of the count or stamp when there are no references. */
		if (!(x & FRAME_COUNT) || !(x & FRAME_PINNED))
			rc = -EINVAL;
	} while (!rc && !frame_cas(&f->type, &x, x & ~FRAME_PINNED));
	if (!rc && frame_put_table(f, true))
		vcpu_defer(current, f, d->id);
	frame_put(f);
	return rc;
}

static int op_unpin(struct vcpu *v, struct domain *d, const struct hc_mmuext_op *op)
{
	(void)v;
	return frame_unpin(op->arg1.mfn, d);
}

static int op_new_base(struct vcpu *v, struct domain *d, const struct hc_mmuext_op *op)
{
	(void)d;
	return vcpu_set_kernel_base(v, op->arg1.mfn);
}

static int op_new_user_base(struct vcpu *v, struct domain *d, const struct hc_mmuext_op *op)
{
	(void)d;
	return vcpu_set_user_base(v, op->arg1.mfn);
}

static int op_flush_local(struct vcpu *v, struct domain *d, const struct hc_mmuext_op *op)
{
	(void)d;
	guest_flush(v, 1ULL << this_cpu()->id, op->cmd == HC_MMUEXT_TLB_FLUSH_LOCAL ?
		    FLUSH_ALL_VA : op->arg1.linear_addr);
	return 0;
}

static int op_flush_multi(struct vcpu *v, struct domain *d, const struct hc_mmuext_op *op)
{
	cpumask_t mask;
	int rc = flush_mask_of(d, op->arg2.vcpumask, &mask);

	if (!rc)
		guest_flush(v, mask, op->cmd == HC_MMUEXT_TLB_FLUSH_MULTI ?
			    FLUSH_ALL_VA : op->arg1.linear_addr);
	return rc;
}

static int op_flush_all(struct vcpu *v, struct domain *d, const struct hc_mmuext_op *op)
{
	guest_flush(v, __atomic_load_n(&d->dirty_cpus, __ATOMIC_SEQ_CST),
		    op->cmd == HC_MMUEXT_TLB_FLUSH_ALL ? FLUSH_ALL_VA : op->arg1.linear_addr);
	return 0;
}

static void flush_cache(void *unused)
{
	(void)unused;
	wbinvd();
}

/* Only who drives devices may: it slows everybody down. */
static int op_flush_cache(struct vcpu *v, struct domain *d, const struct hc_mmuext_op *op)
{
	(void)v;
	if (!d->privileged)
		return -EACCES;
	if (op->cmd == HC_MMUEXT_FLUSH_CACHE)
		wbinvd();
	else
		smp_call(cpu_online_mask, flush_cache, NULL);
	return 0;
}

long vcpu_set_ldt(struct vcpu *v, uint64_t base, uint32_t entries);

static int op_set_ldt(struct vcpu *v, struct domain *d, const struct hc_mmuext_op *op)
{
	(void)d;
	return vcpu_set_ldt(v, op->arg1.linear_addr, op->arg2.nr_ents);
}

static int op_clear_page(struct vcpu *v, struct domain *d, const struct hc_mmuext_op *op)
{
	int rc = frame_get_both(op->arg1.mfn, d, FRAME_WRITABLE, false);

	(void)v;
	if (rc)
		return rc;
	clear_page(mfn_to_virt(op->arg1.mfn));
	dirty_mark(op->arg1.mfn);
	frame_put_both(frame_of(op->arg1.mfn));
	return 0;
}

static int op_copy_page(struct vcpu *v, struct domain *d, const struct hc_mmuext_op *op)
{
	mfn_t from = op->arg2.src_mfn;
	int rc;

	(void)v;
	if (from >= memory_max_mfn || !frame_get_id(frame_of(from), d->id))
		return -EINVAL;
	rc = frame_get_both(op->arg1.mfn, d, FRAME_WRITABLE, false);
	if (!rc) {
		copy_page(mfn_to_virt(op->arg1.mfn), mfn_to_virt(from));
		dirty_mark(op->arg1.mfn);
		frame_put_both(frame_of(op->arg1.mfn));
	}
	frame_put(frame_of(from));
	return rc;
}

static const struct row {
	operation run;
	bool foreign;		/* may be done for another domain */
} operations[] = {
	[HC_MMUEXT_PIN_L1_TABLE] = { op_pin, true },
	[HC_MMUEXT_PIN_L2_TABLE] = { op_pin, true },
	[HC_MMUEXT_PIN_L3_TABLE] = { op_pin, true },
	[HC_MMUEXT_PIN_L4_TABLE] = { op_pin, true },
	[HC_MMUEXT_UNPIN_TABLE] = { op_unpin, true },
	[HC_MMUEXT_NEW_BASEPTR] = { op_new_base, false },
	[HC_MMUEXT_TLB_FLUSH_LOCAL] = { op_flush_local, false },
	[HC_MMUEXT_INVLPG_LOCAL] = { op_flush_local, false },
	[HC_MMUEXT_TLB_FLUSH_MULTI] = { op_flush_multi, false },
	[HC_MMUEXT_INVLPG_MULTI] = { op_flush_multi, false },
	[HC_MMUEXT_TLB_FLUSH_ALL] = { op_flush_all, false },
	[HC_MMUEXT_INVLPG_ALL] = { op_flush_all, false },
	[HC_MMUEXT_FLUSH_CACHE] = { op_flush_cache, false },
	[HC_MMUEXT_SET_LDT] = { op_set_ldt, false },
	[HC_MMUEXT_NEW_USER_BASEPTR] = { op_new_user_base, false },
	[HC_MMUEXT_CLEAR_PAGE] = { op_clear_page, true },
	[HC_MMUEXT_COPY_PAGE] = { op_copy_page, true },
	[HC_MMUEXT_FLUSH_CACHE_GLOBAL] = { op_flush_cache, false },
};

static __always_inline int op_one(struct vcpu *v, struct domain *d, uint64_t at, bool foreign)
{
	const struct row *row;
	struct hc_mmuext_op op;

	if (guest_read_words(&op, at, sizeof(op) / 8))
		return -EFAULT;
	if (op.cmd >= ARRAY_SIZE(operations))
		return -ENOSYS;
	row = &operations[index_below(op.cmd, ARRAY_SIZE(operations))];
	if (!row->run)
		return -ENOSYS;
	if (foreign && !row->foreign)
		return -EPERM;
	return row->run(v, d, &op);
}

static int op_list(struct domain *d, uint64_t list, uint32_t count, uint32_t *i)
{
	struct vcpu *v = current;

	while (*i < count) {
		int rc = op_one(v, d, list + *i * sizeof(struct hc_mmuext_op), d != v->domain);

		if (rc)
			return rc;
		++*i;
		/* As in mmu_update. */
		if (v->memory.deferred || (!(*i & 7) && *i < count && hypercall_preempt_check()))
			return -ERESTART;
	}
	return 0;
}

static __noinline long mmuext(uint64_t ops, uint64_t count64, uint64_t done_at, uint64_t domid)
{
	uint32_t count = count64 & ~PREEMPTED, before = 0, i = 0;
	struct domain *d = current->domain;
	int rc;

	if (vcpu_deferred_finish(current, true))
		return hypercall_continue(HC_NR_MMUEXT_OP, 4, ops, count64, done_at, domid);
	if (count64 & PREEMPTED && done_at && copy_from_guest(&before, done_at, sizeof(before)))
		return -EFAULT;
	if (unlikely(domid != HC_DOMID_SELF)) {
		rc = domain_get_target(domid, &d);
		if (rc)
			return rc;
	}
	rc = op_list(d, ops, count, &i);
	before += i;
	if (done_at && copy_to_guest(done_at, &before, sizeof(before)))
		rc = -EFAULT;
	if (unlikely(domid != HC_DOMID_SELF))
		domain_put(d);
	owner_reap();
	if (rc == -ERESTART)
		rc = hypercall_continue(HC_NR_MMUEXT_OP, 4, ops + i * sizeof(struct hc_mmuext_op),
					(uint64_t)((count - i) | PREEMPTED), done_at, domid);
	return rc;
}

#define SHORT_LIST 4

/*
 * Nearly all calls are for one operation on the caller's own, or for the two tables of
 * another process.  What is left when others are to be let in goes the long way.
 */
long hypercall_mmuext_op(uint64_t ops, uint64_t count64, uint64_t done_at, uint64_t domid)
{
	struct vcpu *v = current;
	int rc;

	if (unlikely(count64 - 1 >= SHORT_LIST || domid != HC_DOMID_SELF || done_at || v->memory.deferred))
		return mmuext(ops, count64, done_at, domid);
	do {
		rc = op_one(v, v->domain, ops, false);
		if (unlikely(rc)) {
			if (rc == -ERESTART)
				return mmuext(ops, count64, 0, domid);
			break;
		}
		ops += sizeof(struct hc_mmuext_op);
		count64--;
		/* Done, but for the undoing of what was there. */
		if (unlikely(v->memory.deferred))
			return mmuext(ops, count64 | PREEMPTED, 0, domid);
	} while (count64);
	owner_reap();
	return rc;
}
