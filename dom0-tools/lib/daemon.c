/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every daemon does the same way: see daemon.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "daemon.h"
#include "unix_socket.h"

/* Of the pipe to the process that waits for readiness; -1: nobody waits. */
static int ready_pipe = -1;

/* The process that was started: ends with what the daemon's first moments were. */
static void wait_until_ready(int fd)
{
	char byte;
	ssize_t got;

	do {
		got = read(fd, &byte, 1);
	} while (got < 0 && errno == EINTR);
	_exit(got == 1 ? 0 : 1);
}

int daemon_start(bool foreground)
{
	int ends[2], null;
	pid_t pid;

	if (foreground)
		return 0;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid > 0) {
		close(ends[1]);
		wait_until_ready(ends[0]);
	}
	close(ends[0]);
	ready_pipe = ends[1];
	setsid();
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -errno;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	close(null);
	return chdir("/") ? -errno : 0;
}

void daemon_ready(void)
{
	sd_notify(0, "READY=1");
	if (ready_pipe < 0)
		return;
	/* If nobody waits any more, nobody needs to be told. */
	if (write(ready_pipe, "", 1) < 0)
		errno = 0;
	close(ready_pipe);
	ready_pipe = -1;
}

int daemon_loop(sd_event **event)
{
	sigset_t signals;
	int rc;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	if (sigprocmask(SIG_BLOCK, &signals, NULL))
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	rc = sd_event_new(event);
	if (rc < 0)
		return rc;
	/* Without a handler of their own these signals end the loop. */
	rc = sd_event_add_signal(*event, NULL, SIGTERM, NULL, NULL);
	if (rc >= 0)
		rc = sd_event_add_signal(*event, NULL, SIGINT, NULL, NULL);
	return rc < 0 ? rc : 0;
}

int daemon_make_dirs(const char *path)
{
	char partial[PATH_MAX];

	if (strlen(path) >= sizeof(partial))
		return -ENAMETOOLONG;
	strcpy(partial, path);
	for (char *at = partial + 1;; at++) {
		char saved = *at;

		if (saved && saved != '/')
			continue;
		*at = '\0';
		if (mkdir(partial, 0755) && errno != EEXIST)
			return -errno;
		*at = saved;
		if (!saved)
			return 0;
	}
}

int daemon_listen(const char *path)
{
	char dir[PATH_MAX];
	int rc;

	if (strlen(path) >= sizeof(dir))
		return -ENAMETOOLONG;
	strcpy(dir, path);
	*strrchr(dir, '/') = '\0';
	rc = daemon_make_dirs(dir);
	return rc ? rc : unix_listen(path, 128);
}

int daemon_drop_privileges(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	if (syscall(SYS_capset, &header, none))
		return -errno;
	return 0;
}
