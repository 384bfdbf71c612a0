/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The domain builder against a hypervisor played by this program: hc_* calls
 * come here instead of to the library. What the domain's memory holds at the
 * end is checked, and every call is made to fail once: no domain may be left.
 */
#include "kernel_image.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hypercall/hypercall.h>
#include <hypercall/start.h>
#include <hypercall/vcpu.h>
#include <hypercall/version.h>

#include "dom0-tools/build/build.h"
#include "dom0-tools/build/frames.h"

#define PAGES		(32 * 256 + 7)
#define MACHINE		(PAGES * 2)
#define DOMID		5

/* The played hypervisor. */
static struct {
	uint8_t (*memory)[4096];	/* By machine frame. */
	uint64_t next;			/* Next free frame. */
	uint64_t available;		/* Frames it will still give. */
	unsigned int large;		/* Large extents that it will still give. */
	bool refuse_singles;
	unsigned int domains, buffers, calls, fail_at;
	uint64_t hypercall_page, pinned, grants[2];
	uint32_t features, ports;
	struct hc_vcpu_guest_context context;
	struct hc_control_create create;
	uint64_t max_pages, ram;	/* What it may have, and what its kernel is told. */
} host;

static char directory[64];
static struct kernel_image kernel;

/* Every call passes here: whether it shall fail. */
static bool fails(void)
{
	return ++host.calls == host.fail_at;
}

int hc_version(struct hc_handle *handle, unsigned int cmd, void *data, size_t size)
{
	struct hc_feature_info *info = data;

	(void)handle;
	assert_int_equal(cmd, HC_VERSION_GET_FEATURES);
	assert_int_equal(size, sizeof(*info));
	if (fails())
		return -EPERM;
	info->submap = host.features;
	return 0;
}

int hc_domain_create(struct hc_handle *handle, const struct hc_control_create *create,
		     uint16_t wanted)
{
	(void)handle;
	assert_int_equal(wanted, 0xffff);
	if (fails())
		return -ENOSPC;
	host.create = *create;
	host.domains++;
	return DOMID;
}

int hc_domain_destroy(struct hc_handle *handle, uint16_t domid)
{
	(void)handle;
	assert_int_equal(domid, DOMID);
	assert_int_equal(host.domains, 1);
	host.domains--;
	return 0;
}

int hc_domain_populate(struct hc_handle *handle, uint16_t domid, uint64_t *frames, size_t count,
		       unsigned int order)
{
	size_t i;

	(void)handle;
	assert_int_equal(domid, DOMID);
	if (fails())
		return -ENOMEM;
	if (!order && host.refuse_singles)
		return -EPERM;
	for (i = 0; i < count && host.available >= 1u << order && (!order || host.large); i++) {
		host.large -= order ? 1 : 0;
		/* Descending, so that frames are not in the guest's order. */
		host.available -= 1u << order;
		host.next -= 1u << order;
		frames[i] = host.next;
	}
	return (int)i;
}

int hc_domain_set_ram(struct hc_handle *handle, uint16_t domid, uint64_t size)
{
	(void)handle;
	assert_int_equal(domid, DOMID);
	host.ram = size;
	return fails() ? -ENOMEM : 0;
}

int hc_buffer_alloc(struct hc_handle *handle, size_t size, void **buffer)
{
	(void)handle;
	if (fails())
		return -ENOMEM;
	host.buffers++;
	/* The kernel's pages are clear, but not when they are used again. */
	*buffer = memset(malloc(size), 0xdd, size);
	return 0;
}

void hc_buffer_free(struct hc_handle *handle, void *buffer, size_t size)
{
	(void)handle;
	(void)size;
	host.buffers -= buffer ? 1 : 0;
	free(buffer);
}

int hc_domain_write(struct hc_handle *handle, uint16_t domid, const uint64_t *frames, uint32_t count,
		    const void *data)
{
	size_t i;

	(void)handle;
	assert_int_equal(domid, DOMID);
	assert_int_equal(host.buffers, 1);
	if (fails())
		return -EFAULT;
	for (i = 0; i < count; i++) {
		assert_in_range(frames[i], host.next, MACHINE - 1);
		if (data)
			memcpy(host.memory[frames[i]], (const char *)data + i * 4096, 4096);
		else
			memset(host.memory[frames[i]], 0, 4096);
	}
	return 0;
}

