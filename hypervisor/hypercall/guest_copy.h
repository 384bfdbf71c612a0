/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies between hypervisor and guest virtual memory, in the address space
 * that is loaded now.  All return 0, or -EFAULT when an address is the
 * hypervisor's or faults; bytes before the fault may have been copied.
 */
#ifndef HYPERCALL_GUEST_COPY_H
#define HYPERCALL_GUEST_COPY_H

#include "lib/base.h"

#ifdef TENON_HOST
int copy_from_guest(void *dst, uint64_t src, size_t size);
int copy_to_guest(uint64_t dst, const void *src, size_t size);

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

static inline int guest_read_pair(uint64_t *first, uint64_t *second, uint64_t src)
{
	return guest_read64(first, src) || guest_read64(second, src + 8) ? -EFAULT : 0;
}

static inline int guest_read_three(uint64_t *first, uint64_t *second, uint64_t *third, uint64_t src)
{
	return guest_read_pair(first, second, src) || guest_read64(third, src + 16) ? -EFAULT : 0;
}
#else
#include "cpu/cpu.h"
#include "memory/layout.h"

/* Of any size, out of line. */
int copy_from_guest_any(void *dst, uint64_t src, size_t size);
int copy_to_guest_any(uint64_t dst, const void *src, size_t size);

/*
 * Enough of a look at an address where the access itself is the rest of it: one
 * that is not canonical faults, as one does where nothing is mapped.
 */
static inline bool guest_touches_hole(uint64_t va, uint64_t size)
{
	return va - (HOLE_VIRT_START - size + 1) < HOLE_VIRT_END - HOLE_VIRT_START + size - 1;
}

