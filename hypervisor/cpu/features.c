/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the processor can do, and turning on what we use. */
#include "boot/options.h"
#include "cpu/cpu.h"
#include "cpu/x86.h"
#include "lib/log.h"
#include "lib/string.h"
#include "memory/split.h"

bool cpu_has_smap, cpu_has_smep, cpu_has_pge, cpu_has_xsave, cpu_has_fsgsbase, cpu_vendor_amd;
char cpu_model_name[49];

struct smap_site {
	int32_t distance;	/* from here to the instruction */
	uint32_t bytes;
};
extern const struct smap_site smap_sites[], smap_sites_end[];
/* Instructions of the entry code that a jump to `detour` takes the place of, see entry.h. */
struct split_site {
	uint64_t address, detour;
};
extern const struct split_site split_sites[], split_sites_end[];

/*
 * Does it read memory ahead of the check that it may (Meltdown)?  Intel's do unless they
 * say otherwise, AMD's do not; others are not trusted.
 */
static bool reads_ahead(uint32_t leaf_7_edx)
{
	return !cpu_vendor_amd && !(leaf_7_edx & LEAF_7_EDX_ARCH_CAPABILITIES &&
				    rdmsr(MSR_ARCH_CAPABILITIES) & ARCH_CAPABILITIES_RDCL_NO);
}

static void patch_split_sites(void)
{
	for (const struct split_site *s = split_sites; s < split_sites_end; s++) {
		int64_t distance = (int64_t)(s->detour - (s->address + 2));
		uint8_t jump[2] = { 0xeb, (uint8_t)distance };

		ASSERT(distance == (int8_t)distance);
		memcpy((void *)s->address, jump, sizeof(jump));
	}
}

static void read_model_name(void)
{
	uint32_t max, b, c, d, words[12];

	cpuid(0x80000000, 0, &max, &b, &c, &d);
	if (max < 0x80000004)
		return;
	for (uint32_t i = 0; i < 3; i++)
		cpuid(0x80000002 + i, 0, &words[i * 4], &words[i * 4 + 1], &words[i * 4 + 2],
		      &words[i * 4 + 3]);
	memcpy(cpu_model_name, words, sizeof(words));
}

void features_init(void)
{
	uint32_t a, b, c, d = 0, max;

	cpuid(0, 0, &max, &b, &c, &d);
	cpu_vendor_amd = b == 0x68747541 || b == 0x6f677948;	/* "Auth", "Hygo" */
	cpuid(1, 0, &a, &b, &c, &d);
	cpu_has_pge = d >> 13 & 1;
	cpu_has_xsave = c >> 26 & 1;
	d = 0;
	if (max >= 7) {
		cpuid(7, 0, &a, &b, &c, &d);
		cpu_has_fsgsbase = b & 1;
		cpu_has_smep = option_smep && (b >> 7 & 1);
		cpu_has_smap = option_smap && (b >> 20 & 1);
	}
	split_tables = option_mitigations == MITIGATIONS_ON ||
		       (option_mitigations == MITIGATIONS_AUTO && reads_ahead(d));
	if (split_tables)
		patch_split_sites();
	read_model_name();
	if (!cpu_has_smap)
		return;
	for (const struct smap_site *s = smap_sites; s < smap_sites_end; s++)
		memcpy((char *)&s->distance + s->distance, &s->bytes, 3);
}

void features_cpu_init(void)
{
	uint64_t cr4 = CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_DE;

	/* What is global would stay in the TLB while a guest runs on tables without it. */
	if (cpu_has_pge && !split_tables)
		cr4 |= CR4_PGE;
	if (cpu_has_xsave)
		cr4 |= CR4_OSXSAVE;
	if (cpu_has_fsgsbase)
		cr4 |= CR4_FSGSBASE;
	if (cpu_has_smep)
		cr4 |= CR4_SMEP;
	if (cpu_has_smap)
		cr4 |= CR4_SMAP;
	write_cr4(cr4);
	this_cpu()->cr4 = cr4;
	write_cr0(CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG);
}