int hc_domain_hypercall_page(struct hc_handle *handle, uint16_t domid, uint64_t mfn)
{
	(void)handle;
	(void)domid;
	if (fails())
		return -EINVAL;
	host.hypercall_page = mfn;
	return 0;
}

int hc_domain_pin_l4(struct hc_handle *handle, uint16_t domid, uint64_t mfn)
{
	(void)handle;
	(void)domid;
	if (fails())
		return -EINVAL;
	host.pinned = mfn;
	return 0;
}

int hc_domain_grant_seed(struct hc_handle *handle, uint16_t domid, uint32_t ref, uint16_t peer,
			 uint64_t mfn)
{
	(void)handle;
	(void)domid;
	assert_in_range(ref, 0, 1);
	assert_int_equal(peer, 0);
	if (fails())
		return -EINVAL;
	host.grants[ref] = mfn;
	return 0;
}

int hc_domain_alloc_port(struct hc_handle *handle, uint16_t domid, uint16_t peer)
{
	(void)handle;
	(void)domid;
	(void)peer;
	return fails() ? -ENOSPC : (int)++host.ports;
}

int hc_domain_info(struct hc_handle *handle, uint16_t domid, struct hc_control_info *info)
{
	(void)handle;
	(void)domid;
	if (fails())
		return -ESRCH;
	memset(info, 0, sizeof(*info));
	info->shared_info_mfn = 99;
	return 0;
}

int hc_vcpu_set_context(struct hc_handle *handle, uint16_t domid, uint32_t vcpu,
			const struct hc_vcpu_guest_context *context)
{
	(void)handle;
	(void)domid;
	assert_int_equal(vcpu, 0);
	if (fails())
		return -EINVAL;
	host.context = *context;
	return 0;
}

static void reset(void)
{
	uint8_t (*memory)[4096] = host.memory;

	memset(&host, 0, sizeof(host));
	host.memory = memory;
	/* Dirty, as memory of a domain that died might be. */
	memset(host.memory, 0xee, MACHINE * 4096ULL);
	host.next = MACHINE;
	host.available = PAGES;
	host.max_pages = PAGES + 1;
	host.features = ~0u >> 1;
	host.large = PAGES / 512;
}

static int setup(void **state)
{
	(void)state;
	kernel_directory(directory);
	host.memory = malloc(MACHINE * 4096ULL);
	return host.memory ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	kernel_directory_remove(directory);
	free(host.memory);
	return 0;
}

/* Builds with the synthetic kernel and a small initrd. */
static int build(unsigned int kind, struct build_result *result, struct build_error *error)
{
	static const char initrd[5000] = "070701 an initrd";
	char kernel_path[256], initrd_path[256];
	struct build_config config = {
		.kernel = kernel_path, .initrd = initrd_path, .command_line = "quiet",
		.name = "demo", .memory = PAGES * 4096ULL, .max_memory = host.max_pages * 4096ULL,
		.vcpus = 2, .domid = 0xffff,
	};

	kernel_image_make(&kernel, kind);
	kernel_file(directory, "kernel", &kernel, sizeof(kernel), kernel_path);
	kernel_file(directory, "initrd", initrd, sizeof(initrd), initrd_path);
	return build_domain(NULL, &config, result, error);
}

/* The machine frame behind a guest virtual address, by the page tables in the domain. */
static uint64_t translate(uint64_t address)
{
	uint64_t frame = host.context.ctrlreg[3] >> 12, entry;
	int shift;

	for (shift = 39; shift >= 12; shift -= 9) {
		memcpy(&entry, host.memory[frame] + (address >> shift & 511) * 8, 8);
		assert_true(entry & 1);
		frame = entry >> 12 & 0xffffffffffULL;
		assert_in_range(frame, host.next, MACHINE - 1);
	}
	return frame;
}

/* Each frame of the domain is in its list once, and nothing behind them. */
static void check_list(uint64_t list)
{
	static bool seen[MACHINE];
	uint64_t pages = (PAGES + 511) / 512 * 512, mfn;

	memset(seen, 0, sizeof(seen));
	for (uint64_t pfn = 0; pfn < pages; pfn++) {
		memcpy(&mfn, host.memory[translate(list + pfn * 8)] + pfn % 512 * 8, 8);
		if (pfn >= PAGES) {
			assert_int_equal(mfn, 0);
			continue;
		}
		assert_in_range(mfn, host.next, MACHINE - 1);
		assert_false(seen[mfn]);
		seen[mfn] = true;
	}
}

