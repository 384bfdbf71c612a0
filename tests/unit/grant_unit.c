// SPDX-License-Identifier: GPL-2.0-or-later
/* Grants between domains: mapping, copying, revocation, death, and hostile input. */
#include "share_world.h"

#include <hypercall/grant.h>
#include <string.h>

#include "grant/table.h"

#define VA 0x10000UL	/* where domain 0 maps things */

static struct hc_grant_entry_v1 *table_of(unsigned int domain)
{
	return world.domain[domain].grant.parts[0].shared;
}

/* Domain owner grants a fresh frame to user as entry ref. */
static mfn_t give(unsigned int owner, uint32_t ref, uint16_t user, uint16_t flags)
{
	mfn_t mfn = world_frame_of(owner), table;

	assert_int_equal(grant_shared_frame(&world.domain[owner], 0, &table), 0);
	table_of(owner)[ref] = (struct hc_grant_entry_v1){
		.flags = HC_GTF_PERMIT_ACCESS | flags, .domid = user, .frame = mfn,
	};
	return mfn;
}

static struct hc_gnttab_map_grant_ref map(uint64_t where, uint16_t dom, uint32_t ref,
					  uint32_t flags)
{
	struct hc_gnttab_map_grant_ref op = {
		.host_addr = where, .dom = dom, .ref = ref, .flags = flags | HC_GNTMAP_HOST_MAP,
	};

	assert_int_equal(world_grant_op(HC_GNTTABOP_MAP_GRANT_REF, &op, 1), 0);
	return op;
}

static int16_t unmap(uint64_t where, uint32_t handle)
{
	struct hc_gnttab_unmap_grant_ref op = { .host_addr = where, .handle = handle };

	assert_int_equal(world_grant_op(HC_GNTTABOP_UNMAP_GRANT_REF, &op, 1), 0);
	return op.status;
}

static uint16_t in_use(unsigned int domain, uint32_t ref)
{
	return table_of(domain)[ref].flags & (HC_GTF_READING | HC_GTF_WRITING);
}

static void map_and_unmap(void **state)
{
	mfn_t mfn = give(1, 8, 0, 0);
	struct hc_gnttab_map_grant_ref m = map(VA, 1, 8, 0);

	(void)state;
	assert_int_equal(m.status, HC_GNTST_OKAY);
	assert_int_equal(m.dev_bus_addr, mfn << PAGE_SHIFT);
	assert_int_equal(world_mapping_at(VA)->mfn, mfn);
	assert_int_equal(in_use(1, 8), HC_GTF_READING | HC_GTF_WRITING);
	/* One of the page table's entry, one of the grant's. */
	assert_int_equal(world_refs(mfn), 2);
	assert_int_equal(world_writers(mfn), 2);
	assert_int_equal(world.domain[1].refs, 2);
	assert_int_equal(unmap(VA, m.handle), HC_GNTST_OKAY);
	assert_int_equal(world.flushes, 1);
	assert_int_equal(in_use(1, 8), 0);
	assert_int_equal(world_refs(mfn), 0);
	assert_int_equal(world.domain[1].refs, 1);
	assert_int_equal(unmap(VA, m.handle), HC_GNTST_BAD_HANDLE);
}

static void readonly_grants_stay_so(void **state)
{
	mfn_t mfn = give(1, 8, 0, HC_GTF_READONLY);
	struct hc_gnttab_map_grant_ref m;

	(void)state;
	assert_int_equal(map(VA, 1, 8, 0).status, HC_GNTST_GENERAL_ERROR);
	assert_int_equal(in_use(1, 8), 0);
	m = map(VA, 1, 8, HC_GNTMAP_READONLY);
	assert_int_equal(m.status, HC_GNTST_OKAY);
	assert_int_equal(in_use(1, 8), HC_GTF_READING);
	assert_int_equal(world_writers(mfn), 0);
	/* Second thoughts of the granter do not count for a mapping that exists. */
	table_of(1)[8].frame = 5;
	assert_int_equal(map(VA + 4096, 1, 8, HC_GNTMAP_READONLY).dev_bus_addr, mfn << PAGE_SHIFT);
	assert_int_equal(unmap(VA, m.handle), HC_GNTST_OKAY);
	assert_int_equal(in_use(1, 8), HC_GTF_READING);
}

