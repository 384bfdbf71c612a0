/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal: what the daemon must still know when it is killed and started
 * again.  A file of records on a memory file system, mapped shared, so that
 * adding a record is a copy and committing a batch one store to the header:
 * no system calls.  Death of the process cannot tear it; death of the host
 * ends the guests too, so nothing has to reach a disk.
 *
 *   0                        64                      committed       end
 *   | magic, boot, committed | record | record | ... | not yet valid |
 *
 *   record: u32 length of payload, u32 type, payload, padding to 8 bytes
 *
 * It grows until it holds much more than the state it describes; then the
 * state is written to a new file that replaces it (state.c).
 */
#ifndef STORED_JOURNAL_H
#define STORED_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct store;

struct journal {
	int dir;		/* descriptor of the directory */
	int fd;
	char *map;
	size_t capacity;	/* bytes of file and map */
	size_t end;		/* where the next record goes */
	size_t start;		/* of the record being written */
	size_t compact_at;	/* size from which on it is written anew */
	bool failed;		/* a record since the last commit did not fit */
	bool lost;		/* it no longer describes the state; nothing would survive */
	time_t retry;		/* when to try again after that */
};

/*
 * Opens the journal in a directory, which is made if it is missing.  *found
 * tells whether one of this boot of the host was there.  0 or a negative
 * errno; -EWOULDBLOCK: another daemon has it open.
 */
int journal_open(const char *dir, struct journal *journal, bool *found);
void journal_close(struct journal *journal);

/* Writing a record: begin, any number of fields, end.  NULL journals ignore all. */
void journal_begin(struct journal *journal, uint32_t type);
void journal_number(struct journal *journal, uint64_t number);
void journal_bytes(struct journal *journal, const void *data, size_t len);
void journal_end(struct journal *journal);

/* Makes all records so far valid; from time to time replaces the file (store: whose state). */
void journal_commit(struct store *store);

/* Replaces the file by one that holds the store's state and nothing else. */
int journal_compact(struct store *store);

/* A record being read; the getters return zero, or NULL, past its end and set bad. */
struct record {
	uint32_t type;
	const char *at;
	const char *end;
	bool bad;
};

uint64_t record_number(struct record *record);
const char *record_bytes(struct record *record, size_t *len);

/* As record_bytes(), for what must be one text with its zero; never NULL. */
const char *record_text(struct record *record);

/*
 * Reads records in order: *at starts at 0.  Returns false at the end, or where
 * the file makes no sense (*bad is set).
 */
bool journal_next(const struct journal *journal, size_t *at, struct record *record, bool *bad);

#endif
