/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work that takes time (unpacking a kernel, waiting for devices) on a thread
 * of its own, with its completion back on the event loop.
 */
#ifndef TENOND_JOB_H
#define TENOND_JOB_H

#include <systemd/sd-event.h>

struct jobs;

struct job {
	void (*work)(struct job *job);	/* on the thread: touches nothing that the loop owns */
	void (*done)(struct job *job);	/* on the loop; may free the job */
	struct jobs *jobs;		/* set by job_start() */
	struct job *next;		/* within the list of finished ones */
};

int jobs_new(sd_event *event, struct jobs **jobs);
void jobs_free(struct jobs *jobs);
unsigned int jobs_running(const struct jobs *jobs);

/* Leave the event loop as soon as no job runs, of whatever kind the last one is. 0, or a negative errno. */
int jobs_leave(struct jobs *jobs);

/* 0, or -EAGAIN where no thread can be had: then nothing of the job is called. */
int job_start(struct jobs *jobs, struct job *job);

#endif
