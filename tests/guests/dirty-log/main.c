/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log of the frames that a domain writes.  A child of two vcpus writes where
 * it is told; proof: the log holds those frames, and beside what is its stacks and
 * tables no other.  Then it rewrites its tables while the log is cleared all the
 * time: every store must land where its tables say, and no page table may be
 * written.
 */
#include <hypercall/grant.h>

#include "child.h"
#include "guest.h"
#include "page.h"
#include "trap.h"

#define GFNS 1536
#define REF 8
#define CHURN_PAGES 8

static uint64_t *pages[CHURN_PAGES];	/* which the child writes */
static uint64_t *window;		/* an address that it maps to this and that */
static uint64_t *table_page;		/* which it makes a page table */
static uint64_t bits[GFNS / 64];

static long log_op(uint32_t what, uint64_t first, uint64_t count, struct hc_control_dirty_log *out)
{
	struct hc_control op = {
		.cmd = HC_CONTROL_DIRTY_LOG, .domid = child_domid,
		.u.dirty_log = { .op = what, .first = first, .count = count, .buffer = PTR(bits) },
	};
	long r = hc_control_op(&op);

	if (out)
		*out = op.u.dirty_log;
	return r;
}

static void clear(void)
{
	need(log_op(HC_DIRTY_LOG_CLEAR, 0, GFNS, NULL));
}

static bool logged(const void *p)
{
	uint64_t gfn = child_gfn(p);

	return bits[gfn / 64] >> gfn % 64 & 1;
}

/* Of the pages that the test writes exactly these, a bit each, are in what was read last. */
static void expect_pages(const char *what, unsigned int wanted)
{
	unsigned int got = 0;

	for (unsigned int i = 0; i < CHURN_PAGES; i++)
		got |= (unsigned int)logged(pages[i]) << i;
	expect_equal(what, got, wanted);
}

static void refusals(void)
{
	struct hc_control op = {
		.cmd = HC_CONTROL_DIRTY_LOG, .u.dirty_log = { .op = HC_DIRTY_LOG_ENABLE, .count = GFNS },
	};

	expect_error(hc_control_op(&op), EINVAL);	/* ourselves */
	expect_error(log_op(HC_DIRTY_LOG_CLEAR, 0, GFNS, NULL), EINVAL);
	expect_error(log_op(HC_DIRTY_LOG_DISABLE, 0, 0, NULL), EINVAL);
	expect_error(log_op(HC_DIRTY_LOG_STATISTICS, 0, 0, NULL), EINVAL);
	expect_error(log_op(HC_DIRTY_LOG_ENABLE, 0, 0, NULL), EINVAL);
	expect_error(log_op(HC_DIRTY_LOG_ENABLE, 0, HC_DIRTY_LOG_MAX + 1, NULL), EINVAL);
	expect_error(log_op(77, 0, GFNS, NULL), EINVAL);
}

static void direct_writes(void)
{
	for (unsigned int vcpu = 0; vcpu < CHILD_VCPUS; vcpu++) {
		clear();
		expect_equal("a read", child_do(vcpu, CHILD_READ, PTR(pages[0]), 0), 0);
		expect_equal("a write", child_do(vcpu, CHILD_WRITE, PTR(pages[1 + vcpu]), 5), 0);
		clear();
		expect_pages("written by a vcpu", 2u << vcpu);
		expect_equal("another write", child_do(vcpu, CHILD_WRITE, PTR(pages[1 + vcpu]), 0), 0);
		expect_equal("a write by the other", child_do(!vcpu, CHILD_WRITE, PTR(pages[4]), 6), 0);
		need(log_op(HC_DIRTY_LOG_PEEK, 0, GFNS, NULL));
		expect_pages("written by both", 2u << vcpu | 1 << 4);
		clear();
		expect_pages("still there after peeking", 2u << vcpu | 1 << 4);
		clear();
		expect_pages("quiet", 0);
	}
}

