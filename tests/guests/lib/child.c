/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building a copy of this kernel as a second domain, and what it does there. */
#include "child.h"

#include <hypercall/sched.h>
#include <hypercall/vcpu.h>

#include "guest.h"
#include "page.h"
#include "trap.h"
#include "vcpu.h"

#define PAGES 1536			/* of the child: the image, and its tables behind */
#define TABLES (PAGES / 512)
#define L4_PFN (PAGES - 1)
#define L3_PFN (PAGES - 2)
#define L2_PFN (PAGES - 3)
#define L1_PFN (PAGES - 3 - TABLES)

extern char image_start[], image_end[];

/* Written by both domains: each side's word only by that side. */
struct mailbox {
	volatile uint64_t given, done;
	uint64_t order, a, b;
	long answer;
} __attribute__((aligned(4096)));

uint16_t child_domid;
long (*child_churn)(uint64_t rounds);
static uint64_t mfns[PAGES];		/* the p2m of the child */
static struct hc_start_info child_info;
static struct mailbox mailboxes[CHILD_VCPUS];
static struct mailbox *boxes[CHILD_VCPUS];	/* the child's, as we see them */
static uint64_t tables[TABLES + 3][512] __attribute__((aligned(4096)));
static struct hc_vcpu_guest_context context;

static uint64_t pfn_of(const void *p)
{
	return (PTR(p) - VIRT_BASE) >> PAGE_SHIFT;
}

uint64_t child_mfn(const void *p)
{
	return mfns[pfn_of(p)];
}

uint64_t child_gfn(const void *p)
{
	return pfn_of(p);
}

/* ---- in the child ---- */

static long store_word(uint64_t va, uint64_t value)
{
	struct fault f = attempt_write(va, value);

	return f.vector == TRAP_NONE ? 0 : (long)((uint64_t)f.vector << 32 | f.error);
}

static long obey(const struct mailbox *m)
{
	struct hc_sched_shutdown end = { .reason = HC_SHUTDOWN_SUSPEND };
	struct hc_mmu_update update = { m->a, m->b };
	struct hc_mmuext_op op = { .cmd = (unsigned int)m->a, .arg1.mfn = m->b };

	switch (m->order) {
	case CHILD_READ:
		return (long)READ_ONCE(*(uint64_t *)m->a);
	case CHILD_WRITE:
	case CHILD_STORE:
		return store_word(m->a, m->b);
	case CHILD_MAP:
		return hc_update_va_mapping((void *)m->a, m->b, HC_UVMF_INVLPG | HC_UVMF_ALL);
	case CHILD_UPDATE:
		return hc_mmu_update(&update, 1, HC_DOMID_SELF);
	case CHILD_PIN:
		return hc_mmuext_op(&op, 1, HC_DOMID_SELF);
	case CHILD_ENTRY:
		return (long)READ_ONCE(*pte_of((void *)m->a, 1));
	case CHILD_CHURN:
		return child_churn(m->a);
	default:
		return hypercall(HC_NR_SCHED_OP, HC_SCHEDOP_SHUTDOWN, PTR(&end), m->a, 0, 0);
	}
}

static void serve(void)
{
	struct mailbox *m = &mailboxes[this_vcpu()->id];

	for (;;) {
		while (m->given == m->done)
			hc_sched_op(HC_SCHEDOP_YIELD, NULL);
		m->answer = obey(m);
		barrier();
		m->done = m->given;
	}
}

static void child_main(void)
{
	need(vcpu_start(1, serve));
	serve();
}

/* ---- in the parent ---- */

static void control(struct hc_control *op, uint32_t cmd)
{
	op->cmd = cmd;
	op->domid = cmd == HC_CONTROL_CREATE ? 0xffff : child_domid;
	need(hc_control_op(op));
}

