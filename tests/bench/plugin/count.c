// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A plugin of QEMU that counts how often each instruction is executed between the marks of what is measured
 * (micro/mark.h), and writes that at the end of each row.
 *
 *   -plugin count.so,out=FILE
 *
 * FILE gets for each row "intervals N", then a line for each instruction executed: address, times, bytes
 * (hexadecimal). The first interval of a row is its warm-up and does not count. One processor only, as with -icount.
 *
 * The few functions of QEMU used here are declared below, as documented for its plugin interface version 1 (QEMU
 * 7.2): Debian has no package with the header.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;

typedef void (*translated_fn)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*executed_fn)(unsigned int vcpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translated_fn fn);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn, int operation, void *counter,
						uint64_t addend);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, executed_fn fn, int flags, void *data);

#define EXPORT __attribute__((visibility("default")))
#define INLINE_ADD 0
#define NO_REGISTERS 0

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

#define MAX_BYTES 15

static void begin(unsigned int vcpu, void *data);
static void end(unsigned int vcpu, void *data);
static void row(unsigned int vcpu, void *data);

#define MARK_BYTES 7
static const struct {
	uint8_t bytes[MARK_BYTES];
	executed_fn fn;
} marks[] = {
	{ { 0x0f, 0x1f, 0x80, 0x01, 0x00, 0x4e, 0x7e }, begin },
	{ { 0x0f, 0x1f, 0x80, 0x02, 0x00, 0x4e, 0x7e }, end },
	{ { 0x0f, 0x1f, 0x80, 0x03, 0x00, 0x4e, 0x7e }, row },
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
	if (intervals++ == 0)
		return;
	for (c = newest; c; c = c->older)
		c->total += c->times - c->before;
}

static void row(unsigned int vcpu, void *data)
{
	struct counter *c;
	unsigned int i;

	(void)vcpu;
	(void)data;
	fprintf(output, "intervals %" PRIu64 "\n", intervals ? intervals - 1 : 0);
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
		look_for_mark(insn);
	}
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) {
		fprintf(stderr, "count: use -plugin count.so,out=FILE\n");
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