static void readers_and_writers_count(void **state)
{
	mfn_t mfn = give(1, 8, 0, 0);
	struct hc_gnttab_map_grant_ref r = map(VA, 1, 8, HC_GNTMAP_READONLY);
	struct hc_gnttab_map_grant_ref w = map(VA + 4096, 1, 8, 0);

	(void)state;
	assert_int_equal(in_use(1, 8), HC_GTF_READING | HC_GTF_WRITING);
	/* More of both, of which all but the last leave the flags as they are. */
	assert_int_equal(unmap(VA + 8192, map(VA + 8192, 1, 8, 0).handle), HC_GNTST_OKAY);
	assert_int_equal(unmap(VA + 8192, map(VA + 8192, 1, 8, HC_GNTMAP_READONLY).handle), HC_GNTST_OKAY);
	assert_int_equal(in_use(1, 8), HC_GTF_READING | HC_GTF_WRITING);
	assert_int_equal(world_writers(mfn), 2);
	assert_int_equal(unmap(VA + 4096, w.handle), HC_GNTST_OKAY);
	assert_int_equal(in_use(1, 8), HC_GTF_READING);
	assert_int_equal(world_writers(mfn), 0);
	/* The granter takes back the right to write; a new writer finds out. */
	table_of(1)[8].flags |= HC_GTF_READONLY;
	assert_int_equal(map(VA + 4096, 1, 8, 0).status, HC_GNTST_GENERAL_ERROR);
	assert_int_equal(unmap(VA, r.handle), HC_GNTST_OKAY);
	assert_int_equal(in_use(1, 8), 0);
}

static void what_was_not_granted(void **state)
{
	struct hc_gnttab_map_grant_ref op = { .dom = 1, .ref = 8, .host_addr = VA };
	mfn_t mfn = give(1, 8, 2, 0), table = give(1, 9, 0, 0);

	(void)state;
	assert_int_equal(map(VA, 1, 8, 0).status, HC_GNTST_GENERAL_ERROR);
	assert_int_equal(map(VA, 1, 7, 0).status, HC_GNTST_GENERAL_ERROR);
	assert_int_equal(map(VA, 1, 512, 0).status, HC_GNTST_BAD_GNTREF);
	assert_int_equal(map(VA, 1, ~0u, 0).status, HC_GNTST_BAD_GNTREF);
	assert_int_equal(map(VA, 2, 0, 0).status, HC_GNTST_BAD_GNTREF);
	assert_int_equal(map(VA, 50, 8, 0).status, HC_GNTST_BAD_DOMAIN);
	assert_int_equal(world_grant_op(HC_GNTTABOP_MAP_GRANT_REF, &op, 1), 0);
	assert_int_equal(op.status, HC_GNTST_BAD_GNTREF);
	table_of(1)[8].domid = 0;
	table_of(1)[8].flags = HC_GTF_ACCEPT_TRANSFER;
	assert_int_equal(map(VA, 1, 8, 0).status, HC_GNTST_GENERAL_ERROR);
	/* Frames that are not the granter's, do not exist, or are page tables. */
	table_of(1)[8].flags = HC_GTF_PERMIT_ACCESS;
	table_of(1)[8].frame = world_frame_of(2);
	assert_int_equal(map(VA, 1, 8, 0).status, HC_GNTST_BAD_PAGE);
	table_of(1)[8].frame = ~0u;
	assert_int_equal(map(VA, 1, 8, 0).status, HC_GNTST_BAD_PAGE);
	world_make_table(table);
	assert_int_equal(map(VA, 1, 9, 0).status, HC_GNTST_BAD_PAGE);
	assert_int_equal(in_use(1, 8) | in_use(1, 9), 0);
	/* Only a failing page-table entry. */
	table_of(1)[8].frame = mfn;
	assert_int_equal(map(8, 1, 8, 0).status, HC_GNTST_BAD_VIRT_ADDR);
	assert_int_equal(in_use(1, 8), 0);
	assert_int_equal(world_refs(mfn), 0);
}

