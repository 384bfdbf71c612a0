/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel files. Whatever the file is (ELF, bzImage with a packed payload, or
 * a packed ELF), an image gives the ELF in it as a descriptor to read from.
 */
#ifndef BUILD_IMAGE_H
#define BUILD_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* The largest kernel or initrd file we read, packed or not: bytes. */
#define IMAGE_LIMIT	(512ULL << 20)

struct image {
	const char *path;	/* The caller's, for messages. */
	int fd;			/* The ELF, or the file as it is. */
	uint64_t size;		/* Of what fd reads, bytes. */
};

/* Opens a regular file as it is; what names it in messages ("kernel", "initrd"). */
int image_open_file(const char *path, const char *what, struct image *image,
		    struct build_error *error);

/*
 * cache: directory for unpacked kernels, or NULL. -ENOEXEC: not a kernel;
 * else errors of open(2), read(2) and write(2).
 */
int image_open(const char *path, const char *cache, struct image *image,
	       struct build_error *error);
void image_close(struct image *image);

/* Reads exactly size bytes; what tells what they are. -ENOEXEC: the file ends before. */
int image_read(const struct image *image, uint64_t offset, void *data, size_t size,
	       const char *what, struct build_error *error);

#endif
