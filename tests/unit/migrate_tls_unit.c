/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Encrypted connections: what is carried, who is let in, and what an end looks like. */
#include "migrate_patience.h"

#include "dom0-tools/tenond/peer.h"
#include "dom0-tools/tenond/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define BYTES (3u << 20)

static char top[64], a[80], b[80];
static struct error error;

static int set_up(void **state)
{
	(void)state;
	strcpy(top, "/tmp/tenon-tls.XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(a, sizeof(a), "%s/etc/a", top);
	snprintf(b, sizeof(b), "%s/b", top);
	memset(&error, 0, sizeof(error));
	assert_int_equal(tls_prepare(a, &error), 0);
	assert_int_equal(tls_prepare(b, &error), 0);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command);
}

static void enrol(const char *where, const char *name, const char *whose)
{
	char *pem = tls_certificate(whose, &error);

	assert_non_null(pem);
	assert_int_equal(tls_add_peer(where, name, pem, strlen(pem), &error), 0);
	free(pem);
}

struct side {
	int fd;
	const char *dir, *name;
	bool server;
	int inner;
	struct error error;
};

static void *wrap(void *data)
{
	struct side *side = data;

	side->inner = tls_wrap(side->fd, side->server, side->dir, side->name, &side->error);
	return NULL;
}

/* Of one connection. */
static void join_by(const int pair[2], struct side *client, struct side *server)
{
	pthread_t thread;

	*client = (struct side){ .fd = pair[0], .dir = a, .name = "b" };
	*server = (struct side){ .fd = pair[1], .dir = b, .server = true };
	pthread_create(&thread, NULL, wrap, server);
	wrap(client);
	pthread_join(thread, NULL);
}

/* Both sides of one connection; cut, if given, is a descriptor of the connection itself. */
static void join(struct side *client, struct side *server, int *cut)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	if (cut)
		*cut = dup(pair[0]);
	join_by(pair, client, server);
}

/* The same by TCP. */
static void join_by_tcp(struct side *client, struct side *server)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int pair[2] = { socket(AF_INET, SOCK_STREAM, 0) }, listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(address);

	assert_int_equal(bind(listener, (void *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	getsockname(listener, (void *)&address, &size);
	assert_int_equal(connect(pair[0], (void *)&address, size), 0);
	pair[1] = accept(listener, NULL, NULL);
	close(listener);
	join_by(pair, client, server);
}

static void *send_much(void *data)
{
	uint8_t *piece = malloc(BYTES);
	int fd = *(int *)data;
	size_t done = 0;

	for (size_t i = 0; i < BYTES; i++)
		piece[i] = (uint8_t)(i * 31 + i / 4096);
	while (done < BYTES)
		done += (size_t)write(fd, piece + done, BYTES - done);
	shutdown(fd, SHUT_WR);
	free(piece);
	return NULL;
}

static void expect_much(int fd)
{
	uint8_t byte[4096];
	size_t done = 0;
	ssize_t got;

	while ((got = read(fd, byte, sizeof(byte))) > 0)
		for (ssize_t i = 0; i < got; i++, done++)
			assert_int_equal(byte[i], (uint8_t)(done * 31 + done / 4096));
	assert_int_equal(got, 0);
	assert_int_equal(done, BYTES);
}

static void both_ways_are_carried(void **state)
{
	struct side client, server;
	pthread_t thread;

	(void)state;
	enrol(a, "b", b);
	enrol(b, "a", a);
	join(&client, &server, NULL);
	if (client.inner < 0 || server.inner < 0)
		fail_msg("%s; %s", client.error.cause, server.error.cause);
	pthread_create(&thread, NULL, send_much, &client.inner);
	expect_much(server.inner);
	pthread_join(thread, NULL);
	/* The other way stays open after one has ended. */
	pthread_create(&thread, NULL, send_much, &server.inner);
	expect_much(client.inner);
	pthread_join(thread, NULL);
	close(client.inner);
	close(server.inner);
}

/* Who sends much bears with one that reads nothing, and nobody else does. */
static void the_side_that_calls_is_patient(void **state)
{
	struct side client, server;

	(void)state;
	enrol(a, "b", b);
	enrol(b, "a", a);
	join_by_tcp(&client, &server);
	assert_true(client.inner >= 0 && server.inner >= 0);
	assert_int_equal(patience_count.begun, 1);
	assert_int_equal(patience_count.fd, client.fd);
	close(client.inner);
	close(server.inner);
	while (!patience_count.ended)
		usleep(1000);
}

static void *write_late(void *data)
{
	usleep(20000);
	assert_int_equal(write(*(int *)data, "1}\nstream", 9), 9);
	return NULL;
}

/* Up to the end of the connection. */
static void *write_on(void *data)
{
	char piece[4096];

	memset(piece, 'x', sizeof(piece));
	while (write(*(int *)data, piece, sizeof(piece)) > 0)
		;
	return NULL;
}

/* A line, however it comes, and nothing of what follows, which is another's to read. */
static void a_line_is_taken_and_no_more(void **state)
{
	char rest[8] = "";
	pthread_t thread;
	json_t *json;
	int pair[2], rc;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[1], "{\"first\":1}\n{\"second\":", 22), 22);
	json = peer_receive(pair[0], 5000, &rc);
	assert_int_equal(json_integer_value(json_object_get(json, "first")), 1);
	json_decref(json);
	pthread_create(&thread, NULL, write_late, &pair[1]);
	json = peer_receive(pair[0], 5000, &rc);
	pthread_join(thread, NULL);
	assert_int_equal(json_integer_value(json_object_get(json, "second")), 1);
	json_decref(json);
	assert_int_equal(recv(pair[0], rest, sizeof(rest), 0), 6);
	assert_string_equal(rest, "stream");

	assert_null(peer_receive(pair[0], 1, &rc));
	assert_int_equal(rc, -ETIMEDOUT);
	assert_int_equal(write(pair[1], "{]\nhalf", 7), 7);
	assert_null(peer_receive(pair[0], 5000, &rc));
	assert_int_equal(rc, -EBADMSG);
	shutdown(pair[1], SHUT_WR);
	assert_null(peer_receive(pair[0], 5000, &rc));
	assert_int_equal(rc, -ECONNRESET);
	close(pair[0]);
	close(pair[1]);

	/* One that has no end. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pthread_create(&thread, NULL, write_on, &pair[1]);
	assert_null(peer_receive(pair[0], 60000, &rc));
	assert_int_equal(rc, -EMSGSIZE);
	close(pair[0]);
	pthread_join(thread, NULL);
	close(pair[1]);
}

static void strangers_are_refused(void **state)
{
	struct side client, server;
	char byte;

	(void)state;
	/* The client does not know the server. */
	enrol(b, "a", a);
	join(&client, &server, NULL);
	assert_true(client.inner < 0);
	assert_non_null(strstr(client.error.cause, "not known"));
	if (server.inner >= 0) {
		assert_true(read(server.inner, &byte, 1) <= 0);
		close(server.inner);
	}
	/* It knows it, but under another name than the one wanted. */
	enrol(a, "c", b);
	join(&client, &server, NULL);
	assert_true(client.inner < 0);
	if (server.inner >= 0)
		close(server.inner);
}

