/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control of a domain that never runs: making it, naming it, its memory, its share
 * of the processors, its end.  Proof: what is set is what is told; frames are
 * those that were given, hold what was written and nothing of another domain's;
 * destruction comes in parts and gives back every frame; a domain that is gone, or
 * going, takes no more orders; one that is being made is not found; two may destroy
 * one at the same time.
 */
#include <hypercall/sched.h>
#include <hypercall/vcpu.h>

#include "guest.h"
#include "page.h"
#include "vcpu.h"

#define ERESTART 85
#define DOMID 77
#define PAGES 2048
#define SPARE 16		/* what it may have beyond */
#define PIECE 64
#define PART 1024		/* most frames that go in one part of its end */
#define ENDS 20			/* times that two destroy it */

static uint64_t frames[PAGES + SPARE + 1];
static char data[PIECE][PAGE_SIZE] __attribute__((aligned(4096)));

/* One call, one part. */
static long part(struct hc_control *op)
{
	op->version = HC_CONTROL_VERSION;
	return hypercall(HC_NR_DOMCTL, PTR(op), 0, 0, 0, 0);
}

static long simple(uint32_t cmd, uint16_t domid)
{
	struct hc_control op = { .cmd = cmd, .domid = domid };

	return hc_control_op(&op);
}

static struct hc_control_info info_of(uint16_t domid)
{
	struct hc_control op = { .cmd = HC_CONTROL_INFO, .domid = domid };

	need(hc_control_op(&op));
	return op.u.info;
}

static struct hc_control creation(void)
{
	return (struct hc_control){
		.cmd = HC_CONTROL_CREATE, .domid = DOMID,
		.u.create = { .uuid = "0123456789abcde", .name = "subject", .max_vcpus = 3,
			      .max_frames = PAGES + SPARE },
	};
}

static void envelope(void)
{
	struct hc_control op = { .cmd = HC_CONTROL_INFO, .version = HC_CONTROL_VERSION + 1 };

	expect_error(hypercall(HC_NR_DOMCTL, PTR(&op), 0, 0, 0, 0), EACCES);
	op.pad[1] = 1;
	expect_error(part(&op), EINVAL);
	op = (struct hc_control){ .cmd = 999 };
	expect_error(part(&op), ENOSYS);
	expect_error(hypercall(HC_NR_DOMCTL, 8, 0, 0, 0, 0), EFAULT);
	expect_error(simple(HC_CONTROL_INFO, DOMID), ESRCH);
}

static void creation_refused(void)
{
	struct hc_control op = creation();

	op.u.create.flags = 0x80;
	expect_error(part(&op), EINVAL);
	op = creation();
	op.u.create.max_vcpus = 0;
	expect_error(part(&op), EINVAL);
	op.u.create.max_vcpus = 65;
	expect_error(part(&op), EINVAL);
	op = creation();
	op.u.create.max_frames = 0;
	expect_error(part(&op), EINVAL);
	op = creation();
	memset(op.u.create.name, 'x', sizeof(op.u.create.name));
	expect_error(part(&op), EINVAL);
	op = creation();
	op.domid = HC_DOMID_FIRST_RESERVED;
	expect_error(part(&op), EINVAL);
	op.domid = 0;
	expect_error(part(&op), EEXIST);
}

static void create(void)
{
	struct hc_control op = creation();

	need(part(&op));
	expect_equal("number", op.domid, DOMID);
	expect_error(part(&op), EEXIST);
}

