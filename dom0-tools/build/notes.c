/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF notes of a kernel. Each is three 32-bit words (length of the name, length
 * of the contents, type), the name, and the contents, both padded to 4 bytes.
 */
#include "notes.h"

#include <errno.h>
#include <string.h>

#include <hypercall/elfnote.h>
#include <hypercall/version.h>

/* One note, found to lie within its section. */
struct note {
	uint32_t type;
	const uint8_t *data;
	uint32_t size;
};

static const struct feature {
	const char *name;
	unsigned int bit;
} features[] = {
	{ "writable_page_tables", HC_FEATURE_WRITABLE_PAGE_TABLES },
	{ "writable_descriptor_tables", HC_FEATURE_WRITABLE_DESCRIPTOR_TABLES },
	{ "auto_translated_physmap", HC_FEATURE_AUTO_TRANSLATED_PHYSMAP },
	{ "supervisor_mode_kernel", HC_FEATURE_SUPERVISOR_MODE_KERNEL },
	{ "pae_pgdir_above_4gb", HC_FEATURE_PAE_PGDIR_ABOVE_4GB },
	{ "hvm_callback_vector", HC_FEATURE_HVM_CALLBACK_VECTOR },
	{ "hvm_safe_pvclock", HC_FEATURE_HVM_SAFE_PVCLOCK },
	{ "hvm_pirqs", HC_FEATURE_HVM_PIRQS },
	{ "dom0", HC_FEATURE_DOM0 },
};

/*
 * One word of the feature text; a leading '!' makes it a condition. A condition
 * we have no name for sets a bit no hypervisor offers, and so is refused later.
 */
static void add_feature(const char *word, size_t length, struct notes *notes)
{
	bool required = length && *word == '!';
	size_t i;

	if (required) {
		word++;
		length--;
	}
	for (i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		if (strlen(features[i].name) != length || memcmp(features[i].name, word, length))
			continue;
		notes->features_supported |= 1u << features[i].bit;
		if (required)
			notes->features_required |= 1u << features[i].bit;
		return;
	}
	if (required)
		notes->features_required |= 1u << 31;
}

static void add_features(const struct note *note, struct notes *notes)
{
	const char *text = (const char *)note->data, *end = text + note->size, *bar;

	end = memchr(text, '\0', note->size) ?: end;
	while (text < end) {
		bar = memchr(text, '|', (size_t)(end - text)) ?: end;
		add_feature(text, (size_t)(bar - text), notes);
		text = bar + 1;
	}
}

static int number(const char *path, uint64_t offset, const struct note *note, uint64_t *value,
		  struct build_error *error)
{
	uint32_t narrow;

	if (note->size == sizeof(*value)) {
		memcpy(value, note->data, sizeof(*value));
		return 0;
	}
	if (note->size == sizeof(narrow)) {
		memcpy(&narrow, note->data, sizeof(narrow));
		*value = narrow;
		return 0;
	}
	return build_fail(error, -ENOEXEC,
			  "%s: offset %llu: ELF note %u has %u bytes; expected a number of 4 or 8",
			  path, (unsigned long long)offset, note->type, note->size);
}

static void text(const struct note *note, char *to, size_t size)
{
	size_t length = strnlen((const char *)note->data, note->size);

	if (length >= size)
		length = size - 1;
	memcpy(to, note->data, length);
	to[length] = '\0';
}

static int take(const char *path, uint64_t offset, const struct note *note, struct notes *notes,
		struct build_error *error)
{
	uint64_t value = 0, *to = &value;
	int code;

	switch (note->type) {
	case HC_ELFNOTE_ENTRY:
		to = &notes->entry;
		break;
	case HC_ELFNOTE_HYPERCALL_PAGE:
		to = &notes->hypercall_page;
		break;
	case HC_ELFNOTE_VIRT_BASE:
		to = &notes->virt_base;
		break;
	case HC_ELFNOTE_PADDR_OFFSET:
		to = &notes->paddr_offset;
		break;
	case HC_ELFNOTE_HV_START_LOW:
		to = &notes->hv_start_low;
		break;
	case HC_ELFNOTE_INIT_P2M:
		to = &notes->init_p2m;
		break;
	case HC_ELFNOTE_MOD_START_PFN:
		to = &notes->mod_start_pfn;
		break;
	case HC_ELFNOTE_SUPPORTED_FEATURES:
		break;
	case HC_ELFNOTE_PHYS32_ENTRY:
		goto out_present;
	case HC_ELFNOTE_FEATURES:
		add_features(note, notes);
		goto out_present;
	case HC_ELFNOTE_LOADER:
		text(note, notes->loader, sizeof(notes->loader));
		goto out_present;
	case HC_ELFNOTE_XEN_VERSION:
		text(note, notes->version, sizeof(notes->version));
		goto out_present;
	default:
		return 0;
	}
	code = number(path, offset, note, to, error);
	if (code < 0)
		return code;
	/* Zero unless the note was the one about features. */
	notes->features_supported |= (uint32_t)value;

out_present:
	notes->present |= 1u << note->type;
	return 0;
}

static size_t padded(uint32_t size)
{
	return ((size_t)size + 3) & ~(size_t)3;
}

int notes_parse(const char *path, uint64_t offset, const uint8_t *data, size_t size,
		struct notes *notes, struct build_error *error)
{
	size_t at = 0, need;
	uint32_t head[3];
	struct note note;
	int code;

	while (size - at >= sizeof(head)) {
		memcpy(head, data + at, sizeof(head));
		need = sizeof(head) + padded(head[0]) + padded(head[1]);
		/* The last note's padding may be missing. */
		if (sizeof(head) + padded(head[0]) + head[1] > size - at)
			return build_fail(error, -ENOEXEC,
					  "%s: offset %llu: an ELF note of %zu bytes; %zu are left in its section",
					  path, (unsigned long long)(offset + at), need, size - at);
		note.type = head[2];
		note.data = data + at + sizeof(head) + padded(head[0]);
		note.size = head[1];
		if (head[0] == sizeof(HC_ELFNOTE_NAME) &&
		    !memcmp(data + at + sizeof(head), HC_ELFNOTE_NAME, sizeof(HC_ELFNOTE_NAME))) {
			code = take(path, offset + at, &note, notes, error);
			if (code < 0)
				return code;
		}
		if (need >= size - at)
			break;
		at += need;
	}
	return 0;
}
