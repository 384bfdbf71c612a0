/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saving and restoring against an imitated hypervisor: what arrives, what is refused, what is left behind. */
#include "migrate_world.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "dom0-tools/migrate/save.h"

#define TURNED	60	/* a data page that becomes a page table */
#define FRAME(entry) ((entry) >> 12 & ((1ull << 40) - 1))

static char reason[600];

static int saved(unsigned int seed)
{
	int fd, code;

	world_start(seed);
	code = world_save(&fd, reason);
	if (code)
		print_error("%s\n", reason);
	assert_int_equal(code, 0);
	return fd;
}

static bool is_table(uint64_t gfn)
{
	return gfn >= TABLE_L4 && gfn <= USER_L4;
}

static void data_arrives(void **state)
{
	int fd = saved(1);

	(void)state;
	assert_int_equal(world_restore(fd, reason), 0);
	for (uint64_t gfn = 0; gfn < ENTRIES; gfn++) {
		assert_int_equal(!world_machine(RESTORED, gfn), !world_machine(GUEST, gfn));
		if (!world_machine(GUEST, gfn) || is_table(gfn) || gfn == START_INFO || gfn == P2M ||
		    gfn == P2M + 1)
			continue;
		assert_memory_equal(world_page(RESTORED, gfn), world_page(GUEST, gfn), 4096);
	}
	close(fd);
}

/* Every entry of every table names the same guest frame as before, with its other bits. */
static void tables_name_the_new_frames(void **state)
{
	int fd = saved(2);

	(void)state;
	assert_int_equal(world_restore(fd, reason), 0);
	for (uint64_t gfn = TABLE_L4; gfn <= USER_L4; gfn++) {
		const uint64_t *old = world_page(GUEST, gfn), *new = world_page(RESTORED, gfn);
		uint64_t info = world.frames[world_machine(RESTORED, gfn)].info;

		for (unsigned int i = 0; i < WORDS; i++) {
			uint64_t to = world.frames[old[i] & 1 ? FRAME(old[i]) % MACHINE_FRAMES : 0].info & HC_FRAME_GFN;

			if (gfn == TABLE_L4 && i == 256)
				assert_int_equal(new[i], 0);
			else if (!(old[i] & 1))
				assert_int_equal(new[i], old[i]);
			else
				assert_int_equal(new[i], world_machine(RESTORED, to) << 12 | (old[i] & 0xfff));
		}
		assert_int_equal(info & HC_FRAME_PINNED,
				 world.frames[world_machine(GUEST, gfn)].info & HC_FRAME_PINNED);
	}
	assert_int_equal(world.pins, 3);
	close(fd);
}

static void the_list_of_frames_is_new(void **state)
{
	int fd = saved(3);

	(void)state;
	assert_int_equal(world_restore(fd, reason), 0);
	for (uint64_t gfn = 0; gfn < ENTRIES; gfn++) {
		uint64_t entry = world_page(RESTORED, P2M + gfn / WORDS)[gfn % WORDS];

		if (gfn == HOLE_IDENTITY)
			assert_int_equal(entry, 1ull << 62 | gfn);
		else if (world_machine(GUEST, gfn))
			assert_int_equal(entry, world_machine(RESTORED, gfn));
		else
			assert_int_equal(entry, ~0ull);
	}
	close(fd);
}

