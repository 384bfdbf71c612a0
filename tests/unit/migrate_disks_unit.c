/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks that go with their guest: files in place of devices, and a pipe in place of the kernel's events. What was
 * written to while they were copied arrives; what the events do not tell of does not.
 */
#include "migrate_world.h"

#include "dom0-tools/migrate/disk_in.h"
#include "dom0-tools/migrate/disks.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGE	4096
#define PAGES	600			/* more than are read at once */
#define BYTES	(PAGES * PAGE + 512)	/* the last one is a part of one */

static char folder[64], from[80], to[80];
static struct disks disks;
static struct disk_in in;
static struct stream_writer writer;
static struct build_error error;
static struct stream_reader reader;
static int stream, events;

static void make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(ftruncate(fd, BYTES), 0);
	close(fd);
}

static void write_at(unsigned int page, char value, size_t size)
{
	char data[PAGE];
	int fd = open(from, O_WRONLY);

	memset(data, value, sizeof(data));
	assert_int_equal(pwrite(fd, data, size, (off_t)page * PAGE), size);
	close(fd);
}

static void tell(const char *text)
{
	assert_int_equal(write(events, text, strlen(text)), strlen(text));
}

/* As 6.1 says it; later kernels and reads are in tests of their own. */
static void tell_written(unsigned int page, unsigned int sectors)
{
	char line[128];

	snprintf(line, sizeof(line), "   kworker/0:1-23  [000] d..1.   7.5: block_rq_complete: 0,0 WS () %u + %u [0]\n",
		 page * 8, sectors);
	tell(line);
}

/* The guest, while one of its disks is being read. */
static void write_again(uint64_t done, uint64_t total, void *data)
{
	(void)done;
	(void)total;
	(void)data;
	tell_written(0, 16);
}

