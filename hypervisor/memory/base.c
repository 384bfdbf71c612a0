// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The top-level tables that a vcpu runs on: one while its kernel runs, another
 * one while its user mode does.
 */
#include "domain/domain.h"
#include "memory/entry.h"
#include "memory/split.h"
#include "memory/tlb.h"

static bool is_loaded(const struct vcpu *v, const uint64_t *cr3)
{
	return v == current && cr3 == (v->kernel_mode ? &v->cr3_kernel : &v->cr3_user);
}

/* mfn 0: none.  *cr3 is what the vcpu runs on for *base. */
static int set_base(struct vcpu *v, uint64_t *base, uint64_t *cr3, mfn_t mfn)
{
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
		split_follow(v);
	}
	if (mfn && is_loaded(v, cr3))
		tlb_load_cr3(*cr3);
	if (mfn != old && old && frame_put_table(frame_of(old), true))
		vcpu_defer(v, frame_of(old), v->domain->id);
	return 0;
}

static int set_kernel_base(struct vcpu *v, mfn_t mfn)
{
	return set_base(v, &v->memory.base_kernel, &v->cr3_kernel, mfn);
}

int vcpu_set_kernel_base(struct vcpu *v, mfn_t mfn)
{
	return mfn ? set_kernel_base(v, mfn) : -EINVAL;
}

int vcpu_set_user_base(struct vcpu *v, mfn_t mfn)
{
	return set_base(v, &v->memory.base_user, &v->cr3_user, mfn);
}

int vcpu_drop_bases(struct vcpu *v)
{
	int rc = vcpu_set_user_base(v, 0);

	if (!rc)
		rc = set_kernel_base(v, 0);
	return rc ? rc : vcpu_deferred_finish(v, true);
}
