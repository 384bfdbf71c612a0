/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exact logging over a kill: see progress.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hypercall/console.h>

#include <log.h>

#include "progress.h"

struct progress_note {
	uint64_t inode;		/* of the log */
	uint64_t size;		/* of the log, before the piece */
	uint32_t out_cons;	/* of the ring, before the piece */
	uint32_t valid;		/* 0 while the rest is being changed */
};

#define NAME_SIZE 8

static void note_name(char name[NAME_SIZE], uint16_t domid)
{
	snprintf(name, NAME_SIZE, "%u", domid);
}

void progress_open(struct progress *progress, int dir, uint16_t domid)
{
	char name[NAME_SIZE];
	void *map = MAP_FAILED;
	int fd;

	note_name(name, domid);
	progress->note = NULL;
	fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && !posix_fallocate(fd, 0, sizeof(*progress->note)))
		map = mmap(NULL, sizeof(*progress->note), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   0);
	if (map != MAP_FAILED)
		progress->note = map;
	else
		log_warning("domain %u: no note of the log's progress: a restart may repeat a piece",
			    domid);
	if (fd >= 0)
		close(fd);
}

void progress_close(struct progress *progress)
{
	if (progress->note)
		munmap(progress->note, sizeof(*progress->note));
	progress->note = NULL;
}

void progress_remove(int dir, uint16_t domid)
{
	char name[NAME_SIZE];

	note_name(name, domid);
	unlinkat(dir, name, 0);
}

static uint64_t inode_of(const struct logfile *log)
{
	struct stat status;

	return fstat(log->fd, &status) ? 0 : status.st_ino;
}

void progress_begin(struct progress *progress, const struct logfile *log, uint32_t out_cons)
{
	struct progress_note *note = progress->note;

	if (!note)
		return;
	__atomic_store_n(&note->valid, 0, __ATOMIC_SEQ_CST);
	note->inode = inode_of(log);
	note->size = log->size;
	note->out_cons = out_cons;
	__atomic_store_n(&note->valid, 1, __ATOMIC_SEQ_CST);
}

uint32_t progress_done(const struct progress *progress, const struct logfile *log,
		       uint32_t out_cons)
{
	const struct progress_note *note = progress->note;

	if (!note || !note->valid || note->out_cons != out_cons || note->inode != inode_of(log) ||
	    log->size < note->size || log->size - note->size > HC_CONSOLE_OUT_SIZE)
		return 0;
	return log->size - note->size;
}
