/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two consoles. */
#include "print.h"

#include <hypercall/console.h>
#include <hypercall/event.h>
#include <hypercall/start.h>

#include "guest.h"
#include "page.h"

static void write_ring(const char *text, size_t len)
{
	struct hc_console_interface *ring = mfn_to_ptr(start_info->console.domU.mfn);
	struct hc_evtchn_send send = { .port = start_info->console.domU.evtchn };

	while (len) {
		int n = hc_console_guest_write(ring, text, len);

		if (n < 0)
			return;
		hc_event_channel_op(HC_EVTCHNOP_SEND, &send);
		text += n;
		len -= n;
		if (len)
			hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	}
}

void print_va(const char *fmt, va_list args)
{
	char line[256];
	size_t len = format_va(line, sizeof(line), fmt, args);

	if (len >= sizeof(line))
		len = sizeof(line) - 1;
	if (start_info->flags & HC_SIF_INITDOMAIN)
		hc_console_io(HC_CONSOLEIO_WRITE, len, line);
	else
		write_ring(line, len);
}

void print(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print_va(fmt, args);
	va_end(args);
}
