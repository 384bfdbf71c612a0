/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests about nodes. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "request.h"
#include "transaction.h"

/* What follows the path in the body. */
static const char *after_path(const struct request *request, size_t *len)
{
	size_t head = strlen(request->body) + 1;

	*len = request->len - head;
	return request->body + head;
}

int request_read(struct request *request)
{
	const struct node *node;
	int rc = op_find(&request->op, request->path, ACCESS_READ, LOOK_NODE, &node);

	if (rc)
		return rc;
	return node->value ? request_answer(request, node->value->data, node->value->len)
			   : request_answer(request, "", 0);
}

int request_directory(struct request *request)
{
	const struct node *node;
	size_t at = 0;
	int rc = op_find(&request->op, request->path, ACCESS_READ, LOOK_NODE | LOOK_KIDS, &node);

	if (rc)
		return rc;
	for (uint32_t i = 0; i < node->kid_count; i++) {
		size_t size = node->kids[i]->name_len + 1;

		if (at + size > sizeof(request->answer))
			return -E2BIG;
		memcpy(request->answer + at, node->kids[i]->name, size);
		at += size;
	}
	request->answer_len = at;
	return 0;
}

/*
 * The directory as one run of names with their zeros, a piece of it from an
 * offset: "<generation>\0" first, an empty name behind the last one.
 */
int request_directory_part(struct request *request)
{
	const char *texts[2];
	const struct node *node;
	uint64_t offset, skipped = 0;
	size_t at;
	uint32_t i;
	char *end;
	int rc;

	if (request_strings(request, texts, 2, 2) < 0)
		return -EINVAL;
	offset = strtoull(texts[1], &end, 10);
	if (*end || !*texts[1])
		return -EINVAL;
	rc = op_find(&request->op, request->path, ACCESS_READ, LOOK_NODE | LOOK_KIDS, &node);
	if (rc)
		return rc;
	at = sprintf(request->answer, "%" PRIu64, node->kids_generation) + 1;
	for (i = 0; i < node->kid_count && skipped < offset; i++)
		skipped += node->kids[i]->name_len + 1;
	for (; i < node->kid_count; i++) {
		size_t size = node->kids[i]->name_len + 1;

		/* One byte is kept for the empty name. */
		if (at + size + 1 > sizeof(request->answer))
			break;
		memcpy(request->answer + at, node->kids[i]->name, size);
		at += size;
	}
	if (i == node->kid_count)
		request->answer[at++] = '\0';
	request->answer_len = at;
	return 0;
}

int request_write(struct request *request)
{
	size_t len;
	const char *data = after_path(request, &len);

	return op_write(&request->op, request->path, data, len);
}

int request_mkdir(struct request *request)
{
	return op_mkdir(&request->op, request->path);
}

int request_rm(struct request *request)
{
	return op_remove(&request->op, request->path);
}

static int answer_perms(struct request *request, const struct perms *perms)
{
	size_t at = 0;

	for (uint32_t i = 0; i < perms->count; i++) {
		char text[8];
		size_t size = perm_print(&perms->entry[i], text, sizeof(text));

		if (at + size > sizeof(request->answer))
			return -E2BIG;
		memcpy(request->answer + at, text, size);
		at += size;
	}
	request->answer_len = at;
	return 0;
}

int request_get_perms(struct request *request)
{
	const struct node *node;
	int rc;

	if (path_is_special(request->path)) {
		const struct perms *perms = *store_special_perms(request->store, request->path);

		if (!(perms_of(perms, request->op.subject) & ACCESS_READ))
			return -EACCES;
		return answer_perms(request, perms);
	}
	rc = op_find(&request->op, request->path, ACCESS_READ, LOOK_NODE, &node);
	return rc ? rc : answer_perms(request, node->perms);
}

/* Who may see a special event is no part of the tree, and is not transactional. */
static int set_special_perms(struct request *request, const char *text, size_t len)
{
	struct perms **slot = store_special_perms(request->store, request->path), *perms;
	int rc;

	if (!request->connection->subject.privileged)
		return -EACCES;
	rc = op_parse_perms(&request->op, text, len, &perms);
	if (rc)
		return rc;
	perms_put(*slot);
	*slot = perms;
	record_special(request->store->journal, request->path, perms);
	return 0;
}

int request_set_perms(struct request *request)
{
	size_t len;
	const char *text = after_path(request, &len);

	if (!len || text[len - 1])
		return -EINVAL;
	if (path_is_special(request->path))
		return set_special_perms(request, text, len);
	return op_set_perms(&request->op, request->path, text, len);
}
