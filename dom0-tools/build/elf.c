/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the ELF of a kernel: headers, segments, notes, contents. */
#include "elf.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hypercall/base.h>
#include <hypercall/elfnote.h>

/* The most a loaded kernel may span, and the most notes one section may hold: bytes. */
#define SPAN_LIMIT	(1ULL << 30)
#define NOTES_LIMIT	(1ULL << 20)

/* More program headers than this no kernel has. */
#define HEADERS_LIMIT	64

static int check_header(const struct image *image, const Elf64_Ehdr *header,
			struct build_error *error)
{
	if (memcmp(header->e_ident, ELFMAG, SELFMAG))
		return build_fail(error, -ENOEXEC, "%s: offset 0: expected an ELF header",
				  image->path);
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
	    header->e_machine != EM_X86_64)
		return build_fail(error, -ENOEXEC,
				  "%s: ELF class %u, machine %u; expected a 64-bit x86-64 kernel",
				  image->path, header->e_ident[EI_CLASS], header->e_machine);
	if (header->e_phentsize != sizeof(Elf64_Phdr) || !header->e_phnum ||
	    header->e_phnum > HEADERS_LIMIT)
		return build_fail(error, -ENOEXEC,
				  "%s: %u ELF program headers of %u bytes; expected 1 to %u of %zu",
				  image->path, header->e_phnum, header->e_phentsize, HEADERS_LIMIT,
				  sizeof(Elf64_Phdr));
	return 0;
}

static int read_notes(const struct image *image, const Elf64_Phdr *header, struct notes *notes,
		      struct build_error *error)
{
	uint8_t *data;
	int code;

	if (!header->p_filesz)
		return 0;
	if (header->p_filesz > NOTES_LIMIT)
		return build_fail(error, -ENOEXEC, "%s: %llu bytes of ELF notes; at most %llu are read",
				  image->path, (unsigned long long)header->p_filesz, NOTES_LIMIT);
	data = malloc(header->p_filesz);
	if (!data)
		return build_fail(error, -ENOMEM, "%s: no memory for its notes", image->path);
	code = image_read(image, header->p_offset, data, header->p_filesz, "the ELF notes", error);
	if (code == 0)
		code = notes_parse(image->path, header->p_offset, data, header->p_filesz, notes,
				   error);
	free(data);
	return code;
}

static int add_segment(const struct image *image, const Elf64_Phdr *header, unsigned int index,
		       struct elf *elf, struct build_error *error)
{
	struct elf_segment *segment;

	if (!header->p_memsz)
		return 0;
	if (elf->count == ELF_SEGMENTS)
		return build_fail(error, -ENOEXEC, "%s: more than %u segments to load", image->path,
				  ELF_SEGMENTS);
	if (header->p_filesz > header->p_memsz || header->p_memsz > SPAN_LIMIT ||
	    header->p_offset > image->size || header->p_filesz > image->size - header->p_offset)
		return build_fail(error, -ENOEXEC,
				  "%s: segment %u: %llu bytes at offset %llu, %llu in memory, do not fit the image of %llu bytes",
				  image->path, index, (unsigned long long)header->p_filesz,
				  (unsigned long long)header->p_offset,
				  (unsigned long long)header->p_memsz,
				  (unsigned long long)image->size);
	segment = &elf->segments[elf->count++];
	segment->start = header->p_paddr - elf->notes.paddr_offset + elf->notes.virt_base;
	segment->memory = header->p_memsz;
	segment->offset = header->p_offset;
	segment->file = header->p_filesz;
	if (segment->start < elf->notes.virt_base || segment->start + segment->memory < segment->start)
		return build_fail(error, -ENOEXEC,
				  "%s: segment %u: virtual address 0x%llx lies outside of the range from VIRT_BASE 0x%llx on",
				  image->path, index, (unsigned long long)segment->start,
				  (unsigned long long)elf->notes.virt_base);
	return 0;
}

/* The range of all segments, and whether what the notes name lies in it. */
static int check_span(const struct image *image, struct elf *elf, struct build_error *error)
{
	const struct notes *notes = &elf->notes;
	unsigned int i;
	uint64_t end;

	elf->start = UINT64_MAX;
	for (i = 0; i < elf->count; i++) {
		end = elf->segments[i].start + elf->segments[i].memory;
		if (elf->segments[i].start < elf->start)
			elf->start = elf->segments[i].start;
		if (end > elf->end)
			elf->end = end;
	}
	if (!elf->count || elf->end - elf->start > SPAN_LIMIT || elf->end > -(uint64_t)HC_PAGE_SIZE)
		return build_fail(error, -ENOEXEC,
				  "%s: its segments span 0x%llx to 0x%llx; expected at most %llu MiB",
				  image->path, (unsigned long long)elf->start,
				  (unsigned long long)elf->end, SPAN_LIMIT >> 20);
	elf->start &= -(uint64_t)HC_PAGE_SIZE;
	elf->end = (elf->end + HC_PAGE_SIZE - 1) & -(uint64_t)HC_PAGE_SIZE;

	if (elf->entry < elf->start || elf->entry >= elf->end)
		return build_fail(error, -ENOEXEC,
				  "%s: entry point 0x%llx lies outside of its segments, 0x%llx to 0x%llx",
				  image->path, (unsigned long long)elf->entry,
				  (unsigned long long)elf->start, (unsigned long long)elf->end);
	if (notes_have(notes, HC_ELFNOTE_HYPERCALL_PAGE) &&
	    (notes->hypercall_page & (HC_PAGE_SIZE - 1) || notes->hypercall_page < elf->start ||
	     notes->hypercall_page >= elf->end))
		return build_fail(error, -ENOEXEC,
				  "%s: hypercall page 0x%llx is no page of its segments, 0x%llx to 0x%llx",
				  image->path, (unsigned long long)notes->hypercall_page,
				  (unsigned long long)elf->start, (unsigned long long)elf->end);
	return 0;
}

