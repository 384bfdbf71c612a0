/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs attached to consoles, by a unix socket for root only:
 *
 *   client: "attach NAME\n" or "attach NAME ro\n"; NAME may be a domain's number
 *   server: "ok\n", or "error TEXT\n" and the end
 *   both:   bytes, first those of the backlog
 *
 * When the guest ends, the stream says so and ends too.  A reader that does not
 * keep up misses bytes, which the stream says as well; it stops nobody else.
 */
#ifndef CONSOLED_ATTACH_H
#define CONSOLED_ATTACH_H

#include <systemd/sd-event.h>

#include <list.h>
#include <queue.h>

#include "console.h"

struct attachment {
	struct list link;		/* in console.attachments, or alone */
	struct console_world *world;
	struct console *console;	/* NULL: not yet named, or the guest has ended */
	sd_event_source *source;
	int fd;
	bool read_only;
	bool ending;			/* closed when all has been sent */
	bool stalled;			/* not read from: the guest has no room for more */
	uint64_t skipped;		/* bytes it missed since the last it got */
	size_t line_len;
	char line[LOGFILE_NAME_MAX + 32];	/* the request, as far as it came */
	struct queue out;
};

/* Takes over a connected, non-blocking socket.  On error it is closed. */
int attachment_accept(struct console_world *world, int fd);

/* The guest wrote something. */
void attachment_show(struct attachment *attachment, const char *data, size_t len);

/* The guest has room for input again. */
void attachment_resume(struct attachment *attachment);

/* The guest ended. */
void attachment_end(struct attachment *attachment);

#endif
