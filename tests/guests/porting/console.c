/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Step 6, the console: a page with two rings of bytes, and an event channel. It works from the first
 * instruction on, since the builder has mapped the page.
 */
#include <hypercall/console.h>
#include <hypercall/sched.h>

#include "kernel.h"

static struct hc_console_interface *ring;

void console_init(void)
{
	ring = page_of(start_info->console.domU.mfn);
}

/*
 * hc_console_guest_write() copies what fits behind out_prod and then moves it, with a barrier between:
 * who sees the index sees the bytes. A full ring is emptied by another domain, which may need our
 * processor for that; and since this is also how panics are told, nothing here sleeps.
 */
static void write(const char *text, size_t length)
{
	while (length) {
		int n = hc_console_guest_write(ring, text, length);

		if (n == HC_RING_BROKEN)
			return;
		event_send(start_info->console.domU.evtchn);
		text += n;
		length -= n;
		if (length)
			hypercall(HC_NR_SCHED_OP, HC_SCHEDOP_YIELD, 0, 0, 0);
	}
}

static void print_va(const char *fmt, va_list args)
{
	char text[512];
	size_t length = format_va(text, sizeof(text), fmt, args);

	write(text, length < sizeof(text) ? length : sizeof(text) - 1);
	/* At the other end is a terminal in raw mode. */
	write("\r\n", 2);
}

void print(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_va(fmt, args);
	va_end(args);
}

void format(char *text, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (format_va(text, TEXT, fmt, args) >= TEXT)
		panic("too long a text: %s...", text);
	va_end(args);
}

uint64_t number_of(const char *text)
{
	uint64_t value = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + *text - '0';
	return value;
}

void panic(const char *fmt, ...)
{
	struct hc_sched_shutdown end = { .reason = HC_SHUTDOWN_CRASH };
	va_list args;

	write("panic: ", 7);
	va_start(args, fmt);
	print_va(fmt, args);
	va_end(args);
	for (;;)
		hypercall(HC_NR_SCHED_OP, HC_SCHEDOP_SHUTDOWN, ADDRESS(&end), 0, 0);
}
