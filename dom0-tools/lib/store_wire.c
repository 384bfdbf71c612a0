/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of the store's protocol over one socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "store_wire.h"

void wire_close(struct store_wire *wire)
{
	if (wire->socket >= 0)
		close(wire->socket);
	wire->socket = -1;
	free(wire->body);
	wire->body = NULL;
	wire->received = 0;
	wire->ahead = wire->ahead_end = 0;
}

int wire_send(struct store_wire *wire, struct iovec *parts, int count)
{
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };

	while (message.msg_iovlen) {
		ssize_t sent = sendmsg(wire->socket, &message, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -errno;
		while (message.msg_iovlen && (size_t)sent >= message.msg_iov->iov_len) {
			sent -= message.msg_iov->iov_len;
			message.msg_iov++;
			message.msg_iovlen--;
		}
		if (message.msg_iovlen) {
			message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + sent;
			message.msg_iov->iov_len -= sent;
		}
	}
	return 0;
}

int wire_header(struct store_wire *wire, uint32_t type, uint32_t tx, size_t total,
		struct hc_store_msg *header)
{
	if (total > HC_STORE_PAYLOAD_MAX)
		return -E2BIG;
	*header = (struct hc_store_msg){
		.type = type, .tx_id = tx, .req_id = ++wire->next_request, .len = total,
	};
	return 0;
}

size_t wire_total(const struct iovec *parts, int count)
{
	size_t total = 0;

	for (int i = 0; i < count; i++)
		total += parts[i].iov_len;
	return total;
}

int wire_request(struct store_wire *wire, uint32_t type, uint32_t tx,
		 const struct iovec *parts, int count, uint32_t *id)
{
	struct hc_store_msg header;
	struct iovec all[8];
	int rc;

	if (count + 1 > (int)(sizeof(all) / sizeof(all[0])))
		return -EINVAL;
	rc = wire_header(wire, type, tx, wire_total(parts, count), &header);
	if (rc)
		return rc;
	*id = header.req_id;
	all[0] = (struct iovec){ &header, sizeof(header) };
	memcpy(all + 1, parts, count * sizeof(*parts));
	return wire_send(wire, all, count + 1);
}

/* As recv(), but from what has been read ahead, which is then read again. */
static ssize_t receive_some(struct store_wire *wire, void *into, size_t want, int flags)
{
	size_t left = wire->ahead_end - wire->ahead;
	ssize_t got;

	if (!left) {
		got = recv(wire->socket, wire->ahead_data, sizeof(wire->ahead_data), flags);
		if (got <= 0)
			return got;
		wire->ahead = 0;
		wire->ahead_end = left = got;
	}
	if (want > left)
		want = left;
	memcpy(into, wire->ahead_data + wire->ahead, want);
	wire->ahead += want;
	return want;
}

int wire_receive(struct store_wire *wire, int flags)
{
	const size_t head = sizeof(wire->header);

	for (;;) {
		char *into;
		size_t want;
		ssize_t got;

		if (wire->received < head) {
			into = (char *)&wire->header + wire->received;
			want = head - wire->received;
		} else {
			if (wire->header.len > HC_STORE_PAYLOAD_MAX)
				return -EBADMSG;
			if (!wire->body)
				wire->body = malloc(wire->header.len + 1);
			if (!wire->body)
				return -ENOMEM;
			into = wire->body + (wire->received - head);
			want = wire->header.len - (wire->received - head);
		}
		if (!want) {
			wire->body[wire->header.len] = '\0';
			return 1;
		}
		got = receive_some(wire, into, want, flags);
		if (got == 0)
			return -ECONNRESET;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? 0 : -errno;
		wire->received += got;
	}
}

char *wire_take_body(struct store_wire *wire)
{
	char *body = wire->body;

	wire->body = NULL;
	wire->received = 0;
	return body;
}

int wire_error(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} errors[] = {
		{ "EINVAL", EINVAL }, { "EACCES", EACCES }, { "EEXIST", EEXIST },
		{ "EISDIR", EISDIR }, { "ENOENT", ENOENT }, { "ENOMEM", ENOMEM },
		{ "ENOSPC", ENOSPC }, { "EIO", EIO }, { "ENOTEMPTY", ENOTEMPTY },
		{ "ENOSYS", ENOSYS }, { "EROFS", EROFS }, { "EBUSY", EBUSY },
		{ "EAGAIN", EAGAIN }, { "EISCONN", EISCONN }, { "E2BIG", E2BIG },
		{ "EPERM", EPERM },
	};

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (!strcmp(errors[i].name, name))
			return errors[i].number;
	return EPROTO;
}
