/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tenon's own hypercall; <hypercall/extension.h> describes it. */
#ifndef EXTENSION_EXTENSION_H
#define EXTENSION_EXTENSION_H

#include "lib/base.h"

/* What CPUID and GET_FEATURES say that guests can have: HC_EXTENSION_FEATURE_*. */
#define EXTENSION_FEATURES (HC_EXTENSION_FEATURE_COUNTERS | HC_EXTENSION_FEATURE_SYMSPY)

/* Frames that guests say they publish in.  0: none.  Only numbers: who maps them looks at their owner. */
struct extension_vcpu {
	mfn_t symspy;
};
struct extension_domain {
	mfn_t symspy;
};

long hypercall_extension(uint64_t op, uint64_t arg);

#endif
