/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One guest's console: see console.h.  The ring's page belongs to the guest,
 * which may change anything in it at any time: the daemon's own indexes are
 * kept outside, the guest's are read once and checked.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <log.h>

#include "attach.h"
#include "console.h"

#define IN_MAX 4096			/* bytes queued for a guest that does not read */
#define SLICE_USEC 1000			/* others are served between two rounds of one guest */
#define BURST_SECONDS 1			/* of its rate that a quiet guest may save up */

static uint64_t now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void serve_later(struct console *console, uint64_t usec)
{
	sd_event_source_set_time(console->again, now_usec() + usec);
	sd_event_source_set_enabled(console->again, SD_EVENT_ONESHOT);
}

static int on_again(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	console_serve(data);
	return 0;
}

struct console *console_new(struct console_world *world, uint16_t domid, const char *name)
{
	struct console *console = calloc(1, sizeof(*console));
	int rc;

	if (!console) {
		log_error("domain %u: no memory for its console", domid);
		return NULL;
	}
	rc = logfile_open(&console->log, &world->logs, name);
	if (rc) {
		log_error("domain %u: cannot log its console as %s.log: %s", domid, name,
			  strerror(-rc));
		goto free_console;
	}
	rc = sd_event_add_time(world->event, &console->again, CLOCK_MONOTONIC, 0, SLICE_USEC,
			       on_again, console);
	if (rc < 0)
		goto close_log;
	sd_event_source_set_enabled(console->again, SD_EVENT_OFF);
	progress_open(&console->progress, world->notes, domid);
	console->world = world;
	console->domid = domid;
	console->allowance = world->rate * BURST_SECONDS;
	console->allowance_time = now_usec();
	list_init(&console->attachments);
	list_append(&world->consoles, &console->link);
	return console;
close_log:
	logfile_close(&console->log);
free_console:
	free(console);
	return NULL;
}

/* What a daemon before this one logged is shown to those who attach, too. */
static void recall(struct console *console)
{
	char data[BACKLOG_SIZE];

	backlog_add(&console->backlog, data,
		    logfile_tail(&console->log, data, sizeof(data)));
}

static void unmask(struct console *console)
{
	if (!console->masked)
		return;
	console->masked = false;
	ports_unmask(&console->world->ports, console->local_port);
}

static void give_up(struct console *console)
{
	console->broken = true;
	log_warning("domain %u: console ring out of order, read no more", console->domid);
}

/* How much the guest may write now. */
static uint64_t allowance(struct console *console)
{
	uint64_t rate = console->world->rate, most = rate * BURST_SECONDS, now = now_usec();
	uint64_t elapsed = now - console->allowance_time;

	if (elapsed > 1000000 * BURST_SECONDS)
		elapsed = 1000000 * BURST_SECONDS;
	console->allowance += rate * elapsed / 1000000;
	console->allowance_time = now;
	if (console->allowance > most)
		console->allowance = most;
	return console->allowance;
}

/* Copies what the guest wrote, without taking it; returns its length, or -EPROTO. */
static int peek(struct console *console, char data[static HC_CONSOLE_OUT_SIZE])
{
	const struct hc_console_interface *ring = console->page.address;
	uint32_t prod = __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE);
	int len = hc_stream_used(prod, console->out_cons, HC_CONSOLE_OUT_SIZE);
	uint32_t at = console->out_cons & (HC_CONSOLE_OUT_SIZE - 1);
	int first = HC_CONSOLE_OUT_SIZE - at;

	if (len < 0)
		return -EPROTO;
	if (first > len)
		first = len;
	memcpy(data, ring->out + at, first);
	memcpy(data + first, ring->out, len - first);
	return len;
}

/* Lets the guest have the room of len bytes that are in the log now. */
static void take(struct console *console, uint32_t len)
{
	struct hc_console_interface *ring = console->page.address;

	console->out_cons += len;
	__atomic_store_n(&ring->out_cons, console->out_cons, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	ports_notify(&console->world->ports, console->local_port);
}

/* Takes out of the ring what the daemon before had logged when it was killed. */
static void resume(struct console *console)
{
	char data[HC_CONSOLE_OUT_SIZE];
	int waiting = peek(console, data);
	uint32_t done = progress_done(&console->progress, &console->log, console->out_cons);

	if (waiting > 0 && done > 0 && done <= (uint32_t)waiting)
		take(console, done);
}

int console_connect(struct console *console, uint64_t mfn, uint32_t port)
{
	struct console_world *world = console->world;
	struct hc_console_interface *ring;
	int rc;

	if (console->page.address)
		return port == console->remote_port ? 0 : -EBUSY;
	rc = guest_page_map(world->handle, world->grants, console->domid, GUEST_PAGE_CONSOLE, mfn,
			    &console->page);
	if (rc)
		return rc;
	rc = ports_bind(&world->ports, console->domid, port, console);
	if (rc < 0) {
		guest_page_unmap(world->grants, &console->page);
		return rc;
	}
	console->local_port = rc;
	console->remote_port = port;
	ring = console->page.address;
	console->out_cons = __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE);
	console->in_prod = __atomic_load_n(&ring->in_prod, __ATOMIC_ACQUIRE);
	resume(console);
	if (console->out_cons)
		recall(console);
	log_info("domain %u: console %s connected", console->domid, console->log.name);
	console_serve(console);
	return 0;
}

/*
 * Appends to the log.  A log that cannot be written must not stop the guest:
 * what is lost is counted, and noted in the log as soon as it can be.
 */
