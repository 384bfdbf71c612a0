// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A plugin of QEMU that counts how often each instruction is executed between the marks of what is measured
 * (micro/mark.h), and writes that at the end of each row.
 *
 *   -plugin count.so,out=FILE[,begin=ADDRESS,end=ADDRESS]
 *
 * FILE gets for each row "intervals N", then a line for each instruction executed: address, times, bytes
 * (hexadecimal). One processor only, as with -icount. With two addresses (hexadecimal) there are no marks but
 * one row: from the first execution of the one to the first of the other.
 */
#include "qemu.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int qemu_plugin_version = 1;

#define MAX_BYTES 15

static void begin(unsigned int vcpu, void *data);
static void end(unsigned int vcpu, void *data);
static void row(unsigned int vcpu, void *data);
static void forget(unsigned int vcpu, void *data);

static const struct {
	uint8_t bytes[MARK_BYTES];
	executed_fn fn;
} marks[] = {
	{ MARK_CODE(1), begin },
	{ MARK_CODE(2), end },
	{ MARK_CODE(3), row },
	{ MARK_CODE(4), forget },
};

/* One instruction at one address. Translated code counts in "times"; entries therefore never move. */
struct counter {
	uint64_t times;
	uint64_t before;	/* times at the last begin */
	uint64_t total;
	uint64_t address;
	uint8_t bytes[MAX_BYTES];
	uint8_t size;
	struct counter *next;	/* in its bucket */
	struct counter *older;	/* in the list of all */
};

#define BUCKETS (1u << 18)
static struct counter *buckets[BUCKETS], *newest;
static uint64_t intervals;
static bool counting;
static FILE *output;

static struct counter *counter_of(struct qemu_plugin_insn *insn)
{
	uint64_t address = qemu_plugin_insn_vaddr(insn);
	size_t size = qemu_plugin_insn_size(insn);
	const void *bytes = qemu_plugin_insn_data(insn);
	struct counter **bucket = &buckets[(address * 0x9e3779b97f4a7c15u) >> 46], *c;

	if (size > MAX_BYTES)
		size = MAX_BYTES;
	for (c = *bucket; c; c = c->next)
		if (c->address == address && c->size == size && memcmp(c->bytes, bytes, size) == 0)
			return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	c->address = address;
	c->size = size;
	memcpy(c->bytes, bytes, size);
	c->next = *bucket;
	*bucket = c;
	c->older = newest;
	newest = c;
	return c;
}

static void begin(unsigned int vcpu, void *data)
{
	struct counter *c;

	(void)vcpu;
	(void)data;
	for (c = newest; c; c = c->older)
		c->before = c->times;
	counting = true;
}

static void end(unsigned int vcpu, void *data)
{
	struct counter *c;

	(void)vcpu;
	(void)data;
	if (!counting)
		return;
	counting = false;
	intervals++;
	for (c = newest; c; c = c->older)
		c->total += c->times - c->before;
}

static void row(unsigned int vcpu, void *data)
{
	struct counter *c;
	unsigned int i;

	(void)vcpu;
	(void)data;
	fprintf(output, "intervals %" PRIu64 "\n", intervals);
	intervals = 0;
	for (c = newest; c; c = c->older) {
		if (!c->total)
			continue;
		fprintf(output, "%016" PRIx64 " %" PRIu64 " ", c->address, c->total);
		for (i = 0; i < c->size; i++)
			fprintf(output, "%02x", c->bytes[i]);
		putc('\n', output);
		c->total = 0;
	}
	fflush(output);
}

static void forget(unsigned int vcpu, void *data)
{
	struct counter *c;

	(void)vcpu;
	(void)data;
	intervals = 0;
	for (c = newest; c; c = c->older)
		c->total = 0;
}

/* The two addresses that bound the only row, if there are no marks, and what was passed of it. */
static uint64_t first, last;
static enum { BEFORE, INSIDE, AFTER } place;

static void reach_first(unsigned int vcpu, void *data)
{
	if (place != BEFORE)
		return;
	place = INSIDE;
	begin(vcpu, data);
}

static void reach_last(unsigned int vcpu, void *data)
{
	if (place != INSIDE)
		return;
	place = AFTER;
	end(vcpu, data);
	row(vcpu, data);
}

static void look_for_address(struct qemu_plugin_insn *insn)
{
	uint64_t address = qemu_plugin_insn_vaddr(insn);

	if (address == first)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, reach_first, NO_REGISTERS, NULL);
	if (address == last)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, reach_last, NO_REGISTERS, NULL);
}

static void look_for_mark(struct qemu_plugin_insn *insn)
{
	size_t i;

	if (qemu_plugin_insn_size(insn) != MARK_BYTES)
		return;
	for (i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (memcmp(qemu_plugin_insn_data(insn), marks[i].bytes, MARK_BYTES) == 0)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, marks[i].fn, NO_REGISTERS, NULL);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t i, count = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (i = 0; i < count; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD, &counter_of(insn)->times, 1);
		if (last)
			look_for_address(insn);
		else
			look_for_mark(insn);
	}
}

static bool parse(const char *argument)
{
	if (strncmp(argument, "out=", 4) == 0) {
		output = fopen(argument + 4, "w");
		if (!output)
			perror(argument + 4);
		return output;
	}
	if (strncmp(argument, "begin=", 6) == 0)
		first = strtoull(argument + 6, NULL, 16);
	else if (strncmp(argument, "end=", 4) == 0)
		last = strtoull(argument + 4, NULL, 16);
	else
		return false;
	return true;
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++)
		if (!parse(argv[i]))
			break;
	if (i < argc || !output || !first != !last) {
		fprintf(stderr, "count: use -plugin count.so,out=FILE[,begin=ADDRESS,end=ADDRESS]\n");
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
