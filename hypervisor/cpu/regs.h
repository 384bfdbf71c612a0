/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame that every entry to the hypervisor builds at the top of the
 * processor's stack: what the guest was doing.  Same order as the start of
 * struct hc_cpu_user_regs of the guest ABI, so that contexts copy in one piece.
 */
#ifndef CPU_REGS_H
#define CPU_REGS_H

#ifndef __ASSEMBLER__
#include "lib/base.h"

struct regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint32_t error_code;
	uint32_t vector;	/* what brought us here: exception or interrupt vector, or REGS_SYSCALL */
	uint64_t rip;
	uint16_t cs, cs_pad[3];
	uint64_t rflags;
	uint64_t rsp;
	uint16_t ss, ss_pad[3];
};
#endif

#define REGS_SYSCALL 0x100

#define RFLAGS_CF (1 << 0)
#define RFLAGS_TF (1 << 8)
#define RFLAGS_IF (1 << 9)
#define RFLAGS_DF (1 << 10)
#define RFLAGS_IOPL (3 << 12)
#define RFLAGS_NT (1 << 14)
#define RFLAGS_RF (1 << 16)
#define RFLAGS_VM (1 << 17)
#define RFLAGS_AC (1 << 18)

#define TRAP_DE 0
#define TRAP_DB 1
#define TRAP_NMI 2
#define TRAP_BP 3
#define TRAP_OF 4
#define TRAP_BR 5
#define TRAP_UD 6
#define TRAP_NM 7
#define TRAP_DF 8
#define TRAP_TS 10
#define TRAP_NP 11
#define TRAP_SS 12
#define TRAP_GP 13
#define TRAP_PF 14
#define TRAP_MF 16
#define TRAP_AC 17
#define TRAP_MC 18
#define TRAP_XM 19

/* Page-fault error code */
#define PF_PRESENT (1 << 0)
#define PF_WRITE (1 << 1)
#define PF_USER (1 << 2)
#define PF_RESERVED (1 << 3)
#define PF_FETCH (1 << 4)

#endif
