// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Definitions on disk: NAME.xml, and autostart/NAME.xml as a link to it.  Each
 * change is one step of the file system's, so whoever is killed meanwhile
 * leaves the old or the new.
 */
#include "definition.h"
#include "description.h"
#include "file.h"
#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AUTOSTART "autostart/"

static void file_path(const struct host *host, const char *folder, const char *name, char path[FILE_PATH_MAX])
{
	snprintf(path, FILE_PATH_MAX, "%s/%s%s.xml", host->definitions_dir, folder, name);
}

struct definition *definition_by_uuid(const struct definition_list *list, const char *uuid)
{
	for (struct definition *definition = list->first; definition; definition = definition->next)
		if (*uuid && !strcasecmp(definition->uuid, uuid))
			return definition;
	return NULL;
}

static struct definition *by_name(const struct definition_list *list, const char *name)
{
	for (struct definition *definition = list->first; definition; definition = definition->next)
		if (!strcmp(definition->name, name))
			return definition;
	return NULL;
}

struct definition *definition_find(const struct definition_list *list, const char *reference)
{
	struct definition *definition = by_name(list, reference);

	return definition ? definition : definition_by_uuid(list, reference);
}

static void clear(struct definition *definition)
{
	config_free(definition->config);
	free(definition->broken);
	definition->config = NULL;
	definition->broken = NULL;
	definition->uuid[0] = '\0';
}

static void set_config(struct definition *definition, struct domain_config *config)
{
	clear(definition);
	definition->config = config;
	uuid_unparse_lower(config->uuid, definition->uuid);
}

static struct definition *add(struct definition_list *list, const char *name)
{
	struct definition **link = &list->first, *definition = calloc(1, sizeof(*definition));

	if (!definition)
		return NULL;
	snprintf(definition->name, sizeof(definition->name), "%s", name);
	while (*link && strcmp((*link)->name, name) < 0)
		link = &(*link)->next;
	definition->next = *link;
	*link = definition;
	return definition;
}

static void drop(struct definition_list *list, struct definition *definition)
{
	struct definition **link = &list->first;

	while (*link != definition)
		link = &(*link)->next;
	*link = definition->next;
	clear(definition);
	free(definition);
}

void definitions_free(struct definition_list *list)
{
	while (list->first)
		drop(list, list->first);
}

/* What somebody may have put there by hand, and tenon define does not. */
static int check_file(const struct definition_list *list, const char *path, const char *name,
		      const struct domain_config *config, struct error *error)
{
	static const char next[] = "undefine it, and give the description to tenon define";
	const struct definition *other;
	char uuid[UUID_STR_LEN];

	uuid_unparse_lower(config->uuid, uuid);
	other = definition_by_uuid(list, uuid);
	if (strcmp(config->name, name))
		return error_set(error, ERROR_CONFIG, path, next, "describes domain %s", config->name);
	if (!config->uuid_given)
		return error_set(error, ERROR_CONFIG, path, next, "has no <uuid>");
	if (other)
		return error_set(error, ERROR_CONFIG, path, next, "has the UUID of domain %s", other->name);
	return 0;
}

static int read_file(const struct host *host, const struct definition_list *list, const char *name,
		     struct domain_config **config, struct error *error)
{
	struct description description;
	char path[FILE_PATH_MAX];
	int rc;

	file_path(host, "", name, path);
	rc = description_of_file(path, &description, error);
	if (!rc)
		rc = description_read(host, &description, NULL, config, error);
	description_clear(&description);
	if (!rc)
		rc = check_file(list, path, name, *config, error);
	return rc;
}

static void load(const struct host *host, struct definition_list *list, const char *name)
{
	struct domain_config *config = NULL;
	struct error error = { 0 };
	int rc = read_file(host, list, name, &config, &error);
	struct error *broken = rc ? malloc(sizeof(error)) : NULL;
	struct definition *definition = !rc || broken ? add(list, name) : NULL;
	char link[FILE_PATH_MAX];

	if (definition && !rc)
		set_config(definition, config);
	else
		config_free(config);
	if (!definition) {
		free(broken);
		return;
	}
	definition->broken = broken;
	if (broken)
		*broken = error;
	file_path(host, AUTOSTART, name, link);
	definition->autostart = !access(link, F_OK);
}

static int is_definition(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && dot != entry->d_name && !strcmp(dot, ".xml");
}

