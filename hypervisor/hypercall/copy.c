/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access to guest memory: range check, SMAP window, fault-safe copy. */
#include "cpu/cpu.h"
#include "hypercall/hypercall.h"
#include "memory/layout.h"

uint64_t copy_user(void *dst, const void *src, uint64_t size);

int copy_from_guest_any(void *dst, uint64_t src, size_t size)
{
	uint64_t left;

	if (!guest_range_ok(src, size))
		return -EFAULT;
	guest_access_begin();
	left = copy_user(dst, (const void *)src, size);
	guest_access_end();
	return left ? -EFAULT : 0;
}

int copy_to_guest_any(uint64_t dst, const void *src, size_t size)
{
	uint64_t left;

	if (!guest_range_ok(dst, size))
		return -EFAULT;
	guest_access_begin();
	left = copy_user((void *)dst, src, size);
	guest_access_end();
	return left ? -EFAULT : 0;
}

int copy_safe(void *dst, const void *src, size_t size)
{
	return copy_user(dst, src, size) ? -EFAULT : 0;
}
