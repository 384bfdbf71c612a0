/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tenon's own hypercall; <hypercall/extension.h> describes it. */
#ifndef EXTENSION_EXTENSION_H
#define EXTENSION_EXTENSION_H

#include "extension/symcall.h"
#include "lib/base.h"

/* What CPUID and GET_FEATURES say that guests can have: HC_EXTENSION_FEATURE_*. */
#define EXTENSION_FEATURES (HC_EXTENSION_FEATURE_COUNTERS | HC_EXTENSION_FEATURE_SYMSPY | \
			    HC_EXTENSION_FEATURE_SYMCALL | HC_EXTENSION_FEATURE_TABLES)

/* Frames that guests say they publish in.  0: none.  Only numbers: who maps them looks at their owner. */
struct extension_vcpu {
	mfn_t symspy;
	struct symcall_vcpu symcall;
};
struct extension_domain {
	mfn_t symspy;
	struct symcall_domain symcall;
};

long hypercall_extension(uint64_t op, uint64_t arg);
/* -EINVAL: the frame is not d's.  For who makes a mistake: nothing rests on it. */
int extension_check_frame(struct domain *d, mfn_t mfn);
long extension_tables(uint64_t arg);

#endif
