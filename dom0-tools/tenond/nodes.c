// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Creating a domain's nodes.  Names and values are those that Linux' xenbus,
 * blkfront, blkback, netfront and netback document and read; permissions let
 * a guest write only where its kernel has to.
 */
#include "nodes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PATH_MAX_STORE	256
#define CONSOLE_LIMIT	1048576		/* bytes a console may buffer */
#define STATE_INITIALISING 1		/* of xenbus */
#define COMMIT_ATTEMPTS	32

/* A transaction under way, with the first error: later steps then do nothing. */
struct writer {
	struct store_client *store;
	uint32_t tx;
	int rc;
	uint16_t domid;
};

static void put(struct writer *writer, const char *folder, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static void put(struct writer *writer, const char *folder, const char *name, const char *format, ...)
{
	char path[PATH_MAX_STORE], value[2048];
	va_list args;
	int length;

	if (writer->rc)
		return;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	va_start(args, format);
	length = vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	writer->rc = length < (int)sizeof(value) ?
		store_write(writer->store, writer->tx, path, value, (size_t)length) : -E2BIG;
}

static void permit(struct writer *writer, const char *folder, const char *name,
		   const struct store_perm *perms, size_t count)
{
	char path[PATH_MAX_STORE];

	snprintf(path, sizeof(path), "%s%s%s", folder, *name ? "/" : "", name);
	if (!writer->rc)
		writer->rc = store_mkdir(writer->store, writer->tx, path);
	if (!writer->rc)
		writer->rc = store_set_perms(writer->store, writer->tx, path, perms, count);
}

/* A folder of dom0 that the guest may read; what is put below inherits that. */
static void guest_reads(struct writer *writer, const char *folder, const char *name)
{
	const struct store_perm perms[] = {
		{ STORE_ACCESS_NONE, 0 }, { STORE_ACCESS_READ, writer->domid }
	};

	permit(writer, folder, name, perms, 2);
}

/* A node that belongs to the guest. */
static void guest_owns(struct writer *writer, const char *folder, const char *name)
{
	const struct store_perm perms[] = { { STORE_ACCESS_NONE, writer->domid } };

	permit(writer, folder, name, perms, 1);
}

/* A device's two folders: each side owns its own, and reads the other's. */
static void device_folders(struct writer *writer, const char *kind, uint32_t id, char *frontend,
			   char *backend)
{
	const struct store_perm front[] = {
		{ STORE_ACCESS_NONE, writer->domid }, { STORE_ACCESS_READ, 0 }
	};

	snprintf(frontend, PATH_MAX_STORE, "/local/domain/%u/device/%s/%u", writer->domid, kind, id);
	snprintf(backend, PATH_MAX_STORE, "/local/domain/0/backend/%s/%u/%u", kind, writer->domid, id);
	permit(writer, frontend, "", front, 2);
	guest_reads(writer, backend, "");
	put(writer, frontend, "backend", "%s", backend);
	put(writer, frontend, "backend-id", "0");
	put(writer, backend, "frontend", "%s", frontend);
	put(writer, backend, "frontend-id", "%u", writer->domid);
	put(writer, backend, "online", "1");
}

static void put_disk(struct writer *writer, const struct disk_config *disk,
		     const struct block *block)
{
	const char *type = disk->cdrom ? "cdrom" : "disk";
	char frontend[PATH_MAX_STORE], backend[PATH_MAX_STORE];

	device_folders(writer, "vbd", disk->device_id, frontend, backend);
	put(writer, frontend, "virtual-device", "%u", disk->device_id);
	put(writer, frontend, "device-type", "%s", type);
	put(writer, backend, "dev", "%s", disk->target);
	put(writer, backend, "type", "phy");
	put(writer, backend, "device-type", "%s", type);
	put(writer, backend, "mode", "%s", disk->readonly ? "r" : "w");
	put(writer, backend, "bootable", "1");
	put(writer, backend, "discard-enable", "%d", disk->discard);
	put(writer, backend, "params", "%s", *block->device ? block->device : disk->source);
	put(writer, backend, "physical-device", "%x:%x", block->major, block->minor);
	put(writer, backend, "hotplug-status", "connected");
	put(writer, frontend, "state", "%d", STATE_INITIALISING);
	put(writer, backend, "state", "%d", STATE_INITIALISING);
}

static void put_nic(struct writer *writer, const struct nic_config *nic, unsigned int index)
{
	char frontend[PATH_MAX_STORE], backend[PATH_MAX_STORE], mac[MAC_TEXT];

	config_mac_format(nic->mac, mac);
	device_folders(writer, "vif", index, frontend, backend);
	put(writer, frontend, "handle", "%u", index);
	put(writer, frontend, "mac", "%s", mac);
	if (nic->mtu)
		put(writer, frontend, "mtu", "%u", nic->mtu);
	put(writer, backend, "handle", "%u", index);
	put(writer, backend, "mac", "%s", mac);
	put(writer, backend, "bridge", "%s", nic->bridge);
	put(writer, backend, "type", "vif");
	/* The backend insists on this node; there is no script, tenond does its work. */
	put(writer, backend, "script", "%s", "");
	put(writer, frontend, "state", "%d", STATE_INITIALISING);
	put(writer, backend, "state", "%d", STATE_INITIALISING);
}

/* Requests to the guest, and what it answers: see Linux' drivers/xen/manage.c. */
static void put_control(struct writer *writer, const char *home)
{
	static const char *const answers[] = {
		"control/shutdown", "control/sysrq", "control/feature-poweroff",
		"control/feature-reboot", "control/feature-suspend", "control/feature-halt",
		"control/feature-balloon", "device/suspend/event-channel",
	};

	guest_reads(writer, home, "control");
	guest_reads(writer, home, "device");
	put(writer, home, "control/platform-feature-multiprocessor-suspend", "1");
	put(writer, home, "control/platform-feature-xs_reset_watches", "1");
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		guest_owns(writer, home, answers[i]);
}

static void rings_body(struct writer *writer, const void *data)
{
	const struct build_result *built = data;
	char home[PATH_MAX_STORE];

	snprintf(home, sizeof(home), "/local/domain/%u", writer->domid);
	guest_reads(writer, home, "console");
	guest_reads(writer, home, "store");
	put(writer, home, "store/ring-ref", "%llu", (unsigned long long)built->store_mfn);
	put(writer, home, "store/port", "%u", built->store_port);
	put(writer, home, "console/backend-id", "0");
	put(writer, home, "console/limit", "%d", CONSOLE_LIMIT);
	put(writer, home, "console/type", "xenconsoled");
	put(writer, home, "console/output", "pty");
	put(writer, home, "console/tty", "%s", "");
	put(writer, home, "console/ring-ref", "%llu", (unsigned long long)built->console_mfn);
	put(writer, home, "console/port", "%u", built->console_port);
}

static void put_domain(struct writer *writer, const struct domain_config *config)
{
	static const char *const owned[] = { "data", "drivers", "feature", "attr", "error" };
	char home[PATH_MAX_STORE], vm[PATH_MAX_STORE], name[64], uuid[UUID_STR_LEN];

	uuid_unparse_lower(config->uuid, uuid);
	snprintf(home, sizeof(home), "/local/domain/%u", writer->domid);
	snprintf(vm, sizeof(vm), "/vm/%s", uuid);
	guest_reads(writer, vm, "");
	put(writer, vm, "name", "%s", config->name);
	put(writer, vm, "uuid", "%s", uuid);
	put(writer, vm, "start_time", "%lld", (long long)time(NULL));
	guest_reads(writer, home, "");
	put(writer, home, "vm", "%s", vm);
	put(writer, home, "name", "%s", config->name);
	put(writer, home, "domid", "%u", writer->domid);
	put(writer, home, "memory/static-max", "%llu", (unsigned long long)config->max_memory >> 10);
	put(writer, home, "memory/target", "%llu", (unsigned long long)config->memory >> 10);
	for (unsigned int vcpu = 0; vcpu < config->max_vcpus; vcpu++) {
		snprintf(name, sizeof(name), "cpu/%u/availability", vcpu);
		put(writer, home, name, "%s", vcpu < config->vcpus ? "online" : "offline");
	}
	put_control(writer, home);
	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
		guest_owns(writer, home, owned[i]);
}

/* Run a body in a transaction until it could be committed. */
static int commit(struct writer *writer, void (*body)(struct writer *writer, const void *data),
		  const void *data)
{
	for (int attempt = 0; attempt < COMMIT_ATTEMPTS; attempt++) {
		int rc;

		writer->rc = store_transaction_start(writer->store, &writer->tx);
		if (writer->rc)
			return writer->rc;
		store_collect(writer->store);
		body(writer, data);
		rc = store_collected(writer->store);
		if (!writer->rc)
			writer->rc = rc;
		rc = store_transaction_end(writer->store, writer->tx, !writer->rc);
		if (!writer->rc)
			writer->rc = rc;
		if (writer->rc != -EAGAIN)
			return writer->rc;
	}
	return -EAGAIN;
}

struct creation_nodes {
	const struct domain_config *config;
	const struct block *blocks;
};

static void create_body(struct writer *writer, const void *data)
{
	const struct creation_nodes *nodes = data;

	put_domain(writer, nodes->config);
	for (unsigned int i = 0; i < nodes->config->disk_count; i++)
		put_disk(writer, &nodes->config->disks[i], &nodes->blocks[i]);
	for (unsigned int i = 0; i < nodes->config->nic_count; i++)
		put_nic(writer, &nodes->config->nics[i], i);
}

int nodes_create(struct store_client *store, uint16_t domid, const struct domain_config *config,
		 const struct block *blocks)
{
	const struct creation_nodes nodes = { config, blocks };
	struct writer writer = { .store = store, .domid = domid };

	return commit(&writer, create_body, &nodes);
}

int nodes_put_rings(struct store_client *store, const struct build_result *built)
{
	struct writer writer = { .store = store, .domid = built->domid };

	return commit(&writer, rings_body, built);
}

static void host_body(struct writer *writer, const void *data)
{
	(void)data;
	put(writer, "/local/domain/0", "name", "Domain-0");
	put(writer, "/local/domain/0", "domid", "0");
}

int nodes_create_host(struct store_client *store)
{
	struct writer writer = { .store = store };

	return commit(&writer, host_body, NULL);
}
