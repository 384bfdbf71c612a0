/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests' descriptor tables.  Each vcpu has a window of hypervisor addresses
 * (WINDOW_SIZE bytes) that its GDT and LDT are loaded from: 14 pages of
 * the guest's own frames and one of ours for the GDT, then 16 pages for the
 * LDT, which are mapped as they are touched.  Frames mapped here hold type
 * FRAME_DESCRIPTORS: every entry has been checked and can change only through
 * update_descriptor.
 */
#include "cpu/cpu.h"
#include "cpu/guest_descriptors.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "lib/bitmap.h"
#include "lib/log.h"
#include "lib/string.h"
#include "memory/memory.h"
#include "memory/split.h"

#define WINDOWS 32768	/* as many as there may be domains */
#define GDT_GUEST_PAGES HC_FIRST_RESERVED_GDT_PAGE
#define LDT_PAGES 16

static uint64_t windows_used[WINDOWS / 64];
static spinlock_t windows_lock = SPINLOCK_INIT;	/* protects windows_used */

static uint64_t windows_address(const struct domain *d)
{
	return WINDOW_VIRT + (uint64_t)d->window * WINDOW_DOMAIN;
}

static uint64_t window_address(const struct vcpu *v)
{
	return windows_address(v->domain) + v->id * WINDOW_SIZE;
}

int windows_alloc(struct domain *d)
{
	spin_lock(&windows_lock);
	d->window = bit_find_clear(windows_used, WINDOWS);
	if (d->window < WINDOWS)
		bit_set_local(windows_used, d->window);
	spin_unlock(&windows_lock);
	return d->window < WINDOWS ? 0 : -ENOMEM;
}

void windows_free(struct domain *d)
{
	hyp_free_tables(windows_address(d), WINDOW_DOMAIN);
	spin_lock(&windows_lock);
	bit_clear_local(windows_used, d->window);
	spin_unlock(&windows_lock);
}

struct bounce_target *window_traps(const struct vcpu *v)
{
	return split_tables ? (struct bounce_target *)(window_address(v) + WINDOW_TRAPS) : v->traps;
}

void window_enter_directly(struct vcpu *v)
{
	symcall_set_traps(v, window_traps(v));
	for (unsigned int i = 0; i < VCPU_SYSCALLS; i++)
		WRITE_ONCE(v->entry_syscall[i], bounce_callback(v, VCPU_CALLBACK_SYSCALL + i));
	WRITE_ONCE(v->hypercalls, hypercall_table);
	WRITE_ONCE(v->short_hypercalls, SHORT_ALL);
}

int window_open(struct vcpu *v)
{
	uint64_t at = window_address(v);
	int rc = hyp_map(at + GDT_GUEST_PAGES * PAGE_SIZE, descriptors_reserved_mfn, 1, MAP_READ);

	if (!rc)
		rc = split_expose_window(v->domain, at);
	if (rc)
		return rc;
	v->entry = split_tables ? (struct vcpu *)(at + WINDOW_VCPU) : v;
	window_enter_directly(v);
	if (!split_tables)
		return 0;
	rc = hyp_map(at + WINDOW_VCPU, virt_to_mfn(v), 1, MAP_WRITE);
	return rc ? rc : hyp_map(at + WINDOW_TRAPS, virt_to_mfn(v->traps), 1, MAP_WRITE);
}

void window_show_info(struct vcpu *v, struct hc_vcpu_info *info)
{
	uint64_t at = window_address(v) + WINDOW_INFO;
	struct hc_vcpu_info *seen = info;

	if (split_tables) {
		/*
		 * In one store: the entry code of a processor that v has not left yet looks there, and
		 * must always find a page.  No table is missing, so nothing can fail.
		 */
		hyp_map(at, virt_to_mfn(info), 1, MAP_WRITE);
		tlb_flush_page_mask(cpu_online_mask, at);
		seen = (struct hc_vcpu_info *)(at + (uint64_t)info % PAGE_SIZE);
	}
	WRITE_ONCE(v->entry_info, seen);
}

