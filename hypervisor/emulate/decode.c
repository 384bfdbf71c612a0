/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prefixes, opcode tables, ModRM and SIB bytes, displacements and immediates.
 * An opcode that has no table entry is refused: its trap is the guest's own.
 */
#include "emulate/decode.h"
#include "lib/string.h"

/* What follows the opcode, and how wide the operand is. */
#define FORM_MODRM 0x01
#define FORM_BYTE 0x02		/* 8-bit operand, else by prefixes */
#define FORM_IMM8 0x04
#define FORM_IMM 0x08		/* as wide as the operand, but at most 32 bits */
#define FORM_OFFSET 0x10	/* rax from/to an absolute address */
#define FORM_REGISTER 0x20	/* ModRM's mod is ignored: always a register, 64 bits wide */
#define FORM_GROUP 0x40		/* operation is a GROUP_*: ModRM.reg chooses */
#define FORM_MEMORY 0x80	/* no form with a register operand */

struct opcode {
	uint8_t operation;
	uint8_t form;
};

enum { GROUP_1, GROUP_3, GROUP_4, GROUP_7, GROUP_8, GROUP_11 };

static const uint8_t groups[][8] = {
	[GROUP_1] = { OP_ADD, OP_OR, OP_ADC, OP_SBB, OP_AND, OP_SUB, OP_XOR, OP_CMP },
	[GROUP_3] = { [2] = OP_NOT, [3] = OP_NEG },
	[GROUP_4] = { OP_INC, OP_DEC },
	[GROUP_7] = { [4] = OP_SMSW, [6] = OP_LMSW, [7] = OP_INVLPG },
	[GROUP_8] = { [5] = OP_BTS, [6] = OP_BTR, [7] = OP_BTC },
	[GROUP_11] = { OP_MOV },
};

#define ARITHMETIC(code, op) \
	[code] = { op, FORM_MODRM | FORM_BYTE }, [(code) + 1] = { op, FORM_MODRM }

static const struct opcode one_byte[256] = {
	ARITHMETIC(0x00, OP_ADD),
	ARITHMETIC(0x08, OP_OR),
	ARITHMETIC(0x10, OP_ADC),
	ARITHMETIC(0x18, OP_SBB),
	ARITHMETIC(0x20, OP_AND),
	ARITHMETIC(0x28, OP_SUB),
	ARITHMETIC(0x30, OP_XOR),
	[0x6c] = { OP_INS, FORM_BYTE },
	[0x6d] = { OP_INS, 0 },
	[0x6e] = { OP_OUTS, FORM_BYTE },
	[0x6f] = { OP_OUTS, 0 },
	[0x80] = { GROUP_1, FORM_GROUP | FORM_MODRM | FORM_BYTE | FORM_IMM8 },
	[0x81] = { GROUP_1, FORM_GROUP | FORM_MODRM | FORM_IMM },
	[0x83] = { GROUP_1, FORM_GROUP | FORM_MODRM | FORM_IMM8 },
	ARITHMETIC(0x86, OP_XCHG),
	ARITHMETIC(0x88, OP_MOV),
	[0xa2] = { OP_MOV, FORM_OFFSET | FORM_BYTE },
	[0xa3] = { OP_MOV, FORM_OFFSET },
	[0xa4] = { OP_MOVS, FORM_BYTE },
	[0xa5] = { OP_MOVS, 0 },
	[0xaa] = { OP_STOS, FORM_BYTE },
	[0xab] = { OP_STOS, 0 },
	[0xc6] = { GROUP_11, FORM_GROUP | FORM_MODRM | FORM_BYTE | FORM_IMM8 },
	[0xc7] = { GROUP_11, FORM_GROUP | FORM_MODRM | FORM_IMM },
	[0xe4] = { OP_IN, FORM_BYTE | FORM_IMM8 },
	[0xe5] = { OP_IN, FORM_IMM8 },
	[0xe6] = { OP_OUT, FORM_BYTE | FORM_IMM8 },
	[0xe7] = { OP_OUT, FORM_IMM8 },
	[0xec] = { OP_IN, FORM_BYTE },
	[0xed] = { OP_IN, 0 },
	[0xee] = { OP_OUT, FORM_BYTE },
	[0xef] = { OP_OUT, 0 },
	[0xf4] = { OP_HLT, 0 },
	[0xf6] = { GROUP_3, FORM_GROUP | FORM_MODRM | FORM_BYTE },
	[0xf7] = { GROUP_3, FORM_GROUP | FORM_MODRM },
	[0xfa] = { OP_CLI, 0 },
	[0xfb] = { OP_STI, 0 },
	[0xfe] = { GROUP_4, FORM_GROUP | FORM_MODRM | FORM_BYTE },
	[0xff] = { GROUP_4, FORM_GROUP | FORM_MODRM },
};

