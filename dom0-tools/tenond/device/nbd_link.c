// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages to the NBD driver: each is a request with attributes, answered by
 * an acknowledgement, before which a message with a result may come.
 */
#include "nbd_link.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>
#include <linux/nbd.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK_BYTES	512

struct message {
	union {
		struct nlmsghdr head;
		char space[1024];
	};
};

static void begin(struct message *message, uint16_t family, uint8_t command)
{
	struct genlmsghdr *genl = NLMSG_DATA(&message->head);

	memset(message, 0, sizeof(*message));
	message->head.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	message->head.nlmsg_type = family;
	message->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	genl->cmd = command;
	genl->version = 1;
}

/* An attribute; its place, so that it can be made to hold those that follow. */
static struct nlattr *put(struct message *message, uint16_t type, const void *data, size_t size)
{
	struct nlattr *attr = (struct nlattr *)(message->space + NLMSG_ALIGN(message->head.nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = (uint16_t)(NLA_HDRLEN + size);
	if (size)
		memcpy((char *)attr + NLA_HDRLEN, data, size);
	message->head.nlmsg_len = NLMSG_ALIGN(message->head.nlmsg_len) + NLA_ALIGN(attr->nla_len);
	return attr;
}

static void put_u32(struct message *message, uint16_t type, uint32_t value)
{
	put(message, type, &value, sizeof(value));
}

static void put_u64(struct message *message, uint16_t type, uint64_t value)
{
	put(message, type, &value, sizeof(value));
}

static void put_mark(struct message *message, const char *mark)
{
	put(message, NBD_ATTR_BACKEND_IDENTIFIER, mark, strlen(mark) + 1);
}

static void end_nested(struct message *message, struct nlattr *attr)
{
	attr->nla_type |= NLA_F_NESTED;
	attr->nla_len = (uint16_t)(message->space + message->head.nlmsg_len - (char *)attr);
}

static void put_socket(struct message *message, int socket)
{
	struct nlattr *sockets = put(message, NBD_ATTR_SOCKETS, NULL, 0);
	struct nlattr *item = put(message, NBD_SOCK_ITEM, NULL, 0);

	put_u32(message, NBD_SOCK_FD, (uint32_t)socket);
	end_nested(message, item);
	end_nested(message, sockets);
}

/* A number among the attributes of an answer. */
static bool find_number(const struct nlmsghdr *head, uint16_t type, uint32_t *number)
{
	const char *at = (const char *)NLMSG_DATA(head) + GENL_HDRLEN;
	const char *end = (const char *)head + head->nlmsg_len;

	while (end - at >= NLA_HDRLEN) {
		const struct nlattr *attr = (const struct nlattr *)at;
		size_t size = attr->nla_len;

		if (size < NLA_HDRLEN || size > (size_t)(end - at))
			return false;
		if ((attr->nla_type & NLA_TYPE_MASK) == type && size >= NLA_HDRLEN + sizeof(uint16_t)) {
			/* The family's number is a short one. */
			*number = 0;
			memcpy(number, at + NLA_HDRLEN, size - NLA_HDRLEN > 4 ? 4 : size - NLA_HDRLEN);
			return true;
		}
		at += NLA_ALIGN(size);
	}
	return false;
}

/* Take the answers up to the acknowledgement; *number is set where one has the attribute. */
static int receive(int fd, uint16_t type, uint32_t *number)
{
	char buffer[8192] __attribute__((aligned(NLMSG_ALIGNTO)));

	for (;;) {
		ssize_t got = recv(fd, buffer, sizeof(buffer), 0);
		struct nlmsghdr *head = (struct nlmsghdr *)buffer;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		for (int left = (int)got; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
			if (head->nlmsg_type == NLMSG_ERROR)
				return ((struct nlmsgerr *)NLMSG_DATA(head))->error;
			if (number)
				find_number(head, type, number);
		}
	}
}

/* One request and its answer. */
static int transact(int fd, const struct message *message, uint16_t type, uint32_t *number)
{
	if (send(fd, message, message->head.nlmsg_len, 0) < 0)
		return -errno;
	return receive(fd, type, number);
}

/* A socket to generic netlink, and the number that the driver's family has there. */
static int open_link(uint16_t *family)
{
	struct message message;
	uint32_t number = 0;
	int fd, rc;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		return -errno;
	begin(&message, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	put(&message, CTRL_ATTR_FAMILY_NAME, NBD_GENL_FAMILY_NAME, sizeof(NBD_GENL_FAMILY_NAME));
	rc = transact(fd, &message, CTRL_ATTR_FAMILY_ID, &number);
	if (!rc && !number)
		rc = -ENOENT;
	if (rc) {
		close(fd);
		return rc;
	}
	*family = (uint16_t)number;
	return fd;
}

int nbd_link_connect(int socket, const struct nbd_export *export, const char *mark)
{
	struct message message;
	uint32_t number = UINT32_MAX;
	uint16_t family;
	int fd = open_link(&family), rc;

	if (fd < 0)
		return fd;
	begin(&message, family, NBD_CMD_CONNECT);
	put_u64(&message, NBD_ATTR_SIZE_BYTES, export->size);
	put_u64(&message, NBD_ATTR_BLOCK_SIZE_BYTES, BLOCK_BYTES);
	put_u64(&message, NBD_ATTR_SERVER_FLAGS, export->flags);
	put_socket(&message, socket);
	put_mark(&message, mark);
	rc = transact(fd, &message, NBD_ATTR_INDEX, &number);
	close(fd);
	if (!rc && number > INT32_MAX)
		rc = -EBADMSG;
	return rc ? rc : (int)number;
}

/* A command about a device that is connected; flags are NBD_CFLAG_*, mark may be NULL. */
static int change(uint8_t command, int number, const char *mark, uint64_t flags)
{
	struct message message;
	uint16_t family;
	int fd = open_link(&family), rc;

	if (fd < 0)
		return fd;
	begin(&message, family, command);
	put_u32(&message, NBD_ATTR_INDEX, (uint32_t)number);
	if (mark)
		put_mark(&message, mark);
	if (flags)
		put_u64(&message, NBD_ATTR_CLIENT_FLAGS, flags);
	rc = transact(fd, &message, 0, NULL);
	close(fd);
	return rc;
}

int nbd_link_release_on_close(int number, const char *mark)
{
	return change(NBD_CMD_RECONFIGURE, number, mark, NBD_CFLAG_DISCONNECT_ON_CLOSE);
}

int nbd_link_disconnect(int number)
{
	return change(NBD_CMD_DISCONNECT, number, NULL, 0);
}

/* Whether a device bears a mark: sysfs shows it. */
static bool bears(const char *device, const char *mark)
{
	char path[300], text[256];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/sys/block/%s/backend", device);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[size > 0 ? size : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return !strcmp(text, mark);
}

int nbd_link_find(const char *mark)
{
	DIR *dir = opendir("/sys/block");
	struct dirent *entry;
	int found = -ENOENT;

	if (!dir)
		return -errno;
	while (found < 0 && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "nbd", 3) && bears(entry->d_name, mark))
			found = atoi(entry->d_name + 3);
	closedir(dir);
	return found;
}