/* Single words.  The value is only changed by success. */
#define GUEST_WORD(bits)                                                            \
static inline int guest_read##bits(uint##bits##_t *value, uint64_t src)             \
{                                                                                   \
	uint##bits##_t word;                                                        \
                                                                                    \
	if (unlikely(guest_touches_hole(src, sizeof(word))))                        \
		return -EFAULT;                                                     \
	guest_access_begin();                                                       \
	__asm__ volatile goto("1:	mov	%1, %0\n"                           \
			      "	.pushsection .exception_table, \"a\"\n"             \
			      "	.quad	1b, %l[fault]\n"                            \
			      "	.popsection"                                        \
			      : "=r"(word) : "m"(*(const uint##bits##_t *)src) : : fault); \
	guest_access_end();                                                         \
	*value = word;                                                              \
	return 0;                                                                   \
fault:                                                                              \
	guest_access_end();                                                         \
	return -EFAULT;                                                             \
}                                                                                   \
static inline int guest_write##bits(uint64_t dst, uint##bits##_t value)             \
{                                                                                   \
	if (unlikely(guest_touches_hole(dst, sizeof(value))))                       \
		return -EFAULT;                                                     \
	guest_access_begin();                                                       \
	__asm__ volatile goto("1:	mov	%0, (%1)\n"                         \
			      "	.pushsection .exception_table, \"a\"\n"             \
			      "	.quad	1b, %l[fault]\n"                            \
			      "	.popsection"                                        \
			      : : "r"(value), "r"(dst) : "memory" : fault);         \
	guest_access_end();                                                         \
	return 0;                                                                   \
fault:                                                                              \
	guest_access_end();                                                         \
	return -EFAULT;                                                             \
}

GUEST_WORD(16)
GUEST_WORD(32)
GUEST_WORD(64)

/* Two words with one look at the address; for what is called most, as the two may stay in registers. */
static inline int guest_read_pair(uint64_t *first, uint64_t *second, uint64_t src)
{
	uint64_t a, b;

	if (unlikely(guest_touches_hole(src, 16)))
		return -EFAULT;
	guest_access_begin();
	__asm__ volatile goto("1:	mov	(%2), %0\n"
			      "2:	mov	8(%2), %1\n"
			      "	.pushsection .exception_table, \"a\"\n"
			      "	.quad	1b, %l[fault], 2b, %l[fault]\n"
			      "	.popsection"
			      : "=&r"(a), "=r"(b) : "r"(src) : "memory" : fault);
	guest_access_end();
	*first = a;
	*second = b;
	return 0;
fault:
	guest_access_end();
	return -EFAULT;
}

/* Three, likewise. */
static inline int guest_read_three(uint64_t *first, uint64_t *second, uint64_t *third, uint64_t src)
{
	uint64_t a, b, c;

	if (unlikely(guest_touches_hole(src, 24)))
		return -EFAULT;
	guest_access_begin();
	__asm__ volatile goto("1:	mov	(%3), %0\n"
			      "2:	mov	8(%3), %1\n"
			      "3:	mov	16(%3), %2\n"
			      "	.pushsection .exception_table, \"a\"\n"
			      "	.quad	1b, %l[fault], 2b, %l[fault], 3b, %l[fault]\n"
			      "	.popsection"
			      : "=&r"(a), "=&r"(b), "=r"(c) : "r"(src) : "memory" : fault);
	guest_access_end();
	*first = a;
	*second = b;
	*third = c;
	return 0;
fault:
	guest_access_end();
	return -EFAULT;
}

/* Operation and arguments of a struct hc_multicall_entry, likewise. */
static inline int guest_read_call(uint64_t call[6], uint64_t src)
{
	uint64_t op, a, b, c, d, e;

	if (unlikely(guest_touches_hole(src, 56)))
		return -EFAULT;
	guest_access_begin();
	__asm__ volatile goto("1:	mov	(%6), %0\n"
			      "2:	mov	16(%6), %1\n"
			      "3:	mov	24(%6), %2\n"
			      "4:	mov	32(%6), %3\n"
			      "5:	mov	40(%6), %4\n"
			      "6:	mov	48(%6), %5\n"
			      "	.pushsection .exception_table, \"a\"\n"
			      "	.quad	1b, %l[fault], 2b, %l[fault], 3b, %l[fault]\n"
			      "	.quad	4b, %l[fault], 5b, %l[fault], 6b, %l[fault]\n"
			      "	.popsection"
			      : "=&r"(op), "=&r"(a), "=&r"(b), "=&r"(c), "=&r"(d), "=r"(e)
			      : "r"(src) : "memory" : fault);
	guest_access_end();
	call[0] = op, call[1] = a, call[2] = b, call[3] = c, call[4] = d, call[5] = e;
	return 0;
fault:
	guest_access_end();
	return -EFAULT;
}

/* So many times eight bytes; the caller has looked at the guest's addresses. */
static inline int guest_move_words(void *dst, const void *src, uint64_t words)
{
	guest_access_begin();
	__asm__ volatile goto("1:	rep movsq\n"
			      "	.pushsection .exception_table, \"a\"\n"
			      "	.quad	1b, %l[fault]\n"
			      "	.popsection"
			      : "+c"(words), "+D"(dst), "+S"(src) : : "memory" : fault);
	guest_access_end();
	return 0;
fault:
	guest_access_end();
	return -EFAULT;
}

static inline int guest_read_words(void *dst, uint64_t src, uint64_t words)
{
	return unlikely(guest_touches_hole(src, words * 8)) ? -EFAULT :
	       guest_move_words(dst, (const void *)src, words);
}

/* What hypercalls take and answer has a size that is known, mostly of whole words. */
static inline int copy_from_guest(void *dst, uint64_t src, size_t size)
{
	if (__builtin_constant_p(size) && size == 4)
		return guest_read32(dst, src);
	if (__builtin_constant_p(size) && size == 8)
		return guest_read64(dst, src);
	if (__builtin_constant_p(size) && size && size % 8 == 0 && size <= PAGE_SIZE)
		return guest_read_words(dst, src, size / 8);
	return copy_from_guest_any(dst, src, size);
}

static inline int copy_to_guest(uint64_t dst, const void *src, size_t size)
{
	if (__builtin_constant_p(size) && size == 2)
		return guest_write16(dst, *(const uint16_t *)src);
	if (__builtin_constant_p(size) && size == 4)
		return guest_write32(dst, *(const uint32_t *)src);
	if (__builtin_constant_p(size) && size == 8)
		return guest_write64(dst, *(const uint64_t *)src);
	if (__builtin_constant_p(size) && size && size % 8 == 0 && size <= PAGE_SIZE)
		return unlikely(guest_touches_hole(dst, size)) ? -EFAULT :
		       guest_move_words((void *)dst, src, size / 8);
	return copy_to_guest_any(dst, src, size);
}
#endif

#endif
