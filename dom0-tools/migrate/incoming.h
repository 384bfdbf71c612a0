/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a restorer has learnt from its stream, and its checks of it: no
 * number from a stream is used before it has passed here.
 */
#ifndef MIGRATE_INCOMING_H
#define MIGRATE_INCOMING_H

#include <stdint.h>

#include "stream.h"
#include "table.h"

#define INCOMING_VCPUS_MAX 64

struct incoming {
	struct stream_reader *reader;
	struct stream_layout layout;
	struct frame_list machine;	/* of populated frames once they are: their machine frames */
	uint64_t mapped;		/* frames that the map has told of so far */
	uint64_t populated;
	uint64_t pages;			/* of all sections of pages */
	uint64_t *pinned;		/* words as in the stream */
	uint64_t pinned_count;
	uint64_t *p2m;			/* frame numbers */
	uint64_t p2m_count;
	struct stream_processor *processors[INCOMING_VCPUS_MAX];	/* NULL: never brought up */
};

/* In machine.to: populated, but not yet with memory of its own. */
#define INCOMING_WANTED (FRAME_NONE - 1)

/*
 * Each takes over the section at hand, which is of its type. 0, or a negative
 * errno: -EBADMSG with the reason in the reader's error, -ENOMEM.
 */
int incoming_layout(struct incoming *incoming);
int incoming_map(struct incoming *incoming);
int incoming_pinned(struct incoming *incoming);
int incoming_p2m(struct incoming *incoming);
int incoming_processor(struct incoming *incoming);
int incoming_end(struct incoming *incoming);

/* A checkpoint has ended and another one follows: what comes anew with each is forgotten. */
void incoming_next(struct incoming *incoming);

/* A section of pages, all of it checked: words and contents in the reader's payload. */
struct incoming_pages {
	uint64_t count;
	const uint64_t *words;		/* frames ascend */
	uint64_t (*contents)[TABLE_ENTRIES];
	uint64_t contents_count;	/* pages that have any */
};
int incoming_pages(struct incoming *incoming, struct incoming_pages *pages);

/* A frame number that must be a populated one; what it is is for the message. */
int incoming_frame(const struct incoming *incoming, uint64_t frame, const char *what);
void incoming_clear(struct incoming *incoming);

static inline unsigned int incoming_kind(uint64_t word)
{
	return (unsigned int)(word >> STREAM_KIND_SHIFT);
}

#endif
