/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypercall that only Tenon has: what there is, counters, the pages of symspy. */
#include <hypercall/extension.h>
#include "domain/domain.h"
#include "extension/extension.h"
#include "hypercall/hypercall.h"

_Static_assert(HC_EXTENSION_COUNTERS_COUNT == HC_COUNTER_COUNT, "the guest sees the same counters as its host");

static long get_version(uint64_t arg)
{
	(void)arg;
	return HC_EXTENSION_VERSION;
}

static long get_features(uint64_t arg)
{
	(void)arg;
	return EXTENSION_FEATURES;
}

static long counters(uint64_t arg)
{
	struct hc_extension_counters c = { { 0 } };
	struct vcpu *v;

	for_each_vcpu(current->domain, v)
		for (unsigned int i = 0; i < HC_COUNTER_COUNT; i++)
			c.value[i] += v->counters[i];
	return copy_to_guest(arg, &c, sizeof(c));
}

int extension_check_frame(struct domain *d, mfn_t mfn)
{
	if (!mfn_valid(mfn) || !frame_get_id(frame_of(mfn), d->id))
		return -EINVAL;
	frame_put(frame_of(mfn));
	return 0;
}

static long symspy(uint64_t arg)
{
	struct domain *d = current->domain;
	struct hc_extension_symspy s;
	mfn_t *place = &d->extension.symspy;

	if (copy_from_guest(&s, arg, sizeof(s)))
		return -EFAULT;
	if (s.vcpu != HC_EXTENSION_SYMSPY_GUEST) {
		struct vcpu *v = vcpu_of(d, s.vcpu);

		if (!v)
			return -EINVAL;
		place = &v->extension.symspy;
	}
	if (s.pad)
		return -EINVAL;
	if (s.mfn) {
		if (extension_check_frame(d, s.mfn))
			return -EINVAL;
		count_event(current, HC_COUNTER_SYMSPY_PAGES);
	}
	__atomic_store_n(place, s.mfn, __ATOMIC_RELAXED);
	return 0;
}

typedef long extension_fn(uint64_t arg);
static extension_fn *const operations[] = {
	[HC_EXTENSION_GET_VERSION] = get_version,
	[HC_EXTENSION_GET_FEATURES] = get_features,
	[HC_EXTENSION_COUNTERS] = counters,
	[HC_EXTENSION_SYMSPY] = symspy,
	[HC_EXTENSION_SYMCALL_REGISTER] = symcall_register,
	[HC_EXTENSION_SYMCALL_END] = symcall_end,
	[HC_EXTENSION_TABLES] = extension_tables,
};

long hypercall_extension(uint64_t op, uint64_t arg)
{
	extension_fn *run;

	if (op >= ARRAY_SIZE(operations))
		return -ENOSYS;
	run = operations[index_below(op, ARRAY_SIZE(operations))];
	if (!run)
		return -ENOSYS;
	count_event(current, HC_COUNTER_EXTENSIONS);
	return run(arg);
}