static void wrong_unmaps(void **state)
{
	struct hc_gnttab_map_grant_ref m;

	(void)state;
	give(1, 8, 0, 0);
	m = map(VA, 1, 8, 0);
	assert_int_equal(unmap(VA + 4096, m.handle), HC_GNTST_GENERAL_ERROR);
	assert_int_equal(in_use(1, 8), HC_GTF_READING | HC_GTF_WRITING);
	assert_int_equal(unmap(VA, m.handle + 1), HC_GNTST_BAD_HANDLE);
	assert_int_equal(unmap(VA, ~0u), HC_GNTST_BAD_HANDLE);
	world_enter(2, 0);
	assert_int_equal(unmap(VA, m.handle), HC_GNTST_BAD_HANDLE);
	world_enter(0, 0);
	assert_int_equal(unmap(0, m.handle), HC_GNTST_OKAY);
	assert_int_equal(in_use(1, 8), HC_GTF_READING | HC_GTF_WRITING);
	assert_int_equal(unmap(VA, m.handle), HC_GNTST_OKAY);
}

static void device_and_host_part(void **state)
{
	struct hc_gnttab_unmap_grant_ref op = { 0 };
	struct hc_gnttab_map_grant_ref m;

	(void)state;
	give(1, 8, 0, 0);
	m = map(VA, 1, 8, HC_GNTMAP_DEVICE_MAP);
	op.handle = m.handle;
	op.host_addr = VA;
	assert_int_equal(world_grant_op(HC_GNTTABOP_UNMAP_GRANT_REF, &op, 1), 0);
	assert_int_equal(in_use(1, 8), HC_GTF_READING | HC_GTF_WRITING);
	op.host_addr = 0;
	op.dev_bus_addr = m.dev_bus_addr + PAGE_SIZE;
	assert_int_equal(world_grant_op(HC_GNTTABOP_UNMAP_GRANT_REF, &op, 1), 0);
	assert_int_equal(op.status, HC_GNTST_BAD_DEV_ADDR);
	op.dev_bus_addr = m.dev_bus_addr;
	assert_int_equal(world_grant_op(HC_GNTTABOP_UNMAP_GRANT_REF, &op, 1), 0);
	assert_int_equal(in_use(1, 8), 0);
}

static void unmap_and_replace(void **state)
{
	struct hc_gnttab_unmap_and_replace op = { .host_addr = VA, .new_addr = VA + 8192 };

	mfn_t other = give(1, 9, 0, 0);

	(void)state;
	give(1, 8, 0, 0);
	op.handle = map(VA, 1, 8, 0).handle;
	assert_int_equal(world_grant_op(HC_GNTTABOP_UNMAP_AND_REPLACE, &op, 1), 0);
	assert_int_equal(op.status, HC_GNTST_GENERAL_ERROR);
	assert_int_equal(map(VA + 8192, 1, 9, 0).status, HC_GNTST_OKAY);
	assert_int_equal(world_grant_op(HC_GNTTABOP_UNMAP_AND_REPLACE, &op, 1), 0);
	assert_int_equal(op.status, HC_GNTST_OKAY);
	assert_int_equal(in_use(1, 8), 0);
	assert_int_equal(world_mapping_at(VA)->mfn, other);
	assert_null(world_mapping_at(VA + 8192));
}

static void map_lists_keep_granters_apart(void **state)
{
	static const uint16_t dom[] = { 1, 2, 2, 50, 1, HC_DOMID_SELF, 2 };
	struct hc_gnttab_map_grant_ref ops[7];

	(void)state;
	for (unsigned int i = 0; i < 7; i++) {
		give(dom[i] == HC_DOMID_SELF ? 0 : dom[i] % 50, i, 0, 0);
		ops[i] = (struct hc_gnttab_map_grant_ref){
			.host_addr = VA + i * PAGE_SIZE, .dom = dom[i], .ref = i, .flags = HC_GNTMAP_HOST_MAP,
		};
	}
	assert_int_equal(world_grant_op(HC_GNTTABOP_MAP_GRANT_REF, ops, 7), 0);
	for (unsigned int i = 0; i < 7; i++)
		assert_int_equal(ops[i].status, i == 3 ? HC_GNTST_BAD_DOMAIN : HC_GNTST_OKAY);
	/* One reference for each mapping, and none that the list has kept. */
	assert_int_equal(world.domain[0].refs, 2);
	assert_int_equal(world.domain[1].refs, 3);
	assert_int_equal(world.domain[2].refs, 4);
	for (unsigned int i = 0; i < 7; i++)
		assert_int_equal(unmap(VA + i * PAGE_SIZE, ops[i].handle),
				 i == 3 ? HC_GNTST_BAD_HANDLE : HC_GNTST_OKAY);
	assert_int_equal(world.domain[0].refs, 1);
}

