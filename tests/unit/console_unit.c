/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Consoles: a guest's ring in memory and real logs, sockets and timers.  The
 * event channels and the mapping of the guest's page are this file's.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "attach.h"
#include "console.h"

static struct hc_console_interface ring;
static unsigned int notified;
static struct console_world world;
static char dir[64];

int guest_page_map(struct hc_handle *handle, int grants, uint16_t domid,
		   enum guest_page_kind kind, uint64_t mfn, struct guest_page *page)
{
	(void)handle;
	(void)grants;
	(void)domid;
	assert_int_equal(kind, GUEST_PAGE_CONSOLE);
	if (mfn == 404)
		return -ENOENT;
	page->address = &ring;
	return 0;
}

void guest_page_unmap(int grants, struct guest_page *page)
{
	(void)grants;
	page->address = NULL;
}

int ports_bind(struct ports *ports, uint16_t domid, uint32_t remote_port, void *owner)
{
	(void)ports;
	(void)domid;
	(void)remote_port;
	(void)owner;
	return 1;
}

void ports_unbind(struct ports *ports, uint32_t port)
{
	(void)ports;
	assert_int_equal(port, 1);
}

void ports_notify(struct ports *ports, uint32_t port)
{
	(void)ports;
	(void)port;
	notified++;
}

void ports_unmask(struct ports *ports, uint32_t port)
{
	(void)ports;
	(void)port;
}

/* As a kill of the daemon leaves things: nothing is taken, nobody is told. */
static void kill_daemon(struct console *console)
{
	console_leave(console);
}

static int setup(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	memset(&ring, 0, sizeof(ring));
	list_init(&world.consoles);
	strcpy(dir, "/tmp/console-unit-XXXXXX");
	assert_non_null(mkdtemp(dir));
	world.logs.dir = open(dir, O_RDONLY | O_DIRECTORY);
	world.notes = world.logs.dir;
	world.logs.max_size = 10000;
	world.logs.keep = 2;
	world.rate = 1u << 24;
	assert_true(sd_event_new(&world.event) >= 0);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	while (!list_is_empty(&world.consoles))
		console_end(list_entry(world.consoles.next, struct console, link));
	sd_event_unref(world.event);
	close(world.logs.dir);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

/* Lets timers and sockets do their work for about that long. */
static void run_for(int ms)
{
	for (int i = 0; i < ms; i++)
		sd_event_run(world.event, 1000);
}

static void guest_says(const char *text)
{
	assert_int_equal(hc_console_guest_write(&ring, text, strlen(text)), strlen(text));
}

static struct console *start_console(const char *name)
{
	struct console *console = console_new(&world, 3, name);

	assert_non_null(console);
	assert_int_equal(console_connect(console, 7, 5), 0);
	return console;
}

static size_t read_file(const char *name, char *data, size_t size)
{
	char path[128];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	got = read(fd, data, size - 1);
	close(fd);
	assert_true(got >= 0);
	data[got] = '\0';
	return got;
}

static void assert_log(const char *name, const char *text)
{
	static char data[65536];

	read_file(name, data, sizeof(data));
	assert_string_equal(data, text);
}

static int attach(const char *request)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(attachment_accept(&world, ends[0]), 0);
	assert_int_equal(write(ends[1], request, strlen(request)), strlen(request));
	run_for(5);
	return ends[1];
}

static void assert_stream(int fd, const char *text)
{
	char data[65536];
	ssize_t got;

	run_for(5);
	got = read(fd, data, sizeof(data) - 1);
	assert_true(got >= 0);
	data[got] = '\0';
	assert_string_equal(data, text);
}

static void assert_stream_ended(int fd)
{
	char byte;

	assert_int_equal(read(fd, &byte, 1), 0);
	close(fd);
}

static void test_logged_from_the_first_byte(void **state)
{
	struct console *console;

	(void)state;
	guest_says("before anybody listened\n");
	console = start_console("g");
	assert_int_equal(ring.out_cons, ring.out_prod);
	assert_true(notified > 0);
	guest_says("and after\n");
	console_serve(console);
	assert_log("g.log", "before anybody listened\nand after\n");
	guest_says("last words\n");
	console_end(console);
	assert_log("g.log", "before anybody listened\nand after\nlast words\n");
}

