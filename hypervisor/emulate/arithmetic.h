/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results and flags of the read-modify-write instructions, as the processor
 * computes them.
 */
#ifndef EMULATE_ARITHMETIC_H
#define EMULATE_ARITHMETIC_H

#include "emulate/decode.h"

/* Carry, parity, adjust, zero, sign, overflow. */
#define RFLAGS_STATUS 0x8d5UL

/*
 * The new destination of `operation` (OP_ADD..OP_BTC, OP_CMP) on operands of
 * size bytes; *rflags gets its status flags.  For bit operations src is the
 * bit number, taken modulo the operand's width.
 * OP_ADC and OP_SBB use the carry that *rflags comes with.
 */
uint64_t arithmetic(enum operation operation, unsigned int size, uint64_t dst, uint64_t src,
		    uint64_t *rflags);

/* The status flags of a logic operation with this result of so many bits. */
uint64_t arithmetic_result_flags(uint64_t result, unsigned int bits);

#endif
