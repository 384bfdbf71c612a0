// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host that a guest leaves.
 */
#include "migrate.h"
#include "copied.h"
#include "device/block.h"
#include "log.h"
#include "migrate_check.h"
#include "peer.h"
#include "rings.h"
#include "worker.h"

#include "../migrate/disk_log.h"

#include <errno.h>
#include <hypercall/hypercall.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READY_MS	60000	/* the other host's checks */
#define COMPLETE_MS	120000	/* its last steps, devices among them */
#define SETTLE_MS	10000	/* its disks, with what they were asked for */
#define ASK_S		1	/* between questions to a host that does not answer */
#define ASK_TIMES	10	/* after that the next scan asks again */

/* What a guest that changes its memory too fast is left of its processors' time, step by step. */
static const unsigned int slow_percent[] = { 60, 40, 25, 15, 10, 5 };
#define SLOW_STEPS (sizeof(slow_percent) / sizeof(slow_percent[0]))

struct leaving {
	const struct host *host;
	const struct domain_config *config;
	struct record *record;
	struct migration *migration;
	struct store_client *store;
	struct error *error;
	int fd;
	struct patience *patience;	/* with the other side; NULL where its session has its own */
};

static int misheard(struct leaving *leaving, const char *member)
{
	return error_set(leaving->error, ERROR_UNREACHABLE, peer_name(leaving->record->peer),
			 "is its tenond of another version?", "says something else than \"%s\"", member);
}

/* What the peer says next, or why it says nothing; member: what it must be (NULL: anything but an error). */
static json_t *hear(struct leaving *leaving, int timeout_ms, const char *member, int *rc)
{
	json_t *json = peer_receive(leaving->fd, timeout_ms, rc);

	if (json)
		*rc = peer_take_error(json, leaving->record->peer, leaving->error);
	else
		error_set(leaving->error, ERROR_UNREACHABLE, peer_name(leaving->record->peer),
			  "tenon doctor there says more", "does not answer: %s", strerror(-*rc));
	if (!*rc && member && !json_object_get(json, member))
		*rc = misheard(leaving, member);
	if (*rc) {
		json_decref(json);
		json = NULL;
	}
	return json;
}

static int tell(struct leaving *leaving, json_t *json)
{
	int rc = peer_send(leaving->fd, json);

	return rc ? error_set(leaving->error, ERROR_UNREACHABLE, peer_name(leaving->record->peer), NULL,
			      "cannot be told: %s", strerror(-rc)) : 0;
}

/* Ask the other side what is in the way, and add what we know ourselves: all of it, before anything moves. */
static int propose(struct leaving *leaving, char **description)
{
	const char *peer = leaving->record->peer;
	bool check = migration_options(leaving->migration)->check,
	     copy = migration_options(leaving->migration)->copy_storage;
	struct errors errors = { 0 };
	json_t *json, *answer;
	int rc;

	*description = save_describe(leaving->store, leaving->config, leaving->record, &rc);
	if (!*description)
		return error_set(leaving->error, ERROR_UNREACHABLE, "store",
				 "is tenon-stored running? tenon doctor says more",
				 "domain %s: %s", leaving->record->name, strerror(-rc));
	check_leaving(leaving->config, copy, &errors);
	json = check_proposal(leaving->config, leaving->record, copy);
	json_object_set_new(json, "migrate", json_integer(PEER_VERSION));
	json_object_set_new(json, "description", json_loads(*description, 0, NULL));
	json_object_set_new(json, "check", json_boolean(check || errors.count));
	rc = tell(leaving, json);
	answer = rc ? NULL : hear(leaving, READY_MS, NULL, &rc);
	if (rc)
		return rc;
	check_add(answer, peer, &errors);
	if (!errors.count && !json_object_get(answer, check ? "obstacles" : "ready"))
		rc = misheard(leaving, "ready");
	json_decref(answer);
	return errors.count ? check_report(&errors, leaving->record->name, peer_name(peer), leaving->error) : rc;
}

static int on_suspend(void *data)
{
	struct leaving *leaving = data;

	int rc = migration_begin(leaving->migration, MIGRATION_SUSPENDED);

	if (!rc)
		rc = save_suspend(leaving->host, leaving->store, leaving->record, leaving->error);
	/* The last of its disks is about to be read. */
	if (!rc && migration_options(leaving->migration)->copy_storage)
		rc = migrate_settle(leaving->store, leaving->config, leaving->record, leaving->error);
	return rc;
}

