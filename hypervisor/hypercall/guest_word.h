/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quick ways to read and write a few words of a guest; hypercall.h has the copies of any size. */
#ifndef HYPERCALL_GUEST_WORD_H
#define HYPERCALL_GUEST_WORD_H

#include "hypercall/hypercall.h"

#ifdef TENON_HOST
static inline int guest_read64(uint64_t *value, uint64_t src)
{
	return copy_from_guest(value, src, sizeof(*value));
}

static inline int guest_write64(uint64_t dst, uint64_t value)
{
	return copy_to_guest(dst, &value, sizeof(value));
}

static inline int guest_read_words(void *dst, uint64_t src, unsigned int words)
{
	return copy_from_guest(dst, src, words * 8UL);
}
#else
#include "cpu/cpu.h"
#include "memory/layout.h"

/* 0 or -EFAULT, as copy_from_guest() of eight bytes. */
static inline int guest_read64(uint64_t *value, uint64_t src)
{
	uint64_t word;

	/* Within one page, one look at the address is enough. */
	if (unlikely((src & (PAGE_SIZE - 1)) > PAGE_SIZE - sizeof(word)))
		return copy_from_guest(value, src, sizeof(word));
	if (unlikely(!guest_address_ok(src)))
		return -EFAULT;
	guest_access_begin();
	__asm__ goto("1:	mov	%1, %0\n"
		     "	.pushsection .exception_table, \"a\"\n"
		     "	.quad	1b, %l[fault]\n"
		     "	.popsection"
		     : "=r"(word) : "m"(*(const uint64_t *)src) : : fault);
	guest_access_end();
	*value = word;
	return 0;
fault:
	guest_access_end();
	return -EFAULT;
}

/* 0 or -EFAULT, as copy_to_guest() of eight bytes. */
static inline int guest_write64(uint64_t dst, uint64_t value)
{
	if (unlikely((dst & (PAGE_SIZE - 1)) > PAGE_SIZE - sizeof(value)))
		return copy_to_guest(dst, &value, sizeof(value));
	if (unlikely(!guest_address_ok(dst)))
		return -EFAULT;
	guest_access_begin();
	__asm__ volatile goto("1:	mov	%0, (%1)\n"
		     "	.pushsection .exception_table, \"a\"\n"
		     "	.quad	1b, %l[fault]\n"
		     "	.popsection"
		     : : "r"(value), "r"(dst) : "memory" : fault);
	guest_access_end();
	return 0;
fault:
	guest_access_end();
	return -EFAULT;
}

/* 0 or -EFAULT, as copy_from_guest() of so many times eight bytes. */
static inline int guest_read_words(void *dst, uint64_t src, unsigned int words)
{
	uint64_t left = words;

	if (unlikely(!guest_range_ok(src, words * 8UL)))
		return -EFAULT;
	guest_access_begin();
	__asm__ volatile goto("1:	rep movsq\n"
		     "	.pushsection .exception_table, \"a\"\n"
		     "	.quad	1b, %l[fault]\n"
		     "	.popsection"
		     : "+c"(left), "+D"(dst), "+S"(src) : : "memory" : fault);
	guest_access_end();
	return 0;
fault:
	guest_access_end();
	return -EFAULT;
}
#endif

#endif
