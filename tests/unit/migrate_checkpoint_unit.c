/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checkpoints of a guest that runs on, against an imitated hypervisor: from whatever is left of the file the
 * latest complete one is restored, as the guest was at that moment, or nothing is.
 */
#include "migrate_world.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include <hypercall/sched.h>

#include "dom0-tools/migrate/checkpoint.h"
#include "dom0-tools/migrate/stream.h"

#define TAKEN_MAX 8

static char reason[600];
static bool again;

/* What the guest does in the course of it, and what was seen of it; cleared before each test. */
static struct {
	unsigned int wanted;			/* checkpoints */
	void (*before)(unsigned int number);	/* while it runs, before one is begun; may be NULL */
	unsigned int suspended, resumed, complete;
	uint64_t ends[TAKEN_MAX];		/* of the file */
	uint64_t pages[TAKEN_MAX];
	uint64_t data[TAKEN_MAX][LAST][WORDS];	/* of the guest when it was suspended */
	int copies[2 * TAKEN_MAX];		/* of the file: one is being written; it is, but does not count yet */
	bool copied;
	struct checkpoint_config config;
} guest;

/* The machine frames of all guest frames of a domain, 0 where there is none. */
static const uint64_t *frames_of(uint16_t domid, uint64_t list[ENTRIES])
{
	memset(list, 0, ENTRIES * sizeof(*list));
	for (uint64_t m = 0; m < MACHINE_FRAMES; m++)
		if (world.frames[m].owner == domid && !(world.frames[m].info & HC_FRAME_SHARED))
			list[world.frames[m].info & HC_FRAME_GFN] = m;
	return list;
}

static int copy_file(int from)
{
	int fd = memfd_create("copy", MFD_CLOEXEC);
	struct stat info;
	char *bytes;

	fstat(from, &info);
	bytes = malloc((size_t)info.st_size);
	assert_int_equal(pread(from, bytes, (size_t)info.st_size, 0), info.st_size);
	assert_int_equal(write(fd, bytes, (size_t)info.st_size), info.st_size);
	free(bytes);
	return fd;
}

static int on_suspend(void *data)
{
	unsigned int number = ++guest.suspended;
	uint64_t frames[ENTRIES];

	(void)data;
	world_write(DATA, number, 0x1000 + number);
	world_write(LAST - 1, 7, number);
	world_write(TABLE_L1, 9, world_machine(GUEST, DATA + number) << 12 | 1);
	frames_of(GUEST, frames);
	for (uint64_t gfn = 0; gfn < LAST; gfn++)
		if (frames[gfn])
			memcpy(guest.data[number][gfn], world.memory[frames[gfn]], 4096);
	if (guest.copied)
		guest.copies[2 * number] = copy_file(guest.config.fd);
	world.info[GUEST].state = HC_INFO_SHUTDOWN;
	return 0;
}

static int on_resume(void *data)
{
	(void)data;
	assert_int_equal(world.info[GUEST].state, HC_INFO_SHUTDOWN);
	world.info[GUEST].state = 0;
	guest.resumed++;
	if (guest.copied)
		guest.copies[2 * guest.resumed + 1] = copy_file(guest.config.fd);
	return 0;
}

static int on_next(const struct checkpoint_taken *taken, void *data)
{
	struct stat info;

	(void)data;
	assert_int_equal(taken->number, ++guest.complete);
	fstat(guest.config.fd, &info);
	assert_int_equal(info.st_size, taken->bytes);
	guest.ends[taken->number] = taken->bytes;
	guest.pages[taken->number] = taken->pages;
	if (taken->number == guest.wanted)
		return -ECANCELED;
	if (guest.before)
		guest.before((unsigned int)taken->number + 1);
	return 0;
}

static int run(unsigned int seed, unsigned int wanted, void (*before)(unsigned int number), uint64_t few)
{
	bool copied = guest.copied;

	world_start(seed);
	memset(&guest, 0, sizeof(guest));
	guest.copied = copied;
	guest.wanted = wanted;
	guest.before = before;
	guest.config = (struct checkpoint_config){
		.first = 1, .few = few, .suspend = on_suspend, .resume = on_resume, .next = on_next,
	};
	return world_checkpoint(&guest.config, &again, reason);
}

static void close_all(void)
{
	for (size_t i = 0; i < sizeof(guest.copies) / sizeof(guest.copies[0]); i++)
		if (guest.copies[i] > 0)
			close(guest.copies[i]);
	close(guest.config.fd);
}

/* Data, a page that becomes zero, and one that was table and is data, or the other way round. */
static void change(unsigned int number)
{
	world_write(DATA + 50, 1, number);
	for (unsigned int i = 0; i < WORDS && number == 2; i++)
		world_write(DATA + 60, i, 0);
	if (number == 3)
		for (unsigned int i = 0; i < WORDS; i++)
			world_write(DATA + 60, i, i + 1);
}

