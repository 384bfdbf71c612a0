/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recognises initial ramdisks, so that a wrong file is refused here with its
 * name and not by a panic on the guest's console.
 */
#include "initrd.h"

#include <errno.h>
#include <string.h>

static const struct {
	unsigned char length;
	unsigned char magic[6];
} forms[] = {
	{ 6, "070701" }, { 6, "070702" },		/* cpio */
	{ 2, { 0x1f, 0x8b } },				/* gzip */
	{ 6, { 0xfd, '7', 'z', 'X', 'Z', 0 } },		/* xz */
	{ 4, { 0x28, 0xb5, 0x2f, 0xfd } },		/* zstd */
	{ 4, { 0x02, 0x21, 0x4c, 0x18 } },		/* lz4 */
	{ 3, { 'B', 'Z', 'h' } },			/* bzip2 */
	{ 3, { 0x5d, 0x00, 0x00 } },			/* lzma */
	{ 4, { 0x89, 'L', 'Z', 'O' } },			/* lzo */
};

static int check(const struct image *image, struct build_error *error)
{
	unsigned char magic[6];
	size_t i;
	int code;

	code = image_read(image, 0, magic, sizeof(magic), "the beginning of the initrd", error);
	if (code < 0)
		return code;
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (!memcmp(magic, forms[i].magic, forms[i].length))
			return 0;
	return build_fail(error, -ENOEXEC,
			  "%s: begins with %02x %02x %02x %02x; expected an initrd: a cpio archive, plain or packed",
			  image->path, magic[0], magic[1], magic[2], magic[3]);
}

int initrd_open(const char *path, struct image *image, struct build_error *error)
{
	int code;

	code = image_open_file(path, "initrd", image, error);
	if (code < 0)
		return code;
	code = check(image, error);
	if (code < 0)
		image_close(image);
	return code;
}
