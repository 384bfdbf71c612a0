/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * platform_op: what a stock dom0 kernel asks about and of the whole machine.
 * Calls that only foreign tools make are numbered, so that they can be refused
 * by name, but their structures are not described here.
 *
 * Source of facts: Xen's public header platform.h.
 */
#ifndef HYPERCALL_PLATFORM_H
#define HYPERCALL_PLATFORM_H

#include "base.h"

#define HC_PLATFORM_INTERFACE_VERSION	0x03000001

/* platform_op(address of hc_platform_op): its cmd. */
#define HC_PLATFORM_SETTIME32		17
#define HC_PLATFORM_ADD_MEMTYPE		31
#define HC_PLATFORM_DEL_MEMTYPE		32
#define HC_PLATFORM_READ_MEMTYPE	33
#define HC_PLATFORM_MICROCODE_UPDATE	35
#define HC_PLATFORM_PLATFORM_QUIRK	39
#define HC_PLATFORM_GET_CPU_VERSION	48
#define HC_PLATFORM_EFI_RUNTIME_CALL	49
#define HC_PLATFORM_FIRMWARE_INFO	50
#define HC_PLATFORM_ENTER_ACPI_SLEEP	51
#define HC_PLATFORM_CHANGE_FREQ		52
#define HC_PLATFORM_GETIDLETIME		53
#define HC_PLATFORM_SET_PROCESSOR_PMINFO	54
#define HC_PLATFORM_GET_CPUINFO		55
#define HC_PLATFORM_CPU_ONLINE		56
#define HC_PLATFORM_CPU_OFFLINE		57
#define HC_PLATFORM_CPU_HOTADD		58
#define HC_PLATFORM_MEM_HOTADD		59
#define HC_PLATFORM_CORE_PARKING	60
#define HC_PLATFORM_RESOURCE_OP		61
#define HC_PLATFORM_SETTIME64		62
#define HC_PLATFORM_GET_SYMBOL		63

/* platform_enter_acpi_sleep.flags: val_* are for the extended registers. */
#define HC_PLATFORM_ACPI_SLEEP_EXTENDED	1

/* platform_pcpuinfo.flags. */
#define HC_PCPU_FLAGS_ONLINE		1
#define HC_PCPU_FLAGS_INVALID		2

/* platform_firmware_info.type, and index for HC_FW_EFI_INFO. */
#define HC_FW_DISK_INFO			1
#define HC_FW_DISK_MBR_SIGNATURE	2
#define HC_FW_VBEDDC_INFO		3
#define HC_FW_EFI_INFO			4
#define HC_FW_KBD_SHIFT_FLAGS		5
#define HC_FW_EFI_VERSION		0
#define HC_FW_EFI_CONFIG_TABLE		1
#define HC_FW_EFI_VENDOR		2
#define HC_FW_EFI_MEM_INFO		3
#define HC_FW_EFI_RT_VERSION		4
#define HC_FW_EFI_PCI_ROM		5
#define HC_FW_EFI_APPLE_PROPERTIES	6

/* platform_set_processor_pminfo.type. */
#define HC_PM_CX			0
#define HC_PM_PX			1
#define HC_PM_TX			2
#define HC_PM_PDC			3

#ifndef __ASSEMBLER__

/* The wallclock read secs.nsecs when system time was system_time (ns). */
struct hc_platform_settime32 {
	uint32_t secs;
	uint32_t nsecs;
	uint64_t system_time;
};

struct hc_platform_settime64 {
	uint64_t secs;
	uint32_t nsecs;
	uint32_t mbz;			/* 0. */
	uint64_t system_time;
};

struct hc_platform_enter_acpi_sleep {
	uint16_t val_a;			/* PM1a control value; sleep type. */
	uint16_t val_b;			/* PM1b control value. */
	uint32_t sleep_state;		/* S-state, 5 is off. */
	uint32_t flags;			/* HC_PLATFORM_ACPI_SLEEP_*. */
};

