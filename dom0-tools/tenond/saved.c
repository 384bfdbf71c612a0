// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a saved guest's file says first: its description.  The rest is read by
 * tenon-migrate.
 */
#include "save.h"
#include "nodes_saved.h"
#include "xml/domain.h"

#include "../migrate/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int bad(const char *path, const char *cause, struct error *error)
{
	return error_set(error, ERROR_CONFIG, path, "give a file that tenon save has written", "%s", cause);
}

/* The object in the first section; NULL: *error says why. */
static json_t *read_description(struct saved *saved, struct error *error)
{
	const char *path = saved->path;
	struct build_error why = { "" };
	struct stream_reader reader;
	json_t *json = NULL;
	/* The error has the path already, and room for one of any length. */
	int rc = stream_reader_open(&reader, saved->fd, "", &why);

	if (!rc)
		rc = stream_read(&reader);
	if (!rc && reader.type == STREAM_DESCRIPTION)
		json = json_loadb((const char *)reader.payload, reader.size, JSON_REJECT_DUPLICATES, NULL);
	if (!json)
		bad(path, rc ? why.text + strlen(": ") : "its description cannot be read", error);
	saved->checkpoint = reader.checkpoint.number;
	saved->taken = reader.checkpoint.time;
	stream_reader_close(&reader);
	return json;
}

static int take_description(const struct host *host, struct saved *saved, json_t *json,
			    struct error *error)
{
	const char *name, *uuid, *xml;
	uuid_t parsed;
	int rc;

	if (json_unpack(json, "{s:s, s:s, s:s, s:O}", "name", &name, "uuid", &uuid, "xml", &xml, "nodes",
			&saved->nodes) || uuid_parse(uuid, parsed) || nodes_saved_check(saved->nodes))
		return bad(saved->path, "its description is not as docs/migration-stream.md says", error);
	rc = domain_xml_read(&(struct xml_source){
		.xml = xml, .size = strlen(xml), .file = saved->path, .salt = host->identity,
	}, &saved->config, error);
	if (rc)
		return rc;
	if (uuid_compare(parsed, saved->config->uuid) || strcmp(name, saved->config->name))
		return bad(saved->path, "its description contradicts itself", error);
	return 0;
}

int saved_open(const struct host *host, const char *path, struct saved **result, struct error *error)
{
	struct saved *saved = calloc(1, sizeof(*saved));
	struct stat info;
	json_t *json;
	int rc;

	if (!saved)
		return error_set(error, ERROR_INTERNAL, "tenond", NULL, "out of memory");
	saved->path = strdup(path);
	/* Not blocking: a path may name a pipe that nobody writes to. */
	saved->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (!saved->path) {
		rc = error_set(error, ERROR_INTERNAL, "tenond", NULL, "out of memory");
	} else if (saved->fd < 0) {
		rc = bad(path, strerror(errno), error);
	} else if (fstat(saved->fd, &info) || !S_ISREG(info.st_mode)) {
		rc = bad(path, "is not a file", error);
	} else {
		json = read_description(saved, error);
		rc = json ? take_description(host, saved, json, error) : -EBADMSG;
		json_decref(json);
	}
	if (!rc && lseek(saved->fd, 0, SEEK_SET) < 0)
		rc = bad(path, strerror(errno), error);
	if (rc) {
		saved_close(saved);
		return rc;
	}
	*result = saved;
	return 0;
}

bool saved_is_of(const struct host *host, const char *path, const char *uuid)
{
	char found[UUID_STR_LEN] = "";
	struct saved *saved;
	struct error ignored;

	if (saved_open(host, path, &saved, &ignored))
		return false;
	uuid_unparse_lower(saved->config->uuid, found);
	saved_close(saved);
	return !strcmp(found, uuid);
}

int saved_incoming(const struct host *host, int fd, json_t *description, struct saved **result,
		   struct error *error)
{
	struct saved *saved = calloc(1, sizeof(*saved));
	int rc;

	if (saved)
		saved->path = strdup("the other host");
	if (!saved || !saved->path) {
		free(saved);
		return error_set(error, ERROR_INTERNAL, "tenond", NULL, "out of memory");
	}
	saved->fd = -1;		/* the caller's unless all is well */
	saved->incoming = true;
	rc = take_description(host, saved, description, error);
	if (rc) {
		saved_close(saved);
		return rc;
	}
	saved->fd = fd;
	*result = saved;
	return 0;
}

void saved_close(struct saved *saved)
{
	if (!saved)
		return;
	if (saved->fd >= 0)
		close(saved->fd);
	config_free(saved->config);
	json_decref(saved->coming);
	json_decref(saved->nodes);
	free(saved->path);
	free(saved);
}
