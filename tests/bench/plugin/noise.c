// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A plugin of QEMU that watches the processor on which the mark of a begin is executed (../micro/mark.h),
 * until that of the end is, and writes what its user program is interrupted by:
 *
 *   -plugin noise.so,out=FILE
 *
 * FILE gets a line for each interruption: "HYPERVISOR KERNEL", the instructions executed at the addresses of
 * each. They are counted by blocks of translated code; one that is left in its middle counts as a whole.
 */
#include "qemu.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int qemu_plugin_version = 1;

/* Where either hypervisor lives in every address space; the kernel is above. */
#define HYPERVISOR_BEGIN 0xffff800000000000u
#define KERNEL_BEGIN 0xffff880000000000u

struct block {
	uint64_t address;
	uint64_t count;		/* instructions */
};

#define NOBODY -1
static int watched = NOBODY;
static uint64_t hypervisor, kernel;	/* of the interruption there is now, if either is not 0 */
static FILE *output;

static void begin(unsigned int vcpu, void *data)
{
	(void)data;
	watched = vcpu;
	hypervisor = kernel = 0;
}

static void end(unsigned int vcpu, void *data)
{
	(void)data;
	if (watched != (int)vcpu)
		return;
	watched = NOBODY;
	fflush(output);
}

static void executed(unsigned int vcpu, void *data)
{
	const struct block *block = data;

	if (watched != (int)vcpu)
		return;
	if (block->address >= KERNEL_BEGIN) {
		kernel += block->count;
	} else if (block->address >= HYPERVISOR_BEGIN) {
		hypervisor += block->count;
	} else if (hypervisor || kernel) {
		fprintf(output, "%" PRIu64 " %" PRIu64 "\n", hypervisor, kernel);
		hypervisor = kernel = 0;
	}
}

static void look_for_mark(struct qemu_plugin_insn *insn)
{
	static const uint8_t first[MARK_BYTES] = MARK_CODE(1), last[MARK_BYTES] = MARK_CODE(2);

	if (qemu_plugin_insn_size(insn) != MARK_BYTES)
		return;
	if (memcmp(qemu_plugin_insn_data(insn), first, MARK_BYTES) == 0)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, begin, NO_REGISTERS, NULL);
	else if (memcmp(qemu_plugin_insn_data(insn), last, MARK_BYTES) == 0)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, end, NO_REGISTERS, NULL);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	struct block *block = malloc(sizeof(*block));
	size_t i;

	(void)id;
	if (!block)
		abort();
	block->address = qemu_plugin_tb_vaddr(tb);
	block->count = qemu_plugin_tb_n_insns(tb);
	/* Never freed: translated code may be run until the end. */
	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, NO_REGISTERS, block);
	for (i = 0; i < block->count; i++)
		look_for_mark(qemu_plugin_tb_get_insn(tb, i));
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) {
		fprintf(stderr, "noise: use -plugin noise.so,out=FILE\n");
		return 1;
	}
	output = fopen(argv[0] + 4, "w");
	if (!output) {
		perror(argv[0] + 4);
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
