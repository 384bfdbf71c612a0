/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How tenon-consoled finds guests and loses them again: its search and the
 * store's client against the store's own loop in a child process. Consoles
 * are this file's, and only note what is done to them.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "guests.h"
#include "store_process.h"

#define CONSOLES 8	/* domains whose numbers are below */

/* What has been done to a domain's console. */
static struct noted {
	struct console console;
	char name[32];
	uint64_t mfn;
	unsigned int looks;	/* times that it was, or stayed, connected */
	bool there;
} noted[CONSOLES];

static struct console_world consoles;
static struct guests guests;
static struct store_client *searcher, *toolstack;

static struct noted *noted_of(struct console *console)
{
	return list_entry(console, struct noted, console);
}

struct console *console_of_domain(struct console_world *all, uint16_t domid)
{
	(void)all;
	return domid < CONSOLES && noted[domid].there ? &noted[domid].console : NULL;
}

struct console *console_new(struct console_world *all, uint16_t domid, const char *name)
{
	struct noted *note = &noted[domid];

	assert_in_range(domid, 1, CONSOLES - 1);
	assert_false(note->there);
	memset(note, 0, sizeof(*note));
	note->there = true;
	note->console.world = all;
	note->console.domid = domid;
	console_rename(&note->console, name);
	return &note->console;
}

int console_connect(struct console *console, uint64_t mfn, uint32_t port)
{
	struct noted *note = noted_of(console);

	assert_true(note->there);
	console->page.address = note;
	console->remote_port = port;
	note->mfn = mfn;
	note->looks++;
	return mfn == 404 ? -ENOENT : 0;
}

void console_rename(struct console *console, const char *name)
{
	struct noted *note = noted_of(console);

	snprintf(note->name, sizeof(note->name), "%s", name);
}

void console_end(struct console *console)
{
	assert_true(noted_of(console)->there);
	noted_of(console)->there = false;
}

static int setup(void **state)
{
	(void)state;
	memset(noted, 0, sizeof(noted));
	memset(&consoles, 0, sizeof(consoles));
	process_begin();
	assert_true(sd_event_new(&consoles.event) >= 0);
	return store_open(socket_path, 5000, &searcher) || store_open(socket_path, 5000, &toolstack);
}

static int teardown(void **state)
{
	struct list *at, *next;

	(void)state;
	sd_event_unref(consoles.event);
	list_for_each_safe(at, next, &guests.known)
		free(at);	/* each begins with its link */
	store_close(searcher);
	store_close(toolstack);
	process_end();
	return 0;
}

static void put(uint16_t domid, const char *node, const char *value)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, node);
	assert_int_equal(store_printf(toolstack, 0, path, "%s", value), 0);
}

/* What a toolstack writes of a guest's console, and that it is there. */
static void make_guest(uint16_t domid, const char *name)
{
	put(domid, "name", name);
	put(domid, "console/type", "xenconsoled");
	put(domid, "console/ring-ref", "1234");
	put(domid, "console/port", "2");
	assert_int_equal(store_introduce(toolstack, domid, 99, 1), 0);
}

/* Lets the search follow what the store tells, until a console is as wanted. */
static void follow(uint16_t domid, bool there)
{
	while (noted[domid].there != there)
		assert_true(sd_event_run(consoles.event, 5000000) > 0);
}

/* And until it has nothing more to do. */
static void follow_all(void)
{
	bool introduced;

	/* Answered behind everything that was told before. */
	assert_int_equal(store_is_introduced(searcher, 1, &introduced), 0);
	while (sd_event_run(consoles.event, 0) > 0)
		;
}

static void start(void)
{
	assert_int_equal(guests_start(&guests, &consoles, searcher), 0);
	follow_all();
}

static void test_found_at_the_start(void **state)
{
	(void)state;
	make_guest(1, "first");
	put(2, "name", "not introduced");
	start();
	assert_true(noted[1].there);
	assert_string_equal(noted[1].name, "first");
	assert_int_equal(noted[1].mfn, 1234);
	assert_int_equal(noted[1].console.remote_port, 2);
	assert_false(noted[2].there);
}

