// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RUN_DIR/autostarted says that all has been tried that was to be started with
 * the host. That folder is in memory, and empty after a boot, which is how a
 * boot is told from a restart of tenond.
 */
#include "start.h"
#include "description.h"
#include "file.h"
#include "log.h"
#include "waiter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CLEANUP_MS 60000	/* until what a killed predecessor had half made is gone */

int definition_start(struct tenond *tenond, const struct definition *definition, bool paused,
		     lifecycle_done *done, void *data, struct error *error)
{
	struct description description = { .paused = paused };
	struct domain_config *config = NULL;
	struct domain *domain;
	int rc;

	if (definition->broken) {
		*error = *definition->broken;
		return -EINVAL;
	}
	if (domain_by_uuid(&tenond->domains, definition->uuid))
		return error_domain(error, ERROR_STATE, definition->name, "tenon list shows its state",
				    "is running already, or about to");
	snprintf(description.file, sizeof(description.file), "%s", definition->name);
	description.xml = definition->config->xml;
	description.size = strlen(description.xml);
	rc = description_read(&tenond->host, &description, NULL, &config, error);
	if (!rc)
		rc = lifecycle_create(tenond, config, paused, done, data, &domain, error);
	if (rc)
		config_free(config);
	return rc;
}

static struct definition *first_due(const struct tenond *tenond)
{
	struct definition *definition = tenond->definitions.first;

	while (definition && !definition->due)
		definition = definition->next;
	return definition;
}

static void marker_path(const struct tenond *tenond, char path[FILE_PATH_MAX])
{
	snprintf(path, FILE_PATH_MAX, "%s/autostarted", tenond->host.run_dir);
}

static void start_due(struct tenond *tenond);

static void on_started(struct domain *domain, const struct error *error, void *data)
{
	(void)domain;
	if (error)
		log_warning("autostart: %s: %s", error->object, error->cause);
	start_due(data);
}

/* What a killed predecessor had half made is gone, or will not go. */
static void on_gone(struct domain *domain, const struct error *error, void *data)
{
	struct tenond *tenond = data;
	struct definition *definition = first_due(tenond);

	(void)domain;
	if (error && definition && !tenond->stopping) {
		log_warning("autostart: %s: %s", error->object, error->cause);
		definition->due = false;
	}
	start_due(tenond);
}

/* True: start_due() will be called again when it is done. */
static bool start_one(struct tenond *tenond, struct definition *definition)
{
	const struct domain *left = domain_by_uuid(&tenond->domains, definition->uuid);
	struct error error = { 0 };

	if (left && left->phase == PHASE_STOPPING)
		return !waiter_add(tenond, left, WAIT_GONE, CLEANUP_MS, on_gone, tenond);
	if (left)
		return false;
	if (!definition_start(tenond, definition, false, on_started, tenond, &error)) {
		definition->due = false;
		return true;
	}
	log_warning("autostart: %s: %s", error.object, error.cause);
	return false;
}

static void start_due(struct tenond *tenond)
{
	struct definition *definition;
	char path[FILE_PATH_MAX];

	while (!tenond->stopping && (definition = first_due(tenond))) {
		log_info("autostart: domain %s", definition->name);
		if (start_one(tenond, definition))
			return;
		definition->due = false;
	}
	marker_path(tenond, path);
	if (!tenond->stopping && file_replace(path, "", 0, 0600, false))
		log_warning("%s cannot be written: the next tenond will start domains once more", path);
}

void autostart_begin(struct tenond *tenond)
{
	char path[FILE_PATH_MAX];

	marker_path(tenond, path);
	if (!access(path, F_OK))
		return;
	for (struct definition *definition = tenond->definitions.first; definition; definition = definition->next)
		definition->due = definition->autostart;
	start_due(tenond);
}
