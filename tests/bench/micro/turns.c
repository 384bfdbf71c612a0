// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * turns server PORT | turns client ADDRESS PORT COUNT: over one TCP connection at a time, the client sends a
 * byte and the server sends it back. The client prints a row as the micro-benchmark does; its unit is one
 * request and answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "micro.h"

#define WARM_UP 20

void die(const char *what)
{
	fprintf(stderr, "turns: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int tcp_socket(void)
{
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		die("socket");
	return fd;
}

static void serve(const char *port)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	int listener = tcp_socket();

	if (bind(listener, (struct sockaddr *)&here, sizeof(here)) < 0 || listen(listener, 4) < 0)
		die(port);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		char byte;

		if (fd < 0)
			die("accept");
		while (read(fd, &byte, 1) == 1 && write(fd, &byte, 1) == 1)
			;
		close(fd);
	}
}

static void turns(int fd, unsigned int count)
{
	char byte = 1;

	while (count--)
		if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
			die("the server");
}

static void ask(const char *address, const char *port, unsigned int count)
{
	struct sockaddr_in there = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	int fd = tcp_socket();
	uint64_t begin;
	double time;

	if (inet_pton(AF_INET, address, &there.sin_addr) != 1 ||
	    connect(fd, (struct sockaddr *)&there, sizeof(there)) < 0)
		die(address);
	turns(fd, WARM_UP);
	begin = ticks_begin();
	turns(fd, count);
	time = (double)(ticks_end() - begin) / count;
	MARK(MARK_ROW);
	printf("row|TCP request and answer|turn|%.1f|%.1f|%u\n", time, time, count);
}

int main(int argc, char **argv)
{
	unsigned int count = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;

	if (argc == 3 && strcmp(argv[1], "server") == 0) {
		serve(argv[2]);
	} else if (count && strcmp(argv[1], "client") == 0) {
		ask(argv[2], argv[3], count);
	} else {
		fprintf(stderr, "usage: turns server PORT | turns client ADDRESS PORT COUNT\n");
		return 2;
	}
	return 0;
}
