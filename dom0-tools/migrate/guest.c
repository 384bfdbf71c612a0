/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading what a guest consists of. Everything that the guest says is checked. */
#include "guest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <hypercall/start.h>

#define PIECE		4096		/* frames asked about at once */
#define P2M_PIECE	64		/* pages of the p2m read at once */
#define ENTRY_PRESENT	1ull
#define ENTRY_FRAME	0x000ffffffffff000ull

/* Frames that a p2m may cover beyond those that the domain may have: 1 GiB, for ballooning. */
#define SLACK		262144

/* One frame of the domain, as the hypervisor lists it. */
struct owned {
	uint64_t machine;
	uint64_t info;		/* HC_FRAME_* */
};

static int refused(const struct guest *guest, int code, const char *what)
{
	return build_fail(guest->error, code, "%s: %s", what, strerror(-code));
}

static uint64_t *new_list(struct frame_list *list, uint64_t count)
{
	list->to = malloc(count ? count * sizeof(*list->to) : 1);
	if (list->to)
		memset(list->to, 0xff, count * sizeof(*list->to));
	list->count = list->to ? count : 0;
	return list->to;
}

/* All frames with what the hypervisor knows of them. Returns how many, or an error. */
static int64_t list_frames(struct guest *guest, struct owned **result)
{
	uint64_t machine[PIECE], infos[PIECE], start = 0, count = 0, room = 0;
	struct owned *all = NULL;

	do {
		int got = hc_domain_frames(guest->handle, guest->domid, machine, PIECE, &start);
		int code = got > 0 ? hc_domain_frame_info(guest->handle, guest->domid, machine,
							  (size_t)got, infos) : got;

		if (code >= 0 && count + (uint64_t)got > room) {
			struct owned *more = realloc(all, (room = 2 * room + PIECE) * sizeof(*all));

			code = more ? 0 : -ENOMEM;
			all = more ? more : all;
		}
		if (code < 0) {
			free(all);
			return refused(guest, code, "its frames cannot be listed");
		}
		for (int i = 0; i < got; i++)
			all[count++] = (struct owned){ machine[i], infos[i] };
	} while (start);
	*result = all;
	return (int64_t)count;
}

/* The lists in both directions. A guest that gives two frames one number cannot be saved. */
static int enter(struct guest *guest, const struct owned *all, uint64_t count)
{
	uint64_t bound = guest->info.max_frames * 2 + SLACK, guests = 0, machines = 0;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t frame = all[i].info & HC_FRAME_GFN;

		if (frame < bound && frame >= guests)
			guests = frame + 1;
		if (all[i].machine >= machines)
			machines = all[i].machine + 1;
	}
	guest->uses = calloc(guests + 1, 1);
	if (!new_list(&guest->machine, guests) || !new_list(&guest->guest, machines) || !guest->uses)
		return refused(guest, -ENOMEM, "no memory for the lists of its frames");
	for (uint64_t i = 0; i < count; i++) {
		uint64_t frame = all[i].info & HC_FRAME_GFN;

		if (frame >= guests || all[i].info & (HC_FRAME_SHARED | HC_FRAME_ALIEN))
			continue;	/* not the guest's memory, or no more */
		if (guest->machine.to[frame] != FRAME_NONE)
			return build_fail(guest->error, -EPROTO,
					  "it has given two pages the frame number 0x%llx",
					  (unsigned long long)frame);
		guest->machine.to[frame] = all[i].machine;
		guest->guest.to[all[i].machine] = frame;
		guest->uses[frame] = (uint8_t)((all[i].info & HC_FRAME_LEVEL) >> HC_FRAME_LEVEL_SHIFT);
		if (all[i].info & HC_FRAME_PINNED)
			guest->uses[frame] |= GUEST_PINNED;
		guest->pages++;
	}
	return 0;
}

int guest_open(struct guest *guest, struct hc_handle *handle, uint16_t domid, uint64_t max_pages,
	       struct build_error *error)
{
	struct owned *all = NULL;
	int64_t count;
	int code;

	*guest = (struct guest){ .handle = handle, .domid = domid, .error = error };
	code = hc_domain_info(handle, domid, &guest->info);
	if (code < 0)
		return refused(guest, code, "its state cannot be asked for");
	/* Its p2m is as large as it was made, whatever it has given back since. */
	if (guest->info.max_frames < max_pages)
		guest->info.max_frames = max_pages;
	count = list_frames(guest, &all);
	if (count < 0)
		return (int)count;
	code = enter(guest, all, (uint64_t)count);
	free(all);
	return code;
}

/* A walk through the guest's page tables that remembers the last table of each level. */
struct walk {
	struct guest *guest;
	uint64_t machine[5];		/* of the table at hand, by level; 0: none yet */
	uint64_t tables[5][TABLE_ENTRIES];
};

