/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A test kernel: its start, its verdict and its end.
 *
 * Verdicts, from good to bad: success; skip (this host cannot be asked); error
 * (the test or its surroundings are broken); failure (the hypervisor is).  The
 * worst one said wins and is the last line printed: "Test result: success".
 */
#ifndef GUESTS_GUEST_H
#define GUESTS_GUEST_H

#include <hypercall/sched.h>
#include <hypercall/start.h>

#include "hypercall.h"
#include "print.h"
#include "types.h"

extern struct hc_start_info *start_info;
extern struct hc_shared_info *shared_info;

/* Each test has one; it returns when it has nothing left to try. */
void test_main(void);

void skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void failure(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Say what is tried, in one line of the log. */
#define section(...) print("- " __VA_ARGS__)

/* The hypervisor must make this true. */
#define expect(cond, ...) ((cond) ? true : (failure(__VA_ARGS__), false))
/* The value of an expression, shown with the one wanted if it is another. */
#define expect_equal(what, got, wanted) \
	do { \
		long got__ = (long)(got), wanted__ = (long)(wanted); \
		if (got__ != wanted__) \
			failure("%s:%d: %s is %ld (0x%lx), not %ld\n", __FILE__, __LINE__, what, \
				got__, (unsigned long)got__, wanted__); \
	} while (0)
/* The result of a call that must be refused with this number. */
#define expect_error(call, number) expect_equal(#call, call, -(number))
#define expect_success(call) expect_equal(#call, call, 0)
/* Any refusal will do. */
#define expect_refused(call) \
	do { \
		long got__ = (long)(call); \
		if (got__ >= 0) \
			failure("%s:%d: %s was not refused: %ld\n", __FILE__, __LINE__, #call, got__); \
	} while (0)
/* Preparations: without them the test says nothing about the hypervisor. */
#define need(call) \
	do { \
		long got__ = (long)(call); \
		if (got__ < 0) { \
			error("%s:%d: %s gives %ld\n", __FILE__, __LINE__, #call, got__); \
			finish(); \
		} \
	} while (0)

/* Print the verdict and power off. */
void finish(void) __attribute__((noreturn));

/* Error numbers the hypervisor answers with. */
#define EPERM 1
#define ENOENT 2
#define ESRCH 3
#define E2BIG 7
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define ENODEV 19
#define EINVAL 22
#define ENOSPC 28
#define ENOSYS 38
#define ENODATA 61
#define EOPNOTSUPP 95

#endif
