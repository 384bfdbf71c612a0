/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Patience with a host that takes nothing, and none with one that does not answer. The kernel's part is real: a
 * connection within this machine, whose other end can be made deaf.
 */
#include "dom0-tools/tenond/host.h"
#include "dom0-tools/tenond/patience.h"
#include "dom0-tools/tenond/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define BYTES	(16u << 20)	/* more than both ends keep */
#define FOREVER	3600000
#define SHORT	3000		/* not much less: Linux answers two probes a second at most */

static const struct patience_limits limits = { .silent_ms = 10000, .idle_ms = 120000 };

/* A connection, and who writes to it. */
struct way {
	int fd, other;
	pthread_t writer;
	size_t sent;
	atomic_int result;		/* of the writing: 1: under way; else 0, or a negative errno */
};

static struct way way;

static unsigned int look(struct patience_look *before, uint64_t ms, uint64_t taken, bool waiting, unsigned int answer_ms)
{
	struct patience_look now = { .ms = ms, .taken = taken, .waiting = waiting, .answer_ms = answer_ms };
	unsigned int timeout = patience_look(before, &now, &limits);

	*before = now;
	return timeout;
}

static void who_answers_has_time(void **state)
{
	struct patience_look before = { 0 };

	(void)state;
	assert_int_equal(look(&before, 50000, 700, true, 0), 10000);
	assert_int_equal(look(&before, 51000, 800, true, 10), 10000);
	/* It takes nothing more, from somewhere before the last look on. */
	assert_int_equal(look(&before, 52000, 800, true, 100), 10000);
	assert_int_equal(look(&before, 55000, 800, true, 900), 10000);
	assert_int_equal(look(&before, 60000, 800, true, 1000), 15000);
	/* The last answer puts the end off by so much. */
	assert_int_equal(look(&before, 63000, 800, true, 4000), 18000);
	assert_int_equal(look(&before, 64000, 800, true, 5000), 19000);
	assert_int_equal(look(&before, 68000, 800, true, 9000), 19000);
	assert_int_equal(look(&before, 69000, 800, true, 0), 24000);
	/* Not for ever. */
	assert_int_equal(look(&before, 150000, 800, true, 1000), 105000);
	assert_int_equal(look(&before, 166000, 800, true, 1000), 120000);
	assert_int_equal(look(&before, 900000, 800, true, 1000), 120000);
	/* When it takes something, all begins anew. */
	assert_int_equal(look(&before, 901000, 801, true, 0), 10000);
	assert_int_equal(look(&before, 902000, 801, true, 500), 10000);
}

static void who_does_not_answer_has_none(void **state)
{
	struct patience_look before = { 0 };

	(void)state;
	assert_int_equal(look(&before, 50000, 700, true, 0), 10000);
	assert_int_equal(look(&before, 51000, 800, true, 0), 10000);
	/* From the last answer on it is silent. */
	for (unsigned int s = 1; s < 12; s++)
		assert_in_range(look(&before, 51000 + s * 1000, 800, true, s * 1000), 10000, 11000);
}

/* Nothing is to be taken: probes of an idle connection are no sign that something hangs. */
static void an_idle_connection_is_as_before(void **state)
{
	struct patience_look before = { 0 };

	(void)state;
	for (unsigned int s = 1; s < 200; s++)
		assert_int_equal(look(&before, s * 1000, 700, false, s % 5 * 1000), 10000);
	/* The first that is sent for long is lost. */
	assert_int_equal(look(&before, 200000, 700, true, 5000), 10000);
	assert_int_equal(look(&before, 201000, 700, true, 6000), 10000);
}

