/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs attached to consoles: see attach.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <log.h>

#include "attach.h"

#define OUT_MAX (256 * 1024)	/* bytes queued for a slow reader */
#define READ_SIZE 1024

static void attachment_free(struct attachment *attachment)
{
	list_remove(&attachment->link);
	sd_event_source_disable_unref(attachment->source);
	close(attachment->fd);
	queue_clear(&attachment->out);
	free(attachment);
}

/* Waits for what can be done next: reading if there is a use for it, writing what is queued. */
static void set_interest(struct attachment *attachment)
{
	uint32_t interest = attachment->ending || attachment->stalled ? 0 : EPOLLIN;

	if (attachment->out.len)
		interest |= EPOLLOUT;
	sd_event_source_set_io_events(attachment->source, interest);
}

/* Sends what is queued as far as the socket takes it.  False: it was freed. */
static bool flush(struct attachment *attachment)
{
	struct queue *out = &attachment->out;

	while (out->len) {
		ssize_t sent = send(attachment->fd, queue_data(out), out->len, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			break;
		if (sent < 0) {
			attachment_free(attachment);
			return false;
		}
		queue_drop(out, sent);
	}
	if (attachment->ending && !out->len) {
		attachment_free(attachment);
		return false;
	}
	set_interest(attachment);
	return true;
}

static void put(struct attachment *attachment, const char *data, size_t len)
{
	if (attachment->out.len + len > OUT_MAX || queue_put(&attachment->out, data, len))
		attachment->skipped += len;
}

static void __attribute__((format(printf, 2, 3)))
put_text(struct attachment *attachment, const char *format, ...)
{
	char text[512];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len >= (int)sizeof(text))
		len = sizeof(text) - 1;
	if (queue_put(&attachment->out, text, len))
		log_error("no memory for an answer to a reader");
}

void attachment_show(struct attachment *attachment, const char *data, size_t len)
{
	/* What was missed is told once there is room for what follows. */
	if (attachment->skipped && attachment->out.len < OUT_MAX / 2) {
		put_text(attachment, "\r\n[tenon: %" PRIu64 " bytes skipped]\r\n",
			 attachment->skipped);
		attachment->skipped = 0;
	}
	if (attachment->skipped)
		attachment->skipped += len;
	else
		put(attachment, data, len);
	flush(attachment);
}

void attachment_resume(struct attachment *attachment)
{
	attachment->stalled = false;
	set_interest(attachment);
}

void attachment_end(struct attachment *attachment)
{
	put_text(attachment, "\r\n[tenon: %s has ended]\r\n", attachment->console->log.name);
	list_remove(&attachment->link);
	attachment->console = NULL;
	attachment->ending = true;
	flush(attachment);
}

static void refuse(struct attachment *attachment, const char *text, const char *name)
{
	put_text(attachment, "error %s%s\n", text, name);
	attachment->ending = true;
	flush(attachment);
}

/* Carries out the request line.  The attachment may be gone afterwards. */
static void attach(struct attachment *attachment)
{
	char backlog[BACKLOG_SIZE];
	char *save, *verb = strtok_r(attachment->line, " ", &save);
	char *name = strtok_r(NULL, " ", &save);
	char *mode = strtok_r(NULL, " ", &save);
	struct console *console;

	if (!verb || strcmp(verb, "attach") || !name || (mode && strcmp(mode, "ro"))) {
		refuse(attachment, "expected: attach NAME [ro]", "");
		return;
	}
	console = console_find(attachment->world, name);
	if (!console) {
		refuse(attachment, "no running domain has a console by the name of ", name);
		return;
	}
	attachment->console = console;
	attachment->read_only = mode != NULL;
	list_append(&console->attachments, &attachment->link);
	put_text(attachment, "ok\n");
	put(attachment, backlog, backlog_copy(&console->backlog, backlog));
	flush(attachment);
}

/* Takes bytes of the request line.  The attachment may be gone afterwards. */
static void read_line(struct attachment *attachment, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n') {
			attachment->line[attachment->line_len] = '\0';
			attach(attachment);
			return;
		}
		if (attachment->line_len == sizeof(attachment->line) - 1 || data[i] == '\0') {
			refuse(attachment, "the request is no line of sensible length", "");
			return;
		}
		attachment->line[attachment->line_len++] = data[i];
	}
}

/* Takes what the client sent, but no more than there is a use for; the rest waits in the socket. */
static void take_input(struct attachment *attachment)
{
	char data[READ_SIZE], *newline;
	ssize_t got = recv(attachment->fd, data, sizeof(data), MSG_PEEK);
	size_t use;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		attachment_free(attachment);
		return;
	}
	use = got;
	if (!attachment->console) {
		newline = memchr(data, '\n', got);
		if (newline)
			use = newline + 1 - data;
	} else if (!attachment->read_only) {
		use = console_type(attachment->console, data, got);
	}
	/* Only looked at so far. */
	if (use && recv(attachment->fd, data, use, 0) < 0)
		return;
	if (!attachment->console) {
		read_line(attachment, data, use);
		return;
	}
	attachment->stalled = use < (size_t)got;
	set_interest(attachment);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct attachment *attachment = data;

	(void)source;
	(void)fd;
	if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) && !flush(attachment))
		return 0;
	if (attachment->ending || attachment->stalled) {
		/* Nobody is there to take the rest, or to wait for room. */
		if (events & (EPOLLHUP | EPOLLERR))
			attachment_free(attachment);
		return 0;
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		take_input(attachment);
	return 0;
}

int attachment_accept(struct console_world *world, int fd)
{
	struct attachment *attachment = calloc(1, sizeof(*attachment));
	int rc;

	if (!attachment) {
		close(fd);
		return -ENOMEM;
	}
	attachment->fd = fd;
	attachment->world = world;
	list_init(&attachment->link);
	rc = sd_event_add_io(world->event, &attachment->source, fd, EPOLLIN, on_io, attachment);
	if (rc < 0) {
		close(fd);
		free(attachment);
		return rc;
	}
	return 0;
}
