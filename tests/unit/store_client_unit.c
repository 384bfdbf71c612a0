/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client library against the daemon's own loop and sockets, in a child
 * process that is killed and started again.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_client.h"
#include "store_process.h"

static struct store_client *client;

static int setup(void **state)
{
	(void)state;
	process_begin();
	return store_open(socket_path, 5000, &client);
}

static int teardown(void **state)
{
	(void)state;
	store_close(client);
	process_end();
	return 0;
}

static void assert_value(const char *path, const char *expected)
{
	char *value;

	assert_int_equal(store_read(client, 0, path, &value, NULL), 0);
	assert_string_equal(value, expected);
	free(value);
}

static void assert_event(const char *path, const char *token)
{
	struct store_event *event;

	assert_int_equal(store_wait_event(client, 5000, &event), 0);
	assert_string_equal(event->path, path);
	assert_string_equal(event->token, token);
	free(event);
}

static void test_nodes(void **state)
{
	struct store_perm perms[] = { { STORE_ACCESS_NONE, 0 }, { STORE_ACCESS_BOTH, 7 } }, *got;
	char **names, *value;
	uint64_t number;
	size_t count, len;

	(void)state;
	assert_int_equal(store_write(client, 0, "/a/b", "x\0y", 3), 0);
	assert_int_equal(store_read(client, 0, "/a/b", &value, &len), 0);
	assert_int_equal(len, 3);
	assert_memory_equal(value, "x\0y", 4);
	free(value);
	assert_int_equal(store_read(client, 0, "/a/none", &value, NULL), -ENOENT);
	assert_int_equal(store_read(client, 0, "//", &value, NULL), -EINVAL);
	assert_int_equal(store_printf(client, 0, "/a/n", "%d", 42), 0);
	assert_int_equal(store_read_number(client, 0, "/a/n", 42, &number), 0);
	assert_int_equal(number, 42);
	assert_int_equal(store_read_number(client, 0, "/a/n", 41, &number), -EINVAL);
	assert_int_equal(store_read_number(client, 0, "/a/b", 41, &number), -EINVAL);
	assert_int_equal(store_mkdir(client, 0, "/a/d"), 0);
	assert_int_equal(store_list(client, 0, "/a", &names, &count), 0);
	assert_int_equal(count, 3);
	assert_string_equal(names[0], "b");
	assert_string_equal(names[2], "n");
	free(names);
	assert_int_equal(store_list(client, 0, "/a/d", &names, &count), 0);
	assert_int_equal(count, 0);
	free(names);
	assert_int_equal(store_set_perms(client, 0, "/a", perms, 2), 0);
	assert_int_equal(store_get_perms(client, 0, "/a", &got, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(got[1].access, STORE_ACCESS_BOTH);
	assert_int_equal(got[1].domid, 7);
	free(got);
	assert_int_equal(store_rm(client, 0, "/a"), 0);
	assert_int_equal(store_list(client, 0, "/a", &names, &count), -ENOENT);
}

static void test_large_directory(void **state)
{
	char path[64], **names;
	size_t count;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/large/a-name-of-some-length-%04d", i);
		assert_int_equal(store_write(client, 0, path, "", 0), 0);
	}
	assert_int_equal(store_list(client, 0, "/large", &names, &count), 0);
	assert_int_equal(count, 1000);
	assert_string_equal(names[999], "a-name-of-some-length-0999");
	free(names);
}

static void test_transactions(void **state)
{
	uint32_t tx, other;

	(void)state;
	assert_int_equal(store_transaction_start(client, &tx), 0);
	assert_int_equal(store_write(client, tx, "/t", "1", 1), 0);
	assert_int_equal(store_transaction_end(client, tx, true), 0);
	assert_value("/t", "1");
	assert_int_equal(store_transaction_start(client, &tx), 0);
	assert_int_equal(store_transaction_start(client, &other), 0);
	assert_int_equal(store_write(client, tx, "/t", "2", 1), 0);
	assert_int_equal(store_write(client, other, "/t", "3", 1), 0);
	assert_int_equal(store_transaction_end(client, tx, true), 0);
	assert_int_equal(store_transaction_end(client, other, true), -EAGAIN);
	assert_value("/t", "2");
	assert_int_equal(store_transaction_start(client, &tx), 0);
	assert_int_equal(store_write(client, tx, "/t", "4", 1), 0);
	assert_int_equal(store_transaction_end(client, tx, false), 0);
	assert_value("/t", "2");
}

/* A node with a value and rights in each turn. */
static void put_many(uint32_t tx, int from, int to)
{
	const struct store_perm perms[] = { { STORE_ACCESS_NONE, 7 } };
	char path[64];

	for (int i = from; i < to; i++) {
		snprintf(path, sizeof(path), "/many/a-node-of-some-length-%d", i);
		assert_int_equal(store_mkdir(client, tx, path), 0);
		assert_int_equal(store_set_perms(client, tx, path, perms, 1), 0);
		assert_int_equal(store_printf(client, tx, path, "%d", i), 0);
	}
}

static void test_collected(void **state)
{
	char **names, *value;
	size_t count;
	uint32_t tx;

	(void)state;
	assert_int_equal(store_watch(client, "/many", "tok"), 0);
	assert_event("/many", "tok");
	assert_int_equal(store_transaction_start(client, &tx), 0);
	sent = 0;
	store_collect(client);
	put_many(tx, 0, 300);
	/* What asks in between gets the answer that its place gives. */
	assert_int_equal(store_read(client, tx, "/many/a-node-of-some-length-299", &value, NULL), 0);
	assert_string_equal(value, "299");
	free(value);
	put_many(tx, 300, 400);
	/* One of no transaction is done at once. */
	assert_int_equal(store_printf(client, 0, "/elsewhere", "1"), 0);
	assert_value("/elsewhere", "1");
	assert_int_equal(store_collected(client), 0);
	assert_in_range(sent, 1, 20);
	assert_int_equal(store_list(client, 0, "/many", &names, &count), -ENOENT);
	assert_int_equal(store_transaction_end(client, tx, true), 0);
	assert_value("/many/a-node-of-some-length-0", "0");
	assert_value("/many/a-node-of-some-length-399", "399");
	assert_int_equal(store_list(client, 0, "/many", &names, &count), 0);
	assert_int_equal(count, 400);
	free(names);
	/* Events that were read together with the answers are told, at least one a node. */
	for (int i = 0; i < 400; i++) {
		struct store_event *event;

		assert_int_equal(store_wait_event(client, 5000, &event), 0);
		free(event);
	}
}

static void test_collected_errors(void **state)
{
	char large[HC_STORE_PAYLOAD_MAX] = "";
	uint32_t tx;

	(void)state;
	assert_int_equal(store_transaction_start(client, &tx), 0);
	store_collect(client);
	put_many(tx, 0, 2);
	assert_int_equal(store_mkdir(client, tx, "//"), 0);
	put_many(tx, 2, 4);
	assert_int_equal(store_collected(client), -EINVAL);
	assert_int_equal(store_transaction_end(client, tx, false), 0);
	/* The next ones have nothing to do with that. */
	assert_int_equal(store_transaction_start(client, &tx), 0);
	store_collect(client);
	put_many(tx, 0, 2);
	assert_int_equal(store_write(client, tx, "/many/large", large, sizeof(large)), -E2BIG);
	assert_int_equal(store_mkdir(client, tx, "/many/later"), -E2BIG);
	assert_int_equal(store_collected(client), -E2BIG);
	assert_int_equal(store_transaction_end(client, tx, false), 0);
	/* With the daemon the transaction goes, which is to be started again. */
	assert_int_equal(store_transaction_start(client, &tx), 0);
	store_collect(client);
	put_many(tx, 0, 2);
	kill_daemon();
	start_daemon();
	assert_int_equal(store_collected(client), -EAGAIN);
	assert_int_equal(store_transaction_end(client, tx, true), -EAGAIN);
	assert_int_equal(store_transaction_start(client, &tx), 0);
	store_collect(client);
	put_many(tx, 0, 2);
	assert_int_equal(store_collected(client), 0);
	assert_int_equal(store_transaction_end(client, tx, true), 0);
	assert_value("/many/a-node-of-some-length-1", "1");
}

/* Who asks several things in one piece is answered in one piece. */
static void test_answers_together(void **state)
{
	struct { struct hc_store_msg header; char path[2]; } __attribute__((packed)) requests[8];
	struct hc_store_msg answers[9];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	memset(requests, 0, sizeof(requests));
	for (int i = 0; i < 8; i++) {
		requests[i].header = (struct hc_store_msg){ .type = HC_XS_READ, .req_id = i, .len = 2 };
		requests[i].path[0] = '/';
	}
	strcpy(address.sun_path, socket_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, requests, sizeof(requests), 0), sizeof(requests));
	/* The root has no value: each answer is a header. */
	assert_int_equal(recv(fd, answers, sizeof(answers), 0), 8 * sizeof(answers[0]));
	for (int i = 0; i < 8; i++) {
		assert_int_equal(answers[i].type, HC_XS_READ);
		assert_int_equal(answers[i].req_id, i);
	}
	/* One that comes in two pieces, the first with another one before it. */
	assert_int_equal(send(fd, requests, sizeof(requests[0]) + 7, 0), sizeof(requests[0]) + 7);
	assert_int_equal(recv(fd, answers, sizeof(answers), 0), sizeof(answers[0]));
	assert_int_equal(send(fd, (char *)&requests[1] + 7, sizeof(requests[0]) - 7, 0),
			 sizeof(requests[0]) - 7);
	assert_int_equal(recv(fd, answers, sizeof(answers), 0), sizeof(answers[0]));
	assert_int_equal(answers[0].req_id, 1);
	close(fd);
}

