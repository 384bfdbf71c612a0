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
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KILL_MS 5000	/* until a killed process has ended; one that waits for a dead disk may never */
#define ARGUMENTS_MS 1000	/* for a program that changes its arguments: so long they are waited for in vain */

/* A program that is our child until it has ended and has been waited for. */
struct child {
	struct child *next;
	pid_t pid;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct child *children;	/* protected by lock */

extern char **environ;

static int launch(char *const argv[], const char *log, pid_t *pid)
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

/*
 * Whether an argument is among a process': 0 it is not, -ENODATA it cannot be
 * told, as of one that is ending, whose memory goes before it does.
 */
static int has_argument(pid_t pid, const char *argument)
{
	char path[64], text[4096];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -ENODATA;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (size <= 0)
		return -ENODATA;
	text[size] = '\0';
	for (char *at = text; at < text + size; at += strlen(at) + 1)
		if (!strcmp(at, argument))
			return 1;
	return 0;
}

/* Whether errno of pidfd_open() means that no process has the number; a thread may have it. */
static bool no_process(void)
{
	return errno == ESRCH || errno == EINVAL || errno == ENOENT;
}

/* Wait for a process' end; it comes before that process has been waited for. */
static bool await_end(int pidfd, unsigned int timeout_ms)
{
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };

	return TEMP_FAILURE_RETRY(poll(&poller, 1, (int)timeout_ms)) > 0;
}

/*
 * Wait until a program that has just been started has a command line of its
 * own.  The kernel lets us go on a moment before that; until then it shows
 * ours or none, and the process would be taken for somebody else's.
 */
static void await_arguments(pid_t pid, char *const argv[])
{
	const struct timespec pause = { .tv_nsec = 100000 };
	char *const *last = argv;
	int pidfd = pidfd_open(pid, 0);

	if (pidfd < 0)
		return;
	while (last[1])
		last++;
	for (int i = 0; i < ARGUMENTS_MS * 10 && has_argument(pid, *last) <= 0 && !await_end(pidfd, 0); i++)
		nanosleep(&pause, NULL);
	close(pidfd);
}

/* For spawn_reap(); with the lock. */
static void remember(struct child *child, pid_t pid)
{
	child->pid = pid;
	child->next = children;
	children = child;
}

int spawn_start(char *const argv[], const char *log, pid_t *pid)
{
	struct child *child = malloc(sizeof(*child));
	int rc;

	if (!child)
		return -ENOMEM;
	/* Held over the start, or a child that ends at once would be looked for before it is in the list. */
	pthread_mutex_lock(&lock);
	rc = launch(argv, log, pid);
	if (!rc)
		remember(child, *pid);
	pthread_mutex_unlock(&lock);
	if (rc)
		free(child);
	else
		await_arguments(*pid, argv);
	return rc;
}

int spawn_run(char *const argv[])
{
	int status, rc;
	pid_t pid;

	rc = launch(argv, "/dev/null", &pid);
	if (rc)
		return rc;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

int spawn_run_within(char *const argv[], unsigned int seconds)
{
	struct child *child = malloc(sizeof(*child));
	int status = 0, pidfd, rc;
	bool ended;
	pid_t pid;

	if (!child)
		return -ENOMEM;
	rc = launch(argv, "/dev/null", &pid);
	if (rc) {
		free(child);
		return rc;
	}
	pidfd = pidfd_open(pid, 0);
	/* Where there is no telling when it ends it is not waited for either. */
	ended = pidfd >= 0 && await_end(pidfd, seconds * 1000);
	rc = ended ? 0 : pidfd < 0 ? -errno : -ETIMEDOUT;
	if (!ended) {
		kill(-pid, SIGKILL);
		ended = pidfd >= 0 && await_end(pidfd, KILL_MS);
	}
	if (pidfd >= 0)
		close(pidfd);
	if (!ended) {
		pthread_mutex_lock(&lock);
		remember(child, pid);
		pthread_mutex_unlock(&lock);
		return rc;
	}
	free(child);
	if (waitpid(pid, &status, 0) < 0 && !rc)
		rc = -errno;
	return rc ? rc : WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

void spawn_reap(void)
{
	struct child **at = &children, *child;

	pthread_mutex_lock(&lock);
	while ((child = *at)) {
		/* Each by its number: spawn_run() waits for its own. */
		if (!waitpid(child->pid, NULL, WNOHANG)) {
			at = &child->next;
			continue;
		}
		*at = child->next;
		free(child);
	}
	pthread_mutex_unlock(&lock);
}

bool spawn_lives(pid_t pid, const char *argument)
{
	int pidfd = pidfd_open(pid, 0);
	bool lives;

	if (pidfd < 0)
		return !no_process();
	/* In this order: if it has not ended by now, the arguments were its own. */
	lives = has_argument(pid, argument) && !await_end(pidfd, 0);
	close(pidfd);
	return lives;
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

		if (pid > 0 && has_argument(pid, argument) > 0)
			found = pid;
	}
	closedir(dir);
	return found;
}

bool spawn_stop(pid_t pid, const char *argument, unsigned int timeout_ms)
{
	int pidfd = pidfd_open(pid, 0);
	bool ended = true;

	if (pidfd < 0)
		return no_process();
	if (has_argument(pid, argument)) {
		pidfd_send_signal(pidfd, SIGTERM, NULL, 0);
		ended = await_end(pidfd, timeout_ms);
		if (!ended) {
			pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
			ended = await_end(pidfd, KILL_MS);
		}
	}
	close(pidfd);
	spawn_reap();
	return ended;
}

/* Loaded, or built in. */
static bool module_present(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	for (char *at = path; *at; at++)
		if (*at == '-')
			*at = '_';
	return !access(path, F_OK);
}

int spawn_module(const char *name)
{
	char *argv[] = { "modprobe", "-q", (char *)name, NULL };

	return module_present(name) || !spawn_run(argv) ? 0 : -ENOENT;
}

bool spawn_module_known(const char *name)
{
	char *argv[] = { "modprobe", "-q", "--dry-run", (char *)name, NULL };

	return module_present(name) || !spawn_run(argv);
}
