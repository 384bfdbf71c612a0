// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of page faults, mappings and their protection. */
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "micro.h"

/* Writes to (or reads) one byte of each page. */
static void touch(volatile char *memory, unsigned int pages, bool write)
{
	unsigned int i;

	if (write)
		for (i = 0; i < pages; i++)
			memory[i * PAGE] = 1;
	else
		for (i = 0; i < pages; i++)
			memory[i * PAGE];
}

static uint64_t time_touch(volatile char *memory, unsigned int pages, bool write)
{
	uint64_t begin = ticks_begin();

	touch(memory, pages, write);
	return ticks_end() - begin;
}

static uint64_t run_anonymous(unsigned int count)
{
	char *memory = map_pages(count, PROT_READ | PROT_WRITE);
	uint64_t time = time_touch(memory, count, true);

	unmap_pages(memory, count);
	return time;
}

/* A file in memory with count pages, all there. */
static int make_file(unsigned int count)
{
	int file = memfd_create("micro", 0);
	char page[PAGE];

	if (file < 0)
		die("memfd_create");
	memset(page, 1, sizeof(page));
	while (count--)
		if (write(file, page, sizeof(page)) != sizeof(page))
			die("write");
	return file;
}

static char *map_file(unsigned int count, int flags)
{
	int file = make_file(count);
	char *memory = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, flags, file, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	close(file);
	return memory;
}

static uint64_t run_copy_on_write(unsigned int count)
{
	char *memory = map_file(count, MAP_PRIVATE);
	uint64_t time;

	touch(memory, count, false);
	time = time_touch(memory, count, true);
	unmap_pages(memory, count);
	return time;
}

/* The kernel maps sixteen pages of a file at each fault, which makes this row cheap on all sides. */
static uint64_t run_file_read(unsigned int count)
{
	char *memory = map_file(count, MAP_SHARED);
	uint64_t time = time_touch(memory, count, false);

	unmap_pages(memory, count);
	return time;
}

static uint64_t run_file_written(unsigned int count)
{
	char *memory = map_file(count, MAP_SHARED);
	uint64_t time = time_touch(memory, count, true);

	unmap_pages(memory, count);
	return time;
}

#define MAP_MIB 16
#define MAP_PAGES (MAP_MIB * 256)

static uint64_t run_map_touched(unsigned int count)
{
	uint64_t begin = ticks_begin();

	while (count--) {
		char *memory = map_pages(MAP_PAGES, PROT_READ | PROT_WRITE);

		touch(memory, MAP_PAGES, true);
		unmap_pages(memory, MAP_PAGES);
	}
	return ticks_end() - begin;
}

static uint64_t run_map_untouched(unsigned int count)
{
	uint64_t begin = ticks_begin();

	while (count--)
		unmap_pages(map_pages(MAP_PAGES, PROT_READ | PROT_WRITE), MAP_PAGES);
	return ticks_end() - begin;
}

static uint64_t protect(unsigned int count, unsigned int pages)
{
	char *memory = map_pages(pages, PROT_READ | PROT_WRITE);
	uint64_t begin;

	touch(memory, pages, true);
	begin = ticks_begin();
	while (count--)
		if (mprotect(memory, pages * PAGE, PROT_READ) < 0 ||
		    mprotect(memory, pages * PAGE, PROT_READ | PROT_WRITE) < 0)
			die("mprotect");
	begin = ticks_end() - begin;
	unmap_pages(memory, pages);
	return begin;
}

static uint64_t run_protect_1(unsigned int count)
{
	return protect(count, 1);
}

static uint64_t run_protect_256(unsigned int count)
{
	return protect(count, 256);
}

const struct row memory_rows[] = {
	{ "page fault, anonymous", "fault", 1024, 9, run_anonymous },
	{ "page fault, copy-on-write", "fault", 1024, 9, run_copy_on_write },
	{ "page fault, file, 16 mapped around", "page", 1024, 9, run_file_read },
	{ "page fault, file, written", "fault", 1024, 9, run_file_written },
	{ "mmap 16 MiB, touched, unmapped", "time", 1, 7, run_map_touched },
	{ "mmap 16 MiB, untouched, unmapped", "time", 50, 9, run_map_untouched },
	{ "mprotect there and back, 1 page", "time", 100, 9, run_protect_1 },
	{ "mprotect there and back, 256 pages", "time", 8, 9, run_protect_256 },
	{ 0 },
};