static void processors_and_rings_are_connected(void **state)
{
	const struct hc_vcpu_guest_context *context;
	const struct hc_start_info *start;
	int fd = saved(4);

	(void)state;
	assert_int_equal(world_restore(fd, reason), 0);
	for (unsigned int v = 0; v < 2; v++) {
		context = &world.contexts[RESTORED][v];
		assert_int_equal(context->ctrlreg[3], world_machine(RESTORED, TABLE_L4) << 12);
		assert_int_equal(context->ctrlreg[1], v ? world_machine(RESTORED, USER_L4) << 12 : 0);
		assert_int_equal(context->gdt_frames[0], world_machine(RESTORED, GDT));
		assert_memory_equal(&context->trap_ctxt, &world.contexts[GUEST][v].trap_ctxt,
				    sizeof(context->trap_ctxt));
		assert_int_equal(world.states[RESTORED][v].singleshot, 1000 + v);
	}
	assert_false(world.online[RESTORED][2]);
	assert_int_equal(world.contexts[RESTORED][0].user_regs.rdx, world_machine(RESTORED, START_INFO));
	start = (const void *)world_page(RESTORED, START_INFO);
	assert_int_equal(start->shared_info, 4 << 12);
	assert_int_equal(start->store_mfn, world_machine(RESTORED, STORE_RING));
	assert_int_equal(start->console.domU.mfn, world_machine(RESTORED, CONSOLE_RING));
	assert_int_equal(start->store_evtchn, 1);
	assert_int_equal(start->console.domU.evtchn, 2);
	assert_int_equal(world.seeds[1], start->store_mfn);
	assert_int_equal(world.seeds[0], start->console.domU.mfn);
	close(fd);
}

/* Each lie or oddity of a guest, and what is said of it. */
static void lie(const char *what)
{
	struct hc_shared_info *shared = (void *)world.memory[SHARED_INFO];

	if (!strcmp(what, "not suspended"))
		world.info[GUEST].shutdown_reason = 0;
	else if (!strcmp(what, "start_info"))
		world.contexts[GUEST][0].user_regs.rdx = 1;
	else if (!strcmp(what, "given two pages"))
		world.frames[world_machine(GUEST, DATA)].info = DATA + 1;
	else if (!strcmp(what, "not its own"))
		world_page(GUEST, TABLE_L1)[9] = 1999ull << 12 | 1;
	else if (!strcmp(what, "list of frames has"))
		world_page(GUEST, P2M)[DATA] = 1999;
	else if (!strcmp(what, "does not say where its list"))
		shared->arch.p2m_cr3 = 0;
	else if (!strcmp(what, "entries"))
		shared->arch.max_pfn = 1ull << 50;
	else if (!strcmp(what, "is not mapped"))
		world_page(GUEST, TABLE_L2)[WORLD_VADDR >> 21 & 511] = 0;
	else if (!strcmp(what, "descriptor table"))
		world.contexts[GUEST][1].gdt_frames[0] = 1999;
	else
		fail_msg("%s", what);
}

static void liars_are_not_saved(void **state)
{
	static const char *const lies[] = {
		"not suspended", "start_info", "given two pages", "not its own", "list of frames has",
		"does not say where its list", "entries", "is not mapped", "descriptor table",
	};
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		world_start(5);
		lie(lies[i]);
		assert_true(world_save(&fd, reason) < 0);
		if (!strstr(reason, lies[i]))
			print_error("expected \"%s\": %s\n", lies[i], reason);
		assert_non_null(strstr(reason, lies[i]));
		close(fd);
	}
}

static void a_full_disk_is_reported(void **state)
{
	struct save_config config = { .domid = GUEST, .description = "{}", .description_size = 2 };
	struct build_error error = { "" };
	struct save_result result;

	(void)state;
	world_start(6);
	config.fd = open("/dev/full", O_WRONLY);
	assert_int_equal(save_domain(NULL, &config, &result, &error), -ENOSPC);
	assert_non_null(strstr(error.text, "No space"));
	close(config.fd);
}

/* It has been asked to have less, and has not got there: what it could have had counts. */
static void a_guest_above_its_bound_arrives(void **state)
{
	struct save_config config = {
		.domid = GUEST, .description = "{}", .description_size = 2, .max_pages = LAST + 50,
		.fd = memfd_create("stream", MFD_CLOEXEC),
	};
	struct build_error error = { "" };
	struct save_result result;

	(void)state;
	world_start(7);
	world.info[GUEST].max_frames = 10;
	assert_int_equal(save_domain(NULL, &config, &result, &error), 0);
	assert_int_equal(world_restore(config.fd, reason), 0);
	assert_int_equal(world.info[RESTORED].max_frames, LAST + 50);
	close(config.fd);
}

