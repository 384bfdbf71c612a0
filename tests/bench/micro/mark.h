/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Marks for the counting plugin (tests/bench/plugin): instructions that do nothing, which it knows by their
 * operand. What is executed between the first two is counted; the third ends a row; the fourth takes back what
 * was counted of it so far, a warm-up. The last means nothing to it: how often it was executed is counted as
 * with any instruction, and says how much work was done by those who do not measure themselves.
 */
#ifndef BENCH_MARK_H
#define BENCH_MARK_H

#define MARK_BEGIN 0x7e4e0001
#define MARK_END 0x7e4e0002
#define MARK_ROW 0x7e4e0003
#define MARK_FORGET 0x7e4e0004
#define MARK_WORK 0x7e4e0005
#define MARK(number) __asm__ volatile("nopl %c0(%%rax)" :: "i"(number) : "memory")

#endif
