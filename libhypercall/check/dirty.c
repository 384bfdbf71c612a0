/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does the log of written frames miss anything? Like the sender of a live
 * migration it copies a running domain's memory, copies again what the log
 * reports, pauses the domain, copies once more what is reported, and then compares
 * its copy with all of the memory. usage: dirty DOMID [TIMES [ROUNDS]]
 * Prints one line each time, with the counts; exits with 1 at the first difference.
 *
 * dirty DOMID watch MILLISECONDS COUNT only clears the log so often, to see what
 * that costs the domain.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hypercall/hypercall.h>

#define BATCH 1024

static struct hc_handle *handle;
static uint16_t domid;
static uint64_t size;			/* guest frame numbers */
static char *copy;			/* the memory as we believe it to be */
static uint64_t *dirty, *differs;	/* a bit each: in the log; other than copied */
static uint64_t *numbers;		/* machine frame of each guest frame, 0: none */

static void fail(const char *what, int64_t code)
{
	fprintf(stderr, "dirty: %s: %s\n", what, strerror((int)-code));
	exit(2);
}

static void check(const char *what, int64_t code)
{
	if (code < 0)
		fail(what, code);
}

/* Which machine frame each guest frame is now. */
static void map_frames(void)
{
	uint64_t frames[BATCH], info[BATCH], start = 0;

	memset(numbers, 0, size * sizeof(*numbers));
	do {
		int count = hc_domain_frames(handle, domid, frames, BATCH, &start);

		check("list of frames", count);
		check("frame information", hc_domain_frame_info(handle, domid, frames, (size_t)count, info));
		for (int i = 0; i < count; i++)
			if (!(info[i] & (HC_FRAME_ALIEN | HC_FRAME_SHARED)) && (info[i] & HC_FRAME_GFN) < size)
				numbers[info[i] & HC_FRAME_GFN] = frames[i];
	} while (start);
}

/* Reads frames; those that differ from the copy get a bit in differ, or are copied if that is NULL. */
static void read_batch(const uint64_t *gfns, const uint64_t *frames, size_t count, uint64_t *differ)
{
	static char data[BATCH][HC_PAGE_SIZE];

	check("copying", hc_domain_copy_from(handle, domid, frames, count, data));
	for (size_t i = 0; i < count; i++) {
		char *ours = copy + gfns[i] * HC_PAGE_SIZE;

		if (!differ)
			memcpy(ours, data[i], HC_PAGE_SIZE);
		else if (memcmp(ours, data[i], HC_PAGE_SIZE))
			differ[gfns[i] / 64] |= 1ULL << gfns[i] % 64;
	}
}

/* The same for all frames, or those whose bit is set in wanted. */
static void read_frames(const uint64_t *wanted, uint64_t *differ)
{
	uint64_t gfns[BATCH], frames[BATCH];
	size_t count = 0;

	for (uint64_t gfn = 0; gfn < size; gfn++) {
		if (!numbers[gfn] || (wanted && !(wanted[gfn / 64] >> gfn % 64 & 1)))
			continue;
		gfns[count] = gfn;
		frames[count++] = numbers[gfn];
		if (count == BATCH) {
			read_batch(gfns, frames, count, differ);
			count = 0;
		}
	}
	if (count)
		read_batch(gfns, frames, count, differ);
}

static int64_t clear_log(uint64_t *bits)
{
	int64_t count = hc_dirty_log_read(handle, domid, 0, size, bits, 1);

	check("reading the log", count);
	return count;
}

/* Frames that differ, though nothing is reported since they were copied. */
static unsigned int compare(void)
{
	unsigned int different = 0;

	memset(differs, 0, size / 8);
	read_frames(NULL, differs);
	/* Back ends write on while the domain is paused. */
	clear_log(dirty);
	for (uint64_t gfn = 0; gfn < size; gfn++)
		if ((differs[gfn / 64] & ~dirty[gfn / 64]) >> gfn % 64 & 1 && different++ < 8)
			fprintf(stderr, "dirty: frame %" PRIu64 " was written unseen\n", gfn);
	return different;
}

static void print_statistics(void)
{
	struct hc_control_dirty_log log;

	check("statistics", hc_dirty_log_statistics(handle, domid, &log));
	printf("%" PRIu64 " faults, %" PRIu64 " of %" PRIu64 " tables, %" PRIu64 " rebuilds, ", log.faults,
	       log.tables, log.max_tables, log.rebuilds);
}

static unsigned int once(unsigned int rounds)
{
	struct timespec pause = { .tv_nsec = 100000000 };
	unsigned int different;
	int64_t reported = 0;

	check("enabling the log", hc_dirty_log_enable(handle, domid, size));
	map_frames();
	read_frames(NULL, NULL);
	for (unsigned int i = 0; i < rounds; i++) {
		nanosleep(&pause, NULL);
		reported += clear_log(dirty);
		read_frames(dirty, NULL);
	}
	check("pausing", hc_domain_pause(handle, domid));
	reported += clear_log(dirty);
	map_frames();
	read_frames(dirty, NULL);
	different = compare();
	print_statistics();
	check("disabling the log", hc_dirty_log_disable(handle, domid));
	check("unpausing", hc_domain_unpause(handle, domid));
	printf("%" PRId64 " frames reported, %u differences\n", reported, different);
	fflush(stdout);
	return different;
}

static void watch(unsigned int milliseconds, unsigned int count)
{
	struct timespec pause = { milliseconds / 1000, milliseconds % 1000 * 1000000L };
	int64_t reported = 0;

	check("enabling the log", hc_dirty_log_enable(handle, domid, size));
	while (count--) {
		nanosleep(&pause, NULL);
		reported += clear_log(dirty);
	}
	print_statistics();
	printf("%" PRId64 " frames reported\n", reported);
	check("disabling the log", hc_dirty_log_disable(handle, domid));
}

int main(int argc, char **argv)
{
	unsigned int times = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 1;
	unsigned int rounds = argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 10) : 3;
	struct hc_control_info info;

	if (argc < 2) {
		fprintf(stderr, "usage: dirty DOMID [TIMES [ROUNDS]], or dirty DOMID watch MILLISECONDS COUNT\n");
		return 2;
	}
	domid = (uint16_t)strtoul(argv[1], NULL, 10);
	check("opening the hypervisor's interface", hc_open(&handle));
	check("the domain", hc_domain_info(handle, domid, &info));
	size = (info.max_frames + 63) / 64 * 64;
	dirty = calloc(size / 64, sizeof(*dirty));
	if (!dirty)
		fail("memory for the log", -ENOMEM);
	if (argc > 4 && !strcmp(argv[2], "watch")) {
		watch((unsigned int)strtoul(argv[3], NULL, 10), (unsigned int)strtoul(argv[4], NULL, 10));
		return 0;
	}
	copy = calloc(size, HC_PAGE_SIZE);
	numbers = calloc(size, sizeof(*numbers));
	differs = calloc(size / 64, sizeof(*differs));
	if (!copy || !numbers || !differs)
		fail("memory for the copy", -ENOMEM);
	while (times--)
		if (once(rounds))
			return 1;
	hc_close(handle);
	return 0;
}
