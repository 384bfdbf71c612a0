/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds a domain through the hypervisor's control calls. Everything that can
 * be found out from the files alone is found out before the domain exists;
 * after that, any failure destroys it again.
 */
#include "build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hypercall/elfnote.h>
#include <hypercall/grant.h>
#include <hypercall/hypercall.h>
#include <hypercall/version.h>

#include "elf.h"
#include "frames.h"
#include "image.h"
#include "initrd.h"
#include "layout.h"
#include "pagetable.h"
#include "startinfo.h"

/* Pages written at once: enough that the call's cost does not count, for each page of a buffer is dear. */
#define PIECE		64

/* Frames that a page of the list of them tells. */
#define LIST_PAGE	(HC_PAGE_SIZE / sizeof(uint64_t))

/*
 * What every 64-bit PV guest has though the hypervisor does not announce it:
 * it emulates writes to page tables, and tables may lie anywhere.
 */
#define ALWAYS (1u << HC_FEATURE_WRITABLE_PAGE_TABLES | 1u << HC_FEATURE_PAE_PGDIR_ABOVE_4GB)

/* What the hypervisor reads by itself; memory of hc_buffer_alloc(). */
struct piece {
	char data[PIECE][HC_PAGE_SIZE];
	uint64_t frames[PIECE];
};

struct builder {
	struct hc_handle *handle;
	const struct build_config *config;
	struct build_error *error;
	struct image kernel;
	struct image initrd;		/* fd -1: none. */
	struct elf elf;
	struct layout layout;
	struct frames frames;
	struct piece *piece;
	uint16_t domid;
	uint32_t store_port;
	uint32_t console_port;
};

/* A step that the hypervisor refused. */
static int refused(const struct builder *b, int code, const char *step)
{
	return build_fail(b->error, code, "domain %u: %s: %s", b->domid, step, strerror(-code));
}

static int check_features(const struct builder *b)
{
	struct hc_feature_info features = { 0 };
	uint32_t missing;
	int code;

	code = hc_version(b->handle, HC_VERSION_GET_FEATURES, &features, sizeof(features));
	if (code < 0)
		return build_fail(b->error, code, "cannot ask the hypervisor for its features: %s",
				  strerror(-code));
	missing = b->elf.notes.features_required & ~(features.submap | ALWAYS);
	if (missing)
		return build_fail(b->error, -ENOEXEC,
				  "%s: requires features of the hypervisor that it lacks: bits 0x%x",
				  b->kernel.path, missing);
	return 0;
}

static int create(struct builder *b)
{
	const struct build_config *config = b->config;
	struct hc_control_create create = {
		.max_vcpus = config->vcpus,
		.max_frames = (config->max_memory >> HC_PAGE_SHIFT) + BUILD_SLACK,
	};
	int code;

	memcpy(create.uuid, config->uuid, sizeof(create.uuid));
	strncpy(create.name, config->name ? config->name : "", sizeof(create.name) - 1);
	code = hc_domain_create(b->handle, &create, config->domid);
	if (code < 0)
		return build_fail(b->error, code, "the hypervisor cannot create a domain: %s",
				  strerror(-code));
	b->domid = (uint16_t)code;
	return 0;
}

static int populate(struct builder *b)
{
	int64_t pages = (int64_t)b->layout.pages;
	int64_t got = frames_populate(&b->frames, b->handle, b->domid, b->layout.pages);

	if (got < 0)
		return refused(b, (int)got, "cannot give it memory");
	if (got < pages)
		return build_fail(b->error, -ENOMEM,
				  "not enough free memory on the host: the domain needs %lld MiB, %lld MiB were free",
				  (long long)pages >> 8, (long long)got >> 8);
	return 0;
}

/* A kernel prepares for as much as its map has; without one for little more than it is given. */
static int set_ram(const struct builder *b)
{
	const struct build_config *config = b->config;
	int code = config->max_memory > config->memory ?
		   hc_domain_set_ram(b->handle, b->domid, config->max_memory) : 0;

	return code < 0 ? refused(b, code, "cannot set its memory map") : 0;
}

/* Writes what is in the piece to pages from pfn on, or clears them. */
static int put_piece(const struct builder *b, uint64_t pfn, uint64_t count, int zero,
		     const char *what)
{
	int code;

	frames_list(&b->frames, pfn, count, b->piece->frames);
	code = hc_domain_write(b->handle, b->domid, b->piece->frames, (uint32_t)count,
			       zero ? NULL : b->piece->data);
	return code < 0 ? refused(b, code, what) : 0;
}

static uint64_t piece_of(uint64_t pages)
{
	return pages < PIECE ? pages : PIECE;
}

static int copy(const struct builder *b, uint64_t pfn, uint64_t count, const void *data,
		const char *what)
{
	const char (*from)[HC_PAGE_SIZE] = data;
	int code = 0;

	for (uint64_t n; count && code == 0; count -= n, pfn += n, from += n) {
		n = piece_of(count);
		memcpy(b->piece->data, from, n * HC_PAGE_SIZE);
		code = put_piece(b, pfn, n, 0, what);
	}
	return code;
}