/* A new guest is asked about once, whatever there are beside it. */
static void test_new_guest(void **state)
{
	unsigned int alone;

	(void)state;
	start();
	make_guest(1, "one");
	sent = 0;
	follow(1, true);
	follow_all();
	alone = sent;
	assert_int_equal(noted[1].looks, 1);
	/* Two watches; name, type, frame and port; and this test's own question. */
	assert_int_equal(alone, 7);
	for (uint16_t domid = 2; domid < CONSOLES - 1; domid++) {
		make_guest(domid, "more");
		follow(domid, true);
	}
	follow_all();
	make_guest(CONSOLES - 1, "last");
	sent = 0;
	follow(CONSOLES - 1, true);
	follow_all();
	assert_int_equal(sent, alone);
}

/* One that ends is noticed without a question about the others, and one that only shuts down stays. */
static void test_ended_guest(void **state)
{
	(void)state;
	start();
	for (uint16_t domid = 1; domid < CONSOLES; domid++)
		make_guest(domid, "guest");
	follow(CONSOLES - 1, true);
	follow_all();
	assert_int_equal(store_release(toolstack, 3), 0);
	sent = 0;
	follow(3, false);
	follow_all();
	/* Whether it is served; two watches less; and this test's own question. */
	assert_int_equal(sent, 4);
	for (uint16_t domid = 1; domid < CONSOLES; domid++)
		assert_int_equal(noted[domid].there, domid != 3);
	/* Its nodes are nobody's business any more. */
	put(3, "name", "renamed");
	follow_all();
	assert_false(noted[3].there);
	/* The next one of that number is a new one. */
	make_guest(3, "again");
	follow(3, true);
	assert_string_equal(noted[3].name, "again");
}

static void test_changes(void **state)
{
	(void)state;
	start();
	/* The console's nodes come later than the guest. */
	put(1, "name", "late");
	assert_int_equal(store_introduce(toolstack, 1, 99, 1), 0);
	follow_all();
	assert_false(noted[1].there);
	put(1, "console/ring-ref", "7");
	follow_all();
	assert_false(noted[1].there);
	put(1, "console/port", "2");
	follow(1, true);
	put(1, "name", "other");
	follow_all();
	assert_string_equal(noted[1].name, "other");
	/* Another port: restored, with another ring. */
	put(1, "console/port", "5");
	follow_all();
	assert_true(noted[1].there);
	assert_int_equal(noted[1].console.remote_port, 5);
	/* Served by somebody else, and a ring that cannot be had. */
	put(2, "name", "foreign");
	put(2, "console/type", "ioemu");
	put(2, "console/ring-ref", "7");
	put(2, "console/port", "2");
	assert_int_equal(store_introduce(toolstack, 2, 99, 1), 0);
	put(3, "name", "broken");
	put(3, "console/ring-ref", "404");
	put(3, "console/port", "2");
	assert_int_equal(store_introduce(toolstack, 3, 99, 1), 0);
	follow_all();
	assert_false(noted[2].there);
	assert_false(noted[3].there);
}

/* What came and went while the store was away is found out by asking about all. */
static void test_store_restarted(void **state)
{
	bool introduced;

	(void)state;
	start();
	make_guest(1, "stays");
	make_guest(2, "goes");
	follow(2, true);
	follow_all();
	assert_true(noted[1].there);
	/* The searcher hears nothing of this one: it is not reading, and then its connection breaks. */
	assert_int_equal(store_release(toolstack, 2), 0);
	make_guest(4, "came");
	kill_daemon();
	start_daemon();
	assert_int_equal(store_is_introduced(toolstack, 1, &introduced), 0);
	assert_true(introduced);
	follow(4, true);
	follow(2, false);
	assert_true(noted[1].there);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_found_at_the_start),
		TEST(test_new_guest),
		TEST(test_ended_guest),
		TEST(test_changes),
		TEST(test_store_restarted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