static void write_log(struct console *console, const char *data, size_t len)
{
	char note[96];
	int rc = 0;

	if (console->lost) {
		int size = snprintf(note, sizeof(note), "\r\n[tenon: %" PRIu64 " bytes lost here]\r\n",
				    console->lost);

		rc = logfile_make_room(&console->log, size);
		if (!rc)
			rc = logfile_write(&console->log, note, size);
		if (!rc)
			console->lost = 0;
	}
	if (!rc)
		rc = logfile_make_room(&console->log, len);
	if (!rc) {
		progress_begin(&console->progress, &console->log, console->out_cons);
		rc = logfile_write(&console->log, data, len);
	}
	if (!rc)
		return;
	if (!console->lost)
		log_error("domain %u: cannot write %s.log: %s; its output is not logged until "
			  "this is mended", console->domid, console->log.name, strerror(-rc));
	console->lost += len;
}

/* Moves one ring full from guest to log and readers.  Bytes moved, 0: none, or -EPROTO. */
static int drain(struct console *console)
{
	char data[HC_CONSOLE_OUT_SIZE];
	int len = peek(console, data);
	struct list *at, *next;

	if (len <= 0)
		return len;
	write_log(console, data, len);
	take(console, len);
	backlog_add(&console->backlog, data, len);
	list_for_each_safe(at, next, &console->attachments)
		attachment_show(list_entry(at, struct attachment, link), data, len);
	return len;
}

/* Moves typed bytes to the guest. */
static void feed(struct console *console)
{
	struct hc_console_interface *ring = console->page.address;
	uint32_t cons, at, len, first;
	struct list *link;
	int used;

	if (!console->in.len)
		return;
	cons = __atomic_load_n(&ring->in_cons, __ATOMIC_ACQUIRE);
	used = hc_stream_used(console->in_prod, cons, HC_CONSOLE_IN_SIZE);
	if (used < 0) {
		give_up(console);
		return;
	}
	len = HC_CONSOLE_IN_SIZE - used;
	if (len > console->in.len)
		len = console->in.len;
	if (!len)
		return;
	at = console->in_prod & (HC_CONSOLE_IN_SIZE - 1);
	first = len < HC_CONSOLE_IN_SIZE - at ? len : HC_CONSOLE_IN_SIZE - at;
	memcpy(ring->in + at, queue_data(&console->in), first);
	memcpy(ring->in, queue_data(&console->in) + first, len - first);
	queue_drop(&console->in, len);
	console->in_prod += len;
	__atomic_store_n(&ring->in_prod, console->in_prod, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	ports_notify(&console->world->ports, console->local_port);
	if (console->in.len > IN_MAX / 2)
		return;
	list_for_each(link, &console->attachments)
		attachment_resume(list_entry(link, struct attachment, link));
}

void console_serve(struct console *console)
{
	uint64_t may;
	int rc;

	if (!console->page.address || console->broken)
		return;
	feed(console);
	may = allowance(console);
	if (may < HC_CONSOLE_OUT_SIZE) {
		/* It waits until it may write one ring full again; its port stays masked. */
		serve_later(console, (HC_CONSOLE_OUT_SIZE - may) * 1000000 / console->world->rate + 1);
		return;
	}
	rc = drain(console);
	if (rc < 0) {
		give_up(console);
	} else if (rc > 0) {
		console->allowance -= rc;
		serve_later(console, SLICE_USEC);
	} else {
		unmask(console);
	}
}

size_t console_type(struct console *console, const char *data, size_t len)
{
	size_t room = console->in.len < IN_MAX ? IN_MAX - console->in.len : 0;

	/* A guest that cannot take input now will never take this. */
	if (!console->page.address || console->broken)
		return len;
	if (len > room)
		len = room;
	if (queue_put(&console->in, data, len))
		return 0;
	feed(console);
	return len;
}

void console_rename(struct console *console, const char *name)
{
	int rc;

	if (!strcmp(console->log.name, name))
		return;
	rc = logfile_rename(&console->log, name);
	if (rc)
		log_error("domain %u: cannot log its console as %s.log: %s", console->domid, name,
			  strerror(-rc));
}

void console_leave(struct console *console)
{
	struct console_world *world = console->world;

	if (console->local_port)
		ports_unbind(&world->ports, console->local_port);
	if (console->page.address)
		guest_page_unmap(world->grants, &console->page);
	sd_event_source_disable_unref(console->again);
	progress_close(&console->progress);
	logfile_close(&console->log);
	queue_clear(&console->in);
	list_remove(&console->link);
	free(console);
}

void console_end(struct console *console)
{
	struct list *at, *next;

	/* The last words matter most: no rate for them, one ring full at most. */
	if (console->page.address && !console->broken)
		drain(console);
	list_for_each_safe(at, next, &console->attachments)
		attachment_end(list_entry(at, struct attachment, link));
	log_info("domain %u: console %s ended", console->domid, console->log.name);
	progress_remove(console->world->notes, console->domid);
	console_leave(console);
}

struct console *console_of_domain(struct console_world *world, uint16_t domid)
{
	struct list *at;

	list_for_each(at, &world->consoles) {
		struct console *console = list_entry(at, struct console, link);

		if (console->domid == domid)
			return console;
	}
	return NULL;
}

struct console *console_find(struct console_world *world, const char *name)
{
	struct list *at;
	unsigned long domid;
	char *end;

	list_for_each(at, &world->consoles) {
		struct console *console = list_entry(at, struct console, link);

		if (!strcmp(console->log.name, name))
			return console;
	}
	domid = strtoul(name, &end, 10);
	if (*name < '0' || *name > '9' || *end || domid > UINT16_MAX)
		return NULL;
	return console_of_domain(world, domid);
}
