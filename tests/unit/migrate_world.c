/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The imitated hypervisor. What a caller may never do is asserted here. */
#include "migrate_world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <hypercall/memory.h>
#include <hypercall/sched.h>

#include "dom0-tools/migrate/checkpoint.h"
#include "dom0-tools/migrate/pages.h"
#include "dom0-tools/migrate/restore.h"
#include "dom0-tools/migrate/save.h"

#define PRESENT	0x27ull		/* a table's or page's entry, with some bits of the guest's own */


struct world world;

static bool fault(void)
{
	return ++world.calls == world.fail_at;
}

/* --- the guest --- */

static bool populated(uint64_t gfn)
{
	return gfn < LAST && (gfn < HOLE || gfn > HOLE_IDENTITY);
}

uint64_t world_machine(uint16_t domid, uint64_t gfn)
{
	for (uint64_t m = 0; m < MACHINE_FRAMES; m++)
		if (world.frames[m].owner == domid && (world.frames[m].info & HC_FRAME_GFN) == gfn &&
		    !(world.frames[m].info & HC_FRAME_SHARED))
			return m;
	return 0;
}

uint64_t *world_page(uint16_t domid, uint64_t gfn)
{
	uint64_t machine = world_machine(domid, gfn);

	assert_true(machine);
	return world.memory[machine];
}

static void give_memory(unsigned int seed)
{
	/* Every third frame or so, so that neither list is the other's. */
	for (uint64_t gfn = 0, m = 10 + seed % 7; gfn < LAST; gfn++, m += 1 + (seed + gfn) % 3) {
		if (!populated(gfn))
			continue;
		world.frames[m] = (struct world_frame){ GUEST, gfn };
		for (unsigned int i = 0; i < WORDS && gfn != ZERO; i++)
			world.memory[m][i] = (uint64_t)rand() << 32 ^ (uint64_t)rand();
	}
	world.frames[SHARED_INFO] = (struct world_frame){ GUEST, HC_FRAME_SHARED | HC_FRAME_GFN };
}

static void make_table(uint64_t gfn, unsigned int level, bool pinned)
{
	uint64_t m = world_machine(GUEST, gfn);

	memset(world.memory[m], 0, sizeof(world.memory[m]));
	world.frames[m].info |= (uint64_t)level << HC_FRAME_LEVEL_SHIFT | (pinned ? HC_FRAME_PINNED : 0);
}

static void link_tables(uint64_t table, unsigned int slot, uint64_t to)
{
	world_page(GUEST, table)[slot] = world_machine(GUEST, to) << 12 | PRESENT;
}

static void make_tables(void)
{
	make_table(TABLE_L4, 4, true);
	make_table(TABLE_L3, 3, false);
	make_table(TABLE_L2, 2, false);
	make_table(TABLE_L1, 1, true);
	make_table(USER_L4, 4, true);
	link_tables(TABLE_L4, WORLD_VADDR >> 39 & 511, TABLE_L3);
	link_tables(USER_L4, 0, TABLE_L3);
	link_tables(TABLE_L3, WORLD_VADDR >> 30 & 511, TABLE_L2);
	link_tables(TABLE_L2, WORLD_VADDR >> 21 & 511, TABLE_L1);
	link_tables(TABLE_L1, 0, P2M);
	link_tables(TABLE_L1, 1, P2M + 1);
	link_tables(TABLE_L1, 2, DATA);
	/* What the hypervisor has in a table, and what is not present, are nobody's frame numbers. */
	world_page(GUEST, TABLE_L4)[256] = 0x7ff000 | PRESENT;
	world_page(GUEST, TABLE_L1)[3] = 0x123456000;
}

static void make_p2m(void)
{
	for (uint64_t gfn = 0; gfn < ENTRIES; gfn++) {
		uint64_t *entry = &world_page(GUEST, P2M + gfn / WORDS)[gfn % WORDS];

		*entry = populated(gfn) ? world_machine(GUEST, gfn) : ~0ull;
		if (gfn == HOLE_FOREIGN)
			*entry = 1ull << 63 | 77;
		if (gfn == HOLE_IDENTITY)
			*entry = 1ull << 62 | gfn;
	}
}