static void tells_what_it_is(void)
{
	struct hc_control op = { .cmd = HC_CONTROL_INFO, .domid = 1, .u.info.flags = HC_INFO_NEXT };
	struct hc_control_info info = info_of(DOMID);

	expect_equal("state", info.state, HC_INFO_PAUSED);
	expect(!memcmp(info.uuid, "0123456789abcde", 16), "another UUID\n");
	expect(!memcmp(info.name, "subject", 8), "its name is %s\n", info.name);
	expect_equal("vcpus", info.max_vcpus, 3);
	expect_equal("vcpus that are up", info.online_vcpus, 0);
	expect_equal("frames", info.frames, 0);
	expect_equal("most frames", info.max_frames, PAGES + SPARE);
	expect_success(part(&op));
	expect_equal("the first from 1 on", op.domid, DOMID);
	op = (struct hc_control){ .cmd = HC_CONTROL_INFO, .domid = DOMID + 1, .u.info.flags = HC_INFO_NEXT };
	expect_error(part(&op), ESRCH);
	op = (struct hc_control){ .cmd = HC_CONTROL_RENAME, .domid = DOMID, .u.rename.name = "other" };
	expect_success(part(&op));
	info = info_of(DOMID);
	expect(!memcmp(info.name, "other", 6), "its new name is %s\n", info.name);
	memset(op.u.rename.name, 'x', sizeof(op.u.rename.name));
	expect_error(part(&op), EINVAL);
	/* Pauses nest. */
	expect_success(simple(HC_CONTROL_PAUSE, DOMID));
	expect_equal("pauses", info_of(DOMID).pause_count, 2);
	expect_success(simple(HC_CONTROL_UNPAUSE, DOMID));
	expect_success(simple(HC_CONTROL_UNPAUSE, DOMID));
	expect_error(simple(HC_CONTROL_UNPAUSE, DOMID), EINVAL);
	expect_success(simple(HC_CONTROL_PAUSE, DOMID));
	expect_error(simple(HC_CONTROL_PAUSE, 0), EINVAL);
}

static long reservation_of(unsigned int cmd)
{
	struct hc_memory_domain op = { .domid = DOMID };

	return hc_memory_op(cmd, &op);
}

static void populate(void)
{
	struct hc_memory_reservation r = {
		.extent_start = PTR(frames), .nr_extents = PAGES, .domid = DOMID,
	};
	struct hc_control op = {
		.cmd = HC_CONTROL_SET_MEMORY, .domid = DOMID, .u.set_memory.max_frames = PAGES,
	};

	for (unsigned int i = 0; i < PAGES; i++)
		frames[i] = i;
	expect_equal("pages given", hc_memory_op(HC_MEM_POPULATE_PHYSMAP, &r), PAGES);
	expect_equal("pages it has", reservation_of(HC_MEM_CURRENT_RESERVATION), PAGES);
	expect_success(part(&op));
	expect_equal("pages it may have", reservation_of(HC_MEM_MAXIMUM_RESERVATION), PAGES);
	r.extent_start = PTR(frames + PAGES);
	r.nr_extents = SPARE;
	expect_equal("pages above the bound", hc_memory_op(HC_MEM_POPULATE_PHYSMAP, &r), 0);
	op.u.set_memory.max_frames = 0;
	expect_error(part(&op), EINVAL);
}

static bool was_given(uint64_t mfn)
{
	for (unsigned int i = 0; i < PAGES; i++)
		if (frames[i] == mfn)
			return true;
	return false;
}

/* In lists of 100: each frame once. */
static void frame_list(void)
{
	static uint64_t list[100], seen[PAGES];
	struct hc_control op = { .cmd = HC_CONTROL_FRAME_LIST, .domid = DOMID };
	struct hc_control_frame_list *l = &op.u.frame_list;
	unsigned int total = 0, wrong = 0;

	do {
		*l = (struct hc_control_frame_list){
			.buffer = PTR(list), .capacity = ARRAY_SIZE(list), .start = l->next,
		};
		need(hc_control_op(&op));
		for (unsigned int i = 0; i < l->count && total < PAGES; i++) {
			wrong += !was_given(list[i]);
			for (unsigned int j = 0; j < total; j++)
				wrong += seen[j] == list[i];
			seen[total++] = list[i];
		}
	} while (l->next);
	expect_equal("frames listed", total, PAGES);
	expect_equal("others, or twice", wrong, 0);
	l->count = l->capacity + 1;
	expect_error(hc_control_op(&op), EINVAL);
}

static long copy(uint32_t cmd, uint64_t *list, uint32_t count, uint32_t flags)
{
	struct hc_control op = {
		.cmd = cmd, .domid = DOMID,
		.u.copy = { .list = PTR(list), .buffer = PTR(data), .count = count, .flags = flags },
	};

	return hc_control_op(&op);
}

