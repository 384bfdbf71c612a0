/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Restoring: sections are acted upon as they come; what needs all of memory to
 * be there (page tables in force, processors) waits for the end of the stream.
 */
#include "restore.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <hypercall/grant.h>
#include <hypercall/hypercall.h>
#include <hypercall/memory.h>
#include <hypercall/start.h>

#include "disk_in.h"
#include "incoming.h"

#define EXTENT_ORDER	9
#define EXTENT		(1u << EXTENT_ORDER)

/* Page tables pinned, frames populated, pages of the p2m written by one call. */
#define PINS		32
#define SINGLES		4096
#define P2M_PIECE	64

struct restorer {
	struct hc_handle *handle;
	const struct restore_config *config;
	struct build_error *error;
	struct incoming in;
	uint16_t domid;
	bool created;
	bool told;			/* the caller knows of the domain, and ends it if it is to end */
	struct build_result built;
};

/* A step that the hypervisor refused. */
static int refused(const struct restorer *r, int code, const char *step)
{
	return build_fail(r->error, code, "domain %u: %s: %s", r->domid, step, strerror(-code));
}

static int create(struct restorer *r)
{
	struct hc_control_create create = {
		.max_vcpus = (uint32_t)r->in.layout.vcpus, .max_frames = r->in.layout.max_pages,
	};
	int code;

	memcpy(create.uuid, r->config->uuid, sizeof(create.uuid));
	strncpy(create.name, r->config->name, sizeof(create.name) - 1);
	code = hc_domain_create(r->handle, &create, 0xffff);
	if (code < 0)
		return build_fail(r->error, code, "the hypervisor cannot create a domain: %s",
				  strerror(-code));
	r->domid = (uint16_t)code;
	r->created = true;
	return 0;
}

static bool wanted(const struct restorer *r, uint64_t frame, uint64_t count)
{
	if (count > r->in.machine.count - frame)
		return false;
	for (uint64_t i = 0; i < count; i++)
		if (r->in.machine.to[frame + i] != INCOMING_WANTED)
			return false;
	return true;
}

/* Large extents where a guest has all of their frames and the host has them in one piece. */
static int populate_large(struct restorer *r)
{
	uint64_t *to = r->in.machine.to;

	for (uint64_t frame = 0; frame < r->in.machine.count; frame += EXTENT) {
		uint64_t machine = frame;

		if (!wanted(r, frame, EXTENT))
			continue;
		if (hc_domain_populate(r->handle, r->domid, &machine, 1, EXTENT_ORDER) != 1)
			return 0;	/* that none was to be had says nothing of single pages */
		for (uint64_t i = 0; i < EXTENT; i++)
			to[frame + i] = machine + i;
	}
	return 0;
}

static int populate_singles(struct restorer *r, const uint64_t *frames, uint64_t *machine,
			    size_t count)
{
	int got;

	memcpy(machine, frames, count * sizeof(*frames));
	got = hc_domain_populate(r->handle, r->domid, machine, count, 0);
	if (got < 0 && got != -ENOMEM)
		return refused(r, got, "cannot give it memory");
	if (got < 0 || (size_t)got < count)
		return build_fail(r->error, -ENOMEM,
				  "not enough free memory on the host: the guest needs %llu MiB",
				  (unsigned long long)r->in.layout.pages >> 8);
	for (size_t i = 0; i < count; i++)
		r->in.machine.to[frames[i]] = machine[i];
	return 0;
}

static int populate(struct restorer *r)
{
	uint64_t frames[SINGLES], machine[SINGLES];
	int code = populate_large(r);
	size_t count = 0;

	for (uint64_t frame = 0; frame < r->in.machine.count && code == 0; frame++) {
		if (r->in.machine.to[frame] == INCOMING_WANTED)
			frames[count++] = frame;
		if (count == SINGLES || (count && frame + 1 == r->in.machine.count)) {
			code = populate_singles(r, frames, machine, count);
			count = 0;
		}
	}
	return code;
}

