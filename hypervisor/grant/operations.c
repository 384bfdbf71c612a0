/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grant_table_op hypercall: lists are in map.c and copy.c, the single ones here. */
#include "domain/domain.h"
#include "grant/map.h"
#include "grant/table.h"
#include "hypercall/hypercall.h"
#include "memory/owner.h"

/* domain_get_target() in this call's language. */
static int16_t target(uint16_t domid, struct domain **d)
{
	int r = domain_get_target(domid, d);

	return !r ? HC_GNTST_OKAY :
	       r == -EPERM ? HC_GNTST_PERMISSION_DENIED : HC_GNTST_BAD_DOMAIN;
}

static int16_t setup_table(struct domain *d, const struct hc_gnttab_setup_table *op)
{
	int r;

	spin_lock(&d->grant.lock);
	r = grant_grow(d, op->nr_frames);
	spin_unlock(&d->grant.lock);
	if (r)
		return HC_GNTST_GENERAL_ERROR;
	for (uint32_t i = 0; i < op->nr_frames; i++) {
		uint64_t frame = virt_to_mfn(d->grant.shared[i]);

		if (copy_to_guest(op->frame_list + i * sizeof(frame), &frame, sizeof(frame)))
			return HC_GNTST_BAD_VIRT_ADDR;
	}
	return HC_GNTST_OKAY;
}

static long op_setup_table(uint64_t arg)
{
	struct hc_gnttab_setup_table op;
	struct domain *d;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	op.status = target(op.dom, &d);
	if (op.status == HC_GNTST_OKAY) {
		op.status = setup_table(d, &op);
		domain_put(d);
	}
	return copy_to_guest(arg, &op, sizeof(op));
}

static long op_query_size(uint64_t arg)
{
	struct hc_gnttab_query_size op;
	struct domain *d;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	op.status = target(op.dom, &d);
	if (op.status == HC_GNTST_OKAY) {
		op.nr_frames = READ_ONCE(d->grant.frames);
		op.max_nr_frames = d->grant.max_frames;
		domain_put(d);
	}
	return copy_to_guest(arg, &op, sizeof(op));
}

static long op_dump_table(uint64_t arg)
{
	struct hc_gnttab_dump_table op;
	struct domain *d;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	op.status = current->domain->privileged ? target(op.dom, &d) : HC_GNTST_PERMISSION_DENIED;
	if (op.status == HC_GNTST_OKAY) {
		grant_dump(d);
		domain_put(d);
	}
	return copy_to_guest(arg, &op, sizeof(op));
}

/* Only version 1 exists; the answer tells so, and callers go on with it. */
static long op_set_version(uint64_t arg)
{
	struct hc_gnttab_set_version op;
	long r;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	r = op.version == 1 ? 0 : op.version == 2 ? -ENOSYS : -EINVAL;
	op.version = 1;
	return copy_to_guest(arg, &op, sizeof(op)) ? -EFAULT : r;
}

static long op_get_version(uint64_t arg)
{
	struct hc_gnttab_get_version op;
	struct domain *d;
	int r;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	r = domain_get_target(op.dom, &d);
	if (r)
		return r;
	domain_put(d);
	op.version = 1;
	return copy_to_guest(arg, &op, sizeof(op));
}

/* Status frames belong to version 2. */
static long op_get_status_frames(uint64_t arg)
{
	int16_t status = HC_GNTST_GENERAL_ERROR;

	return copy_to_guest(arg + offsetof(struct hc_gnttab_get_status_frames, status), &status,
			     sizeof(status));
}

static long swap_list(uint64_t arg, uint32_t count)
{
	struct hc_gnttab_swap_grant_ref op;
	uint32_t i;

	for (i = 0; i < count; i++, arg += sizeof(op)) {
		if (i && !(i % GRANT_BATCH) && hypercall_preempt_check())
			break;
		if (copy_from_guest(&op, arg, sizeof(op)))
			return -EFAULT;
		op.status = grant_swap(current->domain, op.ref_a, op.ref_b);
		if (copy_to_guest(arg, &op, sizeof(op)))
			return -EFAULT;
	}
	return i;
}

static const struct {
	long (*list)(uint64_t arg, uint32_t count);
	long (*single)(uint64_t arg);
	size_t size;
} operations[] = {
	[HC_GNTTABOP_MAP_GRANT_REF] = { grant_map_list, NULL,
		sizeof(struct hc_gnttab_map_grant_ref) },
	[HC_GNTTABOP_UNMAP_GRANT_REF] = { grant_unmap_list, NULL,
		sizeof(struct hc_gnttab_unmap_grant_ref) },
	[HC_GNTTABOP_SETUP_TABLE] = { .single = op_setup_table },
	[HC_GNTTABOP_DUMP_TABLE] = { .single = op_dump_table },
	[HC_GNTTABOP_COPY] = { grant_copy_list, NULL, sizeof(struct hc_gnttab_copy) },
	[HC_GNTTABOP_QUERY_SIZE] = { .single = op_query_size },
	[HC_GNTTABOP_UNMAP_AND_REPLACE] = { grant_replace_list, NULL,
		sizeof(struct hc_gnttab_unmap_and_replace) },
	[HC_GNTTABOP_SET_VERSION] = { .single = op_set_version },
	[HC_GNTTABOP_GET_STATUS_FRAMES] = { .single = op_get_status_frames },
	[HC_GNTTABOP_GET_VERSION] = { .single = op_get_version },
	[HC_GNTTABOP_SWAP_GRANT_REF] = { swap_list, NULL,
		sizeof(struct hc_gnttab_swap_grant_ref) },
};

/*
 * Page transfer (no current guest uses it) and cache maintenance (caches are
 * coherent on this machine) are not offered.
 */
long hypercall_grant_table_op(uint64_t cmd, uint64_t arg, uint64_t count)
{
	long done;

	if (count > INT32_MAX)
		return -EINVAL;
	if (cmd == HC_GNTTABOP_CACHE_FLUSH)
		return -EOPNOTSUPP;
	if (cmd >= ARRAY_SIZE(operations))
		return -ENOSYS;
	if (operations[cmd].single)
		return count == 1 ? operations[cmd].single(arg) : -EINVAL;
	if (!operations[cmd].list)
		return -ENOSYS;
	done = operations[cmd].list(arg, count);
	/* Unmapping may have freed the last frames of domains that are gone. */
	owner_reap();
	if (done < 0)
		return done;
	if ((uint64_t)done < count)
		return hypercall_continue(HC_NR_GRANT_TABLE_OP, 3, cmd,
					  arg + done * operations[cmd].size, count - done);
	return 0;
}
