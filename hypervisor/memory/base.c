// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The top-level tables that a vcpu runs on: one while its kernel runs, another
 * one while its user mode does.
 */
#include "domain/domain.h"
#include "memory/entry.h"
#include "memory/split.h"
#include "memory/tlb.h"

/* mfn 0: none.  Once for each of the two bases: a switch of processes sets both. */
static __always_inline int set_base(struct vcpu *v, bool kernel, mfn_t mfn)
{
	uint64_t *base = kernel ? &v->memory.base_kernel : &v->memory.base_user;
	uint64_t *cr3 = kernel ? &v->cr3_kernel : &v->cr3_user;
	mfn_t old = *base >> PAGE_SHIFT;
	int rc = vcpu_deferred_finish(v, true);

	if (rc)
		return rc;
	if (mfn != old) {
		rc = mfn ? frame_get_table(mfn, v->domain->id, FRAME_L4, true) : 0;
		if (rc)
			return rc;
		if (unlikely(v->domain->memory.log.active)) {
			shadow_set_base(v->domain, base, cr3, mfn << PAGE_SHIFT);
		} else {
			WRITE_ONCE(*base, mfn << PAGE_SHIFT);
			WRITE_ONCE(*cr3, mfn << PAGE_SHIFT);
		}
		WRITE_ONCE(*(kernel ? &v->outer_kernel : &v->outer_user), split_outer(*cr3));
	}
	if (mfn && v == current && v->kernel_mode == kernel)
		tlb_load_cr3(*cr3);
	if (mfn != old && old && frame_put_table(frame_of(old), true))
		vcpu_defer(v, frame_of(old), v->domain->id);
	return 0;
}

int vcpu_set_kernel_base(struct vcpu *v, mfn_t mfn)
{
	return mfn ? set_base(v, true, mfn) : -EINVAL;
}

int vcpu_set_user_base(struct vcpu *v, mfn_t mfn)
{
	return set_base(v, false, mfn);
}

int vcpu_drop_bases(struct vcpu *v)
{
	int rc = vcpu_set_user_base(v, 0);

	if (!rc)
		rc = set_base(v, true, 0);
	return rc ? rc : vcpu_deferred_finish(v, true);
}