static int set_up(void **state)
{
	char *paths[] = { (char *)"-", from }, *targets[] = { (char *)"-", to };
	char name[64];
	int ends[2];

	(void)state;
	/* Not in /tmp: where that is memory, files in it may not be read past the cache. */
	strcpy(folder, "/var/tmp/tenon-disks.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(from, sizeof(from), "%s/from", folder);
	snprintf(to, sizeof(to), "%s/to", folder);
	make_file(from);
	make_file(to);
	assert_int_equal(disks_open(&disks, paths, 2, &error), 0);
	assert_int_equal(disk_in_open(&in, targets, 2, &error), 0);
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	disks.log.fd = ends[0];
	events = ends[1];
	stream = memfd_create("stream", MFD_CLOEXEC);
	assert_int_equal(stream_writer_open(&writer, stream, 1, &error), 0);
	disks.writer = &writer;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", stream);	/* with a place of its own in it */
	assert_int_equal(stream_reader_open(&reader, open(name, O_RDONLY | O_CLOEXEC), "test", &error), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	disks_close(&disks);
	disk_in_close(&in);
	close(reader.fd);
	stream_reader_close(&reader);
	stream_writer_close(&writer);
	close(stream);
	close(events);
	unlink(from);
	unlink(to);
	return rmdir(folder);
}

/* What was written to the stream since the last time arrives. Returns in how many sections. */
static unsigned int arrive(void)
{
	unsigned int count = 0;

	while (lseek(reader.fd, 0, SEEK_CUR) < lseek(stream, 0, SEEK_END)) {
		assert_int_equal(stream_read(&reader), 0);
		assert_int_equal(reader.type, STREAM_DISK);
		assert_int_equal(disk_in_take(&in, &reader), 0);
		count++;
	}
	return count;
}

static bool is_same(void)
{
	static char left[BYTES], right[BYTES];
	int one = open(from, O_RDONLY), other = open(to, O_RDONLY);
	bool same = read(one, left, BYTES) == BYTES && read(other, right, BYTES) == BYTES &&
		    !memcmp(left, right, BYTES);

	close(one);
	close(other);
	return same;
}

static void what_is_not_zero_arrives(void **state)
{
	(void)state;
	write_at(3, 1, PAGE);
	write_at(4, 2, 512);		/* not zero for a part of it */
	write_at(300, 3, PAGE);
	write_at(PAGES, 4, 512);
	assert_int_equal(disks_copy(&disks), 0);
	assert_int_equal(arrive(), 3);	/* 3 and 4 in one */
	assert_true(is_same());
	assert_int_equal(disk_in_sync(&in), 0);
	assert_int_equal(disks.done, BYTES);
	assert_int_equal(disks.total, BYTES);
	assert_int_equal(disks.stream_bytes, lseek(stream, 0, SEEK_END) - sizeof(struct stream_header));
}

static void what_is_written_meanwhile_arrives(void **state)
{
	struct disks_pass pass;

	(void)state;
	write_at(7, 1, PAGE);
	assert_int_equal(disks_copy(&disks), 0);
	arrive();
	write_at(7, 0, PAGE);		/* zeros, where something else was sent */
	write_at(8, 2, PAGE);
	write_at(PAGES, 3, 512);
	tell_written(7, 16);
	tell_written(PAGES, 1);
	assert_int_equal(disks_pass(&disks, &pass), 0);
	assert_int_equal(pass.sent, 3);
	assert_int_equal(pass.dirty, 0);
	assert_int_equal(arrive(), 2);
	assert_true(is_same());
	/* A part of a sector's page is a reason to send it; what is not told of is not sent. */
	write_at(9, 5, PAGE);
	tell("x-1 [001] d.... 8.1: block_rq_complete: 0,0 N () 73 + 1 none,0,0 [0]\n");
	write_at(20, 5, PAGE);
	assert_int_equal(disks_pass(&disks, &pass), 0);
	assert_int_equal(pass.sent, 1);
	arrive();
	assert_false(is_same());
	tell_written(20, 8);
	assert_int_equal(disks_pass(&disks, &pass), 0);
	arrive();
	assert_true(is_same());
}

/* Counted as what is to be written once more. */
static void what_is_written_in_a_pass_is_hot(void **state)
{
	struct disks_pass pass;

	(void)state;
	assert_int_equal(disks_copy(&disks), 0);
	tell_written(1, 8);
	disks.progress = write_again;
	assert_int_equal(disks_pass(&disks, &pass), 0);
	disks.progress = NULL;
	assert_int_equal(pass.sent, 1);
	assert_int_equal(pass.dirty, 2);
	assert_int_equal(pass.hot, 1);
	assert_int_equal(disks.total, disks.done + 2 * PAGE);
	assert_int_equal(disks_pass(&disks, &pass), 0);
	assert_int_equal(pass.sent, 2);
	assert_int_equal(pass.hot, 0);
}

static void other_events_are_nothing(void **state)
{
	struct disks_pass pass;

	(void)state;
	assert_int_equal(disks_copy(&disks), 0);
	tell("x-1 [001] d.... 8.1: block_rq_complete: 0,0 RA () 80 + 8 [0]\n");
	tell("x-1 [001] d.... 8.1: block_rq_complete: 7,3 W () 80 + 8 [0]\n");
	tell("x-1 [001] d.... 8.1: block_rq_complete: 0,0 FF () 18446744073709551615 + 0 [0]\n");
	assert_int_equal(disks_pass(&disks, &pass), 0);
	assert_int_equal(pass.sent, 0);
}

/* Also when a read of them ends within a line. */
static void lines_come_in_parts(void **state)
{
	struct disks_pass pass;

	(void)state;
	assert_int_equal(disks_copy(&disks), 0);
	tell("x-1 [001] d.... 8.1: block_rq_comp");
	assert_int_equal(disks_pass(&disks, &pass), 0);
	assert_int_equal(pass.sent, 0);
	tell("lete: 0,0 WFS (a b) 80 + 8 [0]\n");
	assert_int_equal(disks_pass(&disks, &pass), 0);
	assert_int_equal(pass.sent, 1);
}

static void lost_events_mean_everything(void **state)
{
	struct disks_pass pass;

	(void)state;
	assert_int_equal(disks_copy(&disks), 0);
	write_at(5, 5, PAGE);
	for (unsigned int i = 0; i < 3; i++) {
		tell("CPU:1 [LOST 17 EVENTS]\n");
		assert_int_equal(disks_pass(&disks, &pass), 0);
		assert_int_equal(pass.sent, PAGES + 1);
	}
	arrive();
	assert_true(is_same());
	tell("CPU:1 [LOST EVENTS]\n");
	assert_int_equal(disks_pass(&disks, &pass), -EOVERFLOW);
}

static void what_is_not_understood_is_an_error(void **state)
{
	static const char *const lines[] = {
		"x-1 [001] d.... 8.1: block_rq_complete: 0,0 W () 80\n",
		"x-1 [001] 8.1: block_rq_issue: 0,0 W 9 () 8 + 8 [x]\n",
		"\n",
	};
	struct disks_pass pass;
	char more[600];

	(void)state;
	assert_int_equal(disks_copy(&disks), 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		tell(lines[i]);
		assert_int_equal(disks_pass(&disks, &pass), -EPROTO);
	}
	memset(more, 'x', sizeof(more));
	more[sizeof(more) - 1] = '\0';
	tell(more);
	assert_int_equal(disks_pass(&disks, &pass), -EPROTO);
}

/* What another host says is looked at before it is done. */
static void nothing_is_written_beside_a_disk(void **state)
{
	static const struct { uint64_t disk, offset; size_t size; } bad[] = {
		{ 0, 0, 512 }, { 2, 0, 512 }, { UINT64_MAX, 0, 512 }, { 1, BYTES, 512 }, { 1, BYTES - 512, 1024 },
		{ 1, UINT64_MAX - 511, 1024 }, { 1, 1, 512 }, { 1, 0, 100 }, { 1, 0, 0 },
	};
	uint64_t payload[300] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		payload[0] = bad[i].disk;
		payload[1] = bad[i].offset;
		assert_int_equal(stream_write(&writer, STREAM_DISK, payload, 16 + bad[i].size), 0);
		assert_int_equal(stream_read(&reader), 0);
		assert_int_equal(disk_in_take(&in, &reader), -EBADMSG);
	}
	assert_int_equal(stream_write(&writer, STREAM_DISK, payload, 8), 0);
	assert_int_equal(stream_read(&reader), 0);
	assert_int_equal(disk_in_take(&in, &reader), -EBADMSG);
	assert_true(is_same());
}

/* A guest that writes to its disk after each round, and before it is suspended. */
static void live(unsigned int round)
{
	write_at(40 + round, 9, PAGE);
	tell_written(40 + round, 8);
	world_write(DATA, round, round);
}

/* Some other program does, when the guest cannot. */
static void live_with_another(unsigned int round)
{
	live(round);
	if (round == 0)
		disks.progress = write_again;
}

static void a_guest_takes_its_disk_along(void **state)
{
	char reason[600];
	int fd;

	(void)state;
	write_at(2, 1, PAGE);
	world_start(3);
	world_disks = &disks;
	assert_int_equal(world_save_live(&fd, live, reason), 0);
	assert_int_equal(disks.done, disks.total);
	/* Who does not expect a disk takes nothing. */
	assert_int_equal(world_restore(fd, reason), -EBADMSG);
	assert_non_null(strstr(reason, "out of order"));
	assert_false(world.present[RESTORED]);
	world_disks_in = &in;
	assert_int_equal(world_restore(fd, reason), 0);
	assert_true(is_same());
	assert_memory_equal(world_page(RESTORED, DATA), world_page(GUEST, DATA), PAGE);
	world_disks = NULL;
	world_disks_in = NULL;
	close(fd);
}

static void a_disk_with_two_writers_does_not_go(void **state)
{
	char reason[600];
	int fd;

	(void)state;
	world_start(3);
	world_disks = &disks;
	assert_int_equal(world_save_live(&fd, live_with_another, reason), -EBUSY);
	assert_non_null(strstr(reason, "somebody writes"));
	assert_false(world.logging);
	world_disks = NULL;
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_not_zero_arrives, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_written_meanwhile_arrives, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_written_in_a_pass_is_hot, set_up, tear_down),
		cmocka_unit_test_setup_teardown(other_events_are_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lines_come_in_parts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lost_events_mean_everything, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_understood_is_an_error, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_guest_takes_its_disk_along, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_disk_with_two_writers_does_not_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_written_beside_a_disk, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
