// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Work for a guest that is moved, each kind of which notices what is lost:
 *
 * load dirty MIB RATE      changes RATE pages a second, or as many as it can (0), and looks whether each holds what it
 *                          was left with
 * load disk FILE MIB       writes blocks that know their place, each time other ones, past the cache, and reads them back
 * load serve PORT US       sends a stream of known bytes to each client: a piece every US microseconds, or as
 *                          fast as it can (0)
 * load watch ADDRESS PORT  is such a client: looks at each byte, and how long it waits for the next
 *
 * Each runs until SIGTERM and then prints a line "load KIND AMOUNT UNIT"; watch adds its longest wait in microseconds. With
 * SIGUSR1 watch prints that line, and begins anew. When something is lost, it says so and ends with 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define BLOCK 65536UL
#define PIECE 1024UL
#define BUFFER 65536UL
#define TICK_US 10000	/* how often a dirtier with a rate wakes */

static volatile sig_atomic_t stopped, asked;

static void on_signal(int number)
{
	if (number == SIGTERM)
		stopped = 1;
	else
		asked = 1;
}

__attribute__((format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("load: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(1);
}

static uint64_t now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static void sleep_us(unsigned long us)
{
	struct timespec time = { .tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000 * 1000) };

	nanosleep(&time, NULL);
}

/* A word that is seldom right by chance: 64 bits out of a place and a number (splitmix64's last steps). */
static uint64_t word(uint64_t place, uint64_t number)
{
	uint64_t x = place * 0x9e3779b97f4a7c15 + number;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* Its first and its last word; the number is how often it has been changed. */
static void change_page(uint64_t *page, uint64_t place, uint64_t number)
{
	size_t last = PAGE / sizeof(*page) - 1;

	if (number && (page[0] != word(place, number - 1) || page[last] != ~word(place, number - 1)))
		die("page %llu has lost its change %llu", (unsigned long long)place, (unsigned long long)number - 1);
	page[0] = word(place, number);
	page[last] = ~word(place, number);
}

static void dirty(const char *mib, const char *rate)
{
	uint64_t pages = strtoull(mib, NULL, 10) * 256, count = 0, batch = strtoull(rate, NULL, 10) * TICK_US / 1000000;
	char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || !pages)
		die("%s MiB of memory: %s", mib, strerror(errno));
	for (; !stopped; count++) {
		uint64_t place = count % pages;

		change_page((uint64_t *)(memory + place * PAGE), place, count / pages);
		/* All of it once at first, so that its size does not grow meanwhile. */
		if (batch && count > pages && count % batch == 0)
			sleep_us(TICK_US);
	}
	printf("load dirty %llu pages\n", (unsigned long long)count);
}

static void fill_block(uint64_t *block, uint64_t place, uint64_t number)
{
	for (size_t i = 0; i < BLOCK / sizeof(*block); i++)
		block[i] = word(place * BLOCK + i, number);
}

static void disk(const char *path, const char *mib)
{
	uint64_t blocks = strtoull(mib, NULL, 10) * ((1 << 20) / BLOCK), count = 0;
	int fd = open(path, O_RDWR | O_CREAT | O_DIRECT, 0600);
	uint64_t *out = aligned_alloc(PAGE, BLOCK), *in = aligned_alloc(PAGE, BLOCK);

	if (fd < 0 || !out || !in || !blocks)
		die("%s: %s", path, strerror(errno));
	for (; !stopped; count++) {
		/* What the pass before this one wrote there, and what this one does. */
		uint64_t place = count % blocks, pass = count / blocks;
		off_t at = (off_t)(place * BLOCK);

		if (pass) {
			fill_block(out, place, pass - 1);
			if (pread(fd, in, BLOCK, at) != (ssize_t)BLOCK || memcmp(in, out, BLOCK))
				die("%s: block %llu has lost its write %llu", path, (unsigned long long)place,
				    (unsigned long long)pass - 1);
		}
		fill_block(out, place, pass);
		if (pwrite(fd, out, BLOCK, at) != (ssize_t)BLOCK)
			die("%s: %s", path, strerror(errno));
	}
	printf("load disk %llu blocks\n", (unsigned long long)count);
}

static int tcp_socket(void)
{
	int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		die("socket: %s", strerror(errno));
	return fd;
}

/* The stream's bytes from an offset on that is a multiple of 8. */
static void fill_stream(uint64_t *buffer, uint64_t offset, size_t size)
{
	for (size_t i = 0; i < size / 8; i++)
		buffer[i] = word(offset / 8 + i, 0);
}

static void send_stream(int fd, unsigned long us)
{
	static uint64_t buffer[BUFFER / 8];
	size_t size = us ? PIECE : BUFFER;

	for (uint64_t offset = 0; !stopped; offset += size) {
		fill_stream(buffer, offset, size);
		for (size_t done = 0; done < size;) {
			ssize_t sent = send(fd, (char *)buffer + done, size - done, MSG_NOSIGNAL);

			if (sent <= 0)
				return;
			done += (size_t)sent;
		}
		if (us)
			sleep_us(us);
	}
}

static void serve(const char *port, const char *us)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	int listener = tcp_socket();

	signal(SIGTERM, SIG_DFL);
	if (bind(listener, (struct sockaddr *)&here, sizeof(here)) < 0 || listen(listener, 4) < 0)
		die("port %s: %s", port, strerror(errno));
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			die("accept: %s", strerror(errno));
		send_stream(fd, strtoul(us, NULL, 10));
		close(fd);
	}
}

