// SPDX-License-Identifier: GPL-2.0-or-later
/* Obstacles are collected on both sides, and told to whoever asked for the migration. */
#include "migrate_check.h"
#include "copied.h"
#include "peer.h"
#include "preflight.h"
#include "processor.h"

#include "../migrate/disk_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void disk_object(const struct disk_config *disk, char object[160])
{
	snprintf(object, 160, "disk %s", disk->target);
}

/* Bytes of what can be measured without a server; -1 otherwise. */
static json_int_t disk_size(const struct disk_config *disk)
{
	int fd = strcmp(disk->format, "raw") ? -1 : open(disk->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	off_t size;

	if (fd < 0)
		return -1;
	size = lseek(fd, 0, SEEK_END);
	close(fd);
	return size;
}

void check_leaving(const struct domain_config *config, bool copy, struct errors *errors)
{
	char object[160];

	if (copy && access(DISK_LOG_FOLDER, F_OK))
		errors_note(errors, error_set(errors_next(errors), ERROR_RESOURCES, "disks",
					      "dom0's kernel needs CONFIG_FTRACE and its block events",
					      "cannot be copied while the guest writes to them: there is no %s",
					      DISK_LOG_FOLDER));

	for (unsigned int i = 0; i < config->disk_count; i++) {
		const struct disk_config *disk = &config->disks[i];

		if (disk->readonly || (copy && copied_goes(disk)))
			continue;
		disk_object(disk, object);
		if (strcmp(disk->format, "raw"))
			/* Both hosts have it open for a while, and such an image has one writer's tables in memory. */
			errors_note(errors, error_set(errors_next(errors), ERROR_CONFIG, object,
						      "copy it: --copy-storage; or convert it to raw; or tenon save and restore",
						      "is in format %s, which cannot change hands while its guest runs",
						      disk->format));
		else if (!disk->block && !disk->direct)
			/* Each host's kernel has one of its own for the file, whatever the file system. */
			errors_note(errors, error_set(errors_next(errors), ERROR_CONFIG, object,
						      "copy it: --copy-storage; or create the guest with <driver cache='none'/>",
						      "is written through dom0's page cache, of which the other host knows nothing"));
	}
}

json_t *check_proposal(const struct domain_config *config, const struct record *record, bool copy)
{
	json_t *disks = json_object(), *processor = processor_describe(PROCESSOR_INFO);

	for (unsigned int i = 0; i < config->disk_count; i++) {
		json_int_t size = disk_size(&config->disks[i]);

		if (size >= 0)
			json_object_set_new(disks, config->disks[i].target, json_integer(size));
	}
	return json_pack("{s:o, s:o, s:o*}", "disks", disks, "processor", processor ? processor : json_null(),
			 "copy", copy ? copied_propose(config, record) : NULL);
}

/* The same path may name another disk here. */
static void check_sizes(const struct domain_config *config, json_t *sizes, json_t *coming, struct errors *errors)
{
	char object[160];

	for (unsigned int i = 0; i < config->disk_count; i++) {
		const struct disk_config *disk = &config->disks[i];
		json_t *theirs = json_object_get(sizes, disk->target);
		json_int_t ours = disk_size(disk);

		if (copied_comes(coming, disk) || !json_is_integer(theirs) || ours < 0 ||
		    json_integer_value(theirs) == ours)
			continue;
		disk_object(disk, object);
		errors_note(errors, error_set(errors_next(errors), ERROR_CONFIG, object,
					      "have its storage under the same name on both hosts",
					      "%s has %lld bytes here and %lld there: not the same disk",
					      disk->source, (long long)ours,
					      (long long)json_integer_value(theirs)));
	}
}

void check_coming(const struct host *host, const struct domain_config *config, json_t *proposal,
		  struct errors *errors)
{
	json_t *ours = processor_describe(PROCESSOR_INFO), *coming = json_object_get(proposal, "copy");

	errors_note(errors, processor_compare(ours, json_object_get(proposal, "processor"),
					      errors_next(errors)));
	json_decref(ours);
	preflight_all(host, config, coming, errors);
	copied_check(host, config, coming, errors);
	check_sizes(config, json_object_get(proposal, "disks"), coming, errors);
}

json_t *check_answer(const struct errors *errors)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < errors->count; i++)
		json_array_append_new(list, peer_error(&errors->items[i]));
	return json_pack("{s:o}", "obstacles", list);
}

void check_add(json_t *answer, const char *peer, struct errors *errors)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(answer, "obstacles"), i, one)
		errors_note(errors, peer_take_error(one, peer, errors_next(errors)));
}

int check_report(const struct errors *errors, const char *name, const char *peer, struct error *error)
{
	size_t length;

	if (errors->count == 1)
		*error = errors->items[0];
	if (errors->count <= 1)
		return errors->rc;
	error_domain(error, errors->items[0].kind, name, "nothing has moved; the guest runs on here",
		     "cannot move to host %s: %u obstacles", peer, errors->count);
	for (unsigned int i = 0; i < errors->count; i++) {
		const struct error *one = &errors->items[i];

		length = strlen(error->cause);
		snprintf(error->cause + length, sizeof(error->cause) - length, "\n  %s: %s%s%s%s", one->object,
			 one->cause, *one->next ? " (" : "", one->next, *one->next ? ")" : "");
	}
	return errors->rc;
}