static int write_pages(struct restorer *r)
{
	uint64_t data[STREAM_BATCH], zero[STREAM_BATCH], data_count = 0, zero_count = 0, stranger;
	struct incoming_pages pages;
	int code = incoming_pages(&r->in, &pages);

	for (uint64_t i = 0; code == 0 && i < pages.count; i++) {
		uint64_t machine = r->in.machine.to[pages.words[i] & STREAM_FRAME_MASK];
		unsigned int kind = incoming_kind(pages.words[i]);

		if (kind == STREAM_KIND_ZERO) {
			zero[zero_count++] = machine;
			continue;
		}
		if (kind != STREAM_KIND_DATA &&
		    table_translate(pages.contents[data_count], kind, &r->in.machine, &stranger))
			return stream_bad(r->in.reader,
					  "a page table names frame 0x%llx, which is none of the guest's",
					  (unsigned long long)stranger);
		data[data_count++] = machine;
	}
	if (code == 0)
		code = hc_domain_copy_to(r->handle, r->domid, data, data_count, pages.contents);
	else
		return code;
	if (code >= 0)
		code = hc_domain_clear(r->handle, r->domid, zero, zero_count);
	if (code < 0)
		return refused(r, code, "its memory cannot be written");
	if (r->config->progress)
		r->config->progress(r->in.pages, r->in.layout.pages, r->config->data);
	return 0;
}

/* The guest's own list: its pages are there, with the frames of the machine they were saved on. */
static int fill_p2m(struct restorer *r)
{
	uint64_t machine[P2M_PIECE], (*buffer)[TABLE_ENTRIES], n;
	int code = 0;

	buffer = malloc(P2M_PIECE * sizeof(*buffer));
	if (!buffer)
		return refused(r, -ENOMEM, "no memory for its list of frames");
	for (uint64_t at = 0; at < r->in.p2m_count && code >= 0; at += n) {
		n = r->in.p2m_count - at < P2M_PIECE ? r->in.p2m_count - at : P2M_PIECE;
		for (uint64_t i = 0; i < n; i++)
			machine[i] = r->in.machine.to[r->in.p2m[at + i]];
		code = hc_domain_copy_from(r->handle, r->domid, machine, n, buffer);
		for (uint64_t i = 0; i < n && code >= 0; i++)
			table_fill_p2m(buffer[i], (at + i) * TABLE_ENTRIES, &r->in.machine);
		if (code >= 0)
			code = hc_domain_copy_to(r->handle, r->domid, machine, n, buffer);
	}
	free(buffer);
	return code < 0 ? refused(r, code, "its list of frames cannot be written") : 0;
}

/* A ring: its event channel, and the grant by which the daemon maps it. */
static int connect_ring(struct restorer *r, uint32_t ref, uint64_t machine, uint32_t *port)
{
	int code = hc_domain_alloc_port(r->handle, r->domid, 0);

	if (code >= 0) {
		*port = (uint32_t)code;
		code = hc_domain_grant_seed(r->handle, r->domid, ref, 0, machine);
	}
	return code < 0 ? refused(r, code, "its rings cannot be connected") : 0;
}