static void test_events(void **state)
{
	struct pollfd ready = { .fd = store_fd(client), .events = POLLIN };
	struct store_event *event;

	(void)state;
	assert_int_equal(store_next_event(client, &event), -EAGAIN);
	assert_int_equal(store_watch(client, "/w", "tok"), 0);
	assert_int_equal(store_watch(client, "/w", "tok"), -EEXIST);
	assert_event("/w", "tok");
	assert_int_equal(poll(&ready, 1, 0), 0);
	assert_int_equal(store_write(client, 0, "/w/x", "", 0), 0);
	/* It may have been read together with the answer: the descriptor says so all the same. */
	assert_int_equal(poll(&ready, 1, 1000), 1);
	assert_event("/w/x", "tok");
	assert_int_equal(poll(&ready, 1, 0), 0);
	assert_int_equal(store_wait_event(client, 50, &event), -ETIMEDOUT);
	assert_int_equal(store_unwatch(client, "/w", "tok"), 0);
	assert_int_equal(store_unwatch(client, "/w", "tok"), -ENOENT);
	assert_int_equal(store_write(client, 0, "/w/x", "", 0), 0);
	assert_int_equal(store_wait_event(client, 50, &event), -ETIMEDOUT);
}

static void test_restart_between_calls(void **state)
{
	uint32_t tx;

	(void)state;
	assert_int_equal(store_write(client, 0, "/kept", "1", 1), 0);
	assert_int_equal(store_watch(client, "/kept", "tok"), 0);
	assert_event("/kept", "tok");
	assert_int_equal(store_transaction_start(client, &tx), 0);
	kill_daemon();
	start_daemon();
	assert_int_equal(store_write(client, tx, "/lost", "1", 1), -EAGAIN);
	assert_value("/kept", "1");
	/* Something may have happened meanwhile: its watches fire. */
	assert_event("/kept", "tok");
	assert_int_equal(store_write(client, 0, "/kept", "2", 1), 0);
	assert_event("/kept", "tok");
}