struct hc_platform_read_memtype {
	uint32_t reg;			/* IN: number of the variable MTRR. */
	uint64_t mfn;			/* OUT: first frame. */
	uint64_t nr_mfns;		/* OUT: frames, 0: not in use. */
	uint32_t type;			/* OUT: memory type as in the MTRR. */
};

struct hc_platform_microcode_update {
	uint64_t data;			/* Address. */
	uint32_t length;		/* Bytes. */
	uint32_t pad0;
};

struct hc_platform_pcpuinfo {
	uint32_t xen_cpuid;		/* IN: processor number. */
	uint32_t max_present;		/* OUT: highest number there is. */
	uint32_t flags;			/* OUT: HC_PCPU_FLAGS_*. */
	uint32_t apic_id;		/* OUT */
	uint32_t acpi_id;		/* OUT */
};

struct hc_platform_pcpu_version {
	uint32_t xen_cpuid;		/* IN: processor number. */
	uint32_t max_present;		/* OUT: highest number there is. */
	char vendor_id[12];		/* OUT: not terminated. */
	uint32_t family;
	uint32_t model;
	uint32_t stepping;
};

struct hc_platform_cpu_ol {
	uint32_t cpuid;			/* Processor number. */
};

struct hc_platform_symdata {
	uint32_t namelen;		/* IN: room, OUT: length, bytes. */
	uint32_t symnum;		/* IN: index; OUT: the next. */
	uint64_t name;			/* Address of the buffer. */
	uint64_t address;		/* OUT: of the symbol. */
	char type;			/* OUT: letter as of nm. */
	uint8_t pad0[7];
};

struct hc_platform_firmware_info {
	uint32_t type;			/* HC_FW_*. */
	uint32_t index;			/* Device number or HC_FW_EFI_*. */
	union {
		struct {
			uint8_t device;			/* BIOS number. */
			uint8_t version;
			uint16_t interface_support;
			uint16_t legacy_max_cylinder;
			uint8_t legacy_max_head;
			uint8_t legacy_sectors_per_track;
			uint64_t edd_params;		/* Address. */
		} disk_info;
		struct {
			uint8_t device;			/* BIOS number. */
			uint32_t mbr_signature;
		} disk_mbr_signature;
		struct {
			uint8_t capabilities;
			uint8_t edid_transfer_time;
			uint64_t edid;			/* Address, 128 bytes. */
		} vbeddc_info;
		union {
			uint32_t version;		/* index HC_FW_EFI_VERSION */
			struct {
				uint64_t addr;		/* Physical. */
				uint32_t nent;		/* Entries. */
			} cfg;
			struct {
				uint32_t revision;
				uint32_t bufsz;		/* Bytes of room. */
				uint64_t name;		/* Address, UCS-2 text. */
			} vendor;
			struct {
				uint64_t addr;		/* IN: within, OUT: start. */
				uint64_t size;		/* Bytes. */
				uint64_t attr;		/* EFI attributes. */
				uint32_t type;		/* EFI memory type. */
			} mem;
		} efi_info;
		uint8_t kbd_shift_flags;		/* BIOS byte 0x417. */
	} u;
};

struct hc_platform_op {
	uint32_t cmd;			/* HC_PLATFORM_*. */
	uint32_t interface_version;	/* HC_PLATFORM_INTERFACE_VERSION. */
	union {
		struct hc_platform_settime32 settime32;
		struct hc_platform_settime64 settime64;
		struct hc_platform_read_memtype read_memtype;
		struct hc_platform_microcode_update microcode;
		struct hc_platform_firmware_info firmware_info;
		struct hc_platform_enter_acpi_sleep enter_acpi_sleep;
		struct hc_platform_pcpuinfo pcpu_info;
		struct hc_platform_pcpu_version pcpu_version;
		struct hc_platform_cpu_ol cpu_ol;
		struct hc_platform_symdata symdata;
		uint64_t align;
		uint8_t pad[128];
	} u;
};

#endif /* !__ASSEMBLER__ */

#endif
