/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile stream: the input is a script of changes to a right one, whose
 * checksums are then made right again so that what is behind them is reached.
 * Whatever it says, restoring touches no frame but those of the domain it makes
 * (the imitated hypervisor asserts that), and fails without leaving one.
 *
 * With libFuzzer or AFL give LLVMFuzzerTestOneInput; as a program of its own it
 * runs the files named on the command line, or without any a number of random
 * scripts (first argument "-n COUNT", default 400), repeatable by their seed.
 */
#include "migrate_world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "dom0-tools/migrate/checkpoint.h"
#include "dom0-tools/migrate/save.h"
#include "dom0-tools/migrate/stream.h"
#include "scripts.h"

#define SCRIPT_MAX 64
#define SECTIONS_MAX 64

/* Right ones, not packed: of a save, and of two checkpoints. */
static struct stream {
	uint8_t *bytes;
	size_t size, start;	/* where its sections begin */
} streams[2];

static void take_stream(struct stream *stream, int fd, size_t size, size_t start)
{
	*stream = (struct stream){ malloc(size), size, start };
	assert_int_equal(pread(fd, stream->bytes, size, 0), size);
	close(fd);
}

static void make_saved(void)
{
	struct save_config config = {
		.domid = GUEST, .description = "{}", .description_size = 2,
		.fd = memfd_create("stream", MFD_CLOEXEC),
	};
	struct build_error error = { "" };
	struct save_result result;

	world_start(1);
	assert_int_equal(save_domain(NULL, &config, &result, &error), 0);
	take_stream(&streams[0], config.fd, result.bytes, sizeof(struct stream_header));
}

static int on_suspend(void *data)
{
	(void)data;
	world.info[GUEST].state = HC_INFO_SHUTDOWN;
	return 0;
}

static int on_resume(void *data)
{
	(void)data;
	world_write(DATA, 0, 1);
	world.info[GUEST].state = 0;
	return 0;
}

static int on_next(const struct checkpoint_taken *taken, void *data)
{
	*(uint64_t *)data = taken->bytes;
	return taken->number == 2 ? -ECANCELED : 0;
}

static void make_checkpoints(void)
{
	uint64_t bytes = 0;
	struct checkpoint_config config = {
		.domid = GUEST, .description = "{}", .description_size = 2, .first = 1, .few = 2048,
		.fd = memfd_create("stream", MFD_CLOEXEC), .suspend = on_suspend, .resume = on_resume,
		.next = on_next, .data = &bytes,
	};
	struct build_error error = { "" };
	bool again;

	world_start(1);
	world.info[GUEST].state = 0;
	assert_int_equal(checkpoint_domain(NULL, &config, &again, &error), 0);
	take_stream(&streams[1], config.fd, bytes, STREAM_SERIES_START);
}

static uint8_t next_byte(const uint8_t **data, size_t *size)
{
	if (!*size)
		return 0;
	--*size;
	return *(*data)++;
}

static uint64_t next_number(const uint8_t **data, size_t *size)
{
	static const uint64_t edges[] = { 0, 1, 511, 512, 1023, 1024, 1ull << 20, 1ull << 28, 1ull << 52,
					  ~0ull, ~0ull - 1, 1ull << 63 };
	uint8_t kind = next_byte(data, size);

	if (kind < 128)
		return edges[kind % (sizeof(edges) / sizeof(edges[0]))];
	return (uint64_t)next_byte(data, size) | (uint64_t)next_byte(data, size) << 8 |
	       (kind & 1 ? (uint64_t)next_byte(data, size) << 56 : 0);
}

/* One change to the payload of a section: a word early in it, where lengths and numbers are, or anywhere. */
static void change(const struct stream *stream, const uint8_t **data, size_t *size, uint8_t *copy)
{
	unsigned int pick = next_byte(data, size) % SECTIONS_MAX;
	size_t at = stream->start, word;
	struct stream_section section;

	for (;; at += sizeof(section) + section.stored) {
		memcpy(&section, copy + at, sizeof(section));
		if (!pick-- || at + sizeof(section) + section.stored >= stream->size)
			break;
	}
	if (section.stored < 8)
		return;
	word = next_byte(data, size);
	if (word >= 128)
		word = word << 8 | next_byte(data, size);
	word %= section.stored / 8;
	if (next_byte(data, size) % 8) {
		uint64_t value = next_number(data, size);

		memcpy(copy + at + sizeof(section) + word * 8, &value, sizeof(value));
	} else {
		section.type = next_byte(data, size) % 10;
	}
	section.checksum = (uint32_t)crc32(0, (const void *)&section, offsetof(struct stream_section, checksum));
	section.checksum = (uint32_t)crc32(section.checksum, copy + at + sizeof(section), section.stored);
	memcpy(copy + at, &section, sizeof(section));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzzed", MFD_CLOEXEC), code;
	const struct stream *stream;
	uint8_t *copy;
	char reason[600];

	if (!streams[0].bytes) {
		make_saved();
		make_checkpoints();
	}
	stream = &streams[next_byte(&data, &size) % 2];
	copy = malloc(stream->size);
	memcpy(copy, stream->bytes, stream->size);
	while (size)
		change(stream, &data, &size, copy);
	assert_int_equal(write(fd, copy, stream->size), stream->size);
	free(copy);
	world_start(1);
	code = world_restore(fd, reason);
	close(fd);
	assert_int_equal(world.present[RESTORED], code == 0);
	assert_true(code == 0 || *reason);
	return 0;
}

#ifndef FUZZ_WITH_ENGINE
static size_t make_script(unsigned int seed, uint8_t *script)
{
	size_t size;

	srand(seed);
	size = 1 + (size_t)rand() % (seed % 2 ? 8 : SCRIPT_MAX);
	for (size_t i = 0; i < size; i++)
		script[i] = (uint8_t)(rand() >> 8);
	return size;
}

int main(int argc, char **argv)
{
	return run_scripts(argc, argv, 400, make_script);
}
#endif
