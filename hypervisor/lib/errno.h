/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Error numbers of the guest ABI, which are Linux's (source: Xen's public
 * errno.h).  Functions return them negated.
 */
#ifndef LIB_ERRNO_H
#define LIB_ERRNO_H

#ifdef TENON_HOST
#include <errno.h>
#else
#define EPERM 1
#define ENOENT 2
#define ESRCH 3
#define EINTR 4
#define EIO 5
#define ENXIO 6
#define E2BIG 7
#define EBADF 9
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define ENODEV 19
#define EINVAL 22
#define ENFILE 23
#define ENOSPC 28
#define ERANGE 34
#define EDEADLK 35
#define ENOSYS 38
#define ENODATA 61
#define ETIME 62
#define EOVERFLOW 75
#define EILSEQ 84
#define EOPNOTSUPP 95
#endif

/* A preemptible operation stopped half-way and wants to be called again; of guests only control calls see it. */
#ifndef ERESTART
#define ERESTART 85
#endif

#endif
