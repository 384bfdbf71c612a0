/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Client of the store, over the unix socket of tenon-stored: synchronous
 * calls, and watch events behind a descriptor that an event loop can poll.
 *
 * A client outlives restarts of the daemon: when the connection breaks it is
 * made again (for up to STORE_RECONNECT_SECONDS inside a call), watches are
 * registered again, and the interrupted call is repeated.  Transactions do not
 * survive: every call that names one then returns -EAGAIN, which callers treat
 * like a lost commit, that is they start the transaction again.
 *
 * Unless stated otherwise functions return 0 or a negative errno: the store's
 * own answer (-ENOENT, -EACCES, -EEXIST, -EINVAL, -ENOSPC, -EAGAIN, -E2BIG,
 * ...), -ECONNREFUSED where no daemon answers, -EBADMSG for a malformed reply.
 * A client belongs to one thread.
 */
#ifndef TENON_STORE_CLIENT_H
#define TENON_STORE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_SOCKET_PATH "/run/tenon/store.sock"
#define STORE_RECONNECT_SECONDS 10

struct store_client;

/* Who may do what with a node; the first of a list names the owner and what all others may. */
enum store_access {
	STORE_ACCESS_NONE = 'n',
	STORE_ACCESS_READ = 'r',
	STORE_ACCESS_WRITE = 'w',
	STORE_ACCESS_BOTH = 'b',
};

struct store_perm {
	enum store_access access;
	uint16_t domid;
};

/* One change seen by a watch.  Freed in one piece by free(). */
struct store_event {
	const char *path;	/* what changed; relative if the watch was */
	const char *token;	/* as given to store_watch() */
};

/*
 * Connects to the daemon at path (NULL: STORE_SOCKET_PATH).  Waits up to
 * timeout_ms for a daemon to answer (0: one attempt).
 */
int store_open(const char *path, unsigned int timeout_ms, struct store_client **client);
void store_close(struct store_client *client);

/*
 * Reads a node.  *value is allocated, and has a zero byte after its *len bytes
 * (len may be NULL); the caller frees it.
 */
int store_read(struct store_client *client, uint32_t tx, const char *path, char **value,
	       size_t *len);

/* Reads a node as a decimal number.  -EINVAL: it is not one, or above max. */
int store_read_number(struct store_client *client, uint32_t tx, const char *path, uint64_t max,
		      uint64_t *value);

/* Writes len bytes to a node, which is created with its parents where missing. */
int store_write(struct store_client *client, uint32_t tx, const char *path, const void *value,
		size_t len);

/* Writes formatted text, without a zero byte at its end. */
int store_printf(struct store_client *client, uint32_t tx, const char *path, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));

/* Makes an empty node; succeeds when it exists. */
int store_mkdir(struct store_client *client, uint32_t tx, const char *path);

/* Removes a node and all below it; succeeds when only the node itself is missing. */
int store_rm(struct store_client *client, uint32_t tx, const char *path);

/*
 * Lists the names of a node's children.  *names is one allocation, freed by
 * free(); *count may be 0.
 */
int store_list(struct store_client *client, uint32_t tx, const char *path, char ***names,
	       size_t *count);

int store_set_perms(struct store_client *client, uint32_t tx, const char *path,
		    const struct store_perm *perms, size_t count);

/* *perms is allocated, the caller frees it. */
int store_get_perms(struct store_client *client, uint32_t tx, const char *path,
		    struct store_perm **perms, size_t *count);

/*
 * Watches a path and all below it, or "@introduceDomain" / "@releaseDomain".
 * Each watch fires once at registration, and again when the client had to
 * reconnect, so that a change in between is never missed.
 */
int store_watch(struct store_client *client, const char *path, const char *token);

/*
 * Watches "@introduceDomain" or "@releaseDomain" to be told of which domain:
 * an event's path is "@releaseDomain/5" where it is known to be domain 5's, and
 * "@releaseDomain" where it may be any's: at registration, when the client had
 * to reconnect, or when so much was to be told that events were left out.
 */
int store_watch_domains(struct store_client *client, const char *path, const char *token);

/* The domain that an event of such a watch is about; -1: any. */
int store_event_domain(const struct store_event *event);

int store_unwatch(struct store_client *client, const char *path, const char *token);

/* A descriptor that polls readable while store_next_event() may have something. */
int store_fd(const struct store_client *client);

/*
 * Takes the next watch event without waiting for one.  -EAGAIN: none now.
 * Also mends a broken connection, without blocking.
 */
int store_next_event(struct store_client *client, struct store_event **event);

/* Waits up to timeout_ms (-1: for ever) for an event.  -ETIMEDOUT: none came. */
int store_wait_event(struct store_client *client, int timeout_ms, struct store_event **event);

int store_transaction_start(struct store_client *client, uint32_t *tx);

/* -EAGAIN: somebody changed what the transaction relied on; nothing was done, start again. */
int store_transaction_end(struct store_client *client, uint32_t tx, bool commit);

/*
 * Collects requests of transactions, for who has many: between these two,
 * store_write(), store_printf(), store_mkdir() and store_set_perms() that name a
 * transaction are sent together, some 8 KiB at a time, and answered together.
 * What they return is 0 or an error of a former one; store_collected() sends the
 * rest, waits for all and returns the first error, upon which the transaction
 * must not be committed.  Order is kept; other calls are made in between.
 */
void store_collect(struct store_client *client);
int store_collected(struct store_client *client);

/* Connects a domain's ring: frame number and event channel port on the domain's side. */
int store_introduce(struct store_client *client, uint16_t domid, uint64_t mfn, uint32_t port);

/* A domain that had suspended itself goes on where it was; "@releaseDomain" fires at its end again. */
int store_resume(struct store_client *client, uint16_t domid);

/* Ends the service of a domain; "@releaseDomain" fires. */
int store_release(struct store_client *client, uint16_t domid);
int store_is_introduced(struct store_client *client, uint16_t domid, bool *introduced);

#endif
