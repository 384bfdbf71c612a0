/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of a domain's grant table: growth, pinning, exchange. */
#include "grant/pin.h"

#include "domain/domain.h"

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
		if (!grant_claim(grant.entry, user, true, &word))
			return HC_GNTST_GENERAL_ERROR;
		if (frame_get_writable(frame_of(active->frame))) {
			grant_unclaim(grant.entry, HC_GTF_WRITING);
			return HC_GNTST_BAD_PAGE;
		}
	}
	active->pins += write ? PIN_WRITE : PIN_READ;
	return HC_GNTST_OKAY;
}

int16_t grant_pin_more(struct grant grant, uint16_t user, bool write)
{
	int16_t status = pin_more(grant, user, write);

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
