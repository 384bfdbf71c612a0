// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * events DOMAIN COUNT: offers that domain an event channel, waits until it has taken it (tests/bench/kernel/answer.c),
 * and then sends it an event and waits for its answer, COUNT times. Prints a row as the micro-benchmark does.
 * "events: ready" on standard error says when the domain may be started.
 */
#include <stdint.h>

typedef uint16_t domid_t;	/* which <xen/evtchn.h> expects */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <xen/evtchn.h>

#include "micro.h"

#define WARM_UP 20

void die(const char *what)
{
	fprintf(stderr, "events: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Waits for the event and lets the next one come. */
static void receive(int fd)
{
	unsigned int port;

	if (read(fd, &port, sizeof(port)) != sizeof(port) || write(fd, &port, sizeof(port)) != sizeof(port))
		die("waiting for an event");
}

static void turns(int fd, unsigned int port, unsigned int count)
{
	struct ioctl_evtchn_notify notify = { .port = port };

	while (count--) {
		if (ioctl(fd, IOCTL_EVTCHN_NOTIFY, &notify) < 0)
			die("sending an event");
		receive(fd);
	}
}

int main(int argc, char **argv)
{
	struct ioctl_evtchn_bind_unbound_port bind = { .remote_domain = argc == 3 ? strtoul(argv[1], NULL, 10) : 0 };
	unsigned int count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	uint64_t begin;
	double time;
	int fd, port;

	if (!count) {
		fprintf(stderr, "usage: events DOMAIN COUNT\n");
		return 2;
	}
	fd = open("/dev/xen/evtchn", O_RDWR);
	if (fd < 0)
		die("/dev/xen/evtchn");
	port = ioctl(fd, IOCTL_EVTCHN_BIND_UNBOUND_PORT, &bind);
	if (port < 0)
		die("binding a port");
	fprintf(stderr, "events: ready\n");
	receive(fd);
	turns(fd, port, WARM_UP);
	begin = ticks_begin();
	turns(fd, port, count);
	time = (double)(ticks_end() - begin) / count;
	MARK(MARK_ROW);
	printf("row|to another domain, and back|turn|%.1f|%.1f|%u\n", time, time, count);
	return 0;
}