static int copy_kernel(const struct builder *b)
{
	uint64_t pfn = b->layout.kernel_pfn, count, start;
	int code;

	for (start = b->elf.start; start < b->elf.end; start += count << HC_PAGE_SHIFT) {
		count = piece_of((b->elf.end - start) >> HC_PAGE_SHIFT);
		code = elf_fill(&b->kernel, &b->elf, start, b->piece->data,
				count << HC_PAGE_SHIFT, b->error);
		if (code < 0)
			return code;
		code = put_piece(b, pfn, count, !code, "cannot load the kernel");
		if (code < 0)
			return code;
		pfn += count;
	}
	return 0;
}

static int copy_initrd(const struct builder *b)
{
	uint64_t pfn = b->layout.initrd_pfn, offset = 0, left, size, count;
	int code;

	for (left = b->layout.initrd_size; left; left -= size) {
		size = left < PIECE * HC_PAGE_SIZE ? left : PIECE * HC_PAGE_SIZE;
		count = (size + HC_PAGE_SIZE - 1) >> HC_PAGE_SHIFT;
		code = image_read(&b->initrd, offset, b->piece->data, size, "the initrd", b->error);
		if (code < 0)
			return code;
		memset((char *)b->piece->data + size, 0, (count << HC_PAGE_SHIFT) - size);
		code = put_piece(b, pfn, count, 0, "cannot load the initrd");
		if (code < 0)
			return code;
		offset += size;
		pfn += count;
	}
	return 0;
}

/* The list of its frames, made where it goes out from: of a large domain it is large. */
static int copy_p2m(const struct builder *b)
{
	const struct layout *layout = &b->layout;
	uint64_t page, count, pfn, n;
	int code = 0;

	for (page = 0; page < layout->p2m_pages && code == 0; page += count) {
		count = piece_of(layout->p2m_pages - page);
		pfn = page * LIST_PAGE;
		n = layout->pages - pfn;
		if (n < count * LIST_PAGE)
			memset(b->piece->data[count - 1], 0, HC_PAGE_SIZE);
		else
			n = count * LIST_PAGE;
		frames_list(&b->frames, pfn, n, (uint64_t *)b->piece->data);
		code = put_piece(b, layout->p2m_pfn + page, count, 0,
				 "cannot write the list of its frames");
	}
	return code;
}

static int copy_tables(const struct builder *b)
{
	const struct layout *layout = &b->layout;
	uint64_t (*tables)[PAGETABLE_ENTRIES];
	int code;

	tables = calloc(layout->tables + layout->p2m_tables, sizeof(*tables));
	if (!tables)
		return refused(b, -ENOMEM, "no memory for its page tables");
	pagetable_build(layout, &b->frames, tables, tables + layout->tables);
	code = copy(b, layout->tables_pfn, layout->tables, tables, "cannot write its page tables");
	if (code == 0)
		code = copy(b, layout->p2m_pfn + layout->p2m_pages, layout->p2m_tables,
			    tables + layout->tables, "cannot write its page tables");
	free(tables);
	return code;
}

/* The rings, their event channels, and grants so that daemons need no foreign mapping. */
static int connect_rings(struct builder *b)
{
	const struct build_config *config = b->config;
	const struct layout *layout = &b->layout;
	int code;

	code = put_piece(b, layout->store_pfn, 2, 1, "cannot clear its rings");
	if (code < 0)
		return code;
	code = hc_domain_alloc_port(b->handle, b->domid, config->store_domid);
	if (code < 0)
		return refused(b, code, "cannot make the event channel of the store");
	b->store_port = (uint32_t)code;
	code = hc_domain_alloc_port(b->handle, b->domid, config->console_domid);
	if (code < 0)
		return refused(b, code, "cannot make the event channel of the console");
	b->console_port = (uint32_t)code;
	code = hc_domain_grant_seed(b->handle, b->domid, HC_GNTTAB_RESERVED_XENSTORE,
				    config->store_domid, frames_get(&b->frames, layout->store_pfn));
	if (code == 0)
		code = hc_domain_grant_seed(b->handle, b->domid, HC_GNTTAB_RESERVED_CONSOLE,
					    config->console_domid,
					    frames_get(&b->frames, layout->console_pfn));
	return code < 0 ? refused(b, code, "cannot grant its rings") : 0;
}

static int write_start_info(const struct builder *b)
{
	struct startinfo_config config = {
		.command_line = b->config->command_line,
		.store_port = b->store_port,
		.console_port = b->console_port,
	};
	struct hc_control_info domain;
	union {
		struct hc_start_info info;
		char page[HC_PAGE_SIZE];
	} start = { 0 };
	int code;

	code = hc_domain_info(b->handle, b->domid, &domain);
	if (code < 0)
		return refused(b, code, "cannot ask for its state");
	config.shared_info_mfn = domain.shared_info_mfn;
	code = startinfo_make(&b->layout, &b->frames, &config, &start.info, b->error);
	if (code < 0)
		return code;
	return copy(b, b->layout.start_info_pfn, 1, &start, "cannot write its start_info");
}

