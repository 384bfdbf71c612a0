/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mca(argument address): machine-check telemetry for the management domain.
 *
 * Source of facts: Xen's public header arch-x86/xen-mca.h.
 */
#ifndef HYPERCALL_MCA_H
#define HYPERCALL_MCA_H

#include "base.h"

#define HC_MCA_INTERFACE_VERSION	0x01ecc003

/* mc.cmd. */
#define HC_MC_FETCH		1
#define HC_MC_PHYSCPUINFO	3

/* mc_fetch.flags, in and out. */
#define HC_MC_NONURGENT		1
#define HC_MC_URGENT		2
#define HC_MC_ACK		4
#define HC_MC_OK		0
#define HC_MC_FETCHFAILED	1
#define HC_MC_NODATA		2
#define HC_MC_NOMATCH		4

#ifndef __ASSEMBLER__

struct hc_mc_fetch {
	uint32_t flags;			/* HC_MC_*. */
	uint32_t _pad0;
	uint64_t fetch_id;		/* OUT; IN with HC_MC_ACK. */
	uint64_t data;			/* Address of the record's buffer. */
};

struct hc_mc_physcpuinfo {
	uint32_t ncpus;			/* IN: room; OUT: processors. */
	uint32_t _pad0;
	uint64_t info;			/* Address of mcinfo_logical_cpu[], 0: only count. */
};

struct hc_mc {
	uint32_t cmd;
	uint32_t interface_version;
	union {
		struct hc_mc_fetch mc_fetch;
		struct hc_mc_physcpuinfo mc_physcpuinfo;
		uint8_t space[144];	/* Size of the largest command. */
	} u;
};

/* One processor as dom0's log decoder wants it. */
struct hc_mcinfo_logical_cpu {
	uint32_t mc_cpunr;		/* Our number. */
	uint32_t mc_chipid;		/* Package. */
	uint16_t mc_coreid;
	uint16_t mc_threadid;
	uint32_t mc_apicid;
	uint32_t mc_clusterid;
	uint32_t mc_ncores, mc_ncores_active, mc_nthreads;
	int32_t mc_cpuid_level;		/* Highest CPUID leaf. */
	uint32_t mc_family, mc_vendor, mc_model, mc_step;
	char mc_vendorid[16];
	char mc_brandid[64];
	uint32_t mc_cpu_caps[7];
	uint32_t mc_cache_size, mc_cache_alignment;
	int32_t mc_nmsrvals;		/* Valid entries of the next. */
	struct {
		uint64_t reg, value;
	} mc_msrvalues[8];
};

#endif /* !__ASSEMBLER__ */

#endif
