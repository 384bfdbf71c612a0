// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Saving: the guest suspends itself, a program of its own writes its state,
 * and only a file that is complete gets its name.
 */
#include "save.h"
#include "log.h"
#include "nodes.h"
#include "nodes_saved.h"
#include "resources.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <hypercall/hypercall.h>
#include <hypercall/sched.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STORE_OPEN_MS	5000
#define TELL_MS		1000	/* a store that comes later sees for itself */
#define SUSPEND_MS	60000	/* until a guest has suspended itself */
#define LOOK_MS		5

static int store_failed(const struct record *record, int rc, struct error *error)
{
	return error_set(error, ERROR_UNREACHABLE, "store",
			 "is tenon-stored running? tenon doctor says more",
			 "domain %s cannot be asked to suspend: %s", record->name, strerror(-rc));
}

/* Whether its kernel says that it can. */
static int check_feature(struct store_client *store, const struct record *record, struct error *error)
{
	char path[128];
	uint64_t feature = 0;
	int rc;

	snprintf(path, sizeof(path), "/local/domain/%d/control/feature-suspend", record->domid);
	rc = store_read_number(store, 0, path, 1, &feature);
	if (rc && rc != -ENOENT && rc != -EINVAL)
		return store_failed(record, rc, error);
	if (feature)
		return 0;
	return error_domain(error, ERROR_STATE, record->name,
			    "wait until it is up; its kernel needs CONFIG_PM_SLEEP (hibernation callbacks)",
			    "its kernel does not say that it can suspend");
}

int save_is_suspended(const struct host *host, const struct record *record, bool *suspended)
{
	struct hc_control_info info;
	int rc = hc_domain_info(host->hv, (uint16_t)record->domid, &info);

	*suspended = false;
	if (rc)
		return rc;
	if (info.state & HC_INFO_DYING)
		return -ESRCH;
	if (!(info.state & HC_INFO_SHUTDOWN))
		return 0;
	*suspended = info.shutdown_reason == HC_SHUTDOWN_SUSPEND;
	return *suspended ? 0 : -ECANCELED;
}

int save_suspend(const struct host *host, struct store_client *store, const struct record *record,
		 struct error *error)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000 };
	bool suspended = false, seen = false;
	int rc = nodes_request(store, (uint16_t)record->domid, "suspend");

	if (rc)
		return store_failed(record, rc, error);
	for (int waited = 0; waited < SUSPEND_MS; waited += LOOK_MS) {
		rc = save_is_suspended(host, record, &suspended);
		if (rc)
			return error_domain(error, ERROR_STATE, record->name, "tenon list shows its state",
					    "has ended instead of suspending");
		if (suspended)
			return 0;
		nanosleep(&pause, NULL);
	}
	if (!nodes_request_seen(store, (uint16_t)record->domid, &seen) && !seen)
		nodes_request(store, (uint16_t)record->domid, NULL);
	return error_domain(error, ERROR_TIMEOUT, record->name, "look at its console: tenon console NAME",
			    "has not suspended in %d s; its kernel has %s the request", SUSPEND_MS / 1000,
			    seen ? "seen" : "not taken note of");
}

/* The first section of the stream. */
char *save_describe(struct store_client *store, const struct domain_config *config,
		    const struct record *record, int *rc)
{
	json_t *nodes = nodes_saved_read(store, (uint16_t)record->domid, rc), *json;
	char *text = NULL;

	if (!nodes)
		return NULL;
	json = json_pack("{s:s, s:s, s:s, s:o, s:I}", "name", config->name, "uuid", record->uuid, "xml",
			 config->xml, "nodes", nodes, "max_pages",
			 (json_int_t)resources_limit(config->max_memory));
	if (json)
		text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	*rc = text ? 0 : -ENOMEM;
	return text;
}

int save_file_failed(const struct record *record, int rc, struct error *error)
{
	const char *next = rc == -EEXIST ? "remove it, or choose another name" :
			   rc == -ENOSPC ? "make room, or choose another file" :
			   rc == -EBUSY	 ? "another guest is saved there; choose another name" :
					   "check the path: tenond writes it, in dom0";

	return error_set(error, rc == -EEXIST ? ERROR_EXISTS : rc == -ENOSPC ? ERROR_RESOURCES :
			 ERROR_REQUEST, record->save_path, next, "domain %s cannot be saved there: %s",
			 record->name, strerror(-rc));
}

int save_check_free(const struct record *record, struct error *error)
{
	struct stat info;

	return lstat(record->save_path, &info) ? 0 : save_file_failed(record, -EEXIST, error);
}

