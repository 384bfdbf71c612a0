/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzing of decoder and emulation: arbitrary bytes as the instruction,
 * arbitrary registers, both modes, with and without privileges.  What must
 * hold whatever the guest does: no access outside what the guest owns (the
 * world's accessors and the sanitizers see to it), no instruction longer than
 * 15 bytes, nothing changed by one that is refused.
 *
 * With clang it is a libFuzzer target:
 *   clang -fsanitize=fuzzer,address,undefined -DTENON_HOST -DLIBFUZZER ... decode_fuzz.c
 * Otherwise it makes its own inputs, ROUNDS of them, the same ones each time:
 *   decode_fuzz [rounds [seed]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emulate/decode.h"
#include "emulate_world.h"

#define ROUNDS 300000
#define MODE_BYTES 4	/* mode, iopl, offset of the page table entry, what fails */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(cond) \
	do { \
		if (!(cond)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
			abort(); \
		} \
	} while (0)

/* Registers: from the input as far as it goes, near the guest's memory where it says so. */
static void fill_registers(const uint8_t *data, size_t size)
{
	uint64_t *r = (uint64_t *)&world.regs;

	for (unsigned int i = 0; i < 15; i++) {
		uint16_t word = 0;

		if (size >= 2u * (i + 1))
			memcpy(&word, data + 2 * i, 2);
		/* A register is small, an address of the guest's, or any kind of large. */
		switch (word >> 14) {
		case 0:
			r[i] = word & 0x3fff;
			break;
		case 1:
			r[i] = WORLD_VA + (word & 0x3fff);
			break;
		case 2:
			r[i] = (uint64_t)(word & 0x3fff) << 50;
			break;
		default:
			r[i] = (uint64_t)(int16_t)word;
			break;
		}
	}
}

static void decode_only(const uint8_t *code, unsigned int count)
{
	struct instruction whole, part;
	int rc = instruction_decode(&whole, code, count);

	if (rc)
		return;
	CHECK(whole.length && whole.length <= INSTRUCTION_MAX && whole.length <= count);
	CHECK(whole.size == 1 || whole.size == 2 || whole.size == 4 || whole.size == 8);
	CHECK(whole.operation != OP_NONE);
	/* Its own bytes are all it looks at. */
	CHECK(instruction_decode(&part, code, whole.length) == 0);
	CHECK(!memcmp(&whole, &part, sizeof(whole)));
	CHECK(instruction_decode(&part, code, whole.length - 1u) == -ENODATA);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int mode, count;
	enum emulate_result result;
	struct regs before;
	uint64_t va;

	if (size < MODE_BYTES + 1)
		return 0;
	world_reset();
	world.model = WORLD_AMD;
	world.xcr0_mask = 7;
	mode = data[0];
	world.vcpu.kernel_mode = mode & 1;
	world.domain.privileged = mode >> 1 & 1;
	world.vcpu.iopl = data[1] & 3;
	world.access[2] = data[3] & 3;
	world.store_result = data[3] & 0x10 ? -EINVAL : 0;
	va = WORLD_DATA + data[2] * 16u;
	data += MODE_BYTES;
	size -= MODE_BYTES;
	count = (unsigned int)MIN(size, INSTRUCTION_MAX);
	decode_only(data, count);
	world_code(data, count);
	fill_registers(data + count, size - count);
	if (mode & 0x80)
		world.regs.rdi = va;
	before = world.regs;
	switch (mode >> 2 & 3) {
	case 0:
		result = emulate_invalid_opcode(&world.vcpu, &world.regs);
		break;
	case 1:
		result = emulate_privileged(&world.vcpu, &world.regs);
		break;
	default:
		result = emulate_pagetable_write(&world.vcpu, &world.regs, va,
						 mode & 16 ? WORLD_TABLE : 0);
		break;
	}
	if (result == EMULATE_UNHANDLED)
		CHECK(!memcmp(&before, &world.regs, sizeof(before)));
	CHECK(world.regs.rip - before.rip <= INSTRUCTION_MAX);
	CHECK(world.regs.cs == before.cs && world.regs.ss == before.ss);
	CHECK(!((world.regs.rflags ^ before.rflags) & ~(0x8d5UL | RFLAGS_RF)));
	CHECK(result != EMULATE_EXCEPTION || world.vector >= 0);
	CHECK(world.domain.privileged || !(world.port_reads | world.port_writes |
					   world.pci_reads | world.pci_writes));
	CHECK(world.vcpu.kernel_mode || !(world.blocks | world.flushes | world.msr_writes));
	return 0;
}

#ifndef LIBFUZZER
static uint64_t state;

static uint64_t next_random(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

/* Starts that random bytes would rarely make. */
static const uint8_t seeds[][8] = {
	{ 0xf0, 0x48, 0x0f, 0xb1 }, { 0xf3, 0x48, 0xab }, { 0xf3, 0x48, 0xa5 }, { 0xf3, 0x6d },
	{ 0xf3, 0x6e }, { 0x48, 0x87, 0x07 }, { 0x48, 0x89, 0x07 }, { 0xf0, 0x80, 0x27 },
	{ 0xf0, 0x48, 0x0f, 0xba, 0x37 }, { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2 },
	{ 0x0f, 0x30 }, { 0x0f, 0x32 }, { 0x0f, 0x22 }, { 0x0f, 0x01 }, { 0xec }, { 0xef },
	{ 0x66, 0x0f, 0xab, 0x07 }, { 0x48, 0xc7, 0x07 },
};

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : ROUNDS;
	uint8_t input[MODE_BYTES + INSTRUCTION_MAX + 30];

	state = (argc > 2 ? strtoull(argv[2], NULL, 0) : 1) | 1;
	for (unsigned long i = 0; i < rounds; i++) {
		for (size_t j = 0; j < sizeof(input); j++)
			input[j] = (uint8_t)(next_random() >> 40);
		if (i & 1) {
			const uint8_t *seed = seeds[i / 2 % ARRAY_SIZE(seeds)];

			memcpy(input + MODE_BYTES, seed, 2 + (i / 64 % 2) * 5);
		}
		LLVMFuzzerTestOneInput(input, sizeof(input));
	}
	printf("%lu inputs, nothing found\n", rounds);
	return 0;
}
#endif