static void long_lists_are_interrupted(void **state)
{
	static struct hc_gnttab_map_grant_ref ops[300];
	static struct hc_gnttab_unmap_grant_ref undo[300];

	(void)state;
	world.preempt_every = 1;
	for (unsigned int i = 0; i < 300; i++) {
		give(1, i, 0, 0);
		ops[i] = (struct hc_gnttab_map_grant_ref){
			.host_addr = VA + i * PAGE_SIZE, .dom = 1, .ref = i,
			.flags = HC_GNTMAP_HOST_MAP,
		};
	}
	assert_int_equal(world_grant_op(HC_GNTTABOP_MAP_GRANT_REF, ops, 300), 0);
	for (unsigned int i = 0; i < 300; i++) {
		assert_int_equal(ops[i].status, HC_GNTST_OKAY);
		undo[i] = (struct hc_gnttab_unmap_grant_ref){
			.host_addr = VA + i * PAGE_SIZE, .handle = ops[i].handle, .status = 1,
		};
	}
	world.flushes = 0;
	assert_int_equal(world_grant_op(HC_GNTTABOP_UNMAP_GRANT_REF, undo, 300), 0);
	assert_int_equal(world.flushes, 10);
	assert_int_equal(world_continuations, 18);
	for (unsigned int i = 0; i < 300; i++)
		assert_int_equal(undo[i].status, HC_GNTST_OKAY);
}

static int16_t copy(struct hc_gnttab_copy *op)
{
	assert_int_equal(world_grant_op(HC_GNTTABOP_COPY, op, 1), 0);
	return op->status;
}

static void copies_in_both_directions(void **state)
{
	mfn_t theirs = give(1, 8, 0, 0), ours = world_frame_of(0);
	struct hc_gnttab_copy op = {
		.source = { .u.ref = 8, .domid = 1, .offset = 10 },
		.dest = { .u.gmfn = ours, .domid = HC_DOMID_SELF, .offset = 100 },
		.len = 6, .flags = HC_GNTCOPY_SOURCE_GREF,
	};

	(void)state;
	memcpy((char *)mfn_to_virt(theirs) + 10, "hello", 6);
	assert_int_equal(copy(&op), HC_GNTST_OKAY);
	assert_string_equal((char *)mfn_to_virt(ours) + 100, "hello");
	op = (struct hc_gnttab_copy){
		.source = op.dest, .dest = { .u.ref = 8, .domid = 1, .offset = 4090 },
		.len = 6, .flags = HC_GNTCOPY_DEST_GREF,
	};
	assert_int_equal(copy(&op), HC_GNTST_OKAY);
	assert_string_equal((char *)mfn_to_virt(theirs) + 4090, "hello");
	assert_int_equal(in_use(1, 8), 0);
}

static void copies_that_are_refused(void **state)
{
	mfn_t ours = world_frame_of(0), theirs = give(1, 8, 0, HC_GTF_READONLY);
	struct hc_gnttab_copy good = {
		.source = { .u.ref = 8, .domid = 1 },
		.dest = { .u.gmfn = ours, .domid = HC_DOMID_SELF },
		.len = 4096, .flags = HC_GNTCOPY_SOURCE_GREF,
	}, op = good;

	(void)state;
	assert_int_equal(copy(&op), HC_GNTST_OKAY);
	op.source.offset = 1;
	assert_int_equal(copy(&op), HC_GNTST_BAD_COPY_ARG);
	op = good;
	op.dest.offset = 0xffff;
	assert_int_equal(copy(&op), HC_GNTST_BAD_COPY_ARG);
	op = good;
	op.len = 0xffff;
	assert_int_equal(copy(&op), HC_GNTST_BAD_COPY_ARG);
	op = good;
	op.flags |= 4;
	assert_int_equal(copy(&op), HC_GNTST_BAD_COPY_ARG);
	op = good;
	op.dest = (struct hc_gnttab_copy_ptr){ .u.ref = 8, .domid = 1 };
	op.flags |= HC_GNTCOPY_DEST_GREF;
	assert_int_equal(copy(&op), HC_GNTST_GENERAL_ERROR);
	op = good;
	op.dest.u.gmfn = theirs;
	assert_int_equal(copy(&op), HC_GNTST_BAD_PAGE);
	op.dest.u.gmfn = ~0ULL;
	assert_int_equal(copy(&op), HC_GNTST_BAD_PAGE);
	op = good;
	op.dest.domid = 1;
	assert_int_equal(copy(&op), HC_GNTST_PERMISSION_DENIED);
	op = good;
	op.source.domid = 60;
	assert_int_equal(copy(&op), HC_GNTST_BAD_DOMAIN);
	op = good;
	world_make_table(ours);
	assert_int_equal(copy(&op), HC_GNTST_BAD_PAGE);
	assert_int_equal(in_use(1, 8), 0);
}

