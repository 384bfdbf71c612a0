/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world for the store's tests: guests are pages of memory, and the
 * hypervisor is this file instead of stored/hv.c.  The store itself is the
 * daemon's own code.
 */
#ifndef STORE_WORLD_H
#define STORE_WORLD_H

#include "connection.h"
#include "domain.h"
#include "journal.h"
#include "store.h"

#define WORLD_DOMAINS 8

struct world {
	struct store store;
	struct hv hv;
	struct journal journal;
	bool with_journal;
	char dir[64];			/* of the journal */
};

/* One message that a guest received. */
struct world_message {
	struct hc_store_msg header;
	char body[HC_STORE_PAYLOAD_MAX + 1];	/* zero-terminated */
};

/* The pages survive world_kill(), as guests survive the daemon; world_reset() clears them. */
struct hc_store_domain_interface *world_ring(uint16_t domid);
enum hv_state *world_domain_state(uint16_t domid);
unsigned int world_notifications(uint16_t domid);
void world_reset(void);

/* Starts the store, with a journal in a directory of its own, and attaches domain 0. */
void world_start(struct world *world, bool with_journal);

/* The daemon is killed: its memory is lost, the journal is not. */
void world_kill(struct world *world);

/* What the kernel does with the event channels of a process that died. */
void world_close_ports(void);

/* And started again. */
void world_restart(struct world *world);

/* Ends it and removes the journal. */
void world_end(struct world *world);

/* Introduces a guest by a request of domain 0. */
void world_introduce(struct world *world, uint16_t domid);

/* Puts bytes into a guest's request ring as far as there is room; returns how many. */
size_t world_put(uint16_t domid, const void *data, size_t len);

/* Puts a whole message; its parts must fit. */
void world_send(uint16_t domid, uint32_t type, uint32_t tx, const void *body, size_t len);

/* Takes the next message from a guest's ring; false: none is complete. */
bool world_receive(uint16_t domid, struct world_message *message);

/* Serves until nobody has anything to do. */
void world_serve(struct world *world);

/*
 * A request and its answer; watch events in front of it are counted and kept,
 * see world_event().  Returns 0 or the negative errno that the answer names.
 */
int world_call(struct world *world, uint16_t domid, uint32_t type, uint32_t tx, const void *body,
	       size_t len, struct world_message *answer);

/* The usual calls, with texts. */
int world_write(struct world *world, uint16_t domid, uint32_t tx, const char *path,
		const char *value);
int world_read(struct world *world, uint16_t domid, uint32_t tx, const char *path, char *value);
int world_path_call(struct world *world, uint16_t domid, uint32_t type, uint32_t tx,
		    const char *path);
int world_set_perms(struct world *world, uint16_t domid, const char *path, const char *perms);
int world_watch(struct world *world, uint16_t domid, const char *path, const char *token);
uint32_t world_begin(struct world *world, uint16_t domid);
int world_commit(struct world *world, uint16_t domid, uint32_t tx);

/* The next watch event of a guest as "path token", NULL: none. */
const char *world_event(struct world *world, uint16_t domid);

#endif
