/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading pages in batches. Of a guest that runs, what a page is used as is
 * asked before it is read: if that changes in between, the log of writes says so,
 * and the page is written again.
 */
#include "pages.h"
#include "disks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hypercall/hypercall.h>

struct batch {
	uint64_t frames[STREAM_BATCH];
	uint64_t machine[STREAM_BATCH];
	unsigned int levels[STREAM_BATCH];
	size_t count;
};

static int refused(const struct pages *pages, int code, const char *what)
{
	return build_fail(pages->error, code, "%s: %s", what, strerror(-code));
}

int pages_open(struct pages *pages)
{
	pages->contents = malloc(STREAM_BATCH * HC_PAGE_SIZE);
	pages->section = malloc((1 + STREAM_BATCH) * sizeof(uint64_t) + STREAM_BATCH * HC_PAGE_SIZE);
	if (!pages->contents || !pages->section)
		return refused(pages, -ENOMEM, "no memory for its pages");
	return 0;
}

void pages_close(struct pages *pages)
{
	free(pages->contents);
	free(pages->section);
	pages->contents = pages->section = NULL;
}

static bool is_zero(const uint64_t page[TABLE_ENTRIES])
{
	uint64_t any = 0;

	for (unsigned int i = 0; i < TABLE_ENTRIES && !any; i += 8)
		any = page[i] | page[i + 1] | page[i + 2] | page[i + 3] | page[i + 4] | page[i + 5] |
		      page[i + 6] | page[i + 7];
	return !any;
}

/* Drops frames that are not the guest's any more, or under another number: they come again. */
static int look(struct pages *pages, struct batch *batch)
{
	struct guest *guest = pages->guest;
	uint64_t info[STREAM_BATCH];
	size_t kept = 0;
	int code;

	if (!pages->running) {
		for (size_t i = 0; i < batch->count; i++)
			batch->levels[i] = guest->uses[batch->frames[i]] & GUEST_LEVEL;
		return 0;
	}
	code = hc_domain_frame_info(guest->handle, guest->domid, batch->machine, batch->count, info);
	if (code < 0)
		return refused(pages, code, "its frames cannot be asked about");
	for (size_t i = 0; i < batch->count; i++) {
		if (info[i] & (HC_FRAME_ALIEN | HC_FRAME_SHARED) ||
		    (info[i] & HC_FRAME_GFN) != batch->frames[i]) {
			pages_mark(pages->again, batch->frames[i]);
			continue;
		}
		batch->frames[kept] = batch->frames[i];
		batch->machine[kept] = batch->machine[i];
		batch->levels[kept++] = (unsigned int)((info[i] & HC_FRAME_LEVEL) >> HC_FRAME_LEVEL_SHIFT);
	}
	batch->count = kept;
	return 0;
}

/* A page table gets the guest's frame numbers. */
static int make_canonical(struct pages *pages, uint64_t frame, unsigned int level,
			  uint64_t page[TABLE_ENTRIES])
{
	uint64_t stranger;

	if (!level || !table_translate(page, level, &pages->guest->guest, &stranger))
		return 0;
	if (pages->running) {
		/* A device's ring or the shared_info page, which a suspended guest does not map. */
		pages_mark(pages->again, frame);
		return 0;
	}
	return build_fail(pages->error, -EPROTO,
			  "its page table at frame 0x%llx maps machine frame 0x%llx, which is not its own",
			  (unsigned long long)frame, (unsigned long long)stranger);
}

/* The contents of a batch as a section. */
static int write_section(struct pages *pages, const struct batch *batch)
{
	uint64_t words[STREAM_BATCH], count = 0, kept = 0;
	int code = 0;

	for (size_t i = 0; i < batch->count && code == 0; i++) {
		uint64_t *page = pages->contents + i * TABLE_ENTRIES;
		uint64_t kind = batch->levels[i];

		if (is_zero(page)) {
			if (pages->zero)
				words[count++] = batch->frames[i] |
						 (uint64_t)STREAM_KIND_ZERO << STREAM_KIND_SHIFT;
			continue;
		}
		code = make_canonical(pages, batch->frames[i], batch->levels[i], page);
		memmove(pages->contents + kept++ * TABLE_ENTRIES, page, HC_PAGE_SIZE);
		words[count++] = batch->frames[i] | kind << STREAM_KIND_SHIFT;
	}
	if (code < 0 || !count)
		return code;
	pages->section[0] = count;
	memcpy(pages->section + 1, words, count * sizeof(*words));
	memcpy(pages->section + 1 + count, pages->contents, kept * HC_PAGE_SIZE);
	pages->stored += count;
	return stream_write(pages->writer, STREAM_PAGES, pages->section,
			    (1 + count) * sizeof(*words) + kept * HC_PAGE_SIZE);
}

static int write_batch(struct pages *pages, struct batch *batch)
{
	struct guest *guest = pages->guest;
	int code = look(pages, batch);

	if (code == 0 && batch->count)
		code = hc_domain_copy_from(guest->handle, guest->domid, batch->machine, batch->count,
					   pages->contents);
	else
		return code;
	if (code == -EINVAL && pages->running) {
		/* One of them has just been given back; which one will show next time. */
		for (size_t i = 0; i < batch->count; i++)
			pages_mark(pages->again, batch->frames[i]);
		return 0;
	}
	return code < 0 ? refused(pages, code, "its memory cannot be read") : write_section(pages, batch);
}

int pages_write(struct pages *pages, const uint64_t *wanted, uint64_t entries)
{
	const struct frame_list *machine = &pages->guest->machine;
	struct batch batch = { .count = 0 };
	uint64_t done = 0;
	int code = 0;

	for (uint64_t frame = 0; frame <= entries && code == 0; frame++) {
		if (frame < entries && (!wanted || pages_bit(wanted, frame)) &&
		    frame_translate(machine, frame) != FRAME_NONE) {
			batch.frames[batch.count] = frame;
			batch.machine[batch.count++] = machine->to[frame];
		}
		if (!batch.count || (batch.count < STREAM_BATCH && frame < entries))
			continue;
		done += batch.count;
		code = write_batch(pages, &batch);
		batch.count = 0;
		if (code == 0 && pages->disks)
			code = disks_look(pages->disks);
		if (pages->progress)
			pages->progress(done, pages->guest->pages, pages->data);
	}
	return code;
}
