/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the processor can do, and turning on what we use. */
#include "boot/options.h"
#include "cpu/cpu.h"
#include "cpu/x86.h"
#include "lib/log.h"
#include "lib/string.h"

bool cpu_has_smap, cpu_has_smep, cpu_has_pge, cpu_has_xsave, cpu_has_fsgsbase, cpu_vendor_amd;
char cpu_model_name[49];

struct smap_site {
	uint64_t address, bytes;
};
extern const struct smap_site smap_sites[], smap_sites_end[];

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
	uint32_t a, b, c, d, max;

	cpuid(0, 0, &max, &b, &c, &d);
	cpu_vendor_amd = b == 0x68747541 || b == 0x6f677948;	/* "Auth", "Hygo" */
	cpuid(1, 0, &a, &b, &c, &d);
	cpu_has_pge = d >> 13 & 1;
	cpu_has_xsave = c >> 26 & 1;
	if (max >= 7) {
		cpuid(7, 0, &a, &b, &c, &d);
		cpu_has_fsgsbase = b & 1;
		cpu_has_smep = option_smep && (b >> 7 & 1);
		cpu_has_smap = option_smap && (b >> 20 & 1);
	}
	read_model_name();
	if (!cpu_has_smap)
		return;
	for (const struct smap_site *s = smap_sites; s < smap_sites_end; s++)
		memcpy((void *)s->address, &s->bytes, 3);
}

void features_cpu_init(void)
{
	uint64_t cr4 = CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_DE;

	if (cpu_has_pge)
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