/* By a cap on its processors' time, which a guest that waits anyhow does not feel. */
static int on_slow(unsigned int step, void *data)
{
	struct leaving *leaving = data;
	const struct domain_config *config = leaving->config;
	unsigned int full = config->max_vcpus * 100, percent = slow_percent[step - 1];
	struct hc_control_sched sched = { .cap = (config->cap ? config->cap : full) * percent / 100 };
	int rc;

	/* 0 would be no cap at all. */
	if (!sched.cap)
		sched.cap = 1;
	rc = hc_domain_set_sched(leaving->host->hv, (uint16_t)leaving->record->domid, &sched);
	if (!rc)
		migration_slowed(leaving->migration, percent);
	return rc;
}

/* Whether the guest has shut down, or is no more. */
static bool has_ended(const struct leaving *leaving)
{
	bool suspended;
	int rc = save_is_suspended(leaving->host, leaving->record, &suspended);

	return rc == -ECANCELED || rc == -ESRCH;
}

/* What is still to be sent of a guest that ends meanwhile, all of its disks perhaps, would be sent for nothing. */
static void on_line(json_t *line, void *data)
{
	struct leaving *leaving = data;

	migration_note(leaving->migration, line);
	if (has_ended(leaving))
		shutdown(leaving->fd, SHUT_RDWR);
}

static void log_name(const struct record *record, char name[64])
{
	snprintf(name, 64, "tenon-%s", record->uuid);
}

/* The sender's arguments for disks that go with the guest: the log's name, and each disk's device. */
static void disk_arguments(struct leaving *leaving, char *log, char *argv[])
{
	static char none[] = "-";
	unsigned int count = 0;

	if (!migration_options(leaving->migration)->copy_storage)
		return;
	for (unsigned int i = 0; i < leaving->record->disk_count; i++) {
		argv[1 + i] = copied_goes(&leaving->config->disks[i]) ? leaving->record->disks[i].device : none;
		count += argv[1 + i] != none;
	}
	log_name(leaving->record, log);
	argv[0] = count ? log : NULL;
}

static int send_state(struct leaving *leaving, const char *description)
{
	const struct migrate_options *options = migration_options(leaving->migration);
	const struct worker_live live = {
		.suspend = on_suspend, .slow = on_slow, .line = on_line, .data = leaving,
	};
	char domid[16], downtime[16], bandwidth[32], steps[16], log[64];
	char *argv[9 + CONFIG_DISKS_MAX] = { "tenon-migrate", "send", domid, downtime, bandwidth,
					     options->packed ? "1" : "0", steps };
	struct worker_failure failure;
	json_t *done;
	int rc;

	snprintf(domid, sizeof(domid), "%d", leaving->record->domid);
	snprintf(downtime, sizeof(downtime), "%u", options->max_downtime_ms);
	snprintf(bandwidth, sizeof(bandwidth), "%llu", (unsigned long long)options->bandwidth_mib << 20);
	snprintf(steps, sizeof(steps), "%zu", options->auto_converge ? SLOW_STEPS : 0);
	disk_arguments(leaving, log, argv + 7);
	rc = worker_run_live(argv, leaving->fd, description, &live, &done, &failure);
	if (!rc) {
		log_info("domain %s: sent to %s: %lld pages written, %lld bytes", leaving->record->name,
			 leaving->record->peer, json_integer_value(json_object_get(done, "stored")),
			 json_integer_value(json_object_get(done, "bytes")));
		migration_sent(leaving->migration, (uint64_t)json_integer_value(json_object_get(done, "bytes")));
		json_decref(done);
		return 0;
	}
	if (leaving->error->kind == ERROR_NONE && has_ended(leaving))
		return error_domain(leaving->error, ERROR_STATE, leaving->record->name, "tenon list shows its state",
				    "has ended before it could be moved");
	/* A broken connection is the effect of what the other side complains of. */
	done = peer_receive(leaving->fd, 1000, &rc);
	if (done && (rc = peer_take_error(done, leaving->record->peer, leaving->error))) {
		json_decref(done);
		return rc;
	}
	json_decref(done);
	if (leaving->error->kind != ERROR_NONE)
		return failure.code;
	return error_domain(leaving->error, ERROR_UNREACHABLE, leaving->record->name,
			    "it runs on here; try again", "its state %s", failure.text);
}