static void copy_lists_keep_sides_apart(void **state)
{
	static struct hc_gnttab_copy ops[100];
	mfn_t ours[2] = { world_frame_of(0), world_frame_of(0) };
	mfn_t a = give(1, 8, 0, 0), b = give(2, 8, 0, 0);

	(void)state;
	world.preempt_every = 2;
	for (unsigned int i = 0; i < 4096; i++) {
		((uint8_t *)mfn_to_virt(a))[i] = i;
		((uint8_t *)mfn_to_virt(b))[i] = ~i;
	}
	for (unsigned int i = 0; i < 100; i++)
		ops[i] = (struct hc_gnttab_copy){
			.source = { .u.ref = 8, .domid = 1 + i / 2 % 2, .offset = i },
			.dest = { .u.gmfn = ours[i / 3 % 2], .domid = HC_DOMID_SELF, .offset = i },
			.len = 1, .flags = HC_GNTCOPY_SOURCE_GREF, .status = 1,
		};
	ops[50].source.domid = 9;
	assert_int_equal(world_grant_op(HC_GNTTABOP_COPY, ops, 100), 0);
	for (unsigned int i = 0; i < 100; i++) {
		uint8_t *got = (uint8_t *)mfn_to_virt(ours[i / 3 % 2]) + i;

		assert_int_equal(ops[i].status, i == 50 ? HC_GNTST_BAD_DOMAIN : HC_GNTST_OKAY);
		assert_int_equal(*got, i == 50 ? 0 : (uint8_t)(i / 2 % 2 ? ~i : i));
	}
}

static void own_grants_work_for_oneself(void **state)
{
	mfn_t mfn = give(0, 8, 0, 0);
	struct hc_gnttab_map_grant_ref m = map(VA, HC_DOMID_SELF, 8, 0);

	(void)state;
	assert_int_equal(m.status, HC_GNTST_OKAY);
	assert_int_equal(world_mapping_at(VA)->mfn, mfn);
	/* Left mapped: the end of the domain must undo it. */
}

static void granter_dies_first(void **state)
{
	mfn_t mfn = give(1, 8, 0, 0);
	struct hc_gnttab_map_grant_ref m = map(VA, 1, 8, 0);

	(void)state;
	world_destroy(1);
	assert_int_equal(world.domain[1].refs, 2);
	assert_int_equal(world_refs(mfn), 2);
	assert_int_equal(map(VA + 4096, 1, 8, 0).status, HC_GNTST_BAD_DOMAIN);
	assert_int_equal(unmap(VA, m.handle), HC_GNTST_OKAY);
	assert_int_equal(world.domain[1].refs, 1);
	assert_int_equal(world_refs(mfn), 0);
}

static void mapper_dies_first(void **state)
{
	mfn_t mfn;

	(void)state;
	world_enter(2, 0);
	for (unsigned int i = 0; i < 200; i++) {
		mfn = give(1, i, 2, 0);
		assert_int_equal(map(VA + i * PAGE_SIZE, 1, i, 0).status, HC_GNTST_OKAY);
	}
	world_enter(0, 0);
	world.preempt_every = 2;
	world_destroy(2);
	for (unsigned int i = 0; i < 200; i++)
		assert_int_equal(in_use(1, i), 0);
	/* What its page tables hold goes with them. */
	assert_int_equal(world_refs(mfn), 1);
	assert_int_equal(world.domain[1].refs, 1);
}

