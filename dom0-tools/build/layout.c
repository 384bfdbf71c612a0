/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lays a new domain out. */
#include "layout.h"

#include <errno.h>

#include <hypercall/base.h>
#include <hypercall/elfnote.h>

#include "pagetable.h"

/* What stock kernels may use behind the last boot element: bytes. */
#define PADDING		(512ULL << 10)
#define BOOT_ALIGN	(4ULL << 20)

#define L4_SPAN		(1ULL << 39)

static uint64_t pages_of(uint64_t bytes)
{
	return (bytes >> HC_PAGE_SHIFT) + !!(bytes & (HC_PAGE_SIZE - 1));
}

/* Whether a guest may have page tables for all of [start, start + size). */
static int may_map(uint64_t start, uint64_t size)
{
	uint64_t last = start + size - 1;

	if (last < start)
		return 0;
	if (last < 1ULL << 47)
		return 1;
	return start >= HC_HYPERVISOR_VIRT_END;
}

/*
 * Places the page tables: they map the range that they lie in themselves, so
 * that their number and the range grow until they agree. Returns the virtual
 * end of the range, 0 when it would wrap.
 */
static uint64_t place_tables(struct layout *layout)
{
	uint64_t end, next;

	layout->tables = 1;
	for (;;) {
		layout->stack_pfn = layout->tables_pfn + layout->tables;
		end = layout_virt(layout, layout->stack_pfn + 1) + PADDING;
		end = (end + BOOT_ALIGN - 1) & -BOOT_ALIGN;
		if (end <= layout->virt_base)
			return 0;
		next = pagetable_count(layout->virt_base, end);
		if (next <= layout->tables)
			return end;
		layout->tables = next;
	}
}

static int too_small(const char *path, uint64_t used, uint64_t pages, struct build_error *error)
{
	return build_fail(error, -ENOMEM,
			  "%s: kernel, initrd and tables take at least %llu MiB; the domain has %llu MiB",
			  path, (unsigned long long)(used + 255) >> 8,
			  (unsigned long long)pages >> 8);
}

/* Everything in the boot range, in its order. */
static int place_boot(const char *path, const struct elf *elf, struct layout *layout,
		      struct build_error *error)
{
	uint64_t pfn = (elf->end - layout->virt_base) >> HC_PAGE_SHIFT;

	/* Also what keeps the sums below from wrapping. */
	if (pfn > layout->pages)
		return too_small(path, pfn, layout->pages, error);
	layout->kernel_pfn = (elf->start - layout->virt_base) >> HC_PAGE_SHIFT;
	if (layout->initrd_mapped) {
		layout->initrd_pfn = pfn;
		pfn += layout->initrd_pages;
	}
	if (!layout->p2m_virt) {
		layout->p2m_virt = layout_virt(layout, pfn);
		layout->p2m_pfn = pfn;
		pfn += layout->p2m_pages;
	}
	layout->start_info_pfn = pfn++;
	layout->store_pfn = pfn++;
	layout->console_pfn = pfn++;
	layout->tables_pfn = pfn;
	layout->boot_end = place_tables(layout);
	if (!layout->boot_end || !may_map(layout->virt_base, layout->boot_end - layout->virt_base))
		return build_fail(error, -ENOEXEC,
				  "%s: VIRT_BASE 0x%llx: the addresses from there to 0x%llx are not a guest's to use",
				  path, (unsigned long long)layout->virt_base,
				  (unsigned long long)layout->boot_end);
	return 0;
}

static int check_p2m(const char *path, const struct layout *layout, struct build_error *error)
{
	uint64_t start = layout->p2m_virt, end = start + (layout->p2m_pages << HC_PAGE_SHIFT);

	if ((start & (HC_PAGE_SIZE - 1)) || !may_map(start, end - start))
		return build_fail(error, -ENOEXEC,
				  "%s: INIT_P2M 0x%llx: the list cannot be mapped there", path,
				  (unsigned long long)start);
	/* Linux takes the top-level slots over whole: they must not be shared. */
	if (start / L4_SPAN <= (layout->boot_end - 1) / L4_SPAN &&
	    (end - 1) / L4_SPAN >= layout->virt_base / L4_SPAN)
		return build_fail(error, -ENOEXEC,
				  "%s: INIT_P2M 0x%llx is within the 512 GiB of the kernel's own addresses",
				  path, (unsigned long long)start);
	return 0;
}

/* What lies behind the boot range. Returns the first frame not used. */
static uint64_t place_rest(struct layout *layout)
{
	uint64_t pfn = (layout->boot_end - layout->virt_base) >> HC_PAGE_SHIFT;

	if (layout->p2m_pfn == NO_PFN) {
		layout->p2m_pfn = pfn;
		/* The top-level table is the boot range's. */
		layout->p2m_tables = pagetable_count(layout->p2m_virt,
						     layout->p2m_virt +
						     (layout->p2m_pages << HC_PAGE_SHIFT)) - 1;
		pfn += layout->p2m_pages + layout->p2m_tables;
	}
	if (layout->initrd_pages && !layout->initrd_mapped) {
		layout->initrd_pfn = pfn;
		pfn += layout->initrd_pages;
	}
	return pfn;
}

int layout_make(const char *path, const struct elf *elf, uint64_t pages, uint64_t initrd_size,
		struct layout *layout, struct build_error *error)
{
	const struct notes *notes = &elf->notes;
	uint64_t used;
	int code;

	/* Sizes below are sums of a few such numbers: nothing overflows. */
	if (!pages || pages > 1ULL << 34 || initrd_size > 1ULL << 40)
		return build_fail(error, -EINVAL, "memory of %llu pages cannot be laid out",
				  (unsigned long long)pages);
	*layout = (struct layout){
		.pages = pages,
		.virt_base = notes->virt_base,
		.initrd_pfn = NO_PFN,
		.initrd_size = initrd_size,
		.initrd_pages = pages_of(initrd_size),
		.initrd_mapped = initrd_size && !notes->mod_start_pfn,
		.p2m_virt = notes->init_p2m,
		.p2m_pfn = NO_PFN,
		.p2m_pages = pages_of(pages * sizeof(uint64_t)),
	};
	code = place_boot(path, elf, layout, error);
	if (code < 0)
		return code;
	if (notes_have(notes, HC_ELFNOTE_INIT_P2M) && layout->p2m_pfn == NO_PFN) {
		code = check_p2m(path, layout, error);
		if (code < 0)
			return code;
	}
	used = place_rest(layout);
	if (used > pages)
		return too_small(path, used, pages, error);
	return 0;
}
