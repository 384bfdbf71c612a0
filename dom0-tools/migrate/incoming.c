/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checking what a stream says. */
#include "incoming.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Entries of a p2m: a guest of 1 TiB. Bounds the lists made from one number. */
#define ENTRIES_MAX	(1ull << 28)

static int no_memory(const struct incoming *incoming)
{
	return build_fail(incoming->reader->error, -ENOMEM, "no memory to read %s",
			  incoming->reader->name);
}

int incoming_frame(const struct incoming *incoming, uint64_t frame, const char *what)
{
	if (frame_translate(&incoming->machine, frame) != FRAME_NONE)
		return 0;
	return stream_bad(incoming->reader, "%s: frame 0x%llx is none of the guest's", what,
			  (unsigned long long)frame);
}

int incoming_layout(struct incoming *incoming)
{
	struct stream_reader *reader = incoming->reader;
	struct stream_layout *layout = &incoming->layout;

	if (reader->size != sizeof(*layout))
		return stream_bad(reader, "has %u bytes; expected %zu", reader->size, sizeof(*layout));
	memcpy(layout, reader->payload, sizeof(*layout));
	if (!layout->entries || layout->entries % TABLE_ENTRIES || layout->entries > ENTRIES_MAX ||
	    !layout->pages || layout->pages > layout->entries || layout->pages > layout->max_pages ||
	    layout->max_pages > ENTRIES_MAX)
		return stream_bad(reader, "%llu entries, %llu pages, at most %llu: cannot be",
				  (unsigned long long)layout->entries, (unsigned long long)layout->pages,
				  (unsigned long long)layout->max_pages);
	if (!layout->vcpus || layout->vcpus > INCOMING_VCPUS_MAX)
		return stream_bad(reader, "%llu vcpus; expected 1 to %d",
				  (unsigned long long)layout->vcpus, INCOMING_VCPUS_MAX);
	incoming->machine.to = malloc(layout->entries * sizeof(*incoming->machine.to));
	if (!incoming->machine.to)
		return no_memory(incoming);
	memset(incoming->machine.to, 0xff, layout->entries * sizeof(*incoming->machine.to));
	incoming->machine.count = layout->entries;
	return 0;
}

int incoming_map(struct incoming *incoming)
{
	struct stream_reader *reader = incoming->reader;
	const struct stream_map *map = (const void *)reader->payload;
	uint64_t left = incoming->layout.entries - incoming->mapped;

	if (reader->size < sizeof(*map) || map->first != incoming->mapped || !map->count ||
	    map->count % 8 || map->count > left || reader->size != sizeof(*map) + map->count / 8)
		return stream_bad(reader, "is no map that goes on at frame 0x%llx",
				  (unsigned long long)incoming->mapped);
	for (uint64_t i = 0; i < map->count; i++) {
		if (!(map->bits[i / 8] >> i % 8 & 1))
			continue;
		incoming->machine.to[map->first + i] = INCOMING_WANTED;
		incoming->populated++;
	}
	incoming->mapped += map->count;
	if (incoming->mapped == incoming->layout.entries &&
	    incoming->populated != incoming->layout.pages)
		return stream_bad(reader, "the map has %llu pages, the layout %llu",
				  (unsigned long long)incoming->populated,
				  (unsigned long long)incoming->layout.pages);
	return 0;
}

int incoming_pages(struct incoming *incoming, struct incoming_pages *pages)
{
	struct stream_reader *reader = incoming->reader;
	uint64_t *payload = (uint64_t *)reader->payload, used;

	pages->count = reader->size >= sizeof(*payload) ? payload[0] : 0;
	if (!pages->count || pages->count > STREAM_BATCH ||
	    reader->size < (1 + pages->count) * sizeof(*payload))
		return stream_bad(reader, "%llu pages in %u bytes; expected 1 to %d",
				  (unsigned long long)pages->count, reader->size, STREAM_BATCH);
	pages->words = payload + 1;
	pages->contents = (void *)(payload + 1 + pages->count);
	pages->contents_count = 0;
	for (uint64_t i = 0; i < pages->count; i++) {
		uint64_t word = pages->words[i], frame = word & STREAM_FRAME_MASK;
		unsigned int kind = incoming_kind(word);
		int code = incoming_frame(incoming, frame, "a page");

		if (code < 0)
			return code;
		if (word & ~(STREAM_FRAME_MASK | 15ull << STREAM_KIND_SHIFT) ||
		    (kind > STREAM_KIND_TABLE_MAX && kind != STREAM_KIND_ZERO) ||
		    (i && frame <= (pages->words[i - 1] & STREAM_FRAME_MASK)))
			return stream_bad(reader, "page %llu is 0x%llx: its kind or place cannot be",
					  (unsigned long long)i, (unsigned long long)word);
		pages->contents_count += kind != STREAM_KIND_ZERO;
	}
	used = (1 + pages->count) * sizeof(*payload) + pages->contents_count * sizeof(*pages->contents);
	if (reader->size != used)
		return stream_bad(reader, "has %u bytes; its pages take %llu", reader->size,
				  (unsigned long long)used);
	incoming->pages += pages->count;
	return 0;
}

