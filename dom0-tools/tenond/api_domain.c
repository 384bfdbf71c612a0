// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests about domains: one function a verb.
 */
#include "api.h"
#include "lifecycle.h"
#include "nodes.h"
#include "save.h"
#include "symcall.h"
#include "symspy.h"
#include "waiter.h"
#include "xml/domain.h"

#include <errno.h>
#include <fcntl.h>
#include <hypercall/hypercall.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIMEOUT_MAX		86400	/* seconds */
#define TIMEOUT_WAIT		60
#define TIMEOUT_SHUTDOWN	120
#define TIMEOUT_CANCEL		90	/* a guest that is about to suspend does so first, a host is asked first */

/* The domain with the lowest number above one; those without a number yet come last. */
static const struct domain *next_by_number(const struct tenond *tenond, int above)
{
	const struct domain *next = NULL;

	for (const struct domain *domain = tenond->domains.first; domain; domain = domain->next)
		if (domain->domid > above && (!next || domain->domid < next->domid))
			next = domain;
	return next;
}

void api_list(struct tenond *tenond, struct request *request)
{
	json_t *domains = json_array(), *host = domain_json_host(&tenond->host);
	const struct domain *domain;

	if (host)
		json_array_append_new(domains, host);
	for (int above = 0; (domain = next_by_number(tenond, above)); above = domain->domid)
		json_array_append_new(domains, domain_json(&tenond->host, domain, false));
	for (domain = tenond->domains.first; domain; domain = domain->next)
		if (domain->domid < 0)
			json_array_append_new(domains, domain_json(&tenond->host, domain, false));
	request_reply(request, 200, json_pack("{s:o}", "domains", domains));
}

void api_info(struct tenond *tenond, struct request *request, struct domain *domain)
{
	request_reply(request, 200, domain_json(&tenond->host, domain, true));
}

void api_xml(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error;

	(void)tenond;
	if (domain->config) {
		request_reply_text(request, domain->config->xml);
		return;
	}
	error_domain(&error, ERROR_STATE, domain->name, NULL, "was not made by tenond, which has no "
		     "description of it");
	request_fail(request, &error);
}

void api_console(struct tenond *tenond, struct request *request, struct domain *domain)
{
	char log[256];

	snprintf(log, sizeof(log), "%s/%s.log", tenond->host.console_log_dir, domain->name);
	request_reply(request, 200, json_pack("{s:s, s:s, s:s}", "name", domain->name, "socket",
					      tenond->host.console_socket, "log", log));
}

void api_symspy(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct hc_control_info info;
	struct error error;

	if (domain->domid > 0 && !hc_domain_info(tenond->host.hv, (uint16_t)domain->domid, &info)) {
		request_reply(request, 200, symspy_json(&tenond->host, (uint16_t)domain->domid, info.max_vcpus));
		return;
	}
	error_domain(&error, ERROR_STATE, domain->name, "wait until it runs", "is not there yet, or no more");
	request_fail(request, &error);
}

void api_symcall(struct tenond *tenond, struct request *request, struct domain *domain)
{
	symcall_request(tenond, request, domain);
}

/* The text of a description in a file of dom0's. */
static char *read_file(const char *path, size_t *size, struct error *error)
{
	struct stat info;
	char *text = NULL;
	ssize_t got = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && !fstat(fd, &info)) {
		if (!S_ISREG(info.st_mode))
			errno = EINVAL;
		else if (info.st_size > REQUEST_BODY_MAX)
			errno = EFBIG;
		else if ((text = malloc((size_t)info.st_size + 1)))
			got = read(fd, text, (size_t)info.st_size);
	}
	if (got < 0) {
		error_set(error, ERROR_CONFIG, path, "give the path of a domain's description",
			  "cannot be read: %s", strerror(errno));
		free(text);
		text = NULL;
	}
	if (fd >= 0)
		close(fd);
	*size = got < 0 ? 0 : (size_t)got;
	return text;
}

/* What a creation's request says: the description as body, or JSON about it. */
struct creation_request {
	char *xml;
	size_t size;
	char file[128];
	bool paused;
};

static int parse_json(const struct request *request, struct creation_request *creation,
		      struct error *error)
{
	const char *xml = NULL, *path = NULL, *file = NULL;
	json_error_t problem;
	int paused = 0, rc = 0;
	json_t *json = json_loadb(request->body, request->body_size, JSON_REJECT_DUPLICATES, &problem);

	if (!json)
		return error_set(error, ERROR_REQUEST, "request body",
				 "send a domain's XML, or JSON as docs/api.md says",
				 "line %d: %s", problem.line, problem.text);
	if (json_unpack_ex(json, &problem, JSON_STRICT, "{s?s, s?s, s?s, s?b}", "xml", &xml, "path",
			   &path, "file", &file, "paused", &paused) || !xml == !path) {
		rc = error_set(error, ERROR_REQUEST, "request body", "docs/api.md says what it may hold",
			       "%s", *problem.text ? problem.text : "expected one of xml and path");
	} else if (xml) {
		snprintf(creation->file, sizeof(creation->file), "%s", file ? file : "description");
		creation->xml = strdup(xml);
		creation->size = strlen(xml);
	} else {
		snprintf(creation->file, sizeof(creation->file), "%s", path);
		creation->xml = read_file(path, &creation->size, error);
	}
	if (!rc && !creation->xml)
		rc = -EIO;
	creation->paused = paused;
	json_decref(json);
	return rc;
}

