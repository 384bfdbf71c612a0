/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One guest's console: its ring, its log, and those attached to it.
 *
 * What the guest writes goes to the log first; only then is the ring's
 * consumer index advanced, so that a kill of the daemon loses nothing.  A
 * guest that writes more than its rate has to wait, on its own ring.
 */
#ifndef CONSOLED_CONSOLE_H
#define CONSOLED_CONSOLE_H

#include <systemd/sd-event.h>

#include <hypercall/console.h>

#include <guest_page.h>
#include <list.h>
#include <ports.h>
#include <queue.h>

#include "backlog.h"
#include "logfile.h"
#include "progress.h"

struct attachment;
struct hc_handle;

/* What all consoles share. */
struct console_world {
	sd_event *event;
	struct hc_handle *handle;
	int grants;
	struct ports ports;
	struct logfile_settings logs;
	int notes;			/* descriptor of the directory of progress notes */
	uint64_t rate;			/* bytes a second that one guest may write */
	struct list consoles;		/* struct console.link */
};

struct console {
	struct list link;
	struct console_world *world;
	uint16_t domid;
	struct guest_page page;		/* page.address is NULL: not connected */
	uint32_t remote_port;
	uint32_t local_port;		/* 0: not bound */
	uint32_t out_cons;		/* ours, as last written to the ring */
	uint32_t in_prod;
	bool masked;			/* the port fired and was not unmasked yet */
	bool broken;			/* the ring makes no sense: left alone */
	struct queue in;		/* for the guest */
	struct logfile log;
	struct progress progress;
	uint64_t lost;			/* bytes that could not be logged since the last that could */
	struct backlog backlog;
	struct list attachments;	/* struct attachment.link */
	sd_event_source *again;		/* timer: more to do, now or when the rate permits */
	uint64_t allowance;		/* bytes it may write before it has to wait */
	uint64_t allowance_time;	/* microseconds, when that was computed */
};

/* A console not connected yet, with its log open.  NULL: out of memory, or no log (is logged). */
struct console *console_new(struct console_world *world, uint16_t domid, const char *name);

/* Connects to the guest's ring: its frame and its port.  0 or a negative errno. */
int console_connect(struct console *console, uint64_t mfn, uint32_t port);

/* The port fired, or there may be something to do. */
void console_serve(struct console *console);

/* Queues bytes for the guest.  Returns how many there was room for. */
size_t console_type(struct console *console, const char *data, size_t len);

/* Goes on under another name. */
void console_rename(struct console *console, const char *name);

/* The guest ended: takes what is left in the ring, tells those attached, frees it. */
void console_end(struct console *console);

/* Frees it and leaves the guest alone: another daemon goes on. */
void console_leave(struct console *console);

/* By name, or by number; NULL: none. */
struct console *console_find(struct console_world *world, const char *name);
struct console *console_of_domain(struct console_world *world, uint16_t domid);

#endif
