/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A world for the store's tests: see store_world.h. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "state.h"
#include "store_world.h"

#define EVENTS_MAX 256
#define EVENT_SIZE 256

struct guest {
	struct hc_store_domain_interface ring;
	enum hv_state state;
	unsigned int notifications;
	bool bound;
	/* Messages taken from the ring that were not asked for yet. */
	unsigned int event_count;
	char events[EVENTS_MAX][EVENT_SIZE];
	size_t received;
	char message[sizeof(struct hc_store_msg) + HC_STORE_PAYLOAD_MAX];
};

static struct guest *guests;

static struct guest *guest_of(uint16_t domid)
{
	assert_true(domid < WORLD_DOMAINS);
	if (!guests) {
		/* Shared with the children of tests that kill the daemon for real. */
		guests = mmap(NULL, sizeof(*guests) * WORLD_DOMAINS, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(guests, MAP_FAILED);
	}
	return &guests[domid];
}

struct hc_store_domain_interface *world_ring(uint16_t domid)
{
	return &guest_of(domid)->ring;
}

enum hv_state *world_domain_state(uint16_t domid)
{
	return &guest_of(domid)->state;
}

unsigned int world_notifications(uint16_t domid)
{
	return guest_of(domid)->notifications;
}

void world_reset(void)
{
	memset(guest_of(0), 0, sizeof(*guests) * WORLD_DOMAINS);
}

/* The hypervisor: ports have the numbers of their domains, plus one. */

int hv_map_ring(struct hv *hv, uint16_t domid, uint64_t mfn, struct hv_ring *ring)
{
	(void)hv;
	(void)mfn;
	if (domid >= WORLD_DOMAINS || *world_domain_state(domid) == HV_GONE)
		return -ESRCH;
	ring->page = world_ring(domid);
	return 0;
}

int hv_map_own_ring(struct hv *hv, struct hv_ring *ring, uint32_t *port)
{
	*port = 1;
	return hv_map_ring(hv, 0, 0, ring);
}

void hv_unmap_ring(struct hv *hv, struct hv_ring *ring)
{
	(void)hv;
	ring->page = NULL;
}

int hv_bind(struct hv *hv, uint16_t domid, uint32_t remote_port, void *owner)
{
	(void)hv;
	(void)remote_port;
	(void)owner;
	if (guest_of(domid)->bound)
		return -EINVAL;
	guest_of(domid)->bound = true;
	return domid + 1;
}

void hv_unbind(struct hv *hv, uint32_t port)
{
	(void)hv;
	guest_of(port - 1)->bound = false;
}

void hv_notify(struct hv *hv, uint32_t port)
{
	(void)hv;
	guest_of(port - 1)->notifications++;
}

void hv_unmask(struct hv *hv, uint32_t port)
{
	(void)hv;
	(void)port;
}

int hv_next_event(struct hv *hv, void **owner)
{
	(void)hv;
	*owner = NULL;
	return 0;
}

enum hv_state hv_state(struct hv *hv, uint16_t domid)
{
	(void)hv;
	return *world_domain_state(domid);
}

/* The daemon. */

static void open_store(struct world *world)
{
	bool found = false;

	assert_int_equal(store_init(&world->store), 0);
	if (world->with_journal) {
		assert_int_equal(journal_open(world->dir, &world->journal, &found), 0);
		world->store.journal = &world->journal;
		if (found)
			assert_int_equal(state_read(&world->store), 0);
	}
	assert_int_equal(store_populate(&world->store), 0);
	world->store.hv = &world->hv;
	assert_int_equal(domain_attach_own(&world->store, &world->hv), 0);
	domain_reattach_all(&world->store, &world->hv);
	domain_check_all(&world->store, &world->hv);
	if (world->with_journal)
		assert_int_equal(journal_compact(&world->store), 0);
}

void world_start(struct world *world, bool with_journal)
{
	memset(world, 0, sizeof(*world));
	world_reset();
	world->with_journal = with_journal;
	if (with_journal) {
		/* In memory if there is such a place: a journal's rename waits for a disk, thousands of times. */
		snprintf(world->dir, sizeof(world->dir), "%s/store-unit-XXXXXX",
			 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
		assert_non_null(mkdtemp(world->dir));
	}
	open_store(world);
}

void world_close_ports(void)
{
	for (uint16_t i = 0; i < WORLD_DOMAINS; i++)
		guest_of(i)->bound = false;
}

void world_kill(struct world *world)
{
	/* Frees without recording, as if the memory had just gone. */
	world->store.journal = NULL;
	store_clear(&world->store);
	if (world->with_journal)
		journal_close(&world->journal);
	world_close_ports();
}

void world_restart(struct world *world)
{
	open_store(world);
}

void world_end(struct world *world)
{
	char path[128];

	world_kill(world);
	if (!world->with_journal)
		return;
	snprintf(path, sizeof(path), "%s/journal", world->dir);
	unlink(path);
	rmdir(world->dir);
}

void world_serve(struct world *world)
{
	struct store *store = &world->store;
	struct list *at;

	list_for_each(at, &store->connections)
		connection_wake(store, list_entry(at, struct connection, link));
	while (!list_is_empty(&store->ready)) {
		struct connection *connection = list_entry(store->ready.next, struct connection,
							   ready_link);

		list_remove(&connection->ready_link);
		if (connection_serve(store, connection))
			connection_wake(store, connection);
	}
}

/* Guests. */

size_t world_put(uint16_t domid, const void *data, size_t len)
{
	int put = hc_store_client_write(world_ring(domid), data, len);

	assert_true(put >= 0);
	return put;
}

void world_send(uint16_t domid, uint32_t type, uint32_t tx, const void *body, size_t len)
{
	struct hc_store_msg header = { .type = type, .req_id = 77, .tx_id = tx, .len = len };

	assert_int_equal(world_put(domid, &header, sizeof(header)), sizeof(header));
	assert_int_equal(world_put(domid, body, len), len);
}

bool world_receive(uint16_t domid, struct world_message *message)
{
	struct guest *guest = guest_of(domid);
	const size_t head = sizeof(message->header);

	for (;;) {
		size_t want = head - guest->received;
		int got;

		if (guest->received >= head) {
			memcpy(&message->header, guest->message, head);
			assert_true(message->header.len <= HC_STORE_PAYLOAD_MAX);
			want = head + message->header.len - guest->received;
			if (!want)
				break;
		}
		got = hc_store_client_read(&guest->ring, guest->message + guest->received, want);
		assert_true(got >= 0);
		if (!got)
			return false;
		guest->received += got;
	}
	memcpy(message->body, guest->message + head, message->header.len);
	message->body[message->header.len] = '\0';
	guest->received = 0;
	return true;
}

static void keep_event(uint16_t domid, const struct world_message *message)
{
	struct guest *guest = guest_of(domid);
	char *text = guest->events[guest->event_count];
	const char *token = message->body + strlen(message->body) + 1;

	assert_true(guest->event_count < EVENTS_MAX);
	assert_true(token < message->body + message->header.len);
	guest->event_count++;
	snprintf(text, EVENT_SIZE, "%.120s %.120s", message->body, token);
}

static int error_of(const char *name)
{
	static const struct { const char *name; int number; } known[] = {
		{ "EINVAL", EINVAL }, { "EACCES", EACCES }, { "EEXIST", EEXIST },
		{ "ENOENT", ENOENT }, { "ENOSPC", ENOSPC }, { "EAGAIN", EAGAIN },
		{ "E2BIG", E2BIG }, { "EPERM", EPERM }, { "EBUSY", EBUSY }, { "ENOSYS", ENOSYS },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].name, name))
			return -known[i].number;
	fail_msg("unexpected error %s", name);
	return 0;
}

