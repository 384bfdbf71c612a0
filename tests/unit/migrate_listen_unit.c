// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where guests are taken from others: whoever can connect there can neither exhaust tenond nor keep it busy.
 */
#include "tenond_fakes.h"
#include "tenond_requests.h"

#include "dom0-tools/tenond/migrate.h"
#include "dom0-tools/tenond/peer.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#define SILENT	26

static struct sockaddr_in address;

json_t *__real_peer_receive(int fd, int timeout_ms, int *rc);
json_t *__wrap_peer_receive(int fd, int timeout_ms, int *rc);

/* Who says nothing is waited for, but not for as long as elsewhere. */
json_t *__wrap_peer_receive(int fd, int timeout_ms, int *rc)
{
	return __real_peer_receive(fd, timeout_ms / 10, rc);
}

static void listen_plain(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t size = sizeof(address);
	struct error error;
	char text[64];

	address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(fd, (void *)&address, sizeof(address)), 0);
	getsockname(fd, (void *)&address, &size);
	close(fd);
	snprintf(text, sizeof(text), "127.0.0.1:%u", ntohs(address.sin_port));
	assert_int_equal(migrate_listen(&tenond, text, true, &error), 0);
}

static int call(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (void *)&address, sizeof(address)), 0);
	return fd;
}

static unsigned int threads(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	unsigned int count = 0;
	char line[200];

	assert_non_null(file);
	while (!count && fgets(line, sizeof(line), file))
		sscanf(line, "Threads: %u", &count);
	fclose(file);
	return count;
}

/* One that asks a question, and its answer within so many turns of the loop. */
static void expect_answer(int fd, unsigned int turns)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	json_t *json;
	int rc;

	for (unsigned int i = 0; i < turns && !poll(&wait, 1, 0); i++)
		sd_event_run(tenond.event, 20000);
	json = peer_receive(fd, 1000, &rc);
	expect(json, "state", "none");
	close(fd);
}

static void silent_callers_are_few(void **state)
{
	unsigned int before = threads();
	int fds[SILENT], proper;

	(void)state;
	listen_plain();
	/* No more of them wait in the kernel than it lets wait. */
	for (unsigned int i = 0; i < SILENT; i++) {
		fds[i] = call();
		sd_event_run(tenond.event, 1000);
	}
	proper = call();
	assert_int_equal(peer_send(proper, json_pack("{s:s}", "ask", "6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1")), 0);
	for (unsigned int i = 0; i < SILENT; i++)
		sd_event_run(tenond.event, 1000);
	assert_in_range(jobs_running(tenond.jobs), 1, 16);
	assert_true(threads() <= before + 16);
	/* Others are served meanwhile, and whoever has something to say once these have had their time. */
	json_decref(ask("GET", "/v1/version", NULL, 200));
	expect_answer(proper, 200);
	for (unsigned int i = 0; i < SILENT; i++)
		close(fds[i]);
}

static void without_descriptors_it_does_not_spin(void **state)
{
	struct rlimit limit, none;
	unsigned int turns = 0;
	int proper;

	(void)state;
	listen_plain();
	proper = call();
	assert_int_equal(peer_send(proper, json_pack("{s:s}", "ask", "6f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1")), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ .rlim_cur = (rlim_t)proper + 1, .rlim_max = limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (unsigned int i = 0; i < 20; i++)
		turns += sd_event_run(tenond.event, 10000) > 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(turns < 5);
	expect_answer(proper, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(silent_callers_are_few, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_descriptors_it_does_not_spin, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
