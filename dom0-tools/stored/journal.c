/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's file and records: see journal.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <log.h>

#include "journal.h"
#include "state.h"
#include "store.h"

#define JOURNAL_NAME "journal"
#define JOURNAL_NEW "journal.new"
#define JOURNAL_FIRST (256u << 10)	/* bytes of a new file */
#define COMPACT_MIN (1u << 20)		/* not worth replacing below this */
#define RETRY_SECONDS 1			/* between attempts while the file system is full */

struct header {
	char magic[8];
	char boot[40];		/* the kernel's id of this boot */
	uint64_t committed;	/* offset of the first byte that is not valid */
	uint64_t reserved;
};

_Static_assert(sizeof(struct header) == 64, "the journal's header is 64 bytes");

static const char journal_magic[8] = "TENONST1";

static struct header *header_of(const struct journal *journal)
{
	return (struct header *)journal->map;
}

static void read_boot_id(char boot[40])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	memset(boot, 0, 40);
	if (fd < 0)
		return;
	if (read(fd, boot, 36) < 0)
		memset(boot, 0, 40);
	close(fd);
}

/* Reserves file and map for at least size bytes: missing memory must not become SIGBUS later. */
static int set_capacity(struct journal *journal, size_t size)
{
	size_t capacity = journal->capacity ? journal->capacity : JOURNAL_FIRST;
	void *map;
	int rc;

	while (capacity < size)
		capacity *= 2;
	rc = posix_fallocate(journal->fd, 0, capacity);
	if (rc)
		return -rc;
	if (journal->map)
		map = mremap(journal->map, journal->capacity, capacity, MREMAP_MAYMOVE);
	else
		map = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_SHARED, journal->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	journal->map = map;
	journal->capacity = capacity;
	return 0;
}

static void unmap(struct journal *journal)
{
	if (journal->map)
		munmap(journal->map, journal->capacity);
	journal->map = NULL;
	journal->capacity = 0;
	if (journal->fd >= 0)
		close(journal->fd);
	journal->fd = -1;
}