static const struct opcode two_byte[256] = {
	[0x01] = { GROUP_7, FORM_GROUP | FORM_MODRM },
	[0x06] = { OP_CLTS, 0 },
	[0x08] = { OP_INVD, 0 },
	[0x09] = { OP_WBINVD, 0 },
	[0x20] = { OP_FROM_CR, FORM_MODRM | FORM_REGISTER },
	[0x21] = { OP_FROM_DR, FORM_MODRM | FORM_REGISTER },
	[0x22] = { OP_TO_CR, FORM_MODRM | FORM_REGISTER },
	[0x23] = { OP_TO_DR, FORM_MODRM | FORM_REGISTER },
	[0x30] = { OP_WRMSR, 0 },
	[0x31] = { OP_RDTSC, 0 },
	[0x32] = { OP_RDMSR, 0 },
	[0xa2] = { OP_CPUID, 0 },
	[0xab] = { OP_BTS, FORM_MODRM },
	ARITHMETIC(0xb0, OP_CMPXCHG),
	[0xb3] = { OP_BTR, FORM_MODRM },
	[0xba] = { GROUP_8, FORM_GROUP | FORM_MODRM | FORM_IMM8 },
	[0xbb] = { OP_BTC, FORM_MODRM },
	ARITHMETIC(0xc0, OP_XADD),
	[0xc3] = { OP_MOV, FORM_MODRM | FORM_MEMORY },	/* movnti */
};

/* Instructions of group 7 that are a whole ModRM byte (mod 3). */
#define MODRM_XSETBV 0xd1
#define MODRM_RDTSCP 0xf9

struct cursor {
	const uint8_t *p;
	unsigned int left;
};

static inline int take(struct cursor *c, void *to, unsigned int size)
{
	if (unlikely(c->left < size))
		return -ENODATA;
	memcpy(to, c->p, size);
	c->p += size;
	c->left -= size;
	return 0;
}

/* A displacement or immediate of 1, 2, 4 or 8 bytes, sign-extended. */
static int take_signed(struct cursor *c, unsigned int size, int64_t *value)
{
	int64_t v = 0;
	int rc = take(c, &v, size);
	unsigned int shift = 64 - 8 * size;

	*value = (int64_t)((uint64_t)v << shift) >> shift;
	return rc;
}

/* A prefix byte; 0: it is not one.  Segments other than fs and gs mean nothing in 64-bit mode. */
static unsigned int legacy_prefix(uint8_t byte)
{
	switch (byte) {
	case 0x26: case 0x2e: case 0x36: case 0x3e:
		return 0x100;
	case 0x64:
		return PREFIX_FS;
	case 0x65:
		return PREFIX_GS;
	case 0x66:
		return PREFIX_OPERAND_SIZE;
	case 0x67:
		return PREFIX_ADDRESS_SIZE;
	case 0xf0:
		return PREFIX_LOCK;
	case 0xf2:
		return PREFIX_REPNE;
	case 0xf3:
		return PREFIX_REP;
	}
	return 0;
}

/* A later prefix of the same group (repeat, segment) replaces the earlier one. */
static uint8_t combine_prefix(uint8_t all, unsigned int prefix)
{
	if (prefix & (PREFIX_REP | PREFIX_REPNE))
		all &= ~(PREFIX_REP | PREFIX_REPNE);
	if (prefix & (PREFIX_FS | PREFIX_GS))
		all &= ~(PREFIX_FS | PREFIX_GS);
	return all | (uint8_t)prefix;
}

