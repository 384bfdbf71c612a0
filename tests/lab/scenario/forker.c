/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program of a guest that forks 256 times, where parent and child write their stack and a page of data. With
 * "turns" it has 512 bytes sent there and back between two processes, with "file" it has a file of 256 pages mapped
 * and faulted in 64 times, and with "maps" it forks with 513 mappings. It needs no library, so that it is small
 * enough to be typed into the guest, and does the same each time.
 */
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define FORKS	256
#define TURNS	512
#define ROUNDS	64
#define PAGE	4096
#define PAGES	256			/* of /tmp/pages */
#define MANY	512			/* pages of one table */
#define PLACE	0x20000000UL		/* begins a table */

static volatile int data[1024];

static long call(long nr, long a, long b, long c)
{
	register long d __asm__("r10") = 0;
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(d) : "rcx", "r11", "memory");
	return result;
}

/* At PLACE; of a file, or anonymous memory with -1. False: not to be had. */
static int map(size_t bytes, int protection, int fd)
{
	register long flags __asm__("r10") = MAP_FIXED | MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0);
	register long file __asm__("r8") = fd;
	register long offset __asm__("r9") = 0;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_mmap), "D"(PLACE), "S"(bytes), "d"(protection), "r"(flags), "r"(file), "r"(offset)
			 : "rcx", "r11", "memory");
	return result == (long)PLACE;
}

static int forks(void)
{
	volatile int stack[64];
	int status, failed = 0;
	long pid;

	for (int i = 0; i < FORKS; i++) {
		stack[0] = data[0] = i;
		pid = call(SYS_fork, 0, 0, 0);
		stack[1] = data[1] = pid ? i + 1 : -1;
		/* Either side sees what it has written, and not the other's. */
		if (pid == 0)
			call(SYS_exit, stack[0] != i || data[0] != i, 0, 0);
		if (call(SYS_wait4, pid, (long)&status, 0) != pid || status || stack[1] != i + 1 || data[1] != i + 1)
			failed = 1;
	}
	return failed;
}

static int turns(void)
{
	int there[2], back[2], failed = 0;
	char byte = 0;

	if (call(SYS_pipe, (long)there, 0, 0) || call(SYS_pipe, (long)back, 0, 0))
		return 1;
	if (call(SYS_fork, 0, 0, 0) == 0) {
		call(SYS_close, there[1], 0, 0);
		while (call(SYS_read, there[0], (long)&byte, 1) == 1)
			call(SYS_write, back[1], (long)&byte, 1);
		return 0;
	}
	for (int i = 0; i < TURNS; i++)
		failed |= call(SYS_write, there[1], (long)&byte, 1) != 1 || call(SYS_read, back[0], (long)&byte, 1) != 1;
	call(SYS_close, there[1], 0, 0);
	call(SYS_wait4, -1, 0, 0);
	return failed;
}

/* Page i of /tmp/pages begins with the character i % 16. Linux maps 16 pages around a fault. */
static int file(void)
{
	long fd = call(SYS_open, (long)"/tmp/pages", O_RDONLY, 0);
	int failed = 0;

	if (!map(PAGES * PAGE, PROT_READ, fd))
		return 1;
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < PAGES; i++)
			failed |= *(volatile char *)(PLACE + i * PAGE) != i % 16;
		failed |= call(SYS_madvise, PLACE, PAGES * PAGE, MADV_DONTNEED) != 0;
	}
	return failed;
}

/* Every second page can only be read: each is a mapping of its own, and all are in one table. */
static int maps(void)
{
	volatile int *page = (int *)PLACE;
	const int step = PAGE / sizeof(*page);
	int status, failed = 0;
	long pid;

	if (!map(MANY * PAGE, PROT_READ | PROT_WRITE, -1))
		return 1;
	for (int i = 0; i < MANY; i++)
		page[i * step] = i;
	for (int i = 0; i < MANY; i += 2)
		failed |= call(SYS_mprotect, PLACE + i * PAGE, PAGE, PROT_READ) != 0;
	for (int round = 0; round < 8; round++) {
		pid = call(SYS_fork, 0, 0, 0);
		for (int i = 1; i < MANY; i += 2)
			page[i * step] = pid ? i + round : -i;
		for (int i = 0; i < MANY; i++)
			failed |= page[i * step] != (i % 2 == 0 ? i : pid ? i + round : -i);
		if (pid == 0)
			call(SYS_exit, failed, 0, 0);
		if (call(SYS_wait4, pid, (long)&status, 0) != pid || status)
			failed = 1;
	}
	return failed;
}

__attribute__((used)) static void run(const long *stack)
{
	const char *word = stack[0] > 1 ? (const char *)stack[2] : "";

	call(SYS_exit, *word == 't' ? turns() : *word == 'f' ? file() : *word == 'm' ? maps() : forks(), 0, 0);
}

__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tcall run\n");
