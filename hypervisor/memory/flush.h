/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLB flushes that guests ask for. */
#ifndef MEMORY_FLUSH_H
#define MEMORY_FLUSH_H

#include "domain/domain.h"

/* Processors on which the vcpus of a guest's bitmap (address) may have translations; -EFAULT. */
int flush_mask_of(struct domain *d, uint64_t bitmap, cpumask_t *mask);
/* va ~0: everything. */
void guest_flush(struct vcpu *v, cpumask_t mask, uint64_t va);
#define FLUSH_ALL_VA (~0ULL)

#endif