static int write_start_info(struct restorer *r)
{
	uint64_t machine = r->in.machine.to[r->in.processors[0]->context.user_regs.rdx];
	struct hc_control_info domain;
	struct build_result *built = &r->built;
	union {
		struct hc_start_info info;
		char page[HC_PAGE_SIZE];
	} start;
	int code = hc_domain_info(r->handle, r->domid, &domain);

	if (code >= 0)
		code = hc_domain_copy_from(r->handle, r->domid, &machine, 1, &start);
	if (code < 0)
		return refused(r, code, "its start_info page cannot be read");
	if (memcmp(start.info.magic, HC_START_INFO_MAGIC, sizeof(HC_START_INFO_MAGIC)))
		return stream_bad(r->in.reader, "the start_info page is none");
	code = incoming_frame(&r->in, start.info.store_mfn, "the ring of the store");
	if (code == 0)
		code = incoming_frame(&r->in, start.info.console.domU.mfn, "the ring of the console");
	if (code < 0)
		return code;
	built->domid = r->domid;
	built->store_mfn = r->in.machine.to[start.info.store_mfn];
	built->console_mfn = r->in.machine.to[start.info.console.domU.mfn];
	code = connect_ring(r, HC_GNTTAB_RESERVED_XENSTORE, built->store_mfn, &built->store_port);
	if (code == 0)
		code = connect_ring(r, HC_GNTTAB_RESERVED_CONSOLE, built->console_mfn,
				    &built->console_port);
	if (code < 0)
		return code;
	start.info.shared_info = domain.shared_info_mfn << HC_PAGE_SHIFT;
	start.info.store_mfn = built->store_mfn;
	start.info.store_evtchn = built->store_port;
	start.info.console.domU.mfn = built->console_mfn;
	start.info.console.domU.evtchn = built->console_port;
	code = hc_domain_copy_to(r->handle, r->domid, &machine, 1, &start);
	return code < 0 ? refused(r, code, "its start_info page cannot be written") : 0;
}

static int pin_tables(struct restorer *r)
{
	struct hc_mmuext_op ops[PINS];
	uint64_t n;
	int code = 0;

	for (uint64_t at = 0; at < r->in.pinned_count && code >= 0; at += n) {
		uint64_t arguments[5] = { 0, 0, 0, r->domid };

		n = r->in.pinned_count - at < PINS ? r->in.pinned_count - at : PINS;
		for (uint64_t i = 0; i < n; i++) {
			uint64_t word = r->in.pinned[at + i];

			ops[i] = (struct hc_mmuext_op){
				.cmd = HC_MMUEXT_PIN_L1_TABLE + incoming_kind(word) - 1,
				.arg1.mfn = r->in.machine.to[word & STREAM_FRAME_MASK],
			};
		}
		arguments[1] = n;
		code = hc_call_data(r->handle, HC_NR_MMUEXT_OP, arguments, 0, ops, n * sizeof(*ops));
	}
	return code < 0 ? refused(r, code, "its page tables are refused") : 0;
}

/* Frames of a processor's registers, which incoming_processor() has checked. */
static void localize(const struct restorer *r, uint64_t vcpu, struct hc_vcpu_guest_context *context)
{
	static const int bases[] = { 3, 1 };	/* control registers: kernel's tables, user's */
	const uint64_t *machine = r->in.machine.to;

	for (unsigned int i = 0; i < 2; i++) {
		uint64_t *base = &context->ctrlreg[bases[i]];

		if (*base)
			*base = machine[*base >> HC_PAGE_SHIFT] << HC_PAGE_SHIFT;
	}
	for (uint64_t i = 0; i * TABLE_ENTRIES < context->gdt_ents; i++)
		context->gdt_frames[i] = machine[context->gdt_frames[i]];
	if (vcpu == 0)
		context->user_regs.rdx = machine[context->user_regs.rdx];
}

static int set_processors(struct restorer *r)
{
	for (uint32_t vcpu = 0; vcpu < r->in.layout.vcpus; vcpu++) {
		struct stream_processor *processor = r->in.processors[vcpu];
		int code;

		/* Those that are down are in older streams. */
		if (!processor || (vcpu && !(processor->context.flags & HC_VGCF_ONLINE)))
			continue;
		localize(r, vcpu, &processor->context);
		code = hc_vcpu_set_context(r->handle, r->domid, vcpu, &processor->context);
		if (code == 0)
			code = hc_vcpu_set_state(r->handle, r->domid, vcpu, &processor->state);
		if (code < 0)
			return build_fail(r->error, code, "domain %u: the registers of vcpu %u are refused: %s",
					  r->domid, vcpu, code == -EOPNOTSUPP ?
					  "it uses some that this host's processors lack" : strerror(-code));
	}
	return 0;
}

