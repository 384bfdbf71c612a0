/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Symcall: the functions that a Linux with Tenon's patches lets its host call
 * (extension.h says how it registers, control.h how they are called).
 *
 * Results below 0 are error numbers: -EAGAIN something was locked, to be tried again;
 * -EOPNOTSUPP no such function.  Answers that do not fit into the result are in the
 * page of answers, until the next call.  All of it is the guest's claim.
 *
 * A call runs to completion.  What has to wait is a job: one call starts it, and
 * others ask whether it is done.
 */
#ifndef HYPERCALL_SYMCALL_H
#define HYPERCALL_SYMCALL_H

#include <stdint.h>

#define HC_SYMCALL_PING		1	/* argument 0: a number from 0 up; result: the same */
#define HC_SYMCALL_QUERY_VADDR	2	/* arguments: pid, address; struct hc_symcall_vaddr; -ESRCH, -EINVAL a
					   task of the kernel */
#define HC_SYMCALL_TASK_LIST	3	/* argument 0: the least pid; result: how many struct hc_symcall_task */
#define HC_SYMCALL_JOB		4	/* arguments: HC_SYMCALL_JOB_*, its own; result: the job's number, from 1
					   up; -EBUSY another one runs */
#define HC_SYMCALL_JOB_STATE	5	/* struct hc_symcall_job */

/* flags of struct hc_symcall_vaddr: of the mapping that the address is in ... */
#define HC_SYMCALL_MAPPED	(1u << 0)
#define HC_SYMCALL_READ		(1u << 1)
#define HC_SYMCALL_WRITE	(1u << 2)
#define HC_SYMCALL_EXEC		(1u << 3)
#define HC_SYMCALL_SHARED	(1u << 4)
/* ... and of its page */
#define HC_SYMCALL_PRESENT	(1u << 8)	/* the page table names memory */
#define HC_SYMCALL_WRITABLE	(1u << 9)	/* a store would not fault */
#define HC_SYMCALL_DIRTY	(1u << 10)
#define HC_SYMCALL_SWAPPED	(1u << 11)	/* the page table names a place in swap */
#define HC_SYMCALL_SWAP_CACHE	(1u << 12)	/* a copy is in the swap cache */

struct hc_symcall_vaddr {
	uint64_t flags;			/* 0: nothing is mapped there */
	uint64_t start, end;		/* of the mapping */
};

/* In the order of their pids; another call goes on from the last one's + 1, and 0 of them are the end. */
struct hc_symcall_task {
	uint32_t pid;
	uint32_t tgid;			/* the pid of its process */
	uint32_t parent;		/* ... and of that one's parent */
	uint32_t state;			/* a letter, as in /proc/PID/stat */
	char comm[16];			/* ended by a zero */
};

#define HC_SYMCALL_JOB_DROP_CACHES	1	/* of files and of the kernel's objects */
#define HC_SYMCALL_JOB_QUIESCE		2	/* write back and freeze file systems; argument: seconds after which
						   they thaw by themselves, 0: never, at most 3600 */
#define HC_SYMCALL_JOB_THAW		3

struct hc_symcall_job {
	uint64_t number;		/* of the last one started, 0: none */
	uint64_t done;			/* 0: it runs */
	int64_t result;			/* quiesce, thaw: file systems; below 0: an error number */
};

#endif
