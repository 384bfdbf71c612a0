/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies between frames named by grant or, own ones, by frame number; network
 * back ends move every packet this way.  No page table changes: both frames
 * are reached through the direct map.
 */
#include "domain/domain.h"
#include "grant/map.h"
#include "grant/pin.h"
#include "hypercall/hypercall.h"
#include "lib/string.h"

/* One side of a copy.  Neighbours in a list mostly name the same frame, so it is kept until another is wanted. */
struct side {
	uint32_t whose;		/* SIDE_* */
	bool write;
	uint64_t name;		/* grant reference or frame number */
	mfn_t mfn;
	struct grant grant;
	struct granter granter;
};
#define SIDE_NONE 0
#define SIDE_OWN (1u << 16)
#define SIDE_GRANTED (1u << 17)	/* by the domain in the lower bits, as the caller wrote it */

static inline void start_side(struct side *s, bool write)
{
	s->whose = SIDE_NONE;
	s->write = write;
	s->granter.domain = NULL;
}

static void drop_own(struct side *s)
{
	struct frame *f = frame_of(s->mfn);

	if (s->write) {
		dirty_mark(s->mfn);
		frame_put_writable(f);
	}
	frame_put(f);
}

static inline void drop_frame(struct side *s)
{
	if (s->whose & SIDE_GRANTED)
		grant_unpin(s->grant, s->write);
	else if (s->whose & SIDE_OWN)
		drop_own(s);
	s->whose = SIDE_NONE;
}

static int16_t take_own(struct side *s, mfn_t mfn)
{
	struct frame *f = frame_of(mfn);

	if (unlikely(mfn >= memory_max_mfn || !frame_get_id(f, current->domain->id)))
		return HC_GNTST_BAD_PAGE;
	if (s->write && unlikely(frame_get_writable(f))) {
		frame_put(f);
		return HC_GNTST_BAD_PAGE;
	}
	s->mfn = mfn;
	return HC_GNTST_OKAY;
}

static int16_t take_granted(struct side *s, uint16_t domid, uint32_t ref)
{
	struct domain *d = granter_get(&s->granter, domid);
	int16_t status = d ? grant_pin(d, ref, current->domain->id, s->write, &s->grant) : HC_GNTST_BAD_DOMAIN;

	if (likely(status == HC_GNTST_OKAY))
		s->mfn = s->grant.active->frame;
	return status;
}

static inline int16_t take_side(struct side *s, const struct hc_gnttab_copy_ptr *ptr, bool by_ref)
{
	uint32_t whose = by_ref ? ptr->domid | SIDE_GRANTED : SIDE_OWN;
	uint64_t name = by_ref ? ptr->u.ref : ptr->u.gmfn;
	int16_t status;

	if (!by_ref && unlikely(ptr->domid != HC_DOMID_SELF))
		return HC_GNTST_PERMISSION_DENIED;
	if (s->whose == whose && s->name == name)
		return HC_GNTST_OKAY;
	drop_frame(s);
	status = by_ref ? take_granted(s, ptr->domid, name) : take_own(s, name);
	if (likely(status == HC_GNTST_OKAY))
		s->whose = whose;
	s->name = name;
	return status;
}

static void drop_side(struct side *s)
{
	drop_frame(s);
	granter_put(&s->granter);
}

static inline int16_t copy_one(struct side *from, struct side *to, const struct hc_gnttab_copy *op)
{
	int16_t status;

	if (op->flags & ~(HC_GNTCOPY_SOURCE_GREF | HC_GNTCOPY_DEST_GREF) ||
	    op->source.offset + (uint32_t)op->len > PAGE_SIZE ||
	    op->dest.offset + (uint32_t)op->len > PAGE_SIZE)
		return HC_GNTST_BAD_COPY_ARG;
	status = take_side(from, &op->source, op->flags & HC_GNTCOPY_SOURCE_GREF);
	if (status != HC_GNTST_OKAY)
		return status;
	status = take_side(to, &op->dest, op->flags & HC_GNTCOPY_DEST_GREF);
	if (status != HC_GNTST_OKAY)
		return status;
	/* May be one and the same frame. */
	memmove((char *)mfn_to_virt(to->mfn) + op->dest.offset,
		(char *)mfn_to_virt(from->mfn) + op->source.offset, op->len);
	return HC_GNTST_OKAY;
}

long grant_copy_list(uint64_t arg, uint32_t count)
{
	struct hc_gnttab_copy op;
	struct side from, to;
	uint32_t left;
	int r = 0;

	start_side(&from, false);
	start_side(&to, true);
	for (left = count; left; left--, arg += sizeof(op)) {
		if (grant_list_preempted(count, left))
			break;
		r = copy_from_guest(&op, arg, sizeof(op));
		if (unlikely(r))
			break;
		op.status = copy_one(&from, &to, &op);
		r = copy_to_guest(arg + offsetof(struct hc_gnttab_copy, status), &op.status,
				  sizeof(op.status));
		if (unlikely(r))
			break;
	}
	drop_side(&from);
	drop_side(&to);
	return grant_list_end(HC_GNTTABOP_COPY, arg, left, r);
}
