// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Creating a domain, step by step.  Disks are started before the kernel is
 * unpacked and awaited after it, and all devices get their nodes in one
 * transaction, so that nothing waits for what can go on at the same time.
 * The devices of a guest that comes from another host are made ready while it
 * still runs there: its rings, and its processors, are all that is left to do
 * while it stands still.
 *
 * There is one way back for all steps: teardown_domain() gives back whatever
 * is there, as it must be able to after a kill between any two of them.
 */
#include "create.h"
#include "copied.h"
#include "device/backend.h"
#include "device/block.h"
#include "device/net.h"
#include "log.h"
#include "migrate.h"
#include "peer.h"
#include "nodes.h"
#include "nodes_saved.h"
#include "preflight.h"
#include "resources.h"
#include "taken.h"
#include "save.h"
#include "teardown.h"
#include "worker.h"

#include "../build/build.h"

#include <errno.h>
#include <hypercall/hypercall.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define STORE_OPEN_MS	5000
#define BACKEND_MS	10000
#define CACHE_DIR	"/var/cache/tenon"

struct creation {
	const struct host *host;
	const struct domain_config *config;
	struct record *record;
	struct error *error;
	struct saved *saved;		/* NULL: a kernel is booted */
	struct store_client *store;
	struct block blocks[CONFIG_DISKS_MAX];
	struct build_result built;
	bool disks_ready;
	bool prepared;			/* prepare() has been called */
	int early;			/* what it returned where that was during build() */
	enum phase unfinished;		/* how the record stands until the domain is whole */
};

static int save(struct creation *creation, enum phase phase)
{
	int rc;

	creation->record->phase = phase;
	rc = record_save(creation->host, creation->record);
	if (!rc)
		return 0;
	return error_domain(creation->error, ERROR_INTERNAL, creation->config->name,
			    "is there space left in /run?", "its state cannot be written: %s",
			    strerror(-rc));
}

static int start_disks(struct creation *creation)
{
	const struct domain_config *config = creation->config;

	for (unsigned int i = 0; i < config->disk_count; i++) {
		struct block *block = &creation->blocks[i];
		struct record_disk *disk = &creation->record->disks[i];
		int rc = block_start(creation->host, creation->record->uuid, &config->disks[i], block,
				     creation->error);

		if (rc)
			return rc;
		disk->server = block->nbd.server;
		creation->record->disk_count = i + 1;
	}
	return 0;
}

static int build_failed(struct creation *creation, int rc, const struct build_error *why)
{
	enum error_kind kind = ERROR_INTERNAL;
	const char *next = "see tenon dmesg";

	if (rc == -ENOMEM) {
		kind = ERROR_RESOURCES;
		next = "change its <memory>: a kernel needs some for itself, and tenon info says "
		       "what the host has";
	} else if (rc == -ENOENT || rc == -EACCES || rc == -ENOEXEC || rc == -E2BIG || rc == -EINVAL) {
		kind = ERROR_CONFIG;
		next = "check <kernel> and <initrd> in the description";
	}
	return error_domain(creation->error, kind, creation->config->name, next, "%s", why->text);
}

static int restore_failed(struct creation *creation, const struct worker_failure *why)
{
	enum error_kind kind = ERROR_INTERNAL;
	const char *next = "see tenon dmesg";

	if (why->code == -ENOMEM) {
		kind = ERROR_RESOURCES;
		next = "destroy another domain; tenon info says what the host has";
	} else if (why->code == -EBADMSG || why->code == -EPROTONOSUPPORT || why->code == -EOPNOTSUPP) {
		kind = ERROR_CONFIG;
		next = "give a file that tenon save has written on a host like this one";
	} else if (creation->saved->coming && (why->code == -EIO || why->code == -ENOSPC)) {
		/* A loop device says the one where its file system says the other. */
		kind = ERROR_RESOURCES;
		next = "is there room for its disks there? else see dmesg in dom0 there";
	}
	return error_domain(creation->error, kind, creation->config->name, next,
			    "cannot be restored: %s", why->text);
}

static int await_disks(struct creation *creation)
{
	if (creation->disks_ready)
		return 0;
	for (unsigned int i = 0; i < creation->config->disk_count; i++) {
		struct record_disk *disk = &creation->record->disks[i];
		int rc = block_wait(&creation->blocks[i], &creation->config->disks[i],
				    creation->error);

		if (rc)
			return rc;
		snprintf(disk->device, sizeof(disk->device), "%s", creation->blocks[i].device);
	}
	creation->disks_ready = true;
	return 0;
}

