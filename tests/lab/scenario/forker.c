/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program of a guest that forks 256 times, where parent and child write their stack and a page of data; or, with
 * an argument, has 512 bytes sent there and back between two processes. It needs no library, so that it is small
 * enough to be typed into the guest, and does the same each time.
 */
#include <stddef.h>
#include <sys/syscall.h>

#define FORKS	256
#define TURNS	512

static volatile int data[1024];

static long call(long nr, long a, long b, long c)
{
	register long d __asm__("r10") = 0;
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(d) : "rcx", "r11", "memory");
	return result;
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

__attribute__((used)) static void run(long words)
{
	call(SYS_exit, words > 1 ? turns() : forks(), 0, 0);
}

__asm__(".globl _start\n_start:\n\tmov (%rsp), %rdi\n\tcall run\n");
