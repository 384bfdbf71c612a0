/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flags are computed from operands and result instead of by running the
 * instruction: the guest's flags never reach the hypervisor's flags register.
 */
#include "emulate/arithmetic.h"

#define FLAG_CF (1UL << 0)
#define FLAG_PF (1UL << 2)
#define FLAG_AF (1UL << 4)
#define FLAG_ZF (1UL << 6)
#define FLAG_SF (1UL << 7)
#define FLAG_OF (1UL << 11)

uint64_t arithmetic_result_flags(uint64_t result, unsigned int bits)
{
	uint64_t flags = 0;

	if (!result)
		flags |= FLAG_ZF;
	if (result >> (bits - 1))
		flags |= FLAG_SF;
	if (!__builtin_parity((unsigned int)result & 0xff))
		flags |= FLAG_PF;
	return flags;
}

/* carries: bit n is the carry (or borrow) out of bit n. */
static uint64_t carry_flags(uint64_t carries, unsigned int bits)
{
	uint64_t flags = 0;
	uint64_t top = carries >> (bits - 1) & 1, below = carries >> (bits - 2) & 1;

	if (top)
		flags |= FLAG_CF;
	if (top != below)
		flags |= FLAG_OF;
	if (carries >> 3 & 1)
		flags |= FLAG_AF;
	return flags;
}

static uint64_t set_flags(uint64_t rflags, uint64_t which, uint64_t flags)
{
	return (rflags & ~which) | (flags & which);
}

static uint64_t add(uint64_t dst, uint64_t src, uint64_t carry, unsigned int bits, uint64_t *flags)
{
	uint64_t mask = ~0ULL >> (64 - bits), result = (dst + src + carry) & mask;

	*flags = arithmetic_result_flags(result, bits) |
		 carry_flags((dst & src) | ((dst | src) & ~result), bits);
	return result;
}

static uint64_t subtract(uint64_t dst, uint64_t src, uint64_t borrow, unsigned int bits,
			 uint64_t *flags)
{
	uint64_t mask = ~0ULL >> (64 - bits), result = (dst - src - borrow) & mask;

	*flags = arithmetic_result_flags(result, bits) |
		 carry_flags((~dst & src) | ((~dst | src) & result), bits);
	return result;
}

static uint64_t bit_operation(enum operation operation, unsigned int bits, uint64_t dst,
			      uint64_t src, uint64_t *rflags)
{
	uint64_t bit = 1ULL << (src & (bits - 1));

	*rflags = set_flags(*rflags, FLAG_CF, dst & bit ? FLAG_CF : 0);
	switch (operation) {
	case OP_BTS:
		return dst | bit;
	case OP_BTR:
		return dst & ~bit;
	default:
		return dst ^ bit;
	}
}

uint64_t arithmetic(enum operation operation, unsigned int size, uint64_t dst, uint64_t src,
		    uint64_t *rflags)
{
	unsigned int bits = 8 * size;
	uint64_t mask = ~0ULL >> (64 - bits), changed = RFLAGS_STATUS, flags, result;
	uint64_t carry = *rflags & FLAG_CF;

	dst &= mask;
	src &= mask;
	switch (operation) {
	case OP_AND:
		result = dst & src;
		flags = arithmetic_result_flags(result, bits);
		break;
	case OP_OR:
		result = dst | src;
		flags = arithmetic_result_flags(result, bits);
		break;
	case OP_XOR:
		result = dst ^ src;
		flags = arithmetic_result_flags(result, bits);
		break;
	case OP_ADD:
		result = add(dst, src, 0, bits, &flags);
		break;
	case OP_ADC:
		result = add(dst, src, carry, bits, &flags);
		break;
	case OP_SUB:
	case OP_CMP:
		result = subtract(dst, src, 0, bits, &flags);
		break;
	case OP_SBB:
		result = subtract(dst, src, carry, bits, &flags);
		break;
	case OP_NEG:
		result = subtract(0, dst, 0, bits, &flags);
		break;
	case OP_INC:
		result = add(dst, 1, 0, bits, &flags);
		changed &= ~FLAG_CF;
		break;
	case OP_DEC:
		result = subtract(dst, 1, 0, bits, &flags);
		changed &= ~FLAG_CF;
		break;
	case OP_NOT:
		return ~dst & mask;
	default:
		return bit_operation(operation, bits, dst, src, rflags);
	}
	*rflags = set_flags(*rflags, changed, flags);
	return result;
}
