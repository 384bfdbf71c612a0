/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile stream: the input is a script of changes to a right one, whose
 * checksums are then made right again so that what is behind them is reached.
 * Whatever it says, restoring touches no frame but those of the domain it makes
 * (the imitated hypervisor asserts that) and no disk beyond its end, and fails without leaving one.
 *
 * With libFuzzer or AFL give LLVMFuzzerTestOneInput; as a program of its own it
 * runs the files named on the command line, or without any a number of random
 * scripts (first argument "-n COUNT", default 400), repeatable by their seed.
 */
#include "migrate_world.h"

#include <errno.h>
#include <fcntl.h>
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
#include "dom0-tools/migrate/disk_in.h"
#include "dom0-tools/migrate/disks.h"
#include "dom0-tools/migrate/save.h"
#include "dom0-tools/migrate/stream.h"
#include "scripts.h"

#define SCRIPT_MAX 64

#define DISK_BYTES (9 * 4096 + 512)

/* Right ones, not packed: of a save, of two checkpoints, and of a guest that runs and has a disk. */
static struct stream {
	uint8_t *bytes;
	size_t size, start;	/* where its sections begin */
	unsigned int sections;
} streams[3];

static struct disk_in disk_in;	/* two, of which one comes */

static void take_stream(struct stream *stream, int fd, size_t size, size_t start)
{
	struct stream_section section;

	*stream = (struct stream){ malloc(size), size, start, 0 };
	assert_int_equal(pread(fd, stream->bytes, size, 0), size);
	close(fd);
	for (size_t at = start; at + sizeof(section) <= size; at += sizeof(section) + section.stored) {
		memcpy(&section, stream->bytes + at, sizeof(section));
		stream->sections++;
	}
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

/* The path of a file without a name, as long as it is open. */
static void open_disk(char path[32], int *fd)
{
	char name[] = "/var/tmp/tenon-fuzz.XXXXXX";	/* not in memory, where the cache cannot be passed */

	*fd = mkstemp(name);
	assert_true(*fd >= 0);
	assert_int_equal(ftruncate(*fd, DISK_BYTES), 0);
	unlink(name);
	snprintf(path, 32, "/proc/self/fd/%d", *fd);
}

static void make_moved(void)
{
	char from[32], to[32], *sources[] = { (char *)"-", from }, *targets[] = { (char *)"-", to };
	static struct disks disks;
	static struct build_error error;
	struct save_config config = {
		.domid = GUEST, .description = "{}", .description_size = 2,
		.fd = memfd_create("stream", MFD_CLOEXEC), .suspend = on_suspend, .disks = &disks,
	};
	struct save_result result;
	int fd, other, ends[2];

	open_disk(from, &fd);
	open_disk(to, &other);
	assert_int_equal(pwrite(fd, "first", 5, 0), 5);
	assert_int_equal(pwrite(fd, "last", 4, DISK_BYTES - 4), 4);
	world_start(1);
	world.info[GUEST].state = 0;
	assert_int_equal(disks_open(&disks, sources, 2, &error), 0);
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	disks.log.fd = ends[0];		/* nobody writes to it */
	assert_int_equal(save_domain(NULL, &config, &result, &error), 0);
	disks_close(&disks);
	close(ends[1]);
	take_stream(&streams[2], config.fd, result.bytes, sizeof(struct stream_header));
	assert_int_equal(disk_in_open(&disk_in, targets, 2, &error), 0);
	close(fd);
	close(other);
}

/* The one that was made is taken; both pieces are there. */
static void take_moved(void)
{
	int fd = memfd_create("right", MFD_CLOEXEC);
	char reason[600], *text = aligned_alloc(4096, 2 * 4096);

	assert_int_equal(write(fd, streams[2].bytes, streams[2].size), streams[2].size);
	world_disks_in = &disk_in;
	world_start(1);
	assert_int_equal(world_restore(fd, reason), 0);
	assert_int_equal(pread(disk_in.fd[1], text, 4096, 0), 4096);
	assert_string_equal(text, "first");
	assert_int_equal(pread(disk_in.fd[1], text, 4096, DISK_BYTES - 512), 512);
	assert_memory_equal(text + 508, "last", 4);
	free(text);
	close(fd);
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
	unsigned int pick = next_byte(data, size) % stream->sections;
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
	else if (word < 64)
		word %= 4;
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
		make_moved();
		take_moved();
	}
	stream = &streams[next_byte(&data, &size) % 3];
	world_disks_in = stream == &streams[2] ? &disk_in : NULL;
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
	assert_int_equal(lseek(disk_in.fd[1], 0, SEEK_END), DISK_BYTES);
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
