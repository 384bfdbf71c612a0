/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of message types, and the frame around handling one: see request.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <hypercall/base.h>

#include <log.h>

#include "request.h"
#include "transaction.h"

#define NEEDS_PATH		1u	/* the body begins with the name of a node */
#define NEEDS_PRIVILEGE		2u
#define SPECIAL_TOO		4u	/* the name may be that of a special event */

struct request_type {
	const char *name;
	int (*handle)(struct request *request);
	unsigned int flags;
};

static const struct request_type types[HC_XS_TYPE_COUNT] = {
	[HC_XS_CONTROL] = { "CONTROL", request_control, NEEDS_PRIVILEGE },
	[HC_XS_DIRECTORY] = { "DIRECTORY", request_directory, NEEDS_PATH },
	[HC_XS_READ] = { "READ", request_read, NEEDS_PATH },
	[HC_XS_GET_PERMS] = { "GET_PERMS", request_get_perms, NEEDS_PATH | SPECIAL_TOO },
	[HC_XS_WATCH] = { "WATCH", request_watch, NEEDS_PATH | SPECIAL_TOO },
	[HC_XS_UNWATCH] = { "UNWATCH", request_unwatch, NEEDS_PATH | SPECIAL_TOO },
	[HC_XS_TRANSACTION_START] = { "TRANSACTION_START", request_transaction_start, 0 },
	[HC_XS_TRANSACTION_END] = { "TRANSACTION_END", request_transaction_end, 0 },
	[HC_XS_INTRODUCE] = { "INTRODUCE", request_introduce, NEEDS_PRIVILEGE },
	[HC_XS_RELEASE] = { "RELEASE", request_release, NEEDS_PRIVILEGE },
	[HC_XS_GET_DOMAIN_PATH] = { "GET_DOMAIN_PATH", request_get_domain_path, 0 },
	[HC_XS_WRITE] = { "WRITE", request_write, NEEDS_PATH },
	[HC_XS_MKDIR] = { "MKDIR", request_mkdir, NEEDS_PATH },
	[HC_XS_RM] = { "RM", request_rm, NEEDS_PATH },
	[HC_XS_SET_PERMS] = { "SET_PERMS", request_set_perms, NEEDS_PATH | SPECIAL_TOO },
	[HC_XS_IS_DOMAIN_INTRODUCED] = { "IS_DOMAIN_INTRODUCED", request_is_domain_introduced, 0 },
	[HC_XS_RESUME] = { "RESUME", request_resume, NEEDS_PRIVILEGE },
	[HC_XS_SET_TARGET] = { "SET_TARGET", request_set_target, NEEDS_PRIVILEGE },
	[HC_XS_RESET_WATCHES] = { "RESET_WATCHES", request_reset_watches, 0 },
	[HC_XS_DIRECTORY_PART] = { "DIRECTORY_PART", request_directory_part, NEEDS_PATH },
};

/* The names of errors that the protocol knows; the rest is told as EINVAL. */
static const char *error_name(int rc)
{
	switch (-rc) {
	case EACCES: return "EACCES";
	case EEXIST: return "EEXIST";
	case EISDIR: return "EISDIR";
	case ENOENT: return "ENOENT";
	case ENOMEM: return "ENOMEM";
	case ENOSPC: return "ENOSPC";
	case EIO: return "EIO";
	case ENOTEMPTY: return "ENOTEMPTY";
	case ENOSYS: return "ENOSYS";
	case EROFS: return "EROFS";
	case EBUSY: return "EBUSY";
	case EAGAIN: return "EAGAIN";
	case EISCONN: return "EISCONN";
	case E2BIG: return "E2BIG";
	case EPERM: return "EPERM";
	default: return "EINVAL";
	}
}

int request_answer(struct request *request, const void *data, size_t len)
{
	if (len > sizeof(request->answer))
		return -E2BIG;
	if (len)
		memcpy(request->answer, data, len);
	request->answer_len = len;
	return 0;
}

int request_answer_text(struct request *request, const char *text)
{
	return request_answer(request, text, strlen(text) + 1);
}

int request_strings(const struct request *request, const char **texts, int min, int max)
{
	size_t at = 0;
	int count = 0;

	/* The byte behind the body is zero, so that every text ends, but the last must end within it. */
	if (!request->len || request->body[request->len - 1])
		return -EINVAL;
	while (at < request->len && count < max) {
		texts[count++] = request->body + at;
		at += strlen(request->body + at) + 1;
	}
	return count < min ? -EINVAL : count;
}

int request_domid(const char *text, uint16_t *domid)
{
	unsigned long number;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || *end || number >= HC_DOMID_FIRST_RESERVED)
		return -EINVAL;
	*domid = number;
	return 0;
}

static int find_path(struct request *request, unsigned int flags)
{
	const char *name = request->body;
	int rc;

	if (!memchr(name, '\0', request->len))
		return -EINVAL;
	rc = path_canonical(name, request->connection->subject.domid, request->path);
	if (!rc && path_is_special(request->path) && !(flags & SPECIAL_TOO))
		rc = -EINVAL;
	return rc;
}

static int dispatch(struct request *request, uint32_t number)
{
	const struct request_type *type = number < HC_XS_TYPE_COUNT ? &types[number] : NULL;
	struct connection *connection = request->connection;
	int rc;

	if (!type || !type->handle)
		return -ENOSYS;
	if (request->tx_id) {
		request->transaction = transaction_find(connection, request->tx_id);
		if (!request->transaction)
			return -ENOENT;
	}
	if ((type->flags & NEEDS_PRIVILEGE) && !connection->subject.privileged)
		return -EACCES;
	if (type->flags & NEEDS_PATH) {
		rc = find_path(request, type->flags);
		if (rc)
			return rc;
	}
	request->op = (struct op){
		.store = request->store,
		.subject = &connection->subject,
		.tree = request->transaction ? &request->transaction->tree : &request->store->tree,
		.changes = request->transaction ? NULL : &request->changes,
		.connection = connection,
		.transaction = request->transaction,
	};
	rc = type->handle(request);
	log_debug("domain %u: %s %s: %s", connection->subject.domid, type->name,
		  type->flags & NEEDS_PATH ? request->path : "", rc ? error_name(rc) : "ok");
	return rc;
}

void request_handle(struct store *store, struct connection *connection)
{
	struct hc_store_msg header = connection->header;
	struct request request;
	int rc;

	memset(&request, 0, offsetof(struct request, answer));
	request.store = store;
	request.connection = connection;
	request.tx_id = header.tx_id;
	request.body = connection->body;
	request.len = header.len;
	list_init(&request.changes);
	request_answer_text(&request, "OK");
	rc = dispatch(&request, header.type);
	if (rc) {
		change_discard(&request.changes);
		header.type = HC_XS_ERROR;
		request_answer_text(&request, error_name(rc));
	}
	change_publish(store, &request.changes);
	header.len = request.answer_len;
	if (connection_send(store, connection, &header, request.answer))
		log_error("domain %u: no memory for an answer", connection->subject.domid);
	if (!rc && request.afterwards)
		request.afterwards(&request);
}
