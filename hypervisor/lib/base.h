/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every file may assume: fixed-width types, a few macros, error numbers.
 * The same header serves the host build of the pure logic (TENON_HOST), where
 * the C library provides what the freestanding build lacks.
 */
#ifndef LIB_BASE_H
#define LIB_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/errno.h"

#ifndef TENON_HOST
/* The image is linked once at its address: no reference goes through a GOT. */
#pragma GCC visibility push(hidden)
#endif

typedef uint64_t mfn_t;		/* machine frame number, 4 KiB units */
typedef uint64_t pfn_t;		/* guest pseudo-physical frame number */
typedef uint64_t cpumask_t;	/* bit n: processor n */

#define NR_CPUS 64
#define MFN_INVALID (~(mfn_t)0)

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096UL
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define ALIGN_UP(x, a) (((x) + (a) - 1) & ~((__typeof__(x))(a) - 1))
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a) - 1))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))

#define __packed __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
#define __noreturn __attribute__((noreturn))
#define __noinline __attribute__((noinline))
#ifndef __always_inline			/* the C library of unit tests has it */
#define __always_inline inline __attribute__((always_inline))
#endif
#define __init __attribute__((section(".init.text"), cold))
#define __initdata __attribute__((section(".init.data")))

#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define barrier() __asm__ volatile("" ::: "memory")

/*
 * What is seldom needed in the middle of a path that is taken often: a function that keeps all registers but that
 * of its result, called where the compiler sees no call, so that the path need not save any for it.
 */
#ifdef TENON_HOST
#define __keeps_registers
#define call_keeping(function, ...) function(__VA_ARGS__)
#else
#define __keeps_registers __attribute__((no_caller_saved_registers))
#define call_keeping(function, ...) call_keeping_3(function, ##__VA_ARGS__, 0, 0, 0)
#define call_keeping_3(function, a, b, c, ...) ({                                                       \
	uint64_t result__;                                                                              \
	__asm__ volatile("call	%P1" : "=a"(result__) : "i"(function), "D"((uint64_t)(a)),              \
			 "S"((uint64_t)(b)), "d"((uint64_t)(c)) : "memory", "cc");                      \
	result__;                                                                                       \
})
#endif

/*
 * An index that a guest has chosen, and that has been found to be below n: i. Should a processor guess the outcome of
 * that check and go on with one that is not, it gets some index below n, and the guest learns nothing of what lies beyond.
 */
static __always_inline uint64_t index_below(uint64_t i, uint64_t n)
{
	uint64_t mask;

	if (__builtin_constant_p(n) && !(n & (n - 1))) {
		__asm__("" : "+r"(i));		/* the compiler knows of the check, too, and would leave this out */
		return i & (n - 1);
	}
	__asm__("cmp %2, %1\n\tsbb %0, %0" : "=r"(mask) : "r"(i), "r"(n) : "cc");
	return i & mask;
}

#endif
