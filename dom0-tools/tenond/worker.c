// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Starting tenon-migrate and reading what it says, line by line.
 */
#include "worker.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define STREAM_FD	3
#define ANSWER_FD	4
#define PROGRAM		PKGLIBEXECDIR "/tenon-migrate"
#define PROGRAM_VARIABLE "TENON_MIGRATE"	/* another program, for tests */

extern char **environ;

static int fail(struct worker_failure *failure, int code, const char *what)
{
	failure->code = code;
	snprintf(failure->text, sizeof(failure->text), "%s: %s", what, strerror(-code));
	return code;
}

/* The input in memory: written at once, however slow the reader is. */
static int input_open(const char *input)
{
	size_t size = input ? strlen(input) : 0, done = 0;
	int fd = memfd_create("tenon-migrate", MFD_CLOEXEC);

	while (fd >= 0 && done < size) {
		ssize_t wrote = write(fd, input + done, size - done);

		if (wrote <= 0) {
			close(fd);
			return -EIO;
		}
		done += (size_t)wrote;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd < 0 ? -errno : fd;
}

static int start(char *const argv[], int input, int output, int stream, int answers, pid_t *pid)
{
	const char *program = secure_getenv(PROGRAM_VARIABLE);
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int rc;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawn_file_actions_adddup2(&actions, input, 0);
	posix_spawn_file_actions_adddup2(&actions, output, 1);
	posix_spawn_file_actions_adddup2(&actions, stream, STREAM_FD);
	if (answers >= 0)
		posix_spawn_file_actions_adddup2(&actions, answers, ANSWER_FD);
	posix_spawn_file_actions_addclosefrom_np(&actions, answers >= 0 ? ANSWER_FD + 1 : STREAM_FD + 1);
	rc = -posix_spawn(pid, program ? program : PROGRAM, &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

struct run {
	const struct worker_live *live;	/* NULL: nothing will be asked for */
	int answers[2];			/* a pipe to the program, -1: none */
};

static void answer(const struct run *run, int rc)
{
	if (dprintf(run->answers[1], "%d\n", rc) < 0)
		return;		/* it has died, which its pipe will tell */
}

/* A line of one that works on a running guest. False: it is another. */
static bool read_live(const struct run *run, json_t *json)
{
	json_t *taken = json_object_get(json, "checkpoint");
	int step = 0;

	if (!run->live)
		return false;
	if (json_object_get(json, "round") || json_object_get(json, "progress") ||
	    json_object_get(json, "disks") || json_object_get(json, "created"))
		run->live->line(json, run->live->data);
	else if (!run->live->suspend)
		return false;
	else if (json_object_get(json, "suspend"))
		answer(run, run->live->suspend(run->live->data));
	else if (json_object_get(json, "resume"))
		answer(run, run->live->resume(run->live->data));
	else if (taken)
		answer(run, run->live->checkpoint(taken, run->live->data));
	else if (!json_unpack(json, "{s:{s:i}}", "slow", "step", &step))
		answer(run, run->live->slow((unsigned int)step, run->live->data));
	else
		return false;
	return true;
}

/* What the last line says: done, or why not. */
static void read_answers(FILE *answers, const struct run *run, json_t **done,
			 struct worker_failure *failure)
{
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, answers) > 0) {
		json_t *json = json_loads(line, 0, NULL);
		const char *text = NULL;
		int code = 0;

		if (!json_unpack(json, "{s:{s:i, s:s}}", "error", "code", &code, "text", &text)) {
			failure->code = code < 0 ? code : -EIO;
			snprintf(failure->text, sizeof(failure->text), "%s", text);
		} else if (!read_live(run, json) && !*done) {
			*done = json_incref(json_object_get(json, "done"));
		}
		json_decref(json);
	}
	free(line);
}

static int await(pid_t pid, json_t **done, struct worker_failure *failure)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(failure, -errno, PROGRAM);
	if (WIFEXITED(status) && !WEXITSTATUS(status) && *done)
		return 0;
	json_decref(*done);
	*done = NULL;
	if (!failure->code) {
		failure->code = -EIO;
		snprintf(failure->text, sizeof(failure->text), "%s ended without an answer, %s %d", PROGRAM,
			 WIFSIGNALED(status) ? "killed by signal" : "with status",
			 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	return failure->code;
}

static void close_pipe(int pipes[2])
{
	for (int i = 0; i < 2; i++)
		if (pipes[i] >= 0)
			close(pipes[i]);
	pipes[0] = pipes[1] = -1;
}

static int run_program(struct run *run, char *const argv[], int stream, const char *input,
		       json_t **done, struct worker_failure *failure)
{
	int in = input_open(input), pipes[2] = { -1, -1 }, rc;
	FILE *said = NULL;
	pid_t pid;

	*done = NULL;
	*failure = (struct worker_failure){ 0 };
	rc = in < 0 ? in : 0;
	if (!rc && (pipe2(pipes, O_CLOEXEC) || (run->live && pipe2(run->answers, O_CLOEXEC))))
		rc = -errno;
	if (!rc) {
		said = fdopen(pipes[0], "re");
		rc = said ? start(argv, in, pipes[1], stream, run->answers[0], &pid) : -errno;
	}
	if (in >= 0)
		close(in);
	if (pipes[1] >= 0)
		close(pipes[1]);
	pipes[1] = -1;
	if (rc) {
		fail(failure, rc, PROGRAM " cannot be started");
	} else {
		read_answers(said, run, done, failure);
		rc = await(pid, done, failure);
	}
	if (said) {
		fclose(said);
		pipes[0] = -1;
	}
	close_pipe(pipes);
	close_pipe(run->answers);
	return rc;
}

int worker_run(char *const argv[], int stream, const char *input, json_t **done,
	       struct worker_failure *failure)
{
	struct run run = { .answers = { -1, -1 } };

	return run_program(&run, argv, stream, input, done, failure);
}

int worker_run_live(char *const argv[], int stream, const char *input, const struct worker_live *live,
		    json_t **done, struct worker_failure *failure)
{
	struct run run = { .live = live, .answers = { -1, -1 } };

	return run_program(&run, argv, stream, input, done, failure);
}