static void test_restart_while_waiting(void **state)
{
	(void)state;
	assert_int_equal(store_watch(client, "/kept", "tok"), 0);
	assert_event("/kept", "tok");
	kill_daemon();
	start_daemon();
	assert_event("/kept", "tok");
}

static void test_no_daemon(void **state)
{
	struct store_client *other;

	(void)state;
	assert_int_equal(store_open("/nonexistent/socket", 0, &other), -ENOENT);
	kill_daemon();
	assert_int_equal(store_open(socket_path, 100, &other), -ECONNREFUSED);
	start_daemon();
}

static void test_domains(void **state)
{
	bool introduced;

	(void)state;
	assert_int_equal(store_watch(client, "@introduceDomain", "i"), 0);
	assert_event("@introduceDomain", "i");
	assert_int_equal(store_is_introduced(client, 3, &introduced), 0);
	assert_false(introduced);
	assert_int_equal(store_introduce(client, 3, 0x1234, 4), 0);
	assert_event("@introduceDomain", "i");
	assert_int_equal(store_is_introduced(client, 3, &introduced), 0);
	assert_true(introduced);
	kill_daemon();
	start_daemon();
	assert_int_equal(store_is_introduced(client, 3, &introduced), 0);
	assert_true(introduced);
	assert_int_equal(store_resume(client, 3), 0);
	assert_int_equal(store_release(client, 3), 0);
	assert_int_equal(store_release(client, 3), -ENOENT);
	assert_int_equal(store_resume(client, 3), -ENOENT);
}