/* Whichever call the hypervisor refuses: an error, and no domain. */
static void refusals_leave_nothing(void **state)
{
	unsigned int calls;
	int fd = saved(7), broken;

	(void)state;
	for (unsigned int at = 1, last = world.calls; at <= last; at++) {
		world_start(7);
		world.fail_at = at;
		assert_true(world_save(&broken, reason) < 0);
		assert_true(*reason);
		close(broken);
	}
	world_start(7);
	assert_int_equal(world_restore(fd, reason), 0);
	calls = world.calls;
	for (unsigned int at = 1; at <= calls; at++) {
		world_start(7);
		world.fail_at = at;
		/* That no large extent is to be had is no failure. */
		if (world_restore(fd, reason) < 0) {
			assert_false(world.present[RESTORED]);
			assert_true(*reason);
		}
	}
	close(fd);
}

static unsigned int told;

static void note_created(uint16_t domid, void *data)
{
	(void)data;
	assert_int_equal(domid, RESTORED);
	assert_true(world.present[RESTORED]);
	assert_int_not_equal(world_machine(RESTORED, DATA), 0);
	told++;
}

/* A domain that others know of is theirs, and is left to them; before that it goes like all others. */
static void who_is_told_of_a_domain_keeps_it(void **state)
{
	unsigned int calls, before = 0;
	int fd = saved(12);

	(void)state;
	world_created = note_created;
	world_start(12);
	told = 0;
	assert_int_equal(world_restore(fd, reason), 0);
	assert_int_equal(told, 1);
	calls = world.calls;
	for (unsigned int at = 1; at <= calls; at++) {
		world_start(12);
		world.fail_at = at;
		told = 0;
		if (world_restore(fd, reason) < 0) {
			assert_int_equal(world.present[RESTORED], told);
			before += !told;
		}
	}
	assert_in_range(before, 1, calls - 1);
	assert_int_equal(told, 1);
	world_created = NULL;
	close(fd);
}

static void truncated_streams_leave_nothing(void **state)
{
	int fd = saved(8), part = memfd_create("part", MFD_CLOEXEC);
	off_t size, next;
	struct stat info;
	uint8_t *data;

	(void)state;
	fstat(fd, &info);
	data = malloc((size_t)info.st_size);
	assert_non_null(data);
	assert_int_equal(pread(fd, data, (size_t)info.st_size, 0), info.st_size);
	/* The part grows piece by piece: to cut the whole anew each time would be most of this program's work. */
	for (size = 0; size < info.st_size; size = next) {
		assert_int_equal(world_restore(part, reason), -EBADMSG);
		assert_non_null(strstr(reason, "truncated"));
		assert_false(world.present[RESTORED]);
		next = size + (size < 2000 ? 1 : 997);
		if (next > info.st_size)
			next = info.st_size;
		assert_int_equal(pwrite(part, data + size, (size_t)(next - size), size), next - size);
	}
	assert_int_equal(world_restore(part, reason), 0);
	free(data);
	close(part);
	close(fd);
}