static int schedule(struct creation *creation)
{
	const struct domain_config *config = creation->config;
	struct hc_control_sched sched = { .weight = config->weight, .cap = config->cap };
	int rc = 0;

	if (sched.weight != CONFIG_WEIGHT_DEFAULT || sched.cap)
		rc = hc_domain_set_sched(creation->host->hv, creation->built.domid, &sched);
	for (unsigned int vcpu = 0; !rc && vcpu < config->max_vcpus; vcpu++)
		if (config->affinity[vcpu])
			rc = hc_vcpu_set_affinity(creation->host->hv, creation->built.domid, vcpu,
						  config->affinity[vcpu]);
	if (rc)
		return error_domain(creation->error, ERROR_CONFIG, config->name, "check <cputune>",
				    "the hypervisor refuses its scheduling: %s", strerror(-rc));
	return 0;
}

static int store_failed(struct creation *creation, int rc)
{
	return error_set(creation->error, ERROR_UNREACHABLE, "store",
			 "is tenon-stored running? tenon doctor says more", "domain %s cannot be made known: %s",
			 creation->config->name, strerror(-rc));
}

/* From here on dom0's backends see its devices. */
static int make_nodes(struct creation *creation)
{
	uint16_t domid = creation->built.domid;
	int rc = store_open(creation->host->store_socket, STORE_OPEN_MS, &creation->store);

	if (!rc)
		rc = nodes_create(creation->store, domid, creation->config, creation->blocks);
	if (!rc && creation->saved)
		rc = nodes_saved_write(creation->store, domid, creation->saved->nodes);
	return rc ? store_failed(creation, rc) : 0;
}

static int plug_nics(struct creation *creation)
{
	const struct domain_config *config = creation->config;

	for (unsigned int i = 0; i < config->nic_count; i++) {
		int rc = net_plug(creation->built.domid, i, &config->nics[i], creation->error);

		if (rc)
			return rc;
		rc = nodes_set_plugged(creation->store, creation->built.domid, i);
		if (rc)
			return error_set(creation->error, ERROR_UNREACHABLE, "store",
					 "is tenon-stored running?", "interface %u: %s", i,
					 strerror(-rc));
	}
	return 0;
}

static int disk_failed(struct creation *creation, const struct disk_config *disk)
{
	char object[160], complaint[256];

	snprintf(object, sizeof(object), "disk %s", disk->target);
	nodes_backend_error(creation->store, creation->built.domid, "vbd", disk->device_id, complaint,
			    sizeof(complaint));
	return error_set(creation->error, ERROR_RESOURCES, object,
			 "load the backend: modprobe xen-blkback; see dmesg for its messages",
			 "dom0's backend did not open it%s%s", *complaint ? ": " : "", complaint);
}

static int plug_disks(struct creation *creation)
{
	const struct domain_config *config = creation->config;

	for (unsigned int i = 0; i < config->disk_count; i++) {
		if (!backend_wait_opened(creation->built.domid, config->disks[i].device_id, BACKEND_MS))
			return disk_failed(creation, &config->disks[i]);
		block_close(&creation->blocks[i]);
	}
	return 0;
}

/* The domain has its number: all that its guest need not be there for. */
static int prepare(struct creation *creation)
{
	static int (*const steps[])(struct creation *) = {
		schedule, await_disks, make_nodes, plug_nics, plug_disks,
	};
	int rc = 0;

	if (creation->prepared)
		return 0;
	creation->prepared = true;
	for (size_t i = 0; !rc && i < sizeof(steps) / sizeof(steps[0]); i++)
		rc = steps[i](creation);
	return rc;
}

/* tenon-migrate has made it, and reads on meanwhile. */
static void on_line(json_t *line, void *data)
{
	struct creation *creation = data;
	int domid;

	if (creation->prepared || json_unpack(line, "{s:{s:i}}", "created", "domid", &domid))
		return;
	creation->built.domid = (uint16_t)domid;
	creation->record->domid = domid;
	creation->early = save(creation, creation->unfinished);
	if (!creation->early)
		creation->early = prepare(creation);
}

