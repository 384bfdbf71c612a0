/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machine-check telemetry.  A machine check stops the host (cpu/exception.c),
 * so there is never a record to fetch; dom0's logger still wants to know the
 * processors before it will wait for the event.
 */
#include <hypercall/mca.h>

#include "cpu/cpu.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "hypercall/handlers.h"
#include "hypercall/hypercall.h"
#include "lib/string.h"

static void describe(unsigned int cpu, struct hc_mcinfo_logical_cpu *out)
{
	uint32_t a, b, c, d;

	memset(out, 0, sizeof(*out));
	out->mc_cpunr = cpu;
	out->mc_apicid = cpu_of(cpu)->apic_id;
	out->mc_chipid = out->mc_apicid;
	out->mc_ncores = out->mc_ncores_active = out->mc_nthreads = 1;
	cpuid(0, 0, &a, &b, &c, &d);
	out->mc_cpuid_level = (int32_t)a;
	memcpy(out->mc_vendorid, &b, 4);
	memcpy(out->mc_vendorid + 4, &d, 4);
	memcpy(out->mc_vendorid + 8, &c, 4);
	cpuid(1, 0, &a, &b, &c, &d);
	out->mc_family = (a >> 8 & 15) + ((a >> 8 & 15) == 15 ? a >> 20 & 0xff : 0);
	out->mc_model = (a >> 4 & 15) | (a >> 12 & 0xf0);
	out->mc_step = a & 15;
	out->mc_cpu_caps[0] = d;
	out->mc_cpu_caps[4] = c;
	memcpy(out->mc_brandid, cpu_model_name, sizeof(cpu_model_name));
}

static long processors(struct hc_mc *op)
{
	struct hc_mc_physcpuinfo *p = &op->u.mc_physcpuinfo;
	struct hc_mcinfo_logical_cpu info;
	uint32_t room = p->ncpus;

	p->ncpus = cpu_count;
	if (!p->info)
		return 0;
	for (uint32_t i = 0; i < MIN(room, cpu_count); i++) {
		describe(i, &info);
		if (copy_to_guest(p->info + i * sizeof(info), &info, sizeof(info)))
			return -EFAULT;
	}
	return 0;
}

long hypercall_mca(uint64_t arg)
{
	struct hc_mc op;
	long rc = 0;

	if (!current->domain->privileged)
		return -EPERM;
	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.interface_version != HC_MCA_INTERFACE_VERSION)
		return -EACCES;
	switch (op.cmd) {
	case HC_MC_FETCH:
		if (op.u.mc_fetch.flags & HC_MC_ACK)
			return -EINVAL;
		op.u.mc_fetch.flags = HC_MC_NODATA;
		break;
	case HC_MC_PHYSCPUINFO:
		rc = processors(&op);
		break;
	default:
		return -ENOSYS;
	}
	return rc ? rc : copy_to_guest(arg, &op, sizeof(op));
}
