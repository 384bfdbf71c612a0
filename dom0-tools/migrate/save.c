/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saving: the guest's lists first, then its pages in the order of their frame
 * numbers, then its processors.
 */
#include "save.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <hypercall/sched.h>

#include "guest.h"
#include "stream.h"

/* Frames of a map section: 256 KiB of bits. */
#define MAP_FRAMES	(1ull << 21)

/* Pinned tables, or frames of the p2m, of one section. */
#define LIST_MAX	65536

struct saver {
	struct hc_handle *handle;
	const struct save_config *config;
	struct build_error *error;
	struct guest guest;
	struct stream_writer writer;
	struct hc_vcpu_guest_context *first;	/* of vcpu 0 */
	uint64_t *section;			/* of pages: count, words, then contents */
	uint64_t *contents;			/* as read */
	uint64_t stored;
};

static int refused(const struct saver *saver, int code, const char *what)
{
	return build_fail(saver->error, code, "%s: %s", what, strerror(-code));
}

static int check_suspended(const struct saver *saver)
{
	const struct hc_control_info *info = &saver->guest.info;

	if (info->state & HC_INFO_SHUTDOWN && info->shutdown_reason == HC_SHUTDOWN_SUSPEND)
		return 0;
	return build_fail(saver->error, -EBUSY, "it is not suspended");
}

/* Where the guest says that its start_info is: the third argument of its last hypercall. */
static int find_start_info(struct saver *saver, uint64_t *frame)
{
	int code = hc_vcpu_get_context(saver->handle, saver->config->domid, 0, saver->first);

	if (code < 0)
		return refused(saver, code, "the registers of vcpu 0 cannot be read");
	*frame = frame_translate(&saver->guest.guest, saver->first->user_regs.rdx);
	if (*frame == FRAME_NONE)
		return build_fail(saver->error, -EPROTO,
				  "it does not say where its start_info page is: rdx is 0x%llx",
				  (unsigned long long)saver->first->user_regs.rdx);
	return 0;
}

static int write_layout(struct saver *saver)
{
	const struct guest *guest = &saver->guest;
	struct stream_layout layout = {
		.entries = guest->p2m_pages * TABLE_ENTRIES, .pages = guest->pages,
		.max_pages = guest->info.max_frames, .vcpus = guest->info.max_vcpus,
	};
	int code = find_start_info(saver, &layout.start_info);

	return code < 0 ? code : stream_write(&saver->writer, STREAM_LAYOUT, &layout, sizeof(layout));
}

static int write_map(struct saver *saver)
{
	uint64_t entries = saver->guest.p2m_pages * TABLE_ENTRIES;
	struct stream_map *map = malloc(sizeof(*map) + MAP_FRAMES / 8);
	int code = map ? 0 : refused(saver, -ENOMEM, "no memory for the map of its frames");

	for (uint64_t first = 0; first < entries && code == 0; first += map->count) {
		map->first = first;
		map->count = entries - first < MAP_FRAMES ? entries - first : MAP_FRAMES;
		memset(map->bits, 0, map->count / 8);
		for (uint64_t i = 0; i < map->count; i++)
			if (frame_translate(&saver->guest.machine, first + i) != FRAME_NONE)
				map->bits[i / 8] |= (uint8_t)(1u << i % 8);
		code = stream_write(&saver->writer, STREAM_MAP, map, sizeof(*map) + map->count / 8);
	}
	free(map);
	return code;
}

static bool is_zero(const uint64_t page[TABLE_ENTRIES])
{
	uint64_t any = 0;

	for (unsigned int i = 0; i < TABLE_ENTRIES && !any; i += 8)
		any = page[i] | page[i + 1] | page[i + 2] | page[i + 3] | page[i + 4] | page[i + 5] |
		      page[i + 6] | page[i + 7];
	return !any;
}

/* Page tables get the guest's frame numbers. One that names another's frame cannot be taken along. */
static int make_canonical(struct saver *saver, uint64_t frame, uint64_t page[TABLE_ENTRIES])
{
	unsigned int level = saver->guest.uses[frame] & GUEST_LEVEL;
	uint64_t stranger;

	if (!level || !table_translate(page, level, &saver->guest.guest, &stranger))
		return 0;
	return build_fail(saver->error, -EPROTO,
			  "its page table at frame 0x%llx maps machine frame 0x%llx, which is not its own",
			  (unsigned long long)frame, (unsigned long long)stranger);
}