static void make_processors(void)
{
	for (unsigned int v = 0; v < 2; v++) {
		struct hc_vcpu_guest_context *c = &world.contexts[GUEST][v];

		for (size_t i = 0; i < sizeof(*c); i++)
			((uint8_t *)c)[i] = (uint8_t)rand();
		c->ctrlreg[3] = world_machine(GUEST, TABLE_L4) << 12;
		c->ctrlreg[1] = v ? world_machine(GUEST, USER_L4) << 12 : 0;
		c->gdt_ents = 16;
		c->gdt_frames[0] = world_machine(GUEST, GDT);
		c->flags |= HC_VGCF_ONLINE;
		if (!v)
			c->user_regs.rdx = world_machine(GUEST, START_INFO);
		world.states[GUEST][v].singleshot = 1000 + v;
		world.online[GUEST][v] = true;
	}
	/* The last one was up once, and is down. */
	world.contexts[GUEST][2] = world.contexts[GUEST][1];
	world.contexts[GUEST][2].flags &= ~(uint64_t)HC_VGCF_ONLINE;
	world.online[GUEST][2] = true;
}

void world_start(unsigned int seed)
{
	struct hc_shared_info *shared = (void *)world.memory[SHARED_INFO];
	struct hc_start_info *start;

	memset(&world, 0, sizeof(world));
	srand(seed);
	world.present[GUEST] = true;
	world.info[GUEST] = (struct hc_control_info){
		.state = HC_INFO_SHUTDOWN, .shutdown_reason = HC_SHUTDOWN_SUSPEND, .max_vcpus = 3,
		.max_frames = LAST + 100, .shared_info_mfn = SHARED_INFO,
	};
	give_memory(seed);
	make_tables();
	make_p2m();
	make_processors();
	start = (void *)world_page(GUEST, START_INFO);
	strcpy(start->magic, HC_START_INFO_MAGIC);
	start->store_mfn = STORE_RING;		/* Linux puts its own numbers there to be saved */
	start->console.domU.mfn = CONSOLE_RING;
	shared->arch.max_pfn = ENTRIES;
	shared->arch.p2m_vaddr = WORLD_VADDR;
	shared->arch.p2m_cr3 = world_machine(GUEST, TABLE_L4) << 12;
}

/* --- what is under test, as its users call it --- */

struct disks *world_disks;
struct disk_in *world_disks_in;
void (*world_created)(uint16_t domid, void *data);

int world_save(int *fd, char *reason)
{
	static const char description[] = "{}";
	struct save_config config = {
		.domid = GUEST, .description = description, .description_size = sizeof(description) - 1,
		.fd = memfd_create("stream", MFD_CLOEXEC), .level = 1,
	};
	struct build_error error = { "" };
	struct save_result result;
	int code = save_domain(NULL, &config, &result, &error);

	strcpy(reason, error.text);
	*fd = config.fd;
	return code;
}

void world_write(uint64_t gfn, unsigned int word, uint64_t value)
{
	world_page(GUEST, gfn)[word] = value;
	if (world.logging)
		pages_mark(world.dirty, gfn);
}

static void (*life)(unsigned int round);

static int on_suspend(void *data)
{
	(void)data;
	life(0);
	world.info[GUEST].state = HC_INFO_SHUTDOWN;
	return 0;
}

static int on_round(const struct live_round *round, void *data)
{
	(void)data;
	life(round->number);
	return 0;
}

int world_save_live(int *fd, void (*live)(unsigned int round), char *reason)
{
	struct save_config config = {
		.domid = GUEST, .description = "{}", .description_size = 2,
		.fd = memfd_create("stream", MFD_CLOEXEC), .level = 1, .suspend = on_suspend,
		.live = { .round = on_round }, .disks = world_disks,
	};
	struct build_error error = { "" };
	struct save_result result;
	int code;

	life = live;
	world.info[GUEST].state = 0;
	code = save_domain(NULL, &config, &result, &error);
	strcpy(reason, error.text);
	*fd = config.fd;
	return code;
}

int world_checkpoint(struct checkpoint_config *config, bool *again, char *reason)
{
	struct build_error error = { "" };
	int code;

	config->domid = GUEST;
	config->description = "{}";
	config->description_size = 2;
	config->fd = memfd_create("stream", MFD_CLOEXEC);
	config->level = 1;
	world.info[GUEST].state = 0;
	code = checkpoint_domain(NULL, config, again, &error);
	strcpy(reason, error.text);
	return code;
}

int world_restore(int fd, char *reason)
{
	struct restore_config config = {
		.name = "restored", .disks = world_disks_in, .created = world_created,
	};
	struct build_error error = { "" };
	struct stream_reader reader;
	struct build_result built;
	int code;

	lseek(fd, 0, SEEK_SET);
	code = stream_reader_open(&reader, fd, "test", &error);
	if (code == 0)
		code = stream_read(&reader);
	if (code == 0 && reader.type != STREAM_DESCRIPTION)
		code = stream_bad(&reader, "no description");
	if (code == 0)
		code = restore_domain(NULL, &reader, &config, &built);
	stream_reader_close(&reader);
	strcpy(reason, error.text);
	return code;
}

