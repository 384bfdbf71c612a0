/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "server.h"
#include "state.h"
#include "store_process.h"

struct world world;
char socket_path[128];
unsigned int sent;

static pid_t daemon_pid;

ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
	sent++;
	return __real_sendmsg(fd, message, flags);
}

static void run_daemon(void)
{
	static struct server server;
	struct journal journal;
	bool found;

	if (store_init(&server.store) || journal_open(world.dir, &journal, &found))
		_exit(1);
	server.store.journal = &journal;
	if (found && state_read(&server.store))
		_exit(2);
	server.store.hv = &server.hv;
	server.hv.ports.fd = eventfd(0, EFD_CLOEXEC);	/* no event channel ever fires */
	if (store_populate(&server.store) || sd_event_new(&server.event) < 0 ||
	    server_listen(&server, socket_path) || server_prepare(&server))
		_exit(3);
	domain_reattach_all(&server.store, &server.hv);
	sd_event_loop(server.event);
	_exit(4);
}

void start_daemon(void)
{
	daemon_pid = fork();
	assert_true(daemon_pid >= 0);
	if (!daemon_pid)
		run_daemon();
}

bool daemon_runs(void)
{
	return waitpid(daemon_pid, NULL, WNOHANG) == 0;
}

void kill_daemon(void)
{
	kill(daemon_pid, SIGKILL);
	waitpid(daemon_pid, NULL, 0);
	world_close_ports();
}

void process_begin(void)
{
	world_start(&world, true);
	world_kill(&world);
	snprintf(socket_path, sizeof(socket_path), "%s/sock", world.dir);
	start_daemon();
}

void process_end(void)
{
	kill_daemon();
	unlink(socket_path);
	world_restart(&world);
	world_end(&world);
}