static void test_taken_only_when_logged_and_continued(void **state)
{
	struct console *console = start_console("g");

	(void)state;
	guest_says("one ");
	console_serve(console);
	/* Killed and started again: the ring is where it was. */
	kill_daemon(console);
	guest_says("two");
	console = start_console("g");
	assert_log("g.log", "one two");
	/* Those who attach see what the daemon before logged. */
	assert_stream(attach("attach g\n"), "ok\none two");
}

/* A kill after any part of a piece was logged, before the ring was moved on. */
static void test_killed_while_logging(void **state)
{
	struct console *console = start_console("g");
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/g.log", dir);
	for (int logged = 0; logged <= 10; logged++) {
		uint32_t cons = ring.out_cons;

		guest_says("0123456789");
		console_serve(console);
		kill_daemon(console);
		assert_int_equal(ring.out_cons, cons + 10);
		ring.out_cons = cons;
		assert_int_equal(truncate(path, logged), 0);
		console = start_console("g");
		assert_int_equal(ring.out_cons, ring.out_prod);
		assert_log("g.log", "0123456789");
		/* The next round with a log that begins anew. */
		console_end(console);
		assert_int_equal(unlink(path), 0);
		console = start_console("g");
	}
}

static void test_rotation(void **state)
{
	struct console *console = start_console("g");
	static char data[65536];
	char line[101];

	(void)state;
	memset(line, 'x', 99);
	line[99] = '\n';
	line[100] = '\0';
	for (int i = 0; i < 350; i++) {
		char number[32];

		snprintf(number, sizeof(number), "line %04d", i);
		memcpy(line, number, 9);
		guest_says(line);
		console_serve(console);
	}
	assert_int_equal(read_file("g.log", data, sizeof(data)), 5000);
	assert_memory_equal(data, "line 0300", 9);
	assert_int_equal(read_file("g.log.1", data, sizeof(data)), 10000);
	assert_int_equal(read_file("g.log.2", data, sizeof(data)), 10000);
	assert_memory_equal(data, "line 0100", 9);
	assert_int_equal(read_file("g.log.3", data, sizeof(data)), 0);
}

static void test_names(void **state)
{
	(void)state;
	assert_true(logfile_name_is_valid("web-1.example"));
	assert_false(logfile_name_is_valid(""));
	assert_false(logfile_name_is_valid("../etc"));
	assert_false(logfile_name_is_valid("a/b"));
	assert_false(logfile_name_is_valid(".hidden"));
	assert_false(logfile_name_is_valid("two words"));
	assert_null(console_new(&world, 3, "../escape"));
}

static void test_rename(void **state)
{
	struct console *console = start_console("old");

	(void)state;
	guest_says("first ");
	console_serve(console);
	console_rename(console, "new");
	guest_says("second");
	console_serve(console);
	assert_log("new.log", "first second");
	assert_ptr_equal(console_find(&world, "new"), console);
	assert_null(console_find(&world, "old"));
	assert_ptr_equal(console_find(&world, "3"), console);
	assert_null(console_find(&world, "4"));
}

static void test_attach(void **state)
{
	struct console *console = start_console("g");
	char data[64];
	int one, two;

	(void)state;
	guest_says("boot\n");
	console_serve(console);
	one = attach("attach g\n");
	two = attach("attach 3 ro\n");
	assert_stream(one, "ok\nboot\n");
	assert_stream(two, "ok\nboot\n");
	assert_int_equal(write(one, "typed", 5), 5);
	assert_int_equal(write(two, "ignored", 7), 7);
	run_for(5);
	assert_int_equal(hc_console_guest_read(&ring, data, sizeof(data)), 5);
	assert_memory_equal(data, "typed", 5);
	guest_says("more\n");
	console_serve(console);
	assert_stream(one, "more\n");
	assert_stream(two, "more\n");
	close(two);
	run_for(5);
	console_end(console);
	assert_stream(one, "\r\n[tenon: g has ended]\r\n");
	assert_stream_ended(one);
}

static void test_bad_requests(void **state)
{
	char request[300];
	int fd;

	(void)state;
	start_console("g");
	fd = attach("attach nobody\n");
	assert_stream(fd, "error no running domain has a console by the name of nobody\n");
	assert_stream_ended(fd);
	fd = attach("destroy g\n");
	assert_stream(fd, "error expected: attach NAME [ro]\n");
	assert_stream_ended(fd);
	fd = attach("attach g rw\n");
	assert_stream(fd, "error expected: attach NAME [ro]\n");
	assert_stream_ended(fd);
	memset(request, 'x', sizeof(request));
	request[sizeof(request) - 1] = '\0';
	fd = attach(request);
	assert_stream(fd, "error the request is no line of sensible length\n");
	assert_stream_ended(fd);
	close(attach("att"));
	run_for(5);
}

