// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records on disk: one JSON file a domain, replaced by rename.
 */
#include "record.h"
#include "file.h"
#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const phases[] = { "creating", "active", "restarting", "saving", "checkpointing",
				      "migrating", "handing-over", "stopping" };

const char *phase_name(enum phase phase)
{
	return phases[phase];
}

void record_clear(struct record *record)
{
	free(record->xml);
	record->xml = NULL;
	free(record->save_path);
	record->save_path = NULL;
	free(record->peer);
	record->peer = NULL;
}

static void record_path(const struct host *host, const char *uuid, char path[FILE_PATH_MAX])
{
	snprintf(path, FILE_PATH_MAX, "%s/domains/%s.json", host->run_dir, uuid);
}

static json_t *record_encode(const struct record *record)
{
	json_t *disks = json_array();

	for (unsigned int i = 0; i < record->disk_count; i++)
		json_array_append_new(disks, json_pack("{s:s, s:i}",
			"device", record->disks[i].device, "server", (int)record->disks[i].server));
	return json_pack("{s:s, s:s, s:s, s:i, s:b, s:I, s:i, s:s, s:o, s:s*, s:b, s:b, s:s*, s:b, s:b}",
		"uuid", record->uuid, "name", record->name, "phase", phases[record->phase],
		"domid", record->domid, "paused", record->paused,
		"created", (json_int_t)record->created,
		"quick_restarts", (int)record->quick_restarts,
		"xml", record->xml, "disks", disks,
		"save_path", record->save_path, "save_keep", record->save_keep, "cut_short", record->cut_short,
		"peer", record->peer, "came", record->came, "ending", record->ending);
}

int record_save(const struct host *host, const struct record *record)
{
	char path[FILE_PATH_MAX], *text;
	json_t *json;
	int rc;

	if (!record->xml)
		return 0;
	json = record_encode(record);
	if (!json)
		return -ENOMEM;
	/* At once: to a file, jansson would write each name, value and bracket by a call of its own. */
	text = json_dumps(json, JSON_INDENT(1));
	json_decref(json);
	if (!text)
		return -ENOMEM;
	/* The description may hold secrets on the guest's command line: for root alone. */
	record_path(host, record->uuid, path);
	rc = file_replace(path, text, strlen(text), 0600, false);
	free(text);
	return rc;
}

static int decode_disks(json_t *disks, struct record *record)
{
	const char *device;
	json_t *entry;
	size_t index;
	int server;

	json_array_foreach(disks, index, entry) {
		struct record_disk *disk = &record->disks[index];

		if (index == CONFIG_DISKS_MAX ||
		    json_unpack(entry, "{s:s, s:i}", "device", &device, "server", &server) ||
		    strlen(device) >= sizeof(disk->device))
			return -EINVAL;
		memcpy(disk->device, device, strlen(device) + 1);
		disk->server = server;
		record->disk_count++;
	}
	return 0;
}

static int record_decode(json_t *json, struct record *record)
{
	const char *uuid, *name, *phase, *xml, *save_path = NULL, *peer = NULL;
	int domid, paused, quick_restarts, save_keep = 0, cut_short = 0, came = 0, ending = 0;
	json_int_t created;
	json_t *disks;
	uuid_t parsed;

	if (json_unpack(json, "{s:s, s:s, s:s, s:i, s:b, s:I, s:i, s:s, s:o, s?s, s?b, s?b, s?s, s?b, s?b}",
			"uuid", &uuid, "name", &name, "phase", &phase, "domid", &domid,
			"paused", &paused, "created", &created, "quick_restarts", &quick_restarts,
			"xml", &xml, "disks", &disks, "save_path", &save_path, "save_keep", &save_keep,
			"cut_short", &cut_short, "peer", &peer, "came", &came, "ending", &ending))
		return -EINVAL;
	if (uuid_parse(uuid, parsed) || !config_name_valid(name) || domid < -1 || domid > 0x7fef)
		return -EINVAL;
	for (record->phase = PHASE_CREATING; strcmp(phases[record->phase], phase); record->phase++)
		if (record->phase == PHASE_STOPPING)
			return -EINVAL;
	uuid_unparse_lower(parsed, record->uuid);
	memcpy(record->name, name, strlen(name) + 1);
	record->domid = domid;
	record->paused = paused;
	record->created = created;
	record->quick_restarts = (unsigned int)quick_restarts;
	if (decode_disks(disks, record))
		return -EINVAL;
	record->save_keep = save_keep;
	record->cut_short = cut_short;
	record->came = came;
	record->ending = ending;
	record->save_path = save_path ? strdup(save_path) : NULL;
	record->xml = strdup(xml);
	record->peer = peer ? strdup(peer) : NULL;
	return record->xml && !record->save_path == !save_path && !record->peer == !peer ? 0 : -ENOMEM;
}

int record_load(const char *path, struct record *record)
{
	json_error_t error;
	json_t *json;
	int rc;

	memset(record, 0, sizeof(*record));
	json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		return -EINVAL;
	rc = record_decode(json, record);
	json_decref(json);
	return rc;
}

void record_delete(const struct host *host, const struct record *record)
{
	char path[FILE_PATH_MAX];

	record_path(host, record->uuid, path);
	unlink(path);
}

int record_each(const struct host *host, void (*take)(struct record *record, void *data), void *data)
{
	char folder[256], path[600];
	struct dirent *entry;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%s/domains", host->run_dir);
	dir = opendir(folder);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');
		struct record record;

		if (!dot || strcmp(dot, ".json"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (!record_load(path, &record))
			take(&record, data);
		else
			log_warning("%s cannot be read and is left alone", path);
	}
	closedir(dir);
	return 0;
}
