/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Step 8, the store: a tree of names and texts in which domains find each other. Requests and replies
 * are messages in two rings of bytes; a message may be larger than a ring.
 */
#include <hypercall/store.h>

#include "kernel.h"

static struct hc_store_domain_interface *ring;
static char reply[HC_STORE_PAYLOAD_MAX + 1];
static bool watch_fired;

static bool room_there(void)
{
	return READ_ONCE(ring->req_prod) - READ_ONCE(ring->req_cons) < HC_STORE_RING_SIZE;
}

static bool reply_there(void)
{
	return READ_ONCE(ring->rsp_prod) != READ_ONCE(ring->rsp_cons);
}

void store_init(void)
{
	ring = page_of(start_info->store_mfn);
	event_open(start_info->store_evtchn, NULL);
}

static void wait_for_store(bool (*done)(void))
{
	if (!wait_until(done, system_time() + PATIENCE))
		panic("the store does not answer; is tenon-stored running?");
}

/* Whoever moves an index sends an event: the server may wait for bytes, or for room. */
static void give(const void *data, uint32_t length)
{
	const char *from = data;

	while (length) {
		int n = hc_store_client_write(ring, from, length);

		if (n == HC_RING_BROKEN)
			panic("the store's ring is broken");
		event_send(start_info->store_evtchn);
		from += n;
		length -= n;
		if (length)
			wait_for_store(room_there);
	}
}

static void take(void *data, uint32_t length)
{
	char *to = data;

	while (length) {
		int n;

		wait_for_store(reply_there);
		n = hc_store_client_read(ring, to, length);
		if (n == HC_RING_BROKEN)
			panic("the store's ring is broken");
		event_send(start_info->store_evtchn);
		to += n;
		length -= n;
	}
}

/* The next message, whose payload is in reply then, with a NUL behind it. */
static struct hc_store_msg receive(void)
{
	struct hc_store_msg message;

	take(&message, sizeof(message));
	if (message.len > HC_STORE_PAYLOAD_MAX)
		panic("the store sends a message of %u bytes", message.len);
	take(reply, message.len);
	reply[message.len] = '\0';
	if (message.type == HC_XS_WATCH_EVENT)
		watch_fired = true;
	return message;
}

/*
 * Sends a request of two texts, the first one with its NUL, and waits for the reply. Watch events are
 * no replies, and may come before one.
 */
static uint32_t ask(uint32_t type, const char *path, const char *more, uint32_t more_length)
{
	static uint32_t number;
	struct hc_store_msg message = {
		.type = type, .req_id = ++number, .len = strlen(path) + 1 + more_length,
	};

	give(&message, sizeof(message));
	give(path, strlen(path) + 1);
	give(more, more_length);
	do
		message = receive();
	while (message.type == HC_XS_WATCH_EVENT || message.req_id != number);
	return message.type;
}

bool store_read(const char *folder, const char *node, char *value)
{
	char path[TEXT];

	format(path, "%s/%s", folder, node);
	if (ask(HC_XS_READ, path, NULL, 0) == HC_XS_ERROR)
		return false;
	format(value, "%s", reply);
	return true;
}

uint64_t store_number(const char *folder, const char *node)
{
	char text[TEXT];

	if (!store_read(folder, node, text))
		panic("%s/%s: the store says %s", folder, node, reply);
	return number_of(text);
}

/* A value has a length and no NUL. */
void store_write(const char *folder, const char *node, const char *value)
{
	char path[TEXT];

	format(path, "%s/%s", folder, node);
	if (ask(HC_XS_WRITE, path, value, strlen(value)) == HC_XS_ERROR)
		panic("writing %s: the store says %s", path, reply);
}

void store_write_number(const char *folder, const char *node, uint64_t value)
{
	char text[TEXT];

	format(text, "%lu", value);
	store_write(folder, node, text);
}

/*
 * A watch fires once when it is set and then with each change, also with one that comes between our
 * reading and our waiting. It names the node, not the value: that is read anew.
 */
unsigned int store_wait_state(const char *folder, unsigned int states)
{
	uint64_t deadline = system_time() + PATIENCE, state;
	char path[TEXT];

	format(path, "%s/state", folder);
	if (ask(HC_XS_WATCH, path, "us", sizeof("us")) == HC_XS_ERROR)
		panic("watching %s: the store says %s", path, reply);
	for (;;) {
		watch_fired = false;
		state = store_number(folder, "state");
		if (state < 32 && states & 1u << state)
			break;
		for (; !watch_fired; receive())
			if (!wait_until(reply_there, deadline))
				panic("%s stays in state %lu; is its driver loaded in the other domain?", folder, state);
	}
	ask(HC_XS_UNWATCH, path, "us", sizeof("us"));
	return state;
}