/* Append the words of the section at hand to a list of at most limit. */
static int append(struct incoming *incoming, uint64_t **list, uint64_t *count, uint64_t limit)
{
	struct stream_reader *reader = incoming->reader;
	uint64_t more = reader->size / sizeof(**list), *grown;

	if (!more || reader->size % sizeof(**list) || more > limit - *count)
		return stream_bad(reader, "%u bytes after %llu entries; expected %llu entries at most",
				  reader->size, (unsigned long long)*count, (unsigned long long)limit);
	grown = realloc(*list, (*count + more) * sizeof(**list));
	if (!grown)
		return no_memory(incoming);
	memcpy(grown + *count, reader->payload, reader->size);
	*list = grown;
	*count += more;
	return 0;
}

int incoming_pinned(struct incoming *incoming)
{
	uint64_t first = incoming->pinned_count;
	int code = append(incoming, &incoming->pinned, &incoming->pinned_count, incoming->layout.pages);

	for (uint64_t i = first; i < incoming->pinned_count && code == 0; i++) {
		uint64_t word = incoming->pinned[i];

		if (!incoming_kind(word) || incoming_kind(word) > STREAM_KIND_TABLE_MAX)
			return stream_bad(incoming->reader, "a pinned table is 0x%llx: of no level",
					  (unsigned long long)word);
		code = incoming_frame(incoming, word & ~(15ull << STREAM_KIND_SHIFT), "a pinned table");
	}
	return code;
}

int incoming_p2m(struct incoming *incoming)
{
	uint64_t first = incoming->p2m_count;
	int code = append(incoming, &incoming->p2m, &incoming->p2m_count,
			  incoming->layout.entries / TABLE_ENTRIES);

	for (uint64_t i = first; i < incoming->p2m_count && code == 0; i++)
		code = incoming_frame(incoming, incoming->p2m[i], "the list of frames");
	return code;
}

static int check_context(const struct incoming *incoming, uint64_t vcpu,
			 const struct hc_vcpu_guest_context *context)
{
	uint64_t gdt = (context->gdt_ents * 8 + 4095) / 4096;
	int code;

	if (context->gdt_ents > 16 * 512)
		return stream_bad(incoming->reader, "%llu descriptors",
				  (unsigned long long)context->gdt_ents);
	code = incoming_frame(incoming, context->ctrlreg[3] / 4096, "the page table of a processor");
	if (code == 0 && context->ctrlreg[1])
		code = incoming_frame(incoming, context->ctrlreg[1] / 4096,
				      "the page table of a processor");
	for (uint64_t i = 0; i < gdt && code == 0; i++)
		code = incoming_frame(incoming, context->gdt_frames[i], "a descriptor table");
	if (code == 0 && !vcpu)
		code = incoming_frame(incoming, context->user_regs.rdx, "the start_info page");
	return code;
}

int incoming_processor(struct incoming *incoming)
{
	struct stream_reader *reader = incoming->reader;
	struct stream_processor *processor;
	int code;

	if (reader->size != sizeof(*processor))
		return stream_bad(reader, "has %u bytes; expected %zu", reader->size,
				  sizeof(*processor));
	processor = malloc(sizeof(*processor));
	if (!processor)
		return no_memory(incoming);
	memcpy(processor, reader->payload, sizeof(*processor));
	if (processor->vcpu >= incoming->layout.vcpus || incoming->processors[processor->vcpu])
		code = stream_bad(reader, "vcpu %llu of %llu is beyond them or came before",
				  (unsigned long long)processor->vcpu,
				  (unsigned long long)incoming->layout.vcpus);
	else
		code = check_context(incoming, processor->vcpu, &processor->context);
	if (code < 0)
		free(processor);
	else
		incoming->processors[processor->vcpu] = processor;
	return code;
}

int incoming_end(struct incoming *incoming)
{
	struct stream_reader *reader = incoming->reader;
	struct stream_end end;

	if (reader->size != sizeof(end))
		return stream_bad(reader, "has %u bytes; expected %zu", reader->size, sizeof(end));
	memcpy(&end, reader->payload, sizeof(end));
	if (end.sections != reader->sequence - 1 || end.pages != incoming->pages)
		return stream_bad(reader, "%llu sections, %llu pages; %u and %llu have come",
				  (unsigned long long)end.sections, (unsigned long long)end.pages,
				  reader->sequence - 1, (unsigned long long)incoming->pages);
	if (incoming->p2m_count != incoming->layout.entries / TABLE_ENTRIES || !incoming->processors[0])
		return stream_bad(reader, "comes before all of the list of frames and vcpu 0");
	return 0;
}

void incoming_next(struct incoming *incoming)
{
	for (unsigned int i = 0; i < INCOMING_VCPUS_MAX; i++) {
		free(incoming->processors[i]);
		incoming->processors[i] = NULL;
	}
	free(incoming->pinned);
	free(incoming->p2m);
	incoming->pinned = incoming->p2m = NULL;
	incoming->pinned_count = incoming->p2m_count = 0;
}

void incoming_clear(struct incoming *incoming)
{
	incoming_next(incoming);
	free(incoming->machine.to);
	*incoming = (struct incoming){ 0 };
}
