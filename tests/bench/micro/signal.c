// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of signals and of the exceptions that cause them. */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "micro.h"

static void ignore(int number)
{
	(void)number;
}

static uint64_t run_signal(unsigned int count)
{
	struct sigaction action = { .sa_handler = ignore };
	pid_t self = getpid();
	uint64_t begin;

	if (sigaction(SIGUSR1, &action, NULL) < 0)
		die("sigaction");
	begin = ticks_begin();
	while (count--)
		kill(self, SIGUSR1);
	return ticks_end() - begin;
}

/* The faulting instructions below are as long as this. */
#define FAULT_LENGTH 2

static void step_over(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)number;
	(void)info;
	user->uc_mcontext.gregs[REG_RIP] += FAULT_LENGTH;
}

static void catch(int number)
{
	struct sigaction action = { .sa_sigaction = step_over, .sa_flags = SA_SIGINFO };

	if (sigaction(number, &action, NULL) < 0)
		die("sigaction");
}

static uint64_t run_segv(unsigned int count)
{
	char *nothing = map_pages(1, PROT_NONE);
	uint64_t begin;

	catch(SIGSEGV);
	begin = ticks_begin();
	while (count--)
		__asm__ volatile("mov (%0), %%al" : : "b"(nothing) : "rax", "memory");
	begin = ticks_end() - begin;
	signal(SIGSEGV, SIG_DFL);
	unmap_pages(nothing, 1);
	return begin;
}

static uint64_t run_undefined(unsigned int count)
{
	uint64_t begin;

	catch(SIGILL);
	begin = ticks_begin();
	while (count--)
		__asm__ volatile("ud2" ::: "memory");
	begin = ticks_end() - begin;
	signal(SIGILL, SIG_DFL);
	return begin;
}

const struct row signal_rows[] = {
	{ "signal to self", "signal", 300, 15, run_signal },
	{ "SIGSEGV to handler", "fault", 300, 15, run_segv },
	{ "SIGILL to handler", "fault", 300, 15, run_undefined },
	{ 0 },
};
