/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the dom0 kernel's ELF headers and notes.  The file comes from the
 * administrator's boot loader, but a damaged one must give a message, not a crash.
 */
#include <hypercall/elfnote.h>
#include "domain/dom0_image.h"
#include "lib/string.h"

#define PT_LOAD 1
#define PT_NOTE 4
#define EM_X86_64 62
#define PSEUDO_PHYSICAL_MAX (1ULL << 40)
#define FEATURE_MOD_START_PFN 16	/* bit of HC_ELFNOTE_SUPPORTED_FEATURES */

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct elf_note {
	uint32_t name_size, size, type;
};

static uint64_t note_number(const uint8_t *at, uint32_t size)
{
	uint64_t v = 0;

	memcpy(&v, at, MIN(size, (uint32_t)sizeof(v)));
	return v;
}

static bool has_word(const char *text, uint32_t size, const char *word)
{
	size_t n = strlen(word);

	for (uint32_t i = 0; i + n <= size; i++)
		if (!strncmp(text + i, word, n))
			return true;
	return false;
}

static void take_note(struct dom0_image *image, uint32_t type, const uint8_t *at, uint32_t size,
		      uint64_t *paddr_offset)
{
	switch (type) {
	case HC_ELFNOTE_ENTRY:
		image->entry = note_number(at, size);
		break;
	case HC_ELFNOTE_HYPERCALL_PAGE:
		image->hypercall_page = note_number(at, size);
		break;
	case HC_ELFNOTE_VIRT_BASE:
		image->virt_base = note_number(at, size);
		break;
	case HC_ELFNOTE_PADDR_OFFSET:
		*paddr_offset = note_number(at, size);
		break;
	case HC_ELFNOTE_INIT_P2M:
		image->init_p2m = note_number(at, size);
		break;
	case HC_ELFNOTE_MOD_START_PFN:
		image->initrd_by_frame |= note_number(at, size) & 1;
		break;
	case HC_ELFNOTE_SUPPORTED_FEATURES:
		image->initrd_by_frame |= note_number(at, size) >> FEATURE_MOD_START_PFN & 1;
		break;
	case HC_ELFNOTE_FEATURES:
		image->initrd_by_frame |= has_word((const char *)at, size, "mod_start_pfn");
		break;
	default:
		break;
	}
}

static bool parse_notes(struct dom0_image *image, const struct elf_segment *s,
			uint64_t *paddr_offset)
{
	uint64_t at = s->offset, end = s->offset + s->filesz;
	bool found = false;

	while (at + sizeof(struct elf_note) <= end) {
		struct elf_note n;
		uint64_t name, body;

		memcpy(&n, image->data + at, sizeof(n));
		name = at + sizeof(n);
		body = name + ALIGN_UP((uint64_t)n.name_size, 4);
		if (body + n.size > end)
			break;
		if (n.name_size == 4 && !memcmp(image->data + name, "Xen", 4)) {
			take_note(image, n.type, image->data + body, n.size, paddr_offset);
			found = true;
		}
		at = body + ALIGN_UP((uint64_t)n.size, 4);
	}
	return found;
}

static const char *add_segment(struct dom0_image *image, const struct elf_segment *s)
{
	unsigned int n = image->segments;

	if (s->memsz < s->filesz)
		return "a segment is smaller in memory than in the file";
	if (!s->memsz)
		return NULL;
	if (n == IMAGE_SEGMENTS)
		return "too many segments";
	if (s->paddr + s->memsz < s->paddr || s->paddr + s->memsz > PSEUDO_PHYSICAL_MAX)
		return "a segment lies out of reach";
	image->segment[n].pseudo_physical = s->paddr;
	image->segment[n].offset = s->offset;
	image->segment[n].file_size = s->filesz;
	image->segment[n].memory_size = s->memsz;
	image->segments++;
	image->first_byte = MIN(image->first_byte, s->paddr);
	image->end_byte = MAX(image->end_byte, s->paddr + s->memsz);
	return NULL;
}

const char *dom0_image_parse(struct dom0_image *image, const void *data, uint64_t size)
{
	const struct elf_header *h = data;
	uint64_t paddr_offset = 0;
	bool notes = false;

	memset(image, 0, sizeof(*image));
	image->data = data;
	image->size = size;
	image->first_byte = ~0ULL;
	if (size < sizeof(*h) || memcmp(h->ident, "\177ELF\2\1", 6))
		return "not a 64-bit ELF file (a bzImage must be unpacked first)";
	if (h->machine != EM_X86_64 || h->phentsize != sizeof(struct elf_segment))
		return "not an x86-64 ELF file";
	if (h->phoff > size || (size - h->phoff) / sizeof(struct elf_segment) < h->phnum)
		return "program headers outside the file";
	for (unsigned int i = 0; i < h->phnum; i++) {
		struct elf_segment s;
		const char *wrong = NULL;

		memcpy(&s, image->data + h->phoff + i * sizeof(s), sizeof(s));
		if (s.offset > size || s.filesz > size - s.offset)
			return "a segment lies outside the file (cut short?)";
		if (s.type == PT_LOAD)
			wrong = add_segment(image, &s);
		else if (s.type == PT_NOTE)
			notes |= parse_notes(image, &s, &paddr_offset);
		if (wrong)
			return wrong;
	}
	if (!notes || !image->segments)
		return "no Xen notes: not built with CONFIG_XEN_PV";
	if (!image->entry)
		image->entry = h->entry;
	if (image->virt_base & (PAGE_SIZE - 1) || image->init_p2m & (PAGE_SIZE - 1))
		return "addresses in its notes are not page aligned";
	for (unsigned int i = 0; i < image->segments; i++) {
		if (image->segment[i].pseudo_physical < paddr_offset)
			return "a segment lies below its offset note";
		image->segment[i].pseudo_physical -= paddr_offset;
	}
	image->first_byte -= paddr_offset;
	image->end_byte -= paddr_offset;
	return NULL;
}