static int finish(struct restorer *r)
{
	int code = r->config->more ? 0 : stream_read_end(r->in.reader);

	if (code == 0)
		code = fill_p2m(r);
	if (code == 0)
		code = write_start_info(r);
	if (code == 0)
		code = pin_tables(r);
	return code == 0 ? set_processors(r) : code;
}

/* The map, which comes in parts; with the last one the domain gets its memory. */
static int take_map(struct restorer *r)
{
	int code = incoming_map(&r->in);

	if (code < 0 || r->in.mapped != r->in.layout.entries)
		return code;
	code = populate(r);
	if (code == 0 && r->config->created) {
		r->told = true;
		r->config->created(r->domid, r->config->data);
	}
	return code;
}

static int take_layout(struct restorer *r)
{
	int code = incoming_layout(&r->in);

	return code == 0 ? create(r) : code;
}

static int take_pinned(struct restorer *r)
{
	return incoming_pinned(&r->in);
}

static int take_p2m(struct restorer *r)
{
	return incoming_p2m(&r->in);
}

static int take_processor(struct restorer *r)
{
	return incoming_processor(&r->in);
}

/* Those of disks may come wherever those of pages may. */
static bool is_disk(const struct restorer *r, uint32_t last)
{
	return r->in.reader->type == STREAM_DISK && r->config->disks &&
	       (last == STREAM_MAP || last == STREAM_PAGES) && r->in.mapped == r->in.layout.entries;
}

static int take_end(struct restorer *r)
{
	int code = incoming_end(&r->in);

	if (code == 0 && r->config->disks)
		code = disk_in_sync(r->config->disks);

	if (code == 0 && stream_more(r->in.reader))
		incoming_next(&r->in);
	else if (code == 0)
		code = finish(r);
	return code;
}

/*
 * Sections in the order of their types; those that may not come twice, or must not be missing. A checkpoint after
 * another one has no layout or map: they hold still.
 */
static int take_all(struct restorer *r)
{
	static int (*const take[])(struct restorer *r) = {
		[STREAM_LAYOUT] = take_layout, [STREAM_MAP] = take_map, [STREAM_PAGES] = write_pages,
		[STREAM_PINNED] = take_pinned, [STREAM_P2M] = take_p2m,
		[STREAM_PROCESSOR] = take_processor, [STREAM_END] = take_end,
	};
	struct stream_reader *reader = r->in.reader;
	uint32_t last = STREAM_DESCRIPTION;
	bool ended;
	int code;

	do {
		code = stream_read(reader);
		if (code < 0)
			return code;
		ended = false;
		if (is_disk(r, last)) {
			code = disk_in_take(r->config->disks, reader);
			continue;
		}
		if (reader->type < last || reader->type > STREAM_END ||
		    (reader->type == last && last == STREAM_LAYOUT) ||
		    reader->type == STREAM_DESCRIPTION || (reader->type > STREAM_LAYOUT && !r->created) ||
		    (reader->type > STREAM_MAP && r->in.mapped != r->in.layout.entries))
			return stream_bad(reader, "is out of order, after type %u", last);
		last = reader->type;
		code = take[last](r);
		ended = last == STREAM_END && !stream_more(reader);
		if (last == STREAM_END)
			last = STREAM_MAP;
	} while (code == 0 && !ended);
	return code;
}

int restore_domain(struct hc_handle *handle, struct stream_reader *reader,
		   const struct restore_config *config, struct build_result *result)
{
	struct restorer r = {
		.handle = handle, .config = config, .error = reader->error, .in.reader = reader,
	};
	int code = take_all(&r);

	if (code < 0 && r.created && !r.told)
		hc_domain_destroy(handle, r.domid);
	*result = r.built;
	incoming_clear(&r.in);
	return code;
}
