/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tenon-migrate: moves one guest's state between the hypervisor and a stream,
 * for tenond, which starts one for each operation. Reading what others wrote
 * happens here, in a process of its own that can be killed at any moment.
 *
 * The stream is descriptor 3. Standard input holds the description to be saved. Each line of standard output is a JSON
 * object: "progress" and "disks" now and then, "round" after each round of a guest that runs, "created" when one that
 * comes has its number, and "done" or "error" at the end. Between them "suspend", "resume" and "slow" have tenond do
 * something to the guest, and "checkpoint" tells of one that is complete and waits until it is time for the next;
 * descriptor 4 then has a line with 0 or a negative errno.
 */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include <hypercall/hypercall.h>

#include "checkpoint.h"
#include "disk_in.h"
#include "disks.h"
#include "restore.h"
#include "save.h"

#include "../lib/clock.h"

#define STREAM_FD	3
#define ANSWER_FD	4
#define PACK_LEVEL	1	/* zstd's fastest: the disk is slower, other levels gain little */
#define FEW_PAGES	2048	/* 8 MiB: written in an instant, and a round before would write some of them twice */
#define PROGRESS_NS	200000000ll

static void say(json_t *json)
{
	json_dumpf(json, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(json);
}

static int failed(int code, const char *text)
{
	say(json_pack("{s:{s:i, s:s}}", "error", "code", code, "text", text));
	return EXIT_FAILURE;
}

/* Whether something was said a while ago; then it is now. */
static bool is_time(int64_t *last)
{
	int64_t now = (int64_t)monotonic_ns();

	if (now - *last < PROGRESS_NS)
		return false;
	*last = now;
	return true;
}

static void disks_progress(uint64_t done, uint64_t total, void *data)
{
	if (is_time(data) || done >= total)
		say(json_pack("{s:{s:I, s:I}}", "disks", "done", (json_int_t)done, "total", (json_int_t)total));
}

static void progress(uint64_t done, uint64_t pages, void *data)
{
	if (!is_time(data))
		return;
	say(json_pack("{s:{s:I, s:I}}", "progress", "done", (json_int_t)done, "pages",
		      (json_int_t)pages));
}

static void on_created(uint16_t domid, void *data)
{
	(void)data;
	say(json_pack("{s:{s:i}}", "created", "domid", (int)domid));
}

/* The description, from standard input. NULL: too large, or not readable. */
static char *read_description(size_t *size)
{
	char *text = malloc(STREAM_PAYLOAD_MAX + 1);

	*size = text ? fread(text, 1, STREAM_PAYLOAD_MAX + 1, stdin) : 0;
	if (text && !ferror(stdin) && *size && *size <= STREAM_PAYLOAD_MAX)
		return text;
	free(text);
	return NULL;
}

/* What of it concerns us too; 0: it does not say. */
static uint64_t max_pages(const char *description, size_t size)
{
	json_t *json = json_loadb(description, size, 0, NULL);
	json_int_t pages = json_integer_value(json_object_get(json, "max_pages"));

	json_decref(json);
	return pages > 0 ? (uint64_t)pages : 0;
}

/* Have tenond do something to the guest; its answer is a line on a descriptor of its own. */
static int ask(json_t *json)
{
	char line[16] = "";
	size_t size = 0;

	say(json);
	while (size < sizeof(line) - 1 && read(ANSWER_FD, line + size, 1) == 1 && line[size] != '\n')
		size++;
	return size ? atoi(line) : -EPIPE;
}

static int on_suspend(void *data)
{
	(void)data;
	return ask(json_pack("{s:{}}", "suspend"));
}

static int on_slow(unsigned int step, void *data)
{
	(void)data;
	return ask(json_pack("{s:{s:i}}", "slow", "step", (int)step));
}

static int on_resume(void *data)
{
	(void)data;
	return ask(json_pack("{s:{}}", "resume"));
}

static int on_checkpoint(const struct checkpoint_taken *taken, void *data)
{
	(void)data;
	return ask(json_pack("{s:{s:I, s:I, s:I, s:b}}", "checkpoint", "number", (json_int_t)taken->number, "pages",
			     (json_int_t)taken->pages, "bytes", (json_int_t)taken->bytes, "full", taken->full));
}

static int on_round(const struct live_round *round, void *data)
{
	(void)data;
	say(json_pack("{s:{s:i, s:I, s:I, s:I, s:I, s:I, s:I}}", "round", "number", (int)round->number,
		      "bytes", (json_int_t)round->bytes, "sent", (json_int_t)round->sent, "ns",
		      (json_int_t)round->ns, "dirty", (json_int_t)round->dirty, "hot",
		      (json_int_t)round->hot, "downtime_ms", (json_int_t)converge_downtime_ms(round)));
	return 0;
}

#define LIVE_OPTIONS 4

/* The options of send: milliseconds, bytes a second, zstd's level, steps. */
static void live_options(char *argv[], struct save_config *config)
{
	config->suspend = on_suspend;
	config->live.round = on_round;
	config->live.max_downtime_ms = (unsigned int)strtoul(argv[0], NULL, 10);
	config->live.bandwidth = strtoull(argv[1], NULL, 10);
	config->level = (int)strtol(argv[2], NULL, 10);
	config->live.slow = on_slow;
	config->live.slow_steps = (unsigned int)strtoul(argv[3], NULL, 10);
}

/* Watched from before the first byte is read; names: that of the log, then devices. */
static int open_disks(struct disks *disks, char *names[], unsigned int count, struct build_error *error)
{
	int code = disks_open(disks, names + 1, count, error);

	return code == 0 ? disks_watch(disks, names[0]) : code;
}

/* live: options of a guest that runs, then the names of so many disks; NULL: it is suspended. */
static int save(struct hc_handle *handle, const char *domid, char *live[], unsigned int disk_count)
{
	int64_t last = 0;
	struct save_config config = {
		.domid = (uint16_t)strtoul(domid, NULL, 10), .fd = STREAM_FD, .level = PACK_LEVEL,
		.progress = progress, .data = &last,
	};
	struct build_error error = { "" };
	struct disks disks = { .count = 0 };
	struct save_result result;
	char *description = read_description(&config.description_size);
	int code = 0;

	if (!description)
		return failed(-EINVAL, "standard input has no description");
	config.description = description;
	config.max_pages = max_pages(description, config.description_size);
	if (live)
		live_options(live, &config);
	if (disk_count) {
		config.disks = &disks;
		code = open_disks(&disks, live + LIVE_OPTIONS, disk_count, &error);
		disks.progress = disks_progress;
		disks.data = &last;
	}
	if (code == 0)
		code = save_domain(handle, &config, &result, &error);
	if (disk_count)
		disks_close(&disks);
	free(description);
	if (code == 0 && !live && fsync(STREAM_FD) && errno != EINVAL && errno != EROFS)
		code = build_fail(&error, -errno, "cannot be written: %s", strerror(errno));
	if (code < 0)
		return failed(code, error.text);
	say(json_pack("{s:{s:I, s:I, s:I}}", "done", "pages", (json_int_t)result.pages, "stored",
		      (json_int_t)result.stored, "bytes", (json_int_t)result.bytes));
	return EXIT_SUCCESS;
}

/* arguments: domid, milliseconds, number of the first one. */
static int checkpoint(struct hc_handle *handle, char *arguments[])
{
	int64_t last = 0;
	struct checkpoint_config config = {
		.domid = (uint16_t)strtoul(arguments[0], NULL, 10), .fd = STREAM_FD, .level = PACK_LEVEL,
		.first = strtoull(arguments[2], NULL, 10), .suspend = on_suspend, .resume = on_resume,
		.next = on_checkpoint, .progress = progress, .data = &last,
		.few = FEW_PAGES,
		.live = { .max_downtime_ms = (unsigned int)strtoul(arguments[1], NULL, 10), .round = on_round },
	};
	struct build_error error = { "" };
	char *description = read_description(&config.description_size);
	bool again;
	int code;

	if (!description)
		return failed(-EINVAL, "standard input has no description");
	config.description = description;
	config.max_pages = max_pages(description, config.description_size);
	code = checkpoint_domain(handle, &config, &again, &error);
	free(description);
	if (code < 0)
		return failed(code, error.text);
	say(json_pack("{s:{s:b}}", "done", "again", again));
	return EXIT_SUCCESS;
}

static int restore(struct hc_handle *handle, bool more, const char *stream, const char *uuid,
		   const char *name, char *devices[], unsigned int disk_count)
{
	int64_t last = 0;
	struct restore_config config = { .name = name, .more = more, .progress = progress, .data = &last };
	struct build_error error = { "" };
	struct stream_reader reader;
	struct build_result built;
	struct disk_in disks = { .count = 0 };
	int code = 0;

	if (uuid_parse(uuid, config.uuid))
		return failed(-EINVAL, "the UUID given is none");
	if (more)
		config.created = on_created;
	if (disk_count) {
		config.disks = &disks;
		code = disk_in_open(&disks, devices, disk_count, &error);
	}
	if (code < 0) {
		disk_in_close(&disks);
		return failed(code, error.text);
	}
	code = stream_reader_open(&reader, STREAM_FD, stream, &error);
	if (code == 0)
		code = stream_read(&reader);
	if (code == 0 && reader.type != STREAM_DESCRIPTION)
		code = stream_bad(&reader, "a description was expected");
	if (code == 0)
		code = restore_domain(handle, &reader, &config, &built);
	stream_reader_close(&reader);
	disk_in_close(&disks);
	if (code < 0)
		return failed(code, error.text);
	say(json_pack("{s:{s:i, s:i, s:i, s:I, s:I}}", "done", "domid", (int)built.domid, "store_port",
		      (int)built.store_port, "console_port", (int)built.console_port, "store_mfn",
		      (json_int_t)built.store_mfn, "console_mfn", (json_int_t)built.console_mfn));
	return EXIT_SUCCESS;
}

/*
 * A successor of a tenond that was killed starts with the guest as it is: nobody may go on with
 * its log of writes, or its memory, meanwhile. The signal misses a tenond that had died before it was
 * asked for; then nobody reads our answers.
 */
static bool die_with_parent(void)
{
	struct pollfd answers = { .fd = STDOUT_FILENO };

	return !prctl(PR_SET_PDEATHSIG, SIGKILL) && poll(&answers, 1, 0) >= 0 && !(answers.revents & POLLERR);
}

int main(int argc, char *argv[])
{
	bool saves = argc == 3 && !strcmp(argv[1], "save");
	bool sends = argc >= 7 && argc != 8 && !strcmp(argv[1], "send");
	bool restores = argc == 5 && !strcmp(argv[1], "restore");
	bool checkpoints = argc == 5 && !strcmp(argv[1], "checkpoint");
	bool receives = argc >= 5 && !strcmp(argv[1], "receive");
	struct hc_handle *handle;
	int code;

	if (!saves && !sends && !checkpoints && !restores && !receives) {
		fprintf(stderr, "usage: tenon-migrate save DOMID <DESCRIPTION 3>STREAM\n"
			"       tenon-migrate checkpoint DOMID DOWNTIME-MS NUMBER <DESCRIPTION 3>FILE 4<ANSWERS\n"
			"       tenon-migrate send DOMID DOWNTIME-MS BYTES/S LEVEL SLOW-STEPS"
			" [LOG DEVICE|-...] <DESCRIPTION 3>STREAM 4<ANSWERS\n"
			"       tenon-migrate restore STREAM-NAME UUID NAME 3<STREAM\n"
			"       tenon-migrate receive STREAM-NAME UUID NAME [DEVICE|-...] 3<STREAM\n"
			"tenond runs it; use tenon save, checkpoint, restore and migrate.\n");
		return 2;
	}
	/* Whoever asked is gone with its request; a full pipe or disk is an error like others. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	if (!die_with_parent())
		return EXIT_FAILURE;
	code = hc_open(&handle);
	if (code < 0)
		return failed(code, "the hypervisor cannot be reached");
	if (saves || sends)
		code = save(handle, argv[2], sends ? argv + 3 : NULL, argc > 8 ? (unsigned int)argc - 8 : 0);
	else if (checkpoints)
		code = checkpoint(handle, argv + 2);
	else
		code = restore(handle, receives, argv[2], argv[3], argv[4], argv + 5, (unsigned int)argc - 5);
	hc_close(handle);
	return code;
}
