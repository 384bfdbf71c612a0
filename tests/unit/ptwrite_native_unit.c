/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The emulated stores against the real thing: random instructions of every
 * form that we emulate, with random operands, run by the emulation and by the
 * processor of this machine; memory, registers and defined flags must agree.
 * The sequence is always the same; an argument gives another seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "emulate/decode.h"
#include "emulate_world.h"

#define ROUNDS 200000
#define BUFFER_SIZE 4096
#define CMPXCHG 0xb0		/* second opcode byte */
#define STATUS 0x8d5UL
#define FLAG_CF 1UL
#define FLAG_AF 0x10UL
#define FLAG_ZF 0x40UL

static uint64_t seed = 20240607;
static uint8_t *code, *buffer;	/* both below 2 GiB, so that 32-bit addresses reach them */

/* xorshift64* */
static uint64_t next_random(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 0x2545f4914f6cdd1dULL;
}

static unsigned int below(unsigned int n)
{
	return (unsigned int)(next_random() >> 33) % n;
}

/* Values at which carries and signs change, or anything. */
static uint64_t operand(void)
{
	static const uint64_t edges[] = { 0, 1, ~0ULL, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0x7fffffff,
					  0x80000000, 0x7fffffffffffffff, 0x8000000000000000, 0x0f };

	return below(3) ? next_random() : edges[below(ARRAY_SIZE(edges))];
}

enum kind { REGISTER, IMMEDIATE8, IMMEDIATE, UNARY, BIT_REGISTER, BIT_IMMEDIATE, STRING };

static const struct form {
	const char *name;
	uint8_t escape;		/* 0x0f for two-byte opcodes */
	uint8_t opcode;		/* of the byte form where there is one */
	uint8_t group;		/* ModRM.reg where it is part of the opcode */
	enum kind kind;
	bool has_byte, lockable;
	uint64_t undefined;	/* flags the processor leaves open */
} forms[] = {
	{ "add r", 0, 0x00, 0, REGISTER, true, true, 0 },
	{ "or r", 0, 0x08, 0, REGISTER, true, true, FLAG_AF },
	{ "adc r", 0, 0x10, 0, REGISTER, true, true, 0 },
	{ "sbb r", 0, 0x18, 0, REGISTER, true, true, 0 },
	{ "and r", 0, 0x20, 0, REGISTER, true, true, FLAG_AF },
	{ "sub r", 0, 0x28, 0, REGISTER, true, true, 0 },
	{ "xor r", 0, 0x30, 0, REGISTER, true, true, FLAG_AF },
	{ "add i", 0, 0x80, 0, IMMEDIATE, true, true, 0 },
	{ "or i", 0, 0x80, 1, IMMEDIATE, true, true, FLAG_AF },
	{ "adc i", 0, 0x80, 2, IMMEDIATE, true, true, 0 },
	{ "sbb i", 0, 0x80, 3, IMMEDIATE, true, true, 0 },
	{ "and i", 0, 0x80, 4, IMMEDIATE, true, true, FLAG_AF },
	{ "sub i", 0, 0x80, 5, IMMEDIATE, true, true, 0 },
	{ "xor i", 0, 0x80, 6, IMMEDIATE, true, true, FLAG_AF },
	{ "add i8", 0, 0x83, 0, IMMEDIATE8, false, true, 0 },
	{ "and i8", 0, 0x83, 4, IMMEDIATE8, false, true, FLAG_AF },
	{ "sub i8", 0, 0x83, 5, IMMEDIATE8, false, true, 0 },
	{ "inc", 0, 0xfe, 0, UNARY, true, true, 0 },
	{ "dec", 0, 0xfe, 1, UNARY, true, true, 0 },
	{ "not", 0, 0xf6, 2, UNARY, true, true, 0 },
	{ "neg", 0, 0xf6, 3, UNARY, true, true, 0 },
	{ "mov r", 0, 0x88, 0, REGISTER, true, false, 0 },
	{ "mov i", 0, 0xc6, 0, IMMEDIATE, true, false, 0 },
	{ "xchg", 0, 0x86, 0, REGISTER, true, true, 0 },
	{ "xadd", 0x0f, 0xc0, 0, REGISTER, true, true, 0 },
	{ "cmpxchg", 0x0f, CMPXCHG, 0, REGISTER, true, true, 0 },
	{ "bts r", 0x0f, 0xab, 0, BIT_REGISTER, false, true, STATUS & ~(FLAG_CF | FLAG_ZF) },
	{ "btr r", 0x0f, 0xb3, 0, BIT_REGISTER, false, true, STATUS & ~(FLAG_CF | FLAG_ZF) },
	{ "btc r", 0x0f, 0xbb, 0, BIT_REGISTER, false, true, STATUS & ~(FLAG_CF | FLAG_ZF) },
	{ "bts i", 0x0f, 0xba, 5, BIT_IMMEDIATE, false, true, STATUS & ~(FLAG_CF | FLAG_ZF) },
	{ "btr i", 0x0f, 0xba, 6, BIT_IMMEDIATE, false, true, STATUS & ~(FLAG_CF | FLAG_ZF) },
	{ "btc i", 0x0f, 0xba, 7, BIT_IMMEDIATE, false, true, STATUS & ~(FLAG_CF | FLAG_ZF) },
	{ "stos", 0, 0xaa, 0, STRING, true, false, 0 },
	{ "movs", 0, 0xa4, 0, STRING, true, false, 0 },
};