/* Words of the buffer that are another than wanted. */
static unsigned int other_words(uint64_t wanted)
{
	const uint64_t *word = (const uint64_t *)data;
	unsigned int other = 0;

	for (unsigned int i = 0; i < sizeof(data) / 8; i++)
		other += word[i] != wanted;
	return other;
}

static void copies(void)
{
	uint64_t bad[] = { ptr_to_mfn(data), 1UL << 36 };

	for (unsigned int i = 0; i < PAGES; i += PIECE) {
		memset(data, 0xff, sizeof(data));
		need(copy(HC_CONTROL_COPY_FROM, frames + i, PIECE, 0));
		expect_equal("words of fresh frames that are not 0", other_words(0), 0);
		memset(data, i / PIECE + 1, sizeof(data));
		need(copy(HC_CONTROL_COPY_TO, frames + i, PIECE, 0));
	}
	need(copy(HC_CONTROL_COPY_FROM, frames + PIECE, PIECE, 0));
	expect_equal("words that are not what was written", other_words(0x0202020202020202), 0);
	expect_success(copy(HC_CONTROL_COPY_TO, frames + PIECE, PIECE / 2, HC_COPY_ZERO));
	need(copy(HC_CONTROL_COPY_FROM, frames + PIECE, PIECE, 0));
	expect_equal("words that were not cleared", other_words(0), sizeof(data) / 8 / 2);
	expect_error(copy(HC_CONTROL_COPY_TO, frames, 0, 0), EINVAL);
	expect_error(copy(HC_CONTROL_COPY_FROM, frames, 1, HC_COPY_ZERO), EINVAL);
	expect_error(copy(HC_CONTROL_COPY_TO, bad, 1, 0), EINVAL);
	expect_error(copy(HC_CONTROL_COPY_FROM, bad + 1, 1, 0), EINVAL);
	expect_error(copy(HC_CONTROL_COPY_FROM, (uint64_t *)8, 1, 0), EFAULT);
}

/* A frame in use as a table is read, but not written. */
static void tables(void)
{
	struct hc_mmuext_op op = { .cmd = HC_MMUEXT_PIN_L1_TABLE, .arg1.mfn = frames[0] };

	need(copy(HC_CONTROL_COPY_TO, frames, 1, HC_COPY_ZERO));
	expect_success(hc_mmuext_op(&op, 1, DOMID));
	expect_error(copy(HC_CONTROL_COPY_TO, frames, 1, 0), EBUSY);
	expect_success(copy(HC_CONTROL_COPY_FROM, frames, 1, 0));
	/* It stays pinned, for the destruction to undo. */
}

static void scheduling(void)
{
	struct hc_control op = { .cmd = HC_CONTROL_SCHED_GET, .domid = DOMID };

	need(part(&op));
	expect_equal("usual weight", op.u.sched.weight, 256);
	expect_equal("usual cap", op.u.sched.cap, 0);
	op.cmd = HC_CONTROL_SCHED_SET;
	op.u.sched = (struct hc_control_sched){ .weight = 512, .cap = 50 };
	expect_success(part(&op));
	op.u.sched.weight = 0;
	expect_success(part(&op));
	op.u.sched.weight = 65536;
	expect_error(part(&op), EINVAL);
	op.u.sched = (struct hc_control_sched){ .weight = 1, .cap = 301 };
	expect_error(part(&op), EINVAL);
	op = (struct hc_control){ .cmd = HC_CONTROL_SCHED_GET, .domid = DOMID };
	need(part(&op));
	expect_equal("weight", op.u.sched.weight, 512);
	expect_equal("cap", op.u.sched.cap, 50);
}

static uint64_t affinity_of(uint32_t vcpu)
{
	struct hc_control op = { .cmd = HC_CONTROL_VCPU_INFO, .domid = DOMID, .u.vcpu_info.vcpu = vcpu };

	need(part(&op));
	expect_equal("up", op.u.vcpu_info.online, 0);
	expect_equal("time it ran", op.u.vcpu_info.cpu_time, 0);
	return op.u.vcpu_info.hard_affinity;
}