void definitions_load(const struct host *host, struct definition_list *list)
{
	struct dirent **entries = NULL;
	int count = scandir(host->definitions_dir, &entries, is_definition, alphasort);

	if (count < 0 && errno != ENOENT)
		log_warning("%s: %s", host->definitions_dir, strerror(errno));
	for (int i = 0; i < count; i++) {
		*strrchr(entries[i]->d_name, '.') = '\0';
		load(host, list, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

/* Another domain shares one of name and UUID with it: which of the two would be meant? */
static void check_other(const struct domain_config *config, const char *name, const char *uuid, const char *what,
			struct errors *errors)
{
	char own[UUID_STR_LEN];
	bool same_uuid;

	uuid_unparse_lower(config->uuid, own);
	same_uuid = !strcasecmp(own, uuid);
	if (!strcmp(config->name, name) == same_uuid)
		return;
	errors_note(errors, error_domain(errors_next(errors), ERROR_EXISTS, config->name,
					 same_uuid ? "remove <uuid> to have one chosen" :
					 "choose another name, or write its UUID into the description",
					 "%s %s is that of domain %s (%s), which %s", same_uuid ? "UUID" : "name",
					 same_uuid ? uuid : name, name, uuid, what));
}

void definition_conflicts(const struct definition_list *list, const struct domain_config *config,
			  struct errors *errors)
{
	for (const struct definition *other = list->first; other; other = other->next)
		if (other->config)
			check_other(config, other->name, other->uuid, "is defined", errors);
}

static int check_new(const struct definition_list *list, const struct domain_list *domains,
		     const struct domain_config *config, struct error *error)
{
	struct errors errors = { 0 };

	domain_check_name(config, &errors);
	definition_conflicts(list, config, &errors);
	for (const struct domain *other = domains->first; other; other = other->next)
		check_other(config, other->name, other->uuid, "is there", &errors);
	if (errors.count)
		*error = errors.items[0];
	return errors.rc;
}

static int failed(const char *path, int rc, const char *what, struct error *error)
{
	return error_set(error, rc == -ENOSPC || rc == -EDQUOT ? ERROR_RESOURCES : ERROR_INTERNAL, path,
			 "is there space left, and can it be written to?", "cannot be %s: %s", what,
			 strerror(-rc));
}

/* 0 also where there is none. */
static int remove_file(const char *path)
{
	return unlink(path) && errno != ENOENT ? -errno : 0;
}

int definition_save(const struct host *host, struct definition_list *list, const struct domain_list *domains,
		    struct domain_config *config, struct definition **result, struct error *error)
{
	struct definition *old = by_name(list, config->name), *definition = old;
	char path[FILE_PATH_MAX], link[FILE_PATH_MAX];
	int rc = check_new(list, domains, config, error);

	if (rc)
		return rc;
	file_path(host, "", config->name, path);
	file_path(host, AUTOSTART, config->name, link);
	if (!old)
		definition = add(list, config->name);
	if (!definition)
		return failed(path, -ENOMEM, "written", error);
	rc = folder_make(host->definitions_dir);
	/* One that was left when a file was removed by hand. */
	if (!rc && !old)
		rc = remove_file(link);
	if (!rc)
		rc = file_replace(path, config->xml, strlen(config->xml), 0600, true);
	if (rc) {
		if (!old)
			drop(list, definition);
		return failed(path, rc, "written", error);
	}
	set_config(definition, config);
	*result = definition;
	return 0;
}

int definition_delete(const struct host *host, struct definition_list *list, struct definition *definition,
		      struct error *error)
{
	char path[FILE_PATH_MAX];
	int rc;

	/* The link first: one without a file would make the next domain of this name start by itself. */
	file_path(host, AUTOSTART, definition->name, path);
	rc = remove_file(path);
	if (!rc) {
		definition->autostart = false;
		file_path(host, "", definition->name, path);
		rc = remove_file(path);
	}
	if (!rc)
		rc = folder_sync(host->definitions_dir);
	if (rc)
		return failed(path, rc, "removed", error);
	drop(list, definition);
	return 0;
}

static int make_link(const struct host *host, const char *name, const char *link)
{
	char folder[FILE_PATH_MAX], target[300];
	int rc;

	snprintf(folder, sizeof(folder), "%s/" AUTOSTART, host->definitions_dir);
	folder[strlen(folder) - 1] = '\0';
	snprintf(target, sizeof(target), "../%s.xml", name);
	rc = folder_make(folder);
	if (!rc && symlink(target, link) && errno != EEXIST)
		rc = -errno;
	return rc ? rc : folder_sync(folder);
}

int definition_set_autostart(const struct host *host, struct definition *definition, bool autostart,
			     struct error *error)
{
	char link[FILE_PATH_MAX];
	int rc;

	if (autostart && definition->broken) {
		*error = *definition->broken;
		return -EINVAL;
	}
	file_path(host, AUTOSTART, definition->name, link);
	rc = autostart ? make_link(host, definition->name, link) : remove_file(link);
	if (rc)
		return failed(link, rc, autostart ? "made" : "removed", error);
	definition->autostart = autostart;
	return 0;
}

static json_t *broken_json(const struct definition *definition)
{
	char problem[512];

	snprintf(problem, sizeof(problem), "%s: %.300s", definition->broken->object, definition->broken->cause);
	return json_pack("{s:s, s:n, s:s, s:b, s:n, s:s}", "name", definition->name, "uuid", "state", "broken",
			 "managed", true, "id", "problem", problem);
}

json_t *definition_json(const struct host *host, const struct definition *definition, bool details)
{
	struct domain off = { .domid = -1, .phase = PHASE_ACTIVE, .config = definition->config };
	json_t *json;

	if (definition->config) {
		snprintf(off.name, sizeof(off.name), "%s", definition->config->name);
		memcpy(off.uuid, definition->uuid, sizeof(off.uuid));
		json = domain_json(host, &off, details);
		json_object_set_new(json, "state", json_string("off"));
		json_object_set_new(json, "vcpus", json_integer(definition->config->vcpus));
		json_object_set_new(json, "max_vcpus", json_integer(definition->config->max_vcpus));
	} else {
		json = broken_json(definition);
	}
	json_object_set_new(json, "defined", json_true());
	json_object_set_new(json, "autostart", json_boolean(definition->autostart));
	return json;
}

void definition_note(const struct definition_list *list, const char *uuid, json_t *json)
{
	const struct definition *definition = definition_by_uuid(list, uuid);

	json_object_set_new(json, "defined", json_boolean(definition));
	json_object_set_new(json, "autostart", json_boolean(definition && definition->autostart));
}