static int parse_creation(const struct request *request, struct creation_request *creation,
			  struct error *error)
{
	const char *file = request_query(request, "file");
	size_t blank;

	memset(creation, 0, sizeof(*creation));
	if (!request->body)
		return error_set(error, ERROR_REQUEST, "request body", "send a domain's XML", "is empty");
	blank = strspn(request->body, " \t\r\n");
	if (request->body[blank] == '{')
		return parse_json(request, creation, error);
	snprintf(creation->file, sizeof(creation->file), "%s", file ? file : "description");
	creation->paused = request_flag(request, "paused");
	creation->size = request->body_size;
	creation->xml = malloc(request->body_size + 1);
	if (!creation->xml)
		return error_set(error, ERROR_INTERNAL, "tenond", NULL, "out of memory");
	memcpy(creation->xml, request->body, request->body_size + 1);
	return 0;
}

/* A request that waits for an operation. */
struct pending {
	struct tenond *tenond;
	struct request *request;
	json_t *more;		/* members beside the domain's, or NULL */
	unsigned int status;
};

/* End of any wait: the domain as it is now, or what went wrong. */
static void finish_pending(struct domain *domain, const struct error *error, void *data)
{
	struct pending *pending = data;
	json_t *json;

	if (error) {
		request_fail(pending->request, error);
	} else {
		json = domain ? domain_json(&pending->tenond->host, domain, true) :
				json_pack("{s:s}", "state", "gone");
		if (pending->more)
			json_object_update(json, pending->more);
		request_reply(pending->request, pending->status, json);
	}
	json_decref(pending->more);
	free(pending);
}

static struct pending *pending_new(struct tenond *tenond, struct request *request,
				   unsigned int status)
{
	struct pending *pending = calloc(1, sizeof(*pending));
	struct error error;

	if (!pending) {
		error_set(&error, ERROR_INTERNAL, "tenond", NULL, "out of memory");
		request_fail(request, &error);
		return NULL;
	}
	pending->tenond = tenond;
	pending->request = request;
	pending->status = status;
	return pending;
}

void api_create(struct tenond *tenond, struct request *request)
{
	struct creation_request creation;
	struct domain_config *config = NULL;
	struct pending *pending;
	struct domain *domain;
	struct error error = { 0 };
	json_t *warnings;
	int rc = parse_creation(request, &creation, &error);

	if (!rc) {
		struct xml_source source = {
			.xml = creation.xml, .size = creation.size, .file = creation.file,
			.salt = tenond->host.identity,
		};

		rc = domain_xml_read(&source, &config, &error);
	}
	free(creation.xml);
	if (rc) {
		request_fail(request, &error);
		return;
	}
	pending = pending_new(tenond, request, 201);
	if (!pending) {
		config_free(config);
		return;
	}
	warnings = json_array();
	for (unsigned int i = 0; i < config->warning_count; i++)
		json_array_append_new(warnings, json_string(config->warnings[i]));
	pending->more = json_pack("{s:o}", "warnings", warnings);
	if (lifecycle_create(tenond, config, creation.paused, finish_pending, pending, &domain, &error)) {
		config_free(config);
		finish_pending(NULL, &error, pending);
	}
}

void api_destroy(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct pending *pending = pending_new(tenond, request, 200);
	struct error error = { 0 };

	if (pending && lifecycle_destroy(tenond, domain, finish_pending, pending, &error))
		finish_pending(NULL, &error, pending);
}

const char *api_path(const struct request *request, struct error *error)
{
	const char *path = request_query(request, "path");

	if (path && *path == '/')
		return path;
	error_set(error, ERROR_REQUEST, "path", "give the path of a file in dom0, from / on", path ?
		  "'%.80s' is not absolute" : "is missing", path);
	return NULL;
}

void api_save(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error = { 0 };
	const char *path = api_path(request, &error);
	struct pending *pending;

	if (!path) {
		request_fail(request, &error);
		return;
	}
	pending = pending_new(tenond, request, 200);
	if (pending && lifecycle_save(tenond, domain, path, request_flag(request, "keep"),
				      finish_pending, pending, &error))
		finish_pending(NULL, &error, pending);
}

/* Which of the checkpoints of a file it is; NULL: it was saved once. */
static json_t *checkpoint_of(const struct saved *saved)
{
	return saved->checkpoint ? json_pack("{s:I, s:I}", "number", (json_int_t)saved->checkpoint, "taken",
					     (json_int_t)saved->taken) : NULL;
}