int world_call(struct world *world, uint16_t domid, uint32_t type, uint32_t tx, const void *body,
	       size_t len, struct world_message *answer)
{
	struct hc_store_msg header = { .type = type, .req_id = 4711, .tx_id = tx, .len = len };
	char bytes[sizeof(header) + HC_STORE_PAYLOAD_MAX];
	size_t put = 0;

	memcpy(bytes, &header, sizeof(header));
	if (len)
		memcpy(bytes + sizeof(header), body, len);
	while (put < sizeof(header) + len) {
		put += world_put(domid, bytes + put, sizeof(header) + len - put);
		world_serve(world);
	}
	for (int tries = 0; tries < 64; tries++) {
		while (world_receive(domid, answer)) {
			if (answer->header.type != HC_XS_WATCH_EVENT) {
				assert_int_equal(answer->header.req_id, 4711);
				assert_int_equal(answer->header.tx_id, tx);
				return answer->header.type == HC_XS_ERROR ? error_of(answer->body)
									  : 0;
			}
			keep_event(domid, answer);
		}
		world_serve(world);
	}
	fail_msg("no answer to request %u of domain %u", type, domid);
	return 0;
}

int world_write(struct world *world, uint16_t domid, uint32_t tx, const char *path,
		const char *value)
{
	char body[HC_STORE_PAYLOAD_MAX];
	struct world_message answer;
	size_t len = strlen(path) + 1;

	memcpy(body, path, len);
	memcpy(body + len, value, strlen(value));
	return world_call(world, domid, HC_XS_WRITE, tx, body, len + strlen(value), &answer);
}

