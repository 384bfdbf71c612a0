/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program of a guest that has one page in swap and one in memory: at 256 MiB, and behind it. It needs no library, so
 * that it is small enough to be typed into the guest.
 */
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define PAGE	4096
#define AT	0x10000000L

static long call(long nr, long a, long b, long c, long d)
{
	register long flags __asm__("r10") = d, fd __asm__("r8") = -1, offset __asm__("r9") = 0;
	long result;

	__asm__ volatile("syscall" : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(flags), "r"(fd), "r"(offset)
			 : "rcx", "r11", "memory");
	return result;
}

void _start(void)
{
	volatile char *pages = (char *)call(SYS_mmap, AT, 2 * PAGE, PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);

	pages[0] = 1;
	pages[PAGE] = 1;
	call(SYS_madvise, AT, PAGE, MADV_PAGEOUT, 0);
	for (;;)
		call(SYS_pause, 0, 0, 0, 0);
}
