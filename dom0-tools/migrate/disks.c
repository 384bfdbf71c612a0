/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading disks past dom0's page cache, in which the device may have other contents than the guest, whose
 * requests do not pass it.
 */
#include "disks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hypercall/base.h>

#define SECTOR		512
#define READ_MAX	(STREAM_BATCH * HC_PAGE_SIZE)
#define FEW_PAGES	1024		/* 4 MiB: not worth another pass */
#define COPY_PASSES	10
#define LOST_MAX	3

static int refused(const struct disks *disks, unsigned int index, int code, const char *what)
{
	return build_fail(disks->error, code, "disk %u %s: %s", index + 1, what, strerror(-code));
}

static uint64_t words(const struct disk *disk)
{
	return (disk->pages + 63) / 64;
}

static bool is_set(const uint64_t *bitmap, uint64_t page)
{
	return bitmap[page / 64] >> page % 64 & 1;
}

static void mark(struct disk *disk, uint64_t first, uint64_t end)
{
	for (uint64_t page = first; page < end && page < disk->pages; page++)
		disk->dirty[page / 64] |= 1ull << page % 64;
}

static int open_disk(struct disks *disks, unsigned int index, const char *path)
{
	struct disk *disk = &disks->disk[index];
	struct stat info;
	off_t size;

	disk->fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	size = disk->fd < 0 || fstat(disk->fd, &info) ? -1 : lseek(disk->fd, 0, SEEK_END);
	if (size < 0)
		return refused(disks, index, -errno, "cannot be read");
	disk->device = info.st_rdev;
	disk->bytes = (uint64_t)size / SECTOR * SECTOR;
	disk->pages = (disk->bytes + HC_PAGE_SIZE - 1) / HC_PAGE_SIZE;
	disk->dirty = calloc(words(disk) + 1, sizeof(*disk->dirty));
	disk->written = calloc(words(disk) + 1, sizeof(*disk->written));
	if (!disk->dirty || !disk->written)
		return refused(disks, index, -ENOMEM, "cannot be copied");
	disks->total += disk->bytes;
	mark(disk, 0, disk->pages);
	return 0;
}

int disks_open(struct disks *disks, char *const paths[], unsigned int count, struct build_error *error)
{
	int code = 0;

	*disks = (struct disks){ .log.fd = -1, .error = error };
	for (unsigned int i = 0; i < DISKS_MAX; i++)
		disks->disk[i].fd = -1;
	if (count > DISKS_MAX)
		return build_fail(error, -EINVAL, "%u disks are too many", count);
	disks->count = count;
	/* Reading past the cache demands that contents begin with a page; their header is before it. */
	disks->section = aligned_alloc(HC_PAGE_SIZE, HC_PAGE_SIZE + READ_MAX);
	if (!disks->section)
		return build_fail(error, -ENOMEM, "no memory to copy disks");
	for (unsigned int i = 0; i < count && code == 0; i++)
		if (strcmp(paths[i], "-"))
			code = open_disk(disks, i, paths[i]);
	return code;
}

int disks_watch(struct disks *disks, const char *name)
{
	dev_t devices[DISKS_MAX];
	unsigned int count = 0;

	for (unsigned int i = 0; i < disks->count; i++)
		if (disks->disk[i].fd >= 0)
			devices[count++] = disks->disk[i].device;
	return disk_log_open(&disks->log, name, devices, count, disks->error);
}

void disks_close(struct disks *disks)
{
	for (unsigned int i = 0; i < disks->count; i++) {
		struct disk *disk = &disks->disk[i];

		if (disk->fd >= 0)
			close(disk->fd);
		free(disk->dirty);
		free(disk->written);
	}
	free(disks->section);
	disk_log_close(&disks->log);
	disks->count = 0;
}

static void wrote(dev_t device, uint64_t sector, uint64_t count, void *data)
{
	const uint64_t each = HC_PAGE_SIZE / SECTOR;
	struct disks *disks = data;

	for (unsigned int i = 0; i < disks->count; i++)
		if (disks->disk[i].fd >= 0 && disks->disk[i].device == device)
			mark(&disks->disk[i], sector / each, (sector + count + each - 1) / each);
}

/* Where events were lost anything may have been written to. */
int disks_look(struct disks *disks)
{
	int code = disk_log_read(&disks->log, wrote, disks, disks->error);

	if (code < 0 || !disks->log.lost)
		return code;
	disks->log.lost = false;
	if (++disks->lost > LOST_MAX)
		return build_fail(disks->error, -EOVERFLOW,
				  "the guest writes to its disks faster than it can be noted");
	for (unsigned int i = 0; i < disks->count; i++)
		if (disks->disk[i].fd >= 0)
			mark(&disks->disk[i], 0, disks->disk[i].pages);
	return 0;
}

static bool is_zero(const uint8_t *data, uint64_t size)
{
	return !data[0] && !memcmp(data, data + 1, size - 1);
}

