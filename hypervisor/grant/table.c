/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of a domain's grant table: growth, pinning, exchange. */
#include "grant/table.h"

#include "domain/domain.h"

/* Times to try again when the guest changes an entry while it is being claimed. */
#define CLAIM_TRIES 8

static int grow_one(struct domain *d)
{
	struct grant_domain *g = &d->grant;
	struct hc_grant_entry_v1 *page = page_alloc_for(d);

	if (!page)
		return -ENOMEM;
	frame_share(virt_to_mfn(page), d, true);
	for (unsigned int i = 0; i < PARTS_PER_FRAME; i++)
		g->parts[g->frames * PARTS_PER_FRAME + i].shared = page + i * GRANTS_PER_PART;
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

struct grant_active *grant_add_active(struct domain *d, struct grant_part *part)
{
	struct grant_active *new = page_alloc_for(d), *there = NULL;

	if (!new)
		return NULL;
	for (unsigned int i = 0; i < GRANTS_PER_PART; i++)
		spin_init(&new[i].lock);
	if (__atomic_compare_exchange_n(&part->active, &there, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return new;
	page_free_for(d, new);
	return there;
}

_Static_assert(offsetof(struct hc_grant_entry_v1, flags) == 0 && offsetof(struct hc_grant_entry_v1, domid) == 2 &&
	       offsetof(struct hc_grant_entry_v1, frame) == 4, "an entry as one word: flags, domain, frame");

/*
 * Set READING (and WRITING) in the shared entry, if it allows user to; *word is what was there.
 * It is looked at and changed as one word, so that flags, domain and frame are one decision.
 */
static __always_inline bool claim(struct hc_grant_entry_v1 *entry, uint16_t user, bool write, uint64_t *word)
{
	uint64_t wanted = HC_GTF_PERMIT_ACCESS | (uint32_t)user << 16;
	uint64_t matters = 0xffff0000u | HC_GTF_TYPE_MASK | (write ? HC_GTF_READONLY : 0);
	uint64_t taken = HC_GTF_READING | (write ? HC_GTF_WRITING : 0);

	*word = __atomic_load_n((uint64_t *)entry, __ATOMIC_RELAXED);
	for (int try = 0; try < CLAIM_TRIES && likely(!((*word ^ wanted) & matters)); try++)
		if (likely(frame_cas((uint64_t *)entry, word, *word | taken)))
			return true;
	return false;
}

static void unclaim(struct hc_grant_entry_v1 *entry, uint16_t flags)
{
	__atomic_fetch_and(&entry->flags, (uint16_t)~flags, __ATOMIC_SEQ_CST);
}

/* The first one for writing needs what the others for reading have not taken. */
static int16_t pin_more(struct grant grant, uint16_t user, bool write)
{
	struct grant_active *active = grant.active;
	uint64_t word;

	if (active->user != user)
		return HC_GNTST_GENERAL_ERROR;
	if ((write ? active->pins / PIN_WRITE : active->pins % PIN_WRITE) == UINT16_MAX)
		return HC_GNTST_NO_SPACE;
	if (write && active->pins < PIN_WRITE) {
		if (!claim(grant.entry, user, true, &word))
			return HC_GNTST_GENERAL_ERROR;
		if (frame_get_writable(frame_of(active->frame))) {
			unclaim(grant.entry, HC_GTF_WRITING);
			return HC_GNTST_BAD_PAGE;
		}
	}
	active->pins += write ? PIN_WRITE : PIN_READ;
	return HC_GNTST_OKAY;
}

/* Claim the entry, and take what that holds.  Its frame number counts from now on, whatever the guest writes there. */
static __always_inline int16_t pin_first(const struct domain *d, struct grant grant, uint16_t user, bool write)
{
	struct grant_active *active = grant.active;
	struct frame *f;
	uint64_t word;

	if (unlikely(!claim(grant.entry, user, write, &word)))
		return HC_GNTST_GENERAL_ERROR;
	f = frame_of(word >> 32);
	if (unlikely(word >> 32 >= memory_max_mfn || !frame_get_id(f, d->id)))
		goto unclaim;
	if (write && unlikely(frame_get_writable(f)))
		goto put;
	active->frame = word >> 32;
	active->user = user;
	active->pins = write ? PIN_WRITE : PIN_READ;
	return HC_GNTST_OKAY;

put:
	frame_put(f);
unclaim:
	unclaim(grant.entry, HC_GTF_READING | HC_GTF_WRITING);
	return HC_GNTST_BAD_PAGE;
}

/* With the lock, where something is pinned. */
static __noinline int16_t pin_more_locked(struct grant grant, uint16_t user, bool write)
{
	int16_t status = pin_more(grant, user, write);

	spin_unlock(&grant.active->lock);
	return status;
}

int16_t grant_pin(struct domain *d, uint32_t ref, uint16_t user, bool write, struct grant *pinned)
{
	struct grant grant;
	int16_t status;

	if (unlikely(!grant_find(d, ref, &grant)))
		return HC_GNTST_BAD_GNTREF;
	*pinned = grant;
	spin_lock(&grant.active->lock);
	if (unlikely(grant.active->pins))
		return pin_more_locked(grant, user, write);
	status = write ? pin_first(d, grant, user, true) : pin_first(d, grant, user, false);
	spin_unlock(&grant.active->lock);
	return status;
}

/* A pin that comes or goes meanwhile is no harm: the frame is marked as it goes. */
void grant_written_frames(struct domain *d, void (*fn)(mfn_t mfn))
{
	uint32_t frames = __atomic_load_n(&d->grant.frames, __ATOMIC_ACQUIRE);

	for (uint32_t ref = 0; ref < frames * GRANTS_PER_FRAME; ref++) {
		struct grant_active *active = grant_active_of(d, ref);

		if (!active || READ_ONCE(active->pins) < PIN_WRITE)
			continue;
		spin_lock(&active->lock);
		if (active->pins >= PIN_WRITE)
			fn(active->frame);
		spin_unlock(&active->lock);
	}
}

/* The references go before the flags: a granter that sees them clear may retype the frame at once. */
void grant_unpin(struct grant grant, bool write)
{
	struct grant_active *active = grant.active;
	uint16_t stale = 0;
	struct frame *f;

	spin_lock(&active->lock);
	f = frame_of(active->frame);
	active->pins -= write ? PIN_WRITE : PIN_READ;
	if (write) {
		dirty_mark(active->frame);
		if (likely(active->pins < PIN_WRITE)) {
			frame_put_writable(f);
			stale = HC_GTF_WRITING;
		}
	}
	if (likely(!active->pins)) {
		frame_put(f);
		stale |= HC_GTF_READING;
	}
	unclaim(grant.entry, stale);
	spin_unlock(&active->lock);
}

static void lock_two(struct grant_active *a, struct grant_active *b)
{
	spin_lock(a < b ? &a->lock : &b->lock);
	spin_lock(a < b ? &b->lock : &a->lock);
}

int16_t grant_swap(struct domain *d, uint32_t a, uint32_t b)
{
	int16_t status = HC_GNTST_EAGAIN;
	struct grant one, other;

	if (!grant_find(d, a, &one) || !grant_find(d, b, &other))
		return HC_GNTST_BAD_GNTREF;
	if (a == b)
		return HC_GNTST_OKAY;
	lock_two(one.active, other.active);
	if (!one.active->pins && !other.active->pins) {
		struct hc_grant_entry_v1 entry = *one.entry;

		*one.entry = *other.entry;
		*other.entry = entry;
		status = HC_GNTST_OKAY;
	}
	spin_unlock(&one.active->lock);
	spin_unlock(&other.active->lock);
	return status;
}