void window_close(struct vcpu *v)
{
	hyp_unmap(window_address(v), WINDOW_SIZE / PAGE_SIZE);
}

/*
 * May a guest have this descriptor?  Only what cannot raise its privilege:
 * code and data of ring 3 (lower ones are raised to 3), not-present ones, no
 * gates and no system segments.
 */
bool descriptor_check(uint64_t *desc)
{
	uint32_t high = (uint32_t)(*desc >> 32);

	if (!(high & 1u << 15))			/* not present: harmless */
		return true;
	if (!(high & 1u << 12))			/* system segment or gate */
		return false;
	/* Conforming code could keep ring 0's privilege only if entered from there; still refuse. */
	if ((high & 3u << 10) == 3u << 10)
		return false;
	/* 64-bit and 32-bit at once is undefined. */
	if ((high & 1u << 11) && (high & 3u << 21) == 3u << 21)
		return false;
	*desc |= 3ULL << 45;
	*desc |= 1ULL << 40;			/* accessed: the processor need not write */
	return true;
}

bool descriptor_page_check(uint64_t *page)
{
	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
		if (!descriptor_check(&page[i]))
			return false;
	return true;
}

/*
 * Only a processor on which v is loaded looks at its descriptors, and forgets them with its tables.  So a guest
 * that changes its own ones, which it may do as often as it likes, interrupts no other processor.
 */
static void unmap_descriptors(struct vcpu *v, uint64_t va, unsigned int pages)
{
	hyp_unmap_for(va, pages, __atomic_load_n(&v->dirty_cpus, __ATOMIC_SEQ_CST));
}

static void drop_gdt(struct vcpu *v)
{
	if (!v->gdt_entries)
		return;
	unmap_descriptors(v, window_address(v), DIV_ROUND_UP(v->gdt_entries, 512));
	for (unsigned int i = 0; i < DIV_ROUND_UP(v->gdt_entries, 512); i++)
		frame_put_both(frame_of(v->gdt_frames[i]));
	v->gdt_entries = 0;
}

int vcpu_set_gdt(struct vcpu *v, const uint64_t *frames, unsigned int entries)
{
	unsigned int pages = DIV_ROUND_UP(entries, 512), i;
	int rc = 0;

	if (entries > HC_FIRST_RESERVED_GDT_ENTRY)
		return -EINVAL;
	for (i = 0; i < pages; i++) {
		rc = frame_get_both(frames[i], v->domain, FRAME_DESCRIPTORS, false);
		if (rc)
			goto put;
	}
	drop_gdt(v);
	for (unsigned int n = 0; n < pages; n++) {
		rc = hyp_map(window_address(v) + n * PAGE_SIZE, frames[n], 1, MAP_READ);
		if (rc) {
			unmap_descriptors(v, window_address(v), n);
			goto put;
		}
		v->gdt_frames[n] = frames[n];
	}
	v->gdt_entries = entries;
	return 0;
put:
	while (i--)
		frame_put_both(frame_of(frames[i]));
	return rc;
}

static void drop_ldt(struct vcpu *v)
{
	uint64_t base = window_address(v) + WINDOW_LDT;

	if (!v->ldt_entries)
		return;
	v->ldt_entries = 0;
	for (unsigned int i = 0; i < LDT_PAGES; i++)
		if (v->ldt_frames[i] != MFN_INVALID) {
			unmap_descriptors(v, base + i * PAGE_SIZE, 1);
			frame_put_both(frame_of(v->ldt_frames[i]));
			v->ldt_frames[i] = MFN_INVALID;
		}
}

void vcpu_drop_descriptors(struct vcpu *v)
{
	drop_gdt(v);
	drop_ldt(v);
}