static void vcpus(void)
{
	struct hc_control op = {
		.cmd = HC_CONTROL_VCPU_SET_AFFINITY, .domid = DOMID,
		.u.vcpu_affinity = { .vcpu = 1, .hard_affinity = 1 },
	};
	static struct hc_vcpu_guest_context context;

	expect_success(part(&op));
	expect_equal("where vcpu 1 may run", affinity_of(1), 1);
	expect(affinity_of(2) != 1, "vcpu 2 has moved, too\n");
	op.u.vcpu_affinity.vcpu = ~0u;
	expect_success(part(&op));
	expect_equal("where vcpu 2 may run", affinity_of(2), 1);
	op.u.vcpu_affinity.vcpu = 3;
	expect_error(part(&op), EINVAL);
	op.u.vcpu_affinity = (struct hc_control_vcpu_affinity){ .vcpu = 0, .hard_affinity = 1UL << 63 };
	expect_error(part(&op), EINVAL);
	op = (struct hc_control){ .cmd = HC_CONTROL_VCPU_INFO, .domid = DOMID, .u.vcpu_info.vcpu = 3 };
	expect_error(part(&op), EINVAL);
	op = (struct hc_control){ .cmd = HC_CONTROL_VCPU_GET_CONTEXT, .domid = DOMID,
				  .u.vcpu_context.buffer = PTR(&context) };
	expect_error(part(&op), ENODATA);
	/* Its table would be a frame of ours. */
	op.cmd = HC_CONTROL_VCPU_SET_CONTEXT;
	context.flags = HC_VGCF_IN_KERNEL;
	context.ctrlreg[3] = ptr_to_maddr((void *)start_info->pt_base);
	expect_error(hc_control_op(&op), EINVAL);
}

/* The rest of what can be done to it before it runs. */
static void preparations(void)
{
	struct hc_control op = {
		.cmd = HC_CONTROL_GRANT_SEED, .domid = DOMID,
		.u.grant_seed = { .ref = 8, .peer = 0, .mfn = frames[1] },
	};
	struct hc_sched_remote_shutdown end = { .domain_id = DOMID, .reason = HC_SHUTDOWN_REBOOT };
	struct hc_control_info info;

	expect_success(part(&op));
	op.u.grant_seed.mfn = ptr_to_mfn(data);
	expect_error(part(&op), EINVAL);
	op.u.grant_seed = (struct hc_control_grant_seed){ .ref = 512, .mfn = frames[1] };
	expect_error(part(&op), EINVAL);
	op = (struct hc_control){ .cmd = HC_CONTROL_HYPERCALL_PAGE, .domid = DOMID,
				  .u.hypercall_page.mfn = frames[2] };
	expect_success(part(&op));
	need(copy(HC_CONTROL_COPY_FROM, frames + 2, 1, 0));
	expect(!memcmp(data, hypercall_page, HC_NR_IRET * HC_HYPERCALL_SLOT_SIZE), "other stubs than ours\n");
	op.u.hypercall_page.mfn = frames[0];
	expect_refused(part(&op));
	op = (struct hc_control){ .cmd = HC_CONTROL_COUNTERS, .domid = DOMID };
	expect_success(part(&op));
	expect_equal("hypercalls it made", op.u.counters.value[HC_COUNTER_HYPERCALLS], 0);
	expect_success(hc_sched_op(HC_SCHEDOP_REMOTE_SHUTDOWN, &end));
	info = info_of(DOMID);
	expect_equal("state", info.state, HC_INFO_PAUSED | HC_INFO_SHUTDOWN);
	expect_equal("reason", info.shutdown_reason, HC_SHUTDOWN_REBOOT);
	op = (struct hc_control){ .cmd = HC_CONTROL_SHUTDOWN, .domid = DOMID,
				  .u.shutdown.reason = HC_SHUTDOWN_MAX + 1 };
	expect_error(part(&op), EINVAL);
	op.u.shutdown.reason = HC_SHUTDOWN_CRASH;
	expect_success(part(&op));
	expect_equal("the first reason counts", info_of(DOMID).shutdown_reason, HC_SHUTDOWN_REBOOT);
}