/* The receiver's: the device of each disk that comes, in their order. */
static void disk_arguments(struct creation *creation, char *argv[])
{
	static char none[] = "-";

	for (unsigned int i = 0; i < creation->config->disk_count; i++)
		argv[i] = copied_comes(creation->saved->coming, &creation->config->disks[i]) ?
			  creation->blocks[i].device : none;
}

/* A process of its own makes the domain and fills it from the stream. */
static int restore(struct creation *creation)
{
	const struct domain_config *config = creation->config;
	char *argv[6 + CONFIG_DISKS_MAX] = { "tenon-migrate", creation->saved->incoming ? "receive" : "restore",
					     creation->saved->path, creation->record->uuid, config->name };
	const struct worker_live live = { .line = on_line, .data = creation };
	struct build_result *built = &creation->built;
	int domid, store_port, console_port;
	json_int_t store_mfn, console_mfn;
	struct worker_failure why;
	json_t *done;
	int rc = 0;

	if (creation->saved->coming) {
		rc = await_disks(creation);
		if (rc)
			return rc;
		disk_arguments(creation, argv + 5);
	}
	if (creation->saved->incoming) {
		taken_forget(creation->host, creation->record->uuid);
		rc = migrate_ready(creation->saved);
	}
	if (rc)
		return error_set(creation->error, ERROR_UNREACHABLE, creation->saved->path, NULL,
				 "has hung up: %s", strerror(-rc));
	rc = worker_run_live(argv, creation->saved->fd, NULL, &live, &done, &why);
	if (creation->early) {
		json_decref(done);
		return creation->early;
	}
	if (rc)
		return restore_failed(creation, &why);
	rc = json_unpack(done, "{s:i, s:i, s:i, s:I, s:I}", "domid", &domid, "store_port", &store_port,
			 "console_port", &console_port, "store_mfn", &store_mfn, "console_mfn",
			 &console_mfn);
	json_decref(done);
	if (rc)
		return error_domain(creation->error, ERROR_INTERNAL, config->name, NULL,
				    "cannot be restored: tenon-migrate gives no answer");
	*built = (struct build_result){
		.domid = (uint16_t)domid, .store_port = (uint32_t)store_port,
		.console_port = (uint32_t)console_port, .store_mfn = (uint64_t)store_mfn,
		.console_mfn = (uint64_t)console_mfn,
	};
	creation->record->domid = domid;
	return save(creation, creation->unfinished);
}

static int build(struct creation *creation)
{
	const struct domain_config *config = creation->config;
	struct build_config wanted = {
		.kernel = config->kernel, .initrd = config->initrd, .command_line = config->cmdline,
		.cache = CACHE_DIR, .name = config->name,
		.memory = config->memory, .max_memory = config->max_memory,
		.vcpus = config->max_vcpus, .domid = 0xffff,
	};
	struct build_error why = { "" };
	int rc;

	if (creation->saved)
		return restore(creation);
	memcpy(wanted.uuid, config->uuid, sizeof(wanted.uuid));
	rc = build_domain(creation->host->hv, &wanted, &creation->built, &why);
	if (rc)
		return build_failed(creation, rc, &why);
	creation->record->domid = creation->built.domid;
	return save(creation, creation->unfinished);
}

/* From here on the guest has a store to talk to. */
static int enter_store(struct creation *creation)
{
	const struct build_result *built = &creation->built;
	int rc = nodes_put_rings(creation->store, built);

	if (!rc)
		rc = store_introduce(creation->store, built->domid, built->store_mfn, built->store_port);
	return rc ? store_failed(creation, rc) : 0;
}

/* Its memory is there, and it shall have no more than that of itself. */
static int limit(struct creation *creation)
{
	int rc = hc_domain_set_memory(creation->host->hv, creation->built.domid,
				      resources_limit(creation->config->memory));

	return rc ? error_domain(creation->error, ERROR_INTERNAL, creation->config->name, "see tenon dmesg",
				 "its memory cannot be limited: %s", strerror(-rc)) : 0;
}

/* The sender's last word: from here on it is ours, whatever happens. */
static int take_over(struct creation *creation)
{
	int rc = migrate_complete(creation->saved, creation->error);

	if (rc)
		return rc;
	rc = taken_note(creation->host, creation->record->uuid);
	if (!rc)
		copied_keep(creation->config);
	return rc ? error_set(creation->error, ERROR_INTERNAL, creation->host->state_dir,
			      "is there space left?", "it cannot be noted that the guest is taken: %s",
			      strerror(-rc)) : 0;
}

