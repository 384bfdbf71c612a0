/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of a domain's grant table: growth, pinning, exchange. */
#include "grant/table.h"

#include "domain/domain.h"

/* Times to try again when the guest changes an entry while it is being claimed. */
#define CLAIM_TRIES 8

static int grow_one(struct domain *d)
{
	struct grant_domain *g = &d->grant;
	struct grant_active *active;
	void *page;

	page = page_alloc_for(d);
	if (!page)
		return -ENOMEM;
	active = heap_alloc_for(d, GRANTS_PER_FRAME * sizeof(*active));
	if (!active) {
		page_free_for(d, page);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < GRANTS_PER_FRAME; i++)
		spin_init(&active[i].lock);
	frame_share(virt_to_mfn(page), d, true);
	g->shared[g->frames] = page;
	g->active[g->frames] = active;
	__atomic_store_n(&g->frames, g->frames + 1, __ATOMIC_RELEASE);
	return 0;
}

int grant_grow(struct domain *d, uint32_t frames)
{
	int r = 0;

	if (frames > d->grant.max_frames)
		return -EINVAL;
	while (!r && d->grant.frames < frames)
		r = grow_one(d);
	return r;
}

struct hc_grant_entry_v1 *grant_entry(struct domain *d, uint32_t ref)
{
	uint32_t frame = ref / GRANTS_PER_FRAME, frames = __atomic_load_n(&d->grant.frames, __ATOMIC_ACQUIRE);

	if (frame >= frames)
		return NULL;
	frame = index_below(frame, frames);
	return (struct hc_grant_entry_v1 *)d->grant.shared[frame] + ref % GRANTS_PER_FRAME;
}

struct grant_active *grant_active(struct domain *d, uint32_t ref)
{
	return &d->grant.active[ref / GRANTS_PER_FRAME][ref % GRANTS_PER_FRAME];
}

_Static_assert(offsetof(struct hc_grant_entry_v1, flags) == 0 && offsetof(struct hc_grant_entry_v1, domid) == 2,
	       "the first word has the flags below and the domain above");

/*
 * Set READING (and WRITING) in the shared entry, if it allows user to.  Flags and domain number
 * are looked at and changed as one word, so that they are one decision.
 */