static void load_ldt(struct vcpu *v)
{
	uint64_t base = window_address(v) + WINDOW_LDT;
	struct cpu *c = this_cpu();
	uint64_t *desc = &c->gdt[10];

	if (!v->ldt_entries) {
		if (c->ldt_loaded)
			__asm__ volatile("lldt %w0" : : "r"(0));
		c->ldt_loaded = false;
		return;
	}
	/* Loaded from this processor's own GDT: the guest's has no room for system segments. */
	desc[0] = (v->ldt_entries * 8 - 1) | (base & 0xffffff) << 16 | 0x82ULL << 40 |
		  (base >> 24 & 0xff) << 56;
	desc[1] = base >> 32;
	c->ldt_loaded = true;
	__asm__ volatile("lgdt %0\n"
			 "lldt %w1"
			 :
			 : "m"(c->own_gdtr), "r"(0xe050)
			 : "memory");
}

void descriptors_load(struct vcpu *v)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __packed gdtr = { 0xefff, window_address(v) };

	load_ldt(v);
	__asm__ volatile("lgdt %0" : : "m"(gdtr));
}

long vcpu_set_ldt(struct vcpu *v, uint64_t base, uint32_t entries)
{
	if (entries > 8192 || (entries && (base & 7 || !guest_range_ok(base, entries * 8UL) ||
					   base & (PAGE_SIZE - 1))))
		return -EINVAL;
	if (v->ldt_entries == entries && v->ldt_base == base && !entries)
		return 0;
	drop_ldt(v);
	v->ldt_base = base;
	v->ldt_entries = entries;
	if (v == current)
		descriptors_load(v);
	return 0;
}

bool ldt_window_fault(struct vcpu *v, uint64_t va)
{
	uint64_t base = window_address(v) + WINDOW_LDT;
	uint64_t offset = va - base, l1e;
	unsigned int page = (unsigned int)(offset >> PAGE_SHIFT);
	mfn_t mfn;

	if (!v->ldt_entries || offset >= v->ldt_entries * 8UL)
		return false;
	if (v->ldt_frames[page] != MFN_INVALID)
		return false;
	if (!pagetable_walk(v, v->ldt_base + page * PAGE_SIZE, &l1e) || !(l1e & 1))
		return false;
	mfn = (l1e & 0x000ffffffffff000) >> PAGE_SHIFT;
	if (!mfn_valid(mfn) || frame_get_both(mfn, v->domain, FRAME_DESCRIPTORS, false))
		return false;
	if (hyp_map(base + page * PAGE_SIZE, mfn, 1, MAP_READ)) {
		frame_put_both(frame_of(mfn));
		return false;
	}
	v->ldt_frames[page] = mfn;
	return true;
}

long hypercall_set_gdt(uint64_t list, uint64_t entries)
{
	uint64_t frames[GDT_GUEST_PAGES];
	struct vcpu *v = current;
	int rc;

	if (entries > HC_FIRST_RESERVED_GDT_ENTRY)
		return -EINVAL;
	if (copy_from_guest(frames, list, DIV_ROUND_UP(entries, 512) * sizeof(frames[0])))
		return -EFAULT;
	rc = vcpu_set_gdt(v, frames, (unsigned int)entries);
	if (!rc)
		descriptors_load(v);
	return rc;
}

long hypercall_update_descriptor(uint64_t maddr, uint64_t desc)
{
	struct domain *d = current->domain;
	mfn_t mfn = maddr >> PAGE_SHIFT;
	struct frame *f;
	int rc = -EINVAL;

	if (maddr & 7 || !descriptor_check(&desc) || !mfn_valid(mfn))
		return -EINVAL;
	f = frame_of(mfn);
	if (!frame_get_id(f, d->id))
		return -EINVAL;
	if (!frame_get_type(f, FRAME_DESCRIPTORS, false)) {
		WRITE_ONCE(*(uint64_t *)maddr_to_virt(maddr), desc);
		dirty_mark(mfn);
		frame_put_type(f, false);
		rc = 0;
	} else if (!frame_get_type(f, FRAME_WRITABLE, false)) {
		WRITE_ONCE(*(uint64_t *)maddr_to_virt(maddr), desc);
		dirty_mark(mfn);
		frame_put_type(f, false);
		rc = 0;
	}
	frame_put(f);
	return rc;
}