int save_name_partial(const char *path, char partial[PATH_MAX])
{
	return snprintf(partial, PATH_MAX, "%s.partial", path) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Who writes a file has it locked; while the name is that file's, nobody else has a right to the name. */
static bool lock_name(int fd, const char *name)
{
	struct stat opened, named;

	return !flock(fd, LOCK_EX | LOCK_NB) && !fstat(fd, &opened) && !lstat(name, &named) &&
	       opened.st_ino == named.st_ino;
}

/* What a former one has left may be a second name of a file that is complete: it is unlinked, never emptied. */
int save_remove_partial(const char *partial)
{
	int fd = open(partial, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), rc = 0;

	if (fd >= 0 && !lock_name(fd, partial))
		rc = -EBUSY;
	else if (unlink(partial) && errno != ENOENT)
		rc = -errno;
	if (fd >= 0)
		close(fd);
	return rc;
}

int save_open_partial(const char *path, char partial[PATH_MAX])
{
	int fd = -1, rc = save_name_partial(path, partial);

	if (!rc)
		rc = save_remove_partial(partial);
	if (!rc) {
		fd = open(partial, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0)
			rc = errno == EEXIST ? -EBUSY : -errno;
	}
	if (fd >= 0 && !lock_name(fd, partial)) {
		close(fd);
		rc = -EBUSY;
	}
	if (rc)
		*partial = '\0';
	return rc ? rc : fd;
}

/*
 * A file without a name, in the folder of the one wanted; where the file system
 * has none such, one whose name says that it is not complete.
 */
static int open_output(const char *path, char partial[PATH_MAX])
{
	char folder[PATH_MAX], *slash;
	int fd;

	*partial = '\0';
	if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder))
		return -ENAMETOOLONG;
	slash = strrchr(folder, '/');
	slash[slash == folder] = '\0';
	fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd < 0 ? -errno : fd;
	return save_open_partial(path, partial);
}

int save_sync_folder(const char *path)
{
	char folder[PATH_MAX], *slash;
	int dir, rc;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	slash[slash == folder] = '\0';
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = dir >= 0 && fsync(dir) && errno != EINVAL ? -errno : 0;
	if (dir >= 0)
		close(dir);
	return rc;
}

/* Give a complete file its name, for good: this one, whatever its partial name may mean by now. */
static int publish(int fd, const char *path)
{
	char self[64];
	int rc;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW))
		return -errno;
	rc = save_sync_folder(path);
	if (rc)
		unlink(path);
	return rc;
}

static int write_state(const struct record *record, int fd, const char *description,
		       struct error *error)
{
	char domid[16];
	char *argv[] = { "tenon-migrate", "save", domid, NULL };
	struct worker_failure failure;
	json_t *done;
	int rc;

	snprintf(domid, sizeof(domid), "%d", record->domid);
	rc = worker_run(argv, fd, description, &done, &failure);
	if (!rc) {
		log_info("domain %s: saved to %s: %lld pages, %lld of them not zero, %lld bytes",
			 record->name, record->save_path,
			 json_integer_value(json_object_get(done, "pages")),
			 json_integer_value(json_object_get(done, "stored")),
			 json_integer_value(json_object_get(done, "bytes")));
		json_decref(done);
		return 0;
	}
	return error_domain(error, rc == -ENOSPC ? ERROR_RESOURCES : rc == -EPROTO || rc == -EOPNOTSUPP ?
			    ERROR_STATE : ERROR_INTERNAL, record->name,
			    rc == -ENOSPC ? "make room, or choose another file" : "see tenon dmesg",
			    "its state %s", failure.text);
}

/* It has told of the suspension as of any end, and would not tell of another one. The guest runs all the same. */
static void tell_store(const struct host *host, const struct record *record)
{
	struct store_client *store = NULL;
	int rc = store_open(host->store_socket, TELL_MS, &store);

	if (!rc)
		rc = store_resume(store, (uint16_t)record->domid);
	if (rc)
		log_warning("domain %s: the store is not told that it goes on: %s", record->name, strerror(-rc));
	store_close(store);
}

int save_resume(const struct host *host, const struct record *record, struct error *error)
{
	int rc = hc_domain_resume(host->hv, (uint16_t)record->domid);

	if (!rc) {
		tell_store(host, record);
		return 0;
	}
	return error_domain(error, ERROR_INTERNAL, record->name, "see tenon dmesg; end it by tenon destroy",
			    "is suspended and cannot go on: %s", strerror(-rc));
}

/* With the store at hand and the file open: suspend, write, publish. */
static int save_to(const struct host *host, struct store_client *store,
		   const struct domain_config *config, struct record *record, int fd, struct error *error)
{
	struct error ignored;
	char *description;
	bool suspended;
	int rc = save_suspend(host, store, record, error), problem;

	if (rc)
		return rc;
	description = save_describe(store, config, record, &rc);
	if (description)
		rc = write_state(record, fd, description, error);
	else
		store_failed(record, rc, error);
	free(description);
	if (!rc) {
		problem = publish(fd, record->save_path);
		rc = problem ? save_file_failed(record, problem, error) : 0;
	}
	if (rc && !save_is_suspended(host, record, &suspended) && suspended &&
	    save_resume(host, record, &ignored))
		log_warning("domain %s: %s", record->name, ignored.cause);
	return rc;
}

int save_open_store(const struct host *host, const struct record *record, struct store_client **store,
		    struct error *error)
{
	int rc = store_open(host->store_socket, STORE_OPEN_MS, store);

	return rc ? store_failed(record, rc, error) : check_feature(*store, record, error);
}

int save_guest(const struct host *host, const struct domain_config *config, struct record *record,
	       struct error *error)
{
	struct store_client *store = NULL;
	char partial[PATH_MAX];
	int fd, rc = save_open_store(host, record, &store, error);

	/* Somebody may have made it by now. */
	if (!rc)
		rc = save_check_free(record, error);
	if (!rc) {
		fd = open_output(record->save_path, partial);
		rc = fd < 0 ? save_file_failed(record, fd, error) : 0;
	}
	if (!rc) {
		rc = save_to(host, store, config, record, fd, error);
		/* While it is locked: the name may be another one's after that. */
		if (*partial)
			unlink(partial);
		close(fd);
	}
	store_close(store);
	return rc;
}
