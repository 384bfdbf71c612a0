/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies between frames named by grant or, own ones, by frame number; network
 * back ends move every packet this way.  No page table changes: both frames
 * are reached through the direct map.
 */
#include "domain/domain.h"
#include "grant/map.h"
#include "grant/table.h"
#include "hypercall/hypercall.h"
#include "lib/string.h"

/*
 * One side of a copy.  Neighbours in a list mostly name the same frame, or at
 * least the same domain, so both are kept until another is wanted.
 */
struct side {
	struct domain *domain;	/* whose grants were named last, with a reference; NULL: nobody's */
	uint16_t domid;		/* the same as the caller wrote it */
	bool held;		/* the frame, as the next three say */
	bool by_ref;
	bool write;
	uint64_t name;		/* grant reference or frame number */
	mfn_t mfn;
};

static void drop_own(struct side *s)
{
	struct frame *f = frame_of(s->mfn);

	if (s->write) {
		dirty_mark(s->mfn);
		frame_put_writable(f);
	}
	frame_put(f);
}

static void drop_frame(struct side *s)
{
	if (!s->held)
		return;
	s->held = false;
	if (s->by_ref)
		grant_unpin(s->domain, s->name, s->write);
	else
		drop_own(s);
}

static void drop_side(struct side *s)
{
	drop_frame(s);
	if (s->domain)
		domain_put(s->domain);
	s->domain = NULL;
}

static int16_t take_domain(struct side *s, uint16_t domid)
{
	if (s->domain && s->domid == domid)
		return HC_GNTST_OKAY;
	drop_side(s);
	s->domain = domain_get(domid);
	s->domid = domid;
	return s->domain ? HC_GNTST_OKAY : HC_GNTST_BAD_DOMAIN;
}

static int16_t take_own(struct side *s, mfn_t mfn)
{
	struct frame *f = frame_of(mfn);

	if (mfn >= memory_max_mfn || !frame_get_id(f, current->domain->id))
		return HC_GNTST_BAD_PAGE;
	if (s->write && frame_get_writable(f)) {
		frame_put(f);
		return HC_GNTST_BAD_PAGE;
	}
	s->mfn = mfn;
	return HC_GNTST_OKAY;
}

static int16_t take_side(struct side *s, const struct hc_gnttab_copy_ptr *ptr, bool by_ref)
{
	uint64_t name = by_ref ? ptr->u.ref : ptr->u.gmfn;
	int16_t status;

	if (!by_ref && ptr->domid != HC_DOMID_SELF)
		return HC_GNTST_PERMISSION_DENIED;
	if (s->held && s->name == name && s->by_ref == by_ref && (!by_ref || s->domid == ptr->domid))
		return HC_GNTST_OKAY;
	drop_frame(s);
	if (!by_ref) {
		status = take_own(s, name);
	} else {
		status = take_domain(s, ptr->domid);
		if (status == HC_GNTST_OKAY)
			status = grant_pin(s->domain, name, current->domain->id, s->write, &s->mfn);
	}
	s->by_ref = by_ref;
	s->name = name;
	s->held = status == HC_GNTST_OKAY;
	return status;
}

static int16_t copy_one(struct side *from, struct side *to, const struct hc_gnttab_copy *op)
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
	struct side from = { .write = false }, to = { .write = true };
	struct hc_gnttab_copy op;
	long r = 0;
	uint32_t i;

	for (i = 0; i < count; i++, arg += sizeof(op)) {
		if (i && !(i % GRANT_BATCH) && hypercall_preempt_check())
			break;
		r = copy_from_guest(&op, arg, sizeof(op));
		if (r)
			break;
		op.status = copy_one(&from, &to, &op);
		r = copy_to_guest(arg + offsetof(struct hc_gnttab_copy, status), &op.status,
				  sizeof(op.status));
		if (r)
			break;
	}
	drop_side(&from);
	drop_side(&to);
	return r ? r : (long)i;
}
