// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tearing a domain down, in the order in which its parts depend on each
 * other: guest stopped, devices closed, backends gone, memory given back,
 * nodes removed, disks released.
 */
#include "teardown.h"
#include "copied.h"
#include "device/backend.h"
#include "device/block.h"
#include "device/net.h"
#include "log.h"
#include "nodes.h"

#include <errno.h>
#include <hypercall/hypercall.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define STORE_OPEN_MS	5000
#define BACKEND_MS	10000	/* until a backend has finished its requests */
#define END_MS		3000	/* until nobody maps its memory any more */
#define BACKENDS_MAX	(CONFIG_DISKS_MAX + CONFIG_NICS_MAX)

struct backends {
	uint16_t domid;
	const char *kind;
	unsigned int count;
	char paths[BACKENDS_MAX][256];
};

/* The domain's number: as recorded, or, where it was not yet, by its UUID. */
static int find_domid(const struct host *host, const struct record *record)
{
	struct hc_control_info info;
	uuid_t uuid;
	int found;

	uuid_parse(record->uuid, uuid);
	if (record->domid > 0) {
		/* The number may have been given to another by now. */
		if (!hc_domain_info(host->hv, (uint16_t)record->domid, &info) &&
		    uuid_compare(info.uuid, uuid))
			return -1;
		return record->domid;
	}
	for (uint16_t from = 1; (found = hc_domain_next(host->hv, from, &info)) >= 0;
	     from = (uint16_t)(found + 1))
		if (!uuid_compare(info.uuid, uuid))
			return found;
	return -1;
}

static void note_backend(uint32_t device_id, void *data)
{
	struct backends *backends = data;

	if (backends->count < BACKENDS_MAX)
		backend_find(backends->kind, backends->domid, device_id,
			     backends->paths[backends->count++], sizeof(backends->paths[0]));
}

/* Let the backends go, and wait for them. */
static int close_devices(struct store_client *store, const struct record *record, uint16_t domid)
{
	struct backends backends = { .domid = domid };
	int rc;

	backends.kind = "vbd";
	rc = nodes_each_device(store, domid, "vbd", note_backend, &backends);
	backends.kind = "vif";
	if (!rc)
		rc = nodes_each_device(store, domid, "vif", note_backend, &backends);
	if (!rc && backends.count)
		rc = nodes_close_devices(store, domid);
	if (rc)
		return rc;
	for (unsigned int i = 0; i < backends.count; i++)
		if (!backend_wait_gone(backends.paths[i], BACKEND_MS))
			log_warning("domain %s: %s does not go away", record->name, backends.paths[i]);
	return 0;
}

/* Nodes, rings and backends: all that the store knows of. */
static int leave_store(const struct host *host, const struct record *record, int domid,
		       struct error *error)
{
	struct store_client *store;
	int rc;

	rc = store_open(host->store_socket, STORE_OPEN_MS, &store);
	if (!rc) {
		rc = close_devices(store, record, (uint16_t)domid);
		/* The memory of the ring must not go before the store has let go of it. */
		if (!rc)
			store_release(store, (uint16_t)domid);
		if (!rc)
			rc = nodes_remove(store, (uint16_t)domid, record->uuid);
		store_close(store);
	}
	if (rc)
		return error_set(error, ERROR_UNREACHABLE, "store",
				 "is tenon-stored running? tenon doctor says more",
				 "removing domain %s failed: %s", record->name, strerror(-rc));
	return 0;
}

/*
 * A domain is gone when nobody maps its memory any more, tenon-consoled for
 * one, which has just been told.  Who is told that it is gone may count on its
 * memory.
 */
static void await_end(const struct host *host, const struct record *record, uint16_t domid)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	struct hc_control_info info;

	for (int waited = 0; !hc_domain_info(host->hv, domid, &info); waited += 2) {
		if (waited >= END_MS) {
			log_warning("domain %s: number %u is dying, but others still map %llu frames of it",
				    record->name, domid, (unsigned long long)info.foreign_refs);
			return;
		}
		nanosleep(&pause, NULL);
	}
}

static int destroy(const struct host *host, const struct record *record, int domid,
		   struct error *error)
{
	int rc = hc_domain_destroy(host->hv, (uint16_t)domid);

	if (!rc || rc == -ESRCH) {
		await_end(host, record, (uint16_t)domid);
		return 0;
	}
	return error_domain(error, ERROR_INTERNAL, record->name, "see tenon dmesg",
			    "the hypervisor cannot destroy domain %d: %s", domid, strerror(-rc));
}

static void release_devices(const struct host *host, const struct record *record,
			    const struct domain_config *config, int domid)
{
	char device[IFNAMSIZ];

	for (unsigned int i = 0; i < config->nic_count; i++) {
		/* Without a number no interface has been made, unless it has a name of its own. */
		if (config->nics[i].antispoof == ANTISPOOF_OFF || (domid < 0 && !*config->nics[i].device))
			continue;
		net_device((uint16_t)domid, i, &config->nics[i], device);
		net_unplug(device);
	}
	for (unsigned int i = 0; i < config->disk_count; i++) {
		pid_t server = i < record->disk_count ? record->disks[i].server : 0;

		if (strcmp(config->disks[i].format, "raw"))
			block_release(host, record->uuid, config->disks[i].target, server);
	}
}

int teardown_domain(const struct host *host, const struct record *record,
		    const struct domain_config *config, struct error *error)
{
	int domid = find_domid(host, record);
	int rc = 0;

	if (domid > 0) {
		/* A guest that still runs would take its devices' end for a fault. */
		hc_domain_pause(host->hv, (uint16_t)domid);
		rc = leave_store(host, record, domid, error);
		if (!rc)
			rc = destroy(host, record, domid, error);
	}
	if (rc)
		return rc;
	if (config) {
		release_devices(host, record, config, domid);
		copied_remove(config);
	}
	return 0;
}