static int settle_disk(struct store_client *store, int domid, const struct disk_config *disk, const char *device,
		       struct error *error)
{
	char object[160];
	int rc = rings_settle(store, (uint16_t)domid, disk->device_id, SETTLE_MS);

	if (!rc)
		return block_flush(disk, device, error);
	snprintf(object, sizeof(object), "disk %s", disk->target);
	return error_set(error, ERROR_RESOURCES, object, "does its storage answer? see dmesg in dom0",
			 "has not done all that the guest has asked it for: %s", strerror(-rc));
}

int migrate_settle(struct store_client *store, const struct domain_config *config, const struct record *record,
		   struct error *error)
{
	int rc = 0;

	for (unsigned int i = 0; i < record->disk_count && !rc; i++)
		if (!config->disks[i].readonly)
			rc = settle_disk(store, record->domid, &config->disks[i], record->disks[i].device, error);
	return rc;
}

/* From here on a successor of ours asks the other host first. */
static int note_handing(struct leaving *leaving)
{
	int rc;

	leaving->record->phase = PHASE_HANDING;
	rc = record_save(leaving->host, leaving->record);
	if (rc)
		leaving->record->phase = PHASE_MIGRATING;
	return rc ? error_domain(leaving->error, ERROR_INTERNAL, leaving->record->name,
				 "is there space left in /run?", "its state cannot be written: %s",
				 strerror(-rc)) : 0;
}

/* "active", "busy" or "none"; NULL: no answer. The string is the caller's. */
static char *ask(struct leaving *leaving)
{
	struct error ignored;
	const char *state;
	char *answer = NULL;
	json_t *json;
	int fd = peer_connect(leaving->host, leaving->record->peer, &ignored), rc;

	if (fd < 0)
		return NULL;
	rc = peer_send(fd, json_pack("{s:s}", "ask", leaving->record->uuid));
	json = rc ? NULL : peer_receive(fd, PEER_TIMEOUT_MS, &rc);
	if (json && !json_unpack(json, "{s:s}", "state", &state))
		answer = strdup(state);
	json_decref(json);
	close(fd);
	return answer;
}

/*
 * It may have been let run there, or not: nobody here knows. It stays suspended until that host says.
 * 0: it runs there, or has done so. The phase stays PHASE_HANDING where there is no answer.
 */
static int resolve(struct leaving *leaving, int times, bool reclaim)
{
	bool none = false, active = false, silent = true;

	for (int i = 0; i < times && !none && !active; i++) {
		char *state;

		if (i)
			sleep(ASK_S);
		state = ask(leaving);
		active = state && !strcmp(state, "active");
		none = state && !strcmp(state, "none");
		silent = silent && !state;
		free(state);
	}
	if (active)
		return 0;
	if (reclaim && silent) {
		log_warning("domain %s: goes on here as an administrator wishes; %s does not say whether it runs there",
			    leaving->record->name, peer_name(leaving->record->peer));
		none = true;
	}
	if (!none)
		return error_domain(leaving->error, ERROR_UNREACHABLE, leaving->record->name,
				    "make that host answer; or, if it is gone for good: tenon destroy, or tenon migrate --reclaim",
				    "has been handed to %s, which does not say whether it runs there; until then it stays suspended",
				    peer_name(leaving->record->peer));
	leaving->record->phase = PHASE_MIGRATING;
	return error_domain(leaving->error, ERROR_UNREACHABLE, leaving->record->name,
			    "it runs on here; try again", "host %s did not take it",
			    peer_name(leaving->record->peer));
}

/* The last word. After this function the guest is in one place. */
static int hand_over(struct leaving *leaving)
{
	json_t *json = hear(leaving, COMPLETE_MS, "complete", &(int){ 0 });
	int rc = json ? migration_begin(leaving->migration, MIGRATION_HANDING) : -EPIPE;

	json_decref(json);
	if (!rc)
		rc = note_handing(leaving);
	if (rc)
		return rc;
	rc = tell(leaving, json_pack("{s:{}}", "activate"));
	json = rc ? NULL : hear(leaving, PEER_TIMEOUT_MS, "active", &rc);
	json_decref(json);
	return rc ? resolve(leaving, ASK_TIMES, false) : 0;
}

