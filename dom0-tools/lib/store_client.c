/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store client's calls: each builds one message of the protocol and
 * decodes its answer.  store_link.c carries them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hypercall/store.h>

#include "store_client_internal.h"

/* A string with its terminating zero, and the same without. */
#define STRING(s) ((struct iovec){ (void *)(s), strlen(s) + 1 })
#define BYTES(p, n) ((struct iovec){ (void *)(p), (n) })

/* A call whose answer carries nothing of interest. */
static int simple_call(struct store_client *client, uint32_t type, uint32_t tx,
		       const struct iovec *parts, int count)
{
	struct store_reply reply;
	int rc = store_link_call(client, type, tx, parts, count, &reply, NULL);

	free(reply.body);
	return rc;
}

/* The same, for one that may be collected. */
static int quiet_call(struct store_client *client, uint32_t type, uint32_t tx,
		      const struct iovec *parts, int count)
{
	if (tx && store_link_collects(client))
		return store_link_put(client, type, tx, parts, count);
	return simple_call(client, type, tx, parts, count);
}

int store_read(struct store_client *client, uint32_t tx, const char *path, char **value,
	       size_t *len)
{
	struct iovec part = STRING(path);
	struct store_reply reply;
	int rc = store_link_call(client, HC_XS_READ, tx, &part, 1, &reply, NULL);

	if (rc)
		return rc;
	*value = reply.body;
	if (len)
		*len = reply.len;
	return 0;
}

static int parse_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return errno || *end || *value > max ? -EINVAL : 0;
}

int store_read_number(struct store_client *client, uint32_t tx, const char *path, uint64_t max,
		      uint64_t *value)
{
	char *text;
	int rc = store_read(client, tx, path, &text, NULL);

	if (rc)
		return rc;
	rc = parse_number(text, max, value);
	free(text);
	return rc;
}

int store_write(struct store_client *client, uint32_t tx, const char *path, const void *value,
		size_t len)
{
	struct iovec parts[] = { STRING(path), BYTES(value, len) };

	return quiet_call(client, HC_XS_WRITE, tx, parts, 2);
}

int store_printf(struct store_client *client, uint32_t tx, const char *path, const char *format,
		 ...)
{
	va_list args;
	char *text;
	int rc;

	va_start(args, format);
	rc = vasprintf(&text, format, args);
	va_end(args);
	if (rc < 0)
		return -ENOMEM;
	rc = store_write(client, tx, path, text, rc);
	free(text);
	return rc;
}

int store_mkdir(struct store_client *client, uint32_t tx, const char *path)
{
	struct iovec part = STRING(path);

	return quiet_call(client, HC_XS_MKDIR, tx, &part, 1);
}

int store_rm(struct store_client *client, uint32_t tx, const char *path)
{
	struct iovec part = STRING(path);
	struct store_reply reply;
	bool repeated;
	int rc = store_link_call(client, HC_XS_RM, tx, &part, 1, &reply, &repeated);

	free(reply.body);
	/* An earlier attempt may have removed it just before the connection broke. */
	return rc == -ENOENT && repeated ? 0 : rc;
}

/* The parts of one large directory, put together. */
struct listing {
	char *data;
	size_t len;
	char generation[32];
};

/* One DIRECTORY_PART answer: "<generation>\0" then names; an empty name ends the list. */
static int add_part(struct listing *list, const struct store_reply *reply, bool *complete)
{
	size_t head = strnlen(reply->body, reply->len) + 1;
	const char *names = reply->body + head;
	size_t more = reply->len > head ? reply->len - head : 0;
	char *data;

	if (head > reply->len || head > sizeof(list->generation))
		return -EBADMSG;
	if (list->len && strcmp(list->generation, reply->body))
		return -EAGAIN;
	strcpy(list->generation, reply->body);
	if (!more || names[more - 1] != '\0')
		return -EBADMSG;
	*complete = more == 1 || names[more - 2] == '\0';
	if (*complete)
		more--;
	data = realloc(list->data, list->len + more + 1);
	if (!data)
		return -ENOMEM;
	memcpy(data + list->len, names, more);
	list->data = data;
	list->len += more;
	return 0;
}

