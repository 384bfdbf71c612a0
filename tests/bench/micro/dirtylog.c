// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dirtylog tenon|xen DOMAIN FRAMES MS: in dom0, has the hypervisor log which of the domain's first FRAMES frames are
 * written, and reads and clears the log every MS milliseconds, until SIGTERM. Says "dirtylog: on" on standard output
 * when it is, and at the end "dirtylog: READS PAGES", how often it was read and how many written pages that found.
 * Tenon is asked by its library, Xen by the hypercall alone, without what its own library costs.
 */
#include <errno.h>
#include <fcntl.h>
#include <hypercall/hypercall.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Of the kernel's <xen/privcmd.h>, which wants headers that it does not come with. */
struct privcmd_hypercall {
	uint64_t op, arg[5];
};
#define PRIVCMD_HYPERCALL	_IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))

/* Of Xen 4.17's public headers. */
#define HYPERVISOR_DOMCTL	36
#define DOMCTL_VERSION		0x15
#define DOMCTL_SHADOW_OP	10
#define SHADOW_OFF		0
#define SHADOW_LOG_DIRTY	2
#define SHADOW_CLEAN		11

/* Its domctl, with what it holds for a shadow operation; in memory that stays where it is, as the bitmap does. */
struct shadow_call {
	uint32_t command, version;
	uint16_t domain, pad[3];
	uint32_t operation, mode, megabytes, padding;
	uint64_t bitmap, pages;
	uint32_t faults, dirty;
	uint8_t rest[128 - 40];
};

static volatile sig_atomic_t stopped;
static uint16_t domain;
static uint64_t frames;
static uint64_t *bitmap;
static struct hc_handle *tenon;
static struct shadow_call *call;	/* Xen's */
static int privcmd;

static void die(const char *what, int error)
{
	fprintf(stderr, "dirtylog: %s: %s\n", what, strerror(error));
	exit(1);
}

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

static void *safe_memory(size_t size)
{
	int fd = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
	void *memory = fd < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		die("/dev/xen/hypercall", errno);
	close(fd);
	memset(memory, 0, size);
	return memory;
}

static void xen_operation(uint32_t operation)
{
	struct privcmd_hypercall hypercall = { .op = HYPERVISOR_DOMCTL, .arg = { (uintptr_t)call } };

	*call = (struct shadow_call){
		.command = DOMCTL_SHADOW_OP, .version = DOMCTL_VERSION, .domain = domain, .operation = operation,
		.bitmap = operation == SHADOW_CLEAN ? (uintptr_t)bitmap : 0, .pages = frames,
	};
	if (ioctl(privcmd, PRIVCMD_HYPERCALL, &hypercall) < 0)
		die("XEN_DOMCTL_shadow_op", errno);
}

static void xen_begin(void)
{
	privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
	if (privcmd < 0)
		die("/dev/xen/privcmd", errno);
	call = safe_memory(sizeof(*call));
	bitmap = safe_memory((frames + 7) / 8);
	xen_operation(SHADOW_LOG_DIRTY);
}

static uint64_t xen_read(void)
{
	uint64_t found = 0;

	xen_operation(SHADOW_CLEAN);
	for (uint64_t i = 0; i < (frames + 63) / 64; i++)
		found += (uint64_t)__builtin_popcountll(bitmap[i]);
	return found;
}

static void xen_end(void)
{
	xen_operation(SHADOW_OFF);
}

static void tenon_begin(void)
{
	int rc = hc_open(&tenon);

	bitmap = calloc((frames + 63) / 64, sizeof(*bitmap));
	if (!rc)
		rc = bitmap ? hc_dirty_log_enable(tenon, domain, frames) : -ENOMEM;
	if (rc)
		die("hc_dirty_log_enable", -rc);
}

static uint64_t tenon_read(void)
{
	int64_t found = hc_dirty_log_read(tenon, domain, 0, frames, bitmap, true);

	if (found < 0)
		die("hc_dirty_log_read", (int)-found);
	return (uint64_t)found;
}

static void tenon_end(void)
{
	int rc = hc_dirty_log_disable(tenon, domain);

	if (rc)
		die("hc_dirty_log_disable", -rc);
}

/* Reads in time with the clock, however long each takes. */
static void read_all(uint64_t (*read_log)(void), long ms)
{
	unsigned long long reads = 0, pages = 0;
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	for (;;) {
		next.tv_nsec += ms * 1000000;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		while (!stopped && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL) == EINTR)
			;
		if (stopped)
			break;
		pages += read_log();
		reads++;
	}
	printf("dirtylog: %llu %llu\n", reads, pages);
}

int main(int argc, char **argv)
{
	bool xen = argc == 5 && !strcmp(argv[1], "xen");
	long ms = argc == 5 ? strtol(argv[4], NULL, 10) : 0;

	if (ms <= 0 || (!xen && strcmp(argv[1], "tenon") != 0)) {
		fprintf(stderr, "usage: dirtylog tenon|xen DOMAIN FRAMES MS\n");
		return 2;
	}
	domain = (uint16_t)strtoul(argv[2], NULL, 10);
	frames = strtoul(argv[3], NULL, 10);
	signal(SIGTERM, on_signal);
	if (xen)
		xen_begin();
	else
		tenon_begin();
	puts("dirtylog: on");
	fflush(stdout);
	read_all(xen ? xen_read : tenon_read, ms);
	if (xen)
		xen_end();
	else
		tenon_end();
	return 0;
}