/* An instruction under construction. */
struct trial {
	const struct form *form;
	uint8_t bytes[16];
	unsigned int length, size;
	struct regs regs;
	uint64_t target;	/* address that it writes */
};

static void put(struct trial *t, uint64_t value, unsigned int size)
{
	memcpy(t->bytes + t->length, &value, size);
	t->length += size;
}

static uint64_t *reg(struct regs *regs, unsigned int n)
{
	uint64_t *const all[] = { &regs->rax, &regs->rcx, &regs->rdx, &regs->rbx, &regs->rsp, &regs->rbp,
				  &regs->rsi, &regs->rdi, &regs->r8, &regs->r9, &regs->r10, &regs->r11,
				  &regs->r12, &regs->r13, &regs->r14, &regs->r15 };

	return all[n];
}

/* Bytes of immediate that follow the operand. */
static unsigned int immediate_size(const struct trial *t)
{
	switch (t->form->kind) {
	case IMMEDIATE8:
	case BIT_IMMEDIATE:
		return 1;
	case IMMEDIATE:
		return MIN(t->size, 4);
	default:
		return 0;
	}
}

struct address {
	uint8_t mod, rm, base, index, scale;
	bool sib, rip;
	unsigned int displacement_size;
};

static struct address choose_address(unsigned int source)
{
	struct address a = { .mod = (uint8_t)below(3), .base = (uint8_t)below(16) };

	/* The base register gets the address, so it must not be an operand too. */
	while (a.base == source || a.base == 0)
		a.base = (uint8_t)below(16);
	a.sib = below(2) || (a.base & 7) == 4;
	a.index = 4;
	if (a.sib && below(3)) {
		do
			a.index = (uint8_t)below(16);
		while (a.index == 4 || a.index == a.base || a.index == source);
		a.scale = (uint8_t)below(4);
	}
	a.rip = !a.sib && a.mod == 0 && (a.base & 7) == 5;
	/* Without displacement, rbp or r13 as base means none (SIB) or rip. */
	a.displacement_size = a.mod == 1 ? 1 :
			      a.mod == 2 || (a.mod == 0 && (a.base & 7) == 5) ? 4 : 0;
	return a;
}

/* ModRM, SIB and displacement for an operand at `at`; sets base and index registers. */
static void put_operand(struct trial *t, const struct address *a, uint8_t field, uint64_t at,
			bool short_address)
{
	uint8_t modrm = (uint8_t)(a->mod << 6 | field << 3 | (a->sib ? 4 : a->base & 7));
	int64_t displacement = a->displacement_size == 1 ? (int8_t)next_random() :
			       a->displacement_size == 4 ? (int32_t)next_random() : 0;
	uint64_t rest = 0;

	put(t, modrm, 1);
	if (a->sib)
		put(t, (uint64_t)(a->scale << 6 | (a->index & 7) << 3 | (a->base & 7)), 1);
	if (a->rip) {
		uint64_t next = (uint64_t)code + 2048 + t->length + 4 + immediate_size(t);

		put(t, at - next, 4);
		return;
	}
	if (a->index != 4)
		rest = *reg(&t->regs, a->index) << a->scale;
	if (a->sib && a->mod == 0 && (a->base & 7) == 5) {
		/* An absolute address and an index: 32 bits, so the index must be small. */
		if (a->index != 4) {
			*reg(&t->regs, a->index) = below(64);
			rest = *reg(&t->regs, a->index) << a->scale;
		}
		put(t, at - rest, 4);
		return;
	}
	put(t, (uint64_t)displacement, a->displacement_size);
	*reg(&t->regs, a->base) = at - rest - (uint64_t)displacement;
	/* With 32-bit addresses the upper half is ignored. */
	if (short_address)
		*reg(&t->regs, a->base) ^= next_random() << 32;
}