/* Which checkpoint a file restores to: the guest as it was then; 0: none, and no domain is left. */
static unsigned int restored(int fd)
{
	uint64_t old[ENTRIES], new[ENTRIES];
	unsigned int number;

	if (world_restore(fd, reason) < 0) {
		assert_false(world.present[RESTORED]);
		assert_true(*reason);
		return 0;
	}
	number = (unsigned int)world_page(RESTORED, LAST - 1)[7];
	assert_in_range(number, 1, guest.suspended);
	frames_of(GUEST, old);
	frames_of(RESTORED, new);
	for (uint64_t gfn = DATA; gfn < LAST; gfn++)
		if (old[gfn])
			assert_memory_equal(world.memory[new[gfn]], guest.data[number][gfn], 4096);
	assert_int_equal(world_page(RESTORED, TABLE_L1)[9], world_machine(RESTORED, DATA + number) << 12 | 1);
	for (uint64_t gfn = 0; gfn < ENTRIES; gfn++)
		if (old[gfn])
			assert_int_equal(world.memory[new[P2M + gfn / WORDS]][gfn % WORDS], new[gfn]);
	assert_true(world.online[RESTORED][0] && world.online[RESTORED][1]);
	hc_domain_destroy(NULL, RESTORED);
	return number;
}

static void the_latest_one_is_restored(void **state)
{
	(void)state;
	for (uint64_t few = 0; few <= 2048; few += 2048) {
		assert_int_equal(run(1, 3, change, few), 0);
		assert_false(again);
		assert_false(world.logging);
		assert_int_equal(guest.resumed, 3);
		assert_int_equal(restored(guest.config.fd), 3);
		/* Increments are small: what was written, and the lists. */
		assert_true(guest.ends[3] - guest.ends[2] < (guest.ends[1] - STREAM_SERIES_START) / 10);
		assert_true(guest.pages[1] > 600 && guest.pages[2] < 20 && guest.pages[3] < 20);
		close_all();
	}
}

/* Killed while the third is written, or before it counts. */
static void an_incomplete_one_does_not_count(void **state)
{
	(void)state;
	guest.copied = true;
	assert_int_equal(run(2, 3, change, 0), 0);
	guest.copied = false;
	for (unsigned int number = 1; number <= 3; number++) {
		assert_int_equal(restored(guest.copies[2 * number]), number - 1);
		assert_int_equal(restored(guest.copies[2 * number + 1]), number - 1);
	}
	close_all();
}

/* From the longest to the shortest: all that is written again is what was cut off. */
static void cut_to(uint64_t size)
{
	assert_int_equal(ftruncate(guest.config.fd, (off_t)size), 0);
	assert_int_equal(restored(guest.config.fd), size >= guest.ends[3] ? 3 : size >= guest.ends[2] ? 2 : 0);
	if (size < guest.ends[2])
		assert_non_null(strstr(reason, "truncated"));
}

static void truncated_files_have_the_one_before(void **state)
{
	(void)state;
	assert_int_equal(run(3, 3, change, 2048), 0);
	for (uint64_t size = guest.ends[3], step; size; size -= step) {
		cut_to(size);
		/* Byte by byte where one ends and where the places are. */
		step = size > 9000 ? 997 : size > 8250 || (size < 8150 && size > 4150) ? 41 : 1;
		for (unsigned int number = 1; number <= 3; number++)
			if (size > guest.ends[number] - 30 && size <= guest.ends[number] + 30)
				step = 1;
			else if (size > guest.ends[number] && size - step < guest.ends[number] + 2)
				step = size - guest.ends[number] - 2;
	}
	close_all();
}

/* Flips a bit, and says what can still be restored. */
static unsigned int flipped(off_t at)
{
	uint8_t byte, bad;
	unsigned int number;

	assert_int_equal(pread(guest.config.fd, &byte, 1, at), 1);
	bad = (uint8_t)(byte ^ 1u << at % 8);
	assert_int_equal(pwrite(guest.config.fd, &bad, 1, at), 1);
	number = restored(guest.config.fd);
	assert_int_equal(pwrite(guest.config.fd, &byte, 1, at), 1);
	return number;
}

/* The other place makes good for one that is damaged; of what was complete no bit may change unseen. */
static void flipped_bits_are_seen(void **state)
{
	(void)state;
	assert_int_equal(run(4, 3, change, 2048), 0);
	for (off_t at = 0; at < (off_t)sizeof(struct stream_header); at++)
		assert_int_equal(flipped(at), 0);
	for (off_t at = 0; at < (off_t)sizeof(struct stream_checkpoint); at++) {
		assert_int_equal(flipped(STREAM_SLOT(3) + at), 2);
		assert_int_equal(flipped(STREAM_SLOT(2) + at), 3);
	}
	for (off_t at = STREAM_SERIES_START; at < (off_t)guest.ends[3];
	     at += at < STREAM_SERIES_START + 300 ? 1 : 4999) {
		assert_int_equal(flipped(at), 0);
		assert_non_null(strstr(reason, "damaged"));
	}
	close_all();
}

