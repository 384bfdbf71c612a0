/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domains: the table of them, their lives from creation to the last reference.
 *
 * References: one of the table's (until destruction is done), one for each
 * lookup under way, and those of memory/ (frames others still map), event/ and
 * grant/.  The struct is freed with the last.  While it is made it has none, so that
 * only its number is seen to be taken.
 */
#include <hypercall/event.h>
#include <hypercall/sched.h>
#include "boot/acpi.h"
#include "boot/options.h"
#include "cpu/cpu.h"
#include "domain/control.h"
#include "domain/domain.h"
#include "domain/vcpu.h"
#include "hypercall/hypercall.h"
#include "lib/bitmap.h"
#include "lib/log.h"
#include "lib/string.h"

#define TABLE_LEAF 512

struct domain *idle_domain, *dom0, *dom_io, *dom_xen;

static struct domain **table[DIV_ROUND_UP(MAX_DOMAINS, TABLE_LEAF)];
static spinlock_t table_lock = SPINLOCK_INIT;	/* protects table and domain_total */
static uint32_t domain_total;

static struct domain *lookup(uint32_t domid)
{
	struct domain **leaf;

	if (domid >= MAX_DOMAINS)
		return NULL;
	leaf = table[domid / TABLE_LEAF];
	return leaf ? leaf[domid % TABLE_LEAF] : NULL;
}