static void check_domain(unsigned int kind, const struct build_result *result)
{
	struct hc_start_info info;
	uint64_t mfn, initrd, pfn;

	assert_int_equal(result->domid, DOMID);
	assert_int_equal(host.domains, 1);
	assert_int_equal(host.buffers, 0);
	assert_string_equal(host.create.name, "demo");
	assert_int_equal(host.create.max_vcpus, 2);
	assert_true(host.create.max_frames >= PAGES);
	assert_int_equal(host.pinned, host.context.ctrlreg[3] >> 12);
	assert_int_equal(host.hypercall_page, translate(KERNEL_HYPERCALL_PAGE));
	assert_memory_equal(host.memory[translate(KERNEL_START)], kernel.text, 4096);
	assert_memory_equal(host.memory[translate(KERNEL_START + 0x1000)], kernel.text + 4096, 4096);
	assert_memory_equal(host.memory[translate(KERNEL_START + 0x3000)], kernel.data,
			    sizeof(kernel.data));
	assert_int_equal(host.memory[translate(KERNEL_END - 4096)][0], 0);

	memcpy(&info, host.memory[translate(host.context.user_regs.rsi)], sizeof(info));
	assert_int_equal(info.nr_pages, PAGES);
	assert_int_equal(info.shared_info, 99 * 4096);
	assert_int_equal(info.store_mfn, result->store_mfn);
	assert_int_equal(info.console.domU.mfn, result->console_mfn);
	assert_int_equal(info.store_evtchn, result->store_port);
	assert_int_equal(host.grants[0], result->console_mfn);
	assert_int_equal(host.grants[1], result->store_mfn);
	assert_int_equal(host.memory[result->store_mfn][0], 0);
	assert_int_equal(host.memory[result->console_mfn][4095], 0);

	/* The list of frames, at its own address: entry n is the frame of pfn n. */
	for (pfn = 0; pfn < 1024; pfn++) {
		memcpy(&mfn, host.memory[translate(info.mfn_list + pfn * 8)] + pfn % 512 * 8, 8);
		assert_int_equal(mfn, translate(KERNEL_VIRT_BASE + pfn * 4096));
	}
	check_list(info.mfn_list);

	if (kind & KERNEL_NO_MOD_START) {
		initrd = translate(info.mod_start);
	} else {
		uint64_t list = info.mfn_list + info.mod_start * 8;

		memcpy(&initrd, host.memory[translate(list)] + list % 4096, 8);
	}
	assert_int_equal(info.mod_len, 5000);
	assert_memory_equal(host.memory[initrd], "070701 an initrd", 16);
}

static void builds_a_domain(void **state)
{
	struct build_error error = { "" };
	struct build_result result;
	unsigned int kind;

	(void)state;
	for (kind = 0; kind < 8; kind++) {
		reset();
		host.large = kind & 4 ? 3 : 0;
		host.max_pages = kind & 1 ? PAGES : 2 * PAGES;
		if (build(kind & 3, &result, &error) < 0)
			fail_msg("%s", error.text);
		check_domain(kind & 3, &result);
		assert_int_equal(host.ram, kind & 1 ? 0 : 2 * PAGES * 4096);
	}
}

static void leaves_nothing_after_any_failure(void **state)
{
	struct build_error error;
	struct build_result result;
	unsigned int at;
	int code;

	(void)state;
	for (at = 1; ; at++) {
		reset();
		host.fail_at = at;
		error.text[0] = '\0';
		code = build(0, &result, &error);
		if (host.calls < at)
			break;
		assert_int_equal(host.buffers, 0);
		/* Large extents are a wish: the fourth call may fail. */
		if (at == 4) {
			assert_int_equal(code, 0);
			continue;
		}
		assert_true(code < 0);
		assert_int_equal(host.domains, 0);
		assert_true(strlen(error.text) > 20);
	}
	assert_true(at > 15);
}