static int list_in_parts(struct store_client *client, uint32_t tx, const char *path,
			 struct listing *list)
{
	bool complete = false;
	int rc = 0;

	while (!complete && !rc) {
		struct store_reply reply;
		struct iovec parts[2] = { STRING(path) };
		char offset[24];

		snprintf(offset, sizeof(offset), "%zu", list->len);
		parts[1] = STRING(offset);
		rc = store_link_call(client, HC_XS_DIRECTORY_PART, tx, parts, 2, &reply, NULL);
		if (!rc)
			rc = add_part(list, &reply, &complete);
		free(reply.body);
		if (rc == -EAGAIN && !tx) {
			/* The directory changed between two parts: from the start again. */
			list->len = 0;
			rc = 0;
		}
	}
	return rc;
}

/* Turns "a\0b\0" into an array of pointers with the text behind it, one allocation. */
static int split_names(const char *data, size_t len, char ***names, size_t *count)
{
	size_t n = 0, at = 0;
	char **array, *text;

	for (size_t i = 0; i < len; i++)
		n += data[i] == '\0';
	array = malloc((n + 1) * sizeof(*array) + len + 1);
	if (!array)
		return -ENOMEM;
	text = (char *)(array + n + 1);
	if (len)
		memcpy(text, data, len);
	text[len] = '\0';
	for (size_t i = 0; i < n; i++) {
		array[i] = text + at;
		at += strlen(text + at) + 1;
	}
	array[n] = NULL;
	*names = array;
	*count = n;
	return 0;
}

int store_list(struct store_client *client, uint32_t tx, const char *path, char ***names,
	       size_t *count)
{
	struct iovec part = STRING(path);
	struct listing list = { 0 };
	struct store_reply reply;
	int rc = store_link_call(client, HC_XS_DIRECTORY, tx, &part, 1, &reply, NULL);

	if (!rc) {
		list.data = reply.body;
		list.len = reply.len;
	} else if (rc == -E2BIG) {
		rc = list_in_parts(client, tx, path, &list);
	}
	if (!rc)
		rc = split_names(list.data, list.len, names, count);
	free(list.data);
	return rc;
}

int store_set_perms(struct store_client *client, uint32_t tx, const char *path,
		    const struct store_perm *perms, size_t count)
{
	struct iovec parts[] = { STRING(path), { NULL, 0 } };
	char *text = malloc(count * 8 + 1);
	size_t len = 0;
	int rc;

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		len += sprintf(text + len, "%c%u", perms[i].access, perms[i].domid) + 1;
	parts[1] = BYTES(text, len);
	rc = quiet_call(client, HC_XS_SET_PERMS, tx, parts, 2);
	free(text);
	return rc;
}

static int parse_perm(const char *text, struct store_perm *perm)
{
	uint64_t domid;

	if (!*text || !strchr("nrwb", *text) || parse_number(text + 1, UINT16_MAX, &domid))
		return -EBADMSG;
	perm->access = *text;
	perm->domid = domid;
	return 0;
}

int store_get_perms(struct store_client *client, uint32_t tx, const char *path,
		    struct store_perm **perms, size_t *count)
{
	struct iovec part = STRING(path);
	struct store_perm *list = NULL;
	struct store_reply reply;
	char **texts = NULL;
	size_t n = 0;
	int rc = store_link_call(client, HC_XS_GET_PERMS, tx, &part, 1, &reply, NULL);

	if (rc)
		return rc;
	rc = split_names(reply.body, reply.len, &texts, &n);
	free(reply.body);
	if (rc)
		return rc;
	list = calloc(n + 1, sizeof(*list));
	if (!list)
		rc = -ENOMEM;
	for (size_t i = 0; i < n && !rc; i++)
		rc = parse_perm(texts[i], &list[i]);
	free(texts);
	if (rc) {
		free(list);
		return rc;
	}
	*perms = list;
	*count = n;
	return 0;
}