/* The tables' own frames, and what they map afterwards. */
static void table_writes(void)
{
	uint64_t entry = make_pte(child_mfn(pages[3]), PTE_PRESENT | PTE_WRITE | PTE_USER), found;

	clear();
	expect_equal("a mapping", child_do(0, CHILD_MAP, PTR(window), entry), 0);
	clear();
	expect_pages("nothing written by mapping", 0);
	expect_equal("a read through it", child_do(1, CHILD_READ, PTR(window), 0), 0);
	found = (uint64_t)child_do(0, CHILD_ENTRY, PTR(window), 0);
	expect_equal("the entry after a read", found, (long)(entry | PTE_ACCESSED));
	clear();
	expect_pages("nor by reading", 0);
	expect_equal("a write through it", child_do(1, CHILD_WRITE, PTR(window), 7), 0);
	found = (uint64_t)child_do(0, CHILD_ENTRY, PTR(window), 0);
	expect_equal("the entry after a write", found, (long)(entry | PTE_ACCESSED | PTE_DIRTY));
	clear();
	expect_pages("written by another address", 1 << 3);
	expect_equal("what was written", child_do(0, CHILD_READ, PTR(pages[3]), 0), 7);
	/* Read-only: the fault is the child's, with the code its own tables give. */
	expect_equal("a read-only mapping", child_do(0, CHILD_MAP, PTR(window), entry & ~PTE_WRITE), 0);
	clear();
	expect_equal("a write there", child_do(1, CHILD_WRITE, PTR(window), 8),
		     (long)((uint64_t)TRAP_PF << 32 | PF_PRESENT | PF_WRITE));
	expect_equal("none", child_do(0, CHILD_MAP, PTR(window), 0), 0);
	expect_equal("a write nowhere", child_do(1, CHILD_WRITE, PTR(window), 8),
		     (long)((uint64_t)TRAP_PF << 32 | PF_WRITE));
	clear();
	expect_pages("refused writes", 0);
}

/* A page that was written becomes a table: nobody may write it then, and it is in the log. */
static void types_change(void)
{
	uint64_t mfn = child_mfn(table_page);

	expect_equal("a write", child_do(0, CHILD_WRITE, PTR(table_page), 0), 0);
	expect_equal("by the other", child_do(1, CHILD_WRITE, PTR(table_page) + 8, 0), 0);
	expect(child_do(0, CHILD_PIN, HC_MMUEXT_PIN_L1_TABLE, mfn) < 0, "a writable page became a table\n");
	clear();
	expect_equal("read-only", child_do(0, CHILD_MAP, PTR(table_page), make_pte(mfn, PTE_RO)), 0);
	expect_equal("pin", child_do(0, CHILD_PIN, HC_MMUEXT_PIN_L1_TABLE, mfn), 0);
	clear();
	expect(logged(table_page), "a new table is not in the log\n");
	for (unsigned int vcpu = 0; vcpu < CHILD_VCPUS; vcpu++)
		expect((uint64_t)child_do(vcpu, CHILD_STORE, PTR(table_page), 1UL << 51 | PTE_PRESENT) >> 32 ==
		       TRAP_PF, "a live table was written\n");
	clear();
	expect(!logged(table_page), "a refused store is in the log\n");
	expect_equal("a trapped store", child_do(1, CHILD_STORE, PTR(table_page),
		     make_pte(child_mfn(pages[0]), PTE_DATA)), 0);
	clear();
	expect(logged(table_page), "a trapped store is not in the log\n");
	expect_equal("an update", child_do(0, CHILD_UPDATE, mfn << PAGE_SHIFT, 0), 0);
	clear();
	expect(logged(table_page), "an update is not in the log\n");
	expect(child_do(0, CHILD_UPDATE, mfn << PAGE_SHIFT, make_pte(mfn, PTE_DATA)) < 0,
	       "a table maps itself writable\n");
	expect_equal("unpin", child_do(0, CHILD_PIN, HC_MMUEXT_UNPIN_TABLE, mfn), 0);
	clear();
	expect(logged(table_page), "a former table is not in the log\n");
	expect_equal("writable", child_do(1, CHILD_MAP, PTR(table_page), make_pte(mfn, PTE_DATA)), 0);
	expect_equal("a write again", child_do(0, CHILD_WRITE, PTR(table_page), 0), 0);
	clear();
	expect(logged(table_page), "a write to a former table is not in the log\n");
}