/* Prefixes, REX byte and opcode; *opcode is the byte that follows them. */
static int decode_prefixes(struct instruction *insn, struct cursor *c, uint8_t *rex,
			   uint8_t *opcode)
{
	*rex = 0;
	for (;;) {
		unsigned int prefix;
		int rc = take(c, opcode, 1);

		if (rc)
			return rc;
		if ((*opcode & 0xf0) == 0x40) {
			*rex = *opcode;
			continue;
		}
		/* The common opcodes are above 0x67 and below 0xf0: no need to look further. */
		if (*opcode > 0x67 && *opcode < 0xf0)
			return 0;
		prefix = legacy_prefix(*opcode);
		if (!prefix)
			return 0;
		/* A REX byte counts only immediately before the opcode. */
		*rex = 0;
		insn->prefixes = combine_prefix(insn->prefixes, prefix);
	}
}

static int decode_sib(struct instruction *insn, struct cursor *c, uint8_t rex, uint8_t mod)
{
	uint8_t sib;
	int rc = take(c, &sib, 1);

	if (rc)
		return rc;
	insn->base = (sib & 7) | (rex & 1) << 3;
	insn->index = (sib >> 3 & 7) | (rex & 2) << 2;
	insn->scale = sib >> 6;
	if (insn->index == 4)
		insn->index = REGISTER_NONE;
	if ((sib & 7) == 5 && mod == 0) {
		insn->base = REGISTER_NONE;
		return take_signed(c, 4, &insn->displacement);
	}
	return 0;
}

static int decode_modrm(struct instruction *insn, struct cursor *c, uint8_t rex, uint8_t modrm,
			bool always_register)
{
	uint8_t mod = modrm >> 6, rm = modrm & 7;
	int rc = 0;

	insn->reg = (modrm >> 3 & 7) | (rex & 4) << 1;
	if (mod == 3 || always_register) {
		insn->rm = rm | (rex & 1) << 3;
		return 0;
	}
	insn->memory = true;
	if (rm == 4) {
		rc = decode_sib(insn, c, rex, mod);
	} else if (rm == 5 && mod == 0) {
		insn->base = REGISTER_RIP;
		rc = take_signed(c, 4, &insn->displacement);
	} else {
		insn->base = rm | (rex & 1) << 3;
	}
	if (!rc && mod)
		rc = take_signed(c, mod == 1 ? 1 : 4, &insn->displacement);
	return rc;
}

/* Which member of a group: by ModRM.reg, and for group 7 by the whole byte. */
static uint8_t group_operation(uint8_t group, uint8_t modrm)
{
	uint8_t reg = modrm >> 3 & 7;

	if (group == GROUP_7 && modrm >= 0xc0) {
		if (modrm == MODRM_XSETBV)
			return OP_XSETBV;
		if (modrm == MODRM_RDTSCP)
			return OP_RDTSCP;
		return reg == 7 ? OP_NONE : groups[group][reg];
	}
	return groups[group][reg];
}

static uint8_t operand_size(const struct instruction *insn, uint8_t form, uint8_t rex)
{
	if (form & FORM_BYTE)
		return 1;
	if (rex & 8 || form & FORM_REGISTER)
		return 8;
	return insn->prefixes & PREFIX_OPERAND_SIZE ? 2 : 4;
}

static int decode_operands(struct instruction *insn, struct cursor *c, struct opcode code,
			   uint8_t rex)
{
	int64_t immediate;
	int rc = 0;

	insn->operation = code.operation;
	insn->size = operand_size(insn, code.form, rex);
	if (code.form & FORM_MODRM) {
		uint8_t modrm;

		rc = take(c, &modrm, 1);
		if (rc)
			return rc;
		if (code.form & FORM_GROUP)
			insn->operation = group_operation(code.operation, modrm);
		rc = decode_modrm(insn, c, rex, modrm, code.form & FORM_REGISTER);
	} else if (code.form & FORM_OFFSET) {
		insn->memory = true;
		insn->reg = REGISTER_RAX;
		rc = take_signed(c, insn->prefixes & PREFIX_ADDRESS_SIZE ? 4 : 8,
				 &insn->displacement);
	}
	if (!rc && code.form & (FORM_IMM8 | FORM_IMM)) {
		unsigned int size = code.form & FORM_IMM8 ? 1 : MIN(insn->size, 4);

		rc = take_signed(c, size, &immediate);
		insn->immediate = (uint64_t)immediate;
		insn->has_immediate = true;
	}
	return rc;
}