/* A part of what was read. */
static int write_section(struct disks *disks, unsigned int index, uint64_t offset, uint8_t *data, uint64_t size)
{
	struct stream_disk *section = (struct stream_disk *)(data - sizeof(*section));
	struct stream_disk kept = *section;
	int code;

	/* What is before it has been written, or is the space for this. */
	*section = (struct stream_disk){ .disk = index, .offset = offset };
	code = stream_write(disks->writer, STREAM_DISK, section, sizeof(*section) + size);
	*section = kept;
	return code;
}

/* What is not zero, in as large pieces as it comes. */
static int write_sparse(struct disks *disks, unsigned int index, uint64_t offset, uint8_t *data, uint64_t size,
			uint64_t *sent)
{
	uint64_t begin = 0, next;
	int code = 0;

	for (uint64_t at = 0; at < size && code == 0; at = next) {
		bool zero = is_zero(data + at, size - at < HC_PAGE_SIZE ? size - at : HC_PAGE_SIZE);

		next = size - at < HC_PAGE_SIZE ? size : at + HC_PAGE_SIZE;
		*sent += !zero;
		if (zero && at > begin)
			code = write_section(disks, index, offset + begin, data + begin, at - begin);
		else if (!zero && next == size)
			code = write_section(disks, index, offset + begin, data + begin, size - begin);
		if (zero)
			begin = next;
	}
	return code;
}

/* Pages that follow each other; those that are written to from now on will be told of. */
static int write_run(struct disks *disks, unsigned int index, uint64_t first, uint64_t count, bool sparse,
		     struct disks_pass *pass)
{
	struct disk *disk = &disks->disk[index];
	uint64_t offset = first * HC_PAGE_SIZE, size = count * HC_PAGE_SIZE, before = disks->writer->bytes;
	uint8_t *data = disks->section + HC_PAGE_SIZE;
	ssize_t got;
	int code;

	if (size > disk->bytes - offset)
		size = disk->bytes - offset;
	for (uint64_t page = first; page < first + count; page++) {
		disk->dirty[page / 64] &= ~(1ull << page % 64);
		disk->written[page / 64] |= 1ull << page % 64;
	}
	got = pread(disk->fd, data, size, (off_t)offset);
	if (got < 0 || (uint64_t)got != size)
		return refused(disks, index, got < 0 ? -errno : -EIO, "cannot be read");
	if (sparse) {
		code = write_sparse(disks, index, offset, data, size, &pass->sent);
	} else {
		code = write_section(disks, index, offset, data, size);
		pass->sent += count;
	}
	disks->stream_bytes += disks->writer->bytes - before;
	disks->done += size;
	if (disks->total < disks->done)
		disks->total = disks->done;	/* written to while others were read */
	if (disks->progress)
		disks->progress(disks->done, disks->total, disks->data);
	return code;
}

static int write_disk(struct disks *disks, unsigned int index, bool sparse, struct disks_pass *pass)
{
	struct disk *disk = &disks->disk[index];
	uint64_t count;
	int code = 0;

	for (uint64_t page = 0; page < disk->pages && code == 0; page += count) {
		count = 1;
		if (!disk->dirty[page / 64])
			count = 64 - page % 64;
		if (!is_set(disk->dirty, page))
			continue;
		while (count < STREAM_BATCH && page + count < disk->pages && is_set(disk->dirty, page + count))
			count++;
		code = write_run(disks, index, page, count, sparse, pass);
		if (code == 0)
			code = disks_look(disks);
	}
	return code;
}

/* Pages that are to be written, and those of them that this pass has written; the next one starts without any. */
static void count_dirty(struct disks *disks, struct disks_pass *pass)
{
	pass->dirty = pass->hot = 0;
	for (unsigned int i = 0; i < disks->count; i++) {
		struct disk *disk = &disks->disk[i];

		for (uint64_t word = 0; disk->fd >= 0 && word < words(disk); word++) {
			pass->dirty += (uint64_t)__builtin_popcountll(disk->dirty[word]);
			pass->hot += (uint64_t)__builtin_popcountll(disk->dirty[word] & disk->written[word]);
			disk->written[word] = 0;
		}
	}
	disks->total = disks->done + pass->dirty * HC_PAGE_SIZE;
}

static int run_pass(struct disks *disks, bool sparse, struct disks_pass *pass)
{
	int code = disks_look(disks);

	pass->sent = 0;
	count_dirty(disks, pass);	/* says how much there is to do */
	for (unsigned int i = 0; i < disks->count && code == 0; i++)
		if (disks->disk[i].fd >= 0)
			code = write_disk(disks, i, sparse, pass);
	if (code == 0)
		code = disks_look(disks);
	count_dirty(disks, pass);
	return code;
}

int disks_copy(struct disks *disks)
{
	struct disks_pass pass;
	uint64_t before;
	int code = run_pass(disks, true, &pass);

	/* Its memory changes too, and is yet to come: as long as it helps, disks alone. */
	for (unsigned int i = 1; i < COPY_PASSES && code == 0 && pass.dirty > FEW_PAGES; i++) {
		before = pass.dirty;
		code = run_pass(disks, false, &pass);
		if (pass.dirty > before / 2)
			break;
	}
	return code;
}

int disks_pass(struct disks *disks, struct disks_pass *pass)
{
	return run_pass(disks, false, pass);
}
