// SPDX-License-Identifier: GPL-2.0-or-later
/* The host of share_world.h, and the parts of the hypervisor that are not under test. */
#include "share_world.h"

#include <hypercall/grant.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hypercall/hypercall.h"
#include "lib/log.h"

struct world world;
struct cpu host_cpu;
char *host_ram;
struct domain *dom0;

static struct frame frames[WORLD_FRAMES];
struct frame *host_frames = frames;
mfn_t memory_max_mfn = WORLD_FRAMES;
/* Protects what this file counts. */
static pthread_mutex_t world_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int preempt_count;
static __thread struct {
	bool wanted;
	uint64_t args[4];
} continuation;
__thread unsigned int world_continuations;

void cpu_relax_serving(void)
{
	if (!world.threads)
		panic("a lock is held twice");
	sched_yield();
}

bool hypercall_preempt_check(void)
{
	return world.preempt_every &&
	       __atomic_add_fetch(&preempt_count, 1, __ATOMIC_RELAXED) % world.preempt_every == 0;
}

long hypercall_continue(unsigned int nr, unsigned int nargs, ...)
{
	va_list ap;

	(void)nr;
	continuation.wanted = true;
	va_start(ap, nargs);
	for (unsigned int i = 0; i < nargs && i < ARRAY_SIZE(continuation.args); i++)
		continuation.args[i] = va_arg(ap, uint64_t);
	va_end(ap);
	return 0;
}

long world_event_op(unsigned int cmd, void *arg)
{
	long r = hypercall_event_channel_op(cmd, (uint64_t)arg);

	while (continuation.wanted) {
		continuation.wanted = false;
		world_continuations++;
		r = hypercall_event_channel_op(continuation.args[0], continuation.args[1]);
	}
	return r;
}

long world_grant_op(unsigned int cmd, void *arg, uint64_t count)
{
	long r = hypercall_grant_table_op(cmd, (uint64_t)arg, count);

	while (continuation.wanted) {
		continuation.wanted = false;
		world_continuations++;
		r = hypercall_grant_table_op(continuation.args[0], continuation.args[1],
					     continuation.args[2]);
	}
	return r;
}

int copy_from_guest(void *dst, uint64_t src, size_t size)
{
	if (!src)
		return -EFAULT;
	memcpy(dst, (const void *)src, size);
	return 0;
}

int copy_to_guest(uint64_t dst, const void *src, size_t size)
{
	if (dst < PAGE_SIZE)
		return -EFAULT;
	memcpy((void *)dst, src, size);
	return 0;
}

/* ---- domains ---- */

void domain_ref(struct domain *d)
{
	__atomic_add_fetch(&d->refs, 1, __ATOMIC_RELAXED);
}

void domain_put(struct domain *d)
{
	if (!__atomic_fetch_sub(&d->refs, 1, __ATOMIC_ACQ_REL))
		panic("domain %u has no reference to drop", d->id);
}

struct domain *domain_get(uint16_t domid)
{
	if (domid == HC_DOMID_SELF)
		domid = current->domain->id;
	if (domid >= WORLD_DOMAINS || world.dead[domid])
		return NULL;
	domain_ref(&world.domain[domid]);
	return &world.domain[domid];
}

int domain_get_target(uint16_t domid, struct domain **out)
{
	if (domid != HC_DOMID_SELF && domid != current->domain->id && !current->domain->privileged)
		return -EPERM;
	*out = domain_get(domid);
	return *out ? 0 : -ESRCH;
}

void vcpu_kick(struct vcpu *v)
{
	__atomic_add_fetch(&world.kicks[v->domain->id][v->id], 1, __ATOMIC_RELAXED);
}

int pirq_bind(struct vcpu *v, unsigned int pirq, bool will_share)
{
	(void)v;
	(void)will_share;
	if (world.pirq_refused)
		return -EBUSY;
	assert_false(world.pirq_bound[pirq]);
	world.pirq_bound[pirq] = true;
	return 0;
}

void pirq_set_cpu(struct domain *d, unsigned int pirq, unsigned int cpu)
{
	(void)d;
	(void)pirq;
	(void)cpu;
}

void pirq_unbind(struct domain *d, unsigned int pirq)
{
	(void)d;
	assert_true(world.pirq_bound[pirq]);
	world.pirq_bound[pirq] = false;
}

/* ---- memory ---- */

static bool charge(struct domain *d, size_t size)
{
	bool room;

	pthread_mutex_lock(&world_lock);
	room = size <= world.allowed;
	if (room) {
		world.allowed -= size;
		world.allocated[d->id] += size;
	}
	pthread_mutex_unlock(&world_lock);
	return room;
}

void *heap_alloc_for(struct domain *d, size_t size)
{
	return charge(d, size) ? calloc(1, size) : NULL;
}

