// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * HTTP/1.1 as far as a client needs it that asks once and then hangs up.
 */
#include "client.h"

#include "../lib/unix_socket.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int send_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		data += sent;
		size -= (size_t)sent;
	}
	return 0;
}

/* Everything up to the end of the connection, with a zero behind it. */
static int receive_all(int fd, char **data, size_t *size)
{
	size_t room = 0;

	*data = NULL;
	*size = 0;
	for (;;) {
		ssize_t got;

		if (room - *size < 4096) {
			char *larger = room < CLIENT_ANSWER_MAX ? realloc(*data, room * 2 + 8192) : NULL;

			if (!larger)
				return -EFBIG;
			*data = larger;
			room = room * 2 + 8192;
		}
		got = recv(fd, *data + *size, room - *size - 1, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		(*data)[*size + (size_t)got] = '\0';
		if (!got)
			return 0;
		*size += (size_t)got;
	}
}

/* The length that the head announces, or -1. */
static long content_length(const char *head, const char *end)
{
	for (const char *line = strstr(head, "\r\n"); line && line < end; line = strstr(line + 2, "\r\n"))
		if (!strncasecmp(line + 2, "content-length:", 15))
			return strtol(line + 17, NULL, 10);
	return -1;
}

static int parse(const char *data, size_t size, struct response *response)
{
	const char *end = strstr(data, "\r\n\r\n");
	size_t body;
	long length;

	if (!end || strncmp(data, "HTTP/1.", 7) || sscanf(data + 8, " %u", &response->status) != 1)
		return -EBADMSG;
	body = size - (size_t)(end + 4 - data);
	length = content_length(data, end);
	/* Less than announced: the server died while it wrote. */
	if (length < 0 || (size_t)length > body)
		return -EBADMSG;
	response->json = json_loadb(end + 4, (size_t)length, JSON_DECODE_ANY, NULL);
	if (!response->json)
		response->text = strndup(end + 4, (size_t)length);
	return 0;
}

int client_request(const char *socket, const char *method, const char *path, const char *body,
		   size_t size, unsigned int timeout, struct response *response)
{
	char head[4096], *data = NULL;
	int fd, rc, length;
	size_t got;

	memset(response, 0, sizeof(*response));
	length = snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: tenon\r\nConnection: close\r\n"
			  "Content-Length: %zu\r\n\r\n", method, path, size);
	if (length >= (int)sizeof(head))
		return -ENAMETOOLONG;
	fd = unix_connect(socket, timeout);
	if (fd < 0)
		return fd;
	rc = send_all(fd, head, (size_t)length);
	if (!rc && size)
		rc = send_all(fd, body, size);
	/* A server that refuses a large body may hang up early, and still have said why. */
	if (!rc || rc == -EPIPE)
		rc = receive_all(fd, &data, &got);
	if (!rc)
		rc = got ? parse(data, got, response) : -ECONNRESET;
	free(data);
	close(fd);
	return rc;
}

void response_clear(struct response *response)
{
	json_decref(response->json);
	response->json = NULL;
	free(response->text);
	response->text = NULL;
}

void client_encode(char *path, size_t size, const char *text)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
	size_t length = strlen(path);

	for (; *text && length + 4 < size; text++) {
		if (strchr(plain, *text))
			path[length++] = *text;
		else
			length += (size_t)sprintf(path + length, "%%%02X", (unsigned char)*text);
	}
	path[length] = '\0';
}
