/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel files: every packing, the cache, and files that are damaged or made to
 * hurt. Real kernels of the machine are tried too where there are some.
 */
#include "kernel_image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "dom0-tools/build/cache.h"
#include "dom0-tools/build/elf.h"
#include "dom0-tools/build/image.h"
#include "dom0-tools/build/initrd.h"
#include "dom0-tools/build/unpack.h"

#define ROOM 65536

static char directory[64];
static struct kernel_image kernel;

static size_t pack_gzip(const void *data, size_t size, uint8_t *to)
{
	z_stream stream = { 0 };

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, 0), Z_OK);
	stream.next_in = (uint8_t *)(uintptr_t)data;
	stream.avail_in = (uInt)size;
	stream.next_out = to;
	stream.avail_out = ROOM;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return stream.total_out;
}

static size_t pack_xz(const void *data, size_t size, uint8_t *to)
{
	size_t at = 0;

	assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, data, size, to, &at,
						 ROOM), LZMA_OK);
	return at;
}

static size_t pack_zstd(const void *data, size_t size, uint8_t *to)
{
	size_t n = ZSTD_compress(to, ROOM, data, size, 3);

	assert_false(ZSTD_isError(n));
	return n;
}

/* Two blocks, and the size behind them as bzImages have it. */
static size_t pack_lz4(const void *data, size_t size, uint8_t *to)
{
	size_t half = size / 2, at = 4, i;
	uint32_t n, whole = (uint32_t)size;

	memcpy(to, "\x02\x21\x4c\x18", 4);
	for (i = 0; i < 2; i++) {
		const char *from = (const char *)data + i * half;
		size_t length = i ? size - half : half;

		n = (uint32_t)LZ4_compress_default(from, (char *)to + at + 4, (int)length,
						   (int)(ROOM - at - 4));
		assert_true(n > 0);
		memcpy(to + at, &n, 4);
		at += 4 + n;
	}
	memcpy(to + at, &whole, 4);
	return at + 4;
}

static const struct packing {
	const char *name;
	size_t (*pack)(const void *data, size_t size, uint8_t *to);
} packings[] = {
	{ "gzip", pack_gzip }, { "xz", pack_xz }, { "lz4", pack_lz4 }, { "zstd", pack_zstd },
};

#define PACKINGS (sizeof(packings) / sizeof(packings[0]))