void heap_free_for(struct domain *d, void *p, size_t size)
{
	__atomic_sub_fetch(&world.allocated[d->id], size, __ATOMIC_RELAXED);
	free(p);
}

static mfn_t take_frame(unsigned int owner)
{
	static mfn_t next;
	mfn_t mfn;

	pthread_mutex_lock(&world_lock);
	for (unsigned int i = 0; i < WORLD_FRAMES; i++) {
		mfn = next = (next + 1) % WORLD_FRAMES;
		if (mfn && frames[mfn].owner == FRAME_HYP)
			goto found;
	}
	panic("no frame left");
found:
	frames[mfn] = (struct frame){ .owner = (uint64_t)owner << FRAME_OWNER_SHIFT | 1 };
	pthread_mutex_unlock(&world_lock);
	memset(mfn_to_virt(mfn), 0, PAGE_SIZE);
	return mfn;
}

void *page_alloc_for(struct domain *d)
{
	return charge(d, PAGE_SIZE) ? mfn_to_virt(take_frame(FRAME_OWNER_HEAP)) : NULL;
}

void page_free_for(struct domain *d, void *page)
{
	mfn_t mfn = virt_to_mfn(page);

	if (!page)
		return;
	assert_int_equal(frame_owner_id(frames[mfn].owner), FRAME_OWNER_HEAP);
	assert_int_equal(world_refs(mfn), 0);
	frames[mfn].owner = FRAME_HYP;
	__atomic_sub_fetch(&world.allocated[d->id], PAGE_SIZE, __ATOMIC_RELAXED);
}

mfn_t world_frame_of(unsigned int domain)
{
	return take_frame(domain);
}

unsigned int world_refs(mfn_t mfn)
{
	return (frames[mfn].owner & FRAME_REFS) - 1;
}

/* Nothing here may drop the owner's own reference. */
void frame_release(struct frame *f, uint64_t owner_word)
{
	panic("frame %ld of %u released", f - frames, frame_owner_id(owner_word));
}

unsigned int world_writers(mfn_t mfn)
{
	return frame_type_of(frames[mfn].type) == FRAME_WRITABLE ? frames[mfn].type & FRAME_COUNT : 0;
}

void world_make_table(mfn_t mfn)
{
	frames[mfn].type = (uint64_t)FRAME_L1 << FRAME_TYPE_SHIFT | FRAME_VALIDATED | 1;
}

uint64_t tlb_clock = 1;

/* The inline frame_get_writable() comes here with what is not writable. */
int frame_get_type_slow(struct frame *f, enum frame_type type, bool preemptible)
{
	if (type != FRAME_WRITABLE || preemptible)
		panic("frames are only wanted for writing");
	if (frame_type_of(f->type) != FRAME_WRITABLE && f->type & FRAME_COUNT)
		return -EINVAL;
	return frame_get_writable(f);
}

int frame_put_type_slow(struct frame *f, bool preemptible)
{
	(void)preemptible;
	if (frame_type_of(f->type) != FRAME_WRITABLE ||
	    !(__atomic_fetch_sub(&f->type, 1, __ATOMIC_RELAXED) & FRAME_COUNT))
		panic("frame %ld has no type to drop", f - frames);
	return 0;
}

int frame_get_both(mfn_t mfn, struct domain *d, enum frame_type type, bool preemptible)
{
	if (!mfn_valid(mfn) || !frame_get_id(frame_of(mfn), d->id))
		return -EINVAL;
	if (frame_get_type(frame_of(mfn), type, preemptible)) {
		frame_put(frame_of(mfn));
		return -EINVAL;
	}
	return 0;
}

uint32_t dirty_logs;

void dirty_mark_slow(mfn_t mfn)
{
	(void)mfn;
}

void frame_put_both(struct frame *f)
{
	frame_put_type(f, false);
	frame_put(f);
}

static void change_owner(mfn_t mfn, uint64_t from, uint64_t to)
{
	assert_int_equal(frame_owner_id(frames[mfn].owner), from);
	frames[mfn].owner += (to - from) << FRAME_OWNER_SHIFT;
}

void frame_share(mfn_t mfn, struct domain *d, bool writable)
{
	assert_true(writable);
	change_owner(mfn, FRAME_OWNER_HEAP, d->id);
}

void frame_unshare(mfn_t mfn)
{
	change_owner(mfn, frame_owner_id(frames[mfn].owner), FRAME_OWNER_HEAP);
}

struct domain *owner_reap_list;

void owner_reap_now(void)
{
}

void tlb_flush_mask(cpumask_t mask)
{
	(void)mask;
	__atomic_add_fetch(&world.flushes, 1, __ATOMIC_RELAXED);
}