static void a_client_that_is_not_enrolled_gets_nowhere(void **state)
{
	struct side client, server;
	char byte;

	(void)state;
	enrol(a, "b", b);
	join(&client, &server, NULL);
	assert_true(server.inner < 0);
	assert_non_null(strstr(server.error.cause, "not known"));
	/* With TLS 1.3 the client may learn of it with the first thing it reads. */
	if (client.inner >= 0) {
		assert_true(read(client.inner, &byte, 1) <= 0);
		close(client.inner);
	}
}

static void a_cut_is_no_end(void **state)
{
	struct side client, server;
	char byte = 'x';
	int cut;

	(void)state;
	enrol(a, "b", b);
	enrol(b, "a", a);
	join(&client, &server, &cut);
	assert_true(client.inner >= 0 && server.inner >= 0);
	assert_int_equal(write(client.inner, &byte, 1), 1);
	assert_int_equal(read(server.inner, &byte, 1), 1);
	shutdown(cut, SHUT_RDWR);
	assert_true(read(server.inner, &byte, 1) <= 0);
	/* What is written there now goes nowhere, and says so. */
	while (send(server.inner, &byte, 1, MSG_NOSIGNAL) == 1)
		usleep(1000);
	close(cut);
	close(client.inner);
	close(server.inner);
}

static void bad_peers_are_refused(void **state)
{
	static const char *const names[] = { "", "..", "../x", "a/b", ".pem" };
	char *pem = tls_certificate(a, &error);

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_true(tls_add_peer(b, names[i], pem, strlen(pem), &error) < 0);
	assert_true(tls_add_peer(b, "a", "nonsense", 8, &error) < 0);
	free(pem);
}

static void who_is_removed_is_a_stranger_again(void **state)
{
	struct side client, server;
	json_t *peers, *peer;

	(void)state;
	enrol(b, "alpha", a);
	enrol(b, "beta", b);
	peers = tls_peers(b);
	assert_int_equal(json_array_size(peers), 2);
	peer = json_array_get(peers, 0);
	assert_string_equal(json_string_value(json_object_get(peer, "name")), "alpha");
	assert_int_equal(json_string_length(json_object_get(peer, "fingerprint")), 64);
	assert_string_not_equal(json_string_value(json_object_get(peer, "fingerprint")),
				json_string_value(json_object_get(json_array_get(peers, 1), "fingerprint")));
	json_decref(peers);
	assert_int_equal(tls_remove_peer(b, "alpha", &error), 0);
	assert_int_equal(tls_remove_peer(b, "alpha", &error), -ENOENT);
	assert_int_equal(tls_remove_peer(b, "../cert", &error), -ENOENT);
	peers = tls_peers(b);
	assert_int_equal(json_array_size(peers), 1);
	json_decref(peers);
	enrol(a, "b", b);
	join(&client, &server, NULL);
	assert_true(server.inner < 0);
	assert_non_null(strstr(server.error.cause, "not known"));
	if (client.inner >= 0)
		close(client.inner);
}

static void an_identity_is_kept(void **state)
{
	char *first = tls_certificate(a, &error), *again, path[128];
	struct stat info;

	(void)state;
	assert_int_equal(tls_prepare(a, &error), 0);
	again = tls_certificate(a, &error);
	assert_string_equal(first, again);
	snprintf(path, sizeof(path), "%s/key.pem", a);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	free(first);
	free(again);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_ways_are_carried),
		TEST(the_side_that_calls_is_patient),
		TEST(a_line_is_taken_and_no_more),
		TEST(strangers_are_refused),
		TEST(a_client_that_is_not_enrolled_gets_nowhere),
		TEST(a_cut_is_no_end),
		TEST(bad_peers_are_refused),
		TEST(who_is_removed_is_a_stranger_again),
		TEST(an_identity_is_kept),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