static int start(struct creation *creation)
{
	int rc;

	if (creation->record->came) {
		rc = take_over(creation);
		if (rc)
			return rc;
	}
	/* Whole from this record on: found paused without cause, it will be unpaused. */
	creation->record->created = time(NULL);
	rc = save(creation, PHASE_ACTIVE);
	if (rc || creation->record->paused)
		return rc;
	rc = hc_domain_unpause(creation->host->hv, creation->built.domid);
	if (rc)
		return error_domain(creation->error, ERROR_INTERNAL, creation->config->name,
				    "see tenon dmesg", "it cannot be started: %s", strerror(-rc));
	if (creation->record->came)
		migrate_active(creation->host, creation->record, creation->saved);
	return 0;
}

static void undo(struct creation *creation)
{
	struct error ignored;

	/*
	 * One that has come has not run, and its sender may still ask. A tenond that follows lets an unfinished one
	 * run that is noted as taken, and ends one that is not: no record in between may say otherwise.
	 */
	if (creation->record->came) {
		creation->record->phase = creation->unfinished;
		record_save(creation->host, creation->record);
		taken_forget(creation->host, creation->record->uuid);
	}
	creation->record->phase = PHASE_STOPPING;
	record_save(creation->host, creation->record);
	if (!teardown_domain(creation->host, creation->record, creation->config, &ignored)) {
		record_delete(creation->host, creation->record);
		creation->record->domid = -1;
		creation->record->phase = PHASE_CREATING;
		return;
	}
	log_warning("domain %s: cannot be cleaned up yet: %s: %s", creation->config->name,
		    ignored.object, ignored.cause);
}

/* The record first: whoever finds it removes them. */
static int make_disks(struct creation *creation)
{
	int rc;

	/* What was being made when this host lost its power. */
	if (!taken_find(creation->host, creation->record->uuid))
		copied_remove(creation->config);
	taken_forget(creation->host, creation->record->uuid);
	rc = save(creation, creation->unfinished);
	return rc ? rc : copied_make(creation->config, creation->saved->coming, creation->error);
}

static int create(const struct host *host, const struct domain_config *config, struct record *record,
		  struct saved *saved, struct error *error)
{
	static int (*const steps[])(struct creation *) = {
		start_disks, build, prepare, limit, enter_store, start,
	};
	struct creation creation = {
		.host = host, .config = config, .record = record, .saved = saved, .error = error,
	};
	int rc = 0;

	/* A restart that is cut short shall be taken up again, not be cleaned up. */
	creation.unfinished = record->phase == PHASE_RESTARTING ? PHASE_RESTARTING : PHASE_CREATING;
	for (unsigned int i = 0; i < CONFIG_DISKS_MAX; i++)
		creation.blocks[i].fd = -1;
	record->domid = -1;
	record->disk_count = 0;
	record->came = saved && saved->incoming;
	record->cut_short = false;
	if (saved && saved->coming)
		rc = make_disks(&creation);
	else
		copied_keep(config);	/* what is here by now is its own */
	if (!rc)
		rc = preflight_check(host, config, error);
	if (rc) {
		if (saved && saved->coming)
			copied_remove(config);
		record_delete(host, record);	/* of a restart: the former instance's */
		return rc;
	}
	rc = save(&creation, creation.unfinished);
	for (size_t i = 0; !rc && i < sizeof(steps) / sizeof(steps[0]); i++)
		rc = steps[i](&creation);
	for (unsigned int i = 0; i < config->disk_count; i++)
		block_close(&creation.blocks[i]);
	store_close(creation.store);
	if (rc)
		undo(&creation);
	return rc;
}

int create_domain(const struct host *host, const struct domain_config *config,
		  struct record *record, struct error *error)
{
	return create(host, config, record, NULL, error);
}

int create_restored(const struct host *host, const struct domain_config *config,
		    struct record *record, struct saved *saved, struct error *error)
{
	int rc = create(host, config, record, saved, error);

	if (rc && saved->incoming)
		peer_send(saved->fd, peer_error(error));
	return rc;
}