/* Input that the guest does not read waits in the socket, and arrives whole in the end. */
static void test_input_waits_for_the_guest(void **state)
{
	static char sent[20000], got[20000];
	size_t written = 0, taken = 0;
	int fd;

	(void)state;
	start_console("g");
	fd = attach("attach g\n");
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = 'a' + i % 26;
	while (taken < sizeof(sent)) {
		ssize_t put = write(fd, sent + written, sizeof(sent) - written);
		int read;

		if (put > 0)
			written += put;
		run_for(2);
		read = hc_console_guest_read(&ring, got + taken, 700);
		assert_true(read >= 0);
		taken += read;
		console_serve(console_find(&world, "g"));
	}
	assert_memory_equal(sent, got, sizeof(sent));
	close(fd);
	run_for(5);
}

static void test_slow_reader_misses_and_is_told(void **state)
{
	struct console *console = start_console("g");
	static char data[1 << 20];
	char line[1001];
	size_t total = 0;
	ssize_t got;
	int fd = attach("attach g\n");

	(void)state;
	world.logs.max_size = 0;
	memset(line, 'y', 1000);
	line[1000] = '\0';
	for (int i = 0; i < 2000; i++) {
		guest_says(line);
		console_serve(console);
		assert_int_equal(ring.out_cons, ring.out_prod);
	}
	for (int i = 0; i < 200 && total < sizeof(data) - 1; i++) {
		got = read(fd, data + total, sizeof(data) - 1 - total);
		if (got > 0)
			total += got;
		run_for(1);
	}
	guest_says("now");
	console_serve(console);
	run_for(5);
	got = read(fd, data, sizeof(data) - 1);
	assert_true(got > 0);
	data[got] = '\0';
	assert_non_null(strstr(data, "bytes skipped]\r\nnow"));
	close(fd);
	run_for(5);
}

static void test_flood_is_slowed_down(void **state)
{
	static char data[65536];
	struct console *console;
	char line[1001];
	size_t logged;

	(void)state;
	world.rate = 10000;
	world.logs.max_size = 0;
	console = start_console("g");
	memset(line, 'z', 1000);
	line[1000] = '\0';
	for (int i = 0; i < 100; i++) {
		hc_console_guest_write(&ring, line, 1000);
		console_serve(console);
		run_for(1);
	}
	logged = read_file("g.log", data, sizeof(data));
	assert_true(logged >= 8000);
	assert_true(logged < 20000);
	/* It was only made to wait. */
	run_for(600);
	assert_int_equal(ring.out_cons, ring.out_prod);
}

static void test_hostile_rings(void **state)
{
	struct console *console = start_console("g");

	(void)state;
	ring.out_prod = ring.out_cons + HC_CONSOLE_OUT_SIZE + 1;
	console_serve(console);
	assert_true(console->broken);
	assert_log("g.log", "");
	console_end(console);
	memset(&ring, 0, sizeof(ring));
	console = start_console("g");
	ring.in_cons = 5;
	assert_int_equal(console_type(console, "x", 1), 1);
	assert_true(console->broken);
	/* The daemon's index in the ring is the guest's to destroy, not the daemon's to trust. */
	console_end(console);
	memset(&ring, 0, sizeof(ring));
	console = start_console("g");
	guest_says("good");
	ring.out_cons = 77;
	console_serve(console);
	assert_log("g.log", "good");
	assert_int_equal(ring.out_cons, 4);
}

static void test_connect_errors(void **state)
{
	struct console *console = console_new(&world, 3, "g");

	(void)state;
	assert_int_equal(console_connect(console, 404, 5), -ENOENT);
	assert_int_equal(console_connect(console, 7, 5), 0);
	assert_int_equal(console_connect(console, 7, 5), 0);
	assert_int_equal(console_connect(console, 7, 6), -EBUSY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_logged_from_the_first_byte),
		TEST(test_taken_only_when_logged_and_continued),
		TEST(test_killed_while_logging),
		TEST(test_rotation),
		TEST(test_names),
		TEST(test_rename),
		TEST(test_attach),
		TEST(test_bad_requests),
		TEST(test_input_waits_for_the_guest),
		TEST(test_slow_reader_misses_and_is_told),
		TEST(test_flood_is_slowed_down),
		TEST(test_hostile_rings),
		TEST(test_connect_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