static int16_t claim(struct hc_grant_entry_v1 *entry, uint16_t user, bool write)
{
	uint32_t *word = (uint32_t *)entry, old = __atomic_load_n(word, __ATOMIC_RELAXED);
	uint32_t wanted = HC_GTF_PERMIT_ACCESS | (uint32_t)user << 16;
	uint32_t matters = 0xffff0000u | HC_GTF_TYPE_MASK | (write ? HC_GTF_READONLY : 0);
	uint32_t taken = HC_GTF_READING | (write ? HC_GTF_WRITING : 0);

	for (int try = 0; try < CLAIM_TRIES && !((old ^ wanted) & matters); try++)
		if (__atomic_compare_exchange_n(word, &old, old | taken, false, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			return HC_GNTST_OKAY;
	return HC_GNTST_GENERAL_ERROR;
}

static void unclaim(struct hc_grant_entry_v1 *entry, uint16_t flags)
{
	__atomic_fetch_and(&entry->flags, (uint16_t)~flags, __ATOMIC_SEQ_CST);
}

/* Flags in the shared entry that have no reason any more, given the pins that remain. */
static uint16_t stale_flags(const struct grant_active *active)
{
	if (active->writers)
		return 0;
	return active->readers ? HC_GTF_WRITING : HC_GTF_WRITING | HC_GTF_READING;
}

/*
 * Take what the first pin, and the first one for writing, need.  The entry has
 * been claimed; its frame number counts from the first pin on, whatever the
 * guest writes there later.
 */
static int16_t take_frame(struct domain *d, struct hc_grant_entry_v1 *entry,
			  struct grant_active *active, bool first, bool write)
{
	struct frame *f;

	if (first)
		active->frame = READ_ONCE(entry->frame);
	f = frame_of(active->frame);
	if (first && (active->frame >= memory_max_mfn || !frame_get_id(f, d->id)))
		return HC_GNTST_BAD_PAGE;
	if (write && frame_get_writable(f)) {
		if (first)
			frame_put(f);
		return HC_GNTST_BAD_PAGE;
	}
	return HC_GNTST_OKAY;
}

static int16_t pin_locked(struct domain *d, struct hc_grant_entry_v1 *entry,
			  struct grant_active *active, uint16_t user, bool write)
{
	bool first = !active->readers && !active->writers;
	int16_t status;

	if (!first && active->user != user)
		return HC_GNTST_GENERAL_ERROR;
	if ((write ? active->writers : active->readers) == UINT16_MAX)
		return HC_GNTST_NO_SPACE;
	if (first || (write && !active->writers)) {
		status = claim(entry, user, write);
		if (status != HC_GNTST_OKAY)
			return status;
		status = take_frame(d, entry, active, first, write);
		if (status != HC_GNTST_OKAY) {
			unclaim(entry, stale_flags(active));
			return status;
		}
	}
	active->user = user;
	if (write)
		active->writers++;
	else
		active->readers++;
	return HC_GNTST_OKAY;
}

int16_t grant_pin(struct domain *d, uint32_t ref, uint16_t user, bool write, mfn_t *mfn)
{
	struct hc_grant_entry_v1 *entry = grant_entry(d, ref);
	struct grant_active *active;
	int16_t status;

	if (!entry)
		return HC_GNTST_BAD_GNTREF;
	active = grant_active(d, ref);
	spin_lock(&active->lock);
	status = pin_locked(d, entry, active, user, write);
	*mfn = active->frame;
	spin_unlock(&active->lock);
	return status;
}

/* A pin that comes or goes meanwhile is no harm: the frame is marked as it goes. */
void grant_written_frames(struct domain *d, void (*fn)(mfn_t mfn))
{
	uint32_t frames = __atomic_load_n(&d->grant.frames, __ATOMIC_ACQUIRE);

	for (uint32_t ref = 0; ref < frames * GRANTS_PER_FRAME; ref++) {
		struct grant_active *active = grant_active(d, ref);

		if (!READ_ONCE(active->writers))
			continue;
		spin_lock(&active->lock);
		if (active->writers)
			fn(active->frame);
		spin_unlock(&active->lock);
	}
}

/* The references go before the flags: a granter that sees them clear may retype the frame at once. */
void grant_unpin(struct domain *d, uint32_t ref, bool write)
{
	struct grant_active *active = grant_active(d, ref);
	struct frame *f;

	spin_lock(&active->lock);
	f = frame_of(active->frame);
	if (write) {
		dirty_mark(active->frame);
		if (!--active->writers)
			frame_put_writable(f);
	} else {
		active->readers--;
	}
	if (!active->readers && !active->writers)
		frame_put(f);
	unclaim(grant_entry(d, ref), stale_flags(active));
	spin_unlock(&active->lock);
}

static void lock_two(struct grant_active *a, struct grant_active *b)
{
	spin_lock(a < b ? &a->lock : &b->lock);
	spin_lock(a < b ? &b->lock : &a->lock);
}

int16_t grant_swap(struct domain *d, uint32_t a, uint32_t b)
{
	struct hc_grant_entry_v1 *ea = grant_entry(d, a), *eb = grant_entry(d, b);
	int16_t status = HC_GNTST_EAGAIN;
	struct grant_active *aa, *ab;

	if (!ea || !eb)
		return HC_GNTST_BAD_GNTREF;
	if (a == b)
		return HC_GNTST_OKAY;
	aa = grant_active(d, a);
	ab = grant_active(d, b);
	lock_two(aa, ab);
	if (!aa->readers && !aa->writers && !ab->readers && !ab->writers) {
		struct hc_grant_entry_v1 entry = *ea;

		*ea = *eb;
		*eb = entry;
		status = HC_GNTST_OKAY;
	}
	spin_unlock(&aa->lock);
	spin_unlock(&ab->lock);
	return status;
}