int world_read(struct world *world, uint16_t domid, uint32_t tx, const char *path, char *value)
{
	struct world_message answer;
	int rc = world_call(world, domid, HC_XS_READ, tx, path, strlen(path) + 1, &answer);

	if (!rc)
		strcpy(value, answer.body);
	return rc;
}

int world_path_call(struct world *world, uint16_t domid, uint32_t type, uint32_t tx,
		    const char *path)
{
	struct world_message answer;

	return world_call(world, domid, type, tx, path, strlen(path) + 1, &answer);
}

static int two_texts(struct world *world, uint16_t domid, uint32_t type, const char *first,
		     const char *second)
{
	char body[HC_STORE_PAYLOAD_MAX];
	struct world_message answer;
	size_t len = strlen(first) + 1;

	strcpy(body, first);
	strcpy(body + len, second);
	return world_call(world, domid, type, 0, body, len + strlen(second) + 1, &answer);
}

/* perms: entries separated by blanks. */
int world_set_perms(struct world *world, uint16_t domid, const char *path, const char *perms)
{
	char body[HC_STORE_PAYLOAD_MAX];
	struct world_message answer;
	size_t len = strlen(path) + 1, total = len + strlen(perms) + 1;

	strcpy(body, path);
	strcpy(body + len, perms);
	for (size_t i = len; i < total; i++)
		if (body[i] == ' ')
			body[i] = '\0';
	return world_call(world, domid, HC_XS_SET_PERMS, 0, body, total, &answer);
}

int world_watch(struct world *world, uint16_t domid, const char *path, const char *token)
{
	return two_texts(world, domid, HC_XS_WATCH, path, token);
}

uint32_t world_begin(struct world *world, uint16_t domid)
{
	struct world_message answer;

	assert_int_equal(world_call(world, domid, HC_XS_TRANSACTION_START, 0, "", 1, &answer), 0);
	return strtoul(answer.body, NULL, 10);
}

int world_commit(struct world *world, uint16_t domid, uint32_t tx)
{
	return world_path_call(world, domid, HC_XS_TRANSACTION_END, tx, "T");
}

const char *world_event(struct world *world, uint16_t domid)
{
	static char text[HC_STORE_PAYLOAD_MAX + 1];
	struct guest *guest = guest_of(domid);
	struct world_message message;

	world_serve(world);
	while (world_receive(domid, &message)) {
		assert_int_equal(message.header.type, HC_XS_WATCH_EVENT);
		keep_event(domid, &message);
		world_serve(world);
	}
	if (!guest->event_count)
		return NULL;
	strcpy(text, guest->events[0]);
	guest->event_count--;
	memmove(guest->events[0], guest->events[1], guest->event_count * sizeof(guest->events[0]));
	return text;
}

void world_introduce(struct world *world, uint16_t domid)
{
	struct world_message answer;
	char body[32], path[40], perms[16];
	int len = snprintf(body, sizeof(body), "%u%c%u%c%u", domid, 0, 100 + domid, 0, domid + 1);

	assert_int_equal(world_call(world, 0, HC_XS_INTRODUCE, 0, body, len + 1, &answer), 0);
	/* Like a toolstack: its directory is readable to it, and one in it is its own. */
	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	snprintf(perms, sizeof(perms), "n0 r%u", domid);
	assert_int_equal(world_write(world, 0, 0, path, ""), 0);
	assert_int_equal(world_set_perms(world, 0, path, perms), 0);
	snprintf(path, sizeof(path), "/local/domain/%u/data", domid);
	snprintf(perms, sizeof(perms), "n%u", domid);
	assert_int_equal(world_write(world, 0, 0, path, ""), 0);
	assert_int_equal(world_set_perms(world, 0, path, perms), 0);
}