/* A struct found in the table may not be whole yet, or be losing its last reference. */
static bool ref_unless_zero(struct domain *d)
{
	uint32_t refs = __atomic_load_n(&d->refs, __ATOMIC_RELAXED);

	while (refs)
		if (__atomic_compare_exchange_n(&d->refs, &refs, refs + 1, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

static inline struct domain *get(uint16_t domid, bool dying_too)
{
	struct domain *d;

	if (domid == HC_DOMID_SELF) {
		domain_ref(current->domain);
		return current->domain;
	}
	spin_lock(&table_lock);
	d = lookup(domid);
	if (d && ((d->dying && !dying_too) || !ref_unless_zero(d)))
		d = NULL;
	spin_unlock(&table_lock);
	return d;
}

struct domain *domain_get(uint16_t domid)
{
	return get(domid, false);
}

struct domain *domain_get_any(uint16_t domid)
{
	return get(domid, true);
}

struct domain *domain_get_next(uint32_t domid)
{
	struct domain *d = NULL;

	spin_lock(&table_lock);
	for (; domid < MAX_DOMAINS && !d; domid++) {
		if (!table[domid / TABLE_LEAF]) {
			domid |= TABLE_LEAF - 1;
			continue;
		}
		d = lookup(domid);
		if (d && !ref_unless_zero(d))
			d = NULL;
	}
	spin_unlock(&table_lock);
	return d;
}

uint32_t domain_count(void)
{
	return __atomic_load_n(&domain_total, __ATOMIC_RELAXED);
}

void domain_ref(struct domain *d)
{
	__atomic_fetch_add(&d->refs, 1, __ATOMIC_RELAXED);
}

int domain_get_target(uint16_t domid, struct domain **out)
{
	struct domain *self = current->domain;

	if (domid == HC_DOMID_SELF || domid == self->id) {
		domain_ref(self);
		*out = self;
		return 0;
	}
	if (!self->privileged)
		return -EPERM;
	*out = domain_get(domid);
	return *out ? 0 : -ESRCH;
}

static void free_parts(struct domain *d)
{
	struct vcpu *v;

	symcall_domain_free(d);
	for_each_vcpu(d, v)
		vcpu_free(v);
	event_domain_free(d);
	grant_domain_free(d);
	interrupt_domain_free(d);
	memory_domain_free(d);
	windows_free(d);
	if (d->shared_info)
		page_free(d->shared_info);
	heap_free(d);
}

void domain_put(struct domain *d)
{
	if (__atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL))
		return;
	spin_lock(&table_lock);
	table[d->id / TABLE_LEAF][d->id % TABLE_LEAF] = NULL;
	spin_unlock(&table_lock);
	__atomic_fetch_sub(&domain_total, 1, __ATOMIC_RELAXED);
	free_parts(d);
	/* The toolstack may wait for the number to be free again. */
	event_send_global_virq(HC_VIRQ_DOM_EXC);
}

/* A number for the domain: the wanted one, or the first never used since the last wrap. */
static int enter_table(struct domain *d, uint16_t wanted)
{
	static uint32_t next = 1;
	struct domain **spare = page_alloc();
	uint32_t id = wanted, tries = 0;
	int rc = 0;

	spin_lock(&table_lock);
	if (wanted == 0xffff) {
		id = next;
		while (tries++ < MAX_DOMAINS && lookup(id))
			id = id + 1 < MAX_DOMAINS ? id + 1 : 1;
		if (lookup(id))
			rc = -ENOSPC;
		else
			next = id + 1 < MAX_DOMAINS ? id + 1 : 1;
	} else if (lookup(id)) {
		rc = -EEXIST;
	}
	if (!rc && !table[id / TABLE_LEAF]) {
		table[id / TABLE_LEAF] = spare;
		rc = spare ? 0 : -ENOMEM;
		spare = NULL;
	}
	if (!rc) {
		d->id = (uint16_t)id;
		table[id / TABLE_LEAF][id % TABLE_LEAF] = d;
		domain_total++;
	}
	spin_unlock(&table_lock);
	if (spare)
		page_free(spare);
	return rc;
}

static void leave_table(struct domain *d)
{
	spin_lock(&table_lock);
	table[d->id / TABLE_LEAF][d->id % TABLE_LEAF] = NULL;
	domain_total--;
	spin_unlock(&table_lock);
}

static int init_parts(struct domain *d, const struct hc_control_create *c)
{
	int rc = windows_alloc(d);

	if (rc)
		return rc;
	rc = memory_domain_init(d);
	if (rc)
		goto no_memory;
	d->memory.max_frames = c->max_frames;
	d->shared_info = page_alloc();
	if (!d->shared_info) {
		rc = -ENOMEM;
		goto no_page;
	}
	for (unsigned int i = 0; i < LEGACY_MAX_VCPUS; i++)
		d->shared_info->vcpu_info[i].evtchn_upcall_mask = 1;
	symcall_domain_init(d);
	rc = sched_domain_init(d);
	if (rc)
		goto no_sched;
	rc = event_domain_init(d, c->max_event_ports);
	if (rc)
		goto no_sched;
	rc = grant_domain_init(d, c->max_grant_frames);
	if (rc)
		goto no_grant;
	rc = interrupt_domain_init(d);
	if (rc)
		goto no_interrupt;
	frame_share(virt_to_mfn(d->shared_info), d, true);
	m2p_set(virt_to_mfn(d->shared_info), M2P_SHARED);
	return 0;
no_interrupt:
	grant_domain_free(d);
no_grant:
	event_domain_free(d);
no_sched:
	page_free(d->shared_info);
no_page:
	memory_domain_free(d);
no_memory:
	windows_free(d);
	return rc;
}

static void undo_create(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v)
		vcpu_free(v);
	frame_unshare(virt_to_mfn(d->shared_info));
	interrupt_domain_free(d);
	grant_domain_free(d);
	event_domain_free(d);
	page_free(d->shared_info);
	memory_domain_free(d);
}

int domain_create(uint16_t wanted, const struct hc_control_create *c, struct domain **out)
{
	struct domain *d;
	int rc;

	if (c->flags & ~HC_CREATE_PRIVILEGED || !c->max_vcpus || c->max_vcpus > MAX_VCPUS ||
	    strnlen(c->name, sizeof(c->name)) == sizeof(c->name) || !c->max_frames ||
	    c->max_frames > 1ULL << 40 || c->max_grant_frames > 64 ||
	    (wanted != 0xffff && wanted >= MAX_DOMAINS))
		return -EINVAL;
	d = heap_alloc(sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->max_vcpus = (uint16_t)c->max_vcpus;
	d->privileged = c->flags & HC_CREATE_PRIVILEGED;
	memcpy(d->uuid, c->uuid, sizeof(d->uuid));
	memcpy(d->name, c->name, sizeof(d->name));
	spin_init(&d->lock);
	list_init(&d->link);
	rc = enter_table(d, wanted);
	if (rc)
		goto no_number;
	rc = init_parts(d, c);
	if (rc)
		goto no_parts;
	d->sched.pause_count = 1;
	for (unsigned int i = 0; i < d->max_vcpus && !rc; i++)
		rc = vcpu_create(d, i);
	if (rc)
		goto no_vcpus;
	time_update_wallclock(d);
	__atomic_store_n(&d->refs, 1, __ATOMIC_RELEASE);
	*out = d;
	return 0;
no_vcpus:
	undo_create(d);
no_parts:
	leave_table(d);
no_number:
	heap_free(d);
	return rc;
}

/* Pseudo domains have a number and own frames; nothing of them ever runs. */
struct domain *domain_create_pseudo(uint16_t id, const char *name)
{
	struct domain *d = heap_alloc(sizeof(*d));

	ASSERT(d);
	d->refs = 1;
	d->id = id;
	spin_init(&d->lock);
	format_string(d->name, sizeof(d->name), "%s", name);
	return d;
}

static void machine_end(uint8_t reason)
{
	if ((reason == HC_SHUTDOWN_REBOOT || reason == HC_SHUTDOWN_WATCHDOG) && option_reboot) {
		log_info("%s reboots the machine", reason == HC_SHUTDOWN_REBOOT ? "dom0" : "dom0's watchdog");
		smp_stop_others();
		machine_reset();
	}
	if (reason == HC_SHUTDOWN_CRASH && option_reboot)
		panic("dom0 crashed");
	log_info("dom0 has ended (reason %u): halted", reason);
	smp_stop_others();
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* False: it had shut down before. */
static bool note_shutdown(struct domain *d, uint8_t reason)
{
	bool first;

	spin_lock(&d->lock);
	first = !d->shut_down;
	if (first) {
		d->shutdown_reason = reason;
		d->suspended_by = current->domain == d ? current : NULL;
		__atomic_store_n(&d->shut_down, true, __ATOMIC_RELEASE);
	}
	spin_unlock(&d->lock);
	return first;
}

void domain_shutdown(struct domain *d, uint8_t reason)
{
	struct vcpu *v;

	if (!note_shutdown(d, reason))
		return;
	for_each_vcpu(d, v) {
		__atomic_fetch_or(&v->sched.waiting, VCPU_WAIT_SHUTDOWN, __ATOMIC_SEQ_CST);
		vcpu_sleep(v);
	}
	/* Only of the first: the guest may go on asking, and each report takes the console a while. */
	if (reason == HC_SHUTDOWN_CRASH && current->domain == d) {
		log_guest(LOG_ERR, "domain %u (%s) has crashed", d->id, d->name);
		dump_guest(current, guest_regs());
	}
	if (d == dom0)
		machine_end(reason);
	event_send_global_virq(HC_VIRQ_DOM_EXC);
}

int domain_resume(struct domain *d)
{
	struct vcpu *v;
	int rc = -EINVAL;

	domain_pause(d);		/* vcpus may still be on their way off the processors */
	spin_lock(&d->lock);
	if (d->shut_down && d->shutdown_reason == HC_SHUTDOWN_SUSPEND) {
		if (d->suspended_by)
			d->suspended_by->regs.rax = 1;
		d->sched.shutdown_latched = false;
		__atomic_store_n(&d->shut_down, false, __ATOMIC_RELEASE);
		for_each_vcpu(d, v)
			__atomic_fetch_and(&v->sched.waiting, ~VCPU_WAIT_SHUTDOWN, __ATOMIC_SEQ_CST);
		rc = 0;
	}
	spin_unlock(&d->lock);
	domain_unpause(d);
	return rc;
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	format_string_va(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_guest(LOG_ERR, "domain %u (%s): %s", d->id, d->name, text);
	domain_shutdown(d, HC_SHUTDOWN_CRASH);
}

void dump_guest(struct vcpu *v, const struct regs *regs)
{
	uint64_t stack[32];

	log_err("domain %u vcpu %u, guest %s mode:", v->domain->id, v->id,
		v->kernel_mode ? "kernel" : "user");
	dump_regs(regs);
	log_err("tables %lx/%lx  stack %lx  events %s, %s", v->memory.base_kernel,
		v->memory.base_user, v->kernel_sp,
		v->info->evtchn_upcall_mask ? "masked" : "open",
		v->info->evtchn_upcall_pending ? "pending" : "none");
	if (v != current || copy_from_guest(stack, regs->rsp, sizeof(stack)))
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(stack); i += 4)
		log_err("  %016lx: %016lx %016lx %016lx %016lx", regs->rsp + i * 8, stack[i],
			stack[i + 1], stack[i + 2], stack[i + 3]);
}

static int relinquish_vcpus(struct domain *d)
{
	struct vcpu *v;
	int rc;

	for_each_vcpu(d, v) {
		context_forget(v);
		sched_vcpu_relinquish(v);
		time_vcpu_relinquish(v);
		vcpu_drop_info(v);
		vcpu_drop_descriptors(v);
		rc = vcpu_drop_bases(v);
		if (rc)
			return rc;
	}
	return 0;
}

static int unshare_info(struct domain *d)
{
	frame_unshare(virt_to_mfn(d->shared_info));
	return 0;
}

static int stop(struct domain *d)
{
	domain_pause(d);
	return 0;
}

/* Each returns 0 when done, -ERESTART to be called again. */
static int (*const destroy_stages[])(struct domain *d) = {
	stop,
	event_domain_relinquish,
	grant_domain_relinquish,
	relinquish_vcpus,
	memory_domain_relinquish,
	unshare_info,
};

static int destroy_on(struct domain *d)
{
	while (d->destroy_stage < ARRAY_SIZE(destroy_stages)) {
		int rc = destroy_stages[d->destroy_stage](d);

		if (rc)
			return rc;
		d->destroy_stage++;
	}
	if (d->destroy_stage == ARRAY_SIZE(destroy_stages)) {
		d->destroy_stage++;
		domain_put(d);
	}
	return 0;
}

int domain_destroy(struct domain *d)
{
	int rc;

	if (d == dom0 || d == current->domain)
		return -EINVAL;
	spin_lock(&d->lock);
	d->dying = true;
	spin_unlock(&d->lock);
	/* Another does its part just now; the rest, if there is any then, is for both. */
	if (__atomic_exchange_n(&d->destroying, true, __ATOMIC_ACQUIRE))
		return -ERESTART;
	rc = destroy_on(d);
	__atomic_store_n(&d->destroying, false, __ATOMIC_RELEASE);
	return rc;
}
