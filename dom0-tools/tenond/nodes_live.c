// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nodes of a domain that exists: talking to its kernel, looking at its
 * devices, and removing all of it again.
 */
#include "nodes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_CONNECTED	4	/* of xenbus */
#define STATE_CLOSING	5

static const char *const kinds[] = { "vbd", "vif" };

int nodes_set_plugged(struct store_client *store, uint16_t domid, unsigned int nic)
{
	char path[128];

	snprintf(path, sizeof(path), "/local/domain/0/backend/vif/%u/%u/hotplug-status", domid, nic);
	return store_printf(store, 0, path, "connected");
}

int nodes_request(struct store_client *store, uint16_t domid, const char *what)
{
	char path[128];

	snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", domid);
	return store_printf(store, 0, path, "%s", what ? what : "");
}

int nodes_request_seen(struct store_client *store, uint16_t domid, bool *seen)
{
	char path[128], *value;
	int rc;

	snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", domid);
	rc = store_read(store, 0, path, &value, NULL);
	if (rc)
		return rc;
	*seen = !*value;
	free(value);
	return 0;
}

/* A guest acts on each write, also on one that says what was there. */
static int write_changed(struct store_client *store, const char *path, const char *text)
{
	char *value;
	int rc = store_read(store, 0, path, &value, NULL);
	bool same;

	if (rc && rc != -ENOENT)
		return rc;
	same = !rc && !strcmp(value, text);
	if (!rc)
		free(value);
	return same ? 0 : store_printf(store, 0, path, "%s", text);
}

int nodes_resize(struct store_client *store, uint16_t domid, const struct domain_config *config)
{
	char path[128], text[24];
	int rc;

	snprintf(path, sizeof(path), "/local/domain/%u/memory/target", domid);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)config->memory >> 10);
	rc = write_changed(store, path, text);
	for (unsigned int vcpu = 0; !rc && vcpu < config->max_vcpus; vcpu++) {
		snprintf(path, sizeof(path), "/local/domain/%u/cpu/%u/availability", domid, vcpu);
		rc = write_changed(store, path, vcpu < config->vcpus ? "online" : "offline");
	}
	return rc;
}

unsigned int nodes_frontend_state(struct store_client *store, uint16_t domid, const char *kind,
				  uint32_t device_id)
{
	char path[128];
	uint64_t state;

	snprintf(path, sizeof(path), "/local/domain/%u/device/%s/%u/state", domid, kind, device_id);
	return store_read_number(store, 0, path, 8, &state) ? 0 : (unsigned int)state;
}

int nodes_each_device(struct store_client *store, uint16_t domid, const char *kind,
		      void (*take)(uint32_t device_id, void *data), void *data)
{
	char path[128], **names;
	size_t count;
	int rc;

	snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%u", kind, domid);
	rc = store_list(store, 0, path, &names, &count);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	for (size_t i = 0; i < count; i++) {
		char *end;
		unsigned long id = strtoul(names[i], &end, 10);

		if (!*end && end != names[i] && id <= UINT32_MAX)
			take((uint32_t)id, data);
	}
	free(names);
	return 0;
}

/* A question about all devices of one kind. */
struct inquiry {
	struct store_client *store;
	uint16_t domid;
	const char *kind;
	bool all_connected;
};

static void ask_connected(uint32_t device_id, void *data)
{
	struct inquiry *inquiry = data;

	if (nodes_frontend_state(inquiry->store, inquiry->domid, inquiry->kind, device_id) !=
	    STATE_CONNECTED)
		inquiry->all_connected = false;
}

int nodes_guest_up(struct store_client *store, uint16_t domid, bool *up)
{
	struct inquiry inquiry = { store, domid, NULL, true };
	char path[128], *value;
	int rc;

	*up = false;
	snprintf(path, sizeof(path), "/local/domain/%u/control/feature-poweroff", domid);
	rc = store_read(store, 0, path, &value, NULL);
	if (rc)
		return rc == -ENOENT ? 0 : rc;
	inquiry.all_connected = !strcmp(value, "1");
	free(value);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && inquiry.all_connected; i++) {
		inquiry.kind = kinds[i];
		rc = nodes_each_device(store, domid, kinds[i], ask_connected, &inquiry);
		if (rc)
			return rc;
	}
	*up = inquiry.all_connected;
	return 0;
}

void nodes_backend_error(struct store_client *store, uint16_t domid, const char *kind,
			 uint32_t device_id, char *text, size_t size)
{
	char path[160], *value;

	text[0] = '\0';
	snprintf(path, sizeof(path), "/local/domain/0/error/backend/%s/%u/%u/error", kind, domid,
		 device_id);
	if (store_read(store, 0, path, &value, NULL))
		return;
	snprintf(text, size, "%s", value);
	text[strcspn(text, "\n")] = '\0';
	free(value);
}

/* Removing what is not there is success. */
static int forget(struct store_client *store, const char *path)
{
	int rc = store_rm(store, 0, path);

	return rc == -ENOENT ? 0 : rc;
}

static void close_device(uint32_t device_id, void *data)
{
	struct inquiry *inquiry = data;
	char path[160];

	snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%u/%u/online", inquiry->kind,
		 inquiry->domid, device_id);
	store_printf(inquiry->store, 0, path, "0");
	snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%u/%u/state", inquiry->kind,
		 inquiry->domid, device_id);
	store_printf(inquiry->store, 0, path, "%d", STATE_CLOSING);
	snprintf(path, sizeof(path), "/local/domain/%u/device/%s/%u", inquiry->domid, inquiry->kind,
		 device_id);
	forget(inquiry->store, path);
}

int nodes_close_devices(struct store_client *store, uint16_t domid)
{
	struct inquiry inquiry = { store, domid, NULL, true };
	int rc = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !rc; i++) {
		inquiry.kind = kinds[i];
		rc = nodes_each_device(store, domid, kinds[i], close_device, &inquiry);
	}
	return rc;
}

int nodes_remove(struct store_client *store, uint16_t domid, const char *uuid)
{
	char path[160];
	int rc = 0, one;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%u", kinds[i], domid);
		one = forget(store, path);
		rc = rc ? rc : one;
		snprintf(path, sizeof(path), "/local/domain/0/error/backend/%s/%u", kinds[i], domid);
		one = forget(store, path);
		rc = rc ? rc : one;
	}
	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	one = forget(store, path);
	rc = rc ? rc : one;
	snprintf(path, sizeof(path), "/vm/%s", uuid);
	one = forget(store, path);
	return rc ? rc : one;
}