static int watch(struct store_client *client, const char *path, const char *token, bool numbered)
{
	int rc = store_link_remember(client, path, token, numbered), count;
	struct store_reply reply;
	struct iovec parts[3];
	bool repeated;

	if (rc)
		return rc;
	count = store_link_watch_parts(path, token, numbered, parts);
	rc = store_link_call(client, HC_XS_WATCH, 0, parts, count, &reply, &repeated);
	free(reply.body);
	/* A new connection has registered all known watches, this one among them. */
	if (rc == -EEXIST && repeated)
		rc = 0;
	if (rc)
		store_link_forget(client, path, token);
	return rc;
}

int store_watch(struct store_client *client, const char *path, const char *token)
{
	return watch(client, path, token, false);
}

int store_watch_domains(struct store_client *client, const char *path, const char *token)
{
	return watch(client, path, token, true);
}

int store_event_domain(const struct store_event *event)
{
	const char *number = strchr(event->path, '/');
	uint64_t domid;

	return *event->path != '@' || !number || parse_number(number + 1, UINT16_MAX, &domid) ? -1 : (int)domid;
}

int store_unwatch(struct store_client *client, const char *path, const char *token)
{
	struct iovec parts[] = { STRING(path), STRING(token) };
	struct store_reply reply;
	bool repeated;
	int rc;

	store_link_forget(client, path, token);
	rc = store_link_call(client, HC_XS_UNWATCH, 0, parts, 2, &reply, &repeated);
	free(reply.body);
	return rc == -ENOENT && repeated ? 0 : rc;
}

int store_transaction_start(struct store_client *client, uint32_t *tx)
{
	struct iovec part = STRING("");
	struct store_reply reply;
	uint64_t number;
	int rc = store_link_call(client, HC_XS_TRANSACTION_START, 0, &part, 1, &reply, NULL);

	if (rc)
		return rc;
	rc = parse_number(reply.body, UINT32_MAX, &number) || !number ? -EBADMSG : 0;
	free(reply.body);
	*tx = number;
	return rc;
}

int store_transaction_end(struct store_client *client, uint32_t tx, bool commit)
{
	struct iovec part = STRING(commit ? "T" : "F");
	int rc = simple_call(client, HC_XS_TRANSACTION_END, tx, &part, 1);

	/* Without a connection nothing is left that an abort would have to undo. */
	return rc == -EAGAIN && !commit ? 0 : rc;
}

int store_introduce(struct store_client *client, uint16_t domid, uint64_t mfn, uint32_t port)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "%u%c%" PRIu64 "%c%u", domid, 0, mfn, 0, port) + 1;
	struct iovec part = BYTES(text, len);

	return simple_call(client, HC_XS_INTRODUCE, 0, &part, 1);
}

int store_resume(struct store_client *client, uint16_t domid)
{
	char text[16];
	struct iovec part;

	snprintf(text, sizeof(text), "%u", domid);
	part = STRING(text);
	return simple_call(client, HC_XS_RESUME, 0, &part, 1);
}

int store_release(struct store_client *client, uint16_t domid)
{
	char text[16];
	struct store_reply reply;
	struct iovec part;
	bool repeated;
	int rc;

	snprintf(text, sizeof(text), "%u", domid);
	part = STRING(text);
	rc = store_link_call(client, HC_XS_RELEASE, 0, &part, 1, &reply, &repeated);
	free(reply.body);
	return rc == -ENOENT && repeated ? 0 : rc;
}

int store_is_introduced(struct store_client *client, uint16_t domid, bool *introduced)
{
	char text[16];
	struct store_reply reply;
	struct iovec part;
	int rc;

	snprintf(text, sizeof(text), "%u", domid);
	part = STRING(text);
	rc = store_link_call(client, HC_XS_IS_DOMAIN_INTRODUCED, 0, &part, 1, &reply, NULL);
	if (rc)
		return rc;
	*introduced = !strcmp(reply.body, "T");
	free(reply.body);
	return 0;
}