static void table_setup_and_growth(void **state)
{
	uint64_t list[33] = { 0 };
	struct hc_gnttab_setup_table op = {
		.dom = HC_DOMID_SELF, .nr_frames = 4, .frame_list = (uint64_t)list,
	};
	struct hc_gnttab_query_size size = { .dom = HC_DOMID_SELF };
	mfn_t mfn;

	(void)state;
	world_enter(1, 0);
	assert_int_equal(world_grant_op(HC_GNTTABOP_SETUP_TABLE, &op, 1), 0);
	assert_int_equal(op.status, HC_GNTST_OKAY);
	assert_int_equal(list[3], virt_to_mfn(world.domain[1].grant.parts[3 * PARTS_PER_FRAME].shared));
	assert_int_equal(list[4], 0);
	op.nr_frames = 33;
	assert_int_equal(world_grant_op(HC_GNTTABOP_SETUP_TABLE, &op, 1), 0);
	assert_int_equal(op.status, HC_GNTST_GENERAL_ERROR);
	assert_int_equal(world_grant_op(HC_GNTTABOP_QUERY_SIZE, &size, 1), 0);
	assert_int_equal(size.nr_frames, 4);
	assert_int_equal(size.max_nr_frames, 32);
	op.nr_frames = 1;
	op.dom = 2;
	assert_int_equal(world_grant_op(HC_GNTTABOP_SETUP_TABLE, &op, 1), 0);
	assert_int_equal(op.status, HC_GNTST_PERMISSION_DENIED);
	op.dom = HC_DOMID_SELF;
	op.frame_list = 0;
	assert_int_equal(world_grant_op(HC_GNTTABOP_SETUP_TABLE, &op, 1), 0);
	assert_int_equal(op.status, HC_GNTST_BAD_VIRT_ADDR);
	world.allowed = PAGE_SIZE;
	op.nr_frames = 6;
	assert_int_equal(world_grant_op(HC_GNTTABOP_SETUP_TABLE, &op, 1), 0);
	assert_int_equal(op.status, HC_GNTST_GENERAL_ERROR);
	assert_int_equal(world.domain[1].grant.frames, 5);
	assert_int_equal(grant_shared_frame(&world.domain[1], 32, &mfn), -EINVAL);
}

static void seeded_entries_can_be_mapped(void **state)
{
	mfn_t mfn = world_frame_of(1);

	(void)state;
	assert_int_equal(grant_seed(&world.domain[1], 1, 0, mfn), 0);
	assert_int_equal(map(VA, 1, 1, 0).status, HC_GNTST_OKAY);
	assert_int_equal(grant_seed(&world.domain[1], 512 * 32, 0, mfn), -EINVAL);
	assert_int_equal(grant_seed(&world.domain[1], 1, 0, 1ULL << 32), -EINVAL);
	grant_dump(&world.domain[1]);
}

static void entries_can_be_exchanged(void **state)
{
	struct hc_gnttab_swap_grant_ref op = { .ref_a = 8, .ref_b = 9 };
	mfn_t a = give(0, 8, 0, 0), b = give(0, 9, 0, 0);
	uint32_t handle;

	(void)state;
	assert_int_equal(world_grant_op(HC_GNTTABOP_SWAP_GRANT_REF, &op, 1), 0);
	assert_int_equal(op.status, HC_GNTST_OKAY);
	assert_int_equal(table_of(0)[8].frame, b);
	assert_int_equal(table_of(0)[9].frame, a);
	handle = map(VA, 0, 9, 0).handle;
	assert_int_equal(world_grant_op(HC_GNTTABOP_SWAP_GRANT_REF, &op, 1), 0);
	assert_int_equal(op.status, HC_GNTST_EAGAIN);
	assert_int_equal(unmap(VA, handle), HC_GNTST_OKAY);
	op.ref_b = ~0u;
	assert_int_equal(world_grant_op(HC_GNTTABOP_SWAP_GRANT_REF, &op, 1), 0);
	assert_int_equal(op.status, HC_GNTST_BAD_GNTREF);
}

static void only_version_one(void **state)
{
	struct hc_gnttab_set_version set = { .version = 2 };
	struct hc_gnttab_get_version get = { .dom = HC_DOMID_SELF };
	struct hc_gnttab_get_status_frames frames = { .nr_frames = 1, .dom = HC_DOMID_SELF };

	(void)state;
	assert_int_equal(world_grant_op(HC_GNTTABOP_SET_VERSION, &set, 1), -ENOSYS);
	assert_int_equal(set.version, 1);
	assert_int_equal(world_grant_op(HC_GNTTABOP_SET_VERSION, &set, 1), 0);
	set.version = 3;
	assert_int_equal(world_grant_op(HC_GNTTABOP_SET_VERSION, &set, 1), -EINVAL);
	assert_int_equal(world_grant_op(HC_GNTTABOP_GET_VERSION, &get, 1), 0);
	assert_int_equal(get.version, 1);
	assert_int_equal(world_grant_op(HC_GNTTABOP_GET_STATUS_FRAMES, &frames, 1), 0);
	assert_int_equal(frames.status, HC_GNTST_GENERAL_ERROR);
}