static int setup(void **state)
{
	(void)state;
	kernel_directory(directory);
	kernel_image_make(&kernel, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kernel_directory_remove(directory);
	return 0;
}

/* The file opens to exactly the synthetic kernel. */
static void expect_kernel(const char *path, const char *cache)
{
	static struct kernel_image got;
	struct build_error error = { "" };
	struct image image;
	int code = image_open(path, cache, &image, &error);

	if (code < 0)
		print_error("%s\n", error.text);
	assert_int_equal(code, 0);
	assert_int_equal(image.size, sizeof(kernel));
	assert_int_equal(image_read(&image, 0, &got, sizeof(got), "all", &error), 0);
	assert_memory_equal(&got, &kernel, sizeof(kernel));
	image_close(&image);
}

/* The file is refused with this code, and the reason names it and holds the text. */
static void expect_refused(const char *path, int expected, const char *text)
{
	struct build_error error = { "" };
	struct image image;
	int code = image_open(path, NULL, &image, &error);

	if (code != expected || !strstr(error.text, text))
		print_error("%s: code %d, reason: %s\n", path, code, error.text);
	assert_int_equal(code, expected);
	assert_non_null(strstr(error.text, path));
	assert_non_null(strstr(error.text, text));
	assert_int_equal(image.fd, -1);
}

static void opens_elf(void **state)
{
	char path[256];

	(void)state;
	kernel_file(directory, "vmlinux", &kernel, sizeof(kernel), path);
	expect_kernel(path, NULL);
}

static void opens_every_packing(void **state)
{
	static uint8_t packed[ROOM], file[ROOM + 4096];
	char path[256];
	size_t i, size;

	(void)state;
	for (i = 0; i < PACKINGS; i++) {
		size = packings[i].pack(&kernel, sizeof(kernel), packed);
		kernel_file(directory, packings[i].name, packed, size, path);
		expect_kernel(path, NULL);
		size = kernel_bzimage(packed, size, file);
		kernel_file(directory, "bzImage", file, size, path);
		expect_kernel(path, NULL);
	}
}

static void refuses_truncated_payloads(void **state)
{
	static uint8_t packed[ROOM];
	char path[256];
	size_t i, size, cut;

	(void)state;
	for (i = 0; i < PACKINGS; i++) {
		size = packings[i].pack(&kernel, sizeof(kernel), packed);
		for (cut = 8; cut < size; cut += size / 7) {
			kernel_file(directory, packings[i].name, packed, size - cut, path);
			expect_refused(path, -ENOEXEC, packings[i].name);
		}
	}
}

/* A damaged payload is refused or gives something that is not taken for the kernel; no crash. */
static void survives_damaged_payloads(void **state)
{
	static uint8_t packed[ROOM];
	struct build_error error;
	struct image image;
	struct elf elf;
	char path[256];
	size_t i, size, at;

	(void)state;
	for (i = 0; i < PACKINGS; i++) {
		size = packings[i].pack(&kernel, sizeof(kernel), packed);
		for (at = 0; at < size; at += 1 + size / 199) {
			packed[at] ^= 0x41;
			kernel_file(directory, "damaged", packed, size, path);
			packed[at] ^= 0x41;
			if (image_open(path, NULL, &image, &error) < 0)
				continue;
			elf_read(&image, &elf, &error);
			image_close(&image);
		}
	}
}

static void refuses_what_is_no_kernel(void **state)
{
	static uint8_t file[ROOM], packed[ROOM];
	char path[256];
	size_t size;

	(void)state;
	kernel_file(directory, "empty", "", 0, path);
	expect_refused(path, -ENOEXEC, "expected an ELF image");
	kernel_file(directory, "text", "#!/bin/sh\n", 10, path);
	expect_refused(path, -ENOEXEC, "begins with 23 21 2f 62");
	expect_refused(directory, -ENOEXEC, "regular file");
	snprintf(path, sizeof(path), "%s/missing", directory);
	expect_refused(path, -ENOENT, "No such file");

	size = pack_gzip("not an ELF image", 16, packed);
	size = kernel_bzimage(packed, size, file);
	kernel_file(directory, "payload", file, size, path);
	expect_refused(path, -ENOEXEC, "offset 1584 does not unpack to an ELF image");
	size = kernel_bzimage("plain text instead", 18, file);
	kernel_file(directory, "plain", file, size, path);
	expect_refused(path, -ENOEXEC, "expected a gzip, xz, lz4 or zstd payload");
}

static void refuses_damaged_bzimage_headers(void **state)
{
	static uint8_t file[ROOM], packed[ROOM];
	uint32_t wild = 0xfffffff0;
	size_t size = pack_gzip(&kernel, sizeof(kernel), packed);
	size_t whole = kernel_bzimage(packed, size, file);
	char path[256];

	(void)state;
	kernel_file(directory, "cut", file, 0x220, path);
	expect_refused(path, -ENOEXEC, "does not lie in the file");
	file[0x206] = 7;
	kernel_file(directory, "old", file, whole, path);
	expect_refused(path, -ENOEXEC, "boot protocol 2.07; expected 2.08");
	kernel_bzimage(packed, size, file);
	memcpy(file + 0x248, &wild, 4);
	kernel_file(directory, "offset", file, whole, path);
	expect_refused(path, -ENOEXEC, "does not lie in the file");
	kernel_bzimage(packed, size, file);
	memcpy(file + 0x24c, &wild, 4);
	kernel_file(directory, "length", file, whole, path);
	expect_refused(path, -ENOEXEC, "does not lie in the file");
	memset(file + 0x24c, 0, 4);
	kernel_file(directory, "none", file, whole, path);
	expect_refused(path, -ENOEXEC, "does not lie in the file");
}

/* A small file that unpacks to very much is stopped at the limit. */
static void stops_bombs(void **state)
{
	static uint8_t packed[ROOM];
	struct build_error error;
	size_t i, size;

	(void)state;
	for (i = 0; i < PACKINGS; i++) {
		struct unpack_input input = { .path = "bomb", .data = packed };
		struct unpack_output output = { .size = UNPACK_LIMIT - 100 };

		size = packings[i].pack(&kernel, sizeof(kernel), packed);
		input.size = size;
		output.fd = memfd_create("bomb", MFD_CLOEXEC);
		assert_int_equal(unpack(&input, &output, &error), -EFBIG);
		assert_non_null(strstr(error.text, "512 MiB"));
		close(output.fd);
	}
}

/* A window that would take more memory than we allow. */
static void refuses_large_windows(void **state)
{
	static uint8_t packed[ROOM];
	lzma_options_lzma options;
	lzma_filter filters[] = { { LZMA_FILTER_LZMA2, &options }, { LZMA_VLI_UNKNOWN, NULL } };
	size_t size = 0;
	char path[256];

	(void)state;
	lzma_lzma_preset(&options, 1);
	options.dict_size = 1u << 29;
	assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL,
						   (const uint8_t *)&kernel, sizeof(kernel),
						   packed, &size, ROOM), LZMA_OK);
	kernel_file(directory, "window", packed, size, path);
	expect_refused(path, -ENOEXEC, "dictionary is too large");
}

static unsigned int count_files(const char *path, char *last)
{
	DIR *stream = opendir(path);
	struct dirent *file;
	unsigned int count = 0;

	assert_non_null(stream);
	while ((file = readdir(stream)) != NULL) {
		if (file->d_name[0] == '.')
			continue;
		snprintf(last, 512, "%s/%s", path, file->d_name);
		count++;
	}
	closedir(stream);
	return count;
}