/* After this its page tables are under the hypervisor's watch, and vcpu 0 can run. */
static int start_vcpu(const struct builder *b)
{
	const struct notes *notes = &b->elf.notes;
	struct hc_vcpu_guest_context context;
	uint64_t pfn;
	int code;

	if (notes_have(notes, HC_ELFNOTE_HYPERCALL_PAGE)) {
		pfn = (notes->hypercall_page - b->layout.virt_base) >> HC_PAGE_SHIFT;
		code = hc_domain_hypercall_page(b->handle, b->domid, frames_get(&b->frames, pfn));
		if (code < 0)
			return refused(b, code, "cannot write its hypercall page");
	}
	/* Stock Linux unpins the tables it was started on: they must be pinned. */
	code = hc_domain_pin_l4(b->handle, b->domid,
				frames_get(&b->frames, b->layout.tables_pfn));
	if (code < 0)
		return refused(b, code, "its page tables are refused");
	startinfo_context(&b->layout, &b->frames, &b->elf, &context);
	code = hc_vcpu_set_context(b->handle, b->domid, 0, &context);
	return code < 0 ? refused(b, code, "the registers of vcpu 0 are refused") : 0;
}

static int fill(struct builder *b)
{
	int code;

	code = populate(b);
	if (code == 0)
		code = set_ram(b);
	if (code == 0)
		code = copy_kernel(b);
	if (code == 0 && b->initrd.fd >= 0)
		code = copy_initrd(b);
	if (code == 0)
		code = copy_p2m(b);
	if (code == 0)
		code = copy_tables(b);
	if (code == 0)
		code = connect_rings(b);
	if (code == 0)
		code = write_start_info(b);
	if (code == 0)
		code = start_vcpu(b);
	return code;
}

static int check_config(const struct build_config *config, struct build_error *error)
{
	if (!config->memory || config->memory % HC_PAGE_SIZE || config->max_memory < config->memory)
		return build_fail(error, -EINVAL,
				  "memory of %llu bytes, at most %llu: expected whole pages, and the former not above the latter",
				  (unsigned long long)config->memory,
				  (unsigned long long)config->max_memory);
	if (config->command_line && strlen(config->command_line) >= HC_MAX_GUEST_CMDLINE)
		return build_fail(error, -E2BIG,
				  "the kernel command line has %zu bytes; at most %d can be passed",
				  strlen(config->command_line), HC_MAX_GUEST_CMDLINE - 1);
	return 0;
}

/* Reads both files' headers, decides where everything goes, and gets what the work needs. */
static int plan(struct builder *b)
{
	void *piece;
	int code;

	code = image_open(b->config->kernel, b->config->cache, &b->kernel, b->error);
	if (code == 0)
		code = elf_read(&b->kernel, &b->elf, b->error);
	if (code == 0)
		code = check_features(b);
	if (code == 0 && b->config->initrd)
		code = initrd_open(b->config->initrd, &b->initrd, b->error);
	if (code == 0)
		code = layout_make(b->config->kernel, &b->elf, b->config->memory >> HC_PAGE_SHIFT,
				   b->initrd.fd >= 0 ? b->initrd.size : 0, &b->layout, b->error);
	if (code < 0)
		return code;
	/* Little of it is used where there are large extents. */
	b->frames.list = malloc(b->layout.pages * sizeof(uint64_t));
	if (!b->frames.list)
		return build_fail(b->error, -ENOMEM, "no memory for the list of the domain's frames");
	code = hc_buffer_alloc(b->handle, sizeof(*b->piece), &piece);
	if (code < 0)
		return build_fail(b->error, code, "no memory to load the kernel: %s", strerror(-code));
	b->piece = piece;
	return 0;
}

int build_domain(struct hc_handle *handle, const struct build_config *config,
		 struct build_result *result, struct build_error *error)
{
	struct builder b = {
		.handle = handle, .config = config, .error = error,
		.kernel.fd = -1, .initrd.fd = -1,
	};
	int code;

	code = check_config(config, error);
	if (code == 0)
		code = plan(&b);
	if (code == 0)
		code = create(&b);
	if (code < 0)
		goto out_close;
	code = fill(&b);
	if (code < 0) {
		hc_domain_destroy(handle, b.domid);
		goto out_close;
	}
	*result = (struct build_result){
		.domid = b.domid,
		.store_port = b.store_port,
		.console_port = b.console_port,
		.store_mfn = frames_get(&b.frames, b.layout.store_pfn),
		.console_mfn = frames_get(&b.frames, b.layout.console_pfn),
	};

out_close:
	hc_buffer_free(handle, b.piece, sizeof(*b.piece));
	free(b.frames.list);
	image_close(&b.initrd);
	image_close(&b.kernel);
	return code;
}