static void assert_domain_event(int domid, const char *token)
{
	struct store_event *event;

	assert_int_equal(store_wait_event(client, 5000, &event), 0);
	assert_int_equal(store_event_domain(event), domid);
	assert_string_equal(event->token, token);
	free(event);
}

/* Which domain it was is told to those that want to know, and that it was one to the others. */
static void test_numbered_domains(void **state)
{
	(void)state;
	assert_int_equal(store_watch_domains(client, "@introduceDomain", "i"), 0);
	assert_domain_event(-1, "i");
	assert_int_equal(store_watch_domains(client, "@releaseDomain", "r"), 0);
	assert_int_equal(store_watch_domains(client, "@releaseDomain", "r"), -EEXIST);
	assert_domain_event(-1, "r");
	assert_int_equal(store_watch(client, "@releaseDomain", "plain"), 0);
	assert_event("@releaseDomain", "plain");
	assert_int_equal(store_introduce(client, 3, 0x1234, 4), 0);
	assert_domain_event(3, "i");
	assert_int_equal(store_introduce(client, 4, 0x1234, 4), 0);
	assert_domain_event(4, "i");
	assert_int_equal(store_release(client, 3), 0);
	assert_domain_event(3, "r");
	assert_event("@releaseDomain", "plain");
	/* Of what happened while there was no daemon nobody knows whose it was; later that is known again. */
	kill_daemon();
	start_daemon();
	for (int i = 0; i < 3; i++) {
		struct store_event *event;

		assert_int_equal(store_wait_event(client, 5000, &event), 0);
		assert_int_equal(store_event_domain(event), -1);
		free(event);
	}
	assert_int_equal(store_release(client, 4), 0);
	/* The new connection's watches have another order. */
	assert_event("@releaseDomain", "plain");
	assert_domain_event(4, "r");
	/* A watch on a node has nothing of the kind, whatever its path looks like. */
	assert_int_equal(store_watch_domains(client, "/7", "node"), 0);
	assert_domain_event(-1, "node");
}

/* A client that asks without end, and one that reads nothing, keep nobody waiting. */
static void test_bad_neighbours(void **state)
{
	struct { struct hc_store_msg header; char path[2]; } request = {
		.header = { .type = HC_XS_READ, .len = 2 }, .path = "/",
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)state;
	strcpy(address.sun_path, socket_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	for (int i = 0; i < 2000; i++) {
		if (send(fd, &request, 18, MSG_NOSIGNAL) < 0)
			assert_int_equal(errno, EAGAIN);
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(store_printf(client, 0, "/n", "%d", i), 0);
	close(fd);
	/* Half a header, nonsense and a much too long message end only their own connection. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	memset(&request, 0xff, sizeof(request));
	assert_int_equal(send(fd, &request, 18, MSG_NOSIGNAL), 18);
	assert_true(recv(fd, &request, sizeof(request), 0) <= 0);
	close(fd);
	assert_value("/n", "99");
}

/* A client that is gone before it is answered, with more asked than is read at once. */
static void test_gone_before_answers(void **state)
{
	struct { struct hc_store_msg header; char path[2]; } __attribute__((packed)) requests[300];
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)state;
	memset(requests, 0, sizeof(requests));
	for (int i = 0; i < 300; i++) {
		requests[i].header = (struct hc_store_msg){ .type = HC_XS_READ, .len = 2 };
		requests[i].path[0] = '/';
	}
	strcpy(address.sun_path, socket_path);
	for (int i = 0; i < 20; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
		/* Nothing can be sent to it from now on, as when it is killed. */
		assert_int_equal(shutdown(fd, SHUT_RD), 0);
		assert_int_equal(send(fd, requests, sizeof(requests), 0), sizeof(requests));
		close(fd);
		assert_int_equal(store_printf(client, 0, "/n", "%d", i), 0);
	}
	assert_true(daemon_runs());
	assert_value("/n", "19");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nodes),
		TEST(test_large_directory),
		TEST(test_transactions),
		TEST(test_collected),
		TEST(test_collected_errors),
		TEST(test_answers_together),
		TEST(test_events),
		TEST(test_restart_between_calls),
		TEST(test_restart_while_waiting),
		TEST(test_no_daemon),
		TEST(test_domains),
		TEST(test_numbered_domains),
		TEST(test_bad_neighbours),
		TEST(test_gone_before_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
