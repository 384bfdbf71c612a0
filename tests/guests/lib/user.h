/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * User mode of a test kernel: a page of code (section .user of the image), a
 * page of data and a stack, in top-level tables of their own.
 */
#ifndef GUESTS_USER_H
#define GUESTS_USER_H

#include "trap.h"

#define USER_CODE 0x400000UL
#define USER_DATA 0x600000UL
#define USER_STACK 0x801000UL	/* its top */

/* Code for user mode: user_asm(name, "instructions"), found as user_address(name). */
#define user_asm(name, text) \
	extern char name[]; \
	__asm__(".pushsection .user, \"ax\", @progbits\n" #name ":\n" text "\n.popsection")
#define user_address(name) (USER_CODE + (uint64_t)((name) - user_begin))

extern char user_begin[];

/* Build and load the user's tables, and set the stack for entries from there. */
void user_init(void);
/* The data page, as the kernel sees it. */
void *user_data(void);
/* The top table of user mode, a page of the image. */
uint64_t *user_top(void);
/* Run user code until it traps, by syscall or exception; the frame as the kernel got it. */
struct trap_frame user_run(uint64_t rip, uint64_t rdi, uint64_t rsi);
/* The same with every register given; vector and error do not count. */
struct trap_frame user_run_frame(const struct trap_frame *frame);

#endif