static void put_string(struct trial *t, uint8_t rex)
{
	bool backward = below(2);
	unsigned int count = below(4);

	put(t, rex, rex ? 1 : 0);
	put(t, (uint64_t)(t->form->opcode + (t->size > 1)), 1);
	t->target = (uint64_t)buffer + 2048 + 8 * below(32);
	t->regs.rdi = t->target;
	t->regs.rsi = (uint64_t)buffer + 512 + below(512);
	t->regs.rcx = count;
	if (backward)
		t->regs.rflags |= RFLAGS_DF;
}

/* Where a register's bit offset leads from the operand's own address. */
static int64_t bit_distance(uint64_t value, unsigned int size)
{
	int64_t bit = size == 8 ? (int64_t)value : size == 4 ? (int32_t)value : (int16_t)value;
	int64_t bits = 8 * size;
	int64_t quotient = bit >= 0 ? bit / bits : -((-bit + bits - 1) / bits);

	return quotient * size;
}

static void build(struct trial *t)
{
	static const unsigned int sizes[] = { 1, 2, 4, 8 };
	unsigned int source = below(16);
	struct address a = choose_address(source);
	bool short_address, rep;
	uint8_t rex = 0, field;
	uint64_t at;

	*t = (struct trial){ .form = &forms[below(ARRAY_SIZE(forms))] };
	for (unsigned int i = 0; i < 16; i++)
		*reg(&t->regs, i) = operand();
	t->regs.rflags = 2 | (next_random() & STATUS);
	t->size = sizes[t->form->has_byte ? below(4) : 1 + below(3)];
	short_address = below(8) == 0 && t->form->kind != STRING;
	rep = t->form->kind == STRING && below(2);
	if (t->form->lockable && below(2))
		put(t, 0xf0, 1);
	if (rep)
		put(t, 0xf3 - below(2), 1);
	if (t->size == 2)
		put(t, 0x66, 1);
	if (short_address)
		put(t, 0x67, 1);
	if (below(8) == 0)
		put(t, 0x3e, 1);
	rex = (uint8_t)((t->size == 8) << 3);
	if (t->form->kind == STRING) {
		put_string(t, rex ? 0x40 | rex : 0);
		return;
	}
	field = t->form->group;
	if (t->form->kind == REGISTER || t->form->kind == BIT_REGISTER) {
		field = source & 7;
		rex |= (uint8_t)((source >> 3) << 2);
	}
	if (a.index != 4)
		rex |= (uint8_t)((a.index >> 3) << 1);
	rex |= a.base >> 3;
	if (rex || below(4) == 0)
		put(t, 0x40 | rex, 1);
	put(t, 0x0f, t->form->escape ? 1 : 0);
	put(t, (uint64_t)(t->form->opcode + (t->form->has_byte && t->size > 1)), 1);
	at = (uint64_t)buffer + 2048 + 8 * below(64) + t->size * below(8 / t->size);
	t->target = at;
	if (t->form->kind == BIT_REGISTER)
		*reg(&t->regs, source) = (uint64_t)((int64_t)below(512) - 256);
	/* A compare-and-exchange of random values would never succeed. */
	if (t->form->opcode == CMPXCHG && t->form->escape && below(2))
		memcpy(&t->regs.rax, (void *)at, t->size);
	put_operand(t, &a, field, at, short_address);
	if (t->form->kind == BIT_REGISTER)
		t->target += (uint64_t)bit_distance(*reg(&t->regs, source), t->size);
	if (immediate_size(t))
		put(t, operand(), immediate_size(t));
}

/*
 * Machine code around the instruction: swap the stack pointer and all registers with the
 * struct, run it, swap them back.  Everything is reached relative to rip.
 */
struct frame_block {
	struct regs regs;
	uint64_t host_rsp;
};

static struct frame_block *block(void)
{
	return (struct frame_block *)code;
}

static uint8_t *move_register(uint8_t *p, unsigned int n, const void *slot, bool load)
{
	int32_t distance = (int32_t)((const uint8_t *)slot - (p + 7));

	*p++ = (uint8_t)(0x48 | (n >> 3) << 2);
	*p++ = load ? 0x8b : 0x89;
	*p++ = (uint8_t)((n & 7) << 3 | 5);
	memcpy(p, &distance, 4);
	return p + 4;
}

static uint8_t *put_bytes(uint8_t *p, const void *bytes, size_t size)
{
	memcpy(p, bytes, size);
	return p + size;
}

