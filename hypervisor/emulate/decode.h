/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoder of the few 64-bit mode instructions that trap.  It works on a copy
 * of the instruction's bytes, fetched once, and touches neither registers nor
 * memory: the same bytes always decode to the same thing.
 *
 * Source of facts: Intel SDM volume 2, chapter 2 and the opcode maps of appendix A.
 */
#ifndef EMULATE_DECODE_H
#define EMULATE_DECODE_H

#include "lib/base.h"
#include "cpu/regs.h"

#define INSTRUCTION_MAX 15	/* bytes; a longer one is invalid on any processor */

enum operation {
	OP_NONE,
	/* Arithmetic on the operand `rm`; the first eight in the order of opcode bits 3-5. */
	OP_ADD, OP_OR, OP_ADC, OP_SBB, OP_AND, OP_SUB, OP_XOR, OP_CMP,
	OP_INC, OP_DEC, OP_NOT, OP_NEG, OP_BTS, OP_BTR, OP_BTC,
	OP_XCHG, OP_CMPXCHG, OP_XADD,
	OP_LAST_LOCKABLE = OP_XADD,
	OP_MOV,			/* store of a register or immediate */
	OP_STOS, OP_MOVS,
	/* Port I/O */
	OP_IN, OP_OUT, OP_INS, OP_OUTS,
	/* System */
	OP_HLT, OP_CLI, OP_STI, OP_RDMSR, OP_WRMSR, OP_CPUID, OP_RDTSC, OP_RDTSCP,
	OP_FROM_CR, OP_TO_CR, OP_FROM_DR, OP_TO_DR, OP_CLTS, OP_SMSW, OP_LMSW, OP_INVLPG,
	OP_INVD, OP_WBINVD, OP_XSETBV,
};

#define PREFIX_LOCK (1u << 0)
#define PREFIX_REPNE (1u << 1)
#define PREFIX_REP (1u << 2)
#define PREFIX_OPERAND_SIZE (1u << 3)
#define PREFIX_ADDRESS_SIZE (1u << 4)
#define PREFIX_FS (1u << 5)
#define PREFIX_GS (1u << 6)

/* Register numbers are the processor's: rax rcx rdx rbx rsp rbp rsi rdi r8... */
#define REGISTER_RAX 0
#define REGISTER_NONE 16
#define REGISTER_RIP 17		/* as base: address of the next instruction */

struct instruction {
	uint8_t operation;	/* enum operation */
	uint8_t length;		/* bytes */
	uint8_t size;		/* of the operand: 1, 2, 4 or 8 bytes */
	uint8_t prefixes;	/* PREFIX_* */
	bool rex;		/* byte registers 4-7 are spl..dil, not ah..bh */
	bool memory;		/* rm is memory: base, index, scale, displacement */
	bool has_immediate;
	uint8_t reg;		/* ModRM.reg as a register, control or debug register number */
	uint8_t rm;		/* register, when memory is false */
	uint8_t base;		/* register, REGISTER_RIP or REGISTER_NONE */
	uint8_t index;		/* register or REGISTER_NONE */
	uint8_t scale;		/* index is shifted left by this */
	int64_t displacement;
	uint64_t immediate;	/* sign-extended to 64 bits */
};

/*
 * Decode the instruction at the start of bytes[0..count).
 * 0; -ENODATA: it goes on after count bytes; -EINVAL: invalid, or not one that we emulate.
 */
int instruction_decode(struct instruction *insn, const uint8_t *bytes, unsigned int count);

/* Address of the memory operand, without segment base; regs->rip is the instruction's. */
uint64_t instruction_address(const struct instruction *insn, const struct regs *regs);

/* Where each general register is in struct regs: offset in bytes, by number. */
extern const uint8_t register_offset[16];
static inline uint64_t *register_slot(struct regs *regs, unsigned int n)
{
	return (uint64_t *)((char *)regs + register_offset[n]);
}

/* Parts of general registers by their number.  Writes of 4 bytes clear the upper half. */
uint64_t register_get(const struct regs *regs, unsigned int n, unsigned int size, bool rex);
void register_set(struct regs *regs, unsigned int n, unsigned int size, bool rex, uint64_t value);

#endif
