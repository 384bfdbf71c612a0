/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stream of a guest's state: its framing, as docs/migration-stream.md
 * describes it.  A writer and a reader of sections over a descriptor; what is
 * in them is their callers' affair.
 *
 * Input is untrusted: the reader checks all of a section before it hands it
 * out, and never allocates more than STREAM_PAYLOAD_MAX.
 */
#ifndef MIGRATE_STREAM_H
#define MIGRATE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <hypercall/control.h>
#include <hypercall/vcpu.h>

#include "../build/error.h"

#define STREAM_MAGIC		"TENON-VM"
#define STREAM_VERSION		1
#define STREAM_SERIES		2		/* version of a file of checkpoints */
#define STREAM_PAYLOAD_MAX	(4u << 20)	/* bytes of a section, unpacked */

/* A file of checkpoints: where its sections begin, and its two places for a stream_checkpoint. */
#define STREAM_SERIES_START	12288
#define STREAM_SLOT(number)	(4096 + 4096 * (off_t)((number) % 2))

enum stream_type {
	STREAM_DESCRIPTION = 1, STREAM_LAYOUT, STREAM_MAP, STREAM_PAGES, STREAM_PINNED, STREAM_P2M,
	STREAM_PROCESSOR, STREAM_END, STREAM_DISK
};

#define STREAM_OPTIONAL		(1u << 31)	/* type: may be skipped by who does not know it */
#define STREAM_PACKED		(1u << 0)	/* flags: the payload is a zstd frame */

struct stream_header {
	char magic[8];
	uint32_t version;
	uint32_t flags;
	uint32_t reserved;
	uint32_t checksum;	/* CRC-32 of what is before it */
};

/* The last section of a checkpoint, and all before it, are on disk: at STREAM_SLOT(number). */
struct stream_checkpoint {
	uint64_t number;	/* 1 or more, ascending */
	uint64_t end;		/* of its last section: offset in the file */
	int64_t time;		/* it was taken, seconds since 1970 */
	uint32_t reserved;
	uint32_t checksum;	/* CRC-32 of what is before it */
};

struct stream_section {
	uint32_t type;
	uint32_t flags;
	uint32_t sequence;
	uint32_t stored;	/* bytes in the stream */
	uint32_t size;		/* bytes unpacked */
	uint32_t checksum;	/* CRC-32 of what is before it and of the stored payload */
};

/* Payloads that are structures. */
struct stream_layout {
	uint64_t entries;	/* of the p2m */
	uint64_t pages;		/* populated */
	uint64_t max_pages;
	uint64_t vcpus;
};

struct stream_map {
	uint64_t first;		/* frame number, a multiple of 8 */
	uint64_t count;		/* frames */
	uint8_t bits[];
};

struct stream_processor {
	uint64_t vcpu;
	struct hc_vcpu_guest_context context;	/* frames are the guest's */
	struct hc_vcpu_state state;
};

struct stream_disk {
	uint64_t disk;		/* which of the guest's, 0 first */
	uint64_t offset;	/* bytes, of a sector */
	uint8_t data[];		/* sectors */
};

struct stream_end {
	uint64_t sections;
	uint64_t pages;
};

/* A frame number and its kind, in sections of pages and of pinned tables. */
#define STREAM_FRAME_MASK	((1ull << 52) - 1)
#define STREAM_KIND_SHIFT	60
#define STREAM_KIND_DATA	0
#define STREAM_KIND_TABLE_MAX	4	/* 1 to 4: page table of that level */
#define STREAM_KIND_ZERO	15
#define STREAM_BATCH		256	/* pages of a section at most */

/* Bytes through a descriptor; each section is counted. */
struct stream_writer {
	int fd;
	uint32_t sequence;
	uint64_t bytes;		/* written so far */
	int level;		/* of zstd; 0: nothing is packed */
	uint64_t pace;		/* bytes a second, see stream_pace() */
	uint64_t paced_bytes, paced_ns;	/* where and when that began */
	void *packer;
	void *packed;		/* room for a packed payload */
	struct build_error *error;
};

/* Writes the header. 0, or a negative errno with *error. stream_writer_close() in either case. */
int stream_writer_open(struct stream_writer *writer, int fd, int level, struct build_error *error);

/*
 * The same for a file of checkpoints, which must be empty. Once all sections of one have been written,
 * stream_commit() makes it the one that a reader takes, in one step that a crash cannot halve: 0 when it is on disk.
 */
int stream_series_open(struct stream_writer *writer, int fd, int level, struct build_error *error);
int stream_commit(struct stream_writer *writer, uint64_t number, int64_t time);

/* Writes one section. -ENOSPC, -EPIPE and so on as of write(2). */
int stream_write(struct stream_writer *writer, uint32_t type, const void *payload, size_t size);

/* From now on write no more bytes a second than that, by waiting after a section; 0: as fast as it goes. */
void stream_pace(struct stream_writer *writer, uint64_t bytes_a_second);
void stream_writer_close(struct stream_writer *writer);

struct stream_reader {
	int fd;
	const char *name;	/* of the stream, for messages */
	uint32_t sequence;	/* of the next section */
	uint32_t type;		/* of the section at hand */
	uint32_t size;		/* bytes */
	uint8_t *payload;	/* aligned for any structure */
	struct stream_checkpoint checkpoint;	/* to be read; number 0: it is no file of checkpoints */
	uint64_t left;		/* bytes until its end */
	void *unpacker;
	uint8_t *stored;
	struct build_error *error;
};

/*
 * Reads and checks the header. 0, or a negative errno with *error: -EBADMSG
 * for what is no stream or a damaged one, -EPROTONOSUPPORT for another
 * version, else as of read(2). stream_reader_close() in either case. Of a file of
 * checkpoints the latest complete one will be read; those before it come first.
 */
int stream_reader_open(struct stream_reader *reader, int fd, const char *name,
		       struct build_error *error);

/* Reads the next section, whole and checked, into type, size and payload. Errors as above. */
int stream_read(struct stream_reader *reader);

/* After the end of a checkpoint: whether another one follows that is to be read. */
bool stream_more(const struct stream_reader *reader);

/* After the last section: -EBADMSG unless nothing follows. */
int stream_read_end(struct stream_reader *reader);
void stream_reader_close(struct stream_reader *reader);

/* What is wrong with the section at hand; returns -EBADMSG. */
int stream_bad(const struct stream_reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A part of stream_reader_open(): the header said that it is a file of checkpoints. */
int stream_series_begin(struct stream_reader *reader);

#endif