/* Combinations that the processor itself refuses. */
static bool valid(const struct instruction *insn, uint8_t form)
{
	if (insn->operation == OP_NONE)
		return false;
	if (form & FORM_MEMORY && (!insn->memory || insn->prefixes & PREFIX_OPERAND_SIZE))
		return false;
	if (insn->prefixes & PREFIX_LOCK)
		return insn->memory && insn->operation <= OP_LAST_LOCKABLE &&
		       insn->operation != OP_CMP;
	return true;
}

int instruction_decode(struct instruction *insn, const uint8_t *bytes, unsigned int count)
{
	struct cursor c = { bytes, MIN(count, INSTRUCTION_MAX) };
	uint8_t rex, opcode;
	struct opcode code;
	int rc;

	*insn = (struct instruction){ .base = REGISTER_NONE, .index = REGISTER_NONE };
	rc = decode_prefixes(insn, &c, &rex, &opcode);
	if (rc)
		goto out;
	code = one_byte[opcode];
	if (opcode == 0x0f) {
		rc = take(&c, &opcode, 1);
		if (rc)
			goto out;
		code = two_byte[opcode];
	}
	/* An entry of zeros is an opcode we do not know; group 1 has a non-zero form. */
	if (!code.operation && !code.form)
		return -EINVAL;
	insn->rex = rex;
	rc = decode_operands(insn, &c, code, rex);
	if (rc)
		goto out;
	insn->length = (uint8_t)(c.p - bytes);
	return valid(insn, code.form) ? 0 : -EINVAL;
out:
	return rc == -ENODATA && count >= INSTRUCTION_MAX ? -EINVAL : rc;
}

const uint8_t register_offset[16] = {
	offsetof(struct regs, rax), offsetof(struct regs, rcx), offsetof(struct regs, rdx),
	offsetof(struct regs, rbx), offsetof(struct regs, rsp), offsetof(struct regs, rbp),
	offsetof(struct regs, rsi), offsetof(struct regs, rdi), offsetof(struct regs, r8),
	offsetof(struct regs, r9), offsetof(struct regs, r10), offsetof(struct regs, r11),
	offsetof(struct regs, r12), offsetof(struct regs, r13), offsetof(struct regs, r14),
	offsetof(struct regs, r15),
};

static inline uint64_t whole_register(const struct regs *regs, unsigned int n)
{
	return *(const uint64_t *)((const char *)regs + register_offset[n]);
}

uint64_t instruction_address(const struct instruction *insn, const struct regs *regs)
{
	uint64_t address = (uint64_t)insn->displacement;

	if (insn->base < REGISTER_NONE)
		address += whole_register(regs, insn->base);
	else if (insn->base == REGISTER_RIP)
		address += regs->rip + insn->length;
	if (insn->index < REGISTER_NONE)
		address += whole_register(regs, insn->index) << insn->scale;
	return insn->prefixes & PREFIX_ADDRESS_SIZE ? (uint32_t)address : address;
}

/* ah, ch, dh, bh are the second bytes of registers 0 to 3. */
static inline bool is_high_byte(unsigned int n, unsigned int size, bool rex)
{
	return size == 1 && !rex && n >= 4 && n < 8;
}

uint64_t register_get(const struct regs *regs, unsigned int n, unsigned int size, bool rex)
{
	if (is_high_byte(n, size, rex))
		return whole_register(regs, n - 4) >> 8 & 0xff;
	return size == 8 ? whole_register(regs, n) :
			   whole_register(regs, n) & ((1ULL << 8 * size) - 1);
}

void register_set(struct regs *regs, unsigned int n, unsigned int size, bool rex, uint64_t value)
{
	bool high = is_high_byte(n, size, rex);
	uint64_t *r = register_slot(regs, high ? n - 4 : n);
	uint64_t mask;

	if (size >= 4) {
		*r = size == 8 ? value : (uint32_t)value;
		return;
	}
	mask = (size == 1 ? 0xffULL : 0xffffULL) << (high ? 8 : 0);
	*r = (*r & ~mask) | (value << (high ? 8 : 0) & mask);
}