static void bad_calls_are_refused(void **state)
{
	(void)state;
	assert_int_equal(world_grant_op(99, NULL, 1), -ENOSYS);
	assert_int_equal(world_grant_op(HC_GNTTABOP_TRANSFER, NULL, 1), -ENOSYS);
	assert_int_equal(world_grant_op(HC_GNTTABOP_CACHE_FLUSH, NULL, 1), -EOPNOTSUPP);
	assert_int_equal(world_grant_op(HC_GNTTABOP_COPY, NULL, 1ULL << 31), -EINVAL);
	assert_int_equal(world_grant_op(HC_GNTTABOP_QUERY_SIZE, NULL, 2), -EINVAL);
	for (unsigned int cmd = 0; cmd < HC_GNTTABOP_CACHE_FLUSH; cmd++)
		if (cmd != HC_GNTTABOP_TRANSFER)
			assert_int_equal(world_grant_op(cmd, NULL, 1), -EFAULT);
}

static void handles_are_charged(void **state)
{
	struct hc_gnttab_map_grant_ref op = {
		.host_addr = VA, .dom = 1, .ref = 8, .flags = HC_GNTMAP_HOST_MAP,
	};

	(void)state;
	give(1, 8, 0, 0);
	world.allowed = 0;
	assert_int_equal(world_grant_op(HC_GNTTABOP_MAP_GRANT_REF, &op, 1), 0);
	assert_int_equal(op.status, HC_GNTST_NO_DEVICE_SPACE);
	assert_int_equal(in_use(1, 8), 0);
	world.allowed = 1 << 20;
	assert_int_equal(world_grant_op(HC_GNTTABOP_MAP_GRANT_REF, &op, 1), 0);
	assert_int_equal(op.status, HC_GNTST_OKAY);
	assert_true(world.allocated[0] > PAGE_SIZE);
}

/* What is in use of a table costs memory from the first use of a part of it on. */
static void uses_are_charged_by_parts(void **state)
{
	uint64_t before;
	uint32_t handle;

	(void)state;
	give(1, 8, 0, 0);
	give(1, GRANTS_PER_PART - 1, 0, 0);
	give(1, GRANTS_PER_PART, 0, 0);
	before = world.allocated[1];
	handle = map(VA, 1, 8, 0).handle;
	assert_int_equal(map(VA + PAGE_SIZE, 1, GRANTS_PER_PART - 1, 0).status, HC_GNTST_OKAY);
	assert_int_equal(world.allocated[1], before + PAGE_SIZE);
	world.allowed = 0;
	assert_int_equal(map(VA + 2 * PAGE_SIZE, 1, GRANTS_PER_PART, 0).status, HC_GNTST_BAD_GNTREF);
	assert_int_equal(in_use(1, GRANTS_PER_PART), 0);
	world.allowed = 1 << 20;
	assert_int_equal(map(VA + 2 * PAGE_SIZE, 1, GRANTS_PER_PART, 0).status, HC_GNTST_OKAY);
	assert_int_equal(world.allocated[1], before + 2 * PAGE_SIZE);
	assert_int_equal(unmap(VA, handle), HC_GNTST_OKAY);
	assert_int_equal(map(VA, 1, 8, 0).status, HC_GNTST_OKAY);
	grant_dump(&world.domain[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(map_and_unmap),
		TEST(readonly_grants_stay_so),
		TEST(readers_and_writers_count),
		TEST(what_was_not_granted),
		TEST(wrong_unmaps),
		TEST(device_and_host_part),
		TEST(unmap_and_replace),
		TEST(map_lists_keep_granters_apart),
		TEST(long_lists_are_interrupted),
		TEST(copies_in_both_directions),
		TEST(copies_that_are_refused),
		TEST(copy_lists_keep_sides_apart),
		TEST(own_grants_work_for_oneself),
		TEST(granter_dies_first),
		TEST(mapper_dies_first),
		TEST(table_setup_and_growth),
		TEST(seeded_entries_can_be_mapped),
		TEST(entries_can_be_exchanged),
		TEST(only_version_one),
		TEST(bad_calls_are_refused),
		TEST(handles_are_charged),
		TEST(uses_are_charged_by_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