/* The pages of some guest frames; those that are zero are left out. */
static int write_batch(struct saver *saver, const uint64_t *frames, const uint64_t *machine,
		       size_t count)
{
	uint64_t *words = saver->section + 1, *data, kept = 0;
	int code = hc_domain_copy_from(saver->handle, saver->config->domid, machine, count,
				       saver->contents);

	if (code < 0)
		return refused(saver, code, "its memory cannot be read");
	for (size_t i = 0; i < count; i++) {
		uint64_t *page = saver->contents + i * TABLE_ENTRIES;

		if (is_zero(page))
			continue;
		code = make_canonical(saver, frames[i], page);
		if (code < 0)
			return code;
		memmove(saver->contents + kept * TABLE_ENTRIES, page, HC_PAGE_SIZE);
		words[kept++] = frames[i] | (uint64_t)(saver->guest.uses[frames[i]] & GUEST_LEVEL)
					    << STREAM_KIND_SHIFT;
	}
	if (!kept)
		return 0;
	saver->section[0] = kept;
	data = words + kept;
	memcpy(data, saver->contents, kept * HC_PAGE_SIZE);
	saver->stored += kept;
	return stream_write(&saver->writer, STREAM_PAGES, saver->section,
			    (1 + kept) * sizeof(*words) + kept * HC_PAGE_SIZE);
}

static int write_pages(struct saver *saver)
{
	uint64_t frames[STREAM_BATCH], machine[STREAM_BATCH], done = 0;
	const struct guest *guest = &saver->guest;
	size_t count = 0;
	int code = 0;

	saver->contents = malloc(STREAM_BATCH * HC_PAGE_SIZE);
	saver->section = malloc((1 + STREAM_BATCH) * sizeof(uint64_t) + STREAM_BATCH * HC_PAGE_SIZE);
	if (!saver->contents || !saver->section)
		return refused(saver, -ENOMEM, "no memory for its pages");
	for (uint64_t frame = 0; frame < guest->machine.count && code == 0; frame++) {
		if (guest->machine.to[frame] != FRAME_NONE) {
			frames[count] = frame;
			machine[count++] = guest->machine.to[frame];
		}
		if (count < STREAM_BATCH && (frame + 1 < guest->machine.count || !count))
			continue;
		code = write_batch(saver, frames, machine, count);
		done += count;
		count = 0;
		if (saver->config->progress)
			saver->config->progress(done, guest->pages, saver->config->data);
	}
	return code;
}

/* A list of 64-bit words in as many sections as it takes. */
static int write_list(struct saver *saver, uint32_t type, const uint64_t *list, uint64_t count)
{
	int code = 0;

	for (uint64_t n; count && code == 0; list += n, count -= n) {
		n = count < LIST_MAX ? count : LIST_MAX;
		code = stream_write(&saver->writer, type, list, n * sizeof(*list));
	}
	return code;
}

static int write_pinned(struct saver *saver)
{
	const struct guest *guest = &saver->guest;
	uint64_t *list, count = 0;
	int code;

	for (uint64_t frame = 0; frame < guest->machine.count; frame++)
		count += !!(guest->uses[frame] & GUEST_PINNED);
	list = malloc((count + 1) * sizeof(*list));
	if (!list)
		return refused(saver, -ENOMEM, "no memory for the list of its page tables");
	count = 0;
	for (uint64_t frame = 0; frame < guest->machine.count; frame++)
		if (guest->uses[frame] & GUEST_PINNED)
			list[count++] = frame | (uint64_t)(guest->uses[frame] & GUEST_LEVEL)
						<< STREAM_KIND_SHIFT;
	code = write_list(saver, STREAM_PINNED, list, count);
	free(list);
	return code;
}

/* A machine frame in a processor's context; of another's frame nothing can be made. */
static int translate(struct saver *saver, uint32_t vcpu, const char *what, uint64_t *frame)
{
	uint64_t to = frame_translate(&saver->guest.guest, *frame);

	if (to == FRAME_NONE)
		return build_fail(saver->error, -EPROTO,
				  "%s of vcpu %u is machine frame 0x%llx, which is not its own", what,
				  vcpu, (unsigned long long)*frame);
	*frame = to;
	return 0;
}