static void create(void)
{
	struct hc_control op = { .u.create = {
		.name = "child", .max_vcpus = CHILD_VCPUS, .max_frames = PAGES + 64,
	} };
	struct hc_memory_reservation r = {
		.extent_start = PTR(mfns), .nr_extents = PAGES,
	};

	control(&op, HC_CONTROL_CREATE);
	child_domid = op.domid;
	for (unsigned int i = 0; i < PAGES; i++)
		mfns[i] = i;
	r.domid = child_domid;
	expect_equal("pages for the child", hc_memory_op(HC_MEM_POPULATE_PHYSMAP, &r), PAGES);
}

/* All of its memory is mapped as ours is; its tables, at the end, read-only. */
static void fill_tables(uint64_t shared_mfn)
{
	uint64_t (*l1)[512] = tables, *l2 = tables[TABLES], *l3 = tables[TABLES + 1], *l4 = tables[TABLES + 2];

	for (unsigned int i = 0; i < PAGES; i++)
		l1[i / 512][i % 512] = make_pte(mfns[i], i < L1_PFN ? PTE_DATA : PTE_RO);
	l1[pfn_of(shared_info) / 512][pfn_of(shared_info) % 512] = make_pte(shared_mfn, PTE_DATA);
	for (unsigned int i = 0; i < TABLES; i++)
		l2[i] = make_pte(mfns[L1_PFN + i], PTE_DATA);
	l3[VIRT_BASE >> 30 & 511] = make_pte(mfns[L2_PFN], PTE_DATA);
	l4[VIRT_BASE >> 39 & 511] = make_pte(mfns[L3_PFN], PTE_DATA);
}

static void copy_to(unsigned int pfn, const void *data, unsigned int count)
{
	struct hc_control op = { .u.copy = {
		.list = PTR(&mfns[pfn]), .buffer = PTR(data), .count = count,
	} };

	control(&op, HC_CONTROL_COPY_TO);
}

/* The copy finds its own tables and numbers where ours are. */
static void copy_image(void)
{
	struct hc_start_info *ours = start_info;

	child_info.mfn_list = PTR(mfns);
	child_info.pt_base = VIRT_BASE + L4_PFN * PAGE_SIZE;
	start_info = &child_info;
	vcpu_context(&context, 0, child_main);
	copy_to(pfn_of(image_start), image_start, (unsigned int)((image_end - image_start) >> PAGE_SHIFT));
	start_info = ours;
}

static void map_boxes(void)
{
	for (unsigned int i = 0; i < CHILD_VCPUS; i++) {
		boxes[i] = page_alloc();
		need(hypercall(HC_NR_UPDATE_VA_MAPPING_OTHERDOMAIN, PTR(boxes[i]),
			       make_pte(child_mfn(&mailboxes[i]), PTE_DATA), HC_UVMF_INVLPG | HC_UVMF_ALL,
			       child_domid, 0));
	}
}

void child_start(void)
{
	struct hc_control op = { .cmd = 0 };
	struct hc_mmuext_op pin = { .cmd = HC_MMUEXT_PIN_L4_TABLE };

	if (pfn_of(image_end) > L1_PFN) {
		error("the image is too large for the child\n");
		finish();
	}
	create();
	control(&op, HC_CONTROL_INFO);
	fill_tables(op.u.info.shared_info_mfn);
	copy_image();
	copy_to(L1_PFN, tables, TABLES + 3);
	pin.arg1.mfn = mfns[L4_PFN];
	need(hc_mmuext_op(&pin, 1, child_domid));
	map_boxes();
	op.u.vcpu_context = (struct hc_control_vcpu_context){ .buffer = PTR(&context) };
	control(&op, HC_CONTROL_VCPU_SET_CONTEXT);
	control(&op, HC_CONTROL_UNPAUSE);
}

void child_order(unsigned int vcpu, enum child_order order, uint64_t a, uint64_t b)
{
	struct mailbox *m = boxes[vcpu];

	m->order = order;
	m->a = a;
	m->b = b;
	barrier();
	m->given = m->given + 1;
}

long child_answer(unsigned int vcpu)
{
	struct mailbox *m = boxes[vcpu];

	while (m->given != m->done)
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	return m->answer;
}

long child_do(unsigned int vcpu, enum child_order order, uint64_t a, uint64_t b)
{
	child_order(vcpu, order, a, b);
	return child_answer(vcpu);
}