/* The machine frame that a virtual address is mapped to. */
static int walk(struct walk *walk, uint64_t top, uint64_t address, uint64_t *machine)
{
	struct guest *guest = walk->guest;

	*machine = top;
	for (unsigned int level = 4; level; level--) {
		uint64_t entry;
		int code;

		if (walk->machine[level] != *machine) {
			code = hc_domain_copy_from(guest->handle, guest->domid, machine, 1,
						   walk->tables[level]);
			if (code < 0)
				return refused(guest, code, "its page tables cannot be read");
			walk->machine[level] = *machine;
		}
		entry = walk->tables[level][address >> (HC_PAGE_SHIFT + 9 * (level - 1)) & 511];
		if (!(entry & ENTRY_PRESENT))
			return build_fail(guest->error, -EPROTO,
					  "its list of frames is not mapped at 0x%llx, where it should be",
					  (unsigned long long)address);
		*machine = (entry & ENTRY_FRAME) >> HC_PAGE_SHIFT;
	}
	return 0;
}

/* Entries of the p2m must be what the hypervisor has. */
static int check_page(struct guest *guest, const uint64_t page[TABLE_ENTRIES], uint64_t first)
{
	uint64_t own;

	for (uint64_t i = 0; i < TABLE_ENTRIES; i++) {
		uint64_t known = frame_translate(&guest->machine, first + i);

		if (known != FRAME_NONE && (!table_p2m_frame(page[i], &own) || own != known))
			return build_fail(guest->error, -EPROTO,
					  "its list of frames has 0x%llx for frame 0x%llx, which is 0x%llx",
					  (unsigned long long)page[i], (unsigned long long)(first + i),
					  (unsigned long long)known);
	}
	return 0;
}

/* Pages of the p2m from one on, whose machine frames are given, replaced by the guest's. */
static int check_pages(struct guest *guest, uint64_t first, uint64_t count, uint64_t *buffer)
{
	int code = hc_domain_copy_from(guest->handle, guest->domid, guest->p2m + first, count, buffer);

	if (code < 0)
		return refused(guest, code, "its list of frames cannot be read");
	for (uint64_t i = 0; i < count && code == 0; i++) {
		guest->p2m[first + i] = frame_translate(&guest->guest, guest->p2m[first + i]);
		if (guest->p2m[first + i] == FRAME_NONE)
			return build_fail(guest->error, -EPROTO,
					  "its list of frames lies in memory that is not its own");
		code = check_page(guest, buffer + i * TABLE_ENTRIES, (first + i) * TABLE_ENTRIES);
	}
	return code;
}

static int check_p2m(struct guest *guest)
{
	uint64_t *buffer = malloc(P2M_PIECE * HC_PAGE_SIZE), count;
	int code = buffer ? 0 : refused(guest, -ENOMEM, "no memory for its list of frames");

	for (uint64_t first = 0; first < guest->p2m_pages && code == 0; first += count) {
		count = guest->p2m_pages - first;
		if (count > P2M_PIECE)
			count = P2M_PIECE;
		code = check_pages(guest, first, count, buffer);
	}
	free(buffer);
	return code;
}

static int read_arch(struct guest *guest, struct hc_arch_shared_info *arch)
{
	uint64_t frame = guest->info.shared_info_mfn;
	void *address;
	int code = hc_foreign_map(guest->handle, guest->domid, &frame, 1, PROT_READ, NULL,
				  &address);

	if (code < 0)
		return refused(guest, code, "its shared_info page cannot be read");
	*arch = ((struct hc_shared_info *)address)->arch;
	hc_foreign_unmap(address, 1);
	return 0;
}

static int check_arch(struct guest *guest, struct hc_arch_shared_info *arch)
{
	int code = read_arch(guest, arch);

	if (code < 0)
		return code;
	if (!arch->p2m_cr3 || !arch->p2m_vaddr || arch->p2m_vaddr % HC_PAGE_SIZE)
		return build_fail(guest->error, -EOPNOTSUPP,
				  "its kernel does not say where its list of frames is; Linux does so from 3.19 on");
	if (arch->max_pfn < guest->machine.count || arch->max_pfn > guest->info.max_frames * 2 + SLACK)
		return build_fail(guest->error, -EPROTO,
				  "its list of frames has %llu entries; it has %llu frames, at most %llu",
				  (unsigned long long)arch->max_pfn,
				  (unsigned long long)guest->machine.count,
				  (unsigned long long)guest->info.max_frames);
	guest->p2m_pages = (arch->max_pfn + TABLE_ENTRIES - 1) / TABLE_ENTRIES;
	return 0;
}

int guest_size_p2m(struct guest *guest)
{
	struct hc_arch_shared_info arch = { 0 };

	return check_arch(guest, &arch);
}

int guest_find_p2m(struct guest *guest)
{
	struct hc_arch_shared_info arch = { 0 };
	struct walk *state;
	int code = check_arch(guest, &arch);

	if (code < 0)
		return code;
	guest->p2m = calloc(guest->p2m_pages, sizeof(*guest->p2m));
	state = calloc(1, sizeof(*state));
	if (!guest->p2m || !state)
		code = refused(guest, -ENOMEM, "no memory for its list of frames");
	if (state)
		state->guest = guest;
	for (uint64_t i = 0; code == 0 && i < guest->p2m_pages; i++)
		code = walk(state, arch.p2m_cr3 >> HC_PAGE_SHIFT, arch.p2m_vaddr + i * HC_PAGE_SIZE,
			    &guest->p2m[i]);
	if (code == 0)
		code = check_p2m(guest);
	free(state);
	return code;
}

void guest_close(struct guest *guest)
{
	free(guest->machine.to);
	free(guest->guest.to);
	free(guest->uses);
	free(guest->p2m);
	*guest = (struct guest){ 0 };
}