static int check_notes(const struct image *image, const struct notes *notes,
		       struct build_error *error)
{
	if (!notes_have(notes, HC_ELFNOTE_ENTRY) && !notes_have(notes, HC_ELFNOTE_VIRT_BASE) &&
	    !notes_have(notes, HC_ELFNOTE_XEN_VERSION))
		return build_fail(error, -ENOEXEC,
				  "%s: no Xen ELF notes: the kernel was built without paravirtualization (CONFIG_XEN_PV)",
				  image->path);
	if (notes_have(notes, HC_ELFNOTE_PHYS32_ENTRY) && !notes_have(notes, HC_ELFNOTE_ENTRY))
		return build_fail(error, -ENOEXEC, "%s: supports PVH only; a PV kernel is needed",
				  image->path);
	if (notes_have(notes, HC_ELFNOTE_LOADER) && strcmp(notes->loader, "generic"))
		return build_fail(error, -ENOEXEC,
				  "%s: wants the loader \"%s\"; expected \"generic\"", image->path,
				  notes->loader);
	if (notes_have(notes, HC_ELFNOTE_XEN_VERSION) && strcmp(notes->version, "xen-3.0"))
		return build_fail(error, -ENOEXEC,
				  "%s: is for ABI \"%s\"; expected \"xen-3.0\"", image->path,
				  notes->version);
	if (notes->virt_base & (HC_PAGE_SIZE - 1))
		return build_fail(error, -ENOEXEC, "%s: VIRT_BASE 0x%llx is not page-aligned",
				  image->path, (unsigned long long)notes->virt_base);
	return 0;
}

static int read_segments(const struct image *image, const Elf64_Phdr *headers, unsigned int count,
			 struct elf *elf, struct build_error *error)
{
	unsigned int i;
	int code;

	/* Notes first: the addresses of segments depend on them. */
	for (i = 0; i < count; i++) {
		if (headers[i].p_type != PT_NOTE)
			continue;
		code = read_notes(image, &headers[i], &elf->notes, error);
		if (code < 0)
			return code;
	}
	code = check_notes(image, &elf->notes, error);
	if (code < 0)
		return code;
	if (notes_have(&elf->notes, HC_ELFNOTE_ENTRY))
		elf->entry = elf->notes.entry;

	for (i = 0; i < count; i++) {
		if (headers[i].p_type != PT_LOAD)
			continue;
		code = add_segment(image, &headers[i], i, elf, error);
		if (code < 0)
			return code;
	}
	return check_span(image, elf, error);
}

int elf_read(const struct image *image, struct elf *elf, struct build_error *error)
{
	Elf64_Phdr headers[HEADERS_LIMIT];
	Elf64_Ehdr header;
	int code;

	memset(elf, 0, sizeof(*elf));
	code = image_read(image, 0, &header, sizeof(header), "the ELF header", error);
	if (code < 0)
		return code;
	code = check_header(image, &header, error);
	if (code < 0)
		return code;
	code = image_read(image, header.e_phoff, headers, header.e_phnum * sizeof(*headers),
			  "the ELF program headers", error);
	if (code < 0)
		return code;
	elf->entry = header.e_entry;
	return read_segments(image, headers, header.e_phnum, elf, error);
}

int elf_fill(const struct image *image, const struct elf *elf, uint64_t start, void *buffer,
	     size_t size, struct build_error *error)
{
	const struct elf_segment *segment;
	uint64_t from, to, end = start + size;
	int code, filled = 0;

	for (segment = elf->segments; segment < elf->segments + elf->count; segment++) {
		from = segment->start > start ? segment->start : start;
		to = segment->start + segment->file < end ? segment->start + segment->file : end;
		if (from >= to)
			continue;
		if (!filled)
			memset(buffer, 0, size);
		code = image_read(image, segment->offset + (from - segment->start),
				  (char *)buffer + (from - start), (size_t)(to - from),
				  "a segment", error);
		if (code < 0)
			return code;
		filled = 1;
	}
	return filled;
}