/* It runs there. Once that is in our record nobody here will ask any more, which the other host may know. */
static void part(struct leaving *leaving)
{
	leaving->record->phase = PHASE_STOPPING;
	if (!record_save(leaving->host, leaving->record) && leaving->fd >= 0)
		peer_send(leaving->fd, json_pack("{s:{}}", "ended"));
}

void migrate_free_guest(const struct host *host, const struct domain_config *config,
			const struct record *record)
{
	struct hc_control_sched sched = { .cap = config ? config->cap : 0 };
	char name[64];

	log_name(record, name);
	disk_log_remove(name);
	/* Mostly it is off, which the hypervisor refuses. */
	hc_dirty_log_disable(host->hv, (uint16_t)record->domid);
	if (hc_domain_set_sched(host->hv, (uint16_t)record->domid, &sched))
		log_warning("domain %s: its cap cannot be set back", record->name);
}

/* Nothing is in the way. */
static int move(struct leaving *leaving, const char *description)
{
	bool copy = migration_options(leaving->migration)->copy_storage;
	int rc = migration_begin(leaving->migration, copy ? MIGRATION_DISKS : MIGRATION_ROUNDS);

	if (!rc)
		rc = send_state(leaving, description);
	/* What its devices have begun is through, or would reach a disk that another host writes to. */
	if (!rc)
		rc = migrate_settle(leaving->store, leaving->config, leaving->record, leaving->error);
	return rc ? rc : hand_over(leaving);
}

/* Back to how it was: suspended or not, it goes on here. */
static void stay(struct leaving *leaving)
{
	struct error ignored;
	bool suspended;

	migrate_free_guest(leaving->host, leaving->config, leaving->record);
	if (!save_is_suspended(leaving->host, leaving->record, &suspended) && suspended &&
	    save_resume(leaving->host, leaving->record, &ignored))
		log_warning("domain %s: %s", leaving->record->name, ignored.cause);
	leaving->record->phase = PHASE_ACTIVE;
}

/* The connection, the checks, and unless that was all, the way. */
static int leave(struct leaving *leaving)
{
	const struct migrate_options *options = migration_options(leaving->migration);
	char *description = NULL;
	int rc = save_open_store(leaving->host, leaving->record, &leaving->store, leaving->error);

	if (!rc) {
		leaving->fd = peer_connect(leaving->host, leaving->record->peer, leaving->error);
		rc = leaving->fd < 0 ? leaving->fd : migration_connection(leaving->migration, leaving->fd);
		leaving->patience = leaving->fd < 0 ? NULL : patience_begin(leaving->fd, &peer_limits);
	}
	if (!rc)
		rc = propose(leaving, &description);
	if (!rc && !options->check)
		rc = move(leaving, description);
	free(description);
	/* Whatever else went wrong is the effect of that. */
	if (rc && leaving->record->phase != PHASE_HANDING && migration_cancelled(leaving->migration))
		rc = error_domain(leaving->error, ERROR_CANCELLED, leaving->record->name, "it runs on here",
				  "its migration to %s has been cancelled", peer_name(leaving->record->peer));
	return rc;
}

static void hang_up(struct leaving *leaving)
{
	migration_connection(leaving->migration, -1);
	patience_end(leaving->patience);
	if (leaving->fd >= 0)
		close(leaving->fd);
	store_close(leaving->store);
}

int migrate_guest(const struct host *host, const struct domain_config *config, struct record *record,
		  struct migration *migration, struct error *error)
{
	struct leaving leaving = {
		.host = host, .config = config, .record = record, .migration = migration, .error = error,
		.fd = -1,
	};
	int rc;

	rc = leave(&leaving);
	if (!rc)
		migration_begin(migration, MIGRATION_DONE);
	if (!rc && migration_options(migration)->check)
		record->phase = PHASE_ACTIVE;
	else if (!rc)
		part(&leaving);
	else if (record->phase != PHASE_HANDING)
		stay(&leaving);
	hang_up(&leaving);
	return rc;
}

int migrate_resolve(const struct host *host, const struct domain_config *config, struct record *record,
		    bool reclaim, struct error *error)
{
	struct leaving leaving = {
		.host = host, .config = config, .record = record, .error = error, .fd = -1,
	};
	int rc = resolve(&leaving, 1, reclaim);

	if (!rc)
		part(&leaving);
	else if (record->phase != PHASE_HANDING)
		stay(&leaving);
	return rc;
}