static void tells_that_memory_is_short(void **state)
{
	struct build_error error;
	struct build_result result;

	(void)state;
	reset();
	host.available = PAGES - 8;
	assert_int_equal(build(0, &result, &error), -ENOMEM);
	assert_non_null(strstr(error.text, "needs 32 MiB, 31 MiB were free"));
	assert_int_equal(host.domains, 0);
}

static void refuses_missing_features(void **state)
{
	struct build_error error;
	struct build_result result;

	(void)state;
	reset();
	host.features = 0;
	assert_int_equal(build(0, &result, &error), 0);
	reset();
	host.features = 0;
	assert_int_equal(build(KERNEL_WILD_FEATURE, &result, &error), -ENOEXEC);
	assert_non_null(strstr(error.text, "requires features"));
	assert_int_equal(host.domains, 0);
	assert_int_equal(host.calls, 1);
}

static void refuses_bad_configurations(void **state)
{
	struct build_config config = { .kernel = "/none", .memory = 4097, .max_memory = 1 << 20 };
	struct build_result result;
	struct build_error error;
	char line[1025];

	(void)state;
	reset();
	assert_int_equal(build_domain(NULL, &config, &result, &error), -EINVAL);
	config.memory = 2 << 20;
	assert_int_equal(build_domain(NULL, &config, &result, &error), -EINVAL);
	config.max_memory = config.memory;
	assert_int_equal(build_domain(NULL, &config, &result, &error), -ENOENT);
	assert_non_null(strstr(error.text, "/none"));
	memset(line, 'x', sizeof(line) - 1);
	line[1024] = '\0';
	config.command_line = line;
	assert_int_equal(build_domain(NULL, &config, &result, &error), -E2BIG);
	assert_int_equal(host.calls, 0);
}

/* Extents, then single frames: any part of the list, and each of them alone. */
static void lists_frames(void **state)
{
	static uint64_t numbers[3 * 512 + 9];
	struct frames frames = { .list = numbers };
	static const uint64_t starts[] = { 0, 1, 510, 511, 512, 1000, 1023, 1024, 1030, 1544 };
	static const size_t counts[] = { 0, 1, 2, 3, 9, 15, 16, 17, 512, 513 };
	uint64_t list[514];

	(void)state;
	reset();
	host.large = 2;
	assert_int_equal(frames_populate(&frames, NULL, DOMID, 3 * 512 + 9), 3 * 512 + 9);
	assert_int_equal(frames.large, 2);
	assert_int_equal(frames_get(&frames, 1), MACHINE - 511);
	assert_int_equal(frames_get(&frames, 1024), MACHINE - 1025);
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		for (size_t j = 0; j < sizeof(counts) / sizeof(*counts); j++) {
			if (starts[i] + counts[j] > 3 * 512 + 9)
				continue;
			memset(list, 0xcc, sizeof(list));
			frames_list(&frames, starts[i], counts[j], list);
			for (size_t k = 0; k < counts[j]; k++)
				assert_int_equal(list[k], frames_get(&frames, starts[i] + k));
			assert_int_equal(list[counts[j]], 0xcccccccccccccccc);
		}
}

static void gets_what_there_is(void **state)
{
	static uint64_t numbers[1024];
	struct frames frames = { .list = numbers };

	(void)state;
	reset();
	host.available = 700;
	assert_int_equal(frames_populate(&frames, NULL, DOMID, 1024), 700);
	assert_int_equal(frames.large, 1);
	/* Neither way was there any. */
	host.available = 0;
	assert_int_equal(frames_populate(&frames, NULL, DOMID, 1024), 0);
	assert_int_equal(frames.large, 0);
	/* A refusal of the second kind is one that counts, if it is not for want of memory. */
	reset();
	host.refuse_singles = true;
	assert_int_equal(frames_populate(&frames, NULL, DOMID, 513), -EPERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builds_a_domain),
		cmocka_unit_test(leaves_nothing_after_any_failure),
		cmocka_unit_test(tells_that_memory_is_short),
		cmocka_unit_test(lists_frames),
		cmocka_unit_test(gets_what_there_is),
		cmocka_unit_test(refuses_missing_features),
		cmocka_unit_test(refuses_bad_configurations),
	};

	return cmocka_run_group_tests_name("build", tests, setup, teardown);
}
