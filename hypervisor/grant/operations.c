/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grant_table_op hypercall: lists are in map.c and copy.c, the single ones here. */
#include "domain/domain.h"
#include "grant/map.h"
#include "grant/table.h"
#include "hypercall/hypercall.h"
#include "hypercall/operation.h"

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
		uint64_t frame = virt_to_mfn(d->grant.parts[i * PARTS_PER_FRAME].shared);

		if (copy_to_guest(op->frame_list + i * sizeof(frame), &frame, sizeof(frame)))
			return HC_GNTST_BAD_VIRT_ADDR;
	}
	return HC_GNTST_OKAY;
}

static long op_setup_table(void *arg)
{
	struct hc_gnttab_setup_table *op = arg;
	struct domain *d;

	op->status = target(op->dom, &d);
	if (op->status == HC_GNTST_OKAY) {
		op->status = setup_table(d, op);
		domain_put(d);
	}
	return 0;
}

static long op_query_size(void *arg)
{
	struct hc_gnttab_query_size *op = arg;
	struct domain *d;

	op->status = target(op->dom, &d);
	if (op->status == HC_GNTST_OKAY) {
		op->nr_frames = READ_ONCE(d->grant.frames);
		op->max_nr_frames = d->grant.max_frames;
		domain_put(d);
	}
	return 0;
}

static long op_dump_table(void *arg)
{
	struct hc_gnttab_dump_table *op = arg;
	struct domain *d;

	op->status = current->domain->privileged ? target(op->dom, &d) : HC_GNTST_PERMISSION_DENIED;
	if (op->status == HC_GNTST_OKAY) {
		grant_dump(d);
		domain_put(d);
	}
	return 0;
}

/* Only version 1 exists; the answer tells so, also where another is refused, and callers go on with it. */
static long set_version(uint64_t arg)
{
	struct hc_gnttab_set_version op;
	long r;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -EFAULT;
	r = op.version == 1 ? 0 : op.version == 2 ? -ENOSYS : -EINVAL;
	op.version = 1;
	return copy_to_guest(arg, &op, sizeof(op)) ? -EFAULT : r;
}

static long op_get_version(void *arg)
{
	struct hc_gnttab_get_version *op = arg;
	struct domain *d;
	int r;

	r = domain_get_target(op->dom, &d);
	if (r)
		return r;
	domain_put(d);
	op->version = 1;
	return 0;
}

/* Status frames belong to version 2. */
static long op_get_status_frames(void *arg)
{
	struct hc_gnttab_get_status_frames *op = arg;

	op->status = HC_GNTST_GENERAL_ERROR;
	return 0;
}

static long swap_list(uint64_t arg, uint32_t count)
{
	struct hc_gnttab_swap_grant_ref op;

	for (uint32_t left = count; left; left--, arg += sizeof(op)) {
		if (grant_list_preempted(count, left))
			return grant_list_stopped(HC_GNTTABOP_SWAP_GRANT_REF, arg, left, 0);
		if (copy_from_guest(&op, arg, sizeof(op)))
			return -EFAULT;
		op.status = grant_swap(current->domain, op.ref_a, op.ref_b);
		if (copy_to_guest(arg, &op, sizeof(op)))
			return -EFAULT;
	}
	return 0;
}

static long (*const lists[16])(uint64_t arg, uint32_t count) = {
	[HC_GNTTABOP_MAP_GRANT_REF] = grant_map_list,
	[HC_GNTTABOP_UNMAP_GRANT_REF] = grant_unmap_list,
	[HC_GNTTABOP_COPY] = grant_copy_list,
	[HC_GNTTABOP_UNMAP_AND_REPLACE] = grant_replace_list,
	[HC_GNTTABOP_SWAP_GRANT_REF] = swap_list,
};

static const struct operation operations[] = {
	[HC_GNTTABOP_SETUP_TABLE] = { op_setup_table, sizeof(struct hc_gnttab_setup_table), OP_ANSWERS },
	[HC_GNTTABOP_DUMP_TABLE] = { op_dump_table, sizeof(struct hc_gnttab_dump_table), OP_ANSWERS },
	[HC_GNTTABOP_QUERY_SIZE] = { op_query_size, sizeof(struct hc_gnttab_query_size), OP_ANSWERS },
	[HC_GNTTABOP_GET_STATUS_FRAMES] = {
		op_get_status_frames, sizeof(struct hc_gnttab_get_status_frames), OP_ANSWERS },
	[HC_GNTTABOP_GET_VERSION] = { op_get_version, sizeof(struct hc_gnttab_get_version), OP_ANSWERS },
};

static __noinline long single(uint64_t cmd, uint64_t arg, uint64_t count)
{
	if (cmd == HC_GNTTABOP_CACHE_FLUSH)
		return -EOPNOTSUPP;
	if (count != 1)
		return -EINVAL;
	return cmd == HC_GNTTABOP_SET_VERSION ? set_version(arg) :
	       operation_run(operations, ARRAY_SIZE(operations), cmd, arg);
}

long grant_list_stopped(unsigned int cmd, uint64_t arg, uint32_t left, int error)
{
	return error ? error : hypercall_continue(HC_NR_GRANT_TABLE_OP, 3, (uint64_t)cmd, arg, (uint64_t)left);
}

/*
 * Page transfer (no current guest uses it) and cache maintenance (caches are
 * coherent on this machine) are not offered.
 */
long hypercall_grant_table_op(uint64_t cmd, uint64_t arg, uint64_t count)
{
	long (*list)(uint64_t arg, uint32_t count) = NULL;

	if (unlikely(count > INT32_MAX))
		return -EINVAL;
	if (likely(cmd < ARRAY_SIZE(lists)))
		list = lists[index_below(cmd, ARRAY_SIZE(lists))];
	return likely(list) ? list(arg, count) : single(cmd, arg, count);
}