/* A bit anywhere: something is always said, and nothing is left. */
static void flipped_bits_leave_nothing(void **state)
{
	int fd = saved(9);
	struct stat info;

	(void)state;
	fstat(fd, &info);
	for (off_t at = 0; at < info.st_size; at += at < 3000 ? 1 : 1009) {
		uint8_t byte, bad;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		bad = (uint8_t)(byte ^ 1u << at % 8);
		assert_int_equal(pwrite(fd, &bad, 1, at), 1);
		assert_true(world_restore(fd, reason) < 0);
		assert_false(world.present[RESTORED]);
		assert_true(strstr(reason, "damaged") || strstr(reason, "not the saved state") ||
			    strstr(reason, "version") || strstr(reason, "truncated"));
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_int_equal(world_restore(fd, reason), 0);
	close(fd);
}

static void what_follows_the_end_is_refused(void **state)
{
	int fd = saved(10);

	(void)state;
	lseek(fd, 0, SEEK_END);
	assert_int_equal(write(fd, "x", 1), 1);
	assert_int_equal(world_restore(fd, reason), -EBADMSG);
	assert_non_null(strstr(reason, "goes on"));
	assert_false(world.present[RESTORED]);
	close(fd);
}

/* What the live guest does: data, a page that becomes zero, tables that change, and use of frames. */
static void busy(unsigned int round)
{
	uint64_t table = world_machine(GUEST, TABLE_L1);

	world_write(DATA, round, 0x1234 + round);
	world_write(LAST - 1, 7, round);
	if (round == 1) {
		for (unsigned int i = 0; i < WORDS; i++)
			world_write(DATA + 5, i, 0);
		/* An entry that another host's frame has for now, as that of shared_info. */
		world_write(TABLE_L1, 9, 1999ull << 12 | 1);
	} else if (round == 0) {
		world_write(TABLE_L1, 9, world_machine(GUEST, DATA + 1) << 12 | 1);
		/* A page becomes a table, with what it held before. */
		world_write(TURNED, 0, world_machine(GUEST, DATA + 2) << 12 | 1);
		for (unsigned int i = 1; i < WORDS; i++)
			world_write(TURNED, i, 0);
		world.frames[world_machine(GUEST, TURNED)].info |= 1ull << HC_FRAME_LEVEL_SHIFT;
	}
	assert_int_equal(table, world_machine(GUEST, TABLE_L1));
}

static void a_running_guest_arrives_as_it_was_last(void **state)
{
	int fd;

	(void)state;
	world_start(11);
	assert_int_equal(world_save_live(&fd, busy, reason), 0);
	assert_false(world.logging);
	assert_int_equal(world_restore(fd, reason), 0);
	for (uint64_t gfn = 0; gfn < LAST; gfn++) {
		if (!world_machine(GUEST, gfn) || is_table(gfn) || gfn == START_INFO || gfn == P2M ||
		    gfn == P2M + 1 || gfn == TURNED)
			continue;
		assert_memory_equal(world_page(RESTORED, gfn), world_page(GUEST, gfn), 4096);
	}
	assert_int_equal(world_page(RESTORED, TABLE_L1)[9], world_machine(RESTORED, DATA + 1) << 12 | 1);
	assert_int_equal(world_page(RESTORED, TURNED)[0], world_machine(RESTORED, DATA + 2) << 12 | 1);
	close(fd);
}

static void balloon(unsigned int round)
{
	if (round == 0)
		world.frames[world_machine(GUEST, DATA)].owner = 0;
}

/* Anything that fails turns the log off again. */
static void a_failed_live_save_stops_logging(void **state)
{
	unsigned int calls;
	int fd;

	(void)state;
	world_start(12);
	assert_int_equal(world_save_live(&fd, balloon, reason), -EAGAIN);
	assert_non_null(strstr(reason, "meanwhile"));
	assert_false(world.logging);
	close(fd);
	world_start(12);
	assert_int_equal(world_save_live(&fd, busy, reason), 0);
	calls = world.calls;
	close(fd);
	for (unsigned int at = 1; at <= calls; at++) {
		world_start(12);
		world.fail_at = at;
		assert_true(world_save_live(&fd, busy, reason) < 0);
		assert_false(world.logging);
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_arrives),
		cmocka_unit_test(tables_name_the_new_frames),
		cmocka_unit_test(the_list_of_frames_is_new),
		cmocka_unit_test(processors_and_rings_are_connected),
		cmocka_unit_test(liars_are_not_saved),
		cmocka_unit_test(a_full_disk_is_reported),
		cmocka_unit_test(a_guest_above_its_bound_arrives),
		cmocka_unit_test(a_running_guest_arrives_as_it_was_last),
		cmocka_unit_test(a_failed_live_save_stops_logging),
		cmocka_unit_test(refusals_leave_nothing),
		cmocka_unit_test(who_is_told_of_a_domain_keeps_it),
		cmocka_unit_test(truncated_streams_leave_nothing),
		cmocka_unit_test(flipped_bits_leave_nothing),
		cmocka_unit_test(what_follows_the_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