/* push or pop the flags by way of the struct */
static uint8_t *move_flags(uint8_t *p, bool load)
{
	int32_t distance = (int32_t)((uint8_t *)&block()->regs.rflags - (p + 6 + !load));

	if (!load)
		*p++ = 0x9c;
	*p++ = load ? 0xff : 0x8f;
	*p++ = load ? 0x35 : 0x05;
	p = put_bytes(p, &distance, 4);
	if (load)
		*p++ = 0x9d;
	return p;
}

static void run_native(const struct trial *t)
{
	static const uint8_t save[] = { 0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57 };
	static const uint8_t restore[] = { 0xfc, 0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d,
					   0x5b, 0xc3 };
	uint8_t preamble[256], *p = preamble;
	uint8_t *start, *end = code + 2048 + t->length;
	size_t size;

	block()->regs = t->regs;
	/* Its length does not depend on where it stands: build it once to know, then in place. */
	size = sizeof(save) + 7 + 7 + 16 * 7;
	start = code + 2048 - size;
	p = put_bytes(start, save, sizeof(save));
	p = move_register(p, 4, &block()->host_rsp, false);
	p = move_flags(p, true);
	for (unsigned int n = 0; n < 16; n++)
		p = move_register(p, n, reg(&block()->regs, n), true);
	assert_ptr_equal(p, code + 2048);
	put_bytes(p, t->bytes, t->length);
	p = end;
	for (unsigned int n = 0; n < 16; n++)
		p = move_register(p, n, reg(&block()->regs, n), false);
	p = move_register(p, 4, &block()->host_rsp, true);
	p = move_flags(p, false);
	put_bytes(p, restore, sizeof(restore));
	((void (*)(void))(uintptr_t)start)();
}

static enum emulate_result run_emulated(const struct trial *t)
{
	enum emulate_result result;

	memcpy(code + 2048, t->bytes, t->length);
	world.regs = t->regs;
	world.regs.cs = HC_FLAT_RING3_CS64;
	world.regs.rip = (uint64_t)code + 2048;
	do {
		uint64_t va = t->form->kind == STRING ? world.regs.rdi : t->target;

		result = emulate_pagetable_write(&world.vcpu, &world.regs, va,
						 rand() % 4 ? WORLD_TABLE : 0);
	} while (result == EMULATE_DONE && world.regs.rip == (uint64_t)code + 2048);
	return result;
}

static void explain(const struct trial *t, const struct regs *native)
{
	fprintf(stderr, "%s, size %u:", t->form->name, t->size);
	for (unsigned int i = 0; i < t->length; i++)
		fprintf(stderr, " %02x", t->bytes[i]);
	fprintf(stderr, "\nflags %#lx: native %#lx, emulated %#lx\n", t->regs.rflags, native->rflags,
		world.regs.rflags);
	for (unsigned int n = 0; n < 16; n++)
		fprintf(stderr, "register %u: %#lx: native %#lx, emulated %#lx\n", n,
			*reg((struct regs *)&t->regs, n), *reg((struct regs *)native, n),
			*reg(&world.regs, n));
}

static bool agree(const struct trial *t, const struct regs *native)
{
	uint64_t defined = (STATUS | RFLAGS_DF) & ~t->form->undefined;

	for (unsigned int n = 0; n < 16; n++)
		if (*reg((struct regs *)native, n) != *reg(&world.regs, n))
			return false;
	return !((native->rflags ^ world.regs.rflags) & defined);
}

static void emulation_equals_processor(void **state)
{
	static uint8_t before[BUFFER_SIZE], emulated[BUFFER_SIZE];

	(void)state;
	for (unsigned int i = 0; i < BUFFER_SIZE; i++)
		buffer[i] = (uint8_t)next_random();
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct trial t;

		build(&t);
		memcpy(before, buffer, BUFFER_SIZE);
		if (run_emulated(&t) != EMULATE_DONE) {
			explain(&t, &t.regs);
			fail_msg("round %u: not emulated", round);
		}
		assert_int_equal(world.regs.rip, (uint64_t)code + 2048 + t.length);
		memcpy(emulated, buffer, BUFFER_SIZE);
		memcpy(buffer, before, BUFFER_SIZE);
		run_native(&t);
		if (!agree(&t, &block()->regs) || memcmp(emulated, buffer, BUFFER_SIZE)) {
			explain(&t, &block()->regs);
			fail_msg("round %u: emulation and processor differ", round);
		}
	}
}

static int setup(void **state)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT;

	(void)state;
	world_reset();
	world.host_addresses = true;
	code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0);
	buffer = mmap(NULL, BUFFER_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
	return code == MAP_FAILED || buffer == MAP_FAILED ? -1 : 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(emulation_equals_processor) };

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0) | 1;
	return cmocka_run_group_tests(tests, setup, NULL);
}
