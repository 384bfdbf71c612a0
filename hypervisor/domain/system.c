/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control hypercalls on the host as a whole. */
#include <hypercall/control.h>
#include "boot/options.h"
#include "console/console.h"
#include "cpu/cpu.h"
#include "domain/control.h"
#include "domain/domain.h"
#include "hypercall/handlers.h"
#include "hypercall/hypercall.h"
#include "lib/log.h"
#include "lib/string.h"
#include "lib/version.h"
#include "memory/memory.h"
#include "memory/split.h"

static long system_info(struct hc_system *op)
{
	struct hc_system_info *i = &op->u.info;

	memset(i, 0, sizeof(*i));
	format_string(i->version, sizeof(i->version), "%s", TENON_VERSION);
	format_string(i->changeset, sizeof(i->changeset), "%s", TENON_CHANGESET);
	format_string(i->build, sizeof(i->build), "gcc %s", __VERSION__);
	format_string(i->cpu_model, sizeof(i->cpu_model), "%s", cpu_model_name);
	format_string(i->command_line, sizeof(i->command_line), "%s", option_command_line);
	i->cpus = cpu_count;
	i->tsc_khz = tsc_khz;
	i->total_frames = memory_total_frames;
	i->free_frames = memory_free_frames();
	i->own_bytes = memory_own_bytes();
	i->frame_table_bytes = memory_max_mfn * sizeof(struct frame);
	i->uptime = time_now();
	i->domains = domain_count();
	i->mitigations = (cpu_has_smep ? HC_MITIGATION_SMEP : 0) |
			 (cpu_has_smap ? HC_MITIGATION_SMAP : 0) |
			 (split_tables ? HC_MITIGATION_SPLIT_TABLES : 0);
	return 0;
}

static long system_messages(struct hc_system *op)
{
	if (op->u.messages.flags & ~HC_MESSAGES_CLEAR || op->u.messages.pad)
		return -EINVAL;
	return console_messages(&op->u.messages);
}

static long system_cpu_info(struct hc_system *op)
{
	struct hc_system_cpu_info *i = &op->u.cpu_info;
	struct vcpu *v;
	struct cpu *c;

	if (i->cpu >= cpu_count)
		return -EINVAL;
	c = cpu_of(i->cpu);
	v = READ_ONCE(c->running);
	i->apic_id = c->apic_id;
	i->idle_time = vcpu_cpu_time(c->idle);
	i->domid = v == c->idle ? 0xffff : v->domain->id;
	i->vcpu = v->id;
	return 0;
}

static void key_domains(void)
{
	struct domain *d;

	for (uint32_t id = 0; (d = domain_get_next(id)); id = d->id + 1u, domain_put(d))
		log_info("domain %u (%s): %lu frames, %u vcpus%s%s, %u references", d->id, d->name,
			 d->memory.frames, d->max_vcpus, d->shut_down ? ", shut down" : "",
			 d->dying ? ", dying" : "", d->refs - 1);
}

static void key_events(void)
{
	struct domain *d;

	for (uint32_t id = 0; (d = domain_get_next(id)); id = d->id + 1u, domain_put(d))
		event_dump(d);
}

static void key_grants(void)
{
	struct domain *d;

	for (uint32_t id = 0; (d = domain_get_next(id)); id = d->id + 1u, domain_put(d))
		grant_dump(d);
}

static void key_memory(void)
{
	log_info("memory: %lu of %lu frames free, %lu KiB our own", memory_free_frames(),
		 memory_total_frames, memory_own_bytes() >> 10);
}

static void key_help(void);

static const struct {
	char key;
	void (*run)(void);
	const char *what;
} keys[] = {
	{ 'd', key_domains, "list domains" }, { 'e', key_events, "event channels" },
	{ 'g', key_grants, "grant tables" },  { 'h', key_help, "this list" },
	{ 'm', key_memory, "memory" },	      { 'r', sched_dump, "run queues" },
};

static void key_help(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		log_info("key %c: %s", keys[i].key, keys[i].what);
}

static long system_debug_key(struct hc_system *op)
{
	if (op->u.debug_key.pad)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if ((uint32_t)keys[i].key == op->u.debug_key.key) {
			keys[i].run();
			return 0;
		}
	return -EINVAL;
}

static long (*const operations[])(struct hc_system *op) = {
	[HC_SYSTEM_INFO] = system_info,
	[HC_SYSTEM_MESSAGES] = system_messages,
	[HC_SYSTEM_CPU_INFO] = system_cpu_info,
	[HC_SYSTEM_DEBUG_KEY] = system_debug_key,
};

long hypercall_system(uint64_t arg)
{
	struct hc_system op;
	long rc;

	if (!current->domain->privileged)
		return -EPERM;
	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	if (op.version != HC_CONTROL_VERSION)
		return -EACCES;
	if (op.cmd >= ARRAY_SIZE(operations) || !operations[op.cmd])
		return -ENOSYS;
	rc = operations[op.cmd](&op);
	return rc ? rc : copy_to_guest(arg, &op, sizeof(op));
}
