/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recognises kernel files and finds the ELF in them.
 *
 * Source of facts on bzImage: Linux Documentation/x86/boot.rst. The real-mode
 * part is setup_sects + 1 sectors of 512 bytes; from protocol 2.08 on,
 * payload_offset and payload_length locate the packed ELF behind it.
 */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"
#include "unpack.h"

#define SETUP_SECTS	0x1f1	/* 1 byte, 0 means 4. */
#define HEADER_MAGIC	0x202	/* "HdrS" */
#define PROTOCOL	0x206	/* 2 bytes. */
#define PAYLOAD_OFFSET	0x248	/* 4 bytes, from the protected-mode part. */
#define PAYLOAD_LENGTH	0x24c	/* 4 bytes. */
#define HEADER_END	0x250

static uint32_t read32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

int image_read(const struct image *image, uint64_t offset, void *data, size_t size,
	       const char *what, struct build_error *error)
{
	char *at = data;
	ssize_t n;

	if (offset > image->size || size > image->size - offset)
		return build_fail(error, -ENOEXEC,
				  "%s: %s (%zu bytes at offset %llu) lies beyond the end of the image, %llu bytes",
				  image->path, what, size, (unsigned long long)offset,
				  (unsigned long long)image->size);
	while (size) {
		n = pread(image->fd, at, size, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return build_fail(error, -errno, "%s: cannot read %s: %s", image->path,
					  what, strerror(errno));
		if (!n)
			return build_fail(error, -ENOEXEC,
					  "%s: became shorter while it was read", image->path);
		at += n;
		offset += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

int image_open_file(const char *path, const char *what, struct image *image,
		    struct build_error *error)
{
	struct stat st;

	image->path = path;
	/* Not to hang on a pipe that stands where the file should be. */
	image->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (image->fd < 0)
		return build_fail(error, -errno, "%s: cannot open the %s: %s", path, what,
				  strerror(errno));
	if (fstat(image->fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		image_close(image);
		return build_fail(error, -ENOEXEC, "%s: expected the %s in a regular file", path,
				  what);
	}
	image->size = (uint64_t)st.st_size;
	if (image->size > IMAGE_LIMIT) {
		image_close(image);
		return build_fail(error, -EFBIG, "%s: %llu MiB; a %s may have at most %llu MiB",
				  path, (unsigned long long)st.st_size >> 20, what,
				  IMAGE_LIMIT >> 20);
	}
	return 0;
}

/* Finds the payload of a bzImage from its header. */
static int bzimage_payload(const struct image *image, const uint8_t *header, uint64_t *offset,
			   uint64_t *size, struct build_error *error)
{
	unsigned int protocol = header[PROTOCOL] | header[PROTOCOL + 1] << 8;
	unsigned int sectors = header[SETUP_SECTS] ? header[SETUP_SECTS] : 4;

	if (protocol < 0x208)
		return build_fail(error, -ENOEXEC,
				  "%s: offset %d: boot protocol %u.%02u; expected 2.08 or later",
				  image->path, PROTOCOL, protocol >> 8, protocol & 0xff);
	*offset = (sectors + 1) * 512ULL + read32(header + PAYLOAD_OFFSET);
	*size = read32(header + PAYLOAD_LENGTH);
	if (!*size || *offset > image->size || *size > image->size - *offset)
		return build_fail(error, -ENOEXEC,
				  "%s: offset %d: the payload (%llu bytes at offset %llu) does not lie in the file, %llu bytes",
				  image->path, PAYLOAD_OFFSET, (unsigned long long)*size,
				  (unsigned long long)*offset, (unsigned long long)image->size);
	return 0;
}

/* Unpacks into fd and checks that an ELF came out; on success *size is its size. */
static int unpack_to(int fd, const struct unpack_input *input, uint64_t *size,
		     struct build_error *error)
{
	struct unpack_output output = { .fd = fd };
	char magic[4];
	int code;

	code = unpack(input, &output, error);
	if (code < 0)
		return code;
	if (pread(fd, magic, sizeof(magic), 0) != sizeof(magic) || memcmp(magic, "\177ELF", 4))
		return build_fail(error, -ENOEXEC,
				  "%s: the payload at offset %llu does not unpack to an ELF image",
				  input->path, (unsigned long long)input->offset);
	*size = output.size;
	return 0;
}

/* The unpacked kernel in memory: there is no cache, or it cannot be used. */
static int unpack_to_memory(const struct unpack_input *input, uint64_t *size,
			    struct build_error *error)
{
	int fd = memfd_create("kernel", MFD_CLOEXEC);
	int code;

	if (fd < 0)
		return build_fail(error, -errno, "%s: no memory to unpack the kernel: %s",
				  input->path, strerror(errno));
	code = unpack_to(fd, input, size, error);
	if (code < 0) {
		close(fd);
		return code;
	}
	return fd;
}

/*
 * By way of the cache: a descriptor of the unpacked kernel, or an error of the
 * kernel itself, or -EAGAIN where the cache is at fault.
 */
static int unpack_to_cache(struct cache_entry *entry, const struct unpack_input *input,
			   uint64_t *size, struct build_error *error)
{
	struct stat st;
	int fd, code;

	fd = cache_find(entry);
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0) {
		*size = (uint64_t)st.st_size;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	if (cache_begin(entry) < 0)
		return -EAGAIN;
	code = unpack_to(entry->fd, input, size, error);
	if (code == 0 && cache_commit(entry) < 0)
		code = -EAGAIN;
	if (code < 0) {
		cache_abort(entry);
		return code == -ENOSPC || code == -EIO || code == -EDQUOT ? -EAGAIN : code;
	}
	return entry->fd;
}

static int unpack_image(const char *cache, const struct unpack_input *input, uint64_t *size,
			struct build_error *error)
{
	struct cache_entry entry;
	int fd = -EAGAIN;

	if (cache && cache_open(cache, input->data, input->size, &entry) == 0) {
		fd = unpack_to_cache(&entry, input, size, error);
		cache_close(&entry);
	}
	if (fd == -EAGAIN)
		fd = unpack_to_memory(input, size, error);
	return fd;
}

/* Replaces the packed file by the ELF from its payload. */
static int replace_by_payload(struct image *image, uint64_t offset, uint64_t size,
			      const char *cache, struct build_error *error)
{
	struct unpack_input input = { .path = image->path, .offset = offset, .size = size };
	uint8_t *payload = malloc(size);
	int fd, code;

	if (!payload)
		return build_fail(error, -ENOMEM, "%s: no memory for its %llu bytes", image->path,
				  (unsigned long long)size);
	code = image_read(image, offset, payload, size, "the payload", error);
	if (code < 0)
		goto out_free;
	input.data = payload;
	fd = unpack_image(cache, &input, &image->size, error);
	if (fd < 0) {
		code = fd;
		goto out_free;
	}
	close(image->fd);
	image->fd = fd;

out_free:
	free(payload);
	return code;
}

static int recognise(struct image *image, const char *cache, struct build_error *error)
{
	uint8_t header[HEADER_END] = { 0 };
	size_t known = image->size < sizeof(header) ? image->size : sizeof(header);
	uint64_t offset = 0, size = image->size;
	int code;

	code = image_read(image, 0, header, known, "the header", error);
	if (code < 0)
		return code;
	if (!memcmp(header, "\177ELF", 4))
		return 0;
	if (!memcmp(header + HEADER_MAGIC, "HdrS", 4)) {
		code = bzimage_payload(image, header, &offset, &size, error);
		if (code < 0)
			return code;
	} else if (!unpack_known(header, known)) {
		return build_fail(error, -ENOEXEC,
				  "%s: begins with %02x %02x %02x %02x; expected an ELF image, a bzImage, or one of them packed",
				  image->path, header[0], header[1], header[2], header[3]);
	}
	return replace_by_payload(image, offset, size, cache, error);
}

int image_open(const char *path, const char *cache, struct image *image,
	       struct build_error *error)
{
	int code;

	code = image_open_file(path, "kernel", image, error);
	if (code < 0)
		return code;
	code = recognise(image, cache, error);
	if (code < 0)
		image_close(image);
	return code;
}

void image_close(struct image *image)
{
	if (image->fd >= 0)
		close(image->fd);
	image->fd = -1;
}
