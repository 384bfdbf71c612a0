// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel asks a side whose window is closed again and again whether it is open now, and any answer shows that
 * somebody is there. The times between these probes double, but (from Linux 5.11 on) the next is sent no later than when
 * TCP_USER_TIMEOUT would be over. So one that is always a bit ahead has it ask often enough to notice who dies meanwhile.
 */
#include "patience.h"

#include "../lib/clock.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOKS	10	/* while a silent side is waited for */
#define PROBES	2	/* one may be lost */

struct patience {
	struct patience_limits limits;
	int fd;			/* the connection, which is the caller's */
	int over;		/* readable: the thread is to end */
	pthread_t thread;
};

unsigned int patience_look(const struct patience_look *before, struct patience_look *now,
			   const struct patience_limits *limits)
{
	uint64_t stalled, timeout, last = limits->silent_ms;

	if (!now->waiting || now->taken != before->taken) {
		/* Between two looks it stops taking; the kernel begins to count after that, so we do before. */
		now->since_ms = before->ms ? before->ms : now->ms;
		return limits->silent_ms;
	}
	now->since_ms = before->since_ms;
	stalled = now->ms - now->since_ms;
	if (stalled > now->answer_ms)
		last += stalled - now->answer_ms;
	if (last > limits->idle_ms)
		last = limits->idle_ms;
	timeout = stalled + limits->silent_ms / PROBES;
	if (timeout < limits->silent_ms)
		timeout = limits->silent_ms;
	return (unsigned int)(timeout < last ? timeout : last);
}

static bool look(const struct patience *patience, struct patience_look *now)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(patience->fd, IPPROTO_TCP, TCP_INFO, &info, &size))
		return false;
	*now = (struct patience_look){
		.ms = monotonic_ns() / 1000000, .taken = info.tcpi_bytes_acked,
		.waiting = info.tcpi_unacked || info.tcpi_notsent_bytes, .answer_ms = info.tcpi_last_ack_recv,
	};
	return true;
}

static void *bear(void *data)
{
	struct patience *patience = data;
	struct pollfd over = { .fd = patience->over, .events = POLLIN };
	unsigned int set = patience->limits.silent_ms, timeout;
	struct patience_look before = { 0 }, now;

	while (poll(&over, 1, (int)patience->limits.silent_ms / LOOKS) != 1 && look(patience, &now)) {
		timeout = patience_look(&before, &now, &patience->limits);
		if (timeout != set)
			setsockopt(patience->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
		set = timeout;
		before = now;
	}
	return NULL;
}

struct patience *patience_begin(int fd, const struct patience_limits *limits)
{
	struct patience *patience = calloc(1, sizeof(*patience));
	struct patience_look first;

	if (!patience)
		return NULL;
	*patience = (struct patience){ .limits = *limits, .fd = fd, .over = eventfd(0, EFD_CLOEXEC) };
	if (patience->over >= 0 && look(patience, &first) &&
	    !setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limits->silent_ms, sizeof(limits->silent_ms)) &&
	    !pthread_create(&patience->thread, NULL, bear, patience))
		return patience;
	if (patience->over >= 0)
		close(patience->over);
	free(patience);
	return NULL;
}

void patience_end(struct patience *patience)
{
	if (!patience)
		return;
	eventfd_write(patience->over, 1);
	pthread_join(patience->thread, NULL);
	close(patience->over);
	free(patience);
}