void api_saved(struct tenond *tenond, struct request *request)
{
	struct error error = { 0 };
	const char *path = api_path(request, &error);
	struct saved *saved = NULL;
	json_t *disks, *json;
	char uuid[UUID_STR_LEN];

	if (!path || saved_open(&tenond->host, path, &saved, &error)) {
		request_fail(request, &error);
		return;
	}
	disks = json_array();
	for (unsigned int i = 0; i < saved->config->disk_count; i++) {
		const struct disk_config *disk = &saved->config->disks[i];

		json_array_append_new(disks, json_pack("{s:s, s:s, s:s, s:b}", "target", disk->target, "source",
						       disk->source, "format", disk->format, "readonly",
						       disk->readonly));
	}
	uuid_unparse_lower(saved->config->uuid, uuid);
	json = json_pack("{s:s, s:s, s:o, s:o*}", "name", saved->config->name, "uuid", uuid, "disks", disks,
			 "checkpoint", checkpoint_of(saved));
	saved_close(saved);
	request_reply(request, 200, json);
}

void api_restore(struct tenond *tenond, struct request *request)
{
	struct error error = { 0 };
	const char *path = api_path(request, &error);
	struct saved *saved = NULL;
	struct pending *pending;

	if (!path || saved_open(&tenond->host, path, &saved, &error)) {
		request_fail(request, &error);
		return;
	}
	pending = pending_new(tenond, request, 201);
	if (pending && saved->checkpoint)
		pending->more = json_pack("{s:o}", "checkpoint", checkpoint_of(saved));
	if (pending && lifecycle_restore(tenond, saved, request_flag(request, "paused"),
					 finish_pending, pending, &error)) {
		finish_pending(NULL, &error, pending);
		pending = NULL;
	}
	if (!pending)
		saved_close(saved);
}

void api_pause(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error = { 0 };

	if (lifecycle_pause(tenond, domain, &error))
		request_fail(request, &error);
	else
		api_info(tenond, request, domain);
}

void api_unpause(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error = { 0 };

	if (lifecycle_unpause(tenond, domain, &error))
		request_fail(request, &error);
	else
		api_info(tenond, request, domain);
}

static void wait_for(struct tenond *tenond, struct request *request, struct domain *domain,
		     enum wait_for what, unsigned int seconds)
{
	struct pending *pending = pending_new(tenond, request, 200);
	struct error error;

	if (!pending)
		return;
	if (waiter_add(tenond, domain, what, seconds * 1000, finish_pending, pending)) {
		error_set(&error, ERROR_INTERNAL, "tenond", NULL, "out of memory");
		finish_pending(NULL, &error, pending);
	}
}

/* Ask the guest, and wait until it has done so unless the client does not want to. */
static void ask_guest(struct tenond *tenond, struct request *request, struct domain *domain,
		      const char *what, enum wait_for then)
{
	unsigned int seconds = TIMEOUT_SHUTDOWN;
	struct error error = { 0 };

	if (request_number(request, "timeout", TIMEOUT_MAX, &seconds, &error) ||
	    lifecycle_request(tenond, domain, what, &error))
		request_fail(request, &error);
	else if (request_flag(request, "nowait"))
		request_reply(request, 202, domain_json(&tenond->host, domain, true));
	else
		wait_for(tenond, request, domain, then, seconds);
}

void api_shutdown(struct tenond *tenond, struct request *request, struct domain *domain)
{
	ask_guest(tenond, request, domain, "poweroff", WAIT_SHUTDOWN);
}

void api_reboot(struct tenond *tenond, struct request *request, struct domain *domain)
{
	ask_guest(tenond, request, domain, "reboot", WAIT_RESTARTED);
}

void api_wait(struct tenond *tenond, struct request *request, struct domain *domain)
{
	const char *word = request_query(request, "for");
	unsigned int seconds = TIMEOUT_WAIT;
	enum wait_for what = WAIT_UP;
	struct error error = { 0 };

	if (word && wait_for_parse(word, &what))
		error_set(&error, ERROR_REQUEST, "for", NULL, "'%.40s' is not known; expected one of: up, "
			  "running, paused, shutdown, gone, restarted", word);
	else
		request_number(request, "timeout", TIMEOUT_MAX, &seconds, &error);
	if (error.kind != ERROR_NONE)
		request_fail(request, &error);
	else
		wait_for(tenond, request, domain, what, seconds);
}

/* Answered when it is as if nothing had been. */
void api_cancel(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error = { 0 };

	if (lifecycle_cancel(domain, &error))
		request_fail(request, &error);
	else
		wait_for(tenond, request, domain, WAIT_RUNNING, TIMEOUT_CANCEL);
}

void api_end_checkpoints(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error = { 0 };

	if (lifecycle_end_checkpoints(domain, &error))
		request_fail(request, &error);
	else
		wait_for(tenond, request, domain, WAIT_RUNNING, TIMEOUT_CANCEL);
}

void api_reclaim(struct tenond *tenond, struct request *request, struct domain *domain)
{
	struct error error = { 0 };

	if (lifecycle_reclaim(tenond, domain, request_flag(request, "force"), &error))
		request_fail(request, &error);
	else
		wait_for(tenond, request, domain, WAIT_RUNNING, TIMEOUT_CANCEL);
}