static void caches_unpacked_kernels(void **state)
{
	static uint8_t packed[ROOM];
	size_t size = pack_xz(&kernel, sizeof(kernel), packed);
	char path[256], cache[128], file[512];
	struct build_error error;
	struct image image;
	struct stat st;

	(void)state;
	kernel_file(directory, "cached", packed, size, path);
	snprintf(cache, sizeof(cache), "%s/cache", directory);
	expect_kernel(path, cache);
	assert_int_equal(count_files(cache, file), 1);
	assert_non_null(strstr(file, "/cache/kernel-"));
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0400);

	/* The second time it comes from there: the very same file. */
	assert_int_equal(image_open(path, cache, &image, &error), 0);
	{
		ino_t first = st.st_ino;

		assert_int_equal(fstat(image.fd, &st), 0);
		assert_int_equal(st.st_ino, first);
	}
	image_close(&image);

	/* A payload that does not unpack leaves nothing behind. */
	kernel_file(directory, "broken", packed, size - 9, path);
	assert_int_equal(image_open(path, cache, &image, &error), -ENOEXEC);
	assert_int_equal(count_files(cache, file), 1);
}

static void does_without_a_cache(void **state)
{
	static uint8_t packed[ROOM];
	size_t size = pack_gzip(&kernel, sizeof(kernel), packed);
	char path[256], cache[128], file[512];

	(void)state;
	kernel_file(directory, "kernel", packed, size, path);
	/* Others could write there. */
	snprintf(cache, sizeof(cache), "%s/open", directory);
	assert_int_equal(mkdir(cache, 0700), 0);
	assert_int_equal(chmod(cache, 0777), 0);
	expect_kernel(path, cache);
	assert_int_equal(count_files(cache, file), 0);
	/* No directory at all. */
	expect_kernel(path, path);
	/* Its parent is missing. */
	snprintf(cache, sizeof(cache), "%s/no/where", directory);
	expect_kernel(path, cache);
}

static void keeps_the_cache_small(void **state)
{
	static uint8_t packed[ROOM];
	char path[256], cache[128], file[512];
	unsigned int i;

	(void)state;
	snprintf(cache, sizeof(cache), "%s/small", directory);
	for (i = 0; i < CACHE_KEEP + 4; i++) {
		size_t size;

		kernel.data[0] = (uint8_t)i;
		size = pack_zstd(&kernel, sizeof(kernel), packed);
		kernel_file(directory, "version", packed, size, path);
		expect_kernel(path, cache);
	}
	assert_int_equal(count_files(cache, file), CACHE_KEEP);
	kernel_image_make(&kernel, 0);
}

static void knows_initrds(void **state)
{
	struct build_error error;
	struct image image;
	char path[256];

	(void)state;
	kernel_file(directory, "initrd", "070701000000", 12, path);
	assert_int_equal(initrd_open(path, &image, &error), 0);
	assert_int_equal(image.size, 12);
	image_close(&image);
	kernel_file(directory, "initrd", "MZ------", 8, path);
	assert_int_equal(initrd_open(path, &image, &error), -ENOEXEC);
	assert_non_null(strstr(error.text, "cpio"));
	kernel_file(directory, "initrd", "", 0, path);
	assert_int_equal(initrd_open(path, &image, &error), -ENOEXEC);
}

static void opens_real_kernels(void **state)
{
	struct build_error error = { "" };
	struct image image;
	struct elf elf;
	const char *path;
	char magic[4];
	unsigned int i;

	(void)state;
	if (!kernel_real(0))
		skip();
	for (i = 0; (path = kernel_real(i)) != NULL; i++) {
		if (image_open(path, NULL, &image, &error) < 0)
			fail_msg("%s", error.text);
		if (elf_read(&image, &elf, &error) < 0)
			fail_msg("%s", error.text);
		assert_int_equal(image_read(&image, 0, magic, 4, "magic", &error), 0);
		assert_memory_equal(magic, "\177ELF", 4);
		assert_int_equal(elf.notes.virt_base, KERNEL_VIRT_BASE);
		assert_in_range(elf.entry, elf.start, elf.end - 1);
		assert_true(elf.notes.init_p2m != 0);
		assert_true(elf.notes.mod_start_pfn != 0);
		image_close(&image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_elf),
		cmocka_unit_test(opens_every_packing),
		cmocka_unit_test(refuses_truncated_payloads),
		cmocka_unit_test(survives_damaged_payloads),
		cmocka_unit_test(refuses_what_is_no_kernel),
		cmocka_unit_test(refuses_damaged_bzimage_headers),
		cmocka_unit_test(stops_bombs),
		cmocka_unit_test(refuses_large_windows),
		cmocka_unit_test(caches_unpacked_kernels),
		cmocka_unit_test(does_without_a_cache),
		cmocka_unit_test(keeps_the_cache_small),
		cmocka_unit_test(knows_initrds),
		cmocka_unit_test(opens_real_kernels),
	};

	return cmocka_run_group_tests_name("image", tests, setup, teardown);
}