static void foreign_files_are_refused(void **state)
{
	struct stream_header header;
	int pair[2];

	(void)state;
	assert_int_equal(run(5, 1, NULL, 2048), 0);
	assert_int_equal(pread(guest.config.fd, &header, sizeof(header), 0), sizeof(header));
	assert_int_equal(header.version, 2);
	/* Not over a connection, where nobody can look at its end first. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[0], &header, sizeof(header)), sizeof(header));
	assert_int_equal(world_restore(pair[1], reason), -EPROTONOSUPPORT);
	header.version = 3;
	header.checksum = (uint32_t)crc32(0, (const void *)&header, offsetof(struct stream_header, checksum));
	assert_int_equal(pwrite(guest.config.fd, &header, sizeof(header), 0), sizeof(header));
	assert_int_equal(world_restore(guest.config.fd, reason), -EPROTONOSUPPORT);
	assert_non_null(strstr(reason, "version 3"));
	close(pair[0]);
	close(pair[1]);
	close_all();
}

/* Whichever call the hypervisor refuses: what was complete is there, and nothing after it; the guest goes on. */
static void a_failure_leaves_what_was_complete(void **state)
{
	unsigned int calls;
	struct stat info;

	(void)state;
	assert_int_equal(run(6, 3, change, 0), 0);
	calls = world.calls;
	close_all();
	for (unsigned int at = 1; at <= calls; at++) {
		world_start(6);
		memset(&guest, 0, sizeof(guest));
		guest.wanted = 3;
		guest.before = change;
		guest.config = (struct checkpoint_config){
			.first = 1, .suspend = on_suspend, .resume = on_resume, .next = on_next,
		};
		world.fail_at = at;
		assert_true(world_checkpoint(&guest.config, &again, reason) < 0);
		assert_true(*reason);
		assert_int_equal(guest.suspended, guest.resumed);
		assert_int_equal(world.info[GUEST].state, 0);
		assert_false(world.logging);
		world.fail_at = 0;
		assert_int_equal(restored(guest.config.fd), guest.complete);
		fstat(guest.config.fd, &info);
		if (guest.complete)
			assert_int_equal(info.st_size, guest.ends[guest.complete]);
		close_all();
	}
}

static uint64_t limit;

static void fill_disk(unsigned int number)
{
	struct rlimit room = { .rlim_cur = limit, .rlim_max = RLIM_INFINITY };

	change(number);
	if (number == 3)
		setrlimit(RLIMIT_FSIZE, &room);
}

static void a_full_disk_leaves_what_was_complete(void **state)
{
	struct rlimit room;
	int code;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &room);
	assert_int_equal(run(7, 3, change, 2048), 0);
	limit = guest.ends[2] + 1000;
	close_all();
	code = run(7, 3, fill_disk, 2048);
	setrlimit(RLIMIT_FSIZE, &room);
	assert_int_equal(code, -EFBIG);
	assert_non_null(strstr(reason, "cannot be written"));
	assert_int_equal(guest.resumed, 3);
	assert_int_equal(world.info[GUEST].state, 0);
	assert_int_equal(guest.complete, 2);
	assert_int_equal(restored(guest.config.fd), 2);
	close_all();
}

static void balloon(unsigned int number)
{
	if (number == 3)
		world.frames[world_machine(GUEST, DATA + 100)].owner = 0;
	world_page(GUEST, P2M)[DATA + 100] = number == 3 ? ~0ull : world_page(GUEST, P2M)[DATA + 100];
}

/* Who has other memory than before is written anew. */
static void a_guest_that_gives_up_memory_needs_another_file(void **state)
{
	(void)state;
	assert_int_equal(run(8, 5, balloon, 2048), 0);
	assert_true(again);
	assert_int_equal(guest.complete, 2);
	assert_int_equal(guest.resumed, 3);
	assert_false(world.logging);
	close_all();
}

static void change_all(unsigned int number)
{
	for (uint64_t gfn = DATA; gfn < LAST - 1; gfn++)
		if (world_machine(GUEST, gfn))
			for (unsigned int i = 0; i < WORDS; i++)
				world_write(gfn, i, (uint64_t)rand() * number);
}

static void a_full_file_is_told_of(void **state)
{
	(void)state;
	assert_int_equal(run(9, TAKEN_MAX - 1, change_all, 2048), 0);
	assert_true(again);
	assert_true(guest.complete >= 2 && guest.complete < TAKEN_MAX - 1);
	assert_int_equal(restored(guest.config.fd), guest.complete);
	close_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_latest_one_is_restored),
		cmocka_unit_test(an_incomplete_one_does_not_count),
		cmocka_unit_test(truncated_files_have_the_one_before),
		cmocka_unit_test(flipped_bits_are_seen),
		cmocka_unit_test(foreign_files_are_refused),
		cmocka_unit_test(a_failure_leaves_what_was_complete),
		cmocka_unit_test(a_full_disk_leaves_what_was_complete),
		cmocka_unit_test(a_guest_that_gives_up_memory_needs_another_file),
		cmocka_unit_test(a_full_file_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