/* --- the hypervisor --- */

int hc_domain_info(struct hc_handle *handle, uint16_t domid, struct hc_control_info *info)
{
	(void)handle;
	*info = world.info[domid];
	return fault() ? -EIO : 0;
}

int hc_domain_frames(struct hc_handle *handle, uint16_t domid, uint64_t *frames, size_t count,
		     uint64_t *start)
{
	size_t got = 0;

	(void)handle;
	/* In small pieces, so that the caller has to come again. */
	for (; *start < MACHINE_FRAMES && got < count && got < 100; ++*start)
		if (world.frames[*start].owner == domid)
			frames[got++] = *start;
	if (*start == MACHINE_FRAMES)
		*start = 0;
	return fault() ? -EIO : (int)got;
}

int hc_domain_frame_info(struct hc_handle *handle, uint16_t domid, const uint64_t *frames,
			 size_t count, uint64_t *info)
{
	(void)handle;
	for (size_t i = 0; i < count; i++)
		info[i] = world.frames[frames[i]].owner == domid ? world.frames[frames[i]].info :
								   HC_FRAME_ALIEN;
	return fault() ? -EIO : 0;
}

int hc_domain_copy_from(struct hc_handle *handle, uint16_t domid, const uint64_t *frames,
			size_t count, void *data)
{
	(void)handle;
	for (size_t i = 0; i < count; i++) {
		if (frames[i] >= MACHINE_FRAMES || world.frames[frames[i]].owner != domid)
			return -EINVAL;
		memcpy((char *)data + i * 4096, world.memory[frames[i]], 4096);
	}
	return fault() ? -EIO : 0;
}

int hc_domain_copy_to(struct hc_handle *handle, uint16_t domid, const uint64_t *frames, size_t count,
		      const void *data)
{
	(void)handle;
	for (size_t i = 0; i < count; i++) {
		assert_true(frames[i] < MACHINE_FRAMES && world.frames[frames[i]].owner == domid);
		memcpy(world.memory[frames[i]], (const char *)data + i * 4096, 4096);
	}
	return fault() ? -EIO : 0;
}

int hc_domain_clear(struct hc_handle *handle, uint16_t domid, const uint64_t *frames, size_t count)
{
	(void)handle;
	for (size_t i = 0; i < count; i++) {
		assert_true(frames[i] < MACHINE_FRAMES && world.frames[frames[i]].owner == domid);
		memset(world.memory[frames[i]], 0, 4096);
	}
	return fault() ? -EIO : 0;
}

int hc_foreign_map(struct hc_handle *handle, uint16_t domid, const uint64_t *frames, size_t count,
		   int prot, int *errors, void **address)
{
	(void)handle;
	assert_int_equal(count, 1);
	assert_int_equal(prot, PROT_READ);
	assert_null(errors);
	assert_int_equal(world.frames[frames[0]].owner, domid);
	*address = world.memory[frames[0]];
	return fault() ? -EIO : 0;
}

int hc_foreign_unmap(void *address, size_t count)
{
	(void)address;
	(void)count;
	return 0;
}

int hc_dirty_log_enable(struct hc_handle *handle, uint16_t domid, uint64_t count)
{
	(void)handle;
	assert_true(domid == GUEST && count == ENTRIES && !world.logging);
	if (fault())
		return -ENOMEM;
	memset(world.dirty, 0, sizeof(world.dirty));
	world.logging = true;
	return 0;
}

int hc_dirty_log_disable(struct hc_handle *handle, uint16_t domid)
{
	(void)handle;
	assert_true(domid == GUEST && world.logging);
	world.logging = false;
	return 0;
}

int64_t hc_dirty_log_read(struct hc_handle *handle, uint16_t domid, uint64_t first, uint64_t count,
			  uint64_t *bitmap, int clear)
{
	int64_t bits = 0;

	(void)handle;
	assert_true(domid == GUEST && world.logging && first + count <= ENTRIES && clear);
	for (uint64_t i = 0; i < count / 64; i++) {
		bitmap[i] = world.dirty[first / 64 + i];
		world.dirty[first / 64 + i] = 0;
		bits += __builtin_popcountll(bitmap[i]);
	}
	return fault() ? -EIO : bits;
}

int hc_vcpu_get_context(struct hc_handle *handle, uint16_t domid, uint32_t vcpu,
			struct hc_vcpu_guest_context *context)
{
	(void)handle;
	*context = world.contexts[domid][vcpu];
	return fault() ? -EIO : world.online[domid][vcpu] ? 0 : -ENODATA;
}