/* Starts an empty file of this name in the journal's directory. */
static int create_file(struct journal *journal, const char *name)
{
	int rc;

	journal->fd = openat(journal->dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (journal->fd < 0)
		return -errno;
	journal->map = NULL;
	journal->capacity = 0;
	rc = set_capacity(journal, JOURNAL_FIRST);
	if (rc) {
		unmap(journal);
		return rc;
	}
	memcpy(header_of(journal)->magic, journal_magic, sizeof(journal_magic));
	read_boot_id(header_of(journal)->boot);
	header_of(journal)->committed = sizeof(struct header);
	journal->end = sizeof(struct header);
	journal->failed = false;
	return 0;
}

/* Opens the file that an earlier daemon left, if it is of this boot. */
static bool open_existing(struct journal *journal)
{
	char boot[40];
	struct stat status;

	journal->fd = openat(journal->dir, JOURNAL_NAME, O_RDWR | O_CLOEXEC);
	if (journal->fd < 0)
		return false;
	if (fstat(journal->fd, &status) || status.st_size < (off_t)sizeof(struct header) ||
	    set_capacity(journal, status.st_size)) {
		unmap(journal);
		return false;
	}
	read_boot_id(boot);
	if (memcmp(header_of(journal)->magic, journal_magic, sizeof(journal_magic)) ||
	    memcmp(header_of(journal)->boot, boot, sizeof(boot)) ||
	    header_of(journal)->committed > (uint64_t)status.st_size ||
	    header_of(journal)->committed < sizeof(struct header)) {
		unmap(journal);
		return false;
	}
	journal->end = header_of(journal)->committed;
	return true;
}

int journal_open(const char *dir, struct journal *journal, bool *found)
{
	int rc;

	memset(journal, 0, sizeof(*journal));
	journal->fd = -1;
	journal->compact_at = COMPACT_MIN;
	if (mkdir(dir, 0700) && errno != EEXIST)
		return -errno;
	journal->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (journal->dir < 0)
		return -errno;
	if (flock(journal->dir, LOCK_EX | LOCK_NB)) {
		rc = -errno;
		close(journal->dir);
		return rc;
	}
	*found = open_existing(journal);
	if (*found)
		return 0;
	rc = create_file(journal, JOURNAL_NAME);
	if (rc)
		close(journal->dir);
	return rc;
}

void journal_close(struct journal *journal)
{
	unmap(journal);
	close(journal->dir);
}

static void *reserve(struct journal *journal, size_t len)
{
	void *at;

	if (journal->failed)
		return NULL;
	if (journal->end + len > journal->capacity) {
		int rc = set_capacity(journal, journal->end + len);

		if (rc) {
			log_error("the journal cannot grow: %s", strerror(-rc));
			journal->failed = true;
			return NULL;
		}
	}
	at = journal->map + journal->end;
	journal->end += len;
	return at;
}

void journal_begin(struct journal *journal, uint32_t type)
{
	uint32_t *head;

	if (!journal)
		return;
	journal->start = journal->end;
	head = reserve(journal, 8);
	if (head)
		head[1] = type;
}

void journal_number(struct journal *journal, uint64_t number)
{
	void *at = journal ? reserve(journal, sizeof(number)) : NULL;

	if (at)
		memcpy(at, &number, sizeof(number));
}

void journal_bytes(struct journal *journal, const void *data, size_t len)
{
	size_t padded = (len + 7) & ~(size_t)7;
	char *at;

	journal_number(journal, len);
	at = journal ? reserve(journal, padded) : NULL;
	if (!at)
		return;
	if (len)
		memcpy(at, data, len);
	memset(at + len, 0, padded - len);
}

void journal_end(struct journal *journal)
{
	uint32_t len;

	if (!journal || journal->failed)
		return;
	len = journal->end - journal->start - 8;
	memcpy(journal->map + journal->start, &len, sizeof(len));
}

static void set_committed(struct journal *journal)
{
	__atomic_store_n(&header_of(journal)->committed, journal->end, __ATOMIC_RELEASE);
}

int journal_compact(struct store *store)
{
	struct journal *journal = store->journal, fresh = *journal;
	int rc = create_file(&fresh, JOURNAL_NEW);

	if (rc)
		return rc;
	state_write(store, &fresh);
	if (fresh.failed) {
		rc = -ENOSPC;
		goto fail;
	}
	set_committed(&fresh);
	if (renameat(fresh.dir, JOURNAL_NEW, fresh.dir, JOURNAL_NAME)) {
		rc = -errno;
		goto fail;
	}
	unmap(journal);
	*journal = fresh;
	journal->lost = false;
	journal->compact_at = journal->end * 4 > COMPACT_MIN ? journal->end * 4 : COMPACT_MIN;
	return 0;
fail:
	unmap(&fresh);
	unlinkat(journal->dir, JOURNAL_NEW, 0);
	return rc;
}

void journal_commit(struct store *store)
{
	struct journal *journal = store->journal;
	int rc;

	if (!journal)
		return;
	if (!journal->failed && !journal->lost && journal->end < journal->compact_at) {
		if (journal->end != header_of(journal)->committed)
			set_committed(journal);
		return;
	}
	if (journal->lost && time(NULL) < journal->retry) {
		journal->end = header_of(journal)->committed;
		return;
	}
	journal->retry = time(NULL) + RETRY_SECONDS;
	rc = journal_compact(store);
	if (!rc)
		return;
	if (!journal->failed && !journal->lost) {
		/* It goes on growing, and is tried again when it has doubled. */
		journal->compact_at = journal->end * 2;
		set_committed(journal);
		return;
	}
	if (!journal->lost)
		log_error("the journal is full (%s): a restart now would lose changes; "
			  "make room on the file system of the run-time directory",
			  strerror(-rc));
	/* Serving goes on without it; later commits try again, from the whole state. */
	journal->lost = true;
	journal->failed = false;
	journal->end = header_of(journal)->committed;
}

uint64_t record_number(struct record *record)
{
	uint64_t number;

	if (record->end - record->at < (ptrdiff_t)sizeof(number)) {
		record->bad = true;
		return 0;
	}
	memcpy(&number, record->at, sizeof(number));
	record->at += sizeof(number);
	return number;
}

const char *record_bytes(struct record *record, size_t *len)
{
	uint64_t size = record_number(record);
	const char *at = record->at;

	if (record->bad || size > (size_t)(record->end - at)) {
		record->bad = true;
		*len = 0;
		return NULL;
	}
	record->at += (size + 7) & ~(uint64_t)7;
	if (record->at > record->end)
		record->at = record->end;
	*len = size;
	return at;
}

const char *record_text(struct record *record)
{
	size_t len;
	const char *text = record_bytes(record, &len);

	if (!text || !len || memchr(text, '\0', len) != text + len - 1) {
		record->bad = true;
		return "";
	}
	return text;
}

bool journal_next(const struct journal *journal, size_t *at, struct record *record, bool *bad)
{
	size_t committed = header_of(journal)->committed;
	uint32_t head[2];

	*bad = false;
	if (!*at)
		*at = sizeof(struct header);
	if (*at == committed)
		return false;
	*bad = true;
	if (committed - *at < sizeof(head))
		return false;
	memcpy(head, journal->map + *at, sizeof(head));
	if (head[0] > committed - *at - sizeof(head) || head[0] % 8)
		return false;
	record->type = head[1];
	record->at = journal->map + *at + sizeof(head);
	record->end = record->at + head[0];
	record->bad = false;
	*at += sizeof(head) + head[0];
	*bad = false;
	return true;
}