/* As a back end does. */
static void writes_by_grant(void)
{
	struct hc_control seed = {
		.cmd = HC_CONTROL_GRANT_SEED, .domid = child_domid,
		.u.grant_seed = { .ref = REF, .peer = 0, .mfn = child_mfn(pages[5]) },
	};
	uint64_t *mapped = page_alloc();
	struct hc_gnttab_map_grant_ref map = {
		.host_addr = PTR(mapped), .flags = HC_GNTMAP_HOST_MAP, .ref = REF, .dom = child_domid,
	};
	struct hc_gnttab_unmap_grant_ref unmap = { .host_addr = PTR(mapped) };
	struct hc_gnttab_copy copy = {
		.source = { .domid = HC_DOMID_SELF, .u.gmfn = ptr_to_mfn(page_alloc()) },
		.dest = { .domid = child_domid, .u.ref = REF },
		.len = 64, .flags = HC_GNTCOPY_DEST_GREF,
	};

	need(hc_control_op(&seed));
	clear();
	need(hc_grant_table_op(HC_GNTTABOP_MAP_GRANT_REF, &map, 1));
	expect_equal("map", map.status, HC_GNTST_OKAY);
	for (unsigned int i = 0; i < 3; i++) {
		mapped[0] = i;
		clear();
		expect_pages("while it is mapped", 1 << 5);
	}
	mapped[0] = 55;
	unmap.handle = map.handle;
	need(hc_grant_table_op(HC_GNTTABOP_UNMAP_GRANT_REF, &unmap, 1));
	expect_equal("unmap", unmap.status, HC_GNTST_OKAY);
	clear();
	expect_pages("written before it was unmapped", 1 << 5);
	clear();
	expect_pages("not mapped any more", 0);
	need(hc_grant_table_op(HC_GNTTABOP_COPY, &copy, 1));
	expect_equal("copy", copy.status, HC_GNTST_OKAY);
	clear();
	expect_pages("copied to", 1 << 5);
	clear();
	expect_pages("and no longer", 0);
}

static void writes_by_the_toolstack(void)
{
	uint64_t mfn = child_mfn(pages[6]);
	struct hc_control op = {
		.cmd = HC_CONTROL_COPY_TO, .domid = child_domid,
		.u.copy = { .list = PTR(&mfn), .count = 1, .flags = HC_COPY_ZERO },
	};

	clear();
	need(hc_control_op(&op));
	clear();
	expect_pages("cleared by COPY_TO", 1 << 6);
	op.cmd = HC_CONTROL_COPY_FROM;
	op.u.copy = (struct hc_control_copy){ .list = PTR(&mfn), .buffer = PTR(page_alloc()), .count = 1 };
	need(hc_control_op(&op));
	clear();
	expect_pages("only read", 0);
}

/*
 * In the child: map the window to one page after the other, write through it and
 * read by the page's own address; make the table page a table and a page again.
 */
static long churn(uint64_t rounds)
{
	long wrong = 0;

	for (uint64_t i = 1; i <= rounds; i++) {
		uint64_t *page = pages[i % CHURN_PAGES];
		struct hc_mmuext_op op = { .cmd = HC_MMUEXT_PIN_L1_TABLE };

		wrong += !!hc_update_va_mapping(window, make_pte(ptr_to_mfn(page), PTE_PRESENT | PTE_WRITE | PTE_USER),
						HC_UVMF_INVLPG | HC_UVMF_ALL);
		WRITE_ONCE(window[1], i);
		wrong += READ_ONCE(page[1]) != i;
		wrong += (*pte_of(window, 1) & PTE_ADDRESS) != ptr_to_mfn(page) << PAGE_SHIFT ||
			 !(*pte_of(window, 1) & PTE_DIRTY);
		wrong += !!hc_update_va_mapping(window, 0, HC_UVMF_INVLPG | HC_UVMF_ALL);
		wrong += attempt_write(PTR(window), i).vector != TRAP_PF;
		table_page[3] = 0;
		wrong += !!hc_update_va_mapping(table_page, make_pte(ptr_to_mfn(table_page), PTE_RO),
						HC_UVMF_INVLPG | HC_UVMF_ALL);
		op.arg1.mfn = ptr_to_mfn(table_page);
		wrong += !!hc_mmuext_op(&op, 1, HC_DOMID_SELF);
		wrong += attempt_write(PTR(&table_page[3]), PTE_PRESENT | 1UL << 51).vector != TRAP_PF;
		op.cmd = HC_MMUEXT_UNPIN_TABLE;
		wrong += !!hc_mmuext_op(&op, 1, HC_DOMID_SELF);
		wrong += !!hc_update_va_mapping(table_page, make_pte(ptr_to_mfn(table_page), PTE_DATA),
						HC_UVMF_INVLPG | HC_UVMF_ALL);
	}
	return wrong;
}