int hc_vcpu_get_state(struct hc_handle *handle, uint16_t domid, uint32_t vcpu,
		      struct hc_vcpu_state *state)
{
	(void)handle;
	*state = world.states[domid][vcpu];
	return fault() ? -EIO : 0;
}

int hc_vcpu_set_context(struct hc_handle *handle, uint16_t domid, uint32_t vcpu,
			const struct hc_vcpu_guest_context *context)
{
	(void)handle;
	assert_true(world.present[domid] && vcpu < world.info[domid].max_vcpus);
	if (fault() || world.online[domid][vcpu])
		return -EIO;
	world.contexts[domid][vcpu] = *context;
	world.online[domid][vcpu] = true;
	return 0;
}

int hc_vcpu_set_state(struct hc_handle *handle, uint16_t domid, uint32_t vcpu,
		      const struct hc_vcpu_state *state)
{
	(void)handle;
	assert_true(world.online[domid][vcpu]);
	world.states[domid][vcpu] = *state;
	return fault() ? -EIO : 0;
}

int hc_domain_create(struct hc_handle *handle, const struct hc_control_create *create, uint16_t wanted)
{
	(void)handle;
	assert_int_equal(wanted, 0xffff);
	assert_false(world.present[RESTORED]);
	if (fault() || create->max_vcpus > 3)
		return -ENOSPC;
	world.present[RESTORED] = true;
	world.info[RESTORED] = (struct hc_control_info){
		.max_vcpus = create->max_vcpus, .max_frames = create->max_frames, .shared_info_mfn = 4,
	};
	return RESTORED;
}

int hc_domain_destroy(struct hc_handle *handle, uint16_t domid)
{
	(void)handle;
	assert_true(domid == RESTORED && world.present[RESTORED]);
	world.present[RESTORED] = false;
	for (uint64_t m = 0; m < MACHINE_FRAMES; m++)
		if (world.frames[m].owner == RESTORED)
			world.frames[m].owner = 0;
	memset(world.online[RESTORED], 0, sizeof(world.online[RESTORED]));
	return 0;
}

/* From the top, where nothing of the guest's lies; large extents as long as they fit. */
int hc_domain_populate(struct hc_handle *handle, uint16_t domid, uint64_t *frames, size_t count,
		       unsigned int order)
{
	uint64_t size = 1ull << order, at = MACHINE_FRAMES;
	size_t done;

	(void)handle;
	if (fault())
		return -ENOMEM;
	for (done = 0; done < count; done++) {
		uint64_t run = 0;

		while (at && run < size)
			run = world.frames[--at].owner ? 0 : run + 1;
		if (run < size)
			break;
		for (uint64_t i = 0; i < size; i++) {
			world.frames[at + i] = (struct world_frame){ domid, frames[done] + i };
			memset(world.memory[at + i], 0, 4096);
		}
		frames[done] = at;
	}
	return done ? (int)done : -ENOMEM;
}

int hc_domain_alloc_port(struct hc_handle *handle, uint16_t domid, uint16_t peer)
{
	(void)handle;
	assert_int_equal(domid, RESTORED);
	assert_int_equal(peer, 0);
	return fault() ? -ENOSPC : (int)++world.ports;
}

int hc_domain_grant_seed(struct hc_handle *handle, uint16_t domid, uint32_t ref, uint16_t peer,
			 uint64_t mfn)
{
	(void)handle;
	assert_int_equal(domid, RESTORED);
	assert_int_equal(peer, 0);
	assert_true(ref < 2 && world.frames[mfn].owner == RESTORED);
	world.seeds[ref] = mfn;
	return fault() ? -EIO : 0;
}

int hc_call_data(struct hc_handle *handle, unsigned int number, uint64_t arguments[5],
		 unsigned int where, void *data, size_t size)
{
	const struct hc_mmuext_op *ops = data;

	(void)handle;
	assert_int_equal(number, HC_NR_MMUEXT_OP);
	assert_int_equal(where, 0);
	assert_int_equal(arguments[3], RESTORED);
	assert_int_equal(size, arguments[1] * sizeof(*ops));
	for (uint64_t i = 0; i < arguments[1]; i++) {
		assert_true(ops[i].cmd <= HC_MMUEXT_PIN_L4_TABLE);
		assert_int_equal(world.frames[ops[i].arg1.mfn].owner, RESTORED);
		world.frames[ops[i].arg1.mfn].info |= HC_FRAME_PINNED |
						      (uint64_t)(ops[i].cmd + 1) << HC_FRAME_LEVEL_SHIFT;
		world.pins++;
	}
	return fault() ? -EINVAL : 0;
}