struct world_mapping *world_mapping_at(uint64_t where)
{
	for (unsigned int i = 0; i < WORLD_MAPPINGS; i++)
		if (world.mapping[i].where == where)
			return &world.mapping[i];
	return NULL;
}

static int map_locked(uint64_t where, mfn_t mfn, unsigned int flags)
{
	struct world_mapping *m = world_mapping_at(0);

	if (where < PAGE_SIZE || world_mapping_at(where) || !m)
		return -EINVAL;
	m->where = where;
	m->mfn = mfn;
	m->readonly = flags & HC_GNTMAP_READONLY;
	assert_true(frame_get_id(frame_of(mfn), frame_owner_id(frames[mfn].owner)));
	if (!m->readonly && frame_get_writable(frame_of(mfn)))
		panic("frame %lu is mapped writable but cannot be", mfn);
	return 0;
}

/* Addresses below a page stand for those that cannot be mapped. */
int grant_map_pte(struct vcpu *v, uint64_t where, mfn_t mfn, unsigned int flags)
{
	int r;

	(void)v;
	pthread_mutex_lock(&world_lock);
	r = map_locked(where, mfn, flags);
	pthread_mutex_unlock(&world_lock);
	return r;
}

static int unmap_locked(uint64_t where, mfn_t mfn, uint64_t new_va)
{
	struct world_mapping *m = world_mapping_at(where), *from = world_mapping_at(new_va);

	if (!where || !m || m->mfn != mfn || (new_va && !from))
		return -EINVAL;
	if (!m->readonly)
		frame_put_writable(frame_of(mfn));
	frame_put(frame_of(mfn));
	*m = (struct world_mapping){ .where = 0 };
	if (new_va)
		from->where = where;
	return 0;
}

int grant_unmap_pte(struct vcpu *v, uint64_t where, mfn_t mfn, uint64_t new_va, unsigned int flags)
{
	int r;

	(void)v;
	(void)flags;
	pthread_mutex_lock(&world_lock);
	r = unmap_locked(where, mfn, new_va);
	pthread_mutex_unlock(&world_lock);
	return r;
}

/* ---- life ---- */

void world_enter(unsigned int domain, unsigned int vcpu)
{
	current = &world.vcpu[domain][vcpu];
}

static void create(unsigned int id)
{
	struct domain *d = &world.domain[id];

	d->id = id;
	d->privileged = id == 0;
	d->max_vcpus = WORLD_VCPUS;
	d->refs = 1;
	d->shared_info = calloc(1, sizeof(*d->shared_info));
	for (unsigned int i = 0; i < WORLD_VCPUS; i++) {
		struct vcpu *v = &world.vcpu[id][i];

		v->id = i;
		v->domain = d;
		v->info = &world.info[id][i];
		d->vcpu[i] = v;
		assert_int_equal(event_vcpu_init(v), 0);
	}
	assert_int_equal(event_domain_init(d, 0), 0);
	assert_int_equal(grant_domain_init(d, 0), 0);
}

int world_setup(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	for (unsigned int i = 0; i < WORLD_FRAMES; i++)
		frames[i] = (struct frame){ .owner = FRAME_HYP };
	continuation.wanted = false;
	world_continuations = 0;
	world.allowed = 64 << 20;
	host_ram = aligned_alloc(PAGE_SIZE, WORLD_FRAMES * PAGE_SIZE);
	assert_non_null(host_ram);
	for (unsigned int i = 0; i < WORLD_DOMAINS; i++)
		create(i);
	dom0 = &world.domain[0];
	world_enter(0, 0);
	return 0;
}

void world_destroy(unsigned int domain)
{
	struct domain *d = &world.domain[domain];

	world.dead[domain] = true;
	d->dying = true;
	while (event_domain_relinquish(d))
		;
	while (grant_domain_relinquish(d))
		;
}

int world_teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < WORLD_DOMAINS; i++)
		world_destroy(i);
	for (unsigned int i = 0; i < WORLD_DOMAINS; i++) {
		struct domain *d = &world.domain[i];

		assert_int_equal(d->refs, 1);
		assert_int_equal(d->event.active, 0);
		event_domain_free(d);
		grant_domain_free(d);
		assert_int_equal(world.allocated[i], 0);
		free(d->shared_info);
	}
	/* Entries of page tables hold references of their own until the tables go. */
	for (unsigned int i = 0; i < WORLD_MAPPINGS; i++)
		if (world.mapping[i].where)
			grant_unmap_pte(NULL, world.mapping[i].where, world.mapping[i].mfn, 0, 0);
	for (unsigned int i = 0; i < WORLD_FRAMES; i++) {
		assert_true(frames[i].owner == FRAME_HYP || world_refs(i) == 0);
		assert_int_equal(world_writers(i), 0);
	}
	free(host_ram);
	return 0;
}