/* Clear without a pause while the child rewrites its tables; then turn it off and on as well. */
static void hostile_child(void)
{
	struct hc_control_dirty_log s;
	unsigned int readings = 0;

	child_order(0, CHILD_CHURN, 300, 0);
	for (unsigned int i = 0; i < 200; i++, readings++) {
		clear();
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	}
	expect_equal("what went wrong in the child", child_answer(0), 0);
	need(log_op(HC_DIRTY_LOG_STATISTICS, 0, 0, &s));
	print("%lu faults, %lu bits set, %lu of %lu tables, %lu rebuilds\n", s.faults, s.marked, s.tables,
	      s.max_tables, s.rebuilds);
	expect(s.faults > readings, "hardly any faults\n");
	child_order(1, CHILD_CHURN, 300, 0);
	for (unsigned int i = 0; i < 50; i++) {
		need(log_op(HC_DIRTY_LOG_DISABLE, 0, 0, NULL));
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
		need(log_op(HC_DIRTY_LOG_ENABLE, 0, GFNS, NULL));
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	}
	expect_equal("what went wrong in the child", child_answer(1), 0);
}

static uint64_t overhead(void)
{
	struct hc_control op = { .cmd = HC_CONTROL_INFO, .domid = child_domid };

	need(hc_control_op(&op));
	return op.u.info.overhead_bytes;
}

void test_main(void)
{
	struct hc_control end;
	uint64_t before;

	for (unsigned int i = 0; i < CHURN_PAGES; i++)
		pages[i] = page_alloc();
	window = page_alloc();
	table_page = page_alloc();
	child_churn = churn;
	child_start();
	section("a log that is not on, or not allowed\n");
	refusals();
	need(log_op(HC_DIRTY_LOG_ENABLE, 0, GFNS, NULL));
	expect_error(log_op(HC_DIRTY_LOG_ENABLE, 0, GFNS, NULL), EBUSY);
	expect_error(log_op(HC_DIRTY_LOG_CLEAR, 1, 64, NULL), EINVAL);
	expect_error(log_op(HC_DIRTY_LOG_CLEAR, 0, GFNS + 1, NULL), EINVAL);
	section("writes by two vcpus\n");
	direct_writes();
	section("page tables\n");
	table_writes();
	types_change();
	section("writes by others\n");
	writes_by_grant();
	writes_by_the_toolstack();
	section("a child that rewrites its tables all the time\n");
	hostile_child();
	need(log_op(HC_DIRTY_LOG_DISABLE, 0, 0, NULL));
	before = overhead();
	need(log_op(HC_DIRTY_LOG_ENABLE, 0, GFNS, NULL));
	expect(overhead() > before, "the log's memory is not charged\n");
	expect_equal("a write", child_do(0, CHILD_WRITE, PTR(pages[0]), 8), 0);
	need(log_op(HC_DIRTY_LOG_DISABLE, 0, 0, NULL));
	expect_equal("memory held for the child afterwards", overhead(), (long)before);
	expect_equal("it still runs", child_do(1, CHILD_WRITE, PTR(pages[0]), 9), 0);
	section("its end with the log on\n");
	need(log_op(HC_DIRTY_LOG_ENABLE, 0, GFNS, NULL));
	expect_equal("it runs", child_do(0, CHILD_WRITE, PTR(pages[0]), 10), 0);
	end = (struct hc_control){ .cmd = HC_CONTROL_DESTROY, .domid = child_domid };
	expect_success(hc_control_op(&end));
}