static int translate_context(struct saver *saver, uint32_t vcpu, struct hc_vcpu_guest_context *context)
{
	static const int bases[] = { 3, 1 };	/* control registers: kernel's tables, user's */
	uint64_t gdt = (context->gdt_ents * 8 + HC_PAGE_SIZE - 1) >> HC_PAGE_SHIFT;
	int code = 0;

	for (unsigned int i = 0; i < 2 && code == 0; i++) {
		uint64_t *base = &context->ctrlreg[bases[i]], frame = *base >> HC_PAGE_SHIFT;

		if (!frame)
			continue;
		code = translate(saver, vcpu, "the page table", &frame);
		*base = (*base & (HC_PAGE_SIZE - 1)) | frame << HC_PAGE_SHIFT;
	}
	for (uint64_t i = 0; i < 16 && code == 0; i++) {
		if (i < gdt)
			code = translate(saver, vcpu, "the descriptor table", &context->gdt_frames[i]);
		else
			context->gdt_frames[i] = 0;
	}
	if (vcpu == 0 && code == 0)
		code = translate(saver, vcpu, "the start_info page", &context->user_regs.rdx);
	return code;
}

static int write_processors(struct saver *saver)
{
	struct stream_processor *processor = malloc(sizeof(*processor));
	int code = processor ? 0 : refused(saver, -ENOMEM, "no memory for its registers");

	for (uint32_t vcpu = 0; vcpu < saver->guest.info.max_vcpus && code == 0; vcpu++) {
		processor->vcpu = vcpu;
		code = hc_vcpu_get_context(saver->handle, saver->config->domid, vcpu,
					   &processor->context);
		if (code == -ENODATA) {
			code = 0;	/* never brought up */
			continue;
		}
		if (code == 0)
			code = hc_vcpu_get_state(saver->handle, saver->config->domid, vcpu,
						 &processor->state);
		if (code < 0)
			code = refused(saver, code, "the registers of a processor cannot be read");
		else
			code = translate_context(saver, vcpu, &processor->context);
		if (code == 0)
			code = stream_write(&saver->writer, STREAM_PROCESSOR, processor,
					    sizeof(*processor));
	}
	free(processor);
	return code;
}

static int write_end(struct saver *saver)
{
	struct stream_end end = { .sections = saver->writer.sequence, .pages = saver->stored };

	return stream_write(&saver->writer, STREAM_END, &end, sizeof(end));
}

static int write_all(struct saver *saver)
{
	const struct save_config *config = saver->config;
	int code = stream_writer_open(&saver->writer, config->fd, config->level, saver->error);

	if (code == 0)
		code = stream_write(&saver->writer, STREAM_DESCRIPTION, config->description,
				    config->description_size);
	if (code == 0)
		code = write_layout(saver);
	if (code == 0)
		code = write_map(saver);
	if (code == 0)
		code = write_pages(saver);
	if (code == 0)
		code = write_pinned(saver);
	if (code == 0)
		code = write_list(saver, STREAM_P2M, saver->guest.p2m, saver->guest.p2m_pages);
	if (code == 0)
		code = write_processors(saver);
	return code == 0 ? write_end(saver) : code;
}

int save_domain(struct hc_handle *handle, const struct save_config *config,
		struct save_result *result, struct build_error *error)
{
	struct saver saver = { .handle = handle, .config = config, .error = error };
	int code = guest_open(&saver.guest, handle, config->domid, error);

	if (code == 0)
		code = check_suspended(&saver);
	if (code == 0)
		code = guest_find_p2m(&saver.guest);
	if (code == 0) {
		saver.first = malloc(sizeof(*saver.first));
		code = saver.first ? write_all(&saver) :
				     refused(&saver, -ENOMEM, "no memory for its registers");
	}
	*result = (struct save_result){
		.pages = saver.guest.pages, .stored = saver.stored, .bytes = saver.writer.bytes,
	};
	free(saver.first);
	free(saver.contents);
	free(saver.section);
	stream_writer_close(&saver.writer);
	guest_close(&saver.guest);
	return code;
}
