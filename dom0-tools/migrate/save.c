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

#include "disks.h"
#include "live.h"
#include "saver.h"

/* Frames of a map section: 256 KiB of bits. */
#define MAP_FRAMES	(1ull << 21)

/* Pinned tables, or frames of the p2m, of one section. */
#define LIST_MAX	65536

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

static int write_layout(struct saver *saver)
{
	const struct guest *guest = &saver->guest;
	struct stream_layout layout = {
		.entries = guest->p2m_pages * TABLE_ENTRIES, .pages = guest->pages,
		.max_pages = guest->info.max_frames, .vcpus = guest->info.max_vcpus,
	};

	return stream_write(&saver->writer, STREAM_LAYOUT, &layout, sizeof(layout));
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

/* A frame that was populated, or not, when the layout was written, and is otherwise now. */
static int compare_maps(const struct saver *saver, const struct guest *before, uint64_t *rest)
{
	const struct guest *guest = &saver->guest;

	if (guest->p2m_pages != before->p2m_pages || guest->pages != before->pages)
		return build_fail(saver->error, -EAGAIN, "the guest's memory has grown or shrunk meanwhile");
	for (uint64_t frame = 0; frame < guest->machine.count; frame++) {
		uint64_t machine = guest->machine.to[frame], old = frame_translate(&before->machine, frame);

		if ((machine == FRAME_NONE) != (old == FRAME_NONE))
			return build_fail(saver->error, -EAGAIN,
					  "the guest's memory has moved about meanwhile");
		if (machine != old)
			pages_mark(rest, frame);
	}
	return 0;
}

int saver_suspend(struct saver *saver, int (*suspend)(void *data), void *data, uint64_t *rest,
		  bool *suspended)
{
	struct guest before = saver->guest;
	int code = suspend(data);

	*suspended = code == 0;
	if (code < 0)
		return build_fail(saver->error, code, "the guest has not suspended");
	code = guest_open(&saver->guest, saver->handle, saver->domid, before.info.max_frames, saver->error);
	if (code == 0)
		code = check_suspended(saver);
	if (code == 0)
		code = guest_find_p2m(&saver->guest);
	if (code == 0)
		code = compare_maps(saver, &before, rest);
	guest_close(&before);
	return code;
}

/* Its guest is suspended, and what it had asked its disks for is done. */
static int write_disks_rest(struct saver *saver)
{
	struct disks_pass pass;
	int code = disks_pass(saver->pages.disks, &pass);

	if (code == 0 && pass.dirty)
		code = build_fail(saver->error, -EBUSY, "somebody writes to its disks, though it is suspended");
	return code;
}

/* Rounds while it runs, and the rest when it is suspended. */
static int write_rounds(struct saver *saver, const struct save_config *config, uint64_t entries, uint64_t *rest)
{
	int code = live_rounds(&saver->pages, &config->live, entries, false, rest);
	bool suspended;

	if (code == 0)
		code = saver_suspend(saver, config->suspend, config->data, rest, &suspended);
	if (code == 0)
		code = live_collect(&saver->pages, entries, rest);
	if (code == 0)
		code = pages_write(&saver->pages, rest, entries);
	return code == 0 && config->disks ? write_disks_rest(saver) : code;
}

/* Before anything of its memory, which would only change meanwhile. */
static int copy_disks(struct saver *saver, const struct save_config *config)
{
	int code;

	config->disks->writer = &saver->writer;
	stream_pace(&saver->writer, config->live.bandwidth);
	code = disks_copy(config->disks);
	stream_pace(&saver->writer, 0);
	return code;
}

static int write_live(struct saver *saver, const struct save_config *config)
{
	uint64_t entries = saver->guest.p2m_pages * TABLE_ENTRIES, *rest = live_bitmap(&saver->pages, entries);
	int code = rest ? 0 : -ENOMEM;

	if (code == 0 && config->disks)
		code = copy_disks(saver, config);
	if (code == 0)
		code = live_start(&saver->pages, entries);
	if (code == 0) {
		code = write_rounds(saver, config, entries, rest);
		live_stop(&saver->pages);
	}
	free(rest);
	return code;
}

static int write_pages(struct saver *saver, const struct save_config *config)
{
	saver->pages = (struct pages){
		.guest = &saver->guest, .writer = &saver->writer, .error = saver->error,
		.progress = config->progress, .data = config->data, .disks = config->disks,
	};
	if (pages_open(&saver->pages) < 0)
		return -ENOMEM;
	if (config->suspend)
		return write_live(saver, config);
	return pages_write(&saver->pages, NULL, saver->guest.p2m_pages * TABLE_ENTRIES);
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

/*
 * One that is down is begun anew when it is brought up: a kernel that goes on elsewhere gives it a first context
 * again, which one that has one refuses.
 */
static bool is_down(uint32_t vcpu, const struct hc_vcpu_guest_context *context)
{
	return vcpu && !(context->flags & HC_VGCF_ONLINE);
}

static int write_processors(struct saver *saver)
{
	struct stream_processor *processor = malloc(sizeof(*processor));
	int code = processor ? 0 : refused(saver, -ENOMEM, "no memory for its registers");

	for (uint32_t vcpu = 0; vcpu < saver->guest.info.max_vcpus && code == 0; vcpu++) {
		processor->vcpu = vcpu;
		code = hc_vcpu_get_context(saver->handle, saver->domid, vcpu,
					   &processor->context);
		if (code == -ENODATA || (code == 0 && is_down(vcpu, &processor->context))) {
			code = 0;
			continue;
		}
		if (code == 0)
			code = hc_vcpu_get_state(saver->handle, saver->domid, vcpu,
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
	struct stream_end end = { .sections = saver->writer.sequence, .pages = saver->pages.stored };

	return stream_write(&saver->writer, STREAM_END, &end, sizeof(end));
}

int saver_write_head(struct saver *saver, const char *description, size_t size)
{
	int code = stream_write(&saver->writer, STREAM_DESCRIPTION, description, size);

	if (code == 0)
		code = write_layout(saver);
	return code == 0 ? write_map(saver) : code;
}

int saver_write_tail(struct saver *saver)
{
	int code = write_pinned(saver);

	if (code == 0)
		code = write_list(saver, STREAM_P2M, saver->guest.p2m, saver->guest.p2m_pages);
	if (code == 0)
		code = write_processors(saver);
	return code == 0 ? write_end(saver) : code;
}

void saver_close(struct saver *saver)
{
	pages_close(&saver->pages);
	stream_writer_close(&saver->writer);
	guest_close(&saver->guest);
}

static int write_all(struct saver *saver, const struct save_config *config)
{
	int code = stream_writer_open(&saver->writer, config->fd, config->level, saver->error);

	if (code == 0)
		code = saver_write_head(saver, config->description, config->description_size);
	if (code == 0)
		code = write_pages(saver, config);
	return code == 0 ? saver_write_tail(saver) : code;
}

int save_domain(struct hc_handle *handle, const struct save_config *config,
		struct save_result *result, struct build_error *error)
{
	struct saver saver = { .handle = handle, .domid = config->domid, .error = error };
	int code = guest_open(&saver.guest, handle, config->domid, config->max_pages, error);

	if (code == 0 && config->suspend) {
		code = guest_size_p2m(&saver.guest);
	} else if (code == 0) {
		code = check_suspended(&saver);
		if (code == 0)
			code = guest_find_p2m(&saver.guest);
	}
	if (code == 0)
		code = write_all(&saver, config);
	*result = (struct save_result){
		.pages = saver.guest.pages, .stored = saver.pages.stored, .bytes = saver.writer.bytes,
	};
	saver_close(&saver);
	return code;
}
