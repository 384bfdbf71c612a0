/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checkpoints that are kept by another host.
 *
 *   from                                          to
 *   {"checkpoints": 1, "replace": false,
 *    "description": {...}}                     ->
 *                                              <-   {"ready": {"file": PATH, "number": N}}, N: of the last one in
 *                                                   the file that is to be replaced, 0: none
 *   {"checkpoint": {"number": N, "time": S,
 *     "from": OFFSET, "bytes": B}}, B bytes    ->   (on disk) tells the file of it
 *                                              <-   {"complete": N}
 *   ... and so on, until the connection ends
 *
 * The bytes are those of a file of checkpoints (docs/migration-stream.md) from that offset on: 0 begins another file,
 * which takes the place of the former one when its first checkpoint is complete, elsewhere what has come before goes
 * on. Where something is wrong the other host says {"error": ...} instead, and hangs up. Whatever ends it, the file
 * has the last one that was complete.
 */
#ifndef TENOND_SERIES_H
#define TENOND_SERIES_H

#include "peer.h"
#include "record.h"
#include "save.h"
#include "tenond.h"

/* The side that has the guest; zeroes, with fd -1, before it is opened. */
struct series_out {
	int fd;
	struct patience *patience;	/* with the other side; NULL where its session has its own */
	const char *peer;
	char *path;			/* the file, there */
	uint64_t end;			/* of what the other side has, 0: another file is due */
};

/*
 * The other host, record->peer, takes them. description: as at the begin of the file. *before: the number that ready
 * tells of. 0, or a negative errno and *error; series_out_close() in either case.
 */
int series_out_open(const struct host *host, const struct record *record, const char *description, bool replace,
		    struct series_out *out, uint64_t *before, struct error *error);

/* The local file has this checkpoint, which ends there: send what is new of it, and wait until the other has it. */
int series_out_send(struct series_out *out, int file, uint64_t number, uint64_t end, struct error *error);

/* Nothing is to be said; is somebody still there to listen? */
int series_out_check(const struct series_out *out, struct error *error);
void series_out_close(struct series_out *out);

/* A nameless file in host->state_dir for what is not sent yet: a descriptor, or a negative errno and *error. */
int series_out_file(const struct host *host, struct error *error);

/* Series that come from others, until their senders hang up; the loop's. */
struct series_in;

/* Take one over with its connection, or a negative errno and *error. saved: what it has said of the guest. */
int series_in_start(struct tenond *tenond, struct saved *saved, bool replace, struct error *error);
void series_in_end_all(struct tenond *tenond);	/* those hang up soon */

#endif
