// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Starting, finding and ending programs.  A process is recognised by an
 * argument that nobody else would have, because a process number alone may
 * by now belong to somebody else.
 */
#include "spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

int spawn_start(char *const argv[], const char *log, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int rc;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	rc = -posix_spawnp(pid, argv[0], &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

int spawn_run(char *const argv[])
{
	int status, rc;
	pid_t pid;

	rc = spawn_start(argv, "/dev/null", &pid);
	if (rc)
		return rc;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

bool spawn_ended(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, WNOHANG) == pid)
		return true;
	return kill(pid, 0) && errno == ESRCH;
}

bool spawn_is(pid_t pid, const char *argument)
{
	char path[64], text[4096];
	size_t length = strlen(argument);
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (size <= 0)
		return false;
	text[size] = '\0';
	for (char *at = text; at < text + size; at += strlen(at) + 1)
		if (strlen(at) == length && !memcmp(at, argument, length))
			return true;
	return false;
}

pid_t spawn_find(const char *argument)
{
	struct dirent *entry;
	pid_t found = 0;
	DIR *dir = opendir("/proc");

	if (!dir)
		return 0;
	while (!found && (entry = readdir(dir))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && spawn_is(pid, argument))
			found = pid;
	}
	closedir(dir);
	return found;
}

void spawn_stop(pid_t pid, unsigned int timeout_ms)
{
	const struct timespec pause = { .tv_nsec = 5000000 };

	if (kill(pid, SIGTERM) && errno == ESRCH)
		return;
	for (unsigned int waited = 0; !spawn_ended(pid); waited += 5) {
		if (waited >= timeout_ms) {
			kill(pid, SIGKILL);
			timeout_ms = ~0u;
		}
		nanosleep(&pause, NULL);
	}
}

int spawn_module(const char *name)
{
	char path[128];
	char *argv[] = { "modprobe", "-q", (char *)name, NULL };
	struct stat info;

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	for (char *at = path; *at; at++)
		if (*at == '-')
			*at = '_';
	if (!stat(path, &info))
		return 0;
	return spawn_run(argv) ? -ENOENT : 0;
}
