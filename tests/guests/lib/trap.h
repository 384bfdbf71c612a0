/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions as values: attempt(fn, arg) runs fn and tells which exception, if
 * any, ended it.  An exception outside of an attempt ends the test as an error.
 */
#ifndef GUESTS_TRAP_H
#define GUESTS_TRAP_H

#include <hypercall/vcpu.h>

#include "types.h"

#define TRAP_DE 0
#define TRAP_DB 1
#define TRAP_NMI 2
#define TRAP_BP 3
#define TRAP_OF 4
#define TRAP_UD 6
#define TRAP_NM 7
#define TRAP_TS 10
#define TRAP_NP 11
#define TRAP_SS 12
#define TRAP_GP 13
#define TRAP_PF 14
#define TRAP_MF 16
#define TRAP_AC 17
#define TRAP_XM 19
#define TRAP_NONE 256	/* vector of a fault that did not happen */
#define TRAP_SYSCALL 257	/* entry through the syscall callback */
#define TRAP_EVENT 258	/* through the event callback */
#define TRAP_FAILSAFE 259

#define PF_PRESENT 1
#define PF_WRITE 2
#define PF_USER 4	/* only from user mode, as on hardware: the kernel's ring is hidden */
#define PF_FETCH 16

struct trap_frame {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector;
	uint64_t error;
	uint64_t rip, cs, rflags, rsp, ss;
};

struct fault {
	uint32_t vector;	/* TRAP_*, TRAP_NONE: none */
	uint32_t error;		/* code, 0 for those without */
	uint64_t rip;
	uint64_t address;	/* of a page fault */
};

struct fault attempt(void (*fn)(uint64_t arg), uint64_t arg);
/* Does memory at va fault?  Eight bytes are read into *value, or written from value. */
struct fault attempt_read(uint64_t va, uint64_t *value);
struct fault attempt_write(uint64_t va, uint64_t value);

/*
 * A test may look at every exception first: return true when the frame, maybe
 * changed, is to be continued.
 */
extern bool (*trap_hook)(struct trap_frame *frame);

/* Compare with what must happen; error ~0u: any code. */
void expect_fault(const char *what, struct fault got, uint32_t vector, uint32_t error);
void expect_no_fault(const char *what, struct fault got);

void trap_init(void);			/* trap table, callbacks of this vcpu, kernel stack */
/* The trap table as set_trap_table and a vcpu's context want it. */
extern const struct hc_trap_info trap_table[];
unsigned int trap_table_size(void);	/* entries before the last, empty one */

/* Addresses of the assembly entries. */
extern char event_entry[], failsafe_entry[], syscall_entry[], syscall32_entry[];
/* Continue at the frame by the iret hypercall. */
void trap_return(struct trap_frame *frame) __attribute__((noreturn));

#endif