static uint64_t free_frames(void)
{
	static struct hc_system op;

	op = (struct hc_system){ .cmd = HC_SYSTEM_INFO, .version = HC_CONTROL_VERSION };
	need(hypercall(HC_NR_SYSCTL, PTR(&op), 0, 0, 0, 0));
	return op.u.info.free_frames;
}

static void destroy(void)
{
	struct hc_control op = { .cmd = HC_CONTROL_DESTROY, .domid = DOMID };
	struct hc_control info = { .cmd = HC_CONTROL_INFO, .domid = DOMID };
	uint64_t left = PAGES;
	unsigned int parts = 0;
	long r;

	expect_error(simple(HC_CONTROL_DESTROY, 0), EINVAL);
	while ((r = part(&op)) == -ERESTART) {
		parts++;
		expect_success(part(&info));
		expect(info.u.info.state & HC_INFO_DYING, "not dying while it is destroyed\n");
		expect(info.u.info.frames <= left && left - info.u.info.frames <= PART,
		       "%lu frames in a part\n", left - info.u.info.frames);
		left = info.u.info.frames;
		expect_error(simple(HC_CONTROL_PAUSE, DOMID), ESRCH);
		info.u.info.flags = 0;
	}
	expect_equal("the last part", r, 0);
	expect(parts + 1 >= PAGES / PART, "only %u parts for %lu frames\n", parts + 1, (uint64_t)PAGES);
	expect_error(part(&info), ESRCH);
	expect_error(part(&op), ESRCH);
}

/* The other vcpu's part: it looks for the domain while that is made, and then helps to end it. */
static volatile bool looking = true;
static volatile unsigned int looks, seen, ends_given, ends_done;
static volatile long end_result;

static long end_it(void)
{
	struct hc_control op = { .cmd = HC_CONTROL_DESTROY, .domid = DOMID };
	long r;

	do
		r = part(&op);
	while (r == -ERESTART);
	return r;
}

static void other_vcpu(void)
{
	while (looking) {
		struct hc_control op = { .cmd = HC_CONTROL_INFO, .domid = DOMID };

		seen += part(&op) != -ESRCH;
		looks++;
	}
	while (ends_done < ENDS) {
		while (ends_done == ends_given)
			;
		end_result = end_it();
		barrier();
		ends_done = ends_done + 1;
	}
}

/* Whoever comes too late for all of it is told so; what there was is given back once. */
static void two_destroy(void)
{
	for (unsigned int i = 0; i < ENDS; i++) {
		long r;

		create();
		populate();
		ends_given = i + 1;
		r = end_it();
		expect(!r || r == -ESRCH, "one end: %ld\n", r);
		while (ends_done != ends_given)
			;
		r = end_result;
		expect(!r || r == -ESRCH, "the other's: %ld\n", r);
		expect_error(simple(HC_CONTROL_INFO, DOMID), ESRCH);
	}
}

/* Some of it is there before the number of ports is refused; nobody may hold it when it goes. */
static void half_made(void)
{
	struct hc_control op = creation();
	unsigned int before;

	op.u.create.max_event_ports = ~0u;
	need(vcpu_start(1, other_vcpu));
	while (!looks)
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	before = looks;
	for (unsigned int i = 0; i < 1000 || looks - before < 1000; i++)
		expect_error(part(&op), EINVAL);
	looking = false;
	expect_equal("times that it was found", seen, 0);
}

void test_main(void)
{
	uint64_t before;

	if (simple(HC_CONTROL_INFO, 0)) {
		skip("another control interface, or no privilege\n");
		return;
	}
	section("what every call has\n");
	envelope();
	section("creation refused\n");
	creation_refused();
	before = free_frames();
	/* The second time round it gets the frames that held the first one's data. */
	for (unsigned int i = 0; i < 2; i++) {
		section("a domain, round %u\n", i + 1);
		create();
		tells_what_it_is();
		populate();
		frame_list();
		copies();
		tables();
		scheduling();
		vcpus();
		preparations();
		section("its end, round %u\n", i + 1);
		destroy();
		expect_equal("frames that did not come back", before - free_frames(), 0);
	}
	section("one that comes to nothing\n");
	half_made();
	section("one that two destroy\n");
	two_destroy();
	expect_equal("frames that did not come back", before - free_frames(), 0);
}