static int set_up(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct host host = { 0 };
	socklen_t size = sizeof(address);
	struct error error;
	char peer[64];

	(void)state;
	assert_int_equal(bind(listener, (void *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	getsockname(listener, (void *)&address, &size);
	snprintf(peer, sizeof(peer), "tcp://127.0.0.1:%u", ntohs(address.sin_port));
	way = (struct way){ .fd = peer_connect(&host, peer, &error) };
	assert_true(way.fd >= 0);
	way.other = accept(listener, NULL, NULL);
	assert_true(way.other >= 0);
	close(listener);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(way.fd);
	close(way.other);
	return 0;
}

static void *write_all(void *data)
{
	char *bytes = calloc(1, BYTES);
	ssize_t sent = 0;

	(void)data;
	while (sent >= 0 && way.sent < BYTES) {
		sent = send(way.fd, bytes + way.sent, BYTES - way.sent, MSG_NOSIGNAL);
		way.sent += sent > 0 ? (size_t)sent : 0;
	}
	free(bytes);
	way.result = sent < 0 ? -errno : 0;
	return NULL;
}

static void begin_writing(void)
{
	way.result = 1;
	assert_int_equal(pthread_create(&way.writer, NULL, write_all, NULL), 0);
}

static unsigned int timeout(void)
{
	unsigned int ms = 0;
	socklen_t size = sizeof(ms);

	assert_int_equal(getsockopt(way.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, &size), 0);
	return ms;
}

/* Nobody reads, until that has been borne for longer than silence is. */
static void await_patience(const struct patience_limits *short_limits)
{
	while (way.result == 1 && timeout() < 2 * short_limits->silent_ms)
		usleep(10000);
	assert_int_equal(way.result, 1);
}

static void who_reads_late_gets_all(void **state)
{
	const struct patience_limits short_limits = { .silent_ms = SHORT, .idle_ms = FOREVER };
	struct patience *patience = patience_begin(way.fd, &short_limits);
	static char piece[65536];
	size_t got = 0;
	ssize_t one;

	(void)state;
	assert_non_null(patience);
	begin_writing();
	await_patience(&short_limits);
	while (got < BYTES && (one = read(way.other, piece, sizeof(piece))) > 0)
		got += (size_t)one;
	assert_int_equal(got, BYTES);
	pthread_join(way.writer, NULL);
	assert_int_equal(way.result, 0);
	/* Whoever is patient for an hour notices a dead one as soon as before. */
	while (timeout() != short_limits.silent_ms)
		usleep(10000);
	patience_end(patience);
}

static void who_reads_nothing_is_given_up(void **state)
{
	const struct patience_limits short_limits = { .silent_ms = 300, .idle_ms = 1000 };
	struct patience *patience = patience_begin(way.fd, &short_limits);

	(void)state;
	begin_writing();
	pthread_join(way.writer, NULL);
	assert_int_equal(way.result, -ETIMEDOUT);
	patience_end(patience);
}

/* Its kernel drops all that comes. */
static void make_deaf(int fd)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog filter = { .len = 1, .filter = &nothing };

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)), 0);
}

/* With an hour's patience the end of this test is due to that one is dead. */
static void who_dies_while_it_reads_nothing_is_noticed(void **state)
{
	const struct patience_limits short_limits = { .silent_ms = SHORT, .idle_ms = FOREVER };
	struct patience *patience = patience_begin(way.fd, &short_limits);

	(void)state;
	begin_writing();
	await_patience(&short_limits);
	make_deaf(way.other);
	pthread_join(way.writer, NULL);
	assert_int_equal(way.result, -ETIMEDOUT);
	patience_end(patience);
}

static void who_dies_at_once_is_noticed(void **state)
{
	const struct patience_limits short_limits = { .silent_ms = SHORT, .idle_ms = FOREVER };
	struct patience *patience = patience_begin(way.fd, &short_limits);

	(void)state;
	make_deaf(way.other);
	begin_writing();
	pthread_join(way.writer, NULL);
	assert_int_equal(way.result, -ETIMEDOUT);
	patience_end(patience);
}

/* Only connecting has a time of its own. */
static void writing_has_no_limit_but_the_kernels(void **state)
{
	struct timeval limit = { .tv_sec = 1 };
	socklen_t size = sizeof(limit);

	(void)state;
	assert_int_equal(getsockopt(way.fd, SOL_SOCKET, SO_SNDTIMEO, &limit, &size), 0);
	assert_int_equal(limit.tv_sec, 0);
	assert_int_equal(limit.tv_usec, 0);
	assert_int_equal(timeout(), PEER_TIMEOUT_MS);
}

static void what_is_no_connection_has_none(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_null(patience_begin(pair[0], &limits));
	patience_end(NULL);
	close(pair[0]);
	close(pair[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_answers_has_time),
		cmocka_unit_test(who_does_not_answer_has_none),
		cmocka_unit_test(an_idle_connection_is_as_before),
		TEST(who_reads_late_gets_all),
		TEST(who_reads_nothing_is_given_up),
		TEST(who_dies_while_it_reads_nothing_is_noticed),
		TEST(who_dies_at_once_is_noticed),
		TEST(writing_has_no_limit_but_the_kernels),
		cmocka_unit_test(what_is_no_connection_has_none),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
