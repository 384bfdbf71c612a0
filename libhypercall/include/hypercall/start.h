/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a guest finds when it starts: the start_info page, and the shared_info
 * page through which the hypervisor publishes events, time and wallclock.
 *
 * Source of facts: Xen's public headers xen.h, arch-x86/xen.h, xen-x86_64.h.
 */
#ifndef HYPERCALL_START_H
#define HYPERCALL_START_H

#include "base.h"

/* start_info.flags. */
#define HC_SIF_PRIVILEGED	(1 << 0)	/* May use the hardware. */
#define HC_SIF_INITDOMAIN	(1 << 1)	/* The first domain, dom0. */
#define HC_SIF_MULTIBOOT_MOD	(1 << 2)	/* mod_start: a multiboot list. */
#define HC_SIF_MOD_START_PFN	(1 << 3)	/* mod_start is a frame, unmapped. */
#define HC_SIF_VIRT_P2M_4TOOLS	(1 << 4)	/* Tools follow p2m_vaddr. */
#define HC_SIF_PM_MASK		(0xFF << 8)	/* ACPI power states not used. */

#define HC_MAX_GUEST_CMDLINE	1024	/* Bytes with the final NUL. */
#define HC_START_INFO_MAGIC	"xen-3.0-x86_64"

#define HC_LEGACY_MAX_VCPUS	32	/* vcpu_info slots in shared_info. */
#define HC_EVTCHN_2L_WORDS	64	/* 64-bit words of a 2-level bitmap. */

/* vcpu_time_info.flags. */
#define HC_PVCLOCK_TSC_STABLE_BIT	(1 << 0)
#define HC_PVCLOCK_GUEST_STOPPED	(1 << 1)

/* arch_shared_info.nmi_reason. */
#define HC_NMIREASON_IO_ERROR	(1 << 0)
#define HC_NMIREASON_PCI_SERR	(1 << 1)
#define HC_NMIREASON_UNKNOWN	(1 << 2)

/* dom0_vga_console_info.video_type. */
#define HC_VGATYPE_TEXT_MODE_3	0x03
#define HC_VGATYPE_VESA_LFB	0x23
#define HC_VGATYPE_EFI_LFB	0x70

#ifndef __ASSEMBLER__

/*
 * The clock of one vcpu. A reader takes version, the rest, version again and
 * starts over when it was odd or has changed. Guest time in ns is
 * system_time + (((tsc - tsc_timestamp) << tsc_shift) * mul >> 32), a negative
 * shift going right.
 */
struct hc_vcpu_time_info {
	uint32_t version;		/* Odd while being written. */
	uint32_t pad0;
	uint64_t tsc_timestamp;		/* TSC when system_time held, ticks. */
	uint64_t system_time;		/* ns since the host started. */
	uint32_t tsc_to_system_mul;	/* ns a tick, 32.32 fixed point. */
	int8_t tsc_shift;		/* Power of two applied to ticks first. */
	uint8_t flags;			/* HC_PVCLOCK_*. */
	uint8_t pad1[2];
};

struct hc_arch_vcpu_info {
	uint64_t cr2;			/* Address of the last page fault. */
	uint64_t pad;
};

/* The shared part of a vcpu: 64 bytes. */
struct hc_vcpu_info {
	uint8_t evtchn_upcall_pending;	/* Some event waits. */
	uint8_t evtchn_upcall_mask;	/* Non-zero: no upcall now. */
	uint8_t pad0[6];
	uint64_t evtchn_pending_sel;	/* 2-level: words of evtchn_pending. */
	struct hc_arch_vcpu_info arch;
	struct hc_vcpu_time_info time;
};

struct hc_arch_shared_info {
	uint64_t max_pfn;			/* Entries in the guest's p2m. */
	uint64_t pfn_to_mfn_frame_list_list;	/* Frame number; old p2m tree. */
	uint64_t nmi_reason;			/* HC_NMIREASON_*. */
	uint64_t p2m_cr3;			/* Tables for p2m_vaddr; 0: none. */
	uint64_t p2m_vaddr;			/* Linear p2m, guest virtual. */
	uint64_t p2m_generation;		/* Odd while p2m is changing. */
};

struct hc_shared_info {
	struct hc_vcpu_info vcpu_info[HC_LEGACY_MAX_VCPUS];
	uint64_t evtchn_pending[HC_EVTCHN_2L_WORDS];	/* Bit = port. */
	uint64_t evtchn_mask[HC_EVTCHN_2L_WORDS];	/* Bit = port. */
	uint32_t wc_version;		/* Odd while the three below change. */
	uint32_t wc_sec;		/* Wallclock at system time 0, s. */
	uint32_t wc_nsec;		/* And ns. */
	uint32_t wc_sec_hi;		/* Upper half of the seconds. */
	struct hc_arch_shared_info arch;
};

/* Mapped for the guest at its start; rsi points at it. */
struct hc_start_info {
	char magic[32];			/* HC_START_INFO_MAGIC. */
	uint64_t nr_pages;		/* Pages of the domain. */
	uint64_t shared_info;		/* Machine address, bytes. */
	uint32_t flags;			/* HC_SIF_*. */
	uint64_t store_mfn;		/* Machine frame of the store ring. */
	uint32_t store_evtchn;		/* Its event channel. */
	union {
		struct {
			uint64_t mfn;		/* Frame of the console ring. */
			uint32_t evtchn;	/* Its event channel. */
		} domU;
		struct {
			uint32_t info_off;	/* dom0_vga_console_info: bytes */
			uint32_t info_size;	/* from this page's start; size. */
		} dom0;
	} console;
	uint64_t pt_base;		/* Virtual address of the top table. */
	uint64_t nr_pt_frames;		/* Frames of the boot page tables. */
	uint64_t mfn_list;		/* Virtual address of the p2m list. */
	uint64_t mod_start;		/* Initrd: virtual address or frame. */
	uint64_t mod_len;		/* Initrd: bytes. */
	int8_t cmd_line[HC_MAX_GUEST_CMDLINE];
	uint64_t first_p2m_pfn;		/* First frame of the p2m list. */
	uint64_t nr_p2m_frames;		/* Its frames. */
};

/* The screen as the firmware left it, for dom0. Sizes in pixels or characters. */
struct hc_dom0_vga_console_info {
	uint8_t video_type;		/* HC_VGATYPE_*. */
	union {
		struct {
			uint16_t font_height;
			uint16_t cursor_x, cursor_y;
			uint16_t rows, columns;
		} text_mode_3;
		struct {
			uint16_t width, height;
			uint16_t bytes_per_line;
			uint16_t bits_per_pixel;
			uint32_t lfb_base;	/* Physical address, low half. */
			uint32_t lfb_size;	/* Units of 64 KiB. */
			uint8_t red_pos, red_size;
			uint8_t green_pos, green_size;
			uint8_t blue_pos, blue_size;
			uint8_t rsvd_pos, rsvd_size;
			uint32_t gbl_caps;
			uint16_t mode_attrs;
			uint16_t pad;
			uint32_t ext_lfb_base;	/* High half of lfb_base. */
		} vesa_lfb;
	} u;
};

#endif /* !__ASSEMBLER__ */

#endif