struct watched {
	uint64_t offset, bytes, last_us, longest_us;
};

static void print_watched(struct watched *watched)
{
	printf("load watch %llu bytes %llu\n", (unsigned long long)watched->bytes,
	       (unsigned long long)watched->longest_us);
	fflush(stdout);
	watched->bytes = watched->longest_us = 0;
	asked = 0;
}

static void look_at(struct watched *watched, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		uint64_t at = watched->offset + i, expected = word(at / 8, 0);

		if (bytes[i] != (uint8_t)(expected >> at % 8 * 8))
			die("byte %llu of the stream is wrong", (unsigned long long)at);
	}
	watched->offset += size;
	watched->bytes += size;
}

/* A wait that has not ended yet counts too. */
static void note_wait(struct watched *watched, bool ended)
{
	uint64_t now = now_us();

	if (now - watched->last_us > watched->longest_us)
		watched->longest_us = now - watched->last_us;
	if (ended)
		watched->last_us = now;
}

static void watch(const char *address, const char *port)
{
	struct sockaddr_in there = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	static uint8_t buffer[BUFFER];
	struct watched watched = { 0 };
	int fd = tcp_socket();

	if (!inet_aton(address, &there.sin_addr) || connect(fd, (struct sockaddr *)&there, sizeof(there)) < 0)
		die("%s: %s", address, strerror(errno));
	watched.last_us = now_us();
	while (!stopped) {
		ssize_t size = recv(fd, buffer, sizeof(buffer), 0);

		if (size == 0 || (size < 0 && errno != EINTR))
			die("the stream has ended: %s", size ? strerror(errno) : "closed");
		note_wait(&watched, size > 0);
		if (size > 0)
			look_at(&watched, buffer, (size_t)size);
		if (asked)
			print_watched(&watched);
	}
	print_watched(&watched);
}

int main(int argc, char *argv[])
{
	static const struct kind {
		const char *name;
		void (*run)(const char *, const char *);
	} kinds[] = { { "dirty", dirty }, { "disk", disk }, { "serve", serve }, { "watch", watch } };
	/* Without SA_RESTART: who waits shall notice. */
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	for (size_t i = 0; argc == 4 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argv[1], kinds[i].name))
			continue;
		kinds[i].run(argv[2], argv[3]);
		return 0;
	}
	fputs("usage: load dirty MIB RATE | disk FILE MIB | serve PORT US | watch ADDRESS PORT\n", stderr);
	return 2;
}
