/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way from nothing to a disk, and what the kernel does there: three ticks, then it reads a sector
 * and writes what it has read into another. Its command line: disk=NAME read=SECTOR write=SECTOR.
 */
#include <hypercall/sched.h>
#include <hypercall/version.h>

#include "kernel.h"

#define TICKS	3

struct hc_start_info *start_info;

static bool never(void)
{
	return false;
}

static void tick(void)
{
	uint64_t start = system_time();

	for (unsigned int i = 1; i <= TICKS; i++) {
		uint32_t before = timer_count();

		wait_until(never, start + i * SECOND / 10);
		if (timer_count() == before)
			panic("the time is over, but the timer has not fired");
		print("tick %u after %lu ms", i, (system_time() - start) / 1000000);
	}
}

/* To value, a buffer of TEXT bytes, what is behind "KEY=" on the command line; else it stays as it is. */
static void option(const char *key, char *value)
{
	const char *line = (const char *)start_info->cmd_line;
	size_t length = strlen(key), n = 0;

	for (size_t i = 0; line[i]; i++) {
		if ((i && line[i - 1] != ' ') || memcmp(line + i, key, length))
			continue;
		for (i += length; line[i] && line[i] != ' ' && n + 1 < TEXT; i++)
			value[n++] = line[i];
		value[n] = '\0';
		return;
	}
}

static void use_disk(void)
{
	char name[TEXT] = "xvda", from[TEXT] = "0", to[TEXT] = "1", *page = page_alloc(), text[TEXT];
	static struct disk disk;
	size_t n = 0;

	option("disk=", name);
	option("read=", from);
	option("write=", to);
	disk_open(&disk, name);
	print("disk %s: %lu sectors%s", name, disk.sectors, disk.readonly ? ", read-only" : "");
	disk_read(&disk, number_of(from), page);
	while (n < 64 && page[n] >= ' ' && page[n] <= '~')
		n++;
	page[n] = '\0';
	print("sector %lu: %s", number_of(from), page);
	format(text, "porting has read: %s", page);
	memset(page, 0, HC_PAGE_SIZE);
	memcpy(page, text, strlen(text));
	disk_write(&disk, number_of(to), page);
	disk_flush(&disk);
	print("sector %lu written", number_of(to));
	disk_close(&disk);
}

void kernel_main(void)
{
	struct hc_sched_shutdown end = { .reason = HC_SHUTDOWN_POWEROFF };
	char release[HC_EXTRAVERSION_LEN] = "";
	long version;

	console_init();
	version = hypercall(HC_NR_XEN_VERSION, HC_VERSION_VERSION, 0, 0, 0);
	hypercall(HC_NR_XEN_VERSION, HC_VERSION_EXTRAVERSION, ADDRESS(release), 0, 0);
	print("porting: on %ld.%ld%s, with %lu pages", version >> 16, version & 0xffff, release,
	      start_info->nr_pages);
	memory_init();
	event_init();
	time_init();
	print("time: %lu s since 1970", wall_clock() / SECOND);
	tick();
	grant_init();
	store_init();
	use_disk();
	print("done");
	hypercall(HC_NR_SCHED_OP, HC_SCHEDOP_SHUTDOWN, ADDRESS(&end), 0, 0);
}
