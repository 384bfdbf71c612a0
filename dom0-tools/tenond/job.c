// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Jobs: one detached thread each, a list of finished ones, and an eventfd
 * that wakes the loop to run their completions.
 */
#include "job.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct jobs {
	sd_event_source *source;
	int fd;
	unsigned int running;		/* touched by the loop alone, as is leaving */
	bool leaving;
	pthread_mutex_t lock;
	struct job *finished;		/* protected by lock */
};

static void *thread_main(void *data)
{
	struct job *job = data;
	struct jobs *jobs = job->jobs;
	uint64_t one = 1;

	job->work(job);
	pthread_mutex_lock(&jobs->lock);
	job->next = jobs->finished;
	jobs->finished = job;
	/* Under the lock: the loop may free jobs as soon as it has seen the last one. */
	while (write(jobs->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	pthread_mutex_unlock(&jobs->lock);
	return NULL;
}

static int on_finished(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct jobs *jobs = data;
	struct job *job, *next;
	uint64_t count;

	(void)source;
	(void)events;
	if (read(fd, &count, sizeof(count)) < 0)
		return 0;
	pthread_mutex_lock(&jobs->lock);
	job = jobs->finished;
	jobs->finished = NULL;
	pthread_mutex_unlock(&jobs->lock);
	for (; job; job = next) {
		next = job->next;
		jobs->running--;
		job->done(job);
	}
	return jobs->leaving ? jobs_leave(jobs) : 0;
}

int jobs_new(sd_event *event, struct jobs **result)
{
	struct jobs *jobs = calloc(1, sizeof(*jobs));
	int rc;

	if (!jobs)
		return -ENOMEM;
	jobs->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (jobs->fd < 0) {
		rc = -errno;
		free(jobs);
		return rc;
	}
	rc = sd_event_add_io(event, &jobs->source, jobs->fd, EPOLLIN, on_finished, jobs);
	if (rc < 0) {
		close(jobs->fd);
		free(jobs);
		return rc;
	}
	pthread_mutex_init(&jobs->lock, NULL);
	*result = jobs;
	return 0;
}

void jobs_free(struct jobs *jobs)
{
	if (!jobs)
		return;
	sd_event_source_unref(jobs->source);
	close(jobs->fd);
	pthread_mutex_destroy(&jobs->lock);
	free(jobs);
}

unsigned int jobs_running(const struct jobs *jobs)
{
	return jobs->running;
}

int jobs_leave(struct jobs *jobs)
{
	jobs->leaving = true;
	return jobs->running ? 0 : sd_event_exit(sd_event_source_get_event(jobs->source), 0);
}

int job_start(struct jobs *jobs, struct job *job)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	job->jobs = jobs;
	job->next = NULL;
	/* Signals are the loop's business. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	rc = pthread_create(&thread, &attr, thread_main, job);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc)
		return -EAGAIN;
	jobs->running++;
	return 0;
}
